package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// describe writes a context in a short form: kind path [prefix→replaced] and what else is set.
func describe(tr *Tree, c Context) string {
	kinds := map[ContextKind]string{ContextNone: "none", ContextKey: "key", ContextValue: "value", ContextItem: "item", ContextComment: "comment"}
	var b strings.Builder
	b.WriteString(kinds[c.Kind])
	for i, s := range c.Path {
		sep := "."
		if i == 0 {
			sep = " "
		}
		if s.Index >= 0 {
			fmt.Fprintf(&b, "[%d]", s.Index)
		} else {
			b.WriteString(sep + s.Key)
		}
	}
	fmt.Fprintf(&b, " %q>%q", c.Prefix, tr.Text().Slice(c.Replace))
	if len(c.Siblings) > 0 {
		b.WriteString(" has " + strings.Join(c.Siblings, ","))
	}
	if c.Quote != 0 {
		b.WriteString(" in " + string(c.Quote))
	}
	if c.Flow {
		b.WriteString(" flow")
	}
	if c.NeedsSpace {
		b.WriteString(" space")
	}
	if c.Scalar != "" {
		fmt.Fprintf(&b, " scalar %q", c.Scalar[:c.ScalarCursor]+"|"+c.Scalar[c.ScalarCursor:])
	}
	return b.String()
}

