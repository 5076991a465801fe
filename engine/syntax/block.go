package syntax

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// mapping reads a block mapping whose keys stand at column col, within a parent at column n.
func (p *parser) mapping(col, n int) *node {
	m := p.node(Mapping, Block, p.pos, p.pos)
	mark := len(p.stack)
	wrong := -1 // the last column that was reported as belonging to nothing
	for at := col; ; {
		p.entry(at)
		c := p.next()
		for c >= 0 && (c > n || c == col) {
			if c == col && !p.isDash() {
				wrong, at = -1, c
				break
			}
			if p.misplaced(c, col, &wrong) {
				at = c
				break
			}
			c = p.next()
		}
		if c < 0 || c <= n && c != col || p.limited {
			break
		}
	}
	p.fill(m, mark)
	p.duplicates(m.kids())
	return m
}

// misplaced deals with a line that stands where the mapping at column col has no place for it. It reports whether the
// line is an entry, to be read as one of the mapping; else the line has been dealt with.
func (p *parser) misplaced(c, col int, wrong *int) bool {
	e := p.contentEnd(p.pos)
	if p.isDash() {
		dash := p.pos
		p.errorf(p.pos, e, CodeIndent,
			"A list item cannot stand among the keys of a map. Check its indentation, or put it under a key of its own.")
		p.pos++
		p.discard(func() { p.block(c, afterDash) })
		if next := p.next(); p.isItem && p.depth == 1 && !(next == col && p.keyEnd() >= 0) {
			p.cutAt(dash) // no key of the map follows: it is the next item of the list
		}
		return false
	}
	if p.keyEnd() >= 0 {
		if p.tabLine == p.bol {
			p.alignTabs(col)
		} else if *wrong != c {
			how := "deeper than"
			if c < col {
				how = "less deep than"
			}
			f := p.errorf(p.pos, e, CodeIndent,
				"This key is indented %s its neighbours. Move it to column %d, like the keys above it.", how, col+1)
			f.Fix = p.reindent(col)
		}
		*wrong = c
		return true
	}
	p.junk(e)
	return false
}

func (p *parser) reindent(col int) *Fix {
	return &Fix{Title: "Correct the indentation", Edits: []text.Edit{{
		Span: text.Span{Start: p.bol, End: p.pos}, New: strings.Repeat(" ", col),
	}}}
}

// cutAt notes that the unit of the list item ends at a further dash, and ends the reading: both parts are read again by
// themselves.
func (p *parser) cutAt(dash int) {
	if p.cut == 0 {
		p.cut = dash
	}
	p.pos = len(p.src)
}

// alignTabs corrects the fix of the line's tabs: the line belongs to column col.
func (p *parser) alignTabs(col int) {
	for i := len(p.findings) - 1; i >= 0; i-- {
		if f := &p.findings[i]; f.Code == CodeTab && f.Span.Start == p.bol {
			f.Fix.Edits = p.reindent(col).Edits
			return
		}
	}
}

// junk skips a line that is neither key nor item, with one finding for a run of such lines.
func (p *parser) junk(e int) {
	if p.junkLine != p.bol && !p.follows(p.junkLine) {
		p.errorf(p.pos, e, CodeSyntax,
			"This line is neither a key with a value nor a list item. Put a colon behind the key, or correct the indentation.")
	}
	p.junkLine = p.bol
	p.pos = e
	p.toLineEnd()
}

// follows reports whether the current line is the one right below the line that begins at bol.
func (p *parser) follows(bol int) bool {
	if bol < 0 {
		return false
	}
	e := lineEnd(p.src, bol)
	return e+breakLen(p.src, e) == p.bol
}

// discard reads something whose nodes are not kept.
func (p *parser) discard(read func()) {
	mark := len(p.stack)
	read()
	p.stack = p.stack[:mark]
}

// entry reads one entry of a mapping at column at, and pushes its key and its value.
func (p *parser) entry(at int) {
	var key, value *node
	switch {
	case p.peek(0) == '?' && p.blankAt(1):
		p.pos++
		p.tabBefore("question mark")
		key = p.block(at, afterComplex)
		value = p.omitted(int(key.end))
		if c := p.next(); c == at && p.peek(0) == ':' && p.blankAt(1) {
			p.pos++
			p.tabBefore("colon")
			value = p.block(at, afterComplex)
		}
	case p.peek(0) == ':' && p.blankAt(1):
		key = p.omitted(p.pos)
		p.pos++
		value = p.block(at, afterComplex)
	default:
		colon := p.keyEnd()
		if colon < 0 {
			p.halfEntry(at)
			return
		}
		key = p.key(colon)
		p.moveTo(colon + 1)
		value = p.block(at, afterKey)
	}
	p.stack = append(p.stack, key, value)
}

