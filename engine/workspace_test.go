package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

func TestScanKnowsTheSpecsOfTheWorkspace(t *testing.T) {
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
	if _, err := s.Scan(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled scan ends with %v", err)
	}
	snap, err := s.Scan(t.Context(), nil)
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

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestScanEndsInALoopOfLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"sub/a.qube.yaml": "tests: [GET /a -> 200]\n"})
	if err := errors.Join(
		os.Symlink(dir, filepath.Join(dir, "sub", "loop")), os.Symlink("self.qube.yaml", filepath.Join(dir, "self.qube.yaml")),
	); err != nil {
		t.Skip("this system makes no links:", err)
	}
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	snap, err := s.Scan(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(slices.Collect(snap.Documents())); n != 1 {
		t.Errorf("%d documents are known, want 1", n)
	}
}

func TestScanLetsOthersEditBetweenItsBatches(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for i := range 600 {
		files[fmt.Sprintf("d%d/f%d.qube.yaml", i%7, i)] = fmt.Sprintf("tests: [{alias: a%d, resource: /x}]\n", i)
	}
	write(t, dir, files)
	uri := func(name string) string { return engine.URIFromPath(filepath.Join(dir, filepath.FromSlash(name))) }
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	s.Open(uri("mine.qube.yaml"), "qube", 1, "")
	var told []int
	snap, err := s.Scan(t.Context(), func(done, total int) {
		told = append(told, done)
		if total != len(files) {
			t.Errorf("%d files in all, want %d", total, len(files))
		}
		// The editor types, opens a file that is not read yet, and one that is known vanishes.
		s.Change(uri("mine.qube.yaml"), int32(done), text.UTF8, []engine.Change{{Text: "#"}})
		s.Open(uri("d4/f599.qube.yaml"), "qube", 1, "tests: [{alias: typed, resource: /x}]\n")
		if err := os.Remove(filepath.Join(dir, "d0", "f0.qube.yaml")); err == nil {
			s.FilesChanged(uri("d0/f0.qube.yaml"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(told) < 2 || told[len(told)-1] != len(files) {
		t.Errorf("told of %v", told)
	}
	if snap.Document(uri("d0/f0.qube.yaml")) != nil {
		t.Error("a deleted file is known")
	}
	if got := snap.Document(uri("d4/f599.qube.yaml")); !got.Open || got.Spec().Specs[0].Tests.At(0).ID != "typed" {
		t.Error("the disk won over the editor")
	}
	if got := snap.Document(uri("mine.qube.yaml")).Text.String(); got != strings.Repeat("#", len(told)) {
		t.Errorf("the edits made %q", got)
	}
	if n := len(slices.Collect(snap.Documents())); n != len(files) {
		t.Errorf("%d documents are known, want %d", n, len(files))
	}

	// Without the folder its files are forgotten, but for those that are open.
	snap = s.SetRoots(nil)
	if n := len(slices.Collect(snap.Documents())); n != 2 {
		t.Errorf("%d documents are known without the folder, want 2", n)
	}
}

// Nobody waits for the disk: whatever is read or parsed, the session goes on.
func TestTheSessionGoesOnWhileFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	var uris []string
	for i := range 1200 {
		path := filepath.Join(dir, fmt.Sprintf("f%d.qube.yaml", i))
		if err := os.WriteFile(path, fmt.Appendf(nil, "tests:\n  - name: %d\n    alias: a%d\n", i, i), 0o644); err != nil {
			t.Fatal(err)
		}
		uris = append(uris, engine.URIFromPath(path))
	}
	const open = "file:///open.qube.yaml"
	s := engine.NewSession(engine.Options{Roots: []string{dir}})
	s.Open(open, "qube", 1, "tests:\n  - name: \n")
	version := int32(1)
	edit := func() {
		version++
		at := text.Position{Line: 1, Column: 10}
		snap := s.Change(open, version, text.UTF8, []engine.Change{{Start: at, End: at, Text: "x"}})
		if doc := snap.Document(open); doc.Version != version || doc.Spec().Tests().Len() != 1 {
			t.Errorf("version %d after edit %d", doc.Version, version)
		}
	}
	batches := 0
	if _, err := s.Scan(t.Context(), func(done, total int) {
		batches++
		edit()
		known := 0
		for range s.Snapshot().Documents() {
			known++
		}
		if known != done+1 || total != len(uris) {
			t.Errorf("%d documents are known after %d of %d", known, done, total)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if batches != 5 {
		t.Errorf("the files became known in %d batches", batches)
	}
	for _, uri := range uris {
		path := engine.PathFromURI(uri)
		if err := os.WriteFile(path, []byte("tests: [GET /changed -> 200]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Snapshot().Seq
	told := make(chan *engine.Snapshot, 1)
	go func() { told <- s.FilesChanged(uris...) }()
	var after *engine.Snapshot
	edits := uint64(0)
	for after == nil && edits < 300 {
		select {
		case after = <-told:
		default:
			edit()
			edits++
		}
	}
	if after == nil {
		after = <-told
	}
	// All files became known at once: one snapshot beside those of the edits.
	if n := s.Snapshot().Seq - before; n != edits+1 {
		t.Errorf("%d snapshots for %d edits and one change of %d files", n, edits, len(uris))
	}
	for _, uri := range uris {
		if doc := after.Document(uri); doc == nil || !strings.Contains(doc.Text.String(), "changed") {
			t.Fatalf("%s is not what the disk holds", uri)
		}
	}
}
