package lsp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/lsp"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

// puller starts an editor that asks for diagnostics.
func puller(t *testing.T, opts lsptest.Options) *lsptest.Editor {
	t.Helper()
	if opts.Capabilities == nil {
		opts.Capabilities = lsptest.Pulling()
	}
	return lsptest.Start(t, opts)
}

// refreshes is how often the server asked to be asked again.
func refreshes(e *lsptest.Editor) (n int) {
	e.Look(func(s *lsptest.State) { n = s.Refreshes[protocol.MethodWorkspaceDiagnosticRefresh] })
	return n
}

// refreshed waits until the server asks to be asked again, after n times.
func refreshed(e *lsptest.Editor, n int) {
	e.Await("a request to ask again", func(s *lsptest.State) bool { return s.Refreshes[protocol.MethodWorkspaceDiagnosticRefresh] > n })
}

// pullUntil asks again whenever the server says so, until the report has or lacks a text.
func pullUntil(e *lsptest.Editor, file, what string, want bool) lsptest.Report {
	for {
		n := refreshes(e)
		if r := e.Pull(file, ""); strings.Contains(string(r.Items), what) == want {
			return r
		}
		refreshed(e, n)
	}
}

// broken are texts with findings of every source but runs, in many places.
var broken = map[string]string{
	"fields.qube.yaml":  strings.Replace(smallSpec, "    method: GET", "    retires: 3\n    method: FETCH IT\n    tiemout: 2s", 1),
	"syntax.qube.yaml":  "tests:\n  - name: \"one\n    resource: {a: [b\n  - name: two\n\tx: 1\n  - {name: three, name: 3}\n",
	"unicode.qube.yaml": "\ufefftests:\r\n  - name: \"😀 é\"\r\n    nmae: \"😀\"\r\n    resource: {{ x }}\r\n    # 𝄞\r\n    retires: '𝄞'\r\n",
	"names.qube.yaml": "target: http://127.0.0.1:1\ntests:\n  - name: a\n    alias: same\n    resource: \"/{{ nobody }}\"\n" +
		"  - name: b\n    alias: same\n    depends: [c]\n    resource: \"/{{ auth.response.body.id }}\"\n",
	"fine.qube.yaml": smallSpec,
	".qube.yaml":     "targets: {api: 5}\nenvironmentss: {}\n",
	"other.txt":      "tests: [",
}

func TestAnEditorThatAsksGetsWhatOthersAreSentInTheSameOrder(t *testing.T) {
	files := map[string]string{"login.qube.yaml": provider}
	for name, content := range broken {
		files[name] = content
	}
	for _, encoding := range []string{"utf-8", "utf-16", "utf-32"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			general := map[string]any{"general": map[string]any{"positionEncodings": []string{encoding}}}
			pushed := lsptest.Start(t, lsptest.Options{Files: files, Capabilities: lsptest.Overlay(lsptest.Capable(), general)})
			asking := puller(t, lsptest.Options{Files: files, Capabilities: lsptest.Overlay(lsptest.Pulling(), general)})
			total := 0
			for name, content := range broken {
				language := "qube"
				if name == "other.txt" {
					language = "yaml"
				}
				pushed.OpenAs(name, language, content)
				asking.OpenAs(name, language, content)
			}
			for name := range broken {
				asking.Diagnostics(name)
			}
			for name := range broken {
				sent, err := protocol.Marshal(pushed.Settle(name))
				if err != nil {
					t.Fatal(err)
				}
				total += len(sent)
				asking.Settle(name)
				got := asking.Pull(name, "")
				sent = bytes.ReplaceAll(sent, []byte(pushed.Dir), []byte("DIR"))
				items := bytes.ReplaceAll(got.Items, []byte(asking.Dir), []byte("DIR"))
				if string(sent) == "null" {
					sent = []byte("[]")
				}
				if !bytes.Equal(sent, items) {
					t.Errorf("%s: sent\n%s\nasked for\n%s", name, sent, items)
				}
			}
			if total < 1000 {
				t.Errorf("there was hardly anything to compare: %d bytes", total)
			}
			asking.Look(func(s *lsptest.State) {
				if len(s.Published) != 0 {
					t.Errorf("an editor that asks was sent %v", s.Published)
				}
			})
		})
	}
}

