package syntax

import (
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// flowState is the state of the flow collection that is being read. The first attempt is strict and gives up at the
// first error; the second is tolerant, and keeps to the lines that can belong to the collection.
type flowState struct {
	depth    int
	tolerant bool
	failed   bool
	ended    bool // the strict attempt met the end of the piece
	missing  bool // the tolerant attempt saw entries without a comma between them
	spare    int  // how many bytes the tolerant attempt may still read twice
	column   int  // the column of the collection's parent
	indented int  // the start of the line whose indentation needs no further look
}

// mostWasted is how many bytes the strict attempts of a piece may read in vain. From then on they keep to the lines that
// can belong to the collection by their columns, so that many open brackets do not each read on to the end of the piece.
const mostWasted = 64 << 10

// flowCollection reads a flow list or map whose parent stands at column n.
func (p *parser) flowCollection(n int) *node {
	if p.flow.depth > 0 {
		return p.flowNode()
	}
	start, saved, whole := p.pos, *p, p.src
	extent := p.flowExtent(start, n)
	narrow := p.wasted > mostWasted
	if narrow {
		p.src = p.src[:extent]
	}
	p.flow = flowState{column: n, indented: p.bol}
	node := p.flowNode()
	p.src = whole
	if !p.flow.failed && !p.limited {
		p.flow = flowState{}
		return node
	}
	ended, wasted := p.flow.ended && !narrow, p.pos-start
	slab, ptrs := p.slab, p.ptrs
	*p = saved
	p.slab, p.ptrs = slab, ptrs
	p.wasted += wasted
	if ended {
		p.open = append(p.open, opening{start, p.src[start]})
	}
	p.src = p.src[:extent]
	p.flow = flowState{tolerant: true, spare: 4*(extent-start) + mostWasted, column: n, indented: p.bol}
	node = p.flowNode()
	p.src, p.flow = whole, flowState{}
	return node
}

// flowExtent is where the lines end that can belong to the collection at start: those deeper than n, and one more that
// begins with a closing bracket.
func (p *parser) flowExtent(start, n int) int {
	end := lineEnd(p.src, start)
	for i := end; i < len(p.src); {
		i += breakLen(p.src, i)
		bol := i
		i = skipBlanks(p.src, i)
		if i >= len(p.src) || isBreak(p.src[i]) {
			continue
		}
		closer := p.src[i] == ']' || p.src[i] == '}'
		if p.src[i] == ',' { // nothing else can begin with it
			end = lineEnd(p.src, i)
			i = end
			continue
		}
		if i-bol <= n && !closer {
			break
		}
		e := lineEnd(p.src, i)
		end = e
		if i-bol <= n {
			break
		}
		i = e
	}
	return end
}

// fail notes an error: the strict attempt ends there, the tolerant one reports it, once for a line.
func (p *parser) fail(start, end int, format string, args ...any) {
	p.flow.failed = true
	if !p.flow.tolerant {
		return
	}
	if p.junkLine == p.bol {
		return
	}
	p.junkLine = p.bol
	p.errorf(start, end, CodeSyntax, format, args...)
}

func (p *parser) giveUp() bool { return p.flow.failed && !p.flow.tolerant || p.limited }

// skipFlow moves over blanks, comments and line breaks within a flow collection.
func (p *parser) skipFlow() {
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case isBlank(c):
			p.pos++
		case isBreak(c):
			p.pos += breakLen(p.src, p.pos)
			p.bol, p.adjust = p.pos, 0
		case c == '#':
			p.apart()
			p.comment()
		default:
			p.within(p.flow.column)
			return
		}
	}
}

// within warns of a line that stands less deep than a value that goes on there has to: deeper than its parent at column n,
// by spaces alone (YAML 1.2, productions s-flow-line-prefix and s-indent). A line that begins with a closing bracket is
// let be, since everybody writes it at the column of its key and every reader takes it.
func (p *parser) within(n int) {
	if p.flow.indented == p.bol {
		return
	}
	p.flow.indented = p.bol
	i := p.bol
	for i < len(p.src) && p.src[i] == ' ' {
		i++
	}
	if i-p.bol > n || p.pos >= len(p.src) || skipBlanks(p.src, i) != p.pos {
		return
	}
	if c := p.src[p.pos]; c == ']' || c == '}' {
		return
	}
	p.shallow(p.bol, p.pos, n)
}

