package syntax

// cells are the items of a broken flow list that are brackets and begin lines, all at one column, as in
//
//	tests: [
//	  {name: a},
//	  {name: b}
//	]
//
// A bracket or quote that is left open in one of them ends where the next begins, so that the others stay what they are
// and the error is where the text is broken. Only the tolerant reading looks for them: in valid YAML columns mean nothing
// between brackets.
type cells struct {
	col     int  // their column, -1 until the first item is read
	end     int  // where the cell that was read last has to end
	follows bool // another one begins there
}

// cell reads the item at the position within its own lines, if it is one of the cells; nil if it is none.
func (p *parser) cell(cs *cells) *node {
	if !p.flow.tolerant || p.flow.spare <= 0 || !opensItem(p.src, p.pos) {
		return nil
	}
	col := p.pos - p.bol
	if cs.col >= 0 && (col != cs.col || !p.fresh()) {
		return nil
	}
	cs.col = col
	cs.end, cs.follows = p.cellEnd(col)
	if p.flow.spare -= cs.end - p.pos; cs.end == len(p.src) && !cs.follows && !p.fresh() {
		return nil
	}
	whole, outer, open := p.src, p.flow, len(p.open)
	saved := *p
	p.src = whole[:cs.end]
	p.flow = flowState{depth: outer.depth, column: outer.column, indented: p.bol}
	node := p.flowNode()
	if p.flow.failed && !p.limited {
		outer.spare -= p.pos - saved.pos
		slab, ptrs := p.slab, p.ptrs
		*p = saved
		p.slab, p.ptrs = slab, ptrs
		p.src = whole[:cs.end]
		p.flow = flowState{depth: outer.depth, tolerant: true, spare: outer.spare, column: outer.column, indented: p.bol}
		node = p.flowNode()
		outer.spare, outer.failed = p.flow.spare, true
	}
	p.src, p.flow = whole, outer
	kept := p.open[:open]
	for _, o := range p.open[open:] {
		if _, closes := closingQuote(whole, o.off); !closes { // else the strict reading has tried
			kept = append(kept, o)
		}
	}
	p.open = kept
	if p.pos >= cs.end && cs.follows {
		p.pos, p.bol, p.adjust = cs.end, cs.end, 0
	}
	return node
}

// opensItem reports whether a bracket stands at i, and not a template.
func opensItem(s string, i int) bool {
	return i < len(s) && (s[i] == '[' || s[i] == '{' && (i+1 >= len(s) || s[i+1] != '{'))
}

// cellEnd is where the lines of the cell at the position end: before the next cell, or before the bracket that closes the
// list. A line that stands less deep says that columns mean nothing here, and all the rest may belong to the cell.
func (p *parser) cellEnd(col int) (end int, follows bool) {
	for i := lineEnd(p.src, p.pos); i < len(p.src); i = lineEnd(p.src, i) {
		i += breakLen(p.src, i)
		bol := i
		i = skipBlanks(p.src, i)
		switch {
		case i >= len(p.src), isBreak(p.src[i]), p.src[i] == '#', p.src[i] == ',':
		case i-bol == col && opensItem(p.src, i):
			return bol, true
		case i-bol < col && p.src[i] == ']':
			return bol, false
		case i-bol < col:
			return len(p.src), false
		}
	}
	return len(p.src), false
}

// stray skips a closing bracket that closes nothing of its cell, where another cell follows.
func (p *parser) stray(cs *cells) bool {
	if !p.flow.tolerant || !cs.follows || p.pos >= cs.end {
		return false
	}
	p.fail(p.pos, p.pos+1, "Nothing is open here that %c could close. Remove it, or open a bracket before it.", p.src[p.pos])
	p.pos++
	return true
}

// cutShort reports whether the item ended because the next cell begins, so that no comma can be awaited behind it.
func (cs *cells) cutShort(item *node, pos int) bool {
	return cs.follows && item.flags&flagUnclosed != 0 && pos >= cs.end
}
