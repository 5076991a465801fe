// Package lsptest is an editor without a screen, for tests: it speaks to a real server over an in-memory pipe, remembers
// what the server tells it, and waits for what a test expects instead of sleeping.
//
// It must not know anything of the server but the protocol and the commands.
package lsptest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// patience is how long anything may take that a test waits for.
const patience = time.Minute

// TB is the part of testing.TB that an Editor needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(do func())
	TempDir() string
}

// Options of an Editor. The zero value is a capable editor with an empty folder.
type Options struct {
	// Server are the server's options. Quiet and Rest are 10 ms where they are 0, and the built-in plugins are those of the program
	// where there are none.
	Server lsp.Options
	// Files are written to the editor's folder before the server starts, by path.
	Files map[string]string
	// Capabilities replaces what the editor says that it can do; nil means Capable().
	Capabilities map[string]any
	// InitOptions are the initializationOptions.
	InitOptions map[string]any
	// ClientName is the editor's name.
	ClientName string
	// Configuration is the section speclens of the editor's configuration; nil answers null.
	Configuration map[string]any
	// Answer chooses when the server asks the user; nil answers nothing at all.
	Answer func(question string, choices []string) string
	// Wrap stands between the editor and the pipe.
	Wrap func(io.ReadWriteCloser) io.ReadWriteCloser
	// Silent keeps the editor from answering any request of the server.
	Silent bool
	// AllowErrors keeps errors that the server logs from failing the test.
	AllowErrors bool
	// Raw starts the connection without initialize.
	Raw bool
}

// Editor is an editor and its server.
type Editor struct {
	tb   TB
	opts Options
	conn *wire.Conn
	// Dir is the editor's folder.
	Dir string
	// Server is what the server answered to initialize.
	Server struct {
		Capabilities struct {
			PositionEncoding string `json:"positionEncoding"`
		} `json:"capabilities"`
	}
	// Initialize is the same, as it came.
	Initialize json.RawMessage

	ctx    context.Context //nolint:containedctx // of the session
	cancel context.CancelFunc
	served chan error // gets what lsp.Serve returned
	ended  error      // the same, once Wait has seen it

	mu      sync.Mutex
	state   State         // guarded by mu
	changed chan struct{} // closed and replaced whenever state changes; guarded by mu
	docs    map[string]*document
}

// State is what an editor has heard from its server.
type State struct {
	// Published are the last diagnostics, and Publications all of them in order, by URI.
	Published    map[string]Publication
	Publications map[string][]Publication
	// Diagnosed tells which passes are over, by URI.
	Diagnosed map[string]command.DoneDiagnosingParams
	Complete  map[string]command.DoneDiagnosingParams // the last full pass
	// Refreshes count the requests to ask again, by method.
	Refreshes map[string]int
	// Progress are the events of each progress, by token.
	Progress map[string][]Progress
	// Parts are the parts of the answers to questions about the whole workspace, by token.
	Parts map[string][][]Report
	// Messages are what the user was shown, Logs what went to the editor's log, Questions what the user was asked.
	Messages, Logs, Questions []string
	// Registered are the methods that the server registered for, Shown the documents that it had opened.
	Registered, Shown []string
	// Unexpected are messages that no editor knows.
	Unexpected []string
}

// Publication are the diagnostics of one document at one time.
type Publication struct {
	Version     int32
	Versioned   bool
	Diagnostics []protocol.Diagnostic
}

// Progress is one event of a progress: begin, report or end.
type Progress struct {
	Kind        string `json:"kind"`
	Title       string `json:"title"`
	Message     string `json:"message"`
	Percentage  int    `json:"percentage"`
	Cancellable bool   `json:"cancellable"`
}

