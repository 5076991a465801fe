package expect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/value"
)

func TestExpectProblems(t *testing.T) {
	for _, c := range []struct {
		rule, in string
		at       string
		onKey    bool
		severity Severity
		code     string
		message  string
		fix      string
	}{
		{"expect is text", `"200"`, "", false, Fatal, CodeStructure, "`expect` must be an object with the keys status, headers",
			`{status: "200"}`},
		{"expect is a list", `[200]`, "", false, Fatal, CodeStructure, "not a list", `{status: [200]}`},
		{"an unknown key with a near one", `{"stauts": 200}`, "stauts", true, Fatal, CodeUnknownKey, "did you mean `status`?", "status"},
		{"a key in the wrong case", `{"Body": {}}`, "Body", true, Fatal, CodeUnknownKey, "did you mean `body`?", "body"},
		{"an unknown dotted key", `{"bdy.name": 1}`, "bdy.name", true, Fatal, CodeUnknownKey, "did you mean `body.name`?", "body.name"},
		{"an unknown key of the body", `{"title": "x"}`, "title", true, Fatal, CodeUnknownKey,
			"a check of the body is written `body: {title: …}`", ""},
		{"a dotted key where there is nothing inside", `{"status.code": 1}`, "status.code", true, Fatal, CodeUnknownKey,
			"unknown key `status.code`", ""},
		{"a header in brackets", `{"headers[0]": 1}`, "headers[0]", true, Fatal, CodeUnknownKey, "unknown key", ""},
		{"a body that is text", `{"body": "ok"}`, "body", false, Fatal, CodeStructure, "must map paths to expectations, not be text",
			`{".": "ok"}`},
		{"a body that is a list", `{"body": [1]}`, "body", false, Fatal, CodeStructure, "`.` is the whole body", `{".": [1]}`},
		{"a body that is empty", `{"body": null}`, "body", false, Fatal, CodeStructure, "not be null", `{".": null}`},
		{"headers that are text", `{"headers": "x"}`, "headers", false, Fatal, CodeStructure, "must map header names", ""},
		{"a header without a name", `{"headers": {"": "x"}}`, "headers/", true, Fatal, CodeStructure, "the name of the header is missing", ""},
		{
			"a header that is an object", `{"headers": {"A": {"b": 1}}}`, "headers/A", false, Fatal, CodeStructure,
			"a header is text, so `A` wants text or operators", "",
		},
		{"an empty path", `{"body": {"": 1}}`, "body/", true, Error, CodePath, "write `.` for the whole value", "."},
		{"a bad path", `{"body": {"a[*].b": 1}}`, "body/a[*].b", true, Error, CodePath, "did you mean `.#`?", "a.#.b"},
		{"a bad path in a dotted key", `{"body.a[*].b": 1}`, "body.a[*].b", true, Error, CodePath, "did you mean `.#`?", "body.a.#.b"},
		{"a path that ends in a hash", `{"body": {"a.#": 1}}`, "body/a.#", true, Warning, CodePath, "`length` is the number", "a.length"},
		{"a comparison with text", `{"body": {"a": "> abc"}}`, "body/a", false, Error, CodeOperand, "`>` compares numbers, and `abc` is none",
			""},
		{"text that begins like a comparison", `{"body": {"a": "<html>"}}`, "body/a", false, Error, CodeOperand, "is written {eq: …}", ""},
		{"a comparison with nothing", `{"body": {"a": ">"}}`, "body/a", false, Error, CodeOperand, "compares numbers", ""},
		{"a comparison with a bool", `{"body": {"a": {"gt": true}}}`, "body/a/gt", false, Error, CodeOperand, "compares numbers", ""},
		{"a comparison with a list", `{"body": {"a": {"lt": [1]}}}`, "body/a/lt", false, Error, CodeOperand, "`lt` takes a number, not a list",
			""},
		{"a bad pattern", `{"body": {"a": "matches ("}}`, "body/a", false, Error, CodePattern, "bad pattern: missing closing ): `(`", ""},
		{"a pattern of Perl", `{"body": {"a": {"matches": "(?=x)"}}}`, "body/a/matches", false, Error, CodePattern, "bad pattern", ""},
		{"a pattern that is a list", `{"body": {"a": {"matches": []}}}`, "body/a/matches", false, Error, CodeOperand,
			"`matches` takes a pattern", ""},
		{"an unknown type with a near one", `{"body": {"a": "is strng"}}`, "body/a", false, Error, CodeType, "did you mean `string`?",
			"is string"},
		{"an unknown type in a map", `{"body": {"a": {"is": "strng"}}}`, "body/a/is", false, Error, CodeType, "did you mean `string`?", "string"},
		{"an unknown type", `{"body": {"a": "is this it"}}`, "body/a", false, Error, CodeType,
			"unknown type `this it`; the types are null, nil, bool", ""},
		{"is not null", `{"body": {"a": "is not null"}}`, "body/a", false, Error, CodeType, "`exists` asks for a value", "exists"},
		{"is not null in a map", `{"body": {"a": {"is": "not null"}}}`, "body/a/is", false, Error, CodeType, "`is` takes a type", ""},
		{"a type that is a list", `{"body": {"a": {"is": ["string"]}}}`, "body/a/is", false, Error, CodeOperand,
			"`is` takes a type, not a list", ""},
		{"exists with text", `{"body": {"a": {"exists": "maybe"}}}`, "body/a/exists", false, Error, CodeOperand, "takes true or false", ""},
		{"oneOf with nothing", `{"body": {"a": {"oneOf": []}}}`, "body/a/oneOf", false, Error, CodeOperand, "nothing can meet it", ""},
		{"oneOf with a number", `{"body": {"a": {"oneOf": 5}}}`, "body/a/oneOf", false, Error, CodeOperand, "takes a list of values", ""},
		{"a problem inside a nested map", `{"body": {"a": {"b": {"c": "is x"}, "d": 1}}}`, "body/a/b/c", false, Error, CodeType, "unknown type",
			""},
		{"a problem inside a list", `{"body": {"a": [1, "matches ["]}}`, "body/a/1", false, Error, CodePattern, "bad pattern", ""},
		{"a problem inside contains", `{"body": {"a": {"contains": {"b": "is x"}}}}`, "body/a/contains/b", false, Error, CodeType,
			"unknown type", ""},
		{"operators beside keys", `{"body": {"a": {"exists": true, "name": "x"}}}`, "body/a", false, Warning, CodeSuspicious,
			"`exists` beside `name`", ""},
		{"a key that is nearly an operator", `{"body": {"a": {"contians": "x"}}}`, "body/a/contians", true, Warning, CodeSuspicious,
			"`contains`?", "contains"},
		{"a single equals sign", `{"body": {"a": "= 5"}}`, "body/a", false, Warning, CodeSuspicious, "did you mean `==`?", "== 5"},
		{"an arrow", `{"body": {"a": "=> 5"}}`, "body/a", false, Warning, CodeSuspicious, "did you mean `>=`?", ">= 5"},
		{"an operator without its value", `{"body": {"a": "contains"}}`, "body/a", false, Warning, CodeSuspicious, "is written `contains TEXT`",
			""},
		{"an operator with too much", `{"body": {"a": "exists now"}}`, "body/a", false, Warning, CodeSuspicious, "is written `exists`", ""},
		{"the key of a map form in text", `{"body": {"a": "gte 5"}}`, "body/a", false, Warning, CodeSuspicious, "is written `>= NUMBER`", ">= 5"},
		{"an operator in the wrong case", `{"body": {"a": "Exists"}}`, "body/a", false, Warning, CodeSuspicious, "did you mean `exists`?",
			"exists"},
		{"status is a bool", `{"status": true}`, "status", false, Fatal, CodeStatus, "wants a number, a class", ""},
		{"status is null", `{"status": null}`, "status", false, Fatal, CodeStatus, "not null", ""},
		{"status is empty", `{"status": " "}`, "status", false, Fatal, CodeStatus, "is empty", ""},
		{"status is no class", `{"status": "20x"}`, "status", false, Error, CodeStatus, "`20x` is no status", "2xx"},
		{"status is a misspelt class", `{"status": "2xz"}`, "status", false, Error, CodeStatus, "did you mean `2xx`?", "2xx"},
		{"status is a class cut short", `{"status": "2x"}`, "status", false, Error, CodeStatus, "did you mean `2xx`?", "2xx"},
		{"status has a letter for a digit", `{"status": "4O4"}`, "status", false, Error, CodeStatus, "did you mean `404`?", "404"},
		{"status is a number with a letter behind", `{"status": "200a"}`, "status", false, Error, CodeStatus, "neither a number nor", "2xx"},
		{"status is nothing that anybody can guess", `{"status": "4z7"}`, "status", false, Error, CodeStatus, "`4z7` is no status", ""},
		{"status begins with 0", `{"status": "0xx"}`, "status", false, Error, CodeStatus, "`0xx` is no status", ""},
		{"a list holds a misspelt class", `{"status": [200, "3xz"]}`, "status/1", false, Error, CodeStatus, "did you mean `3xx`?", "3xx"},
		{"one of several is misspelt", `{"status": "oneOf 200, 3xy"}`, "status", false, Error, CodeStatus, "did you mean `3xx`?", "3xx"},
		{"status with its reason", `{"status": "200 OK"}`, "status", false, Warning, CodeStatus, "did you mean `200`?", "200"},
		{"status is an empty list", `{"status": []}`, "status", false, Fatal, CodeStatus, "nothing can meet it", ""},
		{"status is a list of lists", `{"status": [200, [201]]}`, "status/1", false, Fatal, CodeStatus, "holds numbers and classes", ""},
		{"status is an object without operators", `{"status": {"gtt": 200}}`, "status/gtt", true, Fatal, CodeStatus, "did you mean `gt`?", "gt"},
		{"status is an empty object", `{"status": {}}`, "status", false, Fatal, CodeStatus, "empty object", ""},
		{"status with a bad operand", `{"status": ">= x"}`, "status", false, Error, CodeOperand, "compares numbers", ""},
		{"a duration that is none", `{"duration": "< fast"}`, "duration", false, Error, CodeDuration, "is no duration; write it like 500ms", ""},
		{"a negative duration", `{"duration": "-1s"}`, "duration", false, Error, CodeDuration, "is negative", ""},
		{"a duration with another operator", `{"duration": "contains 5"}`, "duration", false, Error, CodeDuration,
			"cannot be compared with `contains`", ""},
		{"a duration that is a list", `{"duration": [1]}`, "duration", false, Fatal, CodeDuration, "not a list", ""},
		{"a duration with an unknown operator", `{"duration": {"max": "1s"}}`, "duration/max", true, Fatal, CodeDuration, "takes the operators",
			""},
		{"a duration with an object as operand", `{"duration": {"lt": {}}}`, "duration/lt", false, Fatal, CodeDuration, "not an object", ""},
		{"a duration that is an empty object", `{"duration": {}}`, "duration", false, Fatal, CodeDuration, "empty object", ""},
		{"events that are no list", `{"events": {"kind": "A"}}`, "events", false, Fatal, CodeEvents, "must be a list", `[{"kind":"A"}]`},
		{"events that are null", `{"events": null}`, "events", false, Fatal, CodeEvents, "must be a list", ""},
		{"an event that is a number", `{"events": [1]}`, "events/0", false, Fatal, CodeEvents, "an event is {kind, data, count}", ""},
		{"an event without a kind", `{"events": [{"data": {}}]}`, "events/0", false, Fatal, CodeEvents, "has no `kind`", ""},
		{"an event whose kind is a list", `{"events": [{"kind": []}]}`, "events/0/kind", false, Fatal, CodeEvents, "wants text", ""},
		{"an event with an unknown key", `{"events": [{"kind": "A", "cuont": 1}]}`, "events/0/cuont", true, Fatal, CodeUnknownKey,
			"did you mean `count`?", "count"},
		{"an event with bad data", `{"events": [{"kind": "A", "data": 5}]}`, "events/0/data", false, Fatal, CodeStructure, "must map paths", ""},
		{"an event with a bad path in its data", `{"events": [{"kind": "A", "data": {"a.": 5}}]}`, "events/0/data/a.", true, Error, CodePath,
			"a key is missing", ""},
		{"a count that is text", `{"events": [{"kind": "A", "count": "many"}]}`, "events/0/count", false, Error, CodeOperand,
			"`count` wants a whole number", ""},
		{"a count that is a fraction", `{"events": [{"kind": "A", "count": 1.5}]}`, "events/0/count", false, Error, CodeOperand,
			"`count` wants a whole number", ""},
		{"a count with another operator", `{"events": [{"kind": "A", "count": "contains 5"}]}`, "events/0/count", false, Error, CodeOperand,
			"`count` wants", ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			raw := decode(t, c.in)
			e, problems := Parse(raw)
			i := slices.IndexFunc(problems, func(p Problem) bool { return strings.Contains(p.Message, c.message) })
			if i < 0 {
				t.Fatalf("got %+v", problems)
			}
			p := problems[i]
			if strings.Join(p.At, "/") != c.at || p.OnKey != c.onKey || p.Severity != c.severity || p.Code != c.code || p.Fix != c.fix {
				t.Errorf("got %+v", p)
			}
			if p.Severity == Error && c.code != CodePath && !strings.HasPrefix(c.at, "events") {
				a := e.Evaluate(Response{Body: decode(t, `{"a": "x"}`), Status: 200, Duration: time.Hour})[0]
				if a.Passed || a.Message == "" {
					t.Errorf("the assertion should fail: %+v", a)
				}
			}
		})
	}
}

