package k6

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange/k6/k6test"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
)

const engine = "../../../../../engine"

// tableRows reads the rows of the first table in a test of another room: the texts of each row, in order, so that whatever
// is added there is compared here too.
func tableRows(t *testing.T, file, test string) [][]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(engine, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != test {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			table, ok := n.(*ast.CompositeLit)
			if !ok || len(rows) > 0 {
				return len(rows) == 0
			}
			for _, item := range table.Elts {
				row, ok := item.(*ast.CompositeLit)
				if !ok {
					return true // a literal of another kind, before the table
				}
				var texts []string
				for _, field := range row.Elts {
					if lit, ok := field.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						text, err := strconv.Unquote(lit.Value)
						if err != nil {
							t.Fatal(err)
						}
						texts = append(texts, text)
					}
				}
				rows = append(rows, texts)
			}
			return false
		})
	}
	if len(rows) < 10 {
		t.Fatalf("%s of %s has %d rows", test, file, len(rows))
	}
	return rows
}

// sampleOf reads a constant of a test of another room.
func sampleOf(t *testing.T, file, name string) string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(engine, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := ""
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == name {
			found, _ = strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		}
		return found == ""
	})
	if found == "" {
		t.Fatalf("%s has no constant %s", file, name)
	}
	return found
}

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

// bench collects questions to the runtime and the answers that speclens gives, and asks k6 all of them at once.
type bench struct {
	w         *writer
	questions []string // expressions of JavaScript that give a text
	want      []string
	about     []string
}

func newBench() *bench { return &bench{w: &writer{taken: map[string]bool{}}} }

func (b *bench) ask(about, question, want string) {
	b.questions, b.want, b.about = append(b.questions, question), append(b.want, want), append(b.about, about)
}

// run compares the answers.
func (b *bench) run(t *testing.T) {
	t.Helper()
	var script strings.Builder
	script.WriteString("import { check, group, sleep } from \"k6\";\nimport exec from \"k6/execution\";\n" +
		"import encoding from \"k6/encoding\";\nimport http from \"k6/http\";\n")
	script.WriteString("const counts = {}, settings = {};\n")
	fmt.Fprintf(&script, "const patterns = %s;\n", b.w.object(b.w.patterns, 0))
	script.WriteString("const questions = [\n")
	for _, q := range b.questions {
		fmt.Fprintf(&script, "() => %s,\n", q)
	}
	script.WriteString("];\nexport default function () {\n" +
		"  const said = questions.map((q) => { try { return String(q()); } catch (e) { return `threw ${e.message}`; } });\n" +
		"  console.log(\"ANSWERS \" + JSON.stringify(said));\n}\n" + helpers + runtime)
	o := k6test.Run(t, script.String(), "TOKEN=s3cret", "EMPTY=", "A.B=dotted", "STAGE= Prod ")
	_, rest, _ := strings.Cut(o.Log, "ANSWERS ")
	line, _, _ := strings.Cut(rest, "\n")
	var got []string
	if err := json.Unmarshal([]byte(line), &got); err != nil || len(got) != len(b.want) {
		t.Fatalf("k6 answered %d of %d questions: %v\n%s", len(got), len(b.want), err, o.Log)
	}
	wrong := 0
	for i, want := range b.want {
		if got[i] != want {
			if wrong++; wrong <= 40 {
				t.Errorf("%s\nspeclens %s\nk6       %s\n         %s", b.about[i], want, got[i], b.questions[i])
			}
		}
	}
	t.Logf("%d answers, %d of them different", len(got), wrong)
}

// verdicts asks whether the expectations of an `expect` object hold.
func (b *bench) verdicts(t *testing.T, about, object string, r expect.Response) {
	t.Helper()
	e, _ := expect.Parse(decode(t, object))
	var want []string
	for _, a := range e.Evaluate(r) {
		want = append(want, strconv.FormatBool(a.Passed))
	}
	var list []Check
	for _, c := range e.Checks() {
		list = append(list, Check{c.Area, c.Name, c.Raw})
	}
	headers := map[string]any{}
	for name, values := range r.Headers {
		headers[name] = anyList(values)
	}
	b.ask(about+": "+object, fmt.Sprintf("verdicts(%s, { status: %s, headers: %s, body: parseJSON(%s), took: %d, unread: %t })",
		b.w.checks(list, 1), b.w.value(r.Status, 1), b.w.value(headers, 1), quote(value.JSON(r.Body)), r.Duration, r.Unread != ""), strings.Join(want, " "))
}

