package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

func TestNodeAt(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"a key at the margin":          {"ta█rget: api\n", "map/target"},
		"a value at the margin":        {"target: ap█i\n", "map/api"},
		"behind a value":               {"target: api█\n", "map/api"},
		"a key in a test":              {"tests:\n  - na█me: a\n", "map/list/map/name"},
		"a value in the second test":   {"tests:\n  - name: a\n  - name: b█\n", "map/list/map/b"},
		"a nested value":               {"tests:\n  - body: {a: [1, tw█o]}\n", "map/list/map/map/list/two"},
		"a test in brackets":           {"tests: [{name: a}, {name: b█}]\n", "map/list/map/b"},
		"between tests":                {"tests:\n  - name: a\n█\n  - name: b\n", "map/list"},
		"a document that is a list":    {"- a\n- b█\n", "list/b"},
		"the second document":          {"a: 1\n---\nb: two█\n", "map/two"},
		"a document in braces":         {"{tests: [{na█me: a}]}\n", "map/list/map/name"},
		"an indented document":         {"  tests:\n    - name: x█\n", "map/list/map/x"},
		"a comment":                    {"# no█\na: 1\n", ""},
		"an empty file":                {"█", ""},
		"a key with an escape":         {"\"a\\tb█\": 1\n", "map/a\tb"},
		"a value in a map of sections": {"defaults:\n  headers:\n    A: b█\n", "map/map/map/b"},
	} {
		t.Run(name, func(t *testing.T) {
			off := strings.Index(c.src, "█")
			var got []string
			for _, n := range parse(strings.Replace(c.src, "█", "", 1)).NodeAt(off) {
				switch n.Kind() {
				case Mapping:
					got = append(got, "map")
				case Sequence:
					got = append(got, "list")
				default:
					got = append(got, n.Value())
				}
			}
			if g := strings.Join(got, "/"); g != c.want {
				t.Errorf("%s: the path is %q, want %q", c.src, g, c.want)
			}
		})
	}
}

// TestDefinition looks for the anchor of the alias *a, in every layout.
func TestDefinition(t *testing.T) {
	for name, src := range map[string]string{
		"in a section":                       "x: &a {k: 1}\ny: *a\n",
		"within one section":                 "x:\n  p: &a {k: 1}\n  q: *a\n",
		"in a test before":                   "tests:\n  - body: &a {k: 1}\n  - body: *a\n",
		"in the same test":                   "tests:\n  - body: &a {k: 1}\n    more: *a\n",
		"a test itself":                      "tests:\n  - &a {k: 1}\n  - *a\n",
		"in brackets":                        "tests: [{body: &a {k: 1}}, {body: *a}]\n",
		"in a section, from brackets":        "x: &a {k: 1}\ntests: [{body: *a}]\n",
		"from brackets, in a section":        "tests: [{body: &a {k: 1}}]\nx: *a\n",
		"in a document in braces":            "{x: &a {k: 1}, tests: [{body: *a}]}\n",
		"in a test of a document in braces":  "{tests: [{body: &a {k: 1}}, {body: *a}]}\n",
		"in the tests of an indented file":   "  tests:\n    - body: &a {k: 1}\n    - body: *a\n",
		"in the second of two documents":     "x: &a {z: 0}\n---\nx: &a {k: 1}\ny: *a\n",
		"the last definition before the use": "x: &a {z: 0}\ny: &a {k: 1}\nz: *a\nq: &a {z: 1}\n",
	} {
		t.Run(name, func(t *testing.T) {
			tr := parse(src)
			if f := tr.Findings(); len(f) > 0 {
				t.Fatalf("findings: %v", f)
			}
			path := tr.NodeAt(strings.Index(src, "*a") + 1)
			alias := path[len(path)-1]
			if alias.Kind() != Alias || alias.Span().Start != strings.Index(src, "*a") {
				t.Fatalf("no alias there: %v", path)
			}
			def, ok := tr.Definition(alias)
			if !ok {
				t.Fatal("no definition")
			}
			if got := src[def.Span().Start:def.Span().End]; got != "{k: 1}" {
				t.Errorf("the definition is %q at %v", got, def.Span())
			}
			if got := src[def.AnchorSpan().Start:def.AnchorSpan().End]; got != "&a" {
				t.Errorf("the anchor is %q", got)
			}
			if got := asJSON(t, alias.Any()); got != `{"k":1}` {
				t.Errorf("the alias stands for %s", got)
			}
			if !alias.Same(path[len(path)-1]) || alias.Same(def) {
				t.Error("Same does not tell nodes apart")
			}
		})
	}
	if _, ok := parse("a: *x\n").Definition(parse("a: *x\n").NodeAt(4)[1]); ok {
		t.Error("an unknown alias has a definition")
	}
}

func TestEscapes(t *testing.T) {
	for src, want := range map[string]string{
		`\0`: "\x00", `\a`: "\a", `\b`: "\b", `\t`: "\t", `\n`: "\n", `\v`: "\v", `\f`: "\f", `\r`: "\r", `\e`: "\x1b", `\ `: " ",
		`\"`: `"`, `\/`: "/", `\\`: `\`, `\N`: "\u0085", `\_`: "\u00a0", `\L`: "\u2028", `\P`: "\u2029", `\x41`: "A", `\u00e9`: "é",
		`\U0001F600`: "😀", `\ud83d\ude00`: "😀",
	} {
		tr := parse(fmt.Sprintf("k: \"<%s>\"\n", src))
		e, _ := tr.Documents()[0].Root.Get("k")
		if e.Value.Value() != "<"+want+">" || len(tr.Findings()) > 0 {
			t.Errorf("%s is %q, %v", src, e.Value.Value(), tr.Findings())
		}
	}
	for _, src := range []string{`\q`, `\x4`, `\xzz`, `\ud83d`, `\U00110000`, `\u12`} {
		tr := parse(fmt.Sprintf("k: \"<%s>\"\n", src))
		if f := tr.Findings(); len(f) != 1 || f[0].Code != CodeSyntax || f[0].Span.Start != 5 {
			t.Errorf("%s: the findings are %v", src, f)
		}
	}
}

func TestUnitsInBracketsAreKept(t *testing.T) {
	for name, src := range map[string]string{
		"a list in brackets":   "tests: [\n  {name: a, x: 01},\n  {name: b}, # c\n  {name: \"c\\n\"}\n]\n",
		"a document in braces": "{tests: [{name: a, x: 01}, {name: b},\n # c\n {name: \"c\\n\"}]}\n",
		"an indented document": "  tests:\n    - {name: a, x: 01}\n    - {name: b} # c\n    - {name: \"c\\n\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			txt := text.New(src)
			tr := Parse(txt, Options{})
			old := itemsOf(t, tr)
			at := strings.Index(src, "name: b") + len("name: b")
			edits := []text.Edit{{Span: text.Span{Start: at, End: at}, New: "b"}}
			next := itemsOf(t, tr.Update(txt.Apply(edits...), edits))
			for i := range old {
				if same := old[i].Unit == next[i].Unit; same == (i == 1) {
					t.Errorf("test %d is the same: %v", i, same)
				}
			}
			if f := next[0].Unit.Findings; len(f) != 1 || f[0].Code != CodeOctalLike {
				t.Errorf("the first test has the findings %v", f)
			}
		})
	}
}
