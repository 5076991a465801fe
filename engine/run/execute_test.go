package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// answers makes the fake plugin answer with each output in turn, the last one for ever.
func (b *bench) answers(outputs ...plugin.TestOutput) *atomic.Int32 {
	var calls atomic.Int32
	b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		n := int(calls.Add(1))
		out := outputs[min(n, len(outputs))-1]
		return &out, nil
	}
	return &calls
}

func TestAnUntrustedWorkspaceDoesNotRun(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }]")
	calls := b.answers(plugin.TestOutput{Status: 200})
	b.session.SetTrusted(false)
	_, err := Execute(t.Context(), b.session.Snapshot(), Selection{}, &b.events, Options{})
	if !errors.Is(err, ErrUntrusted) {
		t.Errorf("error = %v", err)
	}
	if calls.Load() != 0 || len(b.events.all()) != 0 {
		t.Errorf("%d calls, events %v", calls.Load(), b.events.all())
	}
}

func TestABadNamePatternIsTheCallersMistake(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }]")
	if _, err := Execute(t.Context(), b.session.Snapshot(), Selection{NamePattern: "["}, nil, Options{}); err == nil {
		t.Error("no error")
	}
}

// kinds are the names of the events' types, with what tells them apart.
func kinds(events []Event) []string {
	var list []string
	for _, e := range events {
		s := strings.TrimPrefix(fmt.Sprintf("%T", e), "run.")
		switch e := e.(type) {
		case WaveStarted:
			s += fmt.Sprintf(" %d %v", e.Index, e.TestNames)
		case WaveCompleted:
			s += fmt.Sprintf(" %d", e.Index)
		case TestStarted:
			s += " " + e.Test.Name + " " + e.Protocol + " " + e.Target
		case PluginEvent:
			s += " " + e.Test.Name + " " + e.Event.Plugin + "." + e.Event.Kind
		case TestCompleted:
			s += " " + e.Test.Name + " " + string(e.Result.Status)
		case RunCompleted:
			s += fmt.Sprintf(" %d/%d/%d/%d/%d", e.Total, e.Passed, e.Failed, e.Skipped, e.Errored)
		}
		list = append(list, s)
	}
	return list
}

func TestEventsTellTheWholeStoryInOrder(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: a, alias: a, expect: { status: 200 } }
  - { name: b, skip: true }
  - { name: c, depends: [a], expect: { status: 201 } }
  - { name: d, target: none }
`)
	b.opts.Serial = true
	b.fake.info = plugin.PluginInfo{Name: "fake", Version: "1.0", Protocols: []schema.Protocol{"fake"},
		Events: map[string]schema.EventSpec{"Hello": {}}}
	b.fake.execute = func(_ context.Context, _ plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		emit(schema.PluginEvent{Plugin: "liar", Kind: "Hello"})
		return &plugin.TestOutput{Status: 200}, nil
	}
	r := b.all()
	want := []string{
		"RunStarted", "WaveStarted 0 [a b d]",
		"TestStarted a fake fake://x", "PluginEvent a fake.Hello", "TestCompleted a passed",
		"TestCompleted b skipped", "TestCompleted d errored", "WaveCompleted 0",
		"WaveStarted 1 [c]", "TestStarted c fake fake://x", "PluginEvent c fake.Hello", "TestCompleted c failed", "WaveCompleted 1",
		"RunCompleted 4/1/1/1/1",
	}
	if diff := cmp.Diff(want, kinds(b.events.all())); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	started, _ := b.events.all()[0].(RunStarted)
	if started.TotalTests != 4 || started.TotalWaves != 2 || !slices.Equal(started.Files, []string{b.uri("a.yaml")}) ||
		started.RunID != r.RunID {
		t.Errorf("RunStarted = %+v", started)
	}
	test, _ := b.events.all()[2].(TestStarted)
	if test.Test.Line != 4 || test.Test.Row != -1 || test.Test.Key.ID != "a" {
		t.Errorf("TestInfo = %+v", test.Test)
	}
}

func TestASetWithoutTestsIsARunOfZeroTests(t *testing.T) {
	b := newBench(t, "a.yaml", "tests: []\n", "b.yaml", "# nothing\n")
	r := b.all()
	if got := kinds(b.events.all()); !slices.Equal(got, []string{"RunStarted", "RunCompleted 0/0/0/0/0"}) || len(r.Results) != 0 {
		t.Errorf("events = %q", got)
	}
}

func TestNothingIsToldOfARunThatCannotBePlanned(t *testing.T) {
	b := newBench(t, "a.yaml", "tests: [\n")
	r := b.run(Selection{})
	if got := b.events.all(); len(got) != 0 || len(r.Problems) == 0 || len(r.Results) != 0 {
		t.Errorf("events = %v, problems = %v", got, r.Problems)
	}
}

func TestAFatalProblemStopsTheOtherFilesOnlyWithFailFast(t *testing.T) {
	for _, failFast := range []bool{false, true} {
		b := newBench(t, "a.yaml", "tests: [\n", "b.yaml", fakeTarget+"tests: [{ name: b }]")
		b.opts.FailFast = failFast
		r := b.run(Selection{})
		if ran := len(r.Results) == 1; ran == failFast || len(r.Problems) == 0 {
			t.Errorf("fail-fast %v: %d results, problems %v", failFast, len(r.Results), r.Problems)
		}
	}
}

func TestFailFastLeavesACompleteReport(t *testing.T) {
	spec := fakeTarget + `
