package server

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
)

// maxOffered is how many versions of a document are remembered for clicks that come late.
const maxOffered = 8

// runs are the runs under way.
type runs struct {
	mu    sync.Mutex
	count int             // of all runs; guarded by mu
	jobs  map[string]*job // under way, by id; guarded by mu
	// offers are the last versions of documents in which the editor was offered a run, oldest first. Guarded by mu.
	offers map[string][]*engine.Document
}

// job is one run under way.
type job struct {
	id     string
	ctx    context.Context //nolint:containedctx // of the run, which outlives the request that asked for it
	cancel context.CancelFunc
}

func newRuns() *runs {
	return &runs{jobs: map[string]*job{}, offers: map[string][]*engine.Document{}}
}

func (r *runs) start(ctx context.Context) *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	j := &job{id: fmt.Sprintf("run-%06d", r.count)}
	j.ctx, j.cancel = context.WithCancel(ctx)
	r.jobs[j.id] = j
	return j
}

func (r *runs) end(j *job) {
	j.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.jobs, j.id)
}

// cancel tells a run to end, or all where id is empty. It returns the ids of those that were told.
func (r *runs) cancel(id string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := []string{}
	for _, j := range r.jobs {
		if id == "" || j.id == id {
			j.cancel()
			told = append(told, j.id)
		}
	}
	slices.Sort(told)
	return told
}

// offer remembers that the editor was offered runs in a version of a document.
func (r *runs) offer(doc *engine.Document) {
	r.mu.Lock()
	defer r.mu.Unlock()
	docs := r.offers[doc.URI]
	if !doc.Open || slices.Contains(docs, doc) {
		return
	}
	docs = append(docs, doc)
	r.offers[doc.URI] = docs[max(0, len(docs)-maxOffered):]
}

// forget drops what was offered in a document.
func (r *runs) forget(uri string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.offers, uri)
}

// offered reports whether a test stood in an offered version of its document just as it does now.
func (r *runs) offered(uri string, version int32, now spec.TestAt) bool {
	r.mu.Lock()
	docs := r.offers[uri]
	r.mu.Unlock()
	for _, doc := range docs {
		if doc.Version != version || doc.Kind != engine.KindSpec {
			continue
		}
		if then, ok := testOf(doc, now.ID); ok && then.Hash() == now.Hash() {
			return true
		}
	}
	return false
}

// cancelProgress ends the run whose progress the user cancelled.
func (s *Server) cancelProgress(p *protocol.WorkDoneProgressCancelParams) error {
	if token, ok := p.Token.(protocol.String); ok && token != "" {
		s.runs.cancel(string(token))
	}
	return nil
}
