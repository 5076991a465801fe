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
	sent      bool
	hop       hop
	redirects []Redirect
	// visited counts the requests to a method and URL, to tell a loop from a long way.
	visited map[string]int
}

// run sends hop after hop until a response is not a redirect that is to be followed.
func (x *exchange) run(ctx context.Context) (*HTTPResponse, error) {
	for {
		if err := x.allow(); err != nil {
			return nil, err
		}
		x.visited[x.hop.method+" "+x.hop.url.String()]++
		hopStarted := time.Now()
		phases := &httpPhases{}
		response, err := x.send(ctx, phases)
		if err != nil {
			return nil, x.explain(ctx, err, phases.stage())
		}
		location := response.Header.Get("Location")
		if !x.follow || !isRedirect(response.StatusCode) || location == "" {
			return x.finish(ctx, response, phases, hopStarted)
		}
		discard(response)
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

func (x *exchange) send(ctx context.Context, phases *httpPhases) (*http.Response, error) {
	ctx = httptrace.WithClientTrace(ctx, phases.trace(x.onConn))
	var body io.Reader
	if len(x.hop.body) > 0 {
		body = bytes.NewReader(x.hop.body)
	}
	request, err := http.NewRequestWithContext(ctx, x.hop.method, x.hop.url.String(), body)
	if err != nil {
		return nil, badRequest("request: %v", cause(err))
	}
	request.Header = x.hop.header.Header.Clone()
	request.Host = x.hop.host
	return x.client.transport.RoundTrip(request)
}

// onConn runs when a connection stands and the request is about to be written to it, in the goroutine of the exchange.
func (x *exchange) onConn() {
	if x.sent {
		return
	}
	x.sent = true
	if x.hooks.Sent != nil {
		x.hooks.Sent(x.hop.method, x.hop.url.String(), len(x.hop.body))
	}
}

func (x *exchange) finish(ctx context.Context, response *http.Response, phases *httpPhases, hopStarted time.Time) (*HTTPResponse, error) {
	bodyStarted := time.Now()
	body, truncated, err := readBody(ctx, response, x.client.limits.BodyBytes)
	if err != nil {
		return nil, x.explain(ctx, err, "reading the response's body")
	}
	done := time.Now()
	out := &HTTPResponse{
		Status:       response.StatusCode,
		Headers:      make(map[string]string, len(response.Header)),
		HeadersAll:   make(map[string][]string, len(response.Header)),
		Body:         body,
		Duration:     done.Sub(x.started),
		BodyDuration: done.Sub(bodyStarted),
		Truncated:    truncated,
		URL:          x.hop.url.String(),
		Remote:       phases.remoteAddress(),
		Proto:        response.Proto,
		Timings:      phases.timings(),
		Redirects:    x.redirects,
	}
	for name, values := range response.Header {
		all := make([]string, len(values))
		for i, value := range values {
			all[i] = fieldText(value)
		}
		out.HeadersAll[name] = all
		out.Headers[name] = strings.Join(all, ", ")
	}
	if response.TLS != nil {
		out.TLS = tls.VersionName(response.TLS.Version)
	}
	out.Timings["body"] = out.BodyDuration
	out.Timings["total"] = out.Duration
	if len(x.redirects) > 0 {
		out.Timings["redirects"] = hopStarted.Sub(x.started)
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
