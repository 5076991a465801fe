package analysis_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

// Every beginning of every fixture is looked at as somebody types it: nothing panics, every span lies in the text, and
// what an edit leaves behind reads as a fresh look at the same text does.
func TestTypingEveryFixture(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".yaml") {
				continue
			}
			t.Run(filepath.Base(path)+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				typing(t, f.Name, string(f.Data))
			})
		}
	}
}

func typing(t *testing.T, name, src string) {
	uri := "file:///typing/" + name
	s := engine.NewSession(engine.Options{Registry: registry(t)})
	s.Open(uri, "qube", 1, "")
	const step = 11 // an odd length, so that words are cut everywhere over the fixtures
	for end := 0; end < len(src); end += step {
		doc := s.Snapshot().Document(uri)
		at := doc.Text.Position(doc.Text.Len(), text.UTF8)
		snap := s.Change(uri, int32(end+2), text.UTF8, []engine.Change{{Start: at, End: at, Text: src[end:min(end+step, len(src))]}})
		found := analysis.Run(t.Context(), snap, uri)
		found = append(found, analysis.PluginDiagnostics(snap, uri, nil)...)
		analysis.PluginInputs(snap, uri)
		now := snap.Document(uri).Text
		for _, d := range found {
			if d.Span.Start < 0 || d.Span.End < d.Span.Start || d.Span.End > now.Len() {
				t.Fatalf("%s has the span %v in a text of %d bytes:\n%s", d.Message, d.Span, now.Len(), now)
			}
			if d.Message == "" || d.Code == "" || d.Source == "" {
				t.Fatalf("a finding says too little: %+v", d)
			}
		}
		if end%(step*10) != 0 {
			continue
		}
		fresh := engine.NewSession(engine.Options{Registry: snap.Registry()})
		if diff := cmp.Diff(analysis.Run(t.Context(), fresh.Open(uri, "qube", 1, now.String()), uri), analysis.Run(t.Context(), snap,
			uri)); diff != "" {
			t.Fatalf("after typing\n%s\nthe findings differ from a fresh look (-fresh +typed):\n%s", now, diff)
		}
	}
}
