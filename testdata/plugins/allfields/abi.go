//go:build wasip1

package main

import "unsafe"

// pins keeps the buffers that the host knows by address alive. The host allocates for each call before it makes it, so
// whatever was pinned for the call before may go then; depth tells the allocations in the middle of a call from those.
var (
	pins  [][]byte
	depth int
)

//go:wasmexport allocate
func allocate(size uint32) uint64 {
	if depth == 0 {
		pins = pins[:0]
	}
	if size == 0 {
		return 0
	}
	b := make([]byte, size)
	pins = append(pins, b)
	return pack(b)
}

//go:wasmexport plugin_destroy
func destroy() { pins = nil }

func pack(b []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))<<32 | uint64(len(b))
}

// take returns the bytes behind a packed location.
func take(packed uint64) []byte {
	if uint32(packed) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(packed>>32))), uint32(packed))
}

// give pins b for the host to read.
func give(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	pins = append(pins, b)
	return pack(b)
}

//go:wasmimport apiqube host_log
func hostLog(level int32, ptr unsafe.Pointer, length uint32)

//go:wasmimport apiqube host_now
func hostNow() int64

//go:wasmimport apiqube host_emit_event
func hostEmitEvent(ptr unsafe.Pointer, length uint32)

type hostFunctions struct{}

var host hostFunctions

func (hostFunctions) log(level int32, line string) {
	hostLog(level, unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
}

func (hostFunctions) now() int64 { return hostNow() }

func (hostFunctions) emit(e event) {
	b := encode(e)
	hostEmitEvent(unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b)))
}
