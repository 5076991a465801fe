package capabilities

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// httpPhases records what one hop did and when. net/http reports some of it from goroutines of its own, which may
// outlive the hop when a connection that it dialled is no longer needed.
type httpPhases struct {
	mu sync.Mutex // guards all below

	dnsFrom, dnsTo         time.Time
	connectFrom, connectTo time.Time
	tlsFrom, tlsTo         time.Time
	gotConn, firstByte     time.Time
	wrote                  bool
	kept                   bool // the connection had served an earlier request
	remote                 net.Addr
	// told says that somebody outside of the exchange's goroutine knows of the phases. It is set in that goroutine, before
	// anybody does.
	told bool
}

func (p *httpPhases) mark(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// connected says that the request goes out on a connection to addr, which was kept from an earlier request or not.
func (p *httpPhases) connected(addr net.Addr, kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gotConn, p.remote, p.kept = time.Now(), addr, kept
}

func (p *httpPhases) onKeptConn() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept
}

// written says that the whole request is on its way.
func (p *httpPhases) written() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrote = true
}

// answering says that the first byte of the answer is there, which answered reports.
func (p *httpPhases) answering() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.firstByte = time.Now()
}

func (p *httpPhases) answered() bool { return !p.beganAt().IsZero() }

// beganAt is when the first byte of the answer came, zero where none has.
func (p *httpPhases) beganAt() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.firstByte
}

// setOnce keeps the first time: with several addresses, the first attempt is when the phase began.
func setOnce(at *time.Time) {
	if at.IsZero() {
		*at = time.Now()
	}
}

// phasesKey finds the phases of an exchange in its context.
type phasesKey struct{}

// phasesContext is a context that knows the phases, so that a dial on behalf of the exchange can report to them.
type phasesContext struct {
	context.Context
	phases *httpPhases
}

func (c phasesContext) Value(key any) any {
	if key == (phasesKey{}) {
		return c.phases
	}
	return c.Context.Value(key)
}

func (p *httpPhases) within(ctx context.Context) context.Context {
	p.told = true
	return phasesContext{ctx, p}
}

// trace returns the callbacks; onConn is called in the goroutine of RoundTrip. Those of a dial are left to tracedDial,
// since most requests go out on a connection that stands already.
func (p *httpPhases) trace(secure bool, onConn func()) *httptrace.ClientTrace {
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			p.connected(info.Conn.RemoteAddr(), info.Reused)
			onConn()
		},
		WroteRequest:         func(info httptrace.WroteRequestInfo) { p.mark(func() { p.wrote = info.Err == nil }) },
		GotFirstResponseByte: p.answering,
	}
	if secure {
		trace.TLSHandshakeStart = func() { p.mark(func() { setOnce(&p.tlsFrom) }) }
		trace.TLSHandshakeDone = func(tls.ConnectionState, error) { p.mark(func() { p.tlsTo = time.Now() }) }
	}
	return trace
}

// tracedDial dials and reports to the phases of the exchange that asked for the connection.
func tracedDial(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if p, ok := ctx.Value(phasesKey{}).(*httpPhases); ok {
			ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
				DNSStart:     func(httptrace.DNSStartInfo) { p.mark(func() { setOnce(&p.dnsFrom) }) },
				DNSDone:      func(httptrace.DNSDoneInfo) { p.mark(func() { p.dnsTo = time.Now() }) },
				ConnectStart: func(string, string) { p.mark(func() { setOnce(&p.connectFrom) }) },
				ConnectDone: func(_, _ string, err error) {
					p.mark(func() {
						if err == nil {
							setOnce(&p.connectTo)
						}
					})
				},
			})
		}
		if loopbacks := loopbacksOf(address); len(loopbacks) > 0 {
			return dialFirst(ctx, dialer, network, loopbacks)
		}
		return dialer.DialContext(ctx, network, address)
	}
}

// loopbacksOf are the addresses to call for a name below localhost: RFC 6761 section 6.3 makes all of them loopback, and not
// every resolver knows. It is empty for any other name; localhost itself is in every system's table.
func loopbacksOf(address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost") {
		return nil
	}
	return []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port)}
}

// dialFirst returns the first connection that stands, or the first error.
func dialFirst(ctx context.Context, dialer *net.Dialer, network string, addresses []string) (net.Conn, error) {
	var first error
	for _, address := range addresses {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			return conn, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// knownAddress is an address and its text.
type knownAddress struct {
	addr netip.AddrPort
	text string
}

// addressText writes an address, which is nil where no connection stood.
func (c *HTTPClient) addressText(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		if addr == nil {
			return ""
		}
		return addr.String()
	}
	at := tcp.AddrPort()
	if last := c.address.Load(); last != nil && last.addr == at {
		return last.text
	}
	known := &knownAddress{addr: at, text: tcp.String()}
	c.address.Store(known)
	return known.text
}

// stage says what the hop is waiting for.
func (p *httpPhases) stage() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.firstByte.IsZero():
		return "reading the response's head"
	case !p.gotConn.IsZero() && p.wrote:
		return "waiting for the response"
	case !p.gotConn.IsZero():
		return "sending the request"
	case !p.tlsFrom.IsZero():
		return "negotiating TLS"
	case !p.connectFrom.IsZero():
		return "connecting"
	case !p.dnsFrom.IsZero():
		return "looking up the host's name"
	}
	return "connecting"
}

func (p *httpPhases) remoteAddress() net.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remote
}

// timings leaves out the phases that did not happen, as on a connection that was kept alive.
func (p *httpPhases) timings() HTTPTimings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return HTTPTimings{
		DNS: between(p.dnsFrom, p.dnsTo), Connect: between(p.connectFrom, p.connectTo), TLS: between(p.tlsFrom, p.tlsTo),
		Wait: between(p.gotConn, p.firstByte),
	}
}

// between is the length of a phase, 0 where it did not happen.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from)
}
