package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/text"
)

// Pretty writes a run for people: a line a test as it completes, failures with the source that they are about, and a
// summary. On a terminal a last line tells what is under way.
type Pretty struct {
	w       io.Writer
	source  Source
	style   Style
	live    bool
	width   func() int
	verbose bool

	total, done int
	running     []string
	status      bool // a status line is on the screen
	file        string
	load        string                // how the load under way goes
	told        map[identity][]string // by tests under way: their events
	err         error
}

// PrettyOptions of a Pretty.
type PrettyOptions struct {
	// Color uses ANSI colours.
	Color bool
	// Live keeps a status line at the bottom: for terminals only.
	Live bool
	// Width says how many columns the terminal has at the moment; nil means 80.
	Width func() int
	// Verbose shows the events and responses of tests that passed too.
	Verbose bool
}

// NewPretty writes to w.
func NewPretty(w io.Writer, source Source, opts PrettyOptions) *Pretty {
	return &Pretty{w: w, source: source, style: Style{Color: opts.Color}, live: opts.Live, width: opts.Width, verbose: opts.Verbose,
		told: map[identity][]string{}}
}

// Err is the first error of the writer.
func (p *Pretty) Err() error { return p.err }

// Emit shows one event.
func (p *Pretty) Emit(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		p.total = e.TotalTests
		p.added(e.Added)
	case run.TestStarted:
		p.running = append(p.running, p.title(e.Test))
	case run.PluginEvent:
		if p.verbose {
			// Tests run beside each other: what was told about one is shown with its result.
			id := identify(e.Test.Key.URI, e.Test.Key.ID, &e.Test.Row)
			p.told[id] = append(p.told[id], EventLine(p.source.Snap, e.Event))
		}
	case run.LoadProgress:
		p.load = loadLine(e)
	case run.LoadCompleted:
		p.loadCompleted(e.Report)
	case run.TestCompleted:
		p.done++
		if i := slices.Index(p.running, p.title(e.Test)); i >= 0 {
			p.running = slices.Delete(p.running, i, i+1)
		}
		p.completed(e.Test, e.Result)
	case run.Log:
		if p.verbose || e.Level == "warn" || e.Level == "error" {
			p.printf("    %s\n", p.style.Dim(render.PrintableLine(e.Level+" "+e.Plugin+": "+e.Message)))
		}
	case run.RunCompleted:
		p.summary(e)
		return
	}
	p.statusLine()
}

// heading names the file that the next lines are about, unless the last ones were about it too.
func (p *Pretty) heading(uri string) {
	if path := p.source.Path(uri); path != p.file {
		p.file = path
		p.printf("%s\n", p.style.Bold(path))
	}
}

func (p *Pretty) completed(info run.TestInfo, r *engine.TestResult) {
	p.heading(info.Key.URI)
	p.printf("  %s %s  %s\n", p.mark(r.Status), render.PrintableLine(p.title(info)), p.style.Dim(Outcome(r)))
	if r.Error != "" {
		if t, doc, ok := p.source.Test(info.Key); ok && r.Status == engine.StatusErrored {
			line, column := render.Position(doc.Text, t.Abs(t.Head).Start)
			p.printf("      %s\n", p.style.Dim(fmt.Sprintf("%s:%d:%d:", p.source.Path(info.Key.URI), line, column)))
		}
		p.printf("%s", render.Block(r.Error, "      │ "))
	}
	id := identify(info.Key.URI, info.Key.ID, &info.Row)
	for _, line := range p.told[id] {
		p.printf("      %s\n", p.style.Dim(line))
	}
	delete(p.told, id)
	for _, w := range r.Warnings {
		p.printf("      %s %s\n", p.style.Yellow("warning:"), render.PrintableLine(w))
	}
	for _, a := range r.Assertions {
		if !a.Passed {
			p.failure(r, a)
		}
		if a.Note != "" {
			p.failureLine(r, a.At, p.style.Yellow("warning:")+" "+render.PrintableLine(a.Path+": "+a.Note))
		}
	}
	if p.verbose && r.Output != nil {
		for _, line := range strings.Split(strings.TrimSuffix(render.Block(Body(r.Output.Body), "      │ "), "\n"), "\n") {
			p.printf("%s\n", p.style.Dim(line))
		}
	}
}

// maxMismatches is how many differences inside one value are shown each on its own.
const maxMismatches = 8

// failure shows a failed expectation: what was wrong with the source that says so, each difference inside an object or a
// list at its own key, and a diff of values that are too long to compare by eye.
func (p *Pretty) failure(r *engine.TestResult, a expect.Assertion) {
	inner, message := a.Mismatches, a.Message
	switch {
	case len(inner) == 1:
		inner = nil // it is the message, shown at its own place
	case len(inner) > 0:
		message = fmt.Sprintf("%s: %s", a.Path, plural(len(inner), "difference"))
	}
	p.failureLine(r, a.Place(), render.PrintableLine(message))
	own, _, _ := p.source.Assertion(r.Key, a.At)
	for i, m := range inner {
		if i == maxMismatches {
			p.printf("      %s\n", p.style.Dim(fmt.Sprintf("and %s more", plural(len(inner)-i, "difference"))))
			break
		}
		span, t, ok := p.source.Assertion(r.Key, m.At)
		if ok && span != own {
			p.excerpt(r.Key.URI, t, span, render.PrintableLine(m.Message), "        ")
		} else {
			p.printf("        %s\n", render.PrintableLine(m.Message))
		}
	}
	for _, line := range Diff(a) {
		paint := p.style.Dim
		switch line[0] {
		case '-':
			paint = p.style.Red
		case '+':
			paint = p.style.Green
		}
		p.printf("      │ %s\n", paint(line))
	}
}

