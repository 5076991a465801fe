package syntax_test

import (
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

func TestALongTextThatIsNamedOftenCountsAsOftenAsItIsWrittenOut(t *testing.T) {
	for _, tt := range []struct {
		bytes, times int
		tooMany      bool
	}{{100 << 10, 2000, true}, {100 << 10, 100, false}, {10, 2000, false}} {
		content := "a: &a " + strings.Repeat("x", tt.bytes) + "\nb: [" + strings.Repeat("*a, ", tt.times) + "1]\n"
		found := false
		for _, f := range syntax.Parse(text.New(content), syntax.Options{}).Findings() {
			found = found || f.Code == syntax.CodeLimit && f.Span.Start > 0
		}
		if found != tt.tooMany {
			t.Errorf("%d bytes %d times: a finding is %v", tt.bytes, tt.times, found)
		}
	}
}
