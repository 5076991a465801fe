package server

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/lsp/command"
)

// diagnoser keeps the diagnostics of open documents up to date. Each document has a goroutine of its own, in which one
// pass follows the other: at once what is fast, and after a short quiet what is slow. A change interrupts the pass under
// way and starts the next one on the newest snapshot, so the last text is always looked at in full.
type diagnoser struct {
	server *Server
	seed   maphash.Seed

	fast, slow turns

	mu   sync.Mutex
	docs map[string]*diagnosed      // the open documents by canonical URI; guarded by mu
	env  map[string]*engine.EnvFile // what the editor has been told of, by canonical URI; guarded by mu
}

// diagnosed is one open document.
type diagnosed struct {
	uri  string
	stop context.CancelFunc
	// wake holds a token while there is something new to look at; touched counts the reasons to look.
	wake    chan struct{}
	touched atomic.Int64
	current atomic.Pointer[current]
	// edited says that somebody types here, who waits for nobody else's turn.
	edited atomic.Bool

	shown     shown            // what the editor has; guarded by diagnoser.mu
	env       *engine.EnvFile  // that governed the document when showEnv looked, if envSeen; guarded by diagnoser.mu
	envSeen   bool             // guarded by diagnoser.mu
	complete  *engine.Document // of the last full pass; touched by the document's goroutine only
	validated validationCache  // what plugins said
	others    otherReading     // what another reader of YAML said of the text that was saved
}

// current is the pass under way: it covers the reasons to look up to one, and can be interrupted for a later one.
type current struct {
	covers    int64
	interrupt context.CancelFunc
}

// shown is what was published last.
type shown struct {
	seq     uint64 // of the snapshot; 0 where nothing was published
	version int32
	hash    uint64
	empty   bool
}

func newDiagnoser(s *Server) *diagnoser {
	return &diagnoser{server: s, seed: maphash.MakeSeed(), fast: fastTurns(), slow: slowTurns(), docs: map[string]*diagnosed{}, env: map[string]*engine.EnvFile{}}
}

// open starts to look after a document, or looks again at one that was opened before.
func (d *diagnoser) open(uri string) {
	defer d.server.pulls.mayDiffer()
	d.mu.Lock()
	defer d.mu.Unlock()
	doc := d.docs[uri]
	if doc == nil {
		ctx, stop := context.WithCancel(d.server.ctx)
		doc = &diagnosed{uri: uri, stop: stop, wake: make(chan struct{}, 1)}
		d.docs[uri] = doc
		d.server.background("diagnostics", func(context.Context) { d.lookAfter(ctx, doc) })
	}
	doc.touch()
}

// edited looks at a document again; at all of them where it was a configuration.
func (d *diagnoser) edited(uri string, kind engine.Kind) {
	if kind == engine.KindConfig {
		d.all()
		return
	}
	d.mu.Lock()
	if doc := d.docs[uri]; doc != nil {
		doc.edited.Store(true)
	}
	d.mu.Unlock()
	d.touch(uri)
}

// touch looks at some documents again; those that are not open have no diagnostics.
func (d *diagnoser) touch(uris ...string) {
	defer d.server.pulls.mayDiffer()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, uri := range uris {
		if doc := d.docs[uri]; doc != nil {
			doc.touch()
		}
	}
}

// all looks at every document again.
func (d *diagnoser) all() { d.others("") }

// others looks at every document but one again.
func (d *diagnoser) others(but string) {
	defer d.server.pulls.mayDiffer()
	d.mu.Lock()
	defer d.mu.Unlock()
	for uri, doc := range d.docs {
		if uri != but {
			doc.touch()
		}
	}
}

// close ends the care for a document and clears what the editor shows of it.
func (d *diagnoser) close(uri string) {
	defer d.server.pulls.mayDiffer()
	d.mu.Lock()
	defer d.mu.Unlock()
	doc := d.docs[uri]
	if doc == nil {
		return
	}
	delete(d.docs, uri)
	doc.stop()
	if doc.shown.seq > 0 && !doc.shown.empty {
		d.send(uri, protocol.Optional[int32]{}, []protocol.Diagnostic{})
	}
}

