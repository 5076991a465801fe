package output

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
)

// maxValue is how many bytes of an expected or actual value a report shows.
const maxValue = 4000

// JUnit writes a run as JUnit XML, in the form that Jenkins, GitLab and the like agree on: one suite a file. A file that was
// not run is a suite with an error, so that nobody takes its silence for a pass. Lines and
// columns stand in the text of a failure, since test cases have no attribute for them that all readers accept.
func JUnit(w io.Writer, r *Record) error {
	p := &errWriter{w: w}
	t, broken := r.Totals, r.broken()
	p.printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	p.printf("<testsuites name=\"speclens\" tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"%s\">\n",
		t.Total+len(broken), t.Failed, t.Errored+len(broken), seconds(t.DurationMs))
	for _, b := range broken {
		file := xmlAttr(b.File)
		p.printf("  <testsuite name=\"%s\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0.000\" file=\"%s\">\n", file, file)
		p.printf("    <testcase name=\"%s\" classname=\"%s\" time=\"0.000\">\n", brokenTitle, file)
		p.printf("      <error type=\"error\" message=\"%s\">%s</error>\n", xmlAttr(b.Problems[0].Message), xmlText(b.text()))
		p.printf("    </testcase>\n  </testsuite>\n")
	}
	for from := 0; from < len(r.Tests); {
		to := from
		for to < len(r.Tests) && r.Tests[to].File == r.Tests[from].File {
			to++
		}
		p.junitSuite(r.Tests[from:to])
		from = to
	}
	p.printf("</testsuites>\n")
	return p.err
}

func (p *errWriter) junitSuite(tests []Recorded) {
	count := map[string]int{}
	total, started := 0.0, ""
	for _, t := range tests {
		count[t.Status]++
		total += t.DurationMs
		if t.Started != "" && (started == "" || t.Started < started) {
			started = t.Started
		}
	}
	file := xmlAttr(tests[0].File)
	p.printf("  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%s\"", file, len(tests),
		count[string(engine.StatusFailed)], count[string(engine.StatusErrored)], count[string(engine.StatusSkipped)], seconds(total))
	if started != "" {
		p.printf(" timestamp=\"%s\"", xmlAttr(started))
	}
	p.printf(" file=\"%s\">\n", file)
	for _, t := range tests {
		p.junitCase(t)
	}
	p.printf("  </testsuite>\n")
}

func (p *errWriter) junitCase(t Recorded) {
	p.printf("    <testcase name=\"%s\" classname=\"%s\" time=\"%s\">\n", xmlAttr(t.Title()), xmlAttr(t.File), seconds(t.DurationMs))
	switch engine.Status(t.Status) {
	case engine.StatusFailed:
		p.printf("      <failure type=\"expectation\" message=\"%s\">%s</failure>\n", xmlAttr(t.Reason()), xmlText(failureText(t)))
	case engine.StatusErrored:
		p.printf("      <error type=\"error\" message=\"%s\">%s</error>\n", xmlAttr(t.Reason()), xmlText(failureText(t)))
	case engine.StatusSkipped:
		p.printf("      <skipped message=\"%s\"/>\n", xmlAttr(t.Reason()))
	}
	var out strings.Builder
	for _, e := range t.Events {
		fmt.Fprintf(&out, "%s\n", render.PrintableLine(e.Summary))
	}
	for _, w := range t.notes() {
		fmt.Fprintf(&out, "warning: %s\n", render.PrintableLine(w))
	}
	if out.Len() > 0 {
		p.printf("      <system-out>%s</system-out>\n", xmlText(out.String()))
	}
	p.printf("    </testcase>\n")
}

// notes are the warnings of a test, and what passed in a way that may surprise.
func (c Completed) notes() []string {
	notes := c.Warnings
	for _, a := range c.Assertions {
		if a.Note != "" {
			notes = append(notes[:len(notes):len(notes)], a.Path+": "+a.Note)
		}
	}
	return notes
}

// failureText is why a test did not pass, a failed expectation after the other. No line of it is foreign text alone.
func failureText(t Recorded) string {
	var b strings.Builder
	if t.Error != "" {
		fmt.Fprintf(&b, "%s:%d\n%s", render.PrintableLine(t.File), t.Line, render.Block(t.Error, "  | "))
	}
	for _, a := range t.Assertions {
		if a.Passed {
			continue
		}
		at := fmt.Sprintf("%s:%d", render.PrintableLine(t.File), t.Line)
		if a.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", render.PrintableLine(t.File), a.Line, a.Column)
		}
		fmt.Fprintf(&b, "%s: %s\n", at, render.PrintableLine(a.Message))
		fmt.Fprintf(&b, "  expected: %s\n  actual:   %s\n", shortValue(a.Expected), shortValue(a.Actual))
	}
	return b.String()
}

// shortValue is a value in one harmless line of JSON.
func shortValue(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return render.PrintableLine(fmt.Sprint(v))
	}
	return cut(string(render.JSON([]byte(strings.TrimSuffix(b.String(), "\n")))), maxValue)
}

// cut shortens a text to about n bytes, at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + fmt.Sprintf("… (%d bytes in all)", len(s))
}

func seconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', 3, 64) }

var (
	xmlTextEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	xmlAttrEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
)

// xmlText is text of XML 1.0: what that forbids is a visible escape.
func xmlText(s string) string { return xmlTextEscapes.Replace(render.Printable(s)) }

// xmlAttr is the value of an attribute; line feeds and tabs would be read as blanks there.
func xmlAttr(s string) string { return xmlAttrEscapes.Replace(render.PrintableLine(s)) }
