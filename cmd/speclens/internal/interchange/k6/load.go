package k6

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/spec"
)

// What a load of the local runner does where the user does not say: see engine/run.
const (
	grace         = "5s" // how long iterations may go on when the time is over
	leastArrivals = 10   // users of a load with `rps` and without `users`
	mostArrivals  = 1000
)

// shortest is the shortest load of constant users, or at a constant rate, that k6 takes; stages may be shorter.
const shortest = time.Second

// forever is the time limit of what has none; k6 wants one.
const forever = "24h"

// options writes what k6 reads before it begins: how the load goes, and what it is judged by.
func (w *writer) options() {
	l := w.script.Load
	var list []entry
	scenario := once
	if l != nil {
		scenario = executor(l)
	}
	name := "load"
	if l == nil {
		name = "test"
	}
	list = append(list, entry{"scenarios", w.block([]entry{{name, w.object(scenario, 2)}}, 1)})
	var thresholds []threshold
	if l != nil {
		thresholds, _ = thresholdsOf(l, w)
	}
	thresholds = append(thresholds, w.mustPass()...)
	if len(thresholds) > 0 {
		list = append(list, entry{"thresholds", w.block(w.thresholdEntries(thresholds), 1)})
	}
	list = append(list, entry{"summaryTrendStats", `["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"]`})
	// What speclens never calls: where clouds keep a machine's credentials.
	list = append(list, entry{"blacklistIPs", `["169.254.0.0/16", "fe80::/10"]`})
	if l != nil && len(w.script.Setup) > 0 {
		list = append(list, entry{"setupTimeout", quote(forever)})
	}
	if l != nil && len(w.script.Teardown) > 0 {
		list = append(list, entry{"teardownTimeout", quote(forever)})
	}
	w.line("export const options = %s;", w.block(list, 0))
	w.line("")
	counter := "null"
	if slices.ContainsFunc(thresholds, func(t threshold) bool { return t.metric == checkCount }) {
		counter = `new Counter("` + checkCount + `")`
	}
	w.line("// A test that failed or errored counts as an error, however many of its checks failed.")
	w.line(`const counts = { errors: new Rate("errors"), errorCount: new Counter("error_count"), checkCount: %s };`, counter)
	w.line("const settings = { testMode: %t, failFast: %t };", l == nil, w.script.FailFast && l == nil)
	w.line("")
}

// once is how a run without a load goes.
var once = []entry{
	{"executor", `"per-vu-iterations"`}, {"vus", "1"}, {"iterations", "1"}, {"maxDuration", quote(forever)},
}

// stage is a stage of an executor: the target is reached evenly over the time.
type stage struct {
	over   time.Duration
	target int
}

func stagesOf(stages []stage) string {
	parts := make([]string, len(stages))
	for i, s := range stages {
		parts[i] = fmt.Sprintf("{ duration: %q, target: %d }", s.over, s.target)
	}
	return lines("[", parts, "]", 3)
}

// executor is the executor that does what the load profile says.
func executor(l *Load) []entry {
	p := l.Profile
	text := func(s string) string { return quote(s) }
	grace := entry{"gracefulStop", text(grace)}
	steps, end := stepsOf(p)
	switch {
	case p.RPS > 0:
		return append(arrivals(p, steps, end, perIteration(l.Flows)), grace)
	case end == 0:
		return []entry{
			{"executor", text("per-vu-iterations")}, {"vus", strconv.Itoa(p.Users)}, {"iterations", "1"}, {"maxDuration", text(forever)},
		}
	case len(p.Stages) == 0 && p.RampUp == 0 && end >= shortest:
		return []entry{
			{"executor", text("constant-vus")}, {"vus", strconv.Itoa(p.Users)}, {"duration", text(end.String())}, grace,
		}
	}
	return []entry{
		{"executor", text("ramping-vus")}, {"startVUs", "0"}, {"stages", stagesOf(ramps(steps, p.RampUp))},
		// A user who leaves ends what it has begun.
		{"gracefulRampDown", text((end + 5*time.Second).String())}, grace,
	}
}

// step is a stretch of time with one number of users.
type step struct {
	length time.Duration
	users  int
}

// stepsOf are the steps of a load and their length in all: the duration has the last word, so that what lies behind it is
// cut off, and the last stage goes on until then. It is 0 where every user makes just one iteration.
func stepsOf(p spec.LoadProfile) (steps []step, end time.Duration) {
	if len(p.Stages) == 0 {
		return []step{{p.Duration, p.Users}}, p.Duration
	}
	for _, s := range p.Stages {
		length := s.Duration
		if p.Duration > 0 {
			length = min(length, p.Duration-end)
		}
		if length <= 0 {
			break
		}
		steps = append(steps, step{length, s.Users})
		end += length
	}
	if p.Duration > end {
		steps[len(steps)-1].length += p.Duration - end
		end = p.Duration
	}
	return steps, end
}