func TestAReportThatTheEditorHasIsNotSentAgain(t *testing.T) {
	e := puller(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, broken["fields.qube.yaml"])
	e.Settle(file)
	first := e.Pull(file, "")
	if first.Kind != "full" || first.ResultID == "" || len(first.Diagnostics(t)) == 0 {
		t.Fatalf("the first report is %+v", first)
	}
	if again := e.Pull(file, first.ResultID); again.Kind != "unchanged" || again.ResultID != first.ResultID || again.Items != nil {
		t.Errorf("asked again: %+v", again)
	}
	// An editor moves what it shows: the line that goes and comes back took its mark along.
	e.Replace(file, "    retires: 3\n", "")
	e.Replace(file, "    method: FETCH IT\n", "    retires: 3\n    method: FETCH IT\n")
	e.Settle(file)
	if again := e.Pull(file, first.ResultID); again.Kind != "full" || !bytes.Equal(again.Items, first.Items) {
		t.Errorf("after the line came back: %+v", again)
	}
	e.SetText(file, smallSpec)
	e.Settle(file)
	empty := e.Pull(file, first.ResultID)
	if empty.Kind != "full" || string(empty.Items) != "[]" {
		t.Errorf("without findings: %+v", empty)
	}
	e.Replace(file, "name: first", "name: one")
	if again := e.Pull(file, empty.ResultID); again.Kind != "unchanged" {
		t.Errorf("still without findings: %+v", again)
	}
}

// slowValidate is a plugin whose Validate waits to be let through.
type slowValidate struct {
	*httpplugin.Plugin
	gate  chan struct{}
	calls atomic.Int32
}

func (p *slowValidate) Validate(in plugin.TestInput) []plugin.FieldError {
	p.calls.Add(1)
	<-p.gate
	return []plugin.FieldError{{Field: "resource", Message: "the plugin minds " + in.Resource}}
}

func TestWhatPluginsFindFollowsAndNeverFlashesAway(t *testing.T) {
	slow := &slowValidate{Plugin: httpplugin.New(), gate: make(chan struct{}, 100)}
	e := puller(t, lsptest.Options{Server: lsp.Options{Plugins: []plugin.Option{plugin.WithBuiltins(slow)}}})
	const file = "a.qube.yaml"
	e.Open(file, broken["fields.qube.yaml"])
	// The answer does not wait for plugins.
	if r := e.Pull(file, ""); !strings.Contains(string(r.Items), "retires") || strings.Contains(string(r.Items), "minds") {
		t.Fatalf("before the plugin answered: %s", r.Items)
	}
	slow.gate <- struct{}{}
	pullUntil(e, file, "the plugin minds /a", true)
	// The plugin thinks about the edited test; what it said before stays until it has.
	for i := range 5 {
		old := fmt.Sprintf("resource: /a%s\n", strings.Repeat("b", i))
		e.Replace(file, old, strings.Replace(old, "\n", "b\n", 1))
		if r := e.Pull(file, ""); !strings.Contains(string(r.Items), "the plugin minds /a") {
			t.Fatalf("while the plugin thinks: %s", r.Items)
		}
	}
	for range 10 {
		slow.gate <- struct{}{}
	}
	pullUntil(e, file, "the plugin minds /abbbbb", true)
}

