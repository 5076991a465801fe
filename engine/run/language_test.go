package run

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
)

// TestLanguage runs specs against a real server. %s in a spec is the server's URL; want are the statuses, in order.
func TestLanguage(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		env   map[string]string // the process environment
		want  []string
		check func(t *testing.T, r *Report, a *api)
	}{
		{
			name: "a one-line test", files: []string{"a.yaml", "target: %s\ntests:\n  - GET /status/204 -> 2xx\n  - GET /status/404 -> 200\n"},
			want: []string{"call:GET /status/204 passed", "call:GET /status/404 failed"},
		},
		{
			name: "a compact test", files: []string{"a.yaml",
				"target: %s\ntests:\n  - POST /echo: { name: c, body: {a: 1}, expect: { body: { body.a: 1, method: POST } } }\n"},
			want: []string{"c passed"},
		},
		{
			name: "a test without assertions passes", files: []string{"a.yaml", "target: %s\ntests:\n  - { name: a, resource: /status/500 }\n"},
			want: []string{"a passed"},
		},
		{
			name: "a target is an alias of the file, before one of the configuration",
			files: []string{".qube.yaml", "targets: { api: 'http://127.0.0.1:1' }\n", "a.yaml",
				"targets: { api: '%s' }\ntarget: api\ntests:\n  - { name: a, resource: /echo }\n"},
			want: []string{"a passed"},
		},
		{
			name:  "a target is an alias of the configuration",
			files: []string{".qube.yaml", "targets: { api: '%s' }\n", "a.yaml", "target: api\ntests:\n  - { name: a, resource: /echo }\n"},
			want:  []string{"a passed"},
		},
		{
			name: "an alias of the chosen environment comes before one of the configuration",
			files: []string{".qube.yaml", "targets: { api: 'http://127.0.0.1:1' }\nenvironments: { e: { targets: { api: '%s' } } }\n",
				"a.yaml", "target: api\ntests:\n  - { name: a, resource: /echo }\n"},
			want: []string{"a passed"},
		},
		{
			name:  "a test's target wins over the file's",
			files: []string{"a.yaml", "target: http://127.0.0.1:1\ntests:\n  - { name: a, target: '%s', resource: /echo }\n"},
			want:  []string{"a passed"},
		},
		{
			name: "a target may hold a template, the URL behind an alias too",
			files: []string{".qube.yaml", "env: { API: '%s', NAME: api }\ntargets: { api: '{{ env.API }}' }\n", "a.yaml",
				"target: '{{ env.NAME }}'\ntests:\n  - { name: a, resource: /echo }\n"},
			want: []string{"a passed"},
		},
		{
			name: "defaults apply where a test sets none, whatever the case of a header's name",
			files: []string{".qube.yaml", "defaults: { headers: { X-Conf: c, X-File: c } }\n", "a.yaml", `
target: %s
defaults: { headers: { x-file: f, X-Test: f } }
tests:
  - { name: a, resource: /echo, headers: { X-TEST: t }, expect: { body: { headers.X-Conf.0: c, headers.X-File.0: f,
      headers.X-Test.0: t } } }
`}, want: []string{"a passed"},
		},
		{
			name: "a header's value is text, whatever scalar it is written as",
			files: []string{"a.yaml", "target: %s\ntests:\n" +
				"  - { name: 12, resource: /echo, headers: { X: 5, Y: true }, expect: { body: { headers.X.0: '5', headers.Y.0: 'true' } } }\n"},
			want: []string{"12 passed"},
		},
		{
			name: "a template that is the whole value keeps its type; inside text it is printed as JSON would",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: in, alias: auth, resource: /login }
  - name: out
    method: POST
    resource: /echo
    body: { id: "{{ auth.response.body.id }}", text: "n={{ auth.response.body.big }}", big: "{{ auth.response.body.big }}",
      all: "{{ auth.response.body }}" }
    expect: { body: { body.id: is int, body.big: is int, body.text: n=9007199254740993, body.all.token: t-1 } }
`}, want: []string{"in passed", "out passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				wantIn(t, "body", a.requests[1].Body, `"big":9007199254740993`, `"id":7`)
			},
		},
		{
			name: "an expected value may be a template, and keeps its type",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: in, alias: auth, resource: /login }
  - { name: same, resource: /login, expect: { body: { id: "{{ auth.response.body.id }}", .: "{{ auth.response.body }}",
      big: ">= {{ auth.response.body.big }}" } } }
  - { name: other, resource: /login, expect: { body: { id: "{{ auth.response.body.big }}" } } }
`}, want: []string{"in passed", "same passed", "other failed"},
		},
		{
			name: "a saved text is no operator in an expectation",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: in, alias: a, method: POST, resource: /echo, body: { t: "is it" } }
  - { name: same, method: POST, resource: /echo, body: { t: "is it" }, expect: { body: { body.t: "{{ a.response.body.body.t }}" } } }
