package analysis_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// pieces are what the random edits insert: names that come and go, clash, wait for each other, and broken text.
var pieces = []string{
	"  - name: one\n    alias: a\n    target: http://h\n    save: {id: response.body.id}\n",
	"  - name: two\n    alias: b\n    resource: \"/{{ a.response.body.id }}\"\n    depends: [a]\n",
	"  - name: three\n    resource: \"/{{ id }}/{{ prev.response.status }}\"\n",
	"  - name: four\n    alias: c\n    resource: \"/{{ b.response.body.x }}/{{ nothing }}\"\n    depends: [d.e, four]\n",
	"  - {alias: a, resource: \"/{{ c.response.body.y }}\", depends: [b]}\n",
	"  - GET /x -> 200\n", "  - GET /x -> 200\n", "  - name: GET\n    alias: d.e\n    save: {id: response.body.id, a: response.status}\n",
	"  - name: one#2\n    matrix: [{k: 1}]\n    resource: \"/{{ matrix.k }}{{ k }}{{ id }}\"\n",
	"a", "b", "id", "x", ": ", "\"", "{{ a }}", "\n", "#", "  ", "mode: scenario\n", "mode: load\n",
	"target: local\n", "targets: {local: http://h}\n",
	"---\n", "tests:\n", "depends: [b.qube.yaml]\n", "defaults: {headers: {A: \"{{ id }}\"}}\n",
}

// configs are what the configuration becomes now and then: its templates make tests wait for others too.
var configs = []string{
	"version: 1\n", "defaults: {headers: {X: \"{{ a.response.body.t }}\"}}\n", "defaults: {headers: {X: \"{{ id }}\"}, timeout: 1s}\n",
	"defaults: {timeout: \"{{ b.response.body.t }}\"}\ntargets: {local: \"http://{{ d.e.response.status }}\"}\n",
}

// TestFindingsAfterEditsAreThoseOfAFreshSession holds what is kept from one version to the next against a look at the
// same texts that knows nothing.
func TestFindingsAfterEditsAreThoseOfAFreshSession(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			uris := []string{"file:///w/a.qube.yaml", "file:///w/b.qube.yaml"}
			s := engine.NewSession(engine.Options{Registry: registry(t)})
			for i, u := range uris {
				s.Open(u, "", 1, "target: http://h\ntests:\n"+pieces[i]+pieces[2+i]+pieces[4+i])
			}
			const config = "file:///w/.qube.yaml"
			s.Open(config, "", 1, configs[0])
			for step := range 60 {
				if r.IntN(6) == 0 {
					end := s.Snapshot().Document(config).Text
					s.Change(config, int32(step+2), text.UTF8, []engine.Change{{
						End: end.Position(end.Len(), text.UTF8), Text: configs[r.IntN(len(configs))],
					}})
				}
				u := uris[r.IntN(2)]
				doc := s.Snapshot().Document(u)
				at := r.IntN(doc.Text.Len() + 1)
				end := at + r.IntN(4)
				word := pieces[r.IntN(len(pieces))]
				switch {
				case strings.HasSuffix(word, "\n"): // whole lines, in place of some
					line := doc.Text.LineAt(at)
					at, end = doc.Text.LineStart(line), doc.Text.LineStart(line+r.IntN(5))
				case r.IntN(3) == 0:
					word = ""
				}
				s.Change(u, int32(step+2), text.UTF8, []engine.Change{{
					Start: doc.Text.Position(at, text.UTF8), End: doc.Text.Position(end, text.UTF8), Text: word,
				}})
				if r.IntN(3) == 0 {
					continue // two edits that nobody looked at in between
				}
				fresh := engine.NewSession(engine.Options{Registry: registry(t)})
				for _, o := range append(uris, config) {
					fresh.Open(o, "", 1, s.Snapshot().Document(o).Text.String())
				}
				compare(t, s.Snapshot(), fresh.Snapshot(), uris)
				if t.Failed() {
					t.Fatalf("after step %d in\n%s\nand\n%s", step, s.Snapshot().Document(uris[0]).Text, s.Snapshot().Document(uris[1]).Text)
				}
			}
		})
	}
}

