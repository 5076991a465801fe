package run

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	builtin "github.com/speclens/speclens/engine/plugin/builtin/http"
)

// The benchmarks send the same 2,000 small GET requests, eight at a time, to the same kind of server.
const (
	benchRequests = 2000
	benchParallel = 8
)

func benchServer(b *testing.B) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ok":true}`)
	}))
	b.Cleanup(s.Close)
	return s
}

// benchRunner returns a function that runs all tests once.
func benchRunner(b *testing.B, server *httptest.Server) func() {
	registry := plugin.NewRegistry()
	if err := registry.Register(builtin.New()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = registry.Close() })
	var s strings.Builder
	fmt.Fprintf(&s, "target: %s\ntests:\n", server.URL)
	for i := range benchRequests {
		fmt.Fprintf(&s, "  - { name: t%d, resource: /x, expect: { status: 200, body: { ok: true } } }\n", i)
	}
	session := engine.NewSession(engine.Options{Registry: registry})
	snap := session.Open("file:///bench.qube.yaml", "qube", 1, s.String())
	for doc := range snap.Documents() {
		doc.Spec()
	}
	return func() {
		passed := 0
		sink := SinkFunc(func(e Event) {
			if e, ok := e.(TestCompleted); ok && e.Result.Status == engine.StatusPassed {
				passed++
			}
		})
		report, err := Execute(b.Context(), snap, Selection{}, sink, Options{MaxConcurrent: benchParallel})
		if err != nil || len(report.Results) != benchRequests || passed != benchRequests {
			b.Fatal(err, report.Problems, passed)
		}
	}
}

// benchPlain returns a function that sends all requests once with nothing but net/http.
func benchPlain(b *testing.B, server *httptest.Server) func() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchParallel}}
	b.Cleanup(client.CloseIdleConnections)
	return func() {
		var wg sync.WaitGroup
		next := make(chan int)
		for range benchParallel {
			wg.Go(func() {
				for range next {
					resp, err := client.Get(server.URL + "/x")
					if err != nil {
						b.Error(err)
						continue
					}
					body, err := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if err != nil || resp.StatusCode != http.StatusOK || len(body) == 0 {
						b.Error(resp.Status, err)
					}
				}
			})
		}
		for i := range benchRequests {
			next <- i
		}
		close(next)
		wg.Wait()
	}
}

func reportRate(b *testing.B) {
	b.ReportMetric(float64(benchRequests)*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func BenchmarkRunTwoThousandGets(b *testing.B) {
	work := benchRunner(b, benchServer(b))
	b.ReportAllocs()
	for b.Loop() {
		work()
	}
	reportRate(b)
}

func BenchmarkPlainClientTwoThousandGets(b *testing.B) {
	work := benchPlain(b, benchServer(b))
	b.ReportAllocs()
	for b.Loop() {
		work()
	}
	reportRate(b)
}

// BenchmarkThroughputAgainstPlainClient lets the runner and the plain client take turns in one run, so that whatever else
// the machine does falls on both, and reports the runner's requests/s as a part of the plain client's, of each pair of
// turns: the median by the clock, and by the processor time of client and server together, which a busy machine disturbs
// less.
func BenchmarkThroughputAgainstPlainClient(b *testing.B) {
	server := benchServer(b)
	runner, plain := benchRunner(b, server), benchPlain(b, server)
	runner()
	plain()
	var wall, cpu [2]time.Duration
	var byClock, byCPU []float64
	for b.Loop() {
		var took, used [2]time.Duration
		for i, work := range []func(){runner, plain} {
			runtime.GC() // so that nobody clears up after the other
			started, before := time.Now(), processorTime()
			work()
			took[i], used[i] = time.Since(started), processorTime()-before
			wall[i], cpu[i] = wall[i]+took[i], cpu[i]+used[i]
		}
		byClock = append(byClock, 100*took[1].Seconds()/took[0].Seconds())
		if used[0] > 0 {
			byCPU = append(byCPU, 100*used[1].Seconds()/used[0].Seconds())
		}
	}
	requests := float64(benchRequests) * float64(b.N)
	b.ReportMetric(requests/wall[0].Seconds(), "runner-requests/s")
	b.ReportMetric(requests/wall[1].Seconds(), "plain-requests/s")
	b.ReportMetric(median(byClock), "%-by-clock")
	if cpu[0] > 0 {
		b.ReportMetric(float64(cpu[0].Microseconds())/requests, "runner-cpu-µs/request")
		b.ReportMetric(float64(cpu[1].Microseconds())/requests, "plain-cpu-µs/request")
		b.ReportMetric(median(byCPU), "%-by-cpu")
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
