package lsp_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
	"github.com/speclens/speclens/schema"
)

// fakePlugin is a plugin for the protocol fake that does what a test wants.
type fakePlugin struct {
	validate func(plugin.TestInput) []plugin.FieldError
	execute  func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error)

	mu    sync.Mutex
	asked []string // resources that Validate was asked about; guarded by mu
}

func (p *fakePlugin) Info() plugin.PluginInfo {
	return plugin.PluginInfo{Name: "fake", Version: "1.2.3", Protocols: []schema.Protocol{"fake"}, Templates: true}
}

func (p *fakePlugin) Init(context.Context, map[string]any) error { return nil }

func (p *fakePlugin) Validate(in plugin.TestInput) []plugin.FieldError {
	p.mu.Lock()
	p.asked = append(p.asked, in.Resource)
	p.mu.Unlock()
	if p.validate == nil {
		return nil
	}
	return p.validate(in)
}

func (p *fakePlugin) Execute(ctx context.Context, in plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
	return p.execute(ctx, in, emit)
}

func (p *fakePlugin) Close() error { return nil }

func (p *fakePlugin) questions() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.asked, " ")
	p.asked = nil
	return all
}

func withPlugin(p plugin.Plugin) lsp.Options {
	return lsp.Options{Plugins: []plugin.Option{plugin.WithBuiltins(p)}}
}

const fakeSpec = `target: fake://somewhere
tests:
  - { name: one, alias: one, method: GO, resource: /good, expect: { status: 1 } }
  - { name: two, alias: two, method: GO, resource: /bad, expect: { status: 1 } }
`

func complainAboutBad(in plugin.TestInput) []plugin.FieldError {
	if strings.HasPrefix(in.Resource, "/bad") {
		return []plugin.FieldError{{Field: "resource", Message: "this is bad"}}
	}
	return nil
}

func TestPluginsAreAskedAboutWhatChangedOnly(t *testing.T) {
	fake := &fakePlugin{validate: complainAboutBad}
	e := lsptest.Start(t, lsptest.Options{Server: withPlugin(fake)})
	const file = "a.qube.yaml"
	e.Open(file, fakeSpec)
	expect := func(questions string, findings int) {
		t.Helper()
		found := e.Diagnostics(file)
		n := 0
		for _, d := range found {
			if source(d) == "speclens-plugin" && message(d) == "this is bad" {
				n++
			}
		}
		if got := fake.questions(); got != questions || n != findings {
			t.Errorf("asked about %q, want %q; %d findings, want %d: %+v", got, questions, n, findings, found)
		}
	}
	expect("/good /bad", 1)
	e.Replace(file, "name: one", "name: the first")
	expect("", 1) // a name is not the plugin's business
	e.Replace(file, "tests:\n", "tests:\n\n  # a comment\n")
	expect("", 1)
	e.Replace(file, "/good", "/bad/too")
	expect("/bad/too", 2)
	e.Replace(file, "/bad/too", "/good")
	expect("/good", 1)

	e.Look(func(s *lsptest.State) {
		seen := false
		for _, p := range s.Publications[e.URI(file)] {
			n := 0
			for _, d := range p.Diagnostics {
				if message(d) == "this is bad" {
					n++
				}
			}
			if seen && n == 0 {
				t.Errorf("the finding vanished for a while: %+v", p)
			}
			seen = seen || n > 0
		}
	})
}

func TestASlowPluginHoldsUpNothing(t *testing.T) {
	release := make(chan struct{})
	begun := make(chan struct{}, 100)
	fake := &fakePlugin{validate: func(in plugin.TestInput) []plugin.FieldError {
		begun <- struct{}{}
		<-release
		return complainAboutBad(in)
	}}
	e := lsptest.Start(t, lsptest.Options{Server: withPlugin(fake)})
	const file = "a.qube.yaml"
	uri := e.URI(file)
	e.Open(file, fakeSpec)
	select {
	case <-begun:
	case <-time.After(patience):
		t.Fatal("the plugin is not asked")
	}
	// While the plugin thinks, the user types and everything else is answered.
	for range 20 {
		e.Replace(file, "name: one", "name: one")
		e.Symbols(file)
		e.Hover(file, e.Find(file, "method").Start)
		e.Complete(file, e.Find(file, "GO").End)
	}
	close(release)
	e.Await("the plugin's finding", func(s *lsptest.State) bool {
		p := s.Published[uri]
		return p.Version == e.Version(file) && len(p.Diagnostics) == 1
	})
}

func TestAPluginThatPanicsTakesNothingDown(t *testing.T) {
	fake := &fakePlugin{
		validate: func(plugin.TestInput) []plugin.FieldError { panic("a bug in validate") },
		execute: func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
			panic("a bug in execute")
		},
	}
	e := lsptest.Start(t, lsptest.Options{Server: withPlugin(fake), AllowErrors: true})
	const file = "a.qube.yaml"
	e.Open(file, strings.Replace(fakeSpec, ", expect: { status: 1 }", "", 1))
	uri := e.URI(file)
	e.Await("what the checks find", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) > 0 })
	e.SetText(file, fakeSpec)
	e.Await("that it is mended", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) == 0 })
	if got := e.AwaitRun(e.StartRun(command.RunArgs{URI: uri})); !strings.Contains(got, "2 errored") {
		t.Errorf("the run ended with %q", got)
	}
	if names(e, file) != "one, two" {
		t.Error("the server is not what it was")
	}
}

func TestPluginFilesAreLoadedAndReloaded(t *testing.T) {
	dir := t.TempDir()
	good := plugintest.Tiny{Info: `{"name":"tiny","version":"0.1.0","protocols":["tiny"]}`}.Bytes()
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("empty.wasm", nil)
	put("truncated.wasm", good[:len(good)/2])
	put("tiny.wasm", []byte("not a module"))
	e := lsptest.Start(t, lsptest.Options{Server: lsp.Options{
		PluginDirs: []string{dir},
		Plugins:    []plugin.Option{plugin.WithBuiltins(httpplugin.New()), plugin.WithCacheDir(t.TempDir())},
	}})
	for _, name := range []string{"empty", "truncated", "tiny"} {
		e.Await("a message about "+name, func(s *lsptest.State) bool {
			for _, m := range s.Messages {
				if strings.Contains(m, name) && strings.Contains(m, "load") {
					return true
				}
			}
			return false
		})
	}
	const file = "a.qube.yaml"
	e.Open(file, lines("target: tiny://x", "tests:", "  - { name: one, alias: one, method: GO, resource: /a, expect: { status: 200 } }"))
	if found := e.Diagnostics(file); len(found) != 1 || !strings.Contains(message(found[0]), "tiny") {
		t.Fatalf("without the plugin: %+v", found)
	}
	if items := e.Complete(file, e.Find(file, "target: ").End); len(items.Items) == 0 {
		t.Error("the built-in plugin does not help either")
	}

	put("tiny.wasm", good)
	uri := e.URI(file)
	e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, map[string]any{
		"changes": []any{map[string]any{"uri": e.URI(filepath.Join(dir, "tiny.wasm")), "type": 2}},
	})
	e.Await("the plugin's protocol", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) == 0 })
	if got := e.Run(file, "one", command.ScopeTest); got != "1 passed" {
		t.Errorf("the run ended with %q", got)
	}

	if err := os.Remove(filepath.Join(dir, "tiny.wasm")); err != nil {
		t.Fatal(err)
	}
	e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, map[string]any{
		"changes": []any{map[string]any{"uri": e.URI(filepath.Join(dir, "tiny.wasm")), "type": 3}},
	})
	e.Await("its loss", func(s *lsptest.State) bool {
		for _, d := range s.Published[uri].Diagnostics {
			if strings.Contains(message(d), "tiny") {
				return true
			}
		}
		return false
	})
}

func TestTheMemoryOfAllPluginsIsASetting(t *testing.T) {
	dir := t.TempDir()
	large := plugintest.Tiny{Info: `{"name":"tiny","version":"0.1.0","protocols":["tiny"]}`, Pages: 12 << 4}.Bytes()
	if err := os.WriteFile(filepath.Join(dir, "tiny.wasm"), large, 0o644); err != nil {
		t.Fatal(err)
	}
	setting := func(mebibytes int) map[string]any {
		return map[string]any{"settings": map[string]any{"plugins": map[string]any{"memory": mebibytes}}}
	}
	e := lsptest.Start(t, lsptest.Options{
		Capabilities: lsptest.Overlay(lsptest.Capable(), map[string]any{"workspace": map[string]any{"configuration": false}}),
		InitOptions:  setting(8),
		Server:       lsp.Options{PluginDirs: []string{dir}, Plugins: []plugin.Option{plugin.WithCacheDir("")}},
	})
	e.Await("a message that names the limit", func(s *lsptest.State) bool {
		return strings.Contains(strings.Join(s.Messages, "\n"),
			"plugin tiny: load: it wants 12 MiB of memory, and all plugins together may hold 8 MiB; raise speclens.plugins.memory")
	})
	const file = "a.qube.yaml"
	e.Open(file, lines("target: tiny://x", "tests:", "  - { name: one, method: GO, resource: /a, expect: { status: 200 } }"))
	e.Notify(protocol.MethodWorkspaceDidChangeConfiguration, setting(16))
	uri := e.URI(file)
	e.Await("the plugin's protocol", func(s *lsptest.State) bool {
		p, ok := s.Published[uri]
		return ok && len(p.Diagnostics) == 0
	})
}

