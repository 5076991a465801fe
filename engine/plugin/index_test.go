package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/schema"
)

func TestTheIndexAnswersInPlaceOfTheModules(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1"), "b.wasm": versioned("b", "1")})
	load := func() (*Loader, *Registry, *recorder) {
		l, rec := newTestLoader(t, WithCacheDir(cache))
		return l, mustLoad(t, l, dir), rec
	}
	_, r, rec := load()
	if rec.count(started) != 2 || names(r) != "a@1 b@1" {
		t.Fatalf("the first time: %d instances, %s", rec.count(started), names(r))
	}

	_, r, rec = load()
	if rec.count(started) != 0 || names(r) != "a@1 b@1" {
		t.Errorf("the second time: %d instances, %s; want no module to be touched", rec.count(started), names(r))
	}
	if p := r.Lookup("a").(*WASMPlugin); p.core.compiled() {
		t.Error("a module was compiled before its first use")
	}
	if err := r.InitAll(t.Context(), nil); err != nil || rec.count(started) != 0 {
		t.Errorf("InitAll without a configuration: %v, %d instances", err, rec.count(started))
	}
	if status(t, r, "a") != "1" || rec.count(started) != 1 {
		t.Errorf("the first use: %d instances", rec.count(started))
	}
	if found := r.Lookup("b").Validate(TestInput{}); len(found) != 1 || found[0].Message != "1" {
		t.Errorf("validate as the first use: %v", found)
	}

	// Another time with the same content: hashed, not compiled. A moved file too.
	age(t, filepath.Join(dir, "a.wasm"), 3*time.Hour)
	if err := os.Rename(filepath.Join(dir, "b.wasm"), filepath.Join(dir, "moved.wasm")); err != nil {
		t.Fatal(err)
	}
	_, r, rec = load()
	if rec.count(started) != 0 || names(r) != "a@1 b@1" {
		t.Errorf("known contents: %d instances, %s", rec.count(started), names(r))
	}
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "2")})
	_, r, rec = load()
	if rec.count(started) != 1 || names(r) != "a@2 b@1" {
		t.Errorf("an unknown content: %d instances, %s", rec.count(started), names(r))
	}

	index := filepath.Join(cache, "index.json")
	if info, err := os.Stat(index); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the index: %v, %v, want it for its owner only", info, err)
	}
	var stored map[string]any
	content, err := os.ReadFile(index)
	if err != nil || json.Unmarshal(content, &stored) != nil {
		t.Fatal(err)
	}
	if files := stored["files"].(map[string]any); len(files) != 2 {
		t.Errorf("the index has the files %v, want the two of the folder", files)
	}
	for name, damaged := range map[string]string{
		"cut off":          string(content[:len(content)/2]),
		"of another form":  `[1]`,
		"of another time":  strings.Replace(string(content), fmt.Sprintf(`"format":%d`, indexFormat), `"format":0`, 1),
		"of another wasm":  strings.Replace(string(content), `"wazero":"`, `"wazero":"x`, 1),
		"of another rules": strings.Replace(string(content), `"abi":1`, `"abi":0`, 1),
		"missing":          "",
	} {
		if err := os.WriteFile(index, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if damaged == "" {
			if err := os.Remove(index); err != nil {
				t.Fatal(err)
			}
		}
		if _, r, rec = load(); rec.count(started) != 2 || names(r) != "a@2 b@1" {
			t.Errorf("an index that is %s: %d instances, %s", name, rec.count(started), names(r))
		}
		if _, _, rec = load(); rec.count(started) != 0 {
			t.Errorf("an index that was %s is not written anew", name)
		}
	}
}

