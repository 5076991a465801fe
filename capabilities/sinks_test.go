package capabilities

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/schema"
)

func TestSinksReplaceOnlyWhatTheyHold(t *testing.T) {
	ctx := context.Background()
	if s := SinksFrom(ctx); s.Log != nil || s.Clock != nil || s.Events != nil || s.HTTP != nil {
		t.Error("a context without sinks has some")
	}
	who := ""
	outer := WithSinks(ctx, Sinks{
		Log:    func(LogEntry) { who += "outer log " },
		Events: func(schema.PluginEvent) { who += "outer events " },
		Clock:  func() time.Time { return time.UnixMilli(5) },
	})
	inner := WithSinks(outer, Sinks{Log: func(LogEntry) { who += "inner log " }})
	s := SinksFrom(inner)
	s.Log(LogEntry{})
	s.Events(schema.PluginEvent{})
	if who != "inner log outer events " || s.Clock().UnixMilli() != 5 || s.HTTP != nil {
		t.Errorf("called %q", who)
	}
}

func TestTheClockOfTheContextIsTheGuestsClock(t *testing.T) {
	stack := []uint64{0}
	before := time.Now().UnixMilli()
	hostNow(context.Background(), nil, stack)
	if got := int64(stack[0]); got < before || got > time.Now().UnixMilli() {
		t.Errorf("host_now() = %d, want the time", got)
	}
	hostNow(WithCall(context.Background(), &Call{Clock: func() time.Time { return time.UnixMilli(42) }}), nil, stack)
	if stack[0] != 42 {
		t.Errorf("host_now() = %d, want 42", stack[0])
	}
}

func TestHostFunctionsOutsideACallDoNothing(t *testing.T) {
	ctx := context.Background()
	hostLog(ctx, nil, []uint64{1, 0, 0})
	hostEmitEvent(ctx, nil, []uint64{0, 0})
	stack := []uint64{0, 0}
	hostHTTPRequest(ctx, nil, stack)
	if stack[0] != 0 {
		t.Errorf("host_http_request = %d, want 0", stack[0])
	}
}

func TestLogLevels(t *testing.T) {
	for level, want := range map[LogLevel]string{-1: "debug", 0: "debug", 1: "info", 2: "warn", 3: "error", 9: "error"} {
		if level.String() != want {
			t.Errorf("level %d is %q, want %q", level, level, want)
		}
	}
	var got []LogEntry
	limits := DefaultLimits()
	c := &Call{Plugin: "p", Version: "1", Limits: &limits, Log: func(e LogEntry) { got = append(got, e) }}
	c.WriteStream("stderr", "bad \xff byte")
	c.WriteStream("stdout", "fine")
	c.Warn("k", "once")
	c.Warn("k", "twice")
	var texts []string
	for _, e := range got {
		texts = append(texts, e.Source+" "+e.Level.String()+" "+e.Message)
	}
	if s := strings.Join(texts, "; "); s != "stderr warn bad \uFFFD byte; stdout info fine; host warn once" {
		t.Errorf("logged %q", s)
	}
}

func TestSleepEndsWithTheCall(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Call{Host: ctx}
	if c.Waiting() {
		t.Error("a call that does not wait waits")
	}
	done := make(chan struct{})
	go func() { c.Sleep(time.Hour); close(done) }()
	for !c.Waiting() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	if !c.Waiting() {
		t.Error("a wait that the context's end ended must still count as one")
	}
}

func TestLimitsHaveDefaults(t *testing.T) {
	if (Limits{}).WithDefaults() != DefaultLimits() {
		t.Error("the zero limits are not the default ones")
	}
	own := Limits{Events: 3, HTTP: HTTPLimits{BodyBytes: 5}}.WithDefaults()
	if own.Events != 3 || own.HTTP.BodyBytes != 5 || own.LogEntries != DefaultLimits().LogEntries {
		t.Errorf("limits %+v", own)
	}
	d := DefaultLimits()
	if d.ValidateTimeout != 100*time.Millisecond || d.ExecuteTimeout != 30*time.Second || d.MemoryBytes != 256<<20 ||
		d.OutputBytes != 64<<20 || d.Events != 10_000 || d.Faults != 3 || d.FaultWindow != time.Minute {
		t.Errorf("the contract promises other defaults: %+v", d)
	}
}

func TestDecodeJSONTakesOneValue(t *testing.T) {
	var v any
	for text, want := range map[string]string{
		`{"a":9007199254740993}`: "", ` 1 `: "", ``: "no JSON", `1 2`: "more follows", `{`: "unexpected EOF", `x`: "invalid character",
	} {
		err := DecodeJSON([]byte(text), &v)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
