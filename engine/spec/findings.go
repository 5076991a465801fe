package spec

import (
	"iter"
	"sort"

	"github.com/speclens/speclens/engine/vector"
)

// Findings are what there is to say about the tests of one version of a file: little, for most tests give none. Those of
// the next version are made of them at the cost of the tests that changed. Immutable.
type Findings[T any] struct {
	tests vector.Vector[placed]
	named *byte
	parts [][]found[T] // for each part of tests
}

// found is what there is to say about the test of a number, counted from the first one of its part.
type found[T any] struct {
	test  int
	value T
}

// All are the findings with the numbers of their tests, see File.At, in order.
func (f *Findings[T]) All() iter.Seq2[int, T] {
	if f == nil {
		return func(func(int, T) bool) {}
	}
	return f.between(0, f.tests.Len())
}

// between are the findings of the tests [from, to).
func (f *Findings[T]) between(from, to int) iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		parts := f.tests.Parts()
		for k := sort.Search(len(parts), func(k int) bool { return parts[k].Index > from }) - 1; k >= 0 && k < len(parts); k++ {
			for _, o := range f.parts[k] {
				switch i := parts[k].Index + o.test; {
				case i < from:
				case i >= to || !yield(i, o.value):
					return
				}
			}
			if k+1 < len(parts) && parts[k+1].Index >= to {
				return
			}
		}
	}
}

// Before are the tests that the findings are of; none where there are no findings yet.
func (f *Findings[T]) Before() FileTests {
	if f == nil {
		return FileTests{}
	}
	return FileTests{f.tests}
}

// Update looks at the tests of a file that are new since, and at those whose numbers are listed in again, ascending. A
// nil receiver looks at all. look must depend on nothing but the test, its id, and what the caller knows to be the same.
func (f *Findings[T]) Update(file *File, again []int, look func(i int, s *Spec, t TestAt) (T, bool)) *Findings[T] {
	if f == nil || f.named != file.named {
		f = &Findings[T]{}
	}
	u := update[T]{old: f, file: file, again: again, look: look}
	u.head, u.tail = Common(FileTests{f.tests}, file.Tests())
	first, last := vector.CommonParts(f.tests, file.tests)
	parts := file.tests.Parts()
	if len(again) == 0 && f.named != nil && first == len(parts) && first == len(f.parts) {
		return f
	}
	next := &Findings[T]{tests: file.tests, named: file.named, parts: make([][]found[T], len(parts))}
	for k, p := range parts {
		end := p.Index + len(p.Elems())
		asked := len(u.again) > 0 && u.again[0] < end
		switch {
		case k < first && !asked:
			next.parts[k] = f.parts[k]
		case k >= len(parts)-last && !asked:
			next.parts[k] = f.parts[len(f.parts)-len(parts)+k]
		default:
			next.parts[k] = u.part(p.Index, end)
		}
	}
	return next
}

// update is one way from the findings of a version to those of the next.
type update[T any] struct {
	old        *Findings[T]
	file       *File
	head, tail int   // how many tests are the same
	again      []int // what is left of it
	look       func(i int, s *Spec, t TestAt) (T, bool)

	start int // of the part that is being made
	list  []found[T]
}

// part are the findings of the tests [start, end).
func (u *update[T]) part(start, end int) []found[T] {
	u.start, u.list = start, nil
	behind := u.file.tests.Len() - u.tail // the number of the first test behind those that changed
	u.keep(start, min(end, u.head), 0)
	for i := max(start, u.head); i < min(end, behind); i++ {
		u.at(i)
	}
	for len(u.again) > 0 && u.again[0] < min(end, behind) {
		u.again = u.again[1:]
	}
	u.keep(max(start, behind), end, u.file.tests.Len()-u.old.tests.Len())
	return u.list
}

// keep takes the findings of the tests [from, to) over, which stood by places before, but for those to be looked at again.
func (u *update[T]) keep(from, to, by int) {
	if from >= to {
		return
	}
	for i, v := range u.old.between(from-by, to-by) {
		u.lookAgain(i + by)
		if len(u.again) == 0 || u.again[0] != i+by {
			u.list = append(u.list, found[T]{i + by - u.start, v})
		}
	}
	u.lookAgain(to)
}

// lookAgain looks again at those before a number.
func (u *update[T]) lookAgain(before int) {
	for len(u.again) > 0 && u.again[0] < before {
		u.at(u.again[0])
		u.again = u.again[1:]
	}
}

func (u *update[T]) at(i int) {
	s, t := u.file.At(i)
	if v, any := u.look(i, s, t); any {
		u.list = append(u.list, found[T]{i - u.start, v})
	}
}
