package request

import (
	"encoding/json"
	"strconv"
)

// Received is the data of the event EventReceived.
func Received(status int, durationMs int64, size int, truncated bool) map[string]any {
	data := map[string]any{"status": Number(int64(status)), "duration_ms": Number(durationMs), "bytes": Number(int64(size))}
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

// Metadata gives an exchange the form that tests see as response.metadata. What did not happen is left out.
func Metadata(x Exchange) map[string]any {
	out := make(map[string]any, 8)
	out["bytes"] = Number(int64(x.Bytes))
	for _, part := range [...]struct{ name, text string }{{"proto", x.Proto}, {"remote", x.Remote}, {"url", x.URL}, {"tls", x.TLS}} {
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
	return map[string]any{"status": Number(int64(status)), "location": location}
}

// Number gives a number the form that all values of a result have.
func Number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }
