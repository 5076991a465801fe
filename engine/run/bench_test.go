package run

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	builtin "github.com/speclens/speclens/engine/plugin/builtin/http"
)

// The two benchmarks send the same 2,000 small GET requests, eight at a time, to the same kind of server.
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

func BenchmarkRunTwoThousandGets(b *testing.B) {
	server := benchServer(b)
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
	for b.Loop() {
		report, err := Execute(b.Context(), snap, Selection{}, nil, Options{MaxConcurrent: benchParallel})
		if err != nil || len(report.Results) != benchRequests || report.Results[0].Status != engine.StatusPassed {
			b.Fatal(err, report.Problems)
		}
	}
	b.ReportMetric(float64(benchRequests)*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func BenchmarkPlainClientTwoThousandGets(b *testing.B) {
	server := benchServer(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchParallel}}
	for b.Loop() {
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
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
		}
		for i := range benchRequests {
			next <- i
		}
		close(next)
		wg.Wait()
	}
	b.ReportMetric(float64(benchRequests)*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
