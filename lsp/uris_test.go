package lsp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

// spellings are URIs as editors and their plugins write them; the scheme `file` in spellings that no machine of ours would choose.
var spellings = []string{
	"suda:///p/q.qube.yaml", "fugitive:///p/.git//0/q.qube.yaml", "oil:///p/q.qube.yaml", "inmemory:///1", "file:///C:/p/q.qube.yaml",
	"git:/p/q.qube.yaml?%7B%22ref%22%3A%22HEAD%22%7D", "untitled:x", "vscode-vfs://host/p/q.qube.yaml", "file:///c%3A/p/q.qube.yaml",
	"file:///with%20blank/q%5B1%5D.qube.yaml", "zipfile:///a.zip::b.qube.yaml", "term://x//1:q.qube.yaml",
}

func TestADocumentIsKnownByTheURIOfTheWireInEveryMessage(t *testing.T) {
	for _, uri := range spellings {
		t.Run(uri, func(t *testing.T) {
			p := dial(t, lsp.Options{})
			p.initialize(`{"textDocument":{"diagnostic":{}}}`)
			name, _ := json.Marshal(uri)
			of := `"textDocument":{"uri":` + string(name) + `}`
			n := 0
			ask := func(method, rest string) string {
				n++
				id := fmt.Sprint(n)
				p.request(id, method, "{"+of+rest+"}")
				return string(p.code(id, 0).Result)
			}
			symbols := func() string { return ask("textDocument/documentSymbol", "") }
			text, _ := json.Marshal("target: http://x\ntests:\n  - name: opened\n    resource: /\n    retires: 1\n")
			p.notify("textDocument/didOpen", `{"textDocument":{"uri":`+string(name)+`,"languageId":"qube","version":1,"text":`+string(text)+`}}`)
			if got := symbols(); !strings.Contains(got, "opened") {
				t.Fatalf("after didOpen: symbols %s", got)
			}
			p.notify("textDocument/didChange", `{"textDocument":{"uri":`+string(name)+`,"version":2},"contentChanges":[`+
				`{"range":{"start":{"line":2,"character":10},"end":{"line":2,"character":16}},"text":"changed"}]}`)
			if got := symbols(); !strings.Contains(got, "changed") {
				t.Errorf("after didChange: symbols %s", got)
			}
			lens := ask("textDocument/codeLens", "")
			if runs := strings.HasPrefix(uri, "file:") || strings.HasPrefix(uri, "untitled:"); runs != strings.Contains(lens, "Run") {
				t.Errorf("lenses %.200s", lens)
			}
			if got := ask("textDocument/diagnostic", ""); !strings.Contains(got, "retires") {
				t.Errorf("diagnostics %s", got)
			}
			for method, want := range map[string]string{"completion": "matrix", "documentSymbol": "changed", "codeLens": "["} {
				place := `,"position":{"line":4,"character":6},"range":{"start":{"line":0,"character":0},"end":{"line":5,"character":0}}`
				if got := ask("textDocument/"+method, place); !strings.Contains(got, want) {
					t.Errorf("%s: %.200s", method, got)
				}
			}
			got := ask("textDocument/codeAction", `,"range":{"start":{"line":4,"character":4},"end":{"line":4,"character":5}},"context":{"diagnostics":[]}`)
			if !strings.Contains(got, string(name)) {
				t.Errorf("quick fixes %s", got)
			}
			saved, _ := json.Marshal("target: http://x\ntests:\n  - name: saved\n    resource: /\n")
			p.notify("textDocument/didSave", "{"+of+`,"text":`+string(saved)+"}")
			if got := symbols(); !strings.Contains(got, "saved") {
				t.Errorf("after didSave: symbols %s", got)
			}
			p.notify("textDocument/didClose", "{"+of+"}")
			if got := symbols(); got != "null" {
				t.Errorf("after didClose: symbols %s", got)
			}
		})
	}
}

func TestNamesThatAClosedBufferGaveAreGoneForTheOthersAtOnce(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	test := func(alias string) string {
		return "target: http://x\ntests:\n  - name: n\n    alias: " + alias + "\n    resource: /\n"
	}
	e.Write("f.qube.yaml", test("zz"))
	e.Write("g.qube.yaml", test("yy"))
	e.Open("g.qube.yaml", test("yy"))
	e.Diagnostics("g.qube.yaml")
	e.Open("f.qube.yaml", test("yy"))
	awaitFinding(e, "g.qube.yaml", "alias.duplicate", true)
	e.CloseFile("f.qube.yaml")
	awaitFinding(e, "g.qube.yaml", "alias.duplicate", false)
}