// helpers are functions that only the tests need.
const helpers = `
function verdicts(list, response) { return matchersOf(list, { literal: false }).map((m) => m.holds(response)).join(" "); }
function evaluated(v, row) {
  const login = {
    name: "log in", response: {
      status: 200, headers: { "X-Request-Id": "r-1", "Content-Type": "application/json" },
      body: { id: num("9007199254740993"), token: "t0k", ok: true, none: null, float: num("1e3"), list: ["a", "b", "c"],
        user: { name: "Ada", "a.b": "dotted" }, op: "> 5", template: "{{ env.SECRET }}" },
      metadata: { proto: "HTTP/1.1" },
    },
    events: [{ plugin: "http", kind: "Sent", data: { bytes: 12 } }],
  };
  const done = (saves) => ({ status: "passed", record: login, saves });
  const run = { outcomes: { a: done({}), s: done({ saved: { x: 1 }, text: "a b/c" }) }, prev: { p: done({}) } };
  const alias = { test: "a" }, saved = { test: "s", saved: true };
  const def = { slot: "p", feeds: { auth: alias, "v1.login": alias, "my user": alias, saved, text: saved } };
  const scope = { run, def, row, unresolved: 0, literal: true, warn: () => {} };
  const out = evaluate(v, scope);
  return (out instanceof Literal ? "literal " : "") + (typeof unwrap(out) === "string" ? "text " : "") + textOf(out) +
    " unresolved " + scope.unresolved;
}
`

func TestTheRuntimesMethodsGiveWhatTheTableOfTheFormatSays(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile(filepath.Join(engine, "template/testdata/methods.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench()
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 3 {
			continue // what the table says about itself
		}
		source := "{{ matrix.given." + cells[1] + " }}"
		want := cells[2] + " unresolved 0"
		if text, ok := decodeOrNil(cells[2]).(string); ok {
			want = "text " + text + " unresolved 0"
		} else if cells[2] == "!" {
			want = "text " + source + " unresolved 1"
		}
		b.ask(line, "evaluated("+b.w.text(source, 0)+", { given: "+b.w.value(decode(t, cells[0]), 0)+" })", want)
	}
	if len(b.questions) < 1000 {
		t.Errorf("the table has %d rows", len(b.questions))
	}
	b.run(t)
}

// decodeOrNil is the value of JSON text, nil where it is none.
func decodeOrNil(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return nil
	}
	return v
}

func TestTheRuntimeJudgesBodiesThatWereNotReadAsSpeclensDoes(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, body := range []any{"<html>", "", map[string]any{"a": json.Number("1")}, nil} {
		for _, unread := range []string{"", "the body is text"} {
			for _, object := range []string{
				`{"body": {"x": "notExists"}}`, `{"body": {"x": null}}`, `{"body": {"#.x": "notExists"}}`, `{"body": {"a": "!= 5"}}`, `{"body": {"a": 1}}`,
				`{"body": {".": "exists"}}`, `{"body": {"length": "> 0"}}`, `{"body": {"x": {"exists": false}}}`,
			} {
				b.verdicts(t, fmt.Sprintf("%q %s", body, unread), object, expect.Response{Body: body, Unread: unread})
			}
		}
	}
	b.run(t)
}

