//go:build unix

package capabilities

import (
	"errors"
	"net"
	"syscall"
)

// plainSupported says that quietConn can look at a connection without waiting.
const plainSupported = true

// quietConn returns a function that tries to read from an idle connection, which finds nothing unless the server has
// closed it or has spoken without being asked: in both cases the next answer would not be the next request's.
func quietConn(conn net.Conn) func() bool {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return func() bool { return false }
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return func() bool { return false }
	}
	quiet, buffer := false, make([]byte, 1)
	look := func(fd uintptr) bool {
		_, err := syscall.Read(int(fd), buffer) // the runtime's sockets never block
		quiet = errors.Is(err, syscall.EAGAIN)
		return true
	}
	return func() bool {
		quiet = false
		return raw.Read(look) == nil && quiet
	}
}
