package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/value"
)

// testScope knows an alias, saved values, variables and a matrix row.
func testScope() Scope {
	record := map[string]any{
		"name": "log in",
		"response": map[string]any{
			"status":  json.Number("200"),
			"headers": map[string]string{"X-Request-Id": "r-1", "Content-Type": "application/json"},
			"body": map[string]any{
				"id": json.Number("9007199254740993"), "token": "t0k", "ok": true, "none": nil, "float": json.Number("1e3"),
				"list": []any{"a", "b", "c"}, "user": map[string]any{"name": "Ada", "a.b": "dotted"}, "op": "> 5", "template": "{{ env.SECRET }}",
			},
			"metadata": map[string]any{"proto": "HTTP/1.1"},
		},
		"events": []any{map[string]any{"plugin": "http", "kind": "Sent", "data": map[string]any{"bytes": json.Number("12")}}},
	}
	known := map[string]any{"auth": record, "v1.login": record, "my user": record, "saved": map[string]any{"x": json.Number("1")},
		"text": "a b/c"}
	return Scope{
		Env: func(name string) (string, error) {
			v, ok := map[string]string{"TOKEN": "s3cret", "EMPTY": "", "A.B": "dotted", "STAGE": " Prod "}[name]
			if !ok {
				return "", ErrUnknown
			}
			return v, nil
		},
		Prev: func() (any, error) { return record, nil },
		Named: func(name string) (any, error) {
			if name == "skipped" {
				return nil, errors.New("test `skipped` was skipped")
			}
			v, ok := known[name]
			if !ok {
				return nil, ErrUnknown
			}
			return v, nil
		},
		Matrix: func(key string) (any, error) {
			v, ok := map[string]any{"user": "Grace", "n": json.Number("3"), "status": "2xx", "obj": map[string]any{"k": true}}[key]
			if !ok {
				return nil, ErrUnknown
			}
			return v, nil
		},
		Names: func() []string { return []string{"auth", "saved", "text"} },
	}
}

func evalWith(t *testing.T, ev *Evaluator, s string) (any, []Warning) {
	t.Helper()
	v, warnings, err := Parse(s).Eval(ev)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v, warnings
}

