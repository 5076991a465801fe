//go:build unix

package plugin

import (
	"golang.org/x/sys/unix"
)

// reserve sets addresses aside that take no memory before they are used.
func reserve(bytes uint64) (space, error) {
	b, err := unix.Mmap(-1, 0, int(bytes), unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	return &mappedSpace{all: b}, nil
}

type mappedSpace struct {
	all    []byte
	usable uint64
}

func (s *mappedSpace) commit(bytes uint64) ([]byte, error) {
	if bytes > s.usable {
		if err := unix.Mprotect(s.all[:bytes], unix.PROT_READ|unix.PROT_WRITE); err != nil {
			return nil, err
		}
		s.usable = bytes
	}
	return s.all[:bytes:bytes], nil
}

func (s *mappedSpace) release() { _ = unix.Munmap(s.all) } // fails only for what is no mapping
