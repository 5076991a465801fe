package ide

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// typist types a part of a spec again where it was, as somebody at an editor does.
type typist struct {
	t       *testing.T
	session *engine.Session
	uri     string
	version int32
	at      int // the cursor
	typed   string
	// closing says that brackets and quotes come in pairs.
	closing bool
	// neighbours are the units that nobody types, in order, as they were after the stroke before.
	neighbours []*syntax.Unit
	words      []word
	complaints int
	counts     *typingCounts
}

type typingCounts struct{ strokes, offers int }

// word is something that completion knows; start and end count from where typing begins.
type word struct {
	start, end int
	label      string
}

func (ty *typist) complain(format string, args ...any) {
	ty.t.Helper()
	if ty.complaints++; ty.complaints <= 4 {
		ty.t.Errorf("after %q: %s", ty.typed[max(0, len(ty.typed)-70):], fmt.Sprintf(format, args...))
	}
}

func (ty *typist) doc() *engine.Document { return ty.session.Snapshot().Document(ty.uri) }

func (ty *typist) edit(start, end int, s string) {
	ty.version++
	t := ty.doc().Text
	ty.session.Change(ty.uri, ty.version, text.UTF8, []engine.Change{{
		Start: t.Position(start, text.UTF8), End: t.Position(end, text.UTF8), Text: s,
	}})
}

var closers = map[string]string{"{": "}", "[": "]", "\"": "\"", "'": "'"}

// stroke types one character the way an editor does it.
func (ty *typist) stroke(c string) {
	t := ty.doc().Text
	rest := t.Slice(text.Span{Start: ty.at, End: t.LineSpan(t.LineAt(ty.at)).End})
	before := t.Slice(text.Span{Start: max(ty.at-1, 0), End: ty.at})
	quote := c == "'" || c == "\""
	switch {
	case ty.closing && rest != "" && strings.HasPrefix(rest, c) && strings.Contains("]}\"'", c):
		// The character is there already: it is typed over.
	case ty.closing && closers[c] != "" && (rest == "" || strings.Contains("]} ,", rest[:1])) &&
		(!quote || before == "" || strings.Contains(" [{,\n\r", before)):
		ty.edit(ty.at, ty.at, c+closers[c])
	case ty.closing && (c == "\n" || c == "\r\n") && rest != "" && strings.Trim(rest, "]}\"'") == "":
		// What was closed for the user is taken away with the end of the line: the text closes it elsewhere.
		ty.edit(ty.at, ty.at+len(rest), c)
	default:
		ty.edit(ty.at, ty.at, c)
	}
	ty.at += len(c)
	ty.typed += c
	ty.counts.strokes++
}

// units are those of all items of a document.
func units(doc *engine.Document) (list []*syntax.Unit) {
	for _, d := range doc.Tree().Documents() {
		for _, s := range d.Sections {
			for _, it := range s.Items.All() {
				list = append(list, it.Unit)
			}
		}
	}
	return list
}

// treeOf is all that a unit says by itself: what its aliases stand for is the business of others.
func treeOf(u *syntax.Unit) string {
	var b strings.Builder
	var walk func(n syntax.Node)
	walk = func(n syntax.Node) {
		fmt.Fprintf(&b, "%d/%d/%d %v %q %s %s\n", n.Kind(), n.Style(), n.Tag(), n.Span(), n.Value(), n.Anchor(), n.TagText())
		switch n.Kind() {
		case syntax.Mapping:
			for _, e := range n.Entries() {
				if !e.Key.Foreign() { // and not merged from elsewhere
					walk(e.Key)
					walk(e.Value)
				}
			}
		case syntax.Sequence:
			for _, item := range n.Items() {
				walk(item)
			}
		}
	}
	walk(u.Node.At(-u.Span.Start))
	return b.String()
}

// keeps reports whether a neighbour is still what it was: the very same where its text is, unless it has aliases, which may
// stand for something else now.
func (ty *typist) keeps(old, now *syntax.Unit) bool {
	if old == now {
		return true
	}
	tree := treeOf(now)
	return tree == treeOf(old) && (now.Source != old.Source || strings.Contains(tree, aliasMark))
}

const aliasMark = "\n4/0/0 "

