package spec

import (
	"strings"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// call is a test's method and resource in one text, and the expected status of a one-line test, as offsets into it.
type call struct {
	method, resource, expected text.Span
	// arrow is where the arrow stands; empty where there is none.
	arrow text.Span
}

// splitCall takes `METHOD RESOURCE` and, with an arrow, `METHOD RESOURCE -> EXPECTED` apart. Blanks and arrows inside
// templates are part of the resource. ok is false where there is no second word.
func splitCall(s string, arrow bool) (c call, ok bool) {
	end := len(s)
	if arrow {
		if i := lastArrow(s); i >= 0 {
			c.arrow = text.Span{Start: i, End: i + len("->")}
			c.expected = trimmed(s, c.arrow.End, len(s))
			end = i
		}
	}
	whole := trimmed(s, 0, end)
	i := whole.Start
	for i < whole.End && !isBlank(s[i]) {
		i++
	}
	c.method = text.Span{Start: whole.Start, End: i}
	c.resource = trimmed(s, i, whole.End)
	return c, !c.method.IsEmpty() && !c.resource.IsEmpty()
}

// lastArrow is the offset of the last `->` outside of templates, -1 where there is none.
func lastArrow(s string) int {
	found, inside := -1, false
	for i := 0; i+1 < len(s); i++ {
		switch {
		case s[i:i+2] == "{{":
			inside = true
			i++
		case s[i:i+2] == "}}":
			inside = false
			i++
		case s[i:i+2] == "->" && !inside:
			found = i
			i++
		}
	}
	return found
}

// blankOutside is the offset of the first blank outside of templates, -1 where there is none.
func blankOutside(s string) int {
	inside := false
	for i := range len(s) {
		switch {
		case strings.HasPrefix(s[i:], "{{"):
			inside = true
		case strings.HasPrefix(s[i:], "}}"):
			inside = false
		case isBlank(s[i]) && !inside:
			return i
		}
	}
	return -1
}

// trimmed is the part of s between two offsets without the blanks at its ends.
func trimmed(s string, start, end int) text.Span {
	for start < end && isBlank(s[start]) {
		start++
	}
	for end > start && isBlank(s[end-1]) {
		end--
	}
	return text.Span{Start: start, End: end}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// isMethod reports whether a word is a method as the short forms want it.
func isMethod(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'A' && c <= 'Z' || i > 0 && (c >= '0' && c <= '9' || c == '_')) {
			return false
		}
	}
	return s != ""
}

// isLooseMethod is isMethod in any case.
func isLooseMethod(s string) bool { return isMethod(strings.ToUpper(s)) }

// isCompactKey reports whether a key is meant as `METHOD RESOURCE`. alone says that the map has no other key. A
// lower-case method is one too if it cannot be a field's name: what follows it begins like a resource.
func isCompactKey(key string, alone bool) bool {
	c, ok := splitCall(key, false)
	if !ok {
		return false
	}
	method, resource := key[c.method.Start:c.method.End], key[c.resource.Start:c.resource.End]
	switch {
	case isMethod(method):
		return true
	case !isLooseMethod(method):
		return false
	}
	return alone || strings.HasPrefix(resource, "/") || strings.HasPrefix(resource, "{{") || strings.Contains(resource, "://")
}

// partOf is a stretch of a scalar as a Text of its own.
func partOf(n syntax.Node, s text.Span) Text {
	r := n.Resolve()
	value := r.Value()
	t := Text{Value: value[s.Start:s.End], Node: n, part: &part{n.Span(), s.Start}}
	if n.Kind() != syntax.Alias && !r.Foreign() {
		t.part.span = text.Span{Start: r.ValueOffset(s.Start), End: r.ValueOffset(s.End)}
	}
	return t
}
