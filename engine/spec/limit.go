package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// The metrics of a load that thresholds may be set on.
const (
	MetricDuration   = "duration"   // time of a request
	MetricErrors     = "errors"     // requests that failed or errored
	MetricRequests   = "requests"   // requests that were answered, or gave up
	MetricChecks     = "checks"     // expectations, of which the rate is the share that held
	MetricIterations = "iterations" // runs through the tests
	MetricDropped    = "dropped"    // arrivals that found no user free until the end
)

// Metric is one of the metrics of a load, for whoever offers them.
type Metric struct {
	Name, Doc string
	// Stats are its statistics. Those of a time also take any percentile.
	Stats []string
	Time  bool
	// PerTest says that a single test has the metric too.
	PerTest bool
	// Limits are expectations on each statistic that people set, by statistic; the empty one is for the others.
	Limits map[string][]string
}

// Metrics are the metrics that thresholds may be set on. The caller must not change them.
func Metrics() []Metric { return metrics }

var metrics = []Metric{
	{
		MetricDuration, "The time of a request.", []string{"p95", "p50", "p90", "p99", "min", "mean", "max"}, true, true,
		map[string][]string{"": {"< 500ms", "< 200ms", "< 1s"}},
	},
	{
		MetricErrors, "Requests that failed or errored.", []string{"rate", "count"}, false, true,
		map[string][]string{"rate": {"< 1%", "< 0.1%", "== 0"}, "": {"< 10", "== 0"}},
	},
	{
		MetricRequests, "Requests that were answered, or gave up; the rate is how many a second.", []string{"rate", "count"}, false, true,
		map[string][]string{"": {"> 10", "> 100"}},
	},
	{
		MetricChecks, "Expectations; the rate is the share that held.", []string{"rate", "count"}, false, true,
		map[string][]string{"rate": {"> 99%", "== 100%"}, "": {"> 100"}},
	},
	{
		MetricIterations, "Runs through the tests; the rate is how many a second.", []string{"rate", "count"}, false, false,
		map[string][]string{"": {"> 10", "> 100"}},
	},
	{
		MetricDropped, "Arrivals that found no user free until the end.", []string{"count", "rate"}, false, false,
		map[string][]string{"": {"== 0"}},
	},
}

// otherMetrics and otherStats are the names that the same things have elsewhere.
var (
	otherMetrics = map[string]string{
		"latency": MetricDuration, "http_req_duration": MetricDuration, "http_req_failed": MetricErrors, "http_reqs": MetricRequests,
		"dropped_iterations": MetricDropped,
	}
	otherStats = map[string]string{"avg": "mean", "med": "p50", "median": "p50"}
)

// Limit is a threshold as it is judged.
type Limit struct {
	// Test is the alias of the test that the limit is about; empty means the whole load.
	Test string
	// Metric is one of the Metric constants. Stat is its statistic; a percentile is written p95 or p99.9.
	Metric, Stat string
	// Expr is the expectation as the user wrote it, Span where it stands, and Key where its statistic does.
	Expr      string
	Span, Key text.Span

	op     string // of a limit that is a number
	number float64
	cond   expect.Condition // of any other one
	simple bool
}

// Name is what to call the limit: `duration.p95`, or `login.duration.p95`.
func (l Limit) Name() string {
	name := l.Metric + "." + l.Stat
	if l.Test != "" {
		name = l.Test + "." + name
	}
	return name
}

// Time says that the metric is measured in milliseconds.
func (l Limit) Time() bool { return l.Metric == MetricDuration }

// Percentile is the percentile that the limit looks at.
func (l Limit) Percentile() (float64, bool) { return percentile(l.Stat) }

func percentile(stat string) (float64, bool) {
	digits, ok := strings.CutPrefix(stat, "p")
	if !ok {
		return 0, false
	}
	if inner, ok := strings.CutPrefix(digits, "("); ok {
		digits = strings.TrimSuffix(inner, ")")
	}
	v, err := strconv.ParseFloat(digits, 64)
	return v, err == nil && v >= 0 && v <= 100
}

// Holds judges a value: milliseconds where the limit is on time, a share from 0 to 1 where it is on a rate of errors or
// checks, a number a second or a plain number otherwise.
func (l Limit) Holds(v float64) bool {
	if !l.simple {
		holds, _ := l.cond.Holds(v, true)
		return holds
	}
	switch l.op {
	case "<":
		return v < l.number
	case "<=":
		return v <= l.number
	case ">":
		return v > l.number
	case ">=":
		return v >= l.number
	case "!=":
		return v != l.number
	}
	return v == l.number
}

// Comparison is the limit as an operator of < <= > >= == != and a number, in the unit that Holds wants; ok is false where it
// is more than that.
func (l Limit) Comparison() (op string, number float64, ok bool) {
	if l.op == "" {
		return "==", l.number, l.simple
	}
	return l.op, l.number, l.simple
}

