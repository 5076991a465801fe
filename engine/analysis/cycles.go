package analysis

import (
	"slices"

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

// knots are what is known of the cycles of one version of the index.
type knots struct {
	names link.Version
	tests spec.FileTests
	// config and environment are those in force for the document: their templates make tests need others too.
	config      *spec.Config
	environment string
	// knotted are the tests of the document that are in a cycle.
	knotted map[*spec.Test]bool
}

type knotsKey struct{}

// cycles are the cycles that the tests of the document are in. A cycle is one that was there before, or it goes through a
// test that may need other tests than it needed: so it is enough to look from there.
func (p *pass) cycles() [][]link.Edge {
	var found [][]link.Edge
	uri, index, file := p.doc.URI, p.index(), p.doc.Spec()
	file.Evolve(knotsKey{}, func(old any) any {
		now := &knots{
			names: index.Version(uri), tests: file.Tests(), knotted: map[*spec.Test]bool{},
			config: p.snap.Config(uri), environment: p.snap.EnvironmentName(uri),
		}
		from, ok := p.unknotted(old)
		if !ok {
			from = index.In(uri)
		}
		var knotted []*link.Place
		found, knotted = link.CyclesFrom(p.snap, index, from)
		if len(found) == 0 {
			return now
		}
		var own []*link.Place
		for _, at := range knotted {
			if at.Doc == p.doc {
				own, now.knotted[at.Test] = append(own, at), true
			}
		}
		if ok { // what was looked at first decides where a cycle begins
			slices.SortFunc(own, func(a, b *link.Place) int { return a.Order() - b.Order() })
			found, _ = link.CyclesFrom(p.snap, index, own)
		}
		return now
	})
	return found
}

// unknotted are tests of which at least one is in each cycle, if there is any. ok is false where nobody can tell.
func (p *pass) unknotted(old any) (from []*link.Place, ok bool) {
	uri, index := p.doc.URI, p.index()
	before, known := old.(*knots)
	if !known || before.config != p.snap.Config(uri) || before.environment != p.snap.EnvironmentName(uri) {
		return nil, false
	}
	if !index.SameEdges(before.names) || len(before.knotted) > 0 {
		if from, ok = index.ChangedEdges(before.names, uri, before.tests); !ok {
			return nil, false
		}
	}
	if len(before.knotted) > 0 {
		for i, t := range p.doc.Spec().Tests().All() {
			if before.knotted[t] {
				from = append(from, index.At(uri, i))
			}
		}
	}
	return from, true
}
