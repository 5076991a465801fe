package lsp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

func TestEveryRequestOfACancelledStormIsAnsweredOnce(t *testing.T) {
	const n, uri = 1000, "file:///a.qube.yaml"
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.open(uri, smallSpec)
	go func() {
		for i := range n {
			_, err := fmt.Fprint(p.conn,
				frame(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"textDocument/hover",`+
					`"params":{"textDocument":{"uri":"%s"},"position":{"line":3,"character":4}}}`, i, uri)),
				frame(fmt.Sprintf(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%d}}`, i)))
			if err != nil {
				return
			}
		}
	}()
	answers := map[string]int{}
	for len(answers) < n {
		m := p.receive()
		if m.Method != "" {
			continue
		}
		answers[string(m.ID)]++
		if answers[string(m.ID)] > 1 {
			t.Fatalf("%s was answered twice", m.ID)
		}
		if m.Error != nil && m.Error.Code != cancelled {
			t.Fatalf("%s was answered with %+v", m.ID, m.Error)
		}
	}
	p.alive()
}

func TestAnEditorThatDoesNotReadForAWhileGetsTheLastStateThen(t *testing.T) {
	const uri = "file:///a.qube.yaml"
	p := dial(t, lsp.Options{})
	p.initialize("{}")
	p.open(uri, smallSpec)
	const edits = 300
	for i := range edits {
		// Every text has something wrong with it, so every version has diagnostics.
		p.notify("textDocument/didChange", fmt.Sprintf(
			`{"textDocument":{"uri":"%s","version":%d},"contentChanges":[{"text":"tests:\n  - name: %d\n"}]}`, uri, i+2, i))
		if i%10 == 0 {
			p.request(fmt.Sprint(i), "textDocument/completion", `{"textDocument":{"uri":"`+uri+`"},"position":{"line":2,"character":0}}`)
		}
	}
	answers, versions := 0, []int{}
	for answers < edits/10 || len(versions) == 0 || versions[len(versions)-1] != edits+1 {
		m := p.receive()
		switch {
		case m.Method == "":
			answers++
		case m.Method == "textDocument/publishDiagnostics":
			var d struct {
				Version     int
				Diagnostics []json.RawMessage
			}
			if err := json.Unmarshal(m.Params, &d); err != nil || d.Version > 1 && len(d.Diagnostics) == 0 {
				t.Fatalf("%v: %s", err, m.Params)
			}
			if len(versions) > 0 && d.Version < versions[len(versions)-1] {
				t.Errorf("version %d after %d", d.Version, versions[len(versions)-1])
			}
			versions = append(versions, d.Version)
		}
	}
	if len(versions) > 20 {
		t.Errorf("%d lists of diagnostics waited for the editor", len(versions))
	}
}

func TestAnUntrustedWorkspaceGivesNothingOfItsOwn(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{
		InitOptions: map[string]any{"trusted": false, "settings": map[string]any{"workspacePlugins": true}},
		Files: map[string]string{
			".env": "NAME=x\n",
			".speclens/plugins/tiny.wasm": string(plugintest.Tiny{
				Info: `{"name":"tiny","version":"0.1.0","protocols":["tiny"]}`,
			}.Bytes()),
		},
		Server: lsp.Options{Plugins: []plugin.Option{plugin.WithCacheDir(t.TempDir())}},
	})
	const file = "a.qube.yaml"
	e.Open(file, lines("target: tiny://x", "tests:",
		`  - { name: one, alias: one, method: GO, resource: "{{ env.NAME }}", expect: { status: 200 } }`))
	found := fmt.Sprint(e.Diagnostics(file))
	if !strings.Contains(found, "tiny") || !strings.Contains(found, "NAME") {
		t.Errorf("without trust the plugin or the variable is known: %s", found)
	}
	uri := e.URI(file)
	e.Notify(command.DidChangeTrust, command.TrustParams{Trusted: true})
	e.Await("what trust gives", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) == 0 })
	if got := e.Run(file, "one", command.ScopeTest); got != "1 passed" {
		t.Errorf("the run ended with %q", got)
	}
	if _, err := os.Stat(filepath.Join(e.Dir, ".speclens", "plugins", "tiny.wasm")); err != nil {
		t.Error(err)
	}
}
