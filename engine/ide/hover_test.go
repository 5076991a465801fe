package ide_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/plugin"
)

func (f *fixture) hover() string {
	if h := ide.Hover(context.Background(), f.session.Snapshot(), f.uri, f.cursor); h != nil {
		return h.Markdown
	}
	return ""
}

func TestHoverExplainsWhatStandsAtTheCursor(t *testing.T) {
	tests := []struct {
		name, src string
		// want must all be in the Markdown; none means no hover at all.
		want []string
	}{
		{"a file-level key", "tar‸get: http://a\n", []string{"**target**"}},
		{"a core key of a test", "tests:\n  - time‸out: 5s\n", []string{"**timeout**", "duration", "default"}},
		{"a plugin's key", "target: http://a\ntests:\n  - que‸ry: { a: 1 }\n", []string{"**query**", "plugin http"}},
		{"a plugin's key without its plugin", "target: foo://a\ntests:\n  - que‸ry: { a: 1 }\n", nil},
		{"a key of expect", "tests:\n  - expect:\n      sta‸tus: 200\n", []string{"**status**"}},
		{"a key of a compact test", "target: http://a\ntests:\n  - GET /x:\n      expe‸ct: { status: 200 }\n", []string{"**expect**"}},
		{"an operator in its text form", "tests:\n  - expect:\n      body:\n        id: mat‸ches ^a\n", []string{"**matches**", "RE2"}},
		{"a type", "tests:\n  - expect:\n      body:\n        id: is em‸ail\n", []string{"**is email**"}},
		{"an operator as a key", "tests:\n  - expect:\n      body:\n        id: { g‸te: 3 }\n", []string{"**gte**"}},
		{"a generator", "tests:\n  - resource: \"{{ fake.em‸ail }}\"\n", []string{"e-mail"}},
		{"a method of a template", "tests:\n  - resource: \"{{ fake.email.ToUp‸per() }}\"\n", []string{"upper case"}},
		{"an alias that has not run", "tests:\n  - alias: auth\n    name: log in\n  - resource: \"{{ au‸th.response.body.id }}\"\n", []string{"`auth`", "log in", "not been run"}},
		{"a matrix key", "tests:\n  - matrix: [{ who: ada }, { who: bob }]\n    resource: \"/{{ wh‸o }}\"\n", []string{"`\"ada\"`", "`\"bob\"`"}},
		{"a target's alias", "targets:\n  api: http://a:1\ntarget: a‸pi\n", []string{"`api` is `http://a:1`", "this file", "`http"}},
		{"a method of the plugin", "target: http://a\ntests:\n  - method: PO‸ST\n", []string{"**POST**"}},
		{"the key of the method lists the methods", "target: http://a\ntests:\n  - me‸thod: GET\n", []string{"**method**", "`GET`", "`DELETE`"}},
		{"a header of the request", "target: http://a\ntests:\n  - headers: { authoriz‸ation: x }\n", []string{"Bearer"}},
		{"a header that is expected", "target: http://a\ntests:\n  - expect:\n      headers:\n        ETa‸g: exists\n", []string{"Which version"}},
		{"a test's name before a run", "target: http://a\ntests:\n  - name: log i‸n\n", []string{"not been run", "▶ Run", "speclens run users.qube.yaml:3"}},
		{"a test of one line before a run", "target: http://a\ntests:\n  - GET /us‸ers -> 200\n", []string{"not been run", "speclens run users.qube.yaml:3"}},
		{"the status of a test of one line", "target: http://a\ntests:\n  - GET /users -> 2‸00\n", []string{"not been run"}},
		{"a name without results", "tests:\n  - na‸me: x\n", []string{"**name**"}},
		{"a comment", "# comm‸ent\ntests: []\n", nil},
		{"an unknown key", "tests:\n  - wha‸t: 1\n", nil},
		{"blank space", "tests:\n  ‸\n  - name: x\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newFixture(t, tt.src).hover()
			if len(tt.want) == 0 && got != "" {
				t.Fatalf("there is a hover: %s", got)
			}
			for _, w := range tt.want {
				if !strings.Contains(got, w) {
					t.Errorf("%q is missing in the hover:\n%s", w, got)
				}
			}
		})
	}
}

func TestHoverOnAVariableShowsItsSourceAndNeverItsValue(t *testing.T) {
	f := newFixture(t, "tests:\n  - resource: \"{{ env.TO‸KEN }}\"\n")
	f.session.Open("file:///w/.qube.yaml", "yaml", 1, "env: { TOKEN: hunter2hunter2 }\n")
	got := f.hover()
	if !strings.Contains(got, "qube") || !strings.Contains(got, "masked") || strings.Contains(got, "hunter2") {
		t.Errorf("hover is %s", got)
	}
}

