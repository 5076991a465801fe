package syntax

import (
	"encoding/json"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// checkStrictly reads a text and compares its first finding, and its values where values are given. The finding's fix, if
// it has one, has to settle it.
func checkStrictly(t *testing.T, src string, severity Severity, code string, line int, values string) {
	t.Helper()
	tr := parse(src)
	sound(t, tr, src)
	findings := tr.Findings()
	if code == "" && len(findings) > 0 {
		t.Fatalf("a finding in valid text: %+v", findings[0])
	}
	if code != "" {
		if len(findings) == 0 {
			t.Fatalf("no finding, want %s in line %d", code, line)
		}
		f := findings[0]
		if got := tr.Text().LineAt(f.Span.Start) + 1; f.Severity != severity || f.Code != code || got != line || f.Span.IsEmpty() {
			t.Errorf("the finding is %d %s in line %d at %v, want %d %s in line %d: %s", f.Severity, f.Code, got, f.Span, severity, code, line, f.Message)
		}
		if f.Fix != nil {
			if after := Parse(text.New(src).Apply(f.Fix.Edits...), Options{}).Findings(); len(after) >= len(findings) {
				t.Errorf("the fix %q leaves %v", f.Fix.Title, after)
			}
		}
	}
	var got []any
	for _, d := range tr.Documents() {
		got = append(got, d.Root.Any())
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if values != "" && string(b) != values {
		t.Errorf("the values are %s, want %s", b, values)
	}
}

// The names say what YAML 1.2 says of each form.
func TestWhatYAMLForbidsHasAFindingWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		src      string
		severity Severity
		code     string
		line     int
		values   string // what is read all the same; "" where it does not matter
	}{
		"a comment right behind a list":  {"tags: [x, y]#z\n", SeverityWarning, CodeSyntax, 1, `[{"tags":["x","y"]}]`},
		"a comment right behind a comma": {"tags: [\n  x,#z\n  y]\n", SeverityWarning, CodeSyntax, 2, `[{"tags":["x","y"]}]`},
		"a comment right behind a quote": {"a: 'x'#z\nb: 1\n", SeverityWarning, CodeSyntax, 1, `[{"a":"x","b":1}]`},

		"a line of a list at the column of its key":   {"tags: [x,\ny]\n", SeverityWarning, CodeContinuation, 2, `[{"tags":["x","y"]}]`},
		"a line of a map less deep than its key":      {"a:\n  b: {c: 1,\n d: 2}\n", SeverityWarning, CodeContinuation, 3, `[{"a":{"b":{"c":1,"d":2}}}]`},
		"a text within brackets that goes on too far": {"a:\n  b: [one\n  two]\n", SeverityWarning, CodeContinuation, 3, `[{"a":{"b":["one two"]}}]`},
		"a tab that indents a line of a list":         {"- [\n\tx ]\n", SeverityWarning, CodeContinuation, 2, `[[["x"]]]`},
		"a quoted text that goes on at the margin":    {"a: 'one\ntwo'\n", SeverityWarning, CodeContinuation, 2, `[{"a":"one two"}]`},
		"a quoted text that goes on behind a tab":     {"a: \"one\n\ttwo\"\n", SeverityWarning, CodeContinuation, 2, `[{"a":"one two"}]`},
		"a quoted text in a list that does so":        {"a:\n  - ['one\n  two']\n", SeverityWarning, CodeContinuation, 3, `[{"a":[["one two"]]}]`},

		"an escaped single quote": {`a: "it\'s"` + "\n", SeverityWarning, CodeSyntax, 1, `[{"a":"it's"}]`},

		"a dash within brackets":                 {"a: [-]\n", SeverityError, CodeSyntax, 1, ""},
		"a dash before a comma":                  {"a: [x, -, y]\n", SeverityError, CodeSyntax, 1, ""},
		"a colon on the line below its key":      {"a: [b\n   : c]\n", SeverityError, CodeSyntax, 2, `[{"a":[{"b":"c"}]}]`},
		"a colon below a key in quotes":          {"a: ['b'\n   :c]\n", SeverityError, CodeSyntax, 2, `[{"a":[{"b":"c"}]}]`},
		"a directive without a document":         {"%YAML 1.2\n", SeverityError, CodeSyntax, 1, ""},
		"a directive before a document's end":    {"%YAML 1.2\n...\n", SeverityError, CodeSyntax, 1, ""},
		"a directive before a bare document":     {"# c\n%YAML 1.2\na: 1\n", SeverityError, CodeSyntax, 2, `[{"a":1}]`},
		"a directive behind the marker":          {"---\n%TAG ! x\na: 1\n", SeverityError, CodeSyntax, 2, ""},
		"words behind the version":               {"%YAML 1.2 please\n---\na: 1\n", SeverityError, CodeSyntax, 1, `[{"a":1}]`},
		"a version that is none":                 {"%YAML one\n---\na: 1\n", SeverityError, CodeSyntax, 1, `[{"a":1}]`},
		"a comment right behind the version":     {"%YAML 1.2#c\n---\na: 1\n", SeverityError, CodeSyntax, 1, `[{"a":1}]`},
		"a version given twice":                  {"%YAML 1.2\n%YAML 1.2\n---\na: 1\n", SeverityError, CodeSyntax, 2, `[{"a":1}]`},
		"a map on the line of the marker":        {"--- a: 1\n", SeverityError, CodeSyntax, 1, `[{"a":1}]`},
		"a list on the line of the marker":       {"--- - a\n", SeverityError, CodeSyntax, 1, `[["a"]]`},
		"an anchored key on the marker's line":   {"--- &x a: 1\n", SeverityError, CodeSyntax, 1, `[{"a":1}]`},
		"text behind the end of a document":      {"a: 1\n... b\n", SeverityError, CodeSyntax, 2, ""},
		"a tab between a dash and a key":         {"-\tb: 1\n", SeverityError, CodeTab, 1, `[[{"b":1}]]`},
		"a tab between a dash and a dash":        {"-\t- b\n", SeverityError, CodeTab, 1, `[[["b"]]]`},
		"a tab behind a question mark":           {"?\ta: 1\n: b\n", SeverityError, CodeTab, 1, ""},
		"a tab behind the colon of such a key":   {"? a\n:\t- b\n", SeverityError, CodeTab, 2, ""},
		"a tab alone in a block of text":         {"a: |\n\t\nb: 1\n", SeverityError, CodeTab, 2, ""},
		"blanks deeper than the text below them": {"a: |\n     \n  x\n", SeverityError, CodeIndent, 2, `[{"a":"   \nx\n"}]`},
		"such blanks before what is no comment":  {"a: >\n    \n # x\n", SeverityError, CodeIndent, 2, ""},
		"brackets in a tag":                      {"a: !x[] y\n", SeverityError, CodeSyntax, 1, `[{"a":"y"}]`},
		"a comma in a tag":                       {"a: !!str, y\n", SeverityError, CodeSyntax, 1, `[{"a":"y"}]`},
	} {
		t.Run(name, func(t *testing.T) { checkStrictly(t, c.src, c.severity, c.code, c.line, c.values) })
	}
}

