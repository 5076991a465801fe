package run

import (
	"math"
	"time"

	"github.com/speclens/speclens/engine/spec"
)

// Without `users`, an open load has as many users as arrive in ten seconds, within these bounds: arrivals beyond that
// wait, and their latency says so.
const (
	leastOpenUsers = 10
	mostOpenUsers  = 1000
)

// pace says when which user works and when iterations arrive. Times count from the start of the load. Immutable.
type pace struct {
	steps []paceStep
	// end is when no iteration begins any more; 0 where every user makes just one.
	end    time.Duration
	rampUp time.Duration
	rps    float64
}

// paceStep is a stretch of time with one number of users.
type paceStep struct {
	from, to time.Duration
	users    int
}

// spell is a stretch of time in which a user works; of the user who makes just one iteration to is 0.
type spell struct{ from, to time.Duration }

func newPace(p spec.LoadProfile) pace {
	users := p.Users
	if users == 0 && p.RPS > 0 {
		users = min(mostOpenUsers, max(leastOpenUsers, int(math.Ceil(p.RPS*10))))
	}
	c := pace{end: p.Duration, rampUp: p.RampUp, rps: p.RPS}
	if len(p.Stages) == 0 {
		c.steps = []paceStep{{to: p.Duration, users: users}}
		return c
	}
	var at time.Duration
	for _, s := range p.Stages {
		c.steps = append(c.steps, paceStep{from: at, to: at + s.Duration, users: s.Users})
		at += s.Duration
	}
	if c.end == 0 {
		c.end = at
	}
	// The duration has the last word: what lies behind it is cut off, and the last stage goes on until then.
	c.steps[len(c.steps)-1].to = max(at, c.end)
	kept := c.steps[:0]
	for _, s := range c.steps {
		if s.to = min(s.to, c.end); s.from < s.to {
			kept = append(kept, s)
		}
	}
	c.steps = kept
	return c
}

// most is the greatest number of users at the same time.
func (c pace) most() int {
	n := 0
	for _, s := range c.steps {
		n = max(n, s.users)
	}
	return n
}

// spells are when a user works. Users are numbered from 0 and leave in the reverse order of their coming. Those that a
// step adds come one after the other over the ramp; where arrivals are scheduled it is their rate that rises instead.
func (c pace) spells(user int) []spell {
	var list []spell
	before := 0
	for _, s := range c.steps {
		if user < s.users {
			from := s.from
			if user >= before && c.rps == 0 {
				ramp := c.rampUp
				if s.to > 0 {
					ramp = min(ramp, s.to-s.from)
				}
				from += time.Duration(float64(ramp) * float64(user-before) / float64(s.users-before))
			}
			if n := len(list); n > 0 && list[n-1].to == from && from == s.from {
				list[n-1].to = s.to
			} else {
				list = append(list, spell{from, s.to})
			}
		}
		before = s.users
	}
	return list
}

// arrival is when the request with that number, from 0, is to be sent in an open load: the rate rises evenly over the
// ramp and then stays.
func (c pace) arrival(n int64) time.Duration {
	ramp := c.rampUp.Seconds()
	inRamp := c.rps * ramp / 2
	var at float64
	if v := float64(n); v < inRamp {
		at = math.Sqrt(2 * ramp * v / c.rps)
	} else {
		at = ramp + (v-inRamp)/c.rps
	}
	return time.Duration(at * float64(time.Second))
}
