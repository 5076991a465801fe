package syntax

import (
	"strings"
	"testing"
)

// What is broken in one item of a list in brackets, an item per line, stays there: the items beside it have the trees that
// they have in the valid list, and the only error is on the broken line.
func TestABrokenItemBetweenBracketsBreaksNoOther(t *testing.T) {
	for name, c := range map[string]struct{ item, line string }{
		"an open map":                    {`  { name: b`, "{ name: b"},
		"an open map with a comma":       {`  { name: b,`, "{ name: b,"},
		"an open map in a map":           {`  { name: b, expect: {`, "expect: {"},
		"an open map over lines":         {"  {\n    name: b,\n    body: {", "body: {"},
		"an open list":                   {`  { name: b, tags: [x, },`, "tags: [x"},
		"an open double quote":           {`  { name: "b },`, `"b`},
		"an open single quote":           {`  { name: 'b },`, `'b`},
		"an open quote over lines":       {"  {\n    name: \"b,\n    tags: []\n  },", `"b`},
		"a bracket too much":             {`  { name: b, tags: [x]] },`, "]] }"},
		"a brace too much":               {`  { name: b }},`, "}},"},
		"a map that is closed like list": {`  { name: b ],`, "b ]"},
		"a value that cannot be":         {`  { name: @b },`, "@b"},
		"a comma too much":               {`  { name: b },,`, ",,"},
		"nothing but a brace":            {`  {`, "{"},
		"a list in a list":               {`  [`, "["},
	} {
		for ending, breaks := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
			t.Run(name+" "+ending, func(t *testing.T) {
				const first, last = "  { name: first,\n    desc: \"two\n      lines\" },\n", "  { name: last, n: [ {x: 1}, {y: 2} ] }\n"
				build := func(item string) string {
					return strings.ReplaceAll("mode: x\ntests: [\n"+first+item+last+"]\ntags: [z]\n", "\n", breaks)
				}
				want := flowItems(parse(build("")))
				src := build(c.item + "\n")
				tree := parse(src)
				sound(t, tree, src)
				got := flowItems(tree)
				if len(got) < 3 || got[0] != want[0] || got[len(got)-1] != want[1] {
					t.Errorf("of %d items the first and the last are not what they are in the valid list:\n%s", len(got), strings.Join(got, "\n"))
				}
				errs := errorsOf(tree)
				if len(errs) == 0 {
					t.Fatal("nothing is reported")
				}
				broken := strings.Index(src, strings.ReplaceAll(first, "\n", breaks)) + len(strings.ReplaceAll(first, "\n", breaks))
				for _, f := range errs {
					line := tree.Text().Line(tree.Text().LineAt(f.Span.Start))
					if f.Span.Start < broken || f.Span.Start > broken+len(c.item)+4 || !strings.Contains(line, strings.TrimSpace(c.line)) {
						t.Errorf("the line %q has the error %q", line, f.Message)
					}
				}
				if keys := len(tree.Documents()[0].Sections); keys != 3 {
					t.Errorf("the document has %d sections", keys)
				}
			})
		}
	}
}

// flowItems are the trees of the items of the first document's lists of units.
func flowItems(tree *Tree) (list []string) {
	for _, s := range tree.Documents()[0].Sections {
		for _, it := range s.Items.All() {
			var b strings.Builder
			fullNode(&b, it.Unit.Node.At(-it.Unit.Span.Start), 0)
			list = append(list, b.String())
		}
	}
	return list
}

// Lists that are broken everywhere, of sizes at which work that grows with the square of the length would not end.
func TestListsThatAreBrokenEverywhereAreRead(t *testing.T) {
	for name, src := range map[string]string{
		"a long line of maps":        "tests: [\n  " + strings.Repeat("{a: [{b: ", 90_000),
		"a line for each open brace": "tests: [\n" + strings.Repeat("  { name: x, n: [\n", 60_000),
		"stray closers":              "tests: [\n  {a: 1}" + strings.Repeat("}", 500_000) + "\n  {b: 2}\n]\n",
		"deeper and deeper":          "tests: [\n" + deeper(1_400) + "\n",
		"open quotes":                "tests: [\n" + strings.Repeat("  { name: \"x, y: 'z }\n", 25_000),
	} {
		t.Run(name, func(t *testing.T) {
			tree := parse(src)
			if len(errorsOf(tree)) == 0 {
				t.Error("nothing is reported")
			}
		})
	}
}

func deeper(lines int) string {
	var b strings.Builder
	for i := range lines {
		b.WriteString(strings.Repeat(" ", i+2) + "[{}, '\n")
	}
	return b.String()
}
