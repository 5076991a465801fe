package lsp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/lsp/lsptest"
)

const provider = "target: http://127.0.0.1:1\ntests:\n  - name: log in\n    alias: auth\n    resource: /login\n"

const user = "target: http://127.0.0.1:1\ntests:\n  - name: read\n    resource: \"/users/{{ auth.response.body.id }}\"\n"

// unknown waits until a file has a finding that it does not know a name, or until it has none.
func unknown(e *lsptest.Editor, file string, want bool) {
	e.Await(fmt.Sprintf("%s has unknown names: %v", file, want), func(s *lsptest.State) bool {
		p, ok := s.Published[e.URI(file)]
		_, looked := s.Complete[e.URI(file)]
		has := false
		for _, d := range p.Diagnostics {
			has = has || d.Code == protocol.String("template.unknown-name")
		}
		return (ok || looked) && has == want
	})
}

func changed(e *lsptest.Editor, files ...string) {
	var changes []any
	for _, f := range files {
		kind := 2
		if _, err := os.Stat(filepath.Join(e.Dir, f)); err != nil {
			kind = 3
		}
		changes = append(changes, map[string]any{"uri": e.URI(f), "type": kind})
	}
	e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, map[string]any{"changes": changes})
}

func TestNamesOfFilesThatNobodyOpenedAreKnown(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{Files: map[string]string{
		"login.qube.yaml": provider, "api/more.yaml": strings.ReplaceAll(provider, "auth", "more"),
		".qube.yaml": "specs: [\"api/*.yaml\"]\n",
	}})
	e.Open("user.qube.yaml", user)
	e.Open("more.qube.yaml", strings.ReplaceAll(user, "auth", "more"))
	unknown(e, "user.qube.yaml", false)
	unknown(e, "more.qube.yaml", false)
	definedIn := func(file string) {
		t.Helper()
		at := e.Definition("user.qube.yaml", e.Find("user.qube.yaml", "auth").Start)
		if len(at) != 1 || string(at[0].URI) != e.URI(file) {
			t.Errorf("auth is defined at %v, want %s", at, file)
		}
	}
	definedIn("login.qube.yaml")

	// A renamed file still gives its name; one that is gone does not, until it is back.
	old, renamed := filepath.Join(e.Dir, "login.qube.yaml"), filepath.Join(e.Dir, "session.qube.yaml")
	if err := os.Rename(old, renamed); err != nil {
		t.Fatal(err)
	}
	changed(e, "login.qube.yaml", "session.qube.yaml")
	definedIn("session.qube.yaml")
	if err := os.Remove(renamed); err != nil {
		t.Fatal(err)
	}
	changed(e, "session.qube.yaml")
	unknown(e, "user.qube.yaml", true)
	e.Write("login.qube.yaml", provider)
	changed(e, "login.qube.yaml")
	unknown(e, "user.qube.yaml", false)

	// What the editor holds wins over the disk.
	e.Open("login.qube.yaml", strings.ReplaceAll(provider, "auth", "other"))
	unknown(e, "user.qube.yaml", true)
}

func TestAFolderThatIsAddedIsIndexed(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	e.Open("user.qube.yaml", user)
	unknown(e, "user.qube.yaml", true)
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "login.qube.yaml"), []byte(provider), 0o644); err != nil {
		t.Fatal(err)
	}
	folder := map[string]any{"uri": "file://" + filepath.ToSlash(other), "name": "other"}
	folders := func(added, removed []any) {
		event := map[string]any{"added": added, "removed": removed}
		e.Notify(protocol.MethodWorkspaceDidChangeWorkspaceFolders, map[string]any{"event": event})
	}
	folders([]any{folder}, []any{})
	unknown(e, "user.qube.yaml", false)
	folders([]any{}, []any{folder})
	unknown(e, "user.qube.yaml", true)
}

func TestAFolderOfTwoThousandFilesIsIndexedWhileTheEditorIsAnswered(t *testing.T) {
	files := map[string]string{}
	for i := range 2000 {
		files[fmt.Sprintf("d%d/f%d.qube.yaml", i%20, i)] = strings.ReplaceAll(provider, "auth", fmt.Sprintf("auth%d", i))
	}
	e := lsptest.Start(t, lsptest.Options{Files: files})
	e.Open("user.qube.yaml", strings.ReplaceAll(user, "auth", "auth1999"))
	// Each of these is answered, however far the index has come.
	for range 20 {
		e.Replace("user.qube.yaml", "name: read", "name: reads")
		e.Replace("user.qube.yaml", "name: reads", "name: read")
		if symbols := e.Symbols("user.qube.yaml"); len(symbols) != 1 {
			t.Fatalf("symbols: %v", symbols)
		}
	}
	unknown(e, "user.qube.yaml", false)
	e.Await("the end of the progress", func(s *lsptest.State) bool {
		for token, events := range s.Progress {
			if strings.HasPrefix(token, "index-") {
				return events[0].Kind == "begin" && events[len(events)-1].Kind == "end"
			}
		}
		return false
	})
}
