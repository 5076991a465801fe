package capabilities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"
)

// HTTPCall serves host_http_request for one call of a plugin: JSON in, JSON out, and whatever goes wrong is the "error"
// of the answer.
type HTTPCall struct {
	Doer HTTPDoer
	// Allow guards every destination; see HTTPHooks.
	Allow func(scheme, host, port string) error
	// Secret tells what may not reach another origin; see HTTPHooks.
	Secret func(text string) bool
	// Emit delivers an event in the name of the calling plugin; nil where nobody listens. A guest is not running while
	// its request is under way, so it names in "emit" the events that the host is to deliver at the right moment.
	Emit func(kind string, data map[string]any)
	// Body returns the bytes that a request means by "body_ref"; nil where there are no such bodies.
	Body func(ref int64) ([]byte, bool)
	// Keep holds a response's body for the rest of the call and returns its number, for "body_handle"; nil where the
	// host keeps none, and then the body travels in the answer.
	Keep func(contentType string, body []byte) int64
}

// httpWireRequest is the request of host_http_request.
type httpWireRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"` // base64
	BodyRef *int64            `json:"body_ref"`
	// TimeoutMs may be a fraction.
	TimeoutMs       json.Number `json:"timeout_ms"`
	FollowRedirects *bool       `json:"follow_redirects"`
	MaxRedirects    *int        `json:"max_redirects"`
	BodyHandle      bool        `json:"body_handle"`
	Emit            httpEmit    `json:"emit"`
}

// httpEmit names the kinds of the events that the host delivers while the request is under way: Sent with {method, url,
// bytes}, Redirected with {status, location}. An empty name means no such event.
type httpEmit struct {
	Sent       string `json:"sent"`
	Redirected string `json:"redirected"`
}

// httpWireResponse is the answer of host_http_request.
type httpWireResponse struct {
	Status     int                 `json:"status"`
	Headers    map[string]string   `json:"headers"`
	HeadersAll map[string][]string `json:"headers_all,omitempty"`
	// Body is base64; null where BodyRef stands for it.
	Body       []byte                 `json:"body"`
	BodyRef    *int64                 `json:"body_ref,omitempty"`
	BodyBytes  int                    `json:"body_bytes"`
	DurationMs int64                  `json:"duration_ms"`
	BodyMs     int64                  `json:"body_ms,omitempty"`
	Error      string                 `json:"error,omitempty"`
	ErrorKind  HTTPErrorKind          `json:"error_kind,omitempty"`
	Truncated  bool                   `json:"truncated,omitempty"`
	URL        string                 `json:"url,omitempty"`
	Remote     string                 `json:"remote,omitempty"`
	TLS        string                 `json:"tls,omitempty"`
	Proto      string                 `json:"proto,omitempty"`
	TimingsMs  map[string]json.Number `json:"timings_ms,omitempty"`
	Redirects  []httpWireRedirect     `json:"redirects,omitempty"`
}

type httpWireRedirect struct {
	Status   int    `json:"status"`
	Location string `json:"location"`
}

// Serve sends the request and returns the answer, which is JSON in every case.
func (c HTTPCall) Serve(ctx context.Context, request []byte) []byte {
	started := time.Now()
	answer, err := c.serve(ctx, request)
	if err != nil {
		answer = &httpWireResponse{Headers: map[string]string{}, DurationMs: time.Since(started).Milliseconds(), Error: err.Error()}
		var known *HTTPError
		if errors.As(err, &known) {
			answer.ErrorKind = known.Kind
		}
	}
	out, err := json.Marshal(answer)
	if err != nil { // no member of the answer can fail to marshal
		return []byte(`{"status":0,"headers":{},"duration_ms":0,"error":` + strconv.Quote("encode the response: "+err.Error()) + `}`)
	}
	return out
}

