package output

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine/run"
)

// The types below are a load as programs read it. Times are in milliseconds, rates in requests a second, shares from 0 to 1.
type (
	// LoadProgress is how a load goes; one every second.
	LoadProgress struct {
		File string `json:"file"`
		// Doc is the index of the spec in its file.
		Doc       int       `json:"doc,omitempty"`
		ElapsedMs float64   `json:"elapsed_ms"`
		PlannedMs float64   `json:"planned_ms"`
		Requests  int64     `json:"requests"`
		Errors    int64     `json:"errors"`
		Dropped   int64     `json:"dropped"`
		Point     LoadPoint `json:"point"`
	}
	// LoadReport is a load as a whole.
	LoadReport struct {
		File         string          `json:"file"`
		Doc          int             `json:"doc,omitempty"`
		Started      string          `json:"started"` // RFC 3339
		ElapsedMs    float64         `json:"elapsed_ms"`
		PlannedMs    float64         `json:"planned_ms"`
		Open         bool            `json:"open"`
		RPS          float64         `json:"rps,omitempty"`
		Users        int             `json:"users"`
		Iterations   int64           `json:"iterations"`
		Interrupted  int64           `json:"interrupted"`
		Dropped      int64           `json:"dropped"`
		Cancelled    bool            `json:"cancelled,omitempty"`
		Stopped      bool            `json:"stopped,omitempty"`
		Total        LoadStats       `json:"total"`
		Tests        []LoadTest      `json:"tests"`
		Scenarios    []LoadShare     `json:"scenarios,omitempty"`
		Series       []LoadPoint     `json:"series"`
		Distribution []LoadBar       `json:"distribution"`
		Thresholds   []LoadThreshold `json:"thresholds,omitempty"`
	}
	// LoadStats are the figures of some requests.
	LoadStats struct {
		Requests     int64   `json:"requests"`
		Passed       int64   `json:"passed"`
		Failed       int64   `json:"failed"`
		Errored      int64   `json:"errored"`
		Skipped      int64   `json:"skipped"`
		Checks       int64   `json:"checks"`
		ChecksPassed int64   `json:"checks_passed"`
		Rate         float64 `json:"rate"`
		ErrorRate    float64 `json:"error_rate"`
		MinMs        float64 `json:"min_ms"`
		MeanMs       float64 `json:"mean_ms"`
		P50Ms        float64 `json:"p50_ms"`
		P90Ms        float64 `json:"p90_ms"`
		P95Ms        float64 `json:"p95_ms"`
		P99Ms        float64 `json:"p99_ms"`
		MaxMs        float64 `json:"max_ms"`
	}
	// LoadTest is a test of a load.
	LoadTest struct {
		Test
		LoadStats
		Reasons []LoadReason `json:"reasons,omitempty"`
	}
	// LoadReason is why requests did not pass.
	LoadReason struct {
		Message string `json:"message"`
		Count   int64  `json:"count"`
	}
	// LoadShare is how many iterations a scenario had.
	LoadShare struct {
		Name       string `json:"name"`
		Iterations int64  `json:"iterations"`
	}
	// LoadPoint is one second of a load.
	LoadPoint struct {
		AtMs     float64 `json:"at_ms"`
		LengthMs float64 `json:"length_ms"`
		Users    int     `json:"users"`
		Requests int64   `json:"requests"`
		Errors   int64   `json:"errors"`
		MeanMs   float64 `json:"mean_ms"`
		P50Ms    float64 `json:"p50_ms"`
		P95Ms    float64 `json:"p95_ms"`
		P99Ms    float64 `json:"p99_ms"`
		MaxMs    float64 `json:"max_ms"`
	}
	// LoadBar counts the requests that took at most UpToMs, and longer than the bar before.
	LoadBar struct {
		UpToMs float64 `json:"up_to_ms"`
		Count  int64   `json:"count"`
	}
	// LoadThreshold is a threshold with its outcome; of one that was not judged Message says why.
	LoadThreshold struct {
		Name       string  `json:"name"`
		Expression string  `json:"expression"`
		Judged     bool    `json:"judged"`
		Passed     bool    `json:"passed"`
		Actual     float64 `json:"actual"`
		Unit       string  `json:"unit,omitempty"` // ms, or none
		Message    string  `json:"message"`
		Line       int     `json:"line"`
	}
)

func (s Source) loadProgress(e run.LoadProgress) LoadProgress {
	return LoadProgress{
		s.Path(e.Load.URI), e.Load.Doc, millis(e.Elapsed), millis(e.Planned), e.Requests, e.Errors, e.Dropped, loadPoint(e.Point),
	}
}

func loadPoint(p run.LoadPoint) LoadPoint {
	return LoadPoint{
		millis(p.At), millis(p.Length), p.Users, p.Requests, p.Errors,
		millis(p.Mean), millis(p.P50), millis(p.P95), millis(p.P99), millis(p.MaxTime),
	}
}

func loadStats(s run.LoadStats) LoadStats {
	return LoadStats{
		s.Requests, s.Passed, s.Failed, s.Errored, s.Skipped, s.Checks, s.ChecksPassed, s.Rate, s.ErrorRate,
		millis(s.Min), millis(s.Mean), millis(s.P50), millis(s.P90), millis(s.P95), millis(s.P99), millis(s.MaxTime),
	}
}

