package output

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/text"
)

// writtenBroken is a report of a run in which one file was not run, and the configuration has a key too many.
func writtenBroken(t *testing.T, format string) string {
	t.Helper()
	source, list := events(t)
	started, ok := list[0].(run.RunStarted)
	if !ok {
		t.Fatalf("the first event is %T", list[0])
	}
	const other = "file:///srv/%3A%3Abroken.qube.yaml"
	at := text.Span{Start: strings.Index(specText, "Ada"), End: strings.Index(specText, "Ada") + 3}
	started.Problems = []run.Problem{
		{URI: specURI, Span: at, Code: "spec.unknown-key", Message: hostile},
		{URI: other, Code: "yaml.syntax", Message: hostile, Fatal: true},
		{URI: other, Code: "spec.bad-mode", Message: "unknown mode", Fatal: true},
	}
	list[0] = started
	var buf bytes.Buffer
	s := formats()[format](&buf, source)
	for _, e := range list {
		s.Emit(e)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// A report that said nothing of a file that was not run would be taken for a pass.
func TestAFileThatWasNotRunIsInEveryReport(t *testing.T) {
	for _, format := range []string{"github", "html", "json", "junit", "tap"} {
		out := writtenBroken(t, format)
		harmless(t, out)
		if format != "github" {
			noCommands(t, out)
		}
		if !strings.Contains(out, "yaml.syntax") || !strings.Contains(out, "unknown mode") {
			t.Errorf("%s does not say what is wrong:\n%s", format, out)
		}
	}
	junit := writtenBroken(t, "junit")
	if problems := junitSchema(t).validate(junit, "testsuites"); len(problems) > 0 {
		t.Error(problems)
	}
	if !strings.Contains(junit, `tests="4" failures="1" errors="2"`) || strings.Count(junit, "<testsuite ") != 2 {
		t.Errorf("junit:\n%s", junit)
	}
	tap, err := parseTAP(writtenBroken(t, "tap"))
	if err != nil {
		t.Fatal(err)
	}
	last := tap.points[len(tap.points)-1]
	if len(tap.points) != 4 || last.ok || !strings.HasSuffix(last.description, "::broken.qube.yaml: this file was not run") {
		t.Errorf("tap: %+v", last)
	}
	var levels []string
	for _, c := range parseCommands(t, writtenBroken(t, "github"))[:3] {
		levels = append(levels, c["level"]+" "+c["title"]+" "+c["line"]+":"+c["col"])
	}
	if want := []string{"error spec.bad-mode :", "error yaml.syntax :", "warning spec.unknown-key 8:15"}; !slices.Equal(levels, want) {
		t.Errorf("annotations %q, want %q", levels, want)
	}
}

func TestMergingKeepsWhatWasNotRun(t *testing.T) {
	lines := writtenBroken(t, "json")
	m := NewMerger()
	for range 2 { // as two parts of a divided run
		if err := m.Add(strings.NewReader(lines)); err != nil {
			t.Fatal(err)
		}
	}
	r := m.Record()
	if len(r.Problems) != 3 || len(r.broken()) != 1 || len(r.broken()[0].Problems) != 2 {
		t.Fatalf("problems %+v", r.Problems)
	}
	var out bytes.Buffer
	if err := JSONLines(&out, r); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	var l struct{ Payload jsonRunStarted }
	if err := json.Unmarshal([]byte(first), &l); err != nil || len(l.Payload.Problems) != 3 {
		t.Errorf("%v in %s", err, first)
	}
}
