package server

import (
	"context"
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// patience is how long anything may take that a test waits for.
const patience = time.Minute

// peer is the other end of a server that a test can look into.
type peer struct {
	tb     testing.TB
	server *Server
	conn   *wire.Conn
	ended  chan error
	lenses chan struct{} // holds a token once the server had the editor ask for lenses again

	mu      sync.Mutex
	full    map[string]uint64 // the snapshot of the last full pass by URI; guarded by mu
	changed chan struct{}     // closed and replaced with each pass; guarded by mu
}

// connect starts a server on a folder with an editor that asks for diagnostics, and waits until the folder is indexed.
func connect(tb testing.TB, dir, encoding string) *peer {
	tb.Helper()
	ours, theirs := net.Pipe()
	s, err := newServer(context.Background(), theirs, Options{
		Quiet: time.Millisecond, Rest: time.Millisecond, ReportDiagnosed: true, CacheDir: dir,
		Plugins: []plugin.Option{plugin.WithBuiltins(httpplugin.New()), plugin.WithCacheDir("")},
	})
	if err != nil {
		tb.Fatal(err)
	}
	p := &peer{
		tb: tb, server: s, conn: wire.NewConn(ours, wire.Options{}), ended: make(chan error, 2), lenses: make(chan struct{}, 1), full: map[string]uint64{},
		changed: make(chan struct{}),
	}
	go func() { p.ended <- s.serve(context.Background()) }()
	go func() { p.ended <- p.conn.Serve(context.Background(), p.handle) }()
	p.call(protocol.MethodInitialize, map[string]any{
		"capabilities": map[string]any{
			"general": map[string]any{"positionEncodings": []string{encoding}},
			"workspace": map[string]any{
				"diagnostics": map[string]any{"refreshSupport": true}, "codeLens": map[string]any{"refreshSupport": true},
			},
			"textDocument": map[string]any{"diagnostic": map[string]any{}, "publishDiagnostics": map[string]any{"relatedInformation": true}},
		},
		"workspaceFolders": []any{map[string]any{"uri": engine.URIFromPath(dir), "name": "test"}},
	})
	p.notify(protocol.MethodInitialized, map[string]any{})
	p.call(protocol.MethodTextDocumentHover, map[string]any{"textDocument": map[string]any{"uri": "file:///x"}}) // initialized is done
	p.indexed()
	return p
}

// indexed waits until no scan of the workspace is under way.
func (p *peer) indexed() {
	p.tb.Helper()
	x := &p.server.index
	x.mu.Lock()
	ready := x.ready
	x.mu.Unlock()
	for _, what := range []<-chan struct{}{ready, p.server.plugins.ready} {
		select {
		case <-what:
		case <-time.After(patience):
			p.tb.Fatal("the server does not look at its folders")
		}
	}
}

func (p *peer) handle(_ context.Context, req *wire.Request) (any, error) {
	switch req.Method {
	case command.DoneDiagnosing:
	case protocol.MethodWorkspaceCodeLensRefresh:
		select {
		case p.lenses <- struct{}{}:
		default:
		}
		return nil, nil
	default:
		return nil, nil
	}
	var done command.DoneDiagnosingParams
	if err := json.Unmarshal(req.Params, &done); err != nil {
		return nil, err
	}
	if done.Full {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.full[done.URI] = done.Seq
		close(p.changed)
		p.changed = make(chan struct{})
	}
	return nil, nil
}

func (p *peer) call(method string, params any) json.RawMessage {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var raw json.RawMessage
	if err := p.conn.Call(ctx, method, params, &raw); err != nil {
		p.tb.Fatalf("%s: %v", method, err)
	}
	return raw
}

func (p *peer) notify(method string, params any) {
	p.tb.Helper()
	if err := p.conn.Notify(method, params); err != nil {
		p.tb.Fatalf("%s: %v", method, err)
	}
}

// settle waits until every open document was looked at in full as it is now.
func (p *peer) settle() {
	p.tb.Helper()
	// What was sent before an answer is done.
	p.call(protocol.MethodTextDocumentHover, map[string]any{"textDocument": map[string]any{"uri": "file:///x"}})
	p.indexed()
	snap := p.server.session.Snapshot()
	p.server.diagnoser.all()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		done, changed := true, p.changed
		for doc := range snap.OpenDocuments() {
			done = done && p.full[p.server.spell(doc.URI)] >= snap.Seq
		}
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			p.tb.Fatal("the documents are not looked at")
		}
	}
}

func (p *peer) close() {
	p.tb.Helper()
	p.conn.Close()
	for range 2 {
		select {
		case <-p.ended:
		case <-time.After(patience):
			p.tb.Fatal("the server does not end")
		}
	}
}

// settled waits until n documents were looked at in full.
func (p *peer) settled(n int) {
	p.tb.Helper()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		done, changed := len(p.full) >= n, p.changed
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			p.tb.Fatal("the documents are not looked at")
		}
	}
}
