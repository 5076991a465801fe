package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

func lower(t testing.TB, src string) (*File, *text.Text) {
	t.Helper()
	tx := text.New(src)
	return Lower(syntax.Parse(tx, syntax.Options{}), nil), tx
}

// only lowers a file of one test, given from the dash of its item on.
func only(t testing.TB, item string) (TestAt, *text.Text) {
	t.Helper()
	f, tx := lower(t, "target: http://h\ntests:\n"+item)
	if len(f.Specs) != 1 || f.Specs[0].Tests.Len() != 1 {
		t.Fatalf("the file has %d documents", len(f.Specs))
	}
	return f.Specs[0].Tests.At(0), tx
}

func codes(list []Problem) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Code)
	}
	return out
}

func TestTheThreeFormsOfATest(t *testing.T) {
	for _, tt := range []struct {
		name, item       string
		form             Form
		method, resource string
		status           any
		head             string
		problems         []string
	}{
		{"one line holds method, resource and status", "- GET /health -> 200", FormLine, "GET", "/health", "200", "GET /health", nil},
		{"blanks around a line are fine", `- "  GET   /health  ->  2xx "`, FormLine, "GET", "/health", "2xx", "GET   /health", nil},
		{"the arrow needs no blanks", "- GET /health->2xx", FormLine, "GET", "/health", "2xx", "GET /health", nil},
		{"templates in a line may hold blanks and arrows", `- "GET /{{ fake.word.Replace('a', '->') }}/x -> >=500"`, FormLine, "GET",
			"/{{ fake.word.Replace('a', '->') }}/x", ">=500", "GET /{{ fake.word.Replace('a', '->') }}/x", nil},
		{"the last arrow counts", "- GET /a->b -> 200", FormLine, "GET", "/a->b", "200", "GET /a->b", nil},
		{"a method has digits and underscores behind its first letter", "- M_SEARCH2 /x -> 200", FormLine, "M_SEARCH2", "/x", "200",
			"M_SEARCH2 /x", nil},
		{"a lower-case method in a line is an error, and read as upper case", "- get /x -> 200", FormLine, "GET", "/x", "200", "get /x",
			[]string{CodeBadForm}},
		{"a line without an arrow is an error", "- GET /x", FormLine, "GET", "/x", nil, "GET /x", []string{CodeBadForm}},
		{"an arrow that leads to nothing is an error", "- GET /x ->", FormLine, "GET", "/x", nil, "GET /x", []string{CodeBadForm}},
		{"a word alone is no test", "- hello", FormBroken, "", "", nil, "hello", []string{CodeBadForm}},
		{"an empty item is no test", "-", FormBroken, "", "", nil, "-", []string{CodeBadForm}},
		{"a list is no test", "- []", FormBroken, "", "", nil, "[]", []string{CodeBadForm}},
		{"a compact test has its method and resource in its key", "- POST /users:\n    expect: {status: 201}", FormCompact, "POST",
			"/users", 201, "POST /users", nil},
		{"nothing may stand under a compact key", "- POST /users:", FormCompact, "POST", "/users", nil, "POST /users", nil},
		{"a quoted compact key may hold templates", `- "GET /{{ fake.uuid }}":` + "\n    expect: {status: 200}", FormCompact, "GET",
			"/{{ fake.uuid }}", 200, "GET /{{ fake.uuid }}", nil},
		{"a second key beside a compact one is an error, and read all the same", "- POST /users:\n  expect: {status: 201}", FormCompact,
			"POST", "/users", 201, "POST /users", []string{CodeBadForm}},
		{"a lower-case compact key is an error, and read as upper case", "- post /users:\n    expect: {status: 201}", FormCompact, "POST",
			"/users", 201, "post /users", []string{CodeBadForm}},
		{"the compact key wins over method and resource", "- POST /users:\n    method: GET\n    resource: /x", FormCompact, "POST",
			"/users", nil, "POST /users",
			[]string{CodeShadowedKey, CodeShadowedKey}},
		{"a compact test is labelled by its name", "- POST /users:\n    name: create", FormCompact, "POST", "/users", nil, "create", nil},
		{"a scalar under a compact key is an error", "- GET /x: 200", FormCompact, "GET", "/x", nil, "GET /x", []string{CodeBadForm}},
		{"a colon between method and resource is an error", "- DELETE: /x", FormLine, "DELETE", "/x", nil, "DELETE: /x", []string{CodeBadForm}},
		{"a full map has keys", "- name: n\n  method: get\n  resource: /x\n  expect: {status: 200}", FormFull, "get", "/x", 200, "n", nil},
		{"a plugin's field may hold a blank", "- method: get\n  my field: 1", FormFull, "get", "", nil, "method: get\n  my field: 1", nil},
		{"an empty map is no test", "- {}", FormBroken, "", "", nil, "{}", []string{CodeBadForm}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, tx := only(t, tt.item)
			var status any
			if c.Expect != nil {
				if m, ok := c.Expect.Raw().(map[string]any); ok {
					status = m["status"]
				}
			}
			if c.Form != tt.form || c.Method.Value != tt.method || c.Resource.Value != tt.resource {
				t.Errorf("form %d, method %q, resource %q", c.Form, c.Method.Value, c.Resource.Value)
			}
			if fmt.Sprint(status) != fmt.Sprint(tt.status) {
				t.Errorf("status %v, want %v", status, tt.status)
			}
			if got := tx.Slice(c.Abs(c.Head)); got != tt.head {
				t.Errorf("head %q, want %q", got, tt.head)
			}
			if diff := cmp.Diff(tt.problems, codes(c.Problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, p := range c.Problems {
				if p.Code != CodeShadowedKey && !p.Fatal {
					t.Errorf("%q does not keep the file from being run", p.Message)
				}
			}
		})
	}
}

func TestPartsOfALineHaveTheirOwnSpans(t *testing.T) {
	for _, item := range []string{
		`- GET /users/{{ fake.uuid }} -> 2xx`,
		`- "GET /users/{{ fake.uuid }} -> 2xx"`,
		`- 'GET /users/{{ fake.uuid }} -> 2xx'`,
		`- "\u0047ET /users/{{ fake.uuid }} -> 2xx"`,
	} {
		t.Run(item, func(t *testing.T) {
			c, tx := only(t, item)
			method := "GET"
			if strings.Contains(item, "u0047") {
				method = `\u0047ET`
			}
			for want, got := range map[string]text.Span{
				method:                     c.Method.Span(),
				"/users/{{ fake.uuid }}":   c.Resource.Span(),
				"2xx":                      c.Expect.SpanOf([]string{"status"}),
				"uuid":                     c.Templates[0].SpanOf(c.Templates[0].Template.Exprs()[0].Root.KeySpan),
				"/users/{{ fake.uuid }}\n": {},
			} {
				if want[len(want)-1] == '\n' {
					continue
				}
				if s := tx.Slice(c.Abs(got)); s != want {
					t.Errorf("got %q, want %q", s, want)
				}
			}
			if value, _ := c.Locate([]string{"resource"}); tx.Slice(c.Abs(value)) != "/users/{{ fake.uuid }}" {
				t.Errorf("resource is at %q", tx.Slice(c.Abs(value)))
			}
			if value, _ := c.Locate([]string{"expect", "status"}); tx.Slice(c.Abs(value)) != "2xx" {
				t.Errorf("expect.status is at %q", tx.Slice(c.Abs(value)))
			}
		})
	}
}

func TestATestsKeys(t *testing.T) {
	c, _ := only(t, `- name: 123
  alias: true
  target: api
  method: GET
  resource: /x
  headers: {X: 5, Y: 0x10, Z: null, W: "{{ env.T }}"}
  timeout: 1m30s
  skip: true
  tags: [a, 2]
  when: "{{ env.X }} == 1"
  matrix: [{a: 1, b: "{{ env.M }}"}, {a: 2}]
  depends: [one, two]
  save: {id: response.body.id}
  retry: {maxAttempts: 3, interval: 500, until: {status: 200}}
  expect: {status: 200}
  body: {deep: ["{{ fake.name }}"]}
  query: x
`)
	if len(c.Problems) > 0 {
		t.Fatalf("problems: %v", c.Problems)
	}
	got := map[string]any{
		"name": c.Name.Value, "alias": c.Alias.Value, "target": c.Target.Value, "timeout": c.Timeout.Value, "skip": c.Skip.Value,
		"tags": texts(c.Tags), "when": c.When.Value, "rows": len(c.Matrix), "row keys": c.Matrix[0].Values[1].Key.Value,
		"depends": texts(c.Depends), "save": c.Save[0].Name.Value + "=" + c.Save[0].Path.Value,
		"attempts": c.Retry.MaxAttempts.Value, "interval": c.Retry.Interval.Value, "until": c.Retry.Until.Parsed().Len(),
		"asserts": c.Expect.Parsed().Len(), "fields": []string{c.Fields[0].Key.Value, c.Fields[1].Key.Value},
	}
	want := map[string]any{
		"name": "123", "alias": "true", "target": "api", "timeout": "1m30s", "skip": true, "tags": []string{"a", "2"},
		"when": "{{ env.X }} == 1", "rows": 2, "row keys": "b", "depends": []string{"one", "two"}, "save": "id=response.body.id",
		"attempts": "3", "interval": "500", "until": 1, "asserts": 1, "fields": []string{"body", "query"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var headers []string
	for _, h := range c.Headers {
		headers = append(headers, h.Key.Value+"="+h.Value.Value)
	}
	if diff := cmp.Diff([]string{"X=5", "Y=0x10", "Z=", "W={{ env.T }}"}, headers); diff != "" {
		t.Errorf("a header is a scalar of any kind as its text, in written order (-want +got):\n%s", diff)
	}
	var places []string
	for _, at := range c.Templates {
		places = append(places, at.Path)
	}
	if diff := cmp.Diff([]string{"headers.W", "when", "matrix.0.b", "body.deep.0"}, places); diff != "" {
		t.Errorf("templated places (-want +got):\n%s", diff)
	}
}

func texts(list []Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value)
	}
	return out
}

func TestFileLevelKeys(t *testing.T) {
	f, _ := lower(t, `target: "{{ env.API }}"
targets: {api: http://h, n: 5}
mode: load
parallel: false
depends: [a.yaml]
defaults: {headers: {A: "{{ env.T }}"}, timeout: 5}
load:
  users: 3
  duration: 1s
  rps: 5
  rampUp: 1s
  stages: [{duration: 1s, users: 1}]
  thresholds: {duration: {p95: "< 1s", p50: "< 2s"}}
  scenarios: {r: {weight: 2, tests: [a, b]}}
tests: []
`)
	s := f.Specs[0]
	if len(s.Problems) > 0 {
		t.Fatalf("problems: %v", s.Problems)
	}
	l := s.Load
	got := []any{
		s.Target.Value, s.Targets[1].Key.Value + s.Targets[1].Value.Value, s.Mode.Value, s.Parallel.Present(), s.Parallel.Value,
		texts(s.Depends),
		s.Defaults.Headers[0].Key.Value, s.Defaults.Timeout.Value, l.Users.Value, l.Duration.Value, l.RPS.Value, l.RampUp.Value,
		l.Stages[0].Users.Value, len(l.Thresholds), l.Thresholds[1].Metric.Value, l.Thresholds[1].Stat.Value, l.Thresholds[1].Expr.Value,
		l.Scenarios[0].Name.Value, l.Scenarios[0].Weight.Value, texts(l.Scenarios[0].Tests), len(s.Templates), s.TestsKey.Value(),
	}
	want := []any{
		"{{ env.API }}", "n5", "load", true, false, []string{"a.yaml"}, "A", "5", "3", "1s", "5", "1s",
		"1", 2, "duration", "p50", "< 2s", "r", "2", []string{"a", "b"}, 2, "tests",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDocumentsOfOneFileAreSpecs(t *testing.T) {
	f, _ := lower(t, "# nothing\n---\ntests: [GET /a -> 200]\n---\n# nothing either\n---\ntests: [GET /a -> 200, GET /b -> 200]\n")
	if len(f.Specs) != 2 {
		t.Fatalf("%d specs", len(f.Specs))
	}
	if f.Specs[0].Doc == f.Specs[1].Doc || f.Specs[1].Tests.Len() != 2 {
		t.Errorf("documents %d and %d", f.Specs[0].Doc, f.Specs[1].Doc)
	}
	if a, b := f.Specs[0].Tests.At(0).ID, f.Specs[1].Tests.At(0).ID; a == b {
		t.Errorf("both tests have the id %q", a)
	}
}

func TestMergeKeysAndAnchors(t *testing.T) {
	f, tx := lower(t, `tests:
  - &base
    method: GET
    resource: &res /x
    headers: {A: b}
    expect: {status: 200}
  - <<: *base
    method: POST
  - {<<: *base, resource: *res}
`)
	second, third := f.Specs[0].Tests.At(1), f.Specs[0].Tests.At(2)
	if second.Form != FormFull || second.Method.Value != "POST" || second.Resource.Value != "/x" || second.Expect.Parsed().Len() != 1 {
		t.Errorf("the second test is %q %q", second.Method.Value, second.Resource.Value)
	}
	if got := tx.Slice(second.Abs(second.Resource.Span())); got != "*base" {
		t.Errorf("a merged value is shown at %q", got)
	}
	if third.Resource.Value != "/x" || tx.Slice(third.Abs(third.Resource.Span())) != "*res" {
		t.Errorf("an alias stands for %q at %q", third.Resource.Value, tx.Slice(third.Abs(third.Resource.Span())))
	}
}

func TestATestListBehindAnAlias(t *testing.T) {
	f, _ := lower(t, "target: http://h\ndepends: &d [GET /a -> 200]\ntests: *d\n")
	if n := f.Specs[0].Tests.Len(); n != 1 || f.Specs[0].Tests.At(0).Method.Value != "GET" {
		t.Errorf("%d tests", n)
	}
}

func TestKeysThatBeginWithXAreFreeAtTheTopOfAFileOnly(t *testing.T) {
	f, _ := lower(t, "x-common: &a {A: b}\nx-: 1\ndefaults: {headers: *a, x-y: 1}\nx: 1\ntests: [GET / -> 200]\n")
	var said []string
	for _, p := range f.Specs[0].Problems {
		said = append(said, p.Message[:strings.Index(p.Message, ";")])
	}
	want := []string{"unknown key `x-y` in `defaults`", "unknown key `x` in a spec"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(f.Specs[0].Unknown); n != 1 {
		t.Errorf("%d unknown keys, want 1", n)
	}
}

func TestIdsAreStableAndUnique(t *testing.T) {
	f, _ := lower(t, `tests:
  - {name: a, alias: x}
  - {name: a}
  - {name: a}
  - GET /a -> 200
  - GET /a -> 200
  - {name: b, alias: "name:a"}
  - {expect: {status: 200}}
  - {alias: x}
  - {alias: "name:a#2"}
---
tests:
  - {name: a}
`)
	var ids []string
	for _, s := range f.Specs {
		for _, t := range s.Tests.All() {
			ids = append(ids, t.ID)
		}
	}
	want := []string{"x", "name:a#3", "name:a#4", "call:GET /a", "call:GET /a#2", "name:a", "test", "x#2", "name:a#2", "name:a#5"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnEditKeepsTheTestsThatItLeavesAlone(t *testing.T) {
	src := "target: http://h\ntests:\n  - GET /a -> 200\n  - name: b\n    expect: {status: 200}\n  - GET /c -> 200\n"
	tx := text.New(src)
	tree := syntax.Parse(tx, syntax.Options{})
	before := Lower(tree, nil)
	edit := func(find, with string) *File {
		t.Helper()
		at := strings.Index(src, find)
		e := text.Edit{Span: text.Span{Start: at, End: at + len(find)}, New: with}
		next := tx.Apply(e)
		return Lower(tree.Update(next, []text.Edit{e}), before)
	}
	same := func(after *File) []bool {
		var list []bool
		for i, c := range after.Specs[0].Tests.All() {
			list = append(list, i < before.Specs[0].Tests.Len() && c.Test == before.Specs[0].Tests.At(i).Test)
		}
		return list
	}
	for _, tt := range []struct {
		name, find, with string
		want             []bool
	}{
		{"an edit inside a test changes that test alone", "status: 200", "status: 201", []bool{true, false, true}},
		{"an edit above moves all tests and changes none", "http://h", "http://host", []bool{true, true, true}},
		{"an edit in the first test leaves the others", "/a", "/aaa", []bool{false, true, true}},
		{"a new test leaves the others", "  - GET /c", "  - GET /new -> 200\n  - GET /c", []bool{true, true, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after := edit(tt.find, tt.with)
			if got := same(after); !slices.Equal(got, tt.want) {
				t.Errorf("kept %v, want %v", got, tt.want)
			}
		})
	}
	t.Run("a test that moved is still found at its place", func(t *testing.T) {
		after := edit("http://h", "http://a.much.longer.host")
		c := after.Specs[0].Tests.At(1)
		moved := strings.Replace(src, "http://h", "http://a.much.longer.host", 1)
		if got := c.Abs(c.Name.Span()); moved[got.Start:got.End] != "b" {
			t.Errorf("the name is at %v, %q", got, moved[got.Start:got.End])
		}
	})
}

func TestHashes(t *testing.T) {
	base := "- name: a\n  method: GET\n  resource: /x\n  body: {a: 1, b: 2}\n  expect: {status: 200}\n"
	of := func(item string) *Test {
		c, _ := only(t, item)
		return c.Test
	}
	for _, tt := range []struct {
		name, item         string
		sameHash, sameSend bool
	}{
		{"comments, quotes and order mean nothing",
			"- method: 'GET' # x\n  name: \"a\"\n  body:\n    b: 2\n    a: 1\n  resource: /x\n  expect:\n    status: 200\n", true, true},
		{"another expectation leaves the request", strings.Replace(base, "200", "201", 1), false, true},
		{"another name leaves the request", strings.Replace(base, "name: a", "name: b", 1), false, true},
		{"tags and saves leave the request", base + "  tags: [x]\n  save: {a: response.body}\n", false, true},
		{"another body is another request", strings.Replace(base, "a: 1", "a: 3", 1), false, false},
		{"text is not a number", strings.Replace(base, "a: 1", `a: "1"`, 1), false, false},
		{"another matrix is another request", base + "  matrix: [{a: 1}]\n", false, false},
		{"a missing resource is another request", strings.Replace(base, "  resource: /x\n", "", 1), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := of(base), of(tt.item)
			if (a.Hash() == b.Hash()) != tt.sameHash {
				t.Errorf("equal hashes: %v", !tt.sameHash)
			}
			if (a.RequestHash() == b.RequestHash()) != tt.sameSend {
				t.Errorf("equal request hashes: %v", !tt.sameSend)
			}
		})
	}
	t.Run("the short forms have hashes of their own", func(t *testing.T) {
		line, compact := of("- GET /x -> 200"), of("- GET /x:\n    expect: {status: 200}")
		if line.RequestHash() != compact.RequestHash() {
			t.Error("the same request in two short forms has two hashes")
		}
		if line.Hash() == of("- GET /x -> 201").Hash() || line.RequestHash() == of("- GET /y -> 200").RequestHash() {
			t.Error("another line has the same hash")
		}
	})
}

func TestLocate(t *testing.T) {
	c, tx := only(t, `- method: GET
  headers: {Accept: text, x.y: z}
  query: {limit: 5, deep: {list: [a, {b: c}]}}
  empty:
  expect:
    status: 200
    body:
      a.b: 1
      list: [x, {y: is string}]
    body.length: 3
`)
	for _, tt := range []struct{ at, value, key string }{
		{"", "method: GET", ""},
		{"method", "GET", "method"},
		{"headers.Accept", "text", "Accept"},
		{"headers.accept", "text", "Accept"},
		{"headers.x.y", "z", "x.y"},
		{"headers.Missing", "{Accept: text, x.y: z}", "headers"},
		{"query.limit", "5", "limit"},
		{"query.deep.list.1.b", "c", "b"},
		{"query.deep.list.0", "a", ""},
		{"query.deep.list.7", "[a, {b: c}]", "list"},
		{"empty", "empty", "empty"},
		{"nothing.at.all", "method: GET", ""},
		{"expect.status", "200", "status"},
		{"expect.body.a.b", "1", "a.b"},
		{"expect.body.list.1.y", "is string", "y"},
		{"expect.body.length", "3", "body.length"},
	} {
		t.Run(tt.at, func(t *testing.T) {
			var at []string
			if tt.at != "" {
				at = strings.Split(tt.at, ".")
			}
			if tt.at == "expect.body.length" {
				at = []string{"expect", "body.length"}
			}
			value, key := c.Locate(at)
			got := tx.Slice(c.Abs(value))
			if tt.value == "method: GET" {
				got, _, _ = strings.Cut(got, "\n")
			}
			gotKey := ""
			if !key.IsEmpty() {
				gotKey = tx.Slice(c.Abs(key))
			}
			if got != tt.value || gotKey != tt.key {
				t.Errorf("value %q, key %q", got, gotKey)
			}
		})
	}
}

func TestInputAppliesDefaults(t *testing.T) {
	f, _ := lower(t, `target: http://h
defaults: {headers: {accept: file, X-File: "{{ env.F }}"}, timeout: 2000}
tests:
  - POST /x:
      headers: {Accept: own}
      body: {a: [1, "{{ fake.name }}"]}
      name: "{{ fake.word }}"
      expect: {status: "{{ fake.int.200.204 }}"}
  - {method: a, timeout: "{{ env.T }}"}
  - {method: a, timeout: never}
`)
	conf := LowerConfig(syntax.Parse(text.New("defaults: {headers: {ACCEPT: conf, X-Conf: c}, timeout: 9s}"), syntax.Options{}))
	s := f.Specs[0]
	got := s.Input(s.Tests.At(0).Test, conf)
	if diff := cmp.Diff(map[string]string{"Accept": "own", "X-File": "{{ env.F }}", "X-Conf": "c"}, got.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if got.Method != "POST" || got.Resource != "/x" || got.Timeout != "2s" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"body.a.1", "headers.X-File"}, got.Templated); diff != "" {
		t.Errorf("templated (-want +got):\n%s", diff)
	}
	if got := s.Input(s.Tests.At(1).Test, nil); got.Timeout != "{{ env.T }}" || !slices.Contains(got.Templated, "timeout") {
		t.Errorf("a templated timeout stays as written: %+v", got)
	}
	if got := s.Input(s.Tests.At(2).Test, conf); got.Timeout != "" {
		t.Errorf("a timeout that cannot be read is left out: %+v", got)
	}
}

func TestConfiguration(t *testing.T) {
	c := LowerConfig(syntax.Parse(text.New(`# comment
version: 1
targets: {api: http://h}
defaults: {headers: {A: "{{ env.X }}"}, timeout: 5s}
plugins: [http, {name: own, path: p.wasm, sha256: abc, grants: [$target, "*.example.com"]}]
pluginConfigs: {own: {n: 12345678901234567890}, none: }
runner: {parallel: false, maxConcurrent: 3, failFast: true}
environments: {e: {targets: {api: http://e}, env: {N: 1}, protected: true}}
env: {N: 0}
specs: [a/**]
output: {format: junit, verbose: true, saveResults: true}
`), syntax.Options{}))
	if len(c.Problems) > 0 {
		t.Fatalf("problems: %v", c.Problems)
	}
	got := []any{
		c.Version.Value, c.Targets[0].Value.Value, c.Defaults.Timeout.Value, len(c.Templates), c.Plugins[0].Name.Value, c.Plugins[1].Path.Value,
		texts(c.Plugins[1].Grants), fmt.Sprint(c.PluginConfigs), c.Runner.Parallel.Present(), c.Runner.Parallel.Value,
		c.Runner.MaxConcurrent.Value,
		c.Runner.FailFast.Value, c.Environments[0].Name.Value, c.Environments[0].Targets[0].Value.Value, c.Environments[0].Env[0].Value.Value,
		c.Environments[0].Protected.Value, c.Env[0].Value.Value, texts(c.Specs), c.Output.Format.Value, c.Output.Verbose.Value,
		c.Output.SaveResults.Value,
	}
	want := []any{
		"1", "http://h", "5s", 1, "http", "p.wasm", []string{"$target", "*.example.com"}, "map[none:<nil> own:map[n:12345678901234567890]]",
		true, false, "3", true, "e", "http://e", "1", true, "0", []string{"a/**"}, "junit", true, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Run("a second document has no effect, and says so", func(t *testing.T) {
		c := LowerConfig(syntax.Parse(text.New("version: 1\n---\nversion: 2\n"), syntax.Options{}))
		if c.Version.Value != "1" || !slices.Equal(codes(c.Problems), []string{CodeBadValue}) {
			t.Errorf("version %q, problems %v", c.Version.Value, c.Problems)
		}
	})
	t.Run("a list is no configuration", func(t *testing.T) {
		c := LowerConfig(syntax.Parse(text.New("- a\n"), syntax.Options{}))
		if !slices.Equal(codes(c.Problems), []string{CodeWrongType}) {
			t.Errorf("problems %v", c.Problems)
		}
	})
}

func TestAliasesInsideAliasesStayBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("tests:\n  - body:\n      a0: &a0 [\"{{ fake.name }}\"]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "      a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	f, _ := lower(t, b.String())
	if n := len(f.Specs[0].Tests.At(0).Templates); n > maxNested {
		t.Errorf("%d templates", n)
	}
	f.Specs[0].Tests.At(0).Hash()
}

func FuzzLower(f *testing.F) {
	for _, s := range []string{
		"target: http://h\ntests:\n  - GET /a -> 200\n", "tests:\n  - POST /x:\n    body: 1\n", "a: &a [*a]\ntests: *a\n",
		"tests:\n  - <<: *x\n    method: {{ x }}\n", "- a\n", "tests: {a: b}\nload: {stages: [1]}\n---\n- x",
		"tests:\n  - \"\\u0047ET /{{ a -> 2\"\n  - get: /x\n  - {retry: {until: {body: 3}}, matrix: [1], save: [x]}\n",
	} {
		f.Add(s, 3, "x: [")
	}
	f.Fuzz(func(t *testing.T, src string, at int, insert string) {
		tx := text.New(src)
		tree := syntax.Parse(tx, syntax.Options{})
		before := Lower(tree, nil)
		LowerConfig(tree)
		inside(t, tx, before)
		e := tx.Normalize(text.Edit{Span: text.Span{Start: at, End: at}, New: insert})
		next := tx.Apply(e)
		after := Lower(tree.Update(next, []text.Edit{e}), before)
		inside(t, next, after)
		fresh := Lower(syntax.Parse(next, syntax.Options{}), nil)
		if a, b := describe(after), describe(fresh); a != b {
			t.Errorf("an update reads differently than the whole text:\n%s\nfresh:\n%s", a, b)
		}
	})
}

// inside checks that every span of a file lies in its text.
func inside(t *testing.T, tx *text.Text, f *File) {
	t.Helper()
	check := func(what string, s text.Span) {
		if s.Start < 0 || s.End < s.Start || s.End > tx.Len() {
			t.Errorf("%s has the span %v in a text of %d", what, s, tx.Len())
		}
	}
	ids := map[string]bool{}
	for _, s := range f.Specs {
		for _, p := range s.Problems {
			check(p.Message, p.Span)
		}
		for _, c := range s.Tests.All() {
			if ids[c.ID] {
				t.Errorf("two tests have the id %q", c.ID)
			}
			ids[c.ID] = true
			check("the head", c.Abs(c.Head))
			check("the method", c.Abs(c.Method.Span()))
			for _, p := range c.Problems {
				check(p.Message, c.Abs(p.Span))
				for _, fix := range p.Fixes {
					for _, e := range fix.Edits {
						check(fix.Title, c.Abs(e.Span))
					}
				}
			}
			for _, at := range c.Templates {
				for _, e := range at.Template.Exprs() {
					check(at.Path, c.Abs(at.SpanOf(e.Span)))
				}
			}
			c.Hash()
		}
	}
}

func describe(f *File) string {
	var b strings.Builder
	for _, s := range f.Specs {
		fmt.Fprintf(&b, "spec %d %q %v\n", s.Doc, s.Target.Value, codes(s.Problems))
		for _, c := range s.Tests.All() {
			fmt.Fprintf(&b, "  %s %d %q %v %v %s\n", c.ID, c.Form, c.Resource.Value, c.Abs(c.Head), codes(c.Problems), c.Hash())
		}
	}
	return b.String()
}

func TestTheKeyOfAPluginsFieldIsFoundAtAnyDepth(t *testing.T) {
	f, src := lower(t, "target: x://y\ntests:\n  - name: a\n    say: hi\n    opts: { deep: { level: 1 } }\n")
	_, at := f.At(0)
	for path, want := range map[string]string{"say": "say", "opts.deep.level": "level", "name": "name", "opts.none": "", "none": "", "": ""} {
		key, ok := at.KeyAt(strings.Split(path, "."))
		got := ""
		if ok {
			got = src.Slice(at.Abs(key.Span()))
		}
		if got != want {
			t.Errorf("the key of %q is %q, want %q", path, got, want)
		}
	}
}
