package server

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.lsp.dev/protocol"
)

// keys types texts key by key into a server whose clock stands still until the test says that the typist rests.
type keys struct {
	*peer
	uri          string
	version      int
	line, column int
	rest         func()
	waited       time.Duration
}

func typeInto(tb testing.TB, dir, name string) *keys {
	tb.Helper()
	k := &keys{peer: connect(tb, dir, "utf-8"), uri: "file://" + filepath.ToSlash(filepath.Join(dir, name)), rest: func() {}}
	tb.Cleanup(k.close)
	k.server.typing.rest = defaultRest
	k.server.typing.after = func(d time.Duration, do func()) func() {
		k.rest, k.waited = do, d
		return func() {}
	}
	k.notify(protocol.MethodTextDocumentDidOpen, map[string]any{"textDocument": map[string]any{
		"uri": k.uri, "languageId": "qube", "version": 1, "text": "",
	}})
	k.version = 1
	return k
}

// key types one key at the end.
func (k *keys) key(c string) {
	k.version++
	at := map[string]any{"line": k.line, "character": k.column}
	k.notify(protocol.MethodTextDocumentDidChange, map[string]any{
		"textDocument":   map[string]any{"uri": k.uri, "version": k.version},
		"contentChanges": []any{map[string]any{"range": map[string]any{"start": at, "end": at}, "text": c}},
	})
	k.column += len(c)
	if c == "\n" {
		k.line, k.column = k.line+1, 0
	}
}

// shown are the errors and warnings that the editor shows now.
func (k *keys) shown(uri string) (list []string) {
	k.tb.Helper()
	var report struct {
		Items []struct {
			Code     string
			Severity int
			Message  string
		}
	}
	if err := json.Unmarshal(k.call(protocol.MethodTextDocumentDiagnostic, map[string]any{"textDocument": map[string]any{"uri": uri}}), &report); err != nil {
		k.tb.Fatal(err)
	}
	for _, d := range report.Items {
		if d.Severity <= 2 {
			list = append(list, d.Code+": "+d.Message)
		}
	}
	return list
}

func (k *keys) write(s string) {
	for _, c := range s {
		k.key(string(c))
	}
}

// While correct text is typed, next to no state shows an error that the finished file has not.
func TestCorrectTextIsTypedInQuiet(t *testing.T) {
	paths, err := filepath.Glob("../../../testdata/specs/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no specs: %v", err)
	}
	states, noisy, loud := 0, 0, 0
	codes := map[string]int{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), "\r\n", "\n")
		if len(text) > 1500 {
			text = text[:strings.LastIndexByte(text[:1500], '\n')+1]
		}
		k := typeInto(t, t.TempDir(), "typed.qube.yaml")
		var all [][]string
		var before []int
		for _, c := range text {
			k.key(string(c))
			all = append(all, k.shown(k.uri))
			n := 0
			doc := k.server.session.Snapshot()
			for _, d := range k.server.diagnoser.findings(t.Context(), doc, k.uri).first {
				if d.Severity <= 1 {
					n++
				}
			}
			before = append(before, n)
		}
		k.rest()
		final := k.shown(k.uri)
		for i, list := range all {
			states++
			extra := slices.DeleteFunc(slices.Clone(list), func(d string) bool { return slices.Contains(final, d) })
			if len(extra) > 0 {
				noisy++
				codes[strings.SplitN(extra[0], ":", 2)[0]]++
			}
			if before[i] > len(final) {
				loud++
			}
		}
	}
	t.Logf("%d files, %d states: %.1f %% hold an error that the finished file has not; %.1f %% would at once; by code %v", len(paths), states,
		100*float64(noisy)/float64(states), 100*float64(loud)/float64(states), codes)
	if noisy*50 > states {
		t.Errorf("%d of %d states are noisy, more than 2 %%", noisy, states)
	}
}

func TestAMistakeIsShownOnceNobodyTypesOrTheNextLineIsTyped(t *testing.T) {
	k := typeInto(t, t.TempDir(), "a.qube.yaml")
	k.write("target: http://x\ntests:\n  - name: n\n    resource: /\n    retires: 1")
	if got := k.shown(k.uri); len(got) > 0 {
		t.Errorf("while the line is typed: %q", got)
	}
	if k.waited > 500*time.Millisecond {
		t.Errorf("the rest is %v", k.waited)
	}
	k.rest()
	if got := fmt.Sprint(k.shown(k.uri)); !strings.Contains(got, "retires") {
		t.Errorf("at rest: %s", got)
	}
	k.write("\n    skpi: true\n    name")
	if got := fmt.Sprint(k.shown(k.uri)); !strings.Contains(got, "skpi") || !strings.Contains(got, "retires") {
		t.Errorf("on the next line: %s", got)
	}
}

func TestHalfAnAliasIsNoDuplicateInOtherFiles(t *testing.T) {
	dir := t.TempDir()
	test := "target: http://x\ntests:\n  - name: n\n    resource: /\n    alias: au"
	if err := os.WriteFile(filepath.Join(dir, "b.qube.yaml"), []byte(test+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := typeInto(t, dir, "a.qube.yaml")
	k.write(test)
	other := strings.Replace(k.uri, "a.qube", "b.qube", 1)
	if got := append(k.shown(k.uri), k.shown(other)...); len(got) > 0 {
		t.Errorf("while it is typed: %q", got)
	}
	k.rest()
	if got := k.shown(other); len(got) != 1 {
		t.Errorf("at rest the other file shows %q", got)
	}
}