func (s Source) loadReport(r *run.LoadReport) LoadReport {
	out := LoadReport{
		File: s.Path(r.Load.URI), Doc: r.Load.Doc, Started: r.Started.UTC().Format(time.RFC3339Nano), ElapsedMs: millis(r.Elapsed),
		PlannedMs: millis(r.Planned), Open: r.Open, RPS: r.RPS, Users: r.Users, Iterations: r.Iterations, Interrupted: r.Interrupted,
		Dropped: r.Dropped, Cancelled: r.Cancelled, Stopped: r.Stopped, Total: loadStats(r.Total),
		Tests: []LoadTest{}, Series: []LoadPoint{}, Distribution: []LoadBar{},
	}
	for _, t := range r.Tests {
		lt := LoadTest{Test: s.test(t.Test, "", ""), LoadStats: loadStats(t.LoadStats)}
		for _, reason := range t.Reasons {
			lt.Reasons = append(lt.Reasons, LoadReason(reason))
		}
		out.Tests = append(out.Tests, lt)
	}
	for _, f := range r.Flows {
		out.Scenarios = append(out.Scenarios, LoadShare(f))
	}
	for _, p := range r.Series {
		out.Series = append(out.Series, loadPoint(p))
	}
	for _, b := range r.Distribution {
		out.Distribution = append(out.Distribution, LoadBar{millis(b.UpTo), b.Count})
	}
	for _, t := range r.Thresholds {
		lt := LoadThreshold{
			Name: t.Name, Expression: t.Expression, Judged: t.Judged, Passed: t.Passed, Actual: t.Actual, Message: t.Message, Line: t.Line,
		}
		if t.Time {
			lt.Unit = "ms"
		}
		out.Thresholds = append(out.Thresholds, lt)
	}
	return out
}

// loadsIn reads the loads among the lines of a run; one that is broken is none.
func loadsIn(lines []jsonLine) []LoadReport {
	var list []LoadReport
	for _, l := range lines {
		raw, _ := l.Payload.(json.RawMessage)
		var r LoadReport
		if l.Type == lineLoadCompleted && json.Unmarshal(raw, &r) == nil {
			list = append(list, r)
		}
	}
	return list
}

// loadLine is how a load goes, in one line.
func loadLine(e run.LoadProgress) string {
	parts := []string{Duration(e.Elapsed)}
	if e.Planned > 0 {
		parts[0] += " of " + Duration(e.Planned)
	}
	parts = append(parts, plural(e.Point.Users, "user"), fmt.Sprintf("%.0f requests/s", e.Point.Rate()), "p95 "+Duration(e.Point.P95))
	if e.Errors > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d did not pass", e.Errors, e.Requests))
	}
	if e.Dropped > 0 {
		parts = append(parts, fmt.Sprintf("%d overdue", e.Dropped))
	}
	return strings.Join(parts, " · ")
}

// loadTable is a load as a table: a line a test, and one for all.
func (s Source) loadTable(r *run.LoadReport) []string {
	rows := [][]string{{"", "requests", "/s", "errors", "min", "mean", "p50", "p90", "p95", "p99", "max"}}
	row := func(name string, st run.LoadStats) {
		cells := []string{name, fmt.Sprint(st.Requests), fmt.Sprintf("%.1f", st.Rate), fmt.Sprintf("%.1f %%", 100*st.ErrorRate)}
		for _, d := range []time.Duration{st.Min, st.Mean, st.P50, st.P90, st.P95, st.P99, st.MaxTime} {
			if st.Requests == 0 {
				cells = append(cells, "–")
				continue
			}
			cells = append(cells, Duration(d))
		}
		rows = append(rows, cells)
	}
	const longestName = 32
	for _, t := range r.Tests {
		row(render.Clip(render.PrintableLine(s.test(t.Test, "", "").Title()), longestName), t.LoadStats)
	}
	if len(r.Tests) > 1 {
		row("in total", r.Total)
	}
	return align(rows)
}

// align makes lines of rows: the first column flush left, the others flush right.
func align(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], render.Width(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-render.Width(cell))
			switch {
			case i == 0:
				b.WriteString(cell + gap)
			default:
				b.WriteString("  " + gap + cell)
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// loadHeadline says in one line what a load was.
func loadHeadline(r *run.LoadReport) string {
	what := plural(r.Users, "user")
	if r.Open {
		what = fmt.Sprintf("%g requests/s due, up to %s busy", r.RPS, what)
	}
	line := fmt.Sprintf("load: %s, %s in %s", what, plural(int(r.Iterations), "iteration"), Duration(r.Elapsed))
	if r.Dropped > 0 {
		line += fmt.Sprintf(", %s dropped", plural(int(r.Dropped), "request"))
	}
	if r.Interrupted > 0 {
		line += fmt.Sprintf(", %d cut off", r.Interrupted)
	}
	switch {
	case r.Cancelled:
		line += ", cancelled"
	case r.Stopped:
		line += ", stopped at the first failure"
	}
	return line
}

// loadCompleted shows a load's table, the shares of its scenarios, and why requests did not pass.
func (p *Pretty) loadCompleted(r *run.LoadReport) {
	p.load = ""
	p.heading(r.Load.URI)
	p.printf("  %s\n", loadHeadline(r))
	for i, line := range p.source.loadTable(r) {
		if i == 0 {
			line = p.style.Dim(line)
		}
		p.printf("    %s\n", line)
	}
	for _, f := range r.Flows {
		p.printf("    scenario %s: %s\n", render.PrintableLine(f.Name), plural(int(f.Iterations), "iteration"))
	}
	for _, t := range r.Tests {
		for i, reason := range t.Reasons {
			if i == maxLoadReasons {
				p.printf("      %s\n", p.style.Dim(fmt.Sprintf("and %s more", plural(len(t.Reasons)-i, "reason"))))
				break
			}
			p.printf("    %s %d×  %s\n", p.style.Red("✗"), reason.Count,
				render.PrintableLine(p.title(t.Test)+": "+reason.Message))
		}
	}
}

// maxLoadReasons is how many reasons for which requests did not pass are shown of each test.
const maxLoadReasons = 5