func TestProblemsPointIntoTheText(t *testing.T) {
	for text, part := range map[string]string{
		" matches  [a ": "[a", ">  abc": "abc", "is  not it": "not it",
	} {
		_, problems := Parse(map[string]any{"body": map[string]any{"a": text}})
		if len(problems) != 1 || text[problems[0].Within.Start:problems[0].Within.End] != part {
			t.Errorf("%q: got %+v", text, problems)
		}
	}
	key := "body.a[*].b"
	_, problems := Parse(map[string]any{key: 1})
	if w := problems[0].Within; key[w.Start:w.End] != "[*]" {
		t.Errorf("got %+v", problems)
	}
}

func TestTemplatesAreNotJudged(t *testing.T) {
	for _, s := range []string{
		`"{{ x }}"`, `{"body": "{{ x }}"}`, `{"headers": "{{ x }}"}`, `{"events": "{{ x }}"}`, `{"status": "{{ code }}"}`,
		`{"status": ">= {{ code }}"}`,
		`{"duration": "< {{ limit }}"}`, `{"duration": {"lt": "{{ limit }}"}}`, `{"body": {"a": "> {{ n }}"}}`,
		`{"body": {"a": "matches {{ p }}("}}`,
		`{"body": {"a": "is {{ t }}"}}`, `{"body": {"a": {"gt": "{{ n }}"}}}`, `{"body": {"a": {"exists": "{{ b }}"}}}`,
		`{"body": {"{{ key }}[": 1}}`, `{"events": [{"kind": "{{ k }}", "count": "{{ n }}"}]}`, `{"body": {"a": "= {{ x }}"}}`,
	} {
		e, problems := Parse(decode(t, s))
		if len(problems) > 0 {
			t.Errorf("%s: got %+v", s, problems)
		}
		for _, a := range e.Evaluate(Response{Status: json.Number("200"), Body: decode(t, `{"a": 5}`)}) {
			if a.Passed {
				t.Errorf("%s: an unresolved template passed: %+v", s, a)
			}
		}
	}
}

