package syntax

import (
	"sort"
	"strings"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/vector"
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
	if t.tooLarge || t.chunks.Len() == 0 || t.text.Len()+delta != next.Len() {
		// The edits are not those that made the text: read it anew, and keep what is the same all the same.
		b := builder{tree: tree, old: t}
		b.know(0, t.chunks.Len())
		b.scan(0, 0, cut{kind: chunkDoc}, nil)
		b.finish()
		return tree
	}
	b := builder{tree: tree, old: t}
	b.chunks.Grow(t.chunks.Len())
	b.replace(regions)
	b.finish()
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
	tree   *Tree
	old    *Tree
	chunks vector.Builder[*Unit]
	fresh  []fresh          // new chunks that may have to be read anew
	known  map[string][]int // old chunks that may be met again, by their source
}

// fresh is a new chunk; from is the index of the old one whose unit it has, -1 where it was read.
type fresh struct {
	unit *Unit
	base int
	from int
}

// finish makes the tree of the chunks.
func (b *builder) finish() {
	b.settle(0)
	b.tree.chunks = Items{b.chunks.Vector()}
	b.tree.bindAll()
	b.tree.group(b.old)
}

// know offers the units of the old chunks [from, to) to be taken again.
func (b *builder) know(from, to int) {
	b.known = make(map[string][]int, to-from)
	for i := from; i < to; i++ {
		src := b.old.unit(i).Source
		b.known[src] = append(b.known[src], i)
	}
}

// take is the known unit of a chunk, with the index of the old chunk. Each is taken once, so that no unit stands at two
// places.
func (b *builder) take(src string, c cut, follows bool) (*Unit, int) {
	list := b.known[src]
	for k, i := range list {
		if u := b.old.unit(i); u.kind == c.kind && u.dash == c.dash && u.follows == follows {
			b.known[src] = append(append([]int(nil), list[:k]...), list[k+1:]...)
			return u, i
		}
	}
	return nil, -1
}

// settle appends the fresh chunks. Those whose unit was taken from an old chunk that is kept behind them, which are the
// old ones from done on, are read anew; where done is 0, none is kept.
func (b *builder) settle(done int) {
	t := b.tree
	for _, f := range b.fresh {
		u := f.unit
		if done > 0 && f.from >= done {
			u = newUnit(u.Source, u.kind, u.dash, t.opts)
			u.follows = f.unit.follows
		}
		if u.kind != chunkItem {
			t.heads = append(t.heads, b.chunks.Len())
		}
		if u.marked() {
			t.marked = append(t.marked, b.chunks.Len())
		}
		b.chunks.Add(u, f.base)
	}
	b.fresh = b.fresh[:0]
}

// keep appends the old chunks [from, to), moved by delta.
func (b *builder) keep(from, to, delta int) {
	t := b.tree
	move := b.chunks.Len() - from
	for _, i := range within(b.old.heads, from, to) {
		t.heads = append(t.heads, i+move)
	}
	for _, i := range within(b.old.marked, from, to) {
		t.marked = append(t.marked, i+move)
	}
	b.chunks.Keep(b.old.chunks.units, from, to, delta)
}

func within(sorted []int, from, to int) []int {
	a := sort.SearchInts(sorted, from)
	return sorted[a : a+sort.SearchInts(sorted[a:], to)]
}

// entryOf is the index of the chunk from which the text must be cut again when it changes at off: the one before that of
// off, since a changed line may come to belong to it.
func (t *Tree) entryOf(off int) int {
	i := max(t.chunkAt(off), 0)
	for i > 0 && t.unit(i).follows {
		i--
	}
	i = max(i-1, 0)
	for i > 0 && (t.unit(i).follows || t.chunks.At(i).Base == 0) {
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
		b.know(entry, min(old.chunkAt(r.oldEnd)+3, old.chunks.Len()))
		c := old.chunks.At(entry)
		start := cut{off: 0, kind: c.Unit.kind, dash: c.Unit.dash}
		newDelta := delta + r.delta()
		done = old.chunks.Len()
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
			if i <= entry || old.chunks.At(i).Base != at.off-newDelta {
				return false
			}
			u := old.unit(i)
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
		if done == old.chunks.Len() {
			return // the text was cut to its end
		}
		delta = newDelta
	}
	b.keep(done, old.chunks.Len(), delta)
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
		u, from := b.take(src, c, follows)
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
			b.fresh = append(b.fresh, fresh{u, base, from})
			return
		}
		head, from := b.take(src[:u.stray], c, follows)
		if head == nil {
			head = newUnit(src[:u.stray], c.kind, c.dash, b.tree.opts)
			head.follows = follows
		}
		b.fresh = append(b.fresh, fresh{head, base, from})
		base, src, follows = base+u.stray, src[u.stray:], true
	}
}

// reuse looks for an older reading of the section, for the units that were cut out of it.
func (b *builder) reuse(u *Unit) {
	for src, list := range b.known {
		for _, i := range list {
			if old := b.old.unit(i); old.subs != nil {
				reuseSubs(u, old)
				delete(b.known, src) // each unit is taken once
				return
			}
		}
	}
}
