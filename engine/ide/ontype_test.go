package ide_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/text"
)

// typedInto is the text after the edits that follow a typed character at the cursor, with the cursor's mark in it. The mark
// moves with the text before it.
func typedInto(t *testing.T, marked, typed string) string {
	t.Helper()
	f := newFixture(t, marked)
	cursor := f.cursor
	doc := text.New(f.src)
	edits := ide.OnType(context.Background(), f.session.Snapshot(), f.uri, cursor, typed)
	for _, e := range edits {
		if old := doc.Slice(e.Span); strings.Trim(old+e.New, " \t") != "" {
			t.Errorf("an edit replaces %q by %q: only white space may change", old, e.New)
		}
		if e.Span.End <= cursor {
			cursor += len(e.New) - e.Span.Len()
		} else if e.Span.Start < cursor {
			cursor = e.Span.Start + len(e.New)
		}
		doc = doc.Apply(e)
	}
	s := doc.String()
	return s[:cursor] + cursorMark + s[cursor:]
}

func TestEnterPutsTheCursorWhereTheTextAboveGoesOn(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"below a key", "tests:\n  - name: a\n    headers:\n‸", "tests:\n  - name: a\n    headers:\n      ‸"},
		{"below a key with a comment", "defaults: # here\n‸", "defaults: # here\n  ‸"},
		{"below a key with an anchor", "defaults: &d\n‸", "defaults: &d\n  ‸"},
		{"below a quoted key", "tests:\n  - body:\n      \"a: b\":\n‸", "tests:\n  - body:\n      \"a: b\":\n        ‸"},
		{"below a list's key", "tests:\n‸", "tests:\n  ‸"},
		{"beside the first key of an item", "tests:\n  - name: a\n‸", "tests:\n  - name: a\n    ‸"},
		{"beside a later key", "tests:\n  - name: a\n    method: GET\n‸", "tests:\n  - name: a\n    method: GET\n    ‸"},
		{"below the first key of an item", "tests:\n  - expect:\n‸", "tests:\n  - expect:\n      ‸"},
		{"below a compact test", "tests:\n  - POST /login:\n‸", "tests:\n  - POST /login:\n      ‸"},
		{"below a compact test with a template", "tests:\n  - PUT /a/{{ x.y }}:\n‸", "tests:\n  - PUT /a/{{ x.y }}:\n      ‸"},
		{"below a compact test in quotes", "tests:\n  - \"PUT /a/{{ x: y }}\":\n‸", "tests:\n  - \"PUT /a/{{ x: y }}\":\n      ‸"},
		{"behind a one-line test", "tests:\n  - GET /a -> 200\n‸", "tests:\n  - GET /a -> 200\n    ‸"},
		{"behind a dash alone", "tests:\n  -\n‸", "tests:\n  -\n    ‸"},
		{"in a list of lists", "tests:\n  - body:\n      - - 1\n‸", "tests:\n  - body:\n      - - 1\n          ‸"},
		{"behind wide dashes", "tests:\n  -   name: a\n‸", "tests:\n  -   name: a\n      ‸"},
		{"below a block scalar's header", "tests:\n  - body: |-\n‸", "tests:\n  - body: |-\n      ‸"},
		{"in a block scalar, below what looks like a key", "tests:\n  - body: |\n      tests:\n‸", "tests:\n  - body: |\n      tests:\n      ‸"},
		{"in a block scalar, below what looks like an item", "tests:\n  - body: |\n      - a\n‸", "tests:\n  - body: |\n      - a\n      ‸"},
		{"in a block scalar, below what looks like a bracket", "tests:\n  - body: |\n      a {\n‸", "tests:\n  - body: |\n      a {\n      ‸"},
		{"behind a comment that ends with a colon", "tests:\n  - name: a # so:\n‸", "tests:\n  - name: a # so:\n    ‸"},
		{"below a comment", "tests:\n  # so:\n‸", "tests:\n  # so:\n  ‸"},
		{"behind a value with a colon", "target: http://127.0.0.1:8080\n    ‸", "target: http://127.0.0.1:8080\n‸"},
		{"behind quotes with a colon", "tests:\n  - name: \"a: b:\"\n‸", "tests:\n  - name: \"a: b:\"\n    ‸"},
		{"within quotes that go on", "tests:\n  - name: \"a\n‸", "tests:\n  - name: \"a\n    ‸"},
		{"in an open bracket", "tests:\n  - body: {\n‸", "tests:\n  - body: {\n      ‸"},
		{"in a bracket that the editor closed", "tests:\n  - body: {\n‸}", "tests:\n  - body: {\n      ‸}"},
		{"in a bracket that the editor closed and moved", "tests:\n  - body: {\n‸\n}", "tests:\n  - body: {\n      ‸\n}"},
		{"behind an entry in brackets", "tests:\n  - body: {\n      a: 1,\n‸\n    }", "tests:\n  - body: {\n      a: 1,\n      ‸\n    }"},
		{"in a bracket within a bracket", "tests:\n  - body: {\n      a: [\n‸\n    }", "tests:\n  - body: {\n      a: [\n        ‸\n    }"},
		{"behind brackets that are closed", "tests:\n  - body: { a: [1] }\n‸", "tests:\n  - body: { a: [1] }\n    ‸"},
		{"behind a document's start", "---\n  ‸", "---\n‸"},
		{"where the editor went too far", "target: a\n        ‸", "target: a\n‸"},
		{"where the editor used tabs", "tests:\n\t‸", "tests:\n  ‸"},
		{"as deep as what stands there already", "tests:\n  - headers:\n‸\n          A: b\n", "tests:\n  - headers:\n          ‸\n          A: b\n"},
		{"at the column of a list that stands at its key's", "tests:\n‸\n- name: a\n", "tests:\n‸\n- name: a\n"},
		{"by the indent of the file", "defaults:\n    headers:\n        A: b\ntests:\n‸", "defaults:\n    headers:\n        A: b\ntests:\n    ‸"},
		{"with Windows line ends", "tests:\r\n  - name: a\r\n‸", "tests:\r\n  - name: a\r\n    ‸"},
		{"below half a test", "tests:\n  - na\n    expect:\n      body\n‸", "tests:\n  - na\n    expect:\n      body\n      ‸"},
		{"when the value moves to the next line", "tests:\n  - name:\n‸a", "tests:\n  - name:\n      ‸a"},
		{"with the cursor's column of before", "tests:\n‸  ", "tests:\n‸  "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := typedInto(t, c.before, "\n")
			if got != c.after {
				t.Errorf("got\n%s\nwant\n%s", got, c.after)
			}
			if again := typedInto(t, got, "\n"); again != got {
				t.Errorf("the same question again moves the line that stands right:\n%s", again)
			}
		})
	}
}

