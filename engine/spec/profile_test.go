package spec

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func profileOf(t *testing.T, load string) (LoadProfile, []Problem) {
	t.Helper()
	f, _ := lower(t, "mode: load\n"+load+"\ntests: [{alias: read}, {alias: write}, {name: unnamed}]\n")
	return f.Specs[0].Profile()
}

func TestALoadProfileHasDefaultsAndUnits(t *testing.T) {
	tests := []struct {
		name, load string
		want       LoadProfile
	}{
		{"nothing is one user who runs the tests once", "", LoadProfile{Users: 1}},
		{"an empty load is so too", "load: {}", LoadProfile{Users: 1}},
		{"users, with a bare number of milliseconds", "load: {users: 3, duration: 1500, rampUp: 1s}",
			LoadProfile{Users: 3, Duration: 1500 * time.Millisecond, RampUp: time.Second}},
		{"a rate says nothing of users", "load: {rps: 0.5, duration: 1m}", LoadProfile{RPS: 0.5, Duration: time.Minute}},
		{"stages, of which one may rest", "load: {stages: [{duration: 1s, users: 2}, {duration: 2s, users: 0}]}",
			LoadProfile{Users: 1, Stages: []LoadStage{{2, time.Second}, {0, 2 * time.Second}}}},
		{"scenarios weigh 1 where they do not say", "load: {scenarios: {a: {tests: [read, write]}, b: {weight: 2.5, tests: [read]}}}",
			LoadProfile{Users: 1, Flows: []LoadFlow{{"a", 1, []string{"read", "write"}}, {"b", 2.5, []string{"read"}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := profileOf(t, tt.load)
			if !reflect.DeepEqual(got, tt.want) || len(problems) > 0 {
				t.Errorf("got %+v with %v\nwant %+v", got, problems, tt.want)
			}
		})
	}
}

func TestALoadProfileThatMeansNothingIsAProblem(t *testing.T) {
	tests := []struct{ load, code, want string }{
		{"load: {users: 0}", CodeLoadValue, "`users` must be a whole number from 1 to 100000, not `0`"},
		{"load: {users: 1.5}", CodeLoadProfile, "not `1.5`"},
		{"load: {users: 100001}", CodeLoadProfile, "not `100001`"},
		{"load: {duration: 1x}", CodeLoadValue, "`duration`: "},
		{"load: {duration: 0s}", CodeLoadProfile, "`duration` must be longer than nothing"},
		{"load: {rampUp: soon}", CodeLoadValue, "`rampUp`: "},
		{"load: {rps: 0, duration: 1s}", CodeLoadProfile, "`rps` must be a number of requests a second"},
		{"load: {rps: NaN, duration: 1s}", CodeLoadValue, "`rps` must be a number of requests a second"},
		{"load: {rps: 5}", CodeLoadProfile, "`rps` is a rate, which needs a `duration` or `stages`"},
		{"load: {stages: [{duration: 1s, users: -1}]}", CodeLoadValue, "`users` must be a whole number from 0"},
		{"load: {stages: [{duration: 0s, users: 1}]}", CodeLoadProfile, "`duration` must be longer than nothing"},
		{"load: {scenarios: {a: {weight: heavy, tests: [read]}}}", CodeLoadValue, "`weight` must be a number"},
		{"load: {scenarios: {a: {weight: -1, tests: [read]}}}", CodeLoadValue, "`weight` must be a number"},
		{"load: {scenarios: {a: {weight: 0, tests: [read]}}}", CodeLoadProfile, "no scenario has a `weight` above 0"},
		{"load: {scenarios: {a: {weight: 1}}}", CodeLoadProfile, "the scenario `a` has no `tests`"},
		{"load: {scenarios: {a: {tests: [raed]}}}", CodeLoadTest, "no test of this file has the alias `raed`; did you mean `read`?"},
		{"load: {scenarios: {a: {tests: [zzzzzz]}}}", CodeLoadTest, "no test of this file has the alias `zzzzzz`"},
		{"load: {thresholds: {durations: {p95: 1s}}}", CodeLoadThreshold, "there is no metric `durations`, did you mean `duration`?"},
		{"load: {thresholds: {zzz: {p95: 1s}}}", CodeLoadThreshold, "there is no metric `zzz`; there are `duration`"},
		{"load: {thresholds: {duration: {p101: 1s}}}", CodeLoadThreshold, "`duration` has no statistic `p101`"},
		{"load: {thresholds: {errors: {p95: 1}}}", CodeLoadThreshold, "`errors` has no statistic `p95`; it has `rate` and `count`"},
		{"load: {thresholds: {raed.duration: {p95: 1s}}}", CodeLoadThreshold, "no test of this file has the alias `raed`, did you mean `read`?"},
		{"load: {thresholds: {read.iterations: {count: 1}}}", CodeLoadThreshold, "there is no metric `read.iterations`"},
		{"load: {thresholds: {duration: {p95: fast}}}", CodeLoadThreshold, "`fast` is no limit of time; write it like `< 300ms`"},
		{"load: {thresholds: {errors: {rate: '< few'}}}", CodeLoadThreshold, "`< few` compares with no number"},
		{"load: {thresholds: {errors: {count: '< 5%'}}}", CodeLoadThreshold, "`< 5%` compares with no number"},
		{"load: {thresholds: {errors: {rate: 'matches ('}}}", CodeLoadThreshold, "bad pattern"},
	}
	for _, tt := range tests {
		t.Run(tt.load, func(t *testing.T) {
			_, problems := profileOf(t, tt.load)
			if len(problems) != 1 || problems[0].Code != tt.code || !strings.Contains(problems[0].Message, tt.want) || problems[0].Span.IsEmpty() {
				t.Errorf("got %+v\nwant %s %s", problems, tt.code, tt.want)
			}
			for _, p := range problems {
				if !p.Fatal {
					t.Errorf("%s is not fatal", p.Code)
				}
			}
		})
	}
}

func TestALimitJudgesByItsOperator(t *testing.T) {
	tests := []struct {
		metric, stat, expr string
		holds, fails       float64
	}{
		{"duration", "p95", "< 1.5s", 1499, 1500}, {"duration", "p95", "<= 1s", 1000, 1001}, {"duration", "max", "> 1s", 1001, 1000},
		{"duration", "p50", ">= 10", 10, 9}, {"duration", "min", "== 1ms", 1, 2}, {"duration", "min", "!= 1ms", 2, 1},
		{"duration", "p(99.9)", "250ms", 250, 251}, {"errors", "rate", "< 1%", 0.009, 0.01}, {"errors", "rate", "<= .5 %", 0.005, 0.006},
		{"errors", "count", "0", 0, 1}, {"requests", "count", "oneOf 1, 2", 2, 3}, {"checks", "rate", ">0.9", 0.91, 0.9},
	}
	for _, tt := range tests {
		t.Run(tt.metric+" "+tt.stat+" "+tt.expr, func(t *testing.T) {
			p, problems := profileOf(t, "load: {thresholds: {"+tt.metric+": {\""+tt.stat+"\": \""+tt.expr+"\"}}}")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if l := p.Limits[0]; !l.Holds(tt.holds) || l.Holds(tt.fails) {
				t.Errorf("%g holds: %v, %g holds: %v", tt.holds, l.Holds(tt.holds), tt.fails, l.Holds(tt.fails))
			}
		})
	}
}

func TestALimitHasTheNameOfItsMetricHere(t *testing.T) {
	p, problems := profileOf(t, "load: {thresholds: {http_req_duration: {\"p(95)\": 1s, avg: 1s, med: 1s}, read.http_req_failed: {rate: 0}}}")
	var names []string
	for _, l := range p.Limits {
		names = append(names, l.Name())
	}
	if got := strings.Join(names, " "); got != "duration.p95 duration.mean duration.p50 read.errors.rate" || len(problems) > 0 {
		t.Errorf("names = %s, problems = %v", got, problems)
	}
}

func TestALimitIsAnOperatorAndANumberUnlessItIsMore(t *testing.T) {
	for load, want := range map[string]string{
		"duration: { p95: < 1.5s }": "< 1500 true", "duration: { max: 1s }": "<= 1000 true", "errors: { rate: '<= 5%' }": "<= 0.05 true",
		"requests: { count: 7 }": "== 7 true", "requests: { count: 'oneOf 1, 2' }": " 0 false",
	} {
		p, problems := profileOf(t, "load: { thresholds: { "+load+" } }")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		op, number, ok := p.Limits[0].Comparison()
		if got := fmt.Sprint(op, " ", number, " ", ok); ok && got != want || !ok && !strings.HasSuffix(want, "false") {
			t.Errorf("%s: %s, want %s", load, got, want)
		}
	}
}
