package link

import (
	"maps"
	"slices"

	"github.com/speclens/speclens/engine/spec"
)

// words are the names of an earlier version of an index, prepared to be looked through, and those that may have come or
// gone since. Immutable.
type words struct {
	aliases, saves *spec.Words
	since          map[string]bool
}

// maxSince is how many names may have changed before all are prepared anew.
const maxSince = 128

// with are the words after a file gives other names than it did; nil where it is not known which.
func (w *words) with(f *file, given *byte) *words {
	if w == nil || f.since != given || len(w.since)+len(f.differs) > maxSince {
		return nil
	}
	next := &words{w.aliases, w.saves, maps.Clone(w.since)}
	maps.Copy(next.since, f.differs)
	return next
}

// prepared are the words of the index.
func (n *Names) prepared() *words {
	w := n.words.Load()
	if w == nil {
		w = &words{spec.NewWords(n.AliasNames()), spec.NewWords(n.SavedNames()), map[string]bool{}}
		n.words.Store(w)
	}
	return w
}

// GuessAlias looks through all aliases for the one that was meant.
func (n *Names) GuessAlias(g *spec.Guess) {
	w := n.prepared()
	g.AmongWords(w.aliases, w.changed, w.came(func(name string) bool { return n.FirstAliased(name) != nil }))
}

// GuessSaved looks through all saved names for the one that was meant.
func (n *Names) GuessSaved(g *spec.Guess) {
	w := n.prepared()
	g.AmongWords(w.saves, w.changed, w.came(func(name string) bool {
		_, ok := n.FirstSaved(name)
		return ok
	}))
}

func (w *words) changed(name string) bool { return w.since[name] }

// came are those of the names that may have changed that are given now, sorted.
func (w *words) came(given func(name string) bool) []string {
	var list []string
	for name := range w.since {
		if given(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}