`}, want: []string{"in passed", "same passed"},
		},
		{
			name: "a header of a response is found whatever its case",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: in, alias: a, resource: /echo }
  - { name: out, method: POST, resource: /echo, body: "{{ a.response.headers.content-type }}",
      expect: { body: { text: application/json }, headers: { CONTENT-TYPE: contains json } } }
`}, want: []string{"in passed", "out passed"},
		},
		{
			name: "status, metadata and events of another test",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: in, alias: a, resource: /login }
  - name: out
    method: POST
    resource: /echo
    body: { s: "{{ a.response.status }}", k: "{{ a.events.0.kind }}", n: "{{ a.events.-1.data.status }}",
      p: "{{ a.response.metadata.proto }}" }
    expect: { body: { body: { s: 200, k: Sent, n: 200, p: HTTP/1.1 } } }
`}, want: []string{"in passed", "out passed"},
		},
		{
			name: "save puts values aside, and a path goes on from them",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: in, resource: /login, save: { all: response.body, token: response.body.token, st: response.status, kind: events.0.kind } }
  - { name: out, resource: "/echo?t={{ token }}&i={{ all.id }}&s={{ st }}&k={{ kind }}",
      expect: { body: { url: "/echo?t=t-1&i=7&s=200&k=Sent" } } }
`}, want: []string{"in passed", "out passed"},
		},
		{
			name:  "save warns of a path that leads nowhere and of one with a wrong beginning",
			files: []string{"a.yaml", "target: %s\ntests:\n  - { name: a, resource: /login, save: { x: body.token, y: response.body.nope } }\n"},
			want:  []string{"a passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				w := strings.Join(result(t, r, "a").Warnings, "\n")
				wantIn(t, "warnings", w, `save x: the path "body.token"`, "response.body.token", "save y: ")
			},
		},
		{
			name: "what cannot be resolved stays as written, with a warning",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: a, method: POST, resource: /echo, body: "x {{ nope.x }} {{ env.NOPE }}",
      expect: { body: { text: "x {{ nope.x }} {{ env.NOPE }}" } } }
`}, want: []string{"a passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				w := strings.Join(result(t, r, "a").Warnings, "\n")
				wantIn(t, "warnings", w, "body: {{ nope.x }} stays as written: `nope` is neither an alias nor a saved value",
					"body: {{ env.NOPE }} stays as written", "expect.body.text: ")
			},
		},
		{
			name: "the environment: chosen first, then .env, then the configuration, then the process",
			files: []string{
				".qube.yaml", "env: { A: conf, B: conf, C: conf }\nenvironments: { e: { env: { A: chosen } } }\n", ".env", "A=dot\nB=dot\n",
				"a.yaml", "target: %s\ntests:\n" +
					"  - { name: a, method: POST, resource: /echo, body: '{{ env.A }} {{ env.B }} {{ env.C }} {{ env.D }}' }\n",
			},
			env:  map[string]string{"A": "p", "D": "process"},
			want: []string{"a passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				if got := a.requests[0].Body; got != "chosen dot conf process" {
					t.Errorf("body = %q", got)
				}
			},
		},
		{
			name: "a scenario sees the test before",
			files: []string{"a.yaml", `
