package analysis

import (
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/schema"
)

// level checks the values of the core fields of a map against the table of core fields: numbers and their limits,
// durations, patterns. Wrong structure and unknown keys are the lowering's findings, and templates are left alone.
func (v *values) level(entries []syntax.Entry, level schema.Level, fields *schema.Composition) {
	for _, e := range entries {
		f, ok := fields.Find(level, "", e.Key.Resolve().Value())
		switch {
		case !ok || isNull(e.Value):
		case f.Nested == schema.LevelExpect || f.Nested == schema.LevelTest || f.Nested == schema.LevelExpectEvent:
			// Expectations are parsed, and tests checked, on their own.
		case f.Nested != "":
			v.nested(e.Value, f, fields)
		case len(f.Spec.Enum) > 0:
			// The lowering knows these.
		default:
			if !profiled(level) {
				v.field(e.Key, e.Value, f.Spec, quote(f.Name))
			}
			if !f.Templated && f.Name != "save" { // `save` has words of its own for that
				v.unresolved(e.Value, quote(f.Name), 0)
			}
		}
	}
}

// profiled reports whether the values of a level are those of a load profile, which says more about them than their
// declarations could.
func profiled(level schema.Level) bool {
	return level == schema.LevelLoad || level == schema.LevelStage || level == schema.LevelLoadScenario
}

// unresolved reports templates at a place where none is resolved.
func (v *values) unresolved(n syntax.Node, place string, depth int) {
	r := n.Resolve()
	if v.seen++; v.seen > mostValues || depth > 3 {
		return
	}
	if isTemplated(r) && r.Tag() == syntax.TagStr {
		v.found = append(v.found, Diagnostic{
			Span: n.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "template.not-here",
			Message: "templates are not resolved in " + place + ", so this stays as written",
		})
	}
	for _, item := range r.Items() {
		v.unresolved(item, place, depth+1)
	}
	for _, e := range r.Merged() {
		v.unresolved(e.Value, place, depth+1)
	}
}

// nested checks the maps of another level inside a value.
func (v *values) nested(n syntax.Node, f schema.Field, fields *schema.Composition) {
	r := n.Resolve()
	switch {
	case f.Spec.Type == schema.TypeObject:
		v.level(r.Merged(), f.Nested, fields)
	case f.Spec.Type == schema.TypeArray:
		for _, item := range r.Items() {
			v.level(item.Resolve().Merged(), f.Nested, fields)
		}
	case f.Spec.Type == schema.TypeMap:
		for _, e := range r.Merged() {
			v.level(e.Value.Resolve().Merged(), f.Nested, fields)
		}
	}
}

// valuesOfFile checks the values of the file-level keys.
func valuesOfFile(p *pass) []Diagnostic {
	v := values{core: true}
	docs := p.doc.Tree().Documents()
	for _, s := range p.doc.Spec().Specs {
		v.level(docs[s.Doc].Root.Merged(), schema.LevelFile, p.snap.Fields())
	}
	return v.found
}

// valuesOfTest checks the values of a test's core fields.
func valuesOfTest(s *testScope) []Diagnostic {
	v := values{core: true}
	v.level(s.Entries(), schema.LevelTest, s.fields)
	return v.found
}
