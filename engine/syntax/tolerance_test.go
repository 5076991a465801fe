package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// threeTests is a spec of three tests with extra lines from line 11 on, within the second.
func threeTests(broken string) string {
	const format = `target: api
targets: { api: "http://h" }
tests:
  - name: first
    method: GET
    resource: /a
    expect:
      status: 200
  - name: second
    method: GET
%s
    resource: /b
    expect:
      status: 201
  - name: third
    method: GET
    resource: /c
    expect:
      status: 202
`
	return fmt.Sprintf(format, broken)
}

var incomplete = []struct {
	name   string
	line   string
	report int    // the line of the first error, 0 for none
	code   string // its code
}{
	{"a key without a colon", "    retr", 11, CodeSyntax},
	{"a key without its value", "    body:", 0, ""},
	{"a key whose children are missing", "    headers:\n", 0, ""},
	{"a nested half key", "    body:\n      us", 0, ""},
	{"a nested half key above its neighbours", "    body:\n      us\n      id: 1", 12, CodeSyntax},
	{"a lone dash", "    tags:\n      -", 0, ""},
	{"a deeper line goes on with the value above it", "      more", 0, ""},
	{"a key that is indented too far", "      more: 1", 11, CodeIndent},
	{"half a block of text", "    body: |", 0, ""},
	{"junk behind the indicator of a block of text", "    body: | x", 11, CodeSyntax},
	{"a double quote that is not closed", "    desc: \"open", 11, CodeSyntax},
	{"a single quote that is not closed", "    desc: 'open", 11, CodeSyntax},
	{"a quoted key that is not closed", "    \"desc: x", 11, CodeSyntax},
	{"a template that is not closed", "    desc: {{ tok", 11, CodeUnquotedTemplate},
	{"a template outside quotes", "    desc: {{ tok }}", 11, CodeUnquotedTemplate},
	{"a template outside quotes with text behind it", "    desc: {{ a }}/{{ b }}", 11, CodeUnquotedTemplate},
	{"a template outside quotes in a map", "    body: { a: {{ x }}, b: 1 }", 11, CodeUnquotedTemplate},
	{"a tab that indents", "\tdesc: x", 11, CodeTab},
	{"a tab behind the indentation", "    \tdesc: x", 11, CodeTab},
	{"a map that is not closed", "    body: { a: b, c:", 11, CodeSyntax},
	{"a list that is not closed", "    tags: [a, b", 11, CodeSyntax},
	{"a list closed like a map", "    tags: [a, b}", 11, CodeSyntax},
	{"a map in a list that is not closed", "    tags: [a, {b: 1]", 11, CodeSyntax},
	{"a quote in a map that is not closed", "    body: { a: \"x }", 11, CodeSyntax},
	{"an empty item in a list", "    tags: [a,, b]", 11, CodeSyntax},
	{"a key that is there twice", "    method: PUT", 11, CodeDuplicateKey},
	{"a key that is indented too little", "   desc: x", 11, CodeIndent},
	{"a line of text that is indented too little", "   desc", 11, CodeSyntax},
	{"an alias of no anchor", "    auth: *usr", 11, CodeUnknownAnchor},
	{"an alias without a name", "    auth: *", 11, CodeSyntax},
	{"an anchor without a name", "    auth: &", 11, CodeSyntax},
	{"characters of several bytes before an open quote", "    \"naïve 😀\": \"open", 11, CodeSyntax},
	{"a URL with a colon and a blank", "    url: http://x: y", 11, CodeSyntax},
	{"two keys on a line", "    a: b: c", 11, CodeSyntax},
	{"a value that begins with @", "    a: @abc", 11, CodeSyntax},
	{"a value that begins with %", "    a: %abc", 11, CodeSyntax},
	{"a value that begins with a backtick", "    a: `abc`", 11, CodeSyntax},
	{"a key that begins with @", "    @abc: 1", 11, CodeSyntax},
	{"a control character", "    desc: a\x01b", 11, CodeSyntax},
	{"no blank behind the colon", "    desc:text", 11, CodeSyntax},
	{"a list beside its key", "    tags: - a", 11, CodeSyntax},
	{"text behind a quote", "    desc: \"a\" b", 11, CodeSyntax},
	{"an unknown escape", "    desc: \"a\\qb\"", 11, CodeSyntax},
	{"a list item among keys", "    - tags", 11, CodeIndent},
	{"a closing bracket alone", "    ]", 11, CodeSyntax},
	{"a value that begins with a comma", "    a: , b", 11, CodeSyntax},
	{"two anchors", "    a: &x &y 1", 11, CodeSyntax},
	{"an anchor on an alias", "    a: &x 1\n    b: &y *x", 12, CodeSyntax},
	{"a template that is a key", "    {{ a }}: 1", 11, CodeUnquotedTemplate},
}

