package run

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/speclens/speclens/engine"
)

// The range and precision of latency: microseconds up to an hour, to a tenth of a percent.
const (
	longestLatency = int64(time.Hour / time.Microsecond)
	latencyDigits  = 3
)

// maxReasons bounds the distinct reasons that a test keeps: a message may hold something that differs every time.
const maxReasons = 20

// manyReasons is where the rest is counted.
const manyReasons = "other reasons"

// tally counts requests. It serves one goroutine at a time.
type tally struct {
	hist                             *hdrhistogram.Histogram // nil before the first latency
	min, max, sum                    time.Duration
	passed, failed, errored, skipped int64
	checks, checksPassed             int64
}

func (t *tally) latency(d time.Duration) {
	if t.hist == nil {
		t.hist = hdrhistogram.New(1, longestLatency, latencyDigits)
	}
	if n := t.hist.TotalCount(); n == 0 || d < t.min {
		t.min = d
	}
	t.max, t.sum = max(t.max, d), t.sum+d
	_ = t.hist.RecordValue(min(longestLatency, max(1, d.Microseconds()))) // it is within the range
}

// reset forgets everything but keeps the memory.
func (t *tally) reset() {
	hist := t.hist
	if hist != nil {
		hist.Reset()
	}
	*t = tally{hist: hist}
}

func (t *tally) count() int64 {
	if t.hist == nil {
		return 0
	}
	return t.hist.TotalCount()
}

// merge adds what another one counted.
func (t *tally) merge(o *tally) {
	t.passed, t.failed, t.errored, t.skipped = t.passed+o.passed, t.failed+o.failed, t.errored+o.errored, t.skipped+o.skipped
	t.checks, t.checksPassed = t.checks+o.checks, t.checksPassed+o.checksPassed
	if o.count() == 0 {
		return
	}
	if t.hist == nil {
		t.hist, t.min = hdrhistogram.New(1, longestLatency, latencyDigits), o.min
	}
	t.hist.Merge(o.hist)
	t.min, t.max, t.sum = min(t.min, o.min), max(t.max, o.max), t.sum+o.sum
}

// percentile is exact to a tenth of a percent, and never beyond the extremes.
func (t *tally) percentile(p float64) time.Duration {
	if t.count() == 0 {
		return 0
	}
	d := time.Duration(t.hist.ValueAtPercentile(p)) * time.Microsecond
	return min(t.max, max(t.min, d))
}

func (t *tally) mean() time.Duration {
	if n := t.count(); n > 0 {
		return t.sum / time.Duration(n)
	}
	return 0
}

func (t *tally) requests() int64 { return t.passed + t.failed + t.errored }
func (t *tally) errors() int64   { return t.failed + t.errored }

func (t *tally) stats(elapsed time.Duration) LoadStats {
	s := LoadStats{
		Requests: t.requests(), Passed: t.passed, Failed: t.failed, Errored: t.errored, Skipped: t.skipped,
		Checks: t.checks, ChecksPassed: t.checksPassed, Rate: perSecond(t.requests(), elapsed), ErrorRate: share(t.errors(), t.requests()),
		Min: t.min, Mean: t.mean(), P50: t.percentile(50), P90: t.percentile(90), P95: t.percentile(95), P99: t.percentile(99), MaxTime: t.max,
	}
	return s
}

func perSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// testTally is what is known of one unit of a load.
type testTally struct {
	tally
	reasons map[string]int64
	// interrupted says that a cancel cut a run of the unit off.
	interrupted bool
	// sample is a run that stands for the others: the first that errored, else the first that failed, else the last one;
	// of a unit that may fail the last one that passed.
	// masker is that run's.
	sample *engine.TestResult
	masker *Masker
}

// loadStats is what a load has measured so far.
type loadStats struct {
	mu         sync.Mutex
	total      tally         // guarded by mu
	second     tally         // since the last point; guarded by mu
	tests      []testTally   // guarded by mu
	series     []LoadPoint   // guarded by mu
	last       time.Duration // when the last point was made; guarded by mu
	users      int           // at work now; guarded by mu
	mostUsers  int           // guarded by mu
	iterations []int64       // complete ones, by flow; guarded by mu
	cut        int64         // iterations that were cut off; guarded by mu
}

func newLoadStats(l *loadPlan) *loadStats {
	return &loadStats{tests: make([]testTally, len(l.units)), iterations: make([]int64, len(l.flows))}
}

