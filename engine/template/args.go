package template

import "strings"

// scanArgs reads the arguments of a call up to and with its closing parenthesis; i is behind the opening one. ok is false
// where there is no closing one before end; the arguments read so far are returned then too.
func scanArgs(s string, i, end int, isPattern bool) (args []Arg, next int, ok bool) {
	if isPattern {
		return scanPattern(s, i, end)
	}
	i = skipBlanks(s, i, end)
	if i < end && s[i] == ')' {
		return nil, i + 1, true
	}
	for {
		i = skipBlanks(s, i, end)
		arg, next, closed := scanQuoted(s, i, end)
		if !closed {
			arg, next = scanBare(s, i, end)
		}
		args = append(args, arg)
		i = skipBlanks(s, next, end)
		switch {
		case i < end && s[i] == ',':
			i++
		case i < end && s[i] == ')':
			return args, i + 1, true
		default:
			return args, end, false
		}
	}
}

func skipBlanks(s string, i, end int) int {
	for i < end && blank(s[i]) {
		i++
	}
	return i
}

// scanQuoted reads a quoted argument at i. closed is false where there is none: no quote at i, or one that nothing closes
// right before a comma or parenthesis, which is then plain text, as in Replace(', x).
func scanQuoted(s string, i, end int) (arg Arg, next int, closed bool) {
	if i >= end || s[i] != '\'' && s[i] != '"' {
		return arg, i, false
	}
	quote := s[i]
	var text strings.Builder
	for j := i + 1; j < end; j++ {
		switch {
		case s[j] == '\\' && j+1 < end:
			j++
			text.WriteString(unescape(s[j]))
		case s[j] == quote:
			after := skipBlanks(s, j+1, end)
			if after < end && s[after] != ',' && s[after] != ')' {
				return arg, i, false
			}
			return Arg{Span: spanOf(i, j+1), Text: text.String(), Quoted: true}, j + 1, true
		default:
			text.WriteByte(s[j])
		}
	}
	return arg, i, false
}

// unescape decodes the character behind a backslash. Unknown escapes stay as written.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '\\', '\'', '"':
		return string(c)
	}
	return `\` + string(c)
}

// scanBare reads an argument without quotes: up to a comma or the closing parenthesis. It never crosses double
// braces.
func scanBare(s string, i, end int) (arg Arg, next int) {
	depth := 0
	j := i
scan:
	for ; j < end; j++ {
		switch {
		case s[j] == '(':
			depth++
		case s[j] == ')':
			if depth == 0 {
				break scan
			}
			depth--
		case s[j] == ',' && depth == 0, strings.HasPrefix(s[j:end], "}}"), strings.HasPrefix(s[j:end], "{{"):
			break scan
		}
	}
	span := trim(s, spanOf(i, j))
	arg = Arg{Span: span, Text: s[span.Start:span.End]}
	if arg.Text != "" && (arg.Text[0] == '"' || arg.Text[0] == '\'') && j == end {
		arg.Quoted = true // being typed
		arg.Text = arg.Text[1:]
	}
	return arg, j
}

// scanPattern reads the one argument of regex(…). The pattern stays as written: backslashes belong to it, and in quotes
// it may hold parentheses and even its own quote, since only a quote before the end of the call closes it.
func scanPattern(s string, i, end int) (args []Arg, next int, ok bool) {
	i = skipBlanks(s, i, end)
	if next := strings.Index(s[i:end], "{{"); next >= 0 {
		end = i + next // another template begins there
	}
	if i < end && (s[i] == '\'' || s[i] == '"') {
		quote := s[i]
		for j := i + 1; j < end; j++ {
			if s[j] == '\\' {
				j++
				continue
			}
			if s[j] != quote {
				continue
			}
			if after := skipBlanks(s, j+1, end); after < end && s[after] == ')' && endsCall(s, after+1, end) {
				return []Arg{{Span: spanOf(i, j+1), Text: s[i+1 : j], Quoted: true}}, after + 1, true
			}
		}
		return []Arg{{Span: spanOf(i, end), Text: s[i+1 : end], Quoted: true}}, end, false
	}
	j, closed := scanBarePattern(s, i, end)
	span := trim(s, spanOf(i, j))
	if span.Start < span.End {
		args = []Arg{{Span: span, Text: s[span.Start:span.End]}}
	}
	if !closed {
		return args, end, false
	}
	return args, j + 1, true
}

// endsCall says whether what follows a call's parenthesis can follow one: the end, a dot or a bracket.
func endsCall(s string, i, end int) bool {
	i = skipBlanks(s, i, end)
	return i >= end || s[i] == '.' || s[i] == '[' || strings.HasPrefix(s[i:], "}}")
}

// scanBarePattern finds the parenthesis that closes a pattern without quotes, past groups, classes and escapes.
func scanBarePattern(s string, i, end int) (stop int, closed bool) {
	depth := 0
	closes := true // false once a class was found that nothing closes
	for j := i; j < end; j++ {
		switch s[j] {
		case '\\':
			j++
		case '[':
			if !closes {
				continue
			}
			if after := classEnd(s, j, end); after < end {
				j = after
			} else {
				closes = false
			}
		case '(':
			depth++
		case ')':
			if depth == 0 {
				return j, true
			}
			depth--
		}
	}
	return end, false
}

// classEnd returns the offset of the bracket that closes the character class at i, or end where nothing does.
func classEnd(s string, i, end int) int {
	j := i + 1
	if j < end && s[j] == '^' {
		j++
	}
	if j < end && s[j] == ']' {
		j++ // a bracket that comes first is one of the characters
	}
	for ; j < end; j++ {
		switch s[j] {
		case '\\':
			j++
		case ']':
			return j
		}
	}
	return end
}
