package lsp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

// api is an API to test.
type api struct {
	*httptest.Server
	// hits counts the requests; slow is closed when a slow one may be answered, begun gets one value for each that began.
	hits  atomic.Int64
	slow  chan struct{}
	begun chan struct{}
}

func startAPI(t *testing.T) *api {
	t.Helper()
	a := &api{slow: make(chan struct{}), begun: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"token": "t-1", "id": 7})
	})
	mux.HandleFunc("GET /users/7", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, map[string]any{"name": "Ada"})
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		a.begun <- struct{}{}
		select {
		case <-a.slow:
		case <-r.Context().Done():
		}
		answer(w, map[string]any{})
	})
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.hits.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

// awaitSlow waits until a slow request has begun.
func (a *api) awaitSlow(t *testing.T) {
	t.Helper()
	select {
	case <-a.begun:
	case <-time.After(patience):
		t.Fatal("the slow request does not begin")
	}
}

func (a *api) story() string {
	return strings.ReplaceAll(lines(
		"target: api",
		"targets: { api: URL }",
		"tests:",
		"  - name: log in",
		"    alias: auth",
		"    method: POST",
		"    resource: /login",
		"    body: { user: ada }",
		"    expect:",
		"      status: 200",
		"  - name: read my profile",
		"    alias: profile",
		"    method: GET",
		`    resource: "/users/{{ auth.response.body.id }}"`,
		`    headers: { Authorization: "Bearer {{ auth.response.body.token }}" }`,
		"    expect:",
		"      status: 200",
		"      body:",
		"        name: Grace",
		"  - name: wait",
		"    alias: wait",
		"    method: GET",
		"    resource: /slow",
		"    expect:",
		"      status: 200",
	), "URL", a.URL)
}

// TestTheMainJob is what the project is for: open, see what is wrong, run from the lens, see what came of it.
func TestTheMainJob(t *testing.T) {
	a := startAPI(t)
	close(a.slow)
	e := lsptest.Start(t, lsptest.Options{})
	const file = "story.qube.yaml"
	e.Open(file, strings.Replace(a.story(), "    expect:\n", "    retires: 3\n    expect:\n", 1))

	found := e.Diagnostics(file)
	if len(found) != 1 || !strings.Contains(message(found[0]), "retires") || !strings.Contains(message(found[0]), "retry") {
		t.Fatalf("diagnostics: %+v", found)
	}
	var fix lsptest.Action
	for _, action := range e.Actions(file, e.Span(file, found[0].Range), "quickfix") {
		if action.IsPreferred {
			fix = action
		}
	}
	if fix.Edit == nil {
		t.Fatalf("no preferred fix")
	}
	e.Apply(file, fix.Edit)
	e.Replace(file, "    retry: 3\n", "")
	if found := e.Diagnostics(file); len(found) > 0 {
		t.Fatalf("after the fix: %+v", found)
	}

	items := e.Complete(file, e.Find(file, "method: POST").Start+len("method: "))
	if !slices.ContainsFunc(items.Items, func(i protocol.CompletionItem) bool { return i.Label == "DELETE" }) {
		t.Errorf("methods to choose from: %v", labels(items))
	}
	if h := lsptest.HoverText(e.Hover(file, e.Find(file, "resource").Start+1)); h == "" {
		t.Error("no hover on `resource`")
	}

	lens := e.Lens(file, "read my profile", "▶ Run")
	e.Click(lens)
	e.Settle(file)
	hints := hintTexts(e.Hints(file))
	for _, want := range []string{"✓ 200", "✗ 200", "Sent", "Received"} {
		if !strings.Contains(hints, want) {
			t.Errorf("no hint with %q in:\n%s", want, hints)
		}
	}
	found = e.Diagnostics(file)
	if len(found) != 1 || source(found[0]) != "speclens-run" ||
		!strings.Contains(message(found[0]), "Grace") || !strings.Contains(message(found[0]), "Ada") {
		t.Fatalf("diagnostics of the run: %+v", found)
	}
	if got := e.Text(file)[e.Span(file, found[0].Range).Start:]; !strings.HasPrefix(got, "name: Grace") && !strings.HasPrefix(got, "Grace") {
		t.Errorf("the failure stands at %.20q", got)
	}
	if len(found[0].RelatedInformation) == 0 {
		t.Error("the failure does not tell what fed it")
	}
	if n := a.hits.Load(); n != 2 {
		t.Errorf("%d requests were sent: the test and what it needs are two", n)
	}

	// An edit of another test moves the result along; one of this test makes it stale.
	e.Replace(file, "  - name: log in", "  - name: log in again")
	if found := e.Diagnostics(file); len(found) != 1 {
		t.Errorf("after an edit elsewhere: %+v", found)
	}
	e.Replace(file, "        name: Grace", "        name: Ada")
	if found := e.Diagnostics(file); len(found) != 0 {
		t.Errorf("after an edit of the expectation: %+v", found)
	}
	if err := e.Shutdown(); err != nil {
		t.Error(err)
	}
}

