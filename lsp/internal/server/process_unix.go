//go:build unix

package server

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// awaitProcess returns when a process has ended, or ctx has.
func awaitProcess(ctx context.Context, pid int) {
	parent := os.Getppid() == pid
	for {
		// Signal 0 tells whether there is such a process. One that is a zombie still is; a child of it finds out anyway,
		// because it gets another parent.
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) || parent && os.Getppid() != pid {
			return
		}
		if !after(ctx, parentTime) {
			return
		}
	}
}
