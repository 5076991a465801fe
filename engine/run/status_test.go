package run

import (
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
)

// TestAStatusThatCannotBeFailsWithTheWordsOfTheChecker is about typing errors: compared as text they would fail as well, but
// nobody would be told why.
func TestAStatusThatCannotBeFailsWithTheWordsOfTheChecker(t *testing.T) {
	a := newAPI(t, nil)
	b := newBench(t, "a.qube.yaml", "target: "+a.URL+`
tests:
  - { name: class of nothing, resource: /status/200, expect: { status: 2xz } }
  - { name: letter, resource: /status/200, expect: { status: 2OO } }
  - { name: list, resource: /status/200, expect: { status: [200, 2zz] } }
  - { name: class, resource: /status/200, expect: { status: 2XX } }
  - { name: text, target: fake://x, expect: { status: NOT_FOUND } }
  - { name: text like a number, target: fake://y, expect: { status: { eq: 2xz } } }
`)
	b.answers(plugin.TestOutput{Status: "NOT_FOUND"}, plugin.TestOutput{Status: "2xz"})
	b.opts.Serial = true
	r := b.all()
	wantStatuses(t, r,
		"class of nothing failed", "letter failed", "list failed", "class passed", "text passed", "text like a number passed")
	for i, meant := range []string{"`2xx`", "`200`", "`2xx`"} {
		wantIn(t, "message", r.Results[i].Assertions[0].Message, "is no status", "did you mean "+meant)
	}
	for i, text := range []string{"2xz", "2OO"} {
		_, problems := expect.Parse(map[string]any{"status": text})
		if len(problems) != 1 || !strings.Contains(r.Results[i].Assertions[0].Message, problems[0].Message) {
			t.Errorf("%s: the checker says %+v", text, problems)
		}
	}
}
