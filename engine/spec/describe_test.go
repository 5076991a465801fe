package spec

import (
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

func TestDescribe(t *testing.T) {
	for src, want := range map[string]string{
		"a: [1]": "a list", "a: {b: c}": "a map", "a: 5": "the number 5", "a: true": "the bool true", "a:": "empty",
		"a: hello":                      "the text `hello`",
		"a: " + strings.Repeat("x", 60): "the text `" + strings.Repeat("x", 40) + "…`", "a: |\n  one\n  two\n": "the text `one…`",
		"a: *gone": "nothing",
	} {
		e, _ := syntax.Parse(text.New(src), syntax.Options{}).Documents()[0].Root.Get("a")
		if got := Describe(e.Value); got != want {
			t.Errorf("%q is %q, want %q", src, got, want)
		}
	}
}

func TestLabel(t *testing.T) {
	for item, want := range map[string]string{
		"- {name: n, method: GET}": "n", "- GET /x -> 200": "GET /x", "- {resource: /x}": "/x", "- {alias: a}": "a", "- {tags: [x]}": "test",
	} {
		c, _ := only(t, item)
		if got := c.Label(); got != want {
			t.Errorf("%s is called %q, want %q", item, got, want)
		}
	}
}

func TestFixesOfACompactTest(t *testing.T) {
	for _, tt := range []struct{ name, item, title, want string }{
		{"keys beside move under the key", "- POST /users:\n  body: |\n    a\n\n    b\n  expect: {status: 201}\n", "Move",
			"- POST /users:\n    body: |\n      a\n\n      b\n    expect: {status: 201}\n"},
		{"keys beside move to where the others stand", "- POST /users:\n      body: 1\n  expect: {status: 201}\n", "Move",
			"- POST /users:\n      body: 1\n      expect: {status: 201}\n"},
		{"the key is spelt out", "- POST /users:\n  expect: {status: 201}\n", "Write",
			"- method: POST\n    resource: /users\n  expect: {status: 201}\n"},
		{"what is spelt out is quoted where it must be", "- \"GET {{ x }}\":\n  expect: {status: 200}\n", "Write",
			"- method: GET\n    resource: \"{{ x }}\"\n  expect: {status: 200}\n"},
		{"a line gets its arrow inside its quotes", "- 'GET /x'\n", "Expect", "- 'GET /x -> 2xx'\n"},
		{"a value becomes a line", "- GET /x: 200\n", "Make", "- GET /x -> 200\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, tx := only(t, "  "+strings.ReplaceAll(strings.TrimSuffix(tt.item, "\n"), "\n", "\n  ")+"\n")
			for _, p := range c.Problems {
				for _, f := range p.Fixes {
					if !strings.HasPrefix(f.Title, tt.title) {
						continue
					}
					for i := len(f.Edits) - 1; i >= 0; i-- {
						tx = tx.Apply(text.Edit{Span: c.Abs(f.Edits[i].Span), New: f.Edits[i].New})
					}
					_, got, _ := strings.Cut(tx.String(), "tests:\n")
					want := "  " + strings.ReplaceAll(strings.TrimSuffix(tt.want, "\n"), "\n", "\n  ") + "\n"
					want = strings.ReplaceAll(strings.ReplaceAll(want, "\n  \n", "\n\n"), "\n      resource", "\n    resource")
					if strings.ReplaceAll(got, "\n  \n", "\n\n") != want {
						t.Errorf("got\n%s\nwant\n%s", got, want)
					}
					return
				}
			}
			t.Fatalf("no such fix: %+v", c.Problems)
		})
	}
}
