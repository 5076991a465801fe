package expect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
)

// eventItem is one item of `events`.
type eventItem struct {
	at    []string
	raw   any
	kind  string
	data  []check
	count matcher // nil means at least one
	// broken keeps an item with a problem from being met.
	broken matcher
}

// events reads the list of expected events.
func (p *reader) events(raw any, at []string) []eventItem {
	raw = value.Unwrap(raw)
	items, ok := value.Items(raw)
	if !ok {
		if isOpaque(raw) {
			return nil
		}
		problem := Problem{
			At: at, Severity: Fatal, Code: CodeEvents,
			Message: fmt.Sprintf("`events` must be a list of {kind, data, count}, not %s", value.KindOf(raw)),
		}
		if value.KindOf(raw) != value.KindNull {
			problem.Fix = "[" + flow(raw) + "]"
		}
		p.add(problem)
		return nil
	}
	list := make([]eventItem, len(items))
	for i, item := range items {
		list[i] = p.eventItem(value.Unwrap(item), append(slices.Clone(at), strconv.Itoa(i)))
	}
	return list
}

func (p *reader) eventItem(raw any, at []string) eventItem {
	item := eventItem{at: at, raw: raw}
	if text, ok := value.String(raw); ok && text != "" {
		item.kind = strings.TrimSpace(text) // `- Sent` is short for `- kind: Sent`
		return item
	}
	entries, ok := value.Entries(raw)
	if !ok {
		item.broken = p.fatal(at, CodeEvents, "an event is {kind, data, count} or the name of a kind, not %s", value.KindOf(raw))
		return item
	}
	for _, key := range value.Keys(entries) {
		v, below := entries[key], append(slices.Clone(at), key)
		head, rest, dotted := cutKey(key)
		switch {
		case key == "kind":
			text, ok := scalar(value.Unwrap(v))
			if !ok {
				item.broken = p.fatal(below, CodeEvents, "`kind` wants text, not %s", value.KindOf(v))
			}
			item.kind = strings.TrimSpace(text)
		case key == "data":
			p.entries(v, below, "paths", "", func(name string, v any, at []string) {
				item.data = append(item.data, p.body(name, v, at))
			})
		case key == "count":
			item.count = p.count(v, below)
		case dotted && head == "data":
			item.data = append(item.data, p.body(rest, v, below))
		default:
			p.unknownKey(key, head, below, EventKeys, "events")
		}
	}
	if item.kind == "" && item.broken == nil {
		item.broken = p.fatal(at, CodeEvents, "the event has no `kind`")
	}
	return item
}

// count reads how many events there must be. Only numbers make sense.
func (p *reader) count(raw any, at []string) matcher {
	m := p.expectation(raw, at)
	switch m := m.(type) {
	case equal:
		if d, ok := value.Numeric(m.want); !isOpaque(m.want) && (!ok || !d.IsInt()) {
			return p.invalid(at, CodeOperand, "`count` wants a whole number or a comparison such as \">= 2\", not %s", p.brief(m.want))
		}
	case compare, all, oneOf, notEqual, invalid:
	default:
		return p.invalid(at, CodeOperand, "`count` wants a whole number or a comparison such as \">= 2\", not %s", p.brief(raw))
	}
	return m
}

func (item eventItem) satisfied(n int) bool {
	if item.broken != nil {
		return false
	}
	if item.count == nil {
		return n > 0
	}
	return len(item.count.match(countSubject(n))) == 0
}

func countSubject(n int) subject {
	return subject{value: json.Number(strconv.Itoa(n)), found: true}
}

func (item eventItem) named(e Event) bool {
	return item.kind == e.Kind || item.kind == e.Plugin+"."+e.Kind
}

