package link

import (
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
)

// file is the index of one version of a file.
type file struct {
	doc   *engine.Document
	tests spec.FileTests
	// aliases and saves are the names that the tests give.
	aliases, saves layers
	// given is another pointer where the tests give other names or are part of other loads, edges where they may need other
	// tests.
	given, edges *byte
	// heads is another pointer where what stands outside of tests may make them need other tests.
	heads *byte
	// loads are the tests that are part of a load: from a number to another.
	loads []int
	// since is given of the version before if that is known to differ by no names but those of differs.
	since   *byte
	differs map[string]bool

	mu     sync.Mutex
	places [][]*Place     // in blocks, made when asked for; guarded by mu
	byID   map[string]int // likewise
}

// block is how many places are made room for at a time.
const block = 256

type fileKey struct{}

// fileOf indexes a document. The index of the version before is brought up to date at the cost of the tests that changed.
func fileOf(doc *engine.Document) *file {
	return doc.Spec().Evolve(fileKey{}, func(old any) any {
		before, _ := old.(*file)
		if before != nil && before.doc == doc {
			return before
		}
		f := &file{doc: doc, tests: doc.Spec().Tests(), loads: loadsOf(doc.Spec())}
		f.places = make([][]*Place, (f.tests.Len()+block-1)/block)
		if before == nil || !f.follow(before) {
			f.begin()
		}
		return f
	}).(*file)
}

// begin indexes all tests.
func (f *file) begin() {
	f.aliases, f.saves = newLayers(), newLayers()
	for i, t := range f.tests.All() {
		f.mention(i, t, func(l *layers, name string, g giver) { l.add(name, g) })
	}
	f.given, f.edges, f.heads = new(byte), new(byte), new(byte)
}

// mention calls add for each name that a test gives.
func (f *file) mention(i int, t *spec.Test, add func(l *layers, name string, g giver)) {
	g := giver{test: t, near: int32(i)} //nolint:gosec // a file has less than 64 MiB
	if t.Alias.Value != "" {
		add(&f.aliases, t.Alias.Value, g)
	}
	for k, save := range t.Save {
		g.save = int32(k) //nolint:gosec // likewise
		add(&f.saves, save.Name.Value, g)
	}
}

// Given are the names that some tests give to others, in order: aliases and saved names.
func Given(tests []*spec.Test) []string {
	var list []string
	for _, t := range tests {
		if t.Alias.Value != "" {
			list = append(list, t.Alias.Value)
		}
		for _, save := range t.Save {
			list = append(list, save.Name.Value)
		}
	}
	return list
}

// differing are the names that some tests give more or less often than others do.
func differing(was, is []*spec.Test) map[string]bool {
	times := map[string]int{}
	for _, name := range Given(was) {
		times[name]--
	}
	for _, name := range Given(is) {
		times[name]++
	}
	maps.DeleteFunc(times, func(_ string, n int) bool { return n == 0 })
	names := make(map[string]bool, len(times))
	for name := range times {
		names[name] = true
	}
	return names
}

// follow takes the index of the version before and changes what the tests that came and went change. It is false where
// so much did that it costs less to begin anew.
func (f *file) follow(before *file) bool {
	head, tail := spec.Common(before.tests, f.tests)
	if before.tests.Len()+f.tests.Len()-2*(head+tail) > maxChanged/2 {
		return false
	}
	was, is := before.tests.Between(head, before.tests.Len()-tail), f.tests.Between(head, f.tests.Len()-tail)
	f.aliases, f.saves = before.aliases, before.saves
	f.given, f.edges, f.heads = before.given, before.edges, before.heads
	if len(was)+len(is) > 0 {
		f.aliases.changed, f.saves.changed = maps.Clone(f.aliases.changed), maps.Clone(f.saves.changed)
		f.change(head, was, is)
	}
	if max(len(f.aliases.changed), len(f.saves.changed)) > maxChanged {
		return false
	}
	if !slices.Equal(Given(was), Given(is)) || !slices.Equal(before.loads, f.loads) {
		f.given, f.since, f.differs = new(byte), before.given, differing(was, is)
	}
	if !sameHeads(before.doc.Spec(), f.doc.Spec()) {
		f.heads = new(byte)
	}
	if f.heads != before.heads || !slices.EqualFunc(was, is, sameEdges) {
		f.edges = new(byte)
	}
	return true
}

// change puts the tests that came, of which the first has the number head, in the place of those that went.
func (f *file) change(head int, was, is []*spec.Test) {
	type place struct {
		in   *layers
		name string
	}
	became := map[*spec.Test]*spec.Test{} // what gives the same names instead
	others := false
	for i, t := range was {
		became[t] = nil
		if i < len(is) && slices.Equal(Given(was[i:i+1]), Given(is[i:i+1])) && len(was) == len(is) {
			became[t] = is[i]
		} else {
			others = true
		}
	}
	others = others || len(was) != len(is)
	touched, came := map[place]bool{}, map[place][]giver{}
	for i, t := range was {
		f.mention(head+i, t, func(l *layers, name string, _ giver) { touched[place{l, name}] = true })
	}
	for i, t := range is {
		f.mention(head+i, t, func(l *layers, name string, g giver) {
			touched[place{l, name}] = true
			if others {
				came[place{l, name}] = append(came[place{l, name}], g)
			}
		})
	}
	for p := range touched {
		old := p.in.of(p.name)
		list := make([]giver, 0, len(old)+len(came[p]))
		for _, g := range old {
			next, went := became[g.test]
			if went && !others {
				g.test = next
			}
			if !went || !others {
				list = append(list, g)
			}
		}
		list = append(list, came[p]...)
		if len(came[p]) > 0 && len(list) > 1 {
			slices.SortStableFunc(list, func(a, b giver) int { return f.find(a) - f.find(b) })
		}
		p.in.change(p.name, list)
	}
}

