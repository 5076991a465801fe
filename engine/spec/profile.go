package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/text"
)

// The stable codes of what is wrong with a load profile. The checker and the runner say the same.
const (
	CodeLoadValue     = "load.value"        // a number or duration that is none, or too low, as the field's declaration says too
	CodeLoadProfile   = "load.profile"      // values that make no load together, or more of one than there can be
	CodeLoadThreshold = "load.threshold"    // a threshold that cannot be judged
	CodeLoadTest      = "load.unknown-test" // a scenario that names no test of its file
)

// maxLoadUsers and maxLoadRPS are more than one machine can carry: a workspace that asks for more has a slip of the
// keyboard in it, or means harm.
const (
	maxLoadUsers = 100_000
	maxLoadRPS   = 1_000_000
)

// LoadProfile is what a `load` asks for, read and with its defaults filled in. Times are those that the user wrote.
type LoadProfile struct {
	// Users run at the same time; 0 means that the user did not say.
	Users int
	// Duration is how long users begin iterations; 0 means that each of them runs the tests once.
	Duration time.Duration
	// RPS is the rate of requests at which iterations arrive; 0 means that users go as fast as they can.
	RPS    float64
	RampUp time.Duration
	Stages []LoadStage
	Limits []Limit
	Flows  []LoadFlow
}

// LoadStage is one step: so many users for so long.
type LoadStage struct {
	Users    int
	Duration time.Duration
}

// LoadFlow is a scenario: its share, and the aliases of the tests that its iterations run.
type LoadFlow struct {
	Name   string
	Weight float64
	Tests  []string
}

// Profile reads the load profile of a spec; one without `load` is one user who runs the tests once. The problems are
// fatal: a load that is not what the user meant is better not run.
func (s *Spec) Profile() (LoadProfile, []Problem) {
	if s.Load == nil {
		return LoadProfile{Users: 1}, nil
	}
	r := profileReader{spec: s}
	l := s.Load
	p := LoadProfile{
		Users: r.whole(l.Users, "users", 1), Duration: r.duration(l.Duration, "duration", false),
		RPS: r.rps(l.RPS), RampUp: r.duration(l.RampUp, "rampUp", true),
	}
	for _, st := range l.Stages {
		p.Stages = append(p.Stages, LoadStage{r.whole(st.Users, "users", 0), r.duration(st.Duration, "duration", false)})
	}
	if p.Users == 0 && p.RPS == 0 {
		p.Users = 1
	}
	if p.RPS > 0 && p.Duration == 0 && len(p.Stages) == 0 && len(r.list) == 0 {
		r.fatal(l.RPS.Span(), CodeLoadProfile, "`rps` is a rate, which needs a `duration` or `stages` to last for")
	}
	p.Flows = r.flows(l.Scenarios)
	for _, th := range l.Thresholds {
		limit, problems := th.Limit(s.aliases())
		r.list = append(r.list, problems...)
		p.Limits = append(p.Limits, limit)
	}
	return p, r.list
}

// aliases are those of the spec's tests.
func (s *Spec) aliases() []string {
	var list []string
	for _, t := range s.Tests.All() {
		if t.Alias.Value != "" {
			list = append(list, t.Alias.Value)
		}
	}
	return list
}

type profileReader struct {
	problems
	spec *Spec
}

// whole reads a number of users.
func (r *profileReader) whole(t Text, name string, least int) int {
	if t.Value == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(t.Value))
	if err != nil || n < least || n > maxLoadUsers {
		code := CodeLoadValue
		if v, err := strconv.ParseFloat(strings.TrimSpace(t.Value), 64); err == nil && v >= float64(least) {
			code = CodeLoadProfile // a number, and not too low: that there is more to it only a load knows
		}
		r.fatal(t.Span(), code, fmt.Sprintf("%s must be a whole number from %d to %d, not %s",
			quote(name), least, maxLoadUsers, quote(shorten(t.Value))))
		return 0
	}
	return n
}

func (r *profileReader) duration(t Text, name string, zero bool) time.Duration {
	if t.Value == "" {
		return 0
	}
	d, err := ParseDuration(t.Value)
	switch {
	case err != nil:
		r.fatal(t.Span(), CodeLoadValue, fmt.Sprintf("%s: %v", quote(name), err))
	case d < 0 || d == 0 && !zero:
		r.fatal(t.Span(), CodeLoadProfile, fmt.Sprintf("%s must be longer than nothing", quote(name)))
	default:
		return d
	}
	return 0
}

func (r *profileReader) rps(t Text) float64 {
	if t.Value == "" {
		return 0
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(t.Value), 64)
	if err != nil || !(v > 0) || v > maxLoadRPS {
		code := CodeLoadValue
		if err == nil && v >= 0 {
			code = CodeLoadProfile
		}
		r.fatal(t.Span(), code, fmt.Sprintf("`rps` must be a number of requests a second, above 0 and at most %d, not %s",
			maxLoadRPS, quote(shorten(t.Value))))
		return 0
	}
	return v
}

func (r *profileReader) flows(scenarios []LoadScenario) []LoadFlow {
	known := r.spec.aliases()
	var flows []LoadFlow
	var all text.Span
	total := 0.0
	for _, sc := range scenarios {
		f := LoadFlow{Name: sc.Name.Value, Weight: 1}
		if all == (text.Span{}) {
			all = sc.Name.Span()
		}
		if sc.Weight.Value != "" {
			w, err := strconv.ParseFloat(strings.TrimSpace(sc.Weight.Value), 64)
			if err != nil || !(w >= 0) || math.IsInf(w, 0) {
				r.fatal(sc.Weight.Span(), CodeLoadValue, fmt.Sprintf("`weight` must be a number that is not negative, not %s",
					quote(shorten(sc.Weight.Value))))
			}
			f.Weight = w
		}
		for _, t := range sc.Tests {
			if !slices.Contains(known, t.Value) {
				r.unknownTest(t, known)
				continue
			}
			f.Tests = append(f.Tests, t.Value)
		}
		if len(sc.Tests) == 0 {
			r.fatal(sc.Name.Span(), CodeLoadProfile, fmt.Sprintf("the scenario %s has no `tests`; list the aliases of the tests that it runs",
				quote(f.Name)))
		}
		total += f.Weight
		flows = append(flows, f)
	}
	if len(flows) > 0 && total == 0 && len(r.list) == 0 {
		r.fatal(all, CodeLoadProfile, "no scenario has a `weight` above 0, so nothing would run")
	}
	return flows
}

func (r *profileReader) unknownTest(t Text, known []string) {
	message := "no test of this file has the alias " + quote(shorten(t.Value))
	if near := Nearest(t.Value, known); near != "" {
		r.fatal(t.Span(), CodeLoadTest, message+"; did you mean "+quote(near)+"?",
			Fix{Title: "Replace with " + quote(near), Edits: []text.Edit{{Span: t.Span(), New: near}}})
		return
	}
	r.fatal(t.Span(), CodeLoadTest, message)
}
