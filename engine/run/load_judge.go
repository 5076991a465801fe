package run

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/spec"
)

// report sums the load up.
func (l *load) report(ctx context.Context) *LoadReport {
	elapsed := l.now()
	p := l.plan.profile
	rep := &LoadReport{
		Load: l.info, Started: l.started, Elapsed: elapsed, Planned: l.pace.end, Open: p.RPS > 0, RPS: p.RPS,
		Cancelled: ctx.Err() != nil, Stopped: l.stopped.Load(),
	}
	until := elapsed
	if l.pace.end > 0 {
		until = min(elapsed, l.pace.end)
	}
	rep.Dropped = l.overdue(until)
	if p := l.stats; len(p.series) == 0 || p.last < elapsed {
		l.stats.point(elapsed)
	}
	// Every user has gone, so nobody writes any more.
	s := l.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	rep.Users, rep.Series, rep.Interrupted = s.mostUsers, s.series, s.cut
	rep.Total = s.total.stats(elapsed)
	rep.Distribution = s.total.distribution()
	for i, u := range l.plan.units {
		t := &s.tests[i]
		info := u.info
		info.Name = l.r.masker.Text(info.Name)
		rep.Tests = append(rep.Tests, LoadTest{Test: info, LoadStats: t.stats(elapsed), Reasons: t.sortedReasons()})
	}
	for i, f := range l.plan.flows {
		rep.Iterations += s.iterations[i]
		if f.name != "" {
			rep.Flows = append(rep.Flows, LoadShare{l.r.masker.Text(f.name), s.iterations[i]})
		}
	}
	for _, limit := range l.plan.limits() {
		rep.Thresholds = append(rep.Thresholds, l.judge(limit, rep))
	}
	return rep
}

// judge holds a threshold against what was measured. The caller holds the lock of the stats.
func (l *load) judge(limit spec.Limit, rep *LoadReport) LoadThreshold {
	t := LoadThreshold{
		Name: limit.Name(), Expression: l.r.masker.Text(limit.Expr), Time: limit.Time(),
		Line: l.plan.file.doc.Text.LineAt(limit.Span.Start) + 1,
	}
	of, found := l.tallyOf(limit.Test)
	switch {
	case rep.Cancelled:
		t.Message = "not judged: the run was cancelled"
		return t
	case !found:
		t.Message = fmt.Sprintf("not judged: the selection leaves `%s` out", limit.Test)
		return t
	case limit.Time() && of.count() == 0:
		t.Message = "not judged: there was no answer to measure"
		return t
	}
	t.Judged, t.Actual = true, measure(limit, of, rep)
	t.Passed = limit.Holds(t.Actual)
	t.Message = fmt.Sprintf("%s: expected %s, got %s", t.Name, t.Expression, t.Got())
	return t
}

// Got is the value that the threshold was held against, for people: a share in percent where the user wrote it so.
func (t LoadThreshold) Got() string {
	switch {
	case t.Time:
		return time.Duration(t.Actual * float64(time.Millisecond)).Round(time.Microsecond).String()
	case strings.Contains(t.Expression, "%"):
		return strconv.FormatFloat(100*t.Actual, 'g', 4, 64) + " %"
	}
	return strconv.FormatFloat(t.Actual, 'g', 6, 64)
}

// tallyOf is what the requests of a test gave, all rows of it; or those of the whole load where alias is empty.
func (l *load) tallyOf(alias string) (of *tally, found bool) {
	if alias == "" {
		return &l.stats.total, true
	}
	sum := &tally{}
	for i, u := range l.plan.units {
		if u.test.at.Alias.Value == alias {
			found = true
			sum.merge(&l.stats.tests[i].tally)
		}
	}
	return sum, found
}

// measure is the value of a limit's statistic, in the unit that Limit.Holds wants.
func measure(limit spec.Limit, t *tally, rep *LoadReport) float64 {
	if limit.Time() {
		return float64(timeOf(limit, t)) / float64(time.Millisecond)
	}
	var n, whole int64
	switch limit.Metric {
	case spec.MetricErrors:
		n, whole = t.errors(), t.requests()
	case spec.MetricChecks:
		n, whole = t.checksPassed, t.checks
		if limit.Stat == "count" {
			n = t.checks
		} else if whole == 0 {
			return 1 // nothing was expected, and nothing failed to hold
		}
	case spec.MetricDropped:
		n, whole = rep.Dropped, rep.Dropped+t.requests()
	case spec.MetricIterations:
		n = rep.Iterations
	default:
		n = t.requests()
	}
	switch {
	case limit.Stat == "count":
		return float64(n)
	case limit.Metric == spec.MetricIterations || limit.Metric == spec.MetricRequests:
		return perSecond(n, rep.Elapsed)
	}
	return share(n, whole)
}

