package spec

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/vector"
)

// identify gives every test of a file its id: the alias, else its name, else its method and resource. Ids that would be
// taken get an occurrence number, so that they stay unique; no id depends on a line, or on what is written elsewhere in
// the file as long as that has another name. Tests taken over from the version before bring their id along.
func (f *File) identify(before *File) {
	if before != nil && len(before.Specs) == 1 && len(f.Specs) == 1 && before.docs == f.docs && f.identifyChanged(before) {
		return
	}
	taken := map[string]int32{}
	unique := func(id string) string {
		n := taken[id] + 1
		taken[id] = n
		if n == 1 {
			return id
		}
		for {
			next := id + "#" + strconv.Itoa(int(n))
			if taken[next] == 0 {
				taken[next], taken[id] = 1, n
				return next
			}
			n++
		}
	}
	// Aliases come first: they are chosen to be unique, so no other id may push one aside.
	ids := make([]string, 0, f.tests.Len())
	for _, t := range f.tests.All() {
		id := ""
		if t.Alias.Value != "" {
			id = unique(t.Alias.Value)
		}
		ids = append(ids, id)
	}
	i := 0
	for _, t := range f.tests.All() {
		if t.Alias.Value == "" {
			ids[i] = unique(t.path)
		}
		i++
	}
	f.name(0, ids)
	f.taken, f.named = counts{base: taken}, new(byte)
	if before != nil && f.calledAs(before) {
		f.named = before.named
	}
}

// calledAs reports whether the tests that did not change have the ids of the version before.
func (f *File) calledAs(before *File) bool {
	head, tail := Common(before.Tests(), f.Tests())
	n, by := f.tests.Len(), before.tests.Len()-f.tests.Len()
	for i := range n {
		was := i
		if i >= head {
			if i < n-tail {
				continue
			}
			was += by
		}
		old, _ := before.tests.At(was)
		if t, _ := f.tests.At(i); old.id != t.id {
			return false
		}
	}
	return true
}

// name gives tests their ids, from a number on.
func (f *File) name(first int, ids []string) {
	var changes []vector.Change[placed]
	for i, id := range ids {
		if t, _ := f.tests.At(first + i); t.id != id {
			changes = append(changes, vector.Change[placed]{Index: first + i, Elem: placed{t.Test, id}})
		}
	}
	f.tests = f.tests.With(changes)
}

// identifyChanged gives ids to the tests that are new, where that cannot change the id of any other test: they are called
// as those in their place were, or by names that nothing else in the file has.
func (f *File) identifyChanged(before *File) bool {
	head, tail := Common(before.Tests(), f.Tests())
	was, is := before.Tests().Between(head, before.tests.Len()-tail), f.Tests().Between(head, f.tests.Len()-tail)
	f.named = before.named
	ids := make([]string, len(is))
	if slices.EqualFunc(was, is, func(a, b *Test) bool { return a.wanted() == b.wanted() }) {
		for i := range is {
			old, _ := before.tests.At(head + i)
			ids[i] = old.id
		}
		f.name(head, ids)
		f.taken = before.taken
		return true
	}
	changes := map[string]int32{}
	for _, t := range was {
		id := t.wanted()
		if before.taken.of(id) != 1 || strings.Contains(id, "#") {
			return false
		}
		changes[id]--
	}
	for _, t := range is {
		id := t.wanted()
		if changes[id]++; before.taken.of(id)+changes[id] != 1 || strings.Contains(id, "#") {
			return false
		}
	}
	for i, t := range is {
		ids[i] = t.wanted()
	}
	f.name(head, ids)
	f.taken = before.taken.with(changes)
	return true
}

// wanted is the id of a test that need not share it.
func (t *Test) wanted() string {
	if t.Alias.Value != "" {
		return t.Alias.Value
	}
	return t.path
}

// counts are the numbers of a version: those of an earlier one, and how they changed since. Immutable.
type counts struct{ base, changes map[string]int32 }

// maxChanges is how many changes are kept apart before they are worth a copy of everything.
const maxChanges = 256

func (c counts) of(id string) int32 { return c.base[id] + c.changes[id] }

func (c counts) with(changes map[string]int32) counts {
	next := counts{base: c.base, changes: make(map[string]int32, len(c.changes)+len(changes))}
	maps.Copy(next.changes, c.changes)
	for id, n := range changes {
		if next.changes[id] += n; next.changes[id] == 0 {
			delete(next.changes, id)
		}
	}
	if len(next.changes) <= maxChanges {
		return next
	}
	base := maps.Clone(next.base)
	for id, n := range next.changes {
		if base[id] += n; base[id] == 0 {
			delete(base, id)
		}
	}
	return counts{base: base}
}

// stablePath is the id of a test without an alias, but for its occurrence number.
func stablePath(t *Test) string {
	switch {
	case t.Name.Value != "":
		return "name:" + t.Name.Value
	case t.Method.Value != "" || t.Resource.Value != "":
		return "call:" + t.Method.Value + " " + t.Resource.Value
	}
	return "test"
}
