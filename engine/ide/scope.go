package ide

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/schema"
)

// scope is what surrounds a place: its spec, its test, and the protocol that the test speaks.
type scope struct {
	spec     *spec.Spec
	test     *spec.TestAt
	protocol schema.Protocol
}

// scopeAt finds what surrounds an offset. Where the cursor is behind the last test's text, in the blank lines that
// belong to it, that test is meant.
func scopeAt(snap *engine.Snapshot, doc *engine.Document, docIndex, offset int) scope {
	if doc.Kind != engine.KindSpec {
		return scope{}
	}
	var s scope
	for _, sp := range doc.Spec().Specs {
		if sp.Doc == docIndex {
			s.spec = sp
		}
	}
	if s.spec == nil {
		return s
	}
	if i := s.spec.Tests.StartingBy(offset); i >= 0 {
		test := s.spec.Tests.At(i)
		s.test = &test
	}
	s.protocol = s.target(snap, doc).Protocol
	return s
}

// target is where the test in scope goes, or the file where the scope is outside tests.
func (s scope) target(snap *engine.Snapshot, doc *engine.Document) link.Destination {
	var t *spec.Test
	if s.test != nil {
		t = s.test.Test
	}
	return link.Target(snap, doc, s.spec, t)
}

// lastResult is the last result of the test in scope; nil where it has none.
func (s scope) lastResult(snap *engine.Snapshot, doc *engine.Document) *engine.TestResult {
	if s.test == nil {
		return nil
	}
	return lastOf(snap, keyOf(doc, *s.test))
}

func lastOf(snap *engine.Snapshot, key engine.TestKey) *engine.TestResult {
	results := snap.Results(key)
	if len(results) == 0 || !results[len(results)-1].Status.Done() {
		return nil
	}
	return results[len(results)-1]
}

// scenario reports whether the spec in scope runs its tests one after the other.
func (s scope) scenario() bool { return s.spec != nil && s.spec.Mode.Value == "scenario" }

// matrixKeys are the keys of the rows of the test in scope.
func (s scope) matrixKeys() []string {
	if s.test == nil {
		return nil
	}
	return link.MatrixKeys(s.test.Test)
}

// visible is one name that a template may begin with.
type visible struct {
	name, detail, doc, file string
	alias                   bool
	key                     engine.TestKey
	// path is what a saved name was read from.
	path string
	// far is how far away the name is given, in an order of its own.
	far int
}

// named are those of names that have one name.
func (s scope) named(snap *engine.Snapshot, doc *engine.Document, name string) []visible {
	return s.these(link.NamesOf(snap, doc.URI), doc, []string{name}, []string{name})
}

func (s scope) these(index *link.Names, doc *engine.Document, aliases, saves []string) []visible {
	var here, elsewhere []visible
	add := func(p *link.Place, v visible) {
		if s.test != nil && p.Doc.URI == doc.URI && p.ID == s.test.ID {
			return
		}
		v.key, v.doc = p.Key(), "test "+code(p.Label())
		if p.Doc.URI == doc.URI {
			here = append(here, v)
			return
		}
		v.file = filepath.Base(p.Doc.Path())
		elsewhere = append(elsewhere, v)
	}
	for _, name := range aliases {
		if p := index.FirstAliased(name); p != nil {
			add(p, visible{name: name, alias: true, detail: "test"})
		}
	}
	for _, name := range saves {
		if saved, ok := index.FirstSaved(name); ok {
			add(saved.Place, visible{name: name, path: saved.Save.Path.Value, detail: "saved from " + saved.Save.Path.Value})
		}
	}
	return append(here, elsewhere...)
}

// source is the last result that a template's root reads, and the path into it. isAlias says that the path begins with
// `response` or `events`, as behind an alias or prev.
func (s scope) source(
	snap *engine.Snapshot, doc *engine.Document, root template.Root, segments []path.Segment,
) (r *engine.TestResult, at []path.Segment, isAlias bool) {
	if root.Kind == template.Prev {
		if s.spec == nil || s.test == nil || s.test.Index == 0 {
			return nil, segments, true
		}
		return lastOf(snap, keyOf(doc, s.spec.Tests.At(s.test.Index-1))), segments, true
	}
	found := s.named(snap, doc, root.Name)
	if len(found) == 0 {
		return nil, segments, false
	}
	if found[0].alias {
		return lastOf(snap, found[0].key), segments, true
	}
	// A saved value is a part of what its test received: the path goes on from there.
	rest, ok := strings.CutPrefix(found[0].path, "response.")
	if !ok {
		return nil, segments, false
	}
	return lastOf(snap, found[0].key), append(slices.Clone(path.Parse(rest).Segments), segments...), false
}
