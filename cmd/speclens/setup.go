package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
)

// pluginDirEnv names the environment variable that replaces the plugin folders.
const pluginDirEnv = "SPECLENS_PLUGIN_DIR"

// qubePluginDirEnv is that of the tool whose plugins run here too; it is read where ours is not set.
const qubePluginDirEnv = "QUBE_PLUGIN_DIR"

// defaultPluginMemory is how many MiB all plugins together may hold unless the user says otherwise.
var defaultPluginMemory = int(capabilities.DefaultLimits().TotalMemoryBytes >> 20) //nolint:gosec // 512

// namedPluginDirs are the plugin folders that the user named: by the flag, else by the environment variable.
func namedPluginDirs(flag string) []string {
	if flag == "" {
		flag = cmp.Or(os.Getenv(pluginDirEnv), os.Getenv(qubePluginDirEnv))
	}
	if flag == "" {
		return nil
	}
	return []string{flag}
}

// pluginDir is the folder that plugins come from: the one that the user named, else the user's data folder; empty where
// there is none. A workspace's own folder is used only where the user names it, since its files are not the user's.
func pluginDir(flag string) string {
	if dirs := namedPluginDirs(flag); dirs != nil {
		return dirs[0]
	}
	dir := userPluginDir()
	if info, err := os.Stat(dir); dir == "" || err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// userPluginDir is `speclens/plugins` in the user's data folder, empty where the system names none.
func userPluginDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "speclens", "plugins")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	switch runtime.GOOS {
	case "windows":
		if dir := os.Getenv("LOCALAPPDATA"); dir != "" {
			return filepath.Join(dir, "speclens", "plugins")
		}
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "speclens", "plugins")
	}
	return filepath.Join(home, ".local", "share", "speclens", "plugins")
}

// builtins are the plugins that are part of the program.
func builtins() []plugin.Plugin { return []plugin.Plugin{httpplugin.New()} }

// newLoader makes a loader with the user's grants and limits, whose log lines go to the program's log.
func (a *app) newLoader() (*plugin.Loader, error) {
	if a.pluginMemory < 1 || a.pluginMemory > 1<<20 {
		return nil, usage("--plugin-memory %d: want a number of MiB from 1 to %d", a.pluginMemory, 1<<20)
	}
	log := a.logger()
	grants, err := userGrants()
	if err != nil {
		return nil, err
	}
	return plugin.NewLoader(
		plugin.WithBuiltins(builtins()...),
		plugin.WithLimits(capabilities.Limits{TotalMemoryBytes: uint64(a.pluginMemory) << 20}),
		plugin.WithGrants(grants),
		plugin.WithGrantsFile(grantsFile()),
		plugin.WithLog(func(e capabilities.LogEntry) {
			log.Log(context.Background(), logLevel(e.Level), e.Message, "plugin", e.Plugin)
		}),
		plugin.WithNotices(func(n plugin.Notice) { log.Warn(n.Message, "plugin", n.Plugin, "version", n.Version, "err", n.Err) }),
	), nil
}

// withPlugins hands over the plugins in force and lets them go afterwards.
func (a *app) withPlugins(ctx context.Context, flag string, use func(*plugin.Registry) error) error {
	loader, err := a.newLoader()
	if err != nil {
		return err
	}
	defer func() { _ = loader.Close(context.Background()) }()
	registry, err := loader.LoadDir(ctx, pluginDir(flag))
	if err != nil {
		return err
	}
	return use(registry)
}

