package capabilities

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// maxJSONDepth is that of encoding/json.
const maxJSONDepth = 10000

// decodeJSON takes exactly one value; a byte order mark before it is allowed, as RFC 8259 section 8.1 lets parsers do. It
// accepts and gives what a json.Decoder does that uses json.Number, in one pass and without reflection, because every
// response of every test comes by here; ok is false where that one would return an error.
func decodeJSON(body []byte) (value any, ok bool) {
	r := jsonReader{data: bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))}
	value, ok = r.value()
	r.blanks()
	return value, ok && r.at == len(r.data)
}

// jsonFault says why and where a body is not JSON; the offset is that of the byte in the body.
func jsonFault(body []byte) string {
	data := bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	r := jsonReader{data: data}
	_, _ = r.value()
	if r.depth <= maxJSONDepth {
		r.blanks()
	}
	at := r.at + len(body) - len(data)
	switch {
	case r.depth > maxJSONDepth:
		return fmt.Sprintf("the body is not JSON that can be read: at byte %d it is nested more than %d deep", at, maxJSONDepth)
	case r.at >= len(data):
		return fmt.Sprintf("the body is not JSON: it ends too early, at byte %d", at)
	}
	found, size := utf8.DecodeRune(data[r.at:])
	text := string(found)
	if size == 1 && found == utf8.RuneError {
		text = fmt.Sprintf("the byte 0x%02x, which is not UTF-8,", data[r.at])
	} else if !unicode.IsGraphic(found) || found == ' ' {
		text = strconv.QuoteRune(found)
	}
	return fmt.Sprintf("the body is not JSON: unexpected %s at byte %d", text, at)
}

// jsonReader reads data from at on. Each of its methods reports whether what it wants stands there.
type jsonReader struct {
	data      []byte
	at, depth int
}

func (r *jsonReader) blanks() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// next is the byte after blanks, 0 at the end.
func (r *jsonReader) next() byte {
	r.blanks()
	if r.at == len(r.data) {
		return 0
	}
	return r.data[r.at]
}

// take goes past b where it comes next.
func (r *jsonReader) take(b byte) bool {
	if r.next() != b {
		return false
	}
	r.at++
	return true
}

func (r *jsonReader) value() (any, bool) {
	switch b := r.next(); b {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"':
		return r.text()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	default:
		return r.number()
	}
}

func (r *jsonReader) word(word string) bool {
	if !bytes.HasPrefix(r.data[r.at:], []byte(word)) {
		return false
	}
	r.at += len(word)
	return true
}

// enter goes past the bracket that opens a container.
func (r *jsonReader) enter() bool {
	r.at++
	r.depth++
	return r.depth <= maxJSONDepth
}

func (r *jsonReader) object() (any, bool) {
	if !r.enter() {
		return nil, false
	}
	out := map[string]any{}
	for first := true; ; first = false {
		if first && r.take('}') {
			break
		}
		if r.next() != '"' {
			return nil, false
		}
		key, ok := r.text()
		if !ok || !r.take(':') {
			return nil, false
		}
		value, ok := r.value()
		if !ok {
			return nil, false
		}
		out[key] = value
		if r.take('}') {
			break
		}
		if !r.take(',') {
			return nil, false
		}
	}
	r.depth--
	return out, true
}

func (r *jsonReader) array() (any, bool) {
	if !r.enter() {
		return nil, false
	}
	out := []any{}
	for first := true; ; first = false {
		if first && r.take(']') {
			break
		}
		value, ok := r.value()
		if !ok {
			return nil, false
		}
		out = append(out, value)
		if r.take(']') {
			break
		}
		if !r.take(',') {
			return nil, false
		}
	}
	r.depth--
	return out, true
}

// text reads a quoted text. One with escapes or broken UTF-8 is left to encoding/json, which knows what becomes of those.
func (r *jsonReader) text() (string, bool) {
	start := r.at
	plain := true
	for i := start + 1; i < len(r.data); i++ {
		switch b := r.data[i]; {
		case b == '"':
			r.at = i + 1
			if inner := r.data[start+1 : i]; plain && utf8.Valid(inner) {
				return string(inner), true
			}
			var text string
			if err := json.Unmarshal(r.data[start:r.at], &text); err != nil {
				r.at = start + badEscape(r.data[start:r.at])
				return "", false
			}
			return text, true
		case b == '\\':
			plain = false
			i++ // whatever is escaped, it does not end the text
		case b < ' ':
			r.at = i
			return "", false
		}
	}
	r.at = len(r.data)
	return "", false
}

// badEscape finds the escape in a quoted text that RFC 8259 section 7 does not know.
func badEscape(quoted []byte) int {
	for i := 0; i+1 < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		if !bytes.ContainsRune([]byte(`"\/bfnrtu`), rune(quoted[i+1])) {
			return i
		}
		if quoted[i+1] == 'u' {
			if _, err := hex.DecodeString(string(quoted[i+2 : min(i+6, len(quoted))])); err != nil {
				return i
			}
		}
		i++
	}
	return 0
}

// number reads a number by the grammar of RFC 8259 section 6 and keeps it as it is written.
func (r *jsonReader) number() (any, bool) {
	start := r.at
	r.digit('-', '-')
	switch {
	case r.digit('0', '0'):
	case r.digit('1', '9'):
		r.digits()
	default:
		return nil, false
	}
	if r.digit('.', '.') && !r.digits() {
		return nil, false
	}
	if r.digit('e', 'e') || r.digit('E', 'E') {
		if !r.digit('+', '+') {
			r.digit('-', '-')
		}
		if !r.digits() {
			return nil, false
		}
	}
	return json.Number(r.data[start:r.at]), true
}

// digit goes past one byte of a range.
func (r *jsonReader) digit(from, to byte) bool {
	if r.at == len(r.data) || r.data[r.at] < from || r.data[r.at] > to {
		return false
	}
	r.at++
	return true
}

// digits goes past one digit or more.
func (r *jsonReader) digits() bool {
	start := r.at
	for r.digit('0', '9') {
	}
	return r.at > start
}
