package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/schema"
)

// unit is what the dispatcher runs: a test, or one row of its matrix.
type unit struct {
	test *planned
	// row is the matrix row, -1 without a matrix.
	row int
	// info has its Line once the unit begins.
	info TestInfo
	// load is what runs in place of a test: the tests of a file in load mode, over and over. It has test nil.
	load *loadPlan
}

// names are those of the tests that the unit runs.
func (u *unit) names() []string {
	if u.load == nil {
		return []string{u.info.Name}
	}
	names := make([]string, len(u.load.units))
	for i, t := range u.load.units {
		names[i] = t.info.Name
	}
	return names
}

// attempts is how often a test may be tried, and how long to wait in between.
type attempts struct {
	most     int
	interval time.Duration
}

// exec is one unit under way. One goroutine owns it; the plugin's events arrive through event.
type exec struct {
	r   *runner
	u   *unit
	res resolver
	// result is in the making, with real values in it.
	result  *engine.TestResult
	started time.Time
	// took is the wall clock's measure of the last attempt.
	took   time.Duration
	masker *Masker
	// events are those of the attempt under way. call's gate orders the writers, and its return the reader.
	events []engine.Event
	// undeclared are the kinds of events that were warned about.
	undeclared map[string]bool // nil while there are none
	// outcome is what stays of the test when its result is out.
	outcome *outcome
	// pause gives the place among the tests under way to another one while this one only waits.
	pause func(wait func())
	// made is what prepare works on.
	made callable
	// lent says that a plugin got to know of the exec that may not forget it when it returns.
	lent bool
	// ended says that the result is out, so that nothing more may be said about the test.
	ended atomic.Bool
}

// runUnit runs one unit from its first condition to its result, and reports whether the run should begin nothing more.
func (r *runner) runUnit(ctx context.Context, i int, pause func(func())) (stop bool) {
	if r.plan.units[i].load != nil {
		return r.runLoad(ctx, i)
	}
	x := r.newExec(i)
	x.pause = pause
	x.run(ctx)
	x.finish(ctx, i)
	failed := x.result.Status == engine.StatusFailed || x.result.Status == engine.StatusErrored
	x.forget()
	return r.failFast && failed
}

// execs are those that were forgotten, for others to come.
var execs = sync.Pool{New: func() any { return new(exec) }}

// forget lets the memory of an exec serve another one, unless a plugin that was left to itself may still report to it.
func (x *exec) forget() {
	if x.lent {
		return
	}
	*x = exec{}
	execs.Put(x)
}

// skipUnit disposes of a unit that may not begin.
func (r *runner) skipUnit(ctx context.Context, i int) {
	why := "not begun: an earlier test failed and the run stops at the first failure"
	if ctx.Err() != nil {
		why = "not begun: the run was cancelled"
	}
	if r.plan.units[i].load != nil {
		r.skipLoad(i, why)
		return
	}
	x := r.newExec(i)
	x.skip(why)
	x.finish(ctx, i)
}

func (r *runner) newExec(i int) *exec {
	u := r.plan.units[i]
	if u.info.Line == 0 {
		u.locate()
	}
	x := execs.Get().(*exec)
	x.r, x.u, x.masker, x.started, x.outcome = r, u, r.masker, time.Now(), &outcome{}
	x.res = r.resolver(u)
	x.result = &engine.TestResult{
		Key: u.test.key, RunID: r.opts.RunID, Row: u.row, Name: u.info.Name, Started: x.started,
		Hash: u.test.at.Hash(), RequestHash: u.test.at.RequestHash(), FedBy: u.test.fedBy(),
	}
	return x
}

func (x *exec) skip(why string) {
	x.result.Status, x.result.Error = engine.StatusSkipped, why
}

func (x *exec) fail(err error) {
	x.result.Status, x.result.Error = engine.StatusErrored, err.Error()
}

// locate finds the unit's line.
func (u *unit) locate() { u.info.Line = u.test.file.doc.Text.LineAt(u.info.Span.Start) + 1 }

// finish masks the result, lets it leave, and keeps the real values for the tests that need them.
func (x *exec) finish(ctx context.Context, i int) {
	x.conclude(ctx, i)
	x.result.Digests = digestsOf(x.masker, x.result)
	masked := x.masker.Result(x.result)
	x.r.single[i] = masked
	x.r.results[i] = x.r.single[i : i+1 : i+1]
	if x.r.out.heard() {
		x.r.out.emit(TestCompleted{Test: x.u.info, Result: masked}, x.masker)
	}
}

// conclude completes the result, and keeps the real values for the tests that need them.
func (x *exec) conclude(ctx context.Context, i int) {
	x.result.Warnings = append(x.result.Warnings, x.res.warnings...)
	if x.result.Status == engine.StatusErrored && ctx.Err() != nil {
		x.result.Error = errCancelled.Error()
	}
	if x.result.Duration == 0 && x.result.Attempts > 0 {
		x.result.Duration = time.Since(x.started)
	}
	x.outcome.status = x.result.Status
	x.r.outcomes[i] = x.outcome
	x.ended.Store(true)
}

