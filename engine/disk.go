package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

var configNames = []string{".qube.yaml", ".qube.yml"}

// defaultSpecGlobs apply where a configuration has no `specs`.
var defaultSpecGlobs = []string{"tests/**/*.{yaml,yml}"}

// maxFile is the largest file that is read from the disk; the syntax layer has its own limit for open documents.
const maxFile = 64 << 20

// LoadProblem is a file that could not be read.
type LoadProblem struct {
	Path string
	Err  error
}

func (p LoadProblem) Error() string { return p.Path + ": " + p.Err.Error() }

// diskCache remembers what was looked for on the disk, so that opening the thousandth file of a folder looks for nothing.
type diskCache struct {
	searched map[string]bool     // folders in which a configuration was looked for
	env      map[string]*EnvFile // folder → the file that governs it; nil for none
	named    map[string]bool     // documents that count as specs because somebody named them, by canonical URI
}

func newDiskCache() diskCache {
	return diskCache{searched: map[string]bool{}, env: map[string]*EnvFile{}, named: map[string]bool{}}
}

func (c *diskCache) search(dirs []string) {
	for _, dir := range dirs {
		c.searched[dir] = true
	}
}

func (c *diskCache) forgetEnv() { clear(c.env) }

// forgetSearches has configurations looked for again: a workspace folder more or less may let others be found.
func (c *diskCache) forgetSearches() {
	clear(c.searched)
}

// loadSurroundings reads the configurations and the `.env` file that govern a document.
func (s *Session) loadSurroundings(next *Snapshot, uri string) {
	path := PathFromURI(uri)
	if path == "" {
		return
	}
	s.loadConfigs(next, path)
	s.loadEnv(next, filepath.Dir(path))
}

// loadConfigs reads the configurations that govern a path and that nobody has looked for yet.
func (s *Session) loadConfigs(next *Snapshot, path string) {
	for _, dir := range s.governing(next, path) {
		if s.disk.searched[dir] {
			continue
		}
		s.disk.searched[dir] = true
		for _, name := range configNames {
			u := URIFromPath(filepath.Join(dir, name))
			if next.docs(u) == nil {
				s.readDisk(next, u)
			}
		}
	}
}

// governing are the folders, nearest first, whose configuration may govern a path.
func (s *Session) governing(next *Snapshot, path string) []string {
	dirs := ancestors(path)
	top := s.boundary(next, dirs[0])
	return dirs[:slices.Index(dirs, top)+1]
}

// readDisk brings a document that is not open up to date with the disk.
func (s *Session) readDisk(next *Snapshot, uri string) {
	path := PathFromURI(uri)
	if path == "" || !isYAML(path) {
		return
	}
	old := next.disk[uri]
	content, err := readFile(path)
	if err != nil {
		if old != nil {
			next.disk = without(next.disk, uri)
		}
		return
	}
	if old != nil && old.Text.Len() == len(content) && old.Text.String() == content {
		return
	}
	kind := next.kindOf(uri, "")
	if kind == KindOther && old != nil {
		kind = old.Kind
	}
	if kind == KindOther {
		return
	}
	next.disk = with(next.disk, uri, fromDisk(uri, kind, content, s.limits))
}

// errNotAFile says that a path names something that cannot be read as a spec.
var errNotAFile = errors.New("not a regular file")