// Limit reads a threshold; aliases are those of the tests that it may be about.
func (t Threshold) Limit(aliases []string) (Limit, []Problem) {
	var p problems
	l := Limit{Metric: t.Metric.Value, Stat: t.Stat.Value, Expr: strings.TrimSpace(t.Expr.Value), Span: t.Expr.Span(), Key: t.Stat.Span()}
	if i := strings.LastIndexByte(l.Metric, '.'); i >= 0 {
		l.Test, l.Metric = l.Metric[:i], l.Metric[i+1:]
		if !slices.Contains(aliases, l.Test) {
			p.fatal(t.Metric.Span(), CodeLoadThreshold, "no test of this file has the alias "+quote(shorten(l.Test))+meant(l.Test, aliases))
			return l, p.list
		}
	}
	if other, ok := otherMetrics[l.Metric]; ok {
		l.Metric = other
	}
	if other, ok := otherStats[l.Stat]; ok {
		l.Stat = other
	}
	if pc, ok := percentile(l.Stat); ok {
		l.Stat = "p" + strconv.FormatFloat(pc, 'f', -1, 64)
	}
	t.check(&p, &l)
	if len(p.list) > 0 {
		return l, p.list
	}
	if l.Time() {
		t.limitTime(&p, &l)
	} else {
		t.limitNumber(&p, &l)
	}
	return l, p.list
}

// check reports metrics and statistics that do not exist.
func (t Threshold) check(p *problems, l *Limit) {
	var names []string
	for _, m := range metrics {
		if l.Test != "" && !m.PerTest {
			continue
		}
		names = append(names, m.Name)
		if m.Name != l.Metric {
			continue
		}
		_, isPercentile := percentile(l.Stat)
		if !slices.Contains(m.Stats, l.Stat) && !(m.Time && isPercentile) {
			p.fatal(t.Stat.Span(), CodeLoadThreshold, fmt.Sprintf("%s has no statistic %s%s; it has %s",
				quote(m.Name), quote(shorten(t.Stat.Value)), meant(l.Stat, m.Stats), List(m.Stats, "and")))
		}
		return
	}
	p.fatal(t.Metric.Span(), CodeLoadThreshold, fmt.Sprintf("there is no metric %s%s; there are %s",
		quote(shorten(t.Metric.Value)), meant(l.Metric, names), List(names, "and")))
}

// meant is the end of a message about a misspelt word.
func meant(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return ", did you mean " + quote(near) + "?"
	}
	return ""
}

var limitOperators = []string{"<=", ">=", "==", "!=", "<", ">"}

// split takes an operator and its operand apart.
func splitLimit(expr string) (op, operand string) {
	for _, o := range limitOperators {
		if rest, ok := strings.CutPrefix(expr, o); ok {
			return o, strings.TrimSpace(rest)
		}
	}
	return "", expr
}

func (t Threshold) limitTime(p *problems, l *Limit) {
	op, operand := splitLimit(l.Expr)
	d, err := ParseDuration(operand)
	if err != nil {
		p.fatal(t.Expr.Span(), CodeLoadThreshold, fmt.Sprintf("%s is no limit of time; write it like `< 300ms`", quote(shorten(l.Expr))))
		return
	}
	if op == "" {
		op = "<=" // as `expect.duration` has it
	}
	l.simple, l.op, l.number = true, op, float64(d)/float64(time.Millisecond)
}

func (t Threshold) limitNumber(p *problems, l *Limit) {
	op, operand := splitLimit(l.Expr)
	share, isShare := strings.CutSuffix(operand, "%")
	if v, err := strconv.ParseFloat(strings.TrimSpace(share), 64); err == nil && !math.IsNaN(v) && (!isShare || l.Stat == "rate") {
		if isShare {
			v /= 100
		}
		l.simple, l.op, l.number = true, op, v
		return
	}
	if op != "" {
		p.fatal(t.Expr.Span(), CodeLoadThreshold, fmt.Sprintf("%s compares with no number; write it like `%s 0.01`", quote(shorten(l.Expr)), op))
		return
	}
	cond, found := expect.ParseCondition(l.Expr)
	l.cond = cond
	for _, pr := range found {
		span := t.Expr.Span()
		if pr.Within != (template.Span{}) {
			span = t.Expr.SpanOf(pr.Within)
		}
		p.fatal(span, CodeLoadThreshold, pr.Message)
	}
}

// LimitID names a threshold in results, where tests have their ids. No test has such an id in its own file.
func (s *Spec) LimitID(l Limit) string {
	id := "load.thresholds." + l.Name()
	if s.Doc > 0 {
		id = strconv.Itoa(s.Doc) + "." + id
	}
	return id
}

// LimitHash identifies what a threshold was held against: it changes with the threshold, with the load and with its tests,
// and with nothing else.
func (s *Spec) LimitHash(l Limit) string {
	p, _ := s.Profile()
	values := map[string]any{
		"threshold": []any{l.Name(), l.Expr}, "flows": fmt.Sprintf("%+v", p.Flows), "stages": fmt.Sprintf("%+v", p.Stages),
		"load": fmt.Sprint(p.Users, p.Duration, p.RPS, p.RampUp), "target": s.Target.Value,
	}
	for i, t := range s.Tests.All() {
		values["test "+strconv.Itoa(i)] = t.RequestHash() + t.Hash()
	}
	return sum(values, nil)
}

// Limit finds the threshold with an id, and its spec.
func (f *File) Limit(id string) (*Spec, Limit, bool) {
	for _, s := range f.Specs {
		if s.Load == nil || !strings.Contains(id, "load.thresholds.") {
			continue
		}
		p, _ := s.Profile()
		for _, l := range p.Limits {
			if s.LimitID(l) == id {
				return s, l, true
			}
		}
	}
	return nil, Limit{}, false
}
