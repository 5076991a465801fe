package run

import "context"

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
	// run does a job, in a goroutine of its own, and reports whether no other job may begin any more.
	run func(job int) (stop bool)
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

// ended is what a job's goroutine reports.
type ended struct {
	job  int
	stop bool
}

func (d *dispatcher) wave(ctx context.Context, from, to int, stopped bool) bool {
	pending := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		pending = append(pending, i)
	}
	done := make(chan ended)
	busy := map[int]bool{}
	running := 0
	for {
		if !stopped && ctx.Err() == nil {
			waiting := make([]int, 0, len(pending))
			for n, i := range pending {
				if running >= d.limit {
					waiting = append(waiting, pending[n:]...)
					break
				}
				lane := d.jobs[i].lane
				if busy[lane] {
					waiting = append(waiting, i)
					continue
				}
				if lane >= 0 {
					busy[lane] = true
				}
				running++
				go func() { done <- ended{i, d.run(i)} }()
			}
			pending = waiting
		}
		if running == 0 {
			break
		}
		e := <-done
		running--
		delete(busy, d.jobs[e.job].lane)
		stopped = stopped || e.stop
	}
	for _, i := range pending {
		d.skip(i)
	}
	return stopped
}