target: %s
mode: scenario
tests:
  - { name: a, resource: /login }
  - { name: b, method: POST, resource: /echo, body: { n: "{{ prev.name }}", t: "{{ prev.response.body.token }}" },
      expect: { body: { body: { n: a, t: t-1 } } } }
  - { name: not me, skip: true }
  - { name: c, resource: "/echo?m={{ prev.response.body.method }}", expect: { body: { url: /echo?m=POST } } }
`}, want: []string{"a passed", "b passed", "not me skipped", "c passed"},
		},
		{
			name: "prev outside of a scenario is not resolved",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: a, resource: /login }
  - { name: b, resource: "/echo?t={{ prev.response.body.token }}" }
`}, want: []string{"a passed", "b passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				wantIn(t, "warnings", strings.Join(result(t, r, "b").Warnings, ""), "`prev` exists in `scenario` mode only")
			},
		},
		{
			name: "each file has a prev of its own",
			files: []string{
				"a.yaml", "target: %s\nmode: scenario\ntests:\n  - { name: a1, resource: /login }\n" +
					"  - { name: a2, resource: '/echo?n={{ prev.name }}', expect: { body: { url: /echo?n=a1 } } }\n",
				"b.yaml", "target: %s\nmode: scenario\ntests:\n  - { name: b1, resource: /login }\n" +
					"  - { name: b2, resource: '/echo?n={{ prev.name }}', expect: { body: { url: /echo?n=b1 } } }\n",
			},
			want: []string{"a1 passed", "b1 passed", "a2 passed", "b2 passed"},
		},
		{
			name: "a matrix runs once per row",
			files: []string{"a.yaml", `
target: %s
tests:
  - name: "get {{ matrix.id }}"
    resource: "/echo?id={{ id }}&w={{ matrix.who }}"
    matrix: [{ id: 1, who: ada }, { id: 2, who: "{{ env.WHO }}" }]
    expect: { body: { url: "/echo?id={{ id }}&w={{ who }}" } }
`}, env: map[string]string{"WHO": "bob"}, want: []string{"get 1 passed", "get 2 passed"},
			check: func(t *testing.T, r *Report, a *api) {
				got := a.got()
				slices.Sort(got)
				if !slices.Equal(got, []string{"GET /echo?id=1&w=ada", "GET /echo?id=2&w=bob"}) {
					t.Errorf("requests = %q", got)
				}
				if r.Results[1].Row != 1 {
					t.Errorf("row = %d", r.Results[1].Row)
				}
			},
		},
		{
			name: "rows of a matrix in a scenario follow each other",
			files: []string{"a.yaml", `
target: %s
mode: scenario
tests:
  - { name: "r{{ n }}", resource: "/echo?n={{ n }}", matrix: [{ n: 1 }, { n: 2 }, { n: 3 }] }
  - { name: last, resource: "/echo?p={{ prev.response.body.url.URLEncode() }}" }
`}, want: []string{"r1 passed", "r2 passed", "r3 passed", "last passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				want := []string{"GET /echo?n=1", "GET /echo?n=2", "GET /echo?n=3", "GET /echo?p=%2Fecho%3Fn%3D3"}
				if got := a.got(); !slices.Equal(got, want) {
					t.Errorf("requests = %q", got)
				}
			},
		},
		{
			name: "when holds, or the test is skipped",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: yes, resource: /echo, when: "{{ env.STAGE }} == dev" }
  - { name: no, resource: /echo, when: "{{ env.STAGE }} != dev" }
  - { name: truthy, resource: /echo, when: "{{ env.STAGE }}" }
  - { name: falsy, resource: /echo, when: "{{ env.OFF }}" }
  - { name: unset, resource: /echo, when: "{{ env.UNSET }}" }
  - { name: unset but default, resource: /echo, when: "{{ env.UNSET.Default('1') }}" }
  - { name: bad, resource: /echo, when: "{{ env.STAGE }} = dev" }
