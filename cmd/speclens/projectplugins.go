package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
)

// mostPluginBytes is more than any plugin's file has; the loader's own limit is stricter.
const mostPluginBytes = 64 << 20

// pluginFile is a plugin that a configuration names by its file.
type pluginFile struct {
	spec.PluginRef
	conf *engine.Document
}

// pluginFiles are those of all configurations of the run.
func (w *workspace) pluginFiles() []pluginFile {
	var list []pluginFile
	for doc := range w.snap.Documents() {
		if doc.Kind != engine.KindConfig {
			continue
		}
		for _, ref := range doc.Config().Plugins {
			if ref.Path.Value != "" {
				list = append(list, pluginFile{ref, doc})
			}
		}
	}
	return list
}

// loadProjectPlugins loads the plugins that come with the project, where the user allows that: they are not the user's, so
// naming a project on the command line is no leave to run what lies in it. A file with another hash than its configuration
// says is not loaded. dir is the folder that the other plugins come from.
func (a *app) loadProjectPlugins(ctx context.Context, w *workspace, dir string) error {
	files := w.pluginFiles()
	source := output.Source{Snap: w.snap, WorkDir: w.workDir}
	if !a.allowPlugins {
		for _, f := range files {
			fmt.Fprintf(a.stderr, "%s: warning: the plugin `%s` comes with the project and is not loaded; add --allow-plugins to load it\n",
				place(source, f.conf, f.Path.Span().Start), render.PrintableLine(f.Name.Value))
		}
		return nil
	}
	var errs []error
	var dirs []string
	for _, f := range files {
		staged, err := f.stage()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", place(source, f.conf, f.Path.Span().Start), err))
			continue
		}
		dirs = append(dirs, staged)
	}
	if len(dirs) == 0 {
		return errors.Join(errs...)
	}
	registry, err := w.loader.LoadDirs(ctx, append(dirs, dir)...)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, f := range files {
		if len(errs) == 0 && registry.ByName(f.Name.Value) == nil {
			at := place(source, f.conf, f.Name.Span().Start)
			errs = append(errs, fmt.Errorf("%s: no plugin in %s calls itself `%s`", at, f.Path.Value, f.Name.Value))
		}
	}
	w.snap = w.session.SetRegistry(registry)
	return errors.Join(errs...)
}

// stage checks a plugin's file and copies it into the user's cache, under its hash: what is loaded is what was checked,
// whatever becomes of the file. It returns the folder.
func (f pluginFile) stage() (string, error) {
	path := filepath.FromSlash(f.Path.Value)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.conf.Path()), path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("load the plugin `%s`: %w", f.Name.Value, err)
	}
	defer func() { _ = file.Close() }()
	wasm, err := io.ReadAll(io.LimitReader(file, mostPluginBytes))
	if err != nil {
		return "", fmt.Errorf("load the plugin `%s`: %w", f.Name.Value, err)
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(wasm))
	if want := strings.TrimSpace(f.SHA256.Value); want != "" && !strings.EqualFold(want, hash) {
		return "", fmt.Errorf("the plugin `%s` is not loaded: its file has the sha256 %s, and the configuration says %s",
			f.Name.Value, hash, want)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("load the plugin `%s`: %w", f.Name.Value, err)
	}
	dir := filepath.Join(cache, "speclens", "project-plugins", hash)
	target := filepath.Join(dir, hash[:12]+".wasm")
	if have, err := os.ReadFile(target); err == nil && sha256.Sum256(have) == sha256.Sum256(wasm) {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("load the plugin `%s`: %w", f.Name.Value, err)
	}
	copied, err := os.CreateTemp(dir, ".*.tmp")
	if err != nil {
		return "", fmt.Errorf("load the plugin `%s`: %w", f.Name.Value, err)
	}
	_, err = copied.Write(wasm)
	if err = errors.Join(err, copied.Close()); err == nil {
		err = os.Rename(copied.Name(), target)
	}
	if err != nil {
		_ = os.Remove(copied.Name())
		return "", fmt.Errorf("load the plugin `%s`: %w", f.Name.Value, err)
	}
	return dir, nil
}
