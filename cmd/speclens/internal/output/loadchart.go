package output

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

//go:embed load.html
var loadHTML string

// The part of the page that shows a load; its charts are drawings without any script.
var _ = template.Must(reportPage.New("load").Parse(loadHTML))

// The size of a chart, in units of its drawing.
const (
	chartWidth, chartHeight         = 480.0, 180.0
	chartLeft, chartRight           = 52.0, 8.0
	chartTop, chartBottom           = 8.0, 22.0
	chartLines                      = 4  // of the grid
	chartDots                       = 60 // as many points are marked
	chartTicks                      = 4  // words below the plot
	plotWidth, plotHeight   float64 = chartWidth - chartLeft - chartRight, chartHeight - chartTop - chartBottom
)

// curve is one line of a chart. class is the one that colours it.
type curve struct {
	name, class string
	values      []float64
}

// Measured is the value that the threshold was held against.
func (t LoadThreshold) Measured() string {
	switch {
	case t.Unit == "ms":
		return Duration(duration(t.Actual))
	case strings.Contains(t.Expression, "%"):
		return strconv.FormatFloat(100*t.Actual, 'g', 4, 64) + " %"
	}
	return strconv.FormatFloat(t.Actual, 'g', 6, 64)
}

// ErrorPercent is the share of requests that did not pass, in percent.
func (s LoadStats) ErrorPercent() float64 { return 100 * s.ErrorRate }

// Headline says in one line what the load was.
func (r LoadReport) Headline() string {
	what := plural(r.Users, "user")
	if r.Open {
		what = fmt.Sprintf("%g requests/s due, up to %s busy", r.RPS, what)
	}
	line := fmt.Sprintf("%s · %s · %s in %s", what, plural(int(r.Total.Requests), "request"), plural(int(r.Iterations), "iteration"),
		Duration(duration(r.ElapsedMs)))
	if r.Dropped > 0 {
		line += fmt.Sprintf(" · %d dropped", r.Dropped)
	}
	if r.Interrupted > 0 {
		line += fmt.Sprintf(" · %d cut off", r.Interrupted)
	}
	if r.Cancelled {
		line += " · cancelled"
	}
	return line
}

// LatencyChart is the latency over time.
func (r LoadReport) LatencyChart() template.HTML {
	return r.overTime("Latency", func(ms float64) string { return Duration(duration(ms)) },
		curve{"p50", "a", r.column(func(p LoadPoint) float64 { return p.P50Ms })},
		curve{"p95", "b", r.column(func(p LoadPoint) float64 { return p.P95Ms })},
		curve{"p99", "c", r.column(func(p LoadPoint) float64 { return p.P99Ms })})
}

// ThroughputChart is the rate of answers over time.
func (r LoadReport) ThroughputChart() template.HTML {
	return r.overTime("Throughput", plainNumber,
		curve{"requests/s", "a", r.column(func(p LoadPoint) float64 { return p.perSecond(p.Requests) })})
}

// ErrorChart is the rate of requests that did not pass over time.
func (r LoadReport) ErrorChart() template.HTML {
	return r.overTime("Errors", plainNumber, curve{"errors/s", "e", r.column(func(p LoadPoint) float64 { return p.perSecond(p.Errors) })})
}

func (p LoadPoint) perSecond(n int64) float64 {
	if p.LengthMs <= 0 {
		return 0
	}
	return 1000 * float64(n) / p.LengthMs
}

// shown are the points that are drawn: all but a last one that is too short for a rate to mean anything.
func (r LoadReport) shown() []LoadPoint {
	if n := len(r.Series); n > 1 && r.Series[n-1].LengthMs < r.Series[n-2].LengthMs/4 {
		return r.Series[:n-1]
	}
	return r.Series
}

func (r LoadReport) column(of func(LoadPoint) float64) []float64 {
	shown := r.shown()
	values := make([]float64, len(shown))
	for i, p := range shown {
		values[i] = of(p)
	}
	return values
}