func TestContext(t *testing.T) {
	const tests = "target: api\ntests:\n  - name: a\n    method: GET\n"
	for name, c := range map[string]struct{ src, want string }{
		"an empty file":                       {"█", `key "">""`},
		"a word at the margin":                {"target: x\nte█", `key "te">"te" has target`},
		"a new line at the margin":            {"target: x\n█\ntests:\n  - name: a\n", `key "">"" has target,tests`},
		"within a key at the margin":          {"tar█get: x\nmode: test\n", `key "tar">"target" has mode`},
		"a value at the margin":               {"mode: te█st\n", `value mode "te">"test" scalar "te|st"`},
		"an empty value":                      {"mode: █", `value mode "">""`},
		"right behind the colon":              {"mode:█", `value mode "">"" space`},
		"a value without its blank":           {"mode:te█", `value mode "te">"te" space scalar "te|"`},
		"a key in a map below":                {"defaults:\n  ti█", `key defaults "ti">"ti"`},
		"an empty line in a map below":        {"defaults:\n  █", `key defaults "">""`},
		"an empty line beside a key":          {"defaults:\n  headers: {}\n  █", `key defaults "">"" has headers`},
		"an empty line that is too deep":      {"defaults:\n  timeout: 2s\n      █", `key defaults "">"" has timeout`},
		"an empty line back at the margin":    {"defaults:\n  timeout: 2s\n█", `key "">"" has defaults`},
		"a key in a test":                     {tests + "    re█", `key tests[0] "re">"re" has name,method`},
		"an empty line in a test":             {tests + "    █", `key tests[0] "">"" has name,method`},
		"an empty line in a test with others": {tests + "    █\n  - name: b\n", `key tests[0] "">"" has name,method`},
		"a key between keys": {
			tests + "    re█\n    expect:\n      status: 200\n", `key tests[0] "re">"re" has name,method,expect`,
		},
		"the first key of a test":    {"tests:\n  - na█", `item tests[0] "na">"na"`},
		"the first key above others": {"tests:\n  - na█\n    method: GET\n", `key tests[0] "na">"na" has method`},
		"behind a dash":              {"tests:\n  - name: a\n  - █", `item tests[1] "">""`},
		"right behind a dash":        {"tests:\n  - name: a\n  -█", `item tests[1] "">"" space`},
		"where the next dash goes":   {tests + "  █", `key tests "">""`},
		"a value in a test": {
			"tests:\n  - name: a\n  - method: PO█\n", `value tests[1].method "PO">"PO" scalar "PO|"`,
		},
		"a nested key": {tests + "    expect:\n      st█\n", `key tests[0].expect "st">"st"`},
		"a nested key above others": {
			tests + "    expect:\n      st█\n      body: x\n", `key tests[0].expect "st">"st" has body`,
		},
		"a deep key": {
			tests + "    expect:\n      body:\n        id: 1\n        na█\n", `key tests[0].expect.body "na">"na" has id`,
		},
		"back from a deep key": {
			tests + "    expect:\n      body:\n        id: 1\n      he█\n", `key tests[0].expect "he">"he" has body`,
		},
		"a nested list": {
			tests + "    tags:\n      - slow\n      - sm█\n", `item tests[0].tags[1] "sm">"sm"`,
		},
		"a map in a nested list": {
			tests + "    body:\n      items:\n        - sku: a\n        - sku: b\n          co█\n",
			`key tests[0].body.items[1] "co">"co" has sku`,
		},
		"a list at the column of its key": {tests + "    tags:\n    - a\n    - b█\n", `item tests[0].tags[1] "b">"b"`},
		"a key behind such a list": {
			tests + "    tags:\n    - a\n    re█\n", `key tests[0] "re">"re" has name,method,tags`,
		},
		"a list in a list":      {"a:\n  - - x\n    - y█\n", `item a[0][1] "y">"y"`},
		"an item at the margin": {"tests:\n- name: a\n- name: b\n  me█\n", `key tests[1] "me">"me" has name`},
		"a key in braces":       {tests + "    expect: { st█ }\n", `key tests[0].expect "st">"st" flow`},
		"a second key in braces": {
			tests + "    expect: { status: 200, bo█ }\n", `key tests[0].expect "bo">"bo" has status flow`,
		},
		"a value in braces": {
			tests + "    expect: { status: 2█ }\n", `value tests[0].expect.status "2">"2" flow scalar "2|"`,
		},
		"braces that are not closed": {
			tests + "    expect: { status: 200, bo█\n  - name: b\n", `key tests[0].expect "bo">"bo" has status flow`,
		},
		"an empty place in open braces": {tests + "    expect: { █\n  - name: b\n", `key tests[0].expect "">"" flow`},
		"an empty value in open braces": {tests + "    expect: { status: █\n", `value tests[0].expect.status "">"" flow`},
		"an item in brackets": {
			tests + "    tags: [a, sm█]\n", `value tests[0].tags[1] "sm">"sm" flow scalar "sm|"`,
		},
		"a list in braces": {
			tests + "    expect: { status: [200, 2█] }\n", `value tests[0].expect.status[1] "2">"2" flow scalar "2|"`,
		},
		"a map in a list in braces": {
			"load: { stages: [{ duration: 1s, us█", `key load.stages[0] "us">"us" has duration flow`,
		},
		"braces over lines": {
			tests + "    expect: {\n      status: 200,\n      bo█\n    }\n", `key tests[0].expect "bo">"bo" has status flow`,
		},
		"an empty line in braces": {
			tests + "    expect: {\n      status: 200,\n      █\n    }\n", `key tests[0].expect "">"" has status flow`,
		},
		"a quoted key in braces": {tests + "    expect: { \"st█\" }\n", `key tests[0].expect "st">"st" in " flow`},
		"a test in brackets":     {"tests: [{ name: a }, { name: b, me█ }]\n", `key tests[1] "me">"me" has name flow`},
		"a double quote": {
			tests + "    resource: \"/users/{{ au█ }}\"\n",
			`value tests[0].resource "/users/{{ au">"/users/{{ au }}" in " scalar "/users/{{ au| }}"`,
		},
		"a double quote that is not closed": {
			tests + "    resource: \"/users/{{ au█\n    expect: 1\n",
			`value tests[0].resource "/users/{{ au">"/users/{{ au" in " scalar "/users/{{ au|"`,
		},
		"a single quote":         {tests + "    resource: '█'\n", `value tests[0].resource "">"" in '`},
		"behind a closing quote": {tests + "    resource: 'a'█\n", `none tests[0].resource "">""`},
		"a template outside quotes": {
			tests + "    resource: {{ au█ }}\n", `value tests[0].resource "{{ au">"{{ au }}" scalar "{{ au| }}"`,
		},
		"a template in a value": {
			tests + "    resource: /x/{{ au█\n", `value tests[0].resource "/x/{{ au">"/x/{{ au" scalar "/x/{{ au|"`,
		},
		"a quoted template in braces": {
			tests + "    headers: { A: \"{{ e█ }}\" }\n", `value tests[0].headers.A "{{ e">"{{ e }}" in " flow scalar "{{ e| }}"`,
		},
		"a quote in braces that is not closed": {
			tests + "    headers: { A: \"{{ e█\n", `value tests[0].headers.A "{{ e">"{{ e" in " flow scalar "{{ e|"`,
		},
		"a block of text": {
			tests + "    body: |\n      one {{ a█ }}\n", `value tests[0].body "a">"a" scalar "      one {{ a| }}"`,
		},
		"a new line in a block of text": {
			tests + "    body: |\n      one\n      █\n", `value tests[0].body "">"" scalar "      one\n      |"`,
		},
		"a new line behind a block of text": {
			tests + "    body: |\n      one\n    █\n", `key tests[0] "">"" has name,method,body`,
		},
		"a line below a plain text": {
			tests + "    body: one\n      tw█o\n", `value tests[0].body "tw">"tw" scalar "one\n      tw|o"`,
		},
		"a comment":                {tests + "    # se█e\n", `comment tests[0] "">""`},
		"a comment behind a value": {tests + "    tags: [] # se█e\n", `comment tests[0] "">""`},
		"a hash in a block of text": {
			tests + "    body: |\n      # he█ading\n", `value tests[0].body "he">"he" scalar "      # he|ading"`,
		},
		"behind a broken line": {
			tests + "    body: \"open\n    re█\n", `key tests[0] "re">"re" has name,method,body`,
		},
		"a value behind an anchor":               {"a: &x te█\n", `value a "te">"te" scalar "te|"`},
		"a key of a compact test":                {"tests:\n  - GET /x:\n      ex█\n", `key tests[0].GET /x "ex">"ex"`},
		"a quoted parent":                        {"\"a b\":\n  c█\n", `key a b "c">"c"`},
		"the second document":                    {"a: 1\n---\nb: 2\nc█\n", `key "c">"c" has b`},
		"a key with characters of several bytes": {"défaut: 1\nnaïve: é😀█\n", `value naïve "é😀">"é😀" scalar "é😀|"`},
		"a test whose dash stands alone":         {"tests:\n  -\n    name: a\n    me█\n", `key tests[0] "me">"me" has name`},
		"before the text of a line":              {"a:\n █ b: 1\n", `none a "">""`},
		"a marker":                               {"---█\n", `none "">""`},
		"a key with CRLF":                        {"tests:\r\n  - name: a\r\n    me█\r\n", `key tests[0] "me">"me" has name`},
		"below a half key":                       {tests + "    expec\n      st█\n", `key tests[0].expec "st">"st"`},
		"in a test of a file that is read whole": {"  tests:\n    - name: a\n      me█\n", `key tests[0] "me">"me" has name`},
		"in the second test of many": {
			"tests:\n  - name: a\n  - name: b\n    me█\n  - name: c\n", `key tests[1] "me">"me" has name`,
		},
		"a second section of units":               {"mode: x\ntests:\n  - name: a\nafter:\n  x█\n", `key after "x">"x"`},
		"a comment between tests belongs to none": {"tests:\n  - name: a\n  # x█\n  - name: b\n", `comment tests "">""`},
	} {
		t.Run(name, func(t *testing.T) {
			off := strings.Index(c.src, "█")
			src := strings.Replace(c.src, "█", "", 1)
			tr := parse(src)
			got := tr.ContextAt(off)
			if d := describe(tr, got); d != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.src, d, c.want)
			}
			wantItem := -1
			if len(got.Path) > 1 && got.Path[0].Key == "tests" {
				wantItem = got.Path[1].Index
			}
			if got.Item != wantItem {
				t.Errorf("%s: the test is %d, want %d", c.src, got.Item, wantItem)
			}
			if got.Replace.Start > off || got.Replace.End < off {
				t.Errorf("the replaced span %v does not hold the cursor at %d", got.Replace, off)
			}
		})
	}
}

