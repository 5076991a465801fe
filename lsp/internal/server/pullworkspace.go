package server

import (
	"context"
	"maps"
	"path"
	"slices"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/lsp/internal/wire"
)

const (
	// reportBatch is how many reports are sent at a time to an editor that takes parts of an answer.
	reportBatch = 100
	// holdTime is how long a question is kept open while nothing changes, where the editor takes parts of an answer:
	// such an editor asks again as soon as it is answered.
	holdTime = 30 * time.Second
	// workspaceQuiet is how long nothing must have changed before the whole workspace is looked at again.
	workspaceQuiet = 500 * time.Millisecond
)

// closedReport is what was found in a document that nobody has open, and what that depends on.
type closedReport struct {
	given     surroundings
	id        string
	related   map[string]*engine.Document // that findings point to
	validated validationCache
}

// surroundings are all that the diagnostics of a document that is not open depend on, beside the documents that they
// point to.
type surroundings struct {
	doc      *engine.Document
	folder   *folder
	registry *plugin.Registry
	judged   uint64
	typing   uint64 // holds findings back
	strict   bool
	process  bool
	trusted  bool
}

// folder is what the specs of one folder have in common. It is another one as soon as any of it changed.
type folder struct {
	conf        *spec.Config
	environment string
	vars        map[string]engine.EnvVar
	names       link.Version
}

