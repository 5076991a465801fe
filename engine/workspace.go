package engine

import (
	"context"
	"io/fs"
	"maps"
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
	// mostReadings is how often a file that does not stand still is read again. Whoever watches files tells of its next change.
	mostReadings = 10
)

// Scan reads the specs below the workspace folders, so that the aliases and saved values of files that nobody has opened
// are known, and forgets files that are no specs any more. Which files are specs is decided as for an opened document;
// hidden folders and node_modules are left out, symbolic links to folders are not followed, and what cannot be read, or is
// larger than 64 MiB, is skipped. An editor's documents win over what is read.
//
// It is meant to run in the background: files are read and parsed by several goroutines while no lock is held, and become
// known in batches. report is told after each how many files of how many are done; nil is nobody. The error is that of
// ctx; what was read till then stays known.
func (s *Session) Scan(ctx context.Context, report func(done, total int)) (*Snapshot, error) {
	if report == nil {
		report = func(int, int) {}
	}
	found, err := s.candidates(ctx)
	if err != nil {
		return s.Snapshot(), err
	}
	// Configurations come first: they say which other files are specs.
	if r := s.readAll(ctx, s.Snapshot(), found.configs, false); len(r.docs)+len(r.gone) > 0 {
		s.take(r, found.dirs)
	} else {
		s.searched(found.dirs)
	}
	done := 0
	for batch := range slices.Chunk(found.specs, scanBatch) {
		if ctx.Err() != nil {
			return s.Snapshot(), ctx.Err()
		}
		if r := s.readAll(ctx, s.Snapshot(), batch, false); len(r.docs)+len(r.gone) > 0 {
			s.take(r, nil)
		}
		done += len(batch)
		report(done, len(found.specs))
	}
	s.forgetOthers(ctx)
	return s.Snapshot(), ctx.Err()
}

// FilesChanged tells the session that files were created, changed or deleted on the disk. They are read while no lock is
// held, and become known at once.
func (s *Session) FilesChanged(uris ...string) *Snapshot {
	var configs, specs []string
	for _, uri := range uris {
		uri = CanonicalURI(uri)
		path := PathFromURI(uri)
		switch {
		case path == "" || !isYAML(path):
		case KindOf(uri, "") == KindConfig:
			configs = append(configs, path)
		default:
			specs = append(specs, path)
		}
	}
	ctx := context.Background()
	s.mu.Lock()
	s.disk.forgetEnv()
	s.mu.Unlock()
	if len(configs) > 0 {
		s.take(s.readAll(ctx, s.Snapshot(), configs, false), nil)
	}
	return s.take(s.readAll(ctx, s.Snapshot(), specs, true), nil)
}

// Inside are the known files of the disk below those of some URIs that are, or were, folders. The bool says that one of them is
// a folder now, below which there may be files that nobody knows yet.
func (s *Session) Inside(uris ...string) (inside []string, folder bool) {
	named := make(map[string]bool, len(uris))
	for _, uri := range uris {
		path := PathFromURI(uri)
		if path == "" {
			continue
		}
		named[path] = true
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			folder = true
		}
	}
	if len(named) == 0 {
		return nil, false
	}
	above := map[string]bool{} // whether a folder is named, or lies in one that is
	var holds func(dir string) bool
	holds = func(dir string) bool {
		in, known := above[dir]
		if !known {
			parent := filepath.Dir(dir)
			in = named[dir] || (parent != dir && holds(parent))
			above[dir] = in
		}
		return in
	}
	for uri, d := range s.Snapshot().disk {
		if holds(filepath.Dir(d.Path())) {
			inside = append(inside, uri)
		}
	}
	return inside, folder
}

// candidates are what there is below the workspace folders.
type candidates struct {
	configs, specs []string // YAML files, each once, ordered
	dirs           []string // all folders
}

