package analysis_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

func TestAnAliasThatManyTestsHaveNamesSomeOfThem(t *testing.T) {
	file := "target: http://h\ntests:\n" + strings.Repeat("  - {name: a, alias: x, resource: /}\n", 30)
	s, dir := open(t, []txtar.File{{Name: "a.qube.yaml", Data: []byte(file)}}, engine.Settings{})
	found := analysis.Run(t.Context(), s.Snapshot(), engine.URIFromPath(filepath.Join(dir, "a.qube.yaml")))
	n := 0
	for _, d := range found {
		if d.Code != "alias.duplicate" {
			continue
		}
		if n++; len(d.Related) != 10 {
			t.Fatalf("%d other places are named, want 10", len(d.Related))
		}
	}
	if n != 30 {
		t.Fatalf("%d findings, want one for each test", n)
	}
}
