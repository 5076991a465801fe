package syntax

import (
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// plain reads a plain scalar in block context; its further lines stand deeper than n.
func (p *parser) plain(n int) *node {
	start := p.pos
	e := p.contentEnd(p.pos)
	if c := nestedColon(p.src, p.pos, e); c >= 0 {
		f := p.errorf(start, e, CodeSyntax,
			"A value cannot hold a colon and a blank unless it is quoted: YAML reads %q as a second key. Put the value in quotes.",
			clip(p.src[start:c+1]))
		f.Fix = quoteFix(p.src, start, e)
		return p.restOfLine(e)
	}
	lineStop := lineEnd(p.src, e)
	commented := skipBlanks(p.src, e) < lineStop
	last := e
	for i := lineStop; !commented && i < len(p.src); {
		i += breakLen(p.src, i)
		bol := i
		for i < len(p.src) && p.src[i] == ' ' {
			i++
		}
		c := i - bol
		i = skipBlanks(p.src, i)
		if i >= len(p.src) || isBreak(p.src[i]) {
			i = lineEnd(p.src, i)
			continue
		}
		if c <= n || p.src[i] == '#' || keyEnd(p.src, i, true) >= 0 {
			break
		}
		p.bol = bol
		last = p.contentEnd(i)
		i = lineEnd(p.src, last)
		commented = skipBlanks(p.src, last) < i
	}
	node := p.node(Scalar, Plain, start, last)
	if last == e {
		node.value, node.flags = p.src[start:e], flagExact
	} else {
		d := decoder{}
		raw := p.src[start:last]
		d.plain(raw)
		node.value = string(d.out)
		node.ext().raw = raw
		p.adjust = 0
	}
	node.tag = plainTag(node.value)
	p.pos = last
	p.toLineEnd()
	return node
}

// nestedColon is the offset of a colon that would make a key of the text before it, -1 if there is none.
func nestedColon(s string, i, e int) int {
	for ; i < e; i++ {
		if colonAt(s, i) {
			return i
		}
	}
	return -1
}

// quoted reads a quoted scalar. One that is not closed ends with its line, or with the last of the deeper lines below it
// that look like text.
func (p *parser) quoted(n int) *node {
	start, q := p.pos, p.src[p.pos]
	style := SingleQuoted
	if q == '"' {
		style = DoubleQuoted
	}
	end, ok := closingQuote(p.src, start)
	if !ok {
		p.open = append(p.open, opening{start, q})
	}
	if ok && strings.ContainsAny(p.src[start:end], "\n\r") && (p.flow.tolerant || !p.mayFollow(end)) {
		ok = false
	}
	node := p.node(Scalar, style, start, end)
	if !ok {
		end = p.unclosedEnd(start, n)
		node.end = int32(end)
		node.flags |= flagUnclosed
		p.flow.failed = true
		from := start
		if ls := lastLineStart(p.src, start, end); ls > start {
			from = skipBlanks(p.src, ls)
		}
		f := p.errorf(from, end, CodeSyntax, "The text in quotes is not closed. Put a %c at its end.", q)
		f.Fix = insertFix("Close the quote with "+string(q), end, string(q))
	}
	raw := p.src[start:end]
	from, to := quotedBody(raw, ok)
	special := "\n\r'"
	if q == '"' {
		special = "\n\r\\"
	}
	if body := raw[from:to]; !strings.ContainsAny(body, special) {
		node.value = body
		node.flags |= flagExact
	} else {
		d := decoder{}
		d.scalar(node, raw)
		node.value = string(d.out)
		node.ext().raw = raw
		if q == '"' && ok { // the last escape of what is not closed may be half of one
			p.checkEscapes(start, raw)
		}
	}
	if ok {
		p.continued(start, end, n)
	}
	node.tag = TagStr
	p.moveTo(end)
	return node
}

// continued warns of the lines of a quoted text that stand less deep than a value of a parent at column n has to.
func (p *parser) continued(start, end, n int) {
	if p.flow.depth > 0 {
		n = p.flow.column
	}
	src := p.src[:end] // a line may go on for long behind the quote
	for i := lineEnd(src, start); i < end; i = lineEnd(src, i) {
		i += breakLen(src, i)
		bol := i
		for i < end && src[i] == ' ' {
			i++
		}
		if c := skipBlanks(src, i); i-bol <= n && c < end && !isBreak(src[c]) {
			p.shallow(bol, c, n)
		}
	}
}

// moveTo sets the position, and the line that it is on.
func (p *parser) moveTo(i int) {
	if ls := lastLineStart(p.src, p.pos, i); ls > p.pos {
		p.bol, p.adjust = ls, 0
	}
	p.pos = i
}

// lastLineStart is where the line of i begins, or from if that is on the same line.
func lastLineStart(s string, from, i int) int {
	for j := i; j > from; j-- {
		if isBreak(s[j-1]) {
			return j
		}
	}
	return from
}

// closingQuote is the offset behind the quote that closes the one at i; without one, the end of s.
func closingQuote(s string, i int) (int, bool) {
	q := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\' && q == '"':
			i++
		case s[i] == q:
			if q == '\'' && i+1 < len(s) && s[i+1] == '\'' {
				i++
				continue
			}
			return i + 1, true
		}
	}
	return len(s), false
}

// mayFollow reports whether what stands at i may follow a value that ends there.
func (p *parser) mayFollow(i int) bool {
	j := skipBlanks(p.src, i)
	if j >= len(p.src) || isBreak(p.src[j]) || p.src[j] == '#' {
		return true
	}
	if p.flow.depth > 0 {
		return strings.IndexByte(",]}:", p.src[j]) >= 0
	}
	return false
}