func TestTheEditorIsAskedToAskAgain(t *testing.T) {
	a := startAPI(t)
	close(a.slow)
	t.Run("when another file is edited", func(t *testing.T) {
		e := puller(t, lsptest.Options{Files: map[string]string{"login.qube.yaml": provider}})
		e.Open("user.qube.yaml", user)
		pullUntil(e, "user.qube.yaml", "unknown", false)
		e.Open("login.qube.yaml", provider)
		e.Settle("login.qube.yaml")
		e.Replace("login.qube.yaml", "alias: auth", "alias: other")
		pullUntil(e, "user.qube.yaml", "template.unknown-name", true)
		e.Replace("login.qube.yaml", "alias: other", "alias: auth")
		pullUntil(e, "user.qube.yaml", "template.unknown-name", false)
	})
	t.Run("when a file changes on the disk", func(t *testing.T) {
		e := puller(t, lsptest.Options{Files: map[string]string{"login.qube.yaml": provider}})
		e.Open("user.qube.yaml", user)
		pullUntil(e, "user.qube.yaml", "template.unknown-name", false)
		if err := os.Remove(filepath.Join(e.Dir, "login.qube.yaml")); err != nil {
			t.Fatal(err)
		}
		changed(e, "login.qube.yaml")
		pullUntil(e, "user.qube.yaml", "template.unknown-name", true)
	})
	t.Run("when the configuration is edited", func(t *testing.T) {
		e := puller(t, lsptest.Options{})
		e.Open(".qube.yaml", "targets: {api: http://127.0.0.1:1}\n")
		e.Open("a.qube.yaml", strings.Replace(smallSpec, "http://127.0.0.1:1", "api", 1))
		pullUntil(e, "a.qube.yaml", "target.", false)
		e.Replace(".qube.yaml", "api:", "apy:")
		pullUntil(e, "a.qube.yaml", "target.", true)
	})
	t.Run("when settings change", func(t *testing.T) {
		e := puller(t, lsptest.Options{Capabilities: lsptest.Overlay(lsptest.Pulling(), map[string]any{
			"workspace": map[string]any{"configuration": nil},
		})})
		e.Open("a.qube.yaml", broken["fields.qube.yaml"])
		before := pullUntil(e, "a.qube.yaml", "retires", true)
		n := refreshes(e)
		e.Notify(protocol.MethodWorkspaceDidChangeConfiguration, map[string]any{"settings": map[string]any{
			"speclens": map[string]any{"strict": true},
		}})
		refreshed(e, n)
		if after := e.Pull("a.qube.yaml", before.ResultID); after.Kind != "full" {
			t.Errorf("with the setting strict: %+v", after)
		}
	})
	t.Run("when a run found something", func(t *testing.T) {
		e := puller(t, lsptest.Options{})
		const file = "story.qube.yaml"
		e.Open(file, a.story())
		pullUntil(e, file, "Grace", false)
		e.Settle(file)
		e.Pull(file, "")
		e.AwaitRun(e.StartRun(command.RunArgs{URI: e.URI(file), Scope: command.ScopeFile}))
		pullUntil(e, file, "speclens-run", true)
	})
	t.Run("when it does not ask after its own edit", func(t *testing.T) {
		e := puller(t, lsptest.Options{})
		e.Open("a.qube.yaml", smallSpec)
		e.Settle("a.qube.yaml")
		e.Pull("a.qube.yaml", "")
		n := refreshes(e)
		e.Replace("a.qube.yaml", "    method", "    retires: 3\n    method")
		refreshed(e, n)
	})
}

func TestAnEditorThatAskedAfterItsEditIsLeftInPeace(t *testing.T) {
	e := puller(t, lsptest.Options{})
	const file = "a.qube.yaml"
	e.Open(file, smallSpec)
	e.Settle(file)
	e.Pull(file, "")
	e.Settle(file)
	n := refreshes(e)
	for i := range 10 {
		e.Replace(file, "    method", fmt.Sprintf("    # %d\n    method", i))
		e.Pull(file, "")
		e.Settle(file)
	}
	if got := refreshes(e); got != n {
		t.Errorf("it was asked %d times to ask again", got-n)
	}
}

