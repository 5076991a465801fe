package text

import (
	"strings"
	"unicode/utf8"
)

// Text is one version of a document's text. It never changes; Apply makes a new version that shares all but the touched
// leaves. Offsets given to its methods are clamped into the text.
type Text struct {
	root *node
	// flat is the whole text where this version was made from one string, so that String and Slice cost nothing then.
	flat string
}

// New is the text of s. Bytes that are no UTF-8 become U+FFFD, one for each part that a decoder of the Web (WHATWG)
// would replace, so that columns agree with what an editor shows.
func New(s string) *Text {
	s = valid(s)
	return &Text{root: build(s), flat: s}
}

// Len is the size in bytes.
func (t *Text) Len() int {
	if t.root == nil {
		return 0
	}
	return t.root.counts.bytes
}

// String is the whole text.
func (t *Text) String() string { return t.Slice(Span{0, t.Len()}) }

// Slice is the text of a span. A span within one leaf is not copied.
func (t *Text) Slice(s Span) string {
	s = t.clamp(s)
	if s.IsEmpty() {
		return ""
	}
	if t.flat != "" {
		return t.flat[s.Start:s.End]
	}
	n, from, to := t.root, s.Start, s.End
	for n.left != nil {
		cut := n.left.counts.bytes
		switch {
		case to <= cut:
			n = n.left
		case from >= cut:
			n, from, to = n.right, from-cut, to-cut
		default:
			var b strings.Builder
			b.Grow(to - from)
			n.write(&b, from, to)
			return b.String()
		}
	}
	return n.leaf[from:to]
}

func (t *Text) clamp(s Span) Span {
	if s.Start > s.End {
		s.Start, s.End = s.End, s.Start
	}
	n := t.Len()
	return Span{min(max(s.Start, 0), n), min(max(s.End, 0), n)}
}

// byteAt is the byte at off, 0 outside.
func (t *Text) byteAt(off int) byte {
	if off < 0 || off >= t.Len() {
		return 0
	}
	n := t.root
	for n.left != nil {
		if cut := n.left.counts.bytes; off < cut {
			n = n.left
		} else {
			n, off = n.right, off-cut
		}
	}
	return n.leaf[off]
}

func (t *Text) inCRLF(off int) bool { return t.byteAt(off) == '\n' && t.byteAt(off-1) == '\r' }

// LineCount is the number of lines: one more than there are line breaks.
func (t *Text) LineCount() int {
	if t.root == nil {
		return 1
	}
	return t.root.counts.breaks + 1
}

// LineStart is the offset at which a line begins: 0 for a negative line, the end of the text for one behind the last.
func (t *Text) LineStart(line int) int {
	switch {
	case line <= 0:
		return 0
	case line >= t.LineCount():
		return t.Len()
	}
	off := t.root.afterBreak(line)
	if t.inCRLF(off) {
		off++
	}
	return off
}

// LineAt is the 0-based line that holds off. The bytes of a line break belong to the line that they end.
func (t *Text) LineAt(off int) int {
	off = min(max(off, 0), t.Len())
	line := t.root.prefixBreaks(off)
	if t.inCRLF(off) {
		line--
	}
	return line
}

// LineSpan is the span of a line without its line break.
func (t *Text) LineSpan(line int) Span {
	start := t.LineStart(line)
	if line < 0 || line >= t.LineCount() {
		return Span{start, start}
	}
	if line == t.LineCount()-1 {
		return Span{start, t.Len()}
	}
	end := t.LineStart(line + 1)
	if t.byteAt(end-1) == '\n' {
		end--
		if end > start && t.byteAt(end-1) == '\r' {
			end--
		}
	} else {
		end--
	}
	return Span{start, end}
}

// Line is the text of a line without its line break.
func (t *Text) Line(line int) string { return t.Slice(t.LineSpan(line)) }