// ramps are the stages of ramping users. The users that a step adds come one after the other over the ramp, the first at
// once; without a ramp all come at once.
func ramps(steps []step, rampUp time.Duration) []stage {
	var stages []stage
	before := 0
	for _, s := range steps {
		added := s.users - before
		ramp := min(rampUp, s.length)
		if added > 1 && ramp > 0 {
			over := time.Duration(float64(ramp) * float64(added-1) / float64(added))
			stages = append(stages, stage{0, before + 1}, stage{over, s.users}, stage{s.length - over, s.users})
		} else {
			stages = append(stages, stage{0, s.users}, stage{s.length, s.users})
		}
		before = s.users
	}
	return stages
}

// perIteration is how many requests an iteration has on average, by the weights of the flows.
func perIteration(flows []Flow) float64 {
	var sum, weights float64
	for _, f := range flows {
		sum, weights = sum+f.Weight*float64(len(f.Runs)), weights+f.Weight
	}
	if weights == 0 || sum == 0 {
		return 1
	}
	return sum / weights
}

// arrivals is the executor of an open load. `rps` counts requests and k6 iterations, so that the unit of time is as many
// seconds as an iteration has requests; k6 wants the rate whole, so that a rate with a fraction gets a longer one.
func arrivals(p spec.LoadProfile, steps []step, end time.Duration, perIteration float64) []entry {
	scale := 1.0
	for scale < 1e6 && math.Abs(p.RPS*scale-math.Round(p.RPS*scale)) > 1e-9*scale {
		scale *= 10
	}
	if p.RampUp > end {
		scale *= 1000 // the rate that is reached when the time is over should be exact enough
	}
	rate := int(math.Round(p.RPS * scale))
	unit := time.Duration(math.Round(perIteration * scale * float64(time.Second)))
	users := p.Users
	if len(p.Stages) > 0 {
		users = 1
		for _, s := range steps {
			users = max(users, s.users)
		}
	} else if users == 0 {
		users = min(mostArrivals, max(leastArrivals, int(math.Ceil(p.RPS*10))))
	}
	constant := []entry{
		{"executor", `"constant-arrival-rate"`}, {"rate", strconv.Itoa(rate)}, {"timeUnit", quote(unit.String())},
		{"duration", quote(end.String())},
	}
	first, stages := 0, []stage(nil)
	switch {
	case p.RampUp > 0 && p.RampUp >= end:
		stages = []stage{{end, int(math.Round(float64(rate) * float64(end) / float64(p.RampUp)))}}
	case p.RampUp > 0:
		stages = []stage{{p.RampUp, rate}, {end - p.RampUp, rate}}
	case end < shortest:
		first, stages = rate, []stage{{end, rate}}
	}
	if stages != nil {
		constant = []entry{
			{"executor", `"ramping-arrival-rate"`}, {"startRate", strconv.Itoa(first)}, {"timeUnit", quote(unit.String())},
			{"stages", stagesOf(stages)},
		}
	}
	return append(constant, entry{"preAllocatedVUs", strconv.Itoa(users)}, entry{"maxVUs", strconv.Itoa(users)})
}

// stagger is how long a user waits for the one before it, where each makes just one iteration.
func stagger(p spec.LoadProfile) time.Duration {
	if _, end := stepsOf(p); end > 0 || p.RPS > 0 || p.RampUp == 0 || p.Users < 2 {
		return 0
	}
	return p.RampUp / time.Duration(p.Users)
}

// maxTurns is the longest table of turns that is written.
const maxTurns = 1000

// turnsOf is the order in which flows take turns: each gains its weight in every turn, and the one that has most pays for
// all. It repeats itself after as many turns as the weights, as whole numbers without a common divisor, add up to; exact is
// false where that is more than a script should hold.
func turnsOf(flows []Flow) (turns []int, exact bool) {
	if len(flows) < 2 {
		return []int{0}, true
	}
	length := period(flows)
	exact = length <= maxTurns
	if !exact {
		length = maxTurns
	}
	credits := make([]float64, len(flows))
	for range length {
		best, total := 0, 0.0
		for i, f := range flows {
			credits[i] += f.Weight
			total += f.Weight
			if credits[i] > credits[best]+1e-9 {
				best = i
			}
		}
		credits[best] -= total
		turns = append(turns, best)
	}
	return turns, exact
}