func TestTemplatesEvaluate(t *testing.T) {
	for _, c := range []struct {
		rule, in string
		want     any
	}{
		{"a text without templates stays", "plain { text }", "plain { text }"},
		{"a whole template keeps a number", "{{ auth.response.body.id }}", json.Number("9007199254740993")},
		{"a whole template keeps a bool", "{{auth.response.body.ok}}", true},
		{"a whole template keeps null", "{{ auth.response.body.none }}", nil},
		{"blanks around a whole template do not count", "  {{ auth.response.body.ok }}\n", true},
		{"inside text an integer is exact", "/users/{{ auth.response.body.id }}", "/users/9007199254740993"},
		{"inside text an integer is never in exponent form", "n={{ auth.response.body.float }}", "n=1000"},
		{"inside text a bool prints as JSON", "{{ auth.response.body.ok }}!", "true!"},
		{"inside text null prints as JSON", "{{ auth.response.body.none }}!", "null!"},
		{"inside text a list prints as JSON", "{{ auth.response.body.list }}!", `["a","b","c"]!`},
		{"inside text an object prints as JSON with sorted keys", "{{ saved }}{{ auth.response.body.user }}",
			`{"x":1}{"a.b":"dotted","name":"Ada"}`},
		{"inside text a text has no quotes", "Bearer {{ auth.response.body.token }}", "Bearer t0k"},
		{"a body of JSON may hold templates between braces", `{"a":{{ matrix.n }}}`, `{"a":3}`},
		{"of a run of braces the last two open", `{"o":{{{ n }}}}`, `{"o":{3}}`},
		{"a header in any case", "{{ auth.response.headers.x-request-id }}", "r-1"},
		{"the status", "{{ auth.response.status }}", json.Number("200")},
		{"the metadata", "{{ auth.response.metadata.proto }}", "HTTP/1.1"},
		{"an event", "{{ auth.events.0.data.bytes }}", json.Number("12")},
		{"the kind of the last event", "{{ auth.events[-1].kind }}", "Sent"},
		{"an alias with a dot", "{{ v1.login.response.status }}", json.Number("200")},
		{"an alias with a blank", "{{ my user.response.status }}", json.Number("200")},
		{"a saved value", "{{ text }}", "a b/c"},
		{"a path into a saved value", "{{ saved.x }}", json.Number("1")},
		{"a length", "{{ auth.response.body.list.length }}", json.Number("3")},
		{"a quoted key", `{{ auth.response.body.user["a.b"] }}`, "dotted"},
		{"an escaped key", `{{ auth.response.body.user.a\.b }}`, "dotted"},
		{"the name of the test before", "{{ prev.name }}", "log in"},
		{"the response of the test before", "{{ prev.response.headers.CONTENT-TYPE }}", "application/json"},
		{"a matrix key", "{{ matrix.user }}", "Grace"},
		{"a bare matrix key", "{{ user }}-{{ n }}", "Grace-3"},
		{"a path into a matrix value", "{{ matrix.obj.k }}{{ obj.k }}", "truetrue"},
		{"a variable", "{{ env.TOKEN }}", "s3cret"},
		{"a variable with a dot", "{{ env.A.B }}", "dotted"},
		{"an empty variable is set", "{{ env.EMPTY }}", ""},
		{"values are not evaluated again", "{{ auth.response.body.template }}", "{{ env.SECRET }}"},

		{"ToUpper", "{{ env.TOKEN.ToUpper() }}", "S3CRET"},
		{"ToLower", "{{ matrix.user.ToLower() }}", "grace"},
		{"TrimSpace", "{{ env.STAGE.TrimSpace() }}", "Prod"},
		{"methods from left to right", "{{ env.STAGE.TrimSpace().ToLower().Capitalize().Reverse() }}", "dorP"},
		{"Replace", "{{ text.Replace(a, b) }}", "b b/c"},
		{"Replace by nothing", "{{ text.Replace('/',) }}", "a bc"},
		{"Replace with quoted commas and parentheses", `{{ text.Replace("a b", "x,(y)") }}`, "x,(y)/c"},
		{"quoted braces", `{{ text.Replace("/", "}}") }}`, "a b}}c"},
		{"an escaped quote", `{{ text.Replace("/", "\"") }}`, `a b"c`},
		{"an escaped newline", `{{ text.Replace('/', '\n') }}`, "a b\nc"},
		{"an unknown escape stays", `{{ text.Replace('/', '\d') }}`, `a b\dc`},
		{"a lone quote is text", `{{ text.Replace(/, ') }}`, "a b'c"},
		{"nested parentheses without quotes", "{{ text.Replace(/, f(x)) }}", "a bf(x)c"},
		{"PadLeft with a blank", "{{ matrix.n.PadLeft(3) }}", "  3"},
		{"PadLeft with a sign", "{{ matrix.n.PadLeft(3, 0) }}", "003"},
		{"PadLeft with text", "{{ matrix.n.PadLeft(4,ab) }}", "aba3"},
		{"PadRight", "{{ matrix.n.PadRight(3, '-') }}", "3--"},
		{"PadRight that is long enough", "{{ text.PadRight(2) }}", "a b/c"},
		{"Capitalize of nothing", "{{ env.EMPTY.Capitalize() }}", ""},
		{"ToBool of a bool", "{{ auth.response.body.ok.ToBool() }}", true},
		{"ToInt of false stays", "{{ auth.response.body.ok.ToString().Replace(true, no).ToBool().ToInt() }}", false},
		{"a quote that nothing closes is text", `{{ env.X.Default("x, y) }}`, `"x, y`},
		{"a tab and a return in an argument", `{{ text.Replace("/", "\t\r") }}`, "a b\t\rc"},
		{"braces in a quoted key", `{{ saved["}}"].Default(1) }}`, json.Number("1")},
		{"Reverse of a list", "{{ auth.response.body.list.Reverse() }}", []any{"c", "b", "a"}},
		{"SnakeCase", "{{ env.X.Default('userName HTTPServer-id2Go').SnakeCase() }}", "user_name_http_server_id2_go"},
		{"CamelCase", "{{ env.X.Default('user_name ID').CamelCase() }}", "userNameId"},
		{"Split", "{{ text.Split('/') }}", []any{"a b", "c"}},
		{"Split at a blank", "{{ env.X.Default('a,b c').Split() }}", []any{"a,b", "c"}},
		{"Split at a comma without quotes", "{{ env.X.Default('a,b').Split(,) }}", []any{"a", "b"}},
		{"Split between characters", `{{ env.X.Default('ab').Split("") }}`, []any{"a", "b"}},
		{"a path behind a method", "{{ text.Split('/')[1] }}", "c"},
		{"a path with a dot behind a method", "{{ text.Split(/).0.ToUpper() }}", "A B"},
		{"Join", "{{ auth.response.body.list.Join('-') }}", "a-b-c"},
		{"Join without a separator", "{{ auth.response.body.list.Join() }}", "abc"},
		{"Join with nothing between", `{{ auth.response.body.list.Join("") }}`, "abc"},
		{"ToInt", "{{ env.X.Default('+42').ToInt() }}", json.Number("42")},
		{"ToInt of a fraction stays", "{{ env.X.Default('42.9').ToInt() }}", "42.9"},
		{"ToInt of a large number", "{{ auth.response.body.id.ToInt() }}", json.Number("9007199254740993")},
		{"ToInt of a bool stays", "{{ auth.response.body.ok.ToInt() }}", true},
		{"ToFloat", "{{ env.X.Default(' 4.50 ').ToFloat() }}", json.Number("4.5")},
		{"ToBool", "{{ env.X.Default('Yes').ToBool() }}", true},
		{"ToBool of a number other than 0 and 1 stays", "{{ matrix.n.ToBool().ToString() }}", "3"},
		{"ToBool of other text stays", "{{ text.ToBool() }}", "a b/c"},
		{"ToString keeps the text in a whole template", "{{ matrix.n.ToString() }}", "3"},
		{"URLEncode", "{{ text.URLEncode() }}", "a%20b%2Fc"},
		{"URLEncode keeps what is unreserved", "{{ env.X.Default('aZ09-._~é').URLEncode() }}", "aZ09-._~%C3%A9"},
		{"Base64", "{{ text.Base64() }}", "YSBiL2M="},
		{"Base64Decode", "{{ text.Base64().Base64Decode() }}", "a b/c"},
		{"Base64Decode of the URL alphabet without padding", "{{ env.X.Default('w7_Dvg').Base64Decode() }}", "ÿþ"},
		{"JSON", "{{ auth.response.body.user.JSON() }}", `{"a.b":"dotted","name":"Ada"}`},
		{"JSON of text", "{{ text.JSON() }}", `"a b/c"`},
		{"Length of text", "{{ env.X.Default('größe').Length() }}", json.Number("5")},
		{"Length of a list", "{{ auth.response.body.list.Length() }}", json.Number("3")},
		{"Length of an object", "{{ saved.Length() }}", json.Number("1")},
		{"Default of what is missing", "{{ nobody.x.Default(eu) }}", "eu"},
		{"Default of a missing key", "{{ auth.response.body.zzz.Default(5) }}", json.Number("5")},
		{"Default of null", "{{ auth.response.body.none.Default(true) }}", true},
		{"Default that is null", "{{ env.X.Default(null) }}", nil},
		{"Default that is quoted is text", `{{ env.X.Default("5") }}`, "5"},
		{"Default behind a method", "{{ env.X.ToUpper().Default('a') }}", "a"},
		{"Default behind a method that fails", "{{ text.ToFloat().Default(0) }}", json.Number("0")},
		{"Default where the value is there", "{{ env.EMPTY.Default('x') }}", ""},
		{"a method behind Default", "{{ env.X.Default('a').ToUpper() }}", "A"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, warnings := evalWith(t, &Evaluator{Scope: testScope()}, c.in)
			if len(warnings) > 0 || value.JSON(got) != value.JSON(c.want) || fmt.Sprintf("%T", got) != fmt.Sprintf("%T", c.want) {
				t.Errorf("%s: got %#v, want %#v, warnings %v", c.in, got, c.want, warnings)
			}
		})
	}
}

