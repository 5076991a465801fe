package interchange

import "strings"

// While another tool's text is read, its variables stand as name between two characters that no text holds (Unicode's
// noncharacters), so that a template can be told from braces that the text has of itself.
const (
	variableStart = "\ufdd0"
	variableEnd   = "\ufdd1"
)

// marked is the mark of a variable of the environment in text that is still being read.
func marked(name string) string { return variableStart + name + variableEnd }

// withoutMarks takes the marks out of text that comes from outside.
var withoutMarks = strings.NewReplacer(variableStart, "\ufffd", variableEnd, "\ufffd")

// literal writes foreign text in the language of specs, where two opening braces begin a template.
func literal(s string) string { return strings.ReplaceAll(s, "{{", "{{ regex('[{][{]') }}") }

// eachPart writes text that is still being read anew: its literal parts through text, its variables through variable.
func eachPart(s string, text, variable func(string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, variableStart)
		b.WriteString(text(before))
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, variableEnd)
		b.WriteString(variable(name))
		s = after
	}
}

// templated writes text that was read in the language of specs: marks as templates, all else as the text it is.
func templated(s string) string {
	s = strings.ReplaceAll(literal(s), "{"+variableStart, "{{ regex('[{]') }}"+variableStart) // "{{{" begins a template one brace too early
	return eachPart(s, func(text string) string { return text }, func(name string) string { return "{{ env." + name + " }}" })
}

// wholeVariable is the name of the variable that a text consists of.
func wholeVariable(s string) (name string, ok bool) {
	inner, ok := strings.CutPrefix(s, variableStart)
	if !ok {
		return "", false
	}
	name, after, _ := strings.Cut(inner, variableEnd)
	return name, after == ""
}
