package lsp_test

import (
	"fmt"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/lsptest"
)

func names(e *lsptest.Editor, file string) string {
	var out []string
	for _, s := range e.Symbols(file) {
		out = append(out, s.Name)
	}
	return strings.Join(out, ", ")
}

func TestChangesOfABatchApplyOneAfterTheOther(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, "tests:\n  - name: one\n")
	e.Edit(file,
		text.Edit{Span: text.Span{Start: 17, End: 20}, New: "first"},
		text.Edit{Span: text.Span{Start: 17, End: 22}, New: "second"},
		text.Edit{Span: text.Span{Start: 23, End: 23}, New: "!"},
	)
	if got := names(e, file); got != "second!" {
		t.Errorf("after three changes: %s", got)
	}
	// A change without a range replaces the whole text, also in the middle of a batch.
	e.Notify(protocol.MethodTextDocumentDidChange, map[string]any{
		"textDocument": map[string]any{"uri": e.URI(file), "version": 3},
		"contentChanges": []any{
			map[string]any{"range": map[string]any{"start": pos(0, 0), "end": pos(9, 0)}, "text": "gone"},
			map[string]any{"text": "tests:\n  - name: whole\n"},
			map[string]any{"range": map[string]any{"start": pos(1, 15), "end": pos(1, 15)}, "text": " and part"},
		},
	})
	if got := names(e, file); got != "whole and part" {
		t.Errorf("after a mixed batch: %s", got)
	}
}

func pos(line, character any) map[string]any {
	return map[string]any{"line": line, "character": character}
}

func TestPositionsOutOfRangeAreClamped(t *testing.T) {
	const uri = "file:///a.qube.yaml"
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.open(uri, smallSpec)
	for i, at := range []string{
		`{"line":0,"character":4294967295}`, `{"line":4294967295,"character":0}`, `{"line":4294967295,"character":4294967295}`,
		`{"line":7,"character":1}`, `{"line":2147483648,"character":2147483648}`,
	} {
		for j, method := range []string{"hover", "completion"} {
			id := fmt.Sprint(100 + 10*i + j)
			p.request(id, "textDocument/"+method, `{"textDocument":{"uri":"`+uri+`"},"position":`+at+`}`)
			p.code(id, 0)
		}
		for j, method := range []string{"codeAction", "inlayHint"} {
			id := fmt.Sprint(200 + 10*i + j)
			p.request(id, "textDocument/"+method, `{"textDocument":{"uri":"`+uri+`"},`+
				`"range":{"start":`+at+`,"end":{"line":0,"character":0}},"context":{"diagnostics":[]}}`)
			p.code(id, 0)
		}
	}
	// A column behind the end of a line is its end; a line behind the last is the end of the text.
	p.notify("textDocument/didChange", `{"textDocument":{"uri":"`+uri+`","version":2},"contentChanges":[`+
		`{"range":{"start":{"line":2,"character":15},"end":{"line":2,"character":4000}},"text":"st"},`+
		`{"range":{"start":{"line":99,"character":5},"end":{"line":4294967295,"character":7}},"text":"  - name: last\n"}]}`)
	p.request("1", "textDocument/documentSymbol", `{"textDocument":{"uri":"`+uri+`"}}`)
	if got := string(p.code("1", 0).Result); !strings.Contains(got, `"firstst"`) || !strings.Contains(got, `"last"`) {
		t.Errorf("symbols: %s", got)
	}
}

func TestDocumentsThatAreNotOpenAreLeftAlone(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	e.Open("a.qube.yaml", smallSpec)
	for _, uri := range []string{"file:///other.qube.yaml", "untitled:Untitled-1", "", "%zz", "file://host/share/a.qube.yaml"} {
		doc := map[string]any{"uri": uri, "version": 7}
		e.Notify(protocol.MethodTextDocumentDidChange, map[string]any{"textDocument": doc, "contentChanges": []any{map[string]any{"text": "x"}}})
		e.Notify(protocol.MethodTextDocumentDidSave, map[string]any{"textDocument": doc, "text": "x"})
		e.Notify(protocol.MethodTextDocumentDidClose, map[string]any{"textDocument": doc})
	}
	if got := names(e, "a.qube.yaml"); got != "first" {
		t.Errorf("symbols: %s", got)
	}
}

func TestOpeningAnOpenDocumentReplacesIt(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	e.Open("a.qube.yaml", smallSpec)
	e.Open("a.qube.yaml", "tests:\n  - name: anew\n")
	if got := names(e, "a.qube.yaml"); got != "anew" {
		t.Errorf("symbols: %s", got)
	}
}

func TestVersionsOutOfOrderApplyAsTheyCome(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, smallSpec)
	for _, v := range []int{9, 3} {
		e.Notify(protocol.MethodTextDocumentDidChange, map[string]any{
			"textDocument":   map[string]any{"uri": e.URI(file), "version": v},
			"contentChanges": []any{map[string]any{"text": fmt.Sprintf("tests:\n  - name: version %d\n", v)}},
		})
	}
	e.Await("diagnostics of version 3", func(s *lsptest.State) bool { return s.Published[e.URI(file)].Version == 3 })
	if got := names(e, file); got != "version 3" {
		t.Errorf("symbols: %s", got)
	}
}