func TestWhatCannotBeResolvedStaysAsWritten(t *testing.T) {
	for _, c := range []struct{ rule, in, code, message string }{
		{"an unknown name", "a {{ aut.response.status }} b", CodeUnresolved, "`aut` is neither an alias nor a saved value; did you mean `auth`?"},
		{"a name that is near a root", "{{ fak.email }}", CodeUnresolved, "did you mean `fake`?"},
		{"a test that was skipped", "{{ skipped.response.status }}", CodeUnresolved, "test `skipped` was skipped"},
		{"a missing key", "{{ auth.response.body.tokn }}", CodeUnresolved,
			"`auth.response.body` has no key `tokn`; it has: float, id, list, none, ok, op, " +
				"template, token, user (did you mean `token`?)"},
		{"a missing variable", "{{ env.NOPE }}", CodeUnresolved, "the environment variable `NOPE` is not set"},
		{"a missing matrix key", "{{ matrix.zzz }}", CodeUnresolved, "the row of `matrix` has no key `zzz`"},
		{"a path behind a method", "{{ text.Split('/').7 }}", CodeUnresolved, "the value has 2 elements, so there is no index 7; use 0 to 1"},
		{"a method on null", "{{ auth.response.body.none.ToUpper() }}", CodeMethodFailed, "ToUpper wants text, not null"},
		{"a text method on a list", "{{ auth.response.body.list.ToUpper() }}", CodeMethodFailed, "ToUpper wants text, not a list"},
		{"Replace on an object", "{{ saved.Replace(a,b) }}", CodeMethodFailed, "Replace wants text, not an object"},
		{"PadLeft on a list", "{{ auth.response.body.list.PadLeft(2) }}", CodeMethodFailed, "PadLeft wants text, not a list"},
		{"Reverse on an object", "{{ saved.Reverse() }}", CodeMethodFailed, "Reverse wants text, not an object"},
		{"Split on an object", "{{ saved.Split() }}", CodeMethodFailed, "Split wants text, not an object"},
		{"Join on text", "{{ text.Join() }}", CodeMethodFailed, "Join wants a list, not text"},
		{"ToFloat on text", "{{ text.ToFloat() }}", CodeMethodFailed, "ToFloat wants a number, and the text is none"},
		{"ToInt on a list", "{{ auth.response.body.list.ToInt() }}", CodeMethodFailed, "ToInt wants a number, not a list"},
		{"ToInt on a number without end", "{{ env.X.Default(1e999999).ToInt() }}", CodeMethodFailed, "too large"},
		{"ToFloat on text", "{{ text.ToFloat() }}", CodeMethodFailed, "ToFloat wants a number, and the text is none"},
		{"ToBool on a list", "{{ auth.response.body.list.ToBool() }}", CodeMethodFailed, "ToBool wants text or a number"},
		{"Base64Decode on text", "{{ text.Base64Decode() }}", CodeMethodFailed, "Base64Decode wants Base64: illegal base64 data"},
		{"Base64Decode on a list", "{{ auth.response.body.list.Base64Decode() }}", CodeMethodFailed, "wants text"},
		{"Length of a number", "{{ matrix.n.Length() }}", CodeMethodFailed, "Length wants text, a list or an object, not a number"},
		{"an unknown method", "{{ text.toUpper() }}", CodeUnknownMethod, "did you mean `ToUpper`?"},
		{"an unknown generator", "{{ fake.emial }}", CodeUnknownGenerator, "did you mean `email`?"},
		{"an empty pattern", "{{ regex() }}", CodePattern, "the pattern of `regex` is empty"},
		{"an empty quoted pattern", "{{ regex('') }}", CodePattern, "the pattern of `regex` is empty"},
		{"an empty template", "{{ }}", CodeEmpty, "the template is empty"},
		{"an unterminated template", "a {{ text", CodeUnterminated, "`{{` has no closing `}}`"},
		{"a pattern that nothing matches", "{{ regex('a^b') }}", CodeUnresolved, "no text was found that matches `a^b`"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, warnings := evalWith(t, &Evaluator{Scope: testScope()}, c.in)
			if got != c.in {
				t.Errorf("got %v", got)
			}
			if len(warnings) != 1 || warnings[0].Code != c.code || !strings.Contains(warnings[0].Message, c.message) {
				t.Fatalf("got %+v", warnings)
			}
			if w := warnings[0]; w.Expr == "" || w.Span.End > len(c.in) || w.Span.Start >= w.Span.End {
				t.Errorf("got %+v", w)
			}
			_, _, err := Parse(c.in).Eval(&Evaluator{Scope: testScope(), Strict: true})
			var failed *Error
			if !errors.As(err, &failed) || failed.Code != c.code || !strings.Contains(err.Error(), c.message) {
				t.Errorf("strict: got %v", err)
			}
		})
	}
}

