package link

import (
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// Use is one name in a template of a test.
type Use struct {
	At  spec.TemplateAt
	Ref template.Ref
}

// Span is where the name stands; it counts from where the test does.
func (u Use) Span() text.Span { return u.At.SpanOf(u.Ref.NameSpan) }

// Root is where the first word of the template stands.
func (u Use) Root() text.Span { return u.At.SpanOf(u.Ref.RootSpan) }

type usesKey struct{}

// Uses are the names in the templates of a test, in written order. They are computed once for each version of a test.
func Uses(t *spec.Test) []Use {
	v := t.Remember(usesKey{}, func(any) bool { return true }, func() any {
		var uses []Use
		for _, at := range t.Templates {
			for _, ref := range at.Template.Refs() {
				uses = append(uses, Use{at, ref})
			}
		}
		return uses
	})
	return v.([]Use)
}