func TestMessagesExplain(t *testing.T) {
	body := decode(t, bodySample)
	r := Response{
		Status: json.Number("404"), Body: body, Duration: 734*time.Millisecond + 200*time.Nanosecond,
		Headers: map[string][]string{"Content-Type": {"text/html"}, "Set-Cookie": {"a=1", "b=2"}},
		Events: []Event{{"http", "Sent", map[string]any{"bytes": json.Number("5")}}, {"http", "Received",
			map[string]any{"status": json.Number("404")}}},
	}
	for _, c := range []struct{ in, want string }{
		{`{"status": "2xx"}`, "expected status 2xx, got 404"},
		{`{"status": 200}`, "expected status 200, got 404"},
		{`{"status": "200"}`, "expected status 200, got 404"},
		{`{"status": "== 200"}`, "expected status 200, got 404"},
		{`{"status": "all well"}`, `expected status "all well", got 404 (a number)`},
		{`{"status": [200, "3xx"]}`, "expected status one of 200, 3xx, got 404"},
		{`{"status": "!= 4xx"}`, "expected status anything but 4xx, got 404"},
		{`{"status": ">= 500"}`, "expected status >= 500, got 404"},
		{`{"duration": "< 500ms"}`, "expected duration < 500ms, got 734ms"},
		{`{"body": {"name": "Grace"}}`, `body.name: expected "Grace", got "Ada"`},
		{`{"body": {"name": "ada"}}`, `body.name: expected "ada", got "Ada" (they differ in case)`},
		{`{"body": {"blank": "x"}}`, `body.blank: expected "x", got " x " (they differ in blanks at the ends)`},
		{`{"body": {"multi": {"eq": "one\r\ntwo"}}}`, `(they differ in line ends)`},
		{`{"body": {"name": "\"Ada\""}}`, `(the quotes are part of the expected text)`},
		{`{"body": {"yes": "true"}}`, `body.yes: expected "true", got true (text is expected, and it is a bool)`},
		{`{"body": {"trueText": true}}`, `body.trueText: expected true, got "true" (a bool is expected, and it is text)`},
		{`{"body": {"name": 42}}`, `body.name: expected 42, got "Ada" ("Ada" is text)`},
		{`{"body": {"text42": "is int"}}`, `body.text42: expected int, got "42" (text)`},
		{`{"body": {"n": "is string"}}`, `body.n: expected string, got 42 (a number)`},
		{`{"body": {"n": "is email"}}`, `body.n: expected email, got 42`},
		{`{"body": {"user.nmae": "Ada"}}`,
			"body.user.nmae: expected \"Ada\", but `body.user` has no key `nmae`; it has: id, mail, name (did you mean `name`?)"},
		{`{"body": {"users[5].id": "exists"}}`,
			"body.users[5].id: expected a value, but `body.users` has 2 elements, so there is no index 5; use 0 to 1"},
		{`{"body": {"name": "notExists"}}`, `body.name: expected no value, got "Ada"`},
		{`{"body": {"n": "> 50"}}`, `body.n: expected > 50, got 42`},
		{`{"body": {"name": "> 50"}}`, `body.name: expected > 50, got "Ada", which is not a number`},
		{`{"body": {"name": "contains z"}}`, `body.name: expected text that contains "z", got "Ada"`},
		{`{"body": {"tags": "contains z"}}`, `body.tags: expected a list that contains "z", got ["a","b",3]`},
		{`{"body": {"tags": {"contains": ["a", "z"]}}}`, `missing: ["z"]`},
		{`{"body": {"user": "contains id"}}`, `ask an object for its keys: {contains: {KEY: VALUE}}`},
		{`{"body": {"nothing": "contains id"}}`, `expected something that contains "id", got null`},
		{`{"body": {"name": "matches ^x"}}`, "body.name: expected a match of `^x`, got \"Ada\""},
		{`{"body": {"tags": "matches ^x"}}`, "got [\"a\",\"b\",3], which is not text"},
		{`{"body": {"name": "oneOf x, y"}}`, `body.name: expected one of "x", "y", got "Ada"`},
		{`{"body": {"name": "!= Ada"}}`, `body.name: expected anything but "Ada", got "Ada"`},
		{`{"body": {"tags": ["a"]}}`, `(1 elements expected, there are 3)`},
		{`{"body": {"tags": {"eq": ["a"]}}}`, `(1 elements expected, there are 3)`},
		{`{"body": {"tags": ["a", "x", 4]}}`, `body.tags[1]: expected "x", got "b"; body.tags[2]: expected 4, got 3`},
		{`{"body": {"user": {"id": 7, "name": "Grace"}}}`,
			"body.user.name: expected \"Grace\", got \"Ada\"; body.user.mail: unexpected key `mail`"},
		{`{"body": {"user": {"id": 7, "nmae": "Ada", "mail": "is email"}}}`,
			"body.user.nmae: expected \"Ada\", but it is missing; there is `name`"},
		{`{"body": {"name": {"a": 1}}}`, `body.name: expected an object, got "Ada"`},
		{`{"body": {"name": ["a"]}}`, `body.name: expected a list, got "Ada"`},
		{`{"body": {"users": {"a b": 1, "c": 2, "d": 3, "e": 4}}}`, `expected an object`},
		{`{"body": {"user": {"a b": 1, "c": 2, "d": 3, "e": 4}}}`,
			`body.user["a b"]: expected 1, but it is missing; body.user.c: expected 2, but it is missing; ` +
				`body.user.d: expected 3, but it is missing; and 4 more`},
		{`{"headers": {"Content-Type": "contains json"}}`, `headers.Content-Type: expected text that contains "json", got "text/html"`},
		{`{"headers": {"Content-Typ": "contains json"}}`, "but there is no header `Content-Typ`; did you mean `Content-Type`?"},
		{`{"headers": {"Zzz": "exists"}}`, "but there is no header `Zzz`; there are: Content-Type, Set-Cookie"},
		{`{"headers": {"Set-Cookie": "c=3"}}`, `headers.Set-Cookie: expected "c=3", got "a=1, b=2"`},
		{`{"events": [{"kind": "Closed"}]}`, "events.0: expected an event `Closed`, got Sent, Received"},
		{`{"events": [{"kind": "Sent", "data": {"bytes": "> 9"}}]}`,
			"events.0: no `Sent` meets it; the nearest differs in data.bytes: expected > 9, got 5"},
		{`{"events": [{"kind": "Sent", "count": 2}]}`, "events.0: expected count 2, got 1"},
		{`{"events.5.kind": "Sent"}`, "events.5.kind: expected \"Sent\", but `events` has 2 elements, so there is no index 5; use 0 to 1"},
		{`{"body": {"user": {"eq": {"id": 8}}}}`, `body.user: expected {"id":8}, got {"id":7,`},
		{`{"body": {"name": {"eq": "x {{ y }}"}}}`, "still holds a template"},
	} {
		a := one(t, c.in, r)
		if a.Passed || !strings.Contains(a.Message, c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.in, a.Message, c.want)
		}
	}
	second := parse(t, `{"events": ["Received", "Sent"]}`).Evaluate(r)[1]
	if want := "events.1: expected an event `Sent` behind those of the items before it; the order was Sent, Received"; second.Message != want {
		t.Errorf("got %s", second.Message)
	}
	third := parse(t, `{"events": ["Closed", "Sent"]}`).Evaluate(r)[1]
	if !strings.Contains(third.Message, "behind those of the items before it") {
		t.Errorf("got %s", third.Message)
	}
}

