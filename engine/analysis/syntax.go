package analysis

import (
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
)

// syntaxFindings passes on what the YAML layer found. Its errors keep a file from being run: what such a file means is
// a guess.
func syntaxFindings(p *pass) []Diagnostic {
	var found []Diagnostic
	findings, more := p.doc.FirstFindings(p.most)
	p.more += more
	for _, f := range findings {
		found = append(found, ofSyntax(p.doc, f))
	}
	return found
}

// OtherReaders says where the YAML library of the original engine would refuse a document or read it otherwise. It reads
// the whole document, so it is no part of Run: it is for the command line, and for documents that were saved.
func OtherReaders(doc *engine.Document) []Diagnostic {
	var found []Diagnostic
	for _, f := range doc.Tree().OtherReaders() {
		found = append(found, ofSyntax(doc, f))
	}
	return found
}

// ofSyntax is a finding of the YAML layer as a diagnostic.
func ofSyntax(doc *engine.Document, f syntax.Finding) Diagnostic {
	d := Diagnostic{
		Span: f.Span, Severity: syntaxSeverity(f.Severity), Source: SourceCheck, Code: f.Code, Message: f.Message,
		Fatal: f.Severity == syntax.SeverityError,
	}
	if f.Related != nil {
		d.Related = []Related{{URI: doc.URI, Span: f.Related.Span, Message: f.Related.Message}}
	}
	if f.Fix != nil {
		d.Fixes = []Fix{{Title: f.Fix.Title, Edits: f.Fix.Edits, Preferred: true}}
	}
	return d
}

func syntaxSeverity(s syntax.Severity) Severity {
	switch s {
	case syntax.SeverityError:
		return SeverityError
	case syntax.SeverityWarning:
		return SeverityWarning
	case syntax.SeverityInfo:
		return SeverityInformation
	}
	return SeverityHint
}

// structureOfFile passes on what the lowering found outside of tests.
func structureOfFile(p *pass) []Diagnostic {
	var found []Diagnostic
	for _, s := range p.doc.Spec().Specs {
		found = append(found, problems(s.Problems)...)
	}
	return found
}

// structureOfTest passes on what the lowering found in a test.
func structureOfTest(s *testScope) []Diagnostic { return problems(s.Problems) }

// problems turns what the lowering found into findings.
func problems(list []spec.Problem) []Diagnostic {
	var found []Diagnostic
	for _, p := range list {
		d := Diagnostic{
			Span: p.Span, Severity: Severity(p.Severity), Source: SourceCheck, Code: p.Code, Message: p.Message, Fatal: p.Fatal,
		}
		for i, f := range p.Fixes {
			d.Fixes = append(d.Fixes, Fix{Title: f.Title, Edits: f.Edits, Preferred: i == 0})
		}
		found = append(found, d)
	}
	return found
}