// record takes in one run of a unit. sent says that there is a latency, forgiving that the unit may fail.
func (s *loadStats) record(i int, x *exec, sent bool, latency time.Duration, forgiving bool) {
	r := x.result
	reason := ""
	if r.Status == engine.StatusFailed || r.Status == engine.StatusErrored {
		reason = x.masker.Text(reasonOf(r))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tests[i]
	for _, c := range []*tally{&s.total, &s.second, &t.tally} {
		c.add(r)
		if sent {
			c.latency(latency)
		}
	}
	if reason != "" {
		if t.reasons == nil {
			t.reasons = map[string]int64{}
		}
		if _, known := t.reasons[reason]; !known && len(t.reasons) >= maxReasons {
			reason = manyReasons
		}
		t.reasons[reason]++
	}
	standsFor := severity
	if forgiving {
		standsFor = leniency
	}
	if t.sample == nil || standsFor(r.Status) > standsFor(t.sample.Status) ||
		standsFor(r.Status) == standsFor(t.sample.Status) && r.Status == engine.StatusPassed {
		t.sample, t.masker = r, x.masker
	}
}

func (t *tally) add(r *engine.TestResult) {
	switch r.Status {
	case engine.StatusPassed:
		t.passed++
	case engine.StatusFailed:
		t.failed++
	case engine.StatusSkipped:
		t.skipped++
	default:
		t.errored++
	}
	t.checks += int64(len(r.Assertions))
	t.checksPassed += int64(r.Passed())
}

// severity orders the results that may stand for a test.
func severity(s engine.Status) int {
	return slices.Index([]engine.Status{engine.StatusSkipped, engine.StatusPassed, engine.StatusFailed, engine.StatusErrored}, s)
}

// leniency orders the results that may stand for a test which may fail.
func leniency(s engine.Status) int {
	return slices.Index([]engine.Status{engine.StatusSkipped, engine.StatusErrored, engine.StatusFailed, engine.StatusPassed}, s)
}

// reasonOf is why a test did not pass.
func reasonOf(r *engine.TestResult) string {
	if r.Error != "" {
		return r.Error
	}
	for _, a := range r.Assertions {
		if !a.Passed {
			return a.Message
		}
	}
	return "failed"
}

// interrupted notes that a cancel cut a run of a unit off: it is no request, for nobody knows how it would have ended.
func (s *loadStats) interrupted(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tests[i].interrupted = true
}

// iteration counts one, as complete or as cut off.
func (s *loadStats) iteration(flow int, complete bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if complete {
		s.iterations[flow]++
	} else {
		s.cut++
	}
}

// busy notes that a user begins (1) or ends (-1) to work.
func (s *loadStats) busy(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users += change
	s.mostUsers = max(s.mostUsers, s.users)
}

// point closes a second.
func (s *loadStats) point(at time.Duration) (p LoadPoint, requests, errors int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &s.second
	p = LoadPoint{
		At: at, Length: at - s.last, Users: s.users, Requests: w.requests(), Errors: w.errors(),
		Mean: w.mean(), P50: w.percentile(50), P95: w.percentile(95), P99: w.percentile(99), MaxTime: w.max,
	}
	w.reset()
	s.last = at
	s.series = append(s.series, p)
	return p, s.total.requests(), s.total.errors()
}

// distribution groups the latencies in bars of growing width, about ten to a power of ten.
func (t *tally) distribution() []LoadBar {
	var bars []LoadBar
	if t.count() == 0 {
		return nil
	}
	upTo := int64(1)
	for _, b := range t.hist.Distribution() {
		if b.Count == 0 {
			continue
		}
		for b.From > upTo || len(bars) == 0 && b.To > upTo {
			upTo = nextBar(upTo)
		}
		if n := len(bars); n > 0 && bars[n-1].UpTo == time.Duration(upTo)*time.Microsecond {
			bars[n-1].Count += b.Count
			continue
		}
		bars = append(bars, LoadBar{time.Duration(upTo) * time.Microsecond, b.Count})
	}
	return bars
}

// nextBar is the next upper bound in microseconds: 1, 2, …, 9, 10, 12, 15, 20, … The steps are those that people read
// off an axis.
func nextBar(v int64) int64 {
	scale := int64(1)
	for v/scale >= 100 {
		scale *= 10
	}
	for _, step := range []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100} {
		if step*scale > v {
			return step * scale
		}
	}
	return v * 2 // unreachable: 100*scale is above v
}

// sortedReasons are the reasons of a test, most frequent first.
func (t *testTally) sortedReasons() []LoadReason {
	var list []LoadReason
	for message, n := range t.reasons {
		list = append(list, LoadReason{message, n})
	}
	slices.SortFunc(list, func(a, b LoadReason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Message, b.Message))
	})
	return list
}
