// Package vector holds long sequences that are edited in the middle: a new version shares with the one before all but the
// block that was touched, and what two versions share is found by comparing a few pointers.
//
// It must not know what it holds: neither texts nor tests.
package vector

import (
	"iter"
	"slices"
)

// A block holds between minBlock and maxBlock elements, but for the last one and those cut by Slice. An edit copies one
// block, and the list of blocks.
const (
	minBlock = 32
	maxBlock = 256
)

// Vector is an immutable sequence of elements, each of which stands at an offset; these ascend. The zero value is empty.
type Vector[T any] struct {
	parts []Part[T]
	n     int
}

// Block is a stretch of elements. As long as none of them changes it is the same pointer, wherever it moves.
type Block[T any] struct {
	elems []T
	offs  []int32 // they count from the base of the part that holds the block
}

// Part is a block at its place.
type Part[T any] struct {
	*Block[T]
	// Index is the number of the block's first element.
	Index int

	base int
}

// Elems are the elements of the block. The caller must not change them.
func (b *Block[T]) Elems() []T { return b.elems }

// Len is the number of elements.
func (v Vector[T]) Len() int { return v.n }

// Parts are the blocks at their places, in order. The caller must not change the list.
func (v Vector[T]) Parts() []Part[T] { return v.parts }

// part is the index of the part that holds an element.
func (v Vector[T]) part(i int) int {
	lo, hi := 0, len(v.parts)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); v.parts[mid].Index <= i {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// At is an element and its offset. It panics where there is none of that number, as a slice does.
func (v Vector[T]) At(i int) (elem T, off int) {
	p := &v.parts[v.part(i)]
	return p.elems[i-p.Index], p.base + int(p.offs[i-p.Index])
}

// Find is the number of the last element whose offset is at most off; -1 where there is none.
func (v Vector[T]) Find(off int) int {
	lo, hi := 0, len(v.parts) // the part is in [lo-1, hi)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if p := &v.parts[mid]; p.base+int(p.offs[0]) <= off {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return -1
	}
	p := &v.parts[lo-1]
	a, b := 0, len(p.offs)
	for a < b {
		mid := int(uint(a+b) >> 1)
		if p.base+int(p.offs[mid]) <= off {
			a = mid + 1
		} else {
			b = mid
		}
	}
	return p.Index + a - 1
}

// All are the elements with their offsets, in order.
func (v Vector[T]) All() iter.Seq2[int, T] { return v.Between(0, v.n) }

// Between are the elements of the numbers [from, to) with their offsets.
func (v Vector[T]) Between(from, to int) iter.Seq2[int, T] {
	return func(yield func(off int, elem T) bool) {
		if from >= to {
			return
		}
		for k := v.part(from); k < len(v.parts) && v.parts[k].Index < to; k++ {
			p := &v.parts[k]
			for i := max(from-p.Index, 0); i < min(to-p.Index, len(p.elems)); i++ {
				if !yield(p.base+int(p.offs[i]), p.elems[i]) {
					return
				}
			}
		}
	}
}

// Slice is the part of the vector from one number up to another, at the same offsets.
func (v Vector[T]) Slice(from, to int) Vector[T] {
	if from >= to {
		return Vector[T]{}
	}
	if from == 0 && to == v.n {
		return v
	}
	first, last := v.part(from), v.part(to-1)
	out := Vector[T]{n: to - from, parts: slices.Clone(v.parts[first : last+1])}
	for k := range out.parts {
		p := &out.parts[k]
		lo, hi := max(from-p.Index, 0), min(to-p.Index, len(p.elems))
		if lo > 0 || hi < len(p.elems) {
			p.Block = &Block[T]{p.elems[lo:hi:hi], p.offs[lo:hi:hi]}
		}
		p.Index = max(p.Index-from, 0)
	}
	return out
}

// Change is an element to be put in the place of another one.
type Change[T any] struct {
	Index int
	Elem  T
}

