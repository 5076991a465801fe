package run

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
)

// The tests of the schedule run on a fake clock, where every figure is exact; a goroutine that a load leaves behind fails
// them, since a bubble ends only when all of its goroutines have.

// loadServer answers as a fake plugin, after a time, and counts.
type loadServer struct {
	// takes is how long the request with that number takes.
	takes func(n int) time.Duration
	// reply is what comes back; nil is 200.
	reply func(n int, in plugin.TestInput) *plugin.TestOutput

	mu         sync.Mutex
	requests   []string        // METHOD RESOURCE; guarded by mu
	at         []time.Duration // when they came; guarded by mu
	busy, most int             // guarded by mu
	started    time.Time
}

func takes(d time.Duration) *loadServer {
	return &loadServer{takes: func(int) time.Duration { return d }}
}

func (s *loadServer) execute(ctx context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, strings.TrimSpace(in.Method+" "+in.Resource))
	s.at = append(s.at, time.Since(s.started))
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}()
	select {
	case <-time.After(s.takes(n)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.reply != nil {
		return s.reply(n, in), nil
	}
	return &plugin.TestOutput{Status: 200}, nil
}

// loadBench is a bench whose fake plugin is the server.
func loadBench(t *testing.T, s *loadServer, files ...string) *bench {
	b := newBench(t, files...)
	s.started = time.Now()
	b.fake.execute = s.execute
	return b
}

// oneLoad runs everything and returns the report of its only load.
func oneLoad(t *testing.T, b *bench) (*Report, *LoadReport) {
	t.Helper()
	report := b.all()
	if len(report.Loads) != 1 {
		t.Fatalf("%d loads", len(report.Loads))
	}
	return report, report.Loads[0]
}

const oneTest = "\ntests: [{name: a, alias: a, target: \"fake://x\", method: GET, resource: /a, expect: {status: 200}}]\n"

func TestALoadKeepsItsUsersBusyForItsDuration(t *testing.T) {
	tests := []struct {
		name, load     string
		takes          time.Duration
		requests, most int
		elapsed        time.Duration
	}{
		{"one user, once, where nothing is said", "", 100 * time.Millisecond, 1, 1, 100 * time.Millisecond},
		{"several users, once each", "load: {users: 4}", 100 * time.Millisecond, 4, 4, 100 * time.Millisecond},
		{"several users over a duration", "load: {users: 3, duration: 1s}", 100 * time.Millisecond, 30, 3, time.Second},
		{"what is under way at the end is worth its answer", "load: {users: 1, duration: 250ms}",
			100 * time.Millisecond, 3, 1, 300 * time.Millisecond},
		{"users come one after the other", "load: {users: 4, duration: 1s, rampUp: 400ms}",
			100 * time.Millisecond, 10 + 9 + 8 + 7, 4, time.Second},
		{"users that come once", "load: {users: 4, rampUp: 4s}", 100 * time.Millisecond, 4, 1, 3*time.Second + 100*time.Millisecond},
		{"stages", "load: {stages: [{duration: 200ms, users: 2}, {duration: 200ms, users: 5}, {duration: 200ms, users: 1}]}",
			50 * time.Millisecond, 8 + 20 + 4, 5, 600 * time.Millisecond},
		{"a stage without users", "load: {stages: [{duration: 100ms, users: 1}, {duration: 200ms, users: 0}, {duration: 100ms, users: 1}]}",
			50 * time.Millisecond, 4, 1, 400 * time.Millisecond},
		{"stages whose users come one after the other",
			"load: {rampUp: 200ms, stages: [{duration: 400ms, users: 2}, {duration: 400ms, users: 4}]}",
			100 * time.Millisecond, 4 + 3 + 8 + 4 + 3, 4, 800 * time.Millisecond},
		{"a duration that cuts stages off", "load: {duration: 300ms, stages: [{duration: 200ms, users: 1}, {duration: 1h, users: 2}]}",
			100 * time.Millisecond, 2 + 2, 2, 300 * time.Millisecond},
		{"a duration that lets the last stage go on",
			"load: {duration: 400ms, stages: [{duration: 100ms, users: 1}, {duration: 100ms, users: 2}]}",
			100 * time.Millisecond, 1 + 6, 2, 400 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := takes(tt.takes)
				b := loadBench(t, s, "a.yaml", "mode: load\n"+tt.load+oneTest)
				report, load := oneLoad(t, b)
				wantStatuses(t, report, "a passed")
				if len(s.requests) != tt.requests || load.Total.Requests != int64(tt.requests) || load.Iterations != int64(tt.requests) {
					t.Errorf("%d requests came, %d were counted in %d iterations, want %d",
						len(s.requests), load.Total.Requests, load.Iterations, tt.requests)
				}
				if s.most != tt.most || load.Users != tt.most {
					t.Errorf("%d users at the same time, %d reported, want %d", s.most, load.Users, tt.most)
				}
				if load.Elapsed != tt.elapsed {
					t.Errorf("took %v, want %v", load.Elapsed, tt.elapsed)
				}
				if d := load.Total; d.Min != tt.takes || d.P50 != tt.takes || d.P99 != tt.takes || d.MaxTime != tt.takes || d.Mean != tt.takes {
					t.Errorf("latency = %+v, want %v throughout", d, tt.takes)
				}
			})
		})
	}
}