func TestSecretsAreHiddenBeforeMessagesAreCut(t *testing.T) {
	secret := "s3cret-" + strings.Repeat("x", 80)
	long := strings.Repeat("-", 120) + secret
	r := Response{
		Body:    map[string]any{"a": long, "o": map[string]any{"k": long}, "l": []any{long}},
		Headers: map[string][]string{"A": {long}},
		Events:  []Event{{"p", "E", map[string]any{"x": long}}},
		Redact:  func(s string) string { return strings.ReplaceAll(s, secret, "***") },
	}
	e := parse(t, `{"body": {"a": "x", "o": {"k": "contains !"}, "l": [1]}, "headers": {"A": {"ne": "`+long+`"}},
		"events": [{"kind": "E", "data": {"x": "oneOf a, b"}}]}`)
	for _, a := range e.Evaluate(r) {
		if a.Passed || strings.Contains(a.Message, "s3cret") || !strings.Contains(a.Message, "***") {
			t.Errorf("got %s", a.Message)
		}
	}
	r.Redact = nil
	if a := e.Evaluate(r)[0]; !strings.Contains(a.Message, "s3cret") || strings.Contains(a.Message, secret) {
		t.Errorf("without Redact the cut goes through the secret: %s", a.Message)
	}
}

func TestAssertionsCarryPlacesAndValues(t *testing.T) {
	e := parse(t,
		`{"body": {"user": {"id": "> 9", "tags": [1, "is string"]}, "n": 5}, "status": "2xx", "body.x": null, "headers": {"A": "b"}, "duration": 5}`)
	all := e.Evaluate(Response{
		Status: json.Number("200"), Body: decode(t, `{"user": {"id": 1, "tags": [1, 2]}, "n": 5}`), Headers: map[string][]string{"a": {"b"}},
		Duration: time.Millisecond,
	})
	var paths []string
	for _, a := range all {
		paths = append(paths, strings.Join(a.At, "/")+" "+a.Expression)
	}
	want := []string{
		"status status = 2xx", "headers/A headers.A = b", "body/n body.n = 5", `body/user body.user = {"id":"> 9","tags":[1,"is string"]}`,
		"body.x body.x = null", "duration duration = 5",
	}
	if !slices.Equal(paths, want) {
		t.Errorf("got %q", paths)
	}
	user := all[3]
	if len(user.Mismatches) != 2 || strings.Join(user.Mismatches[0].At, "/") != "body/user/id" || user.Mismatches[0].Path != "body.user.id" ||
		strings.Join(user.Mismatches[1].At, "/") != "body/user/tags/1" || user.Mismatches[1].Path != "body.user.tags[1]" ||
		fmt.Sprint(user.Mismatches[1].Actual) != "2" || user.Mismatches[1].Expected != "string" {
		t.Errorf("got %+v", user.Mismatches)
	}
	if value.JSON(user.Actual) != `{"id":1,"tags":[1,2]}` || all[0].Actual != json.Number("200") || all[1].Actual != "b" ||
		all[5].Actual != "1ms" {
		t.Errorf("got %+v", all)
	}
}