func TestWhatYAMLAllowsIsReadAsItSays(t *testing.T) {
	for name, c := range map[string]struct {
		src, values string
		warning     string // the code of the warning that other readers refuse it, if they do
	}{
		"a colon that begins a text in a list":         {"a: [:b, ::c]\n", `[{"a":[":b","::c"]}]`, ""},
		"a question mark that begins a text":           {"a: [?b]\nc: {?d: e}\n", `[{"a":["?b"],"c":{"?d":"e"}}]`, ""},
		"a question mark and nothing":                  {"a: {b: 1,\n  ?\n  }\n", `[{"a":{"":null,"b":1}}]`, ""},
		"a tag on no value, and on no key":             {"{ a: !!str, !!str : b }\n", `[{"":"b","a":""}]`, ""},
		"a closing bracket at the column of its key":   {"a: [\n  b\n]\nc: {\n}\n", `[{"a":["b"],"c":{}}]`, ""},
		"an empty line in a quoted text":               {"a: 'b\n\n  c'\n", `[{"a":"b\nc"}]`, ""},
		"a quoted text at the margin of a document":    {"'a\nb'\n", `["a b"]`, ""},
		"two documents of nothing":                     {"---\n---\n", `[null,null]`, ""},
		"a directive and its document":                 {"%YAML 1.2 # c\n%TAG !e! tag:e,1:\n---\na: 1\n", `[{"a":1}]`, ""},
		"a directive behind the end of a document":     {"a: 1\n...\n%YAML 1.2\n---\nb: 2\n", `[{"a":1},{"b":2}]`, ""},
		"a map below the marker's line with its tag":   {"--- !!map\na: 1\n", `[{"a":1}]`, ""},
		"brackets beside the marker":                   {"--- {a: 1}\n", `[{"a":1}]`, ""},
		"a comment behind the end of a document":       {"a: 1\n... # c\n", `[{"a":1}]`, ""},
		"an anchor on a map on a line before its keys": {"---\n&x\n&y a: 1\nb: 2\n", `[{"a":1,"b":2}]`, ""},
		"an anchor above a key that is a list":         {"&x\n&y [a]: 1\n", `[{"":1}]`, ""},
		"a tab between a dash and its value":           {"-\ta\n-\t-1\n", `[["a",-1]]`, CodeTab},
		"a tab behind the blanks before a value":       {" \t'a'\n", `["a"]`, CodeTab},
		"a tab before brackets at the margin":          {"\t{a: 1}\n", `[{"a":1}]`, CodeTab},
		"a verbatim tag with a comma":                  {"a: !<tag:e,1:x> b\n", `[{"a":"b"}]`, ""},
		"blanks as deep as the text below them":        {"a: |\n  \n  x\n", `[{"a":"\nx\n"}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			checkStrictly(t, c.src, SeverityWarning, c.warning, 1, c.values)
		})
	}
}
