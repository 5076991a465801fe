package plugin

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// entries returns the files of a compile cache.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestADamagedCacheEntryHeals(t *testing.T) {
	wasm := tiny{Info: tinyInfo}.Bytes()
	for name, damage := range map[string]func(content []byte) []byte{
		"cut off":          func(c []byte) []byte { return c[:len(c)/2] },
		"empty":            func([]byte) []byte { return nil },
		"another header":   func(c []byte) []byte { return append([]byte("XXXX"), c[4:]...) },
		"a flipped bit":    func(c []byte) []byte { c[len(c)*2/3] ^= 1; return c },
		"something else":   func([]byte) []byte { return []byte(strings.Repeat("no code at all ", 100)) },
		"another version":  func(c []byte) []byte { c[8] ^= 0x55; return c },
		"cut by one byte":  func(c []byte) []byte { return c[:len(c)-1] },
		"only the header":  func(c []byte) []byte { return c[:16] },
		"zeros at its end": func(c []byte) []byte { clear(c[len(c)/2:]); return c },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			use := func() *recorder {
				t.Helper()
				r, rec := newTestRuntime(t, WithCacheDir(dir))
				p, err := r.LoadPlugin(t.Context(), "tiny", wasm)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
					t.Error(err)
				}
				return rec
			}
			if rec := use(); len(rec.lines()) > 0 {
				t.Fatalf("log %v", rec.lines())
			}
			files := entries(t, dir)
			if len(files) != 1 {
				t.Fatalf("cache entries %v, want one", files)
			}
			content, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(files[0], damage(append([]byte(nil), content...)), 0o600); err != nil {
				t.Fatal(err)
			}
			use()
			healed, err := os.ReadFile(files[0])
			if err != nil || len(entries(t, dir)) != 1 {
				t.Fatalf("entries %v, %v", entries(t, dir), err)
			}
			if len(healed) != len(content) {
				t.Errorf("the entry has %d bytes, %d before it was damaged", len(healed), len(content))
			}
			if rec := use(); len(rec.lines()) > 0 {
				t.Errorf("after it healed: log %v", rec.lines())
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "heal-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestTheCacheFolderIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	for name, mode := range map[string]os.FileMode{"made anew": 0, "open to others before": 0o755} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "cache")
			if mode != 0 {
				if err := os.MkdirAll(dir, mode); err != nil {
					t.Fatal(err)
				}
			}
			r, _ := newTestRuntime(t, WithCacheDir(dir))
			if _, err := r.LoadPlugin(t.Context(), "tiny", tiny{Info: tinyInfo}.Bytes()); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(dir)
			if err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%v, %v, want 0700", info.Mode(), err)
			}
		})
	}
}

func TestWithoutAUsableCacheFolderEverythingWorks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(t.TempDir(), "cache")
	r, rec := newTestRuntime(t, WithCacheDir(blocked))
	if _, err := r.LoadPlugin(t.Context(), "tiny", tiny{Info: tinyInfo}.Bytes()); err != nil {
		t.Fatal(err)
	}
	// The folder for entries becomes a file while the runtime lives: storing the next entry fails.
	folder := filepath.Dir(entries(t, blocked)[0])
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := r.LoadPlugin(t.Context(), "tiny", tiny{Info: tinyInfo, Execute: returning(`{"status":"new","duration_ms":0}`)}.Bytes())
	if err != nil {
		t.Fatalf("with entries that cannot be stored: %v", err)
	}
	if out, err := p.Execute(t.Context(), TestInput{}, nil); err != nil || out.Status != "new" {
		t.Errorf("%v, %v", out, err)
	}
	if !rec.has("the compile cache cannot be used") {
		t.Errorf("log %v", rec.lines())
	}

	for name, dir := range map[string]string{"a file in its place": file, "a file above it": filepath.Join(file, "cache")} {
		r, rec := newTestRuntime(t, WithCacheDir(dir))
		p, err := r.LoadPlugin(t.Context(), "tiny", tiny{Info: tinyInfo}.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !rec.has("modules are compiled anew at each start") {
			t.Errorf("%s: log %v", name, rec.lines())
		}
	}
}

func TestOldEntriesOfTheCacheArePruned(t *testing.T) {
	dir := t.TempDir()
	use := func() {
		r, _ := newTestRuntime(t, WithCacheDir(dir))
		if _, err := r.LoadPlugin(t.Context(), "tiny", tiny{Info: tinyInfo}.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	use()
	recent := entries(t, dir)[0]
	old := filepath.Join(filepath.Dir(recent), "0123")
	stale := filepath.Join(dir, "wazero-v0.0.1-old", "4567")
	half := filepath.Join(dir, "heal-1")
	for _, file := range []string{old, stale, filepath.Join(half, "x")} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		past := pruneBefore().AddDate(0, 0, -1)
		for _, path := range []string{file, filepath.Dir(file)} {
			if path == filepath.Dir(recent) {
				continue
			}
			if err := os.Chtimes(path, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	use()
	for path, want := range map[string]bool{recent: true, old: false, stale: false, half: false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
}

// slow is a module that takes wazero a while to compile.
func slow() []byte {
	return tiny{Info: tinyInfo, Execute: func(a *asm) {
		for range 10_000 {
			a.Call("host_now")
			a.Drop()
		}
		a.Return(`{"status":"done","duration_ms":0}`)
	}}.Bytes()
}

func TestACompilationNeedNotBeWaitedFor(t *testing.T) {
	wasm := slow()
	r, err := NewWASMRuntime(t.Context(), WithCacheDir(""), WithLimits(generous()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	_, err = r.LoadPlugin(ctx, "slow", wasm)
	if !errors.Is(err, context.DeadlineExceeded) || !says(err, "plugin slow: load: compiling") {
		t.Fatalf("error %v, want the context to end the wait", err)
	}
	if n := len(r.cores); n != 0 {
		t.Errorf("%d plugins remain", n)
	}
	loading := make(chan error, 1)
	go func() {
		_, err := r.LoadPlugin(context.Background(), "slow", wasm)
		loading <- err
	}()
	eventually(t, "the module is being compiled", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.cores) == 1
	})
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := r.Close(short); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-loading; err != nil && !errors.Is(err, ErrClosed) {
		t.Errorf("the load under way: %v", err)
	}
	r.compiler.flights.Wait() // what it compiled is dropped after the close
}