func TestPassingOnSomethingMissingIsNoted(t *testing.T) {
	r := Response{Body: decode(t, `{"role": "admin"}`)}
	if a := one(t, `{"body": {"rloe": "!= admin"}}`, r); !a.Passed || !strings.Contains(a.Note, "did you mean `role`?") {
		t.Errorf("got %+v", a)
	}
	if a := one(t, `{"body": {"role": "!= guest"}}`, r); !a.Passed || a.Note != "" {
		t.Errorf("got %+v", a)
	}
	if a := one(t, `{"body": {"rloe": "notExists"}}`, r); !a.Passed || a.Note != "" {
		t.Errorf("got %+v", a)
	}
}

func TestParsingIsFreeOfSideEffects(t *testing.T) {
	raw := decode(t, `{"body": {"a": {"b": ["> 1", {"c": "is int"}]}}, "status": [200]}`)
	before := value.JSON(raw)
	e, _ := Parse(raw)
	body := decode(t, `{"a": {"b": [2, {"c": 3}]}}`)
	first := fmt.Sprint(e.Evaluate(Response{Body: body, Status: 200}))
	second := fmt.Sprint(e.Evaluate(Response{Body: body, Status: 200}))
	if value.JSON(raw) != before || first != second {
		t.Error("something was changed")
	}
}