func (x *exec) run(ctx context.Context) {
	t := x.u.test.at
	switch why := x.r.missing(x.u); {
	case ctx.Err() != nil:
		x.skip("not begun: the run was cancelled")
		return
	case t.Skip.Value:
		x.skip("the test says `skip: true`")
		return
	case why != "":
		x.skip(why)
		return
	}
	if t.When.Present() {
		if strings.TrimSpace(t.When.Value) == "" {
			x.fail(errors.New("when: the condition is empty; write one, or leave `when` out"))
			return
		}
		holds, why := x.condition(t.When)
		if x.res.err != nil {
			x.fail(x.res.err)
		}
		if x.result.Status == engine.StatusErrored {
			return
		}
		if !holds {
			x.skip(why)
			return
		}
	}
	c, err := x.prepare()
	x.mask(c)
	if err == nil {
		err = x.res.err
	}
	if c != nil {
		x.result.Input, x.result.Target, x.result.Protocol = c.visible(), c.input.Target, c.protocol
	}
	if err != nil {
		x.fail(err)
		return
	}
	x.attempt(ctx, c)
}

// mask adds to the secrets those that went into this test alone.
func (x *exec) mask(c *callable) {
	x.masker = x.masker.With(x.res.secrets()...)
	if c != nil {
		x.masker = x.masker.With(c.secrets...).With(userinfoOf(c.input.Target)...)
	}
}

// attempt tries the test as often as its `retry` allows, and judges the last attempt.
func (x *exec) attempt(ctx context.Context, c *callable) {
	t := x.u.test.at
	tries, err := readAttempts(t.Retry)
	if err != nil {
		x.fail(err)
		return
	}
	if tries.most == 1 && t.Retry != nil && t.Retry.MaxAttempts.Value == "" {
		x.result.Warnings = append(x.result.Warnings, "retry has no maxAttempts, so there is one attempt")
	}
	want := x.expectation("expect", t.Expect)
	var until *expect.Expect
	if t.Retry != nil && t.Retry.Until != nil && tries.most > 1 {
		until = x.expectation("retry.until", t.Retry.Until)
	}
	x.mask(c)
	if x.res.err != nil {
		x.fail(x.res.err)
		return
	}
	if x.r.out.heard() {
		x.r.out.emit(TestStarted{Test: x.u.info, Protocol: string(c.protocol), Target: c.input.Target}, x.masker)
	}
	for n := 1; ; n++ {
		met := x.once(ctx, c, want, until)
		x.result.Attempts = n
		if met || n >= tries.most {
			break
		}
		if !x.wait(ctx, pacedInterval(n, tries.interval)) {
			x.fail(errCancelled)
			break
		}
	}
	if out := x.result.Output; out != nil {
		if fault, ok := out.Metadata[plugin.MetadataBodyFault].(string); ok && fault != "" {
			x.result.Warnings = append(x.result.Warnings, "response.body: "+fault)
		}
	}
	x.keep()
}

// once makes one attempt and judges it; it reports whether no further attempt is wanted.
func (x *exec) once(ctx context.Context, c *callable, want, until *expect.Expect) (met bool) {
	x.events = nil
	x.result.Output, x.result.Events, x.result.Assertions, x.result.Error = nil, nil, nil, ""
	out := x.call(ctx, c)
	x.result.Duration, x.took = out.took, out.took
	if out.detail != "" {
		x.r.out.emit(Log{Level: "error", Plugin: c.info.Name, Message: out.detail, Test: x.u.info}, x.masker)
	}
	if out.output != nil {
		x.receive(c, out.output)
	}
	switch {
	case out.err != nil:
		x.result.Events = x.events
		x.fail(x.timeoutPlace(out.err))
		return false
	case out.output.Error != "":
		x.fail(errors.New(out.output.Error))
		return false
	}
	response := responseOf(x.result)
	if x.masker != nil {
		response.Redact = x.masker.Text
	}
	x.result.Assertions = want.Evaluate(response)
	passed := expect.Passed(x.result.Assertions)
	if until != nil {
		missed := slices.DeleteFunc(until.Evaluate(response), func(a expect.Assertion) bool { return a.Passed })
		for _, a := range missed {
			under := []string{"retry", "until"}
			a.Expression, a.At = "retry.until "+a.Expression, slices.Concat(under, a.At)
			a.Mismatches = slices.Clone(a.Mismatches)
			for i := range a.Mismatches {
				a.Mismatches[i].At = slices.Concat(under, a.Mismatches[i].At)
			}
			x.result.Assertions = append(x.result.Assertions, a)
		}
		met, passed = len(missed) == 0, passed && len(missed) == 0
	} else {
		met = passed
	}
	x.result.Status = engine.StatusPassed
	if !passed {
		x.result.Status = engine.StatusFailed
	}
	return met
}

