package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// WASMPlugin is a plugin that runs in a WASM sandbox, on a pool of instances. Its resources are released by Close, or
// when nobody can reach it any more.
type WASMPlugin struct {
	core   *core
	handle *handle
}

var _ Plugin = (*WASMPlugin)(nil)

// handle is the part of a WASMPlugin that outlives it.
type handle struct {
	core   *core
	closed atomic.Bool
}

func newHandle(c *core) *WASMPlugin {
	c.retain()
	p := &WASMPlugin{core: c, handle: &handle{core: c}}
	runtime.AddCleanup(p, func(h *handle) { go h.close() }, p.handle) // closing may wait, which a cleanup must not
	return p
}

// share returns another handle for the same plugin; each is closed on its own.
func (p *WASMPlugin) share() *WASMPlugin {
	defer runtime.KeepAlive(p)
	return newHandle(p.core)
}

func (h *handle) close() error {
	if h.closed.Swap(true) {
		return nil
	}
	return h.core.release()
}

// begin announces a call.
func (p *WASMPlugin) begin() error {
	if p.handle.closed.Load() {
		return ErrClosed
	}
	return p.core.begin()
}

// Info says what the plugin is and understands. The caller must not change what it holds; Snapshot makes a copy.
func (p *WASMPlugin) Info() PluginInfo { return p.core.info }

// SHA256 returns the hash of the module in hex digits, to which grants belong.
func (p *WASMPlugin) SHA256() string { return p.core.sha }

// Lint lists what is wrong with what the plugin declares, although it can be loaded. A plugin that LoadDir knows from an
// earlier time is not asked again, and has no findings.
func (p *WASMPlugin) Lint() []Finding { return Lint(p.core.declared) }

// Prepare compiles the module, if that has not happened, and starts an instance, so that the next call is quick.
func (p *WASMPlugin) Prepare(ctx context.Context) error {
	defer runtime.KeepAlive(p)
	if err := p.begin(); err != nil {
		return p.core.fail(PhaseLoad, "", err)
	}
	defer p.core.end()
	in, err := p.core.executing.get(ctx)
	if err != nil {
		return p.core.fail(PhaseLoad, "", err)
	}
	p.core.executing.put(in)
	return nil
}

// Init sets the configuration that plugin_init of every instance is given and calls it once, so that its error is known.
// A plugin without a configuration whose module is not compiled yet is initialised at its first call instead.
func (p *WASMPlugin) Init(ctx context.Context, config map[string]any) error {
	defer runtime.KeepAlive(p)
	c := p.core
	if err := p.begin(); err != nil {
		return c.fail(PhaseInit, "", err)
	}
	defer c.end()
	encoded := []byte("null")
	if config != nil {
		var err error
		if encoded, err = json.Marshal(config); err != nil {
			return c.fail(PhaseInit, exportInit, fmt.Errorf("encode the configuration: %w", err))
		}
	}
	c.configure(encoded)
	if !c.hasInit || config == nil && !c.compiled() {
		return nil
	}
	in, err := c.executing.get(ctx)
	if err != nil {
		return c.fail(PhaseInit, exportInit, err)
	}
	c.executing.put(in)
	return nil
}

func (c *core) compiled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held != nil
}

// Codes of the FieldErrors that the host makes.
const (
	// CodeFault: the plugin failed while it validated.
	CodeFault = "plugin.fault"
	// CodeClosed: the plugin was closed.
	CodeClosed = "plugin.closed"
	// CodeTooMany: the plugin has more complaints than are shown.
	CodeTooMany = "plugin.complaints"
)

// Validate asks the plugin about one test's input. The plugin can reach nothing outside and has Limits.ValidateTimeout,
// after its module is compiled. Where it fails, the result is one warning with CodeFault and no field; after too many
// faults (Limits.Faults) it is not asked any more, see Paused.
func (p *WASMPlugin) Validate(input TestInput) []FieldError {
	defer runtime.KeepAlive(p)
	c := p.core
	if err := p.begin(); err != nil {
		return []FieldError{hostError(CodeClosed, c.fail(PhaseValidate, "", err))}
	}
	defer c.end()
	if !c.hasValidate || c.faults.cause() != nil {
		return nil
	}
	found, err := c.validate(context.Background(), input)
	switch {
	case err == nil:
		return dropTemplated(found, input.Templated, c.info.Templates)
	case errors.Is(err, ErrClosed):
		return []FieldError{hostError(CodeClosed, err)}
	}
	if short := new(ErrMemory); errors.As(err, &short) {
		return []FieldError{hostError(CodeFault, err)} // the fault of all plugins, and over when others end
	}
	if c.faults.add(time.Now(), err) {
		c.rt.options.notice(Notice{
			Plugin: c.displayName(), Version: c.info.Version, Err: err,
			Message: fmt.Sprintf("%s@%s failed %d times within %v: its validation is paused until its file changes. Last: %v",
				c.displayName(), c.info.Version, c.faults.most, c.faults.window, err),
		})
	}
	return []FieldError{hostError(CodeFault, err)}
}

// Paused returns the fault for which the plugin's validation is paused; nil where it is not.
func (p *WASMPlugin) Paused() error { return p.core.faults.cause() }

func hostError(code string, err error) FieldError {
	return FieldError{Message: err.Error(), Severity: "warning", Code: code}
}

