package plugin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// core is one loaded WASM plugin. Handles (WASMPlugin) share it; it closes when the last of them does.
type core struct {
	rt *WASMRuntime
	// name stands for the plugin until it has told its own; sha is the SHA-256 of the module in hex.
	name, sha string
	// source returns the bytes of the module. It is not called any more once the module is compiled.
	source func() ([]byte, error)

	// What the module told about itself: set before the core is shared.
	info                  PluginInfo
	hasValidate, hasInit  bool
	executing, validating *pool

	// ctx ends when calls must end because the plugin closes.
	ctx    context.Context
	cancel context.CancelFunc

	faults faults

	// declared is what plugin_info returned, as the plugin wrote it; nil where the index answered in its place.
	declared []byte

	mu         sync.Mutex
	refs       int           // guarded by mu
	held       *module       // guarded by mu; nil until it is compiled
	flight     *flight       // guarded by mu; the compilation under way
	config     []byte        // guarded by mu; as JSON
	generation int           // guarded by mu; counts the configurations
	calls      int           // guarded by mu; under way
	drained    chan struct{} // guarded by mu; set while closing waits for calls
	closing    bool          // guarded by mu
}

// flight is one compilation that several callers may wait for.
type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

func newCore(r *WASMRuntime, name, sha string) *core {
	c := &core{rt: r, name: name, sha: sha, config: []byte("null"), generation: 1}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.executing = newPool(c, r.limits.Instances)
	c.validating = newPool(c, r.limits.ValidateInstances)
	c.faults = faults{most: r.limits.Faults, window: r.limits.FaultWindow}
	return c
}

func (c *core) displayName() string {
	if c.info.Name != "" {
		return c.info.Name
	}
	return c.name
}

// fail makes an Error of err, unless it is one already.
func (c *core) fail(phase Phase, export string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return &Error{Plugin: c.displayName(), Version: c.info.Version, Export: export, Phase: phase, Err: err}
}

// log writes a line of the host about the plugin.
func (c *core) log(level capabilities.LogLevel, format string, args ...any) {
	c.rt.options.log(capabilities.LogEntry{Level: level, Source: "host", Plugin: c.displayName(), Message: fmt.Sprintf(format, args...)})
}

// accept takes over what is known about the module, after checking it.
func (c *core) accept(m manifest) error {
	info, err := admit(m.Info)
	if err != nil {
		if safeName.MatchString(info.Name) && safeVersion.MatchString(info.Version) {
			c.info = PluginInfo{Name: info.Name, Version: info.Version}
		}
		return c.fail(PhaseLoad, exportInfo, err)
	}
	c.info = info
	c.hasValidate, c.hasInit = m.Validate, m.Init
	return nil
}

func (c *core) manifest() manifest {
	return manifest{Info: c.info.clone(), Validate: c.hasValidate, Init: c.hasInit}
}

// discover compiles the module and asks it for its info.
func (c *core) discover(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return c.fail(PhaseLoad, "", err)
	}
	defer c.end()
	m, err := c.prepare(ctx)
	if err != nil {
		return err
	}
	compiledExports := m.compiled.ExportedFunctions()
	in, err := c.executing.grow(ctx, m, 0)
	if err != nil {
		return err
	}
	ctx, cancel := c.whileOpen(ctx)
	defer cancel()
	call := c.newCall(ctx, exportInfo)
	var output []byte
	err = c.guarded(ctx, in, call, c.rt.limits.InfoTimeout, func(guest context.Context) error {
		output, err = in.invoke(guest, call, in.info, nil)
		return err
	})
	if err == nil {
		found := manifest{Validate: compiledExports[exportValidate] != nil, Init: compiledExports[exportInit] != nil}
		if err = capabilities.DecodeJSON(output, &found.Info); err != nil {
			err = fmt.Errorf("plugin_info does not decode: %w", err)
		} else {
			c.declared = output
			err = c.accept(found)
		}
	}
	if err != nil {
		in.broken = true
		in.retire()
		return c.fail(PhaseLoad, exportInfo, err)
	}
	c.executing.park(in)
	return nil
}

