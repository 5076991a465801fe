package lsp_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

func TestALoadRunsInTheEditor(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(api.Close)
	e := lsptest.Start(t, lsptest.Options{})
	const file = "load.qube.yaml"
	e.Open(file, "target: "+api.URL+`
mode: load
load: {rps: 20, duration: 1100ms, thresholds: {requests: {count: "< 3"}}}
tests:
  - {name: a, alias: a, resource: /, expect: {status: 200}}
`)
	// One test of it runs once: that is how one looks at it.
	if got := e.Run(file, "a", command.ScopeTest); got != "1 passed" || requests.Load() != 1 {
		t.Errorf("one test ended with %q after %d requests", got, requests.Load())
	}
	id := e.StartRun(command.RunArgs{URI: e.URI(file), Scope: command.ScopeFile})
	if got := e.AwaitRun(id); got != "1 passed, 1 failed" {
		t.Errorf("the load ended with %q", got)
	}
	if n := requests.Load(); n != 1+22 {
		t.Errorf("%d requests came", n)
	}
	var told []string
	e.Await("progress and a summary", func(s *lsptest.State) bool {
		told = nil
		for _, p := range s.Progress[id] {
			told = append(told, p.Message)
		}
		return slices.ContainsFunc(s.Logs, func(m string) bool {
			return strings.Contains(m, "load: 22 requests by ") && strings.Contains(m, "✗ requests.count: expected < 3, got 22")
		})
	})
	if !slices.ContainsFunc(told, func(m string) bool { return strings.Contains(m, " requests/s · p95 ") }) {
		t.Errorf("progress = %q", told)
	}
	found := e.Settle(file)
	if len(found) != 1 || source(found[0]) != "speclens-run" || !strings.HasPrefix(e.Text(file)[e.Span(file, found[0].Range).Start:], "count:") {
		t.Errorf("the threshold that did not hold is shown as %+v", found)
	}
	// It is about the load as it was.
	e.Replace(file, "duration: 1100ms", "duration: 1200ms")
	if found := e.Diagnostics(file); len(found) != 0 {
		t.Errorf("after an edit of the load: %+v", found)
	}
	e.Replace(file, "duration: 1200ms", "duration: 1100ms")
	if hints := hintTexts(e.Hints(file)); !strings.Contains(hints, "200") {
		t.Errorf("hints = %s", hints)
	}
}
