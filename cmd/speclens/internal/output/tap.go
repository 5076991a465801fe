package output

import (
	"io"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
)

// TAP writes a run in the Test Anything Protocol, version 14: one point a test, with a YAML block under those that did
// not pass, and one for each file that was not run.
func TAP(w io.Writer, r *Record) error {
	p := &errWriter{w: w}
	broken := r.broken()
	p.printf("TAP version 14\n1..%d\n", len(r.Tests)+len(broken))
	for i, t := range r.Tests {
		p.tapPoint(i+1, t)
	}
	for i, b := range broken {
		p.printf("not ok %d - %s\n  ---\n  file: %s\n  status: errored\n  message: %s\n  failures:\n", len(r.Tests)+i+1,
			tapText(b.File+": "+brokenTitle), shortValue(b.File), shortValue(b.Problems[0].Message))
		for _, f := range b.Problems {
			p.printf("    - code: %s\n      message: %s\n      line: %d\n      column: %d\n",
				shortValue(f.Code), shortValue(f.Message), f.Line, f.Column)
		}
		p.printf("  ...\n")
	}
	p.printf("# passed %d, failed %d, errored %d, skipped %d\n", r.Totals.Passed, r.Totals.Failed, r.Totals.Errored, r.Totals.Skipped)
	if r.Totals.Cancelled {
		p.printf("# cancelled\n")
	}
	return p.err
}

func (p *errWriter) tapPoint(n int, t Recorded) {
	verdict := "ok"
	if t.Status == string(engine.StatusFailed) || t.Status == string(engine.StatusErrored) {
		verdict = "not ok"
	}
	p.printf("%s %d - %s", verdict, n, tapText(t.File+": "+t.Title()))
	if t.Status == string(engine.StatusSkipped) {
		p.printf(" # SKIP %s\n", render.PrintableLine(t.Error))
		return
	}
	p.printf("\n")
	notes := t.notes()
	if verdict == "ok" && len(notes) == 0 {
		return
	}
	p.printf("  ---\n  file: %s\n  line: %d\n  status: %s\n  duration_ms: %g\n", shortValue(t.File), t.Line, t.Status, t.DurationMs)
	if reason := t.Reason(); reason != "" {
		p.printf("  message: %s\n", shortValue(reason))
	}
	if len(notes) > 0 {
		p.printf("  warnings: %s\n", shortValue(notes))
	}
	first := true
	for _, a := range t.Assertions {
		if a.Passed {
			continue
		}
		if first {
			p.printf("  failures:\n")
			first = false
		}
		p.printf("    - path: %s\n      message: %s\n      wanted: %s\n      found: %s\n      line: %d\n      column: %d\n",
			shortValue(a.Path), shortValue(a.Message), shortValue(a.Expected), shortValue(a.Actual), a.Line, a.Column)
	}
	p.printf("  ...\n")
}

// tapText is a description: `#` would begin a directive.
func tapText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(render.PrintableLine(s))
}
