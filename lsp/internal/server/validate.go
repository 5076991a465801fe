package server

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
)

// validationCache is what plugins said of the tests of one document. A plugin is asked again about a test only when what
// it is given changed; until it has answered, what it said before is shown, so that findings do not flicker.
type validationCache struct {
	verdicts atomic.Pointer[verdicts]
	// preparing are the plugins that were asked to get ready; the channel is closed when they are. Touched by the
	// document's goroutine only.
	preparing map[plugin.Plugin]chan struct{}
}

// verdicts are the answers of one pass. Immutable.
type verdicts struct {
	registry *plugin.Registry
	byInput  map[string]*verdict // by the question
	byTest   map[string]*verdict // by test id
	byHash   map[string]*verdict // by the test's content

	once sync.Once
	any  bool // use complain
}

type verdict struct{ errors []plugin.FieldError }

func newVerdicts(r *plugin.Registry) *verdicts {
	return &verdicts{registry: r, byInput: map[string]*verdict{}, byTest: map[string]*verdict{}, byHash: map[string]*verdict{}}
}

// refresh asks plugins about the tests that changed. It returns false where ctx ended first; what was learnt till then
// is kept.
func (c *validationCache) refresh(ctx context.Context, snap *engine.Snapshot, uri string) bool {
	old := c.verdicts.Load()
	if old == nil || old.registry != snap.Registry() {
		old = newVerdicts(snap.Registry())
		c.preparing = nil
	}
	next := newVerdicts(snap.Registry())
	hashes := map[string]string{}
	if doc := snap.Document(uri); doc != nil && doc.Kind == engine.KindSpec {
		for _, t := range testsOf(doc) {
			hashes[t.ID] = t.Hash()
		}
	}
	for _, in := range analysis.PluginInputs(snap, uri) {
		v := old.byInput[in.Key]
		if v == nil {
			if !c.prepare(ctx, in.Plugin) || ctx.Err() != nil {
				c.keep(old, next)
				return false
			}
			v = &verdict{in.Plugin.Validate(in.Input)}
		}
		next.byInput[in.Key], next.byTest[in.Test], next.byHash[hashes[in.Test]] = v, v, v
	}
	c.verdicts.Store(next)
	return true
}

// prepare waits until a plugin can answer quickly: a module may have to be compiled first, which takes seconds and cannot
// be interrupted. It returns false where ctx ended first; the plugin goes on getting ready for the next pass.
func (c *validationCache) prepare(ctx context.Context, p plugin.Plugin) bool {
	slow, ok := p.(interface {
		Prepare(ctx context.Context) error
	})
	if !ok {
		return true
	}
	ready := c.preparing[p]
	if ready == nil {
		ready = make(chan struct{})
		if c.preparing == nil {
			c.preparing = map[plugin.Plugin]chan struct{}{}
		}
		c.preparing[p] = ready
		go func() {
			defer close(ready)
			// What goes wrong here goes wrong again in the call that follows, which says so.
			_ = slow.Prepare(context.WithoutCancel(ctx))
		}()
	}
	select {
	case <-ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// keep adds what an interrupted pass learnt to what was known before.
func (c *validationCache) keep(old, learnt *verdicts) {
	merged := newVerdicts(old.registry)
	for _, from := range []*verdicts{old, learnt} {
		for key, v := range from.byInput {
			merged.byInput[key] = v
		}
		for id, v := range from.byTest {
			merged.byTest[id] = v
		}
		for hash, v := range from.byHash {
			merged.byHash[hash] = v
		}
	}
	c.verdicts.Store(merged)
}

// findings are the plugins' findings in the document as it is now. A test is found by its content, wherever it moved;
// one that changed since keeps what was said of it, until the plugin has looked again.
func (c *validationCache) findings(snap *engine.Snapshot, uri string) []analysis.Diagnostic {
	known, doc := c.verdicts.Load(), snap.Document(uri)
	if known == nil || doc == nil || doc.Kind != engine.KindSpec {
		return nil
	}
	if !known.complain() {
		return nil
	}
	said := doc.Spec().Evolve(complaintsKey{}, func(old any) any {
		next := &complaints{of: known}
		var before *spec.Findings[[]plugin.FieldError]
		if c, ok := old.(*complaints); ok && c.of == known {
			before = c.findings
		}
		next.findings = before.Update(doc.Spec(), nil, func(_ int, _ *spec.Spec, t spec.TestAt) ([]plugin.FieldError, bool) {
			v := known.byHash[t.Hash()]
			if v == nil {
				v = known.byTest[t.ID]
			}
			if v == nil {
				return nil, false
			}
			return v.errors, len(v.errors) > 0
		})
		return next
	}).(*complaints)
	return analysis.PluginFindings(snap, uri, said.findings.All())
}

// complaints are what plugins said about the tests of one version of a file.
type complaints struct {
	of       *verdicts
	findings *spec.Findings[[]plugin.FieldError]
}

type complaintsKey struct{}

// complain reports whether a plugin has said anything at all.
func (v *verdicts) complain() bool {
	v.once.Do(func() {
		for _, said := range []map[string]*verdict{v.byTest, v.byHash} {
			for _, of := range said {
				v.any = v.any || len(of.errors) > 0
			}
		}
	})
	return v.any
}
