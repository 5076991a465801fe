package analysis

import "github.com/speclens/speclens/engine/spec"

// assertions gives a hint at a test that asserts nothing, since it passes whatever comes back.
func assertions(s *testScope) []Diagnostic {
	if s.Form == spec.FormBroken || s.Skip.Value || !empty(s.Expect) || s.Retry != nil && !empty(s.Retry.Until) {
		return nil
	}
	if s.Form == spec.FormLine {
		return nil // the missing status is an error of its own
	}
	return []Diagnostic{{
		Span: s.Head, Severity: SeverityHint, Source: SourceCheck, Code: "test.no-assertion",
		Message: "this test asserts nothing, so any answer passes; add `expect`",
	}}
}

func empty(e *spec.Expect) bool { return e == nil || e.Empty }
