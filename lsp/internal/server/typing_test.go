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
	"unicode/utf8"

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
	if strings.HasSuffix(c, "\n") {
		k.line, k.column = k.line+1, 0
	}
}

// finding is an error or warning where it stands. Text is typed at the end, so what is before the cursor has its last place.
type finding struct {
	Code, Message string
	Severity      protocol.DiagnosticSeverity
	Range         struct{ Start protocol.Position }
}

func (f finding) String() string {
	return fmt.Sprintf("%d:%d %s: %s", f.Range.Start.Line+1, f.Range.Start.Character+1, f.Code, f.Message)
}

// shown are the errors and warnings that the editor shows now.
func (k *keys) shown(uri string) []finding {
	k.tb.Helper()
	var report struct{ Items []finding }
	if err := json.Unmarshal(k.call(protocol.MethodTextDocumentDiagnostic, map[string]any{"textDocument": map[string]any{"uri": uri}}), &report); err != nil {
		k.tb.Fatal(err)
	}
	return slices.DeleteFunc(report.Items, func(d finding) bool { return d.Severity > protocol.DiagnosticSeverityWarning })
}

// atOnce are those that it would show if nothing were held back.
func (k *keys) atOnce() []finding {
	k.tb.Helper()
	view := k.server.view()
	var all []finding
	raw := encode(view.Diagnostics(view.Snap.Document(k.uri), k.server.diagnoser.findings(k.tb.Context(), view.Snap, k.uri).first))
	if err := json.Unmarshal(raw, &all); err != nil {
		k.tb.Fatal(err)
	}
	return slices.DeleteFunc(all, func(d finding) bool { return d.Severity > protocol.DiagnosticSeverityWarning })
}

func (k *keys) write(s string) {
	for _, c := range s {
		k.key(string(c))
	}
}

// typedFiles are the specs and configurations that are typed, with those that stand beside each.
func typedFiles(tb testing.TB) (paths []string) {
	tb.Helper()
	for _, dir := range []string{"specs", "typing"} {
		found, err := filepath.Glob("../../../testdata/" + dir + "/*.yaml")
		if err != nil || len(found) < 8 {
			tb.Fatalf("testdata/%s holds %q: %v", dir, found, err)
		}
		paths = append(paths, found...)
	}
	return paths
}

// keysOf are the keys that type a text; Enter writes the line end that the file has.
func keysOf(text string) (keys []string) {
	for len(text) > 0 {
		_, n := utf8.DecodeRuneInString(text)
		if strings.HasPrefix(text, "\r\n") {
			n = 2
		}
		keys, text = append(keys, text[:n]), text[n:]
	}
	return keys
}

// While correct text is typed, next to no state shows an error that the finished file has not.
func TestCorrectTextIsTypedInQuiet(t *testing.T) {
	var states, noisy, loud int
	codes := map[string]int{}
	paths := typedFiles(t)
	for _, path := range paths {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Dir(path))); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		k := typeInto(t, dir, filepath.Base(path))
		var held, all [][]finding
		typed := keysOf(string(raw))
		for _, c := range typed {
			k.key(c)
			held, all = append(held, k.shown(k.uri)), append(all, k.atOnce())
		}
		k.rest()
		final := k.shown(k.uri)
		line := ""
		for i := range typed {
			line += typed[i]
			early := func(d finding) bool { return !slices.Contains(final, d) }
			if slices.ContainsFunc(all[i], early) {
				loud++
			}
			if at := slices.IndexFunc(held[i], early); at >= 0 {
				noisy++
				codes[held[i][at].Code]++
				if testing.Verbose() {
					t.Logf("%s: after %q: %v", path, line[strings.LastIndexByte(strings.TrimSuffix(line, "\n"), '\n')+1:], held[i][at])
				}
			}
			if strings.HasSuffix(typed[i], "\n") {
				line = typed[i]
			}
		}
		states += len(typed)
	}
	share := func(n int) float64 { return 100 * float64(n) / float64(states) }
	t.Logf("%d files, %d states: %.1f %% (%d) hold an error or warning that the finished file has not, %.1f %% (%d) with nothing held back; by code %v",
		len(paths), states, share(noisy), noisy, share(loud), loud, codes)
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

