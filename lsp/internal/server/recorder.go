package server

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/schema"
)

// recorder is the sink of a run: it turns events into results of the session, so that hints, lenses and diagnostics show
// how the run goes. Events come as fast as plugins emit them; the session hears of them every refreshTime.
type recorder struct {
	server *Server
	snap   *engine.Snapshot
	runID  string
	bar    *progress
	wake   chan struct{}

	mu      sync.Mutex
	results map[row]*engine.TestResult // as far as they are known; guarded by mu
	dirty   map[row]bool               // those that the session does not have; guarded by mu
	done    int                        // tests that are over; guarded by mu
	total   int                        // guarded by mu
}

// row is a test, or a row of one with a matrix.
type row struct {
	key engine.TestKey
	n   int
}

func newRecorder(s *Server, snap *engine.Snapshot, runID string, bar *progress) *recorder {
	return &recorder{
		server: s, snap: snap, runID: runID, bar: bar, wake: make(chan struct{}, 1),
		results: map[row]*engine.TestResult{}, dirty: map[row]bool{},
	}
}

// Emit takes in one event. The runner calls it for one event at a time.
func (r *recorder) Emit(e run.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case run.RunStarted:
		r.total = e.TotalTests
	case run.TestStarted:
		r.bar.report(fmt.Sprintf("%d/%d %s", r.done+1, r.total, r.label(e.Test)), r.done, r.total)
		r.put(r.begun(e))
	case run.PluginEvent:
		if result := r.results[row{e.Test.Key, e.Test.Row}]; result != nil {
			next := *result
			// What was recorded shares the array and ends before what is appended.
			next.Events = append(result.Events, e.Event)
			r.put(&next)
		}
	case run.TestCompleted:
		r.done++
		r.bar.report(fmt.Sprintf("%d/%d %s", r.done, r.total, r.label(e.Test)), r.done, r.total)
		r.put(e.Result)
	case run.LoadProgress:
		r.bar.report(loadMessage(e), int(min(e.Elapsed, e.Planned).Milliseconds()), int(e.Planned.Milliseconds()))
	case run.LoadCompleted:
		r.server.tell(protocol.MessageTypeInfo, "%s", loadSummary(e.Report))
	case run.Log:
		r.server.tell(logType(e.Level), "%s", logLine(e))
	}
}

// put replaces a result. The caller holds mu.
func (r *recorder) put(result *engine.TestResult) {
	at := row{result.Key, result.Row}
	r.results[at], r.dirty[at] = result, true
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// label is what to call a test: its name, or what stands in the file for it.
func (r *recorder) label(info run.TestInfo) string {
	if info.Name != "" {
		return info.Name
	}
	if doc := r.snap.Document(info.Key.URI); doc != nil && doc.Kind == engine.KindSpec {
		if t, ok := testOf(doc, info.Key.ID); ok {
			return t.Label()
		}
	}
	return info.Key.ID
}

func (r *recorder) begun(e run.TestStarted) *engine.TestResult {
	result := &engine.TestResult{
		Key: e.Test.Key, RunID: r.runID, Row: e.Test.Row, Name: e.Test.Name, Status: engine.StatusRunning,
		Protocol: schema.Protocol(e.Protocol), Target: e.Target, Started: time.Now(),
	}
	if doc := r.snap.Document(e.Test.Key.URI); doc != nil && doc.Kind == engine.KindSpec {
		if t, ok := testOf(doc, e.Test.Key.ID); ok {
			result.Hash, result.RequestHash = t.Hash(), t.RequestHash()
		}
	}
	return result
}

// keepUp hands results to the session until the returned function is called, which hands over the last.
func (r *recorder) keepUp(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-r.wake:
				r.flush()
			case <-ctx.Done():
				return
			}
			if !after(ctx, refreshTime) {
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		r.flush()
	}
}

func (r *recorder) flush() {
	r.mu.Lock()
	var results []*engine.TestResult
	uris := map[string]bool{}
	for at := range r.dirty {
		results = append(results, r.results[at])
		uris[at.key.URI] = true
	}
	clear(r.dirty)
	r.mu.Unlock()
	if len(results) == 0 {
		return
	}
	r.server.session.Record(results...)
	r.server.diagnoser.touch(slices.Collect(maps.Keys(uris))...)
	r.server.lenses.request()
	r.server.hints.request()
}

func logType(level string) protocol.MessageType {
	switch level {
	case "error":
		return protocol.MessageTypeError
	case "warn":
		return protocol.MessageTypeWarning
	case "debug":
		return protocol.MessageTypeDebug
	}
	return protocol.MessageTypeInfo
}

func logLine(e run.Log) string {
	line := e.Message
	if e.Test.Name != "" {
		line = e.Test.Name + ": " + line
	}
	if e.Plugin != "" {
		line = "[" + e.Plugin + "] " + line
	}
	return line
}
