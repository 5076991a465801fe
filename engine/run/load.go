package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speclens/speclens/engine"
)

// loadGrace is how long iterations may go on when the time of a load is over: what was sent is worth its answer, and
// answers that are cut off would make a slow server look fast.
const loadGrace = 5 * time.Second

// loadTick is the distance of the points of a load's series.
const loadTick = time.Second

// idleRest is what a user does after an iteration that sent nothing, so that it does not keep a core busy.
const idleRest = 100 * time.Millisecond

// errLoadOver is the cause of a context that ended because the time of the load was over.
var errLoadOver = errors.New("the load is over")

// load is a load under way. Its fields are set before the first user comes and only read from then on, but for those
// that say what guards them.
type load struct {
	r       *runner
	plan    *loadPlan
	info    LoadInfo
	pace    pace
	stats   *loadStats
	started time.Time
	// units are those of an iteration's runner.
	units *Schedule
	// going ends when no iteration may begin any more: the run was cancelled, or fail-fast stopped the load.
	going context.Context
	stop  context.CancelFunc
	// stopped says that fail-fast did.
	stopped atomic.Bool
	// forgiving says which units may fail: a threshold decides about their errors.
	forgiving []bool

	mu      sync.Mutex
	begun   uint64    // iterations; guarded by mu
	sent    int64     // requests of them, as far as scheduled; guarded by mu
	credits []float64 // of the flows, for their weights; guarded by mu
	upNext  int       // the flow of the next iteration, -1 where it is not chosen; guarded by mu
}

// iteration is one run through a flow.
type iteration struct {
	n    uint64
	flow int
	// at is when its first request is to be sent, in an open load.
	at time.Duration
}

// runLoad runs a load from its first user to its last result, and reports whether the run should begin nothing more.
func (r *runner) runLoad(ctx context.Context, i int) (stop bool) {
	l := r.newLoad(ctx, r.plan.units[i].load)
	defer l.stop()
	for _, u := range l.plan.units {
		r.out.emit(TestStarted{Test: u.info}, r.masker)
	}
	l.run(ctx)
	report := l.report(ctx)
	r.loads[i] = report
	r.out.emit(LoadCompleted{Report: report}, r.masker)
	r.results[i] = l.results(ctx, report)
	for k, res := range r.results[i] {
		r.out.emit(TestCompleted{Test: l.infoOf(k), Result: res}, r.masker)
		stop = stop || res.Status == engine.StatusFailed || res.Status == engine.StatusErrored
	}
	return r.failFast && stop
}

// skipLoad disposes of a load that may not begin.
func (r *runner) skipLoad(i int, why string) {
	l := r.newLoad(context.Background(), r.plan.units[i].load)
	defer l.stop()
	for k := range len(l.plan.units) + len(l.plan.limits()) {
		res := l.emptyResult(k)
		res.Status, res.Error = engine.StatusSkipped, why
		r.results[i] = append(r.results[i], r.masker.Result(res))
		r.out.emit(TestCompleted{Test: l.infoOf(k), Result: r.results[i][k]}, r.masker)
	}
}

func (r *runner) newLoad(ctx context.Context, plan *loadPlan) *load {
	l := &load{
		r: r, plan: plan, info: LoadInfo{URI: plan.file.doc.URI, Doc: plan.file.spec.Doc}, pace: newPace(plan.profile),
		stats: newLoadStats(plan), started: time.Now(), units: &Schedule{units: plan.units},
		forgiving: make([]bool, len(plan.units)), credits: make([]float64, len(plan.flows)), upNext: -1,
	}
	l.going, l.stop = context.WithCancel(ctx)
	for i, u := range plan.units {
		u.locate() // before the users share it
		l.forgiving[i] = l.decided(u)
	}
	return l
}

func (l *load) now() time.Duration { return time.Since(l.started) }

// run returns when the last user has gone.
func (l *load) run(ctx context.Context) {
	running, release := context.WithCancelCause(ctx)
	defer release(nil)
	if len(l.plan.flows) == 0 {
		return
	}
	if l.pace.end > 0 {
		over := time.AfterFunc(l.pace.end+loadGrace, func() { release(errLoadOver) })
		defer over.Stop()
	}
	ended := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() { l.tell(ended) })
	var users sync.WaitGroup
	for id := range l.pace.most() {
		users.Go(func() { l.user(running, id) })
	}
	users.Wait()
	close(ended)
	told.Wait()
}

// tell makes a point of the series every second until the load has ended.
func (l *load) tell(ended <-chan struct{}) {
	ticker := time.NewTicker(loadTick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ended:
			return
		}
		p, requests, failed := l.stats.point(l.now())
		l.r.out.emit(LoadProgress{
			Load: l.info, Point: p, Elapsed: p.At, Planned: l.pace.end, Requests: requests, Errors: failed, Dropped: l.overdue(p.At),
		}, l.r.masker)
	}
}