// workspaceDiagnostic answers with what there is to say about every spec and configuration of the workspace, open or
// not. Documents without diagnostics of which the editor knows none are left out.
func (s *Server) workspaceDiagnostic(ctx context.Context, req *wire.Request) (any, error) {
	var p protocol.WorkspaceDiagnosticParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	req.Detach()
	// One question at a time: the editor asks it again and again, and it is never urgent.
	select {
	case s.pulls.turn <- struct{}{}:
		defer func() { <-s.pulls.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w := workspacePull{server: s, token: p.PartialResultToken, has: map[string]previous{}}
	for _, id := range previousIDs(req.Params) {
		w.has[engine.CanonicalURI(id.URI)] = previous{id.URI, id.Value}
	}
	return w.answer(ctx)
}

// previousIDs are the parameter previousResultIds with the URIs as the editor wrote them.
func previousIDs(params []byte) []struct{ URI, Value string } {
	var out []struct{ URI, Value string }
	for _, item := range parseLenient(params).at("previousResultIds").list() {
		out = append(out, struct{ URI, Value string }{item.at("uri").text(), item.at("value").text()})
	}
	return out
}

// previous is a report that the editor says it has.
type previous struct{ spelling, id string }

// workspacePull is one question about the workspace.
type workspacePull struct {
	server *Server
	token  protocol.ProgressToken
	has    map[string]previous // by canonical URI
	items  []protocol.WorkspaceDocumentDiagnosticReport
}

func (w *workspacePull) answer(ctx context.Context) (any, error) {
	w.server.plugins.await(ctx)
	w.server.index.await(ctx)
	deadline := time.Now().Add(holdTime)
	files := w.server.session.Snapshot().Files()
	for {
		changed, snap := w.server.pulls.next(), w.server.session.Snapshot()
		news, err := w.round(ctx, snap)
		if err != nil {
			return nil, err
		}
		// A document that opened or closed makes the editor forget what it had: it has to ask anew.
		if w.token == nil || news || snap.Files() != files {
			return w.flush(true), nil
		}
		if !w.hold(ctx, changed, deadline) {
			return w.flush(true), ctx.Err()
		}
	}
}

// hold waits until diagnostics may have changed and it is quiet again. It is false where time or patience is over.
func (w *workspacePull) hold(ctx context.Context, changed <-chan struct{}, deadline time.Time) bool {
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	select {
	case <-changed:
	case <-patience.C:
		return false
	case <-ctx.Done():
		return false
	}
	for {
		quiet := time.NewTimer(workspaceQuiet)
		select {
		case <-w.server.pulls.next():
			quiet.Stop()
		case <-quiet.C:
			return true
		case <-patience.C:
			quiet.Stop()
			return false
		case <-ctx.Done():
			quiet.Stop()
			return false
		}
	}
}

// round looks at every document and reports whether there is anything that the editor does not have.
func (w *workspacePull) round(ctx context.Context, snap *engine.Snapshot) (news bool, err error) {
	s := w.server
	folders := map[string]*folder{}
	known := map[string]bool{}
	for doc := range snap.Documents() {
		if doc.Kind == engine.KindOther {
			continue
		}
		known[doc.URI] = true
		dir := path.Dir(doc.URI)
		if folders[dir] == nil {
			folders[dir] = folderOf(snap, doc.URI, s.pulls.folders[dir])
		}
		had := cmpID(w.has[doc.URI].id)
		r, same := w.look(ctx, snap, doc, folders[dir], had)
		if err := ctx.Err(); err != nil {
			return news, err
		}
		if same {
			w.unchanged(doc, had)
			continue
		}
		news = true
		w.add(doc, r)
	}
	s.pulls.folders = folders
	maps.DeleteFunc(s.pulls.workspace, func(uri string, _ *closedReport) bool { return !known[uri] })
	for _, uri := range slices.Sorted(maps.Keys(w.has)) {
		if had := w.has[uri]; !known[uri] && cmpID(had.id) != nothing {
			news = true
			w.add(&engine.Document{URI: had.spelling}, report{id: nothing, items: []protocol.Diagnostic{}})
		}
	}
	return news, nil
}

// cmpID is the id to compare with: an editor that has no report shows nothing.
func cmpID(id string) string {
	if id == "" {
		return nothing
	}
	return id
}

// folderOf is what the specs of a folder have in common: what it was, if it still is.
func folderOf(snap *engine.Snapshot, uri string, before *folder) *folder {
	names := link.NamesOf(snap, uri)
	now := &folder{
		conf: snap.Config(uri), environment: snap.EnvironmentName(uri), vars: snap.Env(uri), names: names.Version(""),
	}
	if before == nil || before.conf != now.conf || before.environment != now.environment || !maps.Equal(before.vars, now.vars) {
		return now
	}
	if others, _ := names.SameNames(before.names, ""); !others || !names.SameEdges(before.names) {
		return now
	}
	return before
}

// look is the report of one document; same says that the editor has it.
func (w *workspacePull) look(
	ctx context.Context, snap *engine.Snapshot, doc *engine.Document, in *folder, had string,
) (r report, same bool) {
	s := w.server
	if doc.Open {
		r = s.reportOf(snap, doc, s.diagnoser.shown(ctx, s.diagnoser.of(doc.URI), snap))
		return r, r.id == had
	}
	settings := snap.Settings()
	now := surroundings{
		doc: doc, folder: in, registry: snap.Registry(), judged: snap.ResultsVersion(), typing: s.typing.number(), strict: settings.Strict,
		process: settings.ProcessEnv, trusted: snap.Trusted(),
	}
	c := s.pulls.workspace[doc.URI]
	if c == nil {
		c = &closedReport{}
		s.pulls.workspace[doc.URI] = c
	}
	// A configuration may depend on anything.
	if doc.Kind == engine.KindSpec && c.given == now && c.id == had && c.sameRelated(snap) {
		return report{}, true
	}
	found := s.closedFindings(ctx, snap, doc, &c.validated)
	if ctx.Err() != nil {
		return report{}, true
	}
	r = s.reportOf(snap, doc, found)
	c.given, c.id, c.related = now, r.id, nil
	for i := range found.first {
		for _, at := range found.first[i].Related {
			if c.related == nil {
				c.related = map[string]*engine.Document{}
			}
			c.related[at.URI] = snap.Document(at.URI)
		}
	}
	return r, r.id == had
}

func (c *closedReport) sameRelated(snap *engine.Snapshot) bool {
	for uri, doc := range c.related {
		if snap.Document(uri) != doc {
			return false
		}
	}
	return true
}

// closedFindings are the findings in a document that nobody has open, the plugins' included.
func (s *Server) closedFindings(ctx context.Context, snap *engine.Snapshot, doc *engine.Document, said *validationCache) *findings {
	said.refresh(ctx, snap, doc.URI)
	f := collect(ctx, snap, doc.URI, said)
	s.typing.hold(ctx, snap, doc.URI, said, f)
	return f
}

// add puts a report into the answer; to an editor that takes parts, full batches are sent at once.
func (w *workspacePull) add(doc *engine.Document, r report) {
	w.items = append(w.items, &protocol.WorkspaceFullDocumentDiagnosticReport{
		FullDocumentDiagnosticReport: r.full(), URI: uri.URI(w.server.spell(doc.URI)), Version: versionOf(doc),
	})
	if w.token != nil && len(w.items) >= reportBatch {
		w.flush(false)
	}
}

// unchanged tells an editor that takes no parts, and that named a report, that it is still right.
func (w *workspacePull) unchanged(doc *engine.Document, had string) {
	if _, named := w.has[doc.URI]; named && w.token == nil {
		w.items = append(w.items, &protocol.WorkspaceUnchangedDocumentDiagnosticReport{
			UnchangedDocumentDiagnosticReport: unchanged(had), URI: uri.URI(w.server.spell(doc.URI)), Version: versionOf(doc),
		})
	}
}

// versionOf is the version of an open document; others have none.
func versionOf(doc *engine.Document) *int32 {
	if !doc.Open {
		return nil
	}
	version := doc.Version
	return &version
}

// flush sends what there is as a part of the answer where the editor takes parts; the rest, else, is the answer. Once parts
// were sent the answer itself must be empty.
func (w *workspacePull) flush(end bool) *protocol.WorkspaceDiagnosticReport {
	items := w.items
	w.items = nil
	if items == nil {
		items = []protocol.WorkspaceDocumentDiagnosticReport{}
	}
	if w.token != nil && len(items) > 0 {
		part := &protocol.WorkspaceDiagnosticReportPartialResult{Items: items}
		w.server.send(protocol.MethodProgress, &protocol.ProgressParams{Token: w.token, Value: encode(part)})
		items = []protocol.WorkspaceDocumentDiagnosticReport{}
	}
	if !end {
		return nil
	}
	return &protocol.WorkspaceDiagnosticReport{Items: items}
}