// check looks at the neighbours and the errors.
func (ty *typist) check() {
	ty.t.Helper()
	doc := ty.doc()
	now := units(doc)
	i := 0
	for k, old := range ty.neighbours {
		for i < len(now) && !ty.keeps(old, now[i]) {
			i++
		}
		if i == len(now) {
			ty.complain("only %d of %d neighbours keep their trees", k, len(ty.neighbours))
			break
		}
		// Blanks and comments around the cursor may join the item beside them; whose text stays keeps its tree itself.
		ty.neighbours[k] = now[i]
		i++
	}
	t := doc.Text
	line := t.LineAt(ty.at)
	for line > 0 && strings.TrimSpace(t.Line(line)) == "" {
		line--
	}
	for _, f := range doc.Tree().Findings() {
		if f.Severity == syntax.SeverityError && f.Code != syntax.CodeUnknownAnchor && t.LineAt(f.Span.Start) != line {
			ty.complain("in line %d, line %d has the error %q", line+1, t.LineAt(f.Span.Start)+1, f.Message)
			break
		}
	}
}

// complete demands that completion offers what is typed next.
func (ty *typist) complete() {
	ty.t.Helper()
	for _, w := range ty.words {
		if len(ty.typed) < w.start || len(ty.typed) >= w.end {
			continue
		}
		ty.counts.offers++
		list := Completion(ty.t.Context(), ty.session.Snapshot(), ty.uri, ty.at)
		if !slices.ContainsFunc(list.Items, func(i CompletionItem) bool { return i.Label == w.label }) {
			var labels []string
			for _, i := range list.Items[:min(6, len(list.Items))] {
				labels = append(labels, i.Label)
			}
			ty.complain("%q comes next; offered are %d: %q", w.label, len(list.Items), labels)
		}
	}
}

// wordsIn are the words in a span of a document that completion should offer before they are typed.
func wordsIn(snap *engine.Snapshot, doc *engine.Document, within text.Span) (words []word) {
	add := func(at text.Span, label string) {
		if within.Covers(at) {
			words = append(words, word{at.Start - within.Start, at.End - within.Start, label})
		}
	}
	for i, d := range doc.Tree().Documents() {
		w := wordFinder{snap: snap, doc: doc, index: i, add: add}
		w.node(d.Root, nil)
	}
	return words
}

type wordFinder struct {
	snap  *engine.Snapshot
	doc   *engine.Document
	index int
	add   func(at text.Span, label string)
}

func (w *wordFinder) node(n syntax.Node, path []syntax.Step) {
	if n.Foreign() {
		return
	}
	path = path[:len(path):len(path)]
	sc := scopeAt(w.snap, w.doc, w.index, n.Span().Start)
	here := placeAt(w.snap, schema.LevelFile, sc.protocol, path)
	switch n.Kind() {
	case syntax.Mapping:
		for _, e := range n.Entries() {
			if key := e.Key; key.Style() == syntax.Plain && here.known && here.level != "" {
				if f, ok := w.snap.Fields().Find(here.level, sc.protocol, key.Value()); ok && f.Name == key.Value() {
					w.add(key.Span(), key.Value())
				}
			}
			w.node(e.Value, append(path, syntax.Step{Key: e.Key.Value(), Index: -1}))
		}
	case syntax.Sequence:
		for i, item := range n.Items() {
			w.node(item, append(path, syntax.Step{Index: i}))
		}
	case syntax.Scalar:
		w.value(n, here, sc)
		w.templates(n, sc)
	}
}

// value notes a value of which there are only so many.
func (w *wordFinder) value(n syntax.Node, here place, sc scope) {
	if n.Style() != syntax.Plain || !here.known || n.Omitted() {
		return
	}
	switch {
	case here.expect != notExpecting:
	case here.field.Name == "method" && here.test:
		w.add(n.Span(), n.Value())
	case slices.ContainsFunc(here.spec.Enum, func(v any) bool { return scalarText(v) == n.Value() }):
		w.add(n.Span(), n.Value())
	case here.field.Name == "target" && sc.spec != nil:
		for _, p := range sc.spec.Targets {
			if p.Key.Value == n.Value() && p.Key.Span().Start < n.Span().Start { // else nobody knows it yet
				w.add(n.Span(), n.Value())
			}
		}
	}
}