// shallow warns of the indentation of a line within a value whose parent stands at column n.
func (p *parser) shallow(bol, end, n int) {
	to := end
	if to == bol {
		to = min(end+1, len(p.src))
	}
	f := p.warnf(bol, to, CodeContinuation,
		"This line belongs to the value above it, and some YAML readers refuse it: it has to stand deeper than that value's key or dash. Begin it with %d spaces.",
		n+2)
	f.Fix = &Fix{Title: "Indent the line", Edits: []text.Edit{{Span: text.Span{Start: bol, End: end}, New: strings.Repeat(" ", n+2)}}}
}

func (p *parser) flowNode() *node {
	if !p.enter() {
		return p.omitted(len(p.src))
	}
	p.flow.depth++
	defer func() { p.depth--; p.flow.depth-- }()
	var pr props
	for p.isProp() {
		p.prop(&pr)
		p.skipFlow()
	}
	switch c := p.peek(0); c {
	case '[':
		return p.apply(pr, p.flowSequence())
	case '{':
		if t := p.template(); t != nil {
			return p.apply(pr, t)
		}
		return p.apply(pr, p.flowMapping())
	case '"', '\'':
		return p.apply(pr, p.quoted(0))
	case '*':
		return p.apply(pr, p.alias())
	case 0, ',', ']', '}', ':':
		if c == ':' && !p.isFlowIndicator(':') {
			break
		}
		if pr.start != pr.end || p.pos >= len(p.src) {
			return p.apply(pr, p.omitted(p.pos))
		}
	}
	return p.apply(pr, p.flowPlain())
}

func (p *parser) flowMapping() *node {
	open := p.pos
	m := p.node(Mapping, Flow, open, open)
	mark, found := len(p.stack), len(p.findings)
	p.pos++
	for !p.giveUp() {
		p.skipFlow()
		c := p.peek(0)
		if p.pos >= len(p.src) || c == '}' || c == ']' {
			p.closeFlow(m, '}', found)
			break
		}
		if c == ',' {
			p.fail(p.pos, p.pos+1, "An entry is missing before this comma. Write one, or remove the comma.")
			p.pos++
			continue
		}
		key := p.flowKey(c)
		if p.giveUp() {
			break
		}
		p.stack = append(p.stack, key, p.flowValue(key, '}'))
		p.separator('}')
	}
	p.fill(m, mark)
	if !p.giveUp() {
		p.duplicates(m.kids())
	}
	return m
}

// flowKey reads a key of a flow mapping, or of a pair in a flow sequence.
func (p *parser) flowKey(c byte) *node {
	if p.isFlowIndicator('?') {
		p.pos++
		behind := p.pos
		p.skipFlow()
		if c = p.peek(0); c == '}' || c == ']' || c == ',' {
			return p.omitted(behind)
		}
	}
	if c == ':' && p.isFlowIndicator(':') || p.pos >= len(p.src) {
		return p.omitted(p.pos)
	}
	return p.flowNode()
}

// isFlowIndicator reports whether the character at the position is the indicator c and not the start of a plain text, as
// in [?x, :y] (YAML 1.2, production ns-plain-first).
func (p *parser) isFlowIndicator(c byte) bool {
	return p.peek(0) == c && (p.blankAt(1) || isBracketOrComma(p.peek(1)))
}

func isBracketOrComma(c byte) bool { return strings.IndexByte(",[]{}", c) >= 0 }

// flowValue reads the value behind a key, if a colon follows.
func (p *parser) flowValue(key *node, end byte) *node {
	behind := p.pos
	p.skipFlow()
	if p.peek(0) != ':' {
		return p.omitted(behind)
	}
	if key.flags&flagUnclosed != 0 && p.flow.tolerant && lastLineStart(p.src, int(key.end), p.pos) > int(key.end) {
		return p.omitted(behind)
	}
	p.pos++
	behind = p.pos
	line := p.bol
	p.skipFlow()
	if c := p.peek(0); p.pos >= len(p.src) || c == ',' || c == ']' || c == '}' {
		return p.omitted(behind)
	}
	if p.flow.tolerant && p.bol != line && keyEnd(p.src, p.pos, false) >= 0 {
		return p.omitted(behind) // the next line is an entry of its own
	}
	return p.flowNode()
}

