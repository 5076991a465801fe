package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// probe records what a dispatcher does, and holds jobs until they are let go.
type probe struct {
	mu      sync.Mutex
	log     []string      // guarded by mu
	running int           // guarded by mu
	most    int           // guarded by mu
	changed chan struct{} // a token for every line
}

func newProbe() *probe { return &probe{changed: make(chan struct{}, 1000)} }

func (p *probe) note(format string, args ...any) {
	p.mu.Lock()
	p.log = append(p.log, fmt.Sprintf(format, args...))
	p.mu.Unlock()
	p.changed <- struct{}{}
}

func (p *probe) enter() {
	p.mu.Lock()
	p.running++
	p.most = max(p.most, p.running)
	p.mu.Unlock()
}

func (p *probe) leave() {
	p.mu.Lock()
	p.running--
	p.mu.Unlock()
}

// wait returns when a line was noted.
func (p *probe) wait(t *testing.T, line string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		p.mu.Lock()
		seen := slices.Contains(p.log, line)
		p.mu.Unlock()
		if seen {
			return
		}
		select {
		case <-p.changed:
		case <-deadline:
			t.Fatalf("waited for %q in vain", line)
		}
	}
}

func (p *probe) dispatcher(limit int, jobs []job, run func(i int) bool) *dispatcher {
	d := &dispatcher{
		jobs: jobs, limit: limit,
		run: func(i int, _ func(func())) bool {
			p.enter()
			defer p.leave()
			p.note("run %d", i)
			stop := run(i)
			p.note("ran %d", i)
			return stop
		},
		skip:  func(i int) { p.note("skip %d", i) },
		begin: func(w, from, to int) { p.note("wave %d [%d,%d)", w, from, to) },
		end:   func(w, _, _ int) { p.note("end %d", w) },
	}
	for i := range jobs {
		jobs[i].step = i
		d.steps = append(d.steps, nil)
	}
	return d
}

// need makes jobs, by their numbers, need others: each list is a job and those that it needs.
func (d *dispatcher) need(lists ...[]int32) *dispatcher {
	for _, l := range lists {
		d.steps[l[0]] = append(d.steps[l[0]], l[1:]...)
	}
	return d
}

// free are jobs of these waves that need nothing but what need says.
func free(waves ...int) []job {
	jobs := make([]job, len(waves))
	for i, w := range waves {
		jobs[i] = job{wave: w, lane: -1}
	}
	return jobs
}

// lanes are jobs of the first wave, by the lane that each is in.
func lanes(lanes ...int) []job {
	jobs := make([]job, len(lanes))
	for i, l := range lanes {
		jobs[i] = job{lane: l}
	}
	return jobs
}

func never(int) bool { return false }

func TestDispatchRunsSeriallyInOrder(t *testing.T) {
	p := newProbe()
	p.dispatcher(1, free(0, 0, 1), never).need([]int32{2, 0}).dispatch(t.Context())
	want := []string{"wave 0 [0,2)", "run 0", "ran 0", "run 1", "ran 1", "end 0", "wave 1 [2,3)", "run 2", "ran 2", "end 1"}
	if !slices.Equal(p.log, want) {
		t.Errorf("got %v\nwant %v", p.log, want)
	}
}

func TestAJobBeginsWhenWhatItNeedsHasEndedWhateverItsWave(t *testing.T) {
	p := newProbe()
	hold := make(chan struct{})
	d := p.dispatcher(2, free(0, 0, 1, 2), func(i int) bool {
		if i == 0 {
			<-hold
		}
		return false
	}).need([]int32{2, 1}, []int32{3, 2})
	go func() { p.wait(t, "ran 3"); close(hold) }()
	d.dispatch(t.Context())
	want := []string{
		"run 1", "ran 1", "wave 1 [2,3)", "run 2", "ran 2", "wave 2 [3,4)", "run 3", "ran 3", "ran 0", "end 0", "end 1", "end 2",
	}
	got := slices.DeleteFunc(slices.Clone(p.log[1:]), func(l string) bool { return l == "run 0" })
	if p.log[0] != "wave 0 [0,2)" || !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", p.log, want)
	}
}

