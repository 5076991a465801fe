package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// hostile is what a server, a plugin or a spec may put into a report to steer the terminal, the CI system or the parser.
const hostile = "plain\n::set-env name=X::y\n  ::error::z\r\n\t::warning::w\n##[add-mask]x ##vso[task.setvariable]y\n" +
	"\x1b[31mred\x1b]8;;http://example.invalid\x07link\x1b]52;c;QUFB\x07 \x00 \u202e\u2066 ]]> " +
	"\u009b1m \x9b \x7f \ufffe \u2028\u0085::notice::n " +
	"<script>alert(1)</script> --> &amp; \" ' # SKIP \U000e0041 not ok 9 - x"

const specURI = "file:///srv/a%3A%3A,b.qube.yaml"

// specText has a test whose name is hostile itself, as far as YAML lets it.
const specText = `target: http://127.0.0.1:9
tests:
  - name: "first\n::set-env name=A::b\e[31m # TODO x"
    resource: /
    expect:
      status: 200
      body:
        name: Ada
  - GET /second -> 200
  - name: third
    resource: /
    matrix: [{ n: 1 }, { n: 2 }]
`

func fixture(t *testing.T) (Source, []run.TestInfo) {
	t.Helper()
	session := engine.NewSession(engine.Options{Registry: plugin.NewRegistry()})
	session.Open(specURI, "qube", 1, specText)
	source := Source{Snap: session.Snapshot(), WorkDir: "/srv"}
	var specs []run.TestInfo
	for _, s := range source.Snap.Document(specURI).Spec().Specs {
		for _, at := range s.Tests.All() {
			span := at.Abs(at.Head)
			line, _ := lineColumn(source, span.Start)
			key := engine.TestKey{URI: specURI, ID: at.ID}
			specs = append(specs, run.TestInfo{Key: key, Row: -1, Name: at.Name.Value, Span: span, Line: line})
		}
	}
	if len(specs) != 3 {
		t.Fatalf("the fixture has %d tests", len(specs))
	}
	return source, specs
}

func lineColumn(s Source, offset int) (int, int) {
	p := s.Snap.Document(specURI).Text.Position(offset, text.UTF16)
	return p.Line + 1, p.Column + 1
}

// events is a run in which everything that can be foreign is hostile.
func events(t *testing.T) (Source, []run.Event) { return eventsWith(t, hostile) }

// eventsWith is the same with another foreign text.
func eventsWith(t *testing.T, hostile string) (Source, []run.Event) {
	source, specs := fixture(t)
	first, second, third := specs[0], specs[1], specs[2]
	third.Row = 1
	third.Name = "third [n=2]"
	now := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	output := &plugin.TestOutput{
		Status: hostile, Headers: map[string]string{"X-" + hostile: hostile},
		Body:     map[string]any{"name": hostile, hostile: []any{hostile, json.Number("1")}},
		Metadata: map[string]any{hostile: hostile},
	}
	failed := &engine.TestResult{
		Key: first.Key, Row: -1, Name: first.Name, Status: engine.StatusFailed, Protocol: "http", Target: hostile, Started: now,
		Duration: 12 * time.Millisecond,
		Attempts: 2,
		Input: &plugin.TestInput{
			Method: "GET", Target: hostile, Resource: hostile, Headers: map[string]string{"a": hostile}, Fields: map[string]any{"body": hostile},
		},
		Output: output, Warnings: []string{hostile},
		Assertions: []expect.Assertion{
			{At: []string{"status"}, Expression: "status = 200", Path: "status", Passed: true, Expected: 200, Actual: 200, Note: hostile},
			{
				At: []string{"body", "name"}, Expression: "body.name = " + hostile, Path: "body.name", Expected: hostile,
				Actual:  hostile + "\nmore\n" + hostile,
				Message: "body.name: got " + hostile,
				Mismatches: []expect.Mismatch{
					{At: []string{"body", "name"}, Path: "body.name", Message: hostile, Expected: hostile, Actual: hostile},
					{At: []string{"body"}, Path: "body." + hostile, Message: hostile},
				},
			},
		},
	}
	errored := &engine.TestResult{
		Key: second.Key, Row: -1, Status: engine.StatusErrored, Error: hostile, Started: now.Add(-time.Second), Duration: time.Second,
	}
	skipped := &engine.TestResult{Key: third.Key, Row: 1, Name: third.Name, Status: engine.StatusSkipped, Error: hostile}
	told := schema.PluginEvent{Plugin: "http", Kind: hostile, Data: map[string]any{"x": hostile}}
	event := engine.Event{PluginEvent: told, At: time.Millisecond}
	return source, []run.Event{
		run.RunStarted{RunID: "r", Files: []string{specURI}, TotalTests: 3, TotalWaves: 1},
		run.WaveStarted{TestNames: []string{first.Name, second.Name}, Parallel: true},
		run.TestStarted{Test: third, Protocol: "http", Target: hostile},
		run.TestStarted{Test: first, Protocol: "http", Target: hostile},
		run.PluginEvent{Test: first, Event: event},
		run.Log{Level: "error", Plugin: "http", Message: hostile, Test: first},
		run.TestCompleted{Test: third, Result: skipped},
		run.TestCompleted{Test: second, Result: errored},
		run.TestCompleted{Test: first, Result: failed},
		run.WaveCompleted{},
		run.RunCompleted{RunID: "r", Total: 3, Failed: 1, Errored: 1, Skipped: 1, Duration: 1500 * time.Millisecond, Cancelled: true},
	}
}

