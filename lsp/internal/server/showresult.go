package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// resultFiles is the folder with the results that the editor shows. It is the user's own and ends with the session:
// responses hold what is nobody else's business.
type resultFiles struct{ dir atomic.Pointer[string] }

// showResult writes the whole result of a test to a file, outside the workspace, and has the editor open it.
func (s *Server) showResult(ctx context.Context, snap *engine.Snapshot, a *command.ShowResultArgs) (any, error) {
	doc, err := specOf(snap, a.URI)
	if err != nil {
		return nil, err
	}
	key := engine.TestKey{URI: doc.URI, ID: a.TestID}
	results := snap.Results(key)
	if len(results) == 0 {
		return nil, wire.Errorf(wire.RequestFailed, "test %.80q has no result; run it first", a.TestID)
	}
	path, err := s.results.write(s.opts.CacheDir, key, results)
	if err != nil {
		return nil, fmt.Errorf("write the result of %s: %w", results[0].Name, err)
	}
	out := command.ShowResultResult{URI: engine.URIFromPath(path)}
	if !s.client.Load().showDocument {
		s.show(protocol.MessageTypeInfo, "The result is in %s", path)
		return out, nil
	}
	focus := true
	var answer json.RawMessage
	params := &protocol.ShowDocumentParams{URI: uri.URI(out.URI), TakeFocus: &focus}
	if err := s.ask(ctx, protocol.MethodWindowShowDocument, params, &answer); err != nil {
		s.log.Warn("the editor did not open a result", "error", err)
	}
	out.Shown = parseLenient(answer).at("success").true()
	return out, nil
}

// write writes the results of a test and returns the file's path.
func (f *resultFiles) write(cacheDir string, key engine.TestKey, results []*engine.TestResult) (string, error) {
	dir, err := f.folder(cacheDir)
	if err != nil {
		return "", err
	}
	shown := make([]resultFile, 0, len(results))
	for _, r := range results {
		shown = append(shown, newResultFile(r))
	}
	var content any = shown
	if len(shown) == 1 {
		content = shown[0]
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(content); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(key.URI + "\x00" + key.ID))
	path := filepath.Join(dir, hex.EncodeToString(sum[:8])+".json")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// folder is the session's folder, which it makes on first use.
func (f *resultFiles) folder(cacheDir string) (string, error) {
	if dir := f.dir.Load(); dir != nil {
		return *dir, nil
	}
	if cacheDir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cacheDir = filepath.Join(user, "speclens", "results")
	}
	if err := os.MkdirAll(cacheDir, 0o700); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(cacheDir, "session-")
	if err != nil {
		return "", err
	}
	if !f.dir.CompareAndSwap(nil, &dir) {
		// Another request was faster.
		return *f.dir.Load(), os.Remove(dir)
	}
	return dir, nil
}

func (f *resultFiles) remove(log *slog.Logger) {
	if dir := f.dir.Load(); dir != nil {
		if err := os.RemoveAll(*dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			log.Warn("results stay on the disk", "dir", *dir, "error", err)
		}
	}
}

// resultFile is a result as people read it.
type resultFile struct {
	Name       string             `json:"name"`
	Status     engine.Status      `json:"status"`
	Error      string             `json:"error,omitempty"`
	Protocol   string             `json:"protocol"`
	Target     string             `json:"target,omitempty"`
	Started    string             `json:"started"`
	DurationMs float64            `json:"durationMs"`
	Attempts   int                `json:"attempts,omitempty"`
	Row        *int               `json:"row,omitempty"`
	Warnings   []string           `json:"warnings,omitempty"`
	Assertions []assertion        `json:"assertions,omitempty"`
	Request    *plugin.TestInput  `json:"request,omitempty"`
	Response   *plugin.TestOutput `json:"response,omitempty"`
	Events     []event            `json:"events,omitempty"`
}

type assertion struct {
	Path    string `json:"path"`
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty"`
}

type event struct {
	AtMs float64        `json:"atMs"`
	Name string         `json:"event"`
	Data map[string]any `json:"data,omitempty"`
}

func newResultFile(r *engine.TestResult) resultFile {
	f := resultFile{
		Name: r.Name, Status: r.Status, Error: r.Error, Protocol: string(r.Protocol), Target: r.Target,
		Started: r.Started.Format("2006-01-02 15:04:05.000"), DurationMs: float64(r.Duration.Microseconds()) / 1000,
		Attempts: r.Attempts, Warnings: r.Warnings, Request: r.Input, Response: r.Output,
	}
	if r.Row >= 0 {
		f.Row = &r.Row
	}
	for _, a := range r.Assertions {
		f.Assertions = append(f.Assertions, newAssertion(a))
	}
	for _, e := range r.Events {
		f.Events = append(f.Events, event{float64(e.At.Microseconds()) / 1000, e.Plugin + "." + e.Kind, e.Data})
	}
	if f.Response != nil {
		// The events are told once, with their times.
		response := *f.Response
		response.Events = nil
		f.Response = &response
	}
	return f
}

func newAssertion(a expect.Assertion) assertion {
	return assertion{Path: a.Path, Passed: a.Passed, Message: a.Message}
}
