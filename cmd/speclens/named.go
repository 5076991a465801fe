package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/run"
)

// namedTests are the arguments PATH[:LINE] of a command that runs tests.
type namedTests struct {
	paths []string
	// lines are those of each file, by its URI, of which only single tests are meant.
	lines map[string][]int
}

// parseNamed splits arguments into paths and lines. A path that exists as it stands is one, whatever it ends in; of a file
// that is named as a whole too, all of it is meant.
func parseNamed(args []string) (namedTests, error) {
	n := namedTests{lines: map[string][]int{}}
	whole := map[string]bool{}
	for _, arg := range args {
		path, line := pathAndLine(arg)
		if _, err := os.Lstat(arg); err == nil {
			path, line = arg, 0
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return n, fmt.Errorf("find %s: %w", render.PrintableLine(path), err)
		}
		uri := engine.URIFromPath(abs)
		if line > 0 {
			n.lines[uri] = append(n.lines[uri], line)
		} else {
			whole[uri] = true
		}
		if !slices.Contains(n.paths, path) {
			n.paths = append(n.paths, path)
		}
	}
	for uri := range whole {
		delete(n.lines, uri)
	}
	return n, nil
}

// loadNeeded also reads the specs that others name in their `depends`, so that a file can be run and checked by itself.
// What can't be read is left to the checks, which know the place that names it.
func (w *workspace) loadNeeded(ctx context.Context) {
	tried := map[string]bool{}
	for {
		more := map[string][]string{}
		for doc := range w.snap.Documents() {
			if doc.Kind != engine.KindSpec {
				continue
			}
			for _, s := range doc.Spec().Specs {
				for _, need := range link.FileNeeds(w.snap, doc, s) {
					path := engine.PathFromURI(need.URI)
					if need.Doc != nil || need.Outside || path == "" || tried[path] {
						continue
					}
					tried[path] = true
					more[w.snap.Project(doc.URI)] = append(more[w.snap.Project(doc.URI)], path)
				}
			}
		}
		if len(more) == 0 || ctx.Err() != nil {
			return
		}
		for project, paths := range more {
			w.snap = w.session.ReadNeeded(ctx, project, paths...)
		}
	}
}

// leadsOut reports whether any file of the project names one outside of it, which is refused.
func (w *workspace) leadsOut() bool {
	for _, f := range w.snap.EnvFiles() {
		for _, p := range f.Problems {
			if p.Code == engine.CodeEnvOutside {
				return true
			}
		}
	}
	for doc := range w.snap.Documents() {
		if doc.Kind != engine.KindSpec {
			continue
		}
		for _, s := range doc.Spec().Specs {
			for _, need := range link.FileNeeds(w.snap, doc, s) {
				if need.Outside {
					return true
				}
			}
		}
	}
	return false
}

// choose restricts a selection to what the command line names: the specs that were read only because others depend on them
// run as far as they are needed.
func (w *workspace) choose(n namedTests, sel *run.Selection) error {
	var keys []engine.TestKey
	all := true
	for doc := range w.snap.Documents() {
		if doc.Kind != engine.KindSpec {
			continue
		}
		if !w.named[doc.URI] {
			all = false
			continue
		}
		sel.URIs = append(sel.URIs, doc.URI)
		found, err := w.testsAt(doc, n.lines[doc.URI])
		if err != nil {
			return err
		}
		keys = append(keys, found...)
	}
	switch {
	case len(n.lines) > 0:
		sel.Tests = keys
	case all:
		sel.URIs = nil // everything, a set without a test too
	}
	return nil
}

// testsAt are the tests of a file at some lines, all of them where there are no lines.
func (w *workspace) testsAt(doc *engine.Document, lines []int) ([]engine.TestKey, error) {
	var keys []engine.TestKey
	var begin []string
	met := map[int]bool{}
	file := doc.Spec()
	for i := range file.Tests().Len() {
		_, t := file.At(i)
		first, last := doc.Text.LineAt(t.Span.Start)+1, doc.Text.LineAt(max(t.Span.Start, t.Span.End-1))+1
		begin = append(begin, fmt.Sprint(first))
		meant := len(lines) == 0
		for _, line := range lines {
			if first <= line && line <= last {
				meant, met[line] = true, true
			}
		}
		if meant {
			keys = append(keys, engine.TestKey{URI: doc.URI, ID: t.ID})
		}
	}
	for _, line := range lines {
		if !met[line] {
			path := render.Path(doc.URI, w.workDir)
			if len(begin) == 0 {
				return nil, usage("no test stands at line %d of %s, which has none; `speclens check` says more", line, path)
			}
			return nil, usage("no test stands at line %d of %s; its tests begin at %s", line, path, strings.Join(begin, ", "))
		}
	}
	return keys, nil
}
