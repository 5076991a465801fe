package server

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// A server lives for days and is mostly idle, so memory counts more than for other programs, but opening a large file
// should not be slowed down by collections of a heap that is about to grow. So the collector lets the heap grow to three
// times of what lives up to memoryFloor, and beyond that to one and a half times.
const (
	collectPercent = 200
	memoryFloor    = 112 << 20
	memoryMargin   = 32 << 20 // stacks, free pieces and what the runtime keeps for itself
)

var tuneMemoryOnce sync.Once

// tuneMemory applies the policy to the process, unless its user has set one.
func tuneMemory() {
	tuneMemoryOnce.Do(func() {
		if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
			return
		}
		debug.SetGCPercent(collectPercent)
		debug.SetMemoryLimit(memoryFloor)
		afterCollections(func() { debug.SetMemoryLimit(memoryLimit(liveHeap())) })
	})
}

// memoryLimit is how much memory the process should stay below. It is never so near to what lives that collections would
// follow each other.
func memoryLimit(live uint64) int64 {
	return int64(min(max(memoryFloor, live+live/2+memoryMargin), math.MaxInt64)) //nolint:gosec // the line itself sees to it
}

// liveHeap is how many bytes the last collection found alive.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// afterCollections calls do after each collection of garbage: what nobody holds is found then, and its finalizer makes
// the next such thing.
func afterCollections(do func()) {
	// Without a pointer in it, it would share its memory with other small things and live as long as they do.
	type canary struct{ _ *byte }
	var arm func()
	arm = func() {
		runtime.SetFinalizer(&canary{}, func(*canary) {
			do()
			arm()
		})
	}
	arm()
}