func (s *Session) candidates(ctx context.Context) (found candidates, err error) {
	total := 0
	for _, root := range s.Snapshot().Roots() {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case total >= scanMost:
				return fs.SkipAll
			case err != nil:
				return nil //nolint:nilerr // what cannot be read is skipped
			case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
				return fs.SkipDir
			case d.IsDir():
				found.dirs = append(found.dirs, path)
			case slices.Contains(configNames, d.Name()):
				found.configs = append(found.configs, path)
			case isYAML(path):
				found.specs = append(found.specs, path)
				total++
			}
			return nil
		})
		if err != nil {
			return found, err
		}
	}
	slices.Sort(found.configs)
	slices.Sort(found.specs)
	found.configs, found.specs = slices.Compact(found.configs), slices.Compact(found.specs)
	return found, nil
}

// classifier decides what the files of a snapshot are, with one look for the configuration of each folder.
type classifier struct {
	snap *Snapshot
	dirs map[string]globs
}

func newClassifier(snap *Snapshot) *classifier { return &classifier{snap, map[string]globs{}} }

func (c *classifier) kind(uri, path string) Kind {
	if k := KindOf(uri, ""); k != KindOther {
		return k
	}
	dir := filepath.Dir(path)
	g, known := c.dirs[dir]
	if !known {
		g = globsOf(c.snap.ConfigDocument(uri))
		c.dirs[dir] = g
	}
	return g.kind(path)
}

// reading is what was read of some files since a snapshot.
type reading struct {
	before *Snapshot
	docs   []*Document   // that are new or other than before
	read   []fs.FileInfo // what the system said of the files of docs when they were read
	gone   []string      // canonical URIs of documents that are there no more
	same   []string      // those of documents that say what they said before
	// dotenv are the variables of folders; allEnv says that they replace what was known of all folders.
	dotenv map[string]*EnvFile
	allEnv bool
}

// readAll reads and parses those of some YAML files that are specs or configurations, and the `.env` files of their folders:
// of all folders, if asked to.
func (s *Session) readAll(ctx context.Context, snap *Snapshot, paths []string, allEnv bool) reading {
	r := reading{before: snap, allEnv: allEnv}
	type task struct {
		uri, path string
		kind      Kind
		doc       *Document
		read      fs.FileInfo
		gone      bool
	}
	tasks := make([]task, 0, len(paths))
	kinds := newClassifier(snap)
	for _, path := range paths {
		uri := URIFromPath(path)
		if t := (task{uri: uri, path: path, kind: kinds.kind(uri, path)}); t.kind != KindOther || snap.disk[uri] != nil {
			tasks = append(tasks, t)
		}
	}
	next := make(chan *task)
	var readers sync.WaitGroup
	for range min(len(tasks), max(1, runtime.GOMAXPROCS(0)/2)) {
		readers.Go(func() {
			for t := range next {
				t.read, _ = os.Stat(t.path)
				t.doc, t.gone = s.read(snap, t.uri, t.path, t.kind)
			}
		})
	}
	for i := range tasks {
		if ctx.Err() != nil {
			break
		}
		next <- &tasks[i]
	}
	close(next)
	readers.Wait()
	for _, t := range tasks {
		switch {
		case t.gone:
			r.gone = append(r.gone, t.uri)
		case t.doc != nil:
			r.docs, r.read = append(r.docs, t.doc), append(r.read, t.read)
		case snap.disk[t.uri] != nil:
			r.same = append(r.same, t.uri)
		}
	}
	r.dotenv = s.readEnv(snap, r.docs, allEnv)
	return r
}

// read reads one file. It returns nil where the file is what is known already.
func (s *Session) read(snap *Snapshot, uri, path string, kind Kind) (doc *Document, gone bool) {
	old := snap.disk[uri]
	content, err := readFile(path)
	if err != nil {
		return nil, old != nil
	}
	if kind == KindOther && old != nil {
		kind = old.Kind
	}
	if old != nil && old.Kind == kind && old.Text.Len() == len(content) && old.Text.String() == content {
		return nil, false
	}
	doc = fromDisk(uri, kind, content, s.limits)
	if snap.open[uri] == nil {
		doc.derive() // here, and not when somebody waits for it
	}
	return doc, false
}