func (p *parser) flowSequence() *node {
	open := p.pos
	s := p.node(Sequence, Flow, open, open)
	mark, found := len(p.stack), len(p.findings)
	cs := cells{col: -1}
	p.pos++
	for !p.giveUp() {
		p.skipFlow()
		c := p.peek(0)
		if p.pos >= len(p.src) || c == ']' || c == '}' {
			if p.pos < len(p.src) && p.stray(&cs) {
				continue
			}
			p.closeFlow(s, ']', found)
			break
		}
		if c == ',' {
			p.fail(p.pos, p.pos+1, "An item is missing before this comma. Write one, or remove the comma.")
			p.pos++
			continue
		}
		start, first, pair := p.pos, p.bol, p.isFlowIndicator('?')
		item := p.cell(&cs)
		if item == nil {
			item = p.flowKey(c)
		}
		if p.giveUp() {
			break
		}
		if cs.cutShort(item, p.pos) {
			p.stack = append(p.stack, item)
			continue
		}
		behind, line := p.pos, p.bol
		p.skipFlow()
		if pair || p.peek(0) == ':' {
			if !pair && p.bol != first {
				p.errorf(p.pos, p.pos+1, CodeSyntax,
					"A key within a list has to end on the line on which it begins. Put the colon there, or the pair in braces.")
			}
			if p.bol != line {
				p.pos, p.bol = behind, line
				p.skipFlow()
			}
			value := p.flowValue(item, ']')
			m := p.node(Mapping, Flow, start, max(p.trimmed(start), int(item.end)))
			m.end = max(value.end, item.end)
			p.setKids(m, []*node{item, value})
			item = m
		}
		p.stack = append(p.stack, item)
		p.separator(']')
	}
	p.fill(s, mark)
	return s
}

// trimmed is the position without the blanks and breaks before it.
func (p *parser) trimmed(start int) int {
	e := p.pos
	for e > start && (isBlank(p.src[e-1]) || isBreak(p.src[e-1])) {
		e--
	}
	return e
}

// separator reads the comma between two entries; the closing bracket is left where it is.
func (p *parser) separator(end byte) {
	if p.giveUp() {
		return
	}
	line := p.bol
	p.skipFlow()
	switch c := p.peek(0); {
	case p.pos >= len(p.src), c == ']', c == '}':
	case c == ',':
		p.pos++
	case p.flow.tolerant && p.bol != line && p.broken(p.trimmed(line)):
	case p.flow.tolerant && p.bol != line:
		p.flow.missing = true
		p.fail(p.pos, p.contentEnd(p.pos),
			"A comma is missing between this and the line above. Put one at the end of the line above, or close the bracket with %c.",
			end)
	default:
		p.fail(p.pos, min(p.pos+1, len(p.src)), "A comma or %c is missing before this.", end)
		if strings.IndexByte(":", c) >= 0 {
			p.pos++
		}
	}
}

// broken reports whether the value that ends at end has an error there, as an open quote has, which may hide the comma.
func (p *parser) broken(end int) bool {
	n := len(p.findings)
	return n > 0 && p.findings[n-1].Severity == SeverityError && p.findings[n-1].Span.End >= end
}

// closeFlow ends a collection at its closing bracket, at a bracket of the other kind, or at the end of the text. The
// findings from found on are those within it.
func (p *parser) closeFlow(n *node, want byte, found int) {
	if p.pos < len(p.src) && p.src[p.pos] == want {
		p.pos++
		n.end = int32(p.pos)
		return
	}
	p.flow.ended = p.pos >= len(p.src)
	n.flags |= flagUnclosed
	n.end = int32(p.trimmed(int(n.start) + 1))
	if !p.flow.tolerant {
		p.flow.failed = true
		return
	}
	if p.pos < len(p.src) {
		other := p.src[p.pos]
		p.fail(p.pos, p.pos+1, "The %c is closed by %c here. Write %c.", p.src[n.start], other, want)
		if p.flow.depth <= 1 {
			p.pos++
			n.end = int32(p.pos)
		}
		return
	}
	p.unclosedFlow(n, want, found)
}

// unclosedFlow reports a bracket that is not closed: where its text ends, or at the bracket if what follows it looks as
// if the bracket was put before lines that are complete without it.
func (p *parser) unclosedFlow(n *node, want byte, found int) {
	start, end := int(n.start), int(n.end)
	if p.flow.missing {
		found = min(found, len(p.findings))
		kept := p.findings[:found]
		for _, f := range p.findings[found:] {
			if f.Span.Start < start || f.Code != CodeSyntax {
				kept = append(kept, f)
			}
		}
		p.findings = kept
		p.errorf(start, start+1, CodeSyntax, "The %c is not closed. Put a %c at the end of its value.", p.src[start], want)
		return
	}
	if p.flow.failed {
		for _, f := range p.findings[min(found, len(p.findings)):] {
			if f.Span.Start >= start && f.Severity == SeverityError {
				return // the broken place has its finding
			}
		}
	}
	p.flow.failed = true
	from := start
	if ls := lastLineStart(p.src, start, end); ls > start {
		from = skipBlanks(p.src, ls)
	}
	f := p.errorf(from, end, CodeSyntax, "The %c is not closed. Put a %c here.", p.src[start], want)
	if from > start {
		f.Related = &Related{text.Span{Start: start, End: start + 1}, "The bracket is opened here."}
	}
	f.Fix = insertFix("Close the bracket with "+string(want), end, string(want))
}

