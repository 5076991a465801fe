package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.lsp.dev/jsonrpc2"
)

const (
	// maxWaiting is how many released requests may wait for their turn; more are refused.
	maxWaiting = 10_000
	// flushTime is how long the end of a connection waits for its last messages to be written.
	flushTime = 500 * time.Millisecond
	// drainTime is how long it waits for handlers under way, and for a read that Close may not end.
	drainTime = 500 * time.Millisecond
)

// Handler answers one message. It is called in the order of the wire, one call at a time, and later messages wait until
// it returns or calls Request.Release or Request.Detach. The result of a notification is dropped, its error logged. ctx
// is done when the peer cancels the request or the connection ends.
type Handler func(ctx context.Context, req *Request) (any, error)

// Options of a Conn.
type Options struct {
	// Logger is told what the peer gets wrong; nil drops it.
	Logger *slog.Logger
	// Concurrency is how many released requests run at a time; 0 means four or the number of cores, if more.
	Concurrency int
}

// Conn is one end of a connection. Its methods are safe for concurrent use.
type Conn struct {
	rpc   jsonrpc2.Conn
	log   *slog.Logger
	rwc   io.ReadWriteCloser
	out   *queue
	slots chan struct{}
	// waiting counts the released requests that have not got a slot.
	waiting atomic.Int64

	handler Handler         // set by Serve before anything is read
	base    context.Context // of all handlers; set by Serve
	cancel  context.CancelFunc

	inflight inflight

	endOnce, stopOnce sync.Once
	endErr            error         // why reading ended; set before ended is closed
	ended             chan struct{} // closed when reading has ended
	stopped           chan struct{} // closed by Close
}

// NewConn wraps a byte stream. Nothing is read before Serve.
func NewConn(rwc io.ReadWriteCloser, opts Options) *Conn {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Concurrency <= 0 {
		opts.Concurrency = max(4, runtime.GOMAXPROCS(0))
	}
	c := &Conn{
		log: opts.Logger, rwc: rwc, out: newQueue(), slots: make(chan struct{}, opts.Concurrency),
		ended: make(chan struct{}), stopped: make(chan struct{}),
		inflight: inflight{calls: map[jsonrpc2.ID]context.CancelFunc{}},
	}
	c.rpc = jsonrpc2.NewConn(&stream{
		in: bufio.NewReaderSize(rwc, 64<<10), out: c.out, log: c.log, ended: c.readEnded,
	}, jsonrpc2.WithCodec(codec{}))
	return c
}

func (c *Conn) readEnded(err error) {
	c.endOnce.Do(func() {
		c.endErr = err
		close(c.ended)
	})
}

// Close ends Serve after what is queued has been written.
func (c *Conn) Close() { c.stopOnce.Do(func() { close(c.stopped) }) }

// Serve reads messages and hands them to handler until the peer ends the connection, Close is called or ctx is done. It
// closes the byte stream and returns why it ended: nil after Close, the context's error, io.EOF where the peer closed the
// stream between two messages, else what went wrong. A read that closing does not end is abandoned.
func (c *Conn) Serve(ctx context.Context, handler Handler) error {
	c.handler = handler
	c.base, c.cancel = context.WithCancel(ctx)
	defer c.cancel()

	written := make(chan error, 1)
	go func() { written <- c.out.run(c.rwc) }()
	c.rpc.Go(c.base, c.handle)

	var cause error
	select {
	case <-c.stopped:
	case <-ctx.Done():
		cause = ctx.Err()
	case <-c.ended:
		cause = c.endErr
	case cause = <-written:
		written <- cause
	}

	c.cancel()
	c.out.flush(flushTime)
	c.out.end(ErrClosed)
	_ = c.rwc.Close()
	c.drain(written)
	if lost := c.out.lost(); lost > 0 {
		c.log.Warn("dropped messages that the peer was too slow for", "count", lost)
	}
	return cause
}

