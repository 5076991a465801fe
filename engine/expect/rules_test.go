package expect

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/value"
)

// decode reads JSON as a response body is read.
func decode(t testing.TB, s string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

// TestEquality has one case per sentence of the rules, each with its negative.
func TestEquality(t *testing.T) {
	for _, c := range []struct {
		rule, want, got string
		holds           bool
	}{
		{"null equals null", `null`, `null`, true},
		{"null is not zero", `null`, `0`, false},
		{"null is not empty text", `null`, `""`, false},
		{"null is not false", `null`, `false`, false},
		{"a bool equals the bool", `true`, `true`, true},
		{"a bool is not the other", `true`, `false`, false},
		{"a bool is not its text", `true`, `"true"`, false},
		{"a text is not the bool", `"true"`, `true`, false},
		{"a bool is not a number", `true`, `1`, false},
		{"a number is not a bool", `1`, `true`, false},
		{"numbers by value", `42`, `42.0`, true},
		{"numbers in exponent form", `1000`, `1e3`, true},
		{"different numbers", `42`, `42.1`, false},
		{"a number equals text that spells it", `42`, `"42"`, true},
		{"a text equals the number it spells", `"42"`, `42`, true},
		{"two texts that spell one number", `"42"`, `"42.0"`, true},
		{"two texts that spell different numbers", `"42"`, `"43"`, false},
		{"integers are exact (better)", `9007199254740993`, `9007199254740992`, false},
		{"large integers are equal to themselves", `123456789012345678901234567890`, `123456789012345678901234567890`, true},
		{"large integers as text are exact", `"9223372036854775807"`, `9223372036854775806`, false},
		{"padded text is a number (better)", `"007"`, `7`, true},
		{"so is text with a plus (better)", `"+42"`, `42`, true},
		{"and both (better)", `"+042.0"`, `"42"`, true},
		{"a minus before zeros", `-7`, `"-007"`, true},
		{"zeros alone", `"00"`, `0`, true},
		{"two signs are no number", `"+-1"`, `-1`, false},
		{"nor is a sign alone", `"+"`, `0`, false},
		{"nor a hexadecimal number", `"0x10"`, `16`, false},
		{"nor a plus behind a blank", `"+ 1"`, `1`, false},
		{"hexadecimal text is no number", `"0x10"`, `16`, false},
		{"NaN is text", `"NaN"`, `"NaN"`, true},
		{"text exactly", `"Ada"`, `"Ada"`, true},
		{"text in another case", `"Ada"`, `"ada"`, false},
		{"lists deeply", `[1, "a", null]`, `["1", "a", null]`, true},
		{"lists in order", `[1, 2]`, `[2, 1]`, false},
		{"lists of one length", `[1]`, `[1, 2]`, false},
		{"an empty list is not null", `[]`, `null`, false},
		{"a list is not an object", `[]`, `{}`, false},
		{"objects deeply", `{"a": {"b": 1}}`, `{"a": {"b": 1.0}}`, true},
		{"objects with another key", `{"a": 1}`, `{"a": 1, "b": 2}`, false},
		{"objects without a key", `{"a": 1, "b": 2}`, `{"a": 1}`, false},
		{"a null in an object equals a missing key", `{"a": 1, "b": null}`, `{"a": 1}`, true},
		{"an object is not text", `{"a": 1}`, `"{\"a\":1}"`, false},
		{"an empty object equals an empty object", `{}`, `{}`, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, form := range []string{`{"v": ` + c.want + `}`, `{"v": {"eq": ` + c.want + `}}`} {
				a := one(t, `{"body": `+form+`}`, Response{Body: map[string]any{"v": decode(t, c.got)}})
				if a.Passed != c.holds {
					t.Errorf("%s: passed = %v: %s", form, a.Passed, a.Message)
				}
				if !a.Passed && !strings.HasPrefix(a.Message, "body.v") {
					t.Errorf("got %s", a.Message)
				}
			}
			not := one(t, `{"body": {"v": {"ne": `+c.want+`}}}`, Response{Body: map[string]any{"v": decode(t, c.got)}})
			if not.Passed == c.holds {
				t.Errorf("ne: passed = %v", not.Passed)
			}
		})
	}
}

// parse reads an expect object given in JSON, which must have no problems.
func parse(t testing.TB, s string) *Expect {
	t.Helper()
	e, problems := Parse(decode(t, s))
	if len(problems) > 0 {
		t.Fatalf("%s: %+v", s, problems)
	}
	return e
}

