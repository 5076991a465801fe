package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/plugin/plugintest"
)

func named(version string) []byte {
	return plugintest.Tiny{Info: fmt.Sprintf(`{"name":"echo","version":%q,"protocols":["echo"]}`, version)}.Bytes()
}

func TestOfTwoFilesWithOneNameTheHigherVersionIsUsedAndBothAreNamed(t *testing.T) {
	dir := t.TempDir()
	for file, version := range map[string]string{"aaa.wasm": "1.9.0", "dev.wasm": "1.10.0-rc.1", "old.wasm": "1.10.0-beta"} {
		if err := os.WriteFile(filepath.Join(dir, file), named(version), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := NewLoader(WithCacheDir(""), WithLimits(generous()))
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	r, err := l.LoadDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.ByName("echo").Info().Version; got != "1.10.0-rc.1" {
		t.Errorf("version %s is used", got)
	}
	problems := r.Problems()
	if len(problems) != 2 {
		t.Fatalf("problems %v", problems)
	}
	for _, part := range []string{"dev.wasm (version 1.10.0-rc.1) is used", "aaa.wasm (version 1.9.0) is not"} {
		if !strings.Contains(problems[0].Error(), part) {
			t.Errorf("%q lacks %q", problems[0], part)
		}
	}
}

func TestAFileThatIsHalfWrittenKeepsItsLastGoodPlugin(t *testing.T) {
	dir := t.TempDir()
	put := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "echo.wasm"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := NewLoader(WithCacheDir(t.TempDir()), WithLimits(generous()))
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	load := func() *Registry {
		t.Helper()
		r, err := l.LoadDir(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	put(named("1.0.0"))
	load()
	next := named("2.0.0")
	for _, half := range [][]byte{next[:len(next)/2], nil, next[:len(next)/3]} {
		put(half)
		r := load()
		if p := r.ByName("echo"); p == nil || p.Info().Version != "1.0.0" {
			t.Fatalf("the plugin that worked is gone; problems %v", r.Problems())
		}
		if _, err := r.ByName("echo").Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Errorf("it does not run: %v", err)
		}
		if problems := r.Problems(); len(problems) != 1 || !strings.HasSuffix(problems[0].Error(), "; still using echo 1.0.0") {
			t.Errorf("problems %v", problems)
		}
	}
	put(next)
	r := load()
	if got := r.ByName("echo").Info().Version; got != "2.0.0" || len(r.Problems()) > 0 {
		t.Errorf("version %s, problems %v", got, r.Problems())
	}
	if err := os.Remove(filepath.Join(dir, "echo.wasm")); err != nil {
		t.Fatal(err)
	}
	if load().ByName("echo") != nil {
		t.Error("a plugin outlives its file")
	}
}