// drain waits for what still runs, as long as it may.
func (c *Conn) drain(written <-chan error) {
	patience, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	select {
	case <-c.rpc.Done():
	case <-patience.Done():
		// A read of standard input does not end by closing it, so this is how most processes end.
		c.log.Debug("gave up on a read or a handler that does not end")
	}
	select {
	case <-written:
	case <-patience.Done():
		c.log.Warn("gave up on a write that does not end")
	}
}

// Call sends a request and decodes the answer into result, which may be nil. The error is an *Error where the peer
// answered one. When ctx ends first, the peer is told that the answer is no longer wanted.
//
// A handler that has neither released nor detached its request must not call: the answer could not be read.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	id, err := c.rpc.Call(ctx, method, params, result)
	if err != nil && ctx.Err() != nil {
		if n, ok := id.Number(); ok {
			raw := jsonrpc2.RawMessage(fmt.Appendf(nil, `{"id":%d}`, n))
			_ = c.out.put(jsonrpc2.AppendNotification(nil, cancelRequest, raw), "")
		}
	}
	return fromWire(err)
}

// Notify queues a notification.
func (c *Conn) Notify(method string, params any) error {
	body, err := encodeNotification(method, params)
	if err != nil {
		return err
	}
	return c.out.put(body, "")
}

// NotifyLatest queues a notification in place of an earlier one with the same key that has not been written yet.
func (c *Conn) NotifyLatest(key, method string, params any) error {
	body, err := encodeNotification(method, params)
	if err != nil {
		return err
	}
	return c.out.put(body, key)
}

// Offer queues a notification that is dropped where the peer reads too slowly.
func (c *Conn) Offer(method string, params any) error {
	body, err := encodeNotification(method, params)
	if err != nil {
		return err
	}
	return c.out.offer(body)
}

func encodeNotification(method string, params any) ([]byte, error) {
	var raw []byte
	if params != nil {
		var err error
		if raw, err = (codec{}).Marshal(params); err != nil {
			return nil, fmt.Errorf("encode %s: %w", method, err)
		}
	}
	return jsonrpc2.AppendNotification(nil, method, raw), nil
}

// handle stands between jsonrpc2 and the handler: it cancels, guards and answers.
func (c *Conn) handle(ctx context.Context, raw *jsonrpc2.Request) (any, error) {
	req := &Request{Method: raw.Method(), Params: raw.Params(), conn: c, rpc: ctx, call: raw.IsCall()}
	if req.Method == cancelRequest {
		if err := c.inflight.cancel(req.Params); err != nil {
			c.log.Warn("ignored a cancellation", "error", err)
		}
		return nil, nil
	}
	if !req.call {
		// An error that reaches jsonrpc2 from here would close the connection.
		if _, err := c.guarded(c.base, req); err != nil {
			c.log.Error("notification failed", "method", clip(req.Method, 80), "error", err)
		}
		req.done()
		return nil, nil
	}
	reqCtx, done, err := c.inflight.start(c.base, raw.ID())
	if err != nil {
		return nil, toWire(err)
	}
	defer done()
	result, err := c.guarded(reqCtx, req)
	if err == nil && req.slot {
		// Whoever asks for more than it reads waits here, and holds up nobody but those who ask.
		err = c.out.room(reqCtx)
	}
	req.done()
	if err != nil {
		return nil, toWire(err)
	}
	return result, nil
}

// guarded runs the handler and turns a panic into an error.
func (c *Conn) guarded(ctx context.Context, req *Request) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			c.log.Error("handler panicked", "method", clip(req.Method, 80), "panic", r, "stack", string(debug.Stack()))
			result, err = nil, Errorf(InternalError, "internal error in %s; the server's log tells more", clip(req.Method, 80))
		}
	}()
	return c.handler(ctx, req)
}

// Ended reports whether an error of Serve says that the peer closed the stream in good order.
func Ended(err error) bool { return errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) }
