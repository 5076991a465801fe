package engine

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

const (
	// scanMost is how many YAML files of a workspace are looked at: a folder of more is no folder of specs.
	scanMost = 50_000
	// scanBatch is how many files become known at a time. Whoever edits meanwhile waits for none of them.
	scanBatch = 250
)

// Scan reads the specs below the workspace folders, so that the aliases and saved values of files that nobody has opened
// are known. Which files are specs is decided as for an opened document; hidden folders and node_modules are left out,
// symbolic links to folders are not followed, and what cannot be read, or is larger than 64 MiB, is skipped. An editor's
// documents win over what is read.
//
// It is meant to run in the background: files are read and parsed by several goroutines while no lock is held, and become
// known in batches. report is told after each how many files of how many are done; nil is nobody. The error is that of
// ctx; what was read till then stays known.
func (s *Session) Scan(ctx context.Context, report func(done, total int)) (*Snapshot, error) {
	if report == nil {
		report = func(int, int) {}
	}
	files, err := s.candidates(ctx)
	if err != nil {
		return s.Snapshot(), err
	}
	// Configurations come first: they say which other files are specs.
	configs := slices.DeleteFunc(slices.Clone(files), func(path string) bool { return KindOf(path, "") != KindConfig })
	for _, path := range configs {
		s.update(func(next *Snapshot) {
			next.files++
			s.loadSurroundings(next, URIFromPath(path))
		})
	}
	specs := slices.DeleteFunc(files, func(path string) bool { return KindOf(path, "") == KindConfig })
	done := 0
	for batch := range slices.Chunk(specs, scanBatch) {
		if ctx.Err() != nil {
			return s.Snapshot(), ctx.Err()
		}
		snap := s.Snapshot()
		s.take(snap, s.readAll(ctx, snap, batch))
		done += len(batch)
		report(done, len(specs))
	}
	return s.Snapshot(), ctx.Err()
}

// candidates are the YAML files below the workspace folders, each once, ordered.
func (s *Session) candidates(ctx context.Context) ([]string, error) {
	var files []string
	for _, root := range s.Snapshot().Roots() {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case len(files) >= scanMost:
				return fs.SkipAll
			case err != nil:
				return nil //nolint:nilerr // what cannot be read is skipped
			case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
				return fs.SkipDir
			case !d.IsDir() && isYAML(path):
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// readAll reads and parses those of some files that are specs and not known yet, or other than what is known.
func (s *Session) readAll(ctx context.Context, snap *Snapshot, paths []string) []*Document {
	docs := make([]*Document, len(paths))
	next := make(chan int)
	var readers sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		readers.Go(func() {
			for i := range next {
				docs[i] = s.readSpec(snap, paths[i])
			}
		})
	}
	for i := range paths {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	readers.Wait()
	return slices.DeleteFunc(docs, func(d *Document) bool { return d == nil })
}

func (s *Session) readSpec(snap *Snapshot, path string) *Document {
	uri := URIFromPath(path)
	kind := snap.kindOf(uri, "")
	if kind != KindSpec || snap.open[uri] != nil {
		return nil
	}
	content, err := readFile(path)
	if err != nil {
		return nil
	}
	if old := snap.disk[uri]; old != nil && old.Text.Len() == len(content) && old.Text.String() == content {
		return nil
	}
	doc := fromDisk(uri, kind, content, s.limits)
	doc.derive() // here, and not when somebody waits for it
	return doc
}

// take makes documents known that were read since before, while others could change what they say: a file that became
// known otherwise is not overwritten with what it was, and one that is gone stays gone.
func (s *Session) take(before *Snapshot, docs []*Document) {
	if len(docs) == 0 {
		return
	}
	gone := map[string]bool{}
	for _, d := range docs {
		_, err := os.Stat(d.Path())
		gone[d.URI] = err != nil
	}
	s.update(func(next *Snapshot) {
		next.files++
		disk := make(map[string]*Document, len(next.disk)+len(docs))
		for uri, d := range next.disk {
			disk[uri] = d
		}
		for _, d := range docs {
			if !gone[d.URI] && next.disk[d.URI] == before.disk[d.URI] {
				disk[d.URI] = d
			}
		}
		next.disk = disk
		for _, d := range docs {
			s.loadConfigs(next, d.Path())
		}
		s.loadEnvOf(next, docs)
	})
}

// forgetOutside drops the files that lie in no workspace folder any more and that nobody opened.
func (s *Snapshot) forgetOutside(old []string) {
	within := func(path string, roots []string) bool {
		return slices.ContainsFunc(roots, func(root string) bool {
			rel, err := filepath.Rel(root, path)
			return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
		})
	}
	kept := make(map[string]*Document, len(s.disk))
	for uri, d := range s.disk {
		if path := d.Path(); within(path, s.roots) || !within(path, old) {
			kept[uri] = d
		}
	}
	s.disk = kept
}
