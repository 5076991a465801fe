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

// output is what execute returns. What the host told is handed on as it came, since taking it apart and writing it again
// was most of a call's time.
type output struct {
	Status     json.Number     `json:"status"`
	Headers    json.RawMessage `json:"headers,omitempty"`
	HeadersAll json.RawMessage `json:"headers_all,omitempty"`
	Body       *bodyRef        `json:"body,omitempty"`
	DurationMs int64           `json:"duration_ms"`
	Error      string          `json:"error,omitempty"`
	Metadata   *metadata       `json:"metadata,omitempty"`
}

// metadata has the form that request.Metadata gives it.
type metadata struct {
	Bytes     int             `json:"bytes"`
	Proto     json.RawMessage `json:"proto,omitempty"`
	Redirects []redirect      `json:"redirects,omitempty"`
	Remote    json.RawMessage `json:"remote,omitempty"`
	TimingsMs json.RawMessage `json:"timings_ms,omitempty"`
	TLS       json.RawMessage `json:"tls,omitempty"`
	Truncated bool            `json:"truncated,omitempty"`
	URL       json.RawMessage `json:"url,omitempty"`
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
	Status     int             `json:"status"`
	Headers    json.RawMessage `json:"headers"`
	HeadersAll json.RawMessage `json:"headers_all"`
	BodyRef    *int64          `json:"body_ref"`
	BodyBytes  int             `json:"body_bytes"`
	DurationMs int64           `json:"duration_ms"`
	Error      string          `json:"error"`
	Truncated  bool            `json:"truncated"`
	URL        json.RawMessage `json:"url"`
	Remote     json.RawMessage `json:"remote"`
	TLS        json.RawMessage `json:"tls"`
	Proto      json.RawMessage `json:"proto"`
	Timings    json.RawMessage `json:"timings"`
	Redirects  []redirect      `json:"redirects"`
}

type redirect struct {
	Status   int    `json:"status"`
	Location string `json:"location"`
}

// event is a PluginEvent; the host fills in the plugin's name.
type event struct {
	Kind string   `json:"kind"`
	Data received `json:"data"`
}

// received has the form that request.Received gives it.
type received struct {
	Bytes      int   `json:"bytes"`
	DurationMs int64 `json:"duration_ms"`
	Status     int   `json:"status"`
	Truncated  bool  `json:"truncated,omitempty"`
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
		Data: received{response.BodyBytes, response.DurationMs, response.Status, response.Truncated},
	}))
	return encode(outcome(response))
}

func outcome(response httpResponse) output {
	out := output{
		Status: request.Number(int64(response.Status)), Headers: given(response.Headers), HeadersAll: given(response.HeadersAll),
		DurationMs: response.DurationMs,
		Metadata: &metadata{
			Bytes: response.BodyBytes, Proto: given(response.Proto), Redirects: response.Redirects, Remote: given(response.Remote),
			TimingsMs: given(response.Timings), TLS: given(response.TLS), Truncated: response.Truncated, URL: given(response.URL),
		},
	}
	if response.BodyRef != nil {
		out.Body = &bodyRef{*response.BodyRef}
	}
	return out
}

// given is nil for a value that says nothing.
func given(raw json.RawMessage) json.RawMessage {
	switch string(raw) {
	case "null", `""`, "{}":
		return nil
	}
	return raw
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
