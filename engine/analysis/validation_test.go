package analysis_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
)

// TestWhatPluginsSaidAfterEditsIsWhatTheySayOfAFreshFile edits tests, their order and what all of them have from the head
// of the file, and holds what is kept against questions about everything.
func TestWhatPluginsSaidAfterEditsIsWhatTheySayOfAFreshFile(t *testing.T) {
	const u = "file:///w/a.qube.yaml"
	asked := 0
	ask := func(in analysis.PluginInput) ([]plugin.FieldError, bool) {
		asked++
		var errors []plugin.FieldError
		if strings.Contains(in.Input.Resource, "7") {
			errors = append(errors, plugin.FieldError{Field: "resource", Message: "7 in " + in.Input.Resource})
		}
		if in.Input.Headers["Accept"] == "text" {
			errors = append(errors, plugin.FieldError{Field: "headers.Accept", Message: "text is dull"})
		}
		return errors, true
	}
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 5))
		s := engine.NewSession(engine.Options{Registry: registry(t)})
		var b strings.Builder
		b.WriteString("target: http://h\ndefaults: {headers: {Accept: json}}\ntests:\n")
		for i := range 200 {
			fmt.Fprintf(&b, "  - {alias: t%d, method: GET, resource: /%d, expect: {status: 200}}\n", i, i)
		}
		s.Open(u, "", 1, b.String())
		var said *analysis.Validation
		head := ""
		for step := range 25 {
			snap := s.Snapshot()
			before := asked
			var complete bool
			if said, complete = said.Refresh(t.Context(), snap, u, ask); !complete {
				t.Fatal("the questions were not asked to the end")
			}
			if now := snap.Document(u).Text.Line(1); now == head && asked-before > 60 {
				t.Errorf("%d tests were asked about after one edit", asked-before)
			} else {
				head = now
			}
			got := said.Findings(snap, u)
			all, _ := (*analysis.Validation)(nil).Refresh(t.Context(), fresh(t, snap, u), u, ask)
			want := all.Findings(snap, u)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, step %d (-fresh +edited):\n%s", seed, step, diff)
			}
			if first, more := said.FindingsFirst(snap, u, 2); len(want) > 0 && len(first)+more != len(want) {
				t.Fatalf("%d findings and %d more, want %d", len(first), more, len(want))
			}
			lines := strings.Split(snap.Document(u).Text.String(), "\n")
			at := 3 + r.IntN(len(lines)-4)
			switch r.IntN(5) {
			case 0:
				lines[at] = strings.Replace(lines[at], "resource: /", "resource: /7", 1)
			case 1:
				lines[at] = strings.Replace(lines[at], "status: 200", "status: 201", 1)
			case 2:
				to := min(at+r.IntN(50), len(lines)-1)
				moved := append([]string(nil), lines[at:to]...)
				lines = replaced(lines, at, to, nil)
				lines = replaced(lines, 3, 3, moved)
			case 3:
				lines = replaced(lines, at, min(at+3, len(lines)-1), nil)
			case 4:
				lines[1] = "defaults: {headers: {Accept: " + []string{"json", "text"}[r.IntN(2)] + "}}"
			}
			change(s, snap.Document(u), int32(step+2), strings.Join(lines, "\n")) //nolint:gosec // a small number
		}
	}
}

func fresh(t *testing.T, snap *engine.Snapshot, u string) *engine.Snapshot {
	t.Helper()
	return engine.NewSession(engine.Options{Registry: snap.Registry()}).Open(u, "", 1, snap.Document(u).Text.String())
}

func TestAQuestionThatCannotBeAskedIsAskedLater(t *testing.T) {
	const u = "file:///w/a.qube.yaml"
	s := engine.NewSession(engine.Options{Registry: registry(t)})
	snap := s.Open(u, "", 1,
		"target: http://h\ntests:\n  - {alias: a, method: GET, resource: /}\n  - {alias: b, method: GET, resource: /}\n")
	var tests []string
	ask := func(most int) func(in analysis.PluginInput) ([]plugin.FieldError, bool) {
		return func(in analysis.PluginInput) ([]plugin.FieldError, bool) {
			if len(tests) == most {
				return nil, false
			}
			tests = append(tests, in.Test)
			return []plugin.FieldError{{Message: "no " + in.Test}}, true
		}
	}
	said, complete := (*analysis.Validation)(nil).Refresh(t.Context(), snap, u, ask(1))
	if found := said.Findings(snap, u); complete || len(found) != 1 || found[0].Message != "no a" {
		t.Errorf("complete: %v, findings %v", complete, found)
	}
	said, complete = said.Refresh(t.Context(), snap, u, ask(9))
	if found := said.Findings(snap, u); !complete || len(found) != 2 {
		t.Errorf("complete: %v, findings %v", complete, found)
	}
	if diff := cmp.Diff([]string{"a", "b"}, tests); diff != "" {
		t.Errorf("asked about (-want +got):\n%s", diff)
	}
	// What was said of a test stays until the plugin has looked at it again.
	change(s, snap.Document(u), 2, strings.Replace(snap.Document(u).Text.String(), "resource: /", "resource: /x", 1))
	if found := said.Findings(s.Snapshot(), u); len(found) != 2 || found[0].Message != "no a" {
		t.Errorf("after an edit the findings are %v", found)
	}
	other := s.SetRegistry(registry(t))
	said, complete = said.Refresh(t.Context(), other, u, ask(2))
	if complete || said.Registry() != other.Registry() && len(said.Findings(other, u)) != 2 {
		t.Errorf("other plugins are taken to have answered: %v", said.Findings(other, u))
	}
}