func TestTheWholeResultIsShownOutsideTheWorkspace(t *testing.T) {
	a := startAPI(t)
	cache := t.TempDir()
	e := lsptest.Start(t, lsptest.Options{Server: lsp.Options{CacheDir: cache}})
	const file = "story.qube.yaml"
	e.Open(file, a.story())
	args := command.ShowResultArgs{URI: e.URI(file), TestID: "auth"}
	if err := e.TryExecute(command.ShowResult, args, nil); err == nil {
		t.Error("a test that never ran has a result")
	}
	e.Run(file, "auth", command.ScopeTest)
	var shown command.ShowResultResult
	e.Execute(command.ShowResult, args, &shown)
	path := strings.TrimPrefix(shown.URI, "file://")
	raw, err := os.ReadFile(path)
	if err != nil || !shown.Shown || !strings.HasPrefix(path, cache) {
		t.Fatalf("%+v: %v", shown, err)
	}
	var result struct {
		Status   string
		Response struct{ Body map[string]any }
		Events   []struct{ Event string }
	}
	err = json.Unmarshal(raw, &result)
	if err != nil || result.Status != "passed" || result.Response.Body["token"] != "t-1" || len(result.Events) < 2 {
		t.Errorf("%v: %s", err, raw)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v %v", info.Mode(), err)
	}
	if err := e.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the result outlives the session: %v", err)
	}
}

func TestARunIsCancelled(t *testing.T) {
	for name, cancel := range map[string]func(e *lsptest.Editor, runID string){
		"by the command": func(e *lsptest.Editor, runID string) {
			var told command.CancelResult
			e.Execute(command.Cancel, command.CancelArgs{RunID: runID}, &told)
			if len(told.Cancelled) != 1 {
				e.Fatalf("told %v", told)
			}
		},
		"by the command without an id":     func(e *lsptest.Editor, _ string) { e.Execute(command.Cancel, map[string]any{}, nil) },
		"by the command without arguments": func(e *lsptest.Editor, _ string) { e.Execute(command.Cancel, nil, nil) },
		"by its progress": func(e *lsptest.Editor, runID string) {
			e.Notify(protocol.MethodWindowWorkDoneProgressCancel, map[string]any{"token": runID})
		},
		"by the lens": func(e *lsptest.Editor, _ string) { e.Click(e.Lens("story.qube.yaml", "wait", "■ Cancel")) },
		"by the loss of trust": func(e *lsptest.Editor, _ string) {
			e.Notify(command.DidChangeTrust, command.TrustParams{Trusted: false})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAPI(t)
			e := lsptest.Start(t, lsptest.Options{})
			const file = "story.qube.yaml"
			e.Open(file, a.story())
			id := e.StartRun(command.RunArgs{URI: e.URI(file), TestID: "wait", Scope: command.ScopeTest})
			a.awaitSlow(t)
			// Anything else is answered while the run waits.
			if len(e.Symbols(file)) == 0 {
				t.Error("no symbols during a run")
			}
			cancel(e, id)
			if got := e.AwaitRun(id); !strings.Contains(got, "cancelled") {
				t.Errorf("the run ended with %q", got)
			}
			e.Settle(file)
			for _, h := range e.Hints(file) {
				if strings.Contains(hintTexts([]protocol.InlayHint{h}), "running") {
					t.Error("a cancelled test still runs, says its hint")
				}
			}
			if lens := e.Lens(file, "wait", "▶ Run"); lens.Command.Command != command.Run {
				t.Errorf("the lens of the cancelled test: %+v", lens)
			}
		})
	}
}

func TestTheEndOfTheSessionEndsItsRuns(t *testing.T) {
	for name, end := range map[string]func(e *lsptest.Editor){
		"shutdown": func(e *lsptest.Editor) { _ = e.Shutdown() },
		"a signal": func(e *lsptest.Editor) { e.Stop() },
		"a break":  func(e *lsptest.Editor) { e.Break() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAPI(t)
			e := lsptest.Start(t, lsptest.Options{})
			e.Open("story.qube.yaml", a.story())
			e.StartRun(command.RunArgs{URI: e.URI("story.qube.yaml"), TestID: "wait"})
			a.awaitSlow(t)
			end(e)
			started := time.Now()
			_ = e.Wait()
			if took := time.Since(started); took > 15*time.Second {
				t.Errorf("the server took %v to end", took)
			}
		})
	}
}

