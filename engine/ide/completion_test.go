package ide_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
)

func TestCompletionOffersWhatMayStandAtTheCursor(t *testing.T) {
	tests := []struct {
		name, src string
		// want must be offered, in this order; not must not.
		want, not []string
	}{
		{"file-level keys at the start", "‸", []string{"target", "tests", "targets"}, []string{"resource"}},
		{"keys that are there are not offered again", "target: x\n‸\ntests: []\n", []string{"mode"}, []string{"target", "tests"}},
		{"core and plugin keys of a test", "target: http://a\ntests:\n  - name: x\n    ‸\n", []string{"method", "followRedirects", "query"}, []string{"name", "targets"}},
		{"a key half typed", "target: http://a\ntests:\n  - name: x\n    ti‸\n", []string{"timeout"}, nil},
		{"no plugin fields where the protocol is unknown", "target: foo://a\ntests:\n  - name: x\n    ‸\n", []string{"timeout"}, []string{"query"}},
		{"the test's own target decides about its protocol", "target: foo://a\ntests:\n  - target: http://b\n    ‸\n", []string{"query"}, nil},
		{"keys of expect", "target: http://a\ntests:\n  - expect:\n      ‸\n", []string{"status", "body", "headers", "duration", "events"}, []string{"name"}},
		{"keys of a flow map", "target: http://a\ntests:\n  - expect: { ‸ }\n", []string{"status", "body"}, nil},
		{"keys of retry", "tests:\n  - retry:\n      ‸\n", []string{"maxAttempts", "interval", "until"}, nil},
		{"keys of until", "tests:\n  - retry:\n      until:\n        ‸\n", []string{"status", "body"}, nil},
		{"values of mode", "mode: ‸\n", []string{"test", "scenario", "load"}, nil},
		{"values directly behind the colon", "mode:‸\n", []string{"scenario"}, nil},
		{"bools", "tests:\n  - skip: ‸\n", []string{"true", "false"}, nil},
		{"methods of the plugin", "target: http://a\ntests:\n  - method: P‸\n", []string{"GET", "POST", "PATCH"}, nil},
		{"aliases of targets", "targets:\n  api: http://a\n  other: http://b\ntarget: ‸\n", []string{"api", "other"}, nil},
		{"operators in a body expectation", "target: http://a\ntests:\n  - expect:\n      body:\n        id: ‸\n", []string{"is string", "exists"}, nil},
		{"status classes", "target: http://a\ntests:\n  - expect:\n      status: ‸\n", []string{"200", "2xx"}, nil},
		{"operators as keys", "target: http://a\ntests:\n  - expect:\n      body:\n        id:\n          ‸\n", []string{"gt", "matches"}, nil},
		{"aliases in depends", "tests:\n  - alias: one\n  - depends: [‸]\n", []string{"one"}, nil},
		{"a test is not offered itself", "tests:\n  - alias: one\n  - alias: two\n    depends:\n      - ‸\n", []string{"one"}, []string{"two"}},
		{"nothing in a comment", "tests:\n  # ‸\n", nil, []string{"name"}},
		{"skeletons behind a dash", "target: http://a\ntests:\n  - ‸\n", []string{"test", "one line", "name", "method"}, nil},
		{"tests below their key", "target: http://a\ntests:\n  ‸\n", []string{"test", "one line", "name"}, []string{"targets", "tests"}},
		{"tests at the column of the others", "target: http://a\ntests:\n  - name: x\n  ‸\n", []string{"test", "name"}, []string{"tests"}},
		{"no test beside the column of the others", "target: http://a\ntests:\n   - name: x\n ‸\n", nil, []string{"test", "name", "tests"}},
		{"no key beside the column of the others", "target: http://a\n ‸\n", nil, []string{"tests", "mode"}},
		{"keys at the column of the first", "  target: http://a\n  ‸\n", []string{"tests", "mode"}, nil},
		{"members of the rows are free", "tests:\n  - matrix:\n      - ‸\n", nil, []string{"name", "method"}},
		{"keys of a compact test", "target: http://a\ntests:\n  - GET /x:\n      ‸\n", []string{"expect", "query"}, nil},
		{"headers", "target: http://a\ntests:\n  - headers:\n      ‸\n", []string{"Authorization", "Content-Type"}, nil},
		{"a header that is there, the first of all", "target: http://a\ntests:\n  - headers: { Authorization: x, ‸ }\n", []string{"Accept"}, []string{"Authorization"}},

		{"template roots", "tests:\n  - alias: auth\n  - resource: \"/{{ ‸ }}\"\n", []string{"auth", "fake", "env"}, []string{"prev"}},
		{"template roots in an unclosed quote", "tests:\n  - alias: auth\n  - resource: \"/{{ au‸\n", []string{"auth"}, nil},
		{"template roots in a plain scalar", "tests:\n  - alias: auth\n  - resource: /{{ ‸\n", []string{"auth"}, nil},
		{"prev in a scenario", "mode: scenario\ntests:\n  - name: a\n  - resource: \"{{ ‸ }}\"\n", []string{"prev"}, nil},
		{"saved names", "tests:\n  - save: { token: response.body.t }\n  - resource: \"{{ ‸ }}\"\n", []string{"token"}, nil},
		{"matrix keys", "tests:\n  - matrix: [{ who: ada }]\n    resource: \"{{ ‸ }}\"\n", []string{"who", "matrix"}, nil},
		{"generators", "tests:\n  - resource: \"{{ fake.‸ }}\"\n", []string{"name", "email", "uuid"}, []string{"auth"}},
		{"what follows an alias", "tests:\n  - alias: auth\n  - resource: \"{{ auth.‸ }}\"\n", []string{"response", "events"}, nil},
		{"what a response has", "tests:\n  - alias: auth\n  - resource: \"{{ auth.response.‸ }}\"\n", []string{"body", "status", "headers"}, nil},
		{"methods behind a path", "tests:\n  - alias: auth\n  - resource: \"{{ auth.response.body.id.‸ }}\"\n", []string{"ToUpper", "URLEncode"}, nil},
		{"methods behind a generator", "tests:\n  - resource: \"{{ fake.name.‸ }}\"\n", []string{"ToUpper", "URLEncode"}, []string{"email"}},
		{"methods half typed behind a generator", "tests:\n  - resource: \"{{ fake.name.T‸ }}\"\n", []string{"ToUpper", "TrimSpace"}, nil},
		{"methods behind a generator with arguments", "tests:\n  - resource: \"{{ fake.sentence(5).‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind an argument with a dot", "tests:\n  - resource: \"{{ fake.sentence.5.‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind a variable", "tests:\n  - resource: \"{{ env.HOME.‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind a variable that is still open", "tests:\n  - resource: \"{{ env.HOME.‸\n", []string{"ToUpper"}, nil},
		{"methods behind a matrix key", "tests:\n  - matrix: [{ who: ada }]\n    resource: \"{{ who.‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind a key of the row", "tests:\n  - matrix: [{ who: ada }]\n    resource: \"{{ matrix.who.‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind a saved value", "tests:\n  - save: { token: response.body.t }\n  - resource: \"{{ token.‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind a regex", "tests:\n  - resource: \"{{ regex('a').‸ }}\"\n", []string{"ToUpper"}, nil},
		{"methods behind a method", "tests:\n  - resource: \"{{ env.HOME.ToUpper().‸ }}\"\n", []string{"ToLower"}, nil},
		{"no methods in an index", "tests:\n  - alias: a\n    expect: { body: { users: [{ name: Ada }] } }\n  - resource: \"{{ a.response.body.users[‸ }}\"\n", []string{"[0]"}, []string{"ToUpper", "name"}},
		{"the first element of a list that the test expects", "tests:\n  - alias: a\n    expect: { body: { users: [{ name: Ada }] } }\n  - resource: \"{{ a.response.body.‸ }}\"\n", []string{"users", "users[0]", "users[0].name"}, nil},
		{"the first element of what is an array", "tests:\n  - alias: a\n    expect: { body: { users: is array } }\n  - resource: \"{{ a.response.body.users.‸ }}\"\n", []string{"[0]"}, nil},

		{"names to save that templates use and nobody saves", "tests:\n  - save:\n      ‸\n  - resource: \"/{{ user_id }}/{{ fake.name }}/{{ env.X }}\"\n  - save: { known: response.body.k }\n  - resource: \"/{{ token }}/{{ known }}\"\n", []string{"user_id", "token"}, []string{"known", "fake", "env", "X"}},
		{"names to save in braces", "tests:\n  - save: { ‸ }\n  - resource: \"/{{ user_id }}\"\n", []string{"user_id"}, nil},
		{"names to save are not those of the test itself", "tests:\n  - resource: \"/{{ own }}\"\n    save:\n      ‸\n", nil, []string{"own"}},
		{"fields that the test expects, as names to save", "tests:\n  - expect: { body: { token: is string, user: { id: is int } } }\n    save:\n      ‸\n", []string{"token", "user", "id"}, nil},
		{"paths that the test expects, as what to save", "tests:\n  - expect:\n      body: { token: is string, users: [{ name: Ada }] }\n    save:\n      x: ‸\n", []string{"response.body.token", "response.body.users[0].name", "response.status"}, nil},

		{"templates below an operator", "tests:\n  - alias: auth\n    save: { tok: response.body.t }\n  - expect:\n      body:\n        id:\n          eq: ‸\n", []string{"{{ auth.response.body.t }}", "{{ tok }}"}, []string{"== VALUE", "is string"}},
		{"the field of the same name first", "tests:\n  - alias: made\n    expect: { body: { name: x, id: is int } }\n  - expect:\n      body:\n        user.id:\n          ne: ‸\n", []string{"{{ made.response.body.id }}", "{{ made.response.body.name }}"}, nil},
		{"keys of the row below an operator", "tests:\n  - matrix: [{ who: ada }]\n    expect: { body: { name: { contains: ‸ } } }\n", []string{"{{ who }}"}, nil},
		{"types below is, in quotes too", "tests:\n  - expect:\n      body:\n        id:\n          is: \"‸\"\n", []string{"string", "email"}, []string{"is string"}},
		{"statuses in a list of them", "target: http://a\ntests:\n  - expect:\n      status: [200, ‸]\n", []string{"201", "2xx"}, []string{"> NUMBER"}},
		{"no operators among the fields of an object", "tests:\n  - expect:\n      body:\n        user:\n          name: Ada\n          ‸\n", nil, []string{"eq", "is"}},
		{"operands behind a condition's operator", "tests:\n  - alias: a\n  - when: \"{{ a.response.status }} == ‸\"\n", []string{"{{ a.response.status }}"}, []string{"== VALUE"}},
		{"types behind a condition's is", "tests:\n  - when: \"{{ env.X }} is ‸\"\n", []string{"string", "int"}[1:], []string{"== VALUE"}},

		{"tests within brackets", "target: http://a\ntests: [‸]\n", []string{"test", "one line", "GET"}, []string{"name", "method"}},
		{"tests behind one within brackets", "target: http://a\ntests: [ { name: a }, ‸ ]\n", []string{"test", "one line", "GET"}, []string{"name"}},
		{"a map before the examples of a body", "target: http://a\ntests:\n  - body: ‸\n", []string{"a map below", "name=Ada&role=admin"}, nil},
		{"a map before the examples of a body in braces", "target: http://a\ntests:\n  - { body: ‸ }\n", []string{"a map", "name=Ada&role=admin"}, []string{"a map below"}},
		{"tests first behind the target", "target: http://a\n‸\n", []string{"tests", "targets", "mode", "load"}, nil},
		{"templates inside a flow map", "tests:\n  - alias: auth\n  - headers: { A: \"{{ ‸\" }\n", []string{"auth"}, nil},
		{"templates inside a block scalar", "tests:\n  - alias: auth\n  - body: |\n      hello {{ ‸\n", []string{"auth"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := labels(newFixture(t, tt.src).complete())
			at := -1
			for _, w := range tt.want {
				i := slices.Index(got, w)
				if i < 0 {
					t.Fatalf("%q is not offered; offered are %q", w, got)
				}
				if i < at {
					t.Errorf("%q is offered too early: %q", w, got)
				}
				at = i
			}
			for _, n := range tt.not {
				if slices.Contains(got, n) {
					t.Errorf("%q is offered", n)
				}
			}
		})
	}
}