// With is the vector with other elements, at the same offsets. The changes ascend.
func (v Vector[T]) With(changes []Change[T]) Vector[T] {
	if len(changes) == 0 {
		return v
	}
	out := Vector[T]{n: v.n, parts: slices.Clone(v.parts)}
	for k := range out.parts {
		p := &out.parts[k]
		for own := false; len(changes) > 0 && changes[0].Index < p.Index+len(p.elems); changes = changes[1:] {
			if !own {
				p.Block, own = &Block[T]{slices.Clone(p.elems), p.offs}, true
			}
			p.elems[changes[0].Index-p.Index] = changes[0].Elem
		}
	}
	return out
}

// Concat puts vectors behind each other. Their offsets must go on ascending if Find is to be used.
func Concat[T any](list ...Vector[T]) Vector[T] {
	if len(list) == 1 {
		return list[0]
	}
	var out Vector[T]
	for _, v := range list {
		for _, p := range v.parts {
			p.Index += out.n
			out.parts = append(out.parts, p)
		}
		out.n += v.n
	}
	return out
}

// Common is how many elements at the beginning and at the end of two vectors are the same; offsets do not count.
// head+tail is at most the length of the shorter one.
func Common[T any](a, b Vector[T], same func(a, b T) bool) (head, tail int) {
	least := min(a.n, b.n)
	for i, j := 0, 0; head < least; { // i and j are the parts that hold the element of the number head
		p, q := &a.parts[i], &b.parts[j]
		x, y := head-p.Index, head-q.Index
		if p.Block == q.Block && x == 0 && y == 0 {
			head += len(p.elems)
			i, j = i+1, j+1
			continue
		}
		if !same(p.elems[x], q.elems[y]) {
			break
		}
		head++
		if x+1 == len(p.elems) {
			i++
		}
		if y+1 == len(q.elems) {
			j++
		}
	}
	head = min(head, least)
	for i, j := len(a.parts)-1, len(b.parts)-1; tail < least-head; {
		p, q := &a.parts[i], &b.parts[j]
		x, y := a.n-1-tail-p.Index, b.n-1-tail-q.Index
		if p.Block == q.Block && x == len(p.elems)-1 && y == x {
			tail += len(p.elems)
			i, j = i-1, j-1
			continue
		}
		if !same(p.elems[x], q.elems[y]) {
			break
		}
		tail++
		if x == 0 {
			i--
		}
		if y == 0 {
			j--
		}
	}
	return head, min(tail, least-head)
}

// CommonParts is how many parts at the beginning and at the end of two vectors hold the same blocks.
func CommonParts[T any](a, b Vector[T]) (head, tail int) {
	return commonParts(a.parts, b.parts, func(p, q *Block[T]) bool { return p == q })
}

func commonParts[T any](a, b []Part[T], same func(p, q *Block[T]) bool) (head, tail int) {
	least := min(len(a), len(b))
	for head < least && same(a[head].Block, b[head].Block) {
		head++
	}
	for tail < least-head && same(a[len(a)-1-tail].Block, b[len(b)-1-tail].Block) {
		tail++
	}
	return head, tail
}

// Derive makes a vector of the elements of now, at their offsets and in blocks of the same lengths. old was made so of
// was: where the blocks of was and now hold the same, those of old are taken over. The numbers that make gets ascend.
func Derive[A comparable, B any](was Vector[A], old Vector[B], now Vector[A], make func(i int, elem A) B) Vector[B] {
	head, tail := commonParts(was.parts, now.parts, func(p, q *Block[A]) bool {
		return p == q || slices.Equal(p.elems, q.elems) && slices.Equal(p.offs, q.offs)
	})
	out := Vector[B]{n: now.n, parts: newParts[B](len(now.parts))}
	for k, p := range now.parts {
		out.parts[k].Index, out.parts[k].base = p.Index, p.base
		switch {
		case k < head:
			out.parts[k].Block = old.parts[k].Block
		case k >= len(now.parts)-tail:
			out.parts[k].Block = old.parts[len(old.parts)-len(now.parts)+k].Block
		default:
			elems := newElems[B](len(p.elems))
			for i, a := range p.elems {
				elems[i] = make(p.Index+i, a)
			}
			out.parts[k].Block = &Block[B]{elems, p.offs}
		}
	}
	return out
}

func newParts[T any](n int) []Part[T] { return make([]Part[T], n) }
func newElems[T any](n int) []T       { return make([]T, n) }
