package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/speclens/speclens/capabilities"
)

// wasmPage is the unit of linear memory, in bytes.
const wasmPage = 64 << 10

// maxPages is the most that a memory can have.
const maxPages = 65536

// compiler turns module bytes into compiled modules, once per content, through a cache on disk that heals.
type compiler struct {
	limits   capabilities.Limits
	log      func(capabilities.LogEntry)
	cacheDir string // "" without a cache

	mu      sync.Mutex
	main    *machine           // guarded by mu; with the cache where there is one; nil until the first compile
	plain   *machine           // guarded by mu; without a cache, for when that fails; nil until needed
	modules map[string]*module // guarded by mu; by SHA-256 in hex
	closed  bool               // guarded by mu

	// flights are the compilations under way.
	flights sync.WaitGroup
}

// machine is one wazero runtime with WASI and the host functions.
type machine struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache // nil without
	wasi    api.Module
}

// module is one compiled module. Plugins with the same content share it.
type module struct {
	sha  string
	refs int // guarded by compiler.mu

	mu       sync.Mutex // held while compiling and closing: wazero must not do both for one content at a time
	machine  *machine
	compiled wazero.CompiledModule // nil until compiled
}

// initialMemory is what an instance begins with, in bytes. The module is compiled and has its exports.
func (m *module) initialMemory() uint64 {
	return uint64(m.compiled.ExportedMemories()[exportMemory].Min()) * wasmPage
}

func newCompiler(ctx context.Context, o options) (*compiler, error) {
	c := &compiler{limits: o.limits, log: o.log, cacheDir: o.cacheDir, modules: map[string]*module{}}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.cacheDir != "" {
		if err := ensurePrivateDir(c.cacheDir); err != nil {
			c.warn("modules are compiled anew at each start: %v", err)
			c.cacheDir = ""
		}
	}
	return c, nil
}

func (c *compiler) warn(format string, args ...any) {
	c.log(capabilities.LogEntry{Level: capabilities.LevelWarn, Source: "host", Message: fmt.Sprintf(format, args...)})
}

// ensurePrivateDir makes dir, readable and writable for the user only: whoever writes to it runs native code.
func ensurePrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("compile cache: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("compile cache: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // 0700 is what a folder needs
			return fmt.Errorf("compile cache: %w", err)
		}
	}
	return nil
}

func (c *compiler) newMachine(ctx context.Context, cacheDir string) (*machine, error) {
	ctx = context.WithoutCancel(ctx)
	pages := (c.limits.MemoryBytes + wasmPage - 1) / wasmPage
	config := wazero.NewRuntimeConfig().
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(min(pages, maxPages))).
		WithDebugInfoEnabled(false)
	m := &machine{}
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, fmt.Errorf("compile cache: %w", err)
		}
		m.cache = cache
		config = config.WithCompilationCache(cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := m.addWASI(ctx); err != nil {
		return nil, errors.Join(err, m.close(ctx))
	}
	if err := capabilities.Instantiate(ctx, m.runtime); err != nil {
		return nil, errors.Join(err, m.close(ctx))
	}
	return m, nil
}

func (m *machine) addWASI(ctx context.Context) error {
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, m.runtime); err != nil {
		return fmt.Errorf("add WASI: %w", err)
	}
	m.wasi = m.runtime.Module(wasi_snapshot_preview1.ModuleName)
	return nil
}

func (m *machine) close(ctx context.Context) error {
	err := m.runtime.Close(ctx)
	if m.cache != nil {
		err = errors.Join(err, m.cache.Close(ctx))
	}
	return err
}

// hold returns the module of that content, which may not be compiled yet. Each hold wants one drop.
func (c *compiler) hold(sha string) (*module, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fmt.Errorf("runtime is %w", ErrClosed)
	}
	m := c.modules[sha]
	if m == nil {
		m = &module{sha: sha}
		c.modules[sha] = m
	}
	m.refs++
	return m, nil
}

