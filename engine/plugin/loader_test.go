package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/schema"
)

// versioned assembles a plugin that serves the protocol of its name and answers with its version.
func versioned(name, version string) []byte {
	return tiny{
		Info:       fmt.Sprintf(`{"name":%q,"version":%q,"protocols":[%q]}`, name, version, name),
		Initialize: starts,
		Execute:    returning(fmt.Sprintf(`{"status":%q,"duration_ms":0}`, version)),
		Validate:   returning(fmt.Sprintf(`[{"field":"f","message":%q}]`, version)),
		Destroy:    func(a *asm) { a.Log(0, "destroyed "+name+version) },
	}.Bytes()
}

// put writes plugin files with a time at which they are not young any more.
func put(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		age(t, path, time.Hour)
	}
}

func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func newTestLoader(t *testing.T, opts ...Option) (*Loader, *recorder) {
	t.Helper()
	rec := &recorder{}
	base := []Option{WithCacheDir(filepath.Join(t.TempDir(), "cache")), WithLimits(generous()), WithLog(rec.log), WithNotices(rec.notice)}
	l := NewLoader(append(base, opts...)...)
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Errorf("close the loader: %v", err)
		}
	})
	return l, rec
}

func mustLoad(t *testing.T, l *Loader, dir string) *Registry {
	t.Helper()
	r, err := l.LoadDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// status executes the plugin of a protocol and returns what it answers.
func status(t *testing.T, r *Registry, protocol schema.Protocol) any {
	t.Helper()
	p := r.Lookup(protocol)
	if p == nil {
		return nil
	}
	out, err := p.Execute(t.Context(), TestInput{}, nil)
	if err != nil {
		t.Errorf("%s: %v", protocol, err)
		return nil
	}
	return out.Status
}

func names(r *Registry) string {
	var out []string
	for _, s := range r.Snapshot() {
		out = append(out, s.Name+"@"+s.Version)
	}
	return strings.Join(out, " ")
}

func TestLoadDirLoadsEveryPluginFileOfAFolder(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{
		"b.wasm": versioned("beta", "1"), "a.WASM": versioned("alpha", "1"), "notes.txt": []byte("x"), "c.wasm.bak": []byte("x"),
	})
	for _, sub := range []string{"deeper", "folder.wasm"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, sub), map[string][]byte{"d.wasm": versioned("delta", "1")})
	}
	l, _ := newTestLoader(t)
	if l.Current() != nil {
		t.Error("there is a registry before the first load")
	}
	r := mustLoad(t, l, dir)
	if got := names(r); got != "alpha@1 beta@1" {
		t.Errorf("plugins %s", got)
	}
	if len(r.Problems()) > 0 || l.Current() != r {
		t.Errorf("problems %v, current %p, want %p", r.Problems(), l.Current(), r)
	}
	if status(t, r, "ALPHA") != "1" || status(t, r, "beta") != "1" {
		t.Error("a plugin does not answer")
	}
}