func TestHoverShowsWhatTheLastRunGave(t *testing.T) {
	response := func(r *engine.TestResult) {
		r.Input = &plugin.TestInput{Method: "POST", Target: "http://a", Resource: "/login"}
		r.Output = &plugin.TestOutput{Status: json.Number("200"), Headers: map[string]string{"X-Trace": "abc"}, Body: map[string]any{"id": json.Number("7")}}
		r.Events = []engine.Event{{}}
		r.Events[0].Plugin, r.Events[0].Kind, r.Events[0].Data = "http", "Received", map[string]any{"status": 200, "duration_ms": 3}
	}
	tests := []struct {
		name, src string
		want      []string
	}{
		{"on the test's name", "target: http://a\ntests:\n  - na‸me: log in\n    alias: auth\n", []string{"✓", "POST http://a/login", "X-Trace: abc", "\"id\": 7", "http.Received", "200 in 3 ms"}},
		{"on an alias in a template", "target: http://a\ntests:\n  - alias: auth\n  - resource: \"{{ auth.response.body.i‸d }}\"\n", []string{"Last value", "7"}},
		{"on a path that was not there", "target: http://a\ntests:\n  - alias: auth\n  - resource: \"{{ auth.response.body.n‸o }}\"\n", []string{"had nothing there"}},
		{"on an expected path", "target: http://a\ntests:\n  - alias: auth\n    expect:\n      body:\n        i‸d: 1\n", []string{"last response", "7"}},
		{"on an expected header", "target: http://a\ntests:\n  - alias: auth\n    expect:\n      headers:\n        x-tr‸ace: exists\n", []string{"abc"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.src)
			f.record(t, "auth", response)
			got := f.hover()
			for _, w := range tt.want {
				if !strings.Contains(got, w) {
					t.Errorf("%q is missing in the hover:\n%s", w, got)
				}
			}
		})
	}
}

func TestHoverOnATestBeginsWithWhatFailed(t *testing.T) {
	for _, src := range []string{
		"target: http://a\ntests:\n  - name: log i‸n\n    alias: auth\n", "target: http://a\ntests:\n  - GE‸T /login -> 200\n",
		"target: http://a\ntests:\n  - GET /login -> 20‸0\n", "target: http://a\ntests:\n  - GET /lo‸gin:\n      expect: { status: 200 }\n",
	} {
		f := newFixture(t, src)
		id := f.session.Snapshot().Document(f.uri).Spec().Specs[0].Tests.At(0).ID
		f.record(t, id, func(r *engine.TestResult) {
			r.Status, r.Output = engine.StatusFailed, &plugin.TestOutput{Status: json.Number("500"), Body: "oops"}
			for range 12 {
				r.Assertions = append(r.Assertions, expect.Assertion{At: []string{"status"}, Message: "expected 200, got 500"})
			}
		})
		got := f.hover()
		at := -1
		for _, w := range []string{"✗ failed", "500", "expected 200, got 500", "2 more", "**Response**", "oops", "▶ Run"} {
			i := strings.Index(got, w)
			if i < at {
				t.Errorf("%q is missing or too early in the hover on\n%s\n%s", w, src, got)
			}
			at = i
		}
		if strings.Count(got, "✗ expected") != 10 {
			t.Errorf("failures are not cut at ten:\n%s", got)
		}
	}
}

func TestAnAliasIsCalledATestOnce(t *testing.T) {
	got := newFixture(t, "tests:\n  - alias: auth\n    name: log in\n  - resource: \"{{ au‸th.response.body.id }}\"\n").hover()
	if strings.Count(strings.ToLower(got), "test `") != 1 || strings.Contains(got, "test, ") {
		t.Errorf("hover is %s", got)
	}
}

// Foreign text in a hover must stay text: see the threat table of the security notes.
func TestForeignTextInAHoverCannotAct(t *testing.T) {
	payloads := []string{
		"[x](command:workbench.action.quit)", "![x](https://evil.example/beacon.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
		"[x](javascript:alert(1))", "[x](data:text/html,hi)", "```\n[x](command:y)", "`` ` ``[x](command:y)", "\u202egnirts", "\x1b]8;;http://e\x07x",
	}
	for _, p := range payloads {
		f := newFixture(t, "target: http://a\ntests:\n  - na‸me: x\n    alias: auth\n")
		f.record(t, "auth", func(r *engine.TestResult) {
			r.Status, r.Error, r.Warnings = engine.StatusErrored, p, []string{p}
			r.Output = &plugin.TestOutput{Status: p, Headers: map[string]string{"X": p}, Body: p}
		})
		outside := outsideFences(f.hover())
		for _, active := range []string{"](command:", "](javascript:", "](data:", "![x]", "<img", "<script", "\x1b", "\u202e"} {
			if strings.Contains(outside, active) {
				t.Errorf("payload %q leaves %q outside of code:\n%s", p, active, outside)
			}
		}
	}
}

// outsideFences drops the fenced code blocks of a Markdown text.
func outsideFences(md string) string {
	var out []string
	fence := ""
	for _, line := range strings.Split(md, "\n") {
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence == "" && len(ticks) >= 3:
			fence = ticks
		case fence != "" && strings.TrimSpace(line) == fence:
			fence = ""
		case fence == "":
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