// readEnv reads the `.env` files of those folders of some documents that nobody has looked at, while no lock is held.
func (s *Session) readEnv(snap *Snapshot, docs []*Document, all bool) map[string]*EnvFile {
	if !snap.trusted {
		return nil
	}
	s.mu.Lock()
	known := maps.Clone(s.disk.env)
	s.mu.Unlock()
	found := map[string]*EnvFile{}
	add := func(d *Document) {
		dir := filepath.Dir(d.Path())
		_, done := found[dir]
		if _, old := known[dir]; done || old || d.Path() == "" {
			return
		}
		found[dir] = s.findEnv(snap, dir)
	}
	for _, d := range docs {
		add(d)
	}
	if all {
		for _, d := range snap.allDocs() {
			add(d)
		}
	}
	return found
}

// take makes known what was read, while others could change what they say. A file that somebody else has made known since, or
// that changed since, is read again: whoever reads last knows best, and nobody knows who of two that was. Of the folders dirs all
// configurations are known.
func (s *Session) take(r reading, dirs []string) *Snapshot {
	snap, again := s.apply(r, dirs)
	for range mostReadings {
		if len(again) == 0 {
			break
		}
		snap, again = s.apply(s.readAll(context.Background(), snap, again, false), nil)
	}
	return snap
}

// apply is one attempt of take, and the paths that have to be read again.
func (s *Session) apply(r reading, dirs []string) (snap *Snapshot, again []string) {
	current := make([]bool, len(r.docs))
	for i, d := range r.docs {
		now, err := os.Stat(d.Path())
		then := r.read[i]
		current[i] = err == nil && then != nil && now.Size() == then.Size() && now.ModTime().Equal(then.ModTime())
	}
	snap = s.update(func(next *Snapshot) {
		next.files++
		s.disk.search(dirs)
		disk := maps.Clone(next.disk)
		if disk == nil {
			disk = make(map[string]*Document, len(r.docs))
		}
		config := false
		for i, d := range r.docs {
			switch old := next.disk[d.URI]; {
			case old != r.before.disk[d.URI], !current[i]:
				again = append(again, d.Path())
			default:
				disk[d.URI] = d
				config = config || d.Kind == KindConfig
			}
		}
		for _, uri := range r.same {
			if old := next.disk[uri]; old != nil && old != r.before.disk[uri] {
				again = append(again, old.Path())
			}
		}
		for _, uri := range r.gone {
			switch old := next.disk[uri]; {
			case old == nil:
			case old != r.before.disk[uri]:
				again = append(again, old.Path())
			default:
				delete(disk, uri)
				config = config || old.Kind == KindConfig
			}
		}
		next.disk = disk
		for _, d := range r.docs {
			s.loadConfigs(next, d.Path())
		}
		if next.trusted == r.before.trusted && next.settings.EnvFile == r.before.settings.EnvFile && slices.Equal(next.roots, r.before.roots) {
			maps.Copy(s.disk.env, r.dotenv)
		}
		if r.allEnv {
			next.dotenv = nil
			s.loadEnvFiles(next)
		} else {
			s.loadEnvOf(next, r.docs)
		}
		if config {
			s.reclassify(next)
		}
	})
	return snap, again
}

// searched notes that all configurations of some folders are known.
func (s *Session) searched(dirs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disk.search(dirs)
}

// forgetOthers drops the files of the workspace folders that are gone, or that no configuration calls specs any more.
func (s *Session) forgetOthers(ctx context.Context) {
	snap := s.Snapshot()
	kinds := newClassifier(snap)
	s.mu.Lock()
	named := maps.Clone(s.disk.named)
	s.mu.Unlock()
	var gone []string
	for uri, d := range snap.disk {
		path := d.Path()
		if ctx.Err() != nil {
			return
		}
		if named[uri] || !within(path, snap.roots) {
			continue
		}
		if kinds.kind(uri, path) != d.Kind {
			gone = append(gone, uri)
		} else if _, err := os.Stat(path); err != nil {
			gone = append(gone, uri)
		}
	}
	if len(gone) > 0 {
		s.take(reading{before: snap, gone: gone}, nil)
	}
}

func within(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		rel, err := filepath.Rel(root, path)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

// forgetOutside drops the files that lie in no workspace folder any more and that nobody opened.
func (s *Snapshot) forgetOutside(old []string) {
	kept := make(map[string]*Document, len(s.disk))
	for uri, d := range s.disk {
		if path := d.Path(); within(path, s.roots) || !within(path, old) {
			kept[uri] = d
		}
	}
	s.disk = kept
}
