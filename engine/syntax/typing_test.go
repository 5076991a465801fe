package syntax

import (
	"maps"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// typist types a text into a document, one character at a time, and watches the tree.
type typist struct {
	t     *testing.T
	txt   *text.Text
	tree  *Tree
	at    int
	texts map[*Unit]string
	close bool // brackets and quotes come in pairs, as editors do it
	bad   int
}

func (ty *typist) edit(start, end int, s string) {
	edits := []text.Edit{{Span: text.Span{Start: start, End: end}, New: s}}
	ty.txt = ty.txt.Apply(edits...)
	ty.tree = ty.tree.Update(ty.txt, edits)
}

var pairs = map[string]string{"{": "}", "[": "]", "\"": "\"", "'": "'"}

// stroke types one character, the way an editor does it.
func (ty *typist) stroke(c string) {
	rest := ty.txt.Slice(text.Span{Start: ty.at, End: ty.txt.LineSpan(ty.txt.LineAt(ty.at)).End})
	switch {
	case ty.close && strings.HasPrefix(rest, c) && strings.Contains("]}\"'", c):
		// the character is there already: type over it
	case ty.close && pairs[c] != "" && (rest == "" || strings.Contains("]} ,", rest[:1])):
		before := ty.txt.Slice(text.Span{Start: max(ty.at-1, 0), End: ty.at})
		if (c == "'" || c == "\"") && before != "" && !strings.Contains(" [{,\n", before) {
			ty.edit(ty.at, ty.at, c)
			break
		}
		ty.edit(ty.at, ty.at, c+pairs[c])
	case ty.close && c == "\n" && strings.Trim(rest, "]}") == "" && rest != "":
		// A new line between brackets takes the closing one along; the text has its own closing bracket.
		ty.edit(ty.at, ty.at+len(rest), c)
	default:
		ty.edit(ty.at, ty.at, c)
	}
	ty.at += len(c)
}

// check demands that the trees of the neighbours are all there, and that all errors are on the line of the cursor: on the
// last one with text, where the cursor's is empty.
func (ty *typist) check(neighbours []string, typed string) {
	seen := 0
	for _, d := range ty.tree.Documents() {
		for _, s := range d.Sections {
			for _, it := range s.Items.All() {
				if seen < len(neighbours) && ty.unitText(it.Unit) == neighbours[seen] {
					seen++
				}
			}
		}
	}
	if seen != len(neighbours) && ty.bad < 5 {
		ty.bad++
		ty.t.Errorf("after %q only %d of %d neighbours are left", tail(typed), seen, len(neighbours))
	}
	line := ty.txt.LineAt(ty.at)
	for line > 0 && strings.TrimSpace(ty.txt.Line(line)) == "" {
		line--
	}
	for _, f := range ty.tree.Findings() {
		if f.Severity == SeverityError && f.Code != CodeUnknownAnchor && ty.txt.LineAt(f.Span.Start) != line && ty.bad < 5 {
			ty.bad++
			ty.t.Errorf("after %q, in line %d, line %d has the error %q", tail(typed), line+1, ty.txt.LineAt(f.Span.Start)+1, f.Message)
		}
	}
}

// unitText is all that the tree of a unit says, whatever blanks and comments are around it.
func (ty *typist) unitText(u *Unit) string {
	if ty.texts == nil {
		ty.texts = make(map[*Unit]string)
	}
	if _, ok := ty.texts[u]; !ok {
		var b strings.Builder
		fullNode(&b, u.Node.At(-u.Span.Start), 0)
		ty.texts[u] = b.String()
	}
	return ty.texts[u]
}

func tail(s string) string { return s[max(len(s)-60, 0):] }

func TestTypingKeepsTheNeighboursAndErrsOnTheTypedLineOnly(t *testing.T) {
	for name, src := range corpus(t, "typing") {
		for _, closing := range []bool{false, true} {
			mode := "bare"
			if closing {
				mode = "with pairs"
			}
			t.Run(name+" "+mode, func(t *testing.T) {
				whole := parse(src)
				if f := errorsOf(whole); len(f) > 0 {
					t.Fatalf("the file itself is broken: %s", f[0].Message)
				}
				for _, d := range whole.Documents() {
					for _, s := range d.Sections {
						for _, it := range s.Items.All() {
							typeUnit(t, src, it, closing)
						}
					}
				}
			})
		}
	}
}

// typeUnit takes an item out of the text, and types it again where it was.
func typeUnit(t *testing.T, src string, it Item, closing bool) {
	if it.Unit.cut {
		return
	}
	start, end := it.Base, it.Base+len(it.Unit.Source)
	piece := strings.TrimRight(src[start:end], "\r\n \t")
	rest := src[:start] + src[start+len(piece):]
	ty := &typist{t: t, txt: text.New(rest), at: start, close: closing}
	ty.tree = Parse(ty.txt, Options{})
	var neighbours []string
	for _, d := range ty.tree.Documents() {
		for _, s := range d.Sections {
			for _, n := range s.Items.All() {
				neighbours = append(neighbours, ty.unitText(n.Unit))
			}
		}
	}
	for i, r := range piece {
		ty.stroke(string(r))
		ty.check(neighbours, piece[:i+len(string(r))])
		if ty.bad >= 5 {
			return
		}
	}
	if got := ty.txt.String(); got != src && !closing {
		t.Errorf("what was typed is not the file")
	}
}

func TestTypingAWholeFileEndsWithItsTree(t *testing.T) {
	texts := specs(t)
	maps.Copy(texts, corpus(t, "typing"))
	for name, src := range texts {
		t.Run(name, func(t *testing.T) {
			ty := &typist{t: t, txt: text.New("")}
			ty.tree = Parse(ty.txt, Options{})
			strokes := 0
			for _, r := range src {
				ty.stroke(string(r))
				if strokes++; strokes%7 == 0 {
					ty.check(nil, src[:ty.at])
				}
			}
			if a, b := full(ty.tree), full(parse(src)); a != b {
				t.Errorf("the typed file has another tree: %s", firstDifference(a, b))
			}
		})
	}
}

func TestATreeServesManyAtOnce(t *testing.T) {
	src := "base: &b {x: 1}\ntests:\n  - name: a\n    body: &c {<<: *b}\n  - name: b\n    body: *c\n  - name: c\n    x: [\n"
	txt := text.New(src)
	tr := Parse(txt, Options{})
	want := full(tr)
	var wg sync.WaitGroup
	for g := 0; g < 4; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for at := g; at < len(src); at += 4 {
				edits := []text.Edit{{Span: text.Span{Start: at, End: at}, New: "y"}}
				next := tr.Update(txt.Apply(edits...), edits)
				next.Documents()[0].Root.Any()
				next.ContextAt(at)
				if got := full(tr); got != want {
					t.Errorf("an update changed the tree before it: %s", firstDifference(got, want))
					return
				}
			}
		}()
	}
	wg.Wait()
}

