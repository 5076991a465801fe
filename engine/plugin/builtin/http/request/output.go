package request

import (
	"encoding/json"
	"strconv"
)

// Received is the data of the event EventReceived.
func Received(status int, durationMs int64, size int, truncated bool) map[string]any {
	data := map[string]any{"status": Value(int64(status)), "duration_ms": Value(durationMs), "bytes": Value(int64(size))}
	if truncated {
		data["truncated"] = true
	}
	return data
}

// Exchange is what is worth knowing about an exchange beside its response.
type Exchange struct {
	Proto, Remote, URL, TLS string
	// TimingsMs are the phases in milliseconds.
	TimingsMs map[string]json.Number
	// Bytes is the size of the decoded body.
	Bytes     int
	Truncated bool
	// Redirects are the hops, each {status, location}.
	Redirects []any
}

// http11 is what most servers speak, as text and as a value that is made once.
const http11 = "HTTP/1.1"

var anyHTTP11 any = http11

// Metadata gives an exchange the form that tests see as response.metadata. What did not happen is left out.
func Metadata(x Exchange) map[string]any {
	out := make(map[string]any, 8)
	out["bytes"] = Value(int64(x.Bytes))
	if x.Proto == http11 {
		out["proto"] = anyHTTP11
	} else if x.Proto != "" {
		out["proto"] = x.Proto
	}
	for _, part := range [...]struct{ name, text string }{{"remote", x.Remote}, {"url", x.URL}, {"tls", x.TLS}} {
		if part.text != "" {
			out[part.name] = part.text
		}
	}
	if len(x.TimingsMs) > 0 {
		timings := make(map[string]any, len(x.TimingsMs))
		for name, ms := range x.TimingsMs {
			timings[name] = ms
		}
		out["timings_ms"] = timings
	}
	if x.Truncated {
		out["truncated"] = true
	}
	if len(x.Redirects) > 0 {
		out["redirects"] = x.Redirects
	}
	return out
}

// Redirect is one member of Exchange.Redirects.
func Redirect(status int, location string) map[string]any {
	return map[string]any{"status": Value(int64(status)), "location": location}
}

// Value is Number as a value. Those that most responses hold are made once and for all.
func Value(n int64) any {
	if n >= 0 && n < int64(len(smallNumbers)) {
		return smallNumbers[n]
	}
	return Number(n)
}

var smallNumbers = func() (list [1000]any) {
	for i := range list {
		list[i] = Number(int64(i))
	}
	return list
}()

// Number gives a number the form that all values of a result have.
func Number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }
