package output

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/analysis"
)

func TestOfTooManyFindingsTheFirstAreShownAndAllCount(t *testing.T) {
	report := checkFixture(t)
	var found []analysis.Diagnostic
	for i := range analysis.MaxFindings + 2 {
		found = append(found, analysis.Diagnostic{Severity: analysis.SeverityWarning, Code: "a.b", Message: fmt.Sprintf("finding %d.", i)})
	}
	found[len(found)-1].Severity = analysis.SeverityError
	for _, n := range []int{len(found), len(found) - 2} {
		report.Files = []CheckedFile{Checked(report.Files[0].Doc, found[len(found)-n:])}
		var buf bytes.Buffer
		if err := checkText(&buf, report, Style{}); err != nil {
			t.Fatal(err)
		}
		if shown := strings.Count(buf.String(), "finding "); shown != analysis.MaxFindings {
			t.Errorf("%d findings: %d are shown", n, shown)
		}
		if says := strings.Contains(buf.String(), "2 more findings"); says != (n > analysis.MaxFindings) {
			t.Errorf("%d findings: whether it says that there are more: %t", n, says)
		}
		if got := report.Errors() - len(report.Unreadable); got != 1 {
			t.Errorf("%d findings: %d errors count, want the one at their end", n, got)
		}
	}
}
