package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/speclens/speclens/capabilities"
)

// WASMRuntime compiles WASM plugins and runs them in a sandbox: WASI preview 1 without files, environment, arguments or
// sockets, and the host functions of the plugin contract. It is safe for concurrent use.
type WASMRuntime struct {
	options  options
	limits   *capabilities.Limits
	grants   atomic.Pointer[capabilities.Grants]
	compiler *compiler
	memory   *memoryBudget
	http     capabilities.HTTPDoer
	ownHTTP  *capabilities.HTTPClient // nil where the caller gave one

	mu     sync.Mutex
	cores  map[*core]struct{} // guarded by mu; the plugins that are not closed
	closed bool               // guarded by mu
}

// NewWASMRuntime returns a runtime. Compiled modules are cached on disk, see WithCacheDir; where the cache cannot be used
// the runtime works without it and says so in the log.
func NewWASMRuntime(ctx context.Context, opts ...Option) (*WASMRuntime, error) {
	return newRuntime(ctx, collect(opts))
}

func newRuntime(ctx context.Context, o options) (*WASMRuntime, error) {
	c, err := newCompiler(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start WASM runtime: %w", err)
	}
	r := &WASMRuntime{options: o, limits: &o.limits, compiler: c, http: o.http, cores: map[*core]struct{}{}}
	r.memory = newMemoryBudget(o.limits, r.shed)
	if r.http == nil {
		r.ownHTTP = capabilities.NewHTTPClient(o.limits.HTTP)
		r.http = r.ownHTTP
	}
	r.SetGrants(o.grants)
	return r, nil
}

// SetGrants replaces what the user allows each module. Calls under way keep what they started with.
func (r *WASMRuntime) SetGrants(g capabilities.Grants) { r.grants.Store(&g) }

// SetTotalMemory replaces Limits.TotalMemoryBytes. Instances that hold more than a lower limit keep it.
func (r *WASMRuntime) SetTotalMemory(bytes uint64) { r.memory.setMost(bytes) }

// shed closes the instances that wait for a call.
func (r *WASMRuntime) shed() {
	r.mu.Lock()
	cores := slices.Collect(maps.Keys(r.cores))
	r.mu.Unlock()
	for _, c := range cores {
		c.executing.shed()
		c.validating.shed()
	}
}

// LoadPlugin compiles a module, starts it, asks for its plugin_info and checks that it keeps the contract. The name
// stands for the plugin in errors until it has told its own. Errors are *Error; a capability that this engine does not
// provide is a *ErrMissingCapability in it.
func (r *WASMRuntime) LoadPlugin(ctx context.Context, name string, wasm []byte) (*WASMPlugin, error) {
	sum := sha256.Sum256(wasm)
	c := newCore(r, name, hex.EncodeToString(sum[:]))
	if size, most := int64(len(wasm)), r.limits.ModuleBytes; size > most {
		return nil, c.fail(PhaseLoad, "", &ErrTooLarge{What: "module", Size: size, Most: most})
	}
	c.source = func() ([]byte, error) { return wasm, nil }
	if err := r.adopt(c); err != nil {
		return nil, err
	}
	if err := c.discover(ctx); err != nil {
		return nil, errors.Join(err, c.release())
	}
	c.source = nil // compiled: the bytes are not needed again
	return newHandle(c), nil
}

// known returns a plugin whose info was learnt before; its module is read, verified and compiled at its first use.
func (r *WASMRuntime) known(name, sha256Hex string, m manifest, source func() ([]byte, error)) (*WASMPlugin, error) {
	c := newCore(r, name, sha256Hex)
	c.source = source
	if err := c.accept(m); err != nil {
		return nil, err
	}
	if err := r.adopt(c); err != nil {
		return nil, err
	}
	return newHandle(c), nil
}

func (r *WASMRuntime) adopt(c *core) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return c.fail(PhaseLoad, "", fmt.Errorf("runtime is %w", ErrClosed))
	}
	r.cores[c] = struct{}{}
	return nil
}

func (r *WASMRuntime) forget(c *core) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cores, c)
}

// Close closes every plugin of the runtime and the runtime itself. Calls under way get until the end of ctx, then they are
// ended. Closing twice is allowed.
func (r *WASMRuntime) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	cores := make([]*core, 0, len(r.cores))
	for c := range r.cores {
		cores = append(cores, c)
	}
	r.mu.Unlock()

	errs := make([]error, len(cores), len(cores)+2)
	var wg sync.WaitGroup
	for i, c := range cores {
		wg.Go(func() { errs[i] = c.close(ctx) })
	}
	wg.Wait()
	if r.ownHTTP != nil {
		errs = append(errs, r.ownHTTP.Close())
	}
	errs = append(errs, r.compiler.close(ctx))
	return errors.Join(errs...)
}