func TestAJobNeverBeginsBeforeWhatItNeedsHasEnded(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var jobs []job
		var needs [][]int32
		for i := range 200 {
			wave := i / 20
			jobs = append(jobs, job{wave: wave, lane: -1, alone: i%50 == 49})
			if i%7 == 0 {
				jobs[i].lane = i % 3
			}
			list := []int32{int32(i)}
			for range random.IntN(4) {
				if wave > 0 {
					list = append(list, int32(random.IntN(wave*20)))
				}
			}
			needs = append(needs, list)
		}
		ended := make([]atomic.Bool, len(jobs))
		p := newProbe()
		last := map[int]int{}
		before := make([]int, len(jobs)) // in its lane
		for i, j := range jobs {
			before[i] = -1
			if b, ok := last[j.lane]; ok && j.lane >= 0 {
				before[i] = b
			}
			last[j.lane] = i
		}
		var running atomic.Int32
		d := p.dispatcher(1+int(seed)%9, jobs, func(i int) bool {
			n := running.Add(1)
			defer running.Add(-1)
			for _, need := range needs[i][1:] {
				if !ended[need].Load() {
					t.Errorf("job %d began before %d had ended", i, need)
				}
			}
			if b := before[i]; b >= 0 && !ended[b].Load() {
				t.Errorf("job %d began before %d of its lane had ended", i, b)
			}
			if jobs[i].alone && n != 1 {
				t.Errorf("job %d is not alone", i)
			}
			runtime.Gosched()
			ended[i].Store(true)
			return false
		}).need(needs...)
		if seed%2 == 1 {
			d.pick = random.IntN
		}
		d.dispatch(t.Context())
		for i := range ended {
			if !ended[i].Load() {
				t.Errorf("seed %d: job %d did not run", seed, i)
			}
		}
	}
}

func TestAStepWithoutJobsWaitsForAllThatItStandsFor(t *testing.T) {
	p := newProbe()
	jobs := free(0, 0, 1)
	d := p.dispatcher(3, jobs, func(i int) bool {
		if i == 0 {
			p.wait(t, "ran 1")
		}
		return false
	})
	d.steps = append(d.steps, []int32{0, 1}, []int32{3}) // all of a file, and all of that
	d.need([]int32{2, 4}).dispatch(t.Context())
	if tail := p.log[len(p.log)-6:]; !slices.Equal(tail, []string{"ran 0", "end 0", "wave 1 [2,3)", "run 2", "ran 2", "end 1"}) {
		t.Errorf("log = %q", p.log)
	}
}

func TestAJobThatRunsAloneWaitsForNobodyWhoNeedsIt(t *testing.T) {
	p := newProbe()
	jobs := free(0, 1, 2, 2)
	jobs[1].alone = true
	p.dispatcher(4, jobs, never).need([]int32{2, 0}, []int32{3, 1}).dispatch(t.Context())
	want := []string{
		"wave 0 [0,1)", "run 0", "ran 0", "end 0", "wave 1 [1,2)", "wave 2 [2,4)", "run 2", "ran 2", "run 1", "ran 1", "end 1",
		"run 3", "ran 3", "end 2",
	}
	if !slices.Equal(p.log, want) {
		t.Errorf("got %v\nwant %v", p.log, want)
	}
}

func TestAPickChoosesAmongThoseThatCouldBegin(t *testing.T) {
	p := newProbe()
	d := p.dispatcher(1, free(0, 0, 0, 0), never)
	d.pick = func(n int) int { return n - 1 }
	d.dispatch(t.Context())
	if want := []string{"run 3", "run 2", "run 1", "run 0"}; !slices.Equal(slices.DeleteFunc(p.log, func(l string) bool {
		return !strings.HasPrefix(l, "run")
	}), want) {
		t.Errorf("log = %q, want %q", p.log, want)
	}
}

func TestDispatchOfNothingEnds(t *testing.T) {
	p := newProbe()
	p.dispatcher(1, nil, nil).dispatch(t.Context())
	if len(p.log) != 0 {
		t.Errorf("got %v", p.log)
	}
}

func TestASlowJobDelaysNoOtherOfItsWave(t *testing.T) {
	p := newProbe()
	release, begun := make(chan struct{}), make(chan struct{})
	d := p.dispatcher(2, free(0, 0, 0, 0), func(i int) bool {
		if i == 0 {
			close(begun)
			<-release
		} else {
			<-begun // so that both places are really taken
		}
		return false
	})
	go func() { p.wait(t, "ran 3"); close(release) }()
	d.dispatch(t.Context())
	if p.most != 2 {
		t.Errorf("%d jobs at a time, want 2", p.most)
	}
	if last := p.log[len(p.log)-2]; last != "ran 0" {
		t.Errorf("the slow job ended as %q", last)
	}
}