// flowPlain reads a plain scalar within a flow collection.
func (p *parser) flowPlain() *node {
	start := p.pos
	switch c := p.peek(0); {
	case strings.IndexByte("@`%|>", c) >= 0, c == '-' && (p.blankAt(1) || isBracketOrComma(p.peek(1))):
		p.fail(start, start+1, "A value cannot begin with %c here. Put it in quotes.", c)
	}
	var end int
	multi := false
	for {
		end = p.flowWord()
		if p.giveUp() || p.flow.tolerant {
			break
		}
		// The scalar may go on in the next line.
		i, bol := skipBlanks(p.src, end), p.bol
		if i >= len(p.src) || !isBreak(p.src[i]) {
			break
		}
		for i < len(p.src) && (isBreak(p.src[i]) || isBlank(p.src[i])) {
			if n := breakLen(p.src, i); n > 0 {
				i += n
				bol = i
			} else {
				i++
			}
		}
		if i >= len(p.src) || strings.IndexByte(",[]{}#", p.src[i]) >= 0 || colonAt(p.src, i) {
			break
		}
		p.pos, p.bol, p.adjust, multi = i, bol, 0, true
		p.within(p.flow.column)
	}
	if end == start { // an indicator that can begin nothing
		p.fail(start, min(start+1, len(p.src)), "A value cannot begin with %c here. Put it in quotes.", p.peek(0))
		end = min(start+1, len(p.src))
	}
	node := p.node(Scalar, Plain, start, end)
	raw := p.src[start:end]
	if multi {
		d := decoder{}
		d.plain(raw)
		node.value = string(d.out)
		node.ext().raw = raw
	} else {
		node.value, node.flags = raw, flagExact
	}
	if node.tag = TagNull; raw != "" {
		node.tag = plainTag(node.value)
	}
	p.pos = end
	return node
}

// flowWord moves over the text of a plain scalar on the current line and returns its end without blanks.
func (p *parser) flowWord() int {
	i := p.pos
	for i < len(p.src) && !isBreak(p.src[i]) {
		switch c := p.src[i]; c {
		case ',', '[', ']', '{', '}':
			return trimBlanks(p.src, p.pos, i)
		case ':':
			if i+1 >= len(p.src) || isBlank(p.src[i+1]) || isBreak(p.src[i+1]) {
				return trimBlanks(p.src, p.pos, i)
			}
		case '#':
			if i > p.pos && isBlank(p.src[i-1]) {
				return trimBlanks(p.src, p.pos, i)
			}
		}
		i++
	}
	return trimBlanks(p.src, p.pos, i)
}

// template reads an unquoted {{ … }} as text with a finding that offers to quote it, nil if the position does not stand
// on one. YAML proper would read a map within a map.
func (p *parser) template() *node {
	start := p.pos
	if !strings.HasPrefix(p.src[start:], "{{") {
		return nil
	}
	limit := lineEnd(p.src, start)
	if !strings.Contains(p.src[start:limit], "}}") && bracketEnd(p.src, start) >= 0 {
		return nil // a map whose first key is a map
	}
	end := p.contentEnd(start)
	if p.flow.depth > 0 {
		end = flowTemplateEnd(p.src[:end], start)
	}
	p.unquotedTemplate(start, end)
	node := p.node(Scalar, Plain, start, end)
	node.value, node.tag, node.flags = p.src[start:end], TagStr, flagExact|flagTemplate
	p.pos = end
	if p.flow.depth == 0 {
		p.toLineEnd()
	}
	return node
}

// flowTemplateEnd is where a value that begins with {{ ends within a flow collection.
func flowTemplateEnd(s string, i int) int {
	start := i
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "{{"):
			j := strings.Index(s[i:], "}}")
			if j < 0 {
				return trimBlanks(s, start, len(s))
			}
			i += j + 2
		case strings.IndexByte(",]}", s[i]) >= 0:
			return trimBlanks(s, start, i)
		default:
			i++
		}
	}
	return trimBlanks(s, start, len(s))
}

func (p *parser) unquotedTemplate(start, end int) {
	f := p.errorf(start, end, CodeUnquotedTemplate,
		"A value that begins with {{ must be in quotes: without them YAML reads a map here. Write %s.", quoteFix(p.src, start, end).Edits[0].New)
	f.Fix = quoteFix(p.src, start, end)
}
