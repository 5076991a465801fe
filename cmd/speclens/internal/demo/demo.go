package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

// patience is how long the demo waits for any one thing.
const patience = 30 * time.Second

// Options of the demo.
type Options struct {
	// Keep is the folder to leave the sample workspace in; empty means a temporary folder that is removed.
	Keep string
	// Serve keeps the sample API up after the demo, until ctx ends.
	Serve bool
	// Quiet skips the session and only writes the workspace and serves the API.
	Quiet bool
	// Listen is the address of the sample API; empty means a free loopback port.
	Listen string
	Style  output.Style
	// Editor serves the language server protocol on a connection.
	Editor func(ctx context.Context, conn io.ReadWriteCloser) error
}

// Run shows speclens at work and writes what an editor would show to w.
func Run(ctx context.Context, w io.Writer, opts Options) error {
	listener, err := net.Listen("tcp", cmp.Or(opts.Listen, "127.0.0.1:0"))
	if err != nil {
		return fmt.Errorf("start the sample API: %w", err)
	}
	api := &http.Server{Handler: NewAPI(), ReadHeaderTimeout: patience}
	go func() { _ = api.Serve(listener) }()
	defer func() { _ = api.Close() }()
	baseURL := "http://" + listener.Addr().String()

	dir := opts.Keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "speclens-demo-"); err != nil {
			return fmt.Errorf("make a folder for the sample workspace: %w", err)
		}
		if !opts.Serve {
			defer func() { _ = os.RemoveAll(dir) }()
		}
		dir = filepath.Join(dir, "sample")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := WriteWorkspace(dir, baseURL); err != nil {
		return err
	}
	s := &show{w: w, style: opts.Style, dir: dir}
	s.printf("%s %s\n%s %s\n", s.style.Bold("Sample API       "), baseURL, s.style.Bold("Sample workspace "), dir)
	if !opts.Quiet {
		if err := s.session(ctx, opts.Editor); err != nil {
			return err
		}
	}
	s.handOver(opts)
	if s.err != nil {
		return s.err
	}
	if opts.Serve {
		<-ctx.Done()
	}
	return nil
}

// show tells the story of one session.
type show struct {
	w     io.Writer
	style output.Style
	dir   string
	err   error

	client *client
	uri    string
	text   *text.Text
	// version is the document's version, as an editor counts.
	version int32
	seen    map[string]bool
}

func (s *show) printf(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format, args...)
	}
}

func (s *show) title(format string, args ...any) {
	s.printf("\n%s\n", s.style.Bold(s.style.Cyan("── "+fmt.Sprintf(format, args...)+" ")))
}

// session opens the sample spec in a server and shows what comes back.
func (s *show) session(ctx context.Context, serve func(context.Context, io.ReadWriteCloser) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	ours, theirs := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, theirs) }()
	if s.client, err = dial(ctx, ours, engine.URIFromPath(s.dir)); err != nil {
		return err
	}
	if err := s.steps(ctx); err != nil {
		return err
	}
	if err := s.client.close(ctx); err != nil {
		return err
	}
	if err := <-served; err != nil {
		return fmt.Errorf("the server ended badly: %w", err)
	}
	return s.err
}

func (s *show) steps(ctx context.Context) error {
	path := filepath.Join(s.dir, SpecFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.uri, s.text, s.version, s.seen = engine.URIFromPath(path), text.New(string(content)), 1, map[string]bool{}
	document := map[string]any{"uri": s.uri, "languageId": "qube", "version": s.version, "text": s.text.String()}
	if err := s.client.notify(ctx, "textDocument/didOpen", map[string]any{"textDocument": document}); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.showDiagnostics, s.showCompletions, s.showHover, s.showRun} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *show) showDiagnostics(ctx context.Context) error {
	if err := s.awaitDiagnosed(ctx); err != nil {
		return err
	}
	s.title("You open %s: diagnostics", SpecFile)
	s.printDiagnostics(func(d diagnostic) bool { return d.Severity <= 2 })
	return nil
}

func (s *show) awaitDiagnosed(ctx context.Context) error {
	return s.client.await(ctx, "the diagnostics", func() bool { return s.client.diagnosed[s.uri] >= s.version })
}

// showCompletions types two beginnings and shows what is offered.
func (s *show) showCompletions(ctx context.Context) error {
	if err := s.complete(ctx, "You type a key: completion", "    resource: /report\n", "    ma", 6); err != nil {
		return err
	}
	return s.complete(ctx, "You type a template: completion knows your tests", "    resource: /report\n",
		"    headers: { X-User: \"{{ auth.response.b", 6)
}