tests:
  - { name: a, alias: a }
  - { name: b, expect: { status: 500 } }
  - { name: c }
  - { name: d, depends: [a] }
`
	for name, files := range map[string][]string{
		"by option":        {"a.yaml", spec},
		"by configuration": {".qube.yaml", "runner: { failFast: true, maxConcurrent: 1 }\n", "a.yaml", spec},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, files...)
			b.opts = Options{Serial: len(files) == 2, FailFast: len(files) == 2}
			r := b.all()
			wantStatuses(t, r, "a passed", "b failed", "c skipped", "d skipped")
			wantIn(t, "reason", result(t, r, "c").Error, "an earlier test failed")
			last, _ := b.events.all()[len(b.events.all())-1].(RunCompleted)
			if last.Total != 4 || last.Skipped != 2 || last.Cancelled {
				t.Errorf("RunCompleted = %+v", last)
			}
		})
	}
}

func TestStatuses(t *testing.T) {
	tests := []struct {
		name   string
		output *plugin.TestOutput
		err    error
		want   engine.Status
		error  string
	}{
		{"an assertion that holds passes", &plugin.TestOutput{Status: 200}, nil, engine.StatusPassed, ""},
		{"an assertion that does not hold fails", &plugin.TestOutput{Status: 500}, nil, engine.StatusFailed, ""},
		{
			"an output with an error is errored, whatever its status", &plugin.TestOutput{Status: 200, Error: "refused"},
			nil, engine.StatusErrored, "refused",
		},
		{"so is a plugin that fails", nil, errors.New("no luck"), engine.StatusErrored, "plugin fake@1.0: execute: no luck"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, expect: { status: 200 } }]")
			b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
				return tt.output, tt.err
			}
			r := b.all().Results[0]
			if r.Status != tt.want || r.Error != tt.error {
				t.Errorf("got %s %q", r.Status, r.Error)
			}
			if tt.want == engine.StatusErrored && len(r.Assertions) != 0 {
				t.Errorf("assertions = %v", r.Assertions)
			}
		})
	}
}

func TestAPanickingPluginErrorsItsTestAndTellsWhereInTheLog(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }, { name: b, target: 'http://127.0.0.1:1', skip: true }]")
	b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) { panic("ouch") }
	r := b.all()
	wantStatuses(t, r, "a errored", "b skipped")
	wantIn(t, "error", r.Results[0].Error, "plugin fake@1.0: execute: panicked: ouch")
	for _, e := range b.events.all() {
		if l, ok := e.(Log); ok && strings.Contains(l.Message, "execute_test.go") {
			return
		}
	}
	t.Error("the log has no stack")
}

func TestAPluginThatPanicsInValidate(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }]")
	b.fake.validate = func(plugin.TestInput) []plugin.FieldError { panic("ouch") }
	wantIn(t, "error", b.all().Results[0].Error, "plugin fake@1.0: validate: panicked: ouch")
}

func TestValidateHearsWhichPlacesHoldATemplateStill(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, resource: '{{ nope }}', data: { x: ['{{ nope }}'] } }]")
	var got []string
	b.fake.validate = func(in plugin.TestInput) []plugin.FieldError {
		got = in.Templated
		return []plugin.FieldError{{Field: "data", Message: "hm", Severity: "warning"}}
	}
	r := b.all().Results[0]
	if !slices.Equal(got, []string{"resource", "data.x.0"}) {
		t.Errorf("templated = %q", got)
	}
	wantIn(t, "warnings", strings.Join(r.Warnings, "\n"), "plugin fake@1.0: `data`: hm")
}

func TestTimeouts(t *testing.T) {
	hang := func(ctx context.Context, _ plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	tests := []struct {
		name  string
		files []string
		opts  Options
		limit string
	}{
		{"of the test", []string{"a.yaml", fakeTarget + "defaults: { timeout: 1h }\ntests: [{ name: a, timeout: 20ms }]"}, Options{}, "20ms"},
		{"as a bare number of milliseconds", []string{"a.yaml", fakeTarget + "tests: [{ name: a, timeout: 21 }]"}, Options{}, "21ms"},
		{
			"of the file's defaults",
			[]string{"a.yaml", fakeTarget + "defaults: { timeout: 22ms }\ntests: [{ name: a }]"},
			Options{Timeout: time.Hour}, "22ms",
		},
		{
			"of the configuration's defaults",
			[]string{".qube.yaml", "defaults: { timeout: 23ms }\n", "a.yaml", fakeTarget + "tests: [{ name: a }]"},
			Options{}, "23ms",
		},
		{"of the run", []string{"a.yaml", fakeTarget + "tests: [{ name: a }]"}, Options{Timeout: 24 * time.Millisecond}, "24ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.files...)
			b.opts, b.fake.execute = tt.opts, hang
			r := b.all().Results[0]
			if r.Status != engine.StatusErrored || !strings.HasPrefix(r.Error, "timeout: no answer within "+tt.limit) {
				t.Errorf("got %s %q", r.Status, r.Error)
			}
		})
	}
}

func TestRetry(t *testing.T) {
	st := func(codes ...int) []plugin.TestOutput {
		var list []plugin.TestOutput
		for _, c := range codes {
			list = append(list, plugin.TestOutput{Status: c})
		}
		return list
	}
	tests := []struct {
		name   string
		retry  string
		expect string
		codes  []int
		status engine.Status
		calls  int32
	}{
		{
			"until stops at the first attempt that meets it", "{ maxAttempts: 5, until: { status: 200 } }",
			"{ status: 200 }", []int{500, 503, 200, 500}, engine.StatusPassed, 3,
		},
		{
			"expect judges the attempt that met until", "{ maxAttempts: 5, until: { status: '< 500' } }",
			"{ status: 200 }", []int{500, 404, 200}, engine.StatusFailed, 2,
		},
		{
			"until never met fails, even where expect holds", "{ maxAttempts: 3, until: { status: 200 } }",
			"{ status: 500 }", []int{500}, engine.StatusFailed, 3,
		},
		{
			"without until the first attempt whose expect passes", "{ maxAttempts: 5 }", "{ status: 200 }",
			[]int{500, 200, 500}, engine.StatusPassed, 2,
		},
		{"without until and never passing fails", "{ maxAttempts: 3 }", "{ status: 200 }", []int{500}, engine.StatusFailed, 3},
		{"without any expectation one attempt is enough", "{ maxAttempts: 3 }", "{}", []int{500}, engine.StatusPassed, 1},
		{
			"maxAttempts below 2 is one attempt, and until does not count", "{ maxAttempts: 0, until: { status: 200 } }",
			"{ status: 500 }", []int{500}, engine.StatusPassed, 1,
		},
		{"maxAttempts missing is one attempt", "{ interval: 1h }", "{ status: 200 }", []int{500, 200}, engine.StatusFailed, 1},
		{"the interval is kept", "{ maxAttempts: 2, interval: 30ms }", "{ status: 200 }", []int{500, 200}, engine.StatusPassed, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, retry: "+tt.retry+", expect: "+tt.expect+" }]")
			calls := b.answers(st(tt.codes...)...)
			started := time.Now()
			r := b.run(Selection{}).Results[0]
			if r.Status != tt.status || calls.Load() != tt.calls || r.Attempts != int(tt.calls) {
				t.Errorf("status %s after %d calls, %d attempts; want %s after %d", r.Status, calls.Load(), r.Attempts, tt.status, tt.calls)
			}
			if strings.Contains(tt.retry, "30ms") && time.Since(started) < 30*time.Millisecond {
				t.Error("the interval was not kept")
			}
		})
	}
}

func TestATestThatWaitsForItsNextAttemptHoldsUpNoOther(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: polls, resource: poll, retry: { maxAttempts: 2, interval: 1h }, expect: { status: 200 } }
  - { name: other, resource: other }
`)
	b.opts.MaxConcurrent = 1
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.answers(plugin.TestOutput{Status: 500})
	b.events.told = func(e Event) { // the interval is an hour, so that nothing else ends the run
		if e, ok := e.(TestCompleted); ok && e.Result.Name == "other" {
			cancel()
		}
	}
	wantStatuses(t, b.runContext(ctx, Selection{}), "polls errored", "other passed")
}