func (c HTTPCall) serve(ctx context.Context, request []byte) (*httpWireResponse, error) {
	wire, err := decodeWireRequest(request)
	if err != nil {
		return nil, err
	}
	req := HTTPRequest{
		Method: wire.Method, URL: wire.URL, Headers: wire.Headers, Body: wire.Body,
		FollowRedirects: wire.FollowRedirects, MaxRedirects: wire.MaxRedirects,
	}
	if req.Timeout, err = wireTimeout(wire.TimeoutMs); err != nil {
		return nil, err
	}
	if wire.BodyRef != nil {
		known := false
		if c.Body != nil {
			req.Body, known = c.Body(*wire.BodyRef)
		}
		if !known {
			return nil, badRequest("host_http_request: body_ref %d is no body of this call", *wire.BodyRef)
		}
	}
	response, err := c.Doer.Do(ctx, req, c.hooks(wire.Emit))
	if err != nil {
		return nil, err
	}
	return c.answer(response, wire.BodyHandle), nil
}

func decodeWireRequest(request []byte) (*httpWireRequest, error) {
	decoder := json.NewDecoder(bytes.NewReader(request))
	wire := &httpWireRequest{}
	if err := decoder.Decode(wire); err != nil {
		return nil, badRequest("host_http_request: the request is not the JSON that the contract asks for: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF { //nolint:errorlint // Decoder.Token returns io.EOF itself
		return nil, badRequest("host_http_request: there is more than one JSON value in the request")
	}
	return wire, nil
}

func wireTimeout(ms json.Number) (time.Duration, error) {
	if ms == "" {
		return 0, nil
	}
	n, err := ms.Float64()
	if err != nil || n < 0 || n > float64(1<<53) {
		return 0, badRequest("host_http_request: timeout_ms %s is not a number of milliseconds", ms)
	}
	return min(time.Duration(n*float64(time.Millisecond)), 1<<62), nil
}

func (c HTTPCall) hooks(emit httpEmit) HTTPHooks {
	hooks := HTTPHooks{Allow: c.Allow, Secret: c.Secret}
	if c.Emit == nil {
		return hooks
	}
	if emit.Sent != "" {
		hooks.Sent = func(method, url string, size int) {
			c.Emit(emit.Sent, map[string]any{"method": method, "url": url, "bytes": number(size)})
		}
	}
	if emit.Redirected != "" {
		hooks.Redirected = func(status int, location string) {
			c.Emit(emit.Redirected, map[string]any{"status": number(status), "location": location})
		}
	}
	return hooks
}

func (c HTTPCall) answer(response *HTTPResponse, keep bool) *httpWireResponse {
	out := &httpWireResponse{
		Status: response.Status, Headers: response.Headers, HeadersAll: response.HeadersAll,
		BodyBytes: len(response.Body), DurationMs: response.Duration.Milliseconds(), BodyMs: response.BodyDuration.Milliseconds(),
		Truncated: response.Truncated, URL: response.URL, Remote: response.Remote, TLS: response.TLS, Proto: response.Proto,
		TimingsMs: HTTPTimings(response.Timings),
	}
	for _, redirect := range response.Redirects {
		out.Redirects = append(out.Redirects, httpWireRedirect(redirect))
	}
	switch {
	case len(response.Body) == 0:
	case keep && c.Keep != nil:
		ref := c.Keep(response.Headers["Content-Type"], response.Body)
		out.BodyRef = &ref
	default:
		out.Body = response.Body
	}
	if out.Headers == nil {
		out.Headers = map[string]string{}
	}
	return out
}

// HTTPTimings gives phases as milliseconds with three decimals at most, as they appear in results.
func HTTPTimings(phases map[string]time.Duration) map[string]json.Number {
	if len(phases) == 0 {
		return nil
	}
	out := make(map[string]json.Number, len(phases))
	for name, took := range phases {
		out[name] = json.Number(strconv.FormatFloat(float64(took.Microseconds())/1000, 'f', -1, 64))
	}
	return out
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
