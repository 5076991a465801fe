package vector

// Builder makes a vector, element by element and of pieces of others. The zero value is ready for use.
type Builder[T any] struct {
	done  Vector[T]
	elems []T // of the block that is being filled
	offs  []int
}

// Len is the number of elements so far.
func (b *Builder[T]) Len() int { return b.done.n + len(b.elems) }

// Grow makes room for a number of elements.
func (b *Builder[T]) Grow(n int) {
	if b.done.parts == nil {
		b.done.parts = make([]Part[T], 0, n/minBlock/2+2)
	}
}

// Add appends an element.
func (b *Builder[T]) Add(elem T, off int) {
	if b.elems == nil {
		b.elems, b.offs = make([]T, 0, maxBlock), make([]int, 0, maxBlock)
	}
	b.elems, b.offs = append(b.elems, elem), append(b.offs, off)
	if len(b.elems) == maxBlock {
		b.flush(maxBlock / 2)
	}
}

// Keep appends the elements [from, to) of a vector, moved by delta. Whole blocks are shared with it, unless what was
// appended before is too little for a block of its own.
func (b *Builder[T]) Keep(v Vector[T], from, to, delta int) {
	if from >= to {
		return
	}
	for k := v.part(from); k < len(v.parts) && v.parts[k].Index < to; k++ {
		p := v.parts[k]
		lo, hi := max(from-p.Index, 0), min(to-p.Index, len(p.elems))
		if hi-lo == len(p.elems) && (len(b.elems) == 0 || len(b.elems) >= minBlock) {
			b.flush(len(b.elems))
			p.Index, p.base = b.done.n, p.base+delta
			b.done.parts = append(b.done.parts, p)
			b.done.n += len(p.elems)
			continue
		}
		for i := lo; i < hi; i++ {
			b.Add(p.elems[i], p.base+int(p.offs[i])+delta)
		}
	}
}

// flush makes a block of the first n elements that wait.
func (b *Builder[T]) flush(n int) {
	if n == 0 {
		return
	}
	block := &Block[T]{make([]T, n), make([]int32, n)}
	copy(block.elems, b.elems)
	base := b.offs[0]
	for i, off := range b.offs[:n] {
		block.offs[i] = int32(off - base) //nolint:gosec // a file has less than 2 GiB
	}
	b.done.parts = append(b.done.parts, Part[T]{Block: block, Index: b.done.n, base: base})
	b.done.n += n
	b.elems, b.offs = b.elems[:copy(b.elems, b.elems[n:])], b.offs[:copy(b.offs, b.offs[n:])]
}

// Vector is what was appended. The builder must not be used any more.
func (b *Builder[T]) Vector() Vector[T] {
	b.flush(len(b.elems))
	return b.done
}
