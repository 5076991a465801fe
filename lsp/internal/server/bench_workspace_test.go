//go:build unix

package server

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
)

// workspace writes n specs of some tests each, whose names are their own.
func workspace(b *testing.B, n, tests int) (dir string, paths, contents []string) {
	b.Helper()
	dir, err := filepath.EvalSymlinks(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("d%d", i%50), fmt.Sprintf("f%d.qube.yaml", i))
		content := strings.NewReplacer("test_", fmt.Sprintf("t%d_", i), "thing_", fmt.Sprintf("v%d_", i)).Replace(generated(tests))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			b.Fatal(err)
		}
		paths, contents = append(paths, path), append(contents, content)
	}
	return dir, paths, contents
}

// BenchmarkIndex is what it costs to know all specs of a folder, and what reading and splitting them into lines costs alone.
func BenchmarkIndex(b *testing.B) {
	for _, files := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir, paths, _ := workspace(b, files, 3)
			var reading, indexing float64
			b.ResetTimer()
			for range b.N {
				before := cpuTime(b)
				lines := 0
				for _, path := range paths {
					raw, err := os.ReadFile(path)
					if err != nil {
						b.Fatal(err)
					}
					for range bytes.Lines(raw) {
						lines++
					}
				}
				reading += float64(cpuTime(b) - before)
				session := engine.NewSession(engine.Options{Roots: []string{dir}})
				before = cpuTime(b)
				if _, err := session.Scan(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
				indexing += float64(cpuTime(b) - before)
				if lines < files*30 {
					b.Fatalf("%d lines", lines)
				}
			}
			b.ReportMetric(reading/1e6/float64(b.N), "read-cpu-ms")
			b.ReportMetric(indexing/1e6/float64(b.N), "index-cpu-ms")
			b.ReportMetric(indexing/reading, "index/read")
		})
	}
}

// BenchmarkOpenMany is what it costs until the diagnostics of 500 files that are opened at once are all right, those of
// plugins included.
func BenchmarkOpenMany(b *testing.B) {
	for _, tests := range []int{5, 20} {
		b.Run(fmt.Sprintf("files=500/tests=%d", tests), func(b *testing.B) {
			var total float64
			for range b.N {
				b.StopTimer()
				dir, paths, contents := workspace(b, 500, tests)
				p := connect(b, dir, "utf-16")
				b.StartTimer()
				before := cpuTime(b)
				for i, path := range paths {
					p.notify(protocol.MethodTextDocumentDidOpen, map[string]any{"textDocument": map[string]any{
						"uri": engine.URIFromPath(path), "languageId": "qube", "version": 1, "text": contents[i],
					}})
				}
				for _, path := range paths {
					p.call(protocol.MethodTextDocumentDiagnostic, map[string]any{"textDocument": map[string]any{"uri": engine.URIFromPath(path)}})
				}
				p.settled(500)
				total += float64(cpuTime(b) - before)
				b.StopTimer()
				p.close()
				b.StartTimer()
			}
			b.ReportMetric(total/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}