`}, env: map[string]string{"STAGE": "dev", "OFF": "false"},
			want: []string{"yes passed", "no skipped", "truthy passed", "falsy skipped", "unset skipped", "unset but default passed", "bad errored"},
			check: func(t *testing.T, r *Report, a *api) {
				if got := a.got(); len(got) != 3 {
					t.Errorf("requests = %q", got)
				}
				wantIn(t, "reason", result(t, r, "no").Error, "`when: {{ env.STAGE }} != dev` does not hold")
				wantIn(t, "error", result(t, r, "bad").Error, "when: ")
			},
		},
		{
			name: "a skipped test sends nothing", files: []string{"a.yaml", "target: %s\ntests:\n  - { name: a, resource: /echo, skip: true }\n"},
			want: []string{"a skipped"},
			check: func(t *testing.T, _ *Report, a *api) {
				if got := a.got(); len(got) != 0 {
					t.Errorf("requests = %q", got)
				}
			},
		},
		{
			name: "who needs the value of an errored or skipped test is skipped and says why; who only waits for it runs",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: broken, alias: broken, target: "http://127.0.0.1:1", resource: / }
  - { name: off, alias: off, skip: true, save: { left: response.body } }
  - { name: value of broken, alias: v, resource: "/echo?x={{ broken.response.body }}" }
  - { name: value of skipped, resource: "/echo?x={{ left }}" }
  - { name: value of value, resource: "/echo?x={{ v.response.body }}" }
  - { name: waits, depends: [broken, off], resource: /echo }
  - { name: default, resource: "/echo?x={{ broken.response.body.Default('d') }}", expect: { body: { url: /echo?x=d } } }
`}, want: []string{
				"broken errored", "off skipped", "value of broken skipped", "value of skipped skipped",
				"waits passed", "default passed", "value of value skipped",
			},
			check: func(t *testing.T, r *Report, a *api) {
				wantIn(t, "reason", result(t, r, "value of broken").Error, "needs the value of `broken`, but test \"broken\" errored")
				wantIn(t, "reason", result(t, r, "value of skipped").Error, "needs the value of `left`, but test \"off\" was skipped")
				wantIn(t, "reason", result(t, r, "value of value").Error, "needs the value of `v`, but test \"value of broken\" was skipped")
			},
		},
		{
			name: "the value of a failed test is used",
			files: []string{"a.yaml", `
target: %s
tests:
  - { name: a, alias: a, resource: /login, expect: { status: 500 } }
  - { name: b, resource: "/echo?t={{ a.response.body.token }}", expect: { body: { url: /echo?t=t-1 } } }
`}, want: []string{"a failed", "b passed"},
		},
		{
			name: "no target, no scheme, no plugin, a bad timeout and an unreachable port are errors without a request",
			files: []string{"a.yaml", `
tests:
  - { name: no target, resource: /echo }
  - { name: no scheme, target: "localhost:80", resource: /echo }
  - { name: no alias, target: apx, resource: /echo }
  - { name: no plugin, target: "ftp://x", resource: /echo }
  - { name: bad timeout, target: "%s", resource: /echo, timeout: soon }
  - { name: bad attempts, target: "%s", resource: /echo, retry: { maxAttempts: many } }
  - { name: bad interval, target: "%s", resource: /echo, retry: { maxAttempts: 2, interval: often } }
`}, want: []string{
				"no target errored", "no scheme errored", "no alias errored", "no plugin errored",
				"bad timeout errored", "bad attempts errored", "bad interval errored",
			},
			check: func(t *testing.T, r *Report, a *api) {
				for name, part := range map[string]string{
					"no target": "no target", "no scheme": "scheme", "no alias": "`apx`", "no plugin": "no plugin serves the protocol `ftp`",
					"bad timeout": "timeout: not a duration", "bad attempts": "retry.maxAttempts: \"many\"",
					"bad interval": "retry.interval: not a duration",
				} {
					wantIn(t, name, result(t, r, name).Error, part)
				}
				if got := a.got(); len(got) != 0 {
					t.Errorf("requests = %q", got)
				}
			},
		},
		{
			name: "a template fixes a timeout", files: []string{"a.yaml",
				"target: %s\ntests:\n  - { name: a, resource: /echo, timeout: '{{ env.T }}' }\n"},
			env: map[string]string{"T": "2s"}, want: []string{"a passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				if got := r.Results[0].Input.Timeout; got != "2s" {
					t.Errorf("timeout = %q", got)
				}
			},
		},
		{
			name: "an unknown field of a plugin is a warning", files: []string{"a.yaml",
				"target: %s\ntests:\n  - { name: a, resource: /echo, retires: 3 }\n"},
			want: []string{"a passed"},
			check: func(t *testing.T, r *Report, _ *api) {
				wantIn(t, "warnings", strings.Join(r.Results[0].Warnings, "\n"), "unknown field `retires` of http", "did you mean `retry`?")
			},
		},
		{
			name: "what the plugin's Validate calls an error is not sent", files: []string{"a.yaml",
				"target: %s\ntests:\n  - { name: a, resource: /echo, method: NO GOOD }\n"},
			want: []string{"a errored"},
			check: func(t *testing.T, r *Report, a *api) {
				wantIn(t, "error", r.Results[0].Error, "plugin http@", "validate: `method`")
				if got := a.got(); len(got) != 0 {
					t.Errorf("requests = %q", got)
				}
			},
		},
		{
			name: "a file waits for the whole of another", files: []string{
				"a.yaml", "depends: [z.yaml]\ntarget: %s\ntests: [{ name: a, resource: /echo?a }]\n",
				"z.yaml", "target: %s\ntests: [{ name: z, resource: /echo?z }]\n",
			},
			want: []string{"z passed", "a passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				if got := a.got(); !slices.Equal(got, []string{"GET /echo?z", "GET /echo?a"}) {
					t.Errorf("requests = %q", got)
				}
			},
		},
		{
			name: "a file with a fatal problem is not run", files: []string{
				"a.yaml", "target: %s\nmode: fast\ntests: [{ name: a, alias: a, resource: /echo }]\n",
				"b.yaml", "target: %s\ntests: [{ name: b, resource: /echo }, { name: c, resource: '/{{ a.response.status }}' }]\n",
			},
			want: []string{"b passed", "c skipped"},
			check: func(t *testing.T, r *Report, _ *api) {
				wantIn(t, "reason", result(t, r, "c").Error, "needs the value of `a`, but test \"a\" did not run")
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAPI(t, nil)
			files := slices.Clone(tt.files)
			for i := 1; i < len(files); i += 2 {
				files[i] = strings.ReplaceAll(files[i], "%s", a.URL)
			}
			b := newBench(t, files...)
			if slices.Contains(files, ".qube.yaml") {
				b.session.SetEnvironment(b.uri("a.yaml"), "e")
			}
			b.opts.LookupEnv = func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }
			r := b.run(Selection{})
			wantStatuses(t, r, tt.want...)
			if tt.check != nil {
				tt.check(t, r, a)
			}
		})
	}
}

