//go:build unix

package http_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	builtin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// processorTime is what this process has used so far, in user and system mode.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkExecute is the processor time of one Execute, without a network: the client answers at once. The sandboxed
// plugin runs as it does in a run, with a limit of time and so with interruption.
func BenchmarkExecute(b *testing.B) {
	bodies := []struct {
		name, contentType string
		body              []byte
	}{
		{"text/300B", "text/plain", []byte(strings.Repeat("x", 300))},
		{"text/1MiB", "text/plain", []byte(strings.Repeat("x", 1<<20))},
		{"json/300B", "application/json", []byte(`["` + strings.Repeat("x", 296) + `"]`)},
		{"json/1MiB", "application/json", []byte("[" + strings.Repeat(`{"id":12345,"name":"Ada Lovelace"},`, 29959) + "{}]")},
	}
	for _, tt := range bodies {
		answer := doer(func(capabilities.HTTPRequest, capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
			return &capabilities.HTTPResponse{Status: 200, Headers: map[string]string{"Content-Type": tt.contentType}, Body: tt.body}, nil
		})
		for _, kind := range []string{"wasm", "native"} {
			b.Run(fmt.Sprintf("%s/%s", kind, tt.name), func(b *testing.B) {
				p := plugin.Plugin(builtin.New(builtin.WithDoer(answer)))
				if kind == "wasm" {
					p = benchGuest(b, answer)
				}
				input := plugin.TestInput{Target: "http://api.test", Resource: "/x"}
				ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
				defer cancel()
				before := processorTime()
				for b.Loop() {
					out, err := p.Execute(ctx, input, nil)
					if err != nil || out.Error != "" || out.Body == nil {
						b.Fatalf("output %+v, err %v", out, err)
					}
				}
				b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
			})
		}
	}
}

// benchGuest is the sandboxed plugin, with an instance that is warm.
func benchGuest(b *testing.B, answer capabilities.HTTPDoer) plugin.Plugin {
	runtime, err := plugin.NewWASMRuntime(b.Context(), plugin.WithCacheDir(plugintest.CacheDir(b)), plugin.WithHTTP(answer))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = runtime.Close(context.Background()) })
	p, err := runtime.LoadPlugin(b.Context(), "http", plugintest.Build(b, "http"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := p.Execute(b.Context(), plugin.TestInput{Target: "http://api.test"}, nil); err != nil {
		b.Fatal(err)
	}
	return p
}

// BenchmarkPool is a sandboxed plugin that as many goroutines use as it may have instances. The calls of a second grow
// until the cores are full, and the processor time of a call stays what it is: instances share nothing that one of them
// waits for.
func BenchmarkPool(b *testing.B) {
	body := []byte(strings.Repeat("x", 300))
	answer := doer(func(capabilities.HTTPRequest, capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
		return &capabilities.HTTPResponse{Status: 200, Headers: map[string]string{"Content-Type": "text/plain"}, Body: body}, nil
	})
	for _, size := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("instances=%d", size), func(b *testing.B) {
			r, err := plugin.NewWASMRuntime(b.Context(), plugin.WithCacheDir(plugintest.CacheDir(b)), plugin.WithHTTP(answer),
				plugin.WithLimits(capabilities.Limits{Instances: size}))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = r.Close(context.Background()) }()
			p, err := r.LoadPlugin(b.Context(), "http", plugintest.Build(b, "http"))
			if err != nil {
				b.Fatal(err)
			}
			repeat := func(n int) {
				var left atomic.Int64
				left.Store(int64(n))
				var workers sync.WaitGroup
				for range size {
					workers.Go(func() {
						for left.Add(-1) >= 0 {
							if _, err := p.Execute(b.Context(), plugin.TestInput{Target: "http://api.test"}, nil); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				workers.Wait()
			}
			repeat(20 * size)
			b.ResetTimer()
			before := processorTime()
			start := time.Now()
			repeat(b.N)
			wall, used := time.Since(start), processorTime()-before
			b.ReportMetric(float64(b.N)/wall.Seconds(), "calls/s")
			b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(used.Seconds()/wall.Seconds(), "cores")
		})
	}
}
