package convert

import (
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

var severities = map[analysis.Severity]protocol.DiagnosticSeverity{
	analysis.SeverityError:       protocol.DiagnosticSeverityError,
	analysis.SeverityWarning:     protocol.DiagnosticSeverityWarning,
	analysis.SeverityInformation: protocol.DiagnosticSeverityInformation,
	analysis.SeverityHint:        protocol.DiagnosticSeverityHint,
}

// Diagnostics converts the findings in a document. The result is never nil: an empty list clears what was shown before.
func (v View) Diagnostics(doc *engine.Document, findings []analysis.Diagnostic) []protocol.Diagnostic {
	out := make([]protocol.Diagnostic, 0, len(findings))
	for i := range findings {
		out = append(out, v.diagnostic(doc, &findings[i]))
	}
	return out
}

func (v View) diagnostic(doc *engine.Document, f *analysis.Diagnostic) protocol.Diagnostic {
	d := protocol.Diagnostic{
		Range:    v.Client.Range(doc.Text, f.Span),
		Severity: severities[f.Severity],
		Source:   optional(f.Source),
		Message:  protocol.String(text.Visible(f.Message)),
	}
	if f.Code != "" {
		d.Code = protocol.String(text.VisibleLine(f.Code))
		// An editor obeys command: links where it shows this one.
		if strings.HasPrefix(f.CodeURL, "https://") && v.Client.CodeDescription {
			d.CodeDescription = protocol.CodeDescription{Href: uri.URI(f.CodeURL)}
		}
	}
	if v.Client.Tags {
		var tags []protocol.DiagnosticTag
		if f.Unnecessary {
			tags = append(tags, protocol.DiagnosticTagUnnecessary)
		}
		if f.Deprecated {
			tags = append(tags, protocol.DiagnosticTagDeprecated)
		}
		d.Tags = protocol.NewDiagnosticTags(tags...)
	}
	if v.Client.RelatedInformation {
		for _, r := range f.Related {
			other := v.Snap.Document(r.URI)
			if other == nil {
				continue
			}
			d.RelatedInformation = append(d.RelatedInformation, protocol.DiagnosticRelatedInformation{
				Location: protocol.Location{URI: v.uri(r.URI), Range: v.Client.Range(other.Text, r.Span)},
				Message:  text.Visible(r.Message),
			})
		}
	}
	return d
}
