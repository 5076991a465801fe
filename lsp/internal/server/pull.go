package server

import (
	"context"
	"hash/maphash"
	"strconv"
	"sync"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// diagnosticsName tells the server's reports from those of others.
const diagnosticsName = "speclens"

// pulls is what an editor has fetched that asks for diagnostics instead of being sent them. It is asked to fetch again
// when they change for another reason than its own edit.
type pulls struct {
	refresh refresher

	mu sync.Mutex
	// shown are the reports that the editor has of open documents, by canonical URI; guarded by mu.
	shown map[string]pulled
	// changed is closed and replaced whenever diagnostics may have changed; guarded by mu.
	changed chan struct{}

	// turn is held by the one question about the whole workspace that is being answered; workspace belongs to it.
	turn      chan struct{}
	workspace map[string]*closedReport // by canonical URI
	folders   map[string]*folder       // of the last round, by path
}

// pulled is one report that an editor has.
type pulled struct {
	version int32
	id      string
}

func newPulls() *pulls {
	return &pulls{
		refresh: newRefresher(), shown: map[string]pulled{}, changed: make(chan struct{}), turn: make(chan struct{}, 1),
		workspace: map[string]*closedReport{}, folders: map[string]*folder{},
	}
}

// mayDiffer wakes who waits for other diagnostics.
func (p *pulls) mayDiffer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

// next is closed when diagnostics may have changed.
func (p *pulls) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

func (p *pulls) show(uri string, what pulled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown[uri] = what
}

func (p *pulls) has(uri string) (pulled, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what, ok := p.shown[uri]
	return what, ok
}

func (p *pulls) forget(uri string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.shown, uri)
}

// pulling reports whether the editor asks for diagnostics; then it is sent none, which it would show a second time.
func (s *Server) pulling() bool { return s.client.Load().pull }

// report is what there is to say about a document of a snapshot, ready to be sent.
type report struct {
	id    string
	items []protocol.Diagnostic
}

// nothing is the id of a report without diagnostics.
const nothing = "0"

// reportOf converts findings. The id of a report of an open document changes with the version: an editor moves what it
// shows along with edits, so the same list for another text is news. An empty one has nothing to move.
func (s *Server) reportOf(snap *engine.Snapshot, doc *engine.Document, found *findings) report {
	view := s.view()
	view.Snap = snap
	r := report{id: nothing, items: view.Diagnostics(doc, found.shown())}
	if len(r.items) == 0 {
		return r
	}
	r.id = strconv.FormatUint(maphash.Bytes(s.diagnoser.seed, encode(r.items)), 36)
	if doc.Open {
		r.id += "@" + strconv.Itoa(int(doc.Version))
	}
	return r
}

// documentDiagnostic answers what there is to say about one document now; what plugins add later is announced by a
// request to ask again.
func (s *Server) documentDiagnostic(ctx context.Context, req *wire.Request) (any, error) {
	var p protocol.DocumentDiagnosticParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	spelling := documentURI(req.Params)
	if spelling == "" {
		return nil, wire.Errorf(wire.InvalidParams, "%s: textDocument.uri is missing", req.Method)
	}
	req.Detach()
	s.plugins.await(ctx)
	s.index.await(ctx)
	if err := req.Release(ctx); err != nil {
		return nil, err
	}
	uri := engine.CanonicalURI(spelling)
	s.rejudge(uri)
	// The newest text is the editor's own, since it sent its edits before this question or will ask again after them.
	snap := s.session.Snapshot()
	doc := snap.Document(uri)
	r := report{id: nothing, items: []protocol.Diagnostic{}}
	switch {
	case doc == nil || doc.Kind == engine.KindOther:
	case doc.Open:
		r = s.reportOf(snap, doc, s.diagnoser.shown(ctx, s.diagnoser.of(uri), snap))
	default:
		r = s.reportOf(snap, doc, s.closedFindings(ctx, snap, doc, &validationCache{}))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if doc != nil && doc.Open {
		s.pulls.show(uri, pulled{doc.Version, r.id})
	}
	related := s.related(ctx, snap, doc)
	if p.PreviousResultID != nil && *p.PreviousResultID == r.id {
		return &protocol.RelatedUnchangedDocumentDiagnosticReport{
			UnchangedDocumentDiagnosticReport: unchanged(r.id), RelatedDocuments: related,
		}, nil
	}
	return &protocol.RelatedFullDocumentDiagnosticReport{FullDocumentDiagnosticReport: r.full(), RelatedDocuments: related}, nil
}

func (r *report) full() protocol.FullDocumentDiagnosticReport {
	return protocol.FullDocumentDiagnosticReport{Kind: string(protocol.DocumentDiagnosticReportKindFull), ResultID: &r.id, Items: r.items}
}

func unchanged(id string) protocol.UnchangedDocumentDiagnosticReport {
	return protocol.UnchangedDocumentDiagnosticReport{Kind: string(protocol.DocumentDiagnosticReportKindUnchanged), ResultID: id}
}

type relatedReports = map[uri.URI]protocol.FullDocumentDiagnosticReportOrUnchangedDocumentDiagnosticReport

// related is the report of the configuration that governs a spec, which nobody may have opened: what is wrong there is
// often why something is wrong here.
func (s *Server) related(ctx context.Context, snap *engine.Snapshot, doc *engine.Document) relatedReports {
	if doc == nil || doc.Kind != engine.KindSpec || !s.client.Load().relatedDocuments {
		return nil
	}
	conf := snap.ConfigDocument(doc.URI)
	if conf == nil || conf.Open {
		return nil
	}
	r := s.reportOf(snap, conf, &findings{first: analysis.Run(ctx, snap, conf.URI)})
	full := r.full()
	return relatedReports{uri.URI(s.spell(conf.URI)): &full}
}

// compare takes the place of publishing for an editor that asks: it has the editor ask again where what it shows of an
// open document is not what it would get. After an edit the editor asks by itself; one that has not done so after the
// quiet that comes before a full pass is reminded. The result is false where the pass was interrupted.
func (p *pulls) compare(ctx context.Context, d *diagnoser, doc *diagnosed, snap *engine.Snapshot, full bool) bool {
	now := snap.Document(doc.uri)
	if now == nil || !now.Open {
		return false
	}
	shown, known := p.has(doc.uri)
	if known && now.Kind != engine.KindOther && (full || shown.version == now.Version) {
		r := d.server.reportOf(snap, now, d.shown(ctx, doc, snap))
		if ctx.Err() != nil {
			return false
		}
		if r.id != shown.id {
			p.refresh.request()
			p.mayDiffer()
		}
	}
	d.report(doc, now, snap, full)
	return true
}
