package main

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange/k6/k6test"
)

// loadCounts are what a load came to, where speclens ran it and where k6 did.
type loadCounts struct {
	Iterations, Requests, AtServer, ChecksPassed float64
	Shares                                       map[string]float64 // of the scenarios, in iterations
}

// near reports whether the counts differ by no more than some iterations.
func (c loadCounts) near(o loadCounts, slack float64) bool {
	share := c.Requests / c.Iterations
	close := func(a, b, slack float64) bool { return math.Abs(a-b) <= slack }
	for name, n := range c.Shares {
		if !close(n, o.Shares[name], max(slack, 1)) {
			return false
		}
	}
	return close(c.Iterations, o.Iterations, slack) && close(c.Requests, o.Requests, slack*share) && close(c.AtServer, o.AtServer,
		slack*share) &&
		close(c.ChecksPassed, o.ChecksPassed, slack*c.ChecksPassed/c.Iterations)
}

// k6Chances is how often a comparison that depends on a clock is made before it counts as failed.
const k6Chances = 6

// A load is compared by its counts. Where no clock decides they are equal; where one does, the server takes so long that
// the counts do not depend on a few milliseconds, and there is one iteration of tolerance for what begins at the very end.
func TestK6MakesTheSameLoadAsSpeclens(t *testing.T) {
	t.Parallel()
	const steady = "[{ resource: '/steady?ms=350', expect: { status: 200 } }]"
	tests := []struct {
		name, load, tests string
		slack, least      float64 // in iterations
		sent              bool    // the requests are the same, one by one
	}{
		{
			name: "users who run the tests once", load: "{ users: 3 }", least: 3, sent: true,
			tests: "[{ alias: a, resource: /login, save: { t: response.body.token } }, " +
				"{ resource: '/echo/{{ t }}', expect: { status: 200, body: { path: contains t0k } } }]",
		},
		{
			name: "users who come one after the other and run the tests once", load: "{ users: 3, rampUp: 300ms }", least: 3, sent: true,
			tests: "[{ resource: /echo, expect: { status: 200 } }]",
		},
		{name: "users for a time", load: "{ users: 2, duration: 1s }", slack: 1, least: 5, tests: steady}, // at 0, 350 and 700 ms
		{name: "users for a short time", load: "{ users: 2, duration: 600ms }", slack: 1, least: 3, tests: steady},
		{
			name:  "stages, of which the last is cut off",
			load:  "{ duration: 1s, stages: [{ duration: 500ms, users: 1 }, { duration: 9s, users: 3 }] }",
			slack: 1, least: 6, tests: steady,
		},
		{
			name:  "a stage without users",
			load:  "{ stages: [{ duration: 300ms, users: 2 }, { duration: 300ms, users: 0 }, { duration: 300ms, users: 1 }] }",
			slack: 1, least: 2, tests: steady,
		},
		{name: "a ramp", load: "{ users: 3, duration: 1s, rampUp: 600ms }", slack: 1, least: 6, tests: steady},
		{name: "a rate", load: "{ rps: 20, duration: 1s }", slack: 1, least: 19,
			tests: "[{ resource: /echo, expect: { status: 200, body: { method: GET } } }]"},
		{name: "a rate for a short time", load: "{ rps: 20, duration: 500ms }", slack: 1, least: 9, tests: "[{ resource: /echo }]"},
		{name: "a rate with a fraction", load: "{ rps: 7.5, duration: 1s }", slack: 1, least: 7, tests: "[{ resource: /echo }]"},
		{
			name: "a rate of requests, two for each iteration", load: "{ rps: 20, duration: 1s }", slack: 1, least: 9,
			tests: "[{ resource: /echo/1, expect: { status: 200 } }, { resource: /echo/2, expect: { status: 2xx } }]",
		},
		{name: "a rate that rises", load: "{ rps: 40, duration: 1s, rampUp: 1s }", slack: 2, least: 15, tests: "[{ resource: /echo }]"},
		{name: "a rate that never gets there", load: "{ rps: 40, duration: 1s, rampUp: 2s }", slack: 2, least: 6, tests: "[{ resource: /echo }]"},
		{
			name: "weighted scenarios", slack: 1, least: 15,
			load:  "{ rps: 16, duration: 1s, scenarios: { browse: { weight: 3, tests: [list] }, buy: { weight: 1, tests: [pay] } } }",
			tests: "[{ alias: list, resource: /echo/list, expect: { status: 200 } }, { alias: pay, resource: /echo/pay, expect: { status: 200 } }]",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := "-- load.qube.yaml --\ntarget: \"@API@\"\nmode: load\nload: " + tt.load + "\ntests: " + tt.tests + "\n"
			k6test.Need(t)
			// Each has an API of its own, so that they may run at the same time.
			a, b := newK6API(t), newK6API(t)
			dir := k6Specs(t, a, spec)
			script, _ := exportForK6(t, k6Specs(t, b, spec))
			for chance := 1; ; chance++ {
				done := make(chan localRun, 1)
				var running sync.WaitGroup
				t.Cleanup(running.Wait) // also where k6 fails
				running.Go(func() {
					defer close(done)
					done <- runLocally(t, a, dir)
				})
				o := k6test.Run(t, script)
				local, sent := <-done, b.take()
				if len(local.loads) != 1 || local.code != exitOK || o.Code != 0 {
					t.Fatalf("%d loads, codes %d and %d\n%s", len(local.loads), local.code, o.Code, o.Log)
				}
				if diff := cmp.Diff(local.sent, sent); tt.sent && diff != "" {
					t.Fatalf("requests of speclens (-) and k6 (+):\n%s", diff)
				}
				want, got := countsOf(local, o, len(sent))
				if want.near(got, tt.slack) && got.Iterations >= tt.least {
					return
				}
				// On a busy machine a clock may be late. It is not so each time.
				if chance == k6Chances || tt.slack == 0 {
					t.Fatalf("in speclens %+v, in k6 %+v", want, got)
				}
			}
		})
	}
}

