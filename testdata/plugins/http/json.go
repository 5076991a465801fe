//go:build wasip1

package main

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/speclens/speclens/engine/plugin/builtin/http/request"
)

// What the guest says is written by hand, and what the host answers is cut apart in one pass: with encoding/json, which
// looks at every byte of a handed-on value two or three times, this was half of a call's time in the sandbox.

// encodeRequest writes what host_http_request takes. Body is base64, as encoding/json writes bytes.
func encodeRequest(r request.Request) []byte {
	b := make([]byte, 0, 512+len(r.URL)+len(r.Body)*4/3)
	b = append(b, `{"method":`...)
	b = appendText(b, r.Method)
	b = append(b, `,"url":`...)
	b = appendText(b, r.URL)
	if len(r.Headers) > 0 {
		b = append(b, `,"headers":{`...)
		for i, name := range slices.Sorted(maps.Keys(r.Headers)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, name)
			b = append(b, ':')
			b = appendText(b, r.Headers[name])
		}
		b = append(b, '}')
	}
	if len(r.Body) > 0 {
		b = append(b, `,"body":`...)
		b = append(b, encode(r.Body)...)
	}
	if r.Timeout > 0 {
		b = append(b, `,"timeout_ms":`...)
		b = strconv.AppendFloat(b, float64(r.Timeout.Microseconds())/1000, 'f', -1, 64)
	}
	b = append(b, `,"follow_redirects":`...)
	b = strconv.AppendBool(b, r.FollowRedirects)
	if r.MaxRedirects != nil {
		b = append(b, `,"max_redirects":`...)
		b = strconv.AppendInt(b, int64(*r.MaxRedirects), 10)
	}
	// The response's body stays with the host, and the host delivers the events of which the guest learns too late.
	return append(b, `,"body_handle":true,"emit":{"sent":"`+request.EventSent+`","redirected":"`+request.EventRedirected+`"}}`...)
}

// encodeReceived writes the event that request.Received describes.
func encodeReceived(r response) []byte {
	b := make([]byte, 0, 128)
	b = append(b, `{"kind":"`+request.EventReceived+`","data":{"bytes":`...)
	b = append(b, number(r.bodyBytes)...)
	b = append(b, `,"duration_ms":`...)
	b = append(b, number(r.durationMs)...)
	b = append(b, `,"status":`...)
	b = append(b, number(r.status)...)
	if string(r.truncated) == "true" {
		b = append(b, `,"truncated":true`...)
	}
	return append(b, '}', '}')
}

// encodeOutput writes what execute returns, in the form that request.Metadata gives the metadata. What the host told is
// handed on as it came.
func encodeOutput(r response) []byte {
	b := make([]byte, 0, 256+r.size)
	b = append(b, `{"status":`...)
	b = append(b, number(r.status)...)
	b = append(b, `,"duration_ms":`...)
	b = append(b, number(r.durationMs)...)
	b = appendGiven(b, `,"headers":`, r.headers)
	b = appendGiven(b, `,"headers_all":`, r.headersAll)
	if says(r.bodyRef) {
		b = append(b, `,"body":{"$ref":`...)
		b = append(b, r.bodyRef...)
		b = append(b, '}')
	}
	b = append(b, `,"metadata":{"bytes":`...)
	b = append(b, number(r.bodyBytes)...)
	b = appendGiven(b, `,"proto":`, r.proto)
	b = appendGiven(b, `,"redirects":`, r.redirects)
	b = appendGiven(b, `,"remote":`, r.remote)
	b = appendGiven(b, `,"timings_ms":`, r.timings)
	b = appendGiven(b, `,"tls":`, r.tls)
	if string(r.truncated) == "true" {
		b = append(b, `,"truncated":true`...)
	}
	b = appendGiven(b, `,"url":`, r.url)
	return append(b, '}', '}')
}

// encodeFailure writes the outcome of a request that got no answer, or none that could be read to its end.
func encodeFailure(message string, status, durationMs []byte) []byte {
	b := append([]byte(`{"status":`), number(status)...)
	b = append(b, `,"duration_ms":`...)
	b = append(b, number(durationMs)...)
	b = append(b, `,"error":`...)
	return append(appendText(b, message), '}')
}

// appendGiven appends a member unless its value says nothing.
func appendGiven(b []byte, name string, raw []byte) []byte {
	if !says(raw) {
		return b
	}
	return append(append(b, name...), raw...)
}

func says(raw []byte) bool {
	switch string(raw) {
	case "", "null", `""`, "{}", "[]":
		return false
	}
	return true
}

// number is a number that the host left out where it is 0.
func number(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte{'0'}
	}
	return raw
}

// appendText appends a text as JSON.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(b, encode(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// response is what host_http_request answers, each value as it came.
type response struct {
	status, headers, headersAll, bodyRef, bodyBytes, durationMs, errorText, truncated []byte
	url, remote, tls, proto, timings, redirects                                       []byte
	size                                                                              int
}

var errNoObject = errors.New("it is no object")

// cut takes the members of an answer apart.
func cut(answer []byte) (r response, err error) {
	r.size = len(answer)
	if len(answer) < 2 || answer[0] != '{' || answer[len(answer)-1] != '}' {
		return r, errNoObject
	}
	for i := 1; i < len(answer)-1; {
		end, err := skipValue(answer, i)
		if err != nil {
			return r, err
		}
		name := string(answer[i:end])
		if end >= len(answer) || answer[end] != ':' {
			return r, errNoObject
		}
		i = end + 1
		if end, err = skipValue(answer, i); err != nil {
			return r, err
		}
		if place := r.member(name); place != nil {
			*place = answer[i:end]
		}
		if i = end; i < len(answer)-1 && answer[i] != ',' {
			return r, errNoObject
		}
		i++
	}
	return r, nil
}

func (r *response) member(name string) *[]byte {
	switch name {
	case `"status"`:
		return &r.status
	case `"headers"`:
		return &r.headers
	case `"headers_all"`:
		return &r.headersAll
	case `"body_ref"`:
		return &r.bodyRef
	case `"body_bytes"`:
		return &r.bodyBytes
	case `"duration_ms"`:
		return &r.durationMs
	case `"error"`:
		return &r.errorText
	case `"truncated"`:
		return &r.truncated
	case `"url"`:
		return &r.url
	case `"remote"`:
		return &r.remote
	case `"tls"`:
		return &r.tls
	case `"proto"`:
		return &r.proto
	case `"timings"`:
		return &r.timings
	case `"redirects"`:
		return &r.redirects
	}
	return nil
}

// skipValue is the end of the value that begins at i. The host writes compact JSON: nothing stands between its parts.
func skipValue(s []byte, i int) (int, error) {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i, nil
			}
		case ',', ':':
			if depth == 0 {
				return i, nil
			}
		}
		if i++; depth == 0 && i < len(s) && (s[i] == ',' || s[i] == ':' || s[i] == '}') {
			return i, nil
		}
	}
	return i, errNoObject
}

// text is the text that a JSON value is.
func text(raw []byte) (s string, err error) {
	if !says(raw) {
		return "", nil
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}
