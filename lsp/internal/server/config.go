package server

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync/atomic"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// section is the name of the server's settings in an editor's configuration.
const section = "speclens"

// maxPluginMemory is the largest number of mebibytes that makes sense for all plugins together.
const maxPluginMemory = 1 << 20

// configuration are the layers of settings: the command line's, the initialization options', the editor's.
type configuration struct {
	base    engine.Settings // set by initialize, before anything reads it
	options lenient         // likewise
	editor  atomic.Pointer[lenient]
	// asked counts the questions to the editor: only the answer to the last one counts.
	asked atomic.Int64
}

func (c *configuration) start(base engine.Settings, options lenient) {
	c.base, c.options = base, options
	if inner := options.at("settings"); inner.isObject() {
		c.options = inner
	}
	if inner := c.options.at(section); inner.isObject() {
		c.options = inner
	}
}

// settings lays the layers over each other.
func (c *configuration) settings() engine.Settings {
	s := overlay(c.base, c.options)
	if editor := c.editor.Load(); editor != nil {
		s = overlay(s, *editor)
	}
	return s
}

// overlay reads settings as far as they are there and make sense.
func overlay(s engine.Settings, from lenient) engine.Settings {
	if dirs := from.at("pluginDirectories").texts(); len(dirs) > 0 {
		s.PluginDirs = dirs
	} else if dir := from.at("pluginDirectory").text(); dir != "" {
		s.PluginDirs = []string{dir}
	}
	if name := from.at("environment"); name.text() != "" {
		s.Environment = name.text()
	}
	if file := from.at("envFile").text(); file != "" {
		s.EnvFile = file
	}
	if d, ok := from.at("runTimeout").duration(); ok {
		s.RunTimeout = d
	}
	if mebibytes, ok := from.at("plugins", "memory").integer(); ok && mebibytes > 0 && mebibytes <= maxPluginMemory {
		s.PluginMemory = uint64(mebibytes) << 20
	}
	set(&s.WorkspacePlugins, from.at("workspacePlugins"))
	set(&s.ProcessEnv, from.at("processEnv"))
	set(&s.Strict, from.at("strict"))
	unset(&s.OtherReadersOff, from.at("otherReaders"))
	unset(&s.InlayHints.Off, from.at("inlayHints", "outcomes"))
	unset(&s.InlayHints.OffEvents, from.at("inlayHints", "events"))
	return s
}

func set(target *bool, from lenient) {
	if from.true() || from.false() {
		*target = from.true()
	}
}

func unset(target *bool, from lenient) {
	if from.true() || from.false() {
		*target = from.false()
	}
}

// didChangeConfiguration takes in new settings. Editors that can be asked send none along, or all of everybody's.
func (s *Server) didChangeConfiguration(_ context.Context, req *wire.Request) (any, error) {
	if s.client.Load().configuration {
		s.background("configuration", s.pullConfiguration)
		return nil, nil
	}
	settings := parseLenient(req.Params).at("settings")
	if inner := settings.at(section); inner.isObject() {
		settings = inner
	}
	if settings.isObject() {
		s.configure(settings)
	}
	return nil, nil
}

// pullConfiguration asks the editor for the settings.
func (s *Server) pullConfiguration(ctx context.Context) {
	if !s.client.Load().configuration {
		return
	}
	n := s.config.asked.Add(1)
	name := section
	params := &protocol.ConfigurationParams{Items: []protocol.ConfigurationItem{{Section: &name}}}
	var raw json.RawMessage
	if err := s.ask(ctx, protocol.MethodWorkspaceConfiguration, params, &raw); err != nil {
		s.log.Warn("the editor did not tell its configuration", "error", err)
		return
	}
	if answers := parseLenient(raw).list(); len(answers) > 0 && answers[0].isObject() && n == s.config.asked.Load() {
		s.configure(answers[0])
	}
}

// configure puts the editor's settings in force.
func (s *Server) configure(editor lenient) {
	s.config.editor.Store(&editor)
	s.session.SetSettings(s.config.settings())
	s.plugins.reload()
	s.everythingChanged()
}

// absolute is a path that the user named, from the working folder where it is relative.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
