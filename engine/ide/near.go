package ide

import (
	"cmp"
	"math"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// mostOffered is how many names are offered at a time: nobody reads more, and the next character that is typed asks again.
const mostOffered = 100

// near gathers the names that tests give to the test in scope, nearest first.
type near struct {
	scope scope
	doc   *engine.Document
	typed string
	// aliasesOnly leaves out what tests save.
	aliasesOnly bool
	// best match what is typed from their beginning, good anywhere in it; of no more than limit each.
	best, good []visible
	limit      int
	seen       map[seenName]bool
	more       bool // than limit of the best
}

type seenName struct {
	name  string
	alias bool
}

// names are the aliases and saved values that a test can use: those of the tests above it, nearest first, then those below,
// then those of other files. Where there are more than mostOffered, they are those that match what is typed, and more is true.
func (s scope) names(snap *engine.Snapshot, doc *engine.Document, typed string, aliasesOnly bool) (list []visible, more bool) {
	index := link.NamesOf(snap, doc.URI)
	all := near{scope: s, doc: doc, aliasesOnly: aliasesOnly, limit: mostOffered, seen: map[seenName]bool{}}
	all.gather(index)
	if !all.more || typed == "" {
		return all.best, all.more
	}
	matching := near{scope: s, doc: doc, typed: typed, aliasesOnly: aliasesOnly, limit: mostOffered, seen: map[seenName]bool{}}
	matching.find(index)
	list = append(matching.best, matching.good...)
	return list[:min(len(list), mostOffered)], true
}

// find looks for the names that match what is typed. Where only a few begin so, they are found in the sorted list of all and
// then put in order; where many do, the nearest are among the first tests that are looked at; where none does, all names are
// looked through.
func (n *near) find(index *link.Names) {
	lists := []sortedNames{{index.AliasNames(), true}}
	if !n.aliasesOnly {
		lists = append(lists, sortedNames{index.SavedNames(), false})
	}
	begin := 0
	for _, l := range lists {
		begin += len(l.beginning(n.typed))
	}
	if begin > 2*mostOffered {
		n.gather(index)
		return
	}
	n.limit = 2 * mostOffered // in no order yet
	for _, l := range lists {
		for _, name := range l.beginning(n.typed) {
			n.resolve(index, name, l.aliases)
		}
	}
	slices.SortStableFunc(n.best, func(a, b visible) int { return cmp.Compare(a.far, b.far) })
	if begin > 0 {
		return
	}
	for _, l := range lists {
		for _, name := range l.names {
			if _, match := matches(name, n.typed); match && len(n.best) < n.limit {
				n.resolve(index, name, l.aliases)
			}
		}
	}
	slices.SortStableFunc(n.best, func(a, b visible) int { return cmp.Compare(a.far, b.far) })
	slices.SortStableFunc(n.good, func(a, b visible) int { return cmp.Compare(a.far, b.far) })
}

// sortedNames are all names of a kind.
type sortedNames struct {
	names   []string
	aliases bool
}

// beginning are those that begin with a text.
func (l sortedNames) beginning(with string) []string {
	from, _ := slices.BinarySearch(l.names, with)
	n := sort.Search(len(l.names)-from, func(i int) bool { return !strings.HasPrefix(l.names[from+i], with) })
	return l.names[from : from+n]
}

// resolve takes in a name where it is given nearest.
func (n *near) resolve(index *link.Names, name string, alias bool) {
	own := n.own(n.doc.Spec())
	var found *link.Place
	path, far := "", math.MaxInt
	look := func(p *link.Place, from string) {
		d := math.MaxInt - 1 // in another file
		switch order := p.Order(); {
		case p.Doc.URI != n.doc.URI:
		case n.scope.test != nil && order == own:
			return
		case order < own:
			d = own - order
		default:
			d = order + math.MaxInt32 // below
		}
		if d < far {
			found, path, far = p, from, d
		}
	}
	if alias {
		for _, p := range index.Aliased(name) {
			look(p, "")
		}
	} else {
		for _, at := range index.Saved(name) {
			look(at.Place, at.Save.Path.Value)
		}
	}
	if found != nil {
		n.name(found.Doc, found.Order(), visible{name: name, alias: alias, path: path, far: far})
	}
}

// gather looks at the tests in order until there are enough.
func (n *near) gather(index *link.Names) {
	file := n.doc.Spec()
	tests, own := file.Tests(), n.own(file)
	for i := own - 1; i >= 0; i-- {
		if !n.add(n.doc, tests.At(i), i) {
			return
		}
	}
	if n.scope.test != nil {
		own++
	}
	for i := own; i < tests.Len(); i++ {
		if !n.add(n.doc, tests.At(i), i) {
			return
		}
	}
	for doc := range index.Documents() {
		if doc.URI == n.doc.URI {
			continue
		}
		for i, t := range doc.Spec().Tests().All() {
			if !n.add(doc, t, i) {
				return
			}
		}
	}
}

// own is the number of the test in scope; outside of tests it is how many there are above.
func (n *near) own(file *spec.File) int {
	starts := file.Starts()
	for i, sp := range file.Specs {
		switch {
		case sp != n.scope.spec:
		case n.scope.test != nil:
			return starts[i] + n.scope.test.Index
		default:
			return starts[i] + sp.Tests.Len()
		}
	}
	return file.Tests().Len()
}

// add takes in what a test gives, the one of a number in its file; it returns false where there is enough.
func (n *near) add(doc *engine.Document, t *spec.Test, i int) bool {
	if t.Alias.Value != "" && !n.name(doc, i, visible{name: t.Alias.Value, alias: true}) {
		return false
	}
	if n.aliasesOnly {
		return true
	}
	for k := range t.Save {
		save := &t.Save[k]
		if save.Name.Value != "" && !n.name(doc, i, visible{name: save.Name.Value, path: save.Path.Value}) {
			return false
		}
	}
	return true
}

func (n *near) name(doc *engine.Document, i int, v visible) bool {
	prefix, match := matches(v.name, n.typed)
	if !match || n.seen[seenName{v.name, v.alias}] {
		return true
	}
	if prefix && len(n.best) == n.limit {
		n.more = true
		return false
	}
	if !prefix && len(n.good) == n.limit {
		return true
	}
	n.seen[seenName{v.name, v.alias}] = true
	_, t := doc.Spec().At(i)
	v.key, v.doc, v.detail = engine.TestKey{URI: doc.URI, ID: t.ID}, "Test "+code(t.Label()), "test"
	if !v.alias {
		v.detail = "saved from " + v.path
	}
	if doc.URI != n.doc.URI {
		v.file = filepath.Base(doc.Path())
	}
	if prefix {
		n.best = append(n.best, v)
	} else {
		n.good = append(n.good, v)
	}
	return true
}

// matches compares a name with what is typed, without regard to case: prefix says that it begins so, match that it has the
// same characters in the same order, which is what editors look for.
func matches(name, typed string) (prefix, match bool) {
	if len(typed) > len(name) {
		return false, false
	}
	if len(typed) > 0 && typed == name[:len(typed)] {
		return true, true
	}
	prefix = true
	at := 0
	for _, want := range typed {
		want = unicode.ToLower(want)
		for {
			if at == len(name) {
				return false, false
			}
			r, size := rune(name[at]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRuneInString(name[at:])
			}
			at += size
			if r == want || unicode.ToLower(r) == want {
				break
			}
			prefix = false
		}
	}
	return prefix, true
}

// offered cuts a list of texts down to those that match what is typed, where it is too long to be offered whole.
func offered(all []string, typed string) (list []string, more bool) {
	if len(all) <= mostOffered {
		return all, false
	}
	var best, good []string
	for _, s := range all {
		switch prefix, match := matches(s[strings.LastIndexByte(s, '/')+1:], typed); {
		case prefix || strings.HasPrefix(s, typed):
			best = append(best, s)
		case match:
			good = append(good, s)
		}
	}
	list = append(best, good...)
	return list[:min(len(list), mostOffered)], true
}
