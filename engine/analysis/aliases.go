package analysis

import (
	"fmt"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/template"
)

// aliases checks that an alias is unique over the project, and that templates can use it.
func aliases(p *pass) []Diagnostic {
	var found []Diagnostic
	p.places(func(at *link.Place) {
		alias := at.Alias.Value
		if alias == "" {
			return
		}
		d := Diagnostic{Span: at.Abs(at.Alias.Span()), Source: SourceCheck, Test: at.ID}
		if others := p.index().Aliased(alias); len(others) > 1 {
			d.Severity, d.Code, d.Fatal = SeverityError, "alias.duplicate", true
			d.Message = fmt.Sprintf("the alias `%s` is taken; an alias is unique over the whole run", alias)
			for _, o := range others {
				if o.Key() != at.Key() {
					d.Related = append(d.Related, Related{URI: o.Doc.URI, Span: o.Abs(o.Alias.Span()), Message: "the same alias"})
				}
			}
			found = append(found, d)
			return
		}
		if !usable(alias) {
			d.Severity, d.Code = SeverityWarning, "alias.name"
			d.Message = fmt.Sprintf("no template can use the alias `%s`; choose one of letters, digits, `_` and `-` that has no other meaning", alias)
			found = append(found, d)
		}
	})
	return found
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
