package capabilities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// wireRequest is what host_http_request takes.
type wireRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	// Body is base64 text, or {"body_ref": n}.
	Body            json.RawMessage `json:"body"`
	BodyRef         *int            `json:"body_ref"`
	TimeoutMs       float64         `json:"timeout_ms"`
	FollowRedirects *bool           `json:"follow_redirects"`
	MaxRedirects    *int            `json:"max_redirects"`
	// BodyHandle keeps the response's body in the host.
	BodyHandle bool `json:"body_handle"`
	// Emit names the events that the host delivers while the guest waits.
	Emit wireEmit `json:"emit"`
}

// wireResponse is what host_http_request returns.
type wireResponse struct {
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Body       []byte            `json:"body,omitempty"`
	DurationMs int64             `json:"duration_ms"`
	Error      string            `json:"error,omitempty"`

	HeadersAll map[string][]string `json:"headers_all,omitempty"`
	BodyMs     int64               `json:"body_ms,omitempty"`
	// BodyBytes is the length of the body, so that a plugin knows it without holding it.
	BodyBytes int  `json:"body_bytes,omitempty"`
	BodyRef   *int `json:"body_ref,omitempty"`
	// BodyFault says why the body is not whole, or not decoded.
	BodyFault string `json:"body_fault,omitempty"`
	Truncated bool   `json:"truncated,omitempty"`
	URL       string `json:"url,omitempty"`
	Remote    string `json:"remote,omitempty"`
	TLS       string `json:"tls,omitempty"`
	Proto     string `json:"proto,omitempty"`
	// Timings are in milliseconds.
	Timings   map[string]float64 `json:"timings,omitempty"`
	Redirects []wireRedirect     `json:"redirects,omitempty"`
}

type wireRedirect struct {
	Status   int    `json:"status"`
	Location string `json:"location"`
}

// hostHTTPRequest is host_http_request(ptr, len) → packed. Whatever goes wrong is told in the response's error.
func hostHTTPRequest(ctx context.Context, m api.Module, stack []uint64) {
	c := callFrom(ctx)
	var response *wireResponse
	if b, ok := c.read(m, "host_http_request", uint32(stack[0]), uint32(stack[1])); ok {
		response = c.request(b)
	} else {
		response = failed(errors.New("the request is outside the module's memory, or too large"))
	}
	b, err := json.Marshal(response)
	if err != nil {
		b, _ = json.Marshal(failed(err)) // a wireResponse of texts and numbers always encodes
	}
	stack[0] = c.reply(ctx, m, "host_http_request", b)
}

func failed(err error) *wireResponse {
	return &wireResponse{Headers: map[string]string{}, Error: err.Error()}
}

func (c *Call) request(b []byte) *wireResponse {
	if err := c.mayUse(HTTP); err != nil {
		return failed(err)
	}
	var wire wireRequest
	if err := DecodeJSON(b, &wire); err != nil {
		return failed(fmt.Errorf("the request is not JSON of the expected form: %w", err))
	}
	body, err := c.requestBody(wire)
	if err != nil {
		return failed(err)
	}
	if to, ok := EndpointOf(wire.URL); ok {
		if err := c.allowHTTP(to); err != nil {
			return failed(err)
		}
	}
	if c.HTTP == nil {
		return failed(errors.New("this engine has no HTTP client"))
	}

	defer c.Wait()()
	start := time.Now()
	hooks := wire.Emit.hooks(c.Plugin, c.Emit)
	hooks.Allow = func(scheme, host, port string) error {
		return c.allowHTTP(Endpoint{Scheme: scheme, Host: host, Port: port})
	}
	hooks.Secret = SinksFrom(c.Host).Secret
	response, err := c.HTTP.Do(c.Host, HTTPRequest{
		Method: wire.Method, URL: wire.URL, Headers: wire.Headers, Body: body,
		Timeout:         time.Duration(wire.TimeoutMs * float64(time.Millisecond)),
		FollowRedirects: wire.FollowRedirects, MaxRedirects: wire.MaxRedirects,
	}, hooks)
	if err != nil {
		out := failed(err)
		var failure *HTTPError
		if errors.As(err, &failure) {
			out.Status = failure.Status
		}
		out.DurationMs = time.Since(start).Milliseconds()
		return out
	}
	return c.wireResponse(response, wire.BodyHandle)
}

