package link

import (
	"iter"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
)

// Users are the numbers of the tests of a file that use one of some names, or have one for an alias, ascending. An alias
// may hold dots, so that it is the first word that counts.
func (n *Names) Users(uri string, names map[string]bool) []int {
	f := n.file(uri)
	if f == nil || len(names) == 0 {
		return nil
	}
	return f.users(roots(names))
}

func roots(names map[string]bool) map[string]bool {
	list := make(map[string]bool, len(names))
	for name := range names {
		list[root(name)] = true
	}
	return list
}

// root is the first word of a name.
func root(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return name
}

type usedKey struct{}

// users are the tests that use a name of which the first word is one of roots. All tests of a spec use the names that its
// head does.
func (f *file) users(roots map[string]bool) []int {
	var list []int
	for k, s := range f.doc.Spec().Specs {
		if headUses(s, roots) {
			for i := range s.Tests.Len() {
				list = append(list, f.doc.Spec().Starts()[k]+i)
			}
		}
	}
	used := f.doc.Spec().Evolve(usedKey{}, func(old any) any {
		before, _ := old.(*spec.Digest[map[string]struct{}])
		return before.Update(f.doc.Spec(), func(tests iter.Seq[*spec.Test]) map[string]struct{} {
			words := map[string]struct{}{}
			for t := range tests {
				mentioned(t, func(root string) bool {
					words[root] = struct{}{}
					return true
				})
			}
			return words
		})
	}).(*spec.Digest[map[string]struct{}])
	mayUse := func(words map[string]struct{}) bool {
		for root := range roots {
			if _, ok := words[root]; ok {
				return true
			}
		}
		return false
	}
	for i, t := range used.Search(mayUse) {
		if !mentioned(t, func(root string) bool { return !roots[root] }) {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// mentioned calls yield with the first word of each name that a test uses or has for an alias, until it returns false;
// and returns whether it never did.
func mentioned(t *spec.Test, yield func(root string) bool) bool {
	if t.Alias.Value != "" && !yield(root(t.Alias.Value)) {
		return false
	}
	if len(t.Templates) > 0 {
		for _, u := range Uses(t) {
			if u.Ref.Kind == template.Name && !yield(root(u.Ref.Name)) {
				return false
			}
		}
	}
	for _, d := range t.Depends {
		if !yield(root(d.Value)) {
			return false
		}
	}
	return true
}

func headUses(s *spec.Spec, roots map[string]bool) bool {
	for _, at := range s.Templates {
		for _, ref := range at.Template.Refs() {
			if ref.Kind == template.Name && roots[root(ref.Name)] {
				return true
			}
		}
	}
	return false
}

// Differing are the names that a file gives now and did not give, or the other way round, or more or less often.
func Differing(was, is spec.FileTests) map[string]bool {
	head, tail := spec.Common(was, is)
	return differing(was.Between(head, was.Len()-tail), is.Between(head, is.Len()-tail))
}

// ChangedEdges are the tests that may need other tests than they needed, where only one file changed; was are the tests
// that it had. Those of that file come first, in order. ok is false where tests may need others for another reason.
func (n *Names) ChangedEdges(since Version, uri string, was spec.FileTests) (changed []*Place, ok bool) {
	own, known := n.set.byURI[uri]
	if since.set != n.set || !known || since.heads != n.files[own].heads {
		return nil, false
	}
	for i := range n.edges {
		if i != own && (since.edges[i] != n.edges[i] || since.given[i] != n.given[i]) {
			return nil, false
		}
	}
	f := n.files[own]
	head, tail := spec.Common(was, f.tests)
	var list []int
	for i := head; i < f.tests.Len()-tail; i++ {
		list = append(list, i)
	}
	if was.Len() != f.tests.Len() && tail > 0 {
		list = append(list, f.tests.Len()-tail) // another test is before it
	}
	if since.given[own] == n.given[own] {
		return f.placesOf(list), true
	}
	roots := roots(Differing(was, f.tests))
	list = append(list, f.users(roots)...)
	slices.Sort(list)
	changed = f.placesOf(slices.Compact(list))
	for i, other := range n.files {
		if i != own {
			changed = append(changed, other.placesOf(other.users(roots))...)
		}
	}
	return changed, true
}

func (f *file) placesOf(tests []int) []*Place {
	list := make([]*Place, 0, len(tests))
	for _, i := range tests {
		list = append(list, f.place(i))
	}
	return list
}
