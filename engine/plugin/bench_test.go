package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin/plugintest"
)

func BenchmarkExecute(b *testing.B) {
	for name, wasm := range map[string]func() []byte{
		"Go":   func() []byte { return plugintest.Build(b, "allfields") },
		"tiny": func() []byte { return tiny{Info: tinyInfo}.Bytes() },
	} {
		b.Run(name, func(b *testing.B) {
			r, err := NewWASMRuntime(b.Context(), WithCacheDir(plugintest.CacheDir(b)))
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close(b.Context())
			p, err := r.LoadPlugin(b.Context(), name, wasm())
			if err != nil {
				b.Fatal(err)
			}
			input := TestInput{Method: "ECHO", Resource: "/x", Target: "http://x", Fields: map[string]any{"text": "hello"}}
			for b.Loop() {
				if _, err := p.Execute(b.Context(), input, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// padding is a custom section that makes a module as large as a plugin built by Go.
func padding() []byte {
	const size = 3 << 20
	return append([]byte{0, 0x80 | size&0x7f, 0x80 | size>>7&0x7f, 0x80 | size>>14&0x7f, size >> 21, 3, 'p', 'a', 'd'}, make([]byte, size-4)...)
}

// BenchmarkStart is a new process that loads a folder of twenty plugins of 3 MiB which it has seen before.
func BenchmarkStart(b *testing.B) {
	dir, cache := b.TempDir(), filepath.Join(b.TempDir(), "cache")
	for i := range 20 {
		name := fmt.Sprintf("p%d", i)
		path := filepath.Join(dir, name+".wasm")
		wasm := append(tiny{Info: fmt.Sprintf(`{"name":%q,"version":"1"}`, name)}.Bytes(), padding()...)
		if err := os.WriteFile(path, wasm, 0o600); err != nil {
			b.Fatal(err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			b.Fatal(err)
		}
	}
	load := func() {
		l := NewLoader(WithCacheDir(cache))
		r, err := l.LoadDir(b.Context(), dir)
		if err != nil || len(r.Snapshot()) != 20 {
			b.Fatal(err)
		}
		if err := l.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	load()
	for b.Loop() {
		load()
	}
}

// BenchmarkReload is a look at an unchanged folder.
func BenchmarkReload(b *testing.B) {
	dir := b.TempDir()
	for i := range 20 {
		path := filepath.Join(dir, fmt.Sprintf("p%d.wasm", i))
		if err := os.WriteFile(path, tiny{Info: fmt.Sprintf(`{"name":"p%d","version":"1"}`, i)}.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			b.Fatal(err)
		}
	}
	l := NewLoader(WithCacheDir(""))
	defer l.Close(b.Context())
	for b.Loop() {
		if _, err := l.LoadDir(b.Context(), dir); err != nil {
			b.Fatal(err)
		}
	}
}