func TestAcceptingACompletionWritesWhatTheUserMeans(t *testing.T) {
	tests := []struct{ name, src, label, want string }{
		{"a key with a value", "target: http://a\ntests:\n  - name: x\n    ti‸\n", "timeout", "target: http://a\ntests:\n  - name: x\n    timeout: 5s\n"},
		{"a key with a block below", "target: http://a\ntests:\n  - name: x\n    exp‸\n", "expect", "target: http://a\ntests:\n  - name: x\n    expect:\n      status: 200\n"},
		{"a key behind a dash", "target: http://a\ntests:\n  - exp‸\n", "expect", "target: http://a\ntests:\n  - expect:\n      status: 200\n"},
		{"a key right behind a dash gets its blank", "target: http://a\ntests:\n  -‸\n", "expect", "target: http://a\ntests:\n  - expect:\n      status: 200\n"},
		{
			"a whole test right behind a dash", "target: http://a\ntests:\n  -‸\n", "test",
			"target: http://a\ntests:\n  - name: what it shows\n    method: GET\n    resource: /\n    expect:\n      status: 200\n",
		},
		{
			"a whole test where one may begin", "target: http://a\ntests:\n  ‸\n", "test",
			"target: http://a\ntests:\n  - name: what it shows\n    method: GET\n    resource: /\n    expect:\n      status: 200\n",
		},
		{"a key that has its colon already", "target: http://a\ntests:\n  - na‸: x\n", "name", "target: http://a\ntests:\n  - name: x\n"},
		{"a value behind the colon gets its blank", "mode:‸\n", "load", "mode: load\n"},
		{"a value that needs quotes gets them", "target: http://a\ntests:\n  - expect:\n      body:\n        a: ‸\n", "> NUMBER", "target: http://a\ntests:\n  - expect:\n      body:\n        a: \"> \"\n"},
		{"a template is closed", "tests:\n  - resource: \"{{ fake.em‸\"\n", "email", "tests:\n  - resource: \"{{ fake.email }}\"\n"},
		{"a closed template is not closed again", "tests:\n  - resource: \"{{ fake.em‸ }}\"\n", "email", "tests:\n  - resource: \"{{ fake.email }}\"\n"},
		{"an alias goes on", "tests:\n  - alias: auth\n  - resource: \"{{ au‸ }}\"\n", "auth", "tests:\n  - alias: auth\n  - resource: \"{{ auth. }}\"\n"},
		{"a generator keeps the call behind it", "tests:\n  - resource: \"{{ fake.sen‸tence(5) }}\"\n", "sentence", "tests:\n  - resource: \"{{ fake.sentence(5) }}\"\n"},
		{"a generator with arguments keeps the call behind it", "tests:\n  - resource: \"{{ fake.i‸nt(1, 5) }}\"\n", "int", "tests:\n  - resource: \"{{ fake.int(1, 5) }}\"\n"},
		{"a field in front of its index", "tests:\n  - alias: a\n    save: { x: \"response.body.users[0].id\" }\n  - resource: \"{{ a.response.body.us‸[0] }}\"\n", "users", "tests:\n  - alias: a\n    save: { x: \"response.body.users[0].id\" }\n  - resource: \"{{ a.response.body.users[0] }}\"\n"},
		{"an index in place of its dot", "tests:\n  - alias: a\n    expect: { body: { l: is array } }\n  - resource: \"{{ a.response.body.l.‸ }}\"\n", "[0]", "tests:\n  - alias: a\n    expect: { body: { l: is array } }\n  - resource: \"{{ a.response.body.l[0] }}\"\n"},
		{"an index whose brackets are there", "tests:\n  - alias: a\n    expect: { body: { l: is array } }\n  - resource: \"{{ a.response.body.l[‸] }}\"\n", "[0]", "tests:\n  - alias: a\n    expect: { body: { l: is array } }\n  - resource: \"{{ a.response.body.l[0] }}\"\n"},
		{"a key with a dot within double quotes", "tests:\n  - alias: a\n    expect: { body: { '[\"a.b\"]': 1 } }\n  - resource: \"{{ a.response.body.‸ }}\"\n", "[\"a.b\"]", "tests:\n  - alias: a\n    expect: { body: { '[\"a.b\"]': 1 } }\n  - resource: \"{{ a.response.body['a.b'] }}\"\n"},
		{"a regex within single quotes", "tests:\n  - resource: '{{ re‸'\n", "regex", "tests:\n  - resource: '{{ regex('''\n"},
		{"a name to save with the field that it ends with", "tests:\n  - expect: { body: { id: is int } }\n    save:\n      ‸\n  - resource: \"/{{ user_id }}\"\n", "user_id", "tests:\n  - expect: { body: { id: is int } }\n    save:\n      user_id: response.body.id\n  - resource: \"/{{ user_id }}\"\n"},
		{"a test within brackets", "target: http://a\ntests: [ GET /x -> 200, ‸ ]\n", "test", "target: http://a\ntests: [ GET /x -> 200, { name: what it shows, method: GET, resource: /, expect: { status: 200 } } ]\n"},
		{"an operand in a quote that nothing closes", "target: http://a\ntests:\n  - expect:\n      body:\n        a: \"is ‸\n", "is string", "target: http://a\ntests:\n  - expect:\n      body:\n        a: \"is string\"\n"},
		{"an operand in a quote that is closed", "target: http://a\ntests:\n  - expect:\n      body:\n        a: 'is ‸'\n", "is string", "target: http://a\ntests:\n  - expect:\n      body:\n        a: 'is string'\n"},
		{"an operator in a quote that nothing closes", "target: http://a\ntests:\n  - expect:\n      body:\n        a: '‸\n", "> NUMBER", "target: http://a\ntests:\n  - expect:\n      body:\n        a: '> '\n"},
		{"an operator in an open quote within braces", "target: http://a\ntests:\n  - expect: { body: { a: \"‸ } }\n", "exists", "target: http://a\ntests:\n  - expect: { body: { a: \"exists\" } }\n"},
		{"a template that is closed, in an open quote within braces", "tests:\n  - alias: auth\n  - headers: { A: \"{{ fake.em‸ }} }\n", "email", "tests:\n  - alias: auth\n  - headers: { A: \"{{ fake.email }} }\n"},
		{"an operator in a text of several lines", "target: http://a\ntests:\n  - expect:\n      body:\n        a: \"‸\n          b\"\n", "exists", "target: http://a\ntests:\n  - expect:\n      body:\n        a: \"exists\n          b\"\n"},
		{"a template behind an operator that was plain", "tests:\n  - save: { tok: response.body.t }\n  - expect:\n      body:\n        a: contains ‸\n", "{{ tok }}", "tests:\n  - save: { tok: response.body.t }\n  - expect:\n      body:\n        a: \"contains {{ tok }}\"\n"},
		{"a whole test", "target: http://a\ntests:\n  - ‸\n", "test", "target: http://a\ntests:\n  - name: what it shows\n    method: GET\n    resource: /\n    expect:\n      status: 200\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.src)
			if got := f.accept(t, f.item(t, tt.label)); got != tt.want {
				t.Errorf("accepting %q gives\n%s\nwant\n%s", tt.label, got, tt.want)
			}
		})
	}
}