// allowHTTP is Grant.AllowHTTP for the call, with an error that says what to grant where.
func (c *Call) allowHTTP(to Endpoint) error {
	err := c.Grant.AllowHTTP(to, c.Targets)
	var denied *ErrDenied
	if errors.As(err, &denied) {
		denied.Module, denied.File = c.Module, c.GrantsFile
	}
	return err
}

// mayUse returns nil where the call may use a capability that reaches outside.
func (c *Call) mayUse(capability string) error {
	if !c.IO {
		return fmt.Errorf("capability %q cannot be used in %s: plugins reach outside during execute only", capability, c.Export)
	}
	if !slices.ContainsFunc(c.Declared, func(d string) bool { return strings.EqualFold(d, capability) }) {
		return fmt.Errorf("capability %q is not declared: add it to \"capabilities\" in what plugin_info returns", capability)
	}
	return nil
}

func (c *Call) requestBody(wire wireRequest) ([]byte, error) {
	ref := wire.BodyRef
	raw := strings.TrimSpace(string(wire.Body))
	switch {
	case strings.HasPrefix(raw, "{"):
		var byRef struct {
			BodyRef *int `json:"body_ref"`
		}
		if err := DecodeJSON(wire.Body, &byRef); err != nil || byRef.BodyRef == nil {
			return nil, errors.New(`the request's body must be base64 text or {"body_ref": number}`)
		}
		ref = byRef.BodyRef
	case raw != "" && raw != "null":
		var body []byte
		if err := json.Unmarshal(wire.Body, &body); err != nil {
			return nil, fmt.Errorf("the request's body is not base64 text: %w", err)
		}
		return body, nil
	}
	if ref == nil {
		return nil, nil
	}
	body, ok := c.Bodies.Get(*ref)
	switch {
	case ok:
		return body.Bytes, nil
	case *ref == 0: // a test without a body sends none
		return nil, nil
	}
	return nil, fmt.Errorf("body_ref %d: this call keeps no such body", *ref)
}

func (c *Call) wireResponse(r *HTTPResponse, keep bool) *wireResponse {
	out := &wireResponse{
		Status: r.Status, Headers: r.Headers, HeadersAll: r.HeadersAll,
		DurationMs: r.Duration.Milliseconds(), BodyMs: r.BodyDuration.Milliseconds(), BodyBytes: len(r.Body), BodyFault: r.BodyFault,
		Truncated: r.Truncated, URL: r.URL, Remote: r.Remote, TLS: r.TLS, Proto: r.Proto,
	}
	if out.Headers == nil {
		out.Headers = map[string]string{}
	}
	c.Repeated.note(r.HeadersAll)
	if r.Timings != (HTTPTimings{}) {
		out.Timings = make(map[string]float64, 7)
		names, lengths := r.Timings.Phases()
		for i, d := range lengths {
			if d > 0 {
				out.Timings[names[i]] = float64(d.Microseconds()) / 1000
			}
		}
	}
	for _, hop := range r.Redirects {
		out.Redirects = append(out.Redirects, wireRedirect(hop))
	}
	if !keep {
		out.Body = r.Body
		return out
	}
	n := c.Bodies.Keep(Body{ContentType: contentType(r.Headers), Bytes: r.Body, Fault: r.BodyFault})
	out.BodyRef = &n
	return out
}

func contentType(headers map[string]string) string {
	for name, value := range headers {
		if strings.EqualFold(name, "Content-Type") {
			return value
		}
	}
	return ""
}
