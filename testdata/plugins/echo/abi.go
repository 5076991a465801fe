package main

import "unsafe"

// pinned keeps the buffers alive that the host may still read or write: those of the call under way.
var pinned = map[uint32][]byte{}

// The host calls allocate before each input.
//
//go:wasmexport allocate
func allocate(size uint32) uint64 {
	if size == 0 {
		return 0
	}
	return pin(make([]byte, size))
}

// The host calls deallocate for every buffer that it has read.
//
//go:wasmexport deallocate
func deallocate(packed uint64) { delete(pinned, uint32(packed>>32)) }

//go:wasmimport apiqube host_emit_event
func hostEmitEvent(ptr, size uint32)

func emit(e event) {
	b := encode(e)
	hostEmitEvent(uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), uint32(len(b)))
}

// pin returns the address and length of a buffer as one number: ptr<<32 | len.
func pin(b []byte) uint64 {
	ptr := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	pinned[ptr] = b
	return uint64(ptr)<<32 | uint64(len(b))
}

// give hands bytes to the host.
func give(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return pin(b)
}

// take returns the input that the host wrote, which nobody else needs any more.
func take(packed uint64) []byte {
	ptr := uint32(packed >> 32)
	b := pinned[ptr]
	delete(pinned, ptr)
	return b
}
