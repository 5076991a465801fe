package lsp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/speclens/speclens/engine/dotenv/dotenvtest"
	"github.com/speclens/speclens/lsp/lsptest"
)

func TestTheEditorShowsEveryBrokenLineOfAnEnvFileInThatFile(t *testing.T) {
	files := map[string]string{}
	for i, c := range dotenvtest.Cases {
		files[fmt.Sprintf("%d/.env", i)] = c.Content
	}
	e := lsptest.Start(t, lsptest.Options{Files: files})
	for i, c := range dotenvtest.Cases {
		spec := fmt.Sprintf("%d/a.qube.yaml", i)
		e.Open(spec, "tests: []\n")
		e.Diagnostics(spec)
		var got []string
		e.Look(func(s *lsptest.State) {
			for _, d := range s.Published[e.URI(fmt.Sprintf("%d/.env", i))].Diagnostics {
				got = append(got, fmt.Sprintf("%d:%d %v", d.Range.Start.Line+1, d.Range.Start.Character+1, d.Code))
			}
		})
		if !slices.Equal(got, c.Wrong) {
			t.Errorf("%s: the editor shows %q, want %q", c.Name, got, c.Wrong)
		}
	}
	e.Write("good/.env", "A=\"x\n")
	e.Open("good/a.qube.yaml", "tests: []\n")
	e.Diagnostics("good/a.qube.yaml")
	if err := os.Remove(filepath.Join(e.Dir, "good", ".env")); err != nil {
		t.Fatal(err)
	}
	e.Notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": e.URI("good/.env"), "type": 3}}})
	e.Await("no finding in a file that is gone", func(s *lsptest.State) bool {
		published := s.Publications[e.URI("good/.env")]
		return len(published) == 2 && len(published[0].Diagnostics) == 1 && len(published[1].Diagnostics) == 0
	})
}
