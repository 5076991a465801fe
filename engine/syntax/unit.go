package syntax

import (
	"fmt"
	"hash/fnv"
	"sort"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/text"
)

// Unit is the tree of a part of a file that is read by itself: one test, or one section of a document. It never changes,
// and all its spans count from its base, the offset at which its source begins in the file. An edit elsewhere in the
// file keeps the Unit, so a result that was computed from a Unit holds for as long as the pointer is the same.
type Unit struct {
	Node     Node      // the item, or the mapping of a section
	Span     text.Span // the item from its dash to its end
	Source   string    // the text of the unit, with the comments before it
	Hash     uint64    // a hash of the text of Span and of the anchors of other units that it uses
	Findings []Finding // ordered by their spans
	Comments []Comment

	kind    chunkKind
	dash    int  // the column of the dashes of the list
	cut     bool // the item was cut out of a larger tree, not read by itself
	shape   uint8
	stray   int       // the offset of the line of a further list item that stands at a wrong column, 0 for none
	follows bool      // the unit was cut off the one before it, at a stray list item
	anchors []*node   // ordered by place
	outer   []*node   // aliases of anchors that are not in the unit
	bound   []*node   // what outer stands for; nil for an unknown anchor
	open    []opening // quotes and brackets that nothing in the unit closes
	subs    [][]Item  // the items of the unit's sections, where they were cut out of its tree
	nodes   int       // how many nodes the unit's aliases expand to, at least
	excess  *node     // the alias at which that goes beyond the limit
	offers  []binding // its anchors, for the units behind it
}

// What the chunks of a document say about its layout.
const (
	shapeContent   uint8 = 1 << iota // content beside the --- line, or before the first key
	shapeComplex                     // a complex key at column 0
	shapeKey                         // the section begins with a key
	shapeMarked                      // the document begins with ---
	shapeDirective                   // directives stand before the document, which has to begin with --- then
)

// marked reports whether the unit matters to more than itself.
func (u *Unit) marked() bool {
	return len(u.Findings) > 0 || len(u.anchors) > 0 || len(u.outer) > 0 || len(u.open) > 0
}

// Node is the node of u at the item's place in the file.
func (it Item) Node() Node { return it.Unit.Node.At(it.Base) }

// newUnit reads a chunk.
func newUnit(src string, kind chunkKind, dash int, opts Options) *Unit {
	p := newParser(src, opts.MaxDepth)
	u := &Unit{Source: src, kind: kind, dash: dash}
	var root *node
	switch kind {
	case chunkItem:
		root = p.item()
		if root != nil {
			u.Span = text.Span{Start: p.dashAt, End: int(root.end)}
			u.Span.End = max(u.Span.End, u.Span.Start+1)
			checkDash(p, u, dash)
		}
	case chunkSection:
		root = p.section()
	default:
		u.shape = p.head()
	}
	if p.cut > 0 && kind == chunkItem {
		return &Unit{Source: src, kind: kind, dash: dash, stray: lastLineStart(src, 0, p.cut)}
	}
	if root != nil {
		u.Node = Node{n: root}
		if kind != chunkItem {
			u.Span = text.Span{Start: int(root.start), End: int(root.end)}
		}
	}
	u.adopt(p, opts)
	if kind == chunkSection {
		u.shape = sectionShape(src, u.Span.Start)
		u.subs = extractItems(u, opts)
	}
	return u
}

func sectionShape(src string, start int) uint8 {
	switch {
	case propsOnly(src, start), colonAt(src, start), start < len(src) && src[start] == '?' && endsWord(src, start+1):
		return shapeComplex
	case keyEnd(src, start, false) >= 0:
		return shapeKey
	}
	return 0
}

// checkDash reports an item whose dash stands less deep than those of the items above it.
func checkDash(p *parser, u *Unit, dash int) {
	at := u.Span.Start
	bol := lastLineStart(u.Source, 0, at)
	if at-bol == dash || skipBlanks(u.Source, bol) != at {
		return
	}
	for i := bol; i < at; i++ {
		if u.Source[i] == '\t' {
			return // the tab has its finding
		}
	}
	p.pos, p.bol = at, bol
	p.misplacedDash(dash)
}

// propsOnly reports whether the line at i holds anchors and tags, and what they belong to follows below.
func propsOnly(s string, i int) bool {
	first := i
	for i < len(s) && (s[i] == '&' || s[i] == '!') {
		for i < len(s) && !isBlank(s[i]) && !isBreak(s[i]) {
			i++
		}
		i = skipBlanks(s, i)
	}
	return i > first && (i >= len(s) || isBreak(s[i]) || s[i] == '#')
}

// head reads the head of a document: all but its content. It returns what the document's layout takes from it.
func (p *parser) head() (shape uint8) {
	p.skipBOM()
	if m := marker(p.src, p.pos); m != 0 {
		if p.pos += 3; m == '-' {
			shape |= shapeMarked
		} else {
			p.behindEnd()
		}
	}
	if p.directives(shape&shapeMarked != 0) {
		shape |= shapeDirective
	}
	if p.next() >= 0 {
		shape |= shapeContent
	}
	return shape
}

