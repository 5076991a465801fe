package server

import (
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/spec"
)

// rejudge holds the recorded responses of a document's tests against its present expectations: an edit of `expect` is
// answered at once, and nothing is sent for it.
func (s *Server) rejudge(uri string) {
	snap := s.session.Snapshot()
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec || len(snap.AllResults()) == 0 {
		return
	}
	judged := map[*engine.TestResult]*engine.TestResult{}
	file := doc.Spec()
	// A test that did not change since its results were judged has nothing to be judged anew.
	file.Evolve(rejudgedKey{}, func(old any) any {
		next := &rejudged{of: snap.ResultsVersion()}
		var before *spec.Findings[struct{}]
		if r, ok := old.(*rejudged); ok && r.of == next.of {
			before = r.tests
		}
		next.tests = before.Update(file, nil, func(_ int, _ *spec.Spec, t spec.TestAt) (none struct{}, found bool) {
			for _, r := range snap.Results(engine.TestKey{URI: uri, ID: t.ID}) {
				if next := run.Judge(r, t, snap); next != r {
					judged[r] = next
				}
			}
			return none, false
		})
		return next
	})
	if len(judged) == 0 {
		return
	}
	s.session.Replace(judged)
	s.hints.request()
}

// rejudged are the tests of one version of a file whose results were judged.
type rejudged struct {
	of    uint64 // version of the results
	tests *spec.Findings[struct{}]
}

type rejudgedKey struct{}
