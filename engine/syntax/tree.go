package syntax

import (
	"fmt"
	"iter"
	"math"
	"sort"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/vector"
)

// Options are the limits of the reader, and what it cuts into units.
type Options struct {
	// Units are the names of the sections whose list items are units of their own; nil means "tests".
	Units []string
	// MaxBytes is the size beyond which a file is not read; 0 means 64 MiB.
	MaxBytes int
	// MaxDepth is the number of levels that values may be nested; 0 means 200.
	MaxDepth int
	// MaxAliasNodes is the number of nodes that the aliases of one unit may expand to; 0 means 100,000.
	MaxAliasNodes int
}

func (o Options) withDefaults() Options {
	if o.Units == nil {
		o.Units = []string{"tests"}
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxDepth <= 0 {
		o.MaxDepth = 200
	}
	if o.MaxAliasNodes <= 0 {
		o.MaxAliasNodes = aliasBudget
	}
	return o
}

// Tree is the syntax of one version of a text. It never changes; Update makes the tree of the next version.
type Tree struct {
	text     *text.Text
	opts     Options
	chunks   Items // all chunks of the file, in order; together they are the text
	heads    []int // the indices of the chunks that are no items, ascending
	marked   []int // the indices of the chunks with findings or anchors, ascending
	docs     []Document
	own      []Finding // findings of the documents as a whole
	wholes   []*whole  // what had to be read as one
	tooLarge bool
}

// Document is one YAML document of a file.
type Document struct {
	Span     text.Span
	Root     Node // the document's value; the zero Node if there is none
	Sections []Section
}

// Section is an entry of a document's mapping.
type Section struct {
	Key, Value Node
	Span       text.Span
	// Items are the items of a section of units, in whatever layout they are written; none for other sections.
	Items Items

	chunk int // where the chunk begins that the section was read in
}

// Item is a unit at its place: the offset that the unit's spans count from, and the item's span in the file.
type Item struct {
	Base int
	Span text.Span
	Unit *Unit
}

// Items are units at their places, in order. Immutable; what an edit leaves alone is shared with the version before.
type Items struct{ units vector.Vector[*Unit] }

// Units are the units with their bases.
func (l Items) Units() vector.Vector[*Unit] { return l.units }

// Len is the number of items.
func (l Items) Len() int { return l.units.Len() }

// At is the item of a number.
func (l Items) At(i int) Item {
	u, base := l.units.At(i)
	return Item{base, u.Span.Shift(base), u}
}

// All are the items with their numbers.
func (l Items) All() iter.Seq2[int, Item] {
	return func(yield func(int, Item) bool) {
		i := 0
		for base, u := range l.units.All() {
			if !yield(i, Item{base, u.Span.Shift(base), u}) {
				return
			}
			i++
		}
	}
}

// StartingBy is the number of the last item whose span starts at off or before, -1 for none.
func (l Items) StartingBy(off int) int {
	i := l.units.Find(off)
	if i >= 0 && l.At(i).Span.Start > off { // the comments before an item are no part of it
		i--
	}
	return i
}

// Parse reads a text.
func Parse(t *text.Text, opts Options) *Tree {
	tree := &Tree{text: t, opts: opts.withDefaults()}
	if tree.refuse() {
		return tree
	}
	b := builder{tree: tree}
	b.scan(0, 0, cut{kind: chunkDoc}, nil)
	b.finish()
	return tree
}

// bindAll resolves the aliases that name anchors of other units, document by document.
func (t *Tree) bindAll() {
	needed := false
	for _, i := range t.marked {
		u := t.unit(i)
		needed = needed || len(u.anchors) > 0 || len(u.outer) > 0
	}
	if !needed {
		return
	}
	env := make(map[string]binding)
	h, limited := 0, false
	var changes []vector.Change[*Unit]
	for _, i := range t.marked {
		for ; h < len(t.heads) && t.heads[h] <= i; h++ {
			if t.unit(t.heads[h]).kind != chunkSection {
				clear(env)
				limited = false
			}
		}
		c := t.chunks.At(i)
		u := bind(c.Unit, env, t.opts)
		if u != c.Unit {
			changes = append(changes, vector.Change[*Unit]{Index: i, Elem: u})
		}
		u.offer(env)
		if u.excess != nil && !limited {
			limited = true
			t.own = append(t.own, tooManyNodes(u.excess, t.opts).at(c.Base))
		}
	}
	t.chunks.units = t.chunks.units.With(changes)
}

// unit is the unit of a chunk.
func (t *Tree) unit(i int) *Unit {
	u, _ := t.chunks.units.At(i)
	return u
}

// refuse reports whether the text is too large to be read, and says so in the tree.
func (t *Tree) refuse() bool {
	if t.text.Len() <= t.opts.MaxBytes {
		return false
	}
	t.tooLarge = true
	t.docs = []Document{{Span: text.Span{Start: 0, End: t.text.Len()}}}
	t.own = []Finding{{
		Span: t.text.LineSpan(0), Severity: SeverityError, Code: CodeLimit,
		Message: fmt.Sprintf(
			"The file has %d MiB, and files beyond %d MiB are not read. Split it into several files.",
			t.text.Len()>>20, t.opts.MaxBytes>>20),
	}}
	if t.own[0].Span.Len() > 200 {
		t.own[0].Span.End = t.own[0].Span.Start
	}
	return true
}

// Text is the text that the tree was read from.
func (t *Tree) Text() *text.Text { return t.text }

// Documents are the documents of the file; an empty file has one without a root.
func (t *Tree) Documents() []Document { return t.docs }

// Findings are all findings, with absolute spans, ordered by them.
func (t *Tree) Findings() []Finding {
	all, _ := t.FirstFindings(math.MaxInt)
	return all
}

// FirstFindings are the first ones of Findings, and how many there are more.
func (t *Tree) FirstFindings(most int) (first []Finding, more int) {
	out := append([]Finding(nil), t.own...)
	add := func(from int, findings []Finding, base int) { // most of those behind from are enough, for they are in order
		for i, f := range findings {
			if len(out)-from >= most {
				more += len(findings) - i
				return
			}
			out = append(out, f.at(base))
		}
	}
	own := len(out)
	covered := t.coveredByWhole()
	for _, i := range t.marked {
		c := t.chunks.At(i)
		if covered(c.Base) {
			continue
		}
		add(own, c.Unit.Findings, c.Base)
	}
	for _, w := range t.wholes {
		add(len(out), w.unit.Findings, w.base)
	}
	sortFindings(out)
	if len(out) > most {
		out, more = out[:most], more+len(out)-most
	}
	return out, more
}

// Comments are all comments of the file, in order, with absolute spans.
func (t *Tree) Comments() []Comment {
	var out []Comment
	covered := t.coveredByWhole()
	for base, u := range t.chunks.units.All() {
		if len(u.Comments) == 0 || covered(base) {
			continue
		}
		for _, cm := range u.Comments {
			out = append(out, Comment{cm.Span.Shift(base), cm.Own})
		}
	}
	for _, w := range t.wholes {
		for _, cm := range w.unit.Comments {
			out = append(out, Comment{cm.Span.Shift(w.base), cm.Own})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Span.Start < out[j].Span.Start })
	return out
}

// coveredByWhole reports for an offset whether the chunk there gave way to a part of the file that was read as one.
func (t *Tree) coveredByWhole() func(off int) bool {
	if len(t.wholes) == 0 {
		return func(int) bool { return false }
	}
	return func(off int) bool {
		i := sort.Search(len(t.wholes), func(i int) bool { return t.wholes[i].base+len(t.wholes[i].src) > off })
		return i < len(t.wholes) && off >= t.wholes[i].base
	}
}

// group makes documents and sections of the chunks.
func (t *Tree) group(old *Tree) {
	end := t.text.Len()
	type docRange struct{ from, to int } // indices in heads
	var ranges []docRange
	for i := 0; i < len(t.heads); i++ {
		head := t.unit(t.heads[i])
		kind := head.kind
		implicit := i > 0 && t.unit(t.heads[i-1]).kind == chunkDocEnd
		switch {
		case kind == chunkDoc, kind == chunkDocEnd && head.shape&shapeContent != 0, kind == chunkSection && implicit:
			ranges = append(ranges, docRange{i, i + 1})
		case kind == chunkSection:
			ranges[len(ranges)-1].to = i + 1
		}
		if head.shape&shapeDirective != 0 && head.shape&shapeMarked == 0 &&
			(i+1 >= len(t.heads) || t.unit(t.heads[i+1]).shape&shapeMarked == 0 && !halfMarker(t.unit(t.heads[i+1]).Source)) &&
			len(head.Findings) == 0 && !halfMarker(head.Source) { // what is wrong with the directive itself comes first
			t.own = append(t.own, looseDirectives(head.Source).at(t.chunks.At(t.heads[i]).Base))
		}
	}
	// The head before the first --- is a document only if it has content.
	if len(ranges) > 1 && ranges[0].to == 1 && t.unit(0).shape&(shapeContent|shapeMarked) == 0 {
		ranges = ranges[1:]
	}
	t.docs = make([]Document, 0, len(ranges))
	for _, r := range ranges {
		first := t.heads[r.from]
		stop := t.chunks.Len()
		if r.to < len(t.heads) {
			stop = t.heads[r.to]
		}
		span := text.Span{Start: t.chunks.At(first).Base, End: end}
		if stop < t.chunks.Len() {
			span.End = t.chunks.At(stop).Base
		}
		t.docs = append(t.docs, t.document(t.heads[r.from:r.to], stop, span, old))
	}
	sortFindings(t.own)
}

// document builds one document of the chunks with the given heads, up to the chunk stop.
func (t *Tree) document(heads []int, stop int, span text.Span, old *Tree) Document {
	doc := Document{Span: span}
	if t.needsWhole(heads, stop, span) {
		return t.wholeDocument(span, old)
	}
	var entries []Entry
	for h, i := range heads {
		c := t.chunks.At(i)
		if c.Unit.kind != chunkSection {
			continue
		}
		next := stop
		if h+1 < len(heads) {
			next = heads[h+1]
		}
		items := Items{t.chunks.units.Slice(i+1, next)}
		if items.Len() > 0 && !plainHead(c.Unit) {
			sectionEnd := span.End
			if next < t.chunks.Len() {
				sectionEnd = t.chunks.At(next).Base
			}
			w := t.readWhole(text.Span{Start: c.Base, End: sectionEnd}, chunkSection, old)
			doc.Sections = appendSections(doc.Sections, w.unit, w.base)
			continue
		}
		doc.Sections = appendSections(doc.Sections, c.Unit, c.Base)
		if items.Len() > 0 {
			last := &doc.Sections[len(doc.Sections)-1]
			last.setItems(items)
		}
	}
	for i := range doc.Sections {
		s := &doc.Sections[i]
		entries = append(entries, Entry{s.Key, s.Value, s.Span})
	}
	if len(entries) > 0 {
		root := &node{kind: Mapping, style: Block, start: int32(entries[0].Key.FullSpan().Start), x: &extra{entries: entries}}
		root.end = int32(entries[len(entries)-1].Span.End)
		doc.Root = Node{n: root}
		t.duplicateSections(doc.Sections)
	}
	return doc
}

// plainHead reports whether a chunk is the key of a list of units and nothing else.
func plainHead(u *Unit) bool {
	root := u.Node.n
	if root == nil || len(root.kids()) != 2 {
		return false
	}
	v := root.kids()[1]
	return v.flags&flagOmitted != 0 && v.x == nil
}

// setItems makes the section's value the list of the items.
func (s *Section) setItems(items Items) {
	s.Items = items
	first, last := items.At(0).Span, items.At(items.Len()-1).Span
	n := &node{kind: Sequence, style: Block, start: int32(first.Start), end: int32(last.End), x: &extra{items: items}}
	s.Value = Node{n: n}
	s.Span.End = last.End
}

// appendSections adds the entries of a unit's mapping as sections.
func appendSections(out []Section, u *Unit, base int) []Section {
	for i, e := range u.Node.At(base).Entries() {
		s := Section{Key: e.Key, Value: e.Value, Span: e.Span, chunk: base}
		if i < len(u.subs) && u.subs[i] != nil {
			s.subItems(u.subs[i], base)
		}
		out = append(out, s)
	}
	return out
}

// subItems sets the items that were cut out of a section's tree.
func (s *Section) subItems(subs []Item, base int) {
	var b vector.Builder[*Unit]
	for _, it := range subs {
		b.Add(it.Unit, it.Base+base)
	}
	s.Items = Items{b.Vector()}
	v := *s.Value.n
	v.x = &extra{}
	if s.Value.n.x != nil {
		*v.x = *s.Value.n.x
	}
	v.start, v.end = v.start+int32(base), v.end+int32(base)
	v.x.move(base)
	v.sub, v.x.items = nil, s.Items
	s.Value = Node{n: &v}
}

// duplicateSections reports keys that stand twice in different chunks of a document.
func (t *Tree) duplicateSections(sections []Section) {
	first := make(map[string]*Section, len(sections))
	for i := range sections {
		s := &sections[i]
		if s.Key.Kind() != Scalar || s.Key.Omitted() {
			continue
		}
		f := first[s.Key.Value()]
		switch {
		case f == nil:
			first[s.Key.Value()] = s
		case f.chunk != s.chunk: // within one chunk they are reported already
			t.own = append(t.own, duplicateKey(s.Key.Span(), f.Key.Span(), s.Key.Value()))
		}
	}
}

// needsWhole reports whether a document has a layout that its chunks cannot show: a root that is no mapping, a value
// beside the --- line, a complex key at the top, or a quote or bracket that closes beyond its chunk.
func (t *Tree) needsWhole(heads []int, stop int, span text.Span) bool {
	keys, sections := 0, 0
	for _, i := range heads {
		u := t.unit(i)
		if u.shape&shapeContent != 0 || u.shape&shapeComplex != 0 {
			return true
		}
		if u.kind == chunkSection {
			sections++
		}
		if u.shape&shapeKey != 0 {
			keys++
		}
	}
	if sections > 0 && keys == 0 {
		return true
	}
	return t.closesBeyond(heads[0], stop, span)
}
