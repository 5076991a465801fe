package plugin

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// reserve sets addresses aside that take no memory before they are used.
func reserve(bytes uint64) (space, error) {
	address, err := windows.VirtualAlloc(0, uintptr(bytes), windows.MEM_RESERVE, windows.PAGE_READWRITE)
	if err != nil {
		return nil, err
	}
	// The address is none of Go's heap, which a conversion of the number itself could not say.
	start := *(**byte)(unsafe.Pointer(&address))
	return &mappedSpace{address: address, all: unsafe.Slice(start, bytes)}, nil
}

type mappedSpace struct {
	address uintptr
	all     []byte
	usable  uint64
}

func (s *mappedSpace) commit(bytes uint64) ([]byte, error) {
	if bytes > s.usable {
		if _, err := windows.VirtualAlloc(s.address, uintptr(bytes), windows.MEM_COMMIT, windows.PAGE_READWRITE); err != nil {
			return nil, err
		}
		s.usable = bytes
	}
	return s.all[:bytes:bytes], nil
}

func (s *mappedSpace) release() { _ = windows.VirtualFree(s.address, 0, windows.MEM_RELEASE) } // fails only for what is no mapping
