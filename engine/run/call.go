package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// abandonAfter is how long a plugin has to return once its context has ended. The host ends a WASM call within it; a
// plugin in Go that ignores its context is left to itself then, and nothing that it still says is heard.
const abandonAfter = 200 * time.Millisecond

// errTimeout is the cause of an attempt's context that ran out of time.
var errTimeout = errors.New("timeout")

// errCancelled says that the run was cancelled while the test was under way.
var errCancelled = errors.New("cancelled")

// callOutcome is what one call of a plugin gave.
type callOutcome struct {
	output *plugin.TestOutput
	err    error
	// took is the wall clock's measure of the call.
	took time.Duration
	// detail is the stack of a plugin that panicked.
	detail string
}

// call runs one attempt. It returns soon after ctx or the timeout has ended, whatever the plugin does; emit is never
// called after it returned.
func call(ctx context.Context, p plugin.Plugin, in plugin.TestInput, timeout time.Duration, emit func(schema.PluginEvent)) callOutcome {
	started := time.Now()
	attempt, release := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer release()

	gate := &eventGate{emit: emit}
	defer gate.close()
	var out callOutcome
	if _, trusted := p.(obedient); trusted {
		out = protected(p, func() (*plugin.TestOutput, error) { return p.Execute(attempt, in, gate.event) })
	} else {
		out = watched(attempt, p, in, gate.event)
	}
	return out.judged(ctx, attempt, started, timeout)
}

// call makes one attempt, when a place is free.
func (x *exec) call(ctx context.Context, c *callable) callOutcome {
	if !x.r.places.take(ctx) {
		return callOutcome{err: errCancelled}
	}
	defer x.r.places.leave()
	emit := func(e schema.PluginEvent) { x.event(c, e) }
	sinks := capabilities.Sinks{}
	if x.masker != nil {
		sinks.Secret = x.masker.Holds
	}
	if d, ok := c.plugin.(direct); ok && c.checked {
		if x.masker != nil {
			ctx = capabilities.WithSinks(ctx, sinks)
		}
		return callDirect(ctx, d, c.input, c.timeout, emit)
	}
	sinks.Log, x.lent = x.log, true
	return call(capabilities.WithSinks(ctx, sinks), c.plugin, cloneInput(c.input), c.timeout, emit)
}

// direct is an obedient plugin that takes an input which its Validate has just accepted without looking at it again. It
// sends its events and does not list them in its output, does so before it returns, and writes no log.
type direct interface {
	obedient
	ExecuteChecked(ctx context.Context, input plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error)
}

// callDirect is call for a plugin that needs none of the precautions.
func callDirect(ctx context.Context, p direct, in plugin.TestInput, timeout time.Duration, emit plugin.EventSink) callOutcome {
	started := time.Now()
	attempt, release := capabilities.WithAttempt(ctx, started.Add(timeout), errTimeout)
	defer release()
	out := protected(p, func() (*plugin.TestOutput, error) { return p.ExecuteChecked(attempt, in, emit) })
	return out.judged(ctx, attempt, started, timeout)
}

// judged completes an outcome: a result that came too late is none.
func (out callOutcome) judged(ctx, attempt context.Context, started time.Time, timeout time.Duration) callOutcome {
	out.took = time.Since(started)
	switch {
	case ctx.Err() != nil:
		// A result that came in spite of the cancel is not a result that the user asked to have.
		out.output, out.err = nil, errCancelled
	// A connection may see that the time is over a moment before the context says so.
	case (attempt.Err() != nil || out.took >= timeout) && (out.err != nil || out.output == nil || out.output.Error != ""):
		out.output, out.err = nil, fmt.Errorf("%w: no answer within %v", errTimeout, timeout)
	}
	return out
}

// obedient is a plugin whose Execute returns as soon as its context ends, whatever its server does, so that it needs no
// goroutine of its own that could be left behind; and which changes nothing that it was given or has sent as an event.
type obedient interface {
	plugin.Plugin
	Obedient()
}

// watched calls a plugin that may not care for its context.
func watched(attempt context.Context, p plugin.Plugin, in plugin.TestInput, emit plugin.EventSink) (out callOutcome) {
	done := make(chan callOutcome, 1)
	go func() {
		done <- protected(p, func() (*plugin.TestOutput, error) { return p.Execute(attempt, in, emit) })
	}()
	select {
	case out = <-done:
	case <-attempt.Done():
		late := time.NewTimer(abandonAfter)
		defer late.Stop()
		select {
		case out = <-done:
		case <-late.C:
			out.err = located(p, fmt.Errorf("the plugin did not return: %w", context.Cause(attempt)))
		}
	}
	return out
}

// protected calls the plugin and turns a panic into an error: a plugin in Go must not take the run down.
func protected(p plugin.Plugin, execute func() (*plugin.TestOutput, error)) (out callOutcome) {
	defer func() {
		if r := recover(); r != nil {
			out = callOutcome{err: located(p, fmt.Errorf("panicked: %v", r)), detail: string(debug.Stack())}
		}
	}()
	output, err := execute()
	switch {
	case err != nil:
		return callOutcome{err: located(p, err)}
	case output == nil:
		return callOutcome{err: located(p, errors.New("returned neither an output nor an error"))}
	}
	return callOutcome{output: output}
}

// located names the plugin, its version and the phase, unless the error does so already.
func located(p plugin.Plugin, err error) error {
	var known *plugin.Error
	if errors.As(err, &known) {
		return err
	}
	info := p.Info()
	return &plugin.Error{Plugin: info.Name, Version: info.Version, Phase: plugin.PhaseExecute, Err: err}
}

// eventGate passes events on, one at a time, until it is closed.
type eventGate struct {
	mu     sync.Mutex
	emit   func(schema.PluginEvent) // guarded by mu
	closed bool                     // guarded by mu
}

func (g *eventGate) event(e schema.PluginEvent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.emit(e)
	}
}

func (g *eventGate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
