package server

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
)

const (
	// workspacePlugins is where a workspace keeps plugins of its own.
	workspacePlugins = ".speclens/plugins"
	// pluginPoll is the time between two looks at the plugin folders, where the editor does not watch them.
	pluginPoll = 2 * time.Second
	// pluginPatience is how long the first diagnostics and runs wait for the plugins in the folders: without them their
	// protocols are unknown.
	pluginPatience = time.Second
)

// pluginWatch says when the plugin folders are to be looked at.
type pluginWatch struct {
	wake  chan struct{}
	once  sync.Once
	ready chan struct{} // closed after the first look

	// The rest belongs to the goroutine of watchPlugins.
	registry *plugin.Registry // in force
	configs  string           // that its plugins were given, as JSON
	told     map[string]bool  // problems that the user has heard of
}

func newPluginWatch() *pluginWatch {
	return &pluginWatch{wake: make(chan struct{}, 1), ready: make(chan struct{}), told: map[string]bool{}}
}

// reload has the folders looked at again, soon.
func (w *pluginWatch) reload() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// isReady reports whether the first look is over.
func (w *pluginWatch) isReady() bool {
	select {
	case <-w.ready:
		return true
	default:
		return false
	}
}

// await waits for the first look, for a while.
func (w *pluginWatch) await(ctx context.Context) {
	t := time.NewTimer(pluginPatience)
	defer t.Stop()
	select {
	case <-w.ready:
	case <-t.C:
	case <-ctx.Done():
	}
}

// pluginOptions lets the user hear of what happens to plugins.
func (s *Server) pluginOptions() []plugin.Option {
	return []plugin.Option{
		plugin.WithNotices(func(n plugin.Notice) { s.show(protocol.MessageTypeWarning, "%s", n.Message) }),
		plugin.WithLog(func(e capabilities.LogEntry) {
			s.tell(logType(e.Level.String()), "[%s] %s", e.Plugin, e.Message)
		}),
	}
}

// watchPlugins loads the plugins, and loads them anew whenever there is reason to.
func (s *Server) watchPlugins(ctx context.Context) {
	var poll <-chan time.Time
	if !s.client.Load().watchFiles {
		ticker := time.NewTicker(pluginPoll)
		defer ticker.Stop()
		poll = ticker.C
	}
	for {
		select {
		case <-s.plugins.wake:
		case <-poll:
		case <-ctx.Done():
			return
		}
		s.loadPlugins(ctx)
		s.plugins.once.Do(func() { close(s.plugins.ready) })
	}
}

// loadPlugins puts in force what is in the folders now. Where nothing changed it does nothing.
func (s *Server) loadPlugins(ctx context.Context) {
	snap := s.session.Snapshot()
	s.loader.SetTotalMemory(snap.Settings().PluginMemory)
	registry, err := s.loader.LoadDirs(ctx, s.pluginDirs(snap)...)
	if err != nil {
		if ctx.Err() == nil {
			s.complain(err.Error())
		}
		return
	}
	w := s.plugins
	if configs, text := pluginConfigs(snap); w.registry != registry || w.configs != text {
		w.configs = text
		if err := registry.InitAll(ctx, configs); err != nil && ctx.Err() == nil {
			s.complain(err.Error())
		}
	}
	if w.registry == registry {
		return
	}
	w.registry = registry
	s.session.SetRegistry(registry)
	for _, p := range registry.Problems() {
		s.complain(p.Error())
	}
	s.everythingChanged()
}

// complain tells the user of a problem with plugins, once.
func (s *Server) complain(problem string) {
	if s.plugins.told[problem] {
		return
	}
	s.plugins.told[problem] = true
	s.show(protocol.MessageTypeError, "%s", problem)
}

// pluginDirs are the folders that plugins come from: those that the user named, else those of the folders that the user
// trusts and the user's own. Folders that do not exist are left out, unless the user named them.
func (s *Server) pluginDirs(snap *engine.Snapshot) []string {
	if dirs := s.opts.PluginDirs; len(dirs) > 0 {
		return dirs
	}
	if dirs := snap.Settings().PluginDirs; len(dirs) > 0 {
		return dirs
	}
	var dirs []string
	// What lies in a workspace is not the user's: trust alone is no leave to load it.
	if snap.Trusted() && snap.Settings().WorkspacePlugins {
		for _, root := range snap.Roots() {
			dirs = append(dirs, filepath.Join(root, filepath.FromSlash(workspacePlugins)))
		}
	}
	if s.opts.UserPluginDir != "" {
		dirs = append(dirs, s.opts.UserPluginDir)
	}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		info, err := os.Stat(dir)
		return errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir()
	})
}

// pluginConfigs is what the configurations say to plugins, and the same as text to compare.
func pluginConfigs(snap *engine.Snapshot) (map[string]map[string]any, string) {
	configs := snap.PluginConfigs()
	text, err := json.Marshal(configs)
	if err != nil {
		return configs, err.Error()
	}
	return configs, string(text)
}
