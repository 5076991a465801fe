package expect

import (
	"os"
	"path/filepath"
	"testing"
)

// corpus reads the committed examples for a fuzz target.
func corpus(tb testing.TB, name string) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "corpus", name, "*"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no corpus for %s: %v", name, err)
	}
	var texts []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	return texts
}