func TestEmptyScopesExplainThemselves(t *testing.T) {
	for in, want := range map[string]string{
		"{{ env.X }}":     "the environment variable `X` is not set",
		"{{ prev.name }}": "`prev` exists in `scenario` mode only",
		"{{ matrix.a }}":  "this test has no `matrix`",
		"{{ a }}":         "`a` is neither an alias nor a saved value",
	} {
		_, warnings := evalWith(t, &Evaluator{}, in)
		if len(warnings) != 1 || !strings.Contains(warnings[0].Message, want) {
			t.Errorf("%s: got %v", in, warnings)
		}
	}
	broken := errors.New("the store is closed")
	scope := Scope{
		Env:    func(string) (string, error) { return "", broken },
		Prev:   func() (any, error) { return nil, broken },
		Matrix: func(string) (any, error) { return nil, broken },
		Named:  func(string) (any, error) { return nil, broken },
	}
	for _, in := range []string{"{{ env.X }}", "{{ prev.name }}", "{{ matrix.a }}", "{{ a }}"} {
		if _, warnings := evalWith(t, &Evaluator{Scope: scope}, in); len(warnings) != 1 || warnings[0].Message != broken.Error() {
			t.Errorf("%s: got %v", in, warnings)
		}
	}
	first := Scope{Prev: func() (any, error) { return nil, ErrUnknown }}
	if _, warnings := evalWith(t, &Evaluator{Scope: first}, "{{ prev.name }}"); warnings[0].Message != "there is no test before this one" {
		t.Errorf("got %v", warnings)
	}
}