// A server that stalls once for half a second: users who wait for it send nothing meanwhile, so that most of what they
// measure is fast. Requests that arrive at a rate all feel the stall, and say so.
func TestAnOpenLoadDoesNotHideTheLatencyOfAStallingServer(t *testing.T) {
	stalls := func() *loadServer {
		return &loadServer{takes: func(n int) time.Duration {
			if n == 0 {
				return 500 * time.Millisecond
			}
			return 10 * time.Millisecond
		}}
	}
	run := func(t *testing.T, load string) *LoadReport {
		var out *LoadReport
		synctest.Test(t, func(t *testing.T) {
			_, out = oneLoad(t, loadBench(t, stalls(), "a.yaml", "mode: load\nload: "+load+oneTest))
		})
		return out
	}
	open := run(t, "{users: 1, rps: 10, duration: 1s}")
	if open.Total.Requests != 10 || open.Dropped != 0 || !open.Open {
		t.Fatalf("%d requests, %d dropped", open.Total.Requests, open.Dropped)
	}
	// Sent at 0, meant for 0, 100, 200, …: 500, 410, 320, 230, 140, 50, then 10 each.
	if got := open.Total; got.P90 < 409*time.Millisecond || got.P50 < 49*time.Millisecond || got.P50 > 51*time.Millisecond ||
		got.Mean != 169*time.Millisecond || got.MaxTime != 500*time.Millisecond {
		t.Errorf("open: %+v", got)
	}
	closed := run(t, "{users: 1, duration: 1s}")
	if got := closed.Total; got.P50 > 11*time.Millisecond || got.P95 > 11*time.Millisecond || got.MaxTime != 500*time.Millisecond {
		t.Errorf("closed: %+v; the negative of this test is gone", got)
	}
}

func TestAnOpenLoadSendsAtItsRate(t *testing.T) {
	ms := func(list ...int) (out []time.Duration) {
		for _, n := range list {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	tests := []struct {
		name, load, tests string
		takes             time.Duration
		want              []time.Duration
		dropped           int64
	}{
		{"evenly", "{rps: 5, duration: 1s}", oneTest, 10 * time.Millisecond, ms(0, 200, 400, 600, 800), 0},
		{"beside each other where the server is slow", "{rps: 5, duration: 1s}", oneTest, 3 * time.Second, ms(0, 200, 400, 600, 800), 0},
		{"rising over the ramp", "{rps: 8, rampUp: 1s, duration: 1500ms}", oneTest, time.Millisecond,
			ms(0, 500, 707, 866, 1000, 1125, 1250, 1375), 0},
		{"in requests and not in iterations", "{rps: 10, duration: 400ms}",
			"\ntests: [{name: a, target: \"fake://x\"}, {name: b, target: \"fake://x\"}]\n", 50 * time.Millisecond, ms(0, 50, 200, 250), 0},
		{"and counts those that no user was free for", "{rps: 10, users: 1, duration: 1s}", oneTest, 400 * time.Millisecond, ms(0, 400, 800), 7},
		{"within its stages", "{rps: 10, stages: [{duration: 200ms, users: 1}, {duration: 200ms, users: 0}, {duration: 200ms, users: 1}]}",
			oneTest, time.Millisecond, ms(0, 100, 400, 401, 402, 500), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := takes(tt.takes)
				_, load := oneLoad(t, loadBench(t, s, "a.yaml", "mode: load\nload: "+tt.load+tt.tests))
				for i, at := range s.at {
					s.at[i] = at.Round(time.Millisecond)
				}
				if !slices.Equal(s.at, tt.want) || load.Dropped != tt.dropped {
					t.Errorf("sent at %v with %d dropped, want %v and %d", s.at, load.Dropped, tt.want, tt.dropped)
				}
			})
		})
	}
}

func TestALoadWaitsForLateAnswersButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := loadBench(t, takes(time.Hour), "a.yaml", "mode: load\nload: {users: 2, duration: 1s}"+oneTest)
		report, load := oneLoad(t, b)
		wantStatuses(t, report, "a errored")
		wantIn(t, "error", report.Results[0].Error, "2 of 2 requests", "no answer when the load had been over for 5s")
		if load.Elapsed != 6*time.Second || load.Total.Errored != 2 || load.Interrupted != 2 || load.Total.MaxTime != 6*time.Second {
			t.Errorf("elapsed %v, %+v", load.Elapsed, load)
		}
	})
}

func TestScenariosShareTheIterationsByTheirWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := takes(10 * time.Millisecond)
		b := loadBench(t, s, "a.yaml", `mode: load
target: fake://x
load:
  users: 1
  duration: 1s
  scenarios:
    readers: {weight: 3, tests: [list]}
    writers: {tests: [create]}
    nobody: {weight: 0, tests: [never]}
tests:
  - {name: l, alias: list, resource: /list}
  - {name: c, alias: create, resource: /create, depends: [token]}
  - {name: n, alias: never}
  - {name: t, alias: token, resource: /token}
`)
		report, load := oneLoad(t, b)
		wantStatuses(t, report, "l passed", "c passed", "n skipped", "t passed")
		if got := s.requests[:5]; strings.Join(got, " ") != "/list /list /token /create /list" {
			t.Errorf("requests = %v", got)
		}
		if r, w := load.Flows[0].Iterations, load.Flows[1].Iterations; r != 3*w || w != 20 {
			t.Errorf("%d readers, %d writers", r, w)
		}
		wantIn(t, "reason", result(t, report, "n").Error, "no scenario")
	})
}

