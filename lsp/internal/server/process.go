package server

import (
	"context"
	"fmt"
)

// watchProcess ends the session when the editor's process is gone: the connection may outlive it, where another process
// holds the pipe open.
func (s *Server) watchProcess(pid int) {
	s.background("process watch", func(ctx context.Context) {
		awaitProcess(ctx, pid)
		if ctx.Err() == nil {
			s.stop(fmt.Errorf("the editor's process %d is gone", pid))
		}
	})
}
