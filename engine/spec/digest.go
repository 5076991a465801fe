package spec

import (
	"iter"

	"github.com/speclens/speclens/engine/vector"
)

// Digest says something about each block of the tests of one version of a file. That of the next version is made of it at
// the cost of the blocks that changed. Immutable.
type Digest[T any] struct {
	tests  vector.Vector[placed]
	blocks map[*vector.Block[placed]]T
}

// Update is the digest of a file. of must depend on nothing but the tests that it gets; a nil receiver asks it about all.
func (d *Digest[T]) Update(file *File, of func(tests iter.Seq[*Test]) T) *Digest[T] {
	next := &Digest[T]{file.tests, make(map[*vector.Block[placed]]T, len(file.tests.Parts()))}
	for _, p := range file.tests.Parts() {
		if d != nil {
			if v, known := d.blocks[p.Block]; known {
				next.blocks[p.Block] = v
				continue
			}
		}
		next.blocks[p.Block] = of(func(yield func(*Test) bool) {
			for _, t := range p.Elems() {
				if !yield(t.Test) {
					return
				}
			}
		})
	}
	return next
}

// Search are the tests, with their numbers, of the blocks for which in is true.
func (d *Digest[T]) Search(in func(T) bool) iter.Seq2[int, *Test] {
	return func(yield func(int, *Test) bool) {
		for _, p := range d.tests.Parts() {
			if !in(d.blocks[p.Block]) {
				continue
			}
			for i, t := range p.Elems() {
				if !yield(p.Index+i, t.Test) {
					return
				}
			}
		}
	}
}