func TestTheRuntimeJudgesExpectationsAsSpeclensDoes(t *testing.T) {
	t.Parallel()
	b := newBench()
	sample := decode(t, sampleOf(t, "expect/rules_test.go", "bodySample"))
	var wants, values []string
	for _, row := range tableRows(t, "expect/rules_test.go", "TestEquality") {
		for _, form := range []string{`{"v": ` + row[1] + `}`, `{"v": {"eq": ` + row[1] + `}}`, `{"v": {"ne": ` + row[1] + `}}`} {
			b.verdicts(t, row[0], `{"body": `+form+`}`, expect.Response{Body: map[string]any{"v": decode(t, row[2])}})
		}
		wants, values = append(wants, row[1]), append(values, row[2])
	}
	for _, row := range tableRows(t, "expect/rules_test.go", "TestOperators") {
		b.verdicts(t, row[0], `{"body": {"`+row[1]+`": `+row[2]+`}}`, expect.Response{Body: sample})
		wants = append(wants, row[2])
	}
	for _, row := range tableRows(t, "expect/rules_test.go", "TestStatus") {
		for _, got := range []any{json.Number("200"), json.Number("204"), json.Number("404"), json.Number("500"), "OK", "404", nil} {
			b.verdicts(t, row[0], `{"status": `+row[1]+`}`, expect.Response{Status: got})
		}
	}
	headers := map[string][]string{
		"Content-Type": {"application/json; charset=utf-8"}, "Set-Cookie": {"a=1", "b=2"}, "x.rate.limit": {"10"}, "X-Cached": {"true"},
		"vary": {"Accept"}, "Vary": {"Origin"},
	}
	for _, row := range tableRows(t, "expect/rules_test.go", "TestHeaders") {
		b.verdicts(t, row[0], `{"headers": {"`+row[1]+`": `+row[2]+`}}`, expect.Response{Headers: headers})
	}
	for _, row := range tableRows(t, "expect/rules_test.go", "TestDuration") {
		for _, took := range []time.Duration{
			0, 500 * time.Microsecond, 600 * time.Microsecond, 499 * time.Millisecond, 500 * time.Millisecond, 501 * time.Millisecond, time.Second,
			90 * time.Second, 150 * time.Millisecond, 200 * time.Millisecond, time.Minute + 31*time.Second,
		} {
			b.verdicts(t, row[0], `{"duration": `+row[1]+`}`, expect.Response{Duration: took})
		}
	}
	// What is wrong in an expectation makes its assertion fail, and never anything else.
	for _, row := range tableRows(t, "expect/expect_test.go", "TestExpectProblems") {
		if e, _ := expect.Parse(decode(t, row[1])); !slices.ContainsFunc(e.Checks(), func(c expect.Check) bool { return c.Area == "events" }) {
			b.verdicts(t, row[0], row[1], expect.Response{Status: json.Number("200"), Body: decode(t, `{"a": "x"}`), Headers: headers})
		}
	}
	for _, s := range tricky {
		wants, values = append(wants, s), append(values, s)
	}
	slices.Sort(wants)
	slices.Sort(values)
	wants, values = slices.Compact(wants), slices.Compact(values)
	for key := range value.Keys(sample) {
		entries, _ := value.Entries(sample)
		values = append(values, value.JSON(entries[value.Keys(sample)[key]]))
	}
	for _, want := range wants {
		for i, got := range values {
			if (i+len(want))%8 == 0 { // an eighth of all pairs is plenty
				b.verdicts(t, "a pair", `{"body": {".": `+want+`}}`, expect.Response{Body: decode(t, got)})
			}
		}
	}
	b.run(t)
}

