package text

import "strings"

// Leaves hold at most maxLeaf bytes. An edit copies one leaf and the path above it, so the size is a compromise between
// the bytes copied by a keystroke and the number of nodes in a large file.
const (
	maxLeaf = 4096
	minLeaf = 1024
)

// counts are the measures of a piece of text. A \r\n that is cut in two by a leaf's border counts as one break: add
// takes care of that, from the pieces' first and last bytes.
type counts struct {
	bytes, breaks, units16, runes int
	firstLF, lastCR               bool
}

func (a counts) add(b counts) counts {
	if a.bytes == 0 {
		return b
	}
	if b.bytes == 0 {
		return a
	}
	s := counts{
		bytes: a.bytes + b.bytes, breaks: a.breaks + b.breaks, units16: a.units16 + b.units16, runes: a.runes + b.runes,
		firstLF: a.firstLF, lastCR: b.lastCR,
	}
	if a.lastCR && b.firstLF {
		s.breaks--
	}
	return s
}

func (a counts) units(enc Encoding) int {
	switch enc {
	case UTF16:
		return a.units16
	case UTF32:
		return a.runes
	default:
		return a.bytes
	}
}

func measure(s string) counts {
	c := counts{bytes: len(s)}
	if s == "" {
		return c
	}
	c.firstLF, c.lastCR = s[0] == '\n', s[len(s)-1] == '\r'
	if isASCII(s) {
		c.breaks, c.units16, c.runes = breaksIn(s), len(s), len(s)
		return c
	}
	for i := 0; i < len(s); i++ {
		b := s[i]
		switch {
		case b < 0x80:
			c.runes++
			if b == '\n' {
				if i == 0 || s[i-1] != '\r' {
					c.breaks++
				}
			} else if b == '\r' {
				c.breaks++
			}
		case b >= 0xF0:
			c.runes++
			c.units16++
		case b >= 0xC0:
			c.runes++
		}
	}
	c.units16 += c.runes
	return c
}

// isASCII looks at eight bytes at a time.
func isASCII(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if (s[i]|s[i+1]|s[i+2]|s[i+3]|s[i+4]|s[i+5]|s[i+6]|s[i+7])&0x80 != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// breaksIn counts the line breaks of a text. Counting single bytes is many times faster than a loop over all of them.
func breaksIn(s string) int {
	n := strings.Count(s, "\n")
	if cr := strings.Count(s, "\r"); cr > 0 {
		n += cr - strings.Count(s, "\r\n")
	}
	return n
}

// node is a leaf (left and right nil) or a branch of a height-balanced tree. Nodes never change once built.
type node struct {
	left, right *node
	leaf        string
	counts      counts
	height      int
}

func newLeaf(s string) *node { return &node{leaf: s, counts: measure(s)} }

func branch(l, r *node) *node {
	return &node{left: l, right: r, counts: l.counts.add(r.counts), height: max(l.height, r.height) + 1}
}

// balance joins two trees whose heights differ by at most two.
func balance(l, r *node) *node {
	switch {
	case l.height > r.height+1:
		if l.left.height < l.right.height {
			return branch(branch(l.left, l.right.left), branch(l.right.right, r))
		}
		return branch(l.left, branch(l.right, r))
	case r.height > l.height+1:
		if r.right.height < r.left.height {
			return branch(branch(l, r.left.left), branch(r.left.right, r.right))
		}
		return branch(branch(l, r.left), r.right)
	}
	return branch(l, r)
}

func join(l, r *node) *node {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	case l.height > r.height+1:
		return balance(l.left, join(l.right, r))
	case r.height > l.height+1:
		return balance(join(l, r.left), r.right)
	}
	return branch(l, r)
}

// split cuts the tree at byte off.
func split(n *node, off int) (l, r *node) {
	switch {
	case n == nil || off <= 0:
		return nil, n
	case off >= n.counts.bytes:
		return n, nil
	case n.left == nil:
		return newLeaf(n.leaf[:off]), newLeaf(n.leaf[off:])
	case off < n.left.counts.bytes:
		a, b := split(n.left, off)
		return a, join(b, n.right)
	default:
		a, b := split(n.right, off-n.left.counts.bytes)
		return join(n.left, a), b
	}
}

// takeLast removes the last leaf where it is shorter than minLeaf, and returns its text.
func takeLast(n *node) (*node, string) {
	if n == nil {
		return nil, ""
	}
	last := n
	for last.left != nil {
		last = last.right
	}
	if len(last.leaf) >= minLeaf {
		return n, ""
	}
	rest, _ := split(n, n.counts.bytes-len(last.leaf))
	return rest, last.leaf
}