func TestWhoIsAskedAndWhoIsSentDiagnostics(t *testing.T) {
	for name, tc := range map[string]struct {
		over       map[string]any
		opts       lsptest.Options
		pull, both bool
	}{
		"an editor that asks":                             {pull: true, both: true},
		"Neovim asks for open documents only":             {opts: lsptest.Options{ClientName: "Neovim"}, pull: true},
		"an editor that cannot be asked to ask again":     {over: map[string]any{"workspace": map[string]any{"diagnostics": nil}}},
		"an editor that knows nothing of asking":          {over: map[string]any{"textDocument": map[string]any{"diagnostic": nil}}},
		"an editor whose user prefers to be sent":         {opts: lsptest.Options{InitOptions: map[string]any{"diagnostics": "push"}}},
		"an editor whose user says what is said by habit": {opts: lsptest.Options{InitOptions: map[string]any{"diagnostics": 5}}, pull: true, both: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.opts.Capabilities = lsptest.Overlay(lsptest.Pulling(), tc.over)
			e := lsptest.Start(t, tc.opts)
			var offered struct {
				Capabilities struct {
					DiagnosticProvider *struct {
						Identifier                                  string
						InterFileDependencies, WorkspaceDiagnostics bool
					}
				}
			}
			if err := json.Unmarshal(e.Initialize, &offered); err != nil {
				t.Fatal(err)
			}
			p := offered.Capabilities.DiagnosticProvider
			if (p != nil) != tc.pull || p != nil && (p.WorkspaceDiagnostics != tc.both || !p.InterFileDependencies || p.Identifier != "speclens") {
				t.Errorf("the server offers %+v", p)
			}
			e.Open("a.qube.yaml", broken["fields.qube.yaml"])
			e.Settle("a.qube.yaml")
			e.Look(func(s *lsptest.State) {
				if sent := len(s.Published) > 0; sent == tc.pull {
					t.Errorf("diagnostics were sent: %v", sent)
				}
			})
			// Who asks is answered in any case.
			if r := e.Pull("a.qube.yaml", ""); !strings.Contains(string(r.Items), "retires") {
				t.Errorf("asked for: %s", r.Items)
			}
		})
	}
}

func TestTheReportOfASpecBringsThatOfItsConfiguration(t *testing.T) {
	files := map[string]string{".qube.yaml": broken[".qube.yaml"]}
	related := map[string]any{"textDocument": map[string]any{"diagnostic": map[string]any{"relatedDocumentSupport": true}}}
	e := puller(t, lsptest.Options{Files: files, Capabilities: lsptest.Overlay(lsptest.Pulling(), related)})
	e.Open("a.qube.yaml", smallSpec)
	r := e.Pull("a.qube.yaml", "")
	of, ok := r.RelatedDocuments[e.URI(".qube.yaml")]
	if !ok || of.Kind != "full" || !strings.Contains(string(of.Items), "environmentss") {
		t.Errorf("the report is %+v", r)
	}
	// Once it is open the editor asks for it by itself.
	e.Open(".qube.yaml", broken[".qube.yaml"])
	if r := e.Pull("a.qube.yaml", ""); len(r.RelatedDocuments) > 0 {
		t.Errorf("with the configuration open: %+v", r.RelatedDocuments)
	}
	plain := puller(t, lsptest.Options{Files: files})
	plain.Open("a.qube.yaml", smallSpec)
	if r := plain.Pull("a.qube.yaml", ""); len(r.RelatedDocuments) > 0 {
		t.Errorf("to an editor that does not know of them: %+v", r.RelatedDocuments)
	}
}

