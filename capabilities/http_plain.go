package capabilities

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The pool of connections without TLS.
const (
	// plainBody is the longest body that is sent before the answer is read: the socket's own buffer holds it, so that a
	// server which answers before it has read everything blocks nobody.
	plainBody = 16 << 10
	// idleConns is the most connections that wait for another request where the process may hold many files, idleConnsPerHost the most of them to one address.
	// One waits for idleConnTime, and at most for twice as long.
	idleConns, idleConnsPerHost = 256, 64
	idleConnTime                = 90 * time.Second
	// interimAnswers is the most answers of the class 1xx before the real one.
	interimAnswers = 5
)

// plainPool speaks HTTP/1.1 over connections without TLS, one request after the other on each, in the goroutine of the
// exchange: what a test sends and receives is known to nobody else, so that there is no need for the two goroutines that
// http.Transport keeps for each connection, nor for the way of each byte through both. The requests are written and the
// answers read by net/http all the same. It is half the processor time of a small request, it measures the phases where
// they happen, and it leaves no goroutine behind. What it does not speak (TLS, HTTP/2, long bodies, upgrades, 100-continue)
// is left to http.Transport. Safe for concurrent use.
type plainPool struct {
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	headBytes int64
	// idleMost is the most connections that wait for another request; 0 means idleConns.
	idleMost int

	mu     sync.Mutex
	idle   map[string][]*plainConn // guarded by mu; by host, the one that was used last at the end
	count  int                     // guarded by mu; of idle
	reaper *time.Timer             // guarded by mu; runs while there are idle connections
	closed bool                    // guarded by mu
}

// plainConn is a connection and its buffers. It belongs to one exchange at a time.
type plainConn struct {
	net.Conn
	// host is what the URL says, with or without a port.
	host string
	r    *bufio.Reader
	w    *bufio.Writer
	// left is the number of bytes that may still be read of the answer's head.
	left int64
	// abort ends every read and write, those under way too. It may be called from any goroutine.
	abort func()
	// request is the one that was sent last, in the form that net/http wants.
	request http.Request
	// quiet reports whether the server has neither closed the idle connection nor spoken without being asked.
	quiet func() bool
	// timed says that a deadline is set.
	timed bool
	// old says that the connection was idle when the reaper last came by.
	old bool
}

// errHeadBytes has the words by which explainAnswer knows the same error of net/http.
var errHeadBytes = errors.New("server response headers exceeded their limit")

// speaks reports whether the pool can send the request of a hop.
func (p *plainPool) speaks(h *hop) bool {
	if !plainSupported || h.url.Scheme != "http" || len(h.body) > plainBody || h.method == http.MethodConnect {
		return false
	}
	for _, name := range [...]string{"Connection", "Upgrade", "Expect"} {
		if h.header.has(name) {
			return false
		}
	}
	for _, host := range [...]string{h.url.Host, h.host} {
		for i := range len(host) {
			if host[i] >= 0x80 { // a name to be written in Punycode
				return false
			}
		}
	}
	return true
}

// roundTrip sends the request of a hop and returns the head of the answer. The connection is free for the next request
// when the answer's body has been read to its end and closed.
func (p *plainPool) roundTrip(ctx context.Context, h *hop, phases *httpPhases, onConn func()) (*http.Response, error) {
	for {
		c, reused, err := p.get(ctx, h, phases)
		if err != nil {
			return nil, err
		}
		phases.connected(c.RemoteAddr(), reused)
		onConn()
		stop := c.watch(ctx)
		response, err := c.exchange(h, p.headBytes, phases)
		if err == nil {
			p.lend(response, c, stop)
			return response, nil
		}
		stop()
		_ = c.Close()
		// A server that closes an idle connection may do so at the moment of the next request.
		if !reused || ctx.Err() != nil || phases.answered() || !repeatable(h) {
			return nil, err
		}
	}
}

// repeatable reports whether a request may be sent again although nobody knows what became of it: what RFC 9110 section 9.2.2
// calls idempotent, and what its sender calls so.
func repeatable(h *hop) bool {
	switch h.method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return h.header.has("Idempotency-Key") || h.header.has("X-Idempotency-Key")
}