func TestLoadDirWithoutAFolder(t *testing.T) {
	l, _ := newTestLoader(t)
	r := mustLoad(t, l, "")
	if len(r.Snapshot()) != 0 || r.Problems() != nil {
		t.Errorf("plugins %v, problems %v", r.Snapshot(), r.Problems())
	}
	if again := mustLoad(t, l, ""); again != r {
		t.Error("another registry for the same nothing")
	}
	if _, err := l.LoadDir(t.Context(), filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	if l.Current() != r {
		t.Error("a failed load changed the current registry")
	}
	if empty := mustLoad(t, l, t.TempDir()); len(empty.Snapshot()) != 0 {
		t.Errorf("an empty folder: %v", empty.Snapshot())
	}
}

func TestABadFileIsLeftOutAndReported(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{
		"1-text.wasm":      []byte("hello"),
		"2-good.wasm":      versioned("good", "1"),
		"3-sql.wasm":       tiny{Info: `{"name":"sql","version":"2","capabilities":["sql"]}`}.Bytes(),
		"4-same.wasm":      versioned("good", "2"),
		"5-protocol.wasm":  tiny{Info: `{"name":"rival","version":"1","protocols":["GOOD"]}`}.Bytes(),
		"6-empty.wasm":     nil,
		"7-trap.wasm":      tiny{PluginInfo: (*asm).Unreachable}.Bytes(),
		"8-good-too.wasm":  versioned("fine", "1"),
		"9-huge.wasm":      make([]byte, 64<<10),
		"99-unnamed.wasm":  tiny{Info: `{}`}.Bytes(),
		"999-imports.wasm": tiny{Info: tinyInfo, Imports: nil, Omit: []string{"execute"}}.Bytes(),
	})
	limits := generous()
	limits.ModuleBytes = 60 << 10
	l, _ := newTestLoader(t, WithLimits(limits))
	r := mustLoad(t, l, dir)
	if got := names(r); got != "fine@1 good@2" {
		t.Errorf("plugins %s", got)
	}
	var got []string
	for _, p := range r.Problems() {
		var typed *Error
		if !errors.As(p, &typed) || typed.Phase != PhaseLoad {
			t.Errorf("%v is no *Error of phase load", p)
		}
		got = append(got, filepath.Base(p.Path)+" "+p.Err.Error())
	}
	want := []string{
		"1-text.wasm plugin 1-text: load: compile: invalid magic number",
		"3-sql.wasm plugin sql@2: load: plugin_info: plugin sql: needs capability",
		"2-good.wasm plugin good@1: load: two files hold a plugin of that name: ",
		`5-protocol.wasm plugin rival@1: load: register plugin rival: protocol "GOOD" is served by plugin good already`,
		"6-empty.wasm plugin 6-empty: load: compile: invalid magic number",
		"7-trap.wasm plugin 7-trap: load: plugin_info: wasm error: unreachable",
		"9-huge.wasm plugin 9-huge: load: module of 65536 bytes is over the limit of 61440",
		"99-unnamed.wasm plugin 99-unnamed: load: plugin_info: name: gives no name: add \"name\": \"…\"",
		"999-imports.wasm plugin 999-imports: load: execute: lacks execute (i64) -> (i64)",
	}
	byName := map[string]string{}
	for _, text := range got {
		byName[strings.Fields(text)[0]] = text
	}
	if len(got) != len(want) {
		t.Errorf("%d problems, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for _, text := range want {
		if name := strings.Fields(text)[0]; !strings.HasPrefix(byName[name], text) {
			t.Errorf("problem %q, want %q", byName[name], text)
		}
	}
	if again := mustLoad(t, l, dir); again != r {
		t.Error("bad files that are unchanged are loaded again")
	}
}

func TestWhereNothingLoadsTheProblemsAreTheError(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": []byte("a"), "b.wasm": tiny{Info: `{"name":"b","version":"1","capabilities":["sql"]}`}.Bytes()})
	l, _ := newTestLoader(t)
	r, err := l.LoadDir(t.Context(), dir)
	var missing *ErrMissingCapability
	if r != nil || !errors.As(err, &missing) || !strings.Contains(err.Error(), "a.wasm: plugin a: load") {
		t.Errorf("registry %v, error %v; want both problems", r, err)
	}
	if l.Current() != nil {
		t.Error("there is a current registry")
	}
	with, _ := newTestLoader(t, WithBuiltins(newFake("http", "http")))
	r = mustLoad(t, with, dir)
	if names(r) != "http@1" || len(r.Problems()) != 2 {
		t.Errorf("with a built-in plugin: %s, problems %v", names(r), r.Problems())
	}
}

func TestBuiltinPluginsAreMerged(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"mine.wasm": versioned("http", "9"), "x.wasm": versioned("x", "1")})
	http, grpc := newFake("http", "http", "https"), newFake("grpc", "grpc")
	l, _ := newTestLoader(t, WithBuiltins(http, grpc))
	builtin := mustLoad(t, l, "")
	if names(builtin) != "grpc@1 http@1" || builtin.Lookup("https") != http {
		t.Errorf("without a folder: %s", names(builtin))
	}
	merged := mustLoad(t, l, dir)
	if names(merged) != "grpc@1 http@9 x@1" || len(merged.Problems()) > 0 {
		t.Errorf("plugins %s, problems %v; want the file's plugin in place of the built-in one", names(merged), merged.Problems())
	}
	if merged.Lookup("https") != nil || merged.Lookup("grpc") != grpc {
		t.Error("the replaced plugin still serves a protocol, or the other does not")
	}
	if err := builtin.Close(); err != nil {
		t.Fatal(err)
	}
	if http.closeCount() != 0 || grpc.closeCount() != 0 {
		t.Error("a registry closed the loader's built-in plugins")
	}
	if back := mustLoad(t, l, ""); back.Lookup("https") != http {
		t.Error("without the file the built-in plugin does not come back")
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if http.closeCount() != 1 || grpc.closeCount() != 1 {
		t.Error("the loader did not close its built-in plugins")
	}
}

func TestAFileThatCannotReplaceABuiltinPluginLeavesIt(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{
		"http.wasm":  tiny{Info: `{"name":"http","version":"9","protocols":["http","grpc"]}`}.Bytes(),
		"rival.wasm": tiny{Info: `{"name":"rival","version":"1","protocols":["grpc"]}`}.Bytes(),
	})
	l, _ := newTestLoader(t, WithBuiltins(newFake("http", "http"), newFake("grpc", "grpc"), nil))
	r := mustLoad(t, l, dir)
	if names(r) != "grpc@1 http@1" {
		t.Errorf("plugins %s", names(r))
	}
	if len(r.Problems()) != 3 {
		t.Errorf("problems %v, want one for each file and the nil", r.Problems())
	}
}

