package server

import (
	"context"
	"os"
)

// awaitProcess returns when a process has ended, or ctx has.
func awaitProcess(ctx context.Context, pid int) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return // there is no such process any more
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.Wait()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
