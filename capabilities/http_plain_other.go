//go:build !unix

package capabilities

import "net"

// plainSupported is false where a socket cannot be asked for what has come without waiting for more.
const plainSupported = false

func quietConn(net.Conn) func() bool { return func() bool { return false } }