func TestAFileThatChangedBehindTheIndexIsNotRun(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	l, _ := newTestLoader(t, WithCacheDir(cache))
	mustLoad(t, l, dir)
	path := filepath.Join(dir, "a.wasm")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	swap(versioned("a", "2")) // the same size and time

	second, rec := newTestLoader(t, WithCacheDir(cache))
	r := mustLoad(t, second, dir)
	if names(r) != "a@1" {
		t.Fatalf("plugins %s, want the index to be fooled", names(r))
	}
	_, err = r.Lookup("a").Execute(t.Context(), TestInput{}, nil)
	var typed *Error
	if !errors.As(err, &typed) || typed.Phase != PhaseLoad || !strings.Contains(err.Error(), "has another hash") {
		t.Errorf("execute: %v, want a refusal", err)
	}
	if found := r.Lookup("a").Validate(TestInput{}); len(found) != 1 || found[0].Code != CodeFault {
		t.Errorf("validate: %v, want a fault", found)
	}
	if rec.count(started) != 0 {
		t.Error("the other module ran")
	}
	swap(versioned("a", "1"))
	if status(t, r, "a") != "1" {
		t.Error("with its bytes restored the plugin does not work")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	third, _ := newTestLoader(t, WithCacheDir(cache))
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	r = mustLoad(t, third, dir)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lookup("a").Execute(t.Context(), TestInput{}, nil); !errors.Is(err, os.ErrNotExist) && status(t, r, "a") == nil {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestTwoProcessesMayShareACacheFolder(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	files := map[string][]byte{}
	for i := range 8 {
		name := fmt.Sprintf("p%d", i)
		files[name+".wasm"] = tiny{Info: fmt.Sprintf(`{"name":%q,"version":"1","protocols":[%q]}`, name, name)}.Bytes()
	}
	put(t, dir, files)
	var wg sync.WaitGroup
	for range 6 { // a loader shares nothing with another but the folder
		wg.Go(func() {
			l := NewLoader(WithCacheDir(cache), WithLimits(generous()))
			defer l.Close(context.Background())
			r, err := l.LoadDir(t.Context(), dir)
			if err != nil || len(r.Problems()) > 0 || len(r.Snapshot()) != len(files) {
				t.Errorf("%v, %v", err, r)
				return
			}
			for i := range files {
				protocol := schema.Protocol(strings.TrimSuffix(i, ".wasm"))
				if _, err := r.Lookup(protocol).Execute(t.Context(), TestInput{}, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	l, rec := newTestLoader(t, WithCacheDir(cache))
	if r := mustLoad(t, l, dir); len(r.Snapshot()) != len(files) || len(rec.lines()) > 0 {
		t.Errorf("afterwards: %s, log %v", names(r), rec.lines())
	}
}

func TestAnUnchangedFolderIsNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	l, rec := newTestLoader(t)
	first := mustLoad(t, l, dir)
	// The same size and time: by stat nothing has changed, and nobody looks further.
	info, err := os.Stat(filepath.Join(dir, "a.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(content []byte, at time.Time) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "a.wasm"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, "a.wasm"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(versioned("a", "2"), info.ModTime())
	for range 3 {
		if mustLoad(t, l, dir) != first {
			t.Error("another registry")
		}
	}
	if rec.count(started) != 1 {
		t.Errorf("%d instances", rec.count(started))
	}

	// A young time proves nothing: the content counts.
	now := time.Now()
	rewrite(versioned("a", "3"), now)
	young := mustLoad(t, l, dir)
	if names(young) != "a@3" {
		t.Fatalf("plugins %s", names(young))
	}
	if mustLoad(t, l, dir) != young {
		t.Error("a young file with the same content is loaded again")
	}
	rewrite(versioned("a", "4"), now)
	if got := names(mustLoad(t, l, dir)); got != "a@4" {
		t.Errorf("a young file that was written again within its time: %s", got)
	}
}

func TestPrepareCompilesBeforeTheFirstUse(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	first, _ := newTestLoader(t, WithCacheDir(cache))
	mustLoad(t, first, dir)
	l, rec := newTestLoader(t, WithCacheDir(cache))
	p := mustLoad(t, l, dir).Lookup("a").(*WASMPlugin)
	if p.core.compiled() {
		t.Fatal("compiled already")
	}
	if err := p.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil || rec.count(started) != 1 {
		t.Errorf("execute: %v, %d instances, want the one that was prepared", err, rec.count(started))
	}
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "2")})
	mustLoad(t, first, dir)
	last, _ := newTestLoader(t, WithCacheDir(cache))
	p = mustLoad(t, last, dir).Lookup("a").(*WASMPlugin)
	if err := os.Remove(filepath.Join(dir, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	if err := p.Prepare(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestTheIndexForgetsWhatWasNotUsedForLong(t *testing.T) {
	x := readIndex(t.TempDir())
	now := time.Now()
	day := now.Unix() / (24 * 60 * 60)
	x.setModule("used", manifest{})
	x.setModule("stale", manifest{})
	x.Modules["old"] = indexed{Used: day - indexKeepDays - 1}
	x.Modules["recent"] = indexed{Used: day - indexKeepDays + 1}
	for path, sha := range map[string]string{"/d/a": "used", "/d/gone": "stale", "/other/b": "recent", "/other/c": "old"} {
		x.setFile(path, stat{}, sha, now)
	}
	if err := x.write([]string{"/d"}, map[string]bool{"/d/a": true}, now); err != nil {
		t.Fatal(err)
	}
	again := readIndex(filepath.Dir(x.path))
	for path, want := range map[string]bool{"/d/a": true, "/d/gone": false, "/other/b": true, "/other/c": false} {
		if _, ok := again.Files[path]; ok != want {
			t.Errorf("file %s is known: %v, want %v", path, ok, want)
		}
	}
	for sha, want := range map[string]bool{"used": true, "stale": true, "recent": true, "old": false} {
		if _, ok := again.module(sha); ok != want {
			t.Errorf("module %s is known: %v, want %v", sha, ok, want)
		}
	}
	if again.Modules["used"].Used != day || again.Modules["recent"].Used == day {
		t.Errorf("modules %+v", again.Modules)
	}
}

func TestAnIndexThatCannotBeWrittenIsOnlySlow(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	if err := os.MkdirAll(filepath.Join(cache, "index.json"), 0o700); err != nil { // a folder in its place
		t.Fatal(err)
	}
	l, rec := newTestLoader(t, WithCacheDir(cache))
	if r := mustLoad(t, l, dir); status(t, r, "a") != "1" || !rec.has("plugin index: ") {
		t.Errorf("log %v", rec.lines())
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "index.json.*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAnIndexDoesNotGrantWhatTheEngineLacks(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1"), "b.wasm": versioned("b", "1")})
	first, _ := newTestLoader(t, WithCacheDir(cache))
	mustLoad(t, first, dir)
	index := filepath.Join(cache, "index.json")
	content, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	// As if an engine that knew more had written it.
	more := strings.Replace(string(content), `"name":"a","version":"1",`, `"name":"a","version":"1","capabilities":["sql"],`, 1)
	if more == string(content) {
		t.Fatalf("the index is not as expected: %s", content)
	}
	if err := os.WriteFile(index, []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	l, _ := newTestLoader(t, WithCacheDir(cache))
	r := mustLoad(t, l, dir)
	if names(r) != "b@1" || len(r.Problems()) != 1 {
		t.Fatalf("plugins %s, problems %v", names(r), r.Problems())
	}
	var missing *ErrMissingCapability
	problem := r.Problems()[0]
	if !errors.As(problem, &missing) || missing.Capability != "sql" || !says(problem, "a.wasm: plugin a@1: load") {
		t.Errorf("problem %v", problem)
	}
}
