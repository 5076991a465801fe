package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/sys"

	"github.com/speclens/speclens/capabilities"
)

// newCall returns the state of one guest call with the sinks that the context names, else the runtime's.
func (c *core) newCall(ctx context.Context, export string) *capabilities.Call {
	sinks := capabilities.SinksFrom(ctx)
	call := &capabilities.Call{
		Plugin: c.displayName(), Version: c.info.Version, Export: export,
		Declared: c.info.Capabilities,
		Grant:    c.rt.grants.Load().For(c.sha),
		Module:   c.sha, GrantsFile: c.rt.options.grantsFile,
		Limits: c.rt.limits,
		Host:   ctx,
		Log:    c.rt.options.log,
		Clock:  sinks.Clock,
		HTTP:   c.rt.http,
	}
	if sinks.Log != nil {
		call.Log = sinks.Log
	}
	if sinks.HTTP != nil {
		call.HTTP = sinks.HTTP
	}
	return call
}

// whileOpen returns a context that also ends when the plugin's calls must.
func (c *core) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.ctx, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// guarded runs f, which calls into the instance, under a deadline, and explains its error.
//
// The guest has a context of its own: ending it destroys the instance. While the guest computes, it ends together with the
// call's context. While the guest waits in a host function, that function returns an error because the call's context
// ended, and the guest gets a moment to make an answer of it, so that a wait that is too long costs no instance.
func (c *core) guarded(
	ctx context.Context, in *instance, call *capabilities.Call, timeout time.Duration, f func(context.Context) error,
) error {
	host, cancelHost := context.WithTimeout(ctx, timeout)
	defer cancelHost()

	guest, cancelGuest := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelGuest()
	var grace *time.Timer
	armed := make(chan struct{})
	stop := context.AfterFunc(host, func() {
		defer close(armed)
		if call.Waiting() {
			grace = time.AfterFunc(c.rt.limits.HostCallGrace, cancelGuest)
			return
		}
		cancelGuest()
	})

	call.Host = host
	call.Allocate = in.allocate
	in.stdout.words, in.stderr.words = nil, nil
	in.memory.denied = nil
	in.call.Store(call)
	start := time.Now()
	err := recovered(func() error { return f(capabilities.WithCall(guest, call)) })
	in.flush(call)
	in.call.Store(nil)

	if !stop() {
		<-armed
		if grace != nil {
			grace.Stop()
		}
	}
	in.broken = in.broken || err != nil || guest.Err() != nil || call.Poisoned() != nil || (in.mod != nil && in.mod.IsClosed())
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		timeout = time.Since(start).Round(time.Millisecond)
	}
	return in.memory.why(c.explain(err, host, in, timeout))
}

// recovered calls f. A panic that wazero lets through, which would be its bug or ours, costs the call and not the process.
func recovered(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the host failed in this call: %v", r)
		}
	}()
	return f()
}

// trap is an error of the guest without wazero's stack trace, which stays in the unwrapped error.
type trap struct {
	text string
	err  error
}

func (t *trap) Error() string { return t.text }
func (t *trap) Unwrap() error { return t.err }

// explain turns what wazero returned into words. host is the call's context, took how long it had, where it has ended.
func (c *core) explain(err error, host context.Context, in *instance, took time.Duration) error {
	var exit *sys.ExitError
	if !errors.As(err, &exit) {
		text, _, _ := strings.Cut(err.Error(), "\nwasm stack trace:")
		text = strings.TrimSuffix(strings.ReplaceAll(text, " (recovered by wazero)", ""), "\n")
		return &trap{text: text + in.lastWords(), err: err}
	}
	if host.Err() == nil {
		return &trap{text: (&ErrExited{Code: exit.ExitCode()}).Error() + in.lastWords(), err: &ErrExited{Code: exit.ExitCode()}}
	}
	switch {
	case errors.Is(context.Cause(host), ErrClosed):
		return fmt.Errorf("ended after %v because the plugin is %w", took, ErrClosed)
	case errors.Is(host.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %v: %w", took, context.DeadlineExceeded)
	default:
		return fmt.Errorf("ended after %v: %w", took, host.Err())
	}
}
