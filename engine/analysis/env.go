package analysis

import (
	"fmt"

	"github.com/speclens/speclens/engine"
)

// EnvFile is what is wrong with a `.env` file, at the places in it. A line that does not count is an error: a test that reads the
// variable would send something else.
func EnvFile(f *engine.EnvFile) []Diagnostic {
	found := make([]Diagnostic, len(f.Problems))
	for i, p := range f.Problems {
		found[i] = Diagnostic{Span: p.Span, Severity: SeverityError, Source: SourceCheck, Code: p.Code, Message: p.Message}
	}
	return found
}

// brokenEnv says where to look for a variable that the `.env` file may have meant to set; empty where all of that file counts.
func brokenEnv(f *engine.EnvFile) string {
	if f == nil || len(f.Problems) == 0 {
		return ""
	}
	line := f.Doc.Text.LineAt(f.Problems[0].Span.Start) + 1
	return fmt.Sprintf("; line %d of `.env` is wrong and does not count", line)
}
