package analysis

import (
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// conditions checks `when`: what is tested, and the operator behind it.
func conditions(s *testScope) []Diagnostic {
	if s.When.Value == "" {
		return nil
	}
	parsed := s.When.Template
	if parsed == nil {
		return []Diagnostic{{
			Span: s.When.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "when.constant",
			Message: "this condition tests nothing that can change; write one such as `{{ env.STAGE }} != production`",
		}}
	}
	c := parsed.Condition()
	_, problems := expect.ParseCondition(c.Rest.Source)
	var found []Diagnostic
	for _, p := range problems {
		at := c.RestSpan
		if p.Within != (template.Span{}) {
			at = template.Span{Start: c.RestSpan.Start + p.Within.Start, End: c.RestSpan.Start + p.Within.End}
		}
		d := Diagnostic{
			Span: s.When.SpanOf(at), Severity: SeverityError, Source: SourceCheck, Code: p.Code, Message: p.Message,
		}
		if p.Severity == expect.Warning {
			d.Severity = SeverityWarning
		}
		if p.Fix != "" {
			span := s.When.SpanOf(c.RestSpan)
			d.Fixes = []Fix{{Title: "Replace with `" + p.Fix + "`", Preferred: true, Edits: []text.Edit{{Span: span, New: s.When.Escape(p.Fix)}}}}
		}
		found = append(found, d)
	}
	return found
}
