package interchange

import (
	"slices"
)

// chain is a sequence of tests of which each waits for the one before.
type chain struct {
	active bool
	tail   *operation
}

type walk struct {
	im      *openAPIImport
	ordered []*operation
}

func (w *walk) emit(c *chain, ops ...*operation) {
	for _, op := range ops {
		w.ordered = append(w.ordered, op)
		if c.active {
			op.previous, c.tail = c.tail, op
		}
	}
}

// of are the operations of a node with one of the methods, in the order of the methods.
func (n *pathNode) of(methods ...string) []*operation {
	var list []*operation
	if n == nil {
		return nil
	}
	for _, m := range methods {
		for _, op := range n.ops {
			if op.method == m {
				list = append(list, op)
			}
		}
	}
	return list
}

// rest are the operations of a node with none of the methods.
func (n *pathNode) rest(methods ...string) []*operation {
	var list []*operation
	for _, op := range n.ops {
		if !slices.Contains(methods, op.method) {
			list = append(list, op)
		}
	}
	return list
}

// node emits what lies at and below a node: create, read, update, list, whatever else there is, delete.
func (w *walk) node(n *pathNode, c *chain) {
	item := n.item()
	if item == nil {
		w.emit(c, n.ops...)
		for _, child := range n.children {
			w.node(child, c)
		}
		return
	}
	if !c.active {
		c = &chain{active: true}
	}
	creators := n.of("POST")
	if len(creators) > 0 {
		item.value = w.im.created(creators[0], item)
	}
	w.emit(c, creators...)
	put := item.of("PUT")
	if len(creators) == 0 && len(put) > 0 && put[0].op.Responses.Value("201") != nil {
		w.emit(c, put...)
		item.made = true
		if put[0].status != "201" {
			put[0].status, put[0].comments = "["+put[0].status+", 201]", nil // the next run finds it there
		}
		put = nil
	}
	w.emit(c, item.of("GET", "HEAD", "OPTIONS", "QUERY")...)
	w.emit(c, put...)
	w.emit(c, item.of("PATCH")...)
	w.emit(c, n.of("GET", "HEAD", "OPTIONS", "QUERY")...)
	w.emit(c, n.rest("GET", "HEAD", "OPTIONS", "QUERY", "POST", "DELETE")...)
	w.emit(c, item.rest("GET", "HEAD", "OPTIONS", "QUERY", "PUT", "PATCH", "DELETE")...)
	for _, child := range item.children {
		w.node(child, c)
	}
	w.emit(c, item.of("DELETE")...)
	if item.value != nil {
		item.value.last = firstOf(item.of("DELETE"))
	}
	for _, child := range n.children {
		if child != item {
			w.node(child, &chain{})
		}
	}
	w.emit(c, n.of("DELETE")...)
}

func firstOf(ops []*operation) *operation {
	if len(ops) == 0 {
		return nil
	}
	return ops[0]
}

// needs reports whether a test runs after another one already.
func (im *openAPIImport) needs(op, other *operation, seen map[*operation]bool) bool {
	if op == other {
		return true
	}
	if op == nil || seen[op] {
		return false
	}
	seen[op] = true
	for _, before := range slices.Concat(op.uses, op.depends, op.last, []*operation{op.previous}) {
		if before != nil && im.needs(before, other, seen) {
			return true
		}
	}
	for _, l := range op.links {
		if l.by != nil && im.needs(l.by, other, seen) {
			return true
		}
	}
	return false
}

// order turns the chains into `depends`, where the data do not say the same already.
func (im *openAPIImport) order() {
	for _, op := range im.ops {
		if op.previous != nil && !slices.Contains(op.uses, op.previous) && op.previous.file == op.file {
			op.depends = append(op.depends, op.previous)
		}
		for _, before := range op.last {
			if !slices.Contains(op.depends, before) && !slices.Contains(op.uses, before) {
				op.depends = append(op.depends, before)
			}
		}
	}
}
