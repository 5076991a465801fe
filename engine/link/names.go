package link

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
)

// Place is a test with where it stands.
type Place struct {
	Doc  *engine.Document
	Spec *spec.Spec
	spec.TestAt
	// order counts the tests of the file.
	order int
}

// Key names the test over all files.
func (p *Place) Key() engine.TestKey { return engine.TestKey{URI: p.Doc.URI, ID: p.ID} }

// Order counts the tests of the file from 0.
func (p *Place) Order() int { return p.order }

// SavedAt is one `save` entry of a test.
type SavedAt struct {
	*Place
	Save spec.Save
}

// Names is the index of the tests, aliases and saved names that see each other. Immutable.
type Names struct {
	of    uint64 // Files of the snapshot that it was made for
	files []*file
	set   *fileSet
	// given and edges are those of the files.
	given, edges []*byte
	// merged finds the files that give a name, but for those in fresh, which are asked themselves.
	merged *merged
	fresh  []int
	sorted *sorted
	loads  int // how many files have a load
	// words are the names for whoever looks for a misspelt one; nil until somebody does.
	words atomic.Pointer[words]
}

// fileSet numbers files, which are ordered by URI.
type fileSet struct{ byURI map[string]int }

// merged finds the files that give a name: the first, and the others of the few names that several files give.
type merged struct {
	aliases, saves         map[string]int32
	moreAliases, moreSaves map[string][]int32
}

// sorted are all names, once somebody asks for them.
type sorted struct {
	once           sync.Once
	aliases, saves []string
}

// maxFresh is how many files are asked themselves: a project of so few needs no index over its files.
const maxFresh = 8

type projectKey string

// NamesOf indexes every spec of the snapshot that belongs to the same project as a file: those under the same
// configuration, or under none as the file itself. The index of an earlier snapshot is brought up to date at the cost of
// what changed.
func NamesOf(snap *engine.Snapshot, uri string) *Names {
	projects := map[string]string{} // by folder
	projectOf := func(uri string) string {
		if !engine.InWorkspace(uri) {
			return uri // it stands for itself
		}
		folder := uri[:strings.LastIndexByte(uri, '/')+1]
		project, known := projects[folder]
		if !known {
			if conf := snap.ConfigDocument(uri); conf != nil {
				project = conf.URI
			}
			projects[folder] = project
		}
		return project
	}
	project := projectOf(engine.CanonicalURI(uri))
	return snap.Evolve(projectKey(project), func(old any) any {
		before, _ := old.(*Names)
		if before != nil && before.of == snap.Files() {
			return before.edited(snap)
		}
		var docs []*engine.Document
		for doc := range snap.Documents() {
			if doc.Kind == engine.KindSpec && projectOf(doc.URI) == project {
				docs = append(docs, doc)
			}
		}
		n := NamesIn(docs)
		n.of = snap.Files()
		return n
	}).(*Names)
}

// NamesIn indexes the given documents, which are ordered by URI; what is no spec is left out.
func NamesIn(docs []*engine.Document) *Names {
	docs = slices.DeleteFunc(slices.Clone(docs), func(d *engine.Document) bool { return d.Kind != engine.KindSpec })
	n := &Names{
		files: make([]*file, len(docs)), set: &fileSet{make(map[string]int, len(docs))},
		given: make([]*byte, len(docs)), edges: make([]*byte, len(docs)), sorted: &sorted{},
	}
	for i, doc := range docs {
		f := fileOf(doc)
		n.files[i], n.set.byURI[doc.URI] = f, i
		n.given[i], n.edges[i] = f.given, f.edges
		if len(f.loads) > 0 {
			n.loads++
		}
	}
	n.merge()
	return n
}

