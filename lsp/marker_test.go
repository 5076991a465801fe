package lsp_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.lsp.dev/protocol"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the marker tests")

const markerDir = "../testdata/marker"

// TestMarkers runs the archives of testdata/marker, whose README tells their form.
func TestMarkers(t *testing.T) {
	found := 0
	err := filepath.WalkDir(markerDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txtar" {
			return err
		}
		found++
		name, err := filepath.Rel(markerDir, path)
		if err != nil {
			return err
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runMarkers(t, path)
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 10 {
		t.Errorf("only %d marker tests were found", found)
	}
}

// marker is one marker test under way.
type marker struct {
	t       *testing.T
	path    string
	archive *txtar.Archive
	editor  *lsptest.Editor
	api     *api
	files   []string // that are open, in the order of the archive
	marks   []mark
	changed bool // a golden part was rewritten
}

// mark is one expectation about a line.
type mark struct {
	file string
	line int // 0-based
	at   string
	name string
	args []arg
}

// arg is a text, a regular expression or the name of a golden part.
type arg struct {
	text   string
	re     *regexp.Regexp
	golden bool
}

func (a arg) matches(s string) bool {
	if a.re != nil {
		return a.re.MatchString(s)
	}
	return strings.Contains(s, a.text)
}

func (a arg) String() string {
	if a.re != nil {
		return "re(" + a.re.String() + ")"
	}
	return strconv.Quote(a.text)
}

func runMarkers(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := &marker{t: t, path: path, archive: archive}
	opts := lsptest.Options{Files: map[string]string{}}
	var language = map[string]string{}
	for _, f := range archive.Files {
		content := string(f.Data)
		switch {
		case f.Name == "flags":
			for _, word := range strings.Fields(content) {
				name, value, _ := strings.Cut(strings.TrimPrefix(word, "-"), "=")
				switch name {
				case "api":
					m.api = startAPI(t)
					close(m.api.slow)
				case "plugin":
					dir := t.TempDir()
					if err := os.WriteFile(filepath.Join(dir, value+".wasm"), plugintest.Build(t, value), 0o644); err != nil {
						t.Fatal(err)
					}
					opts.Server.PluginDirs = append(opts.Server.PluginDirs, dir)
				case "errors_ok":
					opts.AllowErrors = true
				case "untrusted":
					opts.InitOptions = map[string]any{"trusted": false}
				case "language":
					file, id, _ := strings.Cut(value, ":")
					language[file] = id
				default:
					t.Fatalf("%s: unknown flag %s", path, word)
				}
			}
		case f.Name == "settings.json":
			m.json(f, &opts.Configuration)
		case f.Name == "capabilities.json":
			var over map[string]any
			m.json(f, &over)
			opts.Capabilities = lsptest.Overlay(lsptest.Capable(), over)
		case f.Name == "marks", strings.HasPrefix(f.Name, "@"):
		default:
			opts.Files[f.Name] = m.expand(content)
			if ext := filepath.Ext(f.Name); ext == ".yaml" || ext == ".yml" {
				m.files = append(m.files, f.Name)
			}
		}
	}
	m.editor = lsptest.Start(t, opts)
	if opts.Configuration != nil {
		m.editor.Await("the configuration", func(s *lsptest.State) bool { return s.Refreshes[protocol.MethodWorkspaceConfiguration] > 0 })
	}
	for _, file := range m.files {
		id := language[file]
		if id == "" {
			id = "qube"
			if !strings.Contains(file, ".qube.") {
				id = "yaml"
			}
		}
		m.editor.OpenAs(file, id, opts.Files[file])
	}
	if len(opts.Server.PluginDirs) > 0 { // its module is compiled first
		uri := m.editor.URI(m.files[0])
		m.editor.Await("the plugin", func(s *lsptest.State) bool {
			published, ok := s.Published[uri]
			return ok && !slices.ContainsFunc(published.Diagnostics, func(d protocol.Diagnostic) bool {
				return strings.Contains(message(d), "no plugin serves")
			})
		})
	}
	m.readMarks()
	m.check()
	if m.changed && !t.Failed() {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *marker) json(f txtar.File, into any) {
	m.t.Helper()
	if err := json.Unmarshal(f.Data, into); err != nil {
		m.t.Fatalf("%s: %s: %v", m.path, f.Name, err)
	}
}

// expand puts the API's address in place of $API.
func (m *marker) expand(s string) string {
	if m.api == nil {
		return s
	}
	return strings.ReplaceAll(s, "$API", m.api.URL)
}

// readMarks finds the marks in comments of the open files and in the part `marks`.
func (m *marker) readMarks() {
	m.t.Helper()
	for _, file := range m.files {
		lines := strings.Split(m.editor.Text(file), "\n")
		for i, line := range lines {
			before, comment, ok := strings.Cut(line, "#@ ")
			if !ok {
				continue
			}
			// A comment with nothing before it speaks of the next line that is none.
			at := i
			for strings.TrimSpace(before) == "" && at < len(lines)-1 && strings.HasPrefix(strings.TrimSpace(lines[at]), "#@ ") {
				at++
			}
			m.parse(file, at, fmt.Sprintf("%s:%d", file, i+1), comment)
		}
	}
	for _, f := range m.archive.Files {
		if f.Name != "marks" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
			if len(parts) != 3 {
				if strings.TrimSpace(line) != "" {
					m.t.Fatalf("%s: marks: want FILE:LINE: MARK, not %q", m.path, line)
				}
				continue
			}
			n, err := strconv.Atoi(parts[1])
			if err != nil {
				m.t.Fatalf("%s: marks: %v", m.path, err)
			}
			m.parse(parts[0], n-1, "marks", parts[2])
		}
	}
}

// parse reads marks, which have the form of Go calls, separated by commas.
func (m *marker) parse(file string, line int, at, comment string) {
	m.t.Helper()
	expr, err := parser.ParseExpr("[]any{" + comment + "}")
	if err != nil {
		m.t.Fatalf("%s: %s: %v in %s", m.path, at, err, comment)
	}
	for _, e := range expr.(*ast.CompositeLit).Elts {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			m.t.Fatalf("%s: %s: a mark looks like name(arguments)", m.path, at)
		}
		mk := mark{file: file, line: line, at: at, name: call.Fun.(*ast.Ident).Name}
		for _, a := range call.Args {
			mk.args = append(mk.args, m.arg(at, a))
		}
		m.marks = append(m.marks, mk)
	}
}