func TestInASerialRunATestEndsBeforeTheNextBegins(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: polls, retry: { maxAttempts: 3, interval: 5ms }, expect: { status: 200 } }
  - { name: other }
`)
	b.opts.Serial = true
	b.answers(plugin.TestOutput{Status: 500})
	b.all()
	var got []string
	for _, e := range b.events.all() {
		switch e := e.(type) {
		case TestStarted:
			got = append(got, "begin "+e.Test.Name)
		case TestCompleted:
			got = append(got, "end "+e.Test.Name)
		}
	}
	if !slices.Equal(got, []string{"begin polls", "end polls", "begin other", "end other"}) {
		t.Errorf("order = %q", got)
	}
}

func TestRetryMissingMaxAttemptsIsSaid(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, retry: { interval: 1s } }]")
	wantIn(t, "warnings", strings.Join(b.run(Selection{}).Results[0].Warnings, "\n"), "retry has no maxAttempts")
}

func TestAMissedUntilShowsWhatItMissed(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, retry: { maxAttempts: 2, until: { body: { state: done } } } }]")
	b.answers(plugin.TestOutput{Status: 200, Body: map[string]any{"state": "busy"}})
	r := b.all().Results[0]
	if len(r.Assertions) != 1 || r.Assertions[0].Expression != "retry.until body.state = done" ||
		!slices.Equal(r.Assertions[0].At, []string{"retry", "until", "body", "state"}) {
		t.Errorf("assertions = %+v", r.Assertions)
	}
}

func TestAnErroredAttemptIsTriedAgain(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, retry: { maxAttempts: 3 }, expect: { status: 200 } }]")
	calls := b.answers(plugin.TestOutput{Error: "refused"}, plugin.TestOutput{Error: "refused"}, plugin.TestOutput{Status: 200})
	r := b.all().Results[0]
	if r.Status != engine.StatusPassed || r.Error != "" || calls.Load() != 3 {
		t.Errorf("got %s %q after %d", r.Status, r.Error, calls.Load())
	}
}

func TestTemplatesAreFixedOverAttempts(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: a, resource: "{{ fake.uuid }}", data: { x: 1 }, retry: { maxAttempts: 4 }, expect: { body: { id: "{{ fake.uuid }}" } } }
`)
	var got []string
	b.fake.execute = func(_ context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
		got = append(got, in.Resource+fmt.Sprint(in.Fields))
		in.Fields["data"].(map[string]any)["x"] = "changed by the plugin"
		return &plugin.TestOutput{Status: 200}, nil
	}
	r := b.all().Results[0]
	if len(got) != 4 || slices.ContainsFunc(got, func(s string) bool { return s != got[0] }) {
		t.Errorf("attempts saw %q", got)
	}
	if x := r.Input.Fields["data"].(map[string]any)["x"]; fmt.Sprint(x) != "1" {
		t.Errorf("the result shows %v: the plugin changed it", x)
	}
}