// edited is the index after edits of open documents.
func (n *Names) edited(snap *engine.Snapshot) *Names {
	next := n
	for doc := range snap.OpenDocuments() {
		i, known := n.set.byURI[doc.URI]
		if !known || n.files[i].doc == doc {
			continue
		}
		if next == n {
			next = &Names{
				of: n.of, files: slices.Clone(n.files), set: n.set, given: n.given, edges: n.edges, merged: n.merged,
				fresh: n.fresh, sorted: n.sorted, loads: n.loads,
			}
			next.words.Store(n.words.Load())
		}
		f := fileOf(doc)
		if was, is := len(n.files[i].loads) > 0, len(f.loads) > 0; is && !was {
			next.loads++
		} else if was && !is {
			next.loads--
		}
		next.files[i] = f
		if f.edges != next.edges[i] {
			next.edges = slices.Clone(next.edges)
			next.edges[i] = f.edges
		}
		if f.given == next.given[i] {
			continue
		}
		next.words.Store(next.words.Load().with(f, next.given[i]))
		next.given, next.sorted = slices.Clone(next.given), &sorted{}
		next.given[i] = f.given
		if !slices.Contains(next.fresh, i) {
			next.fresh = append(slices.Clone(next.fresh), i)
			slices.Sort(next.fresh)
		}
	}
	if len(next.fresh) > maxFresh {
		next.merge()
	}
	return next
}

// merge finds out which file gives which name.
func (n *Names) merge() {
	m := &merged{
		aliases: map[string]int32{}, saves: map[string]int32{},
		moreAliases: map[string][]int32{}, moreSaves: map[string][]int32{},
	}
	n.merged, n.fresh = m, nil
	add := func(first map[string]int32, more map[string][]int32, from layers, i int32) {
		for name := range from.names() {
			if _, taken := first[name]; taken {
				more[name] = append(more[name], i)
			} else {
				first[name] = i
			}
		}
	}
	for i, f := range n.files {
		if len(n.files) <= maxFresh {
			n.fresh = append(n.fresh, i)
			continue
		}
		add(m.aliases, m.moreAliases, f.aliases, int32(i)) //nolint:gosec // nobody has that many files
		add(m.saves, m.moreSaves, f.saves, int32(i))       //nolint:gosec // likewise
	}
}

// giving are the files that may give a name, in order.
func (n *Names) giving(first map[string]int32, more map[string][]int32, name string) []int {
	list := slices.Clone(n.fresh)
	add := func(i int32) {
		if !slices.Contains(n.fresh, int(i)) {
			list = append(list, int(i))
		}
	}
	if i, ok := first[name]; ok {
		add(i)
		for _, i := range more[name] {
			add(i)
		}
		slices.Sort(list)
	}
	return list
}

// Tests are all tests of the index, by file and place.
func (n *Names) Tests() []*Place {
	var list []*Place
	for _, f := range n.files {
		list = append(list, f.all()...)
	}
	return list
}

func (n *Names) file(uri string) *file {
	if i, ok := n.set.byURI[uri]; ok {
		return n.files[i]
	}
	return nil
}

// In are the tests of one file, by place; nil where the index does not hold the file.
func (n *Names) In(uri string) []*Place {
	if f := n.file(uri); f != nil {
		return f.all()
	}
	return nil
}

// At is the test of a number in a file, counted from 0; nil where the index does not hold it.
func (n *Names) At(uri string, i int) *Place {
	if f := n.file(uri); f != nil && i >= 0 && i < f.tests.Len() {
		return f.place(i)
	}
	return nil
}

// Test finds a test; nil where the index has none of that key.
func (n *Names) Test(key engine.TestKey) *Place {
	if f := n.file(key.URI); f != nil {
		return f.named(key.ID)
	}
	return nil
}

// Aliased are the tests with an alias, by file and place; more than one is an error of the user's.
func (n *Names) Aliased(alias string) []*Place {
	var list []*Place
	for _, i := range n.giving(n.merged.aliases, n.merged.moreAliases, alias) {
		f := n.files[i]
		for _, g := range f.aliases.of(alias) {
			list = append(list, f.place(f.find(g)))
		}
	}
	return list
}

// Saved are the places that save a name, by file and place.
func (n *Names) Saved(name string) []SavedAt {
	var list []SavedAt
	for _, i := range n.giving(n.merged.saves, n.merged.moreSaves, name) {
		f := n.files[i]
		for _, g := range f.saves.of(name) {
			list = append(list, f.saved(g))
		}
	}
	return list
}

