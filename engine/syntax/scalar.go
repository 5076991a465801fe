package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// segment ties a run of a decoded value to the source that it was made of. Where the lengths are equal the bytes are
// too, else the run stands for the source as a whole (an escape, a folded line break).
type segment struct{ value, valueLen, source, sourceLen int }

// decoder collects a decoded scalar, and on demand the segments that it was made of.
type decoder struct {
	out      []byte
	segments []segment
	record   bool
}

// copyRun takes source[from:to] over as it is.
func (d *decoder) copyRun(source string, from, to int) {
	if from >= to {
		return
	}
	if d.record {
		d.segments = append(d.segments, segment{len(d.out), to - from, from, to - from})
	}
	d.out = append(d.out, source[from:to]...)
}

// put writes s for source[from:to].
func (d *decoder) put(s string, from, to int) {
	if d.record {
		d.segments = append(d.segments, segment{len(d.out), len(s), from, to - from})
	}
	d.out = append(d.out, s...)
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }
func isBreak(b byte) bool { return b == '\n' || b == '\r' }

// breakLen is the length of the line break at s[i:], 0 where there is none.
func breakLen(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '\n':
		return 1
	case s[i] == '\r':
		if i+1 < len(s) && s[i+1] == '\n' {
			return 2
		}
		return 1
	}
	return 0
}

// lineEnd is the offset of the first line break at or after i, or the end of s.
func lineEnd(s string, i int) int {
	for i < len(s) && !isBreak(s[i]) {
		i++
	}
	return i
}

func skipBlanks(s string, i int) int {
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	return i
}

// trimBlanks is end moved back over blanks, not further than start.
func trimBlanks(s string, start, end int) int {
	for end > start && isBlank(s[end-1]) {
		end--
	}
	return end
}

// fold reads the line breaks and the blanks around them from i, which stands on blanks or on a break behind text. It
// writes one blank for a single break, and the further breaks otherwise (YAML 1.2, section 6.5).
func (d *decoder) fold(s string, i, end int) int {
	start, breaks := i, 0
	for i < end {
		if n := breakLen(s, i); n > 0 {
			breaks++
			i += n
		} else if isBlank(s[i]) {
			i++
		} else {
			break
		}
	}
	switch {
	case breaks == 1:
		d.put(" ", start, i)
	case breaks > 1:
		d.put(strings.Repeat("\n", breaks-1), start, i)
	}
	return i
}

// run is the end of the text that begins at i and stops before a line break or the blanks before one.
func textRun(s string, i, end int) int {
	e := i
	for e < end && !isBreak(s[e]) {
		e++
	}
	if e < end {
		e = trimBlanks(s, i, e)
	}
	return e
}

func (d *decoder) plain(s string) {
	for i := 0; i < len(s); {
		e := textRun(s, i, len(s))
		d.copyRun(s, i, e)
		i = e
		if i < len(s) {
			i = d.fold(s, i, len(s))
		}
	}
}

// quotedBody is the part of a quoted scalar between its quotes; the closing one may be missing.
func quotedBody(s string, closed bool) (from, to int) {
	if closed {
		return 1, len(s) - 1
	}
	return 1, len(s)
}

func (d *decoder) single(s string, closed bool) {
	i, end := quotedBody(s, closed)
	for i < end {
		e := textRun(s, i, end)
		for i < e {
			q := strings.IndexByte(s[i:e], '\'')
			if q < 0 {
				d.copyRun(s, i, e)
				i = e
				break
			}
			d.copyRun(s, i, i+q)
			d.put("'", i+q, min(i+q+2, e))
			i = min(i+q+2, e)
		}
		if i < end {
			i = d.fold(s, i, end)
		}
	}
}

func (d *decoder) double(s string, closed bool) {
	i, end := quotedBody(s, closed)
	for i < end {
		e := textRun(s, i, end)
		joined := false
		for i < e {
			q := strings.IndexByte(s[i:e], '\\')
			if q < 0 {
				d.copyRun(s, i, e)
				i = e
				break
			}
			d.copyRun(s, i, i+q)
			i += q
			if next := skipEscapedBreak(s, i, end); next > 0 {
				d.put("", i, next)
				i, joined = next, true
				break
			}
			val, n, _ := escape(s[i:end])
			d.put(val, i, i+n)
			i += n
			if i > e {
				e = textRun(s, i, end)
			}
		}
		if i < end && !joined {
			i = d.fold(s, i, end)
		}
	}
}

// skipEscapedBreak is the offset behind an escaped line break and the blanks that begin the next line, 0 if there is none.
func skipEscapedBreak(s string, i, end int) int {
	j := i + 1
	if j >= end || !isBreak(s[j]) {
		return 0
	}
	j += breakLen(s, j)
	for j < end && isBlank(s[j]) {
		j++
	}
	return min(j, end)
}