func TestEventsOfTheLastAttemptFlow(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: a, alias: a, retry: { maxAttempts: 2 }, expect: { status: 200, events: [{ kind: Try, data: { n: 2 }, count: 1 }] } }
  - { name: b, resource: "{{ a.events.0.data.n }}/{{ a.events.length }}" }
`)
	n := 0
	b.opts.Serial = true
	b.fake.execute = func(_ context.Context, _ plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		n++
		emit(schema.PluginEvent{Kind: "Try", Data: map[string]any{"n": n}})
		return &plugin.TestOutput{Status: 198 + n}, nil
	}
	r := b.all()
	wantStatuses(t, r, "a passed", "b passed")
	if got := result(t, r, "b").Input.Resource; got != "2/1" {
		t.Errorf("resource = %q", got)
	}
	live := 0
	for _, e := range b.events.all() {
		if e, ok := e.(PluginEvent); ok && e.Test.Name == "a" {
			live++
		}
	}
	if live != 2 {
		t.Errorf("%d events told, want those of both attempts", live)
	}
}

func TestEventsReturnedAreDeliveredOnce(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }]")
	b.fake.execute = func(_ context.Context, _ plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		one := schema.PluginEvent{Kind: "One", Data: map[string]any{"x": 1}}
		emit(one)
		return &plugin.TestOutput{Status: 200, Events: []schema.PluginEvent{one, {Kind: "Two"}, one}}, nil
	}
	r := b.all().Results[0]
	var got []string
	for _, e := range r.Events {
		got = append(got, e.Plugin+"."+e.Kind)
	}
	// The third is a second event of its own: only as many as were streamed are the same.
	if !slices.Equal(got, []string{"fake.One", "fake.Two", "fake.One"}) {
		t.Errorf("events = %q", got)
	}
	warned := strings.Join(r.Warnings, "\n")
	wantIn(t, "warnings", warned, `the event "One", which it does not declare`, `"Two"`)
	if strings.Count(warned, "One") != 1 {
		t.Errorf("warned more than once: %q", warned)
	}
}

func TestTheDurationThatIsJudgedIsTheOneReported(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+`
tests:
  - { name: a, expect: { duration: "<= 1500ms" } }
  - { name: b, expect: { duration: "< 1500ms" } }
