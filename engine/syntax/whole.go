package syntax

import (
	"github.com/speclens/speclens/engine/text"
)

// whole is a part of a file that is read as one, because its layout goes across the chunks.
type whole struct {
	base     int
	src      string
	kind     chunkKind
	unit     *Unit
	comments []Comment
}

func (w *whole) findings() []Finding { return w.unit.Findings }

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
		env := map[string]binding{}
		w.unit = bind(w.unit, env, t.opts)
	}
	w.comments = w.unit.Comments
	t.wholes = append(t.wholes, w)
	return w
}

// readUnit reads a section or a document as one unit.
func readUnit(src string, kind chunkKind, opts Options) *Unit {
	if kind == chunkSection {
		return newUnit(src, kind, 0, opts)
	}
	p := newParser(src, opts.MaxDepth)
	u := &Unit{Source: src, kind: kind}
	for p.next() >= 0 && p.src[p.pos] == '%' && p.col() == 0 {
		p.pos = lineEnd(src, p.pos)
	}
	if m := marker(src, p.pos); m != 0 && p.col() == 0 {
		p.pos += 3
	}
	if p.next() >= 0 {
		root := p.block(-1, atTop)
		p.leftover("the document")
		u.Node, u.Span = Node{n: root}, text.Span{Start: int(root.start), End: int(root.end)}
	}
	u.adopt(p, opts)
	u.subs = extractItems(u.Node.n, src, opts)
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
		if s.Items != nil { // the items' nodes count from their own bases
			root := *w.unit.Node.n
			root.x = &extra{}
			if w.unit.Node.n.x != nil {
				*root.x = *w.unit.Node.n.x
			}
			root.start, root.end = root.start+int32(w.base), root.end+int32(w.base)
			for _, s := range doc.Sections {
				root.x.entries = append(root.x.entries, Entry{s.Key, s.Value, s.Span})
			}
			doc.Root = Node{n: &root}
			break
		}
	}
	return doc
}

// closesBeyond reports whether a quote or bracket that is left open in a chunk of the document closes in a later one.
func (t *Tree) closesBeyond(chunks [2]int, span text.Span) bool {
	return false
}

// extractItems cuts the lists of units out of the tree of a mapping: each item becomes a unit with its own base. The
// result has an element for each entry of the mapping, nil where the entry is no list of units.
func extractItems(root *node, src string, opts Options) [][]Item {
	if root == nil || root.kind != Mapping {
		return nil
	}
	var out [][]Item
	for i := 0; i+1 < len(root.kids); i += 2 {
		key, list := root.kids[i], root.kids[i+1]
		if list.kind != Sequence || len(list.kids) == 0 || key.kind != Scalar || !isUnitName(key.value, opts) {
			continue
		}
		if out == nil {
			out = make([][]Item, len(root.kids)/2)
		}
		out[i/2] = cutItems(list, src)
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
func cutItems(list *node, src string) []Item {
	items := make([]Item, 0, len(list.kids))
	for _, k := range list.kids {
		start := int(k.start)
		if k.x != nil && !k.x.props.IsEmpty() {
			start = k.x.props.Start
		}
		end := max(int(k.end), start)
		u := &Unit{Node: Node{n: k}, Source: src[start:end], kind: chunkItem, column: 1}
		u.Span = text.Span{Start: 0, End: end - start}
		u.Hash = hashOf(u.Source)
		rebase(k, start)
		items = append(items, Item{start, text.Span{Start: start, End: end}, u})
	}
	return items
}

// rebase moves the spans of a tree to count from base.
func rebase(n *node, base int) {
	n.start -= int32(base)
	n.end -= int32(base)
	if n.x != nil {
		n.x.props, n.x.anchorSpan = n.x.props.Shift(-base), n.x.anchorSpan.Shift(-base)
		if n.kind == Alias {
			n.flags |= flagForeign
		}
	}
	for _, k := range n.kids {
		rebase(k, base)
	}
}