func plainNumber(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// overTime draws curves over the time of the load.
func (r LoadReport) overTime(title string, label func(float64) string, curves ...curve) template.HTML {
	shown := r.shown()
	end, top := 0.0, 0.0
	for _, p := range shown {
		end = max(end, p.AtMs)
	}
	for _, c := range curves {
		for _, v := range c.values {
			top = max(top, v)
		}
	}
	var b strings.Builder
	top = beginChart(&b, title, top, label, curves...)
	for _, c := range curves {
		points := make([]string, len(c.values))
		dots := ""
		for i, v := range c.values {
			x, y := chartLeft+plotWidth*fraction(shown[i].AtMs, end), chartTop+plotHeight*(1-fraction(v, top))
			points[i] = fmt.Sprintf("%.1f,%.1f", x, y)
			if len(c.values) <= chartDots {
				dots += fmt.Sprintf(`<circle cx="%.1f" cy="%.1f" r="2"/>`, x, y)
			}
		}
		fmt.Fprintf(&b, `<g class="%s"><polyline points="%s"/>%s</g>`, c.class, strings.Join(points, " "), dots)
	}
	ticks := []tick{{0, "0"}}
	for i := 1; i <= chartTicks; i++ {
		at := float64(i) / chartTicks
		ticks = append(ticks, tick{at, Duration(duration(end * at))})
	}
	endChart(&b, ticks)
	return template.HTML(b.String()) //nolint:gosec // made of numbers and of the words in this file
}

// DistributionChart is how many requests took how long.
func (r LoadReport) DistributionChart() template.HTML {
	top := 0.0
	for _, bar := range r.Distribution {
		top = max(top, float64(bar.Count))
	}
	var b strings.Builder
	top = beginChart(&b, "Distribution", top, plainNumber, curve{name: "requests by latency", class: "a"})
	width := plotWidth / max(1, float64(len(r.Distribution)))
	b.WriteString(`<g class="a">`)
	for i, bar := range r.Distribution {
		height := plotHeight * fraction(float64(bar.Count), top)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>up to %s: %d</title></rect>`,
			chartLeft+width*float64(i)+width*.05, chartTop+plotHeight-height, width*.9, height, Duration(duration(bar.UpToMs)), bar.Count)
	}
	b.WriteString("</g>")
	var ticks []tick
	n := len(r.Distribution)
	for i := range n {
		if every := (n + chartTicks - 1) / chartTicks; i%every == every/2 {
			ticks = append(ticks, tick{(float64(i) + .5) / float64(n), "≤ " + Duration(duration(r.Distribution[i].UpToMs))})
		}
	}
	endChart(&b, ticks)
	return template.HTML(b.String()) //nolint:gosec // made of numbers and of the words in this file
}

// beginChart writes what lies behind the curves, and returns the value at the upper edge.
func beginChart(b *strings.Builder, title string, top float64, label func(float64) string, curves ...curve) float64 {
	fmt.Fprintf(b, `<figure><figcaption>%s`, title)
	for _, c := range curves {
		fmt.Fprintf(b, `<i class="%s">%s</i>`, c.class, c.name)
	}
	fmt.Fprintf(b, `</figcaption><svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartWidth, chartHeight, title)
	top = roundUp(top)
	for i := range chartLines + 1 {
		y := chartTop + plotHeight*(1-float64(i)/chartLines)
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, y, y, chartLeft-5, y+4, label(top*float64(i)/chartLines))
	}
	return top
}

// tick is a word below the plot; at is its place, from 0 at the left edge to 1 at the right one.
type tick struct {
	at    float64
	label string
}

func endChart(b *strings.Builder, ticks []tick) {
	for _, t := range ticks {
		anchor := "middle"
		if t.at > .95 {
			anchor = "end"
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%g" text-anchor="%s">%s</text>`, chartLeft+plotWidth*t.at, chartHeight-5, anchor, t.label)
	}
	b.WriteString(`</svg></figure>`)
}

func fraction(v, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return v / whole
}

// roundUp is the next number that divides well into the lines of the grid.
func roundUp(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return chartLines
	}
	scale := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 1.2, 1.6, 2, 3, 4, 6, 8, 10} {
		if step*scale >= v {
			return step * scale
		}
	}
	return 10 * scale
}