`)
	b.answers(plugin.TestOutput{Status: 200, DurationMs: 1500})
	r := b.all()
	wantStatuses(t, r, "a passed", "b failed")
	if r.Results[0].Duration != 1500*time.Millisecond {
		t.Errorf("duration = %v", r.Results[0].Duration)
	}
}

func TestLogLinesOfAPluginAreToldAndMasked(t *testing.T) {
	b := newBench(t, ".env", "TOKEN=hunter22\n", "a.yaml", fakeTarget+"tests: [{ name: a, resource: '{{ env.TOKEN }}' }]")
	b.fake.execute = func(ctx context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
		capabilities.SinksFrom(ctx).Log(capabilities.LogEntry{Level: capabilities.LevelWarn, Plugin: "fake", Message: "sending " + in.Resource})
		return &plugin.TestOutput{Status: 200}, nil
	}
	b.all()
	for _, e := range b.events.all() {
		if l, ok := e.(Log); ok {
			if l.Level != "warn" || l.Plugin != "fake" || l.Message != "sending ***" || l.Test.Name != "a" {
				t.Errorf("log = %+v", l)
			}
			return
		}
	}
	t.Error("no log line")
}

func TestAPluginThatWasLeftToItselfIsNotHeardAnyMore(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, timeout: 10ms, alias: a }, { name: b, resource: second, depends: [a] }]")
	type voice struct {
		log  func(capabilities.LogEntry)
		emit plugin.EventSink
	}
	left := make(chan voice, 2)
	release, returned := make(chan struct{}), make(chan struct{})
	b.fake.execute = func(ctx context.Context, in plugin.TestInput, sink plugin.EventSink) (*plugin.TestOutput, error) {
		if in.Resource == "" {
			left <- voice{capabilities.SinksFrom(ctx).Log, sink}
			defer close(returned)
			<-release
			return &plugin.TestOutput{Status: 200}, nil
		}
		v := <-left
		v.log(capabilities.LogEntry{Message: "late"})
		v.emit(schema.PluginEvent{Kind: "Late"})
		left <- v
		return &plugin.TestOutput{Status: 200}, nil
	}
	r := b.all()
	v := <-left
	v.log(capabilities.LogEntry{Message: "later"})
	v.emit(schema.PluginEvent{Kind: "Later"})
	close(release)
	<-returned
	wantStatuses(t, r, "a errored", "b passed")
	for _, e := range b.events.all() {
		switch e.(type) {
		case Log, PluginEvent:
			t.Errorf("heard %+v", e)
		}
	}
	if _, ok := b.events.all()[len(b.events.all())-1].(RunCompleted); !ok {
		t.Error("RunCompleted is not the last event")
	}
}

// TestNoSecretLeaves lets a server echo everything back and looks for the secrets in every byte that the sink gets.
func TestNoSecretLeaves(t *testing.T) {
	a := newAPI(t, nil)
	const password, pin, field = "p@ss/w\"ord é", "123456", "fieldsecret"
	b := newBench(t, ".env", "PW='"+password+"'\nPIN="+pin+"\nBASE="+a.URL+"\n", "a.yaml", `
target: "{{ env.BASE }}"
tests:
  - name: with
    alias: a
    method: POST
    resource: "/echo?pw={{ env.PW.URLEncode() }}&b={{ env.PW.Base64() }}"
    headers: { X-Secret: "Bearer {{ env.PIN }}", Authorization: "Basic {{ env.PW.Base64() }}" }
    body: { password: "{{ env.PW }}", upper: "{{ env.PW.ToUpper() }}", pin: "{{ env.PIN.ToInt() }}" }
    save: { pw: response.body.body.password }
    expect: { body: { body.password: "{{ env.PW }}!" , body.pin: 5 } }
  - name: later
    method: POST
    resource: /echo
    body: "{{ pw }}"
    expect: { body: { text: "{{ env.PW }}" } }
  - { name: down, target: "http://127.0.0.1:1/{{ env.PIN }}", resource: / }
  - { name: declared, target: "fake://x", key: `+field+`, short: ab, deep: { token: deeptoken } }
