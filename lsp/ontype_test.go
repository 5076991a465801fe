package lsp_test

import (
	"encoding/json"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/lsptest"
)

// enter asks what an editor asks after Enter, with the cursor where the test says.
func enter(e *lsptest.Editor, file string, line, character int) []protocol.TextEdit {
	var edits []protocol.TextEdit
	e.Call(protocol.MethodTextDocumentOnTypeFormatting, map[string]any{
		"textDocument": map[string]any{"uri": e.URI(file)}, "position": pos(line, character), "ch": "\n",
		"options": map[string]any{"tabSize": 8, "insertSpaces": false},
	}, &edits)
	return edits
}

func TestEnterIndentsInEveryEditor(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, "tests:\r\n  - name: \"😀\"\r\n  \r\n")
	edits := enter(e, file, 2, 2)
	if len(edits) != 1 || edits[0].NewText != "    " || edits[0].Range.Start.Character != 0 || edits[0].Range.End.Character != 2 {
		t.Fatalf("the edits are %v", edits)
	}
	if edits := enter(e, file, 2, 400); len(edits) != 1 {
		t.Errorf("with a column behind the line's end the edits are %v", edits)
	}
	for name, at := range map[string][2]int{"the first line": {0, 0}, "a line of text": {1, 9}} {
		if edits := enter(e, file, at[0], at[1]); len(edits) != 0 {
			t.Errorf("at %s the edits are %v", name, edits)
		}
	}
	// The next key was faster than the question.
	e.Edit(file, text.Edit{Span: e.Find(file, "  \r\n"), New: "  m\r\n"})
	if edits := enter(e, file, 2, 3); len(edits) != 0 {
		t.Errorf("behind a key that was typed meanwhile the edits are %v", edits)
	}
}

func TestEnterIsOfferedAndLeavesOtherYAMLAlone(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	e.OpenAs("other.yaml", "yaml", "a:\n")
	var raw json.RawMessage
	e.Call(protocol.MethodTextDocumentOnTypeFormatting, map[string]any{
		"textDocument": map[string]any{"uri": e.URI("other.yaml")}, "position": pos(1, 0), "ch": "\n",
		"options": map[string]any{"tabSize": 2, "insertSpaces": true},
	}, &raw)
	if string(raw) != "null" {
		t.Errorf("the answer is %s", raw)
	}
}
