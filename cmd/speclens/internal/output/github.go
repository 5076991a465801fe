package output

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

// annotation is a workflow command of GitHub Actions that marks a place of a file. Lines and columns begin at 1; 0 is
// left out, and so are the columns of a span over several lines, which GitHub does not take.
type annotation struct {
	level                            string // error, warning or notice
	file                             string
	line, column, endLine, endColumn int
	title, message                   string
}

// Checkout is where the files of a run lie in a checkout: GitHub places the names of annotations from its root, wherever
// the program was started. With the zero Checkout names stay as they are.
type Checkout struct {
	// Root is the folder of the checkout, WorkDir the one that names are relative to.
	Root, WorkDir string
}

// name is a file's name as annotations give it; a file outside of the checkout keeps its name.
func (c Checkout) name(file string) string {
	if c.Root == "" || file == "" {
		return file
	}
	path := filepath.FromSlash(file)
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.WorkDir, path)
	}
	rel, err := filepath.Rel(c.Root, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return file
	}
	return filepath.ToSlash(rel)
}

// annotations writes annotations.
type annotations struct {
	errWriter
	checkout Checkout
}

func (p *annotations) annotate(a annotation) {
	a.file = p.checkout.name(a.file)
	var props []string
	add := func(name, value string) { props = append(props, name+"="+githubProperty(value)) }
	if a.file != "" {
		add("file", a.file)
	}
	if a.line > 0 {
		add("line", fmt.Sprint(a.line))
		if a.endLine >= a.line {
			add("endLine", fmt.Sprint(a.endLine))
		}
		if a.column > 0 && a.endLine == a.line {
			add("col", fmt.Sprint(a.column))
			if a.endColumn > a.column {
				add("endColumn", fmt.Sprint(a.endColumn))
			}
		}
	}
	if a.title != "" {
		add("title", render.PrintableLine(a.title))
	}
	p.printf("::%s %s::%s\n", a.level, strings.Join(props, ","), githubData(render.Printable(a.message)))
}

// The escapes of workflow commands; everything else that could end one is gone already.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace
)

// GitHub writes a run as annotations: an error at everything that kept a file from being run, at every expectation that
// failed and every test that errored, a warning at every test with warnings, and a notice with the totals.
func (c Checkout) GitHub(w io.Writer, r *Record) error {
	p := &annotations{errWriter{w: w}, c}
	for _, f := range r.Problems {
		a := annotation{
			level: "error", file: f.File, line: f.Line, column: f.Column, endLine: f.EndLine, endColumn: f.EndColumn,
			title: f.Code, message: f.Message,
		}
		if !f.Fatal {
			a.level = "warning"
		}
		p.annotate(a)
	}
	for _, t := range r.Tests {
		at := annotation{level: "error", file: t.File, line: t.Line, endLine: t.Line, title: t.Title()}
		if t.Status == string(engine.StatusErrored) {
			at.message = t.Error
			p.annotate(at)
		}
		for _, a := range t.Assertions {
			if a.Passed {
				continue
			}
			on := at
			on.message = fmt.Sprintf("%s\nexpected: %s\nactual: %s", a.Message, shortValue(a.Expected), shortValue(a.Actual))
			if a.Line > 0 {
				on.line, on.column, on.endLine, on.endColumn = a.Line, a.Column, a.EndLine, a.EndColumn
			}
			p.annotate(on)
		}
		for _, note := range t.notes() {
			on := at
			on.level, on.message = "warning", note
			p.annotate(on)
		}
	}
	p.annotate(annotation{level: "notice", title: "speclens", message: r.Totals.String()})
	return p.err
}

// String is the totals in words.
func (t Totals) String() string {
	var parts []string
	for _, n := range []struct {
		n    int
		word string
	}{{t.Passed, "passed"}, {t.Failed, "failed"}, {t.Errored, "errored"}, {t.Skipped, "skipped"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "no tests")
	}
	s := strings.Join(parts, ", ") + " in " + Duration(duration(t.DurationMs))
	if t.Cancelled {
		s += ", cancelled"
	}
	return s
}

// levels are the words of GitHub for severities.
var levels = map[analysis.Severity]string{
	analysis.SeverityError: "error", analysis.SeverityWarning: "warning", analysis.SeverityInformation: "notice",
}

// checkGitHub writes findings as annotations.
func (c Checkout) checkGitHub(w io.Writer, r CheckReport, _ Style) error {
	p := &annotations{errWriter{w: w}, c}
	for _, u := range r.Unreadable {
		p.annotate(annotation{level: "error", file: render.PrintableLine(u.Path), title: codeUnreadable, message: u.Err.Error()})
	}
	for _, f := range r.Files {
		for _, d := range f.Diagnostics {
			if d.Severity == analysis.SeverityHint {
				continue
			}
			a := annotation{level: levels[d.Severity], file: r.Source.Path(f.Doc.URI), title: d.Code, message: d.Message}
			a.line, a.column = render.Position(f.Doc.Text, d.Span.Start)
			a.endLine, a.endColumn = render.Position(f.Doc.Text, d.Span.End)
			p.annotate(a)
		}
	}
	return p.err
}