// key reads the key that ends before the colon.
func (p *parser) key(colon int) *node {
	var pr props
	for p.isProp() {
		p.prop(&pr)
		p.pos = skipBlanks(p.src, p.pos)
	}
	start, end := p.pos, trimBlanks(p.src, p.pos, colon)
	switch c := p.peek(0); c {
	case '"', '\'':
		return p.apply(pr, p.quoted(0))
	case '*':
		return p.apply(pr, p.alias())
	case '[', '{':
		if p.peek(1) != '{' {
			return p.apply(pr, p.flowCollection(0))
		}
		p.unquotedTemplate(start, end)
	case '@', '`', '%':
		f := p.errorf(start, end, CodeSyntax, "A key cannot begin with %c. Put it in quotes.", c)
		f.Fix = quoteFix(p.src, start, end)
	}
	key := p.node(Scalar, Plain, start, end)
	key.value, key.flags = p.src[start:end], flagExact
	if key.tag = TagStr; end > start {
		key.tag = plainTag(key.value)
	}
	return p.apply(pr, key)
}

// halfEntry reads a line that should be an entry but has no colon that ends a key.
func (p *parser) halfEntry(at int) {
	start, e := p.pos, p.contentEnd(p.pos)
	if p.isDash() {
		p.junk(e)
		p.stack = append(p.stack, p.omitted(start), p.omitted(start))
		return
	}
	if c := wordColon(p.src[start:e]); c > 0 {
		f := p.errorf(start, e, CodeSyntax, "A blank is missing behind the colon of %q.", p.src[start:start+c])
		f.Fix = &Fix{Title: "Insert a blank", Edits: []text.Edit{{Span: text.Span{Start: start + c + 1, End: start + c + 1}, New: " "}}}
		key := p.node(Scalar, Plain, start, start+c)
		key.value, key.flags, key.tag = p.src[start:start+c], flagExact, TagStr
		p.pos = start + c + 1
		p.stack = append(p.stack, key, p.restOfLine(e))
		return
	}
	var key *node
	switch c := p.peek(0); {
	case c == ']' || c == '}' || c == ',':
		f := p.errorf(start, e, CodeSyntax, "Nothing is open that %c could belong to. Remove the line, or open a bracket above it.", c)
		stop := lineEnd(p.src, e)
		stop += breakLen(p.src, stop)
		f.Fix = &Fix{Title: "Remove the line", Edits: []text.Edit{{Span: text.Span{Start: p.bol, End: stop}}}}
		key = p.node(Scalar, Plain, start, e)
		key.value, key.flags, key.tag = p.src[start:e], flagExact, TagStr
		p.pos = e
	case c == '"' || c == '\'':
		before := len(p.findings)
		key = p.quoted(at)
		if e = int(key.end); len(p.findings) == before {
			p.missingColon(start, e)
		}
	case c == '[' || c == '{':
		before := len(p.findings)
		key = p.inline(at)
		if e = int(key.end); len(p.findings) == before {
			p.missingColon(start, e)
		}
	default:
		p.missingColon(start, e)
		key = p.node(Scalar, Plain, start, e)
		key.value, key.flags, key.tag = p.src[start:e], flagExact, TagStr
		p.pos = e
	}
	if !p.fresh() || p.pos == start {
		p.toLineEnd()
	}
	value := p.omitted(e)
	if c := p.next(); c > at {
		value = p.block(at, afterKey)
	}
	p.stack = append(p.stack, key, value)
}

func (p *parser) missingColon(start, e int) {
	f := p.errorf(start, e, CodeSyntax, "A colon is missing behind this key. Write %q, then the value.", clip(p.src[start:e])+": ")
	f.Fix = &Fix{Title: "Insert a colon", Edits: []text.Edit{{Span: text.Span{Start: e, End: e}, New: ":"}}}
}

// wordColon is the index of a colon right between a simple word and a value, as in "status:200"; 0 if there is none.
func wordColon(s string) int {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':':
			if i+1 < len(s) && s[i+1] != '/' && s[i+1] != ':' {
				return i
			}
			return 0
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= '0' && c <= '9' && i > 0, c == '-' && i > 0:
		default:
			return 0
		}
	}
	return 0
}

