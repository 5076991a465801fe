package output

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/run"
)

// loadEvents are those of a load with two tests and a threshold that is not met. what stands wherever a spec or a server
// has a say.
func loadEvents(t *testing.T, what string) (Source, []run.Event) {
	t.Helper()
	source, infos := fixture(t)
	first, second := infos[0], infos[1]
	first.Name = what
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	stats := run.LoadStats{
		Requests: 40, Passed: 38, Failed: 1, Errored: 1, Checks: 39, ChecksPassed: 38, Rate: 20, ErrorRate: 0.05,
		Min: ms(1), Mean: ms(12), P50: ms(10), P90: ms(20), P95: ms(30), P99: ms(1234), MaxTime: ms(2345),
	}
	info := run.LoadInfo{URI: specURI}
	point := run.LoadPoint{At: time.Second, Length: time.Second, Users: 3, Requests: 20, Errors: 2, P95: ms(30)}
	report := &run.LoadReport{
		Load: info, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Elapsed: 2 * time.Second, Planned: 2 * time.Second, Open: true,
		RPS:   20,
		Users: 3, Iterations: 39, Interrupted: 1, Dropped: 2, Total: stats, Cancelled: true,
		Tests: []run.LoadTest{
			{Test: first, LoadStats: stats, Reasons: []run.LoadReason{
				{Message: what, Count: 1}, {Message: "b", Count: 1}, {Message: "c", Count: 1}, {Message: "d", Count: 1},
				{Message: "e", Count: 1}, {Message: "f", Count: 1}, {Message: "g", Count: 1},
			}},
			{Test: second, LoadStats: run.LoadStats{Skipped: 3}},
		},
		Flows: []run.LoadShare{{Name: what, Iterations: 39}}, Series: []run.LoadPoint{point},
		Distribution: []run.LoadBar{{UpTo: ms(10), Count: 40}},
		Thresholds: []run.LoadThreshold{
			{Name: "duration.p95", Expression: "< " + what, Time: true, Actual: 30, Judged: true, Message: what, Line: 3},
		},
	}
	key := engine.TestKey{URI: specURI, ID: "load.thresholds.duration.p95"}
	threshold := &engine.TestResult{
		Key: key, Row: -1, Name: "duration.p95 < " + what, Status: engine.StatusFailed,
		Assertions: []expect.Assertion{
			{Path: "duration.p95", Expression: "duration.p95 < " + what, Message: "duration.p95: expected < " + what + ", got 30ms"},
		},
	}
	return source, []run.Event{
		run.RunStarted{RunID: "r", Files: []string{specURI}, TotalTests: 3, TotalWaves: 1},
		run.WaveStarted{TestNames: []string{what}},
		run.TestStarted{Test: first},
		run.LoadProgress{Load: info, Point: point, Elapsed: time.Second, Planned: 2 * time.Second, Requests: 20, Errors: 2, Dropped: 1},
		run.LoadCompleted{Report: report},
		run.TestCompleted{
			Test: first, Result: &engine.TestResult{Key: first.Key, Row: -1, Name: what, Status: engine.StatusFailed, Error: what},
		},
		run.TestCompleted{Test: second, Result: &engine.TestResult{Key: second.Key, Row: -1, Status: engine.StatusSkipped, Error: "off"}},
		run.TestCompleted{Test: run.TestInfo{Key: key, Row: -1, Name: threshold.Name, Line: 3}, Result: threshold},
		run.WaveCompleted{},
		run.RunCompleted{RunID: "r", Total: 3, Failed: 2, Skipped: 1, Duration: 2 * time.Second},
	}
}