`)
	b.fake.info = plugin.PluginInfo{Name: "fake", Version: "1.0", Protocols: []schema.Protocol{"fake"}, Fields: map[string]schema.FieldSpec{
		"key": {Secret: true}, "short": {Secret: true}, "deep": {Fields: map[string]schema.FieldSpec{"token": {Secret: true}}},
	}}
	var seen map[string]any
	b.fake.execute = func(_ context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
		seen = in.Fields
		return &plugin.TestOutput{Status: 200, Body: "you sent " + fmt.Sprint(in.Fields["key"])}, nil
	}
	r := b.all()
	wantStatuses(t, r, "with failed", "down errored", "declared passed", "later passed")
	var told bytes.Buffer
	enc := json.NewEncoder(&told)
	enc.SetEscapeHTML(false)
	for _, e := range b.events.all() {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Encode(r.Results); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{password, strings.ToUpper(password), pin, field, "deeptoken"} {
		for _, form := range secretForms(secret) {
			if i := strings.Index(told.String(), form); i >= 0 {
				t.Errorf("%q got out: …%s…", form, told.String()[max(0, i-60):min(told.Len(), i+60)])
			}
		}
	}
	if !strings.Contains(told.String(), a.URL) {
		t.Error("the plain URL of the server is masked, too")
	}
	if got := a.requests[0].Body; !strings.Contains(got, "123456") || !strings.Contains(got, `p@ss/w\"ord é`) {
		t.Errorf("the server got %s: masking reached the data itself", got)
	}
	if a.requests[1].Body != password {
		t.Errorf("the saved value became %q", a.requests[1].Body)
	}
	if got := result(t, r, "declared").Input.Fields; got["short"] != engine.Masked || seen["short"] != "ab" {
		t.Errorf("fields shown = %v, seen = %v", got, seen)
	}
}

func TestParallelFalseRunsTheTestsOfAFileOneAtATime(t *testing.T) {
	b := newBench(t,
		"a.yaml", fakeTarget+"parallel: false\ntests: [{ name: a1, resource: a }, { name: a2, resource: a }, { name: a3, resource: a }]",
		"b.yaml", fakeTarget+"tests: [{ name: b1, resource: b }, { name: b2, resource: b }, { name: b3, resource: b }]")
	b.opts.MaxConcurrent = 8
	var mu sync.Mutex
	running, most := map[string]int{}, map[string]int{}
	both := make(chan struct{})
	b.fake.execute = func(_ context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
		mu.Lock()
		running[in.Resource]++
		most[in.Resource] = max(most[in.Resource], running[in.Resource])
		if running["b"] == 3 {
			close(both)
		}
		mu.Unlock()
		<-both // all three of b are under way before anything ends
		mu.Lock()
		running[in.Resource]--
		mu.Unlock()
		return &plugin.TestOutput{Status: 200}, nil
	}
	b.all()
	if most["a"] != 1 || most["b"] != 3 {
		t.Errorf("at a time: %v", most)
	}
}

func TestSerialRunsOneTestAtATime(t *testing.T) {
	for name, conf := range map[string]string{
		"option": "", "configuration": "runner: { parallel: false, maxConcurrent: 8 }\n", "limit": "runner: { maxConcurrent: 1 }\n",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ".qube.yaml", "version: 1\n"+conf, "a.yaml", fakeTarget+"tests: [{ name: a }, { name: b }, { name: c }]")
			b.opts.Serial = conf == ""
			var running, most atomic.Int32
			b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
				n := running.Add(1)
				defer running.Add(-1)
				if n > most.Load() {
					most.Store(n)
				}
				runtime.Gosched()
				return &plugin.TestOutput{Status: 200}, nil
			}
			b.all()
			if most.Load() != 1 {
				t.Errorf("%d at a time", most.Load())
			}
		})
	}
}

func TestTwoHundredTestsAtOnceGetTheirOwnAnswers(t *testing.T) {
	var s strings.Builder
	s.WriteString("tests:\n")
	for i := range 200 {
		fmt.Fprintf(&s, "  - { name: t%d, resource: '/echo?n=%d', expect: { body: { url: '/echo?n=%d' } } }\n", i, i, i)
	}
	a := newAPI(t, nil)
	b := newBench(t, "a.yaml", "target: "+a.URL+"\n"+s.String())
	b.opts.MaxConcurrent = 200
	for _, r := range b.all().Results {
		if r.Status != engine.StatusPassed {
			t.Errorf("%s %s: %s %+v", r.Name, r.Status, r.Error, r.Assertions)
		}
	}
}