// failureLine shows a message with the place of an expectation and its source.
func (p *Pretty) failureLine(r *engine.TestResult, at []string, message string) {
	span, t, ok := p.source.Assertion(r.Key, at)
	if !ok {
		p.printf("      %s\n", message)
		return
	}
	p.excerpt(r.Key.URI, t, span, message, "      ")
}

func (p *Pretty) excerpt(uri string, t *text.Text, span text.Span, message, indent string) {
	line, column := render.Position(t, span.Start)
	p.printf("%s%s %s\n", indent, p.style.Dim(fmt.Sprintf("%s:%d:%d:", p.source.Path(uri), line, column)), message)
	p.printf("%s", render.Excerpt(t, span, '~', indent))
}

// maxAdded is how many of the tests that came along are named.
const maxAdded = 5

// added names the tests that run because a selected one needs them.
func (p *Pretty) added(keys []engine.TestKey) {
	if len(keys) == 0 {
		return
	}
	names := make([]string, 0, maxAdded)
	for _, key := range keys[:min(len(keys), maxAdded)] {
		names = append(names, p.title(run.TestInfo{Key: key}))
	}
	if more := len(keys) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	p.printf("%s\n", p.style.Dim(render.PrintableLine("with what these need: "+strings.Join(names, ", "))))
}

// title is what to call a test.
func (p *Pretty) title(info run.TestInfo) string {
	if info.Name != "" {
		return info.Name
	}
	if t, _, ok := p.source.Test(info.Key); ok {
		return t.Label()
	}
	return info.Key.ID
}

func (p *Pretty) mark(s engine.Status) string {
	switch s {
	case engine.StatusPassed:
		return p.style.Green("✓")
	case engine.StatusSkipped:
		return p.style.Yellow("-")
	case engine.StatusErrored:
		return p.style.Red("!")
	}
	return p.style.Red("✗")
}

func (p *Pretty) summary(e run.RunCompleted) {
	parts := []string{}
	add := func(n int, word string, paint func(string) string) {
		if n > 0 {
			parts = append(parts, paint(fmt.Sprintf("%d %s", n, word)))
		}
	}
	add(e.Passed, "passed", p.style.Green)
	add(e.Failed, "failed", p.style.Red)
	add(e.Errored, "errored", p.style.Red)
	add(e.Skipped, "skipped", p.style.Yellow)
	if len(parts) == 0 {
		parts = append(parts, "no tests")
	}
	tail := ""
	if e.Cancelled {
		tail = ", " + p.style.Yellow("cancelled")
	}
	p.printf("\n%s in %s%s\n", strings.Join(parts, ", "), Duration(e.Duration), tail)
}

// statusLine shows what is under way, on a terminal.
func (p *Pretty) statusLine() {
	if !p.live || p.err != nil {
		return
	}
	names := p.running
	more := ""
	if len(names) > 3 {
		names, more = names[:3], " …"
	}
	width := 80
	if p.width != nil {
		width = p.width()
	}
	// The last column stays empty: some terminals wrap as soon as it is written, and the line could not be taken back.
	what := strings.Join(names, ", ") + more
	if p.load != "" {
		what = p.load
	}
	line := render.Clip(render.PrintableLine(fmt.Sprintf("%d/%d  %s", p.done, p.total, what)), width-1)
	p.status = true
	_, p.err = fmt.Fprintf(p.w, "\r\x1b[K%s", p.style.Dim(line))
}

func (p *Pretty) printf(format string, args ...any) {
	if p.err != nil {
		return
	}
	if p.status {
		p.status = false
		_, p.err = io.WriteString(p.w, "\r\x1b[K")
	}
	_, p.err = fmt.Fprintf(p.w, format, args...)
}

// Outcome is a result in a few words: "200 · 34 ms · 2/2".
func Outcome(r *engine.TestResult) string {
	var parts []string
	if r.Output != nil && r.Output.Status != nil && r.Output.Error == "" {
		parts = append(parts, statusText(r.Output.Status))
	}
	if r.Status == engine.StatusSkipped {
		parts = append(parts, "skipped")
	} else if r.Duration > 0 {
		parts = append(parts, Duration(r.Duration))
	}
	if n := len(r.Assertions); n > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d", r.Passed(), n))
	}
	if r.Attempts > 1 {
		parts = append(parts, fmt.Sprintf("%d attempts", r.Attempts))
	}
	return strings.Join(parts, " · ")
}

// Duration is a duration for people: "34 ms", "1.2 s".
func Duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Body is a response's body as text; JSON is indented.
func Body(body any) string {
	switch b := body.(type) {
	case nil:
		return ""
	case string:
		return b
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(body); err != nil {
		return fmt.Sprint(body)
	}
	return strings.TrimRight(buf.String(), "\n")
}

// statusText is a response's status in a line: text as it is, anything else as JSON.
func statusText(status any) string {
	if text, ok := status.(string); ok {
		return render.PrintableLine(cut(text, maxValue))
	}
	return shortValue(status)
}
