package analysis_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

var update = flag.Bool("update", false, "write the findings into testdata instead of comparing them")

// fake is a plugin that says about every test what it was told to.
type fake struct {
	info plugin.PluginInfo
	said func(plugin.TestInput) []plugin.FieldError
}

func (f fake) Info() plugin.PluginInfo                    { return f.info }
func (f fake) Init(context.Context, map[string]any) error { return nil }
func (f fake) Close() error                               { return nil }

func (f fake) Validate(in plugin.TestInput) []plugin.FieldError {
	if f.said == nil {
		return nil
	}
	return f.said(in)
}

func (f fake) Execute(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
	return nil, fmt.Errorf("a fake executes nothing")
}

func number(s string) *json.Number {
	n := json.Number(s)
	return &n
}

func registry(t testing.TB) *plugin.Registry {
	t.Helper()
	r := plugin.NewRegistry()
	for _, p := range []plugin.Plugin{
		fake{info: plugin.PluginInfo{
			Name: "http", Version: "1.0", Protocols: []schema.Protocol{"http", "https"},
			Fields: map[string]schema.FieldSpec{
				"body":            {Type: schema.TypeAny},
				"query":           {Type: schema.TypeMap},
				"followRedirects": {Type: schema.TypeBool},
				"maxRedirects":    {Type: schema.TypeNumber, Minimum: number("0"), Maximum: number("50")},
			},
		}},
		fake{info: plugin.PluginInfo{
			Name: "rpc", Version: "0.2", Protocols: []schema.Protocol{"rpc"},
			Fields: map[string]schema.FieldSpec{
				"service":  {Type: schema.TypeString, Required: true, Description: "The service to call.", Pattern: `^[a-z.]+$`},
				"encoding": {Type: schema.TypeString, Enum: []any{"proto", "json", "3"}},
				"level":    {Type: schema.TypeNumber, Enum: []any{1.0, json.Number("2")}},
				"deadline": {Type: schema.TypeString, Format: "duration"},
				"callback": {Type: schema.TypeString, Format: "url"},
				"filter":   {Type: schema.TypeString, Format: "regexp"},
				"since":    {Type: schema.TypeString, Format: "date-time"},
				"tagsOf":   {Type: schema.TypeArray, Items: &schema.FieldSpec{Type: schema.TypeString}},
				"message": {Type: schema.TypeObject, Fields: map[string]schema.FieldSpec{
					"id":   {Type: schema.TypeNumber, Required: true, Description: "Whom."},
					"note": {Type: schema.TypeString, Deprecated: "use id"},
				}},
				"meta": {Type: schema.TypeMap, Items: &schema.FieldSpec{Type: schema.TypeString}},
				"old":  {Type: schema.TypeString, Deprecated: "deprecated"},
			},
		}},
		fake{info: plugin.PluginInfo{Name: "free", Version: "9", Protocols: []schema.Protocol{"free"}}},
	} {
		if err := r.Register(p); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// open writes the files of an archive into a folder and opens a session over it, as the command line does.
func open(t testing.TB, files []txtar.File, settings engine.Settings) (*engine.Session, string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := engine.NewSession(engine.Options{Registry: registry(t), Roots: []string{dir}, Settings: settings})
	if _, problems := s.Load(t.Context(), dir); len(problems) > 0 {
		t.Fatal(problems)
	}
	return s, dir
}

func name(dir, uri string) string {
	rel, err := filepath.Rel(dir, engine.PathFromURI(uri))
	if err != nil {
		return uri
	}
	return filepath.ToSlash(rel)
}

// render writes findings as a user reads them.
func render(b *strings.Builder, snap *engine.Snapshot, dir, uri string, found []analysis.Diagnostic) {
	place := func(uri string, off int) string {
		p := snap.Document(uri).Text.Position(off, text.UTF8)
		return fmt.Sprintf("%s:%d:%d", name(dir, uri), p.Line+1, p.Column+1)
	}
	tx := snap.Document(uri).Text
	for _, d := range found {
		fatal := ""
		if d.Fatal {
			fatal = " fatal"
		}
		fmt.Fprintf(b, "%s %s%s [%s] %s\n", place(uri, d.Span.Start), d.Severity, fatal, d.Code, d.Message)
		line := tx.LineAt(d.Span.Start)
		from := d.Span.Start - tx.LineStart(line)
		width := min(d.Span.Len(), len(tx.Line(line))-from)
		fmt.Fprintf(b, "    %s\n    %s%s\n", tx.Line(line), strings.Repeat(" ", from), strings.Repeat("^", max(1, width)))
		for _, f := range d.Fixes {
			fmt.Fprintf(b, "    fix: %s\n", f.Title)
			for _, e := range f.Edits {
				fmt.Fprintf(b, "        %q for %q\n", e.New, tx.Slice(e.Span))
			}
		}
		for _, r := range d.Related {
			fmt.Fprintf(b, "    see %s: %s\n", place(r.URI, r.Span.Start), r.Message)
		}
	}
}

// A fixture is an archive of files, the findings in them, and settings in its comment: one `set NAME VALUE` a line.
func TestFindings(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			files := slices.DeleteFunc(slices.Clone(archive.Files), func(f txtar.File) bool {
				if f.Name == "findings" {
					want = string(f.Data)
				}
				return f.Name == "findings"
			})
			settings, untrusted := settingsOf(t, string(archive.Comment))
			s, dir := open(t, files, settings)
			if untrusted {
				s.SetTrusted(false)
			}
			snap := s.Snapshot()
			var b strings.Builder
			for doc := range snap.Documents() {
				found := analysis.Run(t.Context(), snap, doc.URI)
				render(&b, snap, dir, doc.URI, found)
				fixesHelp(t, snap, doc, settings, found)
			}
			if *update {
				archive.Files = append(files, txtar.File{Name: "findings", Data: []byte(b.String())})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Errorf("the findings differ (-want +got):\n%s", diff)
			}
		})
	}
}