func TestACancelStopsTheTrafficAndLeavesNothingBehind(t *testing.T) {
	arrived := make(chan struct{}, 10)
	gone := make(chan struct{}, 10)
	a := newAPI(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	b := newBench(t, "a.yaml", "target: "+a.URL+`
tests:
  - { name: a, resource: /slow, alias: a }
  - { name: b, resource: /slow }
  - { name: c, resource: /slow }
  - { name: d, resource: "/{{ a.response.body }}" }
`)
	b.opts.MaxConcurrent = 2
	before := runtime.NumGoroutine()
	var report *Report
	best := time.Hour
	for try := 0; try < stopTries && best > 250*time.Millisecond; try++ {
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled time.Time
		stopping := make(chan struct{})
		go func() {
			defer close(stopping)
			for range 2 {
				<-arrived
			}
			cancelled = time.Now()
			cancel()
		}()
		report = b.runContext(ctx, Selection{})
		<-stopping
		for range 2 {
			<-gone
		}
		best = min(best, time.Since(cancelled))
	}
	if best > 250*time.Millisecond {
		t.Errorf("traffic went on for %v", best)
	}
	wantStatuses(t, report, "a errored", "b errored", "c skipped", "d skipped")
	if r := result(t, report, "a"); r.Error != "cancelled" {
		t.Errorf("error = %q", r.Error)
	}
	if last, ok := b.events.all()[len(b.events.all())-1].(RunCompleted); !ok || !last.Cancelled || !report.Cancelled {
		t.Errorf("last event = %+v", b.events.all()[len(b.events.all())-1])
	}
	a.CloseClientConnections()
	deadline := time.Now().Add(time.Minute)
	for runtime.NumGoroutine() > before+2 { // the server's own accept loop may come and go
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(time.Millisecond)
	}
}

func TestACancelDuringTheIntervalOfARetryIsNoPass(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a, retry: { maxAttempts: 9, interval: 1h }, expect: { status: 200 } }]")
	ctx, cancel := context.WithCancel(t.Context())
	b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		defer time.AfterFunc(20*time.Millisecond, cancel)
		return &plugin.TestOutput{Status: 500}, nil
	}
	r := b.runContext(ctx, Selection{}).Results[0]
	if r.Status != engine.StatusErrored || r.Error != "cancelled" {
		t.Errorf("got %s %q", r.Status, r.Error)
	}
}

func TestARunThatIsCancelledBeforeItBeginsSkipsEverything(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }, { name: b }]")
	calls := b.answers(plugin.TestOutput{Status: 200})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := b.runContext(ctx, Selection{})
	wantStatuses(t, r, "a skipped", "b skipped")
	if calls.Load() != 0 || !r.Cancelled {
		t.Errorf("%d calls, cancelled %v", calls.Load(), r.Cancelled)
	}
}

// TestTheOutcomeDoesNotDependOnScheduling runs one suite a hundred times with every answer delayed by chance.
func TestTheOutcomeDoesNotDependOnScheduling(t *testing.T) {
	b := newBench(t, ".env", "TOKEN=hunter22\n", "a.yaml", fakeTarget+`
tests:
  - { name: a, alias: a, resource: "a/{{ env.TOKEN }}", save: { v: response.body.path } }
  - { name: "m{{ n }}", alias: m, resource: "m{{ n }}/{{ v }}", matrix: [{ n: 1 }, { n: 2 }, { n: 3 }] }
  - { name: last row, resource: "{{ m.response.body.path }}", expect: { body: { path: "m3/a/hunter22" } } }
  - { name: bad, alias: bad, resource: boom }
  - { name: lost, resource: "{{ bad.response.body.path }}" }
  - { name: made up, resource: "{{ fake.uuid }}" }
`, "b.yaml", fakeTarget+`
mode: scenario
tests:
  - { name: s1, resource: one }
  - { name: s2, resource: "{{ prev.response.body.path }}/two", save: { v: response.body.path } }
  - { name: s3, resource: "{{ prev.response.body.path }}/{{ v }}" }
`)
	b.opts = Options{Seed: 1, MaxConcurrent: 4}
	var chance atomic.Uint64
	b.fake.execute = func(_ context.Context, in plugin.TestInput, _ plugin.EventSink) (*plugin.TestOutput, error) {
		r := rand.New(rand.NewPCG(chance.Add(1), 5))
		for range r.IntN(50) {
			runtime.Gosched()
		}
		if in.Resource == "boom" {
			return &plugin.TestOutput{Error: "boom"}, nil
		}
		return &plugin.TestOutput{Status: 200, Body: map[string]any{"path": in.Resource}}, nil
	}
	summary := func() []string {
		var list []string
		for _, r := range b.all().Results {
			line := r.Key.ID + " " + strconv.Itoa(r.Row) + " " + r.Name + " " + string(r.Status) + " " + r.Error
			if r.Input != nil {
				line += " " + r.Input.Resource
			}
			list = append(list, line)
		}
		return list
	}
	first := summary()
	for range 99 {
		if diff := cmp.Diff(first, summary()); diff != "" {
			t.Fatalf("another outcome:\n%s", diff)
		}
	}
	wantIn(t, "outcome", strings.Join(first, "\n"), "last row passed", "lost skipped", "one/two/one/two")
}

