package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// fieldsOfTest checks a test's fields against what its plugin declares: unknown, misspelt, missing, deprecated ones, and
// the values of the rest.
func fieldsOfTest(s *testScope) []Diagnostic {
	plugin := s.fields.Plugin(s.protocol)
	var found []Diagnostic
	var v values
	for _, f := range s.Fields {
		field, known := s.fields.Find(schema.LevelTest, s.protocol, f.Key.Value)
		if known {
			v.field(f.Key.Node, f.Value, field.Spec, quote(f.Key.Value))
			continue
		}
		found = append(found, s.unknownField(plugin, f)...)
	}
	found = append(found, v.found...)
	if plugin != nil && s.Form != spec.FormBroken {
		found = append(found, s.missingFields(plugin)...)
	}
	return found
}

// pluginName is how messages call a plugin: its name and version.
func pluginName(p *schema.PluginSchema) string {
	return strings.TrimSpace(p.Name + " " + p.Version)
}

// unknownField reports a key that neither the language nor the plugin has. As long as the plugin is not known only what
// looks like a slip is reported; a plugin that declares no field at all takes any.
func (s *testScope) unknownField(plugin *schema.PluginSchema, f spec.Field) []Diagnostic {
	d := Diagnostic{
		Span: f.Key.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "field.unknown",
		Message: fmt.Sprintf("unknown field `%s`", f.Key.Value),
	}
	if s.strict {
		d.Severity = SeverityError
	}
	if plugin != nil {
		d.Message += " of " + pluginName(plugin)
	}
	near := spec.Nearest(f.Key.Value, s.freeFields())
	switch {
	case near != "":
		d.Message += fmt.Sprintf("; did you mean `%s`?", near)
		d.Fixes = replaceBy(d.Span, near, write.Key(near, write.Place{Flow: true}))
	case isFileKey(f.Key.Value):
		d.Message = fmt.Sprintf("`%s` belongs at the top of the file, not in a test", f.Key.Value)
	case plugin == nil || len(plugin.Fields) == 0:
		return nil
	default:
		d.Message += "; its fields are " + spec.List(slices.Sorted(maps.Keys(plugin.Fields)), "and")
	}
	return []Diagnostic{d}
}

// freeFields are the fields that a test may have and has not. A test may hold thousands of unknown ones, so its keys are
// looked through once for all of them.
func (s *testScope) freeFields() []string {
	if s.free == nil {
		written := map[string]bool{}
		for _, e := range s.Entries() {
			written[e.Key.Resolve().Value()] = true
		}
		s.free = []string{}
		for _, c := range s.fields.At(schema.LevelTest, s.protocol) {
			if !written[c.Name] {
				s.free = append(s.free, c.Name)
			}
		}
	}
	return s.free
}

func isFileKey(name string) bool {
	return slices.ContainsFunc(schema.Core(), func(f schema.Field) bool { return f.Level == schema.LevelFile && f.Name == name })
}

// missingFields reports required fields of the plugin that a test lacks.
func (s *testScope) missingFields(plugin *schema.PluginSchema) []Diagnostic {
	var found []Diagnostic
	for _, f := range s.fields.At(schema.LevelTest, s.protocol) {
		if f.Plugin == "" || !f.Spec.Required {
			continue
		}
		at := slices.IndexFunc(s.Fields, func(o spec.Field) bool { return o.Key.Value == f.Name })
		if at >= 0 && !isNull(s.Fields[at].Value) {
			continue
		}
		d := Diagnostic{
			Span: s.Head, Severity: SeverityError, Source: SourceCheck, Code: "field.missing",
			Message: fmt.Sprintf("%s needs the field `%s`%s", pluginName(plugin), f.Name, spec.Purpose(f.Spec)),
		}
		if at >= 0 {
			d.Span = s.Fields[at].Key.Span()
			d.Message = fmt.Sprintf("`%s` is empty, but %s needs it%s", f.Name, pluginName(plugin), spec.Purpose(f.Spec))
		}
		found = append(found, d)
	}
	return found
}

func isNull(n syntax.Node) bool {
	r := n.Resolve()
	return r.IsZero() || r.Kind() == syntax.Scalar && r.Tag() == syntax.TagNull
}

func quote(s string) string { return "`" + s + "`" }

// has reports whether the user wrote a key.
func (s *testScope) has(name string) bool {
	return slices.ContainsFunc(s.Entries(), func(e syntax.Entry) bool { return e.Key.Resolve().Value() == name })
}
