package run

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// What templates are resolved in, and what they may hold.
func TestRowsTemplates(t *testing.T) {
	runRows(t, []row{
		{
			name: "resolved in: target, method, resource, header values, timeout, plugin fields (nested strings)",
			files: `
tests:
  - name: n
    target: "{{ env.BASE }}"
    method: "{{ env.M }}"
    resource: "/{{ env.R }}"
    headers: { X-H: "{{ env.H }}" }
    timeout: "{{ env.T }}"
    query: { q: "{{ env.Q }}" }
    body: { deep: [{ deeper: "{{ env.D }}" }], "{{ env.D }}": key }
`,
			process: map[string]string{"BASE": "@API@", "M": "PATCH", "R": "echo", "H": "header-value", "T": "9s", "Q": "query-value",
				"D": "deep-value"},
			want: []string{"n passed"}, sent: []string{"PATCH /echo?q=query-value"},
			check: func(t *testing.T, r *Report, a *api) {
				req := a.request(t, 0)
				if req.Header.Get("X-H") != "header-value" || req.Body != `{"deep":[{"deeper":"deep-value"}],"{{ env.D }}":"key"}` {
					t.Errorf("%v %s", req.Header, req.Body)
				}
			},
		},
		{
			name: "resolved in: expect values", was: "expected values were taken as they are written",
			files: `
target: @API@
tests:
  - { name: in, alias: in, resource: /login }
  - { name: same, resource: /login, expect: { status: "{{ in.response.status }}", body: { token: "{{ in.response.body.token }}",
        id: "<= {{ in.response.body.id }}",
      token.length: "{{ in.response.body.token.Length() }}" }, headers: { Content-Type: "{{ in.response.headers.Content-Type }}" } } }
  - { name: other, resource: /login, expect: { body: { token: "{{ in.response.body.id }}" } } }
`,
			want: []string{"in passed", "same passed", "other failed"},
			says: map[string][]string{"other": {"7", "t-1"}},
		},
		{
			name: "resolved in: when, but not in save paths",
			files: `
target: @API@
tests:
  - { name: in, resource: /login, save: { a: "response.body.{{ env.K }}", b: response.body.token } }
  - { name: out, when: "{{ b }} == {{ env.V }}", resource: /echo }
`,
			process: map[string]string{"K": "token", "V": "t-1"},
			want:    []string{"in passed", "out passed"}, says: map[string][]string{"in": {"save a"}},
			hints: []string{"a.yaml:4:46 save.path templates are not resolved"},
		},
		{
			name: "a template that is the whole value keeps its type (number, bool, list, object) in plugin fields and expect",
			was:  "every value became text",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: { n: 5, f: 1.50, b: false, l: [1, "2"], o: { k: null }, z: null, s: "5" } }
  - name: out
    method: POST
    resource: /json
    body: { n: "{{ in.response.body.n }}", f: "{{ in.response.body.f }}", b: "{{ in.response.body.b }}", l: "{{ in.response.body.l }}",
          o: "{{in.response.body.o}}", z: "{{ in.response.body.z }}", s: "{{ in.response.body.s }}" }
    expect: { body: { n: is int, b: "{{ in.response.body.b }}", l: "{{ in.response.body.l }}", l.0: is int, l.1: is string,
          o: "{{ in.response.body.o }}", z: is null, s: is string } }
`,
			want: []string{"in passed", "out passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				if got := a.request(t, 1).Body; got != `{"b":false,"f":1.50,"l":[1,"2"],"n":5,"o":{"k":null},"s":"5","z":null}` {
					t.Errorf("body %s", got)
				}
			},
		},
		{
			name: "inside text it prints as JSON would, integers never in exponent form, exact to 64 bits",
			was:  "9007199254740993 became 9.007199254740992e+15",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json,
        body: '{"big":9007199254740993,"max":9223372036854775807,"umax":18446744073709551615,"min":-9223372036854775808,
          "e":1e3,"half":0.5,"b":true,"n":null,"l":[1,"a"],"o":{"k":"v"},"s":"text","m":1000000}' }
  - name: out
    method: POST
    resource: /text
    body: "{{ in.response.body.big }}|{{ in.response.body.max }}|{{ in.response.body.umax }}|{{ in.response.body.min }}|\
      {{ in.response.body.half }}|{{ in.response.body.b }}|{{ in.response.body.n }}|{{ in.response.body.l }}|\
      {{ in.response.body.o }}|{{ in.response.body.s }}|{{ in.response.body.m }}"
    expect: { body: {
      .: '9007199254740993|9223372036854775807|18446744073709551615|-9223372036854775808|0.5|true|null|[1,"a"]|{"k":"v"}|text|1000000' } }
  - { name: exact, resource: "/echo?{{ in.response.body.big }}", method: POST, body: { v: "{{ in.response.body.umax }}" },
        expect: { body: { body.v: 18446744073709551615, url: /echo?9007199254740993 } } }
  - { name: inexact, method: POST, resource: /echo, body: { v: "{{ in.response.body.big }}" },
        expect: { body: { body.v: 9007199254740992 } } }
`,
			want: []string{"in passed", "out passed", "exact passed", "inexact failed"},
		},
		{
			name: "env.NAME: chosen environment, then .env, then configuration env, then the process environment if the user allowed it",
			files: `
target: @API@
tests: [{ name: n, method: POST, resource: /text, body: "{{ env.A }} {{ env.B }} {{ env.C }} {{ env.D }}",
      expect: { body: { .: "in-environment in-dotenv in-config in-process" } } }]
-- .qube.yaml --
env: { A: in-config, B: in-config, C: in-config }
environments: { e: { env: { A: in-environment } } }
-- .env --
A=in-dotenv
B=in-dotenv
`,
			process: map[string]string{"A": "in-process", "B": "in-process", "C": "in-process", "D": "in-process"}, environment: "e",
			want: []string{"n passed"},
		},
		{
			name: "regex('PATTERN'): quotes of either kind or none, text that matches",
			files: `
target: @API@
tests:
  - { name: single, method: POST, resource: /text, body: "{{ regex('[A-Z]{3}-[0-9]{4}') }}",
        expect: { body: { .: "matches ^[A-Z]{3}-[0-9]{4}$" } } }
  - { name: double, method: POST, resource: /text, body: '{{ regex("(ab|cd)+x?") }}', expect: { body: { .: 'matches ^(ab|cd)+x?$' } } }
  - { name: none, method: POST, resource: /text, body: "{{ regex([0-9]{5}) }}", expect: { body: { .: "matches ^[0-9]{5}$" } } }
  - { name: classes, method: POST, resource: /text, body: '{{ regex("\d{2}\w\s[^a-z]\.") }}',
        expect: { body: { .: 'matches ^\d{2}\w\s[^a-z]\.$' } } }
`,
			want: []string{"single passed", "double passed", "none passed", "classes passed"},
		},
		{
			name: "regex: a bad pattern is an error; an empty one stays as written",
			files: "target: @API@\ntests:\n  - { name: bad, resource: \"/echo?{{ regex('[') }}\" }\n" +
				"  - { name: empty, method: POST, resource: /text, body: \"{{ regex('') }}\", " +
				"expect: { body: { .: { eq: \"{{ regex('') }}\" } } } }\n",
			want:  []string{"bad errored", "empty passed"},
			hints: []string{"a.yaml:3:44 template.pattern"},
		},
		{
			name: "prev: name, response.status|headers.X|body.…|metadata.…, scenario only, one slot per file",
			was:  "one slot for all files of a run",
			files: `
mode: scenario
target: @API@
tests:
  - { name: first, resource: /login }
  - { name: second, method: POST, resource: /text,
        body: "{{ prev.name }} {{ prev.response.status }} {{ prev.response.headers.Content-Type }} \
          {{ prev.response.body.token }} {{ prev.response.metadata.proto }}",
      expect: { body: { .: first 200 application/json t-1 HTTP/1.1 } } }
  - { name: third, resource: "/echo?{{ prev.name }}", expect: { body: { url: /echo?second } } }
-- b.yaml --
mode: scenario
target: @API@
tests:
  - { name: uno, resource: /echo?u }
  - { name: due, resource: "/echo?{{ prev.name }}", expect: { body: { url: /echo?uno } } }
-- c.yaml --
target: @API@
tests:
  - { name: one, resource: /echo }
  - { name: no scenario, method: POST, resource: /text, body: "{{ prev.name }}", expect: { body: { .: { eq: "{{ prev.name }}" } } } }
`,
			want: []string{"first passed", "uno passed", "one passed", "second passed", "due passed", "no scenario passed", "third passed"},
			says: map[string][]string{"no scenario": {"stays as written"}},
		},
		{
			name: "ALIAS.response.…, ALIAS.events.N.{plugin,kind,data.…}",
			files: `
target: @API@
tests:
  - { name: in, alias: my-login, resource: /login }
  - { name: out, method: POST, resource: /text,
        body: "{{ my-login.response.body.id }} {{ my-login.events.0.plugin }} {{ my-login.events.0.kind }} \
          {{ my-login.events[0].data.method }} {{ my-login.events.-1.kind }}",
      expect: { body: { .: 7 http Sent GET Received } } }
`,
			want: []string{"in passed", "out passed"},
		},
		{
			name: "SAVED, SAVED.path; matrix.key",
			files: `
target: @API@
tests:
  - { name: in, resource: /login, save: { tok: response.body.token, all: response.body } }
  - { name: "out {{ matrix.k }}", matrix: [{ k: { deep: [1, 2] } }], method: POST, resource: /text,
        body: "{{ tok }} {{ all.id }} {{ matrix.k.deep.1 }} {{ k.deep[0] }} {{ all.token.ToUpper() }}",
      expect: { body: { .: t-1 7 2 1 T-1 } } }
`,
			want: []string{"in passed", `out {"deep":[1,2]} passed`},
		},
		{
			name: "methods: left to right",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: { s: "  hello world " } }
  - { name: out, method: POST, resource: /text,
        body: "{{ in.response.body.s.TrimSpace().Capitalize().Replace(o, 0).PadLeft(14, '*').Reverse() }}",
        expect: { body: { .: "dlr0w 0lleH***" } } }
`,
			want: []string{"in passed", "out passed"},
		},
		{
			name: "methods: quoted arguments may hold ) and commas", was: "an argument ended at the first ) or comma",
			files: `
target: @API@
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: { s: "a)b,c" } }
  - { name: out, method: POST, resource: /text, body: "{{ in.response.body.s.Replace('),', '(').Replace(\"b,\", \"),\") }}",
        expect: { body: { .: "a)),c" } } }
  - { name: fake, method: POST, resource: /text, body: "{{ regex('a\\)b,c') }}", expect: { body: { .: "a)b,c" } } }
`,
			want: []string{"in passed", "fake passed", "out passed"},
		},
		{
			name: "not resolvable at run time: the text stays as written and the result carries a warning",
			files: "target: @API@\ntests:\n" +
				"  - { name: n, method: POST, resource: /text, body: 'a {{ nobody.x }} b {{ env.NOPE }} c {{ fake.nothing }}', " +
				"expect: { body: { .: { eq: 'a {{ nobody.x }} b {{ env.NOPE }} c {{ fake.nothing }}' } } } }\n",
			want: []string{"n passed"}, says: map[string][]string{"n": {"{{ nobody.x }} stays as written",
				"{{ env.NOPE }} stays as written", "{{ fake.nothing }}"}},
			hints: []string{"a.yaml:3:59 template.unknown-name", "a.yaml:3:80 env.unknown", "a.yaml:3:98 template.unknown-generator"},
		},
		{
			name: "not resolvable at run time: --strict makes it errored",
			files: "target: @API@\ntests:\n  - { name: n, resource: '/echo?{{ nobody.x }}' }\n" +
				"  - { name: m, resource: /echo, expect: { body: { a: '{{ env.NOPE }}' } } }\n",
			opts: Options{Strict: true}, want: []string{"n errored", "m errored"}, sent: []string{},
		},
		{
			name:  "a value that starts with an unquoted {{ is a YAML flow map: one diagnostic that says so",
			files: "target: @API@\ntests:\n  - name: n\n    resource: {{ x }}\n    headers: { A: {{ env.T }} }\n",
			want:  []string{}, sent: []string{},
			faults: []string{"a.yaml:4:15 yaml.unquoted-template", "a.yaml:5:19 yaml.unquoted-template"},
		},
	})
}

// Each kind of made-up data, in both ways to write its arguments.
func TestRowsFake(t *testing.T) {
	const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	tests := []struct {
		expr, matches, json string // json is a pattern of the value where it stands alone
	}{
		{"fake.name", `^\S+ \S+`, ""},
		{"fake.email", `^[^@\s]+@[^@\s]+\.[a-z]+$`, ""},
		{"fake.uuid", `^` + uuid + `$`, ""},
		{"fake.phone", `^\+?[0-9 ()-]{7,}$`, ""},
		{"fake.url", `^https?://\S+$`, ""},
		{"fake.company", `^\S`, ""},
		{"fake.city", `^[A-Z]`, ""},
		{"fake.country", `^[A-Z]`, ""},
		{"fake.color", `^[a-z]`, ""},
		{"fake.word", `^[a-z]+$`, ""},
		{"fake.address", `[0-9]+ .*`, ""},
		{"fake.bool", `^(true|false)$`, `^(true|false)$`},
		{"fake.sentence", `^(\S+ ){7}\S+$`, ""},
		{"fake.sentence.3", `^(\S+ ){2}\S+$`, ""},
		{"fake.sentence(3)", `^(\S+ ){2}\S+$`, ""},
		{"fake.password", `^\S{12}$`, ""},
		{"fake.password.20", `^\S{20}$`, ""},
		{"fake.password(20)", `^\S{20}$`, ""},
		{"fake.int", `^[0-9]+$`, `^[0-9]+$`},
		{"fake.int.5.6", `^[56]$`, `^[56]$`},
		{"fake.int.-6.-5", `^-[56]$`, `^-[56]$`},
		{"fake.int(-6, -5)", `^-[56]$`, `^-[56]$`},
		{"fake.int(9223372036854775806, 9223372036854775807)", `^922337203685477580[67]$`, `^922337203685477580[67]$`},
		{"fake.uint", `^[0-9]+$`, `^[0-9]+$`},
		{"fake.uint.7.8", `^[78]$`, `^[78]$`},
		{"fake.uint(18446744073709551614, 18446744073709551615)", `^1844674407370955161[45]$`, `^1844674407370955161[45]$`},
		{"fake.float", `^0(\.[0-9]+)?$`, `^0(\.[0-9]+)?$`},
		{"fake.float.1.2", `^[12](\.[0-9]+)?$`, `^[12](\.[0-9]+)?$`},
		{"fake.float(0.5, 0.6)", `^0\.[56]`, `^0\.[56]`},
		{"fake.date", `^(19|20)\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, ""},
		{"fake.date.RFC3339", `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, ""},
		{"fake.date.2006", `^\d{4}$`, ""},
		{"fake.date('2006-01-02 15:04')", `^\d{4}-\d\d-\d\d \d\d:\d\d$`, ""},
		{"fake.date(Unix)", `^\d+$`, `^\d+$`},
		{"fake.name.ToUpper()", `^[A-Z]`, ""},
		{"fake.int.5.6.ToString().PadLeft(3, '0')", `^00[56]$`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, (&rowServer{}).serve)
			b := newBench(t, "a.yaml", fmt.Sprintf("target: %s\ntests: [{ name: n, method: POST, resource: /json, body: { text: %q, v: %q } }]\n",
				a.URL, "<{{ "+tt.expr+" }}>", "{{ "+tt.expr+" }}"))
			r := b.all()
			wantStatuses(t, r, "n passed")
			if said := told(r.Results[0]); said != "" {
				t.Error(said)
			}
			m := regexp.MustCompile(`^\{"text":"<(.*)>","v":(.*)\}$`).FindStringSubmatch(a.request(t, 0).Body)
			if m == nil {
				t.Fatalf("body %s", a.request(t, 0).Body)
			}
			if !regexp.MustCompile(tt.matches).MatchString(m[1]) {
				t.Errorf("in text: %q does not match %s", m[1], tt.matches)
			}
			whole := tt.json
			if whole == "" {
				whole = `^".*"$`
			}
			if !regexp.MustCompile(whole).MatchString(m[2]) {
				t.Errorf("alone: %s does not match %s", m[2], whole)
			}
		})
	}
	t.Run("one evaluation per place and run", func(t *testing.T) {
		row{
			name: "x",
			files: `
target: @API@
tests:
  - { name: a, alias: a, method: POST, resource: "/flaky?ok=3&u={{ fake.uuid }}", body: { x: "{{ fake.uuid }}", y: "{{ fake.uuid }}" },
        retry: { maxAttempts: 3 }, expect: { status: 200 } }
`,
			want: []string{"a passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				first, last := a.request(t, 0), a.request(t, 2)
				if first.URL != last.URL || first.Body != last.Body {
					t.Errorf("%v, then %v", first, last)
				}
				if found := regexp.MustCompile(uuid).FindAllString(first.URL+first.Body,
					-1); len(found) != 3 || found[0] == found[1] || found[1] == found[2] {
					t.Errorf("uuids %q", found)
				}
			},
		}.run(t)
	})
	t.Run("--seed fixes them", func(t *testing.T) {
		sent := func(seed uint64) string {
			a := newAPI(t, nil)
			b := newBench(t, "a.yaml", "target: "+a.URL+"\n"+
				"tests: [{ name: n, resource: '/echo?{{ fake.uuid }}&{{ regex([a-z]{9}) }}&{{ fake.int }}' }]\n")
			b.opts.Seed = seed
			b.all()
			return strings.Join(a.got(), " ")
		}
		if a, b, c := sent(7), sent(7), sent(8); a != b || a == c {
			t.Errorf("%s\n%s\n%s", a, b, c)
		}
	})
	t.Run("a name that does not exist", func(t *testing.T) {
		row{
			files: "target: @API@\ntests: [{ name: n, resource: '/echo?{{ fake.emial }}' }]\n", want: []string{"n passed"},
			hints: []string{"a.yaml:2:45 template.unknown-generator did you mean `email`?"},
		}.run(t)
	})
}