func TestASingleTestReusesWhatItsPrerequisitesGave(t *testing.T) {
	files := []string{"a.yaml", fakeTarget + `
tests:
  - { name: a, alias: a, resource: login, save: { t: response.body.token } }
  - { name: b, alias: b, resource: "{{ t }}" }
`}
	only := func(b *bench) Selection { return Selection{Tests: []engine.TestKey{{URI: b.uri("a.yaml"), ID: "b"}}} }
	tests := []struct {
		name   string
		body   any
		status int
		change func(b *bench)
		needs  bool
		target string // the file's, if not fake://x
		want   int32  // further calls
	}{
		{name: "where they passed", body: map[string]any{"token": "t-1"}, want: 1},
		{name: "but not where all that is needed shall run", body: map[string]any{"token": "t-1"}, needs: true, want: 2},
		{name: "but not where they were edited", body: map[string]any{"token": "t-1"}, want: 2, change: func(b *bench) {
			b.write("a.yaml", strings.Replace(files[1], "resource: login", "resource: login2", 1))
			b.load()
		}},
		{name: "but not where they now go elsewhere", body: map[string]any{"token": "t-1"}, want: 2, change: func(b *bench) {
			b.write("a.yaml", strings.Replace(files[1], "fake://x", "fake://y", 1))
			b.load()
		}},
		{name: "where an environment leads to the same place", body: map[string]any{"token": "t-1"}, want: 1, target: "fake://{{ env.HOST }}"},
		{name: "but not where the environment leads elsewhere now", body: map[string]any{"token": "t-1"}, want: 2,
			target: "fake://{{ env.HOST }}", change: func(b *bench) {
				b.session.SetEnvironment(b.uri("a.yaml"), "other")
			}},
		{name: "but not where a secret was masked in them", body: map[string]any{"token": engine.Masked}, want: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := slices.Clone(files)
			if tt.target != "" {
				files[1] = strings.Replace(files[1], "fake://x", "'"+tt.target+"'", 1)
			}
			files = append(files, ".qube.yaml", "env: { HOST: localhost }\nenvironments: { other: { env: { HOST: 127.0.0.1 } } }\n")
			b := newBench(t, files...)
			calls := b.answers(plugin.TestOutput{Status: 200, Body: tt.body})
			b.session.Record(b.all().Results...)
			before := calls.Load()
			if tt.change != nil {
				tt.change(b)
			}
			sel := only(b)
			sel.Needs = tt.needs
			r := b.run(sel)
			if got := calls.Load() - before; got != tt.want {
				t.Errorf("%d calls, want %d: %v", got, tt.want, statuses(r))
			}
			if want := fmt.Sprint(tt.body.(map[string]any)["token"]); result(t, r, "b").Input.Resource != want {
				t.Errorf("resource = %q, want %q", result(t, r, "b").Input.Resource, want)
			}
		})
	}
}

func TestARegistryThatIsReplacedServesTheRunUnderWay(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"mode: scenario\ntests: [{ name: a }, { name: b }]")
	b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		b.session.SetRegistry(plugin.NewRegistry())
		runtime.GC()
		return &plugin.TestOutput{Status: 200}, nil
	}
	wantStatuses(t, b.all(), "a passed", "b passed")
}

func TestResultsCarryWhatTheEditorNeeds(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+
		"tests: [{ name: a, alias: x, method: get, resource: r, headers: { H: v }, expect: { status: 200 } }]")
	b.opts.RunID = "run-7"
	r := b.all().Results[0]
	doc := b.session.Snapshot().Document(b.uri("a.yaml"))
	test := doc.Spec().Specs[0].Tests.At(0)
	if r.RunID != "run-7" || r.Hash != test.Hash() || r.RequestHash != test.RequestHash() || r.Row != -1 ||
		r.Attempts != 1 || r.Protocol != "fake" {
		t.Errorf("result = %+v", r)
	}
	want := &plugin.TestInput{Method: "get", Resource: "r", Target: "fake://x", Headers: map[string]string{"H": "v"}}
	if !reflect.DeepEqual(r.Input, want) {
		t.Errorf("input = %+v", r.Input)
	}
	if len(r.Assertions) != 1 || !slices.Equal(r.Assertions[0].At, []string{"status"}) {
		t.Errorf("assertions = %+v", r.Assertions)
	}
}

func TestNothingOfTheWorkspaceIsWritten(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{ name: a }]")
	b.all()
	entries, err := os.ReadDir(b.dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("entries = %v, %v", entries, err)
	}
}