func TestProcessEnvironmentIsReadOnlyWhereTheUserAllowsIt(t *testing.T) {
	t.Setenv("SPECLENS_TEST_ONLY", "visible")
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, resource: '{{ env.SPECLENS_TEST_ONLY }}' }]")
	if got := b.all().Results[0].Input.Resource; got != "{{ env.SPECLENS_TEST_ONLY }}" {
		t.Errorf("resource = %q", got)
	}
}

func TestStrictTurnsWarningsIntoErrors(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: template, resource: "{{ nope }}" }
  - { name: expectation, expect: { body: { a: "{{ nope }}" } } }
  - { name: condition, when: "{{ env.NOPE }}" }
  - { name: default, resource: "{{ env.NOPE.Default('x') }}" }
  - { name: field, target: "http://127.0.0.1:1", retires: 1 }
`)
	sent := 0
	b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		sent++
		return &plugin.TestOutput{Status: 200}, nil
	}
	b.opts = Options{Strict: true, Serial: true}
	r := b.all()
	wantStatuses(t, r, "template errored", "expectation errored", "condition errored", "default passed", "field errored")
	if sent != 1 {
		t.Errorf("%d requests, want 1", sent)
	}
	wantIn(t, "error", result(t, r, "template").Error, "resource: template {{ nope }}")
	wantIn(t, "error", result(t, r, "expectation").Error, "expect.body.a: template {{ nope }}")
	wantIn(t, "error", result(t, r, "field").Error, "unknown field `retires`")
}

func TestABadPatternIsAnErrorWithoutStrict(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`tests: [{ name: a, resource: "{{ regex('[') }}" }]`)
	r := b.run(Selection{})
	wantStatuses(t, r, "a errored")
}

func TestASeedGivesTheSameDataWhateverTheOrder(t *testing.T) {
	const spec = `
