package capabilities

import (
	"crypto/tls"
	"net/http/httptrace"
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
	remote                 string
}

func (p *httpPhases) mark(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// setOnce keeps the first time: with several addresses, the first attempt is when the phase began.
func setOnce(at *time.Time) {
	if at.IsZero() {
		*at = time.Now()
	}
}

// trace returns the callbacks; onConn is called in the goroutine of RoundTrip.
func (p *httpPhases) trace(onConn func()) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { p.mark(func() { setOnce(&p.dnsFrom) }) },
		DNSDone:           func(httptrace.DNSDoneInfo) { p.mark(func() { p.dnsTo = time.Now() }) },
		ConnectStart:      func(string, string) { p.mark(func() { setOnce(&p.connectFrom) }) },
		TLSHandshakeStart: func() { p.mark(func() { setOnce(&p.tlsFrom) }) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { p.mark(func() { p.tlsTo = time.Now() }) },
		ConnectDone: func(_, _ string, err error) {
			p.mark(func() {
				if err == nil {
					setOnce(&p.connectTo)
				}
			})
		},
		GotConn: func(info httptrace.GotConnInfo) {
			p.mark(func() {
				p.gotConn = time.Now()
				p.remote = info.Conn.RemoteAddr().String()
			})
			onConn()
		},
		WroteRequest:         func(info httptrace.WroteRequestInfo) { p.mark(func() { p.wrote = info.Err == nil }) },
		GotFirstResponseByte: func() { p.mark(func() { p.firstByte = time.Now() }) },
	}
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

func (p *httpPhases) remoteAddress() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remote
}

// timings leaves out the phases that did not happen, as on a connection that was kept alive.
func (p *httpPhases) timings() map[string]time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]time.Duration{}
	for _, phase := range []struct {
		name     string
		from, to time.Time
	}{
		{"dns", p.dnsFrom, p.dnsTo},
		{"connect", p.connectFrom, p.connectTo},
		{"tls", p.tlsFrom, p.tlsTo},
		{"wait", p.gotConn, p.firstByte},
	} {
		if !phase.from.IsZero() && phase.to.After(phase.from) {
			out[phase.name] = phase.to.Sub(phase.from)
		}
	}
	return out
}
