package server

import (
	"context"
	"sync/atomic"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
)

// validationCache is what plugins said of the tests of one document.
type validationCache struct {
	said atomic.Pointer[analysis.Validation]
	// preparing are the plugins that were asked to get ready; the channel is closed when they are. Touched by the
	// document's goroutine only.
	preparing map[plugin.Plugin]chan struct{}
}

// refresh asks plugins about the tests that changed. It returns false where ctx ended first; what was learnt till then
// is kept.
func (c *validationCache) refresh(ctx context.Context, snap *engine.Snapshot, uri string) bool {
	old := c.said.Load()
	if old.Registry() != snap.Registry() {
		c.preparing = nil
	}
	next, complete := old.Refresh(ctx, snap, uri, func(in analysis.PluginInput) ([]plugin.FieldError, bool) {
		if !c.prepare(ctx, in.Plugin) || ctx.Err() != nil {
			return nil, false
		}
		return in.Plugin.Validate(in.Input), true
	})
	c.said.Store(next)
	return complete
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

// findings are the plugins' findings in the document as it is now: about as many as are asked for, and how many there are
// more.
func (c *validationCache) findings(snap *engine.Snapshot, uri string, most int) ([]analysis.Diagnostic, int) {
	return c.said.Load().FindingsFirst(snap, uri, most)
}
