package ide_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

const resultSpec = `target: http://a
tests:
  - name: log in
    alias: auth
    method: POST
    resource: /login
    expect:
      status: 200
      body:
        token: is string
  - name: read
    resource: "/users/{{ auth.response.body.id }}"
    expect:
      status: 200
      body:
        name: Grace
`

// show renders the hints as an editor does: behind the lines that they belong to.
func (f *fixture) show() string {
	doc := f.session.Snapshot().Document(f.uri)
	var b strings.Builder
	for _, h := range ide.Hints(context.Background(), f.session.Snapshot(), f.uri, text.Span{End: doc.Text.Len()}) {
		fmt.Fprintf(&b, "%d %s\n", doc.Text.LineAt(h.Offset)+1, h.Label)
	}
	return b.String()
}

func event(kind string, at time.Duration, data map[string]any) engine.Event {
	return engine.Event{PluginEvent: schema.PluginEvent{Plugin: "http", Kind: kind, Data: data}, At: at}
}

func passed(r *engine.TestResult) {
	r.Duration = 34 * time.Millisecond
	r.Output = &plugin.TestOutput{Status: json.Number("200")}
	r.Assertions = []expect.Assertion{
		{At: []string{"status"}, Passed: true}, {At: []string{"body", "token"}, Passed: true},
	}
	r.Events = []engine.Event{
		event("Sent", time.Millisecond, map[string]any{"method": "POST", "url": "http://a/login", "bytes": 12}),
		event("Received", 34*time.Millisecond, map[string]any{"status": 200, "duration_ms": 34, "bytes": 9}),
	}
}

func failed(r *engine.TestResult) {
	r.Status = engine.StatusFailed
	r.Duration = 12 * time.Millisecond
	r.Output = &plugin.TestOutput{Status: json.Number("200")}
	r.Assertions = []expect.Assertion{
		{At: []string{"status"}, Passed: true},
		{At: []string{"body", "name"}, Path: "body.name", Expected: "Grace", Actual: "Ada", Message: `expected "Grace", got "Ada"`},
	}
	r.FedBy = map[string]engine.TestKey{"auth": {URI: r.Key.URI, ID: "auth"}}
}

func TestHintsStandBesideTheLinesThatTheyConcern(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", passed)
	f.record(t, "name:read", failed)
	want := `3 ✓ 200 · 34 ms · 2/2
5 → Sent POST http://a/login
7 ← Received 200 in 34 ms
11 ✗ 200 · 12 ms · 1/2
16 ✗ got "Ada"
`
	if diff := cmp.Diff(want, f.show()); diff != "" {
		t.Errorf("hints differ (-want +got):\n%s", diff)
	}
}

func TestHintsMoveWithTheirTestAndGoStaleWithAnEditOfIt(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", passed)
	f.edit(text.Edit{New: "# a line above\n"})
	if got := f.show(); !strings.HasPrefix(got, "4 ✓ 200 · 34 ms · 2/2\n") {
		t.Errorf("after an edit above, the hints are\n%s", got)
	}
	at := strings.Index(f.src, "/login")
	f.edit(text.Edit{Span: text.Span{Start: at, End: at + 6}, New: "/logout"})
	if got := f.show(); !strings.HasPrefix(got, "4 ✓ 200 · 34 ms · 2/2 (stale)\n") {
		t.Errorf("after an edit of the request, the hints are\n%s", got)
	}
}

func TestHintsOfARunUnderWay(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", func(r *engine.TestResult) {
		r.Status = engine.StatusRunning
		r.Events = []engine.Event{event("Sent", 0, map[string]any{"method": "POST", "url": "http://a/login"})}
	})
	want := "3 … running\n5 → Sent POST http://a/login\n"
	if diff := cmp.Diff(want, f.show()); diff != "" {
		t.Errorf("hints differ (-want +got):\n%s", diff)
	}
}

func TestHintsOfAMatrixCountItsRows(t *testing.T) {
	f := newFixture(t, "target: http://a\ntests:\n  - name: x\n    alias: m\n    matrix: [{a: 1}, {a: 2}]\n")
	f.record(t, "m", func(r *engine.TestResult) { r.Row, r.Duration = 0, time.Millisecond })
	f.record(t, "m", func(r *engine.TestResult) { r.Row, r.Status, r.Duration = 1, engine.StatusFailed, time.Millisecond })
	if got := f.show(); got != "3 ✗ 1/2 rows · 2 ms\n" {
		t.Errorf("hints are\n%s", got)
	}
}

