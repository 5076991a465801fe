package analysis

import (
	"fmt"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/template"
)

// aliasOfTest checks that an alias is unique over the project.
func aliasOfTest(n *nameCheck, at *link.Place) []Diagnostic {
	alias := at.Alias.Value
	if alias == "" {
		return nil
	}
	others := n.index().Aliased(alias)
	if len(others) < 2 {
		return nil
	}
	return []Diagnostic{breach(link.Duplicate(at, others))}
}

// breach is what is wrong between tests as a finding: it keeps their files from being run.
func breach(f link.Breach) Diagnostic {
	d := Diagnostic{Span: f.Span, Severity: SeverityError, Source: SourceCheck, Code: f.Code, Message: f.Message, Fatal: true}
	for _, r := range f.Related {
		d.Related = append(d.Related, Related{URI: r.URI, Span: r.Span, Message: r.Message})
	}
	if f.Instead != "" {
		d.Fixes = replace(f.Span, f.Instead)
	}
	return d
}

// aliasName checks that templates can use an alias.
func aliasName(s *testScope) []Diagnostic {
	if s.Alias.Value == "" || usable(s.Alias.Value) {
		return nil
	}
	return []Diagnostic{{
		Span: s.Alias.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "alias.name",
		Message: fmt.Sprintf("no template can use the alias `%s`; choose one of letters, digits, `_` and `-` that has no other meaning",
			s.Alias.Value),
	}}
}

// usable reports whether a template that begins with a name means that name. An alias may hold dots.
func usable(name string) bool {
	refs := template.Parse("{{ " + name + " }}").Refs()
	if len(refs) != 1 || refs[0].Kind != template.Name {
		return false
	}
	whole := refs[0].Name
	if segments := refs[0].Path.Segments; len(segments) > 0 {
		whole += "." + path.Join(segments)
	}
	return whole == name
}
