package plugin

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// index remembers, across processes, what the loader learnt about plugin files, so that an unchanged folder costs a stat
// per file. It is a cache: losing it costs time, and two processes that write it at once cost no more than that.
type index struct {
	path string // "" keeps it in memory only

	// Format and Wazero are those of the engine that wrote the index; others start anew.
	Format  int                  `json:"format"`
	Wazero  string               `json:"wazero"`
	ABI     int                  `json:"abi"`
	Files   map[string]indexFile `json:"files"`   // by absolute path
	Modules map[string]indexed   `json:"modules"` // by SHA-256 in hex
}

type indexFile struct {
	Size int64 `json:"size"`
	// ModTime and Checked are Unix nanoseconds; Checked is when the content was hashed.
	ModTime int64  `json:"mtime"`
	Checked int64  `json:"checked"`
	SHA256  string `json:"sha256"`
}

type indexed struct {
	manifest
	// Used is the day of the last use, in days since 1970.
	Used int64 `json:"used"`
}

const (
	// indexFormat changes whenever what is learnt about a module, or how it is checked, changes.
	indexFormat = 3
	// youngFile is the age under which a file may have been written again without its time changing.
	youngFile = 2 * time.Second
	// indexKeepDays is how long modules that no folder holds any more are remembered.
	indexKeepDays = 90
)

// stat is what tells whether a file may have changed.
type stat struct {
	size    int64
	modTime int64
}

// readIndex returns the index in the cache folder, an empty one where there is none that can be used.
func readIndex(cacheDir string) *index {
	x := &index{}
	path := ""
	if cacheDir != "" {
		path = filepath.Join(cacheDir, "index.json")
		if b, err := os.ReadFile(path); err == nil {
			if err := json.Unmarshal(b, x); err != nil || x.Format != indexFormat || x.Wazero != wazeroVersion() || x.ABI != contractVersion {
				x = &index{}
			}
		}
	}
	x.path = path
	x.Format, x.Wazero, x.ABI = indexFormat, wazeroVersion(), contractVersion
	if x.Files == nil {
		x.Files = map[string]indexFile{}
	}
	if x.Modules == nil {
		x.Modules = map[string]indexed{}
	}
	return x
}

// hash returns the hash that the file had when it had this stat, unless the file was so young that it may have changed
// since.
func (x *index) hash(path string, s stat) (sha string, ok bool) {
	f, ok := x.Files[path]
	if !ok || f.Size != s.size || f.ModTime != s.modTime || young(f.ModTime, f.Checked) {
		return "", false
	}
	return f.SHA256, true
}

// young says that a file with this time could have been written again, after it was looked at, without the time changing.
func young(modTime, checked int64) bool { return checked-modTime < int64(youngFile) }

func (x *index) setFile(path string, s stat, sha string, checked time.Time) {
	x.Files[path] = indexFile{Size: s.size, ModTime: s.modTime, Checked: checked.UnixNano(), SHA256: sha}
}

func (x *index) module(sha string) (manifest, bool) {
	m, ok := x.Modules[sha]
	return m.manifest, ok
}

func (x *index) setModule(sha string, m manifest) {
	x.Modules[sha] = indexed{manifest: m}
}

// write stores the index, for its owner only, after forgetting files of dirs that are not among present and what has not
// been used for long.
func (x *index) write(dirs []string, present map[string]bool, now time.Time) error {
	if x.path == "" {
		return nil
	}
	today := now.Unix() / (24 * 60 * 60)
	for path, f := range x.Files {
		if slices.Contains(dirs, filepath.Dir(path)) && !present[path] {
			delete(x.Files, path)
			continue
		}
		if m, ok := x.Modules[f.SHA256]; ok && present[path] {
			m.Used = today
			x.Modules[f.SHA256] = m
		}
	}
	for sha, m := range x.Modules {
		if m.Used == 0 {
			m.Used = today
			x.Modules[sha] = m
		}
		if today-m.Used > indexKeepDays {
			delete(x.Modules, sha)
		}
	}
	for path, f := range x.Files {
		if _, ok := x.Modules[f.SHA256]; !ok {
			delete(x.Files, path)
		}
	}
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("plugin index: %w", err)
	}
	return writeFileAtomically(x.path, b)
}

func writeFileAtomically(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("plugin index: %w", err)
	}
	_, err = f.Write(b)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("plugin index: %w", err)
	}
	return nil
}

// wazeroVersion returns the version of wazero in this program, "dev" where the program does not know.
func wazeroVersion() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, dep := range info.Deps {
			if strings.HasSuffix(dep.Path, "/wazero") {
				return dep.Version
			}
		}
	}
	return "dev"
}
