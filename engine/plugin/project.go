package plugin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/capabilities"
)

// A project may bring plugins of its own: files that its configuration names, with the hash that each must have. They are
// not the user's, so a file is loaded only where its hash is the one that is written and the user allows that hash.

// ParseHash reads a SHA-256 as a configuration may give it: 64 hex digits, with or without "sha256:" before them. ok is
// false for anything else; what is absent or blank is no hash and allows nothing.
func ParseHash(written string) (sha string, ok bool) {
	sha = strings.ToLower(strings.TrimSpace(written))
	sha = strings.TrimPrefix(sha, "sha256:")
	if len(sha) != 2*sha256.Size || strings.Trim(sha, "0123456789abcdef") != "" {
		return "", false
	}
	return sha, true
}

// ReadProjectFile reads a plugin file of a project and returns its content and hash. It reads regular files only, and
// none beyond the limit for modules.
func ReadProjectFile(path string) (wasm []byte, sha string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, "", fmt.Errorf("%s is not a regular file", path)
	}
	most := capabilities.DefaultLimits().ModuleBytes
	if wasm, err = io.ReadAll(io.LimitReader(f, most+1)); err != nil {
		return nil, "", err
	}
	if int64(len(wasm)) > most {
		return nil, "", &ErrTooLarge{What: "module", Size: info.Size(), Most: most}
	}
	return wasm, hashOf(wasm), nil
}

// StageProjectFile copies a module that was read and allowed into a folder of the cache, under its hash: what is loaded is
// what was checked, whatever becomes of the project's file. It returns the folder, which holds nothing else.
func StageProjectFile(cacheDir, sha string, wasm []byte) (dir string, err error) {
	if cacheDir == "" {
		return "", errors.New("there is no cache folder to keep the module in")
	}
	dir = filepath.Join(cacheDir, "project", sha)
	target := filepath.Join(dir, sha[:12]+".wasm")
	if have, err := os.ReadFile(target); err == nil && hashOf(have) == sha {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, writeFileAtomically(target, wasm)
}

// TrustStore remembers which plugins of projects the user allows, by the hash of the module. Its file is the user's own
// and never part of a workspace.
type TrustStore struct{ path string }

// NewTrustStore keeps the store in a file; an empty path is a store that trusts nothing and remembers nothing.
func NewTrustStore(path string) *TrustStore { return &TrustStore{path} }

// trusted is an entry of the file, for people.
type trusted struct {
	Name string `json:"name"`
}

func (s *TrustStore) read() (map[string]trusted, error) {
	entries := map[string]trusted{}
	if s == nil || s.path == "" {
		return entries, nil
	}
	content, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return entries, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the plugins that you trust: %w", err)
	}
	if err := json.Unmarshal(content, &entries); err != nil {
		return nil, fmt.Errorf("read the plugins that you trust: %s: %w", s.path, err)
	}
	return entries, nil
}

// Trusts reports whether the user allows the module of that hash. A file that cannot be understood allows nothing and is
// an error.
func (s *TrustStore) Trusts(sha string) (bool, error) {
	entries, err := s.read()
	if err != nil {
		return false, err
	}
	_, ok := entries["sha256:"+sha]
	return ok, nil
}

// Trust remembers that the user allows the module of that hash.
func (s *TrustStore) Trust(sha, name string) error {
	if s == nil || s.path == "" {
		return errors.New("there is no folder of yours to remember that in")
	}
	entries, err := s.read()
	if err != nil {
		return err
	}
	entries = maps.Clone(entries)
	entries["sha256:"+sha] = trusted{Name: name}
	b, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	return writeFileAtomically(s.path, append(b, '\n'))
}

// ErrTakesOver says that a plugin of a project has the name of one that is part of the program; found with errors.As on a
// *ErrTakesOver.
type ErrTakesOver struct{ Name string }

func (e *ErrTakesOver) Error() string {
	return fmt.Sprintf("a plugin of a project may not take the place of the built-in plugin %s; give it another name, or put it into your own plugin folder",
		e.Name)
}

func (l *Loader) isBuiltin(name string) bool {
	for _, p := range l.options.builtins {
		if !isNil(p) && p.Info().Name == name {
			return true
		}
	}
	return false
}