type sink interface {
	run.Sink
	Err() error
}

// formats are all formats of a run.
func formats() map[string]func(io.Writer, Source) sink {
	table := map[string]func(io.Writer, Source) sink{
		"json": func(w io.Writer, s Source) sink { return NewJSON(w, s) },
		"pretty": func(w io.Writer, s Source) sink {
			return NewPretty(w, s, PrettyOptions{Verbose: true})
		},
	}
	for name, document := range Documents(Checkout{}) {
		table[name] = func(w io.Writer, s Source) sink { return NewCollector(w, s, document) }
	}
	return table
}

func written(t *testing.T, format string) string { return writtenWith(t, format, hostile) }

func writtenWith(t *testing.T, format, hostile string) string {
	t.Helper()
	source, events := eventsWith(t, hostile)
	var buf bytes.Buffer
	s := formats()[format](&buf, source)
	for _, e := range events {
		s.Emit(e)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// harmless fails where something in a report would be obeyed rather than shown.
func harmless(t *testing.T, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Error("the report is no UTF-8")
	}
	for i, r := range out {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 {
			t.Errorf("a raw %U stands at …%q", r, out[max(0, i-20):min(len(out), i+20)])
			return
		}
	}
	if m := regexp.MustCompile(`(?i)##(vso)?\[`).FindString(out); m != "" {
		t.Errorf("%q stands in the report", m)
	}
}

func noCommands(t *testing.T, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("a line begins with a command: %q", line)
		}
	}
}

func TestNothingForeignSteersTheTerminalOrTheCISystem(t *testing.T) {
	for format := range formats() {
		t.Run(format, func(t *testing.T) {
			out := written(t, format)
			harmless(t, out)
			if format != "github" {
				noCommands(t, out)
			}
			if !strings.Contains(out, "set-env") {
				t.Error("the hostile text is not shown at all")
			}
		})
	}
	report := checkFixture(t)
	for format, check := range Checkers(Checkout{}) {
		t.Run("check "+format, func(t *testing.T) {
			var buf bytes.Buffer
			if err := check(&buf, report, Style{}); err != nil {
				t.Fatal(err)
			}
			harmless(t, buf.String())
			if format != "github" {
				noCommands(t, buf.String())
			}
		})
	}
}

// A workflow command as the runner of GitHub Actions reads it.
var command = regexp.MustCompile(`^::(error|warning|notice) ([^:]*)::(.*)$`)

