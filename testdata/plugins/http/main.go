//go:build wasip1

// Command http is the http plugin as a WASM guest: the same plugin as the built-in one, over the host functions that
// every plugin has. Build it with
//
//	GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags='-s -w' -buildmode=c-shared -o http.wasm ./testdata/plugins/http
//
// It must not know the host's Go packages: what it shares with the built-in plugin is the meaning of a test, in package
// request, and the JSON of the contract.
package main

import (
	"bytes"
	"encoding/json"

	"github.com/speclens/speclens/engine/plugin/builtin/http/request"
)

func main() {}

// output is what execute returns.
type output struct {
	Status     json.Number         `json:"status"`
	Headers    map[string]string   `json:"headers,omitempty"`
	HeadersAll map[string][]string `json:"headers_all,omitempty"`
	Body       any                 `json:"body,omitempty"`
	DurationMs int64               `json:"duration_ms"`
	Error      string              `json:"error,omitempty"`
	Metadata   map[string]any      `json:"metadata,omitempty"`
}

// bodyRef stands for a body that the host holds.
type bodyRef struct {
	Ref int64 `json:"$ref"`
}

// httpRequest is what host_http_request takes.
type httpRequest struct {
	Method          string            `json:"method"`
	URL             string            `json:"url"`
	Headers         map[string]string `json:"headers,omitempty"`
	Body            []byte            `json:"body,omitempty"`
	TimeoutMs       float64           `json:"timeout_ms,omitempty"`
	FollowRedirects bool              `json:"follow_redirects"`
	MaxRedirects    *int              `json:"max_redirects,omitempty"`
	// BodyHandle leaves the response's body with the host.
	BodyHandle bool `json:"body_handle"`
	// Emit names the events that the host delivers while the guest waits.
	Emit emit `json:"emit"`
}

type emit struct {
	Sent       string `json:"sent"`
	Redirected string `json:"redirected"`
}

// httpResponse is what host_http_request answers.
type httpResponse struct {
	Status     int                    `json:"status"`
	Headers    map[string]string      `json:"headers"`
	HeadersAll map[string][]string    `json:"headers_all"`
	BodyRef    *int64                 `json:"body_ref"`
	BodyBytes  int                    `json:"body_bytes"`
	DurationMs int64                  `json:"duration_ms"`
	Error      string                 `json:"error"`
	Truncated  bool                   `json:"truncated"`
	URL        string                 `json:"url"`
	Remote     string                 `json:"remote"`
	TLS        string                 `json:"tls"`
	Proto      string                 `json:"proto"`
	Timings    map[string]json.Number `json:"timings"`
	Redirects  []redirect             `json:"redirects"`
}

type redirect struct {
	Status   int    `json:"status"`
	Location string `json:"location"`
}

// event is a PluginEvent; the host fills in the plugin's name.
type event struct {
	Kind string         `json:"kind"`
	Data map[string]any `json:"data"`
}

func info() []byte { return encode(request.Describe()) }

func validate(input []byte) []byte {
	in, err := decodeInput(input)
	if err != nil {
		return encode([]request.Problem{{Field: "target", Code: "http.input", Message: "the host's input is not valid: " + err.Error()}})
	}
	problems := request.Validate(in)
	if len(problems) == 0 {
		return nil
	}
	return encode(problems)
}

func execute(input []byte) []byte {
	in, err := decodeInput(input)
	if err != nil {
		return encode(output{Status: "0", Error: "the host's input is not valid: " + err.Error()})
	}
	built, err := request.Build(in)
	if err != nil {
		return encode(output{Status: "0", Error: err.Error()})
	}
	answer := ask(encode(httpRequest{
		Method: built.Method, URL: built.URL, Headers: built.Headers, Body: built.Body,
		TimeoutMs:       float64(built.Timeout.Microseconds()) / 1000,
		FollowRedirects: built.FollowRedirects, MaxRedirects: built.MaxRedirects,
		BodyHandle: true,
		Emit:       emit{Sent: request.EventSent, Redirected: request.EventRedirected},
	}))
	var response httpResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return encode(output{Status: "0", Error: "the host's answer to host_http_request is not valid: " + err.Error()})
	}
	if response.Error != "" {
		return encode(output{Status: "0", Error: response.Error, DurationMs: response.DurationMs})
	}
	notify(encode(event{
		Kind: request.EventReceived,
		Data: request.Received(response.Status, response.DurationMs, response.BodyBytes, response.Truncated),
	}))
	return encode(outcome(response))
}

func outcome(response httpResponse) output {
	out := output{
		Status: request.Number(int64(response.Status)), Headers: response.Headers, HeadersAll: response.HeadersAll,
		DurationMs: response.DurationMs,
	}
	if response.BodyRef != nil {
		out.Body = bodyRef{*response.BodyRef}
	}
	exchange := request.Exchange{
		Proto: response.Proto, Remote: response.Remote, URL: response.URL, TLS: response.TLS,
		TimingsMs: response.Timings, Bytes: response.BodyBytes, Truncated: response.Truncated,
	}
	for _, hop := range response.Redirects {
		exchange.Redirects = append(exchange.Redirects, request.Redirect(hop.Status, hop.Location))
	}
	out.Metadata = request.Metadata(exchange)
	return out
}

func decodeInput(input []byte) (request.Input, error) {
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.UseNumber()
	var in request.Input
	err := decoder.Decode(&in)
	return in, err
}

// encode is for values that always are JSON.
func encode(value any) []byte {
	out, err := json.Marshal(value)
	if err != nil {
		panic("encode: " + err.Error())
	}
	return out
}