func TestThresholdsDecideAboutALoad(t *testing.T) {
	// Of ten requests the fourth takes 91 ms instead of 1 and the last is answered with 500.
	tests := []struct {
		threshold string
		passed    bool
		actual    float64
	}{
		{`duration: {max: "< 100ms"}`, true, 91}, {`duration: {max: "< 90ms"}`, false, 91},
		{`duration: {min: "<= 1ms"}`, true, 1}, {`duration: {min: "> 1ms"}`, false, 1},
		{`duration: {mean: "== 10ms"}`, true, 10}, {`duration: {avg: "!= 10"}`, false, 10},
		{`duration: {p50: "1ms"}`, true, 1}, {`duration: {med: "0.5"}`, false, 1},
		{`duration: {"p(90)": "< 2"}`, true, 1}, {`duration: {p99.9: "< 50ms"}`, false, 91}, {`latency: {p95: ">= 91ms"}`, true, 91},
		{`errors: {rate: "<= 10%"}`, true, 0.1}, {`errors: {rate: "< 0.1"}`, false, 0.1}, {`errors: {count: "oneOf 1, 2"}`, true, 1},
		{`checks: {rate: "> 0.89"}`, true, 0.9}, {`checks: {count: "10"}`, true, 10},
		{`requests: {count: ">= 10"}`, true, 10}, {`requests: {rate: "> 1000"}`, false, 100}, {`iterations: {count: "< 10"}`, false, 10},
		{`iterations: {rate: "== 100"}`, true, 100}, {`dropped: {count: "== 0"}`, true, 0}, {`a.duration: {max: "< 90ms"}`, false, 91},
		{`a.errors: {count: "0"}`, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.threshold, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &loadServer{takes: func(n int) time.Duration {
					if n == 3 {
						return 91 * time.Millisecond
					}
					return time.Millisecond
				}}
				s.reply = func(n int, _ plugin.TestInput) *plugin.TestOutput {
					if n == 9 {
						return &plugin.TestOutput{Status: 500}
					}
					return &plugin.TestOutput{Status: 200}
				}
				b := loadBench(t, s, "a.yaml", "mode: load\nload:\n  users: 1\n  duration: 100ms\n  thresholds: {"+tt.threshold+"}"+oneTest)
				report, load := oneLoad(t, b)
				th := load.Thresholds[0]
				if !th.Judged || th.Passed != tt.passed || th.Actual < tt.actual*0.999 || th.Actual > tt.actual*1.001 || load.Failed() == tt.passed {
					t.Errorf("%+v", th)
				}
				want := engine.StatusFailed
				if tt.passed {
					want = engine.StatusPassed
				}
				if res := report.Results[1]; res.Status != want || len(res.Assertions) != 1 || res.Assertions[0].Passed != tt.passed {
					t.Errorf("result = %+v", res)
				}
				// Whether one failure in ten fails the test too depends on whether a threshold speaks about failures.
				speaks := strings.Contains(tt.threshold, "errors") || strings.Contains(tt.threshold, "checks")
				if res := report.Results[0]; speaks && (len(res.Assertions) != 1 || !res.Assertions[0].Passed) ||
					speaks != (res.Status == engine.StatusPassed) || speaks == (len(res.Warnings) == 0) {
					t.Errorf("a is %s with %q", res.Status, res.Warnings)
				}
			})
		})
	}
}

func TestEveryIterationHasItsOwnData(t *testing.T) {
	const spec = `mode: load
target: fake://x
load: {users: 3, duration: 500ms}
tests:
  - {name: read, resource: "/read/{{ made.response.body.id }}/{{ own }}"}
  - {name: make, alias: made, resource: "/make/{{ fake.uuid }}", save: {own: response.body.own}, expect: {status: 200}}
`
	run := func(seed uint64) (requests []string) {
		synctest.Test(t, func(t *testing.T) {
			s := takes(10 * time.Millisecond)
			// Slow enough for another user's answer to come in between, were it not for the isolation.
			s.reply = func(n int, in plugin.TestInput) *plugin.TestOutput {
				return &plugin.TestOutput{Status: 200, Body: map[string]any{"id": n, "own": strings.TrimPrefix(in.Resource, "/make/")}}
			}
			b := loadBench(t, s, "a.yaml", spec)
			b.opts.Seed = seed
			report, _ := oneLoad(t, b)
			wantStatuses(t, report, "read passed", "make passed")
			requests = s.requests
		})
		return requests
	}
	requests := run(7)
	made := map[string]int{} // uuid → number of the request
	reads := map[string]bool{}
	for n, r := range requests {
		if id, ok := strings.CutPrefix(r, "/make/"); ok {
			if _, twice := made[id]; twice {
				t.Errorf("%s was made twice", id)
			}
			made[id] = n
			continue
		}
		parts := strings.Split(r, "/")
		if n, known := made[parts[3]]; !known || fmt.Sprint(n) != parts[2] || reads[r] {
			t.Errorf("request %s does not belong to one that was made, or came twice", r)
		}
		reads[r] = true
	}
	if len(made) != 75 || len(reads) != 75 {
		t.Errorf("%d made, %d read", len(made), len(reads))
	}
	ids := func(list []string) (out []string) {
		for _, r := range list {
			if id, ok := strings.CutPrefix(r, "/make/"); ok {
				out = append(out, id)
			}
		}
		slices.Sort(out)
		return out
	}
	if !slices.Equal(ids(requests), ids(run(7))) {
		t.Error("the same seed gave other data")
	}
	if slices.Equal(ids(requests), ids(run(8))) {
		t.Error("another seed gave the same data")
	}
}