// user is one virtual user.
func (l *load) user(ctx context.Context, id int) {
	for _, s := range l.pace.spells(id) {
		if !l.sleepUntil(s.from) {
			return
		}
		for s.to == 0 || l.now() < s.to {
			it, ok := l.next(s.to)
			if !ok {
				break
			}
			if it.at > 0 && !l.sleepUntil(it.at) || l.going.Err() != nil {
				return
			}
			l.stats.busy(1)
			sent := l.iterate(ctx, it)
			l.stats.busy(-1)
			if s.to == 0 {
				return
			}
			if !sent && !l.sleepUntil(l.now()+idleRest) {
				return
			}
		}
	}
}

// sleepUntil waits for a time of the load; it is false where the load does not go on until then.
func (l *load) sleepUntil(at time.Duration) bool {
	wait := at - l.now()
	if wait <= 0 {
		return l.going.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return l.going.Err() == nil
	case <-l.going.Done():
		return false
	}
}

// next hands out the next iteration; none that is to begin later than to.
func (l *load) next(to time.Duration) (iteration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.upNext < 0 {
		l.upNext = l.choose()
	}
	it := iteration{n: l.begun, flow: l.upNext}
	if l.pace.rps > 0 {
		it.at = l.pace.arrival(l.sent)
		if it.at >= to {
			return it, false
		}
	}
	l.begun++
	l.sent += int64(len(l.plan.flows[it.flow].units))
	l.upNext = -1
	return it, true
}

// choose picks the flow whose turn it is: each gains its weight in every turn, and the one that has most pays for all.
// The shares are thus kept to in every stretch of iterations, and not merely in the long run.
func (l *load) choose() int {
	best, total := 0, 0.0
	for i, f := range l.plan.flows {
		l.credits[i] += f.weight
		total += f.weight
		if l.credits[i] > l.credits[best] {
			best = i
		}
	}
	l.credits[best] -= total
	return best
}

// overdue counts the requests of an open load that should have been sent by then and were given to no user.
func (l *load) overdue(at time.Duration) int64 {
	if l.pace.rps <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	low, high := l.sent, l.sent+int64(l.pace.rps*at.Seconds())+1
	for low < high { // arrivals never go back in time
		if mid := low + (high-low)/2; l.pace.arrival(mid) < at {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low - l.sent
}

// iterate runs one iteration, with data of its own, and reports whether it sent anything.
func (l *load) iterate(ctx context.Context, it iteration) (sentAny bool) {
	r := l.runner(it.n)
	for _, i := range l.plan.flows[it.flow].units {
		x := r.newExec(i)
		x.pause = func(wait func()) { wait() }
		x.run(ctx)
		x.conclude(ctx, i)
		sent := x.result.Attempts > 0
		if ctx.Err() != nil && x.result.Status != engine.StatusPassed && x.result.Status != engine.StatusFailed {
			l.cutOff(ctx, i, x, sent)
			l.stats.iteration(it.flow, false)
			return true
		}
		latency := x.took
		if sent && !sentAny && l.pace.rps > 0 {
			latency = l.now() - it.at // counted from when it was to be sent: a queue is the server's fault too
		}
		l.stats.record(i, x, sent, latency, l.forgiving[i])
		sentAny = sentAny || sent
		failed := x.result.Status == engine.StatusFailed || x.result.Status == engine.StatusErrored
		if failed && r.failFast && !l.forgiving[i] {
			l.stopped.Store(true)
			l.stop()
		}
	}
	l.stats.iteration(it.flow, true)
	return sentAny
}

// cutOff deals with a run of a unit that the end of the context cut off. That a server had not answered long after the
// load was over is its failure; that the user cancelled is nobody's.
func (l *load) cutOff(ctx context.Context, i int, x *exec, sent bool) {
	if !errors.Is(context.Cause(ctx), errLoadOver) {
		if sent {
			l.stats.interrupted(i)
		}
		return
	}
	if !sent {
		return
	}
	x.result.Error = fmt.Sprintf("no answer when the load had been over for %v", loadGrace)
	l.stats.record(i, x, true, x.took, l.forgiving[i])
}

// runner is the runner of one iteration: all that the run has, but its own outcomes and generated data, and nobody who
// listens.
func (l *load) runner(n uint64) *runner {
	r := l.r
	return &runner{
		snap: r.snap, registry: r.registry, plan: l.units, opts: r.opts, seed: iterationSeed(r.seed, n), failFast: r.failFast, serial: true,
		out: emitter{mute: true}, masker: r.masker, env: r.env, infos: r.infos, destinations: r.destinations, places: r.places,
		outcomes: make([]*outcome, len(l.units.units)), outer: r.outcomes,
	}
}

// iterationSeed derives the seed of an iteration from the run's: the finalizer of splitmix64, which sends neighbouring
// numbers far apart. It is never 0, which would mean none.
func iterationSeed(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31 | 1
}