func TestATextThatDriftedIsMendedOnSave(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{AllowErrors: true})
	const file = "a.qube.yaml"
	e.Open(file, smallSpec)
	// The server drops a change that it cannot read; the editor goes on from there.
	e.Notify(protocol.MethodTextDocumentDidChange, map[string]any{
		"textDocument": map[string]any{"uri": e.URI(file), "version": 2}, "contentChanges": []any{map[string]any{"range": -1, "text": 5}},
	})
	e.Notify(protocol.MethodTextDocumentDidSave, map[string]any{
		"textDocument": map[string]any{"uri": e.URI(file)}, "text": "tests:\n  - name: as saved\n",
	})
	if got := names(e, file); got != "as saved" {
		t.Errorf("symbols: %s", got)
	}
	e.Look(func(s *lsptest.State) {
		if !strings.Contains(strings.Join(s.Logs, "\n"), "drifted") {
			t.Errorf("the log does not tell: %q", s.Logs)
		}
	})
}

func TestClosingClearsDiagnostics(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, "tests: 5\n")
	if len(e.Diagnostics(file)) == 0 {
		t.Fatal("no diagnostics")
	}
	uri := e.URI(file)
	e.CloseFile(file)
	e.Await("an empty list", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) == 0 })
	e.Open(file, "tests: 5\n")
	e.Await("a list after opening again", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) > 0 })
	e.Open(file, smallSpec)
	e.Await("an empty list once it is mended", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) == 0 })
}

func TestDiagnosticsAreNotSentTwice(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, "tests: 5\n")
	e.Diagnostics(file)
	for range 3 {
		e.Settle(file)
	}
	e.Look(func(s *lsptest.State) {
		if n := len(s.Publications[e.URI(file)]); n != 1 {
			t.Errorf("%d publications of the same", n)
		}
	})
}

func TestBadTexts(t *testing.T) {
	for name, content := range map[string]string{
		"nothing":              "",
		"NUL":                  "tests:\n  - name: \x00\x00\n",
		"a binary":             "\x7fELF\x02\x01\x01\x00\x00\x10\x10",
		"a byte order mark":    "\ufefftests:\n  - name: first\n",
		"line separators":      "tests:\n  - name: a\u2028b\u0085c\n  - name: d\n",
		"lone carriage return": "tests:\r  - name: a\r  - name: b\r",
		"one deep line":        strings.Repeat("[", 10_000),
		"one long line":        "tests: [" + strings.Repeat("a, ", 5_000) + "]",
		"many laughs": lines("a: &a [x,x,x,x,x,x,x,x,x]", "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]", "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]", "tests: [*d,*d,*d,*d,*d,*d,*d,*d,*d]"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := lsptest.Start(t, lsptest.Options{})
			const file = "a.qube.yaml"
			e.Open(file, content)
			e.Diagnostics(file)
			e.Symbols(file)
			e.Lenses(file)
			for _, at := range []int{0, len(content) / 2, len(content)} {
				e.Hover(file, at)
				e.Complete(file, at)
			}
			e.SetText(file, smallSpec)
			if found := e.Diagnostics(file); len(found) != 0 {
				t.Errorf("after it was mended: %+v", found)
			}
		})
	}
}

func TestBytesThatAreNotUTF8AreReplacedAtTheDoor(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize(`{"general":{"positionEncodings":["utf-16"]}}`)
	const uri = "file:///a.qube.yaml"
	for i, bad := range []string{"\xff", "\xc3", "\xed\xa0\x80", `\ud800`, `\udc00\ud800`} {
		p.notify("textDocument/didOpen", `{"textDocument":{"uri":"`+uri+`","languageId":"qube","version":1,`+
			`"text":"tests:\n  - name: \"`+bad+`\" # é\n"}}`)
		p.notify("textDocument/didChange", `{"textDocument":{"uri":"`+uri+`","version":2},"contentChanges":[`+
			`{"range":{"start":{"line":9,"character":0},"end":{"line":9,"character":0}},"text":"  - name: `+bad+`second\n"}]}`)
		id := fmt.Sprint(i)
		p.request(id, "textDocument/documentSymbol", `{"textDocument":{"uri":"`+uri+`"}}`)
		if got := string(p.code(id, 0).Result); !strings.Contains(got, "\ufffd") || !strings.Contains(got, "second") {
			t.Errorf("%q: symbols %s", bad, got)
		}
	}
}

func TestEveryURIIsADocumentOfItsOwn(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{AllowErrors: true})
	for i, uri := range []string{
		"untitled:Untitled-1", "untitled:a.qube.yaml", "vscode-vfs://github/a/b.qube.yaml", "git:/a/b.qube.yaml?%7B%7D",
		"file:///with%20space.qube.yaml", "file:///with%25percent.qube.yaml", "file:///hash%23.qube.yaml", "file:///%C3%BCmlaut.qube.yaml",
		"file:///plain+plus.qube.yaml", "file://localhost/x.qube.yaml", "file:///c%3A/x.qube.yaml", "FILE:///upper.qube.yaml",
		"inmemory://model/1.qube.yaml", "jar:file:///a.jar!/b.qube.yaml",
	} {
		name := fmt.Sprintf("test %d", i)
		e.Open(uri, "tests:\n  - name: "+name+"\n")
		if got := names(e, uri); got != name {
			t.Errorf("%s: symbols %q", uri, got)
		}
		e.Diagnostics(uri)
	}
}

func TestTwoSpellingsOfAURIAreOneDocument(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.open("file:///x/a%2Bb%20c.qube.yaml", smallSpec)
	p.request("1", "textDocument/documentSymbol", `{"textDocument":{"uri":"file:///x/a+b%20c.qube.yaml"}}`)
	if got := string(p.code("1", 0).Result); !strings.Contains(got, "first") {
		t.Errorf("symbols: %s", got)
	}
	// What the server says of it is spelt as the editor did.
	p.request("2", "textDocument/codeLens", `{"textDocument":{"uri":"file:///x/a+b%20c.qube.yaml"}}`)
	if got := string(p.code("2", 0).Result); !strings.Contains(got, "a%2Bb%20c") {
		t.Errorf("lenses: %s", got)
	}
}
