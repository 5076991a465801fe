package server

import (
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/run"
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
	for _, t := range testsOf(doc) {
		for _, r := range snap.Results(engine.TestKey{URI: uri, ID: t.ID}) {
			if next := run.Judge(r, t, snap); next != r {
				judged[r] = next
			}
		}
	}
	if len(judged) == 0 {
		return
	}
	s.session.Replace(judged)
	s.hints.request()
}
