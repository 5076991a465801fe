package run

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine"
)

// The keys of a file.
func TestRowsFileLevelKeys(t *testing.T) {
	runRows(t, []row{
		{
			name:  "target: default target, a URL",
			files: "target: @API@\ntests: [GET /echo -> 200]\n",
			want:  []string{"call:GET /echo passed"},
		},
		{
			name: "target: an alias of targets, file first, then configuration",
			files: "target: api\ntargets: { api: @API@ }\ntests: [{ name: n, resource: /echo }, { name: m, target: conf, resource: /echo }]\n" +
				"-- .qube.yaml --\ntargets: { api: 'http://127.0.0.1:1', conf: @API@ }\n",
			want: []string{"n passed", "m passed"},
		},
		{
			name: "target: templated",
			was:  "the text was taken as it is written",
			files: "target: '{{ env.BASE }}'\n" +
				"tests: [{ name: n, resource: /echo }, { name: m, target: '{{ env.NAME }}', resource: /echo }]\n-- .qube.yaml --\n" +
				"targets: { api: '{{ env.BASE }}' }\n",
			process: map[string]string{"BASE": "@API@", "NAME": "api"},
			want:    []string{"n passed", "m passed"},
		},
		{
			name: "targets: aliases of this file, as text",
			files: "targets: { a: @API@ }\ntests: [{ name: n, target: a, resource: /echo }]\n-- b.yaml --\n" +
				"tests: [{ name: other file, target: a, resource: /echo }]\n",
			want: []string{"n passed", "other file errored"},
			says: map[string][]string{"other file": {"`a`"}},
		},
		{
			name:   "targets: a map where text is wanted is an error",
			files:  "targets: { a: { url: x } }\ntests: []\n",
			want:   []string{},
			faults: []string{"a.yaml:1:15 spec.wrong-type"},
		},
		{
			name:  "mode: test is the default",
			files: "mode: test\ntarget: @API@\ntests: [{ name: a, resource: /status/500, expect: { status: 200 } }, { name: b, resource: /echo }]\n",
			want:  []string{"a failed", "b passed"},
		},
		{
			name: "mode: scenario, each test depends on the one before",
			files: "mode: scenario\ntarget: @API@\n" +
				"tests: [{ name: a, resource: /flaky?ok=3, retry: { maxAttempts: 3 }, expect: { status: 200 } }, { name: b, " +
				"resource: /echo?b }, { name: c, resource: /echo?c }]\n",
			opts: Options{MaxConcurrent: 8},
			want: []string{"a passed", "b passed", "c passed"},
			sent: []string{"GET /flaky?ok=3", "GET /flaky?ok=3", "GET /flaky?ok=3", "GET /echo?b", "GET /echo?c"},
		},
		{
			name: "mode: load", files: "mode: load\ntarget: @API@\nload: { users: 2 }\ntests: [{ name: a, resource: /echo }]\n",
			want: []string{"a passed"}, sent: []string{"GET /echo", "GET /echo"},
		},
		{
			name: "mode: unknown mode is an error", was: "an unknown mode ran as `test`",
			files:  "mode: scenrio\ntarget: @API@\ntests: [{ name: a, resource: /echo }]\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:1:7 spec.bad-mode unknown mode"},
		},
		{
			name: "defaults: headers and timeout applied where a test sets none", was: "defaults were read and not used",
			files: `
target: @API@
defaults: { headers: { X-D: d, X-T: "{{ env.T }}" }, timeout: 3s }
tests:
  - { name: none, resource: /echo, expect: { body: { headers.X-D.0: d, headers.X-T.0: tt } } }
  - { name: own, resource: /echo, headers: { x-d: own }, timeout: 4s, expect: { body: { headers.X-D.0: own, headers.X-D.length: 1 } } }
`,
			process: map[string]string{"T": "tt"},
			want:    []string{"none passed", "own passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				if a, b := r.Results[0].Input.Timeout, r.Results[1].Input.Timeout; a != "3s" || b != "4s" {
					t.Errorf("timeouts %s and %s", a, b)
				}
			},
		},
		{
			name: "parallel: false, this file's tests run one at a time", was: "the key was read and not used",
			files: "parallel: false\ntarget: @API@\ntests:\n" + strings.Repeat("  - { name: one, resource: /one }\n", 12) + "-- b.yaml --\n" +
				"target: @API@\ntests: [{ name: b, resource: /hang, timeout: 50ms }]\n",
			opts:  Options{MaxConcurrent: 8},
			want:  append(slices.Repeat([]string{"one passed"}, 12), "b errored"),
			check: func(t *testing.T, r *Report, _ *api) { oneAtATime(t, r.Results[:12]) },
		},
		{
			name: "depends: specs that must have run before, relative to this file",
			files: "-- x/a.yaml --\ndepends: [../y/z.yaml]\ntarget: @API@\ntests: [{ name: a, resource: /echo?a }]\n-- y/z.yaml --\n" +
				"target: @API@\ntests: [{ name: z, resource: /flaky?ok=2, retry: { maxAttempts: 2 }, expect: { status: 200 } }]\n",
			want: []string{"z passed", "a passed"},
			sent: []string{"GET /flaky?ok=2", "GET /flaky?ok=2", "GET /echo?a"},
		},
		{
			name: "depends: unknown is an error", was: "a path that leads nowhere was ignored",
			files:  "depends: [nowhere.yaml]\ntarget: @API@\ntests: [{ name: a, resource: /echo }]\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:1:11 depends.unknown-file"},
		},
		{
			name: "load: users, duration, rps, rampUp, stages, thresholds and scenarios, run locally with virtual users",
			was:  "load was announced and never done",
			files: `
mode: load
target: @API@
load:
  users: 3
  duration: 400ms
  rampUp: 50ms
  rps: 100
  thresholds: { errors: { rate: "< 1%" }, duration: { p95: "< 5s", p99: "< 5s" } }
  scenarios: { reads: { weight: 3, tests: [read] }, writes: { weight: 1, tests: [write] } }
tests:
  - { name: read, alias: read, resource: /echo?read }
  - { name: write, alias: write, method: POST, resource: /echo?write }
-- stages.yaml --
mode: load
target: @API@
load: { stages: [{ duration: 50ms, users: 1 }, { duration: 50ms, users: 3 }], thresholds: { duration: { p95: "< 1us" } } }
tests: [{ name: staged, resource: /echo?staged }]
`,
			want: []string{
				"read passed", "write passed", "errors.rate < 1% passed", "duration.p95 < 5s passed", "duration.p99 < 5s passed",
				"staged passed", "duration.p95 < 1us failed",
			},
			check: func(t *testing.T, r *Report, _ *api) {
				// How much a busy machine gets done is for other tests to say.
				if len(r.Loads) != 2 || !r.Loads[0].Open || r.Loads[0].RPS != 100 || r.Loads[1].Open {
					t.Fatalf("loads %+v", r.Loads)
				}
				flows := r.Loads[0].Flows
				if len(flows) != 2 || flows[0].Name != "reads" || flows[0].Iterations < flows[1].Iterations || flows[1].Iterations == 0 {
					t.Errorf("scenarios %+v", flows)
				}
			},
		},
		{
			name: "load: a stage must have duration and users", was: "a stage without them was taken as zero",
			files:  "mode: load\ntarget: @API@\nload:\n  stages:\n    - duration: 1s\n    - users: 2\ntests: [{ name: a, resource: /echo }]\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:5:7 spec.missing-key users", "a.yaml:6:7 spec.missing-key duration"},
		},
		{
			name:   "tests: the list; anything else is an error",
			files:  "target: @API@\ntests: { name: a, resource: /echo }\n",
			want:   []string{},
			faults: []string{"a.yaml:2:8 spec.wrong-type list"},
		},
		{
			name: "any other key: error with did you mean", was: "an unknown key was ignored",
			files:  "tarket: @API@\ntests: [{ name: a, target: @API@, resource: /echo }]\nvariables: { a: b }\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:1:1 spec.unknown-key did you mean `target`?", "a.yaml:3:1 spec.unknown-key variables"},
		},
	})
}

