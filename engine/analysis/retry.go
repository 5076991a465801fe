package analysis

import (
	"fmt"
	"strings"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/value"
)

// retries checks `retry`: without `maxAttempts`, or with one attempt, nothing is repeated.
func retries(s *testScope) []Diagnostic {
	if s.Retry == nil || s.Retry.Node.Resolve().Kind() != syntax.Mapping {
		return nil // not written yet, or no map, which is the lowering's finding
	}
	r := s.Retry
	d := Diagnostic{Span: r.MaxAttempts.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "retry.max-attempts"}
	switch n, ok := value.ParseDecimal(strings.TrimSpace(r.MaxAttempts.Value)); {
	case r.MaxAttempts.Value == "":
		key, _ := s.Key("retry")
		d.Span = key.Span()
		d.Message = "`retry` needs `maxAttempts`; without it the test runs once"
	case !ok:
		return nil // the value is checked with all others
	case !n.IsInt():
		d.Severity = SeverityError
		d.Message = fmt.Sprintf("`maxAttempts` must be a whole number, but this is %s", n)
	default:
		if two, _ := value.ParseDecimal("2"); n.Compare(two) >= 0 {
			return nil
		}
		d.Severity = SeverityInformation
		d.Message = "with fewer than two attempts nothing is repeated"
	}
	return []Diagnostic{d}
}