// Capable are the capabilities of an editor that can do all that the server makes use of.
func Capable() map[string]any {
	yes := true
	return map[string]any{
		"general": map[string]any{"positionEncodings": []string{"utf-16"}},
		"workspace": map[string]any{
			"configuration": yes, "workspaceFolders": yes,
			"didChangeWatchedFiles":  map[string]any{"dynamicRegistration": yes, "relativePatternSupport": yes},
			"didChangeConfiguration": map[string]any{"dynamicRegistration": yes},
			"codeLens":               map[string]any{"refreshSupport": yes},
			"inlayHint":              map[string]any{"refreshSupport": yes},
			"workspaceEdit":          map[string]any{"documentChanges": yes},
		},
		"window": map[string]any{"workDoneProgress": yes, "showDocument": map[string]any{"support": yes}},
		"textDocument": map[string]any{
			"completion": map[string]any{
				"completionItem": map[string]any{
					"snippetSupport": yes, "documentationFormat": []string{"markdown", "plaintext"},
					"labelDetailsSupport": yes, "tagSupport": map[string]any{"valueSet": []int{1}}, "preselectSupport": yes,
				},
			},
			"hover":          map[string]any{"contentFormat": []string{"markdown", "plaintext"}},
			"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": yes},
			"codeAction": map[string]any{
				"codeActionLiteralSupport": map[string]any{"codeActionKind": map[string]any{"valueSet": []string{"quickfix"}}},
				"isPreferredSupport":       yes,
			},
			"publishDiagnostics": map[string]any{
				"relatedInformation": yes, "codeDescriptionSupport": yes, "tagSupport": map[string]any{"valueSet": []int{1, 2}},
				"versionSupport": yes,
			},
		},
	}
}

// Start starts a server and an editor, says hello and stops both at the end of the test.
func Start(tb TB, opts Options) *Editor {
	tb.Helper()
	dir, err := filepath.EvalSymlinks(tb.TempDir())
	if err != nil {
		tb.Fatalf("the temporary folder: %v", err)
	}
	for name, content := range opts.Files {
		write(tb, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	if opts.Capabilities == nil {
		opts.Capabilities = Capable()
	}
	server := opts.Server
	server.ReportDiagnosed = true
	if server.Rest == 0 {
		server.Rest = 10 * time.Millisecond
	}
	if server.Quiet == 0 {
		server.Quiet = 10 * time.Millisecond
	}
	if server.Plugins == nil {
		server.Plugins = []plugin.Option{plugin.WithBuiltins(httpplugin.New())}
	}
	if server.CacheDir == "" {
		server.CacheDir = filepath.Join(tb.TempDir(), "cache")
	}
	ours, theirs := net.Pipe()
	e := &Editor{
		tb: tb, opts: opts, Dir: dir, served: make(chan error, 1), changed: make(chan struct{}), docs: map[string]*document{},
		state: State{
			Published: map[string]Publication{}, Publications: map[string][]Publication{},
			Diagnosed: map[string]command.DoneDiagnosingParams{}, Complete: map[string]command.DoneDiagnosingParams{},
			Refreshes: map[string]int{}, Progress: map[string][]Progress{},
			Parts: map[string][][]Report{},
		},
	}
	if server.Logger == nil {
		server.Logger = slog.New(&logWatch{editor: e})
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	go func() { e.served <- lsp.Serve(e.ctx, theirs, server) }()
	var stream io.ReadWriteCloser = ours
	if opts.Wrap != nil {
		stream = opts.Wrap(ours)
	}
	e.conn = wire.NewConn(stream, wire.Options{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.conn.Serve(e.ctx, e.handle)
	}()
	tb.Cleanup(func() {
		e.conn.Close()
		<-done
		e.Wait()
		e.cancel()
	})
	if !opts.Raw {
		e.hello()
	}
	return e
}

func write(tb TB, path, content string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatalf("%v", err)
	}
}

// InitializeParams are the parameters of the editor's initialize request.
func (e *Editor) InitializeParams() map[string]any {
	root := engine.URIFromPath(e.Dir)
	params := map[string]any{
		"processId": nil, "rootUri": root, "capabilities": e.opts.Capabilities,
		"workspaceFolders": []any{map[string]any{"uri": root, "name": "test"}},
	}
	if e.opts.ClientName != "" {
		params["clientInfo"] = map[string]any{"name": e.opts.ClientName}
	}
	if e.opts.InitOptions != nil {
		params["initializationOptions"] = e.opts.InitOptions
	}
	return params
}

func (e *Editor) hello() {
	e.tb.Helper()
	e.Call(protocol.MethodInitialize, e.InitializeParams(), &e.Initialize)
	if err := json.Unmarshal(e.Initialize, &e.Server); err != nil {
		e.tb.Fatalf("initialize: %v", err)
	}
	e.Notify(protocol.MethodInitialized, map[string]any{})
}

// encoding is the position encoding that was agreed on.
func (e *Editor) encoding() text.Encoding {
	switch e.Server.Capabilities.PositionEncoding {
	case "utf-8":
		return text.UTF8
	case "utf-32":
		return text.UTF32
	}
	return text.UTF16
}

// Try sends a request and returns what the server answered.
func (e *Editor) Try(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	return e.TryContext(ctx, method, params, result)
}

// TryContext is Try with a context: when it ends, the request is cancelled.
func (e *Editor) TryContext(ctx context.Context, method string, params, result any) error {
	var raw json.RawMessage
	if err := e.conn.Call(ctx, method, params, &raw); err != nil {
		return err
	}
	if result == nil {
		return nil
	}
	if len(raw) == 0 {
		raw = json.RawMessage("null")
	}
	if out, ok := result.(*json.RawMessage); ok {
		*out = raw
		return nil
	}
	return protocol.Unmarshal(raw, result)
}

// Call is Try for a request that must succeed.
func (e *Editor) Call(method string, params, result any) {
	e.tb.Helper()
	if err := e.Try(method, params, result); err != nil {
		e.tb.Fatalf("%s: %v", method, err)
	}
}

// Notify sends a notification.
func (e *Editor) Notify(method string, params any) {
	e.tb.Helper()
	if err := e.conn.Notify(method, params); err != nil {
		e.tb.Fatalf("%s: %v", method, err)
	}
}

// Await waits until what the server told satisfies a condition.
func (e *Editor) Await(what string, reached func(s *State) bool) {
	e.tb.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		e.mu.Lock()
		ok, changed := reached(&e.state), e.changed
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			e.tb.Fatalf("waited in vain for %s; %s", what, e.summary())
		}
	}
}

// Look calls do with what the server has told so far; do must not keep it.
func (e *Editor) Look(do func(s *State)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	do(&e.state)
}

func (e *Editor) summary() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Sprintf("messages %q, published %v, progress %v, unexpected %q",
		e.state.Messages, e.state.Published, e.state.Progress, e.state.Unexpected)
}