func countsOf(local localRun, o k6test.Outcome, atServer int) (speclens, k6 loadCounts) {
	l := local.loads[0]
	speclens = loadCounts{
		float64(l.Iterations), float64(l.Total.Requests), float64(len(local.sent)), float64(l.Total.ChecksPassed), map[string]float64{},
	}
	k6 = loadCounts{o.Sum("iterations"), o.Sum("http_reqs"), float64(atServer), o.Sum("checks"), map[string]float64{}}
	for _, share := range l.Scenarios {
		speclens.Shares[share.Name] = float64(share.Iterations)
	}
	for _, p := range o.Points {
		if p.Metric == "http_reqs" && p.Tags["flow"] != "" {
			k6.Shares[p.Tags["flow"]]++ // a flow of these tests has one request
		}
	}
	return speclens, k6
}

// Two machines share a load as the operator divides it: together they make as much, and the scenarios keep their shares.
func TestALoadInK6CanBeDivided(t *testing.T) {
	t.Parallel()
	k6test.Need(t)
	a := newK6API(t)
	dir := k6Specs(t, a, `
-- load.qube.yaml --
target: "@API@"
mode: load
load: { rps: 16, duration: 1s, scenarios: { browse: { weight: 3, tests: [list] }, buy: { weight: 1, tests: [pay] } } }
tests: [{ alias: list, resource: /echo/list, expect: { status: 200 } }, { alias: pay, resource: /echo/pay, expect: { status: 200 } }]
`)
	script, _ := exportForK6(t, dir)
	for chance := 1; ; chance++ {
		parts := make([]k6test.Outcome, 2)
		var machines sync.WaitGroup
		for i := range parts {
			machines.Go(func() { parts[i] = k6test.RunPart(t, script, i > 0) })
		}
		machines.Wait()
		total, least, shares := 0.0, math.Inf(1), map[string]int{}
		for _, o := range parts {
			if o.Code != 0 {
				t.Fatalf("code %d\n%s", o.Code, o.Log)
			}
			total += o.Sum("iterations")
			least = min(least, o.Sum("iterations"))
			for _, p := range o.Points {
				if p.Metric == "http_reqs" {
					shares[p.Tags["flow"]]++
				}
			}
		}
		if shares["browse"]+shares["buy"] != int(total) {
			t.Fatalf("%g iterations, shares %v", total, shares)
		}
		if math.Abs(total-16) <= 1 && least >= 6 && shares["buy"] >= 3 && shares["buy"] <= 5 {
			return
		}
		if chance == k6Chances {
			t.Fatalf("%g iterations, of which one machine made %g, shares %v", total, least, shares)
		}
	}
}

// Thresholds are judged alike; k6 says so with code 99 where speclens does with 1.
func TestK6JudgesThresholdsAsSpeclensDoes(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	tests := []struct {
		thresholds string
		holds      bool
	}{
		{
			"duration: { p95: < 5s, max: 10s, mean: '< 5000', min: '>= 0' }, slow.duration: { p99: '> 90ms' }, " +
				"requests: { count: '== 6', rate: '> 0' }, iterations: { count: '>= 3' }, dropped: { count: 0 }",
			true,
		},
		// A test that fails, and thresholds that allow it.
		{
			"errors: { rate: '<= 50%', count: '3' }, checks: { rate: '>= 0.66', count: '== 9' }, " +
				"fast.errors: { count: 3 }, fast.checks: { rate: '> 0.4' }",
			true,
		},
		{"duration: { p95: '< 20ms' }", false}, // /steady takes 100 ms
		{"fast.duration: { p(99.9): '> 90ms' }", false},
		{"requests: { count: '> 6', rate: '> 0' }", false},
		{"errors: { rate: < 40% }", false},
		{"slow.errors: { count: 0 }", false}, // it decides about that test alone, and the other one may not fail
		{"checks: { count: '< 9' }", false},
		{"iterations: { count: '!= 3' }, errors: { rate: '< 1' }", false},
	}
	for _, tt := range tests {
		t.Run(tt.thresholds, func(t *testing.T) {
			t.Parallel()
			fails := ", body: { path: /wrong }"
			if strings.Contains(tt.thresholds, "duration") || strings.HasPrefix(tt.thresholds, "requests") {
				fails = ", body: { path: /echo }"
			}
			dir := k6Specs(t, a, "-- load.qube.yaml --\ntarget: \"@API@\"\nmode: load\nload: { users: 3, thresholds: { "+tt.thresholds+" } }\n"+
				"tests:\n  - { alias: slow, resource: '/steady?ms=100', expect: { status: 200 } }\n"+
				"  - { alias: fast, resource: /echo, expect: { status: 200"+fails+" } }\n")
			local := runLocally(t, a, dir)
			script, _ := exportForK6(t, dir)
			o := k6test.Run(t, script)
			if want := map[bool]int{true: exitOK, false: exitFailed}[tt.holds]; local.code != want {
				t.Errorf("speclens ended with %d, want %d", local.code, want)
			}
			if want := map[bool]int{true: 0, false: 99}[tt.holds]; o.Code != want {
				t.Errorf("k6 ended with %d, want %d\n%s%s", o.Code, want, o.Out, o.Log)
			}
		})
	}
}