func TestABadPatternIsAnErrorEvenWhenNotStrict(t *testing.T) {
	for _, in := range []string{"{{ regex('(') }}", "x {{ regex([a) }}", "{{ regex('(').Default(1) }}"} {
		_, _, err := Parse(in).Eval(&Evaluator{})
		var failed *Error
		if !errors.As(err, &failed) || failed.Code != CodePattern {
			t.Errorf("%s: got %v", in, err)
		}
	}
}

func TestOnlyResolvedTemplatesOfATextAreReplaced(t *testing.T) {
	got, warnings := evalWith(t, &Evaluator{Scope: testScope()}, "{{ env.TOKEN }}/{{ env.NOPE }}/{{ n }}")
	if got != "s3cret/{{ env.NOPE }}/3" || len(warnings) != 1 || warnings[0].Expr != "{{ env.NOPE }}" {
		t.Errorf("got %v, %v", got, warnings)
	}
}

func TestEvalValueGoesDeepAndLeavesKeysAndTypes(t *testing.T) {
	in := map[string]any{
		"{{ env.TOKEN }}": "{{ auth.response.body.id }}",
		"list":            []any{"{{ env.NOPE }}", json.Number("1"), nil, map[string]any{"x": "{{ n }}!"}},
	}
	before := value.JSON(in)
	ev := &Evaluator{Scope: testScope(), Place: "p"}
	got, warnings, err := EvalValue(in, ev)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"list":["{{ env.NOPE }}",1,null,{"x":"3!"}],"{{ env.TOKEN }}":9007199254740993}`; value.JSON(got) != want {
		t.Errorf("got %s", value.JSON(got))
	}
	if value.JSON(in) != before {
		t.Error("the value given was changed")
	}
	if len(warnings) != 1 || !slices.Equal(warnings[0].Path, []string{"list", "0"}) {
		t.Errorf("got %+v", warnings)
	}
	ev.Strict = true
	if _, _, err := EvalValue(in, ev); err == nil {
		t.Error("strict evaluation should fail")
	}
	if _, _, err := EvalValue([]any{[]any{"{{ env.NOPE }}"}}, ev); err == nil {
		t.Error("strict evaluation should fail in lists")
	}
	var deep any = "{{ n }}"
	for range 5000 {
		deep = []any{deep}
	}
	if _, _, err := EvalValue(deep, ev); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestMadeUpValuesDependOnSeedAndPlaceOnly(t *testing.T) {
	eval := func(seed uint64, place, in string) string {
		got, _ := evalWith(t, &Evaluator{Seed: seed, Place: place}, in)
		return value.Text(got)
	}
	const in = "{{ fake.uuid }} {{ fake.uuid }} {{ regex('[a-z]{12}') }}"
	first := eval(1, "a", in)
	if again := eval(1, "a", in); again != first {
		t.Errorf("one place gave %s, then %s", first, again)
	}
	if eval(2, "a", in) == first || eval(1, "b", in) == first {
		t.Error("other seeds and places should give other values")
	}
	if parts := strings.Fields(first); parts[0] == parts[1] {
		t.Error("two templates of one text should give two values")
	}
	v := map[string]any{"x": "{{ fake.uuid }}", "y": []any{"{{ fake.uuid }}"}}
	got, _, _ := EvalValue(v, &Evaluator{Seed: 1, Place: "a"})
	if m := got.(map[string]any); m["x"] == m["y"].([]any)[0] {
		t.Error("two places below one value should give two values")
	}
	alone, _, _ := EvalValue(map[string]any{"y": []any{"{{ fake.uuid }}"}}, &Evaluator{Seed: 1, Place: "a"})
	if a, b := got.(map[string]any)["y"], alone.(map[string]any)["y"]; value.JSON(a) != value.JSON(b) {
		t.Error("a value should not depend on the keys beside it")
	}
	if got := eval(7, "pinned", "{{ fake.int.1.1000000 }}"); got != "702917" {
		t.Errorf("a seed stands for its values across versions; got %s", got)
	}
}

func TestGenerators(t *testing.T) {
	for name, pattern := range map[string]string{
		"fake.name":                  `^[A-Z]\w+ [A-Z]\w+$`,
		"fake.email":                 `^[a-z]+\.[a-z]+\d+@example\.(com|net|org)$`,
		"fake.uuid":                  `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"fake.phone":                 `^\+1[2-9]\d{2}55501\d{2}$`,
		"fake.url":                   `^https://www\.[a-z]+\.example/[a-z]+/[a-z]+$`,
		"fake.company":               `^[A-Z]\w+ [A-Z]\w+ (Ltd|Inc|GmbH|Group|Partners|& Co)$`,
		"fake.city":                  `^[A-Z]\w+$`,
		"fake.country":               `^[A-Z]\w+$`,
		"fake.color":                 `^[a-z]+$`,
		"fake.word":                  `^[a-z]+$`,
		"fake.address":               `^\d+ [A-Z]\w+ \w+, [A-Z]\w+ \d{5}$`,
		"fake.bool":                  `^(true|false)$`,
		"fake.sentence":              `^[A-Z][a-z]+( [a-z]+){7}\.$`,
		"fake.sentence.3":            `^[A-Z][a-z]+( [a-z]+){2}\.$`,
		"fake.sentence(1)":           `^[A-Z][a-z]+\.$`,
		"fake.password":              `^\S{12}$`,
		"fake.password.20":           `^\S{20}$`,
		"fake.password(1)":           `^\S$`,
		"fake.int":                   `^\d+$`,
		"fake.int.5.7":               `^[567]$`,
		"fake.int.-3.-3":             `^-3$`,
		"fake.int(-2, 2)":            `^(-[12]|[012])$`,
		"fake.uint":                  `^\d+$`,
		"fake.uint.9.9":              `^9$`,
		"fake.float":                 `^(0|1|0\.\d{1,6})$`,
		"fake.float.2.3":             `^(3|2(\.\d{1,6})?)$`,
		"fake.float.0.5.0.75":        `^0\.(5|6|7)\d*$`,
		"fake.float(-0.5, -0.5)":     `^-0\.5$`,
		"fake.date":                  `^(19[7-9]\d|20[0-2]\d)-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
		"fake.date.2006.01.02":       `^\d{4}\.\d\d\.\d\d$`,
		"fake.date.15:04":            `^\d\d:\d\d$`,
		"fake.date.RFC3339":          `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
		"fake.date.Unix":             `^\d+$`,
		"fake.date('02 Jan 06')":     `^\d\d [A-Z][a-z]{2} \d\d$`,
		"fake.name.ToUpper()":        `^[A-Z]+ [A-Z]+$`,
		"fake.date.2006.01.Length()": `^7$`,
	} {
		t.Run(name, func(t *testing.T) {
			tmpl := Parse("{{ " + name + " }}")
			if len(tmpl.Problems) > 0 {
				t.Fatalf("got %+v", tmpl.Problems)
			}
			re := regexp.MustCompile(pattern)
			for seed := range uint64(50) {
				v, warnings, err := tmpl.Eval(&Evaluator{Seed: seed})
				if err != nil || len(warnings) > 0 {
					t.Fatal(v, warnings, err)
				}
				if !re.MatchString(value.Text(v)) {
					t.Fatalf("got %v", v)
				}
			}
		})
	}
}