// unclosedEnd is where an unclosed quote at i is taken to end.
func (p *parser) unclosedEnd(i, n int) int {
	end := trimBlanks(p.src, i+1, lineEnd(p.src, i))
	if p.flow.depth > 0 {
		// The brackets at the end of the line rather close the collection than belong to the text.
		for open := p.flow.depth - 1; open > 0 && end > i+1 && (p.src[end-1] == ']' || p.src[end-1] == '}'); open-- {
			end = trimBlanks(p.src, i+1, end-1)
		}
		return end
	}
	for j := lineEnd(p.src, i); j < len(p.src); {
		j += breakLen(p.src, j)
		bol := j
		j = skipBlanks(p.src, j)
		if j >= len(p.src) || isBreak(p.src[j]) {
			continue
		}
		if j-bol <= n || p.src[j] == '#' || p.src[j] == '-' || keyEnd(p.src, j, true) >= 0 {
			break
		}
		e := lineEnd(p.src, j)
		end = trimBlanks(p.src, j, e)
		j = e
	}
	return end
}

func (p *parser) checkEscapes(start int, raw string) {
	for i := 1; i < len(raw)-1; i++ {
		if raw[i] != '\\' {
			continue
		}
		if isBreak(raw[i+1]) {
			continue
		}
		_, n, ok := escape(raw[i:])
		if !ok && raw[i+1] == '\'' {
			f := p.warnf(start+i, start+i+n, CodeSyntax,
				"%s is no escape of YAML, and some YAML readers refuse it. Write the single quote alone: it needs no backslash here.", raw[i:i+n])
			f.Fix = &Fix{Title: "Remove the backslash", Edits: []text.Edit{{Span: text.Span{Start: start + i, End: start + i + 1}}}}
		} else if !ok {
			p.errorf(start+i, start+i+n, CodeSyntax,
				"%s is no escape that YAML knows. Write \\\\ for a backslash, or use single quotes.", raw[i:i+n])
		}
		i += n - 1
	}
}

// blockScalar reads a literal or folded scalar whose parent stands at column n.
func (p *parser) blockScalar(n int) *node {
	start, style := p.pos, Literal
	if p.peek(0) == '>' {
		style = Folded
	}
	p.pos++
	explicit := 0
	for ; !p.blankAt(0); p.pos++ {
		c := p.peek(0)
		if c >= '1' && c <= '9' && explicit == 0 {
			explicit = int(c - '0')
		} else if c != '+' && c != '-' {
			break
		}
	}
	head := p.pos
	if rest := skipBlanks(p.src, p.pos); !p.blankAt(0) || rest < lineEnd(p.src, p.pos) && p.src[rest] != '#' {
		e := p.contentEnd(p.pos)
		f := p.errorf(start, e, CodeSyntax,
			"Only + or - and a number may follow the %c of a block of text. Begin the text on the next line, or put the value in quotes.",
			p.src[start])
		f.Fix = quoteFix(p.src, start, e)
	}
	p.toLineEnd()
	indent := max(n, 0) + explicit
	if explicit == 0 {
		indent = p.contentIndent(n)
	}
	end, rawEnd := head, p.pos
	i := p.pos
	for i < len(p.src) {
		i += breakLen(p.src, i)
		rawEnd = i
		bol := i
		for i < len(p.src) && i-bol < indent && p.src[i] == ' ' {
			i++
		}
		e := lineEnd(p.src, i)
		if i-bol < indent && i < e {
			if p.src[i] == '\t' && skipBlanks(p.src, i) == e {
				f := p.errorf(i, e, CodeTab, "A tab stands where this block of text is indented, and YAML allows only spaces there. Remove it.")
				f.Fix = &Fix{Title: "Remove the tab", Edits: []text.Edit{{Span: text.Span{Start: i, End: e}}}}
			}
			if p.src[i] != '\t' || strings.TrimLeft(p.src[i:e], " \t") != "" {
				rawEnd = bol
				i = bol
				break
			}
		}
		if e > i {
			end = e
		}
		p.bol = bol
		i = e
		rawEnd = e
	}
	node := p.node(Scalar, style, start, end)
	node.indent, node.tag = int32(indent), TagStr
	raw := p.src[start:rawEnd]
	d := decoder{}
	d.block(raw, indent)
	node.value = string(d.out)
	node.ext().raw = raw
	p.pos, p.adjust = rawEnd, 0
	if rawEnd > 0 && isBreak(p.src[rawEnd-1]) {
		p.bol = rawEnd
	}
	return node
}

// contentIndent is the column of the first line with text below the position, or of a deeper line of blanks before it;
// at least one deeper than n.
func (p *parser) contentIndent(n int) int {
	most := 0
	deepest := 0 // where the deepest line of blanks begins
	for i := lineEnd(p.src, p.pos); i < len(p.src); {
		i += breakLen(p.src, i)
		bol := i
		for i < len(p.src) && p.src[i] == ' ' {
			i++
		}
		if i < len(p.src) && !isBreak(p.src[i]) {
			if c := i - bol; c > n && c < most && p.src[i] != '\t' {
				f := p.errorf(deepest, deepest+most, CodeIndent,
					"This empty line stands deeper than the text below it, of which it is the first line. Remove its blanks.")
				f.Fix = &Fix{Title: "Remove the blanks", Edits: []text.Edit{{Span: text.Span{Start: deepest, End: deepest + most}}}}
				return c
			}
			most = max(most, i-bol)
			break
		}
		if i-bol > most {
			most, deepest = i-bol, bol
		}
	}
	return max(most, n+1)
}