func TestALoadRunsTheWholeLanguageOfATest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := takes(10 * time.Millisecond)
		s.reply = func(n int, in plugin.TestInput) *plugin.TestOutput {
			status := 200
			if strings.HasPrefix(in.Resource, "/flaky") && n%2 == 1 {
				status = 503
			}
			return &plugin.TestOutput{Status: status}
		}
		b := loadBench(t, s, "a.yaml", `mode: load
target: fake://x
tests:
  - {name: off, skip: true}
  - {name: never, when: "{{ 'a' }} == b"}
  - {name: first, resource: /first}
  - {name: again, resource: /flaky, expect: {status: 200}, retry: {maxAttempts: 3, interval: 50ms}}
  - {name: row, matrix: [{n: 1}, {n: 2}], resource: "/row/{{ n }}"}
`)
		report, load := oneLoad(t, b)
		wantStatuses(t, report, "off skipped", "never skipped", "first passed", "again passed", "row [n=1] passed", "row [n=2] passed")
		want := "/first /flaky /flaky /row/1 /row/2"
		if got := strings.Join(s.requests, " "); got != want {
			t.Errorf("requests = %s, want %s", got, want)
		}
		if load.Total.Requests != 4 || load.Total.Skipped != 2 {
			t.Errorf("%+v", load.Total)
		}
	})
}

func TestALoadThatHasNothingToSendDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := loadBench(t, takes(0), "a.yaml", "mode: load\nload: {users: 2, duration: 1s}\ntests: [{name: a, skip: true}]\n")
		report, load := oneLoad(t, b)
		wantStatuses(t, report, "a skipped")
		if load.Iterations != 20 || load.Total.Requests != 0 || load.Total.ErrorRate != 0 {
			t.Errorf("%d iterations, %+v", load.Iterations, load.Total)
		}
	})
}

func TestALoadTellsEverySecondHowItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := takes(100 * time.Millisecond)
		s.reply = func(n int, _ plugin.TestInput) *plugin.TestOutput {
			return &plugin.TestOutput{Status: map[bool]int{true: 500, false: 200}[n%10 == 9]}
		}
		b := loadBench(t, s, "a.yaml", "mode: load\nload: {users: 2, duration: 2500ms, thresholds: {errors: {rate: \"< 1\"}}}"+oneTest)
		_, load := oneLoad(t, b)
		var told []LoadProgress
		for _, e := range b.events.all() {
			if p, ok := e.(LoadProgress); ok {
				told = append(told, p)
			}
		}
		if len(told) != 2 || told[1].Elapsed != 2*time.Second || told[1].Planned != 2500*time.Millisecond || told[1].Point.Users != 2 {
			t.Errorf("told %+v", told)
		}
		var requests, failed int64
		var length time.Duration
		for _, p := range load.Series {
			requests, failed, length = requests+p.Requests, failed+p.Errors, length+p.Length
		}
		if len(load.Series) != 3 || requests != 50 || failed != 5 || length != load.Elapsed || load.Series[0].P99 != 100*time.Millisecond {
			t.Errorf("%d requests, %d failed in %v: %+v", requests, failed, length, load.Series)
		}
		var counted int64
		for _, bar := range load.Distribution {
			counted += bar.Count
			if bar.UpTo < 100*time.Millisecond || bar.UpTo > 120*time.Millisecond {
				t.Errorf("a bar up to %v", bar.UpTo)
			}
		}
		if counted != 50 {
			t.Errorf("%d requests in the bars", counted)
		}
	})
}

func TestFailFastStopsALoadAtItsFirstFailure(t *testing.T) {
	for _, tt := range []struct {
		name, thresholds string
		requests         int
		after            engine.Status
	}{
		{"where nothing decides about failures", "", 2, engine.StatusSkipped},
		{"but not where a threshold does", `, thresholds: {errors: {rate: "< 1"}}`, 21, engine.StatusPassed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &loadServer{takes: func(n int) time.Duration {
					return map[bool]time.Duration{true: 99 * time.Millisecond, false: 100 * time.Millisecond}[n == 0]
				}}
				s.reply = func(n int, _ plugin.TestInput) *plugin.TestOutput {
					return &plugin.TestOutput{Status: map[bool]int{true: 500, false: 200}[n == 0]}
				}
				b := loadBench(t, s, "a.yaml", "mode: load\nload: {users: 2, duration: 1s"+tt.thresholds+"}"+oneTest,
					"b.yaml", "depends: [a.yaml]\ntests: [{name: after, target: \"fake://x\"}]\n")
				b.opts.FailFast = true
				report, load := oneLoad(t, b)
				if load.Total.Requests != int64(tt.requests) || load.Stopped != (tt.thresholds == "") {
					t.Errorf("%d requests, stopped %v", load.Total.Requests, load.Stopped)
				}
				if got := result(t, report, "after").Status; got != tt.after {
					t.Errorf("what follows is %s", got)
				}
			})
		})
	}
}

