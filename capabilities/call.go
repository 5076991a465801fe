package capabilities

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/speclens/speclens/schema"
)

// Call is what the host functions know of the guest call under way: who calls, what it may do, and where its effects
// go. There is one per call and it travels in the context. Its methods are for the goroutine of the call, except Wait.
type Call struct {
	Plugin, Version string
	// Export is the guest function that the host called.
	Export string
	// IO says that the call may use the capabilities that reach outside. Only execute does.
	IO bool
	// Declared are the capabilities that the plugin's info names.
	Declared []string
	Grant    Grant
	// Module is the hash of the plugin's module, GrantsFile where the user keeps grants; both are for messages.
	Module, GrantsFile string
	// Targets are the endpoints that the test addresses, for "$target" in a grant.
	Targets []Endpoint
	Limits  *Limits

	// Host is the context of the call's deadline and of its caller. Everything that waits obeys it.
	Host context.Context
	// Emit receives the events of host_emit_event, nil where the call has no use for them.
	Emit  func(schema.PluginEvent)
	Log   func(LogEntry)
	Clock func() time.Time
	HTTP  HTTPDoer

	// Allocate is the guest's export for buffers that the host fills.
	Allocate api.Function
	// Bodies are kept in the host for the length of the call.
	Bodies Bodies
	// Repeated are the headers that came more than once in responses of the call.
	Repeated Repeated

	waiting  atomic.Int32
	late     atomic.Bool
	giving   bool
	logged   int
	warned   map[string]bool
	poisoned error
}

type callKey struct{}

// WithCall returns a context for a guest call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callFrom returns the call under way. Where a context carries none, a call that may do nothing stands in.
func callFrom(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{Limits: new(Limits), Host: ctx}
}

// Wait marks the call as waiting in a host function until the returned function is called.
func (c *Call) Wait() (done func()) {
	c.waiting.Add(1)
	return func() {
		if c.Host.Err() != nil {
			c.late.Store(true)
		}
		c.waiting.Add(-1)
	}
}

// Waiting says whether the call is in a host function that ends with Host, or was when Host ended. It may be called from
// any goroutine.
func (c *Call) Waiting() bool { return c.waiting.Load() > 0 || c.late.Load() }

// Sleep waits for d, or until the call's context ends.
func (c *Call) Sleep(d time.Duration) {
	defer c.Wait()()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.Host.Done():
	}
}

// Poisoned returns why the instance must not be used again although its call may have returned normally; nil where it may.
func (c *Call) Poisoned() error { return c.poisoned }

func (c *Call) poison(err error) {
	if c.poisoned == nil {
		c.poisoned = err
	}
}

// Warn writes a warning of the host to the log; the same key warns once per call.
func (c *Call) Warn(key, format string, args ...any) {
	if c.warned[key] {
		return
	}
	if c.warned == nil {
		c.warned = map[string]bool{}
	}
	c.warned[key] = true
	c.write(LevelWarn, "host", fmt.Sprintf(format, args...))
}

// read returns a copy-free view of guest memory; it is valid until the guest runs again.
func (c *Call) read(m api.Module, function string, ptr, length uint32) ([]byte, bool) {
	if length == 0 {
		return nil, true
	}
	if int64(length) > c.Limits.OutputBytes && c.Limits.OutputBytes > 0 {
		c.Warn(function+" size", "%s: %d bytes are over the limit of %d; ignored", function, length, c.Limits.OutputBytes)
		return nil, false
	}
	memory := m.Memory()
	if memory == nil {
		c.Warn(function+" memory", "%s: the module has no memory", function)
		return nil, false
	}
	b, ok := memory.Read(ptr, length)
	if !ok {
		c.Warn(function+" range", "%s: %d bytes at %#x are outside the module's memory of %d bytes; ignored",
			function, length, ptr, memory.Size())
	}
	return b, ok
}

// reply hands bytes to the guest through its allocate export and returns them packed, 0 where that fails.
func (c *Call) reply(ctx context.Context, m api.Module, function string, b []byte) uint64 {
	packed, err := c.Give(ctx, m, b)
	if err != nil {
		c.poison(err)
		c.Warn(function+" reply", "%s: the answer of %d bytes could not be handed over: %v", function, len(b), err)
		return 0
	}
	return packed
}

// Give writes b into memory that the guest's allocate export provides and returns it packed as ptr<<32 | len. An empty b
// needs no memory and is 0. A guest that calls back for another buffer while it allocates one gets an error: wazero's call
// engine must not be entered twice, and the host's stack must not depend on a guest.
func (c *Call) Give(ctx context.Context, m api.Module, b []byte) (uint64, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case c.Allocate == nil:
		return 0, errors.New("the module exports no allocate")
	case c.giving:
		return 0, errors.New("allocate called a host function that needs allocate")
	}
	c.giving = true
	defer func() { c.giving = false }()
	stack := [1]uint64{uint64(len(b))}
	if err := c.Allocate.CallWithStack(ctx, stack[:]); err != nil {
		return 0, fmt.Errorf("allocate(%d): %w", len(b), err)
	}
	ptr, length := Unpack(stack[0])
	if int(length) != len(b) {
		return 0, fmt.Errorf("allocate(%d) returned a buffer of %d bytes", len(b), length)
	}
	if !m.Memory().Write(ptr, b) {
		return 0, fmt.Errorf("allocate(%d) returned a buffer at %#x, outside the module's memory of %d bytes", len(b), ptr, m.Memory().Size())
	}
	return stack[0], nil
}

// Unpack splits ptr<<32 | len.
func Unpack(packed uint64) (ptr, length uint32) { return uint32(packed >> 32), uint32(packed) }