// A completion must never corrupt the file: after accepting any of the keys, the text is as healthy as before.
func TestAcceptingAnyKeyLeavesTheFileHealthy(t *testing.T) {
	for _, src := range []string{
		"target: http://a\ntests:\n  - name: x\n    ‸\n  - name: y\n",
		"target: http://a\ntests:\n  - ‸\n  - name: y\n",
		"target: http://a\ntests:\n  -‸\n  - name: y\n",
		"target: http://a\ntests:\n-‸\n- name: y\n",
		"target: http://a\ntests:\n- name: x\n  ‸\n- name: y\n",
		"target: http://a\ntests:\n  - name: x\n  ‸\n  - name: y\n",
		"target: http://a\ntests:\n  ‸\n  - name: y\n",
		"target: http://a\ntests:\n  - expect:\n      ‸\n  - name: y\n",
		"‸\ntests:\n  - name: y\n",
		"target: http://a\ntests:\n  - { name: x, ‸ }\n  - name: y\n",
		"target: http://a\r\ntests:\r\n  - name: x\r\n    ‸\r\n  - name: y\r\n",
	} {
		for _, item := range newFixture(t, src).complete() {
			after := newFixture(t, newFixture(t, src).accept(t, item))
			doc := after.session.Snapshot().Document(after.uri)
			for _, finding := range doc.Tree().Findings() {
				t.Errorf("accepting %q in\n%s\ngives\n%s\nwhich has: %s", item.Label, src, after.src, finding.Message)
			}
			tests := doc.Spec().Specs[0].Tests
			if tests.Len() == 0 || tests.At(tests.Len()-1).Name.Value != "y" {
				t.Errorf("accepting %q in\n%s\nloses the last test:\n%s", item.Label, src, after.src)
			}
		}
	}
}

