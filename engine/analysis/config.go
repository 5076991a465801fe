package analysis

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// configuration checks the project's configuration: structure, values, and the names of plugins.
func configuration(p *pass) []Diagnostic {
	c := configCheck{pass: p, conf: p.doc.Config()}
	c.found = problems(c.conf.Problems)
	v := values{core: true}
	for _, doc := range p.doc.Tree().Documents() {
		if !isNull(doc.Root) {
			v.level(doc.Root.Merged(), schema.LevelConfig, p.snap.Fields())
			break
		}
	}
	c.found = append(c.found, v.found...)
	c.found = append(c.found, templateProblems(c.conf.Templates)...)
	c.variables()
	c.version()
	c.protocols()
	c.plugins()
	c.globs()
	return c.found
}

type configCheck struct {
	*pass
	conf  *spec.Config
	found []Diagnostic
}

func (c *configCheck) add(span text.Span, severity Severity, code, message string, fixes ...Fix) {
	c.found = append(c.found, Diagnostic{Span: span, Severity: severity, Source: SourceCheck, Code: code, Message: message, Fixes: fixes})
}

// variables checks the variables in the templates; what else a template names is known in a test only.
func (c *configCheck) variables() {
	n := nameCheck{pass: c.pass}
	for _, at := range c.conf.Templates {
		for _, ref := range at.Template.Refs() {
			if ref.Kind != template.Env {
				continue
			}
			if d, wrong := n.variable(link.Use{At: at, Ref: ref}); wrong {
				d.Source = SourceCheck
				c.found = append(c.found, d)
			}
		}
	}
}

func (c *configCheck) version() {
	v := strings.TrimSpace(c.conf.Version.Value)
	if v != "" && v != "1" && !strings.HasPrefix(v, "1.") {
		c.add(c.conf.Version.Span(), SeverityWarning, "config.version",
			fmt.Sprintf("version %s of the configuration is unknown; it is read as version 1", quote(v)))
	}
}

// protocols checks that some plugin serves each target; a target without a scheme is a wrong value already.
func (c *configCheck) protocols() {
	check := func(pairs []spec.Pair) {
		for _, p := range pairs {
			to := link.Resolve(c.snap, c.doc.URI, nil, p.Value.Value)
			if to.Fault == link.FaultNoPlugin {
				c.add(p.Value.Span(), SeverityWarning, "target.no-plugin", to.Message)
			}
		}
	}
	check(c.conf.Targets)
	for _, e := range c.conf.Environments {
		check(e.Targets)
	}
}

// plugins checks the names of plugins. A plugin that is not installed may be so elsewhere, so that is a warning.
func (c *configCheck) plugins() {
	var installed []string
	for _, p := range c.snap.Plugins() {
		installed = append(installed, p.Name)
	}
	for _, ref := range c.conf.Plugins {
		c.hash(ref)
		if ref.Path.Value == "" {
			c.plugin(ref.Name.Value, ref.Name.Span(), installed)
		} else {
			installed = append(installed, ref.Name.Value)
		}
	}
	key, ok := c.conf.Keys["pluginConfigs"]
	if !ok {
		return
	}
	for _, doc := range c.doc.Tree().Documents() {
		for _, e := range doc.Root.Merged() {
			if !e.Key.Same(key) {
				continue
			}
			for _, p := range e.Value.Merged() {
				c.plugin(p.Key.Resolve().Value(), p.Key.Span(), installed)
			}
		}
	}
}

// hash checks that a plugin of the project has a hash to be told by. Without one it is never loaded.
func (c *configCheck) hash(ref spec.PluginRef) {
	if ref.Path.Value == "" || strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(ref.SHA256.Value), "sha256:")) != "" {
		return // another form than that of a hash is a wrong value already
	}
	severity := SeverityWarning
	if c.snap.Settings().Strict {
		severity = SeverityError
	}
	name := ref.Name.Value
	if name == "" {
		name = ref.Path.Value
	}
	c.add(ref.Path.Span(), severity, "config.plugin-hash", fmt.Sprintf(
		"the plugin %s has no `sha256`, so it is never loaded; add the one that `speclens plugin inspect %s` prints",
		quote(name), ref.Path.Value))
}

func (c *configCheck) plugin(name string, span text.Span, installed []string) {
	if name == "" || slices.Contains(installed, name) {
		return
	}
	if near := spec.Nearest(name, installed); near != "" {
		c.add(span, SeverityWarning, "config.plugin", fmt.Sprintf("no plugin `%s` is installed; did you mean `%s`?", name, near),
			replace(span, near)...)
		return
	}
	message := fmt.Sprintf("no plugin `%s` is installed", name)
	if len(installed) > 0 {
		message += "; installed are " + spec.List(slices.Sorted(slices.Values(installed)), "and")
	}
	c.add(span, SeverityWarning, "config.plugin", message)
}

// globs checks the patterns of `specs`.
func (c *configCheck) globs() {
	for _, g := range c.conf.Specs {
		if !isGlob(g.Value) {
			c.add(g.Span(), SeverityError, "config.glob", fmt.Sprintf("%s is no pattern; is a bracket or brace not closed?", quote(g.Value)))
		}
	}
	if len(c.conf.Specs) == 0 {
		if key, ok := c.conf.Keys["specs"]; ok {
			c.add(key.Span(), SeverityInformation, "config.glob", "an empty list means the default, `tests/**/*.{yaml,yml}`")
		}
	}
}

// isGlob reports whether a pattern's brackets and braces are closed.
func isGlob(pattern string) bool {
	open := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			open++
		case '}':
			open--
		}
		if open < 0 {
			return false
		}
	}
	_, err := path.Match(strings.NewReplacer("{", "", "}", "").Replace(pattern), "")
	return open == 0 && err == nil
}