// timeoutPlace names the setting behind a timeout.
func (x *exec) timeoutPlace(err error) error {
	if !errors.Is(err, errTimeout) {
		return err
	}
	if x.u.test.at.Timeout.Present() {
		return err
	}
	return fmt.Errorf("%w; `timeout` sets another limit", err)
}

// receive takes over an output, and with it the events that the plugin returned instead of streaming them.
func (x *exec) receive(c *callable, output *plugin.TestOutput) {
	if len(output.Events) == 0 { // all were streamed
		x.result.Output, x.result.Events = output, x.events
		x.answered(output)
		return
	}
	out := *output
	streamed := slices.Clone(x.events)
	if len(streamed) == len(out.Events) && slices.EqualFunc(streamed, out.Events, func(s engine.Event, e schema.PluginEvent) bool {
		return sameEvent(s.PluginEvent, e)
	}) {
		out.Events = nil // all were streamed, in order
	}
	for _, e := range out.Events {
		if i := slices.IndexFunc(streamed, func(s engine.Event) bool { return sameEvent(s.PluginEvent, e) }); i >= 0 {
			streamed = slices.Delete(streamed, i, i+1)
			continue
		}
		x.event(c, e)
	}
	out.Events = nil // they are the result's
	x.result.Output, x.result.Events = &out, x.events
	x.answered(&out)
}

// answered takes over the plugin's own measure of the time.
func (x *exec) answered(out *plugin.TestOutput) {
	if out.DurationMs > 0 {
		x.result.Duration = time.Duration(out.DurationMs) * time.Millisecond
	}
}

// event records one event of the plugin and passes it on.
func (x *exec) event(c *callable, e schema.PluginEvent) {
	info := c.info
	e.Plugin = info.Name
	if _, trusted := c.plugin.(obedient); !trusted && e.Data != nil {
		e.Data, _ = cloneValue(e.Data).(map[string]any)
	}
	ev := engine.Event{PluginEvent: e, At: time.Since(x.started)}
	if x.events == nil {
		x.events = make([]engine.Event, 0, 2)
	}
	x.events = append(x.events, ev)
	if _, declared := info.Events[e.Kind]; !declared && !x.undeclared[e.Kind] {
		if x.undeclared == nil {
			x.undeclared = map[string]bool{}
		}
		x.undeclared[e.Kind] = true
		x.result.Warnings = append(x.result.Warnings,
			fmt.Sprintf("plugin %s@%s sent the event %q, which it does not declare", info.Name, info.Version, e.Kind))
	}
	if x.r.out.heard() {
		x.r.out.emit(PluginEvent{Test: x.u.info, Event: ev}, x.masker)
	}
}

// keep stores what other tests may use.
func (x *exec) keep() {
	status := x.result.Status
	if x.result.Output == nil || status != engine.StatusPassed && status != engine.StatusFailed {
		return
	}
	if !x.u.test.provides && !x.u.test.file.usesPrev && len(x.u.test.at.Save) == 0 {
		return // nobody will ask
	}
	x.outcome.record = newRecord(x.u.info.Name, x.result.Output, x.result.Events)
	x.outcome.unread = unreadBody(x.result.Output)
	var warnings []string
	x.outcome.saves, warnings = saved(x.u.test.at.Test, x.outcome.record)
	x.result.Warnings = append(x.result.Warnings, warnings...)
}

// wait waits between two attempts; it is false where the context ended before.
func (x *exec) wait(ctx context.Context, d time.Duration) bool {
	sleep := func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	switch {
	case d <= 0 || ctx.Err() != nil:
	case x.r.serial:
		sleep()
	default:
		x.pause(sleep)
	}
	return ctx.Err() == nil
}

// pacedInterval is the time to wait after the n-th attempt: what the test says, but not next to nothing for ever, since an
// attempt costs a server on this machine less than a tenth of a millisecond.
func pacedInterval(n int, interval time.Duration) time.Duration {
	if n >= freeAttempts && interval < pacedRetry/10 {
		return pacedRetry
	}
	return interval
}

// The pace of attempts that follow one another without a wait worth the name: the first ones are free.
const (
	freeAttempts = 100
	pacedRetry   = 100 * time.Millisecond
)

// readAttempts reads `retry`.
func readAttempts(r *spec.Retry) (attempts, error) {
	a := attempts{most: 1}
	if r == nil {
		return a, nil
	}
	if s := strings.TrimSpace(r.MaxAttempts.Value); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return a, fmt.Errorf("retry.maxAttempts: %q is not a whole number", s)
		}
		a.most = max(1, n)
	}
	if r.Interval.Value != "" {
		d, err := spec.ParseDuration(r.Interval.Value)
		if err != nil {
			return a, fmt.Errorf("retry.interval: %w", err)
		}
		a.interval = d
	}
	return a, nil
}
