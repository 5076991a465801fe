package syntax

import (
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// ContextKind says what a cursor stands on.
type ContextKind uint8

// The kinds of places for a cursor.
const (
	ContextNone    ContextKind = iota
	ContextKey                 // where a key is typed, or can be
	ContextValue               // where a value is typed, or can be
	ContextItem                // behind "- ", where an item of a list begins: a value, or the first key of a map
	ContextComment             // in a comment
)

// Step leads from a collection to one of its parts: by a key, or by an index where Index is not -1.
type Step struct {
	Key   string
	Index int
}

// Context describes the place of a cursor for completion. It comes from the lines above the cursor and their columns as
// much as from the tree, so it holds in text that is broken or half typed.
type Context struct {
	Doc  int // the index of the document
	Item int // the index of the unit in its section, -1 outside
	Kind ContextKind
	// Path leads from the root of the document to the mapping that encloses the key, or to the value.
	Path []Step
	// Prefix is what was typed so far of the word, and Replace the span that a completed word replaces.
	Prefix  string
	Replace text.Span
	// Indent is the column at which a key that is typed here stands.
	Indent   int
	Siblings []string // the keys that the mapping has already, in the order of the text
	Quote    byte     // the quote that the word began with: 0, ' or "
	Flow     bool     // the place is within [ ] or { }
	// Scalar is the value at the cursor as written, without quotes, and ScalarCursor the index of the cursor in it.
	Scalar       string
	ScalarCursor int
	ScalarStart  int  // the offset of Scalar in the text
	NeedsSpace   bool // the cursor stands directly behind "key:", so a value needs a blank before it
}

// element is a part of a line that can be a parent: a dash, or a key.
type element struct {
	col   int
	off   int // the offset in the line
	dash  bool
	key   string
	value bool   // the key has a value on its line
	colon int    // the offset of the colon in the line, -1 for text without one
	half  string // a word that may become a key
}

// elements are the dashes and the key of a line.
func elements(line string) []element {
	var out []element
	i, col := 0, 0
	for ; i < len(line) && isBlank(line[i]); i++ {
		if col++; line[i] == '\t' {
			col++
		}
	}
	shift := col - i
	for i < len(line) && line[i] == '-' && (i+1 == len(line) || isBlank(line[i+1])) {
		out = append(out, element{col: i + shift, off: i, dash: true, colon: -1})
		i = skipBlanks(line, i+1)
	}
	if i >= len(line) || line[i] == '#' {
		return out
	}
	e := element{col: i + shift, off: i, colon: keyEnd(line, i, false)}
	if e.colon < 0 {
		if c := wordColon(line[i:]); c > 0 {
			e.colon = i + c
		}
	}
	if e.colon >= 0 {
		e.key = keyText(strings.TrimRight(line[i:e.colon], " \t"))
		v := skipBlanks(line, e.colon+1)
		for v < len(line) && (line[v] == '&' || line[v] == '!') {
			for v < len(line) && !isBlank(line[v]) {
				v++
			}
			v = skipBlanks(line, v)
		}
		e.value = v < len(line) && line[v] != '#'
	} else if word := strings.TrimRight(line[i:], " \t\r"); wordColon(word+":x") > 0 {
		e.half = word
	}
	return append(out, e)
}

func keyText(s string) string {
	if len(s) < 2 || s[0] != '"' && s[0] != '\'' {
		return s
	}
	d := decoder{}
	if s[0] == '"' {
		d.double(s, true)
	} else {
		d.single(s, true)
	}
	return string(d.out)
}

// ContextAt describes the place of a cursor.
func (t *Tree) ContextAt(off int) Context {
	off = min(max(off, 0), t.text.Len())
	lineSpan := t.text.LineSpan(t.text.LineAt(off))
	off = min(off, lineSpan.End) // not within a line break
	c := Context{Item: -1, Replace: text.Span{Start: off, End: off}, ScalarStart: off}
	if t.tooLarge {
		return c
	}
	c.Doc = t.docAt(off)
	base, section := t.contextBase(c.Doc, off)
	q := query{tree: t, ctx: &c, off: off, base: base, section: section, lineSpan: lineSpan, line: t.text.Slice(lineSpan)}
	q.run()
	return c
}

// query is one computation of a Context.
type query struct {
	tree     *Tree
	ctx      *Context
	off      int
	base     int // where the text begins that can hold parents of the place
	section  int // the index of the section whose unit begins at base, or -1
	lineSpan text.Span
	line     string
}

// contextBase is where the upward walk from off ends: the unit's start, or that of its section or document.
func (t *Tree) contextBase(doc, off int) (base, section int) {
	if len(t.docs) == 0 {
		return 0, -1
	}
	d := t.docs[doc]
	s, item := t.ItemAt(doc, off)
	if s >= 0 && item >= 0 {
		if it := d.Sections[s].Items.At(item); !it.Unit.cut {
			return it.Base, s
		}
	}
	if s >= 0 {
		return t.text.LineStart(t.text.LineAt(d.Sections[s].Span.Start)), -1
	}
	return d.Span.Start, -1
}

func (q *query) run() {
	path := q.tree.NodeAt(q.off)
	if q.inComment() {
		q.ctx.Kind = ContextComment
		q.ctx.Path = q.parents(q.col(), false)
		return
	}
	if n, ok := q.multiLine(path); ok {
		q.scalarNode(n)
		return
	}
	if q.inFlow(path) {
		return
	}
	q.blockLine()
}

func (q *query) col() int {
	cols := 0
	for _, b := range []byte(q.line[:q.off-q.lineSpan.Start]) {
		if cols++; b == '\t' {
			cols++
		}
	}
	return cols
}

// inComment reports whether the cursor stands behind the # of a comment.
func (q *query) inComment() bool {
	cur := q.off - q.lineSpan.Start
	for _, c := range q.tree.commentsNear(q.off) {
		if c.Span.Start < q.off && q.off <= c.Span.End {
			return true
		}
	}
	return strings.HasPrefix(strings.TrimLeft(q.line[:cur], " \t"), "#") && !q.inBlockScalar()
}

func (q *query) inBlockScalar() bool {
	path := q.tree.NodeAt(q.off)
	if len(path) == 0 {
		return false
	}
	st := path[len(path)-1].Style()
	return st == Literal || st == Folded
}

// commentsNear are the comments of the unit at off.
func (t *Tree) commentsNear(off int) []Comment {
	var out []Comment
	add := func(base int, comments []Comment) {
		for _, c := range comments {
			out = append(out, Comment{c.Span.Shift(base), c.Own})
		}
	}
	for _, w := range t.wholes {
		if w.base <= off && off <= w.base+len(w.src) {
			add(w.base, w.unit.Comments)
			return out
		}
	}
	if i := t.chunkAt(off); i >= 0 {
		c := t.chunks.At(i)
		add(c.Base, c.Unit.Comments)
	}
	return out
}

// multiLine is the scalar that began above the cursor's line and reaches to the cursor.
func (q *query) multiLine(path []Node) (Node, bool) {
	if len(path) > 0 {
		n := path[len(path)-1]
		if n.Kind() == Scalar && n.Span().Start < q.lineSpan.Start {
			return n, true
		}
	}
	// A cursor on an empty line below a block of text, at its column or deeper, goes on with it.
	if strings.TrimSpace(q.line) != "" {
		return Node{}, false
	}
	col := q.col()
	i := q.tree.chunkAt(q.off)
	if i < 0 || col == 0 {
		return Node{}, false
	}
	end := q.lineSpan.Start
	src := q.tree.text.Slice(text.Span{Start: q.base, End: end})
	last := len(strings.TrimRight(src, " \t\r\n"))
	if last == 0 {
		return Node{}, false
	}
	above := q.tree.NodeAt(q.base + last)
	if len(above) == 0 {
		return Node{}, false
	}
	n := above[len(above)-1]
	if st := n.Style(); n.Kind() != Scalar || st != Literal && st != Folded {
		return Node{}, false
	}
	return n, col >= int(n.n.indent) && n.n.indent > 0
}

// scalarNode fills the context for a cursor in a scalar of several lines.
func (q *query) scalarNode(n Node) {
	c := q.ctx
	c.Kind = ContextValue
	span := n.Span()
	line := q.tree.text.LineAt(span.Start)
	ls := q.tree.text.LineSpan(line)
	sub := *q
	sub.ctx, sub.off, sub.lineSpan, sub.line = &Context{Item: -1, Doc: c.Doc}, span.Start, ls, q.tree.text.Slice(ls)
	if !sub.inFlow(q.tree.NodeAt(span.Start)) {
		sub.blockLine()
	}
	c.Path, c.Item, c.Flow, c.Siblings = sub.ctx.Path, sub.ctx.Item, sub.ctx.Flow, sub.ctx.Siblings
	start, end := span.Start, max(span.End, q.off)
	switch n.Style() {
	case SingleQuoted, DoubleQuoted:
		c.Quote = q.tree.text.Slice(text.Span{Start: start, End: start + 1})[0]
		start++
		if !n.Unclosed() {
			end = max(end-1, q.off)
		}
	case Literal, Folded:
		start = min(q.tree.text.LineStart(line+1), q.off)
	}
	c.Scalar = q.tree.text.Slice(text.Span{Start: start, End: end})
	c.ScalarStart, c.ScalarCursor = start, q.off-start
	word := q.off
	for word > q.lineSpan.Start && !isBlank(q.line[word-1-q.lineSpan.Start]) {
		word--
	}
	word = max(word, start)
	c.Prefix = q.tree.text.Slice(text.Span{Start: word, End: q.off})
	c.Replace = text.Span{Start: word, End: q.off}
	c.Indent = q.col()
}

// blockLine fills the context for a cursor in a line of block style.
func (q *query) blockLine() {
	c, cur := q.ctx, q.off-q.lineSpan.Start
	els := elements(q.line)
	if len(els) == 0 { // a blank line
		c.Kind, c.Indent = ContextKey, q.col()
		c.Path = q.parents(c.Indent, false)
		q.siblings()
		return
	}
	last := els[len(els)-1]
	switch {
	case cur < els[0].off || marker(q.line, 0) != 0:
		c.Kind, c.Indent = ContextNone, q.col()
		c.Path = q.parents(c.Indent, false)
	case last.dash:
		c.Kind, c.Indent = ContextItem, q.col()
		if cur <= last.off {
			c.Kind = ContextNone
		}
		c.NeedsSpace = cur == last.off+1
		if c.NeedsSpace {
			c.Indent++
		}
		c.Path = q.parents(c.Indent, false)
		q.siblings()
	case last.colon >= 0 && cur > last.colon:
		c.Kind, c.Indent = ContextValue, last.col
		c.Path = append(q.parents(last.col, false), Step{last.key, -1})
		c.NeedsSpace = cur == last.colon+1 || last.colon+1 < len(q.line) && !isBlank(q.line[last.colon+1])
		q.word(skipProps(q.line, last.colon+1, cur), false)
	case cur < last.off: // between a dash and its text
		c.Kind, c.Indent = ContextNone, q.col()
		c.Path = q.parents(last.col, false)
	default:
		c.Kind, c.Indent = ContextKey, last.col
		c.Path = q.parents(last.col, false)
		q.siblings()
		if len(els) > 1 && last.colon < 0 && len(c.Siblings) == 0 {
			c.Kind = ContextItem
		}
		end := len(q.line)
		if last.colon >= 0 {
			end = last.colon
		}
		q.wordTo(last.off, end, true)
	}
}

// skipProps is the start of the value at i: behind blanks, and an anchor and a tag before the cursor.
func skipProps(line string, i, cur int) int {
	i = skipBlanks(line, i)
	for i < len(line) && (line[i] == '&' || line[i] == '!') {
		j := i
		for j < len(line) && !isBlank(line[j]) {
			j++
		}
		if cur <= j {
			break
		}
		i = skipBlanks(line, j)
	}
	return min(i, max(cur, 0))
}

// word fills the word that begins at from in the cursor's line and ends with the value.
func (q *query) word(from int, key bool) {
	end := len(q.line)
	for j := from; j < len(q.line); j++ {
		if q.line[j] == '#' && j > from && isBlank(q.line[j-1]) && (from >= len(q.line) || q.line[from] != '"' && q.line[from] != '\'') {
			end = j
			break
		}
	}
	q.wordTo(from, end, key)
}

func (q *query) wordTo(from, end int, key bool) {
	c, cur := q.ctx, q.off-q.lineSpan.Start
	from = min(from, cur)
	end = max(trimBlanks(q.line, from, end), cur)
	if from < len(q.line) && (q.line[from] == '"' || q.line[from] == '\'') && cur > from {
		c.Quote = q.line[from]
		if e, ok := closingQuote(q.line[:end], from); ok {
			if cur >= e { // behind the closing quote
				from, end = cur, cur
				c.Kind, c.Quote = ContextNone, 0
			} else {
				from, end = from+1, e-1
			}
		} else {
			from++
		}
	}
	start := q.lineSpan.Start + from
	c.Replace = text.Span{Start: start, End: q.lineSpan.Start + end}
	c.Prefix = q.line[from:cur]
	if !key {
		c.Scalar, c.ScalarStart, c.ScalarCursor = q.line[from:end], start, cur-from
	}
}

// parents walks upward from the cursor's line and returns the path to the collection that holds column col.
func (q *query) parents(col int, flow bool) []Step {
	var rev []Step
	want, counting, first := col, false, true
	take := func(els []element, own bool) {
		for i := len(els) - 1; i >= 0; i-- {
			e := els[i]
			if own && e.off >= q.off-q.lineSpan.Start && !(e.col < want) {
				continue
			}
			switch {
			case counting && e.dash && e.col == want:
				rev[len(rev)-1].Index++
			case e.col > want || e.col == want && !(counting && !e.dash):
				continue
			case e.dash:
				rev = append(rev, Step{Index: 0})
				want, counting = e.col, true
			case e.colon >= 0 && (!e.value || !first):
				rev = append(rev, Step{e.key, -1})
				want, counting = e.col, false
			case e.half != "" && i == 0: // a key whose colon is not typed yet
				rev = append(rev, Step{e.half, -1})
				want, counting = e.col, false
			default:
				want = e.col // a key with a scalar: the place is beside it
			}
			first = false
		}
	}
	take(elements(q.line), true)
	above := q.tree.text.Slice(text.Span{Start: min(q.base, q.lineSpan.Start), End: q.lineSpan.Start})
	for end := len(above); end > 0 && (want > 0 || counting); {
		e := end - 1
		if e > 0 && above[e] == '\n' && above[e-1] == '\r' {
			e--
		}
		start := lastLineStart(above, 0, e)
		line := above[start:e]
		end = start
		if trimmed := strings.TrimLeft(line, " \t"); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		take(elements(line), false)
	}
	return q.root(rev, want, counting)
}

// root completes a path that was walked up to the start of its unit, and turns it around.
func (q *query) root(rev []Step, want int, counting bool) []Step {
	docs := q.tree.docs
	if q.ctx.Doc < len(docs) {
		sections := docs[q.ctx.Doc].Sections
		if q.section >= 0 && (counting || want > 0) {
			s := sections[q.section]
			if _, item := q.tree.ItemAt(q.ctx.Doc, q.off); counting && item >= 0 {
				rev[len(rev)-1].Index = item
				q.ctx.Item = item
			}
			rev = append(rev, Step{s.Key.Value(), -1})
		}
	}
	path := make([]Step, len(rev), len(rev)+1)
	for i, s := range rev {
		path[len(rev)-1-i] = s
	}
	if q.section < 0 && len(path) >= 2 && path[1].Index >= 0 && isUnitName(path[0].Key, q.tree.opts) {
		q.ctx.Item = path[1].Index
	}
	return path
}

// siblings fills in the keys of the mapping that the path leads to, without the one under the cursor.
func (q *query) siblings() {
	n := q.tree.Lookup(q.ctx.Doc, q.ctx.Path)
	for _, e := range n.Entries() {
		if s := e.Key.FullSpan(); e.Key.Omitted() || s.Contains(q.off) && e.Key.Kind() == Scalar {
			continue
		}
		q.ctx.Siblings = append(q.ctx.Siblings, e.Key.Value())
	}
}

// Lookup is the node that a path leads to from the root of a document, or the zero Node.
func (t *Tree) Lookup(doc int, path []Step) Node {
	if doc < 0 || doc >= len(t.docs) {
		return Node{}
	}
	n := t.docs[doc].Root
	for _, s := range path {
		n = n.Resolve()
		switch {
		case s.Index < 0:
			e, _ := n.Get(s.Key)
			n = e.Value
		case n.Kind() != Sequence || s.Index >= n.Len():
			return Node{}
		case n.n.x != nil && n.n.x.items.Len() > 0:
			n = n.n.x.items.At(s.Index).Node()
		default:
			n = Node{n.n.kids()[s.Index], n.base, n.via}
		}
	}
	return n
}