func parseCommands(t *testing.T, out string) []map[string]string {
	t.Helper()
	var list []map[string]string
	for line := range strings.Lines(out) {
		m := command.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			t.Errorf("this is no annotation: %q", line)
			continue
		}
		c := map[string]string{"level": m[1], "message": m[3]}
		for _, p := range strings.Split(m[2], ",") {
			name, value, ok := strings.Cut(p, "=")
			if !ok || !slices.Contains([]string{"file", "line", "endLine", "col", "endColumn", "title"}, name) {
				t.Errorf("unknown property %q of %q", p, line)
			}
			c[name] = strings.NewReplacer("%3A", ":", "%2C", ",", "%0D", "\r", "%0A", "\n", "%25", "%").Replace(value)
		}
		list = append(list, c)
	}
	return list
}

func TestGitHubAnnotationsNameFileAndPlace(t *testing.T) {
	list := parseCommands(t, written(t, "github"))
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c["level"], " ", c["file"], " ", c["line"], ":", c["col"], "-", c["endLine"], ":", c["endColumn"]))
	}
	want := []string{
		"error a::,b.qube.yaml 8:9-8:13", "warning a::,b.qube.yaml 3:-3:", "warning a::,b.qube.yaml 3:-3:",
		"error a::,b.qube.yaml 9:-9:", "notice  :-:",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if last := list[len(list)-1]["message"]; last != "1 failed, 1 errored, 1 skipped in 1.5 s, cancelled" {
		t.Errorf("the notice says %q", last)
	}
}

func TestTheHTMLPageNeedsNothingElse(t *testing.T) {
	out := written(t, "html")
	for _, forbidden := range []string{"src=", "href=", "url(", "@import", "<link", "<img", "<script>alert"} {
		if strings.Contains(out, forbidden) {
			t.Errorf("the page holds %q", forbidden)
		}
	}
	if strings.Count(out, "<script>") != 1 || strings.Count(out, "</script>") != 1 {
		t.Error("the page has another script than its own")
	}
	for _, status := range []string{"failed", "errored", "skipped"} {
		if !strings.Contains(out, `data-status="`+status+`"`) {
			t.Errorf("no test is %s", status)
		}
	}
}

