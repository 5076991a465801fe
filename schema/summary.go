package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// summaryLimit is how many runes of a value a summary shows.
const summaryLimit = 100

// Summarize is an event in one line: its kind and its summary with the data filled in. Without a summary the data
// stands as `name=value`, sorted by name. Nothing of it can break a line.
func (s EventSpec) Summarize(e PluginEvent) string {
	if s.Summary == "" {
		return strings.TrimSpace(e.Kind + " " + plainData(e.Data))
	}
	var b strings.Builder
	b.WriteString(e.Kind)
	b.WriteByte(' ')
	rest := s.Summary
	for {
		before, after, ok := strings.Cut(rest, "{{")
		b.WriteString(before)
		if !ok {
			break
		}
		name, tail, closed := strings.Cut(after, "}}")
		if !closed {
			b.WriteString("{{" + after)
			break
		}
		b.WriteString(summaryValue(lookup(e.Data, strings.TrimSpace(name))))
		rest = tail
	}
	return strings.TrimSpace(oneLine(b.String()))
}

// Arrow is the sign before an event: what comes in stands with the expectations, all else goes out.
func (s EventSpec) Arrow() string {
	if s.Anchor == "expect" {
		return "←"
	}
	return "→"
}

func lookup(data map[string]any, path string) any {
	if v, ok := data[path]; ok {
		return v
	}
	var at any = data
	for _, key := range strings.Split(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}

func plainData(data map[string]any) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		parts = append(parts, k+"="+summaryValue(data[k]))
	}
	return oneLine(strings.Join(parts, " "))
}

func summaryValue(v any) string {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(b)
	}
	if r := []rune(text); len(r) > summaryLimit {
		return string(r[:summaryLimit]) + "…"
	}
	return text
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