func emitAll(t *testing.T, s sink, events []run.Event) {
	t.Helper()
	for _, e := range events {
		s.Emit(e)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestPrettyShowsALoadAsATable(t *testing.T) {
	source, events := loadEvents(t, "list")
	var buf bytes.Buffer
	emitAll(t, NewPretty(&buf, source, PrettyOptions{}), events)
	out := buf.String()
	want := `  load: 20 requests/s due, up to 3 users busy, 39 iterations in 2.0 s, 2 requests dropped, 1 cut off, cancelled
                 requests    /s  errors   min   mean    p50    p90    p95    p99    max
    list               40  20.0   5.0 %  1 ms  12 ms  10 ms  20 ms  30 ms  1.2 s  2.3 s
    GET /second         0   0.0   0.0 %     –      –      –      –      –      –      –
    in total           40  20.0   5.0 %  1 ms  12 ms  10 ms  20 ms  30 ms  1.2 s  2.3 s
    scenario list: 39 iterations
    ✗ 1×  list: list
    ✗ 1×  list: b
    ✗ 1×  list: c
    ✗ 1×  list: d
    ✗ 1×  list: e
      and 2 reasons more
`
	if !strings.Contains(out, want) {
		t.Errorf("got:\n%s\nwant in it:\n%s", out, want)
	}
	for _, part := range []string{"✗ duration.p95 < list  0/1", "duration.p95: expected < list, got 30ms"} {
		if !strings.Contains(out, part) {
			t.Errorf("got:\n%s\nwant %q in it", out, part)
		}
	}
}

func TestPrettyTellsHowALoadGoesOnTheStatusLine(t *testing.T) {
	source, events := loadEvents(t, "list")
	var buf bytes.Buffer
	emitAll(t, NewPretty(&buf, source, PrettyOptions{Live: true, Width: func() int { return 200 }}), events)
	want := "\r\x1b[K0/3  1.0 s of 2.0 s · 3 users · 20 requests/s · p95 30 ms · 2 of 20 did not pass · 1 overdue"
	if !strings.Contains(buf.String(), want) {
		t.Errorf("got %q", buf.String())
	}
	if after := buf.String()[strings.Index(buf.String(), "cut off"):]; strings.Contains(after, "overdue") {
		t.Error("the line is still there when the load is over")
	}
}

func TestJSONHoldsTheWholeLoad(t *testing.T) {
	source, events := loadEvents(t, "list")
	var buf bytes.Buffer
	emitAll(t, NewJSON(&buf, source), events)
	var types []string
	for line := range strings.Lines(buf.String()) {
		var l struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		types = append(types, l.Type)
		switch l.Type {
		case "LoadProgress":
			var p LoadProgress
			decodeStrictly(t, l.Payload, &p)
			if p.ElapsedMs != 1000 || p.PlannedMs != 2000 || p.Requests != 20 || p.Errors != 2 || p.Dropped != 1 ||
				p.Point.P95Ms != 30 || p.Point.Users != 3 {
				t.Errorf("%+v", p)
			}
		case "LoadCompleted":
			var r LoadReport
			decodeStrictly(t, l.Payload, &r)
			if r.Total.P99Ms != 1234 || r.Total.ErrorRate != 0.05 || r.Tests[1].Label != "GET /second" || r.Tests[0].Reasons[6].Message != "g" ||
				r.Series[0].AtMs != 1000 || r.Distribution[0] != (LoadBar{10, 40}) || r.Scenarios[0].Iterations != 39 || r.Dropped != 2 || !r.Open ||
				r.Thresholds[0].Unit != "ms" || r.Thresholds[0].Passed || r.Started != "2026-01-02T03:04:05Z" {
				t.Errorf("%+v", r)
			}
		}
	}
	if !slices.Contains(types, "LoadProgress") || !slices.Contains(types, "LoadCompleted") {
		t.Errorf("lines = %v", types)
	}
}

func decodeStrictly(t *testing.T, data []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestNothingInALoadSteersTheTerminal(t *testing.T) {
	for name, format := range formats() {
		t.Run(name, func(t *testing.T) {
			source, events := loadEvents(t, hostile)
			var buf bytes.Buffer
			emitAll(t, format(&buf, source), events)
			for line := range strings.Lines(buf.String()) {
				line = strings.TrimRight(line, "\n")
				line = strings.ReplaceAll(line, "\t", "")
				if strings.Contains(line, "\x1b") || name == "pretty" && render.PrintableLine(line) != line {
					t.Errorf("%s writes %q", name, line)
				}
			}
		})
	}
}
