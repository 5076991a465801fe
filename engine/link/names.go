package link

import (
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
	// order counts the tests of the index, by file and place.
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
	places  []*Place
	byKey   map[engine.TestKey]*Place
	aliases map[string][]*Place
	saves   map[string][]SavedAt
}

// NamesOf indexes every spec of the snapshot that belongs to the same project as a file: those under the same
// configuration, or under none as the file itself.
func NamesOf(snap *engine.Snapshot, uri string) *Names {
	project := projectOf(snap, engine.CanonicalURI(uri))
	return index(func(yield func(*engine.Document)) {
		for doc := range snap.Documents() {
			if doc.Kind == engine.KindSpec && projectOf(snap, doc.URI) == project {
				yield(doc)
			}
		}
	})
}

// NamesIn indexes the given documents, which are those of one run; what is no spec is left out.
func NamesIn(docs []*engine.Document) *Names {
	return index(func(yield func(*engine.Document)) {
		for _, doc := range docs {
			if doc.Kind == engine.KindSpec {
				yield(doc)
			}
		}
	})
}

func projectOf(snap *engine.Snapshot, uri string) string {
	if conf := snap.ConfigDocument(uri); conf != nil {
		return conf.URI
	}
	return ""
}

func index(docs func(func(*engine.Document))) *Names {
	n := &Names{byKey: map[engine.TestKey]*Place{}, aliases: map[string][]*Place{}, saves: map[string][]SavedAt{}}
	docs(func(doc *engine.Document) {
		for _, s := range doc.Spec().Specs {
			for _, t := range s.Tests {
				n.add(&Place{Doc: doc, Spec: s, TestAt: t, order: len(n.places)})
			}
		}
	})
	return n
}

func (n *Names) add(p *Place) {
	n.places = append(n.places, p)
	n.byKey[p.Key()] = p
	if a := p.Alias.Value; a != "" {
		n.aliases[a] = append(n.aliases[a], p)
	}
	for _, s := range p.Save {
		n.saves[s.Name.Value] = append(n.saves[s.Name.Value], SavedAt{p, s})
	}
}

// Tests are all tests of the index, by file and place.
func (n *Names) Tests() []*Place { return n.places }

// Test finds a test; nil where the index has none of that key.
func (n *Names) Test(key engine.TestKey) *Place { return n.byKey[key] }

// Aliased are the tests with an alias, by file and place; more than one is an error of the user's.
func (n *Names) Aliased(alias string) []*Place { return n.aliases[alias] }

// Saved are the places that save a name, by file and place.
func (n *Names) Saved(name string) []SavedAt { return n.saves[name] }

// AliasNames are all aliases, sorted.
func (n *Names) AliasNames() []string { return sortedKeys(n.aliases) }

// SavedNames are all saved names, sorted.
func (n *Names) SavedNames() []string { return sortedKeys(n.saves) }

func sortedKeys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
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
	list := n.aliases[name]
	for _, p := range list {
		if p.Doc == from.Doc {
			return p
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
}

// provider is the `save` entry that provides a name to a test.
func (n *Names) provider(from *Place, name string) (SavedAt, bool) {
	list := n.saves[name]
	best := -1
	for i, s := range list {
		if s.Doc.URI != from.Doc.URI || s.order == from.order {
			continue
		}
		if s.order < from.order || best < 0 {
			best = i
		}
	}
	if best >= 0 {
		return list[best], true
	}
	for _, s := range list {
		if s.order != from.order {
			return s, true
		}
	}
	return SavedAt{}, false
}

// Before is the test before one in the same document of its file; nil for the first.
func (n *Names) Before(p *Place) *Place {
	if p.Index == 0 {
		return nil
	}
	return n.byKey[engine.TestKey{URI: p.Doc.URI, ID: p.Spec.Tests[p.Index-1].ID}]
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