func compare(t *testing.T, got, want *engine.Snapshot, uris []string) {
	t.Helper()
	for _, u := range uris {
		ids := func(snap *engine.Snapshot) (list []string) {
			for _, s := range snap.Document(u).Spec().Specs {
				for _, at := range s.Tests.All() {
					list = append(list, fmt.Sprint(at.ID, at.Index, at.Base, at.Span))
				}
			}
			return list
		}
		if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
			t.Errorf("tests of %s (-fresh +edited):\n%s", u, diff)
		}
		all := analysis.Run(t.Context(), want, u)
		if diff := cmp.Diff(all, analysis.Run(t.Context(), got, u)); diff != "" {
			t.Errorf("findings of %s (-fresh +edited):\n%s", u, diff)
		}
		for _, most := range []int{1, 3, len(all)} {
			first, more := analysis.RunFirst(t.Context(), got, u, most)
			freshFirst, freshMore := analysis.RunFirst(t.Context(), want, u, most)
			// Those of one cause are counted where they are not among the first.
			if diff := cmp.Diff(freshFirst, first); diff != "" || more != freshMore || len(first) > most || len(first)+more < len(all) {
				t.Errorf("the first %d findings of %s, and %d more (-fresh +edited):\n%s", most, u, more, diff)
			}
		}
	}
}

func TestUpdateLooksAtNothingButWhatChanged(t *testing.T) {
	s := engine.NewSession(engine.Options{Registry: registry(t)})
	const u = "file:///w/a.qube.yaml"
	src := large(300)
	before := s.Open(u, "", 1, src).Document(u).Spec()
	looked := 0
	look := func(i int, _ *spec.Spec, _ spec.TestAt) (int, bool) {
		looked++
		return i, i%10 == 0
	}
	var none *spec.Findings[int]
	first := none.Update(before, nil, look)
	if looked != 300 || len(maps.Collect(first.All())) != 30 {
		t.Fatalf("looked at %d tests and found %d things", looked, len(maps.Collect(first.All())))
	}
	pos := text.New(src).Position(strings.Index(src, "name: test 150")+len("name: "), text.UTF8)
	after := s.Change(u, 2, text.UTF8, []engine.Change{{Start: pos, End: pos, Text: "my "}}).Document(u).Spec()
	looked = 0
	second := first.Update(after, []int{7, 150, 299}, look)
	if looked != 3 || len(maps.Collect(second.All())) != 30 {
		t.Errorf("looked at %d tests and found %d things after an edit", looked, len(maps.Collect(second.All())))
	}
	if looked = 0; second.Update(after, nil, look) != second || looked != 0 {
		t.Errorf("looked at %d tests of the same version", looked)
	}
}

func TestACycleComesAndGoesWithTheConfiguration(t *testing.T) {
	s := engine.NewSession(engine.Options{Registry: registry(t)})
	s.Open("file:///w/.qube.yaml", "", 1, "version: '1'\n")
	s.Open("file:///w/a.qube.yaml", "", 1, "target: http://h\ntests:\n  - {alias: setup}\n  - {alias: login, depends: [setup]}\n")
	cycles := func() (n int) {
		for _, d := range analysis.Run(t.Context(), s.Snapshot(), "file:///w/a.qube.yaml") {
			if d.Code == "depends.cycle" {
				n++
			}
		}
		return n
	}
	for i, header := range []string{"plain", "{{ login.response.body.t }}", "plain", "{{ login.response.body.t }}"} {
		doc := s.Snapshot().Document("file:///w/.qube.yaml")
		s.Change(doc.URI, int32(i+2), text.UTF8, []engine.Change{{
			End: doc.Text.Position(doc.Text.Len(), text.UTF8), Text: "defaults: {headers: {X: \"" + header + "\"}}\n",
		}})
		spec := s.Snapshot().Document("file:///w/a.qube.yaml")
		end := spec.Text.Position(spec.Text.Len(), text.UTF8) // an edit that nobody looked at before that of the configuration
		s.Change(spec.URI, int32(i+2), text.UTF8, []engine.Change{{Start: end, End: end, Text: "  - {name: more}\n"}})
		if got := cycles(); got != i%2 {
			t.Errorf("step %d: %d cycles, want %d", i, got, i%2)
		}
	}
}
