package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/dotenv"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// The codes of a `.env` file as a whole, beside those of its lines.
const (
	CodeEnvUnreadable = "env.unreadable" // it is there and cannot be read
	CodeEnvOutside    = "env.outside"    // it is a link that leads out of the project
)

// EnvFile is a `.env` file that governs documents. Immutable.
type EnvFile struct {
	// Doc is its text, of KindOther: no feature of a spec is offered in it.
	Doc *Document
	// Vars are the variables of its good lines, Problems what is wrong with the others.
	Vars     map[string]string
	Problems []dotenv.Problem
}

// EnvFile is the file from which `{{ env.NAME }}` is read for a document; nil where there is none.
func (s *Snapshot) EnvFile(uri string) *EnvFile {
	path := PathFromURI(uri)
	if path == "" {
		return nil
	}
	return s.dotenv[filepath.Dir(path)]
}

// EnvFiles are the files that are in force for any document, ordered by URI.
func (s *Snapshot) EnvFiles() []*EnvFile {
	files := map[string]*EnvFile{}
	for _, f := range s.dotenv {
		if f != nil {
			files[f.Doc.URI] = f
		}
	}
	list := make([]*EnvFile, 0, len(files))
	for _, uri := range slices.Sorted(maps.Keys(files)) {
		list = append(list, files[uri])
	}
	return list
}

// errDangling says of a file that is there that it is not.
var errDangling = errors.New("it is a link that leads nowhere")

// findEnv finds the `.env` file for the specs of a folder: the nearest one up to the project's folder, whatever is in it.
func (s *Session) findEnv(next *Snapshot, dir string) *EnvFile {
	if name := next.settings.EnvFile; name != "" {
		return ReadEnvFile(name)
	}
	top := s.project(next, dir)
	for _, d := range ancestors(filepath.Join(dir, "x.yaml")) {
		path := filepath.Join(d, ".env")
		// A folder of that name is what Python calls a virtual environment.
		if info, err := os.Lstat(path); err == nil && !info.IsDir() {
			content, err := readWithin(top, path)
			if errors.Is(err, fs.ErrNotExist) {
				err = errDangling
			}
			return newEnvFile(path, content, err)
		}
		if d == top {
			break
		}
	}
	return nil
}

// ReadEnvFile reads a file that the user named, wherever it lies.
func ReadEnvFile(path string) *EnvFile {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	info, err := os.Stat(path)
	if err != nil {
		return newEnvFile(path, "", err)
	}
	if !info.Mode().IsRegular() {
		return newEnvFile(path, "", errNotAFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return newEnvFile(path, "", err)
	}
	defer func() { _ = f.Close() }()
	content, err := readLimited(f)
	return newEnvFile(path, content, err)
}

// readWithin reads a file of the project: one that is, or leads through, a link out of the folder is refused.
func readWithin(folder, path string) (string, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	rel, err := filepath.Rel(folder, path)
	if err != nil {
		return "", err
	}
	info, err := root.Stat(rel)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errNotAFile
	}
	f, err := root.Open(rel)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	return readLimited(f)
}

// readLimited reads no more than shows that a file is too long.
func readLimited(r io.Reader) (string, error) {
	content, err := io.ReadAll(io.LimitReader(r, dotenv.MaxFile+1))
	return string(content), err
}

func newEnvFile(path, content string, err error) *EnvFile {
	f := &EnvFile{}
	parsed := dotenv.Parse(content)
	if err != nil {
		parsed = dotenv.File{Problems: []dotenv.Problem{unreadable(err)}}
	}
	f.Vars, f.Problems = parsed.Vars, parsed.Problems
	f.Doc = newDocument(URIFromPath(path), "", 0, KindOther, false, text.New(parsed.Text), syntax.Options{})
	return f
}

// unreadable says why a file that is there gives nothing.
func unreadable(err error) dotenv.Problem {
	if leaves(err) {
		return dotenv.Problem{Code: CodeEnvOutside, Message: "this is a link that leads out of the project, so it is not read; " +
			"name the file with --env-file, or widen the project with --project-root"}
	}
	return dotenv.Problem{Code: CodeEnvUnreadable, Message: fmt.Sprintf("this file cannot be read, so there are no variables: %s", plainError(err))}
}

