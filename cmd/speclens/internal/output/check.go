package output

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

// CheckReport is what `speclens check` found.
type CheckReport struct {
	Source     Source
	Files      []CheckedFile
	Unreadable []engine.LoadProblem
}

// CheckedFile is one document with its findings, ordered by place.
type CheckedFile struct {
	Doc         *engine.Document
	Diagnostics []analysis.Diagnostic
	// omitted are the findings beyond those that are shown; they count.
	omitted []analysis.Diagnostic
}

// Checked is a document with its findings, of which the first are shown and a last one says how many there are more.
func Checked(doc *engine.Document, found []analysis.Diagnostic) CheckedFile {
	f := CheckedFile{Doc: doc, Diagnostics: found}
	if most := analysis.MaxFindings; len(found) > most {
		f.omitted = found[most:]
		f.Diagnostics = append(slices.Clone(found[:most]), analysis.More(found[most].Span, len(f.omitted)))
	}
	return f
}

// Errors counts the findings that fail a check.
func (r CheckReport) Errors() int { return len(r.Unreadable) + r.count(analysis.SeverityError) }

func (r CheckReport) count(s analysis.Severity) int {
	n := 0
	for _, f := range r.Files {
		for _, list := range [][]analysis.Diagnostic{f.Diagnostics, f.omitted} {
			for _, d := range list {
				if d.Severity == s {
					n++
				}
			}
		}
	}
	return n
}

// Checker writes a CheckReport.
type Checker func(w io.Writer, r CheckReport, style Style) error

// Checkers are the formats of `speclens check`.
func Checkers(c Checkout) map[string]Checker {
	return map[string]Checker{"github": c.checkGitHub, "json": checkJSON, "sarif": checkSARIF, "text": checkText}
}

// codeUnreadable is the code of a file that could not be read.
const codeUnreadable = "file.unreadable"

// Names lists the keys of a table of formats.
func Names[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

func checkText(w io.Writer, r CheckReport, style Style) error {
	p := &errWriter{w: w}
	for _, u := range r.Unreadable {
		p.printf("%s: %s %s\n", render.PrintableLine(u.Path), style.Red("error:"), render.PrintableLine(u.Err.Error()))
	}
	for _, f := range r.Files {
		for _, d := range f.Diagnostics {
			if d.Severity == analysis.SeverityHint {
				continue
			}
			p.diagnostic(r.Source, f.Doc, d, style)
		}
	}
	errors, warnings := r.Errors(), r.count(analysis.SeverityWarning)
	switch {
	case errors+warnings == 0:
		p.printf("%s\n", style.Green(fmt.Sprintf("%s checked, nothing to complain about", plural(len(r.Files), "file"))))
	default:
		p.printf("%s checked: %s, %s\n", plural(len(r.Files), "file"), plural(errors, "error"), plural(warnings, "warning"))
	}
	return p.err
}

func (p *errWriter) diagnostic(source Source, doc *engine.Document, d analysis.Diagnostic, style Style) {
	paint := style.Red
	if d.Severity != analysis.SeverityError {
		paint = style.Yellow
	}
	line, column := render.Position(doc.Text, d.Span.Start)
	p.printf("%s %s %s %s\n", style.Bold(fmt.Sprintf("%s:%d:%d:", source.Path(doc.URI), line, column)),
		paint(d.Severity.String()+":"), foreign(d.Message, "  │ "), style.Dim("["+render.PrintableLine(d.Code)+"]"))
	if doc.Kind != engine.KindOther { // a line of a `.env` file may hold a secret
		p.printf("%s", render.Excerpt(doc.Text, d.Span, '~', "  "))
	}
	for _, rel := range d.Related {
		where := source.Path(rel.URI)
		if other := source.Snap.Document(rel.URI); other != nil {
			l, c := render.Position(other.Text, rel.Span.Start)
			where = fmt.Sprintf("%s:%d:%d", where, l, c)
		}
		p.printf("  %s %s\n", style.Dim(where+":"), foreign(rel.Message, "  │ "))
	}
}

// foreign is a text that may have several lines, in the middle of one of ours; the others stand behind a prefix.
func foreign(s, prefix string) string {
	return strings.ReplaceAll(render.Printable(s), "\n", "\n"+prefix)
}

type jsonDiagnostic struct {
	File      string        `json:"file"`
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	EndLine   int           `json:"end_line"`
	EndColumn int           `json:"end_column"`
	Severity  string        `json:"severity"`
	Source    string        `json:"source"`
	Code      string        `json:"code"`
	Message   string        `json:"message"`
	Fatal     bool          `json:"fatal"`
	Related   []jsonRelated `json:"related,omitempty"`
	Fixes     []string      `json:"fixes,omitempty"`
}

type jsonRelated struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

type jsonCheck struct {
	Files       int              `json:"files"`
	Errors      int              `json:"errors"`
	Warnings    int              `json:"warnings"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
}

func checkJSON(w io.Writer, r CheckReport, _ Style) error {
	out := jsonCheck{Files: len(r.Files), Errors: r.Errors(), Warnings: r.count(analysis.SeverityWarning), Diagnostics: []jsonDiagnostic{}}
	for _, u := range r.Unreadable {
		out.Diagnostics = append(out.Diagnostics, jsonDiagnostic{
			File: u.Path, Severity: "error", Source: analysis.SourceCheck, Code: codeUnreadable, Message: u.Err.Error(), Fatal: true,
		})
	}
	for _, f := range r.Files {
		for _, d := range f.Diagnostics {
			jd := jsonDiagnostic{
				File: r.Source.Path(f.Doc.URI), Severity: d.Severity.String(), Source: d.Source, Code: d.Code, Message: d.Message, Fatal: d.Fatal,
			}
			jd.Line, jd.Column = render.Position(f.Doc.Text, d.Span.Start)
			jd.EndLine, jd.EndColumn = render.Position(f.Doc.Text, d.Span.End)
			for _, rel := range d.Related {
				jr := jsonRelated{File: r.Source.Path(rel.URI), Message: rel.Message}
				if other := r.Source.Snap.Document(rel.URI); other != nil {
					jr.Line, jr.Column = render.Position(other.Text, rel.Span.Start)
				}
				jd.Related = append(jd.Related, jr)
			}
			for _, fix := range d.Fixes {
				jd.Fixes = append(jd.Fixes, fix.Title)
			}
			out.Diagnostics = append(out.Diagnostics, jd)
		}
	}
	return writeJSON(w, out, "  ")
}

// errWriter keeps the first error of a writer.
type errWriter struct {
	w   io.Writer
	err error
}

func (p *errWriter) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
