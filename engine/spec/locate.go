package spec

import (
	"slices"
	"sync"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// Locate finds where a key path of the test stands, such as ["query", "limit"] or ["headers", "Accept"]: the span of the
// value and of its key, or of the nearest place above that the user wrote. The whole test is its head. Spans count from
// where the test does.
func (t *Test) Locate(at []string) (value, key text.Span) {
	if len(at) == 0 {
		return t.Head, text.Span{}
	}
	switch {
	case at[0] == "method" && t.Form != FormFull && t.Method.Present():
		return t.Method.Span(), text.Span{}
	case at[0] == "resource" && t.Form != FormFull && t.Resource.Present():
		return t.Resource.Span(), text.Span{}
	case at[0] == "expect" && t.Form == FormLine:
		return t.Expect.SpanOf(at[1:]), text.Span{}
	}
	entries := t.Entries()
	e, ok := entryOf(entries, at[0])
	used := 1
	if !ok {
		e, used = find(entries, at)
	}
	if used == 0 {
		return t.Head, text.Span{}
	}
	value, key = Locate(e.Value, at[used:])
	if key.IsEmpty() && value == e.Value.Span() {
		key = e.Key.Span()
	}
	if e.Value.Omitted() {
		value = e.Key.Span()
	}
	return value, key
}

// LocateAssertion is where an assertion stands, absolute: the key that it judges, under `expect` or, where its path says so,
// under `retry.until`. It is false where the test has none of that.
func (t TestAt) LocateAssertion(at []string) (place text.Span, ok bool) {
	e := t.Expect
	if len(at) >= 2 && at[0] == "retry" && at[1] == "until" {
		e, at = nil, at[2:]
		if t.Retry != nil {
			e = t.Retry.Until
		}
	}
	if e == nil {
		return text.Span{}, false
	}
	value, key := e.Locate(at)
	if key.IsEmpty() {
		key = value
	}
	return t.Abs(key), true
}

// LocateField is the place of a field that a plugin names, absolute: its value, its key where it has no value, or the
// nearest place above that the user wrote. exact says that it is the value of that very field.
func (t TestAt) LocateField(at []string) (place text.Span, exact bool) {
	value, key := t.Locate(at)
	e, ok := t.entryAt(at)
	if ok && !e.Value.Omitted() && !e.Value.Foreign() && e.Value.Kind() != syntax.Alias {
		return t.Abs(value), true
	}
	if !ok && t.Form != FormFull && len(at) == 1 && (at[0] == "method" || at[0] == "resource") {
		return t.Abs(value), !value.IsEmpty()
	}
	if value.IsEmpty() {
		value = key
	}
	return t.Abs(value), false
}

// KeyAt is the key node at the end of a path of keys, the language's or a plugin's, if the user wrote it in the test itself.
func (t *Test) KeyAt(path []string) (syntax.Node, bool) {
	e, ok := t.entryAt(path)
	if !ok || e.Key.Foreign() {
		return syntax.Node{}, false
	}
	return e.Key, true
}

// entryAt is the entry that a whole path leads to.
func (t *Test) entryAt(at []string) (syntax.Entry, bool) {
	entries := t.Entries()
	if len(at) == 0 || len(entries) == 0 {
		return syntax.Entry{}, false
	}
	e, used := find(entries, at)
	for used > 0 && len(at) > used {
		at = at[used:]
		e, used = step(e.Value.Resolve(), at)
	}
	return e, used > 0
}

// entryOf finds an entry by its exact key.
func entryOf(entries []syntax.Entry, name string) (syntax.Entry, bool) {
	for _, e := range entries {
		if e.Key.Resolve().Value() == name {
			return e, true
		}
	}
	return syntax.Entry{}, false
}

// memo keeps what was computed from a test or a file, see Remember. It holds a few values, so a list is all it takes.
type memo struct {
	mu     sync.Mutex
	values []remembered // guarded by mu
}

type remembered struct{ key, value any }

// Remember returns what was computed from the test under a key, as long as it fits; else it computes it anew. What is
// remembered lives as long as the test, so that a test which an edit leaves alone is not looked at again. The key's type
// belongs to the caller, as that of a context's value.
func (t *Test) Remember(key any, fits func(v any) bool, compute func() any) any {
	return t.memo.remember(key, fits, compute)
}

// Recall is what was remembered last under a key; nil where nothing was.
func (t *Test) Recall(key any) any { return t.memo.get(key) }

// Evolve is what was computed from the whole file under a key. next gets what was computed last from this version of the
// file, or else from an earlier one that it was edited from, and nil where there is nothing; it returns what fits this
// version, which may be the same. The key's type belongs to the caller.
func (f *File) Evolve(key any, next func(old any) any) any {
	v := next(f.values.get(key))
	f.values.set(key, v)
	return v
}

func (m *memo) get(key any) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.values {
		if m.values[i].key == key {
			return m.values[i].value
		}
	}
	return nil
}

func (m *memo) set(key, v any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.values {
		if m.values[i].key == key {
			m.values[i].value = v
			return
		}
	}
	m.values = append(m.values, remembered{key, v})
}

func (m *memo) all() []remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.values)
}

func (m *memo) remember(key any, fits func(v any) bool, compute func() any) any {
	if v := m.get(key); v != nil && fits(v) {
		return v
	}
	v := compute()
	m.set(key, v)
	return v
}
