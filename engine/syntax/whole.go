package syntax

import (
	"sort"

	"github.com/speclens/speclens/engine/text"
)

// whole is a part of a file that is read as one, because its layout goes across the chunks.
type whole struct {
	base int
	src  string
	kind chunkKind
	unit *Unit
}

// readWhole reads a part of the file as one.
func (t *Tree) readWhole(span text.Span, kind chunkKind, old *Tree) *whole {
	src := t.text.Slice(span)
	w := &whole{base: span.Start, src: src, kind: kind}
	if old != nil {
		for _, o := range old.wholes {
			if o.kind == kind && o.src == src {
				w.unit = o.unit
			}
		}
	}
	if w.unit == nil {
		w.unit = readUnit(src, kind, t.opts)
		if old != nil && len(t.wholes) < len(old.wholes) {
			reuseSubs(w.unit, old.wholes[len(t.wholes)].unit)
		}
	}
	if w.unit.excess != nil {
		covered := t.own[:0]
		for _, f := range t.own {
			if f.Code != CodeLimit || !span.Covers(f.Span) {
				covered = append(covered, f)
			}
		}
		t.own = append(covered, tooManyNodes(w.unit.excess, t.opts).at(w.base))
	}
	t.wholes = append(t.wholes, w)
	return w
}

// readUnit reads a section or a document as one unit.
func readUnit(src string, kind chunkKind, opts Options) *Unit {
	if kind == chunkSection {
		return bind(newUnit(src, kind, 0, opts), nil, opts)
	}
	p := newParser(src, opts.MaxDepth)
	p.skipBOM()
	u := &Unit{Source: src, kind: kind}
	begun := -1 // where the line of --- begins
	if m := marker(src, p.pos); m == '-' {
		begun, p.pos = p.bol, p.pos+3
	} else if m != 0 {
		p.pos += 3
		p.behindEnd()
	}
	p.directives(begun >= 0)
	if p.next() >= 0 {
		root := p.block(-1, atTop)
		p.besideMarker(begun, root)
		p.leftover("the document")
		u.Node, u.Span = Node{n: root}, text.Span{Start: int(root.start), End: int(root.end)}
	}
	u.adopt(p, opts)
	u = bind(u, nil, opts)
	u.subs = extractItems(u, opts)
	return u
}

// wholeDocument builds a document from one tree.
func (t *Tree) wholeDocument(span text.Span, old *Tree) Document {
	w := t.readWhole(span, chunkDoc, old)
	doc := Document{Span: span, Root: w.unit.Node.At(w.base)}
	if doc.Root.IsZero() || doc.Root.Kind() != Mapping {
		return doc
	}
	doc.Sections = appendSections(nil, w.unit, w.base)
	for _, s := range doc.Sections {
		if s.Items.Len() > 0 { // the items' nodes count from their own bases
			root := *w.unit.Node.n
			root.x = &extra{}
			if w.unit.Node.n.x != nil {
				*root.x = *w.unit.Node.n.x
			}
			root.start, root.end = root.start+int32(w.base), root.end+int32(w.base)
			root.x.move(w.base)
			for _, s := range doc.Sections {
				root.x.entries = append(root.x.entries, Entry{s.Key, s.Value, s.Span})
			}
			doc.Root = Node{n: &root}
			break
		}
	}
	return doc
}

// closesBeyond reports whether a quote or bracket that is left open in one of the chunks closes in a later one, and the
// document reads well as one. Mostly it does not: somebody is typing, and the next quote belongs to another value. That
// shows at the next quote or bracket already, so that the whole document is read only where it may help.
func (t *Tree) closesBeyond(from, to int, span text.Span) bool {
	const most = 64 // with more of them the document is broken, not unusual
	tried := 0
	i := sort.SearchInts(t.marked, from)
	for ; i < len(t.marked) && t.marked[i] < to; i++ {
		c := t.chunks.At(t.marked[i])
		for _, o := range c.Unit.open {
			if tried++; tried > most {
				return false
			}
			if t.mayClose(c.Base+o.off, span.End) {
				return t.readsWell(span)
			}
		}
	}
	return false
}

// mayClose reports whether the quote or bracket at off closes before end, with something behind it that may follow.
func (t *Tree) mayClose(off, end int) bool {
	for size := 4096; ; size *= 4 {
		stop := min(off+size, end)
		src := t.text.Slice(text.Span{Start: off, End: stop})
		p := newParser(src, t.opts.MaxDepth)
		if q := src[0]; q == '"' || q == '\'' {
			if e, ok := closingQuote(src, 0); ok && (stop == end || lineEnd(src, e) < len(src)) {
				p.flow.depth = 1 // the quote may stand within a bracket
				return p.mayFollow(e)
			}
		} else {
			p.flowNode()
			if !p.flow.failed && (stop == end || lineEnd(src, p.pos) < len(src)) {
				return p.mayFollow(p.pos)
			}
			if p.flow.failed && !p.flow.ended && stop-off > lineEnd(src, p.pos) {
				return false
			}
		}
		if stop == end {
			return false
		}
	}
}

