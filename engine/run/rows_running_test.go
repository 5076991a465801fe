package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
)

// What is fatal: one row for each kind, located, beside a file that runs all the same.
func TestRowsFatal(t *testing.T) {
	const other = "\n-- z.yaml --\ntarget: @API@\ntests: [{ name: other, resource: /echo }]\n"
	rows := []row{
		{name: "broken YAML", files: "tests:\n  - name: \"a\n", faults: []string{"a.yaml:2:11 yaml.syntax"}},
		{name: "broken YAML: a tab as indentation", files: "tests:\n\t- name: a\n", faults: []string{"a.yaml:2:1 yaml."}},
		{name: "broken YAML: a bracket that is not closed", files: "target: @API@\n" +
			"tests: [{ name: a, resource: /echo }\n", faults: []string{"a.yaml:2:8 yaml.syntax"}},
		{
			name: "wrong structure: a map where text is wanted, a text where a list is", files: "target: { a: b }\ntests:\n" +
				"  - { name: [x], tags: smoke, depends: a, matrix: { a: 1 }, retry: 3, save: [a], headers: [a], skip: perhaps }\n",
			faults: []string{
				"a.yaml:1:9 spec.wrong-type", "a.yaml:3:13 spec.wrong-type", "a.yaml:3:24 spec.wrong-type", "a.yaml:3:40 spec.wrong-type",
				"a.yaml:3:40 depends.unknown", "a.yaml:3:51 spec.wrong-type",
				"a.yaml:3:68 spec.wrong-type", "a.yaml:3:77 spec.wrong-type", "a.yaml:3:91 spec.wrong-type", "a.yaml:3:102 spec.wrong-type",
			},
		},
		{name: "a spec that is no map", files: "- GET /a -> 200\n", faults: []string{"a.yaml:1:1 spec."}},
		{
			name: "unknown file-level, expect or mode values", files: "mode: fast\nvars: { a: b }\ntests:\n" +
				"  - { name: a, resource: /x, expect: { stat: 1, body: hello, status: { foo: 1 } } }\n",
			faults: []string{"a.yaml:1:7 spec.bad-mode", "a.yaml:2:1 spec.unknown-key", "a.yaml:4:40 expect.unknown-key",
				"a.yaml:4:55 expect.", "a.yaml:4:72 expect.status"},
		},
		{name: "bad test forms", files: "tests:\n  - hello\n  - get /a -> 200\n  - GET /a: {}\n    name: b\n" +
			"  - 7\n", faults: []string{"a.yaml:2:5 spec.bad-form", "a.yaml:3:5 spec.bad-form", "a.yaml:5:5 spec.bad-form",
			"a.yaml:6:5 spec.bad-form"}},
		{name: "duplicate keys", files: "target: a\ntarget: b\ntests: []\n", faults: []string{"a.yaml:2:1 yaml.duplicate-key"}},
		{name: "duplicate aliases", files: "tests:\n  - { alias: a, resource: /x }\n  - { alias: a, resource: /x }\n" +
			"  - { alias: a, resource: /x }\n", faults: []string{"a.yaml:2:14 alias.duplicate", "a.yaml:3:14 alias.duplicate",
			"a.yaml:4:14 alias.duplicate"}},
		{name: "unknown depends", files: "depends: [no.yaml]\ntests:\n" +
			"  - { name: a, resource: /x, depends: [b, c] }\n", faults: []string{"a.yaml:1:11 depends.unknown-file",
			"a.yaml:3:40 depends.unknown", "a.yaml:3:43 depends.unknown"}},
		{
			name: "cycles: named in full", files: "tests:\n  - { alias: a, resource: '/{{ c.response.status }}' }\n" +
				"  - { alias: b, resource: /x, depends: [a] }\n  - { alias: c, resource: '/{{ kept }}' }\n" +
				"  - { name: d, resource: /x, depends: [b], save: { kept: response.body } }\n",
			faults: []string{"a.yaml:2:32 depends.cycle `a` needs `c` needs `d` needs `b` needs `a`"},
		},
		{
			name: "cycles: over files, through file depends", files: "-- a.yaml --\ndepends: [b.yaml]\n" +
				"tests: [{ name: a, alias: a, resource: /x }]\n-- b.yaml --\ntests: [{ name: b, resource: '/{{ a.response.status }}' }]\n",
			faults: []string{"a.yaml:1:11 depends.cycle", "b.yaml:1:35 depends.cycle"},
		},
		{
			name: "cycles: through a scenario's order", files: "mode: scenario\ntests:\n" +
				"  - { name: first, resource: '/{{ second.response.status }}' }\n  - { name: second, alias: second, resource: /x }\n",
			faults: []string{"a.yaml:3:35 depends.cycle"},
		},
		{name: "cycles: every one of them", files: "tests:\n  - { alias: a, depends: [b] }\n  - { alias: b, depends: [a] }\n" +
			"  - { alias: c, depends: [d] }\n" +
			"  - { alias: d, depends: [c] }\n", faults: []string{"a.yaml:2:27 depends.cycle", "a.yaml:4:27 depends.cycle"}},
		{name: "a cycle and other errors are all listed", files: "mode: no\ntests:\n  - { alias: a, depends: [b] }\n" +
			"  - { alias: b, depends: [a, nobody] }\n", faults: []string{"a.yaml:1:7 spec.bad-mode", "a.yaml:3:27 depends.cycle",
			"a.yaml:4:30 depends.unknown"}},
		{name: "a load that means nothing", files: "mode: load\n" +
			"load: { users: 0, duration: soon, rps: -1, stages: [{ users: 1 }], thresholds: { speed: { p95: '< 1' } }, " +
			"scenarios: { s: { tests: [x] } } }\ntests: [{ name: a, resource: /x }]\n", faults: []string{
			"a.yaml:2:16 load.value", "a.yaml:2:29 load.value", "a.yaml:2:40 load.value", "a.yaml:2:53 spec.missing-key",
			"a.yaml:2:82 load.threshold", "a.yaml:2:133 load.unknown-test",
		}},
		{name: "a need for one run of a load's test", files: "tests: [{ name: a, resource: '/{{ l.response.status }}' }]\n" +
			"-- load.yaml --\nmode: load\ntarget: @API@\n" +
			"tests: [{ name: in load, alias: l, resource: /echo }]\n", faults: []string{"a.yaml:1:35 load.needed"},
			want: []string{"in load passed"}},
		{name: "a configuration that is broken", files: "-- sub/a.yaml --\ntarget: @API@\ntests: [{ name: a, resource: /echo }]\n" +
			"-- sub/.qube.yaml --\ntargets: [a]\n" +
			"runner: { maxConcurrent: x: }\n", faults: []string{"sub/.qube.yaml:1:10 spec.wrong-type", "sub/.qube.yaml:2:27 yaml."}},
	}
	for i := range rows {
		if !strings.HasPrefix(rows[i].files, "-- ") {
			rows[i].files = "-- a.yaml --\n" + rows[i].files
		}
		rows[i].files += other[1:]
		rows[i].want = append([]string{"other passed"}, rows[i].want...) // a load has a wave of its own
	}
	runRows(t, rows)
}

