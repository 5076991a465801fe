package spec

import (
	"path/filepath"
	"slices"
	"strconv"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/schema"
)

// LowerConfig reads the project's configuration out of a tree. Only the first document counts.
func LowerConfig(tree *syntax.Tree) *Config {
	l := &configReader{c: &Config{}}
	count := 0
	for _, doc := range tree.Documents() {
		if isNull(doc.Root) {
			continue
		}
		if count++; count > 1 {
			l.warn(doc.Root.Span(), CodeBadValue, "a configuration is one document; this one has no effect")
			continue
		}
		if doc.Root.Resolve().Kind() != syntax.Mapping {
			l.fatal(doc.Root.Span(), CodeWrongType, "a configuration is a map, but this is "+Describe(doc.Root))
			continue
		}
		l.c.Keys = map[string]syntax.Node{}
		l.keys(doc.Root)
	}
	l.c.Problems, l.c.Templates = l.problems.list, l.templates
	return l.c
}

// configReader reads the configuration.
type configReader struct {
	reader
	c *Config
}

func (l *configReader) keys(root syntax.Node) {
	order := names(schema.LevelConfig)
	entries := root.Merged()
	for _, e := range entries {
		name := e.Key.Resolve().Value()
		if _, twice := l.c.Keys[name]; twice {
			continue
		}
		if l.coreKey(name, e) {
			l.c.Keys[name] = e.Key
			continue
		}
		l.c.Unknown = append(l.c.Unknown, Field{Key: l.text(e.Key, "a key", false), Value: e.Value})
		if slices.Contains(elsewhere, name) {
			l.warn(e.Key.Span(), CodeShadowedKey, quote(name)+" is known to qube and has no effect here")
			continue
		}
		if slices.Contains(names(schema.LevelFile), name) {
			l.fatal(e.Key.Span(), CodeUnknownKey, quote(name)+" belongs in a spec, and not in the project's configuration")
			continue
		}
		l.unknownKey(e.Key, "the configuration", order, entries)
	}
}

func (l *configReader) coreKey(name string, e syntax.Entry) bool {
	c, v := l.c, e.Value
	switch name {
	case "version":
		c.Version = l.text(v, name, false)
	case "targets":
		c.Targets = l.pairs(v, name, true)
	case "defaults":
		c.Defaults = l.defaults(v)
	case "plugins":
		c.Plugins = l.plugins(v)
	case "pluginConfigs":
		c.PluginConfigs = l.pluginConfigs(v)
	case "runner":
		c.Runner = l.runner(v)
	case "environments":
		c.Environments = l.environments(v)
	case "env":
		c.Env = l.pairs(v, name, false)
	case "specs":
		c.Specs = l.texts(v, name)
	case "output":
		c.Output = l.output(v)
	default:
		return false
	}
	return true
}

// plugins reads a list of names and maps.
func (l *configReader) plugins(v syntax.Node) []PluginRef {
	var refs []PluginRef
	for i, item := range l.items(v, "plugins") {
		place := "plugins." + strconv.Itoa(i)
		ref := PluginRef{Node: item}
		if item.Resolve().Kind() != syntax.Mapping {
			ref.Name = l.text(item, place, false)
			refs = append(refs, ref)
			continue
		}
		l.object(item, place, map[string]func(syntax.Entry){
			"name":   func(e syntax.Entry) { ref.Name = l.text(e.Value, place+".name", false) },
			"path":   func(e syntax.Entry) { ref.Path = l.text(e.Value, place+".path", false) },
			"sha256": func(e syntax.Entry) { ref.SHA256 = l.text(e.Value, place+".sha256", false) },
			"grants": func(e syntax.Entry) { ref.Grants = l.texts(e.Value, place+".grants") },
		}, names(schema.LevelPluginRef))
		if ref.Name.Value == "" {
			l.fatal(item.Span(), CodeMissingKey, "a plugin must have `name`, the name that it gives itself")
		}
		refs = append(refs, ref)
	}
	return refs
}

// pluginConfigs reads the plugins' own settings, whatever they hold.
func (l *configReader) pluginConfigs(v syntax.Node) map[string]any {
	configs := map[string]any{}
	for _, e := range l.entries(v, "pluginConfigs") {
		name := e.Key.Resolve().Value()
		if value := e.Value.Resolve(); value.Kind() != syntax.Mapping && !isNull(e.Value) {
			l.fatal(e.Value.Span(), CodeWrongType, "the settings of plugin "+quote(name)+" must be a map, but this is "+Describe(e.Value))
			continue
		}
		configs[name] = e.Value.Any()
	}
	return configs
}

func (l *configReader) runner(v syntax.Node) RunnerConfig {
	var rc RunnerConfig
	l.object(v, "runner", map[string]func(syntax.Entry){
		"parallel":      func(e syntax.Entry) { rc.Parallel = l.boolean(e.Value, "runner.parallel") },
		"maxConcurrent": func(e syntax.Entry) { rc.MaxConcurrent = l.text(e.Value, "runner.maxConcurrent", false) },
		"failFast":      func(e syntax.Entry) { rc.FailFast = l.boolean(e.Value, "runner.failFast") },
	}, names(schema.LevelRunner))
	return rc
}

func (l *configReader) environments(v syntax.Node) []Environment {
	var list []Environment
	for _, e := range l.entries(v, "environments") {
		env := Environment{Name: l.text(e.Key, "an environment", false)}
		place := "environments." + env.Name.Value
		l.object(e.Value, place, map[string]func(syntax.Entry){
			"targets":   func(e syntax.Entry) { env.Targets = l.pairs(e.Value, place+".targets", true) },
			"env":       func(e syntax.Entry) { env.Env = l.pairs(e.Value, place+".env", false) },
			"protected": func(e syntax.Entry) { env.Protected = l.boolean(e.Value, place+".protected") },
		}, names(schema.LevelEnvironment))
		list = append(list, env)
	}
	return list
}

// saveResults takes true, false or a path.
func (l *configReader) saveResults(v syntax.Node, oc *OutputConfig) {
	n := v.Resolve()
	if _, isWord := boolWord(n); isNull(v) || isWord || n.Kind() != syntax.Scalar || n.Tag() == syntax.TagBool {
		oc.SaveResults = l.boolean(v, "output.saveResults")
		return
	}
	path := l.text(v, "output.saveResults", false)
	if !filepath.IsLocal(filepath.FromSlash(path.Value)) {
		l.fatal(v.Span(), CodeBadValue, "`output.saveResults` must be true, false or a path below the configuration's folder, such as results.json")
		return
	}
	oc.SaveResults, oc.ResultsPath = Bool{Value: true, Node: v}, path
}

// elsewhere are keys that the original runner knows and that do nothing here.
var elsewhere = []string{"hooks", "services"}

func (l *configReader) output(v syntax.Node) OutputConfig {
	var oc OutputConfig
	l.object(v, "output", map[string]func(syntax.Entry){
		"format":      func(e syntax.Entry) { oc.Format = l.oneOf(e.Value, "output.format", schema.LevelOutput, CodeBadValue) },
		"verbose":     func(e syntax.Entry) { oc.Verbose = l.boolean(e.Value, "output.verbose") },
		"saveResults": func(e syntax.Entry) { l.saveResults(e.Value, &oc) },
	}, names(schema.LevelOutput))
	return oc
}