// tricky are values and expectations that are easily got wrong.
var tricky = []string{
	`"is email"`, `"is url"`, `"is date"`, `"is datetime"`, `"is ip"`, `"is uuid"`, `"a@b"`, `"a.b+c@x.example"`, `"a b@c"`, `".a@b"`,
	`"a@[127.0.0.1]"`,
	`"a@b."`, `"é@ü.example"`, `"http://x"`, `"http:/x"`, `"http://"`, `"mailto:a@b"`, `"//x/y"`, `"http://a b"`, `"http://x/%zz"`,
	`"http://x:80/a#f"`,
	`"http://[::1]:8080/"`, `"http://x:y/"`, `"urn:a:b"`, `"a:b c"`, `"2024-02-30"`, `"2023-02-29"`, `"1900-02-29"`, `"2000-02-29"`,
	`"2024-1-1"`,
	`"2024-01-01T00:00:00Z"`, `"2024-01-01T24:00:00Z"`, `"2024-01-01T1:00:00Z"`, `"2024-01-01T00:00:00,5+01:00"`,
	`"2024-01-01 00:00:00+25:00"`,
	`"2024-01-01t00:00:00z"`, `"1.2.3.4"`, `"1.2.3.04"`, `"1.2.3.256"`, `"1.2.3"`, `"::"`, `"::1"`, `"1::2::3"`, `"fe80::1%eth0"`,
	`"::ffff:1.2.3.4"`,
	`"1:2:3:4:5:6:7:8"`, `"1:2:3:4:5:6:7:8:9"`, `"1:2:3:4:5:6:7::"`, `":1"`, `"12345::"`,
	`-0`, `0.0`, `1e400`, `"1e400"`, `123456789012345678901234567890`, `"-0"`, `" 5"`, `"5 "`, `0.1`, `0.10`, `1E2`, `"1E2"`, `100`,
	`"\u2028"`, `"\ufeffx"`, `"x\u0085"`, `"x\u00a0"`, `"😀"`, `"matches ^.$"`, `"matches ^[^a]$"`, `"matches (?i)ADA"`,
	`"matches (?s)e.t"`, `"matches (?m)^two$"`, `"matches \\bAda\\b"`, `"matches ^\\p{L}+$"`, `"matches ^\\x{1F600}$"`,
	`"matches [[:alpha:]]"`,
	`"matches a|b"`, `"matches ^(?:a|b)c*?$"`, `"matches \\Q.\\E"`, `"matches ^$"`, `"matches \\z"`, `"matches x{2,3}"`, `"matches (?i)ſ"`,
	`"matches [/\\]-]"`,
	`{"matches": "(?U)a+"}`, `"matches \\pN\\PN"`, `{"__proto__": 1}`, `{"constructor": 1}`, `{"__proto__": "notExists"}`,
	`{"toString": "notExists"}`,
	`{"eq": {"__proto__": null}}`, `["exists"]`, `[null]`, `[[]]`, `{"a": [1, {"b": "> 1"}]}`, `{"a": [1, {"b": 2}]}`, `"oneOf"`,
	`"oneOf ,"`, `"oneOf a,,b"`,
	`"contains"`, `"contains  "`, `"is"`, `"is  string "`, `">"`, `"=="`, `"!= "`, `"<5"`, `"<=5"`, `"<= 5 5"`, `"exists\t"`, `"Exists"`,
	`{"exists": "x"}`,
	`{"is": "list"}`, `{"gt": "5"}`, `{"gt": true}`, `{"lt": null}`, `{"contains": []}`, `{"contains": {}}`, `{"contains": null}`,
	`{"contains": [[1]]}`,
	`{"oneOf": []}`, `{"oneOf": {"a": 1}}`, `{"oneOf": [null]}`, `{"ne": null}`, `{"eq": null}`, `{"eq": {"gt": 1}}`, `{"gt": 1, "x": 2}`,
	`"nil"`, `"is nil"`, `"is constructor"`, `"is toString"`, `"matches constructor"`,
}

