//go:build unix

package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFilesThatAreNoneAreReported(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"good.wasm": versioned("good", "1")})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.wasm"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling.wasm")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "good.wasm"), filepath.Join(dir, "z-link.wasm")); err != nil {
		t.Fatal(err)
	}
	l, _ := newTestLoader(t)
	r := mustLoad(t, l, dir)
	var got []string
	for _, p := range r.Problems() {
		got = append(got, filepath.Base(p.Path)+": "+p.Err.Error())
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"pipe.wasm: plugin pipe: load: is not a regular file", "dangling.wasm: plugin dangling: load: ",
		"z-link.wasm: plugin good@1: load: two files",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("problems\n%s\nlack %q", text, want)
		}
	}
	if names(r) != "good@1" || mustLoad(t, l, dir) != r {
		t.Errorf("plugins %s", names(r))
	}
}
