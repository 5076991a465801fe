package analysis

import (
	"fmt"

	"github.com/speclens/speclens/engine/text"
)

// MaxFindings is how many findings of one document are shown: with more of them an editor is busy with itself, and nobody
// reads so far in a terminal.
const MaxFindings = 1000

// More is the finding that stands in place of those that are not shown: their number, where the first of them is.
func More(at text.Span, n int) Diagnostic {
	return Diagnostic{
		Span: at, Severity: SeverityInformation, Source: SourceCheck, Code: "speclens.more",
		Message: fmt.Sprintf("%d more findings from here on are not shown; mend those above first", n),
	}
}