func TestContextKnowsTheColumnOfANewKey(t *testing.T) {
	for src, want := range map[string]int{
		"tests:\n  - na█":                      4,
		"tests:\n  -█":                         4,
		"tests:\n  - name: a\n    █":           4,
		"tests:\n  - name: a\n    re█: x":      4,
		"a:\n  b:\n    █":                      4,
		"█":                                    0,
		"tests:\n  - name: a\n    expect:\n█":  0,
		"tests:\n  - name: a\n    meth█\n   x": 4,
	} {
		off := strings.Index(src, "█")
		if got := parse(strings.Replace(src, "█", "", 1)).ContextAt(off).Indent; got != want {
			t.Errorf("%q: a key stands at column %d, want %d", src, got, want)
		}
	}
}

// TestContextAnswersEverywhere asks at every offset of texts in every state of being typed.
func TestContextAnswersEverywhere(t *testing.T) {
	for name, src := range corpus(t, "parse") {
		t.Run(name, func(t *testing.T) {
			for cut := 0; cut <= len(src); cut += 7 {
				txt := text.New(src[:cut])
				tr := Parse(txt, Options{})
				for _, off := range []int{0, cut / 3, cut - 1, cut, cut + 9} {
					c := tr.ContextAt(off)
					if c.Replace.Start > c.Replace.End || c.Replace.End > txt.Len() || c.ScalarCursor < 0 || c.ScalarCursor > len(c.Scalar) {
						t.Fatalf("at %d of %q: %+v", off, src[:cut], c)
					}
					for _, n := range tr.NodeAt(off) {
						if n.IsZero() {
							t.Fatalf("at %d of %q: an absent node", off, src[:cut])
						}
					}
				}
			}
		})
	}
}

