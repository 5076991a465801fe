package analysis

import (
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// templatesOfTest reports what is wrong in the templates of a test by themselves: their grammar, generators, methods
// and arguments.
func templatesOfTest(s *testScope) []Diagnostic { return templateProblems(s.Templates) }

// templatesOfFile does the same for the file's target and defaults.
func templatesOfFile(p *pass) []Diagnostic {
	var found []Diagnostic
	for _, s := range p.doc.Spec().Specs {
		found = append(found, templateProblems(s.Templates)...)
	}
	return found
}

func templateProblems(places []spec.TemplateAt) []Diagnostic {
	var found []Diagnostic
	for _, at := range places {
		for _, p := range at.Template.Problems {
			d := Diagnostic{
				Span: at.SpanOf(p.Span), Severity: SeverityError, Source: SourceCheck, Code: p.Code, Message: p.Message,
			}
			if p.Warning {
				d.Severity = SeverityWarning
			}
			if d.Span.IsEmpty() {
				d.Span = at.Span()
			}
			if p.Fix != "" && !at.Node.Foreign() {
				d.Fixes = []Fix{{
					Title: "Replace with `" + p.Fix + "`", Preferred: true,
					Edits: []text.Edit{{Span: at.SpanOf(p.Span), New: at.Escape(p.Fix)}},
				}}
			}
			found = append(found, d)
		}
	}
	return found
}