// HasTestNamed reports whether some test has a name.
func (n *Names) HasTestNamed(name string) bool {
	return slices.ContainsFunc(n.files, func(f *file) bool {
		for _, t := range f.tests.All() {
			if t.Name.Value == name {
				return true
			}
		}
		return false
	})
}

// FirstAliased is the first test of Aliased; nil where there is none.
func (n *Names) FirstAliased(alias string) *Place {
	for _, i := range n.giving(n.merged.aliases, n.merged.moreAliases, alias) {
		f := n.files[i]
		if list := f.aliases.of(alias); len(list) > 0 {
			return f.place(f.find(list[0]))
		}
	}
	return nil
}

// FirstSaved is the first place of Saved; ok is false where there is none.
func (n *Names) FirstSaved(name string) (first SavedAt, ok bool) {
	for _, i := range n.giving(n.merged.saves, n.merged.moreSaves, name) {
		f := n.files[i]
		if list := f.saves.of(name); len(list) > 0 {
			return f.saved(list[0]), true
		}
	}
	return SavedAt{}, false
}

// AliasNames are all aliases, sorted. The caller must not change the list.
func (n *Names) AliasNames() []string {
	n.sort()
	return n.sorted.aliases
}

// SavedNames are all saved names, sorted. The caller must not change the list.
func (n *Names) SavedNames() []string {
	n.sort()
	return n.sorted.saves
}

func (n *Names) sort() {
	n.sorted.once.Do(func() {
		collect := func(of func(*file) layers) []string {
			var list []string
			for _, f := range n.files {
				list = slices.AppendSeq(list, of(f).names())
			}
			slices.Sort(list)
			return slices.Compact(list)
		}
		n.sorted.aliases = collect(func(f *file) layers { return f.aliases })
		n.sorted.saves = collect(func(f *file) layers { return f.saves })
	})
}

// HasLoads reports whether any file has a load: few projects do.
func (n *Names) HasLoads() bool { return n.loads > 0 }

// Version identifies what an index holds, so that somebody can ask a later one what changed since.
type Version struct {
	set          *fileSet
	given, edges []*byte
	heads        *byte // of the file that it was asked about
}

// Version is the version of the index, for whoever looks at one file.
func (n *Names) Version(uri string) Version {
	v := Version{set: n.set, given: n.given, edges: n.edges}
	if f := n.file(uri); f != nil {
		v.heads = f.heads
	}
	return v
}

// SameNames reports whether every file but one gives the names that it gave, and whether that one does.
func (n *Names) SameNames(since Version, uri string) (others, own bool) {
	if since.set != n.set {
		return false, false
	}
	others, own = true, true
	for i, f := range n.files {
		if since.given[i] == n.given[i] {
			continue
		}
		if f.doc.URI != uri {
			return false, false
		}
		own = false
	}
	return others, own
}

// SameEdges reports whether every test needs the tests that it needed.
func (n *Names) SameEdges(since Version) bool {
	return since.set == n.set && slices.Equal(since.edges, n.edges)
}

// RefKind says what the name in a template is.
type RefKind uint8

// The kinds of names. RefUnknown is one that nothing provides.
const (
	RefUnknown RefKind = iota
	RefMatrix          // a key of the test's own matrix
	RefAlias           // another test
	RefSaved           // a value that a test saves
	RefPrev            // the test before
)

// Ref is what a name in a template of a test stands for.
type Ref struct {
	Kind RefKind
	// Name is the full name; an alias may hold dots.
	Name string
	// Path follows the name.
	Path path.Path
	// To is the test that provides the value; nil for RefMatrix and RefUnknown, and for RefPrev in the first test.
	To *Place
	// Saved is the entry of To's `save` behind RefSaved.
	Saved spec.Save
}

