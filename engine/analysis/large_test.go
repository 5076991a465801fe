package analysis_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

// chained is a spec of n tests that use each other, each by one of the ways that there are.
func chained(r *rand.Rand, n int, prefix string) string {
	var b strings.Builder
	b.WriteString("target: http://h\ntests:\n")
	for i := range n {
		b.WriteString(link(r, prefix, i, max(i, 1)))
	}
	return b.String()
}

// link is one test that uses one below a number: of its own file or, now and then, of the other one.
func link(r *rand.Rand, prefix string, i, below int) string {
	of, other := r.IntN(below), map[string]string{"a": "b", "b": "a"}[prefix]
	if r.IntN(20) > 0 || i < 20 {
		other = prefix
	}
	head := fmt.Sprintf("  - name: test %d\n    alias: %s%d\n", i, prefix, i)
	switch r.IntN(5) {
	case 0:
		return head + fmt.Sprintf("    resource: \"/{{ %s%d.response.body.id }}\"\n", other, of)
	case 1:
		return head + fmt.Sprintf("    resource: /x\n    depends: [%s%d]\n", other, of)
	case 2:
		return head + fmt.Sprintf("    resource: \"/{{ %s_id%d }}\"\n    save: {%s_id%d: response.body.id}\n", other, of, prefix, i)
	case 3:
		return fmt.Sprintf("  - GET /%d -> 200\n", i)
	}
	return head + fmt.Sprintf("    resource: /x\n    save: {%s_id%d: response.body.id}\n", prefix, i)
}

// edits change one line, or several, of a large file: what a name is, where it is used, in what order tests stand.
var edits = []func(r *rand.Rand, prefix string, lines []string) []string{
	func(r *rand.Rand, prefix string, lines []string) []string { // another alias
		return rewrite(r, lines, "    alias: ", func(string) string { return fmt.Sprintf("    alias: %s%d", prefix, r.IntN(330)) })
	},
	func(r *rand.Rand, _ string, lines []string) []string { // one letter more or less
		return rewrite(r, lines, "    alias: ", func(s string) string { return []string{s + "x", s[:len(s)-1]}[r.IntN(2)] })
	},
	func(r *rand.Rand, prefix string, lines []string) []string {
		return rewrite(r, lines, "    depends: ", func(string) string { return fmt.Sprintf("    depends: [%s%d]", prefix, r.IntN(330)) })
	},
	func(r *rand.Rand, prefix string, lines []string) []string {
		return rewrite(r, lines, "    resource: ", func(string) string {
			return fmt.Sprintf("    resource: \"/{{ %s%d.response.body.id }}\"", []string{"a", "b", prefix, "c"}[r.IntN(4)], r.IntN(330))
		})
	},
	func(r *rand.Rand, prefix string, lines []string) []string {
		return rewrite(r, lines, "    save: ", func(string) string {
			return fmt.Sprintf("    save: {%s_id%d: response.status}", prefix, r.IntN(330))
		})
	},
	knot, knot,
	func(r *rand.Rand, prefix string, lines []string) []string { // a new test
		at := nextTest(lines, r.IntN(len(lines)))
		return replaced(lines, at, at, strings.Split(strings.TrimSuffix(link(r, prefix, r.IntN(330), 330), "\n"), "\n"))
	},
	func(r *rand.Rand, _ string, lines []string) []string { // some tests less
		from := nextTest(lines, r.IntN(len(lines)))
		return replaced(lines, from, nextTest(lines, min(from+r.IntN(20), len(lines))), nil)
	},
	func(r *rand.Rand, _ string, lines []string) []string { // some tests elsewhere
		from := nextTest(lines, r.IntN(len(lines)))
		to := nextTest(lines, min(from+r.IntN(200), len(lines)))
		moved := append([]string(nil), lines[from:to]...)
		rest := replaced(lines, from, to, nil)
		at := nextTest(rest, r.IntN(len(rest)))
		return replaced(rest, at, at, moved)
	},
	func(r *rand.Rand, prefix string, lines []string) []string { // another head
		head := []string{"target: http://h", "target: http://other", "mode: scenario\ntarget: http://h", "mode: load\ntarget: http://h",
			fmt.Sprintf("target: http://h\ndefaults: {headers: {A: \"{{ %s%d.response.status }}\"}}", prefix, r.IntN(300))}[r.IntN(5)]
		at := 0
		for lines[at] != "tests:" {
			at++
		}
		return replaced(lines, 0, at, strings.Split(head, "\n"))
	},
}