func TestAnEditorThatWatchesNoFilesIsPolledFor(t *testing.T) {
	dir := t.TempDir()
	caps := lsptest.Overlay(lsptest.Capable(), map[string]any{"workspace": map[string]any{"didChangeWatchedFiles": nil}})
	a := startAPI(t)
	e := lsptest.Start(t, lsptest.Options{
		Capabilities: caps, Files: map[string]string{".env": "PLACE=/nowhere\n"},
		Server: lsp.Options{
			PluginDirs: []string{dir},
			Plugins:    []plugin.Option{plugin.WithBuiltins(httpplugin.New()), plugin.WithCacheDir(t.TempDir())},
		},
	})
	const file = "a.qube.yaml"
	e.Open(file, strings.ReplaceAll(lines("target: URL", "tests:",
		`  - { name: one, alias: one, method: POST, resource: "{{ env.PLACE }}", expect: { status: 200 } }`), "URL", a.URL))
	e.Diagnostics(file)
	// The environment is read again before each run.
	e.Write(".env", "PLACE=/login\n")
	if got := e.AwaitRun(e.StartRun(command.RunArgs{URI: e.URI(file), TestID: "one"})); got != "1 passed" {
		t.Errorf("the run ended with %q", got)
	}
	// Plugins are looked for every now and then.
	e.Open("b.qube.yaml", lines("target: tiny://x", "tests:", "  - { name: one, method: GO, resource: /a, expect: { status: 200 } }"))
	if len(e.Diagnostics("b.qube.yaml")) == 0 {
		t.Error("a protocol that nobody serves is no problem")
	}
	good := plugintest.Tiny{Info: `{"name":"tiny","version":"0.1.0","protocols":["tiny"]}`}.Bytes()
	if err := os.WriteFile(filepath.Join(dir, "tiny.wasm"), good, 0o644); err != nil {
		t.Fatal(err)
	}
	uri := e.URI("b.qube.yaml")
	e.Await("the plugin's protocol", func(s *lsptest.State) bool { return len(s.Published[uri].Diagnostics) == 0 })
}

func TestChangesOnTheDiskAreTakenIn(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{Files: map[string]string{
		".qube.yaml": "targets: { api: http://127.0.0.1:1 }\n",
		".env":       "TOKEN=x\n",
	}})
	const file = "a.qube.yaml"
	e.Open(file, lines("target: web", "tests:", `  - { name: one, method: GET, resource: "/{{ env.OTHER }}", expect: { status: 200 } }`))
	if found := e.Diagnostics(file); len(found) != 2 {
		t.Fatalf("diagnostics: %+v", found)
	}
	changed := func(name string) func() {
		return func() {
			e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, map[string]any{
				"changes": []any{map[string]any{"uri": e.URI(name), "type": 2}},
			})
		}
	}
	e.Write(".qube.yaml", "targets: { web: http://127.0.0.1:1 }\n")
	if found := e.Rediagnosed(file, changed(".qube.yaml")); len(found) != 1 {
		t.Errorf("after the configuration changed: %+v", found)
	}
	e.Write(".env", "OTHER=x\n")
	if found := e.Rediagnosed(file, changed(".env")); len(found) != 0 {
		t.Errorf("after .env changed: %+v", found)
	}
}

func TestWorkspaceFoldersComeAndGo(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{Files: map[string]string{"one/x": "", "two/.env": "NAME=x\n"}})
	e.Open("two/a.qube.yaml", smallSpec)
	e.Diagnostics("two/a.qube.yaml")
	folder := func(name string) map[string]any { return map[string]any{"uri": e.URI(name), "name": name} }
	e.Rediagnosed("two/a.qube.yaml", func() {
		e.Notify(protocol.MethodWorkspaceDidChangeWorkspaceFolders, map[string]any{
			"event": map[string]any{"added": []any{folder("two"), folder("two")}, "removed": []any{}},
		})
	})
	e.Rediagnosed("two/a.qube.yaml", func() {
		e.Notify(protocol.MethodWorkspaceDidChangeWorkspaceFolders, map[string]any{
			"event": map[string]any{"added": []any{}, "removed": []any{folder("two"), folder("nowhere")}},
		})
	})
	if names(e, "two/a.qube.yaml") != "first" {
		t.Error("the document is gone with its folder")
	}
}
