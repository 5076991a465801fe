package syntax

import (
	"github.com/speclens/speclens/engine/text"
)

// Kind says what a node is.
type Kind uint8

// The kinds of nodes. The zero Node is Absent; a value that is left out, as in "key:", is a Scalar that is null.
const (
	Absent Kind = iota
	Scalar
	Mapping
	Sequence
	Alias
)

// Style says how a node is written.
type Style uint8

// The styles: of scalars, then of collections.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Flow
	Block
)

// Tag is the type of a value after the core schema of YAML 1.2: yes, no, on, off and dates are text.
type Tag uint8

// The tags. Mappings and sequences without an explicit tag are TagOther.
const (
	TagOther Tag = iota
	TagNull
	TagBool
	TagInt
	TagFloat
	TagStr
)

const (
	flagExact    uint8 = 1 << iota // the value is a part of the source, byte by byte
	flagUnclosed                   // a quote or bracket is not closed
	flagOmitted                    // the value is left out
	flagForeign                    // the alias's target lives in another unit
	flagTemplate                   // an unquoted {{ … }}, read as text
)

// node is one node of a unit. Offsets count from the unit's base.
type node struct {
	kind       Kind
	style      Style
	tag        Tag
	flags      uint8
	start, end int32
	indent     int32 // the column at which the content of a block scalar begins
	value      string
	sub        *[]*node // use kids
	x          *extra
}

// kids are the nodes of a collection: of a mapping key, value, key, value, …
func (n *node) kids() []*node {
	if n.sub == nil {
		return nil
	}
	return *n.sub
}

// extra holds what few nodes have.
type extra struct {
	anchor     string
	props      text.Span // from the first property (anchor or tag) to the end of the last
	anchorSpan text.Span
	tagText    string
	raw        string // the text as written, of scalars that are not exact
	target     *node  // of an alias
	entries    []Entry
	items      Items
}

// move shifts the spans of the properties, if there are any.
func (x *extra) move(delta int) {
	if !x.props.IsEmpty() {
		x.props = x.props.Shift(delta)
	}
	if !x.anchorSpan.IsEmpty() {
		x.anchorSpan = x.anchorSpan.Shift(delta)
	}
}

func (n *node) ext() *extra {
	if n.x == nil {
		n.x = &extra{}
	}
	return n.x
}

// Node is a handle on a node of the tree: small, to be passed by value, and valid for ever. The zero Node is absent, and
// its methods answer for it.
type Node struct {
	n    *node
	base int
	// via is the alias through which another unit's node was reached; the spans are then those of the alias, since the
	// node itself is at no known distance from here.
	via *node
}

// Kind says what the node is.
func (n Node) Kind() Kind {
	if n.n == nil {
		return Absent
	}
	return n.n.kind
}

// IsZero reports whether there is no node.
func (n Node) IsZero() bool { return n.n == nil }

// Omitted reports whether the value is left out, as in "key:" or "- ".
func (n Node) Omitted() bool { return n.n == nil || n.n.flags&flagOmitted != 0 }

// Unclosed reports whether the node's quote or bracket is not closed yet.
func (n Node) Unclosed() bool { return n.n != nil && n.n.flags&flagUnclosed != 0 }

// IsTemplate reports whether the node is a {{ … }} that stands outside quotes: YAML proper sees a mapping there; this
// tree holds it as text, beside a finding.
func (n Node) IsTemplate() bool { return n.n != nil && n.n.flags&flagTemplate != 0 }

// Same reports whether both handles are of one node at one place.
func (n Node) Same(o Node) bool { return n.n == o.n && n.base == o.base }

// Span is the value as written: quotes, brackets and the indicator of a block scalar included, anchor and tag not. A
// node that was reached through an alias of another unit's anchor has the span of the alias.
func (n Node) Span() text.Span {
	switch {
	case n.n == nil:
		return text.Span{}
	case n.via != nil:
		return text.Span{Start: int(n.via.start) + n.base, End: int(n.via.end) + n.base}
	}
	return text.Span{Start: int(n.n.start) + n.base, End: int(n.n.end) + n.base}
}

// FullSpan is Span with the anchor and the tag before it.
func (n Node) FullSpan() text.Span {
	s := n.Span()
	if n.n != nil && n.via == nil && n.n.x != nil && !n.n.x.props.IsEmpty() {
		s.Start = n.n.x.props.Start + n.base
	}
	return s
}