// prepare returns the compiled module. The first caller starts the compilation, which goes on when a caller's context ends.
func (c *core) prepare(ctx context.Context) (*module, error) {
	c.mu.Lock()
	if c.held != nil {
		defer c.mu.Unlock()
		return c.held, nil
	}
	f := c.flight
	if f == nil {
		if c.closing {
			c.mu.Unlock()
			return nil, c.fail(PhaseLoad, "", ErrClosed)
		}
		f = &flight{done: make(chan struct{})}
		c.flight = f
		c.rt.compiler.flights.Go(func() { c.fly(f) })
	}
	c.mu.Unlock()

	select {
	case <-f.done:
	case <-c.ctx.Done():
		return nil, c.fail(PhaseLoad, "", ErrClosed)
	case <-ctx.Done():
		return nil, c.fail(PhaseLoad, "", fmt.Errorf("compiling: %w", ctx.Err()))
	}
	if f.err != nil {
		return nil, c.fail(PhaseLoad, "", f.err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		return nil, c.fail(PhaseLoad, "", ErrClosed)
	}
	return c.held, nil
}

func (c *core) fly(f *flight) {
	m, err := c.compile()
	c.mu.Lock()
	unwanted := m
	if !c.closing {
		c.held, unwanted = m, nil
	}
	c.flight, f.err = nil, err
	c.mu.Unlock()
	close(f.done)
	if unwanted != nil {
		_ = c.rt.compiler.drop(context.Background(), unwanted) // nobody is left to tell
	}
}

func (c *core) compile() (*module, error) {
	wasm, err := c.source()
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(wasm); hex.EncodeToString(sum[:]) != c.sha {
		return nil, errors.New("the file is not the one that was loaded: its content has another hash; load the folder again")
	}
	m, err := c.rt.compiler.hold(c.sha)
	if err != nil {
		return nil, err
	}
	if err := c.rt.compiler.compile(context.Background(), m, wasm); err != nil {
		return nil, errors.Join(fmt.Errorf("compile: %w", err), c.rt.compiler.drop(context.Background(), m))
	}
	export := ""
	if err = checkImports(m.compiled, m.machine.wasi); err == nil {
		export, err = checkExports(m.compiled)
	}
	if err != nil {
		return nil, errors.Join(c.fail(PhaseLoad, export, err), c.rt.compiler.drop(context.Background(), m))
	}
	return m, nil
}

// configuration returns what plugin_init is to be given.
func (c *core) configuration() (config []byte, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.config, c.generation
}

// configure sets the configuration for every instance from now on and says whether it is another one.
func (c *core) configure(config []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !bytes.Equal(c.config, config) {
		c.config = config
		c.generation++
	}
}

// initialise gives an instance the configuration. Where that fails the instance is closed.
func (c *core) initialise(ctx context.Context, in *instance, config []byte, generation int) error {
	in.generation = generation
	if in.init == nil {
		return nil
	}
	ctx, cancel := c.whileOpen(ctx)
	defer cancel()
	call := c.newCall(ctx, exportInit)
	var output []byte
	err := c.guarded(ctx, in, call, c.rt.limits.InitTimeout, func(guest context.Context) (err error) {
		output, err = in.invoke(guest, call, in.init, config)
		return err
	})
	if err == nil {
		err = initError(output)
	}
	if err == nil {
		return nil
	}
	in.retire()
	return c.fail(PhaseInit, exportInit, err)
}

// initError returns the error that plugin_init's answer holds. Answers of any other form mean nothing.
func initError(output []byte) error {
	var answer struct {
		Error string `json:"error"`
	}
	if len(output) == 0 || json.Unmarshal(output, &answer) != nil || answer.Error == "" {
		return nil
	}
	return errors.New(answer.Error)
}

// begin announces a call, which keeps the core from closing until end.
func (c *core) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return ErrClosed
	}
	c.calls++
	return nil
}

func (c *core) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls--
	if c.calls == 0 && c.drained != nil {
		close(c.drained)
		c.drained = nil
	}
}

func (c *core) retain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refs++
}

// release gives up one handle; with the last one the plugin closes.
func (c *core) release() error {
	c.mu.Lock()
	c.refs--
	last := c.refs <= 0
	c.mu.Unlock()
	if !last {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.rt.limits.CloseGrace)
	defer cancel()
	return c.close(ctx)
}

// close refuses new calls, waits for those under way until the context ends, then ends them, and releases everything. A
// compilation under way is not waited for: it cannot be ended, and drops its result when nobody wants it.
func (c *core) close(ctx context.Context) error {
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return nil
	}
	c.closing = true
	drained := make(chan struct{})
	if c.calls == 0 {
		close(drained)
	} else {
		c.drained = drained
	}
	c.mu.Unlock()

	select {
	case <-drained:
	case <-ctx.Done():
		c.cancel()
		<-drained // ends soon: the guest's context has ended
	}
	c.cancel()
	c.executing.close()
	c.validating.close()
	c.rt.forget(c)

	c.mu.Lock()
	held := c.held
	c.held = nil
	c.mu.Unlock()
	if held == nil {
		return nil
	}
	if err := c.rt.compiler.drop(context.WithoutCancel(ctx), held); err != nil {
		return c.fail(PhaseClose, "", err)
	}
	return nil
}

// faults counts what went wrong in validation.
type faults struct {
	most   int
	window time.Duration

	mu     sync.Mutex
	times  []time.Time // guarded by mu
	paused error       // guarded by mu; the fault that was one too many
}

// add counts a fault and says whether it is the one that pauses validation.
func (f *faults) add(now time.Time, err error) (pauses bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.paused != nil {
		return false
	}
	f.times = append(f.times, now)
	for len(f.times) > 0 && now.Sub(f.times[0]) > f.window {
		f.times = f.times[1:]
	}
	if len(f.times) < f.most {
		return false
	}
	f.paused = err
	return true
}

// cause returns the fault for which validation is paused; nil where it is not.
func (f *faults) cause() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.paused
}
