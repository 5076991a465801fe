package spec

import (
	"slices"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/vector"
)

// known are the tests of the version before, which may be met again.
type known struct {
	before *File
	// moved says that a test may stand in another document now; all finds it there.
	moved bool
	all   map[*syntax.Unit]*Test
}

// tests reads the items of a document's tests, or takes those that did not change from the version before.
func (k *known) tests(doc int, items syntax.Items) vector.Vector[placed] {
	var was syntax.Items
	var tests vector.Vector[placed]
	if old := k.spec(doc); old != nil {
		was, tests = old.items, old.Tests.all.Slice(old.Tests.from, old.Tests.to)
	}
	head, tail := vector.Common(was.Units(), items.Units(), func(a, b *syntax.Unit) bool { return a == b })
	met := map[*syntax.Unit]placed{}
	for _, t := range tests.Between(head, tests.Len()-tail) {
		met[t.Unit] = t
	}
	return vector.Derive(was.Units(), tests, items.Units(), func(i int, u *syntax.Unit) placed {
		switch {
		case i < head:
			t, _ := tests.At(i)
			return t
		case i >= items.Len()-tail:
			t, _ := tests.At(tests.Len() - items.Len() + i)
			return t
		}
		if t, ok := met[u]; ok {
			return t
		}
		if t := k.anywhere(u); t != nil {
			return placed{Test: t}
		}
		return placed{Test: lowerTest(u.Node, u)}
	})
}

// spec is what the version before had as that document, if it was read from items.
func (k *known) spec(doc int) *Spec {
	if k.before == nil {
		return nil
	}
	i := slices.IndexFunc(k.before.Specs, func(s *Spec) bool { return s.Doc == doc && s.items.Len() > 0 })
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
		for _, t := range k.before.tests.All() {
			if t.Unit != nil {
				k.all[t.Unit] = t.Test
			}
		}
	}
	return k.all[u]
}