func TestTheRuntimeReadsPathsAsSpeclensDoes(t *testing.T) {
	t.Parallel()
	b := newBench()
	body := decode(t,
		`{"a": {"b": [1, {"c.d": "x", "length": 7}], "b.c": 2, "": 3, " ": 4}, "a.b": {"c": 5}, "items": [{"tags": ["p"], "id": 1}, {"id": 2}, 3],
		"deep": {"x.y": {"z": 6}, "x": {"y.z": 8}}, "größe": "äöü😀", "#": 9, "0": "zero", "-1": "minus", "a.": 10,
		"user": {"items": [{"name": "n"}]},
		"\\": "back", "a.b.c\\d": "odd", "headers": {"content-type": "t"}, "__proto__x": 1, "[": 2, "]": 3}`)
	paths := []string{
		".", "a", "a.b", "a.b[0]", "a.b.0", "a.b[1]['c.d']", "a.b.1.c.d", "a.b.length", "a.b[1].length", "a.b.c", "a.", "a..", "..a", ".a.b",
		"a.b[-1]", "a.b[-3]",
		"items.#.id", "items.#.tags.length", "items.#", "items.#.tags.#", "items.#.nothing", "items.length", "deep.x.y.z", "größe.length",
		"größe . length", "#", "0",
		"-1", "[0]", `["a.b"].c`, `['a.b']["c"]`, `a\.b.c`, `a\\b`, "length", "a.length", "zzz", "zzz.length", "a.b[01]", "a.b.01", "a.b.+1",
		"a.b[ 1 ]",
		"a.b[1]x", "a[", "a[]", "a[*].b", `a["b"x]["c`, "a.b[99999999999999999999]", "constructor", "__proto__", "toString", "a.constructor",
		`["length"]`, `[`, `]`,
	}
	files, err := filepath.Glob(filepath.Join(engine, "..", "testdata", "corpus", "path", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, string(content))
	}
	for _, path := range paths {
		for _, want := range []string{`"exists"`, `"is int"`, `1`, `"is string"`, `[1, 2, null]`, `"is list"`, `"x"`, `4`} {
			object, err := json.Marshal(map[string]any{"body": map[string]any{path: decode(t, want)}})
			if err != nil {
				t.Fatal(err)
			}
			b.verdicts(t, path, string(object), expect.Response{Body: body})
		}
	}
	b.run(t)
}

func TestTheRuntimeEvaluatesTemplatesAsSpeclensDoes(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.w.scope = &Test{
		Matrix: []map[string]any{{"user": "Grace", "n": 3, "status": "2xx", "obj": 1}},
		Feeds:  map[string]Feed{"auth": {}, "v1.login": {}, "my user": {}, "saved": {Saved: true}, "text": {Saved: true}},
	}
	record := decode(t, `{"name": "log in", "response": {"status": 200, "headers": {"X-Request-Id": "r-1", "Content-Type": "application/json"},
		"body": {"id": 9007199254740993, "token": "t0k", "ok": true, "none": null, "float": 1e3, "list": ["a", "b", "c"],
			"user": {"name": "Ada", "a.b": "dotted"}, "op": "> 5", "template": "{{ env.SECRET }}"},
		"metadata": {"proto": "HTTP/1.1"}}, "events": [{"plugin": "http", "kind": "Sent", "data": {"bytes": 12}}]}`)
	lookup := func(known map[string]any) func(string) (any, error) {
		return func(name string) (any, error) {
			if v, ok := known[name]; ok {
				return v, nil
			}
			return nil, template.ErrUnknown
		}
	}
	variables := lookup(map[string]any{"TOKEN": "s3cret", "EMPTY": "", "A.B": "dotted", "STAGE": " Prod "})
	scope := template.Scope{
		Env: func(name string) (string, error) {
			v, err := variables(name)
			s, _ := v.(string)
			return s, err
		},
		Prev: func() (any, error) { return record, nil },
		Named: lookup(map[string]any{
			"auth": record, "v1.login": record, "my user": record, "saved": decode(t, `{"x": 1}`), "text": "a b/c",
		}),
		Matrix: lookup(map[string]any{"user": "Grace", "n": json.Number("3"), "status": "2xx", "obj": map[string]any{"k": true}}),
	}
	var texts []string
	for _, test := range []string{"TestTemplatesEvaluate", "TestWhatCannotBeResolvedStaysAsWritten"} {
		for _, row := range tableRows(t, "template/eval_test.go", test) {
			texts = append(texts, row...)
		}
	}
	texts = append(texts, trickyTemplates...)
	asked := 0
	for _, text := range texts {
		if !strings.Contains(text, "{{") || strings.Contains(text, "fake.") || strings.Contains(text, "regex") {
			continue // what is made up differs from run to run
		}
		asked++
		ev := &template.Evaluator{Scope: scope, MarkLiteral: true}
		v, warnings, err := template.Parse(text).Eval(ev)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := ""
		if _, ok := v.(value.Literal); ok {
			want = "literal "
		}
		if _, ok := value.String(v); ok {
			want += "text "
		}
		b.ask(text, "evaluated("+b.w.text(text, 0)+`, { user: "Grace", n: 3, status: "2xx", obj: { k: true } })`,
			fmt.Sprintf("%s%s unresolved %d", want, value.Text(value.Unwrap(v)), len(warnings)))
	}
	if asked < 60 {
		t.Errorf("only %d templates", asked)
	}
	b.run(t)
}

