package lsp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

const (
	notInitialized = -32002
	parseError     = -32700
	invalidRequest = -32600
	methodUnknown  = -32601
	invalidParams  = -32602
	cancelled      = -32800
)

const smallSpec = `target: http://127.0.0.1:1
tests:
  - name: first
    method: GET
    resource: /a
    expect:
      status: 200
`

func TestBeforeInitializeRequestsAreRefusedAndNotificationsDropped(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.open("file:///a.qube.yaml", smallSpec)
	p.notify("no/suchMethod", "")
	p.request("1", "textDocument/hover", `{"textDocument":{"uri":"file:///a.qube.yaml"},"position":{"line":0,"character":0}}`)
	p.code("1", notInitialized)
	p.request("2", "no/suchMethod", "")
	p.code("2", notInitialized)
	p.request("3", "shutdown", "")
	p.code("3", notInitialized)
	p.initialize("{}")
	p.request("4", "textDocument/documentSymbol", `{"textDocument":{"uri":"file:///a.qube.yaml"}}`)
	if m := p.code("4", 0); string(m.Result) != "null" {
		t.Errorf("a document opened before initialize is known: %s", m.Result)
	}
}

func TestNothingIsSentBeforeTheAnswerToInitialize(t *testing.T) {
	p := dial(t, lsp.Options{UserPluginDir: t.TempDir()})
	p.request("1", "initialize", `{"processId":null,"rootUri":null,"capabilities":{"workspace":{"configuration":true,`+
		`"didChangeWatchedFiles":{"dynamicRegistration":true}}}}`)
	if m := p.receive(); string(m.ID) != "1" || m.Method != "" {
		t.Fatalf("the first message is %+v", m)
	}
	// Between the answer and `initialized` nothing is registered and nothing asked.
	p.request("2", "no/suchMethod", "")
	if m := p.receive(); string(m.ID) != "2" {
		t.Errorf("before initialized came %+v", m)
	}
	p.notify("initialized", "")
	if m := p.receive(); m.Method != "client/registerCapability" {
		t.Errorf("after initialized came %+v", m)
	}
}

func TestInitializeTwiceIsAnErrorAndChangesNothing(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize(`{"general":{"positionEncodings":["utf-8"]}}`)
	p.request("1", "initialize", `{"processId":null,"rootUri":null,"capabilities":{}}`)
	p.code("1", invalidRequest)
	p.open("file:///a.qube.yaml", "target: http://x # 😀 target\n")
	p.alive()
}

// A second initialized starts nothing again: under the race detector this finds two goroutines at one job.
func TestInitializedTwiceStartsNothingTwice(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize(`{}`)
	p.notify("initialized", "")
	p.notify("initialized", "")
	p.open("file:///a.qube.yaml", "target: http://x\n")
	p.alive()
}

