//go:build wasip1

package main

import "unsafe"

// pinned keeps the buffers alive that the host knows by address: those it asked for and has yet to fill, and the result
// of the last call until the host has read it. The guest runs one call at a time, so nothing guards it.
var pinned = map[uint32][]byte{}

//go:wasmimport apiqube host_http_request
func hostHTTPRequest(ptr unsafe.Pointer, size uint32) uint64

//go:wasmimport apiqube host_emit_event
func hostEmitEvent(ptr unsafe.Pointer, size uint32)

//go:wasmexport allocate
func exportAllocate(size uint32) uint64 {
	if size == 0 {
		return 0
	}
	return pin(make([]byte, size))
}

//go:wasmexport deallocate
func exportDeallocate(packed uint64) { delete(pinned, uint32(packed>>32)) }

//go:wasmexport plugin_info
func exportInfo() uint64 { return pin(info()) }

//go:wasmexport plugin_init
func exportInit(packed uint64) uint64 {
	take(packed) // the plugin has no settings
	return 0
}

//go:wasmexport validate
func exportValidate(packed uint64) uint64 { return pin(validate(take(packed))) }

//go:wasmexport execute
func exportExecute(packed uint64) uint64 { return pin(execute(take(packed))) }

//go:wasmexport plugin_destroy
func exportDestroy() { clear(pinned) }

// ask hands a request to the host and returns its answer.
func ask(request []byte) []byte {
	return take(hostHTTPRequest(unsafe.Pointer(unsafe.SliceData(request)), uint32(len(request))))
}

// notify hands an event to the host.
func notify(event []byte) {
	hostEmitEvent(unsafe.Pointer(unsafe.SliceData(event)), uint32(len(event)))
}

// pin returns a buffer's address and length as the contract packs them; an empty buffer is 0.
func pin(buffer []byte) uint64 {
	if len(buffer) == 0 {
		return 0
	}
	ptr := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
	pinned[ptr] = buffer
	return uint64(ptr)<<32 | uint64(len(buffer))
}

// take gives up a buffer that the host has filled and returns it.
func take(packed uint64) []byte {
	ptr, size := uint32(packed>>32), uint32(packed)
	buffer, ok := pinned[ptr]
	delete(pinned, ptr)
	if !ok || int(size) > len(buffer) {
		return nil
	}
	return buffer[:size]
}