// sameEdges reports whether two versions of a test need the same.
func sameEdges(a, b *spec.Test) bool {
	text := func(a, b spec.Text) bool { return a.Value == b.Value }
	return text(a.Alias, b.Alias) && text(a.Target, b.Target) && (a.Timeout.Value == "") == (b.Timeout.Value == "") &&
		slices.EqualFunc(a.Save, b.Save, func(a, b spec.Save) bool { return text(a.Name, b.Name) }) &&
		slices.EqualFunc(a.Depends, b.Depends, text) && slices.Equal(MatrixKeys(a), MatrixKeys(b)) &&
		slices.EqualFunc(a.Headers, b.Headers, func(a, b spec.Pair) bool { return text(a.Key, b.Key) }) &&
		slices.EqualFunc(Uses(a), Uses(b), func(a, b Use) bool {
			return a.Ref.Kind == b.Ref.Kind && a.Ref.Name == b.Ref.Name && a.At.Template.Source == b.At.Template.Source
		})
}

func loadsOf(f *spec.File) []int {
	var list []int
	for i, s := range f.Specs {
		if s.Mode.Value == "load" {
			list = append(list, f.Starts()[i], f.Starts()[i]+s.Tests.Len())
		}
	}
	return list
}

// sameHeads reports whether what stands outside of tests makes them need the same.
func sameHeads(a, b *spec.File) bool {
	text := func(a, b spec.Text) bool { return a.Value == b.Value }
	return slices.Equal(a.Starts(), b.Starts()) && slices.EqualFunc(a.Specs, b.Specs, func(a, b *spec.Spec) bool {
		return text(a.Mode, b.Mode) && text(a.Target, b.Target) && slices.EqualFunc(a.Depends, b.Depends, text) &&
			slices.EqualFunc(a.Templates, b.Templates, func(a, b spec.TemplateAt) bool {
				return a.Path == b.Path && a.Template.Source == b.Template.Source
			})
	})
}

// find is the number of a test that gives a name. It is near where it was when the name was noted.
func (f *file) find(g giver) int {
	at := min(int(g.near), f.tests.Len()-1)
	for d := 0; d < f.tests.Len(); d++ {
		if i := at - d; i >= 0 && f.tests.At(i) == g.test {
			return i
		}
		if i := at + d; i < f.tests.Len() && f.tests.At(i) == g.test {
			return i
		}
	}
	return -1
}

// place is the test of a number; the same pointer every time.
func (f *file) place(i int) *Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.placeLocked(i)
}

func (f *file) placeLocked(i int) *Place {
	if f.places[i/block] == nil {
		f.places[i/block] = make([]*Place, block)
	}
	p := &f.places[i/block][i%block]
	if *p == nil {
		s, t := f.doc.Spec().At(i)
		*p = &Place{Doc: f.doc, Spec: s, TestAt: t, order: i}
	}
	return *p
}

func (f *file) all() []*Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*Place, f.tests.Len())
	for i := range list {
		list[i] = f.placeLocked(i)
	}
	return list
}

// named is the test of an id; nil where there is none.
func (f *file) named(id string) *Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byID == nil {
		f.byID = make(map[string]int, f.tests.Len())
		for i := range f.tests.Len() {
			_, t := f.doc.Spec().At(i)
			f.byID[t.ID] = i
		}
	}
	if i, ok := f.byID[id]; ok {
		return f.placeLocked(i)
	}
	return nil
}

// saved is the entry behind a giver of saves.
func (f *file) saved(g giver) SavedAt { return SavedAt{f.place(f.find(g)), g.test.Save[g.save]} }

// giver is a test that gives a name, and where it was when that was noted; save counts its `save` entries.
type giver struct {
	test       *spec.Test
	near, save int32
}

// layers find givers by name: those of an earlier version, and the names whose givers are others since. Immutable once
// built.
type layers struct {
	first   map[string]giver
	more    map[string][]giver // of the few names with several
	changed map[string][]giver
}

// maxChanged is how many names are kept apart before they are worth an index anew.
const maxChanged = 512

func newLayers() layers { return layers{first: map[string]giver{}, more: map[string][]giver{}} }

func (l *layers) add(name string, g giver) {
	if _, taken := l.first[name]; taken {
		l.more[name] = append(l.more[name], g)
		return
	}
	l.first[name] = g
}

func (l *layers) change(name string, list []giver) {
	if l.changed == nil {
		l.changed = map[string][]giver{}
	}
	l.changed[name] = list
}

// of are the givers of a name, in order.
func (l layers) of(name string) []giver {
	if list, ok := l.changed[name]; ok {
		return list
	}
	first, ok := l.first[name]
	if !ok {
		return nil
	}
	return append([]giver{first}, l.more[name]...)
}

// names are the names that have givers, in no order.
func (l layers) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range l.first {
			if _, ok := l.changed[name]; !ok && !yield(name) {
				return
			}
		}
		for name, list := range l.changed {
			if len(list) > 0 && !yield(name) {
				return
			}
		}
	}
}
