package syntax

import "sort"

// docAt is the index of the document that holds off; the last one that begins before it.
func (t *Tree) docAt(off int) int {
	i := sort.Search(len(t.docs), func(i int) bool { return t.docs[i].Span.Start > off })
	return max(i-1, 0)
}

// ItemAt is the index of the section of the document doc, and of its item, whose source holds off; -1 where off lies in
// none. The comments before an item belong to it.
func (t *Tree) ItemAt(doc, off int) (section, item int) {
	if doc < 0 || doc >= len(t.docs) {
		return -1, -1
	}
	sections := t.docs[doc].Sections
	s := sort.Search(len(sections), func(i int) bool { return sections[i].Span.Start > off }) - 1
	if s < 0 {
		return -1, -1
	}
	i := sections[s].Items.units.Find(off)
	if i < 0 {
		return s, -1
	}
	if it := sections[s].Items.At(i); off > it.Base+len(it.Unit.Source) {
		return s, -1
	}
	return s, i
}

// NodeAt is the path from the root of a document to the innermost node that touches off: each node is a part of the one
// before. It is empty where off lies outside all values. Keys are leaves of the path.
func (t *Tree) NodeAt(off int) []Node {
	if len(t.docs) == 0 {
		return nil
	}
	doc := t.docs[t.docAt(off)]
	if doc.Root.IsZero() || !doc.Root.FullSpan().Contains(off) {
		return nil
	}
	path := []Node{doc.Root}
	if doc.Sections == nil {
		return descend(path, off)
	}
	i := sort.Search(len(doc.Sections), func(i int) bool { return doc.Sections[i].Span.Start > off }) - 1
	if i < 0 {
		return path
	}
	s := doc.Sections[i]
	switch {
	case s.Key.Span().Contains(off):
		return append(path, s.Key)
	case s.Items.Len() > 0:
		path = append(path, s.Value)
		if k := s.Items.StartingBy(off); k >= 0 && s.Items.At(k).Span.Contains(off) {
			path = append(path, s.Items.At(k).Node())
			return descend(path, off)
		}
	case s.Value.Span().Contains(off):
		return descend(append(path, s.Value), off)
	}
	return path
}

// descend follows the children that touch off.
func descend(path []Node, off int) []Node {
	for {
		n := path[len(path)-1]
		next := Node{}
		switch {
		case n.Kind() == Mapping && (n.n.x == nil || n.n.x.entries == nil):
			next = n.child(off)
			if i := childIndex(n, off); i >= 0 && i%2 == 0 {
				return append(path, next)
			}
		case n.Kind() == Mapping:
			for _, e := range n.n.x.entries {
				if e.Key.Span().Contains(off) {
					return append(path, e.Key)
				}
				if e.Value.Span().Contains(off) {
					next = e.Value
				}
			}
		case n.Kind() == Sequence && n.n.x != nil && n.n.x.items.Len() > 0:
			items := n.n.x.items
			if k := items.StartingBy(off); k >= 0 && items.At(k).Span.Contains(off) {
				next = items.At(k).Node()
			}
		case n.Kind() == Sequence:
			next = n.child(off)
		}
		if next.IsZero() {
			return path
		}
		path = append(path, next)
	}
}

// childIndex is the index of the child that touches off; the later one where two do, -1 for none.
func childIndex(n Node, off int) int {
	rel := int32(off - n.base)
	kids := n.n.kids()
	i := sort.Search(len(kids), func(i int) bool { return kids[i].start > rel }) - 1
	for ; i >= 0; i-- {
		if kids[i].start <= rel && rel <= kids[i].end {
			return i
		}
		if kids[i].end < rel {
			break
		}
	}
	return -1
}

func (n Node) child(off int) Node {
	if i := childIndex(n, off); i >= 0 {
		return Node{n.n.kids()[i], n.base, n.via}
	}
	return Node{}
}

// chunkAt is the index of the chunk that holds off.
func (t *Tree) chunkAt(off int) int {
	return t.chunks.units.Find(off)
}

// Definition is the node that an alias of the tree stands for, with its own absolute spans, also where it lies in another
// unit than the alias.
func (t *Tree) Definition(alias Node) (Node, bool) {
	target := alias.Resolve()
	if target.IsZero() {
		return Node{}, false
	}
	if !target.Foreign() {
		return target, true
	}
	for _, i := range t.marked {
		c := t.chunks.At(i)
		if n, ok := c.Unit.defines(target.n, c.Base); ok {
			return n, true
		}
	}
	for _, w := range t.wholes {
		if n, ok := w.unit.defines(target.n, w.base); ok {
			return n, true
		}
	}
	return Node{}, false
}

// defines is the node n with its place, if it is one of the unit's anchors.
func (u *Unit) defines(n *node, base int) (Node, bool) {
	for _, a := range u.anchors {
		if a != n {
			continue
		}
		for _, items := range u.subs {
			if n, ok := inItems(items, n, base); ok {
				return n, true
			}
		}
		return Node{n: n, base: base}, true
	}
	return Node{}, false
}

// inItems finds a node in items that were cut out of a unit that begins at base.
func inItems(items []Item, n *node, base int) (Node, bool) {
	for _, it := range items {
		if holds(it.Unit.Node.n, n) {
			return Node{n: n, base: base + it.Base}, true
		}
	}
	return Node{}, false
}

func holds(tree, n *node) bool {
	if tree == n {
		return true
	}
	for _, k := range tree.kids() {
		if holds(k, n) {
			return true
		}
	}
	return false
}