// Each method.
func TestRowsMethods(t *testing.T) {
	tests := []struct{ value, method, want string }{ // JSON, the call, JSON
		{`"aB"`, "ToUpper()", `"AB"`},
		{`"aB"`, "ToLower()", `"ab"`},
		{`" a\t\n"`, "TrimSpace()", `"a"`},
		{`"aXbX"`, "Replace(X, -)", `"a-b-"`},
		{`"a b"`, "Replace(' ', '')", `"ab"`},
		{`"7"`, "PadLeft(3)", `"  7"`},
		{`7`, "PadLeft(3, 0)", `"007"`},
		{`"abc"`, "PadLeft(2)", `"abc"`},
		{`"é"`, "PadRight(3, .)", `"é.."`},
		{`"hello world"`, "Capitalize()", `"Hello world"`},
		{`"añb"`, "Reverse()", `"bña"`},
		{`"Hello World-fooBar"`, "SnakeCase()", `"hello_world_foo_bar"`},
		{`"hello_world foo"`, "CamelCase()", `"helloWorldFoo"`},
		{`"a,b c"`, "Split()", `["a,b","c"]`},
		{`"a;b"`, "Split(;)", `["a","b"]`},
		{`[1,"b",true]`, "Join()", `"1btrue"`},
		{`["a","b"]`, "Join(' + ')", `"a + b"`},
		{`"42"`, "ToInt()", `42`},
		{`"9007199254740993"`, "ToInt()", `9007199254740993`},
		{`42.9`, "ToInt()", `42.9`},
		{`"1.5"`, "ToFloat()", `1.5`},
		{`"true"`, "ToBool()", `true`},
		{`0`, "ToBool()", `false`},
		{`42`, "ToString()", `"42"`},
		{`{"a":1}`, "ToString()", `"{\"a\":1}"`},
		{`"a b/c?d&e=ü+"`, "URLEncode()", `"a%20b%2Fc%3Fd%26e%3D%C3%BC%2B"`},
		{`"user:pä"`, "Base64()", `"dXNlcjpww6Q="`},
		{`"dXNlcjpww6Q="`, "Base64Decode()", `"user:pä"`},
		{`"dXNlcjpww6Q"`, "Base64Decode()", `"user:pä"`},
		{`{"b":[1,null],"a":"x"}`, "JSON()", `"{\"a\":\"x\",\"b\":[1,null]}"`},
		{`"say \"hi\""`, "JSON()", `"\"say \\\"hi\\\"\""`},
		{`"añb"`, "Length()", `3`},
		{`[1,2]`, "Length()", `2`},
		{`{"a":1}`, "Length()", `1`},
		{`null`, "Default(x)", `"x"`},
		{`""`, "Default(x)", `""`},
		{`false`, "Default(x)", `false`},
		{`"a"`, "ToUpper().Default(z)", `"A"`},
	}
	for _, tt := range tests {
		t.Run(tt.method+" of "+tt.value, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, (&rowServer{}).serve)
			b := newBench(t, "a.yaml", fmt.Sprintf(`
target: %s
tests:
  - { name: in, alias: in, method: POST, resource: /json, body: %q }
  - { name: out, method: POST, resource: /json, body: { v: %q } }
`, a.URL, `{"v":`+tt.value+`}`, "{{ in.response.body.v."+tt.method+" }}"))
			r := b.all()
			wantStatuses(t, r, "in passed", "out passed")
			if got := a.request(t, 1).Body; got != `{"v":`+tt.want+`}` {
				t.Errorf("got %s, want %s; %s", got, tt.want, told(r.Results[1]))
			}
		})
	}
	t.Run("Default(v) of what is missing", func(t *testing.T) {
		row{files: `
target: @API@
tests:
  - { name: in, alias: in, resource: /login }
  - { name: out, resource: "/echo?{{ in.response.body.nope.Default('d') }}&{{ env.NOPE.Default(e) }}" }
`, want: []string{"in passed", "out passed"}, sent: []string{"GET /login", "GET /echo?d&e"}, silent: []string{"out"}}.run(t)
	})
	t.Run("one that does not exist", func(t *testing.T) {
		row{
			files: "target: @API@\ntests: [{ name: n, alias: n, resource: /login }, { name: o, " +
				"resource: '/echo?{{ n.response.body.token.ToUper() }}' }]\n",
			want: []string{"n passed", "o passed"}, says: map[string][]string{"o": {"ToUper"}},
			hints: []string{"a.yaml:2:103 template.unknown-method did you mean `ToUpper`?"},
		}.run(t)
	})
}