// templates notes the first words of templates, and the names of generators.
func (w *wordFinder) templates(n syntax.Node, sc scope) {
	if n.Style() == syntax.Literal || n.Style() == syntax.Folded || strings.ContainsAny(w.doc.Text.Slice(n.Span()), "\n\\") {
		return
	}
	names := map[string]bool{}
	all, _ := sc.names(w.snap, w.doc, "", false)
	for _, v := range all {
		names[v.name] = true
	}
	place := func(s template.Span) text.Span {
		return text.Span{Start: n.ValueOffset(s.Start), End: n.ValueOffset(s.End)}
	}
	for _, e := range template.Parse(n.Value()).Exprs() {
		ref := e.Ref()
		switch ref.Kind {
		case template.Name:
			if names[ref.Name] {
				w.add(place(ref.RootSpan), ref.Name)
			}
		case template.Fake:
			w.add(place(ref.RootSpan), "fake")
			w.add(place(ref.NameSpan), ref.Name)
		case template.Prev:
			w.add(place(ref.RootSpan), "prev")
		}
	}
}

// typed specs are real ones.
func typedSpecs(t *testing.T) map[string]string {
	t.Helper()
	specs := map[string]string{}
	for _, pattern := range []string{"specs/*.qube.yaml", "corpus/typing/*.yaml"} {
		paths, err := filepath.Glob(filepath.Join("../../testdata", filepath.FromSlash(pattern)))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no specs in %s: %v", pattern, err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if name := filepath.Base(path); name != ".qube.yaml" {
				specs[name] = string(raw)
			}
		}
	}
	return specs
}

// At every stroke of a real spec, with and without pairs of brackets: the neighbours keep their trees, errors are on the
// line that is typed, and completion offers what is typed next.
func TestTypingASpecKeyByKey(t *testing.T) {
	for name, src := range typedSpecs(t) {
		for _, closing := range []bool{false, true} {
			mode := map[bool]string{false: "bare", true: "in pairs"}[closing]
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				var counts typingCounts
				registry := plugin.NewRegistry()
				if err := registry.Register(httpplugin.New()); err != nil {
					t.Fatal(err)
				}
				session := engine.NewSession(engine.Options{Registry: registry})
				uri := "file:///specs/" + strings.TrimSuffix(name, ".qube.yaml") + ".qube.yaml"
				whole := session.Open(uri, "qube", 1, src)
				doc := whole.Document(uri)
				first := len(src)
				for _, d := range doc.Tree().Documents() {
					for _, s := range d.Sections {
						for _, it := range s.Items.All() {
							start := it.Base
							first = min(first, start)
							piece := strings.TrimRight(src[start:start+len(it.Unit.Source)], "\r\n \t")
							typing(t, session, uri, src, text.Span{Start: start, End: start + len(piece)}, closing, &counts)
						}
					}
				}
				// What stands before the first test is typed into an empty file.
				head := strings.TrimRight(src[:first], "\r\n \t")
				typing(t, session, uri, head, text.Span{End: len(head)}, closing, &counts)
				t.Logf("%d strokes, %d of them with something to offer", counts.strokes, counts.offers)
				if counts.offers < counts.strokes/20 {
					t.Errorf("completion was asked %d times only in %d strokes", counts.offers, counts.strokes)
				}
			})
		}
	}
}

// typing takes a span out of a text and types it again.
func typing(t *testing.T, session *engine.Session, uri, src string, span text.Span, closing bool, counts *typingCounts) {
	t.Helper()
	piece := src[span.Start:span.End]
	whole := session.Open(uri, "qube", 1, src)
	ty := &typist{
		t: t, session: session, uri: uri, version: 1, at: span.Start, closing: closing, counts: counts,
		words: wordsIn(whole, whole.Document(uri), span),
	}
	session.Open(uri, "qube", 1, src[:span.Start]+src[span.End:])
	ty.neighbours = units(ty.doc())
	for piece != "" && ty.complaints < 4 {
		ty.complete()
		size := 1
		if strings.HasPrefix(piece, "\r\n") {
			size = 2
		} else {
			for size < len(piece) && piece[size]&0xC0 == 0x80 {
				size++
			}
		}
		ty.stroke(piece[:size])
		piece = piece[size:]
		ty.check()
	}
	if got := ty.doc().Text.String(); got != src && !closing {
		t.Errorf("what was typed is not the text")
	}
}