func TestAFloodOfEventsIsCutAndALabelHasOneShortLine(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", func(r *engine.TestResult) {
		for range 500 {
			r.Events = append(r.Events, event("Chunk", 0, map[string]any{"text": strings.Repeat("long\n", 200)}))
		}
	})
	got := strings.Split(strings.TrimSpace(f.show()), "\n")
	if len(got) != 22 || !strings.HasSuffix(got[21], "480 more events") {
		t.Errorf("there are %d hints, the last is %q", len(got), got[len(got)-1])
	}
	for _, line := range got {
		if len([]rune(line)) > 110 {
			t.Errorf("a hint is too long: %s", line)
		}
	}
}

func TestHintsCanBeSwitchedOff(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", passed)
	f.session.SetSettings(engine.Settings{InlayHints: engine.InlayHintSettings{OffEvents: true}})
	if got := f.show(); got != "3 ✓ 200 · 34 ms · 2/2\n" {
		t.Errorf("without events the hints are\n%s", got)
	}
	f.session.SetSettings(engine.Settings{InlayHints: engine.InlayHintSettings{Off: true}})
	if got := f.show(); got != "" {
		t.Errorf("switched off, the hints are\n%s", got)
	}
}

func TestAFailedExpectationIsADiagnosticOnItsKey(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", passed)
	f.record(t, "name:read", failed)
	ds := ide.RunDiagnostics(context.Background(), f.session.Snapshot(), f.uri)
	if len(ds) != 1 {
		t.Fatalf("diagnostics are %+v", ds)
	}
	d := ds[0]
	line := strings.Count(f.src[:d.Span.Start], "\n") + 1
	if line != 16 || d.Code != "expect.body" || !strings.Contains(d.Message, `expected "Grace", got "Ada"`) || d.Source != "speclens-run" {
		t.Errorf("line %d: %+v", line, d)
	}
	if len(d.Related) != 1 || !strings.Contains(d.Related[0].Message, "`auth`") {
		t.Errorf("related places are %+v", d.Related)
	}
}

func TestAnErroredTestIsADiagnosticOnItsHead(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "auth", func(r *engine.TestResult) { r.Status, r.Error = engine.StatusErrored, "connection refused" })
	ds := ide.RunDiagnostics(context.Background(), f.session.Snapshot(), f.uri)
	if len(ds) != 1 || ds[0].Code != "run.errored" || f.src[ds[0].Span.Start:ds[0].Span.End] != "log in" {
		t.Errorf("diagnostics are %+v", ds)
	}
}

func TestAnEditedTestHasNoRunDiagnostics(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.record(t, "name:read", failed)
	at := strings.Index(f.src, "Grace")
	f.edit(text.Edit{Span: text.Span{Start: at, End: at + 5}, New: "Ada"})
	if ds := ide.RunDiagnostics(context.Background(), f.session.Snapshot(), f.uri); len(ds) != 0 {
		t.Errorf("diagnostics are %+v", ds)
	}
}

func (f *fixture) lensTitles() []string {
	doc := f.session.Snapshot().Document(f.uri)
	var out []string
	for _, l := range ide.Lenses(context.Background(), f.session.Snapshot(), f.uri) {
		out = append(out, fmt.Sprintf("%d %s", doc.Text.LineAt(l.Span.Start)+1, l.Title))
	}
	return out
}

func TestLensesRunTestsAndTheFile(t *testing.T) {
	f := newFixture(t, resultSpec)
	if diff := cmp.Diff([]string{"2 ▶ Run file", "3 ▶ Run", "11 ▶ Run", "11 ▶ Run with dependencies"}, f.lensTitles()); diff != "" {
		t.Errorf("lenses differ (-want +got):\n%s", diff)
	}
	f.session.StartRun("1", []engine.TestKey{{URI: f.uri, ID: "name:read"}})
	if diff := cmp.Diff([]string{"2 ▶ Run file", "3 ▶ Run", "11 ■ Cancel"}, f.lensTitles()); diff != "" {
		t.Errorf("while a test runs, lenses differ (-want +got):\n%s", diff)
	}
}

func TestLensesNameTheEnvironmentWhereThereIsAChoice(t *testing.T) {
	f := newFixture(t, resultSpec)
	f.session.Open("file:///w/.qube.yaml", "yaml", 1, "environments: { dev: {}, prod: {} }\n")
	if got := f.lensTitles()[1]; got != "2 no environment" {
		t.Errorf("the second lens is %q", got)
	}
	f.session.SetEnvironment(f.uri, "dev")
	if got := f.lensTitles()[1]; got != "2 env: dev" {
		t.Errorf("the second lens is %q", got)
	}
}

