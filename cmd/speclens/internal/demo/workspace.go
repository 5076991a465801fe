package demo

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The sample workspace. Its files name the API as @API@ until they are written.
//
//go:embed all:sample
var sample embed.FS

// apiMark stands in the embedded files for the base URL of the sample API.
const apiMark = "@API@"

// SpecFile is the spec that the demo opens.
const SpecFile = "users.qube.yaml"

// WriteWorkspace writes the sample workspace into dir, which must not exist or be empty, with baseURL as the API.
func WriteWorkspace(dir, baseURL string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the sample workspace: %w", err)
		}
	case err != nil:
		return fmt.Errorf("look at %s: %w", dir, err)
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: choose a new folder, so that nothing of yours is overwritten", dir)
	}
	return fs.WalkDir(sample, "sample", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "sample" {
			return err
		}
		rel, err := filepath.Rel("sample", path)
		if err != nil {
			return err
		}
		target := filepath.Join(dir, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := sample.ReadFile(path)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(content), apiMark, baseURL)
		return os.WriteFile(target, []byte(text), 0o644)
	})
}