func (m *marker) arg(at string, e ast.Expr) arg {
	m.t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			// The files hold the address of the API, the marks $API.
			return arg{text: m.steadyAPI(s)}
		}
	case *ast.Ident:
		return arg{text: e.Name, golden: true}
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok && name.Name == "re" && len(e.Args) == 1 {
			return arg{re: regexp.MustCompile(m.arg(at, e.Args[0]).text)}
		}
	}
	m.t.Fatalf("%s: %s: an argument is a text, re(text) or the name of a golden part", m.path, at)
	return arg{}
}

// checks are the marks that look at one place before anything is run.
var checks = map[string]func(m *marker, mk mark){
	"hover":    (*marker).hover,
	"nohover":  (*marker).noHover,
	"complete": (*marker).complete,
	"offers":   (*marker).offers,
	"accept":   (*marker).accept,
	"lens":     (*marker).lens,
	"symbols":  (*marker).symbols,
	"action":   (*marker).action,
	"def":      (*marker).def,
	"nothing":  (*marker).nothing,
}

// check holds the server to the marks: first those about places, then runs in the order of their marks, then hints and
// diagnostics, one to one.
func (m *marker) check() {
	for _, file := range m.files {
		m.editor.Diagnostics(file)
	}
	for _, mk := range m.marks {
		if do := checks[mk.name]; do != nil {
			do(m, mk)
		} else if !slices.Contains([]string{"run", "hint", "diag"}, mk.name) {
			m.t.Errorf("%s: there is no mark %s", mk.at, mk.name)
		}
	}
	for _, mk := range m.marks {
		if mk.name == "run" {
			m.run(mk)
		}
	}
	m.hints()
	m.diagnostics()
}

// place is the span of a text on a mark's line.
func (m *marker) place(mk mark, what string) text.Span {
	m.t.Helper()
	t := text.New(m.editor.Text(mk.file))
	span := t.LineSpan(mk.line)
	line, _, _ := strings.Cut(t.Slice(span), "#@ ")
	i := strings.Index(line, what)
	if i < 0 {
		m.t.Fatalf("%s: %q is not on the line %q", mk.at, what, line)
	}
	return text.Span{Start: span.Start + i, End: span.Start + i + len(what)}
}

