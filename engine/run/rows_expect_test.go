package run

import (
	"context"
	"testing"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// Each operator in both forms, the rules of equality, types, and the paths of bodies. A sentence that changed the language
// has the old outcome among what does not hold.
func TestRowsExpectations(t *testing.T) {
	const values = `{"n":42,"f":1.50,"big":9007199254740993,"s":"hello world","num":"42","t":true,"f0":false,"z":null,"e":"",
		"l":[1,"b",null,{"id":7}],
		"o":{"a":1,"b":{"c":"x"}},"el":[],"eo":{},"ws":" a ","op":"> 5"}`
	list := []judgement{
		{
			name: "expect: {status, body, headers, duration, events}", body: `{"a":1}`,
			holds: []string{
				`{ status: 200, body: { a: 1 }, headers: { Content-Type: contains json }, duration: "< 1m", events: [{ kind: Received }] }`,
			},
			fails: []string{
				`{ status: 201, body: { a: 1 } }`, `{ status: 200, body: { a: 2 } }`, `{ headers: { Content-Type: contains xml } }`,
				`{ duration: "< 1ns" }`,
				`{ events: [{ kind: Nope }] }`,
			},
		},
		{
			name: "expect: dotted keys are accepted", was: "an unknown key, ignored", body: values,
			holds: []string{`{ body.s.length: "> 0", body.n: 42, headers.Content-Type: contains json, "body.l[0]": 1, body.l.1: b }`},
			fails: []string{`{ body.s.length: "> 100" }`, `{ body.n: 43 }`, `{ headers.content-type: contains xml }`},
		},
		{
			name: "expect: unknown keys are errors", was: "ignored, and the test passed", body: values,
			refused: []string{`{ stauts: 500 }`, `{ body: { n: 42 }, json: { a: 1 } }`, `{ statuss.code: 1 }`},
		},
		{
			name: "text forms: >= <= == != > < value", body: values,
			holds: []string{
				`{ body: { n: ">= 42", f: "<= 1.5", num: "> 41" } }`, `{ body: { n: "< 43", s: "== hello world", z: "!= 5" } }`,
				`{ body: { n: ">=42", f: "<=1.5" } }`, `{ body: { n: "  >  41  " } }`, `{ body: { s: "!= hello" } }`, `{ body: { n: == 42 } }`,
			},
			fails: []string{
				`{ body: { n: ">= 43" } }`, `{ body: { n: "<= 41" } }`, `{ body: { n: "== 41" } }`, `{ body: { n: "!= 42" } }`,
				`{ body: { n: "> 42" } }`,
				`{ body: { n: "< 42" } }`, `{ body: { n: "!= 42.0" } }`,
			},
		},
		{
			name: "text forms: contains X; matches RE2; is TYPE; exists", body: values,
			holds: []string{`{ body: { s: contains lo wo, l: contains b, o: exists, n: is int } }`, `{ body: { s: "matches ^hel+o" } }`,
				`{ body: { e: exists, f0: exists, el: exists } }`},
			fails: []string{`{ body: { s: contains xyz } }`, `{ body: { s: matches ^world } }`, `{ body: { n: is string } }`,
				`{ body: { nope: exists } }`, `{ body: { z: exists } }`},
		},
		{
			name: "text forms: notExists", was: "equality with the word", body: values,
			holds: []string{`{ body: { nope: notExists, o.nope: notExists } }`}, fails: []string{`{ body: { n: notExists } }`,
				`{ body: { e: notExists } }`},
		},
		{
			name: "text forms: oneOf a, b", was: "equality with the text", body: values,
			holds: []string{`{ body: { n: "oneOf 41, 42", s: "oneOf hello world, x" } }`}, fails: []string{`{ body: { n: "oneOf 4, 2" } }`,
				`{ body: { s: "oneOf hello, world" } }`},
		},
		{
			name: "text forms: any other text = equality with the trimmed text", body: values,
			holds: []string{`{ body: { s: "  hello world  ", num: "42", e: "" } }`, `{ body: { s: hello world } }`},
			fails: []string{`{ body: { s: Hello world } }`, `{ body: { s: hello } }`, `{ body: { e: "x" } }`},
		},
		{
			name: "map forms: eq ne gt gte lt lte contains matches is exists notExists oneOf", body: values,
			holds: []string{
				`{ body: { n: { eq: 42 }, s: { ne: x }, f: { gt: 1 } } }`, `{ body: { n: { gte: 42 }, f: { lt: 2 } } }`,
				`{ body: { n: { lte: 42 }, s: { contains: world } } }`,
				`{ body: { s: { matches: "w.rld$" }, l: { is: array }, e: { exists: true } } }`,
				`{ body: { nope: { notExists: true }, n: { oneOf: [41, 42] } } }`,
				`{ body: { n: { notExists: false } } }`,
			},
			fails: []string{
				`{ body: { n: { eq: 41 } } }`, `{ body: { n: { ne: 42 } } }`, `{ body: { n: { gt: 42 } } }`, `{ body: { n: { gte: 43 } } }`,
				`{ body: { n: { lt: 42 } } }`,
				`{ body: { n: { lte: 41 } } }`, `{ body: { s: { contains: xyz } } }`, `{ body: { s: { matches: "^w" } } }`,
				`{ body: { l: { is: object } } }`,
				`{ body: { nope: { exists: true } } }`, `{ body: { n: { notExists: true } } }`, `{ body: { n: { oneOf: [4, 2] } } }`,
			},
		},
		{
			name: "map forms: several in one map must all hold", was: "one of them counted", body: values,
			holds: []string{`{ body: { n: { gt: 41, lt: 43, is: int, ne: 7 } } }`},
			fails: []string{`{ body: { n: { gt: 41, lt: 42 } } }`, `{ body: { n: { lt: 43, gt: 42 } } }`,
				`{ body: { n: { is: int, oneOf: [1] } } }`},
		},
		{
			name: "map forms: exists: false = must not exist", was: "it meant nothing", body: values,
			holds: []string{`{ body: { nope: { exists: false }, z: { exists: false } } }`},
			fails: []string{`{ body: { n: { exists: false } } }`, `{ body: { e: { exists: false } } }`},
		},
		{
			name: "nested maps: compared as a whole, key by key, with operators applied inside; no other key may be there",
			was:  "operators inside were compared as text", body: values,
			holds: []string{`{ body: { o: { a: "> 0", b: { c: { matches: "^x$" } } } } }`, `{ body: { o: { a: 1, b: { c: x } }, eo: {} } }`},
			fails: []string{`{ body: { o: { a: 1 } } }`, `{ body: { o: { a: "> 1", b: { c: x } } } }`, `{ body: { o: {} } }`,
				`{ body: { o: { a: 1, b: { c: x }, d: exists } } }`},
		},
		{
			name: "nested maps: contains: {…} on an object asks only for the given keys", was: "it never held", body: values,
			holds: []string{`{ body: { o: { contains: { a: 1 } } } }`, `{ body: { o: { contains: { b: { c: x } } } } }`,
				`{ body: { o: { contains: {} } } }`},
			fails: []string{`{ body: { o: { contains: { a: 2 } } } }`, `{ body: { o: { contains: { d: 1 } } } }`},
		},
		{
			name: "nested maps: {eq: …} takes everything inside literally", body: values,
			holds: []string{`{ body: { op: { eq: "> 5" }, ws: { eq: " a " } } }`, `{ body: { o: { eq: { a: 1, b: { c: x } } } } }`},
			fails: []string{`{ body: { n: { eq: "> 5" } } }`, `{ body: { o: { eq: { a: "> 0", b: { c: x } } } } }`,
				`{ body: { op: "> 5" } }`, `{ body: { ws: { eq: a } } }`},
		},
		{
			name: "a list = element-wise equality", body: values,
			holds: []string{`{ body: { l: [1, b, null, { id: 7 }], el: [] } }`, `{ body: { l: ["> 0", "contains b", null, { id: is int }] } }`},
			fails: []string{`{ body: { l: [1, b, null] } }`, `{ body: { l: [b, 1, null, { id: 7 }] } }`,
				`{ body: { l: [1, b, null, { id: 8 }] } }`, `{ body: { el: [1] } }`, `{ body: { l: [] } }`},
		},
		{
			name: "equality: null = null and missing", body: values,
			holds: []string{`{ body: { z: null, nope: null } }`, `{ body: { z: "== null" } }`},
			fails: []string{`{ body: { n: null } }`, `{ body: { e: null } }`, `{ body: { f0: null } }`, `{ body: { el: null } }`},
		},
		{
			name: "equality: bool with bool only", body: values,
			holds: []string{`{ body: { t: true, f0: false } }`}, fails: []string{`{ body: { t: 1 } }`, `{ body: { f0: 0 } }`,
				`{ body: { f0: "" } }`, `{ body: { n: true } }`, `{ body: { s: true } }`},
		},
		{
			name: "equality: numbers by value, numeric text too and also between two texts", body: values,
			holds: []string{`{ body: { n: 42.0, f: 1.5, num: 42, num.length: 2 } }`, `{ body: { n: "42", num: "42.0" } }`, `{ body: { n: 4.2e1 } }`},
			fails: []string{`{ body: { n: 42.1 } }`, `{ body: { num: "43" } }`, `{ body: { s: 42 } }`},
		},
		{
			name: "equality: exact integers", was: "9007199254740993 equalled 9007199254740992", body: values,
			holds: []string{`{ body: { big: 9007199254740993 } }`, `{ body: { big: "> 9007199254740992" } }`,
				`{ body: { big: { gte: 9007199254740993 } } }`},
			fails: []string{`{ body: { big: 9007199254740992 } }`, `{ body: { big: "<= 9007199254740992" } }`,
				`{ body: { big: "9007199254740992" } }`, `{ body: { big: { oneOf: [9007199254740992] } } }`},
		},
		{
			name: "equality: text exactly; lists and objects deeply, with the same rules inside",
			was:  "nested numbers were compared by their Go types", body: `{"s":"é","l":[1,[2.0,"3"]],"o":{"a":[{"n":null}]}}`,
			holds: []string{`{ body: { s: é, l: [1.0, [2, 3]], o: { a: [{ n: null }] } } }`},
			fails: []string{`{ body: { o: { a: [{}] } } }`, `{ body: { s: e } }`, `{ body: { l: [1, [2, 4]] } }`,
				`{ body: { o: { a: [{ n: 0 }] } } }`, `{ body: { o: { a: [{ n: null }, {}] } } }`},
		},
		{
			name: "gt…lte need numbers (numeric text counts, bool and null never); else the assertion fails", body: values,
			holds: []string{`{ body: { num: "> 41", f: { lt: "2" } } }`},
			fails: []string{
				`{ body: { s: "> 1" } }`, `{ body: { t: "> 0" } }`, `{ body: { t: "<= 1" } }`, `{ body: { z: "<= 0" } }`,
				`{ body: { z: ">= 0" } }`, `{ body: { nope: "< 1" } }`,
				`{ body: { e: "< 1" } }`, `{ body: { l: "> 0" } }`,
			},
		},
		{
			name: "contains: list membership, else substring of text, number or bool", body: values,
			holds: []string{`{ body: { l: { contains: 1 }, s: contains wor, n: contains 2, t: contains ru } }`,
				`{ body: { l: { contains: { id: 7 } } } }`, `{ body: { l: { contains: null } } }`, `{ body: { l: contains 1 } }`},
			fails: []string{`{ body: { l: contains 2 } }`, `{ body: { l: { contains: { id: 8 } } } }`, `{ body: { z: contains null } }`,
				`{ body: { nope: contains a } }`, `{ body: { n: contains 5 } }`, `{ body: { el: { contains: null } } }`},
		},
		{
			name: "matches: RE2, unanchored, same operands", body: values,
			holds: []string{`{ body: { s: matches o w, n: "matches ^4.$", t: matches ^tr } }`, `{ body: { s: "matches (?i)HELLO" } }`},
			fails: []string{`{ body: { s: matches ^o } }`, `{ body: { l: matches b } }`, `{ body: { z: matches .* } }`,
				`{ body: { nope: matches .* } }`, `{ body: { o: matches .* } }`},
		},
		{
			name: "matches: a bad pattern is an error in the editor and a failed assertion in a run", body: values,
			fails:   []string{`{ body: { s: "matches (" } }`, `{ body: { s: { matches: "[" } } }`, `{ body: { s: "matches (?=a)" } }`},
			refused: []string{`{ body: { s: "matches (" } }`, `{ body: { s: { matches: "a(?!b)" } } }`},
		},
		{
			name: "is: null bool int number string array object", body: values,
			holds: []string{`{ body: { z: is null, t: is bool, n: is int, f: is number, s: is string, l: is array, o: is object } }`,
				`{ body: { n: is number, el: is array, eo: is object, big: is int } }`},
			fails: []string{
				`{ body: { n: is null } }`, `{ body: { n: is bool } }`, `{ body: { f: is int } }`, `{ body: { s: is number } }`,
				`{ body: { n: is string } }`, `{ body: { o: is array } }`,
				`{ body: { l: is object } }`, `{ body: { t: is int } }`,
			},
		},
		{
			name: "is: synonyms nil boolean integer float list slice map", body: values,
			holds: []string{`{ body: { z: is nil, t: is boolean, n: is integer, f: is float, l: is list, o: is map } }`,
				`{ body: { l: { is: slice } } }`},
			fails: []string{`{ body: { n: is nil } }`, `{ body: { n: is boolean } }`, `{ body: { s: is integer } }`,
				`{ body: { s: is float } }`, `{ body: { o: is list } }`, `{ body: { o: is slice } }`, `{ body: { l: is map } }`},
		},
		{
			name: "is: numeric text is a string", was: `"42" was a number`, body: values,
			holds: []string{`{ body: { num: is string } }`}, fails: []string{`{ body: { num: is number } }`, `{ body: { num: is int } }`},
		},
		{
			name: "is: email uuid url date datetime ip", was: "unknown types, which held for nothing",
			body: `{"email":"ada@example.com","uuid":"7f1c2b9e-3d54-4c1a-9b0e-5a6f7c8d9e01","url":"https://a.example/x?y",
				"date":"2024-02-29","datetime":"2024-02-29T10:20:30Z","ip":"192.0.2.1","ip6":"2001:db8::1",
				"no":"x y","nodate":"2023-02-29","noip":"192.0.2.256","n":5}`,
			holds: []string{`{ body: { email: is email, uuid: is uuid, url: is url } }`,
				`{ body: { date: is date, datetime: is datetime, ip: is ip, ip6: is ip } }`},
			fails: []string{
				`{ body: { no: is email } }`, `{ body: { no: is uuid } }`, `{ body: { no: is url } }`, `{ body: { nodate: is date } }`,
				`{ body: { date: is datetime } }`, `{ body: { noip: is ip } }`,
				`{ body: { n: is email } }`, `{ body: { n: is date } }`, `{ body: { nope: is uuid } }`, `{ body: { datetime: is date } }`,
			},
			refused: []string{`{ body: { no: is emial } }`},
		},
		{
			name: "status: number, text form", body: values,
			holds: []string{`{ status: 200 }`, `{ status: "200" }`, `{ status: ">= 200" }`, `{ status: "< 300" }`,
				`{ status: { gte: 200, lt: 300 } }`, `{ status: "oneOf 200, 201" }`, `{ status: "!= 404" }`},
			fails: []string{`{ status: 201 }`, `{ status: "> 200" }`, `{ status: "oneOf 201, 202" }`, `{ status: { gte: 200, lt: 200 } }`,
				`{ status: is string }`},
		},
		{
			name: "status: class 2xx (any case)", was: "equality with the text", body: values,
			holds: []string{`{ status: 2xx }`, `{ status: 2XX }`, `{ status: "!= 5xx" }`}, fails: []string{`{ status: 4xx }`,
				`{ status: 3Xx }`, `{ status: "!= 2xx" }`},
		},
		{
			name: "status: a list of codes", was: "never equal", body: values,
			holds:   []string{`{ status: [200, 201] }`, `{ status: [404, 2xx] }`, `{ status: ["200"] }`},
			fails:   []string{`{ status: [201, 404] }`, `{ status: [4xx] }`},
			refused: []string{`{ status: [] }`},
		},
		{
			name: "body: map path → expectation (anything but a map is an error with a fix)", body: values,
			refused: []string{`{ body: hello }`, `{ body: [1] }`, `{ body: 42 }`, `{ body: contains hello }`},
		},
		{
			name: "body: . = the whole body", body: `[1,{"a":2}]`,
			holds: []string{`{ body: { .: [1, { a: 2 }] } }`, `{ body: { .: is array } }`, `{ body: { .: { contains: 1 } } }`,
				`{ body: { ".": exists } }`},
			fails: []string{`{ body: { .: [1] } }`, `{ body: { .: is object } }`, `{ body: { .: null } }`},
		},
		{
			name: "body: dots separate; index 0…n-1 or [0]", body: values,
			holds: []string{`{ body: { o.b.c: x, l.0: 1, "l[1]": b, l.3.id: 7, "l[3].id": 7 } }`}, fails: []string{`{ body: { o.b.d: x } }`,
				`{ body: { l.4: exists } }`, `{ body: { "l[9]": 1 } }`, `{ body: { s.0: h } }`},
		},
		{
			name: "body: an index is negative from the end", was: "it found nothing", body: values,
			holds: []string{`{ body: { "l[-1].id": 7, l.-4: 1, "l[-2]": is null } }`}, fails: []string{`{ body: { "l[-1].id": 8 } }`,
				`{ body: { "l[-5]": exists } }`},
		},
		{
			name: `body: ["a.b"] or a\.b reaches a key with a dot, and a plain a.b finds such a key when the walk finds nothing`,
			was:  "such a key could not be reached",
			body: `{"a.b":1,"x":{"c.d":{"e":2}},"p":{"q":3},"p.q":4,"with space":5,"it's":6,"":7,"a/b":8}`,
			holds: []string{`{ body: { '["a.b"]': 1, 'a\.b': 1, a.b: 1 } }`,
				`{ body: { x.c.d.e: 2, 'x["c.d"].e': 2, 'x.c\.d.e': 2, p.q: 3, '["p.q"]': 4, with space: 5, '["it''s"]': 6, a/b: 8 } }`},
			fails: []string{`{ body: { p.q: 4 } }`, `{ body: { 'p\.q': 3 } }`, `{ body: { '["p.q"]': 3 } }`, `{ body: { a.c: exists } }`},
		},
		{
			name: "body: length of list, object, text, unless the object has that key", was: "the key had to exist",
			body:  `{"l":[1,2,3],"o":{"a":1},"s":"añb","own":{"length":99},"n":5}`,
			holds: []string{`{ body: { l.length: 3, o.length: 1, s.length: 3, own.length: 99, length: 5 } }`},
			fails: []string{`{ body: { l.length: 2 } }`, `{ body: { own.length: 1 } }`, `{ body: { s.length: "> 3" } }`,
				`{ body: { n.length: exists } }`},
		},
		{
			name: "body: #.name maps over a list", was: "it found nothing", body: `{"l":[{"n":1,"t":[{"k":"a"}]},{"n":2,"t":[]},{"n":3}]}`,
			holds: []string{`{ body: { "l.#.n": [1, 2, 3] } }`, `{ body: { "l.#.n": { contains: 2 } } }`, `{ body: { "l.#": exists } }`},
			fails: []string{`{ body: { "l.#.n": [1, 2] } }`, `{ body: { "l.#.n": { contains: 4 } } }`},
		},
		{
			name: "duration: an operator and a Go duration", body: `1`,
			holds: []string{`{ duration: "< 1m30s" }`, `{ duration: "<= 30s" }`, `{ duration: "> 0s" }`, `{ duration: "< 30000" }`,
				`{ duration: { lt: 30s, gte: 0s } }`}, fails: []string{`{ duration: "> 1m30s" }`, `{ duration: "< 0.0001" }`},
			refused: []string{`{ duration: fast }`, `{ duration: "< fast" }`, `{ duration: "< 1 minute" }`},
		},
		{
			name: "duration: a bare number is milliseconds; without an operator = at most", was: "equality, which never held", body: `1`,
			holds: []string{`{ duration: 30000 }`, `{ duration: 30s }`}, fails: []string{`{ duration: 0.0001 }`, `{ duration: 1ns }`},
		},
		{
			name: "events: list of {kind, data: {path: expectation}, count}; each must be met by the events of the run, in order",
			was:  "the key was ignored", body: `{"a":1}`,
			holds: []string{
				`{ events: [{ kind: Sent, data: { method: GET } }, { kind: Received, data: { status: 200, bytes: "> 3" } }] }`,
				`{ events: [{ kind: Received, count: 1 }] }`,
				`{ events: [{ kind: Redirected, count: 0 }] }`, `{ events: [{ kind: Sent, count: ">= 1" }] }`, `{ events: [{ kind: Sent }] }`,
			},
			fails: []string{
				`{ events: [{ kind: Received }, { kind: Sent }] }`, `{ events: [{ kind: Sent, data: { method: POST } }] }`,
				`{ events: [{ kind: Sent, count: 2 }] }`, `{ events: [{ kind: Redirected }] }`,
				`{ events: [{ kind: Received, data: { status: 404 } }] }`, `{ events: [{ kind: Sent }, { kind: Sent }] }`,
			},
			refused: []string{`{ events: { kind: Sent } }`, `{ events: [{ knd: Sent }] }`},
		},
	}
	runJudgements(t, list)
}

// What people write who come from other tools: it means something else here or nothing, and the checker says so.
func TestRowsWordsOfOtherTools(t *testing.T) {
	runRows(t, []row{
		{
			name: "when: quotes are part of the text",
			files: "target: @API@\ntests:\n  - { name: in, alias: a, resource: /login }\n" +
				"  - { name: eq, when: \"{{ a.response.body.token }} == 't-1'\", resource: /echo }\n" +
				"  - { name: ne, when: '{{ a.response.body.token }} != \"t-1\"', resource: /echo }\n",
			want: []string{"in passed", "eq skipped", "ne passed"},
			says: map[string][]string{"eq": {"the quotes are part of the expected text"}},
			hints: []string{
				"a.yaml:4:55 expect.suspicious without them write `== t-1`", "a.yaml:5:55 expect.suspicious without them write `!= t-1`",
			},
		},
		{
			name: "expect: quotes, startsWith, =~, not null, and keys that are operators elsewhere",
			files: "target: @API@\ntests:\n" +
				"  - { name: quotes, resource: /login, expect: { body: { token: \"!= 't-1'\" } } }\n" +
				"  - { name: starts, resource: /login, expect: { body: { token: startsWith t- } } }\n" +
				"  - { name: tilde, resource: /login, expect: { body: { token: =~ ^t } } }\n" +
				"  - { name: nothing, resource: /login, expect: { body: { token: not null } } }\n" +
				"  - { name: key, resource: /login, expect: { body: { token: { regex: ^t } } } }\n",
			want: []string{"quotes passed", "starts failed", "tilde failed", "nothing failed", "key failed"},
			hints: []string{
				"a.yaml:3:68 expect.suspicious `!= t-1`", "a.yaml:4:64 expect.suspicious `matches ^t-`", "a.yaml:5:63 expect.suspicious `matches ^t`",
				"a.yaml:6:65 expect.suspicious `exists`", "a.yaml:7:63 expect.suspicious did you mean the operator `matches`?",
			},
		},
	})
}

// Headers of expectations, whose answers differ from row to row.
func TestRowsExpectedHeaders(t *testing.T) {
	runRows(t, []row{
		{
			name: "headers: names are case-insensitive", was: "another case found nothing",
			files: `
target: @API@
tests:
  - { name: a, resource: /headers?X-One=1, expect: { headers: { x-one: 1, X-ONE: exists, X-One: "1" } } }
  - { name: b, resource: /headers?X-One=1, expect: { headers: { x-one: 2 } } }
  - { name: c, resource: /headers?X-One=1, expect: { headers: { x-two: notExists, x-one: { exists: false } } } }
`,
			want: []string{"a passed", "b failed", "c failed"},
		},
		{
			name: "headers: dots belong to the name", was: "a dot began a path",
			files: `
target: @API@
tests:
  - { name: a, resource: /headers?X.Dotted=1, expect: { headers: { x.dotted: 1 }, headers.X.Dotted: 1 } }
  - { name: b, resource: /headers?X.Dotted=1, expect: { headers: { X: exists } } }
  - { name: c, resource: /headers?X.Dotted=1, expect: { headers.X.Other: 1 } }
`,
			want: []string{"a passed", "b failed", "c failed"},
		},
		{
			name: "headers: repeated headers are all seen, one value or all joined by a comma and a blank", was: "only the last one was seen",
			files: `
target: @API@
tests:
  - { name: first, resource: /headers?Set-Cookie=a&Set-Cookie=b, expect: { headers: { Set-Cookie: a } } }
  - { name: last, resource: /headers?Set-Cookie=a&Set-Cookie=b, expect: { headers: { set-cookie: b } } }
  - { name: joined, resource: /headers?Set-Cookie=a&Set-Cookie=b, expect: { headers: { Set-Cookie: "a, b" } } }
  - { name: none, resource: /headers?Set-Cookie=a&Set-Cookie=b, expect: { headers: { Set-Cookie: c } } }
  - { name: operator, resource: /headers?Set-Cookie=a&Set-Cookie=b, expect: { headers: { Set-Cookie: matches ^b$ } } }
  - { name: not this, resource: /headers?Set-Cookie=a&Set-Cookie=b, expect: { headers: { Set-Cookie: { notExists: true } } } }
`,
			want: []string{"first passed", "last passed", "joined passed", "none failed", "operator passed", "not this failed"},
		},
	})
}

// A plugin of events other than http's: their order, their data and how many there are.
func TestRowsExpectedEvents(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: in order, expect: { events: [{ kind: Message, data: { n: 1 } }, { kind: Message, data: { n: 3, text.length: 2 } },
        { kind: Closed }] } }
  - { name: out of order, expect: { events: [{ kind: Message, data: { n: 3 } }, { kind: Message, data: { n: 1 } }] } }
  - { name: counted, expect: { events: [{ kind: Message, data: { n: "<= 2" }, count: 2 }, { kind: Message, count: 1 }] } }
  - { name: too many, expect: { events: [{ kind: Message, count: "< 3" }] } }
`)
	b.fake.info = plugin.PluginInfo{Name: "fake", Version: "1", Protocols: []schema.Protocol{"fake"},
		Events: map[string]schema.EventSpec{"Message": {}, "Closed": {}}}
	b.fake.execute = func(_ context.Context, _ plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		for n := 1; n <= 3; n++ {
			emit(schema.PluginEvent{Plugin: "fake", Kind: "Message", Data: map[string]any{"n": n, "text": "ab"}})
		}
		emit(schema.PluginEvent{Plugin: "fake", Kind: "Closed"})
		return &plugin.TestOutput{Status: "done"}, nil
	}
	wantStatuses(t, b.all(), "in order passed", "out of order failed", "counted passed", "too many failed")
}
