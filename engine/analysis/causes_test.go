package analysis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

// Wherever somebody stops while typing a correct file, what is not written to its end is told once: half a key is not also an
// unknown one, and an open quote is not also a bad value.
func TestWhatIsUnfinishedHasOneFinding(t *testing.T) {
	states := 0
	for _, dir := range []string{"specs", "typing"} {
		paths, err := filepath.Glob("../../testdata/" + dir + "/*.yaml")
		if err != nil || len(paths) < 8 {
			t.Fatalf("testdata/%s holds %q: %v", dir, paths, err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			states += len(src)
			stopAnywhere(t, filepath.Base(path), string(src))
		}
	}
	t.Logf("%d states", states)
}

func stopAnywhere(t *testing.T, name, src string) {
	t.Helper()
	uri := "file:///stop/" + name
	s := engine.NewSession(engine.Options{Registry: registry(t)})
	s.Open(uri, "qube", 1, "")
	for end := range len(src) {
		doc := s.Snapshot().Document(uri)
		at := doc.Text.Position(doc.Text.Len(), text.UTF8)
		snap := s.Change(uri, int32(end+2), text.UTF8, []engine.Change{{Start: at, End: at, Text: src[end : end+1]}})
		typed := len(strings.TrimRight(src[:end+1], ": \r\n"))
		var last []string
		for _, d := range analysis.Run(t.Context(), snap, uri) {
			if d.Severity <= analysis.SeverityWarning && d.Span.End >= typed {
				last = append(last, fmt.Sprintf("[%s] %s", d.Code, d.Message))
			}
		}
		if len(last) > 1 {
			t.Errorf("%s ends with %q, of which is said:\n%s", name, src[max(0, end-40):end+1], strings.Join(last, "\n"))
		}
	}
}

func TestOneCauseHasOneFindingAndOtherMistakesBesideItStay(t *testing.T) {
	const file = "target: http://h\ntests:\n  - name: a\n    resource: /\n"
	for name, c := range map[string]struct{ src, want string }{
		"half a key":                       {file + "    retr", "yaml.syntax"},
		"half a key in an expectation":     {file + "    expect:\n      status: 200\n      bod", "yaml.syntax"},
		"an open bracket":                  {file + "    expect: { stat", "yaml.syntax"},
		"a wrong key before an open one":   {file + "    expect: { stauts: 200, body: {", "expect.unknown-key yaml.syntax"},
		"an open template in open quotes":  {file + "    body: \"{{ a", "yaml.syntax"},
		"an open template in a line":       {"target: http://h\ntests:\n  - GET /{{ a.", "template.unterminated"},
		"half an escape":                   {file + "    body: \"\\u00", "yaml.syntax"},
		"a stage that has only been begun": {"mode: load\ntarget: http://h\nload:\n  stages:\n    -\ntests:\n  - GET / -> 200\n", "spec.missing-key"},
		"two mistakes in one test":         {file + "    retires: 1\n    skpi: true\n", "field.unknown field.unknown"},
		"a wrong value behind a wrong key": {file + "    retires: 1\n    timeout: x\n", "field.unknown field.format"},
	} {
		s := engine.NewSession(engine.Options{Registry: registry(t)})
		var codes []string
		for _, d := range analysis.Run(t.Context(), s.Open("file:///c/a.qube.yaml", "qube", 1, c.src), "file:///c/a.qube.yaml") {
			if d.Severity <= analysis.SeverityWarning {
				codes = append(codes, d.Code)
			}
		}
		if got := strings.Join(codes, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// What keeps a file from being run still does when another finding stands for it.
func TestTheFindingThatStandsForOthersIsAsBadAsTheWorst(t *testing.T) {
	s := engine.NewSession(engine.Options{Registry: registry(t)})
	found := analysis.Run(t.Context(), s.Open("file:///c/a.qube.yaml", "qube", 1, "target: http://h\ntests:\n  - GET /{{ a"), "file:///c/a.qube.yaml")
	if len(found) != 1 || found[0].Code != "template.unterminated" || !found[0].Fatal || found[0].Severity != analysis.SeverityError {
		t.Errorf("%+v", found)
	}
}