func period(flows []Flow) int {
	for scale := 1.0; scale <= 1000; scale *= 10 {
		sum, common, whole := 0, 0, true
		for _, f := range flows {
			scaled := f.Weight * scale
			n := math.Round(scaled)
			if math.Abs(scaled-n) > 1e-9*scale || n > 1e9 {
				whole = false
				break
			}
			sum += int(n)
			common = divisor(common, int(n))
		}
		if whole && common > 0 {
			return sum / common
		}
	}
	return maxTurns + 1
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// checkCount is the metric that counts checks where a threshold asks for that: k6's own has a rate only.
const checkCount = "check_count"

// threshold is a threshold in k6's terms.
type threshold struct {
	metric string
	// test is an index into the script's tests, -1 for all of a load.
	test int
	// whole says that setup counts too.
	whole bool
	expr  string
	// aborts says that the run ends when the threshold is crossed.
	aborts bool
}

// thresholdEntries groups thresholds by metric, in order of appearance.
func (w *writer) thresholdEntries(list []threshold) []entry {
	var names []string
	byName := map[string][]string{}
	for _, t := range list {
		name := t.metric
		switch {
		case t.test >= 0:
			name += "{test:" + w.ids[t.test] + "}"
		case !t.whole && len(w.script.Setup)+len(w.script.Teardown) > 0 && w.script.Load != nil:
			name += "{scenario:load}" // and not what ran before it or behind it
		}
		if byName[name] == nil {
			names = append(names, name)
		}
		expr := quote(t.expr)
		if t.aborts {
			expr = "{ threshold: " + expr + ", abortOnFail: true }"
		}
		byName[name] = append(byName[name], expr)
	}
	entries := make([]entry, len(names))
	for i, name := range names {
		entries[i] = entry{name, "[" + strings.Join(byName[name], ", ") + "]"}
	}
	return entries
}

// thresholdsOf maps the thresholds of a load; w is nil where only the losses are asked for.
func thresholdsOf(l *Load, w *writer) (list []threshold, losses []Loss) {
	for _, limit := range l.Profile.Limits {
		t, loss := limitOf(l, limit)
		if loss != "" {
			losses = append(losses, Loss{limit.Span, fmt.Sprintf("threshold %s: %s", limit.Name(), loss)})
		}
		if t.metric == "" || w == nil {
			continue
		}
		if limit.Test == "" {
			list = append(list, t)
			continue
		}
		// A threshold on a test is one on all rows of it, which are one function here.
		t.test = slices.IndexFunc(w.script.Tests, func(test Test) bool { return test.Alias == limit.Test })
		if t.test >= 0 {
			list = append(list, t)
		}
	}
	return list, losses
}

// limitOf maps one threshold. Without a metric k6 cannot judge it.
func limitOf(l *Load, limit spec.Limit) (t threshold, loss string) {
	op, number, ok := limit.Comparison()
	if !ok {
		return t, fmt.Sprintf("k6 compares with one number, so `%s` is left out", limit.Expr)
	}
	stat := limit.Stat
	switch limit.Metric {
	case spec.MetricDuration:
		t.metric = "http_req_duration"
		if p, isPercentile := limit.Percentile(); isPercentile {
			stat = "p(" + strconv.FormatFloat(p, 'f', -1, 64) + ")"
		} else if stat == "mean" {
			stat = "avg"
		}
	case spec.MetricErrors:
		t.metric = map[string]string{"rate": "errors", "count": "error_count"}[stat]
	case spec.MetricChecks:
		t.metric = map[string]string{"rate": "checks", "count": checkCount}[stat]
	case spec.MetricRequests:
		t.metric = "http_reqs"
	case spec.MetricIterations:
		t.metric, t.whole = "iterations", true
	case spec.MetricDropped:
		if stat == "rate" {
			return t, "k6 counts what it drops and has no share of it, so it is left out"
		}
		// k6 drops iterations and the threshold counts requests.
		t.metric, t.whole = "dropped_iterations", true
		perIteration := perIteration(l.Flows)
		if perIteration != 1 && number != 0 {
			number /= perIteration
			loss = fmt.Sprintf("k6 counts iterations, which have %s requests each", numberLiteral(perIteration))
		}
	}
	t.test, t.expr = -1, stat+op+numberLiteral(number)
	return t, loss
}

// mustPass are the thresholds behind the tests that may not fail: those about whose errors no threshold decides.
func (w *writer) mustPass() []threshold {
	decided := func(alias string) bool { return false }
	inLoad := map[int]bool{}
	if l := w.script.Load; l != nil {
		decided = func(alias string) bool {
			return slices.ContainsFunc(l.Profile.Limits, func(limit spec.Limit) bool {
				return (limit.Metric == spec.MetricErrors || limit.Metric == spec.MetricChecks) && (limit.Test == "" || limit.Test == alias)
			})
		}
		for _, f := range l.Flows {
			for _, r := range f.Runs {
				inLoad[r.Test] = true
			}
		}
	}
	must := threshold{metric: "error_count", test: -1, whole: true, expr: "count==0"}
	must.aborts = w.script.FailFast && w.script.Load != nil
	var list []threshold
	for i, t := range w.script.Tests {
		if !inLoad[i] || !decided(t.Alias) {
			one := must
			one.test = i
			list = append(list, one)
		}
	}
	if len(list) == len(w.script.Tests) {
		return []threshold{must}
	}
	return list
}
