package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestWhatIsOnTheDiskWinsWhoeverReadItFirst lets two readings of one file become known in both orders: what the file says
// now is what is known afterwards, whichever of them began or ended first.
func TestWhatIsOnTheDiskWinsWhoeverReadItFirst(t *testing.T) {
	const first, second, third = "tests: [GET /1 -> 200]\n", "tests: [GET /2 -> 200]\n", "tests: [GET /3 -> 200]\n"
	for _, tt := range []struct {
		name string
		// early and late are what the file says when each of the readings begins, now what it says when they become known;
		// empty is no file.
		early, late, now string
	}{
		{"a file that was changed twice", second, third, third},
		{"a file that is gone", second, "", ""},
		{"a file that is there again", "", third, third},
		{"a file that went after both", second, third, ""},
		{"a file that is as it was", second, first, first},
	} {
		for _, order := range []string{"the early one first", "the late one first"} {
			t.Run(tt.name+", "+order, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "a.qube.yaml")
				say := func(content string) {
					t.Helper()
					err := os.Remove(path)
					if content != "" {
						err = os.WriteFile(path, []byte(content), 0o600)
					}
					if err != nil && !os.IsNotExist(err) {
						t.Fatal(err)
					}
				}
				ctx := context.Background()
				s := NewSession(Options{Roots: []string{dir}})
				say(first)
				if _, err := s.Scan(ctx, nil); err != nil {
					t.Fatal(err)
				}
				before := s.Snapshot()
				say(tt.early)
				early := s.readAll(ctx, before, []string{path}, false)
				say(tt.late)
				late := s.readAll(ctx, before, []string{path}, false)
				say(tt.now)
				if order == "the early one first" {
					s.take(early, nil)
					s.take(late, nil)
				} else {
					s.take(late, nil)
					s.take(early, nil)
				}
				got := ""
				if doc := s.Snapshot().Document(URIFromPath(path)); doc != nil {
					got = doc.Text.String()
				}
				if got != tt.now {
					t.Errorf("the session knows %q, the file says %q", got, tt.now)
				}
			})
		}
	}
}

// TestAFileThatWentBackIsReadAgain lets a reading find a file as its snapshot has it, while another has become known since.
func TestAFileThatWentBackIsReadAgain(t *testing.T) {
	const first, second = "tests: [GET /1 -> 200]\n", "tests: [GET /2 -> 200]\n"
	dir := t.TempDir()
	path := filepath.Join(dir, "a.qube.yaml")
	say := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	s := NewSession(Options{Roots: []string{dir}})
	say(first)
	if _, err := s.Scan(ctx, nil); err != nil {
		t.Fatal(err)
	}
	before := s.Snapshot()
	say(second)
	s.take(s.readAll(ctx, before, []string{path}, false), nil)
	say(first)
	s.take(s.readAll(ctx, before, []string{path}, false), nil)
	if got := s.Snapshot().Document(URIFromPath(path)).Text.String(); got != first {
		t.Errorf("the session knows %q, the file says %q", got, first)
	}
}
