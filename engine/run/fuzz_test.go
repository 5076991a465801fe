package run

import (
	"context"
	"testing"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// FuzzExecute runs whatever text there is as a spec: every planned test has one final result, the events are complete
// and in order, and nothing panics.
func FuzzExecute(f *testing.F) {
	for _, seed := range []string{
		"", "tests: [", "target: fake://x\ntests:\n  - GET /a -> 200\n  - POST /b: { expect: { body: { id: 7 } } }\n",
		"target: fake://x\ntests:\n  - { alias: a, save: { t: response.body.id } }\n" +
			"  - { resource: '{{ a.response.body.id }}{{ t }}{{ fake.uuid }}', matrix: [{ n: 1 }, { n: '{{ t }}' }] }\n",
		"mode: scenario\ntarget: fake://{{ env.X }}\ntests:\n" +
			"  - { name: 'x{{ n }}', matrix: [{ n: 1 }], retry: { maxAttempts: 3, until: { status: 500 } } }\n" +
			"  - { when: '{{ prev.response.status }} == 200' }\n",
		"target: fake://x\ntests:\n  - { alias: a, depends: [b] }\n  - { alias: b, depends: [a] }\n",
		"depends: [x.yaml]\ntests: []\n---\nparallel: false\ntarget: fake://y\n" +
			"tests: [{ skip: true }, { timeout: 1ms, headers: { A: 1 } }, { tags: [x], expect: { events: [{ kind: E, count: 1 }] } }]\n",
		"target: fake://x\ndefaults: { headers: { A: '{{ q }}' }, timeout: '{{ q }}' }\ntests: [{ save: { q: events.0.data.n } }, { a: 1 }]\n",
	} {
		f.Add(seed)
	}
	registry := plugin.NewRegistry()
	p := &fake{execute: func(_ context.Context, _ plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		emit(schema.PluginEvent{Kind: "E", Data: map[string]any{"n": 1}})
		return &plugin.TestOutput{Status: 200, Body: map[string]any{"id": 7}}, nil
	}}
	if err := registry.Register(p); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content string) {
		session := engine.NewSession(engine.Options{Registry: registry})
		snap := session.Open("file:///fuzz.qube.yaml", "qube", 1, content)
		var events recorder
		// The time of the run is bounded: an interval of an hour is an honest spec.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		report, err := Execute(ctx, snap, Selection{}, &events, Options{Seed: 1, MaxConcurrent: 2})
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, report, events.all())
		session.Record(report.Results...)
		for _, r := range report.Results {
			Judge(r, testNamed(t, snap, r.Key.URI, r.Key.ID), snap)
		}
	})
}

// checkReport checks what holds of every run.
func checkReport(t *testing.T, report *Report, events []Event) {
	t.Helper()
	if len(events) == 0 {
		if len(report.Results) != 0 || len(report.Problems) == 0 {
			t.Errorf("no events, but %d results and %d problems", len(report.Results), len(report.Problems))
		}
		return
	}
	started, ok := events[0].(RunStarted)
	if !ok || started.TotalTests != len(report.Results) {
		t.Errorf("first event = %+v for %d results", events[0], len(report.Results))
	}
	done, ok := events[len(events)-1].(RunCompleted)
	if !ok || done.Total != len(report.Results) || done.Passed+done.Failed+done.Skipped+done.Errored != done.Total {
		t.Errorf("last event = %+v for %d results", events[len(events)-1], len(report.Results))
	}
	type unitKey struct {
		key engine.TestKey
		row int
	}
	open, completed := map[unitKey]bool{}, map[unitKey]bool{}
	wave, waves := -1, 0
	due := []int{} // by wave: the tests of it and of all before
	for _, e := range events {
		switch e := e.(type) {
		case WaveStarted:
			if e.Index != wave+1 {
				t.Errorf("wave %d follows %d", e.Index, wave)
			}
			wave = e.Index
			due = append(due, len(e.TestNames))
			if wave > 0 {
				due[wave] += due[wave-1]
			}
		case WaveCompleted:
			if e.Index != waves || waves > wave {
				t.Fatalf("wave %d ends, but %d have ended and %d begun", e.Index, waves, wave+1)
			}
			if len(completed) < due[waves] {
				t.Errorf("wave %d ends when %d of %d tests have completed", waves, len(completed), due[waves])
			}
			waves++
		case TestStarted:
			if wave < 0 {
				t.Error("a test starts before any wave")
			}
			open[unitKey{e.Test.Key, e.Test.Row}] = true
		case PluginEvent:
			if !open[unitKey{e.Test.Key, e.Test.Row}] {
				t.Errorf("an event of a test that is not under way: %+v", e)
			}
		case TestCompleted:
			k := unitKey{e.Test.Key, e.Test.Row}
			if completed[k] || !e.Result.Status.Done() {
				t.Errorf("%v completed twice, or as %s", k, e.Result.Status)
			}
			completed[k] = true
			delete(open, k)
		}
	}
	if len(open) > 0 || len(completed) != len(report.Results) || waves != started.TotalWaves {
		t.Errorf("%d tests never ended, %d of %d completed, %d of %d waves", len(open), len(completed), len(report.Results), waves,
			started.TotalWaves)
	}
	for i, r := range report.Results {
		if r == nil {
			t.Fatalf("result %d is missing", i)
		}
		if (r.Status == engine.StatusErrored || r.Status == engine.StatusSkipped) && r.Error == "" {
			t.Errorf("%s is %s and does not say why", r.Name, r.Status)
		}
	}
}
