package spec

import (
	"iter"
	"sort"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/vector"
)

// placed is a test with its id; its offset in a vector is its base.
type placed struct {
	*Test
	id string
}

func (t placed) at(base, index int) TestAt {
	return TestAt{Base: base, Span: t.span().Shift(base), ID: t.id, Index: index, Test: t.Test}
}

// span is the test's item, counted from where the test is.
func (t *Test) span() text.Span {
	if t.Unit != nil {
		return t.Unit.Span
	}
	return t.node.Span()
}

// Tests are the tests of a spec, in order. Immutable; tests that an edit leaves alone are shared with the version before,
// in blocks.
type Tests struct {
	all      vector.Vector[placed] // of the file
	from, to int
}

// Len is the number of tests.
func (l Tests) Len() int { return l.to - l.from }

// At is the test of a number.
func (l Tests) At(i int) TestAt {
	t, base := l.all.At(l.from + i)
	return t.at(base, i)
}

// All are the tests with their numbers.
func (l Tests) All() iter.Seq2[int, TestAt] {
	return func(yield func(int, TestAt) bool) {
		i := 0
		for base, t := range l.all.Between(l.from, l.to) {
			if !yield(i, t.at(base, i)) {
				return
			}
			i++
		}
	}
}

// StartingBy is the number of the last test that starts at an offset of the file or before it, -1 for none.
func (l Tests) StartingBy(off int) int {
	return sort.Search(l.Len(), func(i int) bool { return l.At(i).Span.Start > off }) - 1
}

// FileTests are the tests of a file, over all of its specs. Immutable.
type FileTests struct{ all vector.Vector[placed] }

// Len is the number of tests.
func (l FileTests) Len() int { return l.all.Len() }

// At is the test of a number.
func (l FileTests) At(i int) *Test {
	t, _ := l.all.At(i)
	return t.Test
}

// Between are the tests of the numbers [from, to).
func (l FileTests) Between(from, to int) []*Test {
	list := make([]*Test, 0, max(to-from, 0))
	for _, t := range l.all.Between(from, to) {
		list = append(list, t.Test)
	}
	return list
}

// All are the tests with their numbers.
func (l FileTests) All() iter.Seq2[int, *Test] {
	return func(yield func(int, *Test) bool) {
		i := 0
		for _, t := range l.all.All() {
			if !yield(i, t.Test) {
				return
			}
			i++
		}
	}
}

// list numbers the tests of all specs.
func (f *File) list() {
	var all []vector.Vector[placed]
	n := 0
	for _, s := range f.Specs {
		f.starts = append(f.starts, n)
		all = append(all, s.own)
		n += s.own.Len()
	}
	f.tests = vector.Concat(all...)
}

// share gives the specs their tests once these have their ids.
func (f *File) share() {
	for k, s := range f.Specs {
		s.Tests = Tests{f.tests, f.starts[k], f.starts[k] + s.own.Len()}
		s.own = vector.Vector[placed]{}
	}
}

// Tests are all tests of the file, in order.
func (f *File) Tests() FileTests { return FileTests{f.tests} }

// Starts are the numbers of the first tests of each spec, counted over the file; a spec without tests has that of the
// next one. The caller must not change the list.
func (f *File) Starts() []int { return f.starts }

// At is the test of a number, counted from 0 over the file, with the spec that it is in.
func (f *File) At(i int) (*Spec, TestAt) {
	k := sort.SearchInts(f.starts, i+1) - 1
	t, base := f.tests.At(i)
	return f.Specs[k], t.at(base, i-f.starts[k])
}

// Common is how many tests at the beginning and at the end of two versions of a file are the same: head+tail is at most
// the number of tests of the shorter one.
func Common(before, now FileTests) (head, tail int) {
	return vector.Common(before.all, now.all, func(a, b placed) bool { return a.Test == b.Test })
}
