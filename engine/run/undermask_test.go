package run

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// TestASecretThatIsComparedUnderTheMaskNeverTurnsAFailureGreen edits expectations of a recorded result in which one secret was
// echoed, and holds the outcome against that of another run with the same expectation: a judgement may ask for another run, but it
// never passes where a run would not.
func TestASecretThatIsComparedUnderTheMaskNeverTurnsAFailureGreen(t *testing.T) {
	const a, b = "{{ env.A_TOK }}", "{{ env.B_TOK }}"
	for _, tt := range []struct{ expect, want string }{
		{"body: { x: '" + a + "' }", "differs"},
		{"body: { x: '" + b + "' }", "passes"},
		{"body: { x: { eq: '" + a + "' } }", "differs"},
		{"body: { x: { eq: '" + b + "' } }", "passes"},
		{"body: { x: second-secret }", "passes"},
		{"body: { x: first-secret }", "differs"},
		{"body: { x: { ne: '" + b + "' } }", "asks"},
		{"body: { x: '!= " + a + "' }", "asks"},
		{"body: { x: { contains: '" + a + "' } }", "asks"},
		{"body: { x: contains secret }", "asks"},
		{"body: { x: { contains: first } }", "asks"},
		{"body: { x: 'matches ^[^*]*$' }", "asks"},
		{"body: { x: 'matches .*' }", "asks"},
		{"body: { x: { oneOf: ['" + a + "', other] } }", "asks"},
		{"body: { x: { is: int } }", "asks"},
		{"body: { x.length: 3 }", "asks"},
		{"body: { x.length: 13 }", "asks"},
		{"body: { list: ['" + b + "', 1] }", "passes"},
		{"body: { list: ['" + a + "', 1] }", "differs"},
		{"body: { 'list[0]': '" + a + "' }", "differs"},
		{"body: { list: { contains: '" + a + "' } }", "asks"},
		{"body: { '.': { contains: { x: '" + a + "' } } }", "asks"},
		{"body: { bearer: 'Bearer " + b + "' }", "passes"},
		{"body: { bearer: 'Bearer " + a + "' }", "differs"},
		{"body: { pin: 4711 }", "passes"},
		{"body: { pin: 4712 }", "differs"},
		{"body: { pin: '> 1' }", "asks"},
		{"body: { open: shown }", "passes"},
		{"body: { open: hidden }", "fails"},
		{"headers: { X-Tok: '" + a + "' }", "differs"},
		{"headers: { X-Tok: '" + b + "' }", "passes"},
		{"headers: { X-Tok: '!= " + a + "' }", "asks"},
		{"headers: { X-Tok: contains first }", "asks"},
		{"status: '" + a + "'", "differs"},
		{"events: [{ kind: Sent, data: { tok: '" + a + "' } }]", "asks"},
		{"events: [{ kind: Sent, data: { tok: { ne: '" + b + "' } } }]", "asks"},
		{"events: [{ kind: Sent }]", "passes"},
		{"body: { x: '{{ other.response.body.y }}' }", "differs"},
		{"body: { x: '{{ other.response.body.z }}' }", "passes"},
		{"body: { x: { ne: '{{ other.response.body.y }}' } }", "asks"},
		{"body: { x: '{{ other.response.body.z.ToUpper() }}' }", "asks"},
	} {
		t.Run(tt.expect, func(t *testing.T) {
			content := func(expect string) string {
				return fakeTarget + "tests:\n  - { alias: x, resource: '" + a + b + "{{ env.PIN }}', expect: { " + expect + " } }\n" +
					"  - { alias: other, resource: '" + a + b + "', body: other }\n"
			}
			bench := newBench(t, ".env", "A_TOK=first-secret\nB_TOK=second-secret\nPIN=4711\n", "a.yaml", content("status: 500"))
			bench.fake.execute = func(_ context.Context, in plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
				if in.Fields["body"] == "other" {
					return &plugin.TestOutput{Status: 200, Body: map[string]any{"y": "first-secret", "z": "second-secret"}}, nil
				}
				emit(schema.PluginEvent{Kind: "Sent", Data: map[string]any{"tok": "second-secret"}})
				return &plugin.TestOutput{Status: "second-secret", Headers: map[string]string{"X-Tok": "second-secret"}, Body: map[string]any{
					"x": "second-secret", "list": []any{"second-secret", 1}, "bearer": "Bearer second-secret", "pin": json.Number("4711"), "open": "shown",
				}}, nil
			}
			report := bench.run(Selection{})
			before := result(t, report, "x")
			bench.session.Record(report.Results...)
			bench.write("a.yaml", content(tt.expect))
			bench.load()
			snap := bench.session.Snapshot()
			after := Judge(before, testNamed(t, snap, bench.uri("a.yaml"), "x"), snap)
			message := describeResult(after)
			if strings.Contains(message, "secret\"") || strings.Contains(message, "{masked") || strings.Contains(fmt.Sprint(after.Assertions), "{masked") {
				t.Errorf("this is not for anybody's eyes: %s", message)
			}
			got := "fails"
			switch {
			case after.Status == engine.StatusPassed:
				got = "passes"
			case strings.Contains(message, runAgain):
				got = "asks"
			case strings.Contains(message, "two different secrets"):
				got = "differs"
			}
			if tt.want == "differs" && got == "fails" && !strings.Contains(tt.expect, "secret") && !strings.Contains(tt.expect, "4712") {
				t.Errorf("nothing says that two secrets differ: %s", message)
			}
			if got != tt.want && !(tt.want == "differs" && got == "fails") {
				t.Errorf("it %s: %s; want %s", got, message, tt.want)
			}
			again := result(t, bench.run(Selection{}), "x")
			if got == "passes" && again.Status != engine.StatusPassed {
				t.Errorf("it turned green, and another run says: %s", describeResult(again))
			}
			if got == "passes" || again.Status != engine.StatusFailed {
				return
			}
			// An edit beside it changes nothing.
			bench.session.Record(again)
			bench.write("a.yaml", content(tt.expect+", duration: < 1h"))
			bench.load()
			snap = bench.session.Snapshot()
			if next := Judge(again, testNamed(t, snap, bench.uri("a.yaml"), "x"), snap); next.Status != engine.StatusFailed || strings.Contains(describeResult(next), runAgain) {
				t.Errorf("after an edit beside it: %s %s", next.Status, describeResult(next))
			}
		})
	}
}

func TestARunSaysThatTwoSecretsDiffer(t *testing.T) {
	b := newBench(t, ".env", "A_TOK=first-secret\nB_TOK=second-secret\n", "a.yaml",
		fakeTarget+"tests:\n  - { resource: '{{ env.B_TOK }}', expect: { body: { x: '{{ env.A_TOK }}' } } }\n")
	b.answers(plugin.TestOutput{Status: 200, Body: map[string]any{"x": "second-secret"}})
	wantIn(t, "message", b.all().Results[0].Assertions[0].Message, `expected "***", got "***"`, "two different secrets")
}