// end ends all care.
func (d *diagnoser) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, doc := range d.docs {
		doc.stop()
	}
	clear(d.docs)
}

// touch makes the next pass begin, which ends the one under way.
func (doc *diagnosed) touch() {
	n := doc.touched.Add(1)
	select {
	case doc.wake <- struct{}{}:
	default:
	}
	// The next pass may have begun already; it covers this reason and stays.
	if c := doc.current.Load(); c != nil && c.covers < n {
		c.interrupt()
	}
}

func (d *diagnoser) lookAfter(ctx context.Context, doc *diagnosed) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-doc.wake:
			d.guarded(ctx, doc)
		}
	}
}

// guarded makes one pass; a bug in a check costs that pass only.
func (d *diagnoser) guarded(ctx context.Context, doc *diagnosed) {
	defer d.server.guard("diagnostics of " + doc.uri)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	covers := doc.touched.Load()
	doc.current.Store(&current{covers, cancel})
	if doc.touched.Load() != covers {
		return // touched before there was something to interrupt: there is another token
	}
	d.pass(ctx, doc)
}

// pass looks at a document: fast, then after a quiet in full.
func (d *diagnoser) pass(ctx context.Context, doc *diagnosed) {
	d.server.plugins.await(ctx)
	d.server.index.await(ctx)
	d.server.rejudge(doc.uri)
	d.showEnv(doc, d.server.session.Snapshot())
	if !d.inTurn(ctx, doc, d.server.session.Snapshot, false) || !after(ctx, d.server.opts.Quiet) {
		return
	}
	snap := d.server.session.Snapshot()
	now := snap.Document(doc.uri)
	if doc.complete != nil && now != doc.complete {
		// Other files may depend on what changed here.
		d.others(doc.uri)
	}
	doc.complete = now
	if d.validate(ctx, doc, snap) {
		d.inTurn(ctx, doc, func() *engine.Snapshot { return snap }, true)
	}
}

// validate asks plugins, when it is the document's turn. It returns false where the pass was interrupted.
func (d *diagnoser) validate(ctx context.Context, doc *diagnosed, snap *engine.Snapshot) bool {
	if !d.slow.take(ctx) {
		return false
	}
	defer d.slow.give()
	return doc.validated.refresh(ctx, snap, doc.uri)
}

// inTurn publishes what there is to say now, when it is the document's turn. It returns false where the pass was interrupted.
func (d *diagnoser) inTurn(ctx context.Context, doc *diagnosed, snap func() *engine.Snapshot, full bool) bool {
	if !doc.edited.Load() {
		if !d.fast.take(ctx) {
			return false
		}
		defer d.fast.give()
	}
	if !d.publish(ctx, doc, snap(), full) {
		return false
	}
	if full {
		doc.edited.Store(false)
	}
	return true
}

// publish sends the diagnostics of a document if they are newer than what the editor has, and different. It returns
// false where the pass was interrupted.
func (d *diagnoser) publish(ctx context.Context, doc *diagnosed, snap *engine.Snapshot, full bool) bool {
	if d.server.pulling() {
		return d.server.pulls.compare(ctx, d, doc, snap, full)
	}
	now := snap.Document(doc.uri)
	if now == nil || !now.Open {
		return false
	}
	converted := []protocol.Diagnostic{}
	if now.Kind != engine.KindOther {
		view := d.server.view()
		view.Snap = snap
		findings := d.shown(ctx, doc, snap)
		if ctx.Err() != nil {
			return false
		}
		converted = view.Diagnostics(now, findings.shown())
	}
	next := shown{seq: snap.Seq, version: now.Version, empty: len(converted) == 0, hash: maphash.Bytes(d.seed, encode(converted))}

	d.mu.Lock()
	defer d.mu.Unlock()
	if d.docs[doc.uri] != doc || next.seq < doc.shown.seq {
		return false
	}
	// Editors move what they show along with edits, so the same list for a newer version is news, unless it is empty.
	old := doc.shown
	same := old.seq > 0 && next.hash == old.hash && (next.version == old.version || next.empty)
	if !same && (now.Kind != engine.KindOther || old.seq > 0) {
		doc.shown = next
		d.send(doc.uri, protocol.NewOptional(now.Version), converted)
	}
	d.report(doc, now, snap, full)
	return true
}

