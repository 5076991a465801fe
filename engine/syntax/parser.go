package syntax

import (
	"fmt"
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// parser reads one piece of a file: a chunk, or a whole document. It never fails: what it cannot read becomes a finding,
// one for each broken line, and it goes on with the next line.
type parser struct {
	src      string
	pos      int
	bol      int // where the current line begins
	adjust   int // columns that tabs in the current line's indentation count beyond one each
	depth    int
	maxDepth int
	limited  bool

	slab     []node
	ptrs     []*node
	lists    [][]*node
	stack    []*node
	findings []Finding
	comments []Comment
	anchors  []*node // in the order of their definition
	aliases  []*node
	open     []opening // quotes and brackets that nothing in this piece closes
	cut      int       // where a further list item stands at a wrong column, so that the unit has to end there; 0 for none
	flow     flowState
	wasted   int  // how many bytes strict attempts at flow collections read in vain
	isItem   bool // the piece is one item of a list of units
	dashAt   int  // where the dash of the unit stands
	junkLine int  // the line start of the last line that was skipped with a finding
	tabLine  int  // the line start of the last line that was reported for its tabs
}

// opening is a quote or bracket that is not closed in its piece of the file.
type opening struct {
	off   int
	quote byte
}

type place uint8

const (
	atTop        place = iota
	afterKey           // behind "key:"
	afterDash          // behind "- "
	afterComplex       // behind "? " or the ": " that answers it
)

func newParser(src string, maxDepth int) *parser {
	return &parser{src: src, maxDepth: maxDepth, junkLine: -1, tabLine: -1}
}

// skipBOM moves over the byte order mark at the start of a file.
func (p *parser) skipBOM() {
	if strings.HasPrefix(p.src, bom) {
		p.pos, p.bol = len(bom), len(bom)
	}
}

const bom = "\ufeff"

func (p *parser) node(kind Kind, style Style, start, end int) *node {
	if len(p.slab) == 0 {
		p.slab = make([]node, p.room())
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.kind, n.style, n.start, n.end = kind, style, int32(start), int32(end)
	return n
}

// room is for how many nodes at a time there is made room: for about as many as the piece holds, then for a few more.
func (p *parser) room() int {
	if len(p.src) > 4096 {
		return 64
	}
	if p.pos < len(p.src)/2 {
		return max(len(p.src)/14, 4)
	}
	return 6
}

// setKids gives a collection its nodes.
func (p *parser) setKids(n *node, kids []*node) {
	if len(kids) == 0 {
		return
	}
	if len(p.lists) == 0 {
		p.lists = make([][]*node, min(max(p.room()/4, 1), 8))
	}
	n.sub = &p.lists[0]
	p.lists = p.lists[1:]
	*n.sub = kids
}

// collect takes the nodes pushed since mark off the stack.
func (p *parser) collect(mark int) []*node {
	n := len(p.stack) - mark
	if n == 0 {
		return nil
	}
	if len(p.ptrs) < n {
		p.ptrs = make([]*node, max(n, p.room()))
	}
	out := p.ptrs[:n:n]
	p.ptrs = p.ptrs[n:]
	copy(out, p.stack[mark:])
	p.stack = p.stack[:mark]
	return out
}

// fill gives a collection the nodes pushed since mark, and widens it to hold them.
func (p *parser) fill(n *node, mark int) {
	p.setKids(n, p.collect(mark))
	for _, k := range n.kids() {
		n.end = max(n.end, k.end)
	}
}

func (p *parser) omitted(at int) *node {
	n := p.node(Scalar, Plain, at, at)
	n.tag, n.flags = TagNull, flagOmitted|flagExact
	return n
}

func (p *parser) add(f Finding) { p.findings = append(p.findings, f) }

func (p *parser) errorf(start, end int, code, format string, args ...any) *Finding {
	p.add(Finding{Span: text.Span{Start: start, End: end}, Severity: SeverityError, Code: code, Message: fmt.Sprintf(format, args...)})
	return &p.findings[len(p.findings)-1]
}

// warnf warns of what YAML 1.2 forbids and libyaml takes all the same, so that it has but one meaning.
func (p *parser) warnf(start, end int, code, format string, args ...any) *Finding {
	f := p.errorf(start, end, code, format, args...)
	f.Severity = SeverityWarning
	return f
}

func (p *parser) peek(i int) byte {
	if p.pos+i < len(p.src) {
		return p.src[p.pos+i]
	}
	return 0
}

// blankAt reports whether a blank, a line break or the end stands i bytes ahead.
func (p *parser) blankAt(i int) bool {
	return p.pos+i >= len(p.src) || isBlank(p.src[p.pos+i]) || isBreak(p.src[p.pos+i])
}

// col is the column of the current position; a tab of the indentation counts as two.
func (p *parser) col() int { return p.pos - p.bol + p.adjust }

// fresh reports whether only blanks stand before the position on its line.
func (p *parser) fresh() bool { return skipBlanks(p.src, p.bol) >= p.pos }

func (p *parser) atEnd() bool { return p.pos >= len(p.src) || isBreak(p.src[p.pos]) }

func (p *parser) isDash() bool { return p.peek(0) == '-' && p.blankAt(1) }

// next moves to the next content, over blanks, comments and line breaks, and returns its column, -1 at the end. It does
// not move when it stands on content already.
func (p *parser) next() int {
	for p.pos < len(p.src) {
		p.pos = skipBlanks(p.src, p.pos)
		if p.pos >= len(p.src) {
			break
		}
		if p.src[p.pos] == '#' {
			p.comment()
			continue
		}
		n := breakLen(p.src, p.pos)
		if n == 0 {
			if p.fresh() {
				p.indentation()
			}
			return p.col()
		}
		p.pos += n
		p.bol, p.adjust = p.pos, 0
	}
	return -1
}

// apart warns of a comment that begins right behind a value, a bracket or a comma (YAML 1.2, section 6.6: comments are
// separated from other tokens by white space).
func (p *parser) apart() {
	if p.pos == p.bol || isBlank(p.src[p.pos-1]) {
		return
	}
	p.warnf(p.pos, lineEnd(p.src, p.pos), CodeSyntax,
		"A blank is missing before the # of this comment, and some YAML readers refuse it. Write one.").
		Fix = insertFix("Insert a blank", p.pos, " ")
}

func (p *parser) comment() {
	e := lineEnd(p.src, p.pos)
	p.comments = append(p.comments, Comment{text.Span{Start: p.pos, End: e}, p.fresh()})
	p.pos = e
}

// indentation reports tabs before the content of the line, once, and counts each as two columns.
func (p *parser) indentation() {
	indent := p.src[p.bol:p.pos]
	tabs := strings.Count(indent, "\t")
	if p.adjust = tabs; tabs == 0 || p.tabLine == p.bol {
		return
	}
	p.tabLine = p.bol
	f := p.errorf(p.bol, p.pos, CodeTab, "A tab indents this line, and YAML allows only spaces there. Use two spaces for each level.")
	f.Fix = &Fix{Title: "Replace tabs by spaces", Edits: []text.Edit{{
		Span: text.Span{Start: p.bol, End: p.pos}, New: strings.ReplaceAll(indent, "\t", "  "),
	}}}
}

// forgiveTabs takes the error of tabs off a line that begins with a value and no key or dash, where enough spaces stand
// before them: there they separate, and indent nothing (YAML 1.2, section 6.2). Other readers refuse them all the same.
func (p *parser) forgiveTabs(n int) {
	spaces := 0
	for p.bol+spaces < len(p.src) && p.src[p.bol+spaces] == ' ' {
		spaces++
	}
	if p.tabLine != p.bol || spaces <= n || !p.fresh() {
		return
	}
	for i := len(p.findings) - 1; i >= 0; i-- {
		if f := &p.findings[i]; f.Code == CodeTab && f.Span.Start == p.bol {
			f.Severity = SeverityWarning
			f.Message = "A tab stands before this value, which some YAML readers refuse. Use spaces."
			return
		}
	}
}

// tabBefore reports a tab between the indicator at the position and what follows on its line: an error before a block
// collection, whose column it would decide (YAML 1.2, section 6.1), a warning before all else.
func (p *parser) tabBefore(indicator string) {
	e := skipBlanks(p.src, p.pos)
	if strings.IndexByte(p.src[p.pos:e], '\t') < 0 || e >= lineEnd(p.src, e) || p.src[e] == '#' {
		return
	}
	block := strings.IndexByte("-?:", p.src[e]) >= 0 && endsWord(p.src, e+1) || keyEnd(p.src, e, false) >= 0
	f := p.errorf(p.pos, e, CodeTab, "A tab follows the %s, and YAML allows only spaces there. Use one space.", indicator)
	if !block {
		f.Severity = SeverityWarning
		f.Message = "A tab follows the " + indicator + ", which some YAML readers refuse. Use one space."
	}
	f.Fix = &Fix{Title: "Replace the tab by a space", Edits: []text.Edit{{Span: text.Span{Start: p.pos, End: e}, New: " "}}}
}

// toLineEnd moves behind the content of the line, and collects a comment at its end.
func (p *parser) toLineEnd() {
	e := p.contentEnd(p.pos)
	p.pos = skipBlanks(p.src, e)
	if p.peek(0) == '#' {
		p.comment()
	}
}

// contentEnd is where the content of the line that holds i ends: before a comment and the blanks before it.
func (p *parser) contentEnd(i int) int {
	e := lineEnd(p.src, i)
	for j := i; j < e; j++ {
		if p.src[j] == '#' && (j == p.bol || isBlank(p.src[j-1])) {
			return trimBlanks(p.src, i, j)
		}
	}
	return trimBlanks(p.src, i, e)
}

// settle ends a value: what else stands on its line is too much.
func (p *parser) settle(what string) {
	if p.fresh() && p.pos > p.bol || p.pos == p.bol {
		return
	}
	p.pos = skipBlanks(p.src, p.pos)
	if p.atEnd() {
		return
	}
	if p.peek(0) == '#' {
		p.apart()
		p.comment()
		return
	}
	e := p.contentEnd(p.pos)
	if p.junkLine != p.bol {
		p.junkLine = p.bol
		p.errorf(p.pos, e, CodeSyntax, "%q does not belong here: %s ends before it. Put the whole value in quotes, or remove this.",
			clip(p.src[p.pos:e]), what)
	}
	p.toLineEnd()
}

func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

// leftover reports what stands behind the end of the piece's value.
func (p *parser) leftover(what string) {
	for first := true; p.next() >= 0; first = false {
		if first {
			p.errorf(p.pos, p.contentEnd(p.pos), CodeSyntax,
				"This line belongs to nothing: %s ends above it. Check its indentation.", what)
		}
		p.toLineEnd()
		if !p.atEnd() {
			p.pos = lineEnd(p.src, p.pos)
		}
	}
}

// enter counts a level of nesting. Beyond the limit it reports that once and gives up the rest of the piece.
func (p *parser) enter() bool {
	if p.depth++; p.depth <= p.maxDepth {
		return true
	}
	if !p.limited {
		p.limited = true
		p.errorf(p.pos, min(p.pos+1, len(p.src)), CodeLimit,
			"Values are nested deeper than %d levels here, which is the limit. The rest is not read; make the value flatter.", p.maxDepth)
	}
	p.pos = len(p.src)
	return false
}

// block reads the value of a parent that stands at column n. The position is right behind the parent's indicator, or on
// the value. A value that is not there is an omitted node right behind the indicator.
func (p *parser) block(n int, at place) *node {
	if !p.enter() {
		return p.omitted(len(p.src))
	}
	defer func() { p.depth-- }()
	var (
		pr      props
		behind  = p.pos
		own     = at == atTop || p.fresh() // the value stands on a line of its own
		propCol = false                    // a property stands before it on its line
	)
	for {
		p.pos = skipBlanks(p.src, p.pos)
		if p.atEnd() || p.peek(0) == '#' && (p.pos == p.bol || isBlank(p.src[p.pos-1])) {
			c := p.next()
			if c < 0 || c < n || c == n && !((at == afterKey || at == afterComplex) && p.isDash()) {
				return p.apply(pr, p.omitted(max(behind, pr.end)))
			}
			own, propCol = true, false
		}
		c := p.col()
		if (own || at != afterKey) && !propCol {
			switch {
			case p.isDash():
				return p.apply(pr, p.sequence(c, n))
			case p.peek(0) == '?' && p.blankAt(1), p.peek(0) == ':' && p.blankAt(1), p.keyEnd() >= 0, p.startsMapping(c):
				return p.apply(pr, p.mapping(c, n))
			}
		}
		if !p.isProp() {
			break
		}
		p.prop(&pr)
		propCol = true
	}
	p.forgiveTabs(n)
	return p.apply(pr, p.inline(n))
}

// startsMapping reports whether the line at the position, which is no key, is a key that is still being typed: the next
// line of content stands at its column or deeper, and is a key.
func (p *parser) startsMapping(col int) bool {
	switch c := p.peek(0); c {
	case '"', '\'':
		if _, ok := closingQuote(p.src, p.pos); ok {
			return false
		}
	case '|', '>', '[', '{', '*', '&', '!':
		return false
	}
	i := lineEnd(p.src, p.pos)
	for i < len(p.src) {
		i += breakLen(p.src, i)
		start := i
		i = skipBlanks(p.src, i)
		if i < len(p.src) && (isBreak(p.src[i]) || p.src[i] == '#') {
			i = lineEnd(p.src, i)
			continue
		}
		return i-start >= col && keyEnd(p.src, i, false) >= 0
	}
	return false
}

// inline reads a value that is no block collection.
func (p *parser) inline(n int) *node {
	switch c := p.peek(0); c {
	case '"', '\'':
		node := p.quoted(n)
		p.settle("the text in quotes")
		return node
	case '[', '{':
		if t := p.template(); t != nil {
			return t
		}
		node := p.flowCollection(n)
		what := "the list"
		if c == '{' {
			what = "the map"
		}
		p.settle(what)
		return node
	case '*':
		node := p.alias()
		p.settle("the alias")
		return node
	case '|', '>':
		return p.blockScalar(n)
	case '@', '`', '%', ']', '}', ',':
		return p.badStart("A value cannot begin with %s. Put it in quotes.", string(c))
	case '-', '?':
		if p.blankAt(1) {
			if c == '-' {
				return p.badStart(
					"A list cannot begin on the line of its key. Begin a new line before the %s, or put the value in quotes.", "-")
			}
			return p.badStart("A value cannot begin with %s and a blank. Put it in quotes.", "?")
		}
	}
	return p.plain(n)
}

// badStart takes the rest of the line as text, with a finding that offers to quote it.
func (p *parser) badStart(format, arg string) *node {
	e := p.contentEnd(p.pos)
	f := p.errorf(p.pos, e, CodeSyntax, format, arg)
	f.Fix = quoteFix(p.src, p.pos, e)
	return p.restOfLine(e)
}

// restOfLine is a plain scalar from the position to e, on one line.
func (p *parser) restOfLine(e int) *node {
	node := p.node(Scalar, Plain, p.pos, e)
	node.value, node.flags = p.src[p.pos:e], flagExact
	node.tag = TagStr
	if e > p.pos {
		node.tag = plainTag(node.value)
	}
	p.pos = e
	p.toLineEnd()
	return node
}

// insertFix is a fix that inserts s at off.
func insertFix(title string, off int, s string) *Fix {
	return &Fix{Title: title, Edits: []text.Edit{{Span: text.Span{Start: off, End: off}, New: s}}}
}

func quoteFix(src string, from, to int) *Fix {
	s := src[from:to]
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	if strings.ContainsAny(s, `"\`) && !strings.Contains(s, "'") {
		quoted = "'" + s + "'"
	}
	return &Fix{Title: "Put it in quotes", Edits: []text.Edit{{Span: text.Span{Start: from, End: to}, New: quoted}}}
}

func (p *parser) alias() *node {
	start := p.pos
	p.pos++
	for !p.blankAt(0) {
		if c := p.peek(0); c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == ':' && p.blankAt(1) {
			break
		}
		p.pos++
	}
	node := p.node(Alias, Plain, start, p.pos)
	node.value = p.src[start+1 : p.pos]
	if node.value == "" {
		p.errorf(start, p.pos, CodeSyntax,
			"The alias has no name. Write the name of an anchor right behind the *, or put the value in quotes.").
			Fix = quoteFix(p.src, start, p.pos)
		return node
	}
	p.aliases = append(p.aliases, node)
	return node
}
