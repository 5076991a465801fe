package syntax

// keyEnd is the offset of the colon that ends the key at the position, -1 if the line begins with no key.
func (p *parser) keyEnd() int { return keyEnd(p.src, p.pos, false) }

// keyEnd finds the colon of the key that begins at i. With plainOnly the line continues a plain scalar, where quotes
// and brackets are text.
func keyEnd(s string, i int, plainOnly bool) int {
	for !plainOnly && i < len(s) && (s[i] == '&' || s[i] == '!') {
		prop := i
		for i < len(s) && !isBlank(s[i]) && !isBreak(s[i]) && !(s[prop] == '&' && colonAt(s, i)) {
			i++
		}
		i = skipBlanks(s, i)
		if colonAt(s, i) {
			return i // the key has an anchor or a tag, and no text
		}
	}
	if i >= len(s) || isBreak(s[i]) {
		return -1
	}
	end := -1
	switch c := s[i]; {
	case plainOnly:
	case c == '"' || c == '\'':
		e, ok := closingQuote(s[:lineEnd(s, i)], i)
		if !ok {
			return -1
		}
		end = e
	case c == '[' || c == '{' && !(i+1 < len(s) && s[i+1] == '{'):
		end = bracketEnd(s, i)
		if end < 0 {
			return -1
		}
	case c == '*':
		end = i + 1
		for end < len(s) && !isBlank(s[end]) && !isBreak(s[end]) && s[end] != ':' {
			end++
		}
	case c == '|' || c == '>' || c == '#' || c == ']' || c == '}' || c == ',':
		return -1
	case (c == '-' || c == '?') && (i+1 >= len(s) || isBlank(s[i+1]) || isBreak(s[i+1])):
		return -1
	}
	if end >= 0 {
		end = skipBlanks(s, end)
		if colonAt(s, end) {
			return end
		}
		return -1
	}
	for j := i; j < len(s) && !isBreak(s[j]); j++ {
		switch s[j] {
		case ':':
			if colonAt(s, j) {
				return j
			}
		case '#':
			if j > i && isBlank(s[j-1]) {
				return -1
			}
		}
	}
	return -1
}

// colonAt reports whether a colon that ends a key stands at i.
func colonAt(s string, i int) bool {
	return i < len(s) && s[i] == ':' && (i+1 >= len(s) || isBlank(s[i+1]) || isBreak(s[i+1]))
}

// bracketEnd is the offset behind the bracket that closes the one at i on the same line, -1 without one.
func bracketEnd(s string, i int) int {
	depth := 0
	for e := lineEnd(s, i); i < e; i++ {
		switch s[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			j, ok := closingQuote(s[:e], i)
			if !ok {
				return -1
			}
			i = j - 1
		}
	}
	return -1
}

// endsWord reports whether a blank, a line break or the end stands at i.
func endsWord(s string, i int) bool { return i >= len(s) || isBlank(s[i]) || isBreak(s[i]) }
