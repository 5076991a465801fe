package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/speclens/speclens/engine"
)

func TestLoadWorkspace(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		".qube.yaml":                 "specs: [api/**/*.yaml]\n",
		"a.qube.yaml":                "tests: [GET /a -> 200]\n",
		"open.qube.yaml":             "tests: [GET /disk -> 200]\n",
		"api/deep/b.yaml":            "tests: [GET /b -> 200]\n",
		"api/notes.txt":              "no YAML\n",
		"other.yaml":                 "kind: Deployment\n",
		".hidden/c.qube.yaml":        "tests: []\n",
		"node_modules/x/d.qube.yaml": "tests: []\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	uri := func(name string) string { return engine.URIFromPath(filepath.Join(dir, filepath.FromSlash(name))) }
	s := engine.NewSession(engine.Options{Roots: []string{dir, filepath.Join(dir, "api"), filepath.Join(dir, "gone")}})
	s.Open(uri("open.qube.yaml"), "qube", 1, "tests: [GET /editor -> 200]\n")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.LoadWorkspace(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled load ends with %v", err)
	}
	snap, err := s.LoadWorkspace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for doc := range snap.Documents() {
		rel, err := filepath.Rel(dir, doc.Path())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(rel))
	}
	if want := []string{".qube.yaml", "a.qube.yaml", "api/deep/b.yaml", "open.qube.yaml"}; !slices.Equal(got, want) {
		t.Errorf("known are %v, want %v", got, want)
	}
	if doc := snap.Document(uri("open.qube.yaml")); !doc.Open || doc.Text.String() != "tests: [GET /editor -> 200]\n" {
		t.Errorf("the editor's document is %q", doc.Text)
	}
	if doc := snap.Document(uri("api/deep/b.yaml")); doc.Open || doc.Kind != engine.KindSpec {
		t.Errorf("a spec by its place is of kind %d", doc.Kind)
	}
}
