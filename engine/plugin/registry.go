package plugin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/speclens/speclens/schema"
)

// Registry is a set of plugins, indexed by name and by protocol. Reads may run at the same time as each other and as
// Register.
//
// A registry that a Loader replaced by a newer one stays usable for whoever still holds it: what it no longer shares
// with the newer one is released when nobody can reach the registry any more.
type Registry struct {
	mu         sync.RWMutex
	entries    []entry                        // guarded by mu; in the order of registration
	byName     map[string]Plugin              // guarded by mu
	byProtocol map[schema.Protocol]Plugin     // guarded by mu; keys are lower-case
	infos      map[string]schema.PluginSchema // guarded by mu; by name
	problems   []LoadProblem                  // guarded by mu
	closed     bool                           // guarded by mu
}

type entry struct {
	name   string
	plugin Plugin
	// close releases this registry's hold on the plugin.
	close func() error
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{
		byName:     map[string]Plugin{},
		byProtocol: map[schema.Protocol]Plugin{},
		infos:      map[string]schema.PluginSchema{},
	}
}

// Register adds a plugin, which the registry then owns. It fails, and adds nothing, where the plugin is nil or has no
// name, where its name or one of its protocols is taken, and where the registry is closed (ErrClosed).
func (r *Registry) Register(p Plugin) error {
	if isNil(p) {
		return errors.New("register plugin: the plugin is nil")
	}
	return r.register(p, p.Close)
}

func (r *Registry) register(p Plugin, closePlugin func() error) error {
	info := p.Info().Snapshot()
	if info.Name == "" {
		return errors.New("register plugin: the plugin has no name")
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fmt.Errorf("register plugin %s: registry is %w", info.Name, ErrClosed)
	}
	if _, taken := r.byName[info.Name]; taken {
		return fmt.Errorf("register plugin %s: a plugin of that name is registered already", info.Name)
	}
	for _, protocol := range info.Protocols {
		if protocol == "" {
			return fmt.Errorf("register plugin %s: it lists an empty protocol", info.Name)
		}
		if owner, taken := r.byProtocol[fold(protocol)]; taken {
			return fmt.Errorf("register plugin %s: protocol %q is served by plugin %s already", info.Name, protocol, owner.Info().Name)
		}
	}

	r.entries = append(r.entries, entry{name: info.Name, plugin: p, close: closePlugin})
	r.byName[info.Name] = p
	r.infos[info.Name] = info
	for _, protocol := range info.Protocols {
		r.byProtocol[fold(protocol)] = p
	}
	return nil
}

// Lookup returns the plugin that serves a protocol, whatever its case; nil where there is none or the registry is closed.
func (r *Registry) Lookup(protocol schema.Protocol) Plugin {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return nil
	}
	return r.byProtocol[fold(protocol)]
}

// ByName returns the plugin of that name; nil where there is none or the registry is closed.
func (r *Registry) ByName(name string) Plugin {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return nil
	}
	return r.byName[name]
}

// Snapshot describes every plugin, sorted by name; empty where the registry is closed. The caller owns the result.
func (r *Registry) Snapshot() []schema.PluginSchema {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return []schema.PluginSchema{}
	}
	out := make([]schema.PluginSchema, 0, len(r.infos))
	for _, info := range r.infos {
		out = append(out, cloneSchema(info))
	}
	slices.SortFunc(out, func(a, b schema.PluginSchema) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// EventSchema returns the declaration of the event with the full name "<plugin>.<kind>", nil where there is none. Names
// and kinds may hold dots; every cut is tried, the shortest plugin name first. The caller owns the result.
func (r *Registry) EventSchema(fqn string) *schema.EventSpec {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return nil
	}
	for i := range len(fqn) {
		if fqn[i] != '.' {
			continue
		}
		if event, ok := r.infos[fqn[:i]].Events[fqn[i+1:]]; ok {
			event = cloneEvent(event)
			return &event
		}
	}
	return nil
}

// InitAll gives each plugin the configuration under its name, nil where there is none. Every plugin is initialised, also
// after one has failed; the error joins all failures.
func (r *Registry) InitAll(ctx context.Context, configs map[string]map[string]any) error {
	r.mu.RLock()
	entries, closed := slices.Clone(r.entries), r.closed
	r.mu.RUnlock()
	if closed {
		return fmt.Errorf("initialise plugins: registry is %w", ErrClosed)
	}
	var errs []error
	for _, e := range entries {
		if err := e.plugin.Init(ctx, configs[e.name]); err != nil {
			var typed *Error
			if !errors.As(err, &typed) {
				err = &Error{Plugin: e.name, Version: e.plugin.Info().Version, Phase: PhaseInit, Err: err}
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Problems lists the plugin files that were left out when the registry was loaded, in the order of their names.
func (r *Registry) Problems() []LoadProblem {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.problems)
}

// Close closes every plugin and returns the first error. Calls under way get Limits.CloseGrace to end. Closing twice is
// allowed and returns nil.
func (r *Registry) Close() error {
	r.mu.Lock()
	entries, closed := r.entries, r.closed
	r.closed = true
	r.entries, r.byName, r.byProtocol, r.infos = nil, nil, nil, nil
	r.mu.Unlock()
	if closed {
		return nil
	}
	errs := make([]error, len(entries))
	var wg sync.WaitGroup
	for i, e := range entries {
		wg.Go(func() {
			if err := e.close(); err != nil {
				errs[i] = fmt.Errorf("close plugin %s: %w", e.name, err)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// empty says that no plugin is registered.
func (r *Registry) empty() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.entries) == 0
}

func (r *Registry) isClosed() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closed
}

func fold(p schema.Protocol) schema.Protocol { return schema.Protocol(strings.ToLower(string(p))) }

func isNil(p Plugin) bool {
	if p == nil {
		return true
	}
	v := reflect.ValueOf(p)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.Slice, reflect.Interface:
		return v.IsNil()
	}
	return false
}