// mismatches holds the data of an event against the item.
func (item eventItem) mismatches(e Event, redact func(string) string) []Mismatch {
	var out []Mismatch
	for _, c := range item.data {
		s := walked(c.path, e.Data, "data")
		s.redact = redact
		for _, m := range c.want.match(s) {
			m.At = append(slices.Clone(c.at), m.At...)
			m.Path = joinPath("data", c.name) + m.Path
			m.Message = m.Path + ": " + m.Message
			out = append(out, m)
		}
	}
	return out
}

func (item eventItem) matches(e Event) bool {
	return item.broken == nil && item.named(e) && len(item.mismatches(e, nil)) == 0
}

// evaluateEvents holds the items against the events in order. An event counts for the item under way until that has what
// it needs; from then on the first event that suits the next item belongs to that one. Events that suit neither are
// passed over.
func evaluateEvents(items []eventItem, r Response) []Assertion {
	counts := make([]int, len(items))
	at := 0
	for _, e := range r.Events {
		if at == len(items) {
			break
		}
		here := items[at].matches(e)
		done := items[at].satisfied(counts[at])
		next := nextItem(items, at, e)
		switch {
		case here && !done:
			counts[at]++
		case done && next > at:
			at = next
			counts[at]++
		case here:
			counts[at]++
		}
	}
	out := make([]Assertion, len(items))
	for i, item := range items {
		out[i] = item.assertion(i, counts[i], r)
	}
	return out
}

// nextItem returns the item behind at that takes the event: the next one, or one past items that need no event at all.
// It returns at where there is none.
func nextItem(items []eventItem, at int, e Event) int {
	for i := at + 1; i < len(items); i++ {
		if items[i].matches(e) {
			return i
		}
		if !items[i].satisfied(0) {
			break
		}
	}
	return at
}

// assertion words the outcome of one item.
func (item eventItem) assertion(i, count int, r Response) Assertion {
	a := Assertion{
		At: item.at, Path: fmt.Sprintf("events.%d", i), Expected: value.Unwrap(item.raw), Passed: item.satisfied(count),
		Actual: countSubject(count).value,
	}
	a.Expression = a.Path + " = " + value.Text(item.raw)
	if a.Passed {
		return a
	}
	prefix := a.Path + ": "
	if item.broken != nil {
		a.Message = prefix + item.broken.match(subject{})[0].Message
		return a
	}
	var kinds []string
	var near []Mismatch
	named := false
	for _, e := range r.Events {
		kinds = append(kinds, e.Kind)
		if !item.named(e) {
			continue
		}
		named = true
		if near == nil {
			near = item.mismatches(e, r.Redact)
			a.Actual = value.Unwrap(e.Data)
		}
	}
	if !named {
		a.Actual = kinds
	}
	seen := "no events"
	if len(kinds) > 0 {
		seen = strings.Join(kinds[:min(len(kinds), 20)], ", ")
	}
	switch {
	case count > 0:
		a.Actual = countSubject(count).value
		a.Message = prefix + strings.Replace(item.count.match(countSubject(count))[0].Message, "expected ", "expected count ", 1)
	case len(near) > 0:
		a.Mismatches = near
		a.Message = fmt.Sprintf("%sno `%s` meets it; the nearest differs in %s", prefix, item.kind, joinMessages(near))
	case !named:
		a.Message = fmt.Sprintf("%sexpected an event `%s`, got %s", prefix, item.kind, seen)
	default:
		a.Message = fmt.Sprintf("%sexpected an event `%s` behind those of the items before it; the order was %s", prefix, item.kind, seen)
	}
	return a
}

// record turns events into a value that paths can walk.
func record(events []Event) []any {
	list := make([]any, len(events))
	for i, e := range events {
		list[i] = map[string]any{"plugin": e.Plugin, "kind": e.Kind, "data": e.Data}
	}
	return list
}

// walked follows a path and says what is missing.
func walked(p path.Path, v any, label string) subject {
	found, err := p.Walk(v, path.Options{Label: label})
	if err != nil {
		return subject{why: err.Error()}
	}
	return subject{value: found, found: true}
}
