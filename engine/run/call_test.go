package run

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// fake is a plugin in Go whose every method can be set; a method that is not set does the obvious.
type fake struct {
	info     plugin.PluginInfo
	validate func(plugin.TestInput) []plugin.FieldError
	execute  func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error)
}

func (f *fake) Info() plugin.PluginInfo {
	if f.info.Name == "" {
		return plugin.PluginInfo{Name: "fake", Version: "1.0", Protocols: []schema.Protocol{"fake"}}
	}
	return f.info
}

func (f *fake) Init(context.Context, map[string]any) error { return nil }
func (f *fake) Close() error                               { return nil }

func (f *fake) Validate(in plugin.TestInput) []plugin.FieldError {
	if f.validate == nil {
		return nil
	}
	return f.validate(in)
}

func (f *fake) Execute(ctx context.Context, in plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
	if f.execute == nil {
		return &plugin.TestOutput{Status: 200}, nil
	}
	return f.execute(ctx, in, emit)
}

func ignoreEvent(schema.PluginEvent) {}

func TestCallReturnsWhatThePluginReturns(t *testing.T) {
	out := call(t.Context(), &fake{}, plugin.TestInput{}, time.Minute, ignoreEvent)
	if out.err != nil || out.output.Status != 200 {
		t.Errorf("got %+v", out)
	}
}

func TestCallNamesPluginVersionAndPhase(t *testing.T) {
	tests := []struct {
		name    string
		execute func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error)
		want    string
	}{
		{
			"of an error", func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
				return nil, errors.New("no luck")
			}, "plugin fake@1.0: execute: no luck",
		},
		{
			"of a panic", func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) { panic("ouch") },
			"plugin fake@1.0: execute: panicked: ouch",
		},
		{
			"of an output that is missing", func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
				return nil, nil
			}, "plugin fake@1.0: execute: returned neither an output nor an error",
		},
		{
			"once, where the plugin's own error names them", func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
				return nil, &plugin.Error{Plugin: "other", Version: "2", Phase: plugin.PhaseDecode, Err: errors.New("bad JSON")}
			}, "plugin other@2: decode: bad JSON",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := call(t.Context(), &fake{execute: tt.execute}, plugin.TestInput{}, time.Minute, ignoreEvent)
			if out.err == nil || out.err.Error() != tt.want {
				t.Errorf("error = %v, want %s", out.err, tt.want)
			}
		})
	}
}

func TestAPanicKeepsItsStackForTheLog(t *testing.T) {
	out := call(t.Context(), &fake{execute: func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		panic("ouch")
	}}, plugin.TestInput{}, time.Minute, ignoreEvent)
	if !strings.Contains(out.detail, "call_test.go") {
		t.Errorf("detail = %q", out.detail)
	}
}

func TestAnAttemptThatTakesTooLongIsATimeout(t *testing.T) {
	for name, execute := range map[string]func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error){
		"where the plugin returns the context's error": func(
			ctx context.Context, _ plugin.TestInput, _ plugin.EventSink,
		) (*plugin.TestOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"where the plugin reports a transport error": func(
			ctx context.Context, _ plugin.TestInput, _ plugin.EventSink,
		) (*plugin.TestOutput, error) {
			<-ctx.Done()
			return &plugin.TestOutput{Error: "request: deadline exceeded"}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := call(t.Context(), &fake{execute: execute}, plugin.TestInput{}, 20*time.Millisecond, ignoreEvent)
			if !errors.Is(out.err, errTimeout) || out.err.Error() != "timeout: no answer within 20ms" {
				t.Errorf("error = %v", out.err)
			}
			if out.output != nil {
				t.Errorf("output = %+v", out.output)
			}
		})
	}
}

// A connection has a deadline of its own, which may be noticed before the context's.
func TestATransportErrorAtTheDeadlineIsATimeoutThoughTheContextDoesNotSaySoYet(t *testing.T) {
	for name, tt := range map[string]struct {
		started time.Time
		output  plugin.TestOutput
		timeout bool
	}{
		"at the deadline":                       {time.Now().Add(-time.Hour), plugin.TestOutput{Error: "i/o timeout"}, true},
		"an answer at the deadline is no error": {time.Now().Add(-time.Hour), plugin.TestOutput{Status: 200}, false},
		"long before the deadline":              {time.Now(), plugin.TestOutput{Error: "i/o timeout"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			out := callOutcome{output: &tt.output}.judged(t.Context(), t.Context(), tt.started, time.Hour)
			if errors.Is(out.err, errTimeout) != tt.timeout || (out.output == nil) != tt.timeout {
				t.Errorf("output %+v, error %v", out.output, out.err)
			}
		})
	}
}

func TestAPluginThatIgnoresItsContextIsLeftToItself(t *testing.T) {
	release, returned := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	var events int
	p := &fake{execute: func(_ context.Context, _ plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
		defer close(returned)
		emit(schema.PluginEvent{Kind: "in time"})
		<-release
		emit(schema.PluginEvent{Kind: "late"})
		return &plugin.TestOutput{}, nil
	}}
	started := time.Now()
	out := call(t.Context(), p, plugin.TestInput{}, 10*time.Millisecond, func(schema.PluginEvent) {
		mu.Lock()
		defer mu.Unlock()
		events++
	})
	if !errors.Is(out.err, errTimeout) {
		t.Errorf("error = %v", out.err)
	}
	if took := time.Since(started); took > time.Minute {
		t.Errorf("took %v", took)
	}
	close(release)
	<-returned
	mu.Lock()
	defer mu.Unlock()
	if events != 1 {
		t.Errorf("%d events, want the one that came in time", events)
	}
}

func TestACancelledCallIsNeverAResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := call(ctx, &fake{execute: func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		cancel()
		return &plugin.TestOutput{Status: 200}, nil
	}}, plugin.TestInput{}, time.Minute, ignoreEvent)
	if !errors.Is(out.err, errCancelled) || out.output != nil {
		t.Errorf("got %+v", out)
	}
}