func TestABrokenLineBreaksNothingElse(t *testing.T) {
	for _, c := range incomplete {
		for ending, breaks := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
			t.Run(c.name+" "+ending, func(t *testing.T) {
				src := strings.ReplaceAll(threeTests(c.line), "\n", breaks)
				tr := parse(src)
				sound(t, tr, src)
				checkAlive(t, tr)
				checkReported(t, tr, c.report, c.code)
			})
		}
	}
}

// checkAlive checks that the three tests can be seen, and the first and the last in full.
func checkAlive(t *testing.T, tr *Tree) {
	t.Helper()
	s := testsOf(t, tr)
	if s.Items.Len() != 3 {
		t.Fatalf("%d tests are alive, want 3", s.Items.Len())
	}
	for i, want := range []string{"first", "second", "third"} {
		n := s.Items.At(i).Node()
		name, _ := n.Get("name")
		if name.Value.Value() != want {
			t.Errorf("test %d is named %q", i, name.Value.Value())
		}
		res, ok := n.Get("resource")
		if !ok || res.Value.Value() != "/"+string("abc"[i]) {
			t.Errorf("test %q has the resource %q", want, res.Value.Value())
		}
		expect, _ := n.Get("expect")
		status, _ := expect.Value.Get("status")
		if got := status.Value.Value(); got != fmt.Sprint(200+i) {
			t.Errorf("test %q expects the status %q", want, got)
		}
	}
}

// itemsOf are the tests of a file.
func itemsOf(t testing.TB, tr *Tree) []Item {
	t.Helper()
	var list []Item
	for _, it := range testsOf(t, tr).Items.All() {
		list = append(list, it)
	}
	return list
}

func testsOf(t testing.TB, tr *Tree) Section {
	t.Helper()
	for _, d := range tr.Documents() {
		for _, s := range d.Sections {
			if s.Key.Value() == "tests" {
				return s
			}
		}
	}
	t.Fatal("no tests")
	return Section{}
}

func checkReported(t *testing.T, tr *Tree, line int, code string) {
	t.Helper()
	var errs []Finding
	for _, f := range tr.Findings() {
		if f.Severity == SeverityError {
			errs = append(errs, f)
		}
	}
	if line == 0 {
		if len(errs) > 0 {
			t.Errorf("an error in valid text: %+v", errs[0])
		}
		return
	}
	if len(errs) == 0 {
		t.Fatalf("no error, want one in line %d", line)
	}
	for _, f := range errs {
		if got := tr.Text().LineAt(f.Span.Start) + 1; got != line {
			t.Errorf("an error in line %d, want it in %d: %s", got, line, f.Message)
		}
	}
	if errs[0].Code != code {
		t.Errorf("the error is %s %q, want %s", errs[0].Code, errs[0].Message, code)
	}
	if len(errs) > 1 {
		t.Errorf("%d errors for one broken line: %q and %q", len(errs), errs[0].Message, errs[1].Message)
	}
}

func TestFixesSettleTheirFindings(t *testing.T) {
	for _, c := range incomplete {
		t.Run(c.name, func(t *testing.T) {
			src := threeTests(c.line)
			tr := parse(src)
			for _, f := range tr.Findings() {
				if f.Fix == nil {
					continue
				}
				if f.Fix.Title == "" {
					t.Error("a fix has no title")
				}
				fixed := text.New(src)
				for i := len(f.Fix.Edits) - 1; i >= 0; i-- {
					fixed = fixed.Apply(f.Fix.Edits[i])
				}
				before, after := len(tr.Findings()), Parse(fixed, Options{}).Findings()
				if len(after) >= before && c.name != "a quoted key that is not closed" { // it lacks its colon then
					t.Errorf("the fix %q of %q leaves %q", f.Fix.Title, f.Message, after[0].Message)
				}
			}
		})
	}
}

func TestAListItemAmongTheKeysOfASectionHidesNoKeys(t *testing.T) {
	for _, src := range []string{
		"defaults:\n  a: 1\n  - x\n  - y\n  b: 2\nmode: test\n",
		"--- # read as one\n{a: 1}\n",
		"  defaults:\n    a: 1\n    - x\n    b: 2\n  mode: test\n",
		"? x\n: y\ndefaults:\n  a: 1\n  - x\n  b: 2\nmode: test\n",
	} {
		tr := parse(src)
		sound(t, tr, src)
		root := tr.Documents()[0].Root
		if d, ok := root.Get("defaults"); ok {
			_, a := d.Value.Get("a")
			_, b := d.Value.Get("b")
			_, m := root.Get("mode")
			if !a || !b || !m {
				t.Errorf("%q: a, b and mode are there: %v %v %v", src, a, b, m)
			}
		} else if root.Len() == 0 {
			t.Errorf("%q: nothing is there", src)
		}
	}
}

func TestWholeDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		src    string
		items  []string // the names of the tests, or the scalar tests themselves
		report int
		code   string
	}{
		"an empty file":                            {"", nil, 0, ""},
		"only comments":                            {"# a\n\n# b\n", nil, 0, ""},
		"tests without items":                      {"tests:\n", nil, 0, ""},
		"tests with one dash":                      {"tests:\n  -", []string{""}, 0, ""},
		"items at the column of their key":         {"tests:\n- name: a\n- name: b\nafter: x\n", []string{"a", "b"}, 0, ""},
		"items in brackets":                        {"tests: [{name: a}, {name: b}]\nafter: x\n", []string{"a", "b"}, 0, ""},
		"items in brackets over lines":             {"tests: [\n  {name: a},\n  {name: b}\n]\nafter: x\n", []string{"a", "b"}, 0, ""},
		"brackets whose lines begin at the margin": {"tests: [\n{name: a},\n{name: b}\n]\nafter: x\n", []string{"a", "b"}, 0, ""},
		"a quoted key":                             {"\"tests\":\n  - name: a\n  - name: b\n", []string{"a", "b"}, 0, ""},
		"an anchor on the list":                    {"tests: &all\n  - name: a\n  - name: b\n", []string{"a", "b"}, 0, ""},
		"a comment behind the key":                 {"tests: # all\n  - name: a\n  - name: b\n", []string{"a", "b"}, 0, ""},
		"a quoted text that looks like an item": {
			"tests:\n  - name: \"a\n  - name: b\"\n  - name: c\n", []string{"a - name: b", "c"}, 0, "",
		},
		"a block of text that looks like items": {
			"tests:\n  - name: |\n      x\n      - name: y\n  - name: c\n", []string{"x\n- name: y\n", "c"}, 0, "",
		},
		"a block of text that looks like a section":  {"desc: |\n  tests:\n   - a\ntests:\n  - name: c\n", []string{"c"}, 0, ""},
		"the whole document is indented":             {"  tests:\n    - name: a\n", []string{"a"}, 0, ""},
		"a document in braces":                       {"{tests: [{name: a}, {name: b}]}", []string{"a", "b"}, 0, ""},
		"a document beside its marker":               {"--- {tests: [{name: a}]}\n", []string{"a"}, 0, ""},
		"a directive":                                {"%YAML 1.2\n---\ntests:\n  - name: a\n", []string{"a"}, 0, ""},
		"a byte order mark":                          {"\ufefftests:\n  - name: a\n", []string{"a"}, 0, ""},
		"a byte order mark before a block in braces": {"\ufeff{tests: [{name: a}]}", []string{"a"}, 0, ""},
		"one-line tests": {
			"tests:\n  - GET /a -> 200\n  - GET /b -> 2xx\n", []string{"GET /a -> 200", "GET /b -> 2xx"}, 0, "",
		},
		"comments between items": {
			"tests:\n  # one\n  - name: a\n\n  # two\n  - name: b\n# three\n", []string{"a", "b"}, 0, "",
		},
		"items at different columns": {
			"tests:\n    - name: a\n  - name: b\n    - name: c\n", []string{"a", "b", "c"}, 3, CodeIndent,
		},
		"an item that is indented like a key": {
			"tests:\n  - name: a\n    - name: b\n  - name: c\n", []string{"a", "b", "c"}, 3, CodeIndent,
		},
		"a list where a document has two": {
			"tests:\n  - name: a\ntests:\n  - name: b\n", []string{"a"}, 3, CodeDuplicateKey,
		},
		"a section without a colon": {"targ\ntests:\n  - name: a\n", []string{"a"}, 1, CodeSyntax},
		"the key of the tests without its colon": {
			"target: a\ntests\n  - name: a\n  - name: b\n", []string{"a", "b"}, 2, CodeSyntax,
		},
		"text where a list was": {"tests: x\n  - name: a\n", nil, 2, CodeIndent},
		"a line separator is no line": {
			"desc: \"a\u2028b\u0085c\"\ntests:\n  - name: a\u2028b\n  - \"\n", []string{"a\u2028b", ""}, 4, CodeSyntax,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := parse(c.src)
			sound(t, tr, c.src)
			checkReported(t, tr, c.report, c.code)
			var got []string
			for _, s := range tr.Documents()[0].Sections {
				if s.Key.Value() != "tests" || got != nil {
					continue
				}
				for _, it := range s.Items.All() {
					n := it.Node()
					if n.Kind() == Mapping {
						e, _ := n.Get("name")
						n = e.Value
					}
					got = append(got, n.Value())
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.items) {
				t.Errorf("the tests are %q, want %q", got, c.items)
			}
		})
	}
}