func TestQuestionsForDiagnosticsThatMakeNoSense(t *testing.T) {
	e := puller(t, lsptest.Options{})
	for name, params := range map[string]any{
		"no document":          map[string]any{},
		"a document of no URI": map[string]any{"textDocument": map[string]any{}},
		"a text":               "x",
	} {
		if err := e.Try(protocol.MethodTextDocumentDiagnostic, params, nil); err == nil || !strings.Contains(err.Error(), "textDocument/diagnostic") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := e.Try(protocol.MethodWorkspaceDiagnostic, "x", nil); err == nil || !strings.Contains(err.Error(), "workspace/diagnostic") {
		t.Errorf("a workspace of a text: %v", err)
	}
	for _, uri := range []string{"file:///nowhere.qube.yaml", "untitled:x", "%zz"} {
		if r := e.Pull(uri, ""); r.Kind != "full" || string(r.Items) != "[]" {
			t.Errorf("%s, which is not open: %+v", uri, r)
		}
	}
}

// workspaceOf are the reports about a workspace, by file name.
func workspaceOf(t *testing.T, e *lsptest.Editor, reports []lsptest.Report) (by map[string]lsptest.Report, ids map[string]string) {
	t.Helper()
	by, ids = map[string]lsptest.Report{}, map[string]string{}
	for _, r := range reports {
		name := r.URI[strings.LastIndexByte(r.URI, '/')+1:]
		if _, twice := by[name]; twice {
			t.Errorf("two reports about %s", name)
		}
		by[name], ids[r.URI] = r, r.ResultID
	}
	return by, ids
}

// brief is a report for a message.
func brief(r lsptest.Report) string {
	return fmt.Sprintf("%s %s version %v with %.300s", r.Kind, r.ResultID, r.Version != nil, r.Items)
}

func TestTheWholeWorkspaceIsReported(t *testing.T) {
	e := puller(t, lsptest.Options{Files: broken})
	e.Open("login.qube.yaml", provider)
	e.Open("syntax.qube.yaml", broken["syntax.qube.yaml"])
	e.Settle("syntax.qube.yaml")
	ask := func(previous map[string]string) (map[string]lsptest.Report, map[string]string) {
		t.Helper()
		reports, err := e.PullWorkspace(t.Context(), previous, "")
		if err != nil {
			t.Fatal(err)
		}
		return workspaceOf(t, e, reports)
	}
	first, ids := ask(nil)
	if len(first) != 6 {
		t.Errorf("reports about %d files", len(first))
	}
	open := func(name string) bool { return name == "syntax.qube.yaml" || name == "login.qube.yaml" }
	for name, r := range first {
		if r.Kind != "full" || len(r.Diagnostics(t)) == 0 || (r.Version != nil) != open(name) {
			t.Errorf("%s: %s", name, brief(r))
		}
	}
	// A file that nobody has open is reported as if it were: what plugins say included.
	if got := string(first["fields.qube.yaml"].Items); !strings.Contains(got, "retires") || !strings.Contains(got, "speclens-plugin") {
		t.Errorf("fields.qube.yaml: %s", got)
	}
	for name, r := range first {
		if !open(name) {
			e.Open(name, broken[name])
		}
		e.Settle(name)
		if got := e.Pull(name, ""); !bytes.Equal(got.Items, r.Items) {
			t.Errorf("%s: of the workspace\n%s\nopen\n%s", name, r.Items, got.Items)
		}
		if !open(name) {
			e.CloseFile(name)
		}
	}
	second, _ := ask(ids)
	for name, r := range second {
		if r.Kind != "unchanged" || r.ResultID != first[name].ResultID {
			t.Errorf("asked again, %s: %s", name, brief(r))
		}
	}
	if len(second) != len(first) {
		t.Errorf("asked again, there are %d reports, want %d", len(second), len(first))
	}
	// A file that is gone and one that is mended show nothing any more; one that is opened has a version.
	if err := os.Remove(filepath.Join(e.Dir, "names.qube.yaml")); err != nil {
		t.Fatal(err)
	}
	e.Write("unicode.qube.yaml", smallSpec)
	changed(e, "names.qube.yaml", "unicode.qube.yaml")
	third, thirdIDs := ask(ids)
	for name, want := range map[string]string{
		"names.qube.yaml": "full", "unicode.qube.yaml": "full", "fields.qube.yaml": "unchanged", "syntax.qube.yaml": "unchanged",
	} {
		if r := third[name]; r.Kind != want || want == "full" && string(r.Items) != "[]" {
			t.Errorf("after the change, %s: %s", name, brief(r))
		}
	}
	for name, r := range func() map[string]lsptest.Report { m, _ := ask(thirdIDs); return m }() {
		if r.Kind != "unchanged" {
			t.Errorf("at last, %s: %s", name, brief(r))
		}
	}
	// What a closed file depends on counts: the name that it used is gone.
	e.Write("user.qube.yaml", user)
	changed(e, "user.qube.yaml")
	if m, _ := ask(nil); strings.Contains(string(m["user.qube.yaml"].Items), "template.unknown-name") {
		t.Errorf("while auth is known: %s", brief(m["user.qube.yaml"]))
	}
	e.Replace("login.qube.yaml", "alias: auth", "alias: other")
	e.Settle("login.qube.yaml")
	if m, _ := ask(nil); !strings.Contains(string(m["user.qube.yaml"].Items), "template.unknown-name") {
		t.Errorf("after auth is gone: %s", brief(m["user.qube.yaml"]))
	}
}

func TestAnEditorThatTakesPartsIsAnsweredWhenSomethingChanges(t *testing.T) {
	files := map[string]string{"login.qube.yaml": provider}
	for i := range 250 {
		files[fmt.Sprintf("f%03d.qube.yaml", i)] = broken["fields.qube.yaml"]
	}
	e := puller(t, lsptest.Options{Files: files})
	e.Open("login.qube.yaml", provider)
	e.Settle("login.qube.yaml")
	// parts asks with a token and returns what came in parts.
	asked := 0
	parts := func(ctx context.Context, previous map[string]string) ([]lsptest.Report, error) {
		asked++
		token := fmt.Sprint("parts-", asked)
		rest, err := e.PullWorkspace(ctx, previous, token)
		if len(rest) > 0 {
			t.Errorf("the answer itself holds %d reports", len(rest))
		}
		var all []lsptest.Report
		e.Look(func(s *lsptest.State) {
			for _, part := range s.Parts[token] {
				if len(part) > 100 {
					t.Errorf("a part has %d reports", len(part))
				}
				all = append(all, part...)
			}
		})
		return all, err
	}
	ids := map[string]string{}
	for len(ids) < 250 { // the index may still be read
		reports, err := parts(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		_, more := workspaceOf(t, e, reports)
		for uri, id := range more {
			ids[uri] = id
		}
	}
	type answer struct {
		reports []lsptest.Report
		err     error
	}
	later := make(chan answer, 1)
	ask := func(ctx context.Context) {
		reports, err := parts(ctx, ids)
		later <- answer{reports, err}
	}
	// Nothing changed: the question is kept open until something does.
	go ask(t.Context())
	e.Write("f007.qube.yaml", smallSpec)
	changed(e, "f007.qube.yaml")
	got := <-later
	if got.err != nil || len(got.reports) != 1 || got.reports[0].URI != e.URI("f007.qube.yaml") || string(got.reports[0].Items) != "[]" {
		t.Errorf("after a change: %+v", got)
	}
	ids[e.URI("f007.qube.yaml")] = got.reports[0].ResultID
	// The editor may give up while it waits, and is answered as ever after that.
	ctx, cancel := context.WithCancel(t.Context())
	go ask(ctx)
	e.Symbols("login.qube.yaml")
	cancel()
	if got := <-later; got.err == nil || len(got.reports) != 0 {
		t.Errorf("after it gave up: %+v", got)
	}
	go ask(t.Context())
	e.Symbols("login.qube.yaml")
	e.Write("f008.qube.yaml", smallSpec)
	changed(e, "f008.qube.yaml")
	if got := <-later; got.err != nil || len(got.reports) != 1 {
		t.Errorf("asked again: %+v", got)
	}
}