func (e *Editor) change(do func(s *State)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	do(&e.state)
	close(e.changed)
	e.changed = make(chan struct{})
}

// Shutdown ends the session as an editor does and returns what lsp.Serve returned.
func (e *Editor) Shutdown() error {
	e.tb.Helper()
	e.Call(protocol.MethodShutdown, nil, nil)
	e.Notify(protocol.MethodExit, nil)
	return e.Wait()
}

// Wait waits for the server to end and returns what lsp.Serve returned.
func (e *Editor) Wait() error {
	e.tb.Helper()
	select {
	case err := <-e.served:
		e.ended = err
		e.served <- err
	case <-time.After(patience):
		e.tb.Fatalf("the server does not end")
	}
	return e.ended
}

// Break cuts the connection.
func (e *Editor) Break() { e.conn.Close() }

// Stop ends the server's context, as a signal would.
func (e *Editor) Stop() { e.cancel() }

// logWatch fails a test in which the server logs an error.
type logWatch struct {
	editor *Editor
	attrs  []slog.Attr
}

// Enabled takes what is worth a look.
func (w *logWatch) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle notes a record.
func (w *logWatch) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Level.String() + " " + r.Message)
	for _, a := range w.attrs {
		fmt.Fprintf(&b, " %s", a)
	}
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s", a)
		return true
	})
	w.editor.change(func(s *State) { s.Logs = append(s.Logs, b.String()) })
	if r.Level >= slog.LevelError && !w.editor.opts.AllowErrors {
		w.editor.tb.Errorf("the server logged: %s", b.String())
	}
	return nil
}

// WithAttrs is a handler with more attributes.
func (w *logWatch) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logWatch{w.editor, append(append([]slog.Attr(nil), w.attrs...), attrs...)}
}

// WithGroup is the same handler: groups do not matter here.
func (w *logWatch) WithGroup(string) slog.Handler { return w }

// Overlay lays one set of capabilities over another: objects are merged, everything else is replaced; null removes.
func Overlay(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, value := range over {
		inner, isObject := value.(map[string]any)
		old, wasObject := out[key].(map[string]any)
		switch {
		case value == nil:
			delete(out, key)
		case isObject && wasObject:
			out[key] = Overlay(old, inner)
		default:
			out[key] = value
		}
	}
	return out
}
