package server

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
)

// indexPatience is how long a pass over a document waits for the index of the workspace: without it, names of other files
// are unknown.
const indexPatience = 250 * time.Millisecond

// indexer reads the specs of the workspace folders in the background.
type indexer struct {
	mu     sync.Mutex
	cancel context.CancelFunc // of the scan under way; guarded by mu
	ready  chan struct{}      // closed when the last scan is over; nil before the first; guarded by mu
	scans  int                // guarded by mu
}

// globsMayDiffer looks for specs again after a document was opened, edited or closed, if it is a configuration and calls
// other files specs than before.
func (s *Server) globsMayDiffer(before *engine.Snapshot, uri string) {
	if engine.KindOf(uri, "") != engine.KindConfig {
		return
	}
	was, is := before.Document(uri), s.session.Snapshot().Document(uri)
	same := (was == nil) == (is == nil)
	if same && was != nil {
		same = slices.EqualFunc(was.Config().Specs, is.Config().Specs, func(a, b spec.Text) bool { return a.Value == b.Value })
	}
	if !same {
		s.scanAfter(2 * s.opts.Quiet) // nobody wants to see what half a word finds
	}
}

// await waits for the scan under way, for a while.
func (x *indexer) await(ctx context.Context) {
	x.mu.Lock()
	ready := x.ready
	x.mu.Unlock()
	if ready == nil {
		return
	}
	select {
	case <-ready:
		return
	default:
	}
	t := time.NewTimer(indexPatience)
	defer t.Stop()
	select {
	case <-ready:
	case <-t.C:
	case <-ctx.Done():
	}
}

// scanWorkspace reads what the workspace folders hold now, instead of what a scan before was reading.
func (s *Server) scanWorkspace() { s.scanAfter(0) }

func (s *Server) scanAfter(quiet time.Duration) {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cancel != nil {
		x.cancel()
	}
	ctx, cancel := context.WithCancel(s.ctx)
	before, ready := x.ready, make(chan struct{})
	x.cancel, x.ready = cancel, ready
	x.scans++
	token := "index-" + strconv.Itoa(x.scans)
	s.background("index", func(context.Context) {
		defer close(ready)
		defer cancel()
		if before != nil {
			<-before // so that nothing of it comes late
		}
		if quiet == 0 || after(ctx, quiet) {
			s.scan(ctx, token)
		}
	})
}

// scan makes one scan. It shows its progress where it takes more than a moment.
func (s *Server) scan(ctx context.Context, token string) {
	before := s.session.Snapshot().Files()
	var p *progress
	asked := false
	snap, err := s.session.Scan(ctx, func(done, total int) {
		if !asked && done < total {
			asked = true
			p = s.indexProgress(ctx, token)
		}
		p.report(fmt.Sprintf("%d of %d files", done, total), done, total)
	})
	if err != nil {
		p.end("cancelled")
	} else {
		p.end("done")
	}
	// Also what a scan found before it was cancelled is news.
	if snap.Files() != before {
		s.everythingChanged()
	}
}

// indexProgress shows a progress bar, if the editor offers any.
func (s *Server) indexProgress(ctx context.Context, token string) *progress {
	if !s.client.Load().progress {
		return nil
	}
	p := &progress{server: s, token: protocol.String(token), key: "progress " + token}
	params := &protocol.WorkDoneProgressCreateParams{Token: p.token}
	if err := s.ask(ctx, protocol.MethodWindowWorkDoneProgressCreate, params, nil); err != nil {
		s.log.Debug("the editor shows no progress", "error", err)
		return nil
	}
	percentage := uint32(0)
	p.send(&protocol.WorkDoneProgressBegin{Kind: "begin", Title: "Indexing specs", Percentage: &percentage})
	return p
}