// exchange writes the request and reads the head of its answer.
func (c *plainConn) exchange(h *hop, headBytes int64, phases *httpPhases) (*http.Response, error) {
	c.request = http.Request{
		Method: h.method, URL: h.url, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h.header.Header, Host: h.host,
	}
	request := &c.request
	if len(h.body) > 0 {
		request.ContentLength, request.Body = int64(len(h.body)), io.NopCloser(bytes.NewReader(h.body))
	}
	wrong := request.Write(c.w)
	if wrong == nil {
		wrong = c.w.Flush()
	}
	if wrong == nil {
		phases.written()
	}
	c.left = headBytes
	if _, err := c.r.Peek(1); err != nil {
		if wrong != nil {
			err = wrong // a server may answer a request that it does not want to read, but this one did not
		}
		return nil, err
	}
	phases.answering()
	for range interimAnswers + 1 {
		response, err := http.ReadResponse(c.r, request)
		if err != nil {
			return nil, err
		}
		if response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			response.Close = response.Close || wrong != nil || response.StatusCode == http.StatusSwitchingProtocols
			c.left = math.MaxInt64
			return response, nil
		}
	}
	return nil, fmt.Errorf("malformed HTTP: more than %d interim answers", interimAnswers)
}

// Read bounds the head of an answer.
func (c *plainConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeadBytes
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	return n, err
}

// get returns a connection for a hop: the one that was used last, because it is the most likely to stand still.
func (p *plainPool) get(ctx context.Context, h *hop, phases *httpPhases) (c *plainConn, reused bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	for c := p.take(h.url.Host); c != nil; c = p.take(h.url.Host) {
		c.setDeadline(ctx)
		if c.quiet() {
			return c, true, nil
		}
		_ = c.Close()
	}
	conn, err := p.dial(phases.within(ctx), "tcp", net.JoinHostPort(h.url.Hostname(), h.port()))
	if err != nil {
		return nil, false, err
	}
	c = &plainConn{Conn: conn, host: h.url.Host, quiet: quietConn(conn)}
	c.abort = func() { _ = conn.SetDeadline(time.Unix(1, 0)) }
	c.r, c.w = bufio.NewReader(c), bufio.NewWriter(conn)
	c.setDeadline(ctx)
	return c, false, nil
}

func (p *plainPool) take(host string) *plainConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[host]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	list[len(list)-1] = nil
	p.idle[host] = list[:len(list)-1]
	p.count--
	return c
}

// put keeps a connection for the next request, or closes it where there are enough.
func (p *plainPool) put(c *plainConn) {
	c.old = false
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.count >= cmp.Or(p.idleMost, idleConns) || len(p.idle[c.host]) >= idleConnsPerHost {
		_ = c.Close()
		return
	}
	if p.idle == nil {
		p.idle = map[string][]*plainConn{}
	}
	p.idle[c.host] = append(p.idle[c.host], c)
	p.count++
	if p.reaper == nil {
		p.reaper = time.AfterFunc(idleConnTime, func() { p.reap() })
	}
}

// reap closes the connections that have been idle since it last came by.
func (p *plainPool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for host, list := range p.idle {
		keep := slices.DeleteFunc(list, func(c *plainConn) bool {
			over := p.closed || c.old
			if c.old = true; over {
				_ = c.Close()
				p.count--
			}
			return over
		})
		if p.idle[host] = keep; len(keep) == 0 {
			delete(p.idle, host)
		}
	}
	if p.count > 0 {
		p.reaper.Reset(idleConnTime)
	} else if p.reaper != nil {
		p.reaper.Stop()
		p.reaper = nil
	}
}

// close drops the idle connections; no other will be kept.
func (p *plainPool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.reap()
}

// lend gives the connection to the body of the answer, or takes it back at once where there is none. The answer's Request
// belongs to the connection, and so to the next exchange when the body is closed.
func (p *plainPool) lend(response *http.Response, c *plainConn, stop func() bool) {
	body := &lentBody{inner: response.Body, pool: p, conn: c, stop: stop, last: response.Close}
	if response.Body == http.NoBody {
		body.ended = true
		_ = body.Close()
		return
	}
	response.Body = body
}

// lentBody is a body that holds its connection.
type lentBody struct {
	inner io.Reader
	pool  *plainPool
	conn  *plainConn
	// stop keeps the context from ending the connection, and reports whether it has not done so yet.
	stop func() bool
	// last says that no further request may be sent; ended that the body was read to its end.
	last, ended, closed bool
}

func (b *lentBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.inner.Read(p)
	b.ended = b.ended || err == io.EOF //nolint:errorlint // a reader returns io.EOF as it is
	return n, err
}

// Close does not read what is left: it may never end.
func (b *lentBody) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if undisturbed := b.stop(); undisturbed && b.ended && !b.last && b.conn.r.Buffered() == 0 {
		b.pool.put(b.conn)
		return nil
	}
	return b.conn.Close()
}