func timeOf(limit spec.Limit, t *tally) time.Duration {
	if p, ok := limit.Percentile(); ok {
		return t.percentile(p)
	}
	switch limit.Stat {
	case "min":
		return t.min
	case "max":
		return t.max
	}
	return t.mean()
}

// decided reports whether a threshold decides about the errors of a unit: then the unit itself may fail.
func (l *load) decided(u *unit) bool {
	return slices.ContainsFunc(l.plan.limits(), func(limit spec.Limit) bool {
		return (limit.Metric == spec.MetricErrors || limit.Metric == spec.MetricChecks) &&
			(limit.Test == "" || limit.Test == u.test.at.Alias.Value)
	})
}

// infoOf is what an event says about the result with that number: first the units, then the thresholds.
func (l *load) infoOf(k int) TestInfo {
	if k < len(l.plan.units) {
		return l.plan.units[k].info
	}
	limit := l.plan.limits()[k-len(l.plan.units)]
	return TestInfo{
		Key: engine.TestKey{URI: l.info.URI, ID: l.plan.file.spec.LimitID(limit)}, Row: -1, Name: limit.Name() + " " + limit.Expr,
		Span: limit.Span, Line: l.plan.file.doc.Text.LineAt(limit.Span.Start) + 1,
	}
}

// emptyResult is the result with that number before anything is known.
func (l *load) emptyResult(k int) *engine.TestResult {
	info := l.infoOf(k)
	res := &engine.TestResult{Key: info.Key, RunID: l.r.opts.RunID, Row: info.Row, Name: info.Name, Started: l.started}
	if k < len(l.plan.units) {
		t := l.plan.units[k].test
		res.Hash, res.RequestHash, res.FedBy = t.at.Hash(), t.at.RequestHash(), t.fedBy()
	} else {
		res.Hash = l.plan.file.spec.LimitHash(l.plan.limits()[k-len(l.plan.units)])
	}
	return res
}

// results are one for each unit, and one for each threshold, so that whoever reads results sees whether the load passed.
func (l *load) results(ctx context.Context, rep *LoadReport) []*engine.TestResult {
	s := l.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*engine.TestResult
	for i := range l.plan.units {
		list = append(list, l.unitResult(ctx, i))
	}
	for k, t := range rep.Thresholds {
		res := l.emptyResult(len(l.plan.units) + k)
		res.Status, res.Error, res.Duration = engine.StatusSkipped, t.Message, 0
		if t.Judged {
			res.Status, res.Error = engine.StatusPassed, ""
			a := expect.Assertion{
				Path: t.Name, Expression: t.Name + " " + t.Expression, Passed: t.Passed, Expected: t.Expression, Actual: t.Got(),
			}
			if !t.Passed {
				res.Status, a.Message = engine.StatusFailed, t.Message
			}
			res.Assertions = []expect.Assertion{a}
		}
		list = append(list, l.r.masker.Result(res))
	}
	return list
}

// unitResult is the run that stands for all of a unit, with the unit's status. The caller holds the lock of the stats.
func (l *load) unitResult(ctx context.Context, i int) *engine.TestResult {
	t := &l.stats.tests[i]
	res := l.emptyResult(i)
	masker := l.r.masker
	if t.sample != nil {
		copied := *t.sample
		res, masker = &copied, t.masker
		if t.count() > 0 {
			res.Duration = t.percentile(50)
		}
	}
	summary := ""
	if n := t.errors(); n > 0 {
		summary = fmt.Sprintf("%d of %d requests did not pass (%.3g %%)", n, t.requests(), 100*share(n, t.requests()))
		if reasons := t.sortedReasons(); len(reasons) > 0 {
			summary += ", most often because: " + reasons[0].Message
		}
	}
	switch {
	case ctx.Err() != nil && (t.interrupted || t.requests() > 0):
		res.Status, res.Error = engine.StatusErrored, errCancelled.Error()
	case ctx.Err() != nil && t.sample == nil:
		res.Status, res.Error = engine.StatusSkipped, "not begun: the run was cancelled"
	case t.sample == nil:
		res.Status, res.Error = engine.StatusSkipped, l.idle(i)
	case t.errors() > 0 && l.forgiving[i]:
		if res.Status != engine.StatusPassed {
			res.Assertions = nil // none of its runs passed; the thresholds say what that means
		}
		res.Status, res.Error = engine.StatusPassed, ""
		res.Warnings = append(slices.Clone(res.Warnings), summary+"; the thresholds decide about it")
	case t.errors() > 0:
		res.Error = summary
	}
	return masker.Result(res)
}

// idle says why a unit never ran.
func (l *load) idle(i int) string {
	for _, f := range l.plan.flows {
		if slices.Contains(f.units, i) {
			return "not begun: the load was over before its turn came"
		}
	}
	return "no scenario of the load runs it"
}
