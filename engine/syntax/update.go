package syntax

import (
	"sort"
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// Update is the tree of the text next, which the edits made of the tree's own text, each applied to the result of the
// one before. Units whose source did not change are kept by identity. Only the chunks that the edits touch are cut and
// read again; all others are moved.
func (t *Tree) Update(next *text.Text, edits []text.Edit) *Tree {
	tree := &Tree{text: next, opts: t.opts}
	if tree.refuse() {
		return tree
	}
	regions := changes(t.text, edits)
	delta := 0
	for _, r := range regions {
		delta += r.delta()
	}
	if t.tooLarge || len(t.chunks) == 0 || t.text.Len()+delta != next.Len() {
		// The edits are not those that made the text: read it anew, and keep what is the same all the same.
		b := builder{tree: tree, old: t}
		b.know(0, len(t.chunks))
		b.scan(0, 0, cut{kind: chunkDoc}, nil)
		tree.assemble(t)
		return tree
	}
	b := builder{tree: tree, old: t}
	tree.chunks = make([]Item, 0, len(t.chunks)+8)
	b.replace(regions)
	tree.assemble(t)
	return tree
}

// region is a part of the old text that gave way to a part of the new one.
type region struct{ oldStart, oldEnd, newStart, newEnd int }

func (r region) delta() int { return r.newEnd - r.newStart - (r.oldEnd - r.oldStart) }

// changes composes successive edits into disjoint regions, in order.
func changes(t *text.Text, edits []text.Edit) []region {
	var out []region
	for k, e := range edits {
		e = t.Normalize(e)
		if k < len(edits)-1 {
			t = t.Apply(e)
		}
		out = compose(out, e)
	}
	return out
}

// compose adds an edit, whose span counts on the new text of the regions.
func compose(regions []region, e text.Edit) []region {
	shift := len(e.New) - e.Span.Len()
	before := 0 // how much the regions before the edit moved it
	first := 0
	for first < len(regions) && regions[first].newEnd < e.Span.Start {
		before += regions[first].delta()
		first++
	}
	last := first
	merged := region{e.Span.Start - before, e.Span.End - before, e.Span.Start, e.Span.Start + len(e.New)}
	within := 0
	for last < len(regions) && regions[last].newStart <= e.Span.End {
		within += regions[last].delta()
		last++
	}
	if last > first {
		a, z := regions[first], regions[last-1]
		merged.oldStart = min(e.Span.Start-before, a.oldStart)
		merged.newStart = min(e.Span.Start, a.newStart)
		merged.oldEnd = max(e.Span.End-before-within, z.oldEnd)
		merged.newEnd = max(e.Span.End, z.newEnd) + shift
	}
	out := append([]region(nil), regions[:first]...)
	out = append(out, merged)
	for _, r := range regions[last:] {
		r.newStart, r.newEnd = r.newStart+shift, r.newEnd+shift
		out = append(out, r)
	}
	return out
}

// builder makes the chunks of a tree, of old ones and of the text.
type builder struct {
	tree  *Tree
	old   *Tree
	known map[string][]int // old chunks that may be met again, by their source
	taken []int            // pairs of the index of a new chunk and that of the old one whose unit it has
}

// know offers the units of the old chunks [from, to) to be taken again.
func (b *builder) know(from, to int) {
	b.known = make(map[string][]int, to-from)
	for i := from; i < to; i++ {
		src := b.old.chunks[i].Unit.Source
		b.known[src] = append(b.known[src], i)
	}
}

// take is the known unit of a chunk. Each is taken once, so that no unit stands at two places.
func (b *builder) take(src string, c cut, follows bool) *Unit {
	list := b.known[src]
	for k, i := range list {
		if u := b.old.chunks[i].Unit; u.kind == c.kind && u.dash == c.dash && u.follows == follows {
			b.known[src] = append(append([]int(nil), list[:k]...), list[k+1:]...)
			b.taken = append(b.taken, len(b.tree.chunks), i)
			return u
		}
	}
	return nil
}

// settle reads those new chunks anew whose unit was taken from an old chunk that is kept behind them: from done on.
func (b *builder) settle(done int) {
	for k := 0; k < len(b.taken); k += 2 {
		if c := &b.tree.chunks[b.taken[k]]; b.taken[k+1] >= done {
			follows := c.Unit.follows
			c.Unit = newUnit(c.Unit.Source, c.Unit.kind, c.Unit.dash, b.tree.opts)
			c.Unit.follows = follows
		}
	}
	b.taken = b.taken[:0]
}

// keep appends the old chunks [from, to), moved by delta.
func (b *builder) keep(from, to, delta int) {
	t := b.tree
	move := len(t.chunks) - from
	for _, i := range within(b.old.heads, from, to) {
		t.heads = append(t.heads, i+move)
	}
	for _, i := range within(b.old.marked, from, to) {
		t.marked = append(t.marked, i+move)
	}
	at := len(t.chunks)
	t.chunks = append(t.chunks, b.old.chunks[from:to]...)
	if delta == 0 {
		return
	}
	moved := t.chunks[at:]
	for i := range moved {
		c := &moved[i]
		c.Base += delta
		c.Span.Start += delta
		c.Span.End += delta
	}
}

func within(sorted []int, from, to int) []int {
	a := sort.SearchInts(sorted, from)
	return sorted[a : a+sort.SearchInts(sorted[a:], to)]
}

// entryOf is the index of the chunk from which the text must be cut again when it changes at off: the one before that of
// off, since a changed line may come to belong to it.
func (t *Tree) entryOf(off int) int {
	i := max(t.chunkAt(off), 0)
	for i > 0 && t.chunks[i].Unit.follows {
		i--
	}
	i = max(i-1, 0)
	for i > 0 && (t.chunks[i].Unit.follows || t.chunks[i].Base == 0) {
		i--
	}
	return i
}

// replace builds the chunks of the new text: it keeps those before and behind each region, and cuts the others anew.
func (b *builder) replace(regions []region) {
	old, done, delta := b.old, 0, 0
	for k := 0; k < len(regions); k++ {
		r := regions[k]
		entry := old.entryOf(r.oldStart)
		b.keep(done, entry, delta)
		b.know(entry, min(old.chunkAt(r.oldEnd)+3, len(old.chunks)))
		c := old.chunks[entry]
		start := cut{off: 0, kind: c.Unit.kind, dash: c.Unit.dash}
		newDelta := delta + r.delta()
		done = len(old.chunks)
		b.scan(c.Base+delta, r.newEnd, start, func(at cut) bool {
			for k+1 < len(regions) && regions[k+1].newStart <= at.off {
				k++ // the next change lies in what was cut already
				newDelta += regions[k].delta()
				r = regions[k]
			}
			if at.off < r.newEnd {
				return false
			}
			i := old.chunkAt(at.off - newDelta)
			if i <= entry || old.chunks[i].Base != at.off-newDelta {
				return false
			}
			u := old.chunks[i].Unit
			if u.kind != at.kind || u.dash != at.dash || u.follows {
				return false
			}
			if k+1 < len(regions) && old.entryOf(regions[k+1].oldStart) < i {
				return false
			}
			done = i
			return true
		})
		b.settle(done)
		if done == len(old.chunks) {
			return // the text was cut to its end
		}
		delta = newDelta
	}
	b.keep(done, len(old.chunks), delta)
}

// scan cuts and reads the text from the chunk that begins at from, whose kind is known, until stop accepts a cut or the
// text ends. likely is an offset up to which the text will be needed.
func (b *builder) scan(from, likely int, first cut, stop func(cut) bool) {
	t := b.tree.text
	s := splitter{units: b.tree.opts.Units, state: stateAt(first.kind, first.dash)}
	if first.kind == chunkDoc || first.kind == chunkDocEnd {
		s.run = -1
	}
	end := t.Len()
	if stop != nil {
		end = t.LineStart(t.LineAt(max(likely, from)+2048) + 1)
	}
	src := t.Slice(text.Span{Start: from, End: end})
	pending := first
	i := 0
	if from == 0 && strings.HasPrefix(src, bom) {
		i = len(bom)
	}
	if first.kind == chunkDoc || first.kind == chunkDocEnd {
		// The marker line made the cut already.
		if marker(src, i) != 0 {
			i = lineEnd(src, i)
			i += breakLen(src, i)
		}
	}
	for {
		for i < len(src) {
			if c, ok := s.line(src, i); ok && (c.off > pending.off || c.off == 0 && from == 0 && c.kind == chunkSection) {
				at := c
				at.off += from
				b.push(src[pending.off:c.off], from+pending.off, pending, stop != nil)
				if stop != nil && stop(at) {
					return
				}
				pending = c
			}
			i = lineEnd(src, i)
			i += breakLen(src, i)
		}
		if end == t.Len() {
			break
		}
		end = t.LineStart(t.LineAt(min(end+len(src), t.Len())) + 1)
		src = t.Slice(text.Span{Start: from, End: end})
	}
	b.push(src[pending.off:], from+pending.off, pending, stop != nil)
}

// push reads a chunk, or takes a known one of the same source, and appends it. A chunk with a list item at a wrong
// column is cut there, so that the items before and behind it stay alive.
func (b *builder) push(src string, base int, c cut, clone bool) {
	follows, cloned := false, !clone
	for {
		u := b.take(src, c, follows)
		if u == nil {
			if !cloned {
				src, cloned = strings.Clone(src), true
			}
			u = newUnit(src, c.kind, c.dash, b.tree.opts)
			u.follows = follows
			if u.subs != nil {
				b.reuse(u)
			}
		}
		if u.stray == 0 {
			b.add(Item{base, u.Span.Shift(base), u})
			return
		}
		head := b.take(src[:u.stray], c, follows)
		if head == nil {
			head = newUnit(src[:u.stray], c.kind, c.dash, b.tree.opts)
			head.follows = follows
		}
		b.add(Item{base, head.Span.Shift(base), head})
		base, src, follows = base+u.stray, src[u.stray:], true
	}
}

// reuse looks for an older reading of the section, for the units that were cut out of it.
func (b *builder) reuse(u *Unit) {
	for src, list := range b.known {
		for _, i := range list {
			if old := b.old.chunks[i].Unit; old.subs != nil {
				reuseSubs(u, old)
				delete(b.known, src) // each unit is taken once
				return
			}
		}
	}
}

func (b *builder) add(it Item) {
	t := b.tree
	if it.Unit.kind != chunkItem {
		t.heads = append(t.heads, len(t.chunks))
	}
	if it.Unit.marked() {
		t.marked = append(t.marked, len(t.chunks))
	}
	t.chunks = append(t.chunks, it)
}
