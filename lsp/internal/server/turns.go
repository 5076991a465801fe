package server

import (
	"context"
	"runtime"
)

// turns bound how many do something at a time, so that a hundred open documents leave a processor to who asks.
type turns chan struct{}

// fastTurns are for what only computes, slowTurns for what may wait for a plugin: one that hangs leaves a turn to others.
func fastTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)-1)) }
func slowTurns() turns { return make(turns, max(2, runtime.GOMAXPROCS(0)-1)) }

// take waits for a turn; it returns false where ctx ended first.
func (t turns) take(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t turns) give() { <-t }