func TestALoadThatMayNotBeginIsSkippedAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := loadBench(t, takes(time.Millisecond), "a.yaml", "tests: [{name: broken, target: \"fake://x\", expect: {status: 404}}]\n",
			"b.yaml", "mode: load\ndepends: [a.yaml]\nload: {thresholds: {duration: {p95: 1s}}}"+oneTest)
		b.opts.FailFast = true
		report := b.all()
		wantStatuses(t, report, "broken failed", "a skipped", "duration.p95 1s skipped")
		if len(report.Loads) != 0 {
			t.Errorf("%d loads ran", len(report.Loads))
		}
	})
}

func TestALoadRunsBesideNothingAndBetweenWhatItNeedsAndWhatNeedsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := takes(10 * time.Millisecond)
		b := loadBench(t, s,
			"after.yaml", "depends: [load.yaml]\ntests: [{name: after, target: \"fake://x\", resource: /after}]\n",
			"beside.yaml", "tests: [{name: beside, target: \"fake://x\", resource: /beside}]\n",
			"load.yaml", "mode: load\nload: {users: 2}\ntarget: fake://x\ntests:\n"+
				"  - {name: one, resource: \"/one/{{ setup.response.status }}\"}\n  - {name: two, resource: /two}\n",
			"setup.yaml", "tests: [{name: setup, alias: setup, target: \"fake://x\", resource: /setup}]\n")
		b.opts.MaxConcurrent = 8
		report, _ := oneLoad(t, b)
		wantStatuses(t, report, "beside passed", "setup passed", "one passed", "two passed", "after passed")
		got := s.requests
		slices.Sort(got[:2])
		if want := "/beside /setup /one/200 /one/200 /two /two /after"; strings.Join(got, " ") != want {
			t.Errorf("requests = %v, want %s", got, want)
		}
	})
}

func TestOneTestOfALoadThatIsChosenRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := takes(10 * time.Millisecond)
		b := loadBench(t, s, "a.yaml", "mode: load\nload: {users: 9, duration: 1h}"+oneTest)
		report := b.run(Selection{Tests: []engine.TestKey{{URI: b.uri("a.yaml"), ID: "a"}}})
		wantStatuses(t, report, "a passed")
		if len(s.requests) != 1 || len(report.Loads) != 0 {
			t.Errorf("%d requests", len(s.requests))
		}
	})
}

func TestASelectionLeavesTestsOfALoadOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := takes(10 * time.Millisecond)
		b := loadBench(t, s, "a.yaml", `mode: load
target: fake://x
load: {scenarios: {s: {tests: [a, b]}, empty: {tests: [c]}}, thresholds: {c.errors: {count: "0"}, a.errors: {count: "0"}}}
tests: [{name: a, alias: a, tags: [x], resource: /a}, {name: b, alias: b, tags: [x], resource: /b}, {name: c, alias: c}]
`)
		report := b.run(Selection{Tags: []string{"x"}})
		wantStatuses(t, report, "a passed", "b passed", "c.errors.count 0 skipped", "a.errors.count 0 passed")
		if got := strings.Join(s.requests, " "); got != "/a /b" {
			t.Errorf("requests = %s", got)
		}
	})
}