func TestInitializeTakesWhatItCanRead(t *testing.T) {
	for name, params := range map[string]string{
		"wrong types in capabilities": `{"processId":"x","rootUri":5,"workspaceFolders":{"a":1},"clientInfo":7,"trace":9,` +
			`"capabilities":{"general":{"positionEncodings":"utf-8"},"textDocument":[],"workspace":{"configuration":"yes"},"window":3}}`,
		"no capabilities": `{}`,
		"null everywhere": `{"processId":null,"rootPath":null,"rootUri":null,"workspaceFolders":null,` +
			`"capabilities":null,"initializationOptions":null}`,
		"foreign options":         `{"capabilities":{},"initializationOptions":["a"]}`,
		"unknown encodings":       `{"capabilities":{"general":{"positionEncodings":["utf-7",8]}}}`,
		"a root that is no file":  `{"capabilities":{},"rootUri":"vscode-vfs://github/a/b"}`,
		"a root that is no URI":   `{"capabilities":{},"rootUri":"%zz"}`,
		"a folder without URI":    `{"capabilities":{},"workspaceFolders":[{"name":"x"},null,5]}`,
		"a process id beyond int": `{"capabilities":{},"processId":99999999999999999999}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dial(t, lsp.Options{})
			p.request("1", "initialize", params)
			p.code("1", 0)
			p.notify("initialized", "{}")
			p.alive()
		})
	}
	t.Run("but not what is no object", func(t *testing.T) {
		p := dial(t, lsp.Options{})
		p.request("1", "initialize", `[1]`)
		p.code("1", invalidParams)
		p.request("2", "initialize", ``)
		p.code("2", invalidParams)
		p.initialize("{}")
	})
}

func TestAnEditorThatCanDoNothingIsSentNothingSpecial(t *testing.T) {
	p := dial(t, lsp.Options{})
	m := p.initialize("{}")
	var result struct {
		Capabilities struct {
			PositionEncoding       string
			TextDocumentSync       struct{ Change int }
			Workspace              json.RawMessage
			CodeActionProvider     any
			ExecuteCommandProvider struct{ Commands []string }
		}
	}
	if err := json.Unmarshal(m.Result, &result); err != nil {
		t.Fatal(err)
	}
	c := result.Capabilities
	if c.PositionEncoding != "utf-16" || c.TextDocumentSync.Change != 2 || len(c.Workspace) > 0 || c.CodeActionProvider != true {
		t.Errorf("capabilities: %s", m.Result)
	}
	if !slices.Equal(c.ExecuteCommandProvider.Commands, command.All()) {
		t.Errorf("commands: %v", c.ExecuteCommandProvider.Commands)
	}
	uri := "file:///nowhere/a.qube.yaml"
	p.open(uri, smallSpec)
	p.request("1", "workspace/executeCommand", `{"command":"speclens.run","arguments":[{"uri":"`+uri+`","scope":"file"}]}`)
	p.code("1", 0)
	// The target refuses the connection, so the run ends by itself; until then and after it only plain messages come.
	for deadline := time.Now().Add(patience); ; {
		p.request("2", "textDocument/inlayHint", `{"textDocument":{"uri":"`+uri+`"},`+
			`"range":{"start":{"line":0,"character":0},"end":{"line":99,"character":0}}}`)
		if hints := string(p.code("2", 0).Result); strings.Contains(hints, "label") && !strings.Contains(hints, "running") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the run does not end")
		}
	}
	for _, m := range p.seen {
		if m.Method != "textDocument/publishDiagnostics" && m.Method != "window/showMessage" && m.Method != "window/logMessage" {
			t.Errorf("an editor that offered nothing was sent %s %s", m.Method, m.Params)
		}
	}
}

func TestUnknownMethods(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.request("1", "no/suchMethod", "[]")
	p.code("1", methodUnknown)
	p.request(`"two"`, "$/noSuchMethod", "")
	p.code(`"two"`, methodUnknown)
	p.notify("$/noSuchMethod", "5")
	p.notify("no/suchMethod", "5")
	p.notify("$/setTrace", `{"value":"verbose"}`)
	p.alive()
}

func TestWrongParametersAreInvalidParams(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.open("file:///a.qube.yaml", smallSpec)
	for _, method := range []string{"completion", "hover", "documentSymbol", "codeLens", "codeAction", "inlayHint"} {
		for _, params := range []string{
			``, `null`, `[]`, `{}`, `"x"`, `{"textDocument":5}`, `{"textDocument":{"uri":7}}`, `{"textDocument":{}}`,
		} {
			p.request("1", "textDocument/"+method, params)
			p.code("1", invalidParams)
		}
	}
	for _, position := range []string{
		`{"line":-1,"character":0}`, `{"line":0,"character":9007199254740992}`, `{"line":0.5,"character":0}`, `"x"`,
	} {
		p.request("1", "textDocument/hover", `{"textDocument":{"uri":"file:///a.qube.yaml"},"position":`+position+`}`)
		p.code("1", invalidParams)
	}
	// The same in notifications is logged and forgotten.
	for _, params := range []string{
		``, `[]`, `{"textDocument":5}`,
		`{"textDocument":{"uri":"file:///a.qube.yaml","version":"x"},"contentChanges":[{"range":7}]}`,
	} {
		for _, method := range []string{"didOpen", "didChange", "didSave"} {
			p.notify("textDocument/"+method, params)
		}
		p.notify("textDocument/didClose", strings.ReplaceAll(params, "file:///a", "file:///other"))
		p.notify("workspace/didChangeWatchedFiles", params)
		p.notify("workspace/didChangeWorkspaceFolders", params)
		p.notify("workspace/didChangeConfiguration", params)
		p.notify("window/workDoneProgress/cancel", params)
		p.notify("speclens/didChangeTrust", params)
	}
	p.request("2", "textDocument/documentSymbol", `{"textDocument":{"uri":"file:///a.qube.yaml"}}`)
	if m := p.code("2", 0); !strings.Contains(string(m.Result), "first") {
		t.Errorf("the document is gone: %s", m.Result)
	}
}

func TestMalformedMessagesAreAnsweredAndTheSessionGoesOn(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{`)
	p.code("null", parseError)
	p.initialize("{}")
	p.send(`{"jsonrpc":"2.0",`)
	p.code("null", parseError)
	p.send(`{"id":3,"method":"shutdown"}`)
	p.code("3", invalidRequest)
	p.alive()
}

