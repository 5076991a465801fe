package server

import (
	"runtime"
	"testing"
	"time"
)

func TestTheMemoryLimitLeavesRoomAboveWhatLives(t *testing.T) {
	for _, tt := range []struct {
		name string
		live uint64
		want int64
	}{
		{"an empty server", 0, memoryFloor},
		{"a large file", 40 << 20, memoryFloor},
		{"a very large one", 600 << 20, 932 << 20},
		{"more than there is", 1 << 63, 1<<63 - 1},
	} {
		if got := memoryLimit(tt.live); got != tt.want {
			t.Errorf("%s: the limit is %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestEveryCollectionIsNoticed(t *testing.T) {
	noticed := make(chan uint64, 1)
	afterCollections(func() {
		select {
		case noticed <- liveHeap():
		default:
		}
	})
	kept := make([]byte, 8<<20)
	for range 3 {
		runtime.GC()
		select {
		case live := <-noticed:
			if live < uint64(len(kept)) {
				t.Errorf("%d bytes are said to live, but %d are held", live, len(kept))
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a collection was not noticed")
		}
	}
	runtime.KeepAlive(kept)
}