// one evaluates an expect object that holds one assertion.
func one(t testing.TB, s string, r Response) Assertion {
	t.Helper()
	all := parse(t, s).Evaluate(r)
	if len(all) != 1 {
		t.Fatalf("%s: %d assertions", s, len(all))
	}
	if a := all[0]; a.Passed != (a.Message == "") || a.Expression == "" || a.Path == "" || len(a.At) == 0 {
		t.Errorf("%s: incomplete %+v", s, a)
	}
	return all[0]
}

const bodySample = `{
	"name": "Ada", "empty": "", "blank": " x ", "n": 42, "text42": "42", "float": 1.5, "int": 2.0, "yes": true, "no": false, "nothing": null,
	"tags": ["a", "b", 3], "users": [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}], "list": [], "a.b": 1,
	"user": {"id": 7, "name": "Ada", "mail": "ada@example.com"}, "multi": "one\ntwo", "trueText": "true", "nullText": "null",
	"formats": {"uuid": "7F1c2b9e-3d54-1c1a-0b0e-5a6f7c8d9e01", "url": "https://example.com/a?b", "date": "2024-02-29",
		"notDate": "2023-02-29",
		"datetime": "2024-05-17T10:00:00.5+02:00", "local": "2024-05-17 10:00:00", "ip4": "192.0.2.1", "ip6": "2001:db8::1",
			"named": "Ada <ada@example.com>"}
}`

