package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/speclens/speclens/capabilities"
)

// Loader turns folders of *.wasm files into registries. It is safe for concurrent use.
type Loader struct {
	options options
	current atomic.Pointer[Registry]

	mu      sync.Mutex
	runtime *WASMRuntime // guarded by mu
	closed  bool         // guarded by mu
}

// NewLoader returns a loader that has loaded nothing yet.
func NewLoader(opts ...Option) *Loader {
	return &Loader{options: collect(opts)}
}

// SetGrants replaces what the user allows each module, for plugins that are loaded already too.
func (l *Loader) SetGrants(g capabilities.Grants) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.options.grants = g
	if l.runtime != nil {
		l.runtime.SetGrants(g)
	}
}

// Current returns the registry that was loaded last, nil where none was.
func (l *Loader) Current() *Registry { return l.current.Load() }

// LoadDir loads every *.wasm file (any case) of dir, not of folders in it, in the order of the file names, together with
// the built-in plugins, and makes the result the current registry. An empty dir stands for no folder. Where the folder
// is unchanged the same registry is returned without work.
func (l *Loader) LoadDir(ctx context.Context, dir string) (*Registry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fmt.Errorf("load plugins: loader is %w", ErrClosed)
	}
	registry := NewRegistry()
	for _, p := range l.options.builtins {
		if err := registry.register(p, func() error { return nil }); err != nil {
			registry.problems = append(registry.problems, LoadProblem{Plugin: p.Info().Name, Err: err})
		}
	}
	if dir != "" {
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("load plugins: %w", err)
		}
		for _, f := range files {
			if f.IsDir() || !strings.EqualFold(filepath.Ext(f.Name()), ".wasm") {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("load plugins: %w", err)
			}
		}
	}
	l.current.Store(registry)
	return registry, nil
}

// Close closes the current registry, the registries before it that are still in use, the built-in plugins and the
// runtime. Calls under way get until the context's end.
func (l *Loader) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if r := l.current.Load(); r != nil {
		return r.Close()
	}
	return ctx.Err()
}
