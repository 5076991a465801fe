package lsp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/lsptest"
)

// TestTheAnswersFitWhatTheEditorOffers asks editors of all kinds about the same spec.
func TestTheAnswersFitWhatTheEditorOffers(t *testing.T) {
	const file = "a.qube.yaml"
	start := func(t *testing.T, over map[string]any, opts lsptest.Options) *lsptest.Editor {
		t.Helper()
		opts.Capabilities = lsptest.Overlay(lsptest.Capable(), over)
		e := lsptest.Start(t, opts)
		e.Open(file, strings.Replace(smallSpec, "    expect:", "    retires: 3\n    \n    expect:", 1))
		e.Diagnostics(file)
		return e
	}
	ask := func(e *lsptest.Editor, method string, more map[string]any) string {
		params := map[string]any{"textDocument": map[string]any{"uri": e.URI(file)}}
		for key, value := range more {
			params[key] = value
		}
		var raw json.RawMessage
		e.Call(method, params, &raw)
		return string(raw)
	}
	at := func(line, character int) map[string]any { return map[string]any{"position": pos(line, character)} }
	for name, tc := range map[string]struct {
		over  map[string]any
		opts  lsptest.Options
		ask   func(e *lsptest.Editor) string
		has   []string
		lacks []string
	}{
		"snippets where they are offered": {
			ask: func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentCompletion, at(6, 4)) },
			has: []string{`"insertTextFormat":2`, `"kind":"markdown"`},
		},
		"no snippets and no Markdown where they are not": {
			over:  map[string]any{"textDocument": map[string]any{"completion": nil}},
			ask:   func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentCompletion, at(6, 4)) },
			has:   []string{`"textEdit"`, `"kind":"plaintext"`},
			lacks: []string{"insertTextFormat", "$0", "${", "markdown", "labelDetails", "itemDefaults"},
		},
		"one range for all completions": {
			over: map[string]any{"textDocument": map[string]any{"completion": map[string]any{
				"completionList": map[string]any{"itemDefaults": []string{"editRange", "data"}},
			}}},
			ask: func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentCompletion, at(6, 4)) },
			has: []string{`"itemDefaults":{"editRange":`, `"textEditText"`},
		},
		"completion again for VS Code": {
			opts: lsptest.Options{ClientName: "Visual Studio Code - Insiders"},
			ask:  func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentCompletion, at(6, 4)) },
			has:  []string{`"command":"editor.action.triggerSuggest"`},
		},
		"and for nobody else": {
			opts:  lsptest.Options{ClientName: "Neovim"},
			ask:   func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentCompletion, at(6, 4)) },
			lacks: []string{"triggerSuggest"},
		},
		"a hover as plain text": {
			over: map[string]any{"textDocument": map[string]any{"hover": nil}},
			ask:  func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentHover, at(3, 5)) },
			has:  []string{`"kind":"plaintext"`},
		},
		"a flat list of symbols": {
			over: map[string]any{"textDocument": map[string]any{"documentSymbol": nil}},
			ask:  func(e *lsptest.Editor) string { return ask(e, protocol.MethodTextDocumentDocumentSymbol, nil) },
			has:  []string{`"location":{"uri":`, "first"}, lacks: []string{"selectionRange"},
		},
		"commands in place of code actions": {
			over: map[string]any{"textDocument": map[string]any{"codeAction": nil}},
			ask: func(e *lsptest.Editor) string {
				return fmt.Sprintf("%+v", e.Actions(file, e.Find(file, "retires")))
			},
			has: []string{"Run: first", "Command:[34 115 112"}, lacks: []string{"Replace"},
		},
		"code actions of one kind": {
			ask: func(e *lsptest.Editor) string {
				return fmt.Sprintf("%+v", e.Actions(file, e.Find(file, "retires"), "quickfix"))
			},
			has: []string{"Replace"}, lacks: []string{"Run"},
		},
		"code actions of the kinds below one": {
			ask: func(e *lsptest.Editor) string {
				return fmt.Sprintf("%+v", e.Actions(file, e.Find(file, "retires"), "source"))
			},
			has: []string{"Run"}, lacks: []string{"Replace"},
		},
		"edits without versions": {
			over: map[string]any{"workspace": map[string]any{"workspaceEdit": nil}},
			ask: func(e *lsptest.Editor) string {
				return ask(e, protocol.MethodTextDocumentCodeAction, map[string]any{
					"range":   map[string]any{"start": pos(5, 4), "end": pos(5, 11)},
					"context": map[string]any{"diagnostics": []any{}, "only": []string{"quickfix"}},
				})
			},
			has: []string{`"changes":{`}, lacks: []string{"documentChanges"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tc.ask(start(t, tc.over, tc.opts))
			for _, want := range tc.has {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in %.2000s", want, got)
				}
			}
			for _, unwanted := range tc.lacks {
				if strings.Contains(got, unwanted) {
					t.Errorf("%s in %.2000s", unwanted, got)
				}
			}
		})
	}
}

// TestEncodingsNameTheSamePlaces asks about every offset of a text with characters of all widths, in all encodings.
func TestEncodingsNameTheSamePlaces(t *testing.T) {
	const file = "a.qube.yaml"
	content := lines("# é 😀 \u4e16", "target: http://127.0.0.1:1", "tests:",
		`  - { name: "é😀世 one", method: GET, resource: "/😀", retires: 3, expect: { status: 200 } }`)
	answers := map[string][]string{}
	for _, encoding := range []string{"utf-8", "utf-16", "utf-32"} {
		caps := lsptest.Overlay(lsptest.Capable(), map[string]any{"general": map[string]any{"positionEncodings": []string{encoding}}})
		e := lsptest.Start(t, lsptest.Options{Capabilities: caps})
		if got := e.Server.Capabilities.PositionEncoding; got != encoding {
			t.Fatalf("the server chose %s, not %s", got, encoding)
		}
		e.Open(file, content)
		for _, d := range e.Diagnostics(file) {
			answers[encoding] = append(answers[encoding], fmt.Sprint(e.Span(file, d.Range), message(d)))
		}
		for offset := range len(content) {
			if content[offset]&0xC0 == 0x80 {
				continue
			}
			if h := e.Hover(file, offset); h != nil {
				answers[encoding] = append(answers[encoding], fmt.Sprint(offset, e.Span(file, *h.Range)))
			}
		}
		e.Edit(file, text.Edit{Span: e.Find(file, "😀世 one"), New: "née 😀"})
		answers[encoding] = append(answers[encoding], names(e, file))
	}
	for _, encoding := range []string{"utf-8", "utf-32"} {
		if got, want := strings.Join(answers[encoding], "\n"), strings.Join(answers["utf-16"], "\n"); got != want {
			t.Errorf("%s:\n%s\nutf-16:\n%s", encoding, got, want)
		}
	}
	if len(answers["utf-16"]) < 20 {
		t.Errorf("only %d answers", len(answers["utf-16"]))
	}
}