// oneAtATime fails where two tests overlap.
func oneAtATime(t *testing.T, results []*engine.TestResult) {
	t.Helper()
	for i, r := range results {
		for _, o := range results[i+1:] {
			first, second := r, o
			if o.Started.Before(r.Started) {
				first, second = o, r
			}
			if end := first.Started.Add(first.Duration); end.Sub(second.Started) > time.Millisecond {
				t.Fatalf("%s began %s before %s had ended", second.Name, end.Sub(second.Started), first.Name)
			}
		}
	}
}

// The three forms of a test.
func TestRowsForms(t *testing.T) {
	runRows(t, []row{
		{
			name: "one line: METHOD RESOURCE -> EXPECTED",
			files: `
target: @API@
tests:
  - GET /status/200 -> 200
  - GET /status/204 -> 2xx
  - GET /status/503 -> >=500
  - DELETE /status/404 -> 200
`,
			want: []string{"call:GET /status/200 passed", "call:GET /status/204 passed", "call:GET /status/503 passed",
				"call:DELETE /status/404 failed"},
		},
		{
			name: "one line: surrounding blanks are fine; the arrow needs no blanks",
			files: `
target: @API@
tests:
  - "   GET   /status/200   ->   200   "
  - GET /status/200->200
  - GET /status/204->2XX
  - GET /status/200-> != 200
`,
			want: []string{"call:GET /status/200 passed", "call:GET /status/200#2 passed", "call:GET /status/204 passed",
				"call:GET /status/200#3 failed"},
		},
		{
			name: "one line: RESOURCE may hold {{ … }} with blanks", was: "the resource ended at the first blank",
			files: `
target: @API@
tests:
  - { name: in, alias: auth, resource: /login }
  - "GET /echo?t={{ auth.response.body.token }}&x={{ auth.response.body.token.PadLeft(5, '>') }} -> 200"
`,
			want: []string{"in passed", "call:GET /echo?t={{ auth.response.body.token }}&x={{ auth.response.body.token.PadLeft(5, '>') }} passed"},
			sent: []string{"GET /login", "GET /echo?t=t-1&x=%3E%3Et-1"},
		},
		{
			name: "one line: EXPECTED is a status expectation in text; METHOD is [A-Z][A-Z0-9_]*",
			files: `
target: @API@
tests:
  - MY_VERB2 /echo -> oneOf 200, 201
  - GET /status/404 -> is number
`,
			want: []string{"call:MY_VERB2 /echo passed", "call:GET /status/404 passed"},
		},
		{
			name: "one line: EXPECTED that can never be met is fatal", was: "the line ran and failed, or was refused",
			files: "target: @API@\ntests:\n  - GET /echo -> 200 OK\n  - GET /echo -> 2xz\n  - GET /echo -> 20x\n  - GET /echo -> > high\n" +
				"  - GET /echo -> is code\n  - GET /echo -> 200\n",
			want: []string{},
			sent: []string{},
			faults: []string{"a.yaml:3:18 expect.status `200`", "a.yaml:4:18 expect.status", "a.yaml:5:18 expect.status",
				"a.yaml:6:18 expect.operand", "a.yaml:7:18 expect.type"},
		},
		{
			name:  "one line: anything else is a bad form",
			files: "target: @API@\ntests:\n  - get /echo -> 200\n  - GET /echo\n  - GET -> 200\n  - GET /echo ->\n  - 42\n  - [a]\n",
			want:  []string{},
			sent:  []string{},
			faults: []string{"a.yaml:3:5 spec.bad-form", "a.yaml:4:5 spec.bad-form", "a.yaml:5:5 spec.bad-form", "a.yaml:6:5 spec.bad-form",
				"a.yaml:7:5 spec.bad-form", "a.yaml:8:5 spec."},
		},
		{
			name: "compact: a map whose one key is METHOD RESOURCE",
			files: `
target: @API@
tests:
  - POST /echo:
      name: compact
      body: { a: 1 }
      expect: { body: { body.a: 1, method: POST } }
  - GET /status/404: { expect: { status: 404 } }
  - GET /echo:
`,
			want: []string{"compact passed", "call:GET /status/404 passed", "call:GET /echo passed"},
		},
		{
			name: "compact: a second key beside it is an error with a fix", was: "the second key won or was lost",
			files:  "target: @API@\ntests:\n  - GET /echo: { expect: { status: 500 } }\n    name: lost\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:4:5 spec.bad-form"},
		},
		{
			name: "compact: a lower-case method is an error with a fix", was: "it was taken as a plugin field, and the test passed",
			files:  "target: @API@\ntests:\n  - get /echo: { expect: { status: 500 } }\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:3:5 spec.bad-form GET"},
		},
		{
			name:  "compact: the key wins over method/resource inside",
			files: "target: @API@\ntests:\n  - POST /echo?key: { name: n, method: GET, resource: /echo?inside }\n",
			want:  []string{"n passed"},
			sent:  []string{"POST /echo?key"},
		},
		{
			name: "full map: a scalar of any kind is taken as its text",
			files: `
target: @API@
tests:
  - { name: 123, alias: true, resource: /echo?1, headers: { X: 5, Y: 1.50, Z: true, N: null }, tags: [1, true] }
  - { name: 2024-01-01, resource: "/echo?{{ true.response.status }}", depends: [true], timeout: 5000 }
`,
			sel:  Selection{},
			want: []string{"123 passed", "2024-01-01 passed"},
			check: func(t *testing.T, r *Report, a *api) {
				h := a.request(t, 0).Header
				if h.Get("X") != "5" || h.Get("Y") != "1.50" || h.Get("Z") != "true" {
					t.Errorf("headers %v", h)
				}
			},
		},
		{
			name:   "full map: a list or map where text is wanted is an error",
			files:  "target: @API@\ntests:\n  - { name: [a], resource: /echo }\n  - { name: n, resource: { a: b }, headers: { X: [1] } }\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:3:13 spec.wrong-type", "a.yaml:4:26 spec.wrong-type", "a.yaml:4:50 spec.wrong-type"},
		},
	})
}

