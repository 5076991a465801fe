package plugin

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// pool lends out instances of one plugin, each to one call at a time. It grows to the concurrency in use, up to its
// size, and shrinks when instances stay idle.
type pool struct {
	core *core
	// slots holds one token for each instance that may be lent out.
	slots chan struct{}

	mu     sync.Mutex
	idle   []*instance // guarded by mu; the one used last is at the end
	timer  *time.Timer // guarded by mu; nil where no instance is idle
	closed bool        // guarded by mu
	// retiring counts the instances that are being closed in the background.
	retiring sync.WaitGroup
}

func newPool(c *core, size int) *pool {
	return &pool{core: c, slots: make(chan struct{}, size)}
}

// get returns an instance that has seen plugin_init with the present configuration. It waits for one while all are lent
// out. The caller gives it back with put.
func (p *pool) get(ctx context.Context) (*instance, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.core.ctx.Done():
		return nil, ErrClosed
	}
	in, err := p.ready(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return in, nil
}

func (p *pool) ready(ctx context.Context) (*instance, error) {
	config, generation := p.core.configuration()
	in := p.usable(generation)
	if in == nil {
		m, err := p.core.prepare(ctx)
		if err != nil {
			return nil, err
		}
		if in, err = p.grow(ctx, m, generation); err != nil {
			return nil, err
		}
	}
	if in.generation == generation {
		return in, nil
	}
	return in, p.core.initialise(ctx, in, config, generation)
}

// usable returns an idle instance that has seen the configuration of that generation, or none yet; nil where there is none.
func (p *pool) usable(generation int) *instance {
	for {
		in := p.pop()
		if in == nil {
			return nil
		}
		if in.generation == generation || in.generation == 0 {
			in.memory.lend()
			return in
		}
		p.retire(in)
	}
}

// grow starts an instance as soon as there is memory for it, or takes one that comes back before.
func (p *pool) grow(ctx context.Context, m *module, generation int) (*instance, error) {
	budget := p.core.rt.memory
	memory := &guestMemory{budget: budget}
	memory.lend() // the place in the queue
	initial := m.initialMemory()
	for told := false; ; told = true {
		changed := budget.changes()
		if in := p.usable(generation); in != nil {
			memory.close()
			return in, nil
		}
		ok, err := budget.try(memory, initial)
		if err != nil {
			memory.close()
			return nil, p.core.fail(PhaseLoad, "", err)
		}
		if ok {
			return p.core.start(ctx, m, memory)
		}
		if !told {
			p.core.log(capabilities.LevelInfo, "waits for memory: %v", budget.shortage(memory, initial))
		}
		budget.shed()
		select {
		case <-changed:
		case <-ctx.Done():
			err := budget.shortage(memory, initial)
			memory.close()
			return nil, p.core.fail(PhaseLoad, "", fmt.Errorf("%w: %w", err, ctx.Err()))
		case <-p.core.ctx.Done():
			memory.close()
			return nil, ErrClosed
		}
	}
}

// shed closes the instances that are idle.
func (p *pool) shed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	for _, in := range p.idle {
		p.retire(in)
	}
	clear(p.idle)
	p.idle = p.idle[:0]
}

func (p *pool) pop() *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	in := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return in
}

// put takes an instance back after a call. A broken one is closed; a worn one is asked to clean up and closed.
func (p *pool) put(in *instance) {
	defer func() { <-p.slots }()
	in.calls++
	if in.broken || in.worn() {
		p.retire(in)
		return
	}
	p.park(in)
}

// park makes an instance available without counting a call.
func (p *pool) park(in *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		p.retire(in)
		return
	}
	in.idleSince = time.Now()
	p.idle = append(p.idle, in)
	in.memory.rest()
	if p.timer == nil {
		p.timer = time.AfterFunc(p.core.rt.limits.IdleInstance, p.shrink)
	}
}

// shrink closes the instances that were idle for long.
func (p *pool) shrink() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = nil
	if p.closed {
		return
	}
	limit := p.core.rt.limits.IdleInstance
	now := time.Now()
	keep := p.idle[:0]
	for _, in := range p.idle {
		if now.Sub(in.idleSince) >= limit {
			p.retire(in)
			continue
		}
		keep = append(keep, in)
	}
	clear(p.idle[len(keep):])
	p.idle = keep
	if len(keep) > 0 {
		// The first is the one that has been idle the longest.
		p.timer = time.AfterFunc(limit-now.Sub(keep[0].idleSince), p.shrink)
	}
}

// retire closes an instance without keeping the caller waiting.
func (p *pool) retire(in *instance) {
	in.memory.rest()
	p.retiring.Go(in.retire)
}

// idleCount returns the number of instances that wait for a call.
func (p *pool) idleCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// close closes the idle instances and, as they come back, the others, and waits for those under way to be closed.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.mu.Unlock()
	for _, in := range idle {
		p.retire(in)
	}
	p.retiring.Wait()
}