func TestEventsThatAreWrongThemselvesFail(t *testing.T) {
	e, problems := Parse(decode(t, `{"events": [{"data": {}}, 5, {"kind": []}, {"kind": "A", "count": "many"}]}`))
	if len(problems) != 4 {
		t.Errorf("got %+v", problems)
	}
	for _, a := range e.Evaluate(Response{Events: []Event{{"p", "A", nil}, {"p", "", nil}}}) {
		if a.Passed || a.Message == "" {
			t.Errorf("got %+v", a)
		}
	}
	a := one(t, `{"events": ["X"]}`, Response{})
	if a.Message != "events.0: expected an event `X`, got no events" {
		t.Errorf("got %s", a.Message)
	}
}

func TestDeepExpectationsAreRefused(t *testing.T) {
	var raw any = "x"
	for range 5000 {
		raw = map[string]any{"a": raw}
	}
	_, problems := Parse(map[string]any{"body": raw})
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "nested too deeply") {
		t.Errorf("got %d problems", len(problems))
	}
	e, _ := Parse(map[string]any{"body": map[string]any{".": map[string]any{"eq": raw}}})
	if a := e.Evaluate(Response{Body: raw})[0]; a.Passed {
		t.Error("values deeper than the limit are not equal")
	}
}

func TestTablesAreComplete(t *testing.T) {
	for _, op := range Operators {
		if op.Doc == "" || op.Example == "" || op.TextForm == "" || op.MapForm == "" || op.Symbol == "" ||
			OperatorNamed(op.Name).Name != op.Name {
			t.Errorf("operator %s lacks something", op.Name)
		}
		if f := takeApart(strings.NewReplacer("NUMBER", "5", "TYPE", "int").Replace(op.TextForm)); f.op == nil || f.op.Name != op.Name {
			t.Errorf("the text form of %s is not read: %+v", op.Name, f)
		}
	}
	if got := strings.Join(operatorNames(), " "); got != "is exists eq ne gt gte lt lte contains matches notExists oneOf" {
		t.Errorf("got %s", got)
	}
	for _, typ := range Types {
		if typ.Doc == "" || typ.Example == "" || typ.test == nil || TypeNamed(typ.Name) == nil {
			t.Errorf("type %s lacks something", typ.Name)
		}
		if !typ.test(decode(t, strings.NewReplacer("{a: 1}", `{"a": 1}`).Replace(typ.Example))) {
			t.Errorf("the example of %s is none", typ.Name)
		}
	}
	if OperatorNamed("equals") != nil || TypeNamed("text") != nil {
		t.Error("unknown names should give nil")
	}
	for _, k := range slices.Concat(Keys, EventKeys) {
		if k.Doc == "" || k.Example == "" {
			t.Errorf("key %s lacks something", k.Name)
		}
	}
}