// Whatever else the checker finds is reported and decides at run time.
func TestRowsRunning(t *testing.T) {
	runRows(t, []row{
		{
			name: "a file with a fatal error is not run; the other files run unless --fail-fast",
			files: "-- a.yaml --\nmode: no\ntests: [{ name: a, resource: /echo }]\n-- b.yaml --\ntarget: @API@\n" +
				"tests: [{ name: b, resource: /echo }]\n",
			opts: Options{FailFast: true}, want: []string{}, sent: []string{}, faults: []string{"a.yaml:1:7 spec.bad-mode"},
		},
		{
			name: "whatever else the checker finds decides at run time, test by test",
			files: `
tests:
  - { name: no target, resource: /x }
  - { name: no plugin, target: ftp://x, resource: /x }
  - { name: bad duration, target: @API@, resource: /echo, timeout: soon }
  - { name: bad pattern, target: @API@, resource: /echo, expect: { body: { url: "matches (" } } }
  - { name: unresolved, target: @API@, resource: "/echo?{{ nope }}" }
  - { name: unknown field, target: @API@, resource: /echo, bdy: x }
  - { name: fine, target: @API@, resource: /echo }
`,
			want: []string{"no target errored", "no plugin errored", "bad duration errored", "bad pattern failed", "unresolved passed",
				"unknown field passed", "fine passed"},
		},
		{
			name: "edges: {{ alias… }} and {{ saved }} in any templated place",
			files: `
target: "@API@{{ env.EMPTY }}"
defaults: { headers: { X-D: "{{ d.response.body.token }}" } }
tests:
  - { name: target, target: "@API@/{{ a1.response.body.id }}", headers: { X-D: own }, resource: /x }
  - { name: method, method: "{{ a2.response.body.token.Replace('-1', '') }}", headers: { X-D: own }, resource: /echo }
  - { name: header, headers: { X-H: "{{ a3.response.body.id }}", X-D: own }, resource: /echo }
  - { name: timeout, timeout: "{{ a4.response.body.id }}s", headers: { X-D: own }, resource: /echo }
  - { name: nested field, body: { a: [{ b: "{{ kept }}" }] }, method: POST, headers: { X-D: own }, resource: /echo }
  - { name: expected, headers: { X-D: own }, resource: /login, expect: { body: { id: "{{ a6.response.body.id }}" } } }
  - { name: condition, when: "{{ a7.response.body.id }} == 7", headers: { X-D: own }, resource: /echo }
  - { name: matrix, matrix: [{ v: "{{ a8.response.body.id }}" }], headers: { X-D: own }, resource: "/echo?{{ v }}" }
  - { name: until, retry: { maxAttempts: 2, until: { body: { id: "{{ a9.response.body.id }}" } } }, headers: { X-D: own },
        resource: /login }
  - { name: default, resource: /echo }
-- b.yaml --
target: @API@
tests:
  - { alias: a1, resource: /login }
  - { alias: a2, resource: /login }
  - { alias: a3, resource: /login }
  - { alias: a4, resource: /login }
  - { name: a5, resource: /login, save: { kept: response.body.id } }
  - { alias: a6, resource: /login }
  - { alias: a7, resource: /login }
  - { alias: a8, resource: /login }
  - { alias: a9, resource: /login }
  - { alias: d, resource: /login }
`,
			process: map[string]string{"EMPTY": ""},
			check: func(t *testing.T, r *Report, _ *api) {
				began := map[string]time.Time{}
				for _, res := range r.Results {
					began[res.Name+res.Key.ID] = res.Started
					if res.Status != engine.StatusPassed {
						t.Errorf("%s: %s", res.Name, told(res))
					}
				}
				if len(r.Results) != 20 || r.Results[0].Key.ID != "a1" || r.Results[10].Name != "target" {
					t.Errorf("order %q", statuses(r))
				}
			},
			want: []string{
				"a1 passed", "a2 passed", "a3 passed", "a4 passed", "a5 passed", "a6 passed", "a7 passed", "a8 passed", "a9 passed", "d passed",
				"target passed", "method passed",
				"header passed", "timeout passed", "nested field passed", "expected passed", "condition passed",
				"matrix [v={{ a8.response.body.id }}] passed", "until passed", "default passed",
			},
		},
		{
			name: "a test that needs the value of an errored or skipped test is skipped, and says why",
			was:  "it was sent with the text of the template in it",
			files: `
target: @API@
tests:
  - { name: broken, alias: broken, target: "http://127.0.0.1:1", resource: / }
  - { name: "off", alias: "off", skip: true, resource: / }
  - { name: first, resource: "/echo?{{ broken.response.body }}" }
  - { name: second, resource: "/echo?{{ off.response.body }}" }
`,
			want: []string{"broken errored", "off skipped", "first skipped", "second skipped"}, sent: []string{},
			says: map[string][]string{"first": {"needs the value of `broken`", "errored"}, "second": {"`off`", "skipped"}},
		},
		{
			name: "a test that only depends on a failed test runs",
			files: `
target: @API@
tests:
  - { name: fails, alias: fails, resource: /status/500, expect: { status: 200 } }
  - { name: errs, alias: errs, target: "http://127.0.0.1:1", resource: / }
  - { name: runs, depends: [fails, errs], resource: /echo }
  - { name: uses, resource: "/echo?{{ fails.response.status }}" }
`,
			want: []string{"fails failed", "errs errored", "runs passed", "uses passed"},
		},
		{
			name: "statuses: errored > failed > passed; TestOutput.error counts", was: "a transport error was compared with the expectations",
			files: `
target: @API@
tests:
  - { name: refused, target: "http://127.0.0.1:1", resource: /, expect: { status: 200 } }
  - { name: timeout, resource: /hang, timeout: 30ms, expect: { status: 200 } }
  - { name: no assertions, target: "http://127.0.0.1:1", resource: / }
  - { name: failed, resource: /status/500, expect: { status: 200, body: { .: exists } } }
  - { name: passed, resource: /status/500, expect: { status: 500 } }
  - { name: skipped, skip: true, resource: / }
`,
			want: []string{"refused errored", "timeout errored", "no assertions errored", "failed failed", "passed passed", "skipped skipped"},
		},
		{
			name: "a set without tests is a run of zero tests", files: "target: @API@\n-- b.yaml --\ntests: []\n", want: []string{},
			check: func(t *testing.T, r *Report, _ *api) {
				if r.Cancelled || len(r.Problems) > 0 {
					t.Errorf("%+v", r)
				}
			},
		},
	})
	t.Run("waves: Kahn levels over all files, ordered by path, then place", func(t *testing.T) {
		b := newBench(t, "b.yaml", fakeTarget+"tests: [{ name: b1, depends: [x] }, { name: b2 }]", "a.yaml",
			fakeTarget+"tests: [{ name: a1, depends: [y] }, { name: a2, alias: x }, { name: a3, alias: y, depends: [x] }]", "c/c.yaml",
			fakeTarget+"depends: [../a.yaml]\ntests: [{ name: c1 }]")
		want := [][]string{{"a2", "b2"}, {"a3", "b1"}, {"a1"}, {"c1"}}
		if diff := cmp.Diff(want, b.waves(Selection{})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("waves: a wave runs in parallel up to maxConcurrent", func(t *testing.T) {
		b := newBench(t, "a.yaml", fakeTarget+"tests:\n"+strings.Repeat("  - { name: n }\n", 12))
		b.opts.MaxConcurrent = 3
		arrived, under := make(chan struct{}), make(chan struct{}, 12)
		go func() {
			for range 3 {
				<-under
			}
			close(arrived) // three at once, and only then may anyone go on
		}()
		most := make(chan int, 100)
		now := make(chan int, 1)
		now <- 0
		b.fake.execute = func(ctx context.Context, _ plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
			n := <-now
			most <- n + 1
			now <- n + 1
			under <- struct{}{}
			select {
			case <-arrived:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			now <- <-now - 1
			return &plugin.TestOutput{Status: 200}, nil
		}
		b.opts.Timeout = 20 * time.Second
		for _, s := range statuses(b.all()) {
			if s != "n passed" {
				t.Error(s)
			}
		}
		close(most)
		highest := 0
		for n := range most {
			highest = max(highest, n)
		}
		if highest != 3 {
			t.Errorf("%d at once", highest)
		}
	})
	t.Run("cancelled: tests not begun are skipped, the one under way is errored cancelled; never passed", func(t *testing.T) {
		a := newAPI(t, (&rowServer{}).serve)
		b := newBench(t, "a.yaml", fmt.Sprintf("target: %s\n"+
			"tests: [{ name: before, alias: b, resource: /echo }, { name: under way, resource: /hang, depends: [b] }, { name: after, "+
			"resource: /echo }, { name: retries, resource: /status/500, retry: { maxAttempts: 9, interval: 1h }, "+
			"expect: { status: 200 } }]\n", a.URL))
		b.opts.MaxConcurrent = 1
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for !slices.Contains(a.got(), "GET /hang") && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		r := b.runContext(ctx, Selection{})
		if !r.Cancelled || result(t, r, "under way").Status != engine.StatusErrored || result(t, r, "under way").Error != "cancelled" {
			t.Errorf("%q %q", statuses(r), result(t, r, "under way").Error)
		}
		for _, res := range r.Results {
			if res.Status == engine.StatusPassed && res.Name != "before" && res.Name != "after" {
				t.Errorf("%s %s", res.Name, res.Status)
			}
		}
	})
}
