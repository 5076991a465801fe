package analysis

import (
	"fmt"
	"slices"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// matrix checks that every row of a matrix has the same keys: a row without one leaves its templates as written.
func matrix(s *testScope) []Diagnostic {
	keys := link.MatrixKeys(s.Test)
	var found []Diagnostic
	for i, row := range s.Matrix {
		var missing []string
		for _, k := range keys {
			if !slices.ContainsFunc(row.Values, func(f spec.Field) bool { return f.Key.Value == k }) {
				missing = append(missing, k)
			}
		}
		if len(missing) == 0 || len(row.Values) == 0 && isNull(row.Node) {
			continue
		}
		found = append(found, Diagnostic{
			Span: row.Node.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "matrix.missing-key",
			Message: fmt.Sprintf("row %d of the matrix lacks %s, which other rows have", i+1, spec.List(missing, "and")),
		})
	}
	return found
}