// knot makes a test wait for one that uses it.
func knot(r *rand.Rand, _ string, lines []string) []string {
	for range 50 {
		i := r.IntN(len(lines))
		name, isAlias := strings.CutPrefix(lines[i], "    alias: ")
		if !isAlias {
			continue
		}
		user := ""
		for _, l := range lines {
			if alias, ok := strings.CutPrefix(l, "    alias: "); ok {
				user = alias
			}
			if strings.Contains(l, "["+name+"]") || strings.Contains(l, "{{ "+name+".") {
				return replaced(lines, i+1, i+1, []string{"    depends: [" + user + "]"})
			}
		}
	}
	return lines
}

func rewrite(r *rand.Rand, lines []string, prefix string, with func(string) string) []string {
	var at []int
	for i, l := range lines {
		if strings.HasPrefix(l, prefix) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return lines
	}
	i := at[r.IntN(len(at))]
	return replaced(lines, i, i+1, []string{with(lines[i])})
}

// nextTest is the line at which the next test begins.
func nextTest(lines []string, at int) int {
	for at < len(lines) && !strings.HasPrefix(lines[at], "  - ") {
		at++
	}
	return at
}

func replaced(lines []string, from, to int, with []string) []string {
	next := append([]string(nil), lines[:from]...)
	return append(append(next, with...), lines[to:]...)
}

// TestLargeFilesAfterEditsHaveTheFindingsOfFreshOnes edits aliases, what uses them and the order of tests in files that
// are kept in several blocks, and holds what is found against a look that knows nothing.
func TestLargeFilesAfterEditsHaveTheFindingsOfFreshOnes(t *testing.T) {
	uris := []string{"file:///w/a.qube.yaml", "file:///w/b.qube.yaml"}
	cyclic := 0
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 11))
		s := engine.NewSession(engine.Options{Registry: registry(t)})
		s.Open(uris[0], "", 1, chained(r, 320, "a"))
		s.Open(uris[1], "", 1, chained(r, 40, "b"))
		for step := range 16 {
			k := 0
			if r.IntN(5) == 0 {
				k = 1
			}
			doc := s.Snapshot().Document(uris[k])
			lines := strings.Split(strings.TrimSuffix(doc.Text.String(), "\n"), "\n")
			next := strings.Join(edits[r.IntN(len(edits))](r, []string{"a", "b"}[k], lines), "\n") + "\n"
			change(s, doc, int32(step+2), next) //nolint:gosec // a small number
			if r.IntN(4) == 0 {
				continue // two edits that nobody looked at in between
			}
			fresh := engine.NewSession(engine.Options{Registry: registry(t)})
			for _, u := range uris {
				fresh.Open(u, "", 1, s.Snapshot().Document(u).Text.String())
			}
			compare(t, s.Snapshot(), fresh.Snapshot(), uris)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
			for _, f := range findings(t, s.Snapshot(), uris) {
				if f.Code == "depends.cycle" {
					cyclic++
				}
			}
		}
	}
	if cyclic < 2 {
		t.Errorf("only %d cycles came about, which proves little", cyclic)
	}
}