func TestJSONLinesHoldEveryValueAsItWas(t *testing.T) {
	for line := range strings.Lines(written(t, "json")) {
		var l struct {
			Type    string
			Payload Completed
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if l.Type != lineTestCompleted || l.Payload.ID != "second" && l.Payload.Status != "errored" {
			continue
		}
		if want := strings.ToValidUTF8(hostile, "\ufffd"); l.Payload.Error != want {
			t.Errorf("the error is %q, want %q", l.Payload.Error, want)
		}
		return
	}
	t.Error("no errored test was written")
}

func checkFixture(t *testing.T) CheckReport {
	t.Helper()
	source, _ := fixture(t)
	doc := source.Snap.Document(specURI)
	at := func(word string) text.Span {
		i := strings.Index(specText, word)
		return text.Span{Start: i, End: i + len(word)}
	}
	return CheckReport{
		Source:     source,
		Unreadable: []engine.LoadProblem{{Path: "gone " + hostile, Err: errors.New(hostile)}},
		Files: []CheckedFile{{Doc: doc, Diagnostics: []analysis.Diagnostic{
			{
				Span: at("name: Ada"), Severity: analysis.SeverityError, Source: analysis.SourceCheck, Code: "field.unknown",
				CodeURL: "https://example.invalid/x", Message: hostile,
				Related: []analysis.Related{
					{URI: specURI, Span: at("matrix"), Message: hostile}, {URI: "file:///elsewhere.yaml", Message: "there"},
				},
				Fixes: []analysis.Fix{
					{Title: "Replace " + hostile, Edits: []text.Edit{{Span: at("Ada"), New: hostile}}},
					{Title: "Delete", Edits: []text.Edit{{Span: at("Ada")}}},
					{Title: "None"},
				},
			},
			{Span: at("third"), Severity: analysis.SeverityWarning, Code: "a.b", Message: "several\nlines\n::error::x"},
			{Span: at("second"), Severity: analysis.SeverityInformation, Code: "a.b", CodeURL: "not a url", Message: "so"},
			{Span: at("n: 2"), Severity: analysis.SeverityHint, Code: "hint", Message: "nothing to see"},
		}}},
	}
}

func TestSARIFFollowsItsSchema(t *testing.T) {
	report := checkFixture(t)
	var buf bytes.Buffer
	if err := checkSARIF(&buf, report, Style{}); err != nil {
		t.Fatal(err)
	}
	validSARIF(t, buf.Bytes())
	log, err := sarif.FromBytes(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	results := log.Runs[0].Results
	if len(results) != 4 || len(log.Runs[0].Tool.Driver.Rules) != 3 {
		t.Fatalf("%d results of %d rules", len(results), len(log.Runs[0].Tool.Driver.Rules))
	}
	r := results[1]
	region := r.Locations[0].PhysicalLocation.Region
	got := fmt.Sprint(*r.RuleID, " ", r.Level, " ", *region.StartLine, ":", *region.StartColumn, "-", *region.EndColumn)
	if got != "field.unknown error 8:9-18" {
		t.Errorf("the result is %s", got)
	}
	if len(r.Fixes) != 2 || len(r.RelatedLocations) != 2 {
		t.Errorf("%d fixes and %d related locations", len(r.Fixes), len(r.RelatedLocations))
	}
	if uri := *r.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "./a::,b.qube.yaml" {
		t.Errorf("the file is %s", uri)
	}
	if rule := log.Runs[0].Tool.Driver.Rules[r.RuleIndex]; *rule.ID != "field.unknown" || *rule.HelpURI != "https://example.invalid/x" {
		t.Errorf("the rule is %v", *rule.ID)
	}
}

func TestAnEmptyCheckIsValidSARIF(t *testing.T) {
	var buf bytes.Buffer
	if err := checkSARIF(&buf, CheckReport{}, Style{}); err != nil {
		t.Fatal(err)
	}
	validSARIF(t, buf.Bytes())
}

func TestTheSARIFSchemaRefusesWhatIsWrong(t *testing.T) {
	for _, wrong := range []string{
		`{}`, `{"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}`, `{"version": "2.1.0", "runs": [], "x": 1}`,
	} {
		if sarifSchema(t).Validate(instance(t, []byte(wrong))) == nil {
			t.Errorf("%s is valid", wrong)
		}
	}
}

func validSARIF(t *testing.T, document []byte) {
	t.Helper()
	if err := sarifSchema(t).Validate(instance(t, document)); err != nil {
		t.Error(err)
	}
}

func instance(t *testing.T, document []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sarifSchema is the schema of OASIS as the library carries it: in a constant of its source, which it does not export.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	source, err := strconv.Unquote(file.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", instance(t, []byte(source))); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestCheckGitHubAnnotatesFindings(t *testing.T) {
	report := checkFixture(t)
	var buf bytes.Buffer
	if err := (Checkout{}).checkGitHub(&buf, report, Style{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range parseCommands(t, buf.String())[1:] {
		got = append(got, fmt.Sprint(c["level"], " ", c["line"], ":", c["col"], " ", c["title"]))
	}
	if want := []string{"error 8:9 field.unknown", "warning 10:11 a.b", "notice 9:10 a.b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestEveryFormatReportsThatItCannotWrite(t *testing.T) {
	source, events := events(t)
	for format, make := range formats() {
		s := make(brokenWriter{}, source)
		for _, e := range events {
			s.Emit(e)
		}
		if s.Err() == nil {
			t.Errorf("%s: no error", format)
		}
	}
	report := checkFixture(t)
	for format, check := range Checkers(Checkout{}) {
		if check(brokenWriter{}, report, Style{}) == nil {
			t.Errorf("check %s: no error", format)
		}
	}
}

func TestTheStatusLineNeverWraps(t *testing.T) {
	source, events := events(t)
	for _, width := range []int{1, 2, 10, 24, 80} {
		var buf bytes.Buffer
		p := NewPretty(&buf, source, PrettyOptions{Live: true, Width: func() int { return width }})
		for _, e := range events[:4] {
			p.Emit(e)
		}
		for _, line := range strings.Split(buf.String(), "\r\x1b[K")[1:] {
			if n := len([]rune(line)); n >= width {
				t.Errorf("width %d: %q has %d columns", width, line, n)
			}
			if strings.Contains(line, "\n") {
				t.Errorf("width %d: %q has several lines", width, line)
			}
		}
	}
}
