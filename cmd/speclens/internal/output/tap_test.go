package output

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// tapFile is a file of the Test Anything Protocol, version 14, as a strict reader sees it.
type tapFile struct {
	plan     int
	points   []tapPoint
	comments []string
}

type tapPoint struct {
	ok          bool
	description string
	directive   string // SKIP or TODO
	reason      string
	diagnostic  map[string]any
}

// tapLine is a test point: its number, its description, in which a backslash escapes `#` and itself, and its directive.
var tapLine = regexp.MustCompile(`^(not )?ok ([0-9]+)(?: - ((?:[^#\\]|\\[#\\])*?))?(?: +# *(?i:(SKIP|TODO))\S*(?: +(.*))?)?$`)

// parseTAP reads https://testanything.org/tap-version-14-specification.html without its subtests, pragmas and bail-outs. It
// is strict: a line that is none of the protocol's is an error, as pragma +strict has it, and so is a point out of order.
func parseTAP(source string) (*tapFile, error) {
	lines := strings.Split(strings.TrimSuffix(source, "\n"), "\n")
	if lines[0] != "TAP version 14" {
		return nil, fmt.Errorf("the first line is %q", lines[0])
	}
	f := &tapFile{plan: -1}
	for i := 1; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "1.."):
			n, err := strconv.Atoi(strings.TrimPrefix(line, "1.."))
			if err != nil || f.plan >= 0 || len(f.points) > 0 {
				return nil, fmt.Errorf("line %d: a plan that is none, or the second, or behind a point: %q", i+1, line)
			}
			f.plan = n
		case strings.HasPrefix(line, "#"):
			f.comments = append(f.comments, strings.TrimSpace(line[1:]))
		case line == "  ---":
			end := slices.Index(lines[i:], "  ...")
			if end < 0 || len(f.points) == 0 || f.points[len(f.points)-1].diagnostic != nil {
				return nil, fmt.Errorf("line %d: a block of YAML that does not end, or that belongs to no point", i+1)
			}
			var yaml strings.Builder
			for _, l := range lines[i+1 : i+end] {
				inner, ok := strings.CutPrefix(l, "  ")
				if !ok {
					return nil, fmt.Errorf("%q stands in a block of YAML", l)
				}
				yaml.WriteString(inner + "\n")
			}
			diagnostic, err := yamlMap(yaml.String())
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			f.points[len(f.points)-1].diagnostic = diagnostic
			i += end
		default:
			m := tapLine.FindStringSubmatch(line)
			if m == nil {
				return nil, fmt.Errorf("line %d is none of TAP: %q", i+1, line)
			}
			if n, _ := strconv.Atoi(m[2]); n != len(f.points)+1 {
				return nil, fmt.Errorf("line %d: point %s is out of order", i+1, m[2])
			}
			unescape := strings.NewReplacer(`\\`, `\`, `\#`, `#`).Replace
			f.points = append(f.points, tapPoint{ok: m[1] == "", description: unescape(m[3]), directive: strings.ToUpper(m[4]), reason: m[5]})
		}
	}
	if f.plan != len(f.points) {
		return nil, fmt.Errorf("%d points of %d planned", len(f.points), f.plan)
	}
	return f, nil
}

// yamlMap reads a block of YAML with the same library as specs.
func yamlMap(source string) (map[string]any, error) {
	tree := syntax.Parse(text.New(source), syntax.Options{})
	for _, f := range tree.Findings() {
		if f.Severity == syntax.SeverityError {
			return nil, fmt.Errorf("%s in %q", f.Message, source)
		}
	}
	m := map[string]any{}
	for _, e := range tree.Documents()[0].Root.Merged() {
		if items := e.Value.Items(); len(items) > 0 {
			var list []any
			for _, item := range items {
				inner := map[string]any{}
				for _, e := range item.Merged() {
					inner[e.Key.Value()] = e.Value.Value()
				}
				list = append(list, inner)
			}
			m[e.Key.Value()] = list
			continue
		}
		m[e.Key.Value()] = e.Value.Value()
	}
	return m, nil
}

func TestTAPIsWhatAStrictReaderReads(t *testing.T) {
	f, err := parseTAP(written(t, "tap"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range f.points {
		got = append(got, fmt.Sprintf("%v %s %s", p.ok, p.directive, p.description))
	}
	want := []string{
		`false  a::,b.qube.yaml: first\n::set-env name=A::b\x1b[31m # TODO x`, "false  a::,b.qube.yaml: GET /second",
		"true SKIP a::,b.qube.yaml: third [n=2]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("points %q\nwant   %q", got, want)
	}
	failures, _ := f.points[0].diagnostic["failures"].([]any)
	if len(failures) != 1 {
		t.Fatalf("diagnostic %v", f.points[0].diagnostic)
	}
	failure, _ := failures[0].(map[string]any)
	if failure["line"] != "8" || failure["column"] != "9" || failure["path"] != "body.name" {
		t.Errorf("failure %v", failure)
	}
	if f.points[0].diagnostic["status"] != "failed" || f.points[1].diagnostic["status"] != "errored" {
		t.Errorf("diagnostics %v, %v", f.points[0].diagnostic, f.points[1].diagnostic)
	}
	if !strings.Contains(f.points[2].reason, "plain") {
		t.Errorf("skipped for %q", f.points[2].reason)
	}
	if !slices.Equal(f.comments, []string{"passed 0, failed 1, errored 1, skipped 1", "cancelled"}) {
		t.Errorf("comments %q", f.comments)
	}
}

func TestATAPFileOfNothingIsValid(t *testing.T) {
	var b strings.Builder
	if err := TAP(&b, &Record{}); err != nil {
		t.Fatal(err)
	}
	if f, err := parseTAP(b.String()); err != nil || f.plan != 0 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestTheTAPReaderRefusesWhatIsWrong(t *testing.T) {
	for name, wrong := range map[string]string{
		"another version":               "TAP version 13\n1..0\n",
		"no plan":                       "TAP version 14\nok 1 - a\n",
		"too few points":                "TAP version 14\n1..2\nok 1 - a\n",
		"a point out of order":          "TAP version 14\n1..2\nok 2 - a\nok 1 - b\n",
		"a line of something else":      "TAP version 14\n1..1\nok 1 - a\nhello\n",
		"YAML that does not end":        "TAP version 14\n1..1\nok 1 - a\n  ---\n  a: b\n",
		"YAML that is none":             "TAP version 14\n1..1\nok 1 - a\n  ---\n  a: \"b\n  ...\n",
		"YAML of nothing":               "TAP version 14\n1..0\n  ---\n  a: b\n  ...\n",
		"an escape that does not exist": "TAP version 14\n1..1\nok 1 - a\\n\n",
	} {
		if _, err := parseTAP(wrong); err == nil {
			t.Errorf("%s is valid", name)
		}
	}
}