// readsWell reports whether a document is free of syntax errors when it is read as one.
func (t *Tree) readsWell(span text.Span) bool {
	for _, f := range readUnit(t.text.Slice(span), chunkDoc, t.opts).Findings {
		if f.Severity != SeverityError {
			continue
		}
		switch f.Code {
		case CodeSyntax, CodeIndent, CodeTab, CodeLimit:
			return false
		}
	}
	return true
}

// extractItems cuts the lists of units out of the tree of a mapping: each item becomes a unit with its own base. The
// result has an element for each entry of the mapping, nil where the entry is no list of units.
func extractItems(parent *Unit, opts Options) [][]Item {
	root := parent.Node.n
	if root == nil || root.kind != Mapping {
		return nil
	}
	var out [][]Item
	for i := 0; i+1 < len(root.kids()); i += 2 {
		key, list := root.kids()[i], root.kids()[i+1]
		if list.kind != Sequence || len(list.kids()) == 0 || key.kind != Scalar || !isUnitName(key.value, opts) {
			continue
		}
		if out == nil {
			out = make([][]Item, len(root.kids())/2)
		}
		out[i/2] = cutItems(list, parent)
	}
	return out
}

func isUnitName(name string, opts Options) bool {
	for _, u := range opts.Units {
		if u == name {
			return true
		}
	}
	return false
}

// cutItems makes a unit of each item of a list. The items' nodes are moved to count from the unit's base.
func cutItems(list *node, parent *Unit) []Item {
	items := make([]Item, 0, len(list.kids()))
	f, c := 0, 0
	for _, k := range list.kids() {
		start := int(k.start)
		if k.x != nil && !k.x.props.IsEmpty() {
			start = k.x.props.Start
		}
		end := max(int(k.end), start)
		u := &Unit{Node: Node{n: k}, Source: parent.Source[start:end], kind: chunkItem, cut: true}
		u.Span = text.Span{Start: 0, End: end - start}
		u.Hash = hashOf(u.Source)
		for ; f < len(parent.Findings) && parent.Findings[f].Span.Start <= end; f++ {
			if parent.Findings[f].Span.Start >= start {
				u.Findings = append(u.Findings, parent.Findings[f].at(-start))
			}
		}
		for ; c < len(parent.Comments) && parent.Comments[c].Span.Start < end; c++ {
			if cm := parent.Comments[c]; cm.Span.Start >= start {
				u.Comments = append(u.Comments, Comment{cm.Span.Shift(-start), cm.Own})
			}
		}
		rebase(k, start)
		items = append(items, Item{start, text.Span{Start: start, End: end}, u})
	}
	return items
}

// reuseItems puts the units of an older reading in the place of equal ones, matched from both ends of the lists.
func reuseItems(items, old []Item) {
	front := 0
	for front < len(items) && front < len(old) && sameUnit(items[front].Unit, old[front].Unit) {
		items[front].Unit = old[front].Unit
		front++
	}
	for i, j := len(items)-1, len(old)-1; i >= front && j >= front && sameUnit(items[i].Unit, old[j].Unit); i, j = i-1, j-1 {
		items[i].Unit = old[j].Unit
	}
}

// reuseSubs does so for all lists of a unit.
func reuseSubs(u, old *Unit) {
	for i := range u.subs {
		if i < len(old.subs) {
			reuseItems(u.subs[i], old.subs[i])
		}
	}
}

func sameUnit(a, b *Unit) bool {
	if a.Source != b.Source || len(a.Findings) != len(b.Findings) || len(a.Comments) != len(b.Comments) {
		return false
	}
	for i := range a.Findings {
		if x, y := a.Findings[i], b.Findings[i]; x.Span != y.Span || x.Code != y.Code || x.Message != y.Message {
			return false
		}
	}
	for i := range a.Comments {
		if a.Comments[i] != b.Comments[i] {
			return false
		}
	}
	return sameNode(a.Node.n, b.Node.n)
}

// sameNode reports whether two trees are equal. Aliases are never, since what they stand for may differ.
func sameNode(a, b *node) bool {
	if a.kind != b.kind || a.style != b.style || a.tag != b.tag || a.flags != b.flags || a.start != b.start || a.end != b.end ||
		a.value != b.value || len(a.kids()) != len(b.kids()) || (a.x == nil) != (b.x == nil) || a.kind == Alias {
		return false
	}
	if x, y := a.x, b.x; x != nil && (x.anchor+y.anchor != "" || x.tagText != y.tagText || x.raw != y.raw || x.props != y.props) {
		return false
	}
	for i := range a.kids() {
		if !sameNode(a.kids()[i], b.kids()[i]) {
			return false
		}
	}
	return true
}

// rebase moves the spans of a tree to count from base.
func rebase(n *node, base int) {
	n.start -= int32(base)
	n.end -= int32(base)
	if n.x != nil {
		n.x.move(-base)
		if n.kind == Alias {
			n.flags |= flagForeign
		}
	}
	for _, k := range n.kids() {
		rebase(k, base)
	}
}