func TestAShardHoldsAWholeLoadOrNothingOfIt(t *testing.T) {
	b := newBench(t, "a.yaml", "mode: load\ntests: [{name: a1}, {name: a2}, {name: a3}]\n",
		"b.yaml", "tests: [{name: b1}, {name: b2}, {name: b3}]\n")
	var parts []string
	for index := 1; index <= 2; index++ {
		s, problems := Plan(b.session.Snapshot(), Selection{Shard: Shard{Index: index, Of: 2}})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, wave := range s.Waves() {
			parts = append(parts, strings.Join(wave, " "))
		}
	}
	slices.Sort(parts)
	if !slices.Contains(parts, "a1 a2 a3") || len(parts) != 3 {
		t.Errorf("waves of the parts = %q", parts)
	}
}

func TestALoadOverHTTPKeepsSecretsToItself(t *testing.T) {
	const secret = "s3cr3t-of-the-load"
	api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"got": %q}`, r.Header.Get("Authorization"))
	})
	b := newBench(t, ".qube.yaml", "version: 1\nenv: {TOKEN: "+secret+"}\n", "a.yaml", `mode: load
target: `+api.URL+`
load: {users: 4, duration: 200ms, thresholds: {requests: {count: "> 3"}, errors: {rate: "< 0.5"}}}
tests:
  - {name: ok, resource: /ok, headers: {Authorization: "{{ env.TOKEN }}"}, expect: {status: 200}}
  - {name: not ok, resource: /x, headers: {Authorization: "{{ env.TOKEN }}"}, expect: {body: {got: other}}}
`)
	report, load := oneLoad(t, b)
	wantStatuses(t, report, "ok passed", "not ok passed", "requests.count > 3 passed", "errors.rate < 0.5 failed")
	if load.Total.Requests < 4 || load.Total.Requests != int64(len(api.got())) || load.Total.P50 <= 0 || load.Total.Rate <= 0 {
		t.Errorf("%d requests came, %+v", len(api.got()), load.Total)
	}
	if n := load.Tests[1].Failed; n == 0 || n != load.Tests[1].Requests || len(load.Tests[1].Reasons) != 1 {
		t.Errorf("%+v", load.Tests[1])
	}
	all := fmt.Sprintf("%+v %+v %+v", *load, b.events.all(), report.Results[1])
	if strings.Contains(all, secret) || !strings.Contains(all, engine.Masked) {
		t.Error("the report tells the secret, or nothing of it at all")
	}
}

func TestCancellingALoadStopsItsTrafficAndLeavesACompleteReport(t *testing.T) {
	arrived, gone := make(chan struct{}, 100), make(chan struct{}, 100)
	var after atomic.Bool
	var late atomic.Int64
	api := newAPI(t, func(_ http.ResponseWriter, r *http.Request) {
		if after.Load() {
			late.Add(1)
		}
		arrived <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	b := newBench(t, "a.yaml", "mode: load\ntarget: "+api.URL+"\n"+
		"load: {users: 5, duration: 1h, thresholds: {errors: {rate: \"< 1\"}}}\ntests: [{name: a, resource: /slow}, {name: b, resource: /b}]\n",
		"b.yaml", "depends: [a.yaml]\ntests: [{name: after, target: \""+api.URL+"\"}]\n")
	var report *Report
	best := time.Hour
	for try := 0; try < stopTries && best > 250*time.Millisecond; try++ {
		after.Store(false)
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled time.Time
		stopping := make(chan struct{})
		go func() {
			defer close(stopping)
			for range 5 {
				<-arrived
			}
			after.Store(true)
			cancelled = time.Now()
			cancel()
		}()
		report = b.runContext(ctx, Selection{})
		<-stopping
		for range 5 {
			<-gone
		}
		best = min(best, time.Since(cancelled))
	}
	if best > 250*time.Millisecond {
		t.Errorf("traffic went on for %v", best)
	}
	if n := late.Load(); n > 0 {
		t.Errorf("%d requests came after the cancel", n)
	}
	wantStatuses(t, report, "a errored", "b skipped", "errors.rate < 1 skipped", "after skipped")
	if !report.Cancelled || len(report.Loads) != 1 || !report.Loads[0].Cancelled ||
		report.Loads[0].Interrupted != 5 || report.Loads[0].Failed() {
		t.Errorf("loads = %+v", report.Loads)
	}
	if got := report.Results[0].Error; got != "cancelled" {
		t.Errorf("error = %q", got)
	}
}
