package analysis

import (
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/text"
)

// neededOfLoads reports that a test needs one of the many runs that a test of a load has.
func neededOfLoads(n *nameCheck, at *link.Place) []Diagnostic {
	if !n.index().HasLoads() {
		return nil
	}
	var found []Diagnostic
	for _, b := range n.index().NeededOfLoads(at) {
		d := breach(b)
		d.Span = d.Span.Shift(-at.Base)
		found = append(found, d)
	}
	return found
}

// loads checks the load profile: that it is used at all, that its values make a load, that its scenarios name tests of the
// file, and that its thresholds are expectations.
func loads(p *pass) []Diagnostic {
	var found []Diagnostic
	add := func(span text.Span, severity Severity, code, message string) {
		found = append(found, Diagnostic{Span: span, Severity: severity, Source: SourceCheck, Code: code, Message: message})
	}
	for _, s := range p.doc.Spec().Specs {
		if s.Mode.Value == "load" && s.Load == nil {
			add(s.Mode.Span(), SeverityInformation, "load.default",
				"without `load` one user runs the tests once; add `load` with `users` and `duration`")
		}
		if s.Load == nil {
			continue
		}
		if s.Mode.Value != "load" {
			add(s.Keys["load"].Span(), SeverityWarning, "load.unused", "`load` has no effect without `mode: load`")
		}
		_, list := s.Profile()
		for _, d := range problems(list) {
			// Without the mode nothing of it counts, so it keeps nothing from being run.
			d.Fatal = s.Mode.Value == "load"
			found = append(found, d)
		}
	}
	return found
}
