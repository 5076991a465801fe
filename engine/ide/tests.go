package ide

import (
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// specDocument finds a document that is a spec; nil where the URI names none.
func specDocument(snap *engine.Snapshot, uri string) *engine.Document {
	if doc := snap.Document(uri); doc != nil && doc.Kind == engine.KindSpec {
		return doc
	}
	return nil
}

// eachTest calls do for every test of a document in order, until it returns false.
func eachTest(doc *engine.Document, do func(sp *spec.Spec, t spec.TestAt) bool) {
	for _, sp := range doc.Spec().Specs {
		for _, t := range sp.Tests.All() {
			if !do(sp, t) {
				return
			}
		}
	}
}

// testAt finds the test whose item holds an offset.
func testAt(doc *engine.Document, offset int) (sp *spec.Spec, found spec.TestAt, ok bool) {
	eachTest(doc, func(s *spec.Spec, t spec.TestAt) bool {
		if t.Span.Start <= offset && offset <= t.Span.End {
			sp, found, ok = s, t, true
		}
		return t.Span.Start <= offset
	})
	return sp, found, ok
}

// lineEnd is the end of the line that holds an offset, without its terminator.
func lineEnd(t *text.Text, offset int) int { return t.LineSpan(t.LineAt(offset)).End }

// keyOf names a test over all files.
func keyOf(doc *engine.Document, t spec.TestAt) engine.TestKey {
	return engine.TestKey{URI: doc.URI, ID: t.ID}
}

// expectKey is where an assertion stands: the key of `expect` that it judges, else the value where it has no key of its
// own. Absolute.
func expectKey(t spec.TestAt, at []string) text.Span {
	if place, ok := t.LocateAssertion(at); ok {
		return place
	}
	return t.Abs(t.Head)
}