// maxFindings is how many diagnostics of one document an editor is sent.
const maxFindings = analysis.MaxFindings

// findings are the first of a document, and how many there are more.
type findings struct {
	first []analysis.Diagnostic
	more  int
}

// add puts findings behind the others, of which there may be some that nobody will see.
func (f *findings) add(first []analysis.Diagnostic, more int) {
	f.first, f.more = append(f.first, first...), f.more+more
}

// shown are those that an editor gets: the first, with one that says how many there are more.
func (f *findings) shown() []analysis.Diagnostic {
	n := min(len(f.first), maxFindings)
	rest := len(f.first) - n + f.more
	if rest == 0 || n == 0 {
		return f.first
	}
	return append(slices.Clone(f.first[:n]), analysis.More(f.first[min(n, len(f.first)-1)].Span, rest))
}

// send hands diagnostics to the connection, where they replace those of the same document that still wait there.
func (d *diagnoser) send(u string, version protocol.Optional[int32], diagnostics []protocol.Diagnostic) {
	spelling := d.server.spell(u)
	params := &protocol.PublishDiagnosticsParams{URI: uri.URI(spelling), Version: version, Diagnostics: diagnostics}
	if err := d.server.conn.NotifyLatest("diagnostics "+u, protocol.MethodTextDocumentPublishDiagnostics, params); err != nil {
		d.server.log.Debug("not sent", "method", protocol.MethodTextDocumentPublishDiagnostics, "error", err)
	}
}

// report tells a test that a pass is over.
func (d *diagnoser) report(doc *diagnosed, now *engine.Document, snap *engine.Snapshot, full bool) {
	if d.server.opts.ReportDiagnosed {
		d.server.send(command.DoneDiagnosing, &command.DoneDiagnosingParams{
			URI: d.server.spell(doc.uri), Version: now.Version, Seq: snap.Seq, Full: full && d.server.typing.at() == nil,
		})
	}
}

// collect is what there is to say about a document, as far as an editor is told: what the checks find, what plugins said
// of it, and what the last runs found.
func (d *diagnoser) collect(ctx context.Context, doc *diagnosed, snap *engine.Snapshot) *findings {
	f := collect(ctx, snap, doc.uri, &doc.validated)
	f.add(doc.others.findings(snap, doc.uri), 0)
	return f
}

// shown is collect without what is held back while somebody types.
func (d *diagnoser) shown(ctx context.Context, doc *diagnosed, snap *engine.Snapshot) *findings {
	f := d.collect(ctx, doc, snap)
	d.server.typing.hold(ctx, snap, doc.uri, &doc.validated, f)
	return f
}

func collect(ctx context.Context, snap *engine.Snapshot, uri string, said *validationCache) *findings {
	const most = maxFindings + 1 // the first that is not shown has its place shown
	f := &findings{}
	f.add(analysis.RunFirst(ctx, snap, uri, most))
	f.add(said.findings(snap, uri, most))
	f.add(ide.RunDiagnostics(ctx, snap, uri), 0)
	return f
}

// findings is collect for whoever asks about a document of a snapshot.
func (d *diagnoser) findings(ctx context.Context, snap *engine.Snapshot, uri string) *findings {
	return d.collect(ctx, d.of(uri), snap)
}

// of is an open document, or one that nothing is known of.
func (d *diagnoser) of(uri string) *diagnosed {
	d.mu.Lock()
	doc := d.docs[uri]
	d.mu.Unlock()
	if doc == nil {
		doc = &diagnosed{uri: uri}
	}
	return doc
}
