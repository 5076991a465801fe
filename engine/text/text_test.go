package text

import (
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// naive answers the questions of Text by walking the whole string, the way the reference implementation of LSP text
// documents does.
type naive string

func (n naive) lineStarts() []int {
	starts := []int{0}
	for i := 0; i < len(n); i++ {
		if n[i] == '\n' || n[i] == '\r' {
			if n[i] == '\r' && i+1 < len(n) && n[i+1] == '\n' {
				i++
			}
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (n naive) lineSpan(line int) Span {
	starts := n.lineStarts()
	start, end := starts[line], len(n)
	if line+1 < len(starts) {
		end = starts[line+1]
	}
	for end > start && (n[end-1] == '\n' || n[end-1] == '\r') {
		end--
	}
	return Span{start, end}
}

func unitsOf(r rune, enc Encoding) int {
	switch {
	case enc == UTF8:
		return utf8.RuneLen(r)
	case enc == UTF16 && r >= 0x10000:
		return 2
	}
	return 1
}

func (n naive) position(off int, enc Encoding) Position {
	for off > 0 && off < len(n) && !utf8.RuneStart(n[off]) {
		off--
	}
	starts := n.lineStarts()
	line := 0
	for line+1 < len(starts) && starts[line+1] <= off {
		line++
	}
	span := n.lineSpan(line)
	p := Position{Line: line}
	for i, r := range string(n[span.Start:span.End]) {
		if span.Start+i >= off {
			break
		}
		p.Column += unitsOf(r, enc)
	}
	return p
}

func (n naive) offset(p Position, enc Encoding) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(n.lineStarts()) {
		return len(n)
	}
	span := n.lineSpan(p.Line)
	col := 0
	for i, r := range string(n[span.Start:span.End]) {
		if col+unitsOf(r, enc) > p.Column {
			return span.Start + i
		}
		col += unitsOf(r, enc)
	}
	return span.End
}

func checkAll(t *testing.T, txt *Text, want string) {
	t.Helper()
	if got := txt.String(); got != want {
		t.Fatalf("text is %q, want %q", clip(got), clip(want))
	}
	n := naive(want)
	starts := n.lineStarts()
	if txt.LineCount() != len(starts) {
		t.Fatalf("%q: LineCount is %d, want %d", clip(want), txt.LineCount(), len(starts))
	}
	if txt.Len() != len(want) {
		t.Fatalf("Len is %d, want %d", txt.Len(), len(want))
	}
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

func checkPlace(t *testing.T, txt *Text, n naive, off int) {
	t.Helper()
	for _, enc := range []Encoding{UTF8, UTF16, UTF32} {
		want := n.position(off, enc)
		got := txt.Position(off, enc)
		if got != want {
			t.Fatalf("%q: Position(%d, %d) is %v, want %v", clip(string(n)), off, enc, got, want)
		}
		back := txt.Offset(got, enc)
		if txt.Position(back, enc) != got {
			t.Fatalf("%q: offset %d does not come back: %v is %d", clip(string(n)), off, got, back)
		}
		for _, p := range []Position{{got.Line, got.Column + 1}, {got.Line, 1 << 30}, {got.Line + 1, got.Column}, {got.Line, -1}} {
			if g, w := txt.Offset(p, enc), n.offset(p, enc); g != w {
				t.Fatalf("%q: Offset(%v, %d) is %d, want %d", clip(string(n)), p, enc, g, w)
			}
		}
	}
	line := n.position(off, UTF8).Line
	if got := txt.LineAt(off); got != line {
		t.Fatalf("%q: LineAt(%d) is %d, want %d", clip(string(n)), off, got, line)
	}
	if g, w := txt.LineSpan(line), n.lineSpan(line); g != w {
		t.Fatalf("%q: LineSpan(%d) is %v, want %v", clip(string(n)), line, g, w)
	}
	if g, w := txt.LineStart(line), n.lineStarts()[line]; g != w {
		t.Fatalf("%q: LineStart(%d) is %d, want %d", clip(string(n)), line, g, w)
	}
}

func TestLinesAndColumns(t *testing.T) {
	for name, s := range map[string]string{
		"an empty text has one line":                       "",
		"no final newline":                                 "a\nb",
		"a final newline begins a line":                    "a\n",
		"CRLF is one break":                                "a\r\nb\r\n",
		"a lone CR is a break":                             "a\rb\r\rc",
		"LF CR are two breaks":                             "a\n\rb",
		"U+2028, U+2029 and U+0085 break no line":          "a\u2028b\u2029c\u0085d\ne",
		"astral characters are two UTF-16 units":           "😀a\n𝒳𝒳\r\né😀",
		"a BOM is a character":                             "\ufeffa\nb",
		"only breaks":                                      "\r\n\r\n\r\r\n\n",
		"a long line":                                      strings.Repeat("é😀x", 3000) + "\r\n" + strings.Repeat("y", 9000),
		"a CRLF may be cut by a leaf's border":             strings.Repeat("a\r\n", 5000),
		"a CR may end one leaf and an LF begin the second": strings.Repeat("\r\n", 6001),
	} {
		t.Run(name, func(t *testing.T) {
			txt := New(s)
			checkAll(t, txt, s)
			step := max(len(s)/23, 1)
			for off := 0; off <= len(s); off += step {
				checkPlace(t, txt, naive(s), off)
			}
		})
	}
}

func TestPositionsOutsideTheTextAreClamped(t *testing.T) {
	txt := New("ab\ncd")
	for _, c := range []struct {
		p    Position
		want int
	}{
		{Position{-1, 5}, 0}, {Position{0, -3}, 0}, {Position{0, 99}, 2}, {Position{1, 99}, 5}, {Position{2, 0}, 5}, {Position{1 << 30, 1 << 30}, 5},
	} {
		if got := txt.Offset(c.p, UTF16); got != c.want {
			t.Errorf("Offset(%v) is %d, want %d", c.p, got, c.want)
		}
	}
	if got := txt.Position(-4, UTF16); got != (Position{}) {
		t.Errorf("Position(-4) is %v", got)
	}
	if got := txt.Position(99, UTF16); got != (Position{1, 2}) {
		t.Errorf("Position(99) is %v", got)
	}
	if got := txt.Slice(Span{4, -2}); got != "ab\nc" {
		t.Errorf("a reversed span beyond the start gives %q", got)
	}
	if got := txt.LineSpan(7); got != (Span{5, 5}) {
		t.Errorf("the span of a line behind the end is %v", got)
	}
}

func TestInvalidBytesAreReplacedAsTheWebDoes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\xffb", "a\ufffdb"},
		{"\xe2\x82x", "\ufffdx"},
		{"\xf0\x9f\x98", "\ufffd"},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"\xc0\xaf", "\ufffd\ufffd"},
		{"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
		{"\xe0\x80é", "\ufffd\ufffdé"},
		{"\xf1\x80\x80\xe1\x80\xc2b", "\ufffd\ufffd\ufffdb"},
		{"kept \ufffd", "kept \ufffd"},
	} {
		if got := New(c.in).String(); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
	if got := New("ab").Apply(Edit{Span{1, 1}, "\xff"}).String(); got != "a\ufffdb" {
		t.Errorf("an edit with an invalid byte gives %q", got)
	}
}

func TestEdits(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		edits []Edit
		want  string
	}{
		"each edit counts on the result of the one before": {"abc", []Edit{{Span{1, 2}, "XY"}, {Span{2, 3}, "Z"}}, "aXZc"},
		"a reversed span is turned around":                 {"abc", []Edit{{Span{2, 1}, "-"}}, "a-c"},
		"a span beyond the end is clamped":                 {"abc", []Edit{{Span{2, 99}, "-"}}, "ab-"},
		"an insertion behind the end appends":              {"abc", []Edit{{Span{99, 99}, "d"}}, "abcd"},
		"a negative start is the start":                    {"abc", []Edit{{Span{-9, 1}, ""}}, "bc"},
		"a cut character is taken whole":                   {"a😀b", []Edit{{Span{2, 3}, "x"}}, "axb"},
		"an insertion within a character goes before it":   {"a😀b", []Edit{{Span{3, 3}, "x"}}, "ax😀b"},
		"everything can go":                                {"abc", []Edit{{Span{0, 3}, ""}}, ""},
		"nothing can grow":                                 {"", []Edit{{Span{0, 0}, "abc"}}, "abc"},
		"an edit of nothing is nothing":                    {"abc", []Edit{{Span{1, 1}, ""}}, "abc"},
		"a CR and an LF become one break":                  {"a\rb\nc", []Edit{{Span{2, 3}, ""}}, "a\r\nc"},
	} {
		t.Run(name, func(t *testing.T) {
			before := New(c.in)
			checkAll(t, before.Apply(c.edits...), c.want)
			checkAll(t, before, c.in)
		})
	}
}

// randomText draws from what hurts: all the line breaks, characters of every width, and long runs.
func randomText(r *rand.Rand, n int) string {
	parts := []string{"\n", "\r\n", "\r", "a", "bc", "é", "😀", "\u2028", "\u0085", " ", "key: value", "\ufeff"}
	var b strings.Builder
	for i := 0; i < n; i++ {
		b.WriteString(parts[r.Intn(len(parts))])
	}
	return b.String()
}

func TestRandomEditsGiveTheTextOfAPlainString(t *testing.T) {
	for seed := int64(1); seed <= 6; seed++ {
		r := rand.New(rand.NewSource(seed))
		want := randomText(r, r.Intn(6000))
		txt := New(want)
		for step := 0; step < 50; step++ {
			e := randomEdit(r, len(want))
			norm := txt.Normalize(e)
			next := txt.Apply(e)
			want = want[:norm.Span.Start] + norm.New + want[norm.Span.End:]
			txt = next
			if step%10 == 9 {
				checkAll(t, txt, want)
				for k := 0; k < 5; k++ {
					checkPlace(t, txt, naive(want), r.Intn(len(want)+1))
				}
				a := r.Intn(len(want) + 1)
				b := a + r.Intn(len(want)-a+1)
				if got := txt.Slice(Span{a, b}); got != want[a:b] {
					t.Fatalf("seed %d: Slice(%d, %d) differs", seed, a, b)
				}
			}
		}
		if h := txt.root; h != nil && !balanced(h) {
			t.Fatalf("seed %d: the tree is out of balance", seed)
		}
	}
}

func randomEdit(r *rand.Rand, n int) Edit {
	start := r.Intn(n + 1)
	end := start
	switch r.Intn(4) {
	case 0:
		end = start + r.Intn(min(n-start, 5000)+1)
	case 1:
		end = min(start+r.Intn(4), n)
	}
	size := r.Intn(5)
	if r.Intn(10) == 0 {
		size = r.Intn(3000)
	}
	return Edit{Span{start, end}, randomText(r, size)}
}

func balanced(n *node) bool {
	if n.left == nil {
		return len(n.leaf) <= maxLeaf && n.leaf != ""
	}
	d := n.left.height - n.right.height
	return d >= -1 && d <= 1 && n.height == max(n.left.height, n.right.height)+1 && balanced(n.left) && balanced(n.right)
}

func TestAnEditKeepsNearlyAllLeaves(t *testing.T) {
	before := New(strings.Repeat("- name: a line of some length\n", 100_000))
	after := before.Apply(Edit{Span{1_500_000, 1_500_000}, "x"})
	had := make(map[*node]bool)
	leaves(before.root, func(n *node) { had[n] = true })
	fresh := 0
	leaves(after.root, func(n *node) {
		if !had[n] {
			fresh++
		}
	})
	if fresh > 4 {
		t.Errorf("one letter made %d new leaves of %d", fresh, len(had))
	}
	allocs := testing.AllocsPerRun(20, func() { before.Apply(Edit{Span{1_500_000, 1_500_000}, "x"}) })
	if allocs > 150 {
		t.Errorf("one letter takes %.0f allocations", allocs)
	}
}

func leaves(n *node, f func(*node)) {
	if n.left == nil {
		f(n)
		return
	}
	leaves(n.left, f)
	leaves(n.right, f)
}

func TestSpans(t *testing.T) {
	s := Span{2, 5}
	for name, ok := range map[string]bool{
		"length":                              s.Len() == 3,
		"both ends touch":                     s.Contains(2) && s.Contains(5) && !s.Contains(6) && !s.Contains(1),
		"shift":                               s.Shift(-2) == Span{0, 3},
		"union":                               s.Union(Span{7, 9}) == Span{2, 9},
		"neighbours do not intersect":         !s.Intersects(Span{5, 8}),
		"overlap intersects":                  s.Intersects(Span{4, 8}),
		"an empty span at the end intersects": s.Intersects(Span{5, 5}),
		"covers":                              s.Covers(Span{3, 5}) && !s.Covers(Span{3, 6}),
		"empty":                               Span{3, 3}.IsEmpty() && !s.IsEmpty(),
		"text":                                s.String() == "2-5",
	} {
		if !ok {
			t.Errorf("%s: wrong", name)
		}
	}
}

// seeds are the texts of a folder of the common corpus.
func seeds(f *testing.F, folder string) []string {
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "corpus", folder, "*"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no corpus in %s: %v", folder, err)
	}
	var out []string
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func FuzzPosition(f *testing.F) {
	for _, s := range seeds(f, "position") {
		f.Add(s, len(s)/2, 3)
	}
	f.Fuzz(func(t *testing.T, s string, off, col int) {
		txt := New(s)
		n := naive(txt.String())
		if len(n) > 1<<16 {
			t.Skip("the naive answers take too long")
		}
		checkAll(t, txt, string(n))
		checkPlace(t, txt, n, min(max(off, 0), len(n)))
		for _, enc := range []Encoding{UTF8, UTF16, UTF32} {
			p := Position{Line: off % 50, Column: col}
			if got, want := txt.Offset(p, enc), n.offset(p, enc); got != want {
				t.Fatalf("%q: Offset(%v, %d) is %d, want %d", clip(string(n)), p, enc, got, want)
			}
		}
	})
}

func BenchmarkEdit(b *testing.B) {
	for _, lines := range []int{1_000, 100_000, 1_000_000} {
		txt := New(strings.Repeat("  - name: a line\n", lines))
		b.Run(itoa(lines), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				off := (i * 7919) % txt.Len()
				next := txt.Apply(Edit{Span{off, off}, "x"})
				_ = next.Position(off, UTF16)
			}
		})
	}
}

func itoa(n int) string {
	s := ""
	for ; n > 0; n /= 10 {
		s = string(rune('0'+n%10)) + s
	}
	return s + "-lines"
}