// duplicates reports the keys that a mapping has twice.
func (p *parser) duplicates(kids []*node) {
	const few = 12
	if len(kids) <= 2*few {
		for i := 2; i < len(kids); i += 2 {
			for j := 0; j < i; j += 2 {
				if sameKey(kids[i], kids[j]) {
					p.add(duplicateKey(spanOf(kids[i]), spanOf(kids[j]), kids[i].value))
					break
				}
			}
		}
		return
	}
	first := make(map[string]*node, len(kids)/2)
	for i := 0; i < len(kids); i += 2 {
		k := kids[i]
		if k.kind != Scalar || k.flags&flagOmitted != 0 {
			continue
		}
		if f, dup := first[k.value]; dup {
			p.add(duplicateKey(spanOf(k), spanOf(f), k.value))
			continue
		}
		first[k.value] = k
	}
}

func sameKey(a, b *node) bool {
	return a.kind == Scalar && b.kind == Scalar && a.value == b.value && (a.flags|b.flags)&flagOmitted == 0
}

func spanOf(n *node) text.Span { return text.Span{Start: int(n.start), End: int(n.end)} }

func duplicateKey(span, first text.Span, key string) Finding {
	return Finding{
		Span: span, Severity: SeverityError, Code: CodeDuplicateKey,
		Message: "The key " + quoteKey(key) + " is here twice in one map. Remove one of the two, or rename it.",
		Related: &Related{first, "The first " + quoteKey(key) + " is here."},
	}
}

func quoteKey(key string) string { return `"` + clip(key) + `"` }

// sequence reads a block sequence whose first dash is at the position, at column col, within a parent at column n.
func (p *parser) sequence(col, n int) *node {
	s := p.node(Sequence, Block, p.pos, p.pos)
	mark := len(p.stack)
	for at := col; ; {
		p.pos++
		p.tabBefore("dash")
		item := p.block(at, afterDash)
		p.stack = append(p.stack, item)
		c := p.next()
		if c == col && p.isItem && p.depth == 0 && p.isDash() {
			p.cutAt(p.pos)
			break
		}
		for c >= 0 && !(c == col && p.isDash()) && (c > n && c >= col || c > n && p.isDash()) && !p.limited {
			if p.isDash() {
				if p.isItem && p.depth == 0 {
					p.cutAt(p.pos)
					c = -1
					break
				}
				p.misplacedDash(col)
				break
			}
			p.strayLine(p.stack[len(p.stack)-1], c, col)
			c = p.next()
		}
		if c < 0 || !p.isDash() || c <= n && c != col || p.limited {
			break
		}
		at = c
	}
	s.end = s.start + 1
	p.fill(s, mark)
	return s
}

func (p *parser) misplacedDash(col int) {
	f := p.errorf(p.pos, p.contentEnd(p.pos), CodeIndent,
		"This list item is not indented like the items above it. Move its dash to column %d.", col+1)
	f.Fix = p.reindent(col)
}

// strayLine deals with a line below a list item that stands too shallow or too deep to belong to it: a key is read as
// one of the item's keys, anything else is skipped.
func (p *parser) strayLine(item *node, c, col int) {
	e := p.contentEnd(p.pos)
	if item.kind != Mapping || p.keyEnd() < 0 {
		p.junk(e)
		return
	}
	want := col + 2
	if item.style == Block && len(item.kids()) > 0 {
		k := int(item.kids()[0].start)
		if ls := lastLineStart(p.src, 0, k); k-ls > col {
			want = k - ls
		}
	}
	if p.tabLine == p.bol {
		p.alignTabs(want)
	} else if !p.follows(p.junkLine) {
		f := p.errorf(p.pos, e, CodeIndent,
			"This key does not stand where the keys of the item above it do. Move it to column %d.", want+1)
		f.Fix = p.reindent(want)
	}
	p.junkLine = p.bol
	mark := len(p.stack)
	p.entry(c)
	kids := p.collect(mark)
	p.setKids(item, append(slices.Clip(item.kids()), kids...))
	item.end = max(item.end, kids[0].end, kids[1].end)
}

// section reads a chunk that is one section of a document: the entries of a mapping at column 0.
func (p *parser) section() *node {
	c := p.next()
	if c < 0 {
		return nil
	}
	m := p.mapping(c, -1)
	p.leftover("the section")
	return m
}

// item reads a chunk that is one item of a list. It returns the item.
func (p *parser) item() *node {
	c := p.next()
	if c < 0 || !p.isDash() {
		p.leftover("the list")
		return nil
	}
	p.dashAt, p.isItem = p.pos, true
	seq := p.sequence(c, 0)
	last := seq.kids()[len(seq.kids())-1]
	for c := p.next(); c >= 0; c = p.next() {
		p.strayLine(last, c, int(seq.start)-lastLineStart(p.src, 0, int(seq.start)))
	}
	return seq.kids()[0]
}
