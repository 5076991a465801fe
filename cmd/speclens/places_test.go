package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

// An expectation that fails stands at one place: the editor underlines it there, and every report says so. The lines hold
// what makes columns differ: tabs, letters of several bytes, and characters of two UTF-16 units.
func TestEveryReportNamesThePlaceThatTheEditorUnderlines(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"😀":2,"name":"Ada","list":[1,3],"é":{"in":"y"}}`)
	}))
	defer api.Close()
	spec := `target: ` + api.URL + `
tests:
  - { name: "𝒜 é 😀", resource: "/a?é𝒜", expect: { body: { "😀": 1, name: Grace, list: [1, 2], "é": { "in": x } } } }
  - GET /é𝒜😀 -> 404
  - name: plain
    resource: /
    expect:
      headers: { "X-None": exists }
      duration: "> 1h"
      body:
        "tab	in here": 1
  - { name: "😀 polls", resource: /, retry: { maxAttempts: 2, until: { body: { "é": { in: z } } } } }
---
mode: load
target: ` + api.URL + `
load: { users: 1, thresholds: { duration: { p95: "< 1us" }, requests: { count: "> 99" } } }
tests: [{ name: in load, resource: / }]
`
	const file = "a.qube.yaml"
	e := lsptest.Start(t, lsptest.Options{})
	e.Open(file, spec)
	e.Run(file, "", command.ScopeFile)
	var editor []string
	for _, d := range e.Settle(file) {
		if source, _ := d.Source.Get(); source == "speclens-run" {
			editor = append(editor, underlined(d))
		}
	}
	slices.Sort(editor)
	if len(editor) < 11 {
		t.Fatalf("the editor underlines %q", editor)
	}

	t.Chdir(t.TempDir())
	if err := os.WriteFile(file, []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", file, "-o", "pretty"}
	for _, format := range []string{"json", "junit", "tap", "github", "html"} {
		args = append(args, "--report", format+"=out."+format)
	}
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), args, nil, &stdout, &stderr); code != exitFailed {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	report := func(format string) string {
		content, err := os.ReadFile("out." + format)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	starts := make([]string, len(editor))
	for i, place := range editor {
		starts[i], _, _ = strings.Cut(place, "-")
	}
	same := func(format string, want, got []string) {
		t.Helper()
		slices.Sort(got)
		if diff := cmp.Diff(slices.Compact(slices.Clone(want)), slices.Compact(got)); diff != "" {
			t.Errorf("%s (-editor +report):\n%s", format, diff)
		}
	}
	same("json", editor, jsonPlaces(t, report("json")))
	for format, pattern := range map[string]string{
		"junit": `(?m)^(?:[^\n]*>)?a\.qube\.yaml:(\d+:\d+): `, "pretty": `(?m)^ {6}a\.qube\.yaml:(\d+:\d+): `,
		"html": `(?m)<b class="failed">✗</b>.*<td>(\d+:\d+)</td></tr>$`,
	} {
		text := map[bool]string{true: stdout.String()}[format == "pretty"]
		if format != "pretty" {
			text = report(format)
		}
		var got []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			got = append(got, m[1])
		}
		same(format, starts, got)
	}
	var tap, github []string
	for _, m := range regexp.MustCompile(`(?m)^      line: (\d+)\n      column: (\d+)$`).FindAllStringSubmatch(report("tap"), -1) {
		tap = append(tap, m[1]+":"+m[2])
	}
	same("tap", starts, tap)
	annotation := regexp.MustCompile(`(?m)^::error [^:]*line=(\d+),endLine=(\d+),col=(\d+),endColumn=(\d+),`)
	for _, m := range annotation.FindAllStringSubmatch(report("github"), -1) {
		github = append(github, fmt.Sprintf("%s:%s-%s:%s", m[1], m[3], m[2], m[4]))
	}
	same("github", editor, github)
}

// underlined is where an editor shows a diagnostic, counted from 1 as people do.
func underlined(d protocol.Diagnostic) string {
	return fmt.Sprintf("%d:%d-%d:%d", d.Range.Start.Line+1, d.Range.Start.Character+1, d.Range.End.Line+1, d.Range.End.Character+1)
}

// jsonPlaces are the places of the assertions that failed, from the JSON lines of a run.
func jsonPlaces(t *testing.T, lines string) []string {
	t.Helper()
	var places []string
	for line := range strings.Lines(lines) {
		var l struct {
			Type    string
			Payload struct {
				Assertions []struct {
					Passed       bool
					Line, Column int
					EndLine      int `json:"end_line"`
					EndColumn    int `json:"end_column"`
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		for _, a := range l.Payload.Assertions {
			if !a.Passed {
				places = append(places, fmt.Sprintf("%d:%d-%d:%d", a.Line, a.Column, a.EndLine, a.EndColumn))
			}
		}
	}
	return places
}

// What check finds stands where the editor shows it, in each of its formats.
func TestEveryFindingStandsWhereTheEditorShowsIt(t *testing.T) {
	const spec = "target: http://127.0.0.1:9\ntests:\n" +
		"  - { name: \"𝒜 😀\", resource: \"/é\", retires: 3, expect: { body: { \"😀\": \"matches (\" }, stat: 1 } }\n" +
		"  - { name: \"a\tb é\", alias: x, resource: \"/{{ nobody }}\", timeout: soon }\n"
	const file = "a.qube.yaml"
	e := lsptest.Start(t, lsptest.Options{})
	e.Open(file, spec)
	var editor []string
	for _, d := range e.Diagnostics(file) {
		if d.Severity < 4 { // a hint asks for nothing
			editor = append(editor, underlined(d))
		}
	}
	slices.Sort(editor)
	if len(editor) < 5 {
		t.Fatalf("the editor shows %q", editor)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile(filepath.Join(dir, file), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	out := func(format string) []byte {
		var stdout, stderr bytes.Buffer
		if code := Main(t.Context(), []string{"check", file, "-o", format}, nil, &stdout, &stderr); code != exitBroken {
			t.Fatalf("exit %d: %s", code, stderr.String())
		}
		return stdout.Bytes()
	}
	same := func(format string, want, got []string) {
		t.Helper()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-editor +report):\n%s", format, diff)
		}
	}
	var parsed struct {
		Diagnostics []struct {
			Line, Column int
			EndLine      int `json:"end_line"`
			EndColumn    int `json:"end_column"`
			Severity     string
		}
	}
	if err := json.Unmarshal(out("json"), &parsed); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range parsed.Diagnostics {
		if d.Severity != "hint" {
			got = append(got, fmt.Sprintf("%d:%d-%d:%d", d.Line, d.Column, d.EndLine, d.EndColumn))
		}
	}
	same("json", editor, got)
	got = nil
	annotation := regexp.MustCompile(`line=(\d+),endLine=(\d+),col=(\d+),endColumn=(\d+),`)
	for _, m := range annotation.FindAllStringSubmatch(string(out("github")), -1) {
		got = append(got, fmt.Sprintf("%s:%s-%s:%s", m[1], m[3], m[2], m[4]))
	}
	same("github", editor, got)
	var sarif struct {
		Runs []struct {
			ColumnKind string
			Results    []struct {
				Locations []struct {
					PhysicalLocation struct {
						Region struct{ StartLine, StartColumn, EndLine, EndColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(out("sarif"), &sarif); err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, r := range sarif.Runs[0].Results {
		region := r.Locations[0].PhysicalLocation.Region
		got = append(got, fmt.Sprintf("%d:%d-%d:%d", region.StartLine, region.StartColumn, region.EndLine, region.EndColumn))
	}
	same("sarif", editor, got)
	if kind := sarif.Runs[0].ColumnKind; kind != "utf16CodeUnits" {
		t.Errorf("columns are %s", kind)
	}
	got = nil
	for _, m := range regexp.MustCompile(`(?m)^a\.qube\.yaml:(\d+:\d+): `).FindAllStringSubmatch(string(out("text")), -1) {
		got = append(got, m[1])
	}
	starts := make([]string, len(editor))
	for i, place := range editor {
		starts[i], _, _ = strings.Cut(place, "-")
	}
	slices.Sort(starts)
	same("text", starts, got)
}