// Lookup finds what a reference of kind Name, Matrix or Prev in a test stands for. A matrix key of the test wins; then an
// alias if what follows is `response` or `events`; then a saved name; then an alias. Of several tests that save a name
// the nearest one above in the file provides it, else the first one below, else the first in another file.
func (n *Names) Lookup(from *Place, ref template.Ref) Ref {
	switch ref.Kind {
	case template.Prev:
		return Ref{Kind: RefPrev, Path: ref.Path, To: n.Before(from)}
	case template.Matrix:
		if HasMatrixKey(from.Test, ref.Name) {
			return Ref{Kind: RefMatrix, Name: ref.Name, Path: ref.Path}
		}
		return Ref{Name: ref.Name, Path: ref.Path}
	case template.Name:
		return n.lookupName(from, ref)
	}
	return Ref{}
}

func (n *Names) lookupName(from *Place, ref template.Ref) Ref {
	if HasMatrixKey(from.Test, ref.Name) {
		return Ref{Kind: RefMatrix, Name: ref.Name, Path: ref.Path}
	}
	saved, isSaved := n.provider(from, ref.Name)
	name, rest := ref.Name, ref.Path
	for {
		// The shortest alias that is followed by what a test has wins, then any alias.
		if to := n.alias(from, name); to != nil && (!isSaved || startsLikeTest(rest)) {
			return Ref{Kind: RefAlias, Name: name, Path: rest, To: to}
		}
		if len(rest.Segments) == 0 || isSaved && !strings.Contains(name, ".") && !startsLikeTest(rest) {
			break
		}
		name += "." + rest.Segments[0].Text
		rest.Segments = rest.Segments[1:]
	}
	if isSaved {
		return Ref{Kind: RefSaved, Name: ref.Name, Path: ref.Path, To: saved.Place, Saved: saved.Save}
	}
	return Ref{Name: ref.Name, Path: ref.Path}
}

func startsLikeTest(p path.Path) bool {
	return len(p.Segments) > 0 && slices.Contains([]string{"response", "events", "name"}, p.Segments[0].Text)
}

// alias is the test with an alias, one of the same file first.
func (n *Names) alias(from *Place, name string) *Place {
	if f := n.file(from.Doc.URI); f != nil {
		if list := f.aliases.of(name); len(list) > 0 {
			return f.place(f.find(list[0]))
		}
	}
	return n.FirstAliased(name)
}

// provider is the `save` entry that provides a name to a test.
func (n *Names) provider(from *Place, name string) (SavedAt, bool) {
	own := n.file(from.Doc.URI)
	if own != nil {
		list := own.saves.of(name)
		above := sort.Search(len(list), func(i int) bool { return own.find(list[i]) >= from.order })
		if above > 0 {
			at := own.saved(list[above-1])
			// Of several entries of one test the first counts, as for any other place.
			for above > 1 && list[above-2].test == at.Test {
				above--
				at = own.saved(list[above-1])
			}
			return at, true
		}
		for _, g := range list[above:] {
			if g.test != from.Test {
				return own.saved(g), true
			}
		}
	}
	for _, i := range n.giving(n.merged.saves, n.merged.moreSaves, name) {
		if f := n.files[i]; f != own {
			if list := f.saves.of(name); len(list) > 0 {
				return f.saved(list[0]), true
			}
		}
	}
	return SavedAt{}, false
}

// Before is the test before one in the same document of its file; nil for the first.
func (n *Names) Before(p *Place) *Place {
	if p.Index == 0 {
		return nil
	}
	return n.At(p.Doc.URI, p.order-1)
}

// HasMatrixKey reports whether some row of a test's matrix has a key.
func HasMatrixKey(t *spec.Test, key string) bool {
	return slices.ContainsFunc(MatrixKeys(t), func(k string) bool { return k == key })
}

// MatrixKeys are the keys of a test's matrix, in written order.
func MatrixKeys(t *spec.Test) []string {
	var keys []string
	for _, row := range t.Matrix {
		for _, v := range row.Values {
			if !slices.Contains(keys, v.Key.Value) {
				keys = append(keys, v.Key.Value)
			}
		}
	}
	return keys
}
