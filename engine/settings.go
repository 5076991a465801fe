package engine

import "time"

// Settings are the user's own: never the workspace's.
type Settings struct {
	// PluginDirs are where plugins are looked for, first wins.
	PluginDirs []string
	// WorkspacePlugins also takes plugins from the folder .speclens/plugins of a trusted workspace, where PluginDirs is
	// empty.
	WorkspacePlugins bool
	// PluginMemory is how many bytes of memory all plugins together may hold; 0 means the default.
	PluginMemory uint64
	// Environment is the environment to use where none was chosen.
	Environment string
	// ProcessEnv lets `{{ env.NAME }}` read the process environment.
	ProcessEnv bool
	// EnvFile replaces the search for a `.env` file.
	EnvFile string
	// RunTimeout is the time of one attempt where a test sets none.
	RunTimeout time.Duration
	// InlayHints and the like switch what an editor shows.
	InlayHints InlayHintSettings
	// Strict turns warnings on unknown plugin fields into errors.
	Strict bool
	// OtherReadersOff keeps an editor from being told how other readers of YAML differ.
	OtherReadersOff bool
}

// InlayHintSettings switch the hints on results.
type InlayHintSettings struct {
	// Off switches all of them off, OffEvents those of plugin events.
	Off       bool
	OffEvents bool
}

// PluginConfigs is what the configurations say to plugins, by the plugin's name. Of two configurations for one plugin the
// first by path counts: there is one plugin for all folders. A workspace without trust says nothing.
func (s *Snapshot) PluginConfigs() map[string]map[string]any {
	configs := map[string]map[string]any{}
	if !s.Trusted() {
		return configs
	}
	for doc := range s.Documents() {
		if doc.Kind != KindConfig {
			continue
		}
		for name, value := range doc.Config().PluginConfigs {
			if config, ok := value.(map[string]any); ok && configs[name] == nil {
				configs[name] = config
			}
		}
	}
	return configs
}