func FuzzExpect(f *testing.F) {
	for _, s := range corpus(f, "expect") {
		want, got, _ := strings.Cut(s, "\n---\n")
		f.Add(want, got)
	}
	f.Fuzz(func(t *testing.T, want, got string) {
		raw, body := fuzzValue(want), fuzzValue(got)
		e, problems := Parse(raw)
		for _, p := range problems {
			if p.Message == "" || p.Code == "" {
				t.Fatalf("%s: empty problem %+v", want, p)
			}
		}
		r := Response{
			Status: body, Body: body, Headers: map[string][]string{"A": {got, "x"}}, Duration: time.Second,
			Events: []Event{{"p", "A", body}, {"p", "B", nil}},
		}
		all := e.Evaluate(r)
		if len(all) != e.Len() {
			t.Fatalf("%s: %d assertions of %d", want, len(all), e.Len())
		}
		for _, a := range all {
			if a.Passed != (a.Message == "") || len(a.At) == 0 || a.Path == "" {
				t.Fatalf("%s on %s: incomplete %+v", want, got, a)
			}
		}
		// Whatever a value is, it equals itself, and {eq} and {ne} disagree.
		literal, _ := Parse(map[string]any{"body": map[string]any{".": map[string]any{"eq": body}}})
		if body != nil && !Passed(literal.Evaluate(r)) {
			t.Fatalf("%s does not equal itself", got)
		}
		eq, _ := Parse(map[string]any{"body": map[string]any{".": map[string]any{"eq": raw}}})
		ne, _ := Parse(map[string]any{"body": map[string]any{".": map[string]any{"ne": raw}}})
		if Passed(eq.Evaluate(r)) == Passed(ne.Evaluate(r)) {
			t.Fatalf("%s: eq and ne agree on %s", want, got)
		}
	})
}

// fuzzValue decodes JSON, and takes anything else as text.
func fuzzValue(s string) any {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return s
	}
	return v
}

func BenchmarkParse(b *testing.B) {
	raw := decode(b, benchExpect)
	for b.Loop() {
		Parse(raw)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	e := parse(b, benchExpect)
	r := Response{Status: json.Number("200"), Body: decode(b, bodySample), Headers: map[string][]string{"Content-Type": {"application/json"}}}
	if !Passed(e.Evaluate(r)) {
		b.Fatal(e.Evaluate(r))
	}
	for b.Loop() {
		e.Evaluate(r)
	}
}

const benchExpect = `{
	"status": "2xx", "headers": {"content-type": "contains json"}, "duration": "< 500ms",
	"body": {"name": "Ada", "users.length": "> 1", "user": {"id": "is int", "name": "exists", "mail": "is email"}, "tags": {"contains": "a"}}
}`
