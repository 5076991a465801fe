package output

import (
	"path/filepath"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// Source says where tests and their expectations stand in the files of a snapshot.
type Source struct {
	Snap *engine.Snapshot
	// WorkDir is what file names are relative to.
	WorkDir string
}

// Path is how a document is named.
func (s Source) Path(uri string) string { return render.Path(uri, s.WorkDir) }

// Test finds a test by its key.
func (s Source) Test(key engine.TestKey) (spec.TestAt, *engine.Document, bool) {
	doc := s.Snap.Document(key.URI)
	if doc == nil || doc.Spec() == nil {
		return spec.TestAt{}, nil, false
	}
	for _, sp := range doc.Spec().Specs {
		for _, t := range sp.Tests.All() {
			if t.ID == key.ID {
				return t, doc, true
			}
		}
	}
	return spec.TestAt{}, nil, false
}

// added names tests that run because a selected one needs them, as the JSON report does.
func (s Source) added(keys []engine.TestKey) []jsonAdded {
	var list []jsonAdded
	for _, key := range keys {
		if t, doc, ok := s.Test(key); ok {
			line, _ := render.Position(doc.Text, t.Abs(t.Head).Start)
			list = append(list, jsonAdded{t.Name.Value, s.Path(key.URI), line})
		}
	}
	return list
}

// Assertion is the span of the expect key that an assertion judges, or of a load's threshold, in its document's text.
func (s Source) Assertion(key engine.TestKey, at []string) (text.Span, *text.Text, bool) {
	t, doc, ok := s.Test(key)
	if !ok {
		return s.threshold(key)
	}
	span, ok := t.LocateAssertion(at)
	return span, doc.Text, ok
}

// threshold is the span of the key of a load's threshold.
func (s Source) threshold(key engine.TestKey) (text.Span, *text.Text, bool) {
	doc := s.Snap.Document(key.URI)
	if doc == nil || doc.Spec() == nil {
		return text.Span{}, nil, false
	}
	_, limit, ok := doc.Spec().Limit(key.ID)
	return limit.Key, doc.Text, ok
}

// AssertionLine is the 1-based line of the expect key that an assertion judges; 0 where it stands nowhere.
func (s Source) AssertionLine(key engine.TestKey, at []string) int {
	span, t, ok := s.Assertion(key, at)
	if !ok {
		return 0
	}
	line, _ := render.Position(t, span.Start)
	return line
}

// slashPath is Path as URLs have it, with no character made visible: for programs that open the file.
func (s Source) slashPath(uri string) string {
	path := engine.PathFromURI(uri)
	if rel, err := filepath.Rel(s.WorkDir, path); err == nil && len(rel) < len(path) {
		path = rel
	}
	return filepath.ToSlash(path)
}
