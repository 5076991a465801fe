package plugintest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// builds holds one function per guest, which builds it once per test binary and returns the file's path.
var builds sync.Map

// Build returns the module of the guest under testdata/plugins/<name>.
func Build(t testing.TB, name string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// Path is like Build and returns the path of a file, which the caller must not change.
func Path(t testing.TB, name string) string {
	t.Helper()
	build, _ := builds.LoadOrStore(name, sync.OnceValues(func() (string, error) { return build(name) }))
	path, err := build.(func() (string, error))()
	if err != nil {
		t.Fatalf("build guest %s: %v", name, err)
	}
	return path
}

// CacheDir returns the compile cache that all tests of this user share, so that a guest is compiled once and not once per
// test binary.
func CacheDir(t testing.TB) string {
	t.Helper()
	dir, err := cacheDir("compiled")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func cacheDir(name string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, "speclens-test", name)
	return dir, os.MkdirAll(dir, 0o700)
}

// build returns the path of the guest's module, which is kept under the hash of its sources and of the toolchain.
func build(name string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "testdata", "plugins", name)
	sum, err := hashSources(root, source)
	if err != nil {
		return "", err
	}
	dir, err := cacheDir("guests")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name+"-"+sum+".wasm")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}

	temp := fmt.Sprintf("%s.%d", path, os.Getpid())
	defer os.Remove(temp)
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-buildmode=c-shared", "-o", temp, ".")
	command.Dir = source
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return path, os.Rename(temp, path)
}

// modulePath begins the import paths of this module's own packages.
const modulePath = "github.com/speclens/speclens/"

// hashSources covers the guest's files, the packages of this module that they import, and the Go version.
func hashSources(root, dir string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version())
	dirs := []string{dir}
	for i := 0; i < len(dirs); i++ { // dirs grows with the imports that are found
		err := filepath.WalkDir(dirs[i], func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && path != dirs[i] && i > 0 {
				return fs.SkipDir // another package
			}
			if d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			fmt.Fprintf(h, "%s %d\n%s", rel, len(content), content)
			for _, rest := range strings.Split(string(content), `"`+modulePath)[1:] {
				imported, _, _ := strings.Cut(rest, `"`)
				if imported = filepath.Join(root, filepath.FromSlash(imported)); !slices.Contains(dirs, imported) {
					dirs = append(dirs, imported)
				}
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// moduleRoot is the folder of the go.mod above this file or, in a build with -trimpath, above the working directory.
func moduleRoot() (string, error) {
	_, self, _, _ := runtime.Caller(0)
	starts := []string{filepath.Dir(self)}
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	for _, dir := range starts {
		for ; strings.Trim(dir, `./\`) != "" && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return dir, nil
			}
		}
	}
	return "", fmt.Errorf("no go.mod above %s", strings.Join(starts, " or "))
}
