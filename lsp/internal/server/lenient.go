package server

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// lenient is JSON from a peer that may have got any part of it wrong: what is missing or of another type counts as absent,
// so that one bad field costs that field and nothing else.
type lenient struct{ v any }

func parseLenient(raw []byte) lenient {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return lenient{}
	}
	return lenient{v}
}

// at follows the keys of nested objects.
func (l lenient) at(path ...string) lenient {
	v := l.v
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return lenient{}
		}
		v = m[key]
	}
	return lenient{v}
}

func (l lenient) isObject() bool { _, ok := l.v.(map[string]any); return ok }

func (l lenient) true() bool { b, _ := l.v.(bool); return b }

// false reports whether there is the value false: absence is something else.
func (l lenient) false() bool { b, ok := l.v.(bool); return ok && !b }

func (l lenient) text() string { s, _ := l.v.(string); return s }

func (l lenient) list() []lenient {
	items, _ := l.v.([]any)
	out := make([]lenient, 0, len(items))
	for _, item := range items {
		out = append(out, lenient{item})
	}
	return out
}

func (l lenient) texts() []string {
	var out []string
	for _, item := range l.list() {
		if s := item.text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (l lenient) integer() (int, bool) {
	n, _ := l.v.(json.Number)
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}

// duration reads "2s" or a number of milliseconds.
func (l lenient) duration() (time.Duration, bool) {
	if ms, ok := l.integer(); ok && ms >= 0 {
		return time.Duration(ms) * time.Millisecond, true
	}
	d, err := time.ParseDuration(l.text())
	return d, err == nil && d >= 0
}
