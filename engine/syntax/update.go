package syntax

import "github.com/speclens/speclens/engine/text"

// Update is the tree of the text t, which the edits made of the tree's own text, each applied to the result of the one
// before. Units whose source did not change are kept by identity.
func (t *Tree) Update(next *text.Text, edits []text.Edit) *Tree {
	tree := &Tree{text: next, opts: t.opts}
	if tree.refuse() {
		return tree
	}
	known := make(map[string]*Unit, len(t.chunks))
	for _, c := range t.chunks {
		known[c.Unit.Source] = c.Unit
	}
	tree.split(known, 0, nil)
	tree.assemble(t)
	return tree
}