// Foreign reports whether the node was reached through an alias of an anchor in another unit.
func (n Node) Foreign() bool { return n.via != nil }

// At is the same node with its spans counted from base instead of from its unit's start.
func (n Node) At(base int) Node {
	n.base = base
	return n
}

// Value is the decoded text of a scalar, and the name of an alias.
func (n Node) Value() string {
	if n.n == nil {
		return ""
	}
	return n.n.value
}

// Style says how the node is written.
func (n Node) Style() Style {
	if n.n == nil {
		return Plain
	}
	return n.n.style
}

// Tag is the type of the value.
func (n Node) Tag() Tag {
	if n.n == nil {
		return TagNull
	}
	return n.n.tag
}

// TagText is the tag as written, such as "!!str", or "".
func (n Node) TagText() string {
	if n.n == nil || n.n.x == nil {
		return ""
	}
	return n.n.x.tagText
}

// Anchor is the name that the node's anchor gives it, or "".
func (n Node) Anchor() string {
	if n.n == nil || n.n.x == nil {
		return ""
	}
	return n.n.x.anchor
}

// AnchorSpan is the span of the anchor with its &.
func (n Node) AnchorSpan() text.Span {
	if n.n == nil || n.n.x == nil || n.n.x.anchor == "" || n.via != nil {
		return text.Span{}
	}
	return n.n.x.anchorSpan.Shift(n.base)
}

// Entry is a key of a mapping with its value. Its span reaches from the key to the end of the value.
type Entry struct {
	Key, Value Node
	Span       text.Span
}

// Entries are the entries of a mapping as written; nil for other nodes.
func (n Node) Entries() []Entry {
	if n.Kind() != Mapping {
		return nil
	}
	if n.n.x != nil && n.n.x.entries != nil {
		return n.n.x.entries
	}
	out := make([]Entry, 0, len(n.n.kids())/2)
	for i := 0; i+1 < len(n.n.kids()); i += 2 {
		out = append(out, n.entry(i))
	}
	return out
}

func (n Node) entry(i int) Entry {
	k, v := Node{n.n.kids()[i], n.base, n.via}, Node{n.n.kids()[i+1], n.base, n.via}
	return Entry{k, v, text.Span{Start: k.FullSpan().Start, End: max(k.Span().End, v.Span().End)}}
}

// Len is the number of entries of a mapping, or of items of a sequence.
func (n Node) Len() int {
	switch {
	case n.n == nil:
		return 0
	case n.n.x != nil && n.n.x.entries != nil:
		return len(n.n.x.entries)
	case n.n.x != nil && n.n.x.items.Len() > 0:
		return n.n.x.items.Len()
	case n.n.kind == Mapping:
		return len(n.n.kids()) / 2
	}
	return len(n.n.kids())
}

// Get is the entry of a mapping with the given key, as written, and whether there is one. The first wins.
func (n Node) Get(key string) (Entry, bool) {
	if n.Kind() != Mapping {
		return Entry{}, false
	}
	if n.n.x != nil && n.n.x.entries != nil {
		for _, e := range n.n.x.entries {
			if e.Key.Kind() == Scalar && e.Key.Value() == key {
				return e, true
			}
		}
		return Entry{}, false
	}
	for i := 0; i+1 < len(n.n.kids()); i += 2 {
		if k := n.n.kids()[i]; k.kind == Scalar && k.value == key {
			return n.entry(i), true
		}
	}
	return Entry{}, false
}

// Items are the items of a sequence; nil for other nodes.
func (n Node) Items() []Node {
	if n.Kind() != Sequence {
		return nil
	}
	if n.n.x != nil && n.n.x.items.Len() > 0 {
		out := make([]Node, n.n.x.items.Len())
		for i, it := range n.n.x.items.All() {
			out[i] = it.Unit.Node.At(it.Base)
		}
		return out
	}
	out := make([]Node, len(n.n.kids()))
	for i, k := range n.n.kids() {
		out[i] = Node{k, n.base, n.via}
	}
	return out
}

// Resolve is the node itself, or what an alias stands for: the zero Node where there is no such anchor.
func (n Node) Resolve() Node {
	for hops := 0; n.Kind() == Alias; hops++ {
		if n.n.x == nil || n.n.x.target == nil || hops > 100 {
			return Node{}
		}
		via := n.via
		if via == nil && n.n.flags&flagForeign != 0 {
			via = n.n
		}
		n = Node{n.n.x.target, n.base, via}
	}
	return n
}