// takeFirst removes the first leaf where it is shorter than minLeaf, and returns its text.
func takeFirst(n *node) (*node, string) {
	if n == nil {
		return nil, ""
	}
	first := n
	for first.left != nil {
		first = first.left
	}
	if len(first.leaf) >= minLeaf {
		return n, ""
	}
	_, rest := split(n, len(first.leaf))
	return rest, first.leaf
}

// build makes a balanced tree of s. The leaves are parts of s: nothing is copied.
func build(s string) *node {
	if s == "" {
		return nil
	}
	if len(s) <= maxLeaf {
		return newLeaf(s)
	}
	cut := runeStart(s, len(s)/2)
	return join(build(s[:cut]), build(s[cut:]))
}

// runeStart is the largest offset <= off at which a rune begins.
func runeStart(s string, off int) int {
	for off > 0 && off < len(s) && s[off]&0xC0 == 0x80 {
		off--
	}
	return off
}

// prefix measures the first off bytes.
func (n *node) prefix(off int) counts {
	var c counts
	for n != nil && off > 0 {
		if off >= n.counts.bytes {
			return c.add(n.counts)
		}
		if n.left == nil {
			return c.add(measure(n.leaf[:off]))
		}
		if off < n.left.counts.bytes {
			n = n.left
			continue
		}
		c = c.add(n.left.counts)
		off -= n.left.counts.bytes
		n = n.right
	}
	return c
}

// prefixBreaks is prefix(off).breaks, without counting anything else.
func (n *node) prefixBreaks(off int) int {
	breaks, afterCR := 0, false
	for n != nil && off > 0 {
		c := n.counts
		if n.left != nil && off < c.bytes {
			if off < n.left.counts.bytes {
				n = n.left
				continue
			}
			c = n.left.counts
			n = n.right
		} else if off < c.bytes {
			s := n.leaf[:off]
			c = counts{bytes: off, breaks: breaksIn(s), firstLF: s[0] == '\n'}
			n = nil
		} else {
			n = nil
		}
		if c.bytes == 0 {
			continue
		}
		breaks += c.breaks
		if afterCR && c.firstLF {
			breaks--
		}
		off, afterCR = off-c.bytes, c.lastCR
	}
	return breaks
}

// afterBreak is the offset right behind the k-th break, k >= 1; for a \r\n it may lie between the two bytes.
func (n *node) afterBreak(k int) int {
	base, afterCR := 0, false
	for n.left != nil {
		have := n.left.counts.breaks
		if afterCR && n.left.counts.firstLF {
			have--
		}
		if k <= have {
			n = n.left
			continue
		}
		k -= have
		base += n.left.counts.bytes
		afterCR = n.left.counts.lastCR
		n = n.right
	}
	if !afterCR && strings.IndexByte(n.leaf, '\r') < 0 {
		at := 0
		for ; k > 0; k-- {
			i := strings.IndexByte(n.leaf[at:], '\n')
			if i < 0 {
				return base + len(n.leaf)
			}
			at += i + 1
		}
		return base + at
	}
	for i := 0; i < len(n.leaf); i++ {
		switch n.leaf[i] {
		case '\r':
			k--
		case '\n':
			if !afterCR {
				k--
			}
		}
		afterCR = n.leaf[i] == '\r'
		if k == 0 {
			return base + i + 1
		}
	}
	return base + len(n.leaf)
}

// atUnit is the largest offset whose prefix has at most want units.
func (n *node) atUnit(want int, enc Encoding) int {
	base := 0
	for n != nil && n.left != nil {
		have := n.left.counts.units(enc)
		if want < have {
			n = n.left
			continue
		}
		want -= have
		base += n.left.counts.bytes
		n = n.right
	}
	if n == nil {
		return base
	}
	if enc == UTF8 {
		return base + runeStart(n.leaf, min(want, len(n.leaf)))
	}
	for i, r := range n.leaf {
		w := 1
		if enc == UTF16 && r >= 0x10000 {
			w = 2
		}
		if want < w {
			return base + i
		}
		want -= w
	}
	return base + len(n.leaf)
}

func (n *node) write(b *strings.Builder, from, to int) {
	if n == nil || from >= to || from >= n.counts.bytes || to <= 0 {
		return
	}
	if n.left == nil {
		b.WriteString(n.leaf[max(from, 0):min(to, len(n.leaf))])
		return
	}
	n.left.write(b, from, to)
	n.right.write(b, from-n.left.counts.bytes, to-n.left.counts.bytes)
}
