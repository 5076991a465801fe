package analysis

import (
	"fmt"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// loads checks the load profile beyond its values: that it is used at all, that its scenarios name tests of the file,
// and that its thresholds are expectations.
func loads(p *pass) []Diagnostic {
	var found []Diagnostic
	add := func(span text.Span, severity Severity, code, message string, fixes ...Fix) {
		found = append(found, Diagnostic{Span: span, Severity: severity, Source: SourceCheck, Code: code, Message: message, Fixes: fixes})
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
		var known []string
		for _, t := range s.Tests {
			if t.Alias.Value != "" {
				known = append(known, t.Alias.Value)
			}
		}
		for _, sc := range s.Load.Scenarios {
			for _, t := range sc.Tests {
				if !contains(known, t.Value) {
					message := fmt.Sprintf("no test of this file has the alias `%s`", t.Value)
					if near := spec.Nearest(t.Value, known); near != "" {
						add(t.Span(), SeverityError, "load.unknown-test", message+fmt.Sprintf("; did you mean `%s`?", near), replace(t.Span(), near)...)
						continue
					}
					add(t.Span(), SeverityError, "load.unknown-test", message)
				}
			}
		}
		// What the fields' declarations and the scenarios above say is said already.
		_, problems := s.Profile()
		for _, pr := range problems {
			if pr.Code == spec.CodeLoadProfile || pr.Code == spec.CodeLoadThreshold {
				add(pr.Span, SeverityError, pr.Code, pr.Message)
			}
		}
	}
	return found
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