func TestOtherYAMLGetsNothing(t *testing.T) {
	f := newFixture(t, "")
	f.uri = "file:///w/deploy.yaml"
	f.session.Open(f.uri, "yaml", 1, resultSpec)
	ctx, snap := context.Background(), f.session.Snapshot()
	if len(ide.Lenses(ctx, snap, f.uri))+len(ide.Symbols(ctx, snap, f.uri))+len(ide.Completion(ctx, snap, f.uri, 0).Items) > 0 || ide.Hover(ctx, snap, f.uri, 2) != nil {
		t.Error("a file that is no spec gets features")
	}
}

func TestTheOutlineIsTheTests(t *testing.T) {
	f := newFixture(t, "targets: { api: http://a }\n"+resultSpec+"  - GET /health -> 200\n")
	var got []string
	for _, s := range ide.Symbols(context.Background(), f.session.Snapshot(), f.uri) {
		got = append(got, s.Name+" | "+s.Detail)
		if s.Selection.Start < s.Span.Start || s.Selection.End > s.Span.End {
			t.Errorf("the selection of %q sticks out", s.Name)
		}
	}
	want := []string{"api | http://a", "log in | POST /login", "read | /users/{{ auth.response.body.id }}", "GET /health | "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("symbols differ (-want +got):\n%s", diff)
	}
}

func TestCodeActionsTurnAFailedExpectationIntoReality(t *testing.T) {
	for _, tt := range []struct {
		title, want string
		actual      any
	}{
		{`Accept actual: Ada`, "name: Ada\n", "Ada"},
		{"Use `is string`", "name: is string\n", "Ada"},
		{`Accept actual: "42"`, "name: \"42\"\n", "42"},
		{`Accept actual: 42`, "name: 42\n", json.Number("42")},
		{`Accept actual: {eq: "> 3"}`, "name: {eq: \"> 3\"}\n", "> 3"},
		{`Accept actual: null`, "name: null\n", nil},
		{"Remove this expectation", "body:\n", "Ada"},
	} {
		t.Run(tt.title, func(t *testing.T) {
			f := newFixture(t, resultSpec)
			f.record(t, "name:read", func(r *engine.TestResult) {
				failed(r)
				r.Assertions[1].Actual = tt.actual
			})
			at := strings.Index(f.src, "name: Grace")
			var titles []string
			for _, a := range ide.CodeActions(context.Background(), f.session.Snapshot(), f.uri, text.Span{Start: at, End: at}, nil) {
				titles = append(titles, a.Title)
				if a.Title != tt.title {
					continue
				}
				e := a.Edits[0]
				after := f.src[:e.Span.Start] + e.New + f.src[e.Span.End:]
				if !strings.HasSuffix(after, tt.want) {
					t.Errorf("applying it gives\n%s", after)
				}
				return
			}
			t.Errorf("not offered; offered are %q", titles)
		})
	}
}

func TestCodeActionsRunTestsForEditorsWithoutLenses(t *testing.T) {
	f := newFixture(t, resultSpec)
	at := strings.Index(f.src, "/login")
	var got []string
	for _, a := range ide.CodeActions(context.Background(), f.session.Snapshot(), f.uri, text.Span{Start: at, End: at}, nil) {
		got = append(got, a.Title)
	}
	if diff := cmp.Diff([]string{"▶ Run: log in", "▶ Run file"}, got); diff != "" {
		t.Errorf("actions differ (-want +got):\n%s", diff)
	}
}

func TestDefinitionLeadsToWhatAValueComesFrom(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"an alias in a template", "tests:\n  - alias: auth\n  - resource: \"{{ au‸th.response.body.id }}\"\n", "auth"},
		{"a saved value", "tests:\n  - save: { token: response.body.t }\n  - resource: \"{{ tok‸en }}\"\n", "token"},
		{"depends", "tests:\n  - alias: one\n  - depends: [o‸ne]\n", "one"},
		{"a target of the file", "targets: { api: http://a }\ntarget: a‸pi\n", "api"},
		{"nothing", "tests:\n  - na‸me: x\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.src)
			got := ""
			for _, l := range ide.Definition(context.Background(), f.session.Snapshot(), f.uri, f.cursor) {
				got = f.src[l.Span.Start:l.Span.End]
			}
			if got != tt.want {
				t.Errorf("it leads to %q, want %q", got, tt.want)
			}
		})
	}
}
