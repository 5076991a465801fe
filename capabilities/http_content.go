package capabilities

import (
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// Decode gives a response's body the form that tests see: nil where it is empty, the parsed value where the content type
// contains "json" and the body is one JSON value (numbers as json.Number), else text in UTF-8. The text of a large body is
// the body's own bytes, which nobody may change from then on. fault says why the body could not be read as its headers say;
// it is empty where it was, and for what never claimed to be JSON.
func (b Body) Decode() (value any, fault string) {
	if len(b.Bytes) == 0 {
		return nil, ""
	}
	lower := strings.ToLower(b.ContentType)
	if b.Fault != "" {
		return utf8Text(b.Bytes), b.Fault
	}
	bytes, known := b.Bytes, ""
	if name := charsetOf(lower); name != "" {
		if bytes, fault = inUTF8(name, bytes); fault != "" {
			return utf8Text(bytes), fault
		}
		known = name
	}
	if !strings.Contains(lower, "json") {
		return utf8Text(bytes), ""
	}
	if value, ok := decodeJSON(bytes); ok {
		return value, ""
	}
	fault = jsonFault(bytes)
	if known != "" {
		fault += " of its text in " + known
	}
	return utf8Text(bytes), fault
}

// charsetOf is the charset that a content type in small letters names, empty for UTF-8 and where it names none.
func charsetOf(contentType string) string {
	_, rest, ok := strings.Cut(contentType, "charset=")
	if rest = strings.TrimPrefix(rest, `"`); !ok || strings.HasPrefix(rest, "utf-8") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return ""
	}
	switch name := params["charset"]; name {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return ""
	default:
		return name
	}
}

// inUTF8 converts a text from the charset of that name, as IANA registers it or as browsers know it. Where nobody knows the
// charset, a text that is valid UTF-8 is taken as that.
func inUTF8(charset string, text []byte) (converted []byte, fault string) {
	known, err := ianaindex.IANA.Encoding(charset)
	if err != nil || known == nil {
		if known, err = htmlindex.Get(charset); err != nil {
			if utf8.Valid(text) {
				return text, ""
			}
			return text, fmt.Sprintf("the body is in the charset %q, which is not known, and it is not UTF-8 either", charset)
		}
	}
	converted, err = known.NewDecoder().Bytes(text)
	if err != nil {
		return text, fmt.Sprintf("the body is not in the charset %q that its Content-Type names: %v", charset, err)
	}
	return converted, ""
}

// sharedText is the length from which a body is not copied to become text: copying a large one cost more than all else that
// a plugin's call does. A buffer that is much longer than the body would be kept for nothing.
const sharedText = 32 << 10

// utf8Text is valid UTF-8 whatever the bytes are: a byte that makes no sense becomes U+FFFD, since results travel as JSON.
func utf8Text(body []byte) string {
	if utf8.Valid(body) {
		if len(body) >= sharedText && cap(body)-len(body) <= len(body)/8 {
			return unsafe.String(unsafe.SliceData(body), len(body))
		}
		return string(body)
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