func TestGeneratorsKeepTypesAndReachTheirBounds(t *testing.T) {
	all := func(in string) map[string]bool {
		seen := map[string]bool{}
		for seed := range uint64(300) {
			v, _ := evalWith(t, &Evaluator{Seed: seed}, in)
			seen[fmt.Sprintf("%T %v", v, v)] = true
		}
		return seen
	}
	if got := all("{{ fake.int.1.3 }}"); len(got) != 3 || !got["json.Number 1"] || !got["json.Number 3"] {
		t.Errorf("got %v", got)
	}
	if got := all("{{ fake.bool }}"); !got["bool true"] || !got["bool false"] {
		t.Errorf("got %v", got)
	}
	for _, in := range []string{
		"{{ fake.int.-9223372036854775808.9223372036854775807 }}", "{{ fake.uint.0.18446744073709551615 }}",
		"{{ fake.float(-1.7e308, 1.7e308) }}",
	} {
		if got := all(in); len(got) < 300 {
			t.Errorf("%s gave only %d values", in, len(got))
		}
	}
}

func TestPasswordsHoldEveryClass(t *testing.T) {
	for seed := range uint64(100) {
		v, _ := evalWith(t, &Evaluator{Seed: seed}, "{{ fake.password.4 }}")
		s := v.(string)
		if !strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz") || !strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") ||
			!strings.ContainsAny(s, "0123456789") || !strings.ContainsAny(s, "!#%*+-=?@_") {
			t.Fatalf("got %s", s)
		}
	}
}

func TestMadeUpTextMatchesItsPattern(t *testing.T) {
	for _, pattern := range []string{
		`[A-Z]{3}-\d{4}`, `^abc$`, `(foo|bar)+`, `\w{2,}`, `[^a-z]`, `.`, `.*`, `a?b*c+`, `(?i)abc`, `\bword\b`, `[а-я]{3}`, `\x{1F600}`,
		`x{1000}`, `((a+)+)+`, `(((((a*)*)*)*)*)*`, `[^\x00-\x7F]`, `\p{Greek}`, `(?s).`, `$`, `a{0}`, `(?P<n>q)`, `[)]`, `\)`, `"`,
	} {
		for seed := range uint64(2) {
			got, err := matching(pattern, rand.New(rand.NewPCG(seed, 1)))
			if err != nil || !regexp.MustCompile(pattern).MatchString(got) {
				t.Fatalf("%s: got %q, %v", pattern, got, err)
			}
		}
	}
	for _, pattern := range []string{`a^b`, `(`, `[^\x00-\x{10FFFF}]`, `\Bword\B$^`} {
		if got, err := matching(pattern, rand.New(rand.NewPCG(1, 1))); err == nil {
			t.Errorf("%s: got %q", pattern, got)
		}
	}
}

func TestPatternsMayHoldWhatEndsTemplates(t *testing.T) {
	for in, want := range map[string]string{
		`{{ regex('[a]{2}}}') }}`:      "aa}}",
		`{{ regex("\)\(") }}`:          ")(",
		`{{ regex(\)) }}`:              ")",
		`{{ regex((ab){2}) }}`:         "abab",
		`{{ regex([)]) }}`:             ")",
		`{{ regex([]]) }}`:             "]",
		`{{ regex('it's') }}`:          "it's",
		`{{ regex('[,]').ToUpper() }}`: ",",
		`{{ regex('a').Length() }}`:    "1",
	} {
		got, warnings := evalWith(t, &Evaluator{}, in)
		if value.Text(got) != want || len(warnings) > 0 {
			t.Errorf("%s: got %v, %v", in, got, warnings)
		}
	}
}

func TestUsesNameTheVariablesReadAndWhatWasMadeOfThem(t *testing.T) {
	ev := &Evaluator{Scope: testScope()}
	evalWith(t, ev, "{{ env.TOKEN.ToUpper().Base64() }} {{ env.NOPE }} {{ text }} {{ env.STAGE }}")
	got := fmt.Sprint(ev.Uses())
	if got != "[{TOKEN s3cret [UzNDUkVU]} {STAGE  Prod  []}]" {
		t.Errorf("got %s", got)
	}
}