// Position is the line and column of an offset. Within a line break it is the end of the line, and within a character
// the character's start.
func (t *Text) Position(off int, enc Encoding) Position {
	off = min(max(off, 0), t.Len())
	for off > 0 && t.byteAt(off)&0xC0 == 0x80 {
		off--
	}
	if t.inCRLF(off) {
		off--
	}
	line := t.LineAt(off)
	start := t.LineStart(line)
	if enc == UTF8 || t.root == nil {
		return Position{line, off - start}
	}
	return Position{line, t.unitsIn(start, off, enc)}
}

// unitsIn counts the units of [from, to).
func (t *Text) unitsIn(from, to int, enc Encoding) int {
	if to-from <= maxLeaf {
		return measure(t.Slice(Span{from, to})).units(enc)
	}
	return t.root.prefix(to).units(enc) - t.root.prefix(from).units(enc)
}

// Offset is the byte offset of a position. As the reference implementation of LSP text documents does it, a line behind
// the last is the end of the text, a negative line is its start, and a column behind the end of its line is the line's
// end. A column within a character is the character's start.
func (t *Text) Offset(p Position, enc Encoding) int {
	switch {
	case p.Line < 0:
		return 0
	case p.Line >= t.LineCount():
		return t.Len()
	}
	span := t.LineSpan(p.Line)
	if p.Column <= 0 || t.root == nil {
		return span.Start
	}
	if p.Column >= span.Len() { // a column counts at most as many units as the line has bytes
		return span.End
	}
	return min(t.root.atUnit(t.root.prefix(span.Start).units(enc)+p.Column, enc), span.End)
}

// Normalize is the edit that Apply makes of e on this text: its span is turned around where it runs backwards, clamped,
// and widened to whole characters; its text is valid UTF-8.
func (t *Text) Normalize(e Edit) Edit {
	s := t.clamp(e.Span)
	empty := s.IsEmpty()
	for s.Start > 0 && t.byteAt(s.Start)&0xC0 == 0x80 {
		s.Start--
	}
	if empty {
		s.End = s.Start
	}
	for s.End < t.Len() && t.byteAt(s.End)&0xC0 == 0x80 {
		s.End++
	}
	return Edit{s, valid(e.New)}
}

// Apply is the text after the edits, each applied to the result of the one before.
func (t *Text) Apply(edits ...Edit) *Text {
	for _, e := range edits {
		t = t.apply(t.Normalize(e))
	}
	return t
}

func (t *Text) apply(e Edit) *Text {
	if e.Span.IsEmpty() && e.New == "" {
		return t
	}
	if e.Span.Start == 0 && e.Span.End == t.Len() {
		return &Text{root: build(e.New), flat: e.New}
	}
	left, rest := split(t.root, e.Span.Start)
	_, right := split(rest, e.Span.Len())
	left, head := takeLast(left)
	right, tail := takeFirst(right)
	return &Text{root: join(join(left, build(head+e.New+tail)), right)}
}

// valid replaces what is no UTF-8 by U+FFFD.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			b.WriteRune(utf8.RuneError)
			i += max(brokenLen(s[i:]), 1)
			continue
		}
		b.WriteString(s[i : i+n])
		i += n
	}
	return b.String()
}

// brokenLen is the length of the longest part of an ill-formed sequence that could begin a well-formed one (Unicode
// 15, section 3.9, "U+FFFD substitution of maximal subparts").
func brokenLen(s string) int {
	need, lo, hi := 0, byte(0x80), byte(0xBF)
	switch b := s[0]; {
	case b >= 0xC2 && b <= 0xDF:
		need = 1
	case b == 0xE0:
		need, lo = 2, 0xA0
	case b == 0xED:
		need, hi = 2, 0x9F
	case b >= 0xE1 && b <= 0xEF:
		need = 2
	case b == 0xF0:
		need, lo = 3, 0x90
	case b == 0xF4:
		need, hi = 3, 0x8F
	case b >= 0xF1 && b <= 0xF3:
		need = 3
	}
	n := 1
	for ; n <= need && n < len(s) && s[n] >= lo && s[n] <= hi; n++ {
		lo, hi = 0x80, 0xBF
	}
	return n
}