func (c *compiler) drop(ctx context.Context, m *module) error {
	c.mu.Lock()
	m.refs--
	last := m.refs == 0
	c.mu.Unlock()
	if !last {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c.mu.Lock()
	last = m.refs == 0 // somebody may have taken it up again
	if last && c.modules[m.sha] == m {
		delete(c.modules, m.sha)
	}
	c.mu.Unlock()
	if !last || m.compiled == nil {
		return nil
	}
	compiled := m.compiled
	m.compiled = nil
	return compiled.Close(ctx)
}

// compile makes sure that m is compiled; wasm has m's content. A panic of the compiler becomes an error, which is why all of
// its work is done in this goroutine.
func (c *compiler) compile(ctx context.Context, m *module, wasm []byte) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the compiler failed on this module: %v", r)
		}
	}()
	if m.compiled != nil {
		return nil
	}
	mach, err := c.machine(ctx, &c.main, c.cacheDir)
	if err != nil {
		return err
	}
	original := wasm
	wasm, hardenErr := harden(original)
	if hardenErr != nil {
		return explainMalformed(ctx, mach, original, hardenErr)
	}
	compiled, err := mach.runtime.CompileModule(ctx, wasm)
	if err != nil && strings.HasPrefix(err.Error(), "compilationcache:") {
		// wazero reports a damaged entry again and again, and does not say which file it is.
		c.warn("a damaged entry of the compile cache is replaced: %v", err)
		if healErr := c.heal(ctx, wasm); healErr != nil {
			c.warn("the entry could not be replaced: %v", healErr)
		} else {
			compiled, err = mach.runtime.CompileModule(ctx, wasm)
		}
	}
	if err != nil && mach.cache != nil && ctx.Err() == nil {
		// The module may be at fault or the cache: full, read-only, damaged. Only the former fails without a cache too.
		cacheErr := err
		if mach, err = c.machine(ctx, &c.plain, ""); err != nil {
			return err
		}
		if compiled, err = mach.runtime.CompileModule(ctx, wasm); err == nil {
			c.warn("the compile cache cannot be used: %v", cacheErr)
		}
	}
	if err != nil {
		return err
	}
	m.machine, m.compiled = mach, compiled
	return nil
}

// explainMalformed returns what wazero says about a module that harden could not take apart.
func explainMalformed(ctx context.Context, mach *machine, wasm []byte, err error) error {
	if !errors.Is(err, errWASM) {
		return err
	}
	compiled, wazeroErr := mach.runtime.CompileModule(ctx, wasm)
	if wazeroErr != nil {
		return wazeroErr
	}
	return errors.Join(err, compiled.Close(ctx))
}

// heal compiles wasm into a cache of its own, which gives the entry's file the name that wazero looks for, and moves the
// file over the damaged one.
func (c *compiler) heal(ctx context.Context, wasm []byte) error {
	fresh, err := os.MkdirTemp(c.cacheDir, "heal-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	mach, err := c.newMachine(ctx, fresh)
	if err != nil {
		return err
	}
	defer mach.close(ctx)
	compiled, err := mach.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return err
	}
	defer compiled.Close(ctx)
	entries, err := filepath.Glob(filepath.Join(fresh, "*", "*"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, err := filepath.Rel(fresh, entry)
		if err != nil {
			return err
		}
		if err := os.Rename(entry, filepath.Join(c.cacheDir, name)); err != nil {
			return err
		}
	}
	return nil
}

// pruneBefore is the time before which entries of the cache are too old to keep: they take space for plugins, or versions
// of wazero, that nobody has any more, and compiling one again costs seconds.
func pruneBefore() time.Time { return time.Now().AddDate(0, 0, -90) }

// prune removes what is old from the cache folder. What cannot be removed stays.
func (c *compiler) prune() {
	limit := pruneBefore()
	for _, pattern := range []string{"wazero-*/*", "heal-*"} {
		paths, err := filepath.Glob(filepath.Join(c.cacheDir, pattern))
		if err != nil {
			continue
		}
		for _, path := range paths {
			if info, err := os.Lstat(path); err == nil && info.ModTime().Before(limit) {
				_ = os.RemoveAll(path)
			}
		}
	}
}

// machine returns *slot, which it fills at the first use. Where the cache folder fails it goes on without.
func (c *compiler) machine(ctx context.Context, slot **machine, cacheDir string) (*machine, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fmt.Errorf("runtime is %w", ErrClosed)
	}
	if *slot != nil {
		return *slot, nil
	}
	if cacheDir != "" {
		c.prune()
	}
	m, err := c.newMachine(ctx, cacheDir)
	if err != nil && cacheDir != "" {
		c.warn("modules are compiled anew at each start: %v", err)
		m, err = c.newMachine(ctx, "")
	}
	if err != nil {
		return nil, err
	}
	*slot = m
	return m, nil
}

// close closes the machines, after the compilations under way, which wazero cannot end. Where the context ends before
// they do, the rest happens in the background.
func (c *compiler) close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	machines := []*machine{c.main, c.plain}
	c.mu.Unlock()
	closed := make(chan error, 1)
	go func() {
		c.flights.Wait()
		var errs []error
		for _, m := range machines {
			if m != nil {
				errs = append(errs, m.close(context.Background()))
			}
		}
		closed <- errors.Join(errs...)
	}()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		return nil
	}
}