func TestWhatMayNotRunIsRefused(t *testing.T) {
	a := startAPI(t)
	e := lsptest.Start(t, lsptest.Options{Files: map[string]string{"docker-compose.yaml": "services: {}\n"}})
	const file = "story.qube.yaml"
	e.Open(file, a.story())
	e.OpenAs("docker-compose.yaml", "yaml", "services: {}\n")
	uri := e.URI(file)
	e.Lenses(file) // offers version 1
	e.Replace(file, "name: read my profile", "name: read my own profile")
	e.Lenses(file) // offers version 2
	one, two, seven := int32(1), int32(2), int32(7)
	for name, tc := range map[string]struct {
		args any
		want string // in the error
	}{
		"no arguments":                   {nil, "uri is missing"},
		"a text as argument":             {"auth", "malformed"},
		"a number as uri":                {map[string]any{"uri": 5}, "malformed"},
		"an unknown file":                {command.RunArgs{URI: "file:///nowhere.qube.yaml"}, "not a spec"},
		"a file that is no spec":         {command.RunArgs{URI: e.URI("docker-compose.yaml")}, "not a spec"},
		"an unknown test":                {command.RunArgs{URI: uri, TestID: "nope"}, "no test"},
		"an unknown scope":               {command.RunArgs{URI: uri, TestID: "auth", Scope: "all"}, "no scope"},
		"a scope without test":           {command.RunArgs{URI: uri, Scope: command.ScopeTest}, "no test"},
		"a test that changed since":      {command.RunArgs{URI: uri, TestID: "profile", Version: &one}, "changed since version 1"},
		"a version that nobody has seen": {command.RunArgs{URI: uri, TestID: "auth", Version: &seven}, "changed since version 7"},
	} {
		t.Run(name, func(t *testing.T) {
			err := e.TryExecute(command.Run, tc.args, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
	if n := a.hits.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	t.Run("but not a test that stayed the same in an older version", func(t *testing.T) {
		e.AwaitRun(e.StartRun(command.RunArgs{URI: uri, TestID: "auth", Version: &one}))
		e.AwaitRun(e.StartRun(command.RunArgs{URI: uri, TestID: "profile", Version: &two}))
	})
	t.Run("an unknown command", func(t *testing.T) {
		if err := e.TryExecute("rm -rf", nil, nil); err == nil || !strings.Contains(err.Error(), "no command") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("two arguments", func(t *testing.T) {
		err := e.Try(protocol.MethodWorkspaceExecuteCommand, map[string]any{"command": command.Run, "arguments": []any{1, 2}}, nil)
		if err == nil || !strings.Contains(err.Error(), "one argument") {
			t.Errorf("got %v", err)
		}
	})
}

const protectedProject = `environments:
  local: { targets: { api: URL } }
  production: { protected: true, targets: { api: URL } }
`

func TestEnvironments(t *testing.T) {
	const file = "tests/a.qube.yaml"
	spec := lines("target: api", "tests:", "  - { name: log in, alias: auth, method: POST, resource: /login, expect: { status: 200 } }")
	start := func(t *testing.T, answer func(string, []string) string) (*api, *lsptest.Editor) {
		t.Helper()
		a := startAPI(t)
		e := lsptest.Start(t, lsptest.Options{
			Answer: answer, Files: map[string]string{".qube.yaml": strings.ReplaceAll(protectedProject, "URL", a.URL)},
		})
		e.Open(file, spec)
		return a, e
	}
	choose := func(e *lsptest.Editor, name *string) (string, error) {
		var result command.SetEnvironmentResult
		err := e.TryExecute(command.SetEnvironment, command.SetEnvironmentArgs{URI: e.URI(file), Name: name}, &result)
		return result.Name, err
	}
	local, production, nowhere := "local", "production", "nowhere"

	t.Run("chosen by name", func(t *testing.T) {
		a, e := start(t, nil)
		if name, err := choose(e, &local); err != nil || name != "local" {
			t.Fatalf("%q, %v", name, err)
		}
		e.Run(file, "auth", command.ScopeTest)
		if a.hits.Load() != 1 {
			t.Error("the environment's target was not used")
		}
		if _, err := choose(e, &nowhere); err == nil || !strings.Contains(err.Error(), "no environment") {
			t.Errorf("an environment that does not exist: %v", err)
		}
	})
	t.Run("chosen by the user", func(t *testing.T) {
		_, e := start(t, func(_ string, choices []string) string { return choices[0] })
		if name, err := choose(e, nil); err != nil || name != "local" {
			t.Fatalf("%q, %v", name, err)
		}
	})
	t.Run("not chosen after all", func(t *testing.T) {
		_, e := start(t, func(string, []string) string { return "" })
		if _, err := choose(e, &local); err != nil {
			t.Fatal(err)
		}
		if name, err := choose(e, nil); err != nil || name != "local" {
			t.Fatalf("%q, %v", name, err)
		}
	})
	t.Run("a protected one asks before it runs", func(t *testing.T) {
		a, e := start(t, func(string, []string) string { return "Run" })
		if _, err := choose(e, &production); err != nil {
			t.Fatal(err)
		}
		e.Run(file, "auth", command.ScopeTest)
		if a.hits.Load() != 1 {
			t.Error("a confirmed run did not run")
		}
	})
	t.Run("a protected one does not run without a yes", func(t *testing.T) {
		a, e := start(t, func(string, []string) string { return "Cancel" })
		if _, err := choose(e, &production); err != nil {
			t.Fatal(err)
		}
		e.StartRun(command.RunArgs{URI: e.URI(file)})
		e.Await("the question", func(s *lsptest.State) bool { return len(s.Questions) == 1 })
		if err := e.Shutdown(); err != nil {
			t.Error(err)
		}
		if a.hits.Load() != 0 {
			t.Error("a run that nobody confirmed ran")
		}
	})
	t.Run("without any there is nothing to choose", func(t *testing.T) {
		e := lsptest.Start(t, lsptest.Options{})
		e.Open(file, spec)
		if _, err := choose(e, nil); err == nil || !strings.Contains(err.Error(), "environment") {
			t.Errorf("got %v", err)
		}
	})
}

func TestABurstOfEditsEndsConsistent(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, smallSpec)
	random := rand.New(rand.NewPCG(1, 2))
	snippets := []string{"😀", "\r\n", "\n  - name: x\n", "{{ ", " }}", "expect:", "\t", "é", "", "retires: 3\n", "\"", "|\n"}
	for range 200 {
		n := len(e.Text(file))
		start := random.IntN(n + 1)
		end := min(n, start+random.IntN(4))
		e.Edit(file, text.Edit{Span: text.Span{Start: start, End: end}, New: snippets[random.IntN(len(snippets))]})
	}
	got := e.Diagnostics(file)
	symbols := fmt.Sprint(e.Symbols(file))

	fresh := lsptest.Start(t, lsptest.Options{})
	fresh.Open(file, e.Text(file))
	want := fresh.Diagnostics(file)
	equal := func(a, b protocol.Diagnostic) bool { return a.Range == b.Range && message(a) == message(b) }
	if !slices.EqualFunc(got, want, equal) {
		t.Errorf("diagnostics after 200 edits of\n%s:\n%+v\nof a fresh server:\n%+v", e.Text(file), got, want)
	}
	if want := fmt.Sprint(fresh.Symbols(file)); symbols != want {
		t.Errorf("symbols after 200 edits:\n%s\nof a fresh server:\n%s", symbols, want)
	}
	e.Look(func(s *lsptest.State) {
		last := int32(0)
		for _, p := range s.Publications[e.URI(file)] {
			if !p.Versioned || p.Version < last {
				t.Errorf("version %d was published after %d", p.Version, last)
			}
			last = p.Version
		}
	})
}

func TestARequestBetweenTwoEditsSeesTheTextBetweenThem(t *testing.T) {
	p := dial(t, lsp.Options{})
	p.initialize(`{"textDocument":{"documentSymbol":{"hierarchicalDocumentSymbolSupport":true}}}`)
	const uri = "file:///a.qube.yaml"
	p.open(uri, smallSpec)
	var all strings.Builder
	for i := range 50 {
		change := fmt.Sprintf(`{"textDocument":{"uri":"%s","version":%d},`+
			`"contentChanges":[{"text":"tests:\n  - name: number %d\n"}]}`, uri, i+2, i)
		all.WriteString(frame(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":` + change + `}`))
		all.WriteString(frame(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"textDocument/documentSymbol",`+
			`"params":{"textDocument":{"uri":"%s"}}}`, i, uri)))
	}
	go p.bytes(all.String())
	answers := 0
	for answers < 50 {
		m := p.receive()
		if m.Method != "" {
			continue
		}
		answers++
		if want := fmt.Sprintf(`"number %s"`, m.ID); !strings.Contains(string(m.Result), want) {
			t.Errorf("request %s saw %s", m.ID, m.Result)
		}
	}
}

func TestServerRequestsThatNobodyAnswersHoldUpNothing(t *testing.T) {
	a := startAPI(t)
	close(a.slow)
	e := lsptest.Start(t, lsptest.Options{Silent: true})
	const file = "story.qube.yaml"
	e.Open(file, a.story())
	e.Diagnostics(file)
	e.StartRun(command.RunArgs{URI: e.URI(file), TestID: "auth"})
	if len(e.Symbols(file)) == 0 {
		t.Error("no symbols")
	}
	e.Await("a progress that the editor is asked for", func(s *lsptest.State) bool {
		return s.Refreshes[protocol.MethodWindowWorkDoneProgressCreate] == 1
	})
	started := time.Now()
	if err := e.Shutdown(); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > 15*time.Second {
		t.Errorf("shutdown took %v", took)
	}
}

func TestConfigurationComesFromEveryLayer(t *testing.T) {
	a := startAPI(t)
	const file = "story.qube.yaml"
	hints := func(e *lsptest.Editor) string {
		e.Open(file, a.story())
		e.Run(file, "auth", command.ScopeTest)
		return hintTexts(e.Hints(file))
	}
	off := map[string]any{"inlayHints": map[string]any{"events": false}}
	t.Run("initializationOptions", func(t *testing.T) {
		e := lsptest.Start(t, lsptest.Options{InitOptions: map[string]any{"settings": off}})
		if got := hints(e); strings.Contains(got, "Sent") || !strings.Contains(got, "✓") {
			t.Errorf("hints:\n%s", got)
		}
	})
	t.Run("workspace/configuration", func(t *testing.T) {
		e := lsptest.Start(t, lsptest.Options{Configuration: off})
		e.Await("the question", func(s *lsptest.State) bool { return s.Refreshes[protocol.MethodWorkspaceConfiguration] > 0 })
		if got := hints(e); strings.Contains(got, "Sent") || !strings.Contains(got, "✓") {
			t.Errorf("hints:\n%s", got)
		}
	})
	t.Run("didChangeConfiguration", func(t *testing.T) {
		caps := lsptest.Overlay(lsptest.Capable(), map[string]any{"workspace": map[string]any{"configuration": false}})
		e := lsptest.Start(t, lsptest.Options{Capabilities: caps})
		for _, nonsense := range []any{
			nil, 5, map[string]any{"settings": nil}, map[string]any{"settings": map[string]any{"speclens": 7, "editor": "x"}},
		} {
			e.Notify(protocol.MethodWorkspaceDidChangeConfiguration, nonsense)
		}
		e.Notify(protocol.MethodWorkspaceDidChangeConfiguration, map[string]any{"settings": map[string]any{"speclens": off}})
		if got := hints(e); strings.Contains(got, "Sent") || !strings.Contains(got, "✓") {
			t.Errorf("hints:\n%s", got)
		}
	})
	t.Run("null", func(t *testing.T) {
		e := lsptest.Start(t, lsptest.Options{})
		if got := hints(e); !strings.Contains(got, "Sent") {
			t.Errorf("hints:\n%s", got)
		}
	})
}

func TestAServerLeavesNothingBehind(t *testing.T) {
	a := startAPI(t)
	close(a.slow)
	round := func() {
		e := lsptest.Start(t, lsptest.Options{})
		e.Open("story.qube.yaml", a.story())
		e.Run("story.qube.yaml", "", command.ScopeFile)
		if err := e.Shutdown(); err != nil {
			t.Fatal(err)
		}
	}
	round()
	http.DefaultClient.CloseIdleConnections()
	before := runtime.NumGoroutine()
	for range 5 {
		round()
	}
	a.CloseClientConnections()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for runtime.NumGoroutine() > before+2 {
		select {
		case <-ctx.Done():
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		case <-time.After(5 * time.Millisecond): // the end of a goroutine tells nobody
		}
	}
}

func message(d protocol.Diagnostic) string { s, _ := d.Message.(protocol.String); return string(s) }

func source(d protocol.Diagnostic) string { s, _ := d.Source.Get(); return s }

func labels(list *protocol.CompletionList) []string {
	var out []string
	for _, i := range list.Items {
		out = append(out, i.Label)
	}
	return out
}

func hintTexts(hints []protocol.InlayHint) string {
	var b strings.Builder
	for _, h := range hints {
		label, _ := h.Label.(protocol.String)
		fmt.Fprintf(&b, "%d: %s\n", h.Position.Line+1, label)
	}
	return b.String()
}