// adopt takes over what the parser found beside the tree, and resolves the aliases within the unit.
func (u *Unit) adopt(p *parser, opts Options) {
	u.Findings, u.Comments, u.open = p.findings, p.comments, p.open
	u.anchors = p.anchors
	sort.SliceStable(u.anchors, func(i, j int) bool { return u.anchors[i].x.anchorSpan.Start < u.anchors[j].x.anchorSpan.Start })
	if len(p.aliases) > 0 {
		byName := make(map[string][]*node, len(u.anchors))
		for _, a := range u.anchors {
			byName[a.x.anchor] = append(byName[a.x.anchor], a)
		}
		for _, a := range p.aliases {
			defs := byName[a.value]
			i := sort.Search(len(defs), func(i int) bool { return defs[i].x.anchorSpan.Start >= int(a.start) })
			if i > 0 {
				a.ext().target = defs[i-1]
			} else {
				u.outer = append(u.outer, a)
			}
		}
	}
	u.controls()
	if u.Node.n != nil {
		u.style()
		u.expand(opts)
	}
	sortFindings(u.Findings)
	u.Hash = hashOf(u.Source[u.Span.Start:u.Span.End])
	if len(u.anchors) > 0 && len(u.outer) == 0 {
		u.measure()
	}
}

// controls reports the characters that no YAML text may hold as they are (YAML 1.2, production c-printable).
func (u *Unit) controls() {
	for i := 0; i < len(u.Source); i++ {
		c := u.Source[i]
		if c >= 0x20 && c < 0x7F || isBreak(c) || c == '\t' || c > 0x7F && c != 0xC2 {
			continue
		}
		r, n := utf8.DecodeRuneInString(u.Source[i:])
		if r >= 0xA0 || r == 0x85 {
			continue
		}
		u.Findings = append(u.Findings, Finding{
			Span: text.Span{Start: i, End: i + n}, Severity: SeverityError, Code: CodeSyntax,
			Message: fmt.Sprintf(
				"The control character %U cannot stand in YAML. Remove it, or write \"\\x%02x\" in double quotes.", r, r),
		})
		if i += n - 1; len(u.Findings) > 1000 {
			return
		}
	}
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // a hash cannot fail
	return h.Sum64()
}

func sortFindings(f []Finding) {
	sort.SliceStable(f, func(i, j int) bool {
		if f[i].Span.Start != f[j].Span.Start {
			return f[i].Span.Start < f[j].Span.Start
		}
		return f[i].Span.End < f[j].Span.End
	})
}

// style reports values whose type surprises: numbers with a leading zero, dates, and what cannot be merged.
func (u *Unit) style() {
	var walk func(n *node)
	walk = func(n *node) {
		switch n.kind {
		case Mapping:
			for i := 1; i < len(n.kids()); i += 2 {
				if isMerge(Node{n: n.kids()[i-1]}) {
					u.checkMerge(n.kids()[i])
				}
				walk(n.kids()[i])
			}
		case Sequence:
			for _, k := range n.kids() {
				walk(k)
			}
		case Scalar:
			if n.style != Plain || n.value == "" || n.value[0] > '9' {
				return
			}
			if f, ok := surprising(n, u.Source); ok {
				u.Findings = append(u.Findings, f)
			}
		}
	}
	walk(u.Node.n)
}

// checkMerge reports what a merge key cannot merge. An alias may stand for a map, which is known only later.
func (u *Unit) checkMerge(v *node) {
	switch {
	case v.kind == Sequence:
		for _, k := range v.kids() {
			u.checkMerge(k)
		}
	case v.kind == Scalar:
		span := spanOf(v)
		if span.IsEmpty() {
			span.Start = max(span.Start-1, 0)
		}
		u.Findings = append(u.Findings, Finding{
			Span: span, Severity: SeverityError, Code: CodeMerge,
			Message: "The key << merges maps, and this is none. Write an alias of a map behind it, as in <<: *base, or put the key in quotes.",
		})
	}
}

func surprising(n *node, src string) (Finding, bool) {
	f := Finding{Span: spanOf(n)}
	switch {
	case n.tag == TagInt && isOctalLike(n.value):
		f.Severity, f.Code = SeverityWarning, CodeOctalLike
		num, _ := number(n.value)
		f.Message = n.value + " is read as the number " + num.String() +
			"; older YAML readers take it as octal. Put it in quotes if it is text, or remove the zeros."
	case n.tag == TagStr && n.x == nil && isDateLike(n.value):
		f.Severity, f.Code = SeverityHint, CodeDateLike
		f.Message = clip(n.value) + " is text here; older YAML readers make a date of it. Put it in quotes to be sure."
	default:
		return f, false
	}
	f.Fix = quoteFix(src, f.Span.Start, f.Span.End)
	return f, true
}
