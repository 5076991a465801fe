package capabilities

import (
	"context"
	"sync"
	"time"
)

// attempt is a context that ends with its parent, or at a deadline. Unlike those of package context it sets no timer and
// tells its parent nothing until somebody asks for Done, because a request over plainPool never does: there the connection
// has the deadline, and Err looks at the clock.
type attempt struct {
	context.Context // the parent
	deadline        time.Time
	cause           error

	mu     sync.Mutex         // guards all below
	real   context.Context    // what Done is of, nil until somebody asks
	cancel context.CancelFunc // of real
	over   error              // why it has ended by itself
}

// WithAttempt is context.WithDeadlineCause for the attempts of a test: it costs a fraction where the plugin does nothing but
// send a plain request. Err may tell of the deadline a moment before Done is closed.
func WithAttempt(parent context.Context, deadline time.Time, cause error) (context.Context, context.CancelFunc) {
	if earlier, ok := parent.Deadline(); ok && earlier.Before(deadline) {
		deadline = earlier
	}
	a := &attempt{Context: parent, deadline: deadline, cause: cause}
	return a, a.release
}

func (a *attempt) Deadline() (time.Time, bool) { return a.deadline, true }

func (a *attempt) Done() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.real == nil {
		a.real, a.cancel = context.WithDeadlineCause(a.Context, a.deadline, a.cause)
		if a.over != nil {
			a.cancel()
		}
	}
	return a.real.Done()
}

func (a *attempt) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over != nil {
		return a.over
	}
	if err := a.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(a.deadline) {
		a.over = context.DeadlineExceeded
	}
	return a.over
}

func (a *attempt) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over == nil {
		a.over = context.Canceled
	}
	if a.cancel != nil {
		a.cancel()
	}
}

// watch makes a connection end together with a context, until the returned function is called, which reports whether it
// has not done so yet.
func (c *plainConn) watch(ctx context.Context) (stop func() bool) {
	if a, ok := ctx.(*attempt); ok { // the connection has its deadline
		return context.AfterFunc(a.Context, c.abort)
	}
	return context.AfterFunc(ctx, c.abort)
}

// setDeadline gives a connection the deadline of an attempt; every other context ends it through watch.
func (c *plainConn) setDeadline(ctx context.Context) {
	if a, ok := ctx.(*attempt); ok {
		_ = c.SetDeadline(a.deadline)
		c.timed = true
	} else if c.timed {
		_ = c.SetDeadline(time.Time{})
		c.timed = false
	}
}