func TestEveryMethodsResultCountsAgainstOneLimit(t *testing.T) {
	long := strings.Repeat(`"`, 9<<20)
	scope := Scope{
		Env: func(string) (string, error) { return long, nil },
		Named: func(string) (any, error) {
			return map[string]any{"response": map[string]any{"body": []any{long[:1<<20], long[:1<<20]}}}, nil
		},
	}
	for _, in := range []string{
		"{{ env.LONG.JSON() }}", "{{ env.LONG.Base64().Base64().Base64() }}", "{{ env.LONG.URLEncode() }}", `{{ env.LONG.Replace('"', "12") }}`,
		`{{ env.LONG.Split('"') }}`, "{{ a.response.body" + strings.Repeat(".JSON()", 40) + " }}",
	} {
		_, warnings := evalWith(t, &Evaluator{Scope: scope}, in)
		if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "the limit is") {
			t.Errorf("%s: %v", in[:min(len(in), 60)], warnings)
		}
	}
}

func TestForeignValuesAreMarkedLiteral(t *testing.T) {
	for in, want := range map[string]bool{
		"{{ auth.response.body.op }}":    true,
		"{{ prev.response.body.op }}":    true,
		"{{ fake.word }}":                true,
		" {{ auth.response.body.op }} x": true,
		"> {{ auth.response.body.id }}":  false, // the operator was written
		"{{ matrix.status }}":            false, // the row may hold an expectation
		"{{ status }}":                   false,
		"{{ env.TOKEN }}":                false,
		"plain":                          false,
	} {
		got, _ := evalWith(t, &Evaluator{Scope: testScope(), MarkLiteral: true}, in)
		if _, isLiteral := got.(value.Literal); isLiteral != want {
			t.Errorf("%s: got %#v", in, got)
		}
		plain, _ := evalWith(t, &Evaluator{Scope: testScope()}, in)
		if _, isLiteral := plain.(value.Literal); isLiteral {
			t.Errorf("%s: marked without being asked for", in)
		}
	}
}

func TestMethodsCannotFillTheMemory(t *testing.T) {
	for _, in := range []string{
		"{{ env.X.Default(a).PadLeft(1000000, a).Replace(a, aaaaaaaaaaaaaaaaaaaa) }}",
		"{{ env.X.Default(a).PadLeft(1000000, a).Replace(a, aaaaaaaaaaaaaaa).Base64() }}",
	} {
		_, warnings := evalWith(t, &Evaluator{}, in)
		if len(warnings) != 1 || warnings[0].Code != CodeMethodFailed || !strings.Contains(warnings[0].Message, "the limit is 16777216") {
			t.Errorf("got %+v", warnings)
		}
	}
}

func TestConditionsAreCut(t *testing.T) {
	for _, c := range []struct{ in, left, rest string }{
		{"{{ env.STAGE }}", "{{ env.STAGE }}", ""},
		{"{{ env.STAGE }} == prod", "{{ env.STAGE }}", "== prod"},
		{"{{ env.A }}=={{ env.B }}", "{{ env.A }}", "=={{ env.B }}"},
		{" {{ a }}-{{ b }}  oneOf x, y ", "{{ a }}-{{ b }}", "oneOf x, y"},
		{"{{ a.Replace(' ', '=') }} exists", "{{ a.Replace(' ', '=') }}", "exists"},
		{"{{ a }}>5", "{{ a }}", ">5"},
		{"true", "true", ""},
		{"prod == prod", "prod", "== prod"},
		{"", "", ""},
	} {
		got := Parse(c.in).Condition()
		if got.Left.Source != c.left || got.Rest.Source != c.rest || c.in[got.RestSpan.Start:got.RestSpan.End] != c.rest {
			t.Errorf("%q: got %q and %q", c.in, got.Left.Source, got.Rest.Source)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	tmpl := Parse("/users/{{ auth.response.body.id }}?q={{ text.URLEncode() }}&x={{ fake.uuid }}")
	ev := &Evaluator{Scope: testScope()}
	for b.Loop() {
		if _, _, err := tmpl.Eval(ev); err != nil {
			b.Fatal(err)
		}
	}
}