// change makes a document's text another one, by an edit of what differs.
func change(s *engine.Session, doc *engine.Document, version int32, next string) {
	was := doc.Text.String()
	head, tail := 0, 0
	for head < min(len(was), len(next)) && was[head] == next[head] {
		head++
	}
	for tail < min(len(was), len(next))-head && was[len(was)-1-tail] == next[len(next)-1-tail] {
		tail++
	}
	s.Change(doc.URI, version, text.UTF8, []engine.Change{{
		Start: doc.Text.Position(head, text.UTF8), End: doc.Text.Position(len(was)-tail, text.UTF8), Text: next[head : len(next)-tail],
	}})
}

func findings(t *testing.T, snap *engine.Snapshot, uris []string) []analysis.Diagnostic {
	t.Helper()
	var list []analysis.Diagnostic
	for _, u := range uris {
		list = append(list, analysis.Run(t.Context(), snap, u)...)
	}
	return list
}

func TestCyclesAreFoundWhereverTheEditIs(t *testing.T) {
	const u, other = "file:///w/a.qube.yaml", "file:///w/b.qube.yaml"
	for _, tt := range []struct{ name, src, other, find, with string }{
		{
			"the first of two tests of an alias gets another name",
			"  - {alias: x, resource: /}\n  - {alias: x, resource: /, depends: [c]}\n  - {alias: c, resource: /, depends: [x]}\n", "",
			"alias: x", "alias: y",
		},
		{
			"an alias goes and a saved name of that kind is left",
			"  - {alias: x, resource: /}\n  - {resource: /, save: {x: a}, depends: [c]}\n" +
				"  - {alias: c, resource: \"/{{ x.response.status }}\"}\n",
			"", "alias: x, ", "",
		},
		{
			"a test between two of which one uses prev goes",
			"  - {alias: a, resource: /, depends: [b]}\n  - {resource: /}\n  - {alias: b, resource: \"/{{ prev.response.status }}\"}\n", "",
			"  - {resource: /}\n", "",
		},
		{
			"a test of another file now uses the one that was edited",
			"  - {alias: y, resource: /, depends: [o]}\n", "  - {alias: o, resource: /, depends: [x]}\n",
			"alias: y", "alias: x",
		},
		{
			"a test of another file falls back to a test that was not edited",
			"  - {alias: x, resource: /}\n  - {resource: /, save: {x: a}, depends: [o]}\n",
			"  - {alias: o, resource: \"/{{ x.response.status }}\"}\n", "alias: x", "alias: y",
		},
		{
			"the head of the file uses the name",
			"  - {alias: x, resource: /}\n  - {resource: /, save: {x: a}, depends: [z]}\n  - {alias: z, resource: /}\n", "",
			"alias: x", "alias: y",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := "target: http://h\n"
			if strings.Contains(tt.name, "head") {
				head += "defaults: {headers: {A: \"{{ x.response.status }}\"}}\n"
			}
			cycles := func(snap *engine.Snapshot) bool {
				return slices.ContainsFunc(findings(t, snap, []string{u, other}), func(d analysis.Diagnostic) bool { return d.Code == "depends.cycle" })
			}
			s := engine.NewSession(engine.Options{Registry: registry(t)})
			s.Open(u, "", 1, head+"tests:\n"+tt.src)
			s.Open(other, "", 1, "target: http://h\ntests:\n"+tt.other)
			if cycles(s.Snapshot()) {
				t.Fatal("there is a cycle before the edit")
			}
			doc := s.Snapshot().Document(u)
			for step, next := range []string{strings.Replace(doc.Text.String(), tt.find, tt.with, 1), doc.Text.String()} {
				change(s, s.Snapshot().Document(u), int32(step+2), next) //nolint:gosec // a small number
				fresh := engine.NewSession(engine.Options{Registry: registry(t)})
				for _, o := range []string{u, other} {
					fresh.Open(o, "", 1, s.Snapshot().Document(o).Text.String())
				}
				compare(t, s.Snapshot(), fresh.Snapshot(), []string{u, other})
				if got := cycles(s.Snapshot()); got != (step == 0) {
					t.Errorf("step %d: there is a cycle: %v", step, got)
				}
			}
		})
	}
}