// TestContextWhileTyping types each test of real specs up to the middle of each key and each value, with the rest of the
// file below, and demands the path that the finished file has there.
func TestContextWhileTyping(t *testing.T) {
	for name, src := range corpus(t, "typing") {
		t.Run(name, func(t *testing.T) {
			tr := parse(src)
			asked := 0
			for _, s := range tr.Documents()[0].Sections {
				for i, it := range s.Items.All() {
					end := it.Base + len(strings.TrimRight(it.Unit.Source, " \r\n"))
					ask := func(n Node, kind ContextKind, path []Step) {
						span := n.Span()
						if n.Omitted() || span.Len() < 2 || n.Kind() != Scalar || strings.Contains(src[span.Start:span.End], "\n") {
							return
						}
						at := span.Start + (span.Len()+1)/2
						if src[at]&0xC0 == 0x80 {
							return
						}
						asked++
						checkTyped(t, src[:at]+src[end:], at, span.Start, kind, path)
					}
					eachScalar(it.Node(), []Step{{s.Key.Value(), -1}, {"", i}}, ask)
				}
			}
			if asked < 40 {
				t.Errorf("only %d places were asked", asked)
			}
		})
	}
}

// eachScalar visits the keys, with the path of their mapping, and the values with their own.
func eachScalar(n Node, path []Step, visit func(Node, ContextKind, []Step)) {
	step := func(s Step) []Step { return append(path[:len(path):len(path)], s) }
	for _, e := range n.Entries() {
		visit(e.Key, ContextKey, path)
		eachScalar(e.Value, step(Step{e.Key.Value(), -1}), visit)
	}
	for i, k := range n.Items() {
		eachScalar(k, step(Step{"", i}), visit)
	}
	visit(n, ContextValue, path)
}

func checkTyped(t *testing.T, src string, at, start int, kind ContextKind, path []Step) {
	t.Helper()
	c := parse(src).ContextAt(at)
	typed := src[start:at]
	if c.Quote != 0 {
		typed = typed[1:]
	}
	if c.Kind == ContextItem { // the first word behind a dash: a key or a value
		kind = ContextItem
	}
	if c.Kind != kind || fmt.Sprint(c.Path) != fmt.Sprint(path) || c.Prefix != typed {
		t.Errorf("after %q: kind %d, path %v, prefix %q; want kind %d, path %v, prefix %q",
			tail(src[:at]), c.Kind, c.Path, c.Prefix, kind, path, typed)
	}
}
