package output

import (
	"bytes"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/schema"
)

// Tests run beside each other; what the plugin told about one must not stand below another.
func TestVerboseEventsStandWithTheirTest(t *testing.T) {
	source, specs := fixture(t)
	first, second := specs[0], specs[1]
	event := func(info run.TestInfo, kind string) run.PluginEvent {
		return run.PluginEvent{Test: info, Event: engine.Event{PluginEvent: schema.PluginEvent{Plugin: "p", Kind: kind}}}
	}
	done := func(info run.TestInfo) run.TestCompleted {
		return run.TestCompleted{Test: info, Result: &engine.TestResult{Key: info.Key, Row: -1, Status: engine.StatusPassed}}
	}
	var buf bytes.Buffer
	p := NewPretty(&buf, source, PrettyOptions{Verbose: true})
	for _, e := range []run.Event{
		run.TestStarted{Test: first}, run.TestStarted{Test: second}, event(first, "Sent1"), event(second, "Sent2"), event(first, "Received1"),
		done(second), event(first, "Closed1"), done(first),
	} {
		p.Emit(e)
	}
	var words []string
	for _, word := range strings.Fields(buf.String()) {
		for _, known := range []string{"Sent1", "Received1", "Closed1", "Sent2", "/second", "TODO"} {
			if strings.Contains(word, known) {
				words = append(words, known)
			}
		}
	}
	if got := strings.Join(words, " "); got != "/second Sent2 TODO Sent1 Received1 Closed1" {
		t.Errorf("the order is %q:\n%s", got, buf.String())
	}
}

// One difference deep inside an object is told once, at its own key.
func TestOneDifferenceInsideAnObjectIsToldOnce(t *testing.T) {
	source, specs := fixture(t)
	message := "body.name.first: expected \"Ada\", but it is missing"
	result := &engine.TestResult{
		Key: specs[0].Key, Row: -1, Status: engine.StatusFailed, Output: &plugin.TestOutput{Status: 200},
		Assertions: []expect.Assertion{{
			At: []string{"body"}, Path: "body", Expression: "body = {}", Message: message,
			Mismatches: []expect.Mismatch{{At: []string{"body", "name"}, Path: "body.name.first", Message: message}},
		}},
	}
	var buf bytes.Buffer
	NewPretty(&buf, source, PrettyOptions{}).Emit(run.TestCompleted{Test: specs[0], Result: result})
	if strings.Count(buf.String(), message) != 1 || !strings.Contains(buf.String(), "a::,b.qube.yaml:8:9: ") {
		t.Errorf("the output is\n%s", buf.String())
	}
}
