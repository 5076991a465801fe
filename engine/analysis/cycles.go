package analysis

import (
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// cycles reports tests that wait for each other, once in each file of the cycle: at the first of its edges there.
func cycles(p *pass) []Diagnostic {
	var found []Diagnostic
	for _, f := range link.Deadlocks(p.cycles(), p.doc.URI) {
		d := breach(f)
		d.Test = f.TestID
		found = append(found, d)
	}
	return found
}

// noCycles says that a version of the index had no cycles.
type noCycles struct {
	names link.Version
	tests spec.FileTests
}

type noCyclesKey struct{}

// cycles are the cycles that the tests of the document are in. As long as no test needs others than it needed, a document
// without cycles has none; where only tests that changed do, a new cycle goes through one of them.
func (p *pass) cycles() [][]link.Edge {
	var found [][]link.Edge
	uri, index := p.doc.URI, p.index()
	p.doc.Spec().Evolve(noCyclesKey{}, func(old any) any {
		now := &noCycles{index.Version(uri), p.doc.Spec().Tests()}
		if none, ok := old.(*noCycles); ok && none != nil {
			if index.SameEdges(none.names) {
				return now
			}
			changed, ok := index.ChangedEdges(none.names, uri, none.tests)
			if ok && len(link.CyclesFrom(p.snap, index, uri, changed)) == 0 {
				return now
			}
		}
		if found = link.Cycles(p.snap, index, uri); len(found) > 0 {
			return nil
		}
		return now
	})
	return found
}
