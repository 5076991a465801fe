package capabilities

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// HTTPRequest is one request as a plugin asks for it. Nothing in it is trusted: Do checks every part before it dials.
type HTTPRequest struct {
	// Method is a token of RFC 9110; it is sent as it is, so "get" is not "GET". Empty means GET.
	Method string
	// URL is absolute, with the scheme http or https. User information in it becomes Basic credentials.
	URL string
	// Headers are sent under their canonical names. Host sets the authority that the server sees; Content-Length,
	// Transfer-Encoding and Trailer are the client's own business and are left out.
	Headers map[string]string
	Body    []byte
	// Timeout is for the whole exchange, redirects and body included; HTTPLimits.Timeout where it is not positive.
	Timeout time.Duration
	// FollowRedirects is true where nil. If false, a redirect is returned as the response.
	FollowRedirects *bool
	// MaxRedirects is HTTPLimits.MaxRedirects where nil; one redirect more than that is an error.
	MaxRedirects *int
}

// HTTPResponse is the last response of an exchange.
type HTTPResponse struct {
	Status int
	// Headers has the canonical names; several values of one header are joined by ", ".
	Headers map[string]string
	// HeadersAll has every value, in the order in which they came.
	HeadersAll map[string][]string
	// Body is decoded (gzip, deflate, br, zstd) and at most HTTPLimits.BodyBytes long. Nobody changes it once Do has returned: results
	// share it.
	Body []byte
	// BodyFault says why Body is not the whole body as the server meant it; see Body.Fault.
	BodyFault string
	// Duration is the whole exchange, redirects and body included. BodyDuration is the part from the first byte of the answer on.
	Duration, BodyDuration time.Duration
	// Truncated says that there was more body than the limit allows.
	Truncated bool
	// URL is the final one, without user information. Remote is the address that answered. TLS is empty or such as
	// "TLS 1.3". Proto is such as "HTTP/1.1".
	URL, Remote, TLS, Proto string
	Timings                 HTTPTimings
	Redirects               []Redirect
}

// HTTPTimings are the phases of the last hop, and what came before it; 0 where a phase did not happen, as on a connection
// that was kept alive.
type HTTPTimings struct {
	DNS, Connect, TLS, Wait, Body time.Duration
	// Redirects is the time that earlier hops took. Total is the whole exchange.
	Redirects, Total time.Duration
}

// Phases are the names of all phases, with their lengths.
func (t HTTPTimings) Phases() (names [7]string, lengths [7]time.Duration) {
	return [...]string{"dns", "connect", "tls", "wait", "body", "redirects", "total"},
		[...]time.Duration{t.DNS, t.Connect, t.TLS, t.Wait, t.Body, t.Redirects, t.Total}
}

// Redirect is one hop that was followed.
type Redirect struct {
	Status int
	// Location is the absolute URL that was requested next, without user information.
	Location string
}

// HTTPHooks observe and guard one exchange. Each may be nil. They are called from the goroutine of Do, in order, and
// never after Do has returned.
type HTTPHooks struct {
	// Sent is called once: a connection stands and the first request goes out on it. The URL has no user information.
	Sent func(method, url string, bytes int)
	// Redirected is called for each hop that will be followed, with the absolute location.
	Redirected func(status int, location string)
	// Allow is asked before anything is dialled, for the first request and for each hop; port is always given. Its
	// error ends the exchange and is found in the returned error with errors.Is and errors.As.
	Allow func(scheme, host, port string) error
	// Secret says that a text holds a secret of the user, so that a header with it must not reach another origin by a
	// redirect, whatever its name. Headers are judged by their looks besides.
	Secret func(text string) bool
}

// HTTPDoer sends one request. The error of Do is an *HTTPError.
type HTTPDoer interface {
	Do(ctx context.Context, req HTTPRequest, hooks HTTPHooks) (*HTTPResponse, error)
}

// HTTPLimits bound what one exchange may cost. A field that is not positive has the default that it names.
type HTTPLimits struct {
	// Timeout is for requests that name none: 30 s.
	Timeout time.Duration
	// BodyBytes is the cap on a response's decoded body: 10 MiB. More is cut off and marked as Truncated.
	BodyBytes int64
	// HeaderBytes is the cap on the head of a response: 1 MiB. More is an error.
	HeaderBytes int64
	// MaxRedirects is for requests that name none: 10.
	MaxRedirects int
}

