package run

import (
	"context"
	"sync"
)

// job is a unit of a schedule as the dispatcher sees it.
type job struct {
	wave int
	// step is the step of the plan that the job is a part of.
	step int
	// lane, where not negative, names jobs that run one at a time and in their order.
	lane int
	// alone is set for a job beside which nothing may run. It begins when nothing else can.
	alone bool
}

// dispatcher runs jobs as soon as what they need has ended and a place is free, so that a slow job holds up those that
// need it, and those of its lane, and nobody else. Of the jobs that could begin the first one does. Waves order the jobs
// and nothing more: they are told of as they begin and end, each after the one before.
//
// The jobs themselves hand out the next one: whoever has ended a job takes another.
type dispatcher struct {
	// jobs are ordered by wave. A job needs none of a later place, and those of a step stand together.
	jobs []job
	// steps are, for each step, those that must have ended before its jobs may begin. A step may be without jobs.
	steps [][]int32
	// limit is the number of jobs that may be under way; at least 1.
	limit int
	// run does a job, in a goroutine that it may keep busy, and reports whether no other job may begin any more. Through
	// pause it gives its place to others while it merely waits; it goes on when a place is free again.
	run func(job int, pause func(wait func())) (stop bool)
	// skip disposes of a job that may not begin: because ctx ended, or because one said so.
	skip func(job int)
	// begin and end are told of each wave, with the jobs [from, to), in the order of the waves: begin before the first job
	// of the wave or of a later one, end after the last job of it and of all earlier ones. One call at a time.
	begin, end func(wave, from, to int)
	// pick chooses one of n jobs that could begin; nil means the first. Tests shuffle with it.
	pick func(n int) int

	mu      sync.Mutex      // guards all below
	over    chan struct{}   // closed when nothing is under way and nothing can begin
	waits   []uint8         // by job: how much keeps it from beginning, which is its step and the job before it in its lane
	follows []int32         // by job: the next one of its lane, -1 where there is none
	first   []int32         // by step: its first job
	left    []int32         // by step: its jobs that have not ended
	missing []int32         // by step: the steps that it waits for
	needBy  [][]int32       // by step: those that wait for it
	ready   jobHeap         // that could begin
	alone   jobHeap         // that could begin if nothing else were under way
	ended   []bool          // by job
	waves   []waveProgress  // by wave
	begun   int             // waves that were told of
	closed  int             // waves whose end was told of
	resumes []chan struct{} // jobs that want to go on after a pause
	running int
	paused  int
	solo    bool // a job that runs alone is under way
	stopped bool
}

// waveProgress is where a wave stands: its jobs [from, to), and how many of them have not ended.
type waveProgress struct{ from, to, left int }

// dispatch returns when every job has run or was skipped. skip is called from its goroutine.
func (d *dispatcher) dispatch(ctx context.Context) {
	d.arrange()
	d.mu.Lock()
	var free []int32
	for step, needs := range d.steps {
		if len(needs) == 0 {
			free = append(free, int32(step))
		}
	}
	d.open(free)
	d.spawn(ctx)
	d.mu.Unlock()
	<-d.over
	for i := range d.jobs {
		if !d.ended[i] {
			d.announce(d.jobs[i].wave)
			d.skip(i)
			d.tick(i)
		}
	}
}

// arrange works out who follows whom. Nothing runs yet.
func (d *dispatcher) arrange() {
	d.over = make(chan struct{})
	d.ended, d.waits, d.follows = make([]bool, len(d.jobs)), make([]uint8, len(d.jobs)), make([]int32, len(d.jobs))
	d.first, d.left, d.missing = make([]int32, len(d.steps)), make([]int32, len(d.steps)), make([]int32, len(d.steps))
	d.needBy = make([][]int32, len(d.steps))
	last := map[int]int32{} // lane → the job seen last
	for i, j := range d.jobs {
		d.waits[i], d.follows[i] = 1, -1
		if j.lane >= 0 {
			if before, ok := last[j.lane]; ok {
				d.follows[before] = int32(i)
				d.waits[i]++
			}
			last[j.lane] = int32(i)
		}
		if d.left[j.step] == 0 {
			d.first[j.step] = int32(i)
		}
		d.left[j.step]++
		if j.wave >= len(d.waves) {
			d.waves = append(d.waves, waveProgress{from: i})
		}
		w := &d.waves[j.wave]
		w.to, w.left = i+1, w.left+1
	}
	for step, needs := range d.steps {
		d.missing[step] = int32(len(needs))
		for _, n := range needs {
			d.needBy[n] = append(d.needBy[n], int32(step))
		}
	}
}

// open lets the jobs of some steps begin, as far as the steps decide; one without jobs has ended with that.
func (d *dispatcher) open(steps []int32) {
	for len(steps) > 0 {
		s := steps[0]
		steps = steps[1:]
		for i := d.first[s]; i < d.first[s]+d.left[s]; i++ {
			d.release(i)
		}
		if d.left[s] == 0 {
			steps = append(steps, d.finished(s)...)
		}
	}
}

