package spec

import (
	"slices"
	"sort"

	"github.com/speclens/speclens/engine/syntax"
)

// known are the tests of the version before, which may be met again.
type known struct {
	before *File
	// moved says that a test may stand in another document now; all finds it there.
	moved bool
	all   map[*syntax.Unit]*Test
}

// tests reads the items of a document's tests, or takes those that did not change from the version before.
func (k *known) tests(doc int, items []syntax.Item) []TestAt {
	tests := make([]TestAt, len(items))
	head, tail := 0, 0
	met := map[*syntax.Unit]*Test{}
	if old := k.spec(doc); old != nil {
		same := func(a, b syntax.Item) bool { return a.Unit == b.Unit }
		head, tail = common(old.items, items, same)
		copy(tests, old.Tests[:head])
		copy(tests[len(tests)-tail:], old.Tests[len(old.Tests)-tail:])
		for _, t := range old.Tests[head : len(old.Tests)-tail] {
			met[t.Unit] = t.Test
		}
	}
	for i := head; i < len(items)-tail; i++ {
		u := items[i].Unit
		t := met[u]
		if t == nil {
			t = k.anywhere(u)
		}
		if t == nil {
			t = lowerTest(u.Node, u)
		}
		tests[i].Test = t
	}
	for i := range tests {
		at := &tests[i]
		at.Base, at.Span, at.Index = items[i].Base, items[i].Span, i
	}
	return tests
}

// spec is what the version before had as that document, if it was read from items.
func (k *known) spec(doc int) *Spec {
	if k.before == nil {
		return nil
	}
	i := slices.IndexFunc(k.before.Specs, func(s *Spec) bool { return s.Doc == doc && s.items != nil })
	if i < 0 {
		return nil
	}
	return k.before.Specs[i]
}

// anywhere looks for a test in all documents of the version before, where documents came or went.
func (k *known) anywhere(u *syntax.Unit) *Test {
	if !k.moved {
		return nil
	}
	if k.all == nil {
		k.all = map[*syntax.Unit]*Test{}
		for _, t := range k.before.tests {
			if t.Unit != nil {
				k.all[t.Unit] = t
			}
		}
	}
	return k.all[u]
}

// list numbers the tests of all specs.
func (f *File) list() {
	n := 0
	for _, s := range f.Specs {
		n += len(s.Tests)
	}
	f.tests = make([]*Test, 0, n)
	for _, s := range f.Specs {
		f.starts = append(f.starts, len(f.tests))
		for i := range s.Tests {
			f.tests = append(f.tests, s.Tests[i].Test)
		}
	}
}

// Tests are all tests of the file, in order. The caller must not change the list.
func (f *File) Tests() []*Test { return f.tests }

// Starts are the numbers of the first tests of each spec, counted over the file; a spec without tests has that of the
// next one. The caller must not change the list.
func (f *File) Starts() []int { return f.starts }

// At is the test of a number, counted from 0 over the file, with the spec that it is in. The caller must not change it.
func (f *File) At(i int) (*Spec, *TestAt) {
	k := sort.SearchInts(f.starts, i+1) - 1
	return f.Specs[k], &f.Specs[k].Tests[i-f.starts[k]]
}

// Common is how many tests at the beginning and at the end of two versions of a file are the same: head+tail is at most
// the number of tests of the shorter one.
func Common(before, now []*Test) (head, tail int) {
	return common(before, now, func(a, b *Test) bool { return a == b })
}

func common[T any](before, now []T, same func(a, b T) bool) (head, tail int) {
	n := min(len(before), len(now))
	for head < n && same(before[head], now[head]) {
		head++
	}
	for tail < n-head && same(before[len(before)-1-tail], now[len(now)-1-tail]) {
		tail++
	}
	return head, tail
}

// Found is what there is to say about the test of a number, see File.At.
type Found[T any] struct {
	Test  int
	Value T
}

// Findings are what there is to say about the tests of one version of a file: little, for most tests give none. Those of
// the next version are made of them at the cost of the tests that changed. Immutable.
type Findings[T any] struct {
	tests []*Test
	named *byte
	list  []Found[T]
}

// All are the findings in the order of the tests. The caller must not change the list.
func (f *Findings[T]) All() []Found[T] {
	if f == nil {
		return nil
	}
	return f.list
}

// Before are the tests that the findings are of; nil where there are no findings yet.
func (f *Findings[T]) Before() []*Test {
	if f == nil {
		return nil
	}
	return f.tests
}

// Update looks at the tests of a file that are new since, and at those whose numbers are listed in again, ascending. A
// nil receiver looks at all. look must depend on nothing but the test, its id, and what the caller knows to be the same.
func (f *Findings[T]) Update(file *File, again []int, look func(i int, s *Spec, t *TestAt) (T, bool)) *Findings[T] {
	next := &Findings[T]{tests: file.tests, named: file.named}
	head, tail := 0, 0
	if f != nil && f.named == file.named {
		head, tail = Common(f.tests, file.tests)
		if head == len(file.tests) && len(f.tests) == head && len(again) == 0 {
			return f
		}
	}
	at := func(i int) {
		s, t := file.At(i)
		if v, found := look(i, s, t); found {
			next.list = append(next.list, Found[T]{i, v})
		}
	}
	keep := func(from, to, by int) { // of f, whose tests have moved by that much
		if f == nil {
			return
		}
		first := sort.Search(len(f.list), func(i int) bool { return f.list[i].Test >= from })
		for _, o := range f.list[first:] {
			if o.Test >= to {
				break
			}
			for len(again) > 0 && again[0] < o.Test+by {
				at(again[0])
				again = again[1:]
			}
			if len(again) > 0 && again[0] == o.Test+by {
				at(again[0])
				again = again[1:]
				continue
			}
			next.list = append(next.list, Found[T]{o.Test + by, o.Value})
		}
		for len(again) > 0 && again[0] < to+by {
			at(again[0])
			again = again[1:]
		}
	}
	keep(0, head, 0)
	for i := head; i < len(file.tests)-tail; i++ {
		at(i)
	}
	for len(again) > 0 && again[0] < len(file.tests)-tail {
		again = again[1:]
	}
	if tail > 0 {
		keep(len(f.tests)-tail, len(f.tests), len(file.tests)-len(f.tests))
	}
	return next
}
