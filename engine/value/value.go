package value

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Literal wraps a value that came out of a response or a generator, so that its text is never read as an operator: a
// saved title "is it done?" is a title and not a type check.
type Literal struct{ Value any }

// Unwrap returns the value inside a Literal, and any other value as it is.
func Unwrap(v any) any {
	for {
		l, ok := v.(Literal)
		if !ok {
			return v
		}
		v = l.Value
	}
}

// Kind is the JSON kind of a value.
type Kind uint8

// The kinds of values. Unknown is a Go value that JSON has no kind for, such as a function.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindText
	KindList
	KindObject
	KindUnknown
)

var kindNames = [...]string{"null", "a bool", "a number", "text", "a list", "an object", "an unknown value"}

// String names the kind for use in a sentence, with its article.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[KindUnknown]
}

// KindOf says which kind v has.
func KindOf(v any) Kind {
	switch v := v.(type) {
	case nil:
		return KindNull
	case Literal:
		return KindOf(Unwrap(v))
	case bool:
		return KindBool
	case json.Number, int, int64, float64, uint64:
		return KindNumber
	case string:
		return KindText
	case []any, []string:
		return KindList
	case map[string]any, map[string]string, map[string][]string:
		return KindObject
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Bool:
		return KindBool
	case reflect.String:
		return KindText
	case reflect.Slice, reflect.Array:
		return KindList
	case reflect.Map:
		if r.Type().Key().Kind() == reflect.String {
			return KindObject
		}
	}
	if r.CanInt() || r.CanUint() || r.CanFloat() {
		return KindNumber
	}
	return KindUnknown
}

// Items returns the elements of a list; ok is false where v is no list. A []any is returned itself, so it must not be
// written to.
func Items(v any) (items []any, ok bool) {
	switch v := Unwrap(v).(type) {
	case []any:
		return v, true
	case []string:
		items = make([]any, len(v))
		for i, s := range v {
			items[i] = s
		}
		return items, true
	default:
		if KindOf(v) != KindList {
			return nil, false
		}
		r := reflect.ValueOf(v)
		items = make([]any, r.Len())
		for i := range items {
			items[i] = r.Index(i).Interface()
		}
		return items, true
	}
}

// Entries returns the entries of an object; ok is false where v is no object. A map[string]any is returned itself, so
// it must not be written to.
func Entries(v any) (entries map[string]any, ok bool) {
	switch v := Unwrap(v).(type) {
	case map[string]any:
		return v, true
	case map[string]string:
		entries = make(map[string]any, len(v))
		for k, s := range v {
			entries[k] = s
		}
		return entries, true
	default:
		if KindOf(v) != KindObject {
			return nil, false
		}
		r := reflect.ValueOf(v)
		entries = make(map[string]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			entries[it.Key().String()] = it.Value().Interface()
		}
		return entries, true
	}
}

// Keys returns the keys of an object, sorted; nil where v is no object.
func Keys(v any) []string {
	entries, ok := Entries(v)
	if !ok {
		return nil
	}
	keys := make([]string, 0, len(entries))
	for k := range entries {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// String returns the text that v is; ok is false where v is no text.
func String(v any) (text string, ok bool) {
	switch v := Unwrap(v).(type) {
	case string:
		return v, true
	case json.Number:
		return "", false
	default:
		r := reflect.ValueOf(v)
		if r.Kind() == reflect.String {
			return r.String(), true
		}
		return "", false
	}
}

// Text prints v as it stands inside other text: text without quotes, everything else as JSON. Integers are exact and
// never in exponent form.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	}
	if s, ok := String(v); ok {
		return s
	}
	return JSON(v)
}

// JSON prints v as compact JSON with sorted keys and without escaping of HTML characters. What JSON cannot say is
// printed as null.
func JSON(v any) string {
	var b bytes.Buffer
	writeJSON(&b, v, 0, math.MaxInt)
	return b.String()
}

// maxDepth bounds the recursion over values. JSON decoders stop at the same depth.
const maxDepth = 10_000

// writeJSON stops soon after limit bytes; what it then leaves is cut off JSON.
func writeJSON(b *bytes.Buffer, v any, depth, limit int) {
	v = Unwrap(v)
	if b.Len() > limit {
		return
	}
	if depth > maxDepth {
		b.WriteString("null")
		return
	}
	switch KindOf(v) {
	case KindBool:
		b.WriteString(strconv.FormatBool(reflect.ValueOf(v).Bool()))
	case KindNumber:
		b.WriteString(numberText(v))
	case KindText:
		s, _ := String(v)
		writeQuoted(b, s)
	case KindList:
		items, _ := Items(v)
		b.WriteByte('[')
		for i, item := range items {
			if b.Len() > limit {
				break
			}
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, item, depth+1, limit)
		}
		b.WriteByte(']')
	case KindObject:
		entries, _ := Entries(v)
		b.WriteByte('{')
		for i, key := range Keys(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeQuoted(b, key)
			b.WriteByte(':')
			writeJSON(b, entries[key], depth+1, limit)
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

func writeQuoted(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	b.Truncate(b.Len() - 1)
}

// numberText prints a number. Whole numbers in exponent form are written out, as long as that stays short.
func numberText(v any) string {
	s := rawNumber(v)
	if !strings.ContainsAny(s, "eE") {
		return s
	}
	d, ok := ParseDecimal(s)
	if !ok {
		return s
	}
	if d.IsInt() && d.exp <= 400 {
		return d.String()
	}
	return s
}

// rawNumber is the decimal text of a number of any Go type, or "null" for what is not a JSON number (NaN, infinities).
func rawNumber(v any) string {
	switch v := v.(type) {
	case json.Number:
		if _, ok := ParseDecimal(v.String()); !ok {
			return "null"
		}
		return v.String()
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10)
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10)
	case r.CanFloat():
		b, err := json.Marshal(v)
		if err != nil {
			return "null"
		}
		return string(b)
	}
	return "null"
}

// Brief prints v as JSON for a message, cut to at most limit bytes.
func Brief(v any, limit int) string { return BriefRedacted(v, limit, nil) }

// redactWindow is how far behind the cut a secret may reach and still be recognised.
const redactWindow = 64 << 10

// BriefRedacted is Brief with redact applied before the cut, since nobody can recognise half a secret. A nil redact
// leaves the text as it is.
func BriefRedacted(v any, limit int, redact func(string) string) string {
	var b bytes.Buffer
	window := limit
	if redact != nil {
		window += redactWindow
	}
	writeJSON(&b, v, 0, window)
	s := b.String()
	if redact != nil {
		s = redact(s)
	}
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
