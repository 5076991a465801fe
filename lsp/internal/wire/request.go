package wire

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

const cancelRequest = "$/cancelRequest"

// Request is one message that a Handler answers.
type Request struct {
	Method string
	// Params are the parameters as JSON; nil where they are absent or null. They may be kept.
	Params []byte

	conn *Conn
	rpc  context.Context //nolint:containedctx // carries the token that lets later messages pass
	call bool
	// passed says that later messages no longer wait for this one; slot that it holds a turn.
	passed, slot bool
}

// IsCall reports whether the peer waits for an answer.
func (r *Request) IsCall() bool { return r.call }

// Release lets later messages pass and waits for a turn among the released requests. What the handler needs of the
// present state it takes before. The error says that there is no turn to be had: the handler returns it.
func (r *Request) Release(ctx context.Context) error {
	if r.conn.waiting.Add(1) > maxWaiting {
		r.conn.waiting.Add(-1)
		return Errorf(RequestFailed, "more than %d requests wait for an answer", maxWaiting)
	}
	defer r.conn.waiting.Add(-1)
	r.Detach()
	select {
	case r.conn.slots <- struct{}{}:
		r.slot = true
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Detach lets later messages pass without taking a turn: it is for handlers that wait for the peer.
func (r *Request) Detach() {
	if !r.passed {
		r.passed = true
		jsonrpc2.Async(r.rpc)
	}
}

// done gives the turn back.
func (r *Request) done() {
	if r.slot {
		r.slot = false
		<-r.conn.slots
	}
}

// Decode decodes the parameters; absent ones decode like an empty object.
func (r *Request) Decode(into any) error {
	params := r.Params
	if len(params) == 0 {
		params = []byte("{}")
	}
	return protocol.Unmarshal(params, into)
}

// inflight are the requests that are being answered, by id.
type inflight struct {
	mu    sync.Mutex
	calls map[jsonrpc2.ID]context.CancelFunc // guarded by mu
}

// start registers a request; done forgets it again.
func (f *inflight) start(base context.Context, id jsonrpc2.ID) (ctx context.Context, done func(), err error) {
	ctx, cancel := context.WithCancel(base)
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.calls[id]; taken {
		cancel()
		return nil, nil, Errorf(InvalidRequest, "a request with the id %v is being answered already", id)
	}
	f.calls[id] = cancel
	return ctx, func() {
		f.mu.Lock()
		delete(f.calls, id)
		f.mu.Unlock()
		cancel()
	}, nil
}

// cancel ends the request that the parameters of $/cancelRequest name. One that is unknown or has ended is ignored.
func (f *inflight) cancel(params []byte) error {
	var p struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return err
	}
	id := idOf(p.ID)
	if !id.IsValid() {
		return errors.New("it names no id")
	}
	f.mu.Lock()
	cancel := f.calls[id]
	f.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	return nil
}