// finished are the steps that waited for one that has ended, and for nothing else.
func (d *dispatcher) finished(step int32) []int32 {
	var free []int32
	for _, s := range d.needBy[step] {
		if d.missing[s]--; d.missing[s] == 0 {
			free = append(free, s)
		}
	}
	return free
}

// release takes one reason to wait from a job.
func (d *dispatcher) release(i int32) {
	if d.waits[i]--; d.waits[i] > 0 {
		return
	}
	if d.jobs[i].alone {
		d.alone.push(i)
	} else {
		d.ready.push(i)
	}
}

// next takes the job that begins now, if one may.
func (d *dispatcher) next(ctx context.Context) (i int, ok bool) {
	for d.running < d.limit && len(d.resumes) > 0 {
		close(d.resumes[0])
		d.resumes = d.resumes[1:]
		d.running, d.paused = d.running+1, d.paused-1
	}
	switch {
	case d.stopped, d.solo, d.running >= d.limit, ctx.Err() != nil:
		return 0, false
	case len(d.ready) > 0:
		i = d.ready.pop(d.pick)
	case len(d.alone) > 0 && d.running+d.paused == 0:
		i, d.solo = d.alone.pop(d.pick), true
	default:
		return 0, false
	}
	d.running++
	d.announce(d.jobs[i].wave)
	return i, true
}

// spawn begins all that may, and says when there is nothing left to wait for.
func (d *dispatcher) spawn(ctx context.Context) {
	for i, ok := d.next(ctx); ok; i, ok = d.next(ctx) {
		go d.work(ctx, i)
	}
	if d.running+d.paused == 0 {
		close(d.over)
	}
}

// work runs a job, and then others for as long as there are some.
func (d *dispatcher) work(ctx context.Context, i int) {
	pause := func(wait func()) { d.pause(ctx, wait) }
	for ok := true; ok; {
		stop := d.run(i, pause)
		i, ok = d.done(ctx, i, stop)
	}
}

// done notes that a job has ended, and takes the next one for its goroutine.
func (d *dispatcher) done(ctx context.Context, i int, stop bool) (next int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running--
	d.stopped = d.stopped || stop
	j := d.jobs[i]
	if j.alone {
		d.solo = false
	}
	if f := d.follows[i]; f >= 0 {
		d.release(f)
	}
	if d.left[j.step]--; d.left[j.step] == 0 {
		d.open(d.finished(int32(j.step)))
	}
	d.tick(i)
	next, ok = d.next(ctx)
	d.spawn(ctx)
	return next, ok
}

// pause gives a job's place away for as long as wait takes.
func (d *dispatcher) pause(ctx context.Context, wait func()) {
	d.mu.Lock()
	d.running, d.paused = d.running-1, d.paused+1
	d.spawn(ctx)
	d.mu.Unlock()
	wait()
	d.mu.Lock()
	if d.running < d.limit {
		d.running, d.paused = d.running+1, d.paused-1
		d.mu.Unlock()
		return
	}
	granted := make(chan struct{})
	d.resumes = append(d.resumes, granted)
	d.mu.Unlock()
	<-granted
}

// announce tells of the waves up to one.
func (d *dispatcher) announce(wave int) {
	for ; d.begun <= wave; d.begun++ {
		d.begin(d.begun, d.waves[d.begun].from, d.waves[d.begun].to)
	}
}

// tick counts a job that has ended, and tells of the waves that have ended with it.
func (d *dispatcher) tick(i int) {
	d.ended[i] = true
	d.waves[d.jobs[i].wave].left--
	for ; d.closed < len(d.waves) && d.waves[d.closed].left == 0; d.closed++ {
		d.announce(d.closed)
		d.end(d.closed, d.waves[d.closed].from, d.waves[d.closed].to)
	}
}

// jobHeap is a heap of jobs, the first of them at the front.
type jobHeap []int32

func (h *jobHeap) push(i int32) {
	*h = append(*h, i)
	list := *h
	for at := len(list) - 1; at > 0; {
		parent := (at - 1) / 2
		if list[parent] <= list[at] {
			return
		}
		list[parent], list[at] = list[at], list[parent]
		at = parent
	}
}

// pop takes the first job, or the one that pick chooses.
func (h *jobHeap) pop(pick func(n int) int) int {
	list := *h
	at := 0
	if pick != nil {
		at = pick(len(list))
	}
	taken, last := list[at], len(list)-1
	list[at] = list[last]
	list = list[:last]
	*h = list
	if pick != nil {
		return int(taken) // who picks has no use for the order
	}
	for {
		child := 2*at + 1
		if child >= last {
			return int(taken)
		}
		if child+1 < last && list[child+1] < list[child] {
			child++
		}
		if list[at] <= list[child] {
			return int(taken)
		}
		list[at], list[child] = list[child], list[at]
		at = child
	}
}