func TestJobsOfALaneRunOneAtATimeAndInOrder(t *testing.T) {
	p := newProbe()
	jobs := lanes(7, 7, -1, 7)
	hold := make(chan struct{})
	d := p.dispatcher(4, jobs, func(i int) bool {
		if i == 0 {
			<-hold
		}
		return false
	})
	go func() { p.wait(t, "ran 2"); close(hold) }()
	d.dispatch(t.Context())
	var lane []string
	for _, l := range p.log {
		for _, i := range []int{0, 1, 3} {
			if l == fmt.Sprintf("run %d", i) || l == fmt.Sprintf("ran %d", i) {
				lane = append(lane, l)
			}
		}
	}
	if want := []string{"run 0", "ran 0", "run 1", "ran 1", "run 3", "ran 3"}; !slices.Equal(lane, want) {
		t.Errorf("lane ran as %v", lane)
	}
}

func TestAJobThatSaysStopSkipsWhatHasNotBegun(t *testing.T) {
	p := newProbe()
	p.dispatcher(1, free(0, 0, 1), func(i int) bool { return i == 0 }).dispatch(t.Context())
	want := []string{"wave 0 [0,2)", "run 0", "ran 0", "skip 1", "end 0", "wave 1 [2,3)", "skip 2", "end 1"}
	if !slices.Equal(p.log, want) {
		t.Errorf("got %v\nwant %v", p.log, want)
	}
}

func TestACancelWaitsForWhatIsUnderWayAndSkipsTheRest(t *testing.T) {
	p := newProbe()
	ctx, cancel := context.WithCancel(t.Context())
	p.dispatcher(2, free(0, 0, 0, 1), func(i int) bool {
		if i == 1 {
			cancel()
		}
		<-ctx.Done()
		return false
	}).dispatch(ctx)
	if tail := p.log[len(p.log)-5:]; !slices.Equal(tail, []string{"skip 2", "end 0", "wave 1 [3,4)", "skip 3", "end 1"}) {
		t.Errorf("ended with %v", tail)
	}
}

func TestTheLimitHoldsForManyJobs(t *testing.T) {
	p := newProbe()
	jobs := make([]job, 300)
	for i := range jobs {
		jobs[i] = job{wave: i / 100, lane: -1}
	}
	p.dispatcher(8, jobs, never).dispatch(t.Context())
	if p.most > 8 {
		t.Errorf("%d jobs at a time, want at most 8", p.most)
	}
	if n := len(p.log); n != 606 {
		t.Errorf("%d lines, want 606: every job once", n)
	}
}

func TestWhatWaitsForALaneIsSkippedInOrder(t *testing.T) {
	p := newProbe()
	jobs := append(lanes(7, 7, -1, 7), job{wave: 1, lane: 7})
	p.dispatcher(2, jobs, func(i int) bool {
		if i == 0 {
			p.wait(t, "ran 2")
		}
		return i == 0
	}).dispatch(t.Context())
	if tail := p.log[len(p.log)-6:]; !slices.Equal(tail, []string{"skip 1", "skip 3", "end 0", "wave 1 [4,5)", "skip 4", "end 1"}) {
		t.Errorf("log = %q", p.log)
	}
}

func TestAJobThatPausesGivesItsPlaceToAnother(t *testing.T) {
	p := newProbe()
	d := p.dispatcher(1, free(0, 0, 0), nil)
	d.run = func(i int, pause func(func())) bool {
		p.note("run %d", i)
		if i == 0 {
			pause(func() { p.wait(t, "run 1") })
			p.note("on %d", i)
		} else if i == 1 {
			// Whoever was there first goes on before anybody new begins.
			p.wait(t, "run 0")
		}
		p.enter()
		defer p.leave()
		p.note("ran %d", i)
		return false
	}
	d.dispatch(t.Context())
	if p.most != 1 || !slices.Contains(p.log, "on 0") {
		t.Errorf("%d at a time: %q", p.most, p.log)
	}
}

func TestAPausedJobGoesOnAfterACancel(t *testing.T) {
	p := newProbe()
	ctx, cancel := context.WithCancel(t.Context())
	d := p.dispatcher(1, free(0, 1), nil).need([]int32{1, 0})
	d.run = func(i int, pause func(func())) bool {
		pause(func() { cancel(); <-ctx.Done() })
		p.note("ran %d", i)
		return false
	}
	d.dispatch(ctx)
	if want := []string{"wave 0 [0,1)", "ran 0", "end 0", "wave 1 [1,2)", "skip 1", "end 1"}; !slices.Equal(p.log, want) {
		t.Errorf("log = %q", p.log)
	}
}
