package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/speclens/speclens/capabilities"
)

// memoryBudget is the linear memory that all instances of a runtime may hold together.
//
// What is not free is waited for. So that nobody waits for ever, the call under way that began first may always have as much
// as one instance may hold: the others share what that leaves. It ends, then the next one is the first.
type memoryBudget struct {
	// each is the most that one instance may hold, in bytes.
	each uint64
	// shed closes the instances that wait for a call.
	shed func()

	mu      sync.Mutex
	most    uint64         // guarded by mu; in bytes, as all that follows
	used    uint64         // guarded by mu
	peak    uint64         // guarded by mu; the most that was ever used
	lent    []*guestMemory // guarded by mu; of the calls under way, the oldest first
	changed chan struct{}  // guarded by mu; closed when there may be more to have
}

func newMemoryBudget(limits capabilities.Limits, shed func()) *memoryBudget {
	pages := min((limits.MemoryBytes+wasmPage-1)/wasmPage, maxPages)
	return &memoryBudget{each: pages * wasmPage, shed: shed, most: limits.TotalMemoryBytes, changed: make(chan struct{})}
}

// setMost replaces the limit. Who holds more than a lower one keeps it.
func (b *memoryBudget) setMost(most uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.most = most
	b.wake()
}

// wake lets those who wait look again. The caller holds mu.
func (b *memoryBudget) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// changes returns a channel that is closed when it is worth trying again.
func (b *memoryBudget) changes() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// try takes so many bytes for m. Where it returns false without an error they may be had later.
func (b *memoryBudget) try(m *guestMemory, bytes uint64) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.size+bytes > b.most {
		return false, &ErrMemory{Wanted: m.size + bytes, Most: b.most}
	}
	if !b.fits(m, bytes) {
		return false, nil
	}
	m.size += bytes
	b.used += bytes
	b.peak = max(b.peak, b.used)
	return true, nil
}

func (b *memoryBudget) fits(m *guestMemory, bytes uint64) bool {
	if len(b.lent) == 0 || b.lent[0] == m {
		return b.used+bytes <= b.most
	}
	return b.used-b.lent[0].size+bytes <= b.most-min(b.each, b.most)
}

// take is try that waits until the context ends, for which the instances that nobody uses are closed.
func (b *memoryBudget) take(ctx context.Context, m *guestMemory, bytes uint64) error {
	for {
		changed := b.changes()
		if ok, err := b.try(m, bytes); ok || err != nil {
			return err
		}
		b.shed()
		select {
		case <-changed:
		case <-ctx.Done():
			return b.shortage(m, bytes)
		}
	}
}

func (b *memoryBudget) shortage(m *guestMemory, bytes uint64) *ErrMemory {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &ErrMemory{Wanted: m.size + bytes, Others: b.used - m.size, Most: b.most}
}

// ErrMemory says that a plugin got no memory, since all plugins together may have no more; found with errors.As on an
// *ErrMemory. Sizes are in bytes.
type ErrMemory struct {
	// Wanted is what the instance would have held.
	Wanted uint64
	// Others is what the instances of other calls hold; 0 where it would be too much without them.
	Others uint64
	Most   uint64
}

func (e *ErrMemory) Error() string {
	const setting = "raise speclens.plugins.memory in the editor or --plugin-memory on the command line"
	if e.Others == 0 {
		return fmt.Sprintf("it wants %s of memory, and all plugins together may hold %s; %s", mebibytes(e.Wanted), mebibytes(e.Most), setting)
	}
	return fmt.Sprintf("there is no memory left for it: it wants %s, other calls hold %s, and all plugins together may hold %s; %s, "+
		"or run fewer tests at a time", mebibytes(e.Wanted), mebibytes(e.Others), mebibytes(e.Most), setting)
}

func mebibytes(n uint64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// guestMemory is the linear memory of one instance, on the budget. Its addresses are set aside at the start, so that it
// grows without being copied.
type guestMemory struct {
	budget *memoryBudget
	size   uint64 // guarded by budget.mu; in bytes

	// The rest belongs to the goroutine of the call under way.

	space space // nil until the instance starts
	// wait is the context that growing obeys; nil where no call is under way.
	wait func() context.Context
	// denied is why memory was refused in the call under way.
	denied error
}

var (
	_ experimental.MemoryAllocator = (*guestMemory)(nil)
	_ experimental.LinearMemory    = (*guestMemory)(nil)
)

// lend counts the memory among those of calls under way.
func (m *guestMemory) lend() {
	m.budget.mu.Lock()
	defer m.budget.mu.Unlock()
	m.budget.lent = append(m.budget.lent, m)
}

// rest says that no call uses the memory now.
func (m *guestMemory) rest() {
	b := m.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.lent, m); i >= 0 {
		b.lent = slices.Delete(b.lent, i, i+1)
	}
	b.wake()
}

// open sets addresses aside, and has bytes, which were taken, ready for use.
func (m *guestMemory) open(bytes uint64) error {
	var err error
	if m.space, err = reserve(m.budget.each); err != nil {
		m.space = &heapSpace{} // of a process whose addresses are limited
	}
	if _, err := m.space.commit(bytes); err != nil {
		return fmt.Errorf("memory of %s: %w", mebibytes(bytes), err)
	}
	return nil
}

// Allocate implements experimental.MemoryAllocator; an instance has one memory.
func (m *guestMemory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements experimental.LinearMemory.
func (m *guestMemory) Reallocate(size uint64) []byte {
	have := m.held()
	if size > have {
		ctx := m.wait()
		if ctx == nil {
			return nil
		}
		if err := m.budget.take(ctx, m, size-have); err != nil {
			m.denied = err
			return nil
		}
	}
	b, err := m.space.commit(size)
	if err != nil {
		m.denied = fmt.Errorf("the system gives it no more memory than %s: %w", mebibytes(have), err)
		return nil
	}
	return b
}

// Free implements experimental.LinearMemory. wazero calls it when the time of a call is over, and host functions may be
// reading the memory then: it stays until close.
func (m *guestMemory) Free() {}

func (m *guestMemory) held() uint64 {
	m.budget.mu.Lock()
	defer m.budget.mu.Unlock()
	return m.size
}

// close gives the memory back. Nobody must use it any more.
func (m *guestMemory) close() {
	if m.space != nil {
		m.space.release()
		m.space = nil
	}
	m.budget.mu.Lock()
	m.budget.used -= m.size
	m.size = 0
	m.budget.mu.Unlock()
	m.rest()
}

// why says more about an error of the call under way where memory is behind it.
func (m *guestMemory) why(err error) error {
	switch {
	case err == nil:
		return nil
	case m.denied != nil:
		return &trap{text: m.denied.Error() + ": " + err.Error(), err: errors.Join(m.denied, err)}
	case m.held() == m.budget.each:
		return &trap{text: fmt.Sprintf("%v (it holds %s of memory, the most that one instance may)", err, mebibytes(m.budget.each)), err: err}
	}
	return err
}

// space is a range of addresses of which the beginning can be used.
type space interface {
	// commit makes so many bytes from the beginning usable, those that are new as zeros. There never are less than before.
	commit(bytes uint64) ([]byte, error)
	release()
}

// heapSpace is memory that is copied when it grows.
type heapSpace struct{ b []byte }

func (s *heapSpace) commit(bytes uint64) ([]byte, error) {
	if more := int(bytes) - len(s.b); more > 0 { //nolint:gosec // at most 4 GiB, and no more than an int on small systems
		s.b = append(s.b, make([]byte, more)...)
	}
	return s.b[:bytes:bytes], nil
}

func (s *heapSpace) release() { s.b = nil }