func TestAPastedCopyIsAUnitOfItsOwn(t *testing.T) {
	for name, src := range map[string]string{
		"in a list":   "tests:\n  - name: a\n    x: 1\n  - name: b\n",
		"in brackets": "tests: [\n  {name: a},\n  {name: b}\n]\n",
		"a section":   "mode: x\ntests: [{name: a}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			at := text.New(src).LineStart(1)
			end := strings.LastIndex(src, "\n  ")
			if end < at {
				end = len(src) - 1
			}
			copied := src[at : end+1]
			for _, to := range []int{at, at + len(copied)} {
				txt := text.New(src)
				edits := []text.Edit{{Span: text.Span{Start: to, End: to}, New: copied}}
				next := Parse(txt, Options{}).Update(txt.Apply(edits...), edits)
				seen := make(map[*Unit]bool)
				for _, d := range next.Documents() {
					for _, s := range d.Sections {
						for _, it := range s.Items.All() {
							if seen[it.Unit] {
								t.Errorf("pasted at %d, a unit stands at two places", to)
							}
							seen[it.Unit] = true
						}
					}
				}
				if len(seen) < 2 {
					t.Errorf("pasted at %d, there are %d units", to, len(seen))
				}
			}
		})
	}
}

func TestAnEditKeepsAllOtherUnits(t *testing.T) {
	txt := text.New(bigSpec(200))
	tree := Parse(txt, Options{})
	old := itemsOf(t, tree)
	for _, k := range []int{0, 1, 100, 198, 199} {
		at := old[k].Span.End
		edits := []text.Edit{{Span: text.Span{Start: at, End: at}, New: "\n    timeout: 1s"}}
		next := itemsOf(t, tree.Update(txt.Apply(edits...), edits))
		for i := range old {
			if same := old[i].Unit == next[i].Unit; same == (i == k) {
				t.Errorf("edit of test %d: test %d is the same: %v", k, i, same)
			}
			want := old[i].Base
			if i > k {
				want += len(edits[0].New)
			}
			if next[i].Base != want {
				t.Errorf("edit of test %d: test %d begins at %d, want %d", k, i, next[i].Base, want)
			}
		}
	}
	if !sort.SliceIsSorted(old, func(i, j int) bool { return old[i].Base < old[j].Base }) {
		t.Error("the items are not in order")
	}
}