// An editor without snippets inserts the plain text as it is, all its lines.
func TestAcceptingPlainTextLeavesTheFileHealthy(t *testing.T) {
	for _, src := range []string{
		"target: http://a\ntests:\n  - ‸\n  - name: y\n",
		"target: http://a\ntests:\n  -‸\n  - name: y\n",
		"target: http://a\ntests:\n  - name: x\n    ‸\n  - name: y\n",
	} {
		items := newFixture(t, src).complete()
		if len(items) == 0 {
			t.Errorf("nothing is offered in\n%s", src)
		}
		for _, item := range items {
			item.Edit.New, item.Snippet = item.Plain, false
			after := newFixture(t, newFixture(t, src).accept(t, item))
			doc := after.session.Snapshot().Document(after.uri)
			for _, finding := range doc.Tree().Findings() {
				t.Errorf("accepting %q in\n%s\ngives\n%s\nwhich has: %s", item.Label, src, after.src, finding.Message)
			}
			if tests := doc.Spec().Specs[0].Tests; tests.Len() < 2 || tests.At(tests.Len()-1).Name.Value != "y" {
				t.Errorf("accepting %q in\n%s\nloses the last test:\n%s", item.Label, src, after.src)
			}
		}
	}
}

func TestCompletionLearnsFromTheLastResponse(t *testing.T) {
	response := func(r *engine.TestResult) {
		r.Output = &plugin.TestOutput{
			Status: json.Number("201"), Headers: map[string]string{"X-Trace": "abc"},
			Body: map[string]any{"id": json.Number("7"), "user": map[string]any{"name": "Ada"}, "a.b": true},
		}
	}
	base := "target: http://a\ntests:\n  - alias: auth\n    save: { who: response.body.user }\n"
	tests := []struct {
		name, src string
		want      []string
	}{
		{"in a template behind an alias", base + "  - resource: \"{{ auth.response.body.‸ }}\"\n", []string{"id", "user", `["a.b"]`}},
		{"deeper", base + "  - resource: \"{{ auth.response.body.user.‸ }}\"\n", []string{"name"}},
		{"behind a saved value", base + "  - resource: \"{{ who.‸ }}\"\n", []string{"name"}},
		{"headers", base + "  - resource: \"{{ auth.response.headers.‸ }}\"\n", []string{"X-Trace"}},
		{"as paths of an expected body", base + "    expect:\n      body:\n        ‸\n", []string{"id", "user", "user.name"}},
		{"as the expected status", base + "    expect:\n      status: ‸\n", []string{"201"}},
		{"as an expected value", base + "    expect:\n      body:\n        user.name: ‸\n", []string{"Ada"}},
		{"as what to save", "target: http://a\ntests:\n  - alias: auth\n    save:\n      x: ‸\n", []string{"response.body.user.name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.src)
			f.record(t, "auth", response)
			got := labels(f.complete())
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("%q is not offered; offered are %q", w, got)
				}
			}
		})
	}
}

func TestASecretIsOfferedByNameOnly(t *testing.T) {
	f := newFixture(t, "tests:\n  - resource: \"{{ env.‸ }}\"\n")
	f.session.Open("file:///w/.qube.yaml", "yaml", 1, "env: { TOKEN: hunter2hunter2 }\n")
	item := f.item(t, "TOKEN")
	for _, shown := range []string{item.Detail, item.Doc, item.Description, item.Edit.New} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("the value is shown: %q", shown)
		}
	}
}
