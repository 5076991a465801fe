package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
)

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
// naming a project on the command line is no leave to run what lies in it. A file is loaded only where it has the hash that
// its configuration gives, and the user passed --allow-plugins or trusts that hash. refused says what is not allowed, err
// what is and cannot be loaded. dir is the folder that the other plugins come from.
func (a *app) loadProjectPlugins(ctx context.Context, w *workspace, dir string) (refused []string, err error) {
	files := w.pluginFiles()
	source := output.Source{Snap: w.snap, WorkDir: w.workDir}
	var errs []error
	var dirs []string
	staged := map[string]pluginFile{}
	for _, f := range files {
		at := place(source, f.conf, f.Path.Span().Start)
		in, err := a.stage(f)
		var no *refusal
		switch {
		case errors.As(err, &no):
			refused = append(refused, at+": "+no.Error())
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: load the plugin `%s`: %w", at, f.Name.Value, err))
		default:
			dirs = append(dirs, in)
			staged[in] = f
		}
	}
	if len(dirs) == 0 {
		return refused, errors.Join(errs...)
	}
	registry, err := w.loader.LoadProject(ctx, dirs, dir)
	if err != nil {
		return refused, errors.Join(append(errs, err)...)
	}
	left := map[string]bool{}
	for _, p := range registry.Problems() {
		f, ok := staged[filepath.Dir(p.Path)]
		if !ok {
			continue // the user's own, which was told before
		}
		left[f.Path.Value] = true
		at := place(source, f.conf, f.Path.Span().Start)
		var takesOver *plugin.ErrTakesOver
		if errors.As(p.Err, &takesOver) {
			refused = append(refused, at+": "+takesOver.Error())
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %w", at, p.Err))
	}
	for in, f := range staged {
		if !left[f.Path.Value] && registry.ByName(f.Name.Value) == nil {
			at := place(source, f.conf, f.Name.Span().Start)
			errs = append(errs, fmt.Errorf("%s: no plugin in %s calls itself `%s`", at, f.Path.Value, f.Name.Value))
		}
		delete(staged, in)
	}
	w.snap = w.session.SetRegistry(registry)
	return refused, errors.Join(errs...)
}

// refusal is why policy keeps a plugin from being loaded.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// stage checks a plugin's file and returns the folder that holds a copy of it; a *refusal where it is not allowed.
func (a *app) stage(f pluginFile) (string, error) {
	name := f.Name.Value
	want, ok := plugin.ParseHash(f.SHA256.Value)
	if !ok {
		return "", refuse("the plugin `%s` is not loaded: its configuration gives no sha256 of 64 hex digits; add the one that "+
			"`speclens plugin inspect %s` prints", name, f.Path.Value)
	}
	path := filepath.FromSlash(f.Path.Value)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.conf.Path()), path)
	}
	wasm, sha, err := plugin.ReadProjectFile(path)
	if err != nil {
		return "", err
	}
	if sha != want {
		return "", refuse("the plugin `%s` is not loaded: its file has the sha256 %s, and the configuration says %s", name, sha, want)
	}
	trusts, err := plugin.NewTrustStore(trustFile()).Trusts(sha)
	if err != nil {
		return "", err
	}
	if !a.allowPlugins && !trusts {
		return "", refuse("the plugin `%s` comes with the project and is not loaded; add --allow-plugins to load it", name)
	}
	return plugin.StageProjectFile(plugin.DefaultCacheDir(), sha, wasm)
}

// trustFile is where the user's trust in plugins of projects is kept, beside the grants.
func trustFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "speclens", "trusted-plugins.json")
}