func (c *core) validate(ctx context.Context, input TestInput) ([]FieldError, error) {
	ctx, cancel := c.whileOpen(ctx)
	defer cancel()
	encoded, err := json.Marshal(input)
	if err != nil {
		return nil, c.fail(PhaseValidate, exportValidate, fmt.Errorf("encode the test: %w", err))
	}
	in, err := c.validating.get(ctx)
	if err != nil {
		return nil, c.fail(PhaseValidate, exportValidate, err)
	}
	defer c.validating.put(in)
	call := c.newCall(ctx, exportValidate)
	var output []byte
	err = c.guarded(ctx, in, call, c.rt.limits.ValidateTimeout, func(guest context.Context) (err error) {
		output, err = in.invoke(guest, call, in.validate, encoded)
		return err
	})
	if err != nil {
		return nil, c.fail(PhaseValidate, exportValidate, err)
	}
	if len(output) == 0 {
		return nil, nil
	}
	var found []FieldError
	if err := capabilities.DecodeJSON(output, &found); err != nil {
		in.broken = true
		return nil, c.fail(PhaseDecode, exportValidate, fmt.Errorf("the answer is not a list of field errors: %w", err))
	}
	return admitErrors(found), nil
}

// Execute runs one attempt. The deadline is the test's timeout, else Limits.ExecuteTimeout, and starts when an instance is
// ready. Events go to emit, or to the sink that the context names, as they happen; those that the plugin returns follow.
// Output.Events lists all of them. Errors are *Error; a transport failure is no error but Output.Error.
func (p *WASMPlugin) Execute(ctx context.Context, input TestInput, emit EventSink) (*TestOutput, error) {
	defer runtime.KeepAlive(p)
	c := p.core
	if err := p.begin(); err != nil {
		return nil, c.fail(PhaseExecute, "", err)
	}
	defer c.end()
	timeout, err := executeTimeout(input.Timeout, c.rt.limits.ExecuteTimeout)
	if err != nil {
		return nil, c.fail(PhaseExecute, exportExecute, err)
	}
	encoded, err := json.Marshal(input)
	if err != nil {
		return nil, c.fail(PhaseExecute, exportExecute, fmt.Errorf("encode the test: %w", err))
	}
	in, err := c.executing.get(ctx)
	if err != nil {
		return nil, c.fail(PhaseExecute, exportExecute, err)
	}
	defer c.executing.put(in)

	call := c.newCall(ctx, exportExecute)
	call.IO = true
	call.Targets = targets(input)
	call.Bodies.Own = func() (capabilities.Body, bool) { return ownBody(input) }
	if sink := capabilities.SinksFrom(ctx).Events; sink != nil {
		emit = sink
	}
	events := &eventFlow{call: call, plugin: c.info.Name, declared: c.info.Events, most: c.rt.limits.Events, emit: emit}
	call.Emit = events.stream

	var output []byte
	open, cancel := c.whileOpen(ctx)
	defer cancel()
	err = c.guarded(open, in, call, timeout, func(guest context.Context) (err error) {
		output, err = in.invoke(guest, call, in.execute, encoded)
		return err
	})
	if err == nil && errors.Is(ctx.Err(), context.Canceled) {
		err = fmt.Errorf("ended by the caller: %w", ctx.Err())
	}
	if err != nil {
		return nil, c.fail(PhaseExecute, exportExecute, err)
	}
	result, err := decodeOutput(output, &call.Bodies)
	if err != nil {
		in.broken = true
		return nil, c.fail(PhaseDecode, exportExecute, err)
	}
	result.HeadersAll = call.Repeated.Split(result.Headers, result.HeadersAll)
	events.batch(result.Events)
	result.Events = events.all
	return result, nil
}

// executeTimeout parses a test's timeout, a Go duration; empty and zero mean the default.
func executeTimeout(text string, fallback time.Duration) (time.Duration, error) {
	if text == "" {
		return fallback, nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("timeout %q is not a duration such as \"2s\" or \"500ms\"", text)
	case d < 0:
		return 0, fmt.Errorf("timeout %q is negative", text)
	case d == 0:
		return fallback, nil
	}
	return d, nil
}

// Close releases the plugin. Calls under way get Limits.CloseGrace to end. Closing twice is allowed; calls after it return
// an error that is ErrClosed.
func (p *WASMPlugin) Close() error {
	defer runtime.KeepAlive(p)
	return p.handle.close()
}

// targets returns what the user, by writing the test, chose to reach: its target, and the URLs that may stand in its place.
func targets(input TestInput) []capabilities.Endpoint {
	candidates := []string{input.Target, input.Resource}
	if url, ok := input.Fields["url"].(string); ok {
		candidates = append(candidates, url)
	}
	var out []capabilities.Endpoint
	for _, candidate := range candidates {
		if to, ok := capabilities.EndpointOf(candidate); ok {
			out = append(out, to)
		}
	}
	return out
}

// ownBody is the test's field "body" as the http plugins send it: text as it is, anything else as compact JSON.
func ownBody(input TestInput) (capabilities.Body, bool) {
	body, ok := input.Fields["body"]
	if !ok || body == nil {
		return capabilities.Body{}, false
	}
	if text, ok := body.(string); ok {
		return capabilities.Body{ContentType: "text/plain; charset=utf-8", Bytes: []byte(text)}, true
	}
	encoded, err := marshalPlain(body)
	if err != nil {
		return capabilities.Body{}, false
	}
	return capabilities.Body{ContentType: "application/json", Bytes: encoded}, true
}