// A name may be defined further below: whoever goes on below it hears of it at rest. A wrong key there is told at once.
func TestANameThatMayBeDefinedBelowWaitsForRest(t *testing.T) {
	k := typeInto(t, t.TempDir(), "a.qube.yaml")
	k.write("target: http://x\ntests:\n  - name: n\n    resource: /{{ later }}\n    retires: 1\n    skip: true\n    name")
	if got := fmt.Sprint(k.shown(k.uri)); strings.Contains(got, "later") || !strings.Contains(got, "retires") {
		t.Errorf("two lines below: %s", got)
	}
	k.rest()
	if got := fmt.Sprint(k.shown(k.uri)); !strings.Contains(got, "later") {
		t.Errorf("at rest: %s", got)
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

// rests waits until all keys are taken in, and then as long as it takes to be at rest.
func (k *keys) rests() {
	k.tb.Helper()
	k.shown(k.uri)
	k.rest()
}

// lensLines are the lines that have a lens, with the text of each.
func (k *keys) lensLines(text string) (lines []string) {
	k.tb.Helper()
	var lenses []protocol.CodeLens
	raw := k.call(protocol.MethodTextDocumentCodeLens, map[string]any{"textDocument": map[string]any{"uri": k.uri}})
	if err := json.Unmarshal(raw, &lenses); err != nil {
		k.tb.Fatal(err)
	}
	all := strings.Split(text, "\n")
	for _, l := range lenses {
		lines = append(lines, all[l.Range.Start.Line])
	}
	return slices.Compact(lines)
}

func TestLinesGetAndLoseTheirLensesOnlyOnceNobodyTypes(t *testing.T) {
	const first = "target: http://x\ntests:\n  - name: n\n    resource: /\n"
	k := typeInto(t, t.TempDir(), "a.qube.yaml")
	k.write(first)
	k.rests()
	want := []string{"tests:", "  - name: n"}
	if got := k.lensLines(first); !slices.Equal(got, want) {
		t.Fatalf("at rest: %q", got)
	}
	const second = "  - name: m\n    resource: /m\n"
	for i, c := range second {
		k.key(string(c))
		if got := k.lensLines(first + second[:i+1]); !slices.Equal(got, want) {
			t.Fatalf("after %q the lines %q have a lens", second[:i+1], got)
		}
	}
	select {
	case <-k.lenses: // of the rest before
	default:
	}
	k.rests()
	select {
	case <-k.lenses:
	case <-time.After(patience):
		t.Fatal("the editor is not told to ask for lenses again")
	}
	if got := k.lensLines(first + second); !slices.Equal(got, append(want, "  - name: m")) {
		t.Errorf("at rest again: %q", got)
	}
}

// What is typed above a test moves its lens along, and a test that cannot be read for the moment keeps it.
func TestALensMovesWithItsTestAndOutlivesAHalfWrittenOne(t *testing.T) {
	k := typeInto(t, t.TempDir(), "a.qube.yaml")
	text := "target: http://x\ntests:\n  - name: n\n    resource: /\n"
	k.write(text)
	k.rests()
	k.line, k.column = 2, 0
	for i, c := range "  - name: new\n" {
		k.key(string(c))
		now := strings.Replace(text, "  - name: n\n", "  - name: new\n"[:i+1]+"  - name: n\n", 1)
		if got := k.lensLines(now); len(got) != 2 || got[0] != "tests:" || !strings.HasSuffix(got[1], "  - name: n") {
			t.Fatalf("with %q above it the lines %q have a lens", "  - name: new\n"[:i+1], got)
		}
	}
	k.rests()
	k.line, k.column = 3, len("  - name: ")
	before := k.lensLines(strings.Replace(text, "  - name: n\n", "  - name: new\n  - name: n\n", 1))
	k.key("\"")
	if got := k.lensLines(strings.Replace(text, "  - name: n\n", "  - name: new\n  - name: \"n\n", 1)); len(got) != len(before) {
		t.Errorf("with an open quote %q have a lens, before %q", got, before)
	}
}
