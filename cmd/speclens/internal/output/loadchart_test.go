package output

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/run"
)

var drawing = regexp.MustCompile(`(?s)<svg .*?</svg>`)

func pageOf(t *testing.T, what string, change func(*run.LoadReport)) string {
	t.Helper()
	source, events := loadEvents(t, what)
	for _, e := range events {
		if done, ok := e.(run.LoadCompleted); ok && change != nil {
			change(done.Report)
		}
	}
	var buf bytes.Buffer
	emitAll(t, NewCollector(&buf, source, HTML), events)
	return buf.String()
}

func TestThePageDrawsALoad(t *testing.T) {
	page := pageOf(t, "list", func(r *run.LoadReport) {
		second := r.Series[0]
		second.At, second.P95 = 2*time.Second, 60*time.Millisecond
		rest := second
		rest.At, rest.Length, rest.P95 = 2100*time.Millisecond, 100*time.Millisecond, time.Hour // too short to be drawn
		r.Series = append(r.Series, second, rest)
		r.Distribution = append(r.Distribution, run.LoadBar{UpTo: 20 * time.Millisecond, Count: 10})
	})
	for _, part := range []string{
		"a::,b.qube.yaml: load",
		"20 requests/s due, up to 3 users busy · 40 requests · 39 iterations in 2.0 s · 2 dropped · 1 cut off · cancelled",
		"<td>list</td><td>40</td><td>20.0</td><td>5.00 %</td><td>1 ms</td>", "<code>duration.p95 &lt; list</code></td><td>30 ms</td>",
		`<polyline points="262.0,83.0 472.0,8.0"/>`, // the p95: 30 of 60 ms at half of the time, then 60
		"<title>up to 10 ms: 40</title>", "<title>up to 20 ms: 10</title>", "scenario list: 39 iterations", "<b class=\"failed\">1×</b> list: g",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not in the page", part)
		}
	}
	if n := len(drawing.FindAllString(page, -1)); n != 4 {
		t.Errorf("%d charts", n)
	}
}

func TestLoadsOutliveTheMergingOfReports(t *testing.T) {
	source, events := loadEvents(t, "list")
	var lines, page bytes.Buffer
	emitAll(t, NewJSON(&lines, source), events)
	m := NewMerger()
	if err := m.Add(strings.NewReader(lines.String() + `{"type":"RunStarted","payload":{}}` + "\n" +
		`{"type":"LoadCompleted","payload":[]}` + "\n" + `{"type":"RunCompleted","payload":{}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	r := m.Record()
	if len(r.Loads) != 1 || r.Loads[0].Total.P99Ms != 1234 {
		t.Errorf("loads = %+v", r.Loads)
	}
	if err := HTML(&page, r); err != nil || len(drawing.FindAllString(page.String(), -1)) != 4 {
		t.Errorf("%v, or no charts", err)
	}
}

func TestEveryChartIsWellFormed(t *testing.T) {
	for name, change := range map[string]func(*run.LoadReport){
		"of a load":                    nil,
		"of a load that sent nothing":  func(r *run.LoadReport) { r.Series, r.Distribution, r.Total = nil, nil, run.LoadStats{} },
		"of a point without length":    func(r *run.LoadReport) { r.Series[0].At, r.Series[0].Length = 0, 0 },
		"of a load that went very far": func(r *run.LoadReport) { r.Series[0].Requests = math.MaxInt64 },
	} {
		t.Run(name, func(t *testing.T) {
			page := pageOf(t, hostile, change)
			charts := drawing.FindAllString(page, -1)
			if len(charts) != 4 {
				t.Fatalf("%d charts", len(charts))
			}
			for _, svg := range charts {
				if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
					t.Errorf("a chart has a number that is none: %s", svg)
				}
				for dec := xml.NewDecoder(strings.NewReader(svg)); ; {
					if _, err := dec.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatalf("%v in %s", err, svg)
					}
				}
			}
			if strings.Contains(page, "<script>alert") {
				t.Error("foreign text is markup")
			}
		})
	}
}

func TestTheGridEndsAtARoundNumber(t *testing.T) {
	for v, want := range map[float64]float64{0: 4, -1: 4, 1: 1, 1.1: 1.2, 31: 40, 60: 60, 85: 100, 1234: 1600, math.NaN(): 4} {
		if got := roundUp(v); got != want {
			t.Errorf("roundUp(%g) = %g, want %g", v, got, want)
		}
	}
}