tests:
  - { name: a, alias: a, resource: "{{ fake.uuid }}", body: { x: "{{ fake.name }}", y: "{{ fake.name }}" } }
  - { name: "b{{ n }}", resource: "{{ fake.uuid }}", matrix: [{ n: 1 }, { n: 2 }] }
  - { name: c, resource: "{{ regex('[a-z]{12}') }}" }
`
	data := func(seed uint64, serial bool) []any {
		b := newBench(t, "a.yaml", fakeTarget+spec) // in another folder each time
		b.opts = Options{Seed: seed, Serial: serial, MaxConcurrent: 4}
		var list []any
		for _, r := range b.all().Results {
			list = append(list, r.Input.Resource, r.Input.Fields)
		}
		return list
	}
	first := data(42, true)
	if diff := cmp.Diff(first, data(42, false)); diff != "" {
		t.Errorf("the same seed gives other data:\n%s", diff)
	}
	if cmp.Equal(first, data(43, true)) {
		t.Error("another seed gives the same data")
	}
	if cmp.Equal(first[2], first[4]) {
		t.Error("two rows got the same value")
	}
	if f := first[1].(map[string]any)["body"].(map[string]any); f["x"] == f["y"] {
		t.Error("two places got the same value")
	}
}

func TestTheSeedThatWasDrawnIsReported(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`tests: [{ name: a, resource: "{{ fake.uuid }}" }]`)
	r := b.all()
	b.opts.Seed = r.Seed
	if again := b.all(); again.Results[0].Input.Resource != r.Results[0].Input.Resource {
		t.Errorf("seed %d gives %s, then %s", r.Seed, r.Results[0].Input.Resource, again.Results[0].Input.Resource)
	}
}

func TestFedBySaysWhereValuesCameFrom(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: a, alias: auth, save: { st: response.status } }
  - { name: b, resource: "/{{ auth.response.status }}/{{ st }}" }
`)
	got := result(t, b.all(), "b").FedBy
	key := engine.TestKey{URI: b.uri("a.yaml"), ID: "auth"}
	if diff := cmp.Diff(map[string]engine.TestKey{"auth": key, "st": key}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRepeatedHeadersAreAllSeen(t *testing.T) {
	a := newAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("X-Many", "one")
		w.Header().Add("X-Many", "two")
	})
	b := newBench(t, "a.yaml", fmt.Sprintf(`
target: %s
tests:
  - { name: a, alias: a, resource: /x, expect: { headers: { x-many: two } } }
  - { name: b, resource: /x, expect: { headers: { X-Many: "one, two" } } }
  - { name: c, resource: /x, expect: { headers: { X-Many: three } } }
`, a.URL))
	wantStatuses(t, b.all(), "a passed", "b passed", "c failed")
}