func settingsOf(t *testing.T, comment string) (s engine.Settings, untrusted bool) {
	for _, line := range strings.Split(comment, "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "set" {
			continue
		}
		switch words[1] {
		case "strict":
			s.Strict = true
		case "process-env":
			s.ProcessEnv = true
		case "untrusted":
			untrusted = true
		case "environment":
			s.Environment = words[2]
		default:
			t.Fatalf("unknown setting %q", line)
		}
	}
	return s, untrusted
}

// fixesHelp applies every fix and checks that the finding is gone, and that the text is no worse YAML than before.
func fixesHelp(t *testing.T, snap *engine.Snapshot, doc *engine.Document, settings engine.Settings, found []analysis.Diagnostic) {
	t.Helper()
	for _, d := range found {
		for _, f := range d.Fixes {
			edits := slices.Clone(f.Edits)
			slices.SortFunc(edits, func(a, b text.Edit) int { return b.Span.Start - a.Span.Start })
			fixed := doc.Text.Apply(edits...)
			before := count(syntax.Parse(doc.Text, syntax.Options{}).Findings())
			if after := count(syntax.Parse(fixed, syntax.Options{}).Findings()); after > before {
				t.Errorf("the fix %q of %s breaks the YAML:\n%s", f.Title, d.Code, fixed)
			}
			s := engine.NewSession(engine.Options{Registry: snap.Registry(), Roots: snap.Roots(), Settings: settings})
			for other := range snap.Documents() {
				s.FilesChanged(other.URI)
			}
			s.Open(doc.URI, "qube", 1, fixed.String())
			for _, again := range analysis.Run(t.Context(), s.Snapshot(), doc.URI) {
				if again.Code == d.Code && again.Message == d.Message && again.Span.Start == d.Span.Start {
					t.Errorf("the fix %q does not settle %q; the text is now:\n%s", f.Title, d.Message, fixed)
				}
			}
		}
	}
}

func count(findings []syntax.Finding) int {
	n := 0
	for _, f := range findings {
		if f.Severity == syntax.SeverityError {
			n++
		}
	}
	return n
}