func TestAfterShutdownOnlyExitIsUnderstood(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.request("1", "shutdown", "null")
	if m := p.code("1", 0); string(m.Result) != "null" {
		t.Errorf("shutdown answered %s", m.Result)
	}
	for i, method := range []string{"textDocument/hover", "shutdown", "initialize", "no/suchMethod"} {
		id := fmt.Sprint(10 + i)
		p.request(id, method, "{}")
		p.code(id, invalidRequest)
	}
	p.open("file:///a.qube.yaml", "a: [")
	p.notify("exit", "")
	if err := p.end(patience); err != nil {
		t.Errorf("shutdown and exit: %v", err)
	}
	for _, m := range p.seen {
		if m.Method == "textDocument/publishDiagnostics" {
			t.Error("a document opened after shutdown was diagnosed")
		}
	}
}

func TestTheEndsOfASession(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(p *rawPeer)
		want string // of the error; empty for none
	}{
		"exit without shutdown":   {func(p *rawPeer) { p.initialize("{}"); p.notify("exit", "") }, "exit without shutdown"},
		"exit before initialize":  {func(p *rawPeer) { p.notify("exit", "") }, "exit without shutdown"},
		"the stream ends":         {func(p *rawPeer) { p.initialize("{}"); _ = p.conn.Close() }, "without shutdown"},
		"the stream ends at once": {func(p *rawPeer) { _ = p.conn.Close() }, "without shutdown"},
		"the stream ends in a message": {func(p *rawPeer) {
			p.initialize("{}")
			p.bytes("Content-Length: 9\r\n\r\n{")
			_ = p.conn.Close()
		}, "broke"},
		"the stream ends after shutdown": {func(p *rawPeer) {
			p.initialize("{}")
			p.request("1", "shutdown", "")
			p.code("1", 0)
			_ = p.conn.Close()
		}, ""},
		"garbage":               {func(p *rawPeer) { p.bytes("hello\r\n\r\n") }, "header"},
		"a length of 2 GiB":     {func(p *rawPeer) { p.bytes("Content-Length: 2147483647\r\n\r\n") }, "too large"},
		"a signal":              {func(p *rawPeer) { p.initialize("{}"); p.stop() }, ""},
		"a signal before hello": {func(p *rawPeer) { p.stop() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dial(t, lsp.Options{})
			tc.end(p)
			err := p.end(patience)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("Serve returned %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("Serve returned %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestTheEditorsProcess(t *testing.T) {
	t.Run("named by initialize", func(t *testing.T) {
		editor := startSleeper(t)
		p := dial(t, lsp.Options{})
		p.request("1", "initialize", fmt.Sprintf(`{"processId":%d,"rootUri":null,"capabilities":{}}`, editor.Process.Pid))
		p.code("1", 0)
		p.notify("initialized", "{}")
		p.alive()
		kill(t, editor)
		if err := p.end(patience); err == nil || !strings.Contains(err.Error(), "process") {
			t.Errorf("Serve returned %v", err)
		}
	})
	t.Run("named on the command line", func(t *testing.T) {
		editor := startSleeper(t)
		p := dial(t, lsp.Options{ClientProcessID: editor.Process.Pid})
		kill(t, editor)
		if err := p.end(patience); err == nil || !strings.Contains(err.Error(), "process") {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func TestTrustIsAskedOfTheServerAndNotOfTheEditor(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{
		InitOptions: map[string]any{"trusted": false},
		Files:       map[string]string{".env": "SECRET=from-the-file\n"},
	})
	e.Open("a.qube.yaml", smallSpec)
	args := command.RunArgs{URI: e.URI("a.qube.yaml"), Scope: command.ScopeFile}
	err := e.TryExecute(command.Run, args, nil)
	if err == nil || !strings.Contains(err.Error(), "untrusted") {
		t.Fatalf("a run in an untrusted folder: %v", err)
	}
	e.Notify(command.DidChangeTrust, command.TrustParams{Trusted: true})
	e.AwaitRun(e.StartRun(args))
	e.Notify(command.DidChangeTrust, command.TrustParams{Trusted: false})
	if err := e.TryExecute(command.Run, args, nil); err == nil {
		t.Error("trust that was taken back still runs")
	}
}

func TestAnOpenDocumentIsNeverReadFromTheDisk(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{Files: map[string]string{"a.qube.yaml": lines("tests:", "  - name: on the disk")}})
	e.Open("a.qube.yaml", lines("tests:", "  - name: in the editor"))
	e.Write("a.qube.yaml", lines("tests:", "  - name: changed on the disk"))
	e.Settle("a.qube.yaml")
	if err := os.Remove(filepath.Join(e.Dir, "a.qube.yaml")); err != nil {
		t.Fatal(err)
	}
	e.Settle("a.qube.yaml")
	if got := fmt.Sprint(e.Symbols("a.qube.yaml")); !strings.Contains(got, "in the editor") || strings.Contains(got, "disk") {
		t.Errorf("symbols: %s", got)
	}
}