// awaitFinding waits until an editor shows a finding in a document, or shows it no more.
func awaitFinding(e *lsptest.Editor, name, code string, there bool) {
	e.Await(fmt.Sprintf("%s in %s: %v", code, name, there), func(s *lsptest.State) bool {
		last, published := s.Published[e.URI(name)]
		raw, _ := json.Marshal(last)
		return published && strings.Contains(string(raw), code) == there
	})
}

func TestWhatHappensToAFolderHappensToAllThatIsInIt(t *testing.T) {
	spec := "target: http://x\ntests:\n  - name: n\n    alias: x\n    resource: /\n"
	for _, event := range []string{"workspace/didChangeWatchedFiles", "workspace/didDeleteFiles", "workspace/didRenameFiles"} {
		t.Run(event, func(t *testing.T) {
			// A folder may be called anything.
			e := lsptest.Start(t, lsptest.Options{Files: map[string]string{"sub/deep/d.qube.yaml": spec, "other.yaml/d.qube.yaml": spec}})
			at := func(parts ...string) string { return filepath.Join(append([]string{e.Dir}, parts...)...) }
			e.Open("b.qube.yaml", spec)
			awaitFinding(e, "b.qube.yaml", "alias.duplicate", true)
			tell := func(path string, kind int) {
				uri := e.URI(path)
				switch event {
				case "workspace/didChangeWatchedFiles":
					e.Notify(event, map[string]any{"changes": []any{map[string]any{"uri": uri, "type": kind}}})
				case "workspace/didRenameFiles":
					e.Notify(event, map[string]any{"files": []any{map[string]any{"oldUri": uri, "newUri": e.URI(".gone")}}})
				default:
					e.Notify(event, map[string]any{"files": []any{map[string]any{"uri": uri}}})
				}
			}
			for _, sub := range []string{"sub", "other.yaml"} {
				if err := os.RemoveAll(at(sub)); err != nil {
					t.Fatal(err)
				}
				tell(sub, 3)
			}
			awaitFinding(e, "b.qube.yaml", "alias.duplicate", false)
			// A folder that comes, comes with what is in it.
			if err := os.MkdirAll(at("sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at("sub", "d.qube.yaml"), []byte(spec), 0o644); err != nil {
				t.Fatal(err)
			}
			tell("sub", 1)
			awaitFinding(e, "b.qube.yaml", "alias.duplicate", true)
		})
	}
}

func TestAViewThatIsNoFileStandsAlone(t *testing.T) {
	spec := "target: elsewhere\ntests:\n  - name: n\n    alias: zz\n    depends: [nobody]\n    resource: \"/{{ nobody.response.body }}\"\n" +
		"    expect: {status: 200}\n"
	e := lsptest.Start(t, lsptest.Options{})
	e.Open("a.qube.yaml", spec)
	const view = "git:/p/a.qube.yaml?%7B%22ref%22%3A%22HEAD%22%7D"
	e.Open(view, spec)
	if got := e.Diagnostics(view); len(got) > 0 {
		t.Errorf("the view shows %v", got)
	}
	for _, d := range e.Settle("a.qube.yaml") {
		if d.Code == protocol.String("alias.duplicate") {
			t.Errorf("the file shows %v", d)
		}
	}
	err := e.TryExecute(command.Run, command.RunArgs{URI: view, Scope: command.ScopeFile}, nil)
	if err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("run of the view: %v", err)
	}
}

func TestATestThatWasOnlyBegunHasNoLens(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{AllowErrors: true})
	e.Open("a.qube.yaml", "target: http://x\ntests:\n  -   name: whole\n      resource: /\n  - GET /y -> 200\n  - GET /z:\n      alias: z\n  - name: begun\n  -\n")
	var at []string
	for _, l := range e.Lenses("a.qube.yaml") {
		if l.Command.Title == "▶ Run" {
			at = append(at, fmt.Sprint(l.Range.Start.Line, ":", l.Range.Start.Character))
		}
	}
	if got := strings.Join(at, " "); got != "2:2 4:2 5:2" {
		t.Errorf("lenses at %s, and not at the dashes of the tests that say what to do", got)
	}
}
