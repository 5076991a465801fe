package run

import (
	"context"
	"slices"
)

// job is a unit of a schedule as the dispatcher sees it.
type job struct {
	wave int
	// lane, where not negative, names jobs that run one at a time and in order.
	lane int
}

// dispatcher runs jobs wave by wave. A wave begins when the one before has ended; within a wave every job begins as soon
// as a place is free and its lane is idle, so that a slow job holds up nothing but its own lane.
type dispatcher struct {
	// jobs are ordered by wave.
	jobs []job
	// limit is the number of jobs that may be under way; at least 1.
	limit int
	// run does a job, in a goroutine of its own, and reports whether no other job may begin any more. Through pause it
	// gives its place to others while it merely waits; it goes on when a place is free again.
	run func(job int, pause func(wait func())) (stop bool)
	// skip disposes of a job that may not begin: because ctx ended, or because one said so.
	skip func(job int)
	// begin and end are told of each wave, with the jobs [from, to).
	begin, end func(wave, from, to int)
}

// dispatch returns when every job has run or was skipped. begin, end and skip are called from its goroutine.
func (d *dispatcher) dispatch(ctx context.Context) {
	stopped := false
	for from := 0; from < len(d.jobs); {
		to := from
		for to < len(d.jobs) && d.jobs[to].wave == d.jobs[from].wave {
			to++
		}
		d.begin(d.jobs[from].wave, from, to)
		stopped = d.wave(ctx, from, to, stopped)
		d.end(d.jobs[from].wave, from, to)
		from = to
	}
}

// signal is what a job's goroutine tells the dispatcher.
type signal struct {
	job  int
	kind signalKind
	stop bool
	// granted is closed when a job that wants to go on may.
	granted chan struct{}
}

type signalKind uint8

const (
	jobEnded signalKind = iota
	jobPaused
	jobResumes
)

// pause gives a job's place away for as long as wait takes.
func pause(signals chan<- signal, job int, wait func()) {
	signals <- signal{job: job, kind: jobPaused}
	wait()
	granted := make(chan struct{})
	signals <- signal{job: job, kind: jobResumes, granted: granted}
	<-granted
}

// work runs a job, and then those that come by.
func (d *dispatcher) work(job int, again <-chan int, signals chan<- signal) {
	for ok := true; ok; job, ok = <-again {
		stop := d.run(job, func(wait func()) { pause(signals, job, wait) })
		signals <- signal{job: job, kind: jobEnded, stop: stop}
	}
}

// wave runs the jobs [from, to). Each job is looked at once, so that a wave of ten thousand costs no more per job than a
// small one: a job whose lane is taken waits in the lane's own queue, and follows when the lane is free.
func (d *dispatcher) wave(ctx context.Context, from, to int, stopped bool) bool {
	signals := make(chan signal)
	again := make(chan int) // jobs for goroutines that have ended theirs: their stacks have grown already
	defer close(again)
	waiting := map[int][]int{} // lane → the jobs that wait for it; present while a job of the lane is under way
	var freed []int            // jobs whose lane has become theirs
	var resuming []signal
	next, running, paused := from, 0, 0
	for {
		for running < d.limit && len(resuming) > 0 {
			close(resuming[0].granted)
			resuming = resuming[1:]
			running, paused = running+1, paused-1
		}
		for running < d.limit && !stopped && ctx.Err() == nil && (len(freed) > 0 || next < to) {
			i := next
			if len(freed) > 0 {
				i, freed = freed[0], freed[1:]
			} else {
				next++
				if lane := d.jobs[i].lane; lane >= 0 {
					queue, taken := waiting[lane]
					if taken {
						waiting[lane] = append(queue, i)
						continue
					}
					waiting[lane] = nil
				}
			}
			running++
			select {
			case again <- i:
			default:
				go d.work(i, again, signals)
			}
		}
		if running+paused == 0 {
			break
		}
		s := <-signals
		switch s.kind {
		case jobPaused:
			running, paused = running-1, paused+1
			continue
		case jobResumes:
			resuming = append(resuming, s)
			continue
		}
		running--
		stopped = stopped || s.stop
		lane := d.jobs[s.job].lane
		if queue := waiting[lane]; len(queue) > 0 {
			freed, waiting[lane] = append(freed, queue[0]), queue[1:]
		} else {
			delete(waiting, lane)
		}
	}
	for _, queue := range waiting {
		freed = append(freed, queue...)
	}
	slices.Sort(freed)
	for _, i := range freed {
		d.skip(i)
	}
	for ; next < to; next++ {
		d.skip(next)
	}
	return stopped
}
