package ide

import (
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// located is the scalar at an offset with the keys and indices that lead to it; the last step of a key is itself.
type located struct {
	doc   int
	node  syntax.Node
	isKey bool
	path  []syntax.Step
}

// locate finds the scalar at an offset.
func locate(tree *syntax.Tree, offset int) located {
	for i, d := range tree.Documents() {
		if offset < d.Span.Start || offset > d.Span.End {
			continue
		}
		for _, s := range d.Sections {
			if l, ok := inSection(s, offset); ok {
				l.doc = i
				return l
			}
		}
		return located{doc: i}
	}
	return located{}
}

func inSection(s syntax.Section, offset int) (located, bool) {
	key := []syntax.Step{{Key: s.Key.Value(), Index: -1}}
	if touches(s.Key.Span(), offset) {
		return located{node: s.Key, isKey: true, path: key}, true
	}
	last := s.Items.StartingBy(offset)
	for i := max(last-1, 0); i <= last; i++ { // an item may end where the next one starts
		if item := s.Items.At(i); touches(item.Span, offset) {
			path := append(key, syntax.Step{Index: i})
			return inNode(item.Unit.Node.At(item.Base), path, offset)
		}
	}
	if s.Items.Len() > 0 {
		return located{}, false
	}
	return inNode(s.Value, key, offset)
}

func inNode(n syntax.Node, path []syntax.Step, offset int) (located, bool) {
	if n.IsZero() || !touches(n.Span(), offset) {
		return located{}, false
	}
	path = path[:len(path):len(path)]
	switch n.Kind() {
	case syntax.Mapping:
		for _, e := range n.Entries() {
			at := append(path, syntax.Step{Key: e.Key.Value(), Index: -1})
			if touches(e.Key.Span(), offset) {
				return located{node: e.Key, isKey: true, path: at}, true
			}
			if l, ok := inNode(e.Value, at, offset); ok {
				return l, true
			}
		}
		return located{}, false
	case syntax.Sequence:
		for i, item := range n.Items() {
			if l, ok := inNode(item, append(path, syntax.Step{Index: i}), offset); ok {
				return l, true
			}
		}
		return located{}, false
	}
	return located{node: n, path: path}, true
}

// touches reports whether an offset is in a span or at its end, where a cursor still belongs to the word.
func touches(s text.Span, offset int) bool { return s.Start <= offset && offset <= s.End }