func (l HTTPLimits) withDefaults() HTTPLimits {
	if l.Timeout <= 0 {
		l.Timeout = 30 * time.Second
	}
	if l.BodyBytes <= 0 {
		l.BodyBytes = 10 << 20
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = 1 << 20
	}
	if l.MaxRedirects <= 0 {
		l.MaxRedirects = 10
	}
	return l
}

// HTTPOption changes how an HTTPClient reaches its servers.
type HTTPOption func(*httpConfig)

type httpConfig struct {
	roots    *x509.CertPool
	resolver *net.Resolver
	agent    string
}

// WithRootCAs trusts the certificates of roots in place of the system's. Certificates are always verified.
func WithRootCAs(roots *x509.CertPool) HTTPOption {
	return func(c *httpConfig) { c.roots = roots }
}

// WithResolver looks names up with r in place of the system's resolver.
func WithResolver(r *net.Resolver) HTTPOption {
	return func(c *httpConfig) { c.resolver = r }
}

// WithUserAgent sets the User-Agent of requests that name none; "speclens" where not used.
func WithUserAgent(agent string) HTTPOption {
	return func(c *httpConfig) { c.agent = agent }
}

// HTTPClient is the one HTTP client of a process: keep-alive connections and HTTP/2 are shared by all who use it. It
// has no cookie jar, so that a test depends on nothing but its own text, and it uses no proxy, whatever HTTP_PROXY says:
// the rules about addresses hold for the server that answers, and a test goes where it says. Safe for concurrent use.
type HTTPClient struct {
	limits    HTTPLimits
	header    http.Header // of a request that names none; no request changes it
	transport *http.Transport
	// plain serves the requests that need nothing of what transport has over it.
	plain  plainPool
	closed atomic.Bool
	// address is the last one that answered, as text: most tests speak to one server.
	address atomic.Pointer[knownAddress]
}

// NewHTTPClient makes a client with these limits; the zero HTTPLimits are the defaults.
func NewHTTPClient(limits HTTPLimits, options ...HTTPOption) *HTTPClient {
	limits = limits.withDefaults()
	config := httpConfig{agent: "speclens"}
	for _, option := range options {
		option(&config)
	}
	dialer := &net.Dialer{KeepAlive: 30 * time.Second, Resolver: config.resolver, ControlContext: guardDial}
	dial := tracedDial(dialer)
	idleMost := max(1, min(idleConns, FileLimit()/8))
	return &HTTPClient{
		limits: limits,
		header: http.Header{"User-Agent": {config.agent}, "Accept-Encoding": {"gzip"}},
		plain:  plainPool{dial: dial, headBytes: limits.HeaderBytes, idleMost: idleMost},
		transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: config.roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // bodies are decoded in http_body.go, under a cap
			MaxIdleConns:           idleMost,
			MaxIdleConnsPerHost:    idleConnsPerHost,
			IdleConnTimeout:        90 * time.Second,
			ExpectContinueTimeout:  time.Second,
			MaxResponseHeaderBytes: limits.HeaderBytes,
		},
	}
}

// Do sends req and follows its redirects, as the rules of HTTPRequest say. Every error is an *HTTPError.
func (c *HTTPClient) Do(ctx context.Context, req HTTPRequest, hooks HTTPHooks) (*HTTPResponse, error) {
	if c.closed.Load() {
		return nil, &HTTPError{Kind: HTTPClosed, Message: "the HTTP client is closed: no request is sent after the run's end"}
	}
	x, err := c.newExchange(req, hooks)
	defer x.forget()
	if err != nil {
		return nil, err
	}
	if end, bounded := ctx.Deadline(); !bounded || end.After(x.started.Add(x.timeout)) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, x.timeout, errExchangeTimeout)
		defer cancel()
	}
	response, err := x.run(ctx)
	if failed, ok := err.(*HTTPError); ok { //nolint:errorlint // run wraps none
		failed.Took = time.Since(x.started)
	}
	return response, err
}

// Close drops the idle connections and refuses further requests; those under way are ended by their context. It
// returns nil, always, and may be called twice.
func (c *HTTPClient) Close() error {
	c.closed.Store(true)
	c.transport.CloseIdleConnections()
	c.plain.close()
	return nil
}
