package link

import (
	"maps"
	"slices"
	"strings"

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

// SavedAt is one `save` entry of a test.
type SavedAt struct {
	*Place
	Save spec.Save
}

// Names is the index of the tests, aliases and saved names that see each other. Immutable.
type Names struct {
	// files are ordered by URI; byURI finds them.
	files []*file
	byURI map[string]*file
	// aliases and saves hold the first place of a name, and more the others of the few names that have several.
	aliases     map[string]*Place
	moreAliases map[string][]*Place
	saves       map[string]SavedAt
	moreSaves   map[string][]SavedAt
}

// file is the index of one version of a file. It is kept with the file, so that an edit makes one of them anew.
type file struct {
	doc     *engine.Document
	places  []*Place
	byID    map[string]*Place
	aliased []*Place
	saves   []SavedAt
}

// NamesOf indexes every spec of the snapshot that belongs to the same project as a file: those under the same
// configuration, or under none as the file itself.
func NamesOf(snap *engine.Snapshot, uri string) *Names {
	projects := map[string]string{} // by folder
	projectOf := func(uri string) string {
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
	var docs []*engine.Document
	for doc := range snap.Documents() {
		if doc.Kind == engine.KindSpec && projectOf(doc.URI) == project {
			docs = append(docs, doc)
		}
	}
	return NamesIn(docs)
}

// NamesIn indexes the given documents, which are those of one run; what is no spec is left out.
func NamesIn(docs []*engine.Document) *Names {
	n := &Names{byURI: make(map[string]*file, len(docs))}
	aliases, saves := 0, 0
	for _, doc := range docs {
		if doc.Kind == engine.KindSpec {
			f := fileOf(doc)
			n.files, n.byURI[doc.URI] = append(n.files, f), f
			aliases, saves = aliases+len(f.aliased), saves+len(f.saves)
		}
	}
	n.aliases, n.saves = make(map[string]*Place, aliases), make(map[string]SavedAt, saves)
	for _, f := range n.files {
		n.add(f)
	}
	return n
}

type fileKey struct{}

// fileOf indexes a document, or takes the index of an earlier call.
func fileOf(doc *engine.Document) *file {
	fits := func(v any) bool { return v.(*file).doc == doc }
	return doc.Spec().Remember(fileKey{}, fits, func() any {
		f := &file{doc: doc, byID: map[string]*Place{}}
		for _, s := range doc.Spec().Specs {
			for _, t := range s.Tests {
				p := &Place{Doc: doc, Spec: s, TestAt: t, order: len(f.places)}
				f.places = append(f.places, p)
				f.byID[p.ID] = p
				if p.Alias.Value != "" {
					f.aliased = append(f.aliased, p)
				}
				for _, save := range p.Save {
					f.saves = append(f.saves, SavedAt{p, save})
				}
			}
		}
		return f
	}).(*file)
}

func (n *Names) add(f *file) {
	for _, p := range f.aliased {
		if _, taken := n.aliases[p.Alias.Value]; !taken {
			n.aliases[p.Alias.Value] = p
			continue
		}
		if n.moreAliases == nil {
			n.moreAliases = map[string][]*Place{}
		}
		n.moreAliases[p.Alias.Value] = append(n.moreAliases[p.Alias.Value], p)
	}
	for _, s := range f.saves {
		if _, taken := n.saves[s.Save.Name.Value]; !taken {
			n.saves[s.Save.Name.Value] = s
			continue
		}
		if n.moreSaves == nil {
			n.moreSaves = map[string][]SavedAt{}
		}
		n.moreSaves[s.Save.Name.Value] = append(n.moreSaves[s.Save.Name.Value], s)
	}
}

// Tests are all tests of the index, by file and place.
func (n *Names) Tests() []*Place {
	var list []*Place
	for _, f := range n.files {
		list = append(list, f.places...)
	}
	return list
}

// In are the tests of one file, by place; nil where the index does not hold the file.
func (n *Names) In(uri string) []*Place {
	if f := n.byURI[uri]; f != nil {
		return f.places
	}
	return nil
}

// Test finds a test; nil where the index has none of that key.
func (n *Names) Test(key engine.TestKey) *Place {
	if f := n.byURI[key.URI]; f != nil {
		return f.byID[key.ID]
	}
	return nil
}

// Aliased are the tests with an alias, by file and place; more than one is an error of the user's.
func (n *Names) Aliased(alias string) []*Place {
	first, ok := n.aliases[alias]
	if !ok {
		return nil
	}
	return append([]*Place{first}, n.moreAliases[alias]...)
}

// Saved are the places that save a name, by file and place.
func (n *Names) Saved(name string) []SavedAt {
	first, ok := n.saves[name]
	if !ok {
		return nil
	}
	return append([]SavedAt{first}, n.moreSaves[name]...)
}

// AliasNames are all aliases, sorted.
func (n *Names) AliasNames() []string { return slices.Sorted(maps.Keys(n.aliases)) }

// SavedNames are all saved names, sorted.
func (n *Names) SavedNames() []string { return slices.Sorted(maps.Keys(n.saves)) }

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
	first := n.aliases[name]
	if first == nil || first.Doc == from.Doc {
		return first
	}
	for _, p := range n.moreAliases[name] {
		if p.Doc == from.Doc {
			return p
		}
	}
	return first
}

// provider is the `save` entry that provides a name to a test.
func (n *Names) provider(from *Place, name string) (SavedAt, bool) {
	list := n.Saved(name)
	best := -1
	for i, s := range list {
		if s.Doc != from.Doc || s.order == from.order {
			continue
		}
		if s.order < from.order || best < 0 {
			best = i
		}
	}
	if best < 0 {
		best = slices.IndexFunc(list, func(s SavedAt) bool { return s.Doc != from.Doc })
	}
	if best < 0 {
		return SavedAt{}, false
	}
	return list[best], true
}

// Before is the test before one in the same document of its file; nil for the first.
func (n *Names) Before(p *Place) *Place {
	if p.Index == 0 {
		return nil
	}
	return n.Test(engine.TestKey{URI: p.Doc.URI, ID: p.Spec.Tests[p.Index-1].ID})
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
