//go:build !race

// The race detector has memory of its own for each piece of memory that it has seen: with it there is nothing to measure.
// `make soak` and CI run this file without it.

package http_test

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// soakCalls is how many executes, and how many validates, the soak makes; `make soak` asks for more.
func soakCalls(t *testing.T) int {
	text := os.Getenv("SPECLENS_SOAK")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		t.Fatalf("SPECLENS_SOAK=%q is no number of calls from 1000", text)
	}
	return n
}

// resident is the memory of this process that is in RAM, in bytes. Where the system does not say, it is what the Go
// runtime holds, which leaves compiled code out.
func resident() int64 {
	if content, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(content)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

const (
	soakWorkers = 4
	soakGrowth  = 20 << 20
)

// TestMemoryDoesNotGrowOverManyCalls makes calls from several goroutines: small answers and, now and then, large ones, on
// instances that are replaced every thousand calls. What stays in memory after the warm-up may grow by 20 MB.
func TestMemoryDoesNotGrowOverManyCalls(t *testing.T) {
	calls := soakCalls(t)
	small := []byte(`{"id":12345,"name":"` + strings.Repeat("x", 270) + `"}`)
	large := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	var asked atomic.Int64
	answer := doer(func(capabilities.HTTPRequest, capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
		body := small
		if asked.Add(1)%100 == 0 {
			body = large
		}
		return &capabilities.HTTPResponse{Status: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: body}, nil
	})
	r, err := plugin.NewWASMRuntime(t.Context(), plugin.WithCacheDir(plugintest.CacheDir(t)), plugin.WithHTTP(answer),
		plugin.WithLimits(capabilities.Limits{ValidateTimeout: time.Minute})) // a busy machine is no fault of the plugin's
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close(context.Background()) }()
	p, err := r.LoadPlugin(t.Context(), "http", plugintest.Build(t, "http"))
	if err != nil {
		t.Fatal(err)
	}
	for _, phase := range []struct {
		name string
		call func()
	}{
		{"execute", func() {
			out, err := p.Execute(t.Context(), plugin.TestInput{Method: "GET", Resource: "/x", Target: "http://api.test"}, nil)
			if err != nil || out.Error != "" || out.Body == nil {
				t.Errorf("output %+v, err %v", out, err)
			}
		}},
		{"validate", func() {
			found := p.Validate(plugin.TestInput{Target: "http://api.test", Fields: map[string]any{"query": "wrong"}})
			if len(found) != 1 || found[0].Field != "query" {
				t.Errorf("found %+v", found)
			}
		}},
	} {
		var peak atomic.Int64
		repeat := func(n int) {
			var left atomic.Int64
			left.Store(int64(n))
			var workers sync.WaitGroup
			for range soakWorkers {
				workers.Go(func() {
					for i := left.Add(-1); i >= 0 && !t.Failed(); i = left.Add(-1) {
						phase.call()
						if i%500 == 0 {
							peak.Store(max(peak.Load(), resident()))
						}
					}
				})
			}
			workers.Wait()
		}
		settled := func() int64 {
			debug.FreeOSMemory()
			return resident()
		}
		repeat(max(calls/20, 1000))
		warm, warmPeak := settled(), peak.Swap(0)
		start := time.Now()
		repeat(calls)
		took := time.Since(start)
		end, endPeak := settled(), peak.Load()
		t.Logf("%d × %s by %d workers in %v: resident %d → %d KiB, at its peak %d → %d KiB",
			calls, phase.name, soakWorkers, took.Round(time.Millisecond), warm>>10, end>>10, warmPeak>>10, endPeak>>10)
		if end-warm > soakGrowth {
			t.Errorf("%d × %s: resident memory grew from %d to %d KiB", calls, phase.name, warm>>10, end>>10)
		}
	}
}