// project is the folder that holds what belongs to the specs of a folder: what they name lies below it, and nothing above it is
// looked for. It is the one that the user named, else that of the configuration, else that of the repository, else the workspace
// folder.
func (s *Session) project(next *Snapshot, dir string) string {
	if s.projectRoot != "" && within(dir, []string{s.projectRoot}) {
		return s.projectRoot
	}
	if d := next.ConfigDocument(URIFromPath(filepath.Join(dir, "x.yaml"))); d != nil {
		return filepath.Dir(d.Path())
	}
	return s.boundary(next, dir)
}

// Project is the folder that holds what belongs to a document: files that the document names lie below it. It is empty for a
// document that is no file.
func (s *Snapshot) Project(uri string) string {
	path := PathFromURI(uri)
	if path == "" {
		return ""
	}
	dir := filepath.Dir(path)
	top, _ := s.tops.Load(dir)
	root, _ := top.(boundary)
	if root.named {
		return root.dir
	}
	if d := s.ConfigDocument(uri); d != nil {
		return filepath.Dir(d.Path())
	}
	return cmp.Or(root.dir, dir)
}

// Outside reports whether a file turned out to be, or to lie behind, a link out of the project that names it.
func (s *Snapshot) Outside(uri string) bool { return s.outside[CanonicalURI(uri)] }

// ReadNeeded reads files that a document of the project names. One behind a link out of the project is not read, and known by
// Outside from then on; what cannot be read otherwise is left to the checks.
func (s *Session) ReadNeeded(ctx context.Context, project string, paths ...string) *Snapshot {
	var inside []string
	outside := map[string]bool{}
	root, err := os.OpenRoot(project)
	if err != nil {
		return s.Snapshot()
	}
	defer func() { _ = root.Close() }()
	for _, path := range paths {
		rel, err := filepath.Rel(project, path)
		if err != nil {
			continue
		}
		info, err := root.Stat(rel)
		switch {
		case leaves(err):
			outside[URIFromPath(path)] = true
		case err == nil && info.Mode().IsRegular():
			inside = append(inside, path)
		}
	}
	if len(outside) > 0 {
		s.update(func(next *Snapshot) {
			next.files++
			maps.Copy(outside, next.outside)
			next.outside = outside
		})
	}
	if len(inside) == 0 {
		return s.Snapshot()
	}
	snap, _ := s.Load(ctx, inside...)
	return snap
}

// leaves reports whether os.Root refused a path because it leads out; there is no exported error for that.
func leaves(err error) bool {
	return err != nil && strings.Contains(err.Error(), "escapes from parent")
}

// boundary is where the search upward ends.
type boundary struct {
	dir   string
	named bool // by the user, so that it also counts in place of the configuration's folder
}

// boundary is the highest folder in which anything is looked for that governs the specs of a folder. An editor says which its
// folders are. On the command line it is the repository's, else the one in which the command was started, else the last one
// that belongs to the same user: what lies above may be anybody's.
func (s *Session) boundary(next *Snapshot, dir string) string {
	if b, known := next.tops.Load(dir); known {
		return b.(boundary).dir
	}
	b := boundary{dir: s.projectRoot, named: true}
	if s.projectRoot == "" || !within(dir, []string{s.projectRoot}) {
		b = boundary{dir: s.findBoundary(next, dir)}
	}
	next.tops.Store(dir, b)
	return b.dir
}

func (s *Session) findBoundary(next *Snapshot, dir string) string {
	top := ""
	for _, d := range ancestors(filepath.Join(dir, "x.yaml")) {
		if slices.Contains(next.roots, d) {
			top = d
			break
		}
	}
	if !s.searchAbove {
		if top == "" {
			return dir
		}
		return top
	}
	highest := dir
	here, err := os.Stat(dir)
	for d := dir; err == nil; {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d
		}
		highest = d
		above := filepath.Dir(d)
		info, statErr := os.Stat(above)
		if above == d || statErr != nil || foreign(info, here) {
			break
		}
		d = above
	}
	if top != "" {
		return top
	}
	return highest
}