var trickyTemplates = []string{
	"{{ text.SnakeCase() }}", "{{ env.MISSING.Default('HTTPServerID userName x2y').SnakeCase() }}",
	"{{ env.MISSING.Default('HTTP server-id').CamelCase() }}",
	"{{ env.MISSING.Default('straße').ToUpper() }}", "{{ env.MISSING.Default(1.50) }}", "{{ env.MISSING.Default(9007199254740993) }}",
	"{{ env.MISSING.Default(1.50) }}!",
	"{{ env.MISSING.Default('-42.9').ToInt() }}", "{{ env.MISSING.Default('1e3').ToInt() }}", "{{ env.MISSING.Default('1e99999').ToInt() }}",
	"{{ env.MISSING.Default(' +7 ').ToFloat() }}", "{{ env.MISSING.Default('é😀').Base64() }}",
	"{{ env.MISSING.Default('w6nwn5iA').Base64Decode() }}",
	"{{ env.MISSING.Default('a b&c/é').URLEncode() }}", "{{ env.MISSING.Default('é😀x').Reverse() }}",
	"{{ env.MISSING.Default('é😀x').Length() }}",
	"{{ env.MISSING.Default('x').PadLeft(5, 'é😀') }}", "{{ env.MISSING.Default('abc').Split('') }}",
	"{{ auth.response.body.list.Join() }}",
	"{{ auth.response.body.list.Join('') }}", "{{ auth.response.body.list.ToUpper() }}", "{{ auth.response.body.user.JSON() }}",
	"{{ auth.response.body.ok.ToInt() }}",
	"{{ auth.response.body.op }} x", " {{ auth.response.body.op }}", "x {{ auth.response.body.op }}",
	"{{ env.TOKEN }} {{ auth.response.body.op }}",
	"{{ user.missing }}", "{{ saved.y.Default(3) }}", "{{ auth.response.body.none.Default('d') }}", "{{ nothing }} and {{ env.TOKEN }}",
	"{{ auth.response }}",
	"{{ constructor }}", "{{ env.constructor }}", "{{ matrix.toString }}", "{{ auth.response.body.constructor }}",
	"{{ auth.response.body.__proto__ }}",
}

func TestTheRuntimeKeepsNumbersAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, text := range []string{
		`9007199254740993`, `[1.0, 1.50, -0, 0, 1e3, 1E-7, 123456789012345678901234567890, 0.1]`,
		`{"a": 12345678901234567890, "12345678901234567890": "12345678901234567890"}`,
		`"\u0000n5"`, `"\u0000"`, `{"\u0000k": "\u0000n1.0", "x": 1.0}`, `["\\", 1.0, "\"", 2.0, "\\\"1.0", ":"]`, `{"a":"1.0:","b":1.0}`,
		`" 1.0 "`, `[]`, `1.0`,
		`{"__proto__": 1.0, "x": {"__proto__": 5}}`, `"\u2028"`, `{"b": 1, "a": 2, "10": 3, "9": 4}`, `[1.0,[2.0,{"c":[3.0]}]]`, `-1.5e-400`,
		`1e400`,
		`["\ud800x", "x\udc00", "\ud83d\ude00", "\ud83d\ud83d\ude00"]`,
	} {
		b.ask(text, "textOf(parseJSON("+quote(text)+"))", value.Text(decode(t, text)))
		b.ask(text+" in the script", "textOf("+b.w.value(decode(t, text), 0)+")", value.Text(decode(t, text)))
	}
	for _, bad := range []string{`01`, `1.`, `.5`, `-`, `1.0 2.0`, `{"a":1.0,}`, `[1.0`, `"abc 12345678901234567890`,
		`tru12345678901234567890`, `1e`, `'1.0'`, `{1.0: 2}`} {
		b.ask(bad, "(() => { try { parseJSON("+quote(bad)+"); return \"read\"; } catch (e) { return e.name; } })()", "SyntaxError")
	}
	b.run(t)
}