// complete inserts a line after another, asks for completion at its end, and takes the line out again.
func (s *show) complete(ctx context.Context, title, after, typed string, limit int) error {
	before := s.text
	at := strings.Index(before.String(), after)
	if at < 0 {
		return fmt.Errorf("the sample spec has no line %q", after)
	}
	at += len(after)
	if err := s.edit(ctx, text.Edit{Span: text.Span{Start: at, End: at}, New: typed + "\n"}); err != nil {
		return err
	}
	cursor := s.text.Position(at+len(typed), text.UTF16)
	var list struct {
		Items []completionItem `json:"items"`
	}
	if err := s.client.call(ctx, "textDocument/completion", s.at(cursor), &list); err != nil {
		return err
	}
	slices.SortStableFunc(list.Items, func(a, b completionItem) int {
		return cmp.Compare(cmp.Or(a.SortText, a.Label), cmp.Or(b.SortText, b.Label))
	})
	s.title("%s", title)
	s.printf("  %d │ %s%s\n", cursor.Line+1, typed, s.style.Cyan("█"))
	word := typed[strings.LastIndexAny(typed, " .{\"")+1:]
	shown := 0
	for _, item := range list.Items {
		if shown == limit || !strings.HasPrefix(cmp.Or(item.FilterText, item.Label), word) {
			continue
		}
		shown++
		from := ""
		if item.LabelDetails != nil {
			from = item.LabelDetails.Description
		}
		s.printf("      %s %s\n", s.style.Bold(fmt.Sprintf("%-22s", item.Label)), s.style.Dim(strings.TrimSpace(item.Detail+"  "+from)))
	}
	if shown == 0 {
		return errors.New("the server offers nothing here")
	}
	typedSpan := text.Span{Start: at, End: at + len(typed) + 1}
	return s.edit(ctx, text.Edit{Span: typedSpan})
}

// edit changes the document as a keystroke does.
func (s *show) edit(ctx context.Context, e text.Edit) error {
	rng := map[string]any{"start": s.lsp(e.Span.Start), "end": s.lsp(e.Span.End)}
	s.version++
	s.text = s.text.Apply(e)
	return s.client.notify(ctx, "textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": s.uri, "version": s.version},
		"contentChanges": []any{map[string]any{"range": rng, "text": e.New}},
	})
}

func (s *show) lsp(offset int) position {
	p := s.text.Position(offset, text.UTF16)
	return position{p.Line, p.Column}
}

func (s *show) at(p text.Position) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": s.uri}, "position": position{p.Line, p.Column}}
}

func (s *show) showHover(ctx context.Context) error {
	at := strings.Index(s.text.String(), "query:")
	var hover struct {
		Contents struct {
			Value string `json:"value"`
		} `json:"contents"`
	}
	if err := s.client.call(ctx, "textDocument/hover", s.at(s.text.Position(at+1, text.UTF16)), &hover); err != nil {
		return err
	}
	s.title("You point at `query`: hover, from the plugin's own description")
	lines := strings.Split(strings.TrimSpace(hover.Contents.Value), "\n")
	for _, line := range lines[:min(len(lines), 8)] {
		s.printf("  %s %s\n", s.style.Dim("│"), line)
	}
	return nil
}

// showRun clicks the lens on the file and shows the hints as they appear, then the failing expectation.
func (s *show) showRun(ctx context.Context) error {
	var lenses []codeLens
	if err := s.client.call(ctx, "textDocument/codeLens", map[string]any{"textDocument": map[string]any{"uri": s.uri}}, &lenses); err != nil {
		return err
	}
	i := slices.IndexFunc(lenses, func(l codeLens) bool { return l.Command != nil && strings.Contains(l.Command.Title, "Run file") })
	if i < 0 {
		return errors.New("the server offers no lens that runs the file")
	}
	s.title("You click the lens `%s`: events and outcomes appear beside the lines", lenses[i].Command.Title)
	run := lenses[i].Command
	if err := s.client.call(ctx, "workspace/executeCommand", map[string]any{"command": run.Command, "arguments": run.Arguments}, nil); err != nil {
		return err
	}
	for refreshes, ended := 0, false; !ended; {
		err := s.client.await(ctx, "the run", func() bool {
			moved := s.client.refreshes > refreshes
			ended = s.client.ended > 0
			refreshes = s.client.refreshes
			return moved || ended
		})
		if err != nil {
			return err
		}
		if err := s.printHints(ctx); err != nil {
			return err
		}
	}
	failed := func() bool {
		return slices.ContainsFunc(s.client.diagnostics[s.uri], func(d diagnostic) bool { return d.Source == "speclens-run" })
	}
	if err := s.client.await(ctx, "the failed expectation", failed); err != nil {
		return err
	}
	if err := s.printHints(ctx); err != nil {
		return err
	}
	s.title("The failing expectation is a diagnostic on the very key")
	s.printDiagnostics(func(d diagnostic) bool { return d.Source == "speclens-run" })
	return nil
}

// printHints prints the hints that were not there before.
func (s *show) printHints(ctx context.Context) error {
	var hints []inlayHint
	whole := map[string]any{"start": position{}, "end": s.lsp(s.text.Len())}
	params := map[string]any{"textDocument": map[string]any{"uri": s.uri}, "range": whole}
	if err := s.client.call(ctx, "textDocument/inlayHint", params, &hints); err != nil {
		return err
	}
	for _, h := range hints {
		key := fmt.Sprint(h.Position.Line, h.Label)
		if s.seen[key] {
			continue
		}
		s.seen[key] = true
		line := s.text.Slice(s.text.LineSpan(h.Position.Line))
		s.printf("  %3d │ %-52s %s\n", h.Position.Line+1, shorten(line, 52), s.paint(h.Label))
	}
	return nil
}

func (s *show) paint(label string) string {
	switch {
	case strings.Contains(label, "✓"):
		return s.style.Green(label)
	case strings.Contains(label, "✗"), strings.Contains(label, "!"):
		return s.style.Red(label)
	}
	return s.style.Dim(label)
}

func shorten(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}