// The keys of a test.
func TestRowsTestKeys(t *testing.T) {
	runRows(t, []row{
		{
			name: "name: label", files: "target: @API@\ntests: [{ name: a label, resource: /echo }]\n", want: []string{"a label passed"},
		},
		{
			name: "alias: unique over the run, a duplicate is an error with the other one as related location",
			files: `
target: @API@
tests:
  - { name: a, alias: same, resource: /echo }
-- b.yaml --
target: @API@
tests:
  - { name: b, alias: same, resource: /echo }
-- c.yaml --
target: @API@
tests:
  - { name: c, alias: other, resource: /echo }
`,
			want:   []string{"c passed"},
			faults: []string{"a.yaml:4:23 alias.duplicate", "b.yaml:3:23 alias.duplicate"},
		},
		{
			name: "target: overrides the file's; alias or URL; templated",
			files: "target: http://127.0.0.1:1\ntargets: { api: @API@ }\n" +
				"tests: [{ name: url, target: @API@, resource: /echo }, { name: alias, target: api, resource: /echo }, { name: templated, " +
				"target: '{{ env.BASE }}', resource: /echo }]\n",
			process: map[string]string{"BASE": "@API@"},
			want:    []string{"url passed", "alias passed", "templated passed"},
		},
		{
			name: "method, resource: templated; path-escaped only when written URLEncode()",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: { m: PUT, p: "a b/c?d=é" } }
  - { name: raw, method: "{{ in.response.body.m }}", resource: "/chunk/{{ in.response.body.p }}" }
  - { name: escaped, method: "{{ in.response.body.m }}", resource: "/chunk/{{ in.response.body.p.URLEncode() }}" }
`,
			opts: Options{Serial: true},
			want: []string{"in passed", "raw passed", "escaped passed"},
			sent: []string{"POST /json", "PUT /chunk/a%20b/c?d=%C3%A9", "PUT /chunk/a%20b%2Fc%3Fd%3D%C3%A9"},
		},
		{
			name: "headers: map text→text, values templated",
			files: `
target: @API@
tests: [{ name: n, resource: /echo, headers: { X-A: "Bearer {{ env.T }}", X-B: "{{ env.T.Length() }}" } }]
`,
			process: map[string]string{"T": "token"},
			want:    []string{"n passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				if h := a.request(t, 0).Header; h.Get("X-A") != "Bearer token" || h.Get("X-B") != "5" {
					t.Errorf("headers %v", h)
				}
			},
		},
		{
			name: "timeout: 500ms, 2s, 1m30s; a bare number is ms; templated; hit = errored",
			files: `
target: @API@
tests:
  - { name: a, resource: /hang, timeout: 60ms }
  - { name: b, resource: /hang, timeout: 61 }
  - { name: c, resource: /hang, timeout: "{{ env.T }}" }
  - { name: d, resource: /echo, timeout: 1m30s }
  - { name: e, resource: /echo, timeout: 2s }
`,
			process: map[string]string{"T": "62ms"}, opts: Options{MaxConcurrent: 5},
			want: []string{"a errored", "b errored", "c errored", "d passed", "e passed"},
			says: map[string][]string{"a": {"timeout: no answer within 60ms"}, "b": {"within 61ms"}, "c": {"within"}},
			check: func(t *testing.T, r *Report, _ *api) {
				if got := r.Results[3].Input.Timeout; got != "1m30s" {
					t.Errorf("timeout %s", got)
				}
			},
		},
		{
			name: "timeout: per attempt",
			files: `
target: @API@
tests: [{ name: n, resource: /hang, timeout: 30ms, retry: { maxAttempts: 3 }, expect: { status: 200 } }]
`,
			want: []string{"n errored"}, says: map[string][]string{"n": {"timeout: no answer within 30ms"}},
			check: func(t *testing.T, r *Report, _ *api) {
				if n := r.Results[0].Attempts; n != 3 {
					t.Errorf("%d attempts", n)
				}
			},
		},
		{
			name: "timeout: unparsable = errored", was: "an unparsable timeout meant none",
			files: "target: @API@\ntests: [{ name: a, resource: /echo, timeout: soon }, { name: b, resource: /echo, timeout: 5 minutes }, " +
				"{ name: c, resource: /echo, timeout: -1s }]\n",
			want:  []string{"a errored", "b errored", "c errored"},
			sent:  []string{},
			hints: []string{"a.yaml:2:46 field.format"},
		},
		{
			name:  "skip: skipped",
			files: "target: @API@\ntests: [{ name: a, resource: /echo, skip: true }, { name: b, resource: /echo, skip: false }]\n",
			want:  []string{"a skipped", "b passed"},
			sent:  []string{"GET /echo"},
		},
		{
			name: "tags: selection with --tags", was: "tags were read and not used",
			files: tagged, sel: Selection{Tags: []string{"smoke", "nightly"}}, want: []string{"a passed", "b passed"},
			sent: []string{"GET /echo?a", "GET /echo?b"},
			opts: Options{Serial: true},
		},
		{
			name: "tags: selection with --exclude-tags", was: "tags were read and not used",
			files: tagged, sel: Selection{ExcludeTags: []string{"slow"}}, want: []string{"a passed", "c passed"}, opts: Options{Serial: true},
			sent: []string{"GET /echo?a", "GET /echo?c"},
		},
		{
			name: "tags: what a selected test needs runs too, and is said to be added",
			files: `
target: @API@
tests:
  - { name: in, alias: in, resource: /login }
  - { name: a, tags: [smoke], resource: "/echo?{{ in.response.body.token }}" }
  - { name: b, resource: /echo?b }
`,
			sel: Selection{Tags: []string{"smoke"}}, want: []string{"in passed", "a passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				if len(r.Added) != 1 || r.Added[0].ID != "in" {
					t.Errorf("added %v", r.Added)
				}
			},
		},
		{
			name: "when: false = skipped", was: "conditions were read and not used",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: { n: 5, s: abc, e: "", f: false, z: 0, l: [], nil: null,
        big: 9007199254740993 } }
  - { name: eq, resource: /echo, when: "{{ in.response.body.s }} == abc" }
  - { name: not eq, resource: /echo, when: "{{ in.response.body.s }} == abd" }
  - { name: gt, resource: /echo, when: "{{ in.response.body.n }} > 4" }
  - { name: not gt, resource: /echo, when: "{{ in.response.body.n }} > 5" }
  - { name: ne, resource: /echo, when: "{{ in.response.body.n }} != 5" }
  - { name: contains, resource: /echo, when: "{{ in.response.body.s }} contains b" }
  - { name: matches, resource: /echo, when: "{{ in.response.body.s }} matches ^b" }
  - { name: is, resource: /echo, when: "{{ in.response.body.n }} is int" }
  - { name: exists, resource: /echo, when: "{{ in.response.body.nope }} exists" }
  - { name: notExists, resource: /echo, when: "{{ in.response.body.nope }} notExists" }
  - { name: oneOf, resource: /echo, when: "{{ in.response.body.n }} oneOf 4, 5" }
  - { name: exact, resource: /echo, when: "{{ in.response.body.big }} == 9007199254740992" }
  - { name: status, resource: /echo, when: "{{ in.response.status }} == 200" }
  - { name: reversed, resource: /echo, when: "{{ in.response.body.n }} == {{ in.response.body.n }}" }
`,
			want: []string{
				"in passed", "eq passed", "not eq skipped", "gt passed", "not gt skipped", "ne skipped", "contains passed", "matches skipped",
				"is passed", "exists skipped", "notExists passed", "oneOf passed", "exact skipped", "status passed", "reversed passed",
			},
			says: map[string][]string{"not eq": {"abc", "abd"}},
		},
		{
			name: "when: a bare template must be truthy", was: "conditions were read and not used",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: { n: 5, s: abc, e: "", f: false, t: true, z: 0, l: [], o: {}, nil: null,
        no: "false" } }
  - { name: number, resource: /echo, when: "{{ in.response.body.n }}" }
  - { name: text, resource: /echo, when: "{{ in.response.body.s }}" }
  - { name: "yes", resource: /echo, when: "{{ in.response.body.t }}" }
  - { name: empty, resource: /echo, when: "{{ in.response.body.e }}" }
  - { name: "no", resource: /echo, when: "{{ in.response.body.f }}" }
  - { name: zero, resource: /echo, when: "{{ in.response.body.z }}" }
  - { name: nil, resource: /echo, when: "{{ in.response.body.nil }}" }
  - { name: missing, resource: /echo, when: "{{ in.response.body.nope }}" }
  - { name: the word false, resource: /echo, when: "{{ in.response.body.no }}" }
`,
			want: []string{
				"in passed", "number passed", "text passed", "yes passed", "empty skipped", "no skipped", "zero skipped", "nil skipped",
				"missing skipped",
				"the word false skipped",
			},
		},
		{
			name: "matrix: one run per row; {{ matrix.key }} and {{ key }}, in the name too",
			files: `
target: @API@
tests:
  - name: "{{ matrix.city }} {{ n }}"
    matrix: [{ city: Rome, n: 1 }, { city: Oslo, n: 2.50 }, { city: "{{ env.C }}", n: true }]
    method: POST
    resource: "/echo?{{ city }}"
    body: { n: "{{ n }}", text: "n={{ matrix.n }}" }
    expect: { body: { body.n: "{{ n }}" } }
`,
			process: map[string]string{"C": "Lisbon-town"}, opts: Options{Serial: true},
			want: []string{"Rome 1 passed", "Oslo 2.50 passed", "{{ env.C }} true passed"},
			sent: []string{"POST /echo?Rome", "POST /echo?Oslo", "POST /echo?Lisbon-town"},
			check: func(t *testing.T, _ *Report, a *api) {
				if got := a.request(t, 2).Body; got != `{"n":true,"text":"n=true"}` {
					t.Errorf("body %s", got)
				}
			},
		},
		{
			name: "matrix: a name without one gets the row appended", was: "all rows had one name",
			files: "target: @API@\ntests: [{ name: city, resource: /echo, matrix: [{ c: Rome, n: 1 }, { c: Oslo, n: 2 }] }, " +
				"{ resource: /echo, matrix: [{ x: 1 }] }]\n",
			want: []string{"city [c=Rome, n=1] passed", "city [c=Oslo, n=2] passed", "[x=1] passed"},
		},
		{
			name: "depends: explicit order",
			files: `
target: @API@
tests:
  - { name: last, depends: [mid], resource: /echo?last }
  - { name: mid, alias: mid, depends: [first], resource: /echo?mid }
  - { name: first, alias: first, resource: /echo?first }
`,
			opts: Options{MaxConcurrent: 4}, want: []string{"first passed", "mid passed", "last passed"},
			sent: []string{"GET /echo?first", "GET /echo?mid", "GET /echo?last"},
		},
		{
			name: "depends: unknown is an error",
			files: "target: @API@\ntests: [{ name: a, depends: [frist], resource: /echo }, { name: f, alias: first, resource: /echo }]\n" +
				"-- b.yaml --\ntarget: @API@\ntests: [{ name: b, resource: /echo }, { name: a name, depends: [b], resource: /echo }]\n",
			want: []string{},
			sent: []string{},
			faults: []string{"a.yaml:2:30 depends.unknown did you mean `first`?",
				"b.yaml:2:65 depends.unknown the test of that name needs an `alias`"},
		},
		{
			name:  "depends: self ignored",
			files: "target: @API@\ntests: [{ name: a, alias: a, depends: [a], resource: /echo }]\n",
			want:  []string{"a passed"},
		},
		{
			name:  "expect: no assertion at all = passes, with a hint in the editor",
			files: "target: @API@\ntests: [{ name: a, resource: /status/500 }, { name: b, resource: /status/500, expect: {} }]\n",
			want:  []string{"a passed", "b passed"},
			hints: []string{"a.yaml:2:17 test.no-assertion", "a.yaml:2:53 test.no-assertion"},
		},
		{
			name: "save: map name→path from {response:{status,headers,body,metadata}, events}",
			files: `
target: @API@
tests:
  - name: in
    resource: /login
    save: { st: response.status, ct: response.headers.content-type, tok: response.body.token, proto: response.metadata.proto,
          kind: events.0.kind,
      last: "events[-1].data.status", whole: response, all: response.body }
  - name: out
    method: POST
    resource: /echo
    body: { st: "{{ st }}", ct: "{{ ct }}", tok: "{{ tok }}", proto: "{{ proto }}", kind: "{{ kind }}", last: "{{ last }}",
          w: "{{ whole.body.id }}", a: "{{ all.big }}" }
    expect: { body: {
      text: '{"a":9007199254740993,"ct":"application/json","kind":"Sent","last":200,"proto":"HTTP/1.1","st":200,"tok":"t-1","w":7}' } }
`,
			want: []string{"in passed", "out passed"},
		},
		{
			name: "save: creates a dependency for whoever uses the name", was: "the order was that of the file, and the text stayed as written",
			files: `
target: @API@
tests:
  - { name: user, resource: "/echo?{{ tok }}" }
  - { name: giver, resource: /login, save: { tok: response.body.token } }
`,
			opts: Options{MaxConcurrent: 4}, want: []string{"giver passed", "user passed"}, sent: []string{"GET /login", "GET /echo?t-1"},
		},
		{
			name: "save: a path that does not start with response./events. saves nothing: a warning with a fix",
			was:  "nothing was saved, in silence",
			files: "target: @API@\ntests: [{ name: a, resource: /login, save: { t: body.token, u: token } }, { name: b, " +
				"resource: '/echo?{{ t }}' }]\n",
			want: []string{"a passed", "b passed"},
			sent: []string{"GET /login", "GET /echo?{{%20t%20}}"},
			says: map[string][]string{"a": {`"body.token"`, "response.body.token", "save u"}, "b": {"stays as written",
				"put nothing aside as `t`"}},
			hints: []string{"a.yaml:2:49 save.path", "a.yaml:2:64 save.path"},
		},
		{
			name: "retry: stop at the first attempt that meets until",
			files: `
target: @API@
tests: [{ name: n, resource: /flaky?ok=3, retry: { maxAttempts: 9, interval: 1ms, until: { body: { call: 3 } } }, expect: { status: 200 } }]
`,
			want: []string{"n passed"}, sent: []string{"GET /flaky?ok=3", "GET /flaky?ok=3", "GET /flaky?ok=3"},
		},
		{
			name: "retry: without until, the first attempt whose expect passes", was: "there was one attempt without `until`",
			files: "target: @API@\ntests: [{ name: n, resource: /flaky?ok=2, retry: { maxAttempts: 5 }, expect: { status: 200 } }]\n",
			want:  []string{"n passed"}, sent: []string{"GET /flaky?ok=2", "GET /flaky?ok=2"},
		},
		{
			name: "retry: never met = failed", was: "the test passed when its attempts were used up",
			files: "target: @API@\ntests: [{ name: n, resource: /flaky?ok=9, retry: { maxAttempts: 2, until: { status: 200 } }, " +
				"expect: { body: { call: '> 0' } } }]\n",
			want: []string{"n failed"}, sent: []string{"GET /flaky?ok=9", "GET /flaky?ok=9"},
		},
		{
			name: "retry: maxAttempts is required, missing = reported, runs as one attempt", was: "it ran once, in silence",
			files: "target: @API@\ntests: [{ name: n, resource: /flaky?ok=2, retry: { interval: 1ms }, expect: { status: 200 } }]\n",
			want:  []string{"n failed"}, sent: []string{"GET /flaky?ok=2"}, says: map[string][]string{"n": {"no maxAttempts"}},
			hints: []string{"a.yaml:2:43 retry.max-attempts"},
		},
		{
			name: "retry: maxAttempts below 2 = one attempt",
			files: "target: @API@\ntests: [{ name: a, resource: /flaky?ok=2&a, retry: { maxAttempts: 1 }, expect: { status: 200 } }, " +
				"{ name: b, resource: /flaky?ok=2&b, retry: { maxAttempts: 0 }, expect: { status: 200 } }, { name: c, resource: /flaky?ok=2&c, " +
				"retry: { maxAttempts: -3 }, expect: { status: 200 } }]\n",
			opts: Options{Serial: true},
			want: []string{"a failed", "b failed", "c failed"}, sent: []string{"GET /flaky?ok=2&a", "GET /flaky?ok=2&b", "GET /flaky?ok=2&c"},
		},
		{
			name: "retry: interval is a duration",
			files: "target: @API@\ntests: [{ name: n, resource: /flaky?ok=3, retry: { maxAttempts: 3, interval: 30 }, " +
				"expect: { status: 200 } }, { name: bad, resource: /echo, retry: { maxAttempts: 2, interval: often } }]\n",
			want: []string{"n passed", "bad errored"},
			check: func(t *testing.T, r *Report, _ *api) {
				if r.Results[0].Attempts != 3 {
					t.Errorf("%d attempts", r.Results[0].Attempts)
				}
			},
		},
		{
			name: "retry: template values are fixed over attempts",
			files: `
target: @API@
tests: [{ name: n, method: POST, resource: "/flaky?ok=4&u={{ fake.uuid }}", body: "{{ fake.uuid }}", retry: { maxAttempts: 4 },
      expect: { status: 200 } }]
`,
			want: []string{"n passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				if first, last := a.request(t, 0), a.request(t, 3); first.URL != last.URL || first.Body != last.Body {
					t.Errorf("%s %s, then %s %s", first.URL, first.Body, last.URL, last.Body)
				}
			},
		},
		{
			name: "anything else: a plugin field, passed on",
			files: "target: @API@\ntests: [{ name: n, method: POST, resource: /echo, query: { a: [1, 2], b: x y }, body: { z: 1, a: [true, " +
				"null, 1.50] } }]\n",
			want: []string{"n passed"}, sent: []string{"POST /echo?a=1&a=2&b=x%20y"},
			check: func(t *testing.T, _ *Report, a *api) {
				if got := a.request(t, 0).Body; got != `{"a":[true,null,1.50],"z":1}` {
					t.Errorf("body %s", got)
				}
			},
		},
		{
			name:  "anything else: one that the plugin does not declare is a warning with did you mean",
			files: "target: @API@\ntests: [{ name: n, resource: /echo, querry: { a: 1 } }]\n",
			want:  []string{"n passed"}, sent: []string{"GET /echo"},
			says:  map[string][]string{"n": {"unknown field `querry` of http", "did you mean `query`?"}},
			hints: []string{"a.yaml:2:37 field.unknown did you mean `query`?"},
		},
		{
			name:  "anything else: an error with --strict",
			files: "target: @API@\ntests: [{ name: n, resource: /echo, querry: { a: 1 } }]\n",
			opts:  Options{Strict: true}, want: []string{"n errored"}, sent: []string{},
		},
		{
			name:  "anything else: a wrong type is an error",
			files: "target: @API@\ntests: [{ name: n, resource: /echo, query: [1] }, { name: m, resource: /echo, followRedirects: maybe }]\n",
			want:  []string{"n errored", "m errored"}, sent: []string{},
			hints: []string{"a.yaml:2:44 field.type", "a.yaml:2:96 field.type"},
		},
		{
			name: "target → protocol: the URL scheme, case-insensitive", was: "HTTP:// had no plugin",
			files: "tests: [{ name: n, target: 'HTTP://@HOST@', resource: /echo }, { name: m, target: 'hTTp://@HOST@', resource: /echo }]\n",
			want:  []string{"n passed", "m passed"},
		},
		{
			name: "target → protocol: no target, no scheme, no plugin for the protocol: errored, no request",
			files: "tests:\n  - { name: none, resource: /x }\n  - { name: scheme, target: 127.0.0.1, resource: /x }\n" +
				"  - { name: plugin, target: gopher://h, resource: /x }\n",
			want: []string{"none errored", "scheme errored", "plugin errored"}, sent: []string{},
			says:  map[string][]string{"plugin": {"gopher", "http, https"}},
			hints: []string{"a.yaml:2:13 target.missing", "a.yaml:3:29 target.", "a.yaml:4:29 target.no-plugin http, https"},
		},
	})
}

const tagged = `
target: @API@
tests:
  - { name: a, tags: [smoke], resource: /echo?a }
  - { name: b, tags: [nightly, slow], resource: /echo?b }
  - { name: c, resource: /echo?c }
`