func logLevel(l capabilities.LogLevel) slog.Level {
	switch l {
	case capabilities.LevelDebug:
		return slog.LevelDebug
	case capabilities.LevelWarn:
		return slog.LevelWarn
	case capabilities.LevelError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// workspace is what check and run need: the files, the plugins, and what could not be read.
type workspace struct {
	session  *engine.Session
	snap     *engine.Snapshot
	loader   *plugin.Loader
	problems []engine.LoadProblem
	workDir  string
	// named are the URIs of the files that the command line names, and of their configurations; others were read because
	// these depend on them.
	named map[string]bool
	// refused is what policy kept from being loaded, each with its place; the command then ends with exitRefused.
	refused []string
	// unusable is why a plugin of the project that may be loaded cannot be, or does not take what the configuration says to
	// it; nil where nothing of that is so.
	unusable error
}

// close lets the plugins go.
func (w *workspace) close() { _ = w.loader.Close(context.Background()) }

// open reads what the command line names, under the settings that it makes. Problems with single files and plugins are part
// of the result.
func (a *app) open(ctx context.Context, paths []string, pluginFlag string, settings engine.Settings) (*workspace, error) {
	workDir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working folder: %w", err)
	}
	if err := a.namedEnvFile(settings.EnvFile, workDir); err != nil {
		return nil, err
	}
	root, err := a.namedRoot()
	if err != nil {
		return nil, err
	}
	loader, err := a.newLoader()
	if err != nil {
		return nil, err
	}
	registry, err := loader.LoadDir(ctx, pluginDir(pluginFlag))
	if err != nil {
		_ = loader.Close(ctx)
		return nil, err
	}
	for _, p := range registry.Problems() {
		fmt.Fprintln(a.stderr, "speclens: warning: "+render.Printable(p.Error()))
	}
	session := engine.NewSession(engine.Options{
		Registry: registry, Roots: []string{workDir}, SearchAbove: true, ProjectRoot: root, Settings: settings,
	})
	snap, problems := session.Load(ctx, paths...)
	w := &workspace{session: session, snap: snap, loader: loader, problems: problems, workDir: workDir, named: map[string]bool{}}
	for doc := range snap.Documents() {
		w.named[doc.URI] = true
	}
	w.loadNeeded(ctx)
	w.refused, w.unusable = a.loadProjectPlugins(ctx, w, pluginDir(pluginFlag))
	if configs := snap.PluginConfigs(); len(configs) > 0 {
		w.unusable = errors.Join(w.unusable, w.snap.Registry().InitAll(ctx, configs))
	}
	for _, refusal := range w.refused {
		fmt.Fprintln(a.stderr, "speclens: refused: "+render.PrintableLine(refusal))
	}
	if w.unusable != nil {
		fmt.Fprintln(a.stderr, "speclens: error: "+render.Printable(w.unusable.Error()))
	}
	return w, nil
}

// namedEnvFile refuses a file of `--env-file` of which not every line counts: whoever names a file wants all of it.
func (a *app) namedEnvFile(name, workDir string) error {
	if name == "" {
		return nil
	}
	f := engine.ReadEnvFile(name)
	if len(f.Problems) == 0 {
		return nil
	}
	a.reportEnv(f, workDir)
	return usage("read --env-file %s: not all of it can be read", render.PrintableLine(name))
}

// namedRoot is the folder of `--project-root`, empty where it was not given.
func (a *app) namedRoot() (string, error) {
	if a.projectRoot == "" {
		return "", nil
	}
	root, err := filepath.Abs(a.projectRoot)
	if err != nil {
		return "", fmt.Errorf("find --project-root: %w", err)
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return "", usage("--project-root %s: there is no such folder", render.PrintableLine(a.projectRoot))
	}
	return root, nil
}

// reportEnv writes what is wrong with a `.env` file, with the places.
func (a *app) reportEnv(f *engine.EnvFile, workDir string) {
	for _, d := range analysis.EnvFile(f) {
		line, column := render.Position(f.Doc.Text, d.Span.Start)
		fmt.Fprintf(a.stderr, "%s:%d:%d: error: %s [%s]\n", render.Path(f.Doc.URI, workDir), line, column, render.Printable(d.Message), d.Code)
	}
}

// usage is an error of the command line itself.
func usage(format string, args ...any) error {
	return &exitError{exitBroken, fmt.Sprintf(format, args...)}
}

// errInterrupted ends a command that the user stopped.
var errInterrupted = errors.New("interrupted")