func TestEnterLeavesAloneWhatTheUserDecided(t *testing.T) {
	for name, marked := range map[string]string{
		"something was typed already":              "tests:\nna‸",
		"something was typed behind the cursor":    "tests:\n  - name: a\n  ‸b",
		"an empty line was put before a key":       "tests:\n  - name: a\n\n  ‸method: GET",
		"the line above is empty":                  "tests:\n  - name: a\n\n  ‸",
		"the first line":                           "‸",
		"nothing but empty lines stand above":      "\n\n  ‸",
		"a text is cut in two":                     "tests:\n  - name: a long\n      ‸name\n",
		"the position lies behind the last line":   "tests:\n  ‸",
		"blanks that belong to a block's own text": "tests:\n  - body: |\n      a\n         \n      ‸",
	} {
		t.Run(name, func(t *testing.T) {
			if got := typedInto(t, marked, "\n"); got != marked {
				t.Errorf("changed to\n%s", got)
			}
		})
	}
}

func TestEnterOnAnIndentedEmptyLineLeavesNoBlanksBehind(t *testing.T) {
	if got, want := typedInto(t, "tests:\n  - name: a\n    \n    ‸", "\n"), "tests:\n  - name: a\n\n    ‸"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAClosingBracketStandsBelowTheLineThatOpenedIt(t *testing.T) {
	for _, c := range []struct{ typed, before, after string }{
		{"}", "tests:\n  - body: {\n      a: 1\n      }‸\n", "tests:\n  - body: {\n      a: 1\n    }‸\n"},
		{"]", "tests: [\n  { name: a }\n  ]‸", "tests: [\n  { name: a }\n]‸"},
		{"}", "tests:\n  - body: { a: 1 }‸", "tests:\n  - body: { a: 1 }‸"},
		{"}", "tests:\n  - body: |\n      a {\n      }‸", "tests:\n  - body: |\n      a {\n      }‸"},
		{"}", "tests:\n  }‸", "tests:\n  }‸"},
	} {
		if got := typedInto(t, c.before, c.typed); got != c.after {
			t.Errorf("%q became\n%s\nwant\n%s", c.before, got, c.after)
		}
	}
}

// TestEnterThroughWholeFiles presses Enter at the end of each line of correct files, with nothing below, and compares the column
// with the one of the next line: it may stand further to the right only where the next line ends something, and further to the
// left only where the author indented a text at will.
func TestEnterThroughWholeFiles(t *testing.T) {
	files, err := filepath.Glob("../../testdata/typing/*.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("only %d files to type: %v", len(files), err)
	}
	lines, same := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := strings.SplitAfter(string(b), "\n")
		for i := 1; i < len(all); i++ {
			if strings.TrimSpace(all[i]) == "" || strings.TrimSpace(all[i-1]) == "" {
				continue
			}
			above := strings.Join(all[:i], "")
			got := typedInto(t, above+cursorMark, "\n")
			column := len(got) - len(cursorMark) - len(above)
			want := len(all[i]) - len(bytes.TrimLeft([]byte(all[i]), " "))
			lines++
			switch {
			case column == want:
				same++
			case column < want && !strings.Contains(file, "blocktext") && !strings.Contains(file, "quotes"):
				t.Errorf("%s:%d: Enter goes to column %d, and the line stands at %d: %q", file, i+1, column, want, all[i])
			}
		}
	}
	if same*100 < lines*70 {
		t.Errorf("only %d of %d lines stand where Enter goes to", same, lines)
	}
}