func TestOfSeveralFoldersTheFirstWins(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	put(t, first, map[string][]byte{"z.wasm": versioned("a", "1"), "b.wasm": versioned("b", "1")})
	put(t, second, map[string][]byte{"a.wasm": versioned("a", "2"), "c.wasm": versioned("c", "1")})
	l, rec := newTestLoader(t)
	load := func(dirs ...string) *Registry {
		t.Helper()
		r, err := l.LoadDirs(t.Context(), dirs...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := load(first, "", second, first)
	if names(r) != "a@1 b@1 c@1" || len(r.Problems()) != 1 || r.Problems()[0].Path != filepath.Join(second, "a.wasm") {
		t.Errorf("plugins %s, problems %v", names(r), r.Problems())
	}
	if load(first, second) != r {
		t.Error("the same folders are loaded again")
	}
	if other := load(second, first); names(other) != "a@2 b@1 c@1" {
		t.Errorf("the other way round: %s", names(other))
	}
	if rec.count(started) != 4 {
		t.Errorf("%d instances, want one for each content", rec.count(started))
	}
	if _, err := l.LoadDirs(t.Context(), first, filepath.Join(first, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("with a missing folder: %v", err)
	}
	if none := load(); len(none.Snapshot()) != 0 {
		t.Errorf("no folders: %s", names(none))
	}
}

func TestBuiltinPluginsThatCollideAreReported(t *testing.T) {
	l, _ := newTestLoader(t, WithBuiltins(newFake("http", "http"), newFake("http", "x"), newFake("grpc", "HTTP")))
	r := mustLoad(t, l, "")
	if names(r) != "http@1" || len(r.Problems()) != 2 || r.Problems()[0].Path != "" || r.Problems()[1].Plugin != "grpc" {
		t.Errorf("plugins %s, problems %v", names(r), r.Problems())
	}
}

func TestLoadDirEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": tiny{PluginInfo: (*asm).Forever}.Bytes(), "b.wasm": versioned("b", "1")})
	l, _ := newTestLoader(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if r, err := l.LoadDir(ctx, dir); r != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("registry %v, error %v", r, err)
	}
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	if got := names(mustLoad(t, l, dir)); got != "a@1 b@1" {
		t.Errorf("the next load: %s", got)
	}
}

func TestALoaderThatIsClosed(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1"), "slow.wasm": tiny{PluginInfo: (*asm).Forever}.Bytes()})
	l, _ := newTestLoader(t)
	go func() {
		for l.runtime.Load() == nil {
			time.Sleep(time.Millisecond)
		}
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := l.LoadDir(t.Context(), dir); err == nil {
		t.Error("LoadDir succeeds although the loader closes")
	}
	if _, err := l.LoadDir(t.Context(), ""); !errors.Is(err, ErrClosed) {
		t.Errorf("LoadDir after Close: %v", err)
	}
	l.SetGrants(nil)
	if err := l.Close(t.Context()); err != nil {
		t.Errorf("second Close: %v", err)
	}

	g := newGate()
	busy, _ := newTestLoader(t)
	put(t, dir, map[string][]byte{"a.wasm": tiny{
		Info: `{"name":"a","version":"1","protocols":["a"],"capabilities":["http"]}`, Execute: gated.Execute,
	}.Bytes()})
	if err := os.Remove(filepath.Join(dir, "slow.wasm")); err != nil {
		t.Fatal(err)
	}
	p := mustLoad(t, busy, dir).Lookup("a")
	result := make(chan error, 1)
	go func() {
		ctx := capabilities.WithSinks(context.Background(), capabilities.Sinks{HTTP: g})
		_, err := p.Execute(ctx, TestInput{Target: "http://x"}, nil)
		result <- err
	}()
	<-g.waiting
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := busy.Close(ctx); err != nil {
		t.Error(err)
	}
	// The call is ended in its wait for the network, so the guest may still have made an answer of it.
	if err := <-result; err != nil && !errors.Is(err, ErrClosed) {
		t.Errorf("the call under way: %v", err)
	}
	if r := busy.Current(); r == nil || r.Lookup("a") != nil {
		t.Errorf("the current registry %v is not closed", r)
	}
}

func TestGrantsReachPluginsThatAreLoaded(t *testing.T) {
	dir := t.TempDir()
	wasm := tiny{
		Info:    `{"name":"a","version":"1","protocols":["a"],"capabilities":["http"]}`,
		Execute: func(a *asm) { a.HTTP(`{"url":"http://db.test"}`) },
	}.Bytes()
	put(t, dir, map[string][]byte{"a.wasm": wasm})
	client := &fakeHTTP{}
	l, _ := newTestLoader(t, WithHTTP(client))
	p := mustLoad(t, l, dir).Lookup("a")
	for i, grants := range []capabilities.Grants{{}, {"sha256:" + hashOf(wasm): {HTTP: []string{"db.test:80"}}}, nil} {
		l.SetGrants(grants)
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Fatal(err)
		}
		if want := min(i, 1); client.count() != want {
			t.Errorf("round %d: %d requests, want %d", i, client.count(), want)
		}
	}
}
