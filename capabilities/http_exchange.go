package capabilities

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"
)

// hop is one request of an exchange, as it stands after the redirects before it.
type hop struct {
	method string
	url    *url.URL
	header header
	// host is the authority that the server is told; empty means the URL's.
	host string
	body []byte
	// written is the URL as text once somebody asked.
	written string
}

func (h *hop) text() string {
	if h.written == "" {
		h.written = h.url.String()
	}
	return h.written
}

// origin is what decides whether credentials may travel on: scheme, host and port.
func (h hop) origin() string { return originOf(h.url) }

func (h hop) port() string { return portOf(h.url) }

func originOf(u *url.URL) string {
	origin := u.Scheme + "://" + strings.ToLower(u.Host)
	if u.Port() == "" && !strings.HasSuffix(origin, ":") {
		return origin
	}
	if u.Port() == "" || u.Port() == defaultPort(u.Scheme) {
		return strings.TrimSuffix(origin, ":"+u.Port())
	}
	return origin
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPort(u.Scheme)
}

// exchange is one call of Do. It belongs to the goroutine of that call.
type exchange struct {
	client  *HTTPClient
	hooks   HTTPHooks
	follow  bool
	max     int
	timeout time.Duration

	started   time.Time
	first     httpPhases // of the first hop
	sent      bool
	hop       hop
	redirects []Redirect
	// visited are the methods and URLs that redirected, to tell a loop from a long way; nil before the first one.
	visited map[string]bool
}

// exchanges are those that were forgotten, for others to come.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// forget lets the memory of an exchange serve another one, unless a goroutine of net/http may still report to it.
func (x *exchange) forget() {
	if x.first.told {
		return
	}
	*x = exchange{}
	exchanges.Put(x)
}

// run sends hop after hop until a response is not a redirect that is to be followed.
func (x *exchange) run(ctx context.Context) (*HTTPResponse, error) {
	for {
		if err := x.allow(); err != nil {
			return nil, err
		}
		hopStarted, phases := x.started, &x.first
		if len(x.redirects) > 0 {
			hopStarted, phases = time.Now(), &httpPhases{}
		}
		response, err := x.send(ctx, phases)
		if err != nil {
			failed := x.explain(ctx, err, phases.stage())
			if failed.Kind == HTTPConnection && phases.onKeptConn() {
				failed.Message += keptConn
			}
			return nil, failed
		}
		location := response.Header.Get("Location")
		if !x.follow || !isRedirect(response.StatusCode) || location == "" {
			return x.finish(ctx, response, phases, hopStarted)
		}
		discard(response)
		if x.visited == nil {
			x.visited = map[string]bool{}
		}
		x.visited[x.hop.method+" "+x.hop.url.String()] = true
		next, failed := x.next(response.StatusCode, location)
		if failed != nil {
			return nil, failed
		}
		x.redirects = append(x.redirects, Redirect{Status: response.StatusCode, Location: next.url.String()})
		if x.hooks.Redirected != nil {
			x.hooks.Redirected(response.StatusCode, next.url.String())
		}
		x.hop = next
	}
}

// keptConn is said where a connection broke that had been kept: then the server may just have closed it for being idle.
const keptConn = "; the connection had been kept from an earlier request, and the server may have closed it for being idle; " +
	"the request was not sent again, since nobody knows what became of it"

func (x *exchange) allow() error {
	if x.hooks.Allow == nil {
		return nil
	}
	if err := x.hooks.Allow(x.hop.url.Scheme, x.hop.url.Hostname(), x.hop.port()); err != nil {
		message := "request to " + x.hop.origin() + " is not allowed: " + err.Error()
		if len(x.redirects) > 0 {
			message = "redirect to " + x.hop.origin() + " is not allowed: " + err.Error()
		}
		return &HTTPError{Kind: HTTPDenied, Message: message, Err: err}
	}
	return nil
}

// blankRequest is what every request has in common.
var blankRequest = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}

func (x *exchange) send(ctx context.Context, phases *httpPhases) (*http.Response, error) {
	if x.client.plain.speaks(&x.hop) {
		return x.client.plain.roundTrip(ctx, &x.hop, phases, x.onConn)
	}
	x.first.told = true // as onConn is
	ctx = httptrace.WithClientTrace(phases.within(ctx), phases.trace(x.hop.url.Scheme == "https", x.onConn))
	// Every part was checked, so there is nothing to parse again. A RoundTripper changes neither the URL nor the header.
	request := blankRequest.WithContext(ctx)
	request.Method, request.URL, request.Header, request.Host = x.hop.method, x.hop.url, x.hop.header.Header, x.hop.host
	if (x.hop.method == http.MethodPut || x.hop.method == http.MethodDelete) && repeatable(&x.hop) {
		// net/http sends these again only where the request says so; an empty list says it and is not sent.
		request.Header = request.Header.Clone()
		request.Header["X-Idempotency-Key"] = append([]string{}, request.Header["X-Idempotency-Key"]...)
	}
	if body := x.hop.body; len(body) > 0 {
		request.ContentLength = int64(len(body))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		request.Body, _ = request.GetBody()
	}
	return x.client.transport.RoundTrip(request)
}

// onConn runs when a connection stands and the request is about to be written to it, in the goroutine of the exchange.
func (x *exchange) onConn() {
	if x.sent {
		return
	}
	x.sent = true
	if x.hooks.Sent != nil {
		x.hooks.Sent(x.hop.method, x.hop.text(), len(x.hop.body))
	}
}

func (x *exchange) finish(ctx context.Context, response *http.Response, phases *httpPhases, hopStarted time.Time) (*HTTPResponse, error) {
	body, err := readBody(ctx, response, x.client.limits.BodyBytes)
	if err != nil {
		failed := *x.explain(ctx, err, "reading the response's body")
		failed.Status = response.StatusCode
		return nil, &failed
	}
	done := time.Now()
	out := &HTTPResponse{
		Status:       response.StatusCode,
		Headers:      make(map[string]string, len(response.Header)),
		HeadersAll:   response.Header, // which is ours alone
		Body:         body.bytes,
		BodyFault:    body.fault,
		Duration:     done.Sub(x.started),
		BodyDuration: between(phases.beganAt(), done),
		Truncated:    body.truncated,
		URL:          x.hop.text(),
		Remote:       x.client.addressText(phases.remoteAddress()),
		Proto:        response.Proto,
		Timings:      phases.timings(),
		Redirects:    x.redirects,
	}
	for name, values := range response.Header {
		for i, value := range values {
			values[i] = fieldText(value)
		}
		out.Headers[name] = strings.Join(values, ", ")
	}
	if response.TLS != nil {
		out.TLS = tls.VersionName(response.TLS.Version)
	}
	out.Timings.Body, out.Timings.Total = out.BodyDuration, out.Duration
	if len(x.redirects) > 0 {
		out.Timings.Redirects = hopStarted.Sub(x.started)
	}
	return out, nil
}

// discard reads a little of a body that nobody wants, so that the connection can serve the next hop.
func discard(response *http.Response) {
	if response.StatusCode != http.StatusSwitchingProtocols {
		_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	}
	_ = response.Body.Close()
}