// escape decodes the escape at the start of s: its value, its length in the source and whether it is one that YAML
// knows. An unknown escape stands for itself.
func escape(s string) (string, int, bool) {
	if len(s) < 2 {
		return s, len(s), false
	}
	digits := 0
	switch s[1] {
	case '0':
		return "\x00", 2, true
	case 'a':
		return "\a", 2, true
	case 'b':
		return "\b", 2, true
	case 't', '\t':
		return "\t", 2, true
	case 'n':
		return "\n", 2, true
	case 'v':
		return "\v", 2, true
	case 'f':
		return "\f", 2, true
	case 'r':
		return "\r", 2, true
	case 'e':
		return "\x1b", 2, true
	case ' ', '"', '/', '\\':
		return s[1:2], 2, true
	case '\'':
		return s[1:2], 2, false // libyaml takes it, YAML 1.2 does not know it
	case 'N':
		return "\u0085", 2, true
	case '_':
		return "\u00a0", 2, true
	case 'L':
		return "\u2028", 2, true
	case 'P':
		return "\u2029", 2, true
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		_, n := utf8.DecodeRuneInString(s[1:])
		return s[:1+n], 1 + n, false
	}
	if len(s) < 2+digits {
		return s[:2], 2, false
	}
	v, err := strconv.ParseUint(s[2:2+digits], 16, 32)
	if err != nil {
		return s[:2], 2, false
	}
	if digits == 4 && v >= 0xD800 && v < 0xDC00 && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		// A pair of surrogates, as JSON writes characters beyond U+FFFF.
		if lo, err := strconv.ParseUint(s[8:12], 16, 32); err == nil && lo >= 0xDC00 && lo < 0xE000 {
			return string(rune((v-0xD800)<<10 + (lo - 0xDC00) + 0x10000)), 12, true
		}
	}
	if v > utf8.MaxRune || v >= 0xD800 && v < 0xE000 {
		return s[:2+digits], 2 + digits, false
	}
	return string(rune(v)), 2 + digits, true
}

// block decodes a block scalar. s begins with the indicator, indent is the column of its content.
func (d *decoder) block(s string, indent int) {
	folded, chomp := s[0] == '>', byte(0)
	head := lineEnd(s, 0)
	for i := 1; i < head && s[i] != '#' && !isBlank(s[i]); i++ {
		if s[i] == '+' || s[i] == '-' {
			chomp = s[i]
		}
	}
	i := head + breakLen(s, head)
	var (
		pendingFrom = -1 // where the breaks that are not written yet begin
		pending     int  // how many there are
		more        bool // the last line was indented further, so its break is kept
		any         bool
	)
	for i < len(s) {
		start, j := i, i
		for j < len(s) && j-start < indent && s[j] == ' ' {
			j++
		}
		e := lineEnd(s, j)
		next := e + breakLen(s, e)
		if e == j { // no text on this line
			if pendingFrom < 0 {
				pendingFrom = start
			}
			if next > e {
				pending++
			}
			i = next
			continue
		}
		lineMore := isBlank(s[j])
		if pending > 0 || pendingFrom >= 0 {
			switch {
			case !folded || !any || more || lineMore:
				d.put(strings.Repeat("\n", pending), pendingFrom, j)
			case pending == 1:
				d.put(" ", pendingFrom, j)
			default:
				d.put(strings.Repeat("\n", pending-1), pendingFrom, j)
			}
		}
		d.copyRun(s, j, e)
		any, more, pending, pendingFrom = true, lineMore, 0, e
		if next > e {
			pending = 1
		}
		i = next
	}
	if pending == 0 {
		return
	}
	switch {
	case chomp == '+':
		d.put(strings.Repeat("\n", pending), pendingFrom, len(s))
	case chomp == 0 && any:
		d.put("\n", pendingFrom, len(s))
	}
}

// decode is the value of the scalar, from its source as written.
func (d *decoder) scalar(n *node, raw string) {
	closed := n.flags&flagUnclosed == 0
	switch n.style {
	case SingleQuoted:
		d.single(raw, closed)
	case DoubleQuoted:
		d.double(raw, closed)
	case Literal, Folded:
		d.block(raw, int(n.indent))
	default:
		d.plain(raw)
	}
}

// lead is how many bytes stand before the text of a scalar.
func (n *node) lead() int {
	if n.style == SingleQuoted || n.style == DoubleQuoted {
		return 1
	}
	return 0
}

// segmentsOf maps the node's value to its source; offsets in the source count from the node's start.
func segmentsOf(n *node) []segment {
	if n.flags&flagExact != 0 {
		return []segment{{0, len(n.value), n.lead(), len(n.value)}}
	}
	if n.x == nil {
		return nil
	}
	d := decoder{record: true}
	d.scalar(n, n.x.raw)
	return d.segments
}

// ValueOffset is the source offset of byte i of the decoded Value, through quotes, escapes and folded lines. The length
// of the value gives the end of the text that it was made of. Without a scalar it is the node's start.
func (n Node) ValueOffset(i int) int {
	span := n.Span()
	if n.Kind() != Scalar || n.via != nil {
		return span.Start
	}
	if n.n.flags&flagExact != 0 {
		return span.Start + n.n.lead() + min(max(i, 0), len(n.n.value))
	}
	segs := segmentsOf(n.n)
	if len(segs) == 0 {
		if st := n.Style(); span.Len() > 1 && (st == SingleQuoted || st == DoubleQuoted) {
			return span.Start + 1
		}
		return span.Start
	}
	for k, s := range segs {
		if i < s.value+s.valueLen || k == len(segs)-1 {
			switch {
			case i >= s.value+s.valueLen:
				return span.Start + s.source + s.sourceLen
			case s.valueLen == s.sourceLen:
				return span.Start + s.source + max(i-s.value, 0)
			}
			return span.Start + s.source
		}
	}
	return span.End
}

// ValueIndex is the index in the decoded Value of the byte that the source offset off stands for, and whether off lies
// in the scalar's text. The end of the text gives the length of the value.
func (n Node) ValueIndex(off int) (int, bool) {
	if n.Kind() != Scalar || n.via != nil {
		return 0, false
	}
	segs := segmentsOf(n.n)
	off -= n.Span().Start
	if len(segs) == 0 {
		return 0, off >= 0 && off <= n.Span().Len()
	}
	for k, s := range segs {
		if off < s.source {
			return s.value, k > 0
		}
		if off < s.source+s.sourceLen {
			if s.valueLen == s.sourceLen {
				return s.value + off - s.source, true
			}
			return s.value, true
		}
	}
	last := segs[len(segs)-1]
	return last.value + last.valueLen, off == last.source+last.sourceLen
}