// TestOperators has cases for each row of the operators, in the text form and the map form.
func TestOperators(t *testing.T) {
	body := decode(t, bodySample)
	for _, c := range []struct {
		rule, path, want string
		holds            bool
	}{
		// The text forms.
		{"plain text is equality", "name", `"Ada"`, true},
		{"plain text is trimmed", "name", `"  Ada "`, true},
		{"eq does not trim", "name", `{"eq": " Ada"}`, false},
		{"eq takes blanks literally", "blank", `{"eq": " x "}`, true},
		{"the value is not trimmed", "blank", `"x"`, false},
		{"text with an operator inside is equality", "multi", `"one\ntwo"`, true},
		{">= met", "n", `">= 42"`, true},
		{">= not met", "n", `">= 42.5"`, false},
		{"no blank is needed behind a sign", "n", `">=42"`, true},
		{"<= met", "n", `"<= 42"`, true},
		{"<= not met", "n", `"<= 41"`, false},
		{"> met", "n", `"> 41.99"`, true},
		{"> not met", "n", `"> 42"`, false},
		{"< met", "n", `"< 43"`, true},
		{"< not met", "n", `"< 42"`, false},
		{"== met", "n", `"== 42"`, true},
		{"== not met", "n", `"== 43"`, false},
		{"== takes true as the bool", "yes", `"== true"`, true},
		{"== takes true as the text too", "trueText", `"== true"`, true},
		{"== does not take true for false", "no", `"== true"`, false},
		{"!= met", "n", `"!= 43"`, true},
		{"!= not met", "n", `"!= 42"`, false},
		{"!= null on a value", "n", `"!= null"`, true},
		{"!= null on null", "nothing", `"!= null"`, false},
		{"!= null on a missing key", "zzz", `"!= null"`, false},
		{"!= on a missing key", "zzz", `"!= 5"`, true},
		{"!= with nothing behind it on text", "name", `"!="`, true},
		{"!= with nothing behind it on empty text", "empty", `"!="`, false},
		{"numbers compare with text that spells one", "text42", `"> 41"`, true},
		{"text does not compare", "name", `"> 1"`, false},
		{"a bool does not compare", "yes", `"> 0"`, false},
		{"null does not compare", "nothing", `"< 1"`, false},
		{"a list does not compare", "list", `">= 0"`, false},
		{"a missing key does not compare", "zzz", `"< 1"`, false},
		{"contains in text", "name", `"contains da"`, true},
		{"contains in text, not met", "name", `"contains x"`, false},
		{"contains in a number", "n", `"contains 2"`, true},
		{"contains in a bool", "yes", `"contains ru"`, true},
		{"contains in a list", "tags", `"contains a"`, true},
		{"contains in a list by value", "tags", `"contains 3.0"`, true},
		{"contains in a list is membership, not text", "tags", `"contains \"a"`, false},
		{"contains in an object", "user", `"contains id"`, false},
		{"contains in null", "nothing", `"contains n"`, false},
		{"contains in nothing", "zzz", `"contains n"`, false},
		{"matches anywhere", "name", `"matches d"`, true},
		{"matches tied to the ends", "name", `"matches ^Ada$"`, true},
		{"matches, not met", "name", `"matches ^da"`, false},
		{"matches a number", "n", `"matches ^\\d+$"`, true},
		{"matches a bool", "no", `"matches fal"`, true},
		{"matches no list", "tags", `"matches a"`, false},
		{"matches no null", "nothing", `"matches ."`, false},
		{"exists on a value", "n", `"exists"`, true},
		{"exists on empty text", "empty", `"exists"`, true},
		{"exists on false", "no", `"exists"`, true},
		{"exists on null", "nothing", `"exists"`, false},
		{"exists on a missing key", "zzz", `"exists"`, false},
		{"notExists on a missing key (better)", "zzz", `"notExists"`, true},
		{"notExists on null", "nothing", `"notExists"`, true},
		{"notExists on a value", "n", `"notExists"`, false},
		{"oneOf met (better)", "name", `"oneOf Ada, Grace"`, true},
		{"oneOf not met", "name", `"oneOf Alan,Grace"`, false},
		{"oneOf by value", "n", `"oneOf 41, 42.0"`, true},
		{"oneOf takes true as the bool", "yes", `"oneOf true, maybe"`, true},

		// The map forms.
		{"{eq}", "n", `{"eq": "42.0"}`, true},
		{"{eq} takes operators literally", "name", `{"eq": "is string"}`, false},
		{"{eq} takes objects literally", "user", `{"eq": {"id": "is int", "name": "Ada", "mail": "is email"}}`, false},
		{"{ne}", "n", `{"ne": 42}`, false},
		{"{ne} of a list", "tags", `{"ne": ["a"]}`, true},
		{"{gt}", "n", `{"gt": 41}`, true},
		{"{gt} with text", "n", `{"gt": "42"}`, false},
		{"{gte}", "n", `{"gte": 42}`, true},
		{"{lt}", "n", `{"lt": 42}`, false},
		{"{lte}", "n", `{"lte": 42}`, true},
		{"several in one map must all hold (better)", "n", `{"gte": 40, "lt": 43}`, true},
		{"several in one map, one does not hold (better)", "n", `{"gte": 40, "lt": 42}`, false},
		{"{contains} in a list", "tags", `{"contains": 3}`, true},
		{"{contains} an object in a list", "users", `{"contains": {"id": 2, "name": "Grace"}}`, true},
		{"{contains} a part of an object in a list", "users", `{"contains": {"id": 2}}`, true},
		{"{contains} an object that is not in the list", "users", `{"contains": {"id": 3}}`, false},
		{"{contains} with operators inside", "users", `{"contains": {"id": "> 1", "name": "is string"}}`, true},
		{"{contains} on an object asks for its keys (better)", "user", `{"contains": {"id": 7}}`, true},
		{"{contains} on an object, not met (better)", "user", `{"contains": {"id": 8}}`, false},
		{"{contains} on an object, missing key (better)", "user", `{"contains": {"zzz": 8}}`, false},
		{"{contains} several elements", "tags", `{"contains": ["b", "a"]}`, true},
		{"{contains} several elements, one missing", "tags", `{"contains": ["a", "z"]}`, false},
		{"{contains} an object in text", "name", `{"contains": {"a": 1}}`, false},
		{"{matches}", "name", `{"matches": "^A"}`, true},
		{"{matches} with a number", "n", `{"matches": 4}`, true},
		{"{is}", "n", `{"is": "int"}`, true},
		{"{is: null} as YAML reads it", "nothing", `{"is": null}`, true},
		{"{exists: true}", "n", `{"exists": true}`, true},
		{"{exists: false} on a missing key (better)", "zzz", `{"exists": false}`, true},
		{"{exists: false} on a value (better)", "n", `{"exists": false}`, false},
		{"{exists:} without a value", "n", `{"exists": null}`, true},
		{"{notExists: true}", "zzz", `{"notExists": true}`, true},
		{"{notExists: false}", "zzz", `{"notExists": false}`, false},
		{"{oneOf}", "n", `{"oneOf": [1, 42]}`, true},
		{"{oneOf} with null on a missing key", "zzz", `{"oneOf": [null, "a"]}`, true},
		{"{oneOf} takes values literally", "name", `{"oneOf": ["is string"]}`, false},
		{"{oneOf} with text", "name", `{"oneOf": "Ada, Grace"}`, true},
		{"{oneOf} with objects", "user", `{"oneOf": [{"id": 7, "name": "Ada", "mail": "ada@example.com"}]}`, true},

		// Nested maps and lists.
		{"a nested map is compared as a whole (better)", "user", `{"id": 7, "name": "Ada", "mail": "ada@example.com"}`, true},
		{"a nested map allows no other key (better)", "user", `{"id": 7, "name": "Ada"}`, false},
		{"a nested map applies operators inside (better)", "user", `{"id": "> 6", "name": {"matches": "^A"}, "mail": "is email"}`, true},
		{"a nested map, operators not met (better)", "user", `{"id": "> 7", "name": "is string", "mail": "is email"}`, false},
		{"a nested map may ask that a key is missing", "user", `{"id": 7, "name": "Ada", "mail": "exists", "zzz": "notExists"}`, true},
		{"a nested map on text", "name", `{"id": 7}`, false},
		{"a nested map on a missing key", "zzz", `{"id": 7}`, false},
		{"a list is compared element by element", "tags", `["a", "b", 3]`, true},
		{"a list with an element too few", "tags", `["a", "b"]`, false},
		{"a list with another element", "tags", `["a", "b", 4]`, false},
		{"a list applies operators inside", "users", `[{"id": 1, "name": "is string"}, {"id": "is int", "name": "contains ra"}]`, true},
		{"a list on an object", "user", `[1]`, false},
		{"an empty list", "list", `[]`, true},
		{"null on a missing key", "zzz", `null`, true},
		{"null on a value", "n", `null`, false},

		// Types.
		{"is null", "nothing", `"is null"`, true},
		{"is nil", "nothing", `"is nil"`, true},
		{"is null on a missing key", "zzz", `"is null"`, true},
		{"is null on a value", "n", `"is null"`, false},
		{"is bool", "yes", `"is bool"`, true},
		{"is boolean", "no", `"is boolean"`, true},
		{"is bool on text", "trueText", `"is bool"`, false},
		{"is int", "n", `"is int"`, true},
		{"types in any case (better)", "n", `"is INTEGER"`, true},
		{"types in any case in a map (better)", "n", `{"is": "Int"}`, true},
		{"formats in any case (better)", "text42", `"is UUID"`, false},
		{"is integer on 2.0", "int", `"is integer"`, true},
		{"is int on a fraction", "float", `"is int"`, false},
		{"is number", "float", `"is number"`, true},
		{"is float", "n", `"is float"`, true},
		{"numeric text is no number (better)", "text42", `"is number"`, false},
		{"numeric text is no int (better)", "text42", `"is int"`, false},
		{"numeric text is a string (better)", "text42", `"is string"`, true},
		{"is string", "name", `"is string"`, true},
		{"is string on a number", "n", `"is string"`, false},
		{"is array", "tags", `"is array"`, true},
		{"is list", "list", `"is list"`, true},
		{"is slice", "tags", `"is slice"`, true},
		{"is array on an object", "user", `"is array"`, false},
		{"is object", "user", `"is object"`, true},
		{"is map", "user", `"is map"`, true},
		{"is object on a list", "tags", `"is object"`, false},
		{"is string on a missing key", "zzz", `"is string"`, false},
		{"is email (better)", "user.mail", `"is email"`, true},
		{"is email on a name", "name", `"is email"`, false},
		{"is email with a name", "formats.named", `"is email"`, false},
		{"is uuid (better)", "formats.uuid", `"is uuid"`, true},
		{"is uuid on text", "name", `"is uuid"`, false},
		{"is url (better)", "formats.url", `"is url"`, true},
		{"is url on a path", "formats.date", `"is url"`, false},
		{"is date (better)", "formats.date", `"is date"`, true},
		{"is date on a day that does not exist", "formats.notDate", `"is date"`, false},
		{"is datetime (better)", "formats.datetime", `"is datetime"`, true},
		{"is datetime without a zone", "formats.local", `"is datetime"`, true},
		{"is datetime on a date", "formats.date", `"is datetime"`, false},
		{"is ip (better)", "formats.ip4", `"is ip"`, true},
		{"is ip of version 6 (better)", "formats.ip6", `"is ip"`, true},
		{"is ip on text", "name", `"is ip"`, false},
		{"is email on a number", "n", `"is email"`, false},

		// Paths.
		{"an index", "users.0.name", `"Ada"`, true},
		{"an index in brackets", "users[1].name", `"Grace"`, true},
		{"a negative index (better)", "users[-1].id", `2`, true},
		{"a key with a dot (better)", `[\"a.b\"]`, `1`, true},
		{"an escaped dot (better)", `a\\.b`, `1`, true},
		{"a plain key with a dot (better)", "a.b", `1`, true},
		{"length of a list", "users.length", `2`, true},
		{"length of text", "name.length", `"> 2"`, true},
		{"mapping over a list (better)", "users.#.name", `["Ada", "Grace"]`, true},
		{"mapping and contains (better)", "users.#.id", `"contains 2"`, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			a := one(t, `{"body": {"`+c.path+`": `+c.want+`}}`, Response{Body: body})
			if a.Passed != c.holds {
				t.Errorf("%s on %s: passed = %v: %s", c.want, c.path, a.Passed, a.Message)
			}
		})
	}
}