// readFile reads a regular file; devices, pipes and folders are refused before they are opened.
func readFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%w", errNotAFile)
	}
	if info.Size() > maxFile {
		return "", fmt.Errorf("%d MiB is more than the limit of %d MiB", info.Size()>>20, maxFile>>20)
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

// load reads what the command line names.
func (s *Session) load(ctx context.Context, next *Snapshot, paths []string) []LoadProblem {
	var problems []LoadProblem
	disk := map[string]*Document{}
	for uri, d := range next.disk {
		disk[uri] = d
	}
	add := func(path string) {
		abs, err := filepath.Abs(path)
		if err != nil {
			problems = append(problems, LoadProblem{path, err})
			return
		}
		uri := URIFromPath(abs)
		content, err := readFile(abs)
		if err != nil {
			problems = append(problems, LoadProblem{path, plainError(err)})
			return
		}
		kind := KindSpec
		if KindOf(uri, "") == KindConfig {
			kind = KindConfig
		}
		disk[uri] = fromDisk(uri, kind, content, s.limits)
		s.disk.named[uri] = true
	}
	for _, path := range paths {
		if ctx.Err() != nil {
			break
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			problems = append(problems, LoadProblem{path, plainError(err)})
		case info.IsDir():
			files, err := walk(ctx, path)
			if err != nil {
				problems = append(problems, LoadProblem{path, plainError(err)})
			}
			for _, f := range files {
				add(f)
			}
		default:
			add(path)
		}
	}
	next.disk = disk
	for uri := range disk {
		s.loadSurroundings(next, uri)
	}
	return problems
}

// plainError drops the operation and path that the caller names anyway.
func plainError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// walk lists the YAML files below a folder in lexical order, without hidden folders and node_modules.
func walk(ctx context.Context, root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.IsDir() && isYAML(path) && KindOf(path, "") != KindConfig:
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// loadEnvFiles reads the `.env` files of all documents that are known.
func (s *Session) loadEnvFiles(next *Snapshot) {
	s.loadEnvOf(next, slices.Collect(func(yield func(*Document) bool) {
		for _, d := range next.allDocs() {
			if !yield(d) {
				return
			}
		}
	}))
}

// loadEnvOf does what loadEnv does for many documents at once.
func (s *Session) loadEnvOf(next *Snapshot, docs []*Document) {
	if !next.trusted {
		return
	}
	known := make(map[string]*EnvFile, len(next.dotenv))
	maps.Copy(known, next.dotenv)
	for _, d := range docs {
		dir := filepath.Dir(d.Path())
		if _, done := known[dir]; done || d.Path() == "" {
			continue
		}
		vars, found := s.disk.env[dir]
		if !found {
			vars = s.findEnv(next, dir)
			s.disk.env[dir] = vars
		}
		known[dir] = vars
	}
	next.dotenv = known
}

// loadEnv finds the `.env` file for the specs of a folder. An untrusted workspace has none.
func (s *Session) loadEnv(next *Snapshot, dir string) {
	if _, known := next.dotenv[dir]; known || !next.trusted {
		return
	}
	vars, known := s.disk.env[dir]
	if !known {
		vars = s.findEnv(next, dir)
		s.disk.env[dir] = vars
	}
	next.dotenv = with(next.dotenv, dir, vars)
}

// kindOf decides what a document is: by language id and name, else by the globs of the nearest configuration.
func (s *Snapshot) kindOf(uri, languageID string) Kind {
	if k := KindOf(uri, languageID); k != KindOther {
		return k
	}
	path := PathFromURI(uri)
	if path == "" || !isYAML(path) {
		return KindOther
	}
	return globsOf(s.ConfigDocument(uri)).kind(path)
}

// globs say which files are specs by the configuration that governs them.
type globs struct {
	dir      string // of the configuration; empty for none
	patterns []string
}

func globsOf(conf *Document) globs {
	if conf == nil {
		return globs{}
	}
	g := globs{dir: filepath.Dir(conf.Path()), patterns: defaultSpecGlobs}
	if specs := conf.Config().Specs; len(specs) > 0 {
		g.patterns = nil
		for _, pattern := range specs {
			g.patterns = append(g.patterns, pattern.Value)
		}
	}
	return g
}

func (g globs) kind(path string) Kind {
	if g.dir == "" {
		return KindOther
	}
	rel, err := filepath.Rel(g.dir, path)
	if err != nil {
		return KindOther
	}
	for _, pattern := range g.patterns {
		if ok, err := doublestar.Match(pattern, filepath.ToSlash(rel)); err == nil && ok {
			return KindSpec
		}
	}
	return KindOther
}

// reclassify decides again what every open document is, after a configuration changed.
func (s *Session) reclassify(next *Snapshot) {
	open := map[string]*Document{}
	for uri, d := range next.open {
		if k := next.kindOf(uri, d.LanguageID); k != d.Kind {
			d = newDocument(uri, d.LanguageID, d.Version, k, true, d.Text, s.limits)
		}
		open[uri] = d
	}
	next.open = open
}

// ancestors are the folders of a path, nearest first, up to the root.
func ancestors(path string) []string {
	var dirs []string
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == filepath.Dir(dir) {
			return dirs
		}
	}
}