var volatile = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`\b\d+(\.\d+)? (ms|s)\b`), "N $2"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`), "TIME"},
	{regexp.MustCompile(`\b\w{3}, \d\d \w{3} \d{4} TIME GMT`), "DATE"},
}

// steady takes out of a text what differs from run to run.
func (m *marker) steady(s string) string {
	s = m.steadyAPI(s)
	for _, v := range volatile {
		s = v.re.ReplaceAllString(s, v.to)
	}
	return strings.ReplaceAll(s, m.editor.Dir, "$DIR")
}

func (m *marker) steadyAPI(s string) string {
	if m.api == nil {
		return s
	}
	s = strings.ReplaceAll(s, m.api.URL, "$API")
	return strings.ReplaceAll(s, strings.TrimPrefix(m.api.URL, "http://"), "$HOST")
}

// golden compares a text with the golden part of a name, or rewrites that.
func (m *marker) golden(mk mark, name, got string) {
	m.t.Helper()
	got = strings.TrimRight(m.steady(got), "\n") + "\n"
	i := slices.IndexFunc(m.archive.Files, func(f txtar.File) bool { return f.Name == "@"+name })
	switch {
	case i >= 0 && string(m.archive.Files[i].Data) == got:
	case !*update && i < 0:
		m.t.Errorf("%s: there is no golden part @%s; -update writes\n%s", mk.at, name, got)
	case !*update:
		m.t.Errorf("%s: %s gives\n%s\nwant\n%s", mk.at, mk.name, got, m.archive.Files[i].Data)
	case i < 0:
		m.archive.Files = append(m.archive.Files, txtar.File{Name: "@" + name, Data: []byte(got)})
		m.changed = true
	default:
		m.archive.Files[i].Data = []byte(got)
		m.changed = true
	}
}

// hover(at, golden or texts…): the hover at the start of a text.
func (m *marker) hover(mk mark) {
	m.t.Helper()
	h := m.editor.Hover(mk.file, m.place(mk, mk.args[0].text).Start)
	got := lsptest.HoverText(h)
	if h == nil {
		m.t.Errorf("%s: no hover on %s", mk.at, mk.args[0])
		return
	}
	for _, want := range mk.args[1:] {
		switch {
		case want.golden:
			m.golden(mk, want.text, "over: "+m.slice(mk.file, *h.Range)+"\n"+got)
		case !want.matches(got):
			m.t.Errorf("%s: the hover on %s has no %s:\n%s", mk.at, mk.args[0], want, got)
		}
	}
}

func (m *marker) slice(file string, r protocol.Range) string {
	span := m.editor.Span(file, r)
	return m.editor.Text(file)[span.Start:span.End]
}

// nohover(at): there is no hover at the start of a text.
func (m *marker) noHover(mk mark) {
	m.t.Helper()
	if h := m.editor.Hover(mk.file, m.place(mk, mk.args[0].text).Start); h != nil {
		m.t.Errorf("%s: the hover on %s is %q", mk.at, mk.args[0], lsptest.HoverText(h))
	}
}

// def(at, text): the definition of what stands at a text is that text, in this file or another.
func (m *marker) def(mk mark) {
	m.t.Helper()
	var got []string
	for _, place := range m.editor.Definition(mk.file, m.place(mk, mk.args[0].text).Start) {
		for _, file := range m.files {
			if m.editor.URI(file) == string(place.URI) {
				got = append(got, m.slice(file, place.Range))
			}
		}
	}
	if len(got) != 1 || !mk.args[1].matches(got[0]) {
		m.t.Errorf("%s: the definition of %s is %q, want %s", mk.at, mk.args[0], got, mk.args[1])
	}
}

func (m *marker) completions(mk mark) *protocol.CompletionList {
	m.t.Helper()
	return m.editor.Complete(mk.file, m.place(mk, mk.args[0].text).End)
}

// complete(after, golden): all completions behind a text, with what they insert.
func (m *marker) complete(mk mark) {
	m.t.Helper()
	var b strings.Builder
	for _, item := range m.completions(mk).Items {
		detail, _ := item.Detail.Get()
		newText := ""
		if edit, ok := item.TextEdit.(*protocol.TextEdit); ok {
			newText = fmt.Sprintf("%q for %q", edit.NewText, m.slice(mk.file, edit.Range))
		}
		fmt.Fprintf(&b, "%s | %s | %s\n", item.Label, detail, newText)
	}
	m.golden(mk, mk.args[1].text, b.String())
}

// offers(after, labels…): these completions are among those behind a text; one that starts with ! is not.
func (m *marker) offers(mk mark) {
	m.t.Helper()
	got := labels(m.completions(mk))
	for _, want := range mk.args[1:] {
		label, absent := strings.CutPrefix(want.text, "!")
		if slices.Contains(got, label) == absent {
			m.t.Errorf("%s: behind %s: want %q, got %q", mk.at, mk.args[0], want.text, got)
		}
	}
}

// accept(after, label, line): the line after a completion was accepted; snippets lose their stops.
func (m *marker) accept(mk mark) {
	m.t.Helper()
	items := m.completions(mk).Items
	i := slices.IndexFunc(items, func(i protocol.CompletionItem) bool { return i.Label == mk.args[1].text })
	if i < 0 {
		m.t.Errorf("%s: behind %s there is no completion %s", mk.at, mk.args[0], mk.args[1])
		return
	}
	edit, ok := items[i].TextEdit.(*protocol.TextEdit)
	if !ok {
		m.t.Errorf("%s: the completion has no edit", mk.at)
		return
	}
	newText := edit.NewText
	if items[i].InsertTextFormat == protocol.InsertTextFormatSnippet {
		newText = plainSnippet(newText)
	}
	edits := []text.Edit{{Span: m.editor.Span(mk.file, edit.Range), New: newText}}
	for _, more := range items[i].AdditionalTextEdits {
		edits = append(edits, text.Edit{Span: m.editor.Span(mk.file, more.Range), New: more.NewText})
	}
	slices.SortFunc(edits, func(a, b text.Edit) int { return b.Span.Start - a.Span.Start })
	t := text.New(m.editor.Text(mk.file))
	for _, e := range edits {
		t = t.Apply(e)
	}
	got, _, _ := strings.Cut(t.Line(mk.line), "#@ ")
	if got = strings.TrimRight(got, " "); got != mk.args[2].text {
		m.t.Errorf("%s: accepting %s gives the line %q, want %s", mk.at, mk.args[1], got, mk.args[2])
	}
}

var snippetStop = regexp.MustCompile(`\$\{\d+(?::([^}]*))?\}|\$\d+`)

func plainSnippet(s string) string {
	s = regexp.MustCompile(`\$\{\d+\|([^,|]*)[^}]*\|\}`).ReplaceAllString(s, "$1")
	s = snippetStop.ReplaceAllString(s, "$1")
	return strings.NewReplacer(`\}`, "}", `\$`, "$", `\\`, `\`).Replace(s)
}

// lens(titles…): exactly these code lenses stand above the line.
func (m *marker) lens(mk mark) {
	m.t.Helper()
	var got, want []string
	for _, l := range m.editor.Lenses(mk.file) {
		if int(l.Range.Start.Line) == mk.line {
			got = append(got, l.Command.Title)
		}
	}
	for _, a := range mk.args {
		want = append(want, a.text)
	}
	if !slices.Equal(got, want) {
		m.t.Errorf("%s: lenses %q, want %q", mk.at, got, want)
	}
}

// symbols(golden): the outline of the file.
func (m *marker) symbols(mk mark) {
	m.t.Helper()
	var b strings.Builder
	var tell func(symbols []protocol.DocumentSymbol, indent string)
	tell = func(symbols []protocol.DocumentSymbol, indent string) {
		for _, s := range symbols {
			detail := ""
			if s.Detail != nil {
				detail = " | " + *s.Detail
			}
			fmt.Fprintf(&b, "%s%s%s | %d:%d-%d:%d\n", indent, s.Name, detail,
				s.Range.Start.Line+1, s.Range.Start.Character+1, s.Range.End.Line+1, s.Range.End.Character+1)
			tell(s.Children, indent+"  ")
		}
	}
	tell(m.editor.Symbols(mk.file), "")
	m.golden(mk, mk.args[0].text, b.String())
}

// action(at, title, golden): the file after the code action of a title at a text; without golden, there is such an action.
func (m *marker) action(mk mark) {
	m.t.Helper()
	var titles []string
	for _, a := range m.editor.Actions(mk.file, m.place(mk, mk.args[0].text)) {
		titles = append(titles, a.Title)
		if !mk.args[1].matches(a.Title) {
			continue
		}
		if len(mk.args) == 2 {
			return
		}
		if a.Edit == nil {
			m.t.Errorf("%s: the action %q edits nothing", mk.at, a.Title)
			return
		}
		before := m.editor.Text(mk.file)
		m.editor.Apply(mk.file, a.Edit)
		after := m.editor.Text(mk.file)
		m.editor.SetText(mk.file, before)
		m.editor.Diagnostics(mk.file)
		m.golden(mk, mk.args[2].text, changedLines(before, after))
		return
	}
	m.t.Errorf("%s: no action %s at %s, only %q", mk.at, mk.args[1], mk.args[0], titles)
}

// changedLines are the lines that an edit took away and put in.
func changedLines(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var out strings.Builder
	for _, line := range a {
		out.WriteString("- " + line + "\n")
	}
	for _, line := range b {
		out.WriteString("+ " + line + "\n")
	}
	return out.String()
}

// nothing(): the server has nothing at all to say about the file.
func (m *marker) nothing(mk mark) {
	m.t.Helper()
	e := m.editor
	if n := len(e.Symbols(mk.file)) + len(e.Lenses(mk.file)) + len(e.Complete(mk.file, 0).Items) + len(e.Actions(mk.file, text.Span{})); n > 0 {
		m.t.Errorf("%s: the server offers something in a file that is none of ours", mk.at)
	}
	e.Look(func(s *lsptest.State) {
		if p := s.Publications[e.URI(mk.file)]; len(p) > 0 {
			m.t.Errorf("%s: diagnostics were published: %v", mk.at, p)
		}
	})
}

// run(test, scope, summary): a run of a test, or of the whole file where the test is empty, and how it ends.
func (m *marker) run(mk mark) {
	m.t.Helper()
	got := m.editor.Run(mk.file, mk.args[0].text, command.Scope(mk.args[1].text))
	if !mk.args[2].matches(got) {
		m.t.Errorf("%s: the run ended with %q, want %s", mk.at, got, mk.args[2])
	}
}

// hints holds hint(label) marks to the hints of their files, one to one. A file without such marks may have any hints.
func (m *marker) hints() {
	m.t.Helper()
	for _, file := range m.files {
		wanted := m.of(file, "hint")
		if len(wanted) == 0 {
			continue
		}
		for _, h := range m.editor.Hints(file) {
			label, _ := h.Label.(protocol.String)
			got := m.steady(string(label))
			i := slices.IndexFunc(wanted, func(mk mark) bool {
				return mk.line == int(h.Position.Line) && mk.args[0].matches(got)
			})
			if i < 0 {
				m.t.Errorf("%s:%d: unexpected hint %q", file, h.Position.Line+1, got)
				continue
			}
			wanted = slices.Delete(wanted, i, i+1)
		}
		for _, mk := range wanted {
			m.t.Errorf("%s: no hint %s on line %d", mk.at, mk.args[0], mk.line+1)
		}
	}
}

// diagnostics holds diag(over, message, more…) marks to the diagnostics, one to one in both directions. More are the
// diagnostic's code, severity or source.
func (m *marker) diagnostics() {
	m.t.Helper()
	for _, file := range m.files {
		wanted := m.of(file, "diag")
		for _, d := range m.editor.Diagnostics(file) {
			i := slices.IndexFunc(wanted, func(mk mark) bool { return m.fits(mk, d) })
			if i < 0 {
				m.t.Errorf("%s:%d: unexpected diagnostic over %q: %s [%v %s]", file, d.Range.Start.Line+1,
					m.slice(file, d.Range), message(d), d.Code, source(d))
				continue
			}
			wanted = slices.Delete(wanted, i, i+1)
		}
		for _, mk := range wanted {
			m.t.Errorf("%s: no diagnostic on line %d: %v", mk.at, mk.line+1, mk.args)
		}
	}
}

var severityNames = map[protocol.DiagnosticSeverity]string{1: "error", 2: "warning", 3: "information", 4: "hint"}

func (m *marker) fits(mk mark, d protocol.Diagnostic) bool {
	if int(d.Range.Start.Line) != mk.line {
		return false
	}
	over := m.slice(mk.file, d.Range)
	if over != mk.args[0].text && (mk.args[0].re == nil || !mk.args[0].re.MatchString(over)) {
		return false
	}
	code, _ := d.Code.(protocol.String)
	for _, more := range mk.args[min(2, len(mk.args)):] {
		if !slices.Contains([]string{string(code), severityNames[d.Severity], source(d)}, more.text) {
			return false
		}
	}
	return mk.args[1].matches(m.steady(message(d)))
}

func (m *marker) of(file, name string) []mark {
	var out []mark
	for _, mk := range m.marks {
		if mk.file == file && mk.name == name {
			out = append(out, mk)
		}
	}
	return out
}