func TestTheWholeBody(t *testing.T) {
	for _, c := range []struct {
		want, got string
		holds     bool
	}{
		{`"contains ell"`, `"hello"`, true}, {`null`, `null`, true}, {`{"a": 1}`, `{"a": 1}`, true}, {`{"a": 1}`, `{"a": 1, "b": 2}`, false},
		{`{"contains": {"a": 1}}`, `{"a": 1, "b": 2}`, true}, {`[1]`, `[1]`, true}, {`"hello"`, `"bye"`, false},
	} {
		a := one(t, `{"body": {".": `+c.want+`}}`, Response{Body: decode(t, c.got)})
		if a.Passed != c.holds || a.Path != "body" || a.Expression != "body = "+value.Text(decode(t, c.want)) {
			t.Errorf("%s: %+v", c.want, a)
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		rule, want string
		got        any
		holds      bool
	}{
		{"a number", `200`, json.Number("200"), true},
		{"a number as a Go value", `200`, 200, true},
		{"another number", `200`, json.Number("201"), false},
		{"a number as text", `"200"`, 200, true},
		{"an operator", `">= 200"`, 204, true},
		{"an operator that is not met", `">= 500"`, 204, false},
		{"a class", `"2xx"`, 204, true},
		{"a class in capitals", `"2XX"`, 299, true},
		{"a class in mixed case", `"2xX"`, 200, true},
		{"the class before", `"2xx"`, 199, false},
		{"the class behind", `"2xx"`, 300, false},
		{"a class of a status that is text", `"4xx"`, "404", true},
		{"a class of a status that is a word", `"2xx"`, "OK", false},
		{"not a class", `"!= 5xx"`, 200, true},
		{"not a class that it is", `"!= 2xx"`, 200, false},
		{"equal to a class", `"== 2xx"`, 200, true},
		{"a list of codes (better)", `[200, 201]`, 201, true},
		{"a list of codes, none met (better)", `[200, 201]`, 404, false},
		{"a list with a class", `[404, "2xx"]`, 201, true},
		{"oneOf in text", `"oneOf 200, 3xx"`, 302, true},
		{"a word", `"OK"`, "OK", true},
		{"another word", `"OK"`, "NOT_FOUND", false},
		{"is int", `"is int"`, 200, true},
		{"matches", `"matches ^2"`, 200, true},
		{"exists without a status", `"exists"`, nil, false},
		{"{gte, lt} (better)", `{"gte": 200, "lt": 300}`, 250, true},
		{"{gte, lt}, not met (better)", `{"gte": 200, "lt": 300}`, 300, false},
		{"{eq} with a class", `{"eq": "2xx"}`, 200, true},
		{"{ne} with a class", `{"ne": "2xx"}`, 200, false},
		{"{ne} with a number", `{"ne": 200}`, 200, false},
		{"{oneOf}", `{"oneOf": [200, "4xx"]}`, 410, true},
		{"{oneOf} in text", `{"oneOf": "200, 4xx"}`, 410, true},
		{"{matches}", `{"matches": "^4"}`, 200, false},
		{"no status", `200`, nil, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			a := one(t, `{"status": `+c.want+`}`, Response{Status: c.got})
			if a.Passed != c.holds || a.Path != "status" {
				t.Errorf("got %+v", a)
			}
			if !a.Passed && !strings.HasPrefix(a.Message, "expected status ") && c.rule != "is int" && !strings.Contains(a.Message, "expected") {
				t.Errorf("got %s", a.Message)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	headers := map[string][]string{
		"Content-Type": {"application/json; charset=utf-8"}, "Set-Cookie": {"a=1", "b=2"}, "x.rate.limit": {"10"}, "X-Cached": {"true"},
		"vary": {"Accept"}, "Vary": {"Origin"},
	}
	for _, c := range []struct {
		rule, name, want string
		holds            bool
	}{
		{"exactly", "Content-Type", `"application/json; charset=utf-8"`, true},
		{"in any case (better)", "content-TYPE", `"contains json"`, true},
		{"not met", "content-type", `"contains xml"`, false},
		{"dots belong to the name (better)", "x.rate.limit", `10`, true},
		{"a number is text", "x.rate.limit", `"10"`, true},
		{"a number compares", "x.rate.limit", `"< 11"`, true},
		{"a bool is its text", "x-cached", `true`, true},
		{"a bool is not other text", "x-cached", `false`, false},
		{"one of repeated values is enough (better)", "set-cookie", `"a=1"`, true},
		{"the other of repeated values is enough (better)", "set-cookie", `"b=2"`, true},
		{"all joined is enough (better)", "set-cookie", `"a=1, b=2"`, true},
		{"all joined matches (better)", "set-cookie", `"matches a=1.*b=2"`, true},
		{"none of repeated values", "set-cookie", `"c=3"`, false},
		{"not equal must hold for each", "set-cookie", `"!= a=1"`, false},
		{"not equal holds for each", "set-cookie", `"!= c=3"`, true},
		{"not equal and another operator", "set-cookie", `{"ne": "a=1", "contains": "="}`, false},
		{"several operators on one value", "set-cookie", `{"contains": "b", "matches": "2$"}`, true},
		{"several operators, no value meets them all", "set-cookie", `{"contains": "b", "matches": "^a=1$"}`, false},
		{"a list is compared with all values", "set-cookie", `["a=1", "b=2"]`, true},
		{"a list with a value too few", "set-cookie", `["a=1"]`, false},
		{"spellings of one name are one header", "VARY", `"Origin"`, true},
		{"a missing header", "X-Missing", `"exists"`, false},
		{"a header that must be missing", "X-Missing", `"notExists"`, true},
		{"a header that must be missing and is not", "vary", `{"exists": false}`, false},
		{"null for a missing header", "X-Missing", `null`, true},
		{"header values are text", "x.rate.limit", `"is string"`, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, form := range []string{`{"headers": {"` + c.name + `": ` + c.want + `}}`, `{"headers.` + c.name + `": ` + c.want + `}`} {
				a := one(t, form, Response{Headers: headers})
				if a.Passed != c.holds || a.Path != "headers."+c.name {
					t.Errorf("%s: %+v", form, a)
				}
			}
		})
	}
	if got := Headers(map[string]string{"A": "1"}); got["A"][0] != "1" {
		t.Errorf("got %v", got)
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		rule, want string
		got        time.Duration
		holds      bool
	}{
		{"an operator and a duration", `"< 500ms"`, 499 * time.Millisecond, true},
		{"an operator and a duration, not met", `"< 500ms"`, 500 * time.Millisecond, false},
		{"several units", `"<= 1m30s"`, 90 * time.Second, true},
		{"a bare number is milliseconds", `"< 500"`, 499 * time.Millisecond, true},
		{"a fraction of a millisecond", `"<= 0.5"`, 600 * time.Microsecond, false},
		{"a number is milliseconds", `500`, 501 * time.Millisecond, false},
		{"no operator means at most (better)", `"500ms"`, 500 * time.Millisecond, true},
		{"no operator means at most, not met (better)", `"500ms"`, 501 * time.Millisecond, false},
		{"blanks inside", `" <  1 s "`, 900 * time.Millisecond, true},
		{"at least", `"> 1s"`, 900 * time.Millisecond, false},
		{"at least, met", `">= 1s"`, time.Second, true},
		{"equal", `"== 1s"`, time.Second, true},
		{"not equal", `"!= 1s"`, time.Second, false},
		{"a map form", `{"gte": "100ms", "lt": 200}`, 150 * time.Millisecond, true},
		{"a map form, not met", `{"gte": "100ms", "lt": 200}`, 200 * time.Millisecond, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			a := one(t, `{"duration": `+c.want+`}`, Response{Duration: c.got})
			if a.Passed != c.holds || a.Path != "duration" {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestDottedKeysReachInside(t *testing.T) {
	r := Response{
		Body: decode(t, bodySample), Headers: map[string][]string{"X-A.B": {"1"}},
		Events: []Event{{"http", "Sent", map[string]any{"bytes": json.Number("5")}}, {"http", "Received", nil}},
	}
	for expect, path := range map[string]string{
		`{"body.users.length": "> 1"}`:           "body.users.length",
		`{"body.users[0].id": 1}`:                "body.users[0].id",
		`{"headers.x-a.b": "1"}`:                 "headers.x-a.b",
		`{"events.length": 2}`:                   "events.length",
		`{"events.0.data.bytes": 5}`:             "events.0.data.bytes",
		`{"events[-1].kind": "Received"}`:        "events[-1].kind",
		`{"body": {"[\"a.b\"]": 1}}`:             `body["a.b"]`,
		`{"body.user": {"contains": {"id": 7}}}`: "body.user",
	} {
		a := one(t, expect, r)
		if !a.Passed || a.Path != path {
			t.Errorf("%s: %+v", expect, a)
		}
	}
	a := one(t, `{"body[0].id": 1}`, Response{Body: decode(t, `[{"id": 1}]`)})
	if !a.Passed || a.Path != "body[0].id" || a.At[0] != "body[0].id" {
		t.Errorf("got %+v", a)
	}
}

func TestEvents(t *testing.T) {
	events := func(kinds string) []Event {
		var list []Event
		for i, kind := range strings.Fields(kinds) {
			list = append(list, Event{"ws", kind, map[string]any{"n": json.Number(string(rune('0' + i)))}})
		}
		return list
	}
	for _, c := range []struct {
		rule, want, got string
		passed          string // one letter per item
	}{
		{"one event", `[{"kind": "A"}]`, "A", "y"},
		{"the short form", `["A"]`, "A", "y"},
		{"the full name", `[{"kind": "ws.A"}]`, "A", "y"},
		{"another plugin", `[{"kind": "http.A"}]`, "A", "n"},
		{"no events", `[{"kind": "A"}]`, "", "n"},
		{"in order", `["A", "B"]`, "A B", "yy"},
		{"in the wrong order", `["A", "B"]`, "B A", "yn"},
		{"others may lie between", `["A", "B"]`, "A X X B", "yy"},
		{"each item wants an event of its own", `["A", "A"]`, "A", "yn"},
		{"each item has an event of its own", `["A", "A"]`, "A A", "yy"},
		{"data", `[{"kind": "A", "data": {"n": "> 0"}}]`, "A A", "y"},
		{"data, not met", `[{"kind": "A", "data": {"n": "> 5"}}]`, "A A", "n"},
		{"data in a dotted key", `[{"kind": "A", "data.n": 1}]`, "A A", "y"},
		{"a count", `[{"kind": "A", "count": 2}]`, "A A", "y"},
		{"a count with others between", `[{"kind": "A", "count": 2}]`, "A X A", "y"},
		{"a count, too few", `[{"kind": "A", "count": 3}]`, "A A", "n"},
		{"a count, too many", `[{"kind": "A", "count": 1}]`, "A A", "n"},
		{"a count with an operator", `[{"kind": "A", "count": ">= 2"}]`, "A A A", "y"},
		{"a count in a map form", `[{"kind": "A", "count": {"gte": 1, "lt": 3}}]`, "A A A", "n"},
		{"a count before another item", `["S", {"kind": "M", "count": 3}, "C"]`, "S M M M C", "yyy"},
		{"a count before another item, too many", `["S", {"kind": "M", "count": 3}, "C"]`, "S M M M M C", "ynn"},
		{"counts of one kind in turn", `[{"kind": "M", "count": 2}, "P", {"kind": "M", "count": 1}]`, "M M P M", "yyy"},
		{"counts of one kind side by side", `[{"kind": "M", "count": 2}, {"kind": "M", "count": 1}]`, "M M M", "yy"},
		{"a count of none", `["A", {"kind": "X", "count": 0}, "B"]`, "A B", "yyy"},
		{"a count of none that there is", `["A", {"kind": "X", "count": 0}, "B"]`, "A X B", "ynn"},
		{"a count of none at the end", `["A", {"kind": "X", "count": 0}]`, "A", "yy"},
		{"a count of none beside other counts", `[{"kind": "X", "count": 0}, "A"]`, "A", "yy"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := ""
			for i, a := range parse(t, `{"events": `+c.want+`}`).Evaluate(Response{Events: events(c.got)}) {
				if a.Passed {
					got += "y"
				} else {
					got += "n"
				}
				if a.Path != "events."+string(rune('0'+i)) || a.At[0] != "events" || a.Passed != (a.Message == "") {
					t.Errorf("got %+v", a)
				}
			}
			if got != c.passed {
				t.Errorf("got %s, want %s", got, c.passed)
			}
		})
	}
}

func TestAnExpectationOnNothingHoldsNothing(t *testing.T) {
	for _, s := range []string{`null`, `{}`, `{"body": {}, "headers": {}, "events": []}`} {
		e := parse(t, s)
		if !e.Empty() || e.Len() != 0 || len(e.Evaluate(Response{Events: []Event{{}}})) != 0 {
			t.Errorf("%s is not empty", s)
		}
	}
	var none *Expect
	if !none.Empty() || none.Len() != 0 || none.Evaluate(Response{}) != nil || !Passed(nil) {
		t.Error("a nil Expect should hold nothing")
	}
	if Passed([]Assertion{{Passed: true}, {}}) {
		t.Error("one assertion failed")
	}
}

func TestValuesFromResponsesAreTakenLiterally(t *testing.T) {
	r := Response{Body: map[string]any{"title": "is string", "op": "> 5"}, Status: "2xx", Headers: Headers(map[string]string{"X": "exists"})}
	literal := func(v any) any { return value.Literal{Value: v} }
	e, problems := Parse(map[string]any{
		"status": literal("2xx"), "headers": map[string]any{"X": literal("exists")},
		"body": map[string]any{"title": literal("is string"), "op": map[string]any{"contains": literal("> 5")}},
	})
	if len(problems) > 0 || !Passed(e.Evaluate(r)) {
		t.Errorf("got %v, %+v", problems, e.Evaluate(r))
	}
	e, _ = Parse(map[string]any{"body": map[string]any{"title": literal("exists")}})
	if a := e.Evaluate(r)[0]; a.Passed || a.Expected != "exists" || a.Expression != "body.title = exists" {
		t.Errorf("got %+v", a)
	}
	e, _ = Parse(map[string]any{"body": literal(map[string]any{"title": "is string"})})
	if !Passed(e.Evaluate(r)) {
		t.Error("a whole body may come from a template")
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		text  string
		value any
		holds bool
	}{
		{"", true, true}, {"", false, false}, {"", nil, false}, {"", "", false}, {"", "x", true}, {"", "false", false}, {"", "No", false},
		{"", "0", false}, {"", json.Number("0"), false}, {"", json.Number("0.0"), false}, {"", json.Number("2"), true}, {"", []any{}, false},
		{"", []any{nil}, true}, {"", map[string]any{}, false}, {"", map[string]any{"a": nil}, true},
		{"== prod", "prod", true}, {"==prod", "dev", false}, {"!= prod", "dev", true}, {"!= prod", "prod", false}, {"> 5", json.Number("6"),
			true},
		{">= 5", "4", false}, {"< 5", 4, true}, {"<= 5", 6, false}, {"contains a", "cat", true}, {"matches ^c", "cat", true}, {"is int", 5, true},
		{"exists", "x", true}, {"exists", nil, false}, {"notExists", nil, true}, {"oneOf dev, test", "test", true}, {"oneOf dev, test", "prod",
			false},
		{"== true", true, true}, {"== true", "true", true}, {"== false", true, false},
	} {
		cond, problems := ParseCondition(c.text)
		holds, why := cond.Holds(c.value, true)
		if len(problems) > 0 || holds != c.holds || holds != (why == "") {
			t.Errorf("%v %s: got %v, %q, %v", c.value, c.text, holds, why, problems)
		}
	}
	for text, holds := range map[string]bool{"": false, "== x": false, "!= prod": true, "exists": false, "notExists": true, "> 1": false} {
		cond, _ := ParseCondition(text)
		if got, _ := cond.Holds("{{ env.X }}", false); got != holds {
			t.Errorf("unresolved %q: got %v", text, got)
		}
	}
	for text, message := range map[string]string{
		"foo": "`foo` is no operator", "equals x": "did you mean `==`?", "between 1": "`between` is no operator",
		"contians x": "did you mean `contains`?", "= x": "did you mean `==`?",
		"> abc": "compares numbers", "is strng": "did you mean `string`?", "matches (": "bad pattern",
	} {
		cond, problems := ParseCondition(text)
		if len(problems) != 1 || problems[0].Severity != Error || !strings.Contains(problems[0].Message, message) {
			t.Errorf("%s: got %+v", text, problems)
		}
		if holds, why := cond.Holds("x", true); holds || why == "" {
			t.Errorf("%s: a bad condition should not hold", text)
		}
	}
	if _, problems := ParseCondition("{{ op }} x"); len(problems) > 0 {
		t.Errorf("got %+v", problems)
	}
}
