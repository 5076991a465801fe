package capabilities

import (
	"mime"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// DecodeHTTPBody gives a response's body the form that tests see: nil where it is empty, the parsed value where the
// content type contains "json" and the body is one JSON value (numbers as json.Number), else text. The text of a large
// body is the body's own bytes, which nobody may change from then on.
func DecodeHTTPBody(contentType string, body []byte) any {
	if len(body) == 0 {
		return nil
	}
	if strings.Contains(strings.ToLower(contentType), "json") {
		if value, ok := decodeJSON(body); ok {
			return value
		}
	}
	return bodyText(contentType, body)
}

// sharedText is the length from which a body is not copied to become text: copying a large one cost more than all else that
// a plugin's call does. A buffer that is much longer than the body would be kept for nothing.
const sharedText = 32 << 10

// bodyText is valid UTF-8 whatever the bytes are: ISO 8859-1 is converted where the content type names it, and a byte
// that makes no sense becomes U+FFFD, since results travel as JSON.
func bodyText(contentType string, body []byte) string {
	if utf8.Valid(body) {
		if len(body) >= sharedText && cap(body)-len(body) <= len(body)/8 {
			return unsafe.String(unsafe.SliceData(body), len(body))
		}
		return string(body)
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		switch strings.ToLower(params["charset"]) {
		case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1":
			return fromLatin1(string(body))
		}
	}
	var out strings.Builder
	out.Grow(len(body))
	for _, r := range string(body) { // each bad byte is one U+FFFD, as in encoding/json
		out.WriteRune(r)
	}
	return out.String()
}

func fromLatin1(s string) string {
	var out strings.Builder
	out.Grow(len(s) + len(s)/8)
	for i := range len(s) {
		out.WriteRune(rune(s[i]))
	}
	return out.String()
}

// fieldText makes text of a header's value, which RFC 9110 section 5.5 lets be ISO 8859-1.
func fieldText(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	return fromLatin1(value)
}
