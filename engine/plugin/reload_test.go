package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/speclens/speclens/capabilities"
)

func TestAReloadTakesInWhatChangedAndKeepsTheRest(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1"), "b.wasm": versioned("b", "1"), "c.wasm": versioned("c", "1")})
	l, rec := newTestLoader(t)
	first := mustLoad(t, l, dir)
	kept := first.Lookup("a").(*WASMPlugin)
	status(t, first, "a")

	put(t, dir, map[string][]byte{"b.wasm": versioned("b", "22"), "d.wasm": versioned("d", "1")})
	if err := os.Remove(filepath.Join(dir, "c.wasm")); err != nil {
		t.Fatal(err)
	}
	second := mustLoad(t, l, dir)
	if second == first || l.Current() != second || names(second) != "a@1 b@22 d@1" {
		t.Fatalf("plugins %s", names(second))
	}
	if second.Lookup("a").(*WASMPlugin).core != kept.core {
		t.Error("an unchanged plugin was loaded again")
	}
	if status(t, second, "a") != "1" || rec.count(started) != 5 {
		t.Errorf("%d instances, want 5: one for each content", rec.count(started))
	}

	// Who holds the old registry can go on with it.
	if names(first) != "a@1 b@1 c@1" || status(t, first, "b") != "1" || status(t, first, "c") != "1" || status(t, first, "a") != "1" {
		t.Errorf("the old registry: %s", names(first))
	}
	if found := first.Lookup("b").Validate(TestInput{}); len(found) != 1 || found[0].Message != "1" {
		t.Errorf("the old plugin validates: %v", found)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if !rec.has("destroyed b1") || !rec.has("destroyed c1") || rec.has("destroyed a1") {
		t.Errorf("closing the old registry: log %v, want b and c to be gone and a to live on", rec.lines())
	}
	if status(t, second, "a") != "1" || status(t, second, "b") != "22" {
		t.Error("closing the old registry broke the new one")
	}
}

func TestAReplacedRegistryIsReleasedWhenNobodyHoldsIt(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	l, rec := newTestLoader(t)
	g := newGate()
	result := make(chan error, 1)
	func() {
		old := mustLoad(t, l, dir)
		put(t, dir, map[string][]byte{"a.wasm": tiny{
			Info: `{"name":"a","version":"2","protocols":["a"],"capabilities":["http"]}`, Execute: gated.Execute,
			Destroy: func(a *asm) { a.Log(0, "destroyed a2") },
		}.Bytes()})
		mustLoad(t, l, dir)
		runtime.GC()
		if status(t, old, "a") != "1" {
			t.Error("the old registry does not answer")
		}
	}()
	eventually(t, "the old plugin is released", func() bool {
		runtime.GC()
		return rec.has("destroyed a1")
	})

	// A call under way is a use, whoever holds the registry.
	go func() {
		p := l.Current().Lookup("a")
		ctx := capabilities.WithSinks(context.Background(), capabilities.Sinks{HTTP: g})
		_, err := p.Execute(ctx, TestInput{Target: "http://x"}, nil)
		result <- err
	}()
	<-g.waiting
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "333")})
	mustLoad(t, l, dir)
	for range 3 {
		runtime.GC()
	}
	close(g.open)
	if err := <-result; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	eventually(t, "the plugin of the call is released", func() bool {
		runtime.GC()
		return rec.has("destroyed a2")
	})
}

func TestReloadsLeakNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	l, _ := newTestLoader(t)
	for i := range 40 {
		put(t, dir, map[string][]byte{"a.wasm": versioned("a", fmt.Sprint(i))})
		r := mustLoad(t, l, dir)
		if status(t, r, "a") != fmt.Sprint(i) {
			t.Fatal("the new plugin is not in force")
		}
		if len(r.Lookup("a").Validate(TestInput{})) != 1 {
			t.Fatal("it does not validate")
		}
	}
	wasm := l.runtime.Load()
	eventually(t, "only the last plugin is left", func() bool {
		runtime.GC()
		wasm.mu.Lock()
		defer wasm.mu.Unlock()
		wasm.compiler.mu.Lock()
		defer wasm.compiler.mu.Unlock()
		return len(wasm.cores) == 1 && len(wasm.compiler.modules) == 1
	})
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

func TestARegistryThatWasClosedIsLoadedAgain(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"a.wasm": versioned("a", "1")})
	l, _ := newTestLoader(t)
	first := mustLoad(t, l, dir)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := mustLoad(t, l, dir)
	if second == first || status(t, second, "a") != "1" {
		t.Error("the closed registry was returned")
	}
}
