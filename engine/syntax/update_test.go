package syntax

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// corpus are the files of a folder of the common corpus.
func corpus(t testing.TB, folder string) map[string]string {
	t.Helper()
	return files(t, filepath.Join("corpus", folder, "*"))
}

// specs are real specs, in all forms of YAML that their authors use.
func specs(t testing.TB) map[string]string {
	t.Helper()
	return files(t, filepath.Join("specs", "*.qube.yaml"))
}

func files(t testing.TB, pattern string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no texts in %s: %v", pattern, err)
	}
	out := make(map[string]string)
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(p)] = string(b)
	}
	return out
}

// longer is the factor by which random tests run longer than by default: SPECLENS_TEST_ROUNDS, or 1.
func longer(t testing.TB) int {
	t.Helper()
	v := os.Getenv("SPECLENS_TEST_ROUNDS")
	if v == "" {
		return 1
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		t.Fatalf("SPECLENS_TEST_ROUNDS is %q, want a positive number", v)
	}
	return n
}

// full writes all that a tree says: values, spans, tags, findings, comments, sections and items.
func full(t *Tree) string {
	var b strings.Builder
	for _, d := range t.Documents() {
		fmt.Fprintf(&b, "doc %v\n", d.Span)
		fullNode(&b, d.Root, 0)
		for _, s := range d.Sections {
			fmt.Fprintf(&b, "section %v %q %v %d\n", s.Span, s.Key.Value(), s.Value.Span(), s.Items.Len())
			for _, it := range s.Items.All() {
				fmt.Fprintf(&b, "item %d %v %q %x %v %d\n", it.Base, it.Span, it.Unit.Source, it.Unit.Hash, it.Node().Span(), len(it.Unit.Findings))
			}
		}
	}
	for _, f := range t.Findings() {
		fmt.Fprintf(&b, "%v %d %s %s", f.Span, f.Severity, f.Code, f.Message)
		if f.Related != nil {
			fmt.Fprintf(&b, " see %v", f.Related.Span)
		}
		if f.Fix != nil {
			fmt.Fprintf(&b, " fix %v", f.Fix.Edits)
		}
		b.WriteString("\n")
	}
	for _, c := range t.Comments() {
		fmt.Fprintf(&b, "# %v %v\n", c.Span, c.Own)
	}
	return b.String()
}

func fullNode(b *strings.Builder, n Node, depth int) {
	if depth > 250 {
		b.WriteString("too deep")
		return
	}
	fmt.Fprintf(b, "%d/%d/%d %v %v %q %s %s\n", n.Kind(), n.Style(), n.Tag(), n.FullSpan(), n.Span(), n.Value(), n.Anchor(), n.TagText())
	if n.Kind() == Alias {
		r := n.Resolve()
		fmt.Fprintf(b, "is %v %d %q\n", r.Span(), r.Kind(), r.Value())
	}
	for _, e := range n.Entries() {
		fmt.Fprintf(b, "entry %v\n", e.Span)
		fullNode(b, e.Key, depth+1)
		fullNode(b, e.Value, depth+1)
	}
	for _, k := range n.Items() {
		fullNode(b, k, depth+1)
	}
}

// sound checks what holds for every tree of every text.
func sound(t testing.TB, tr *Tree, src string) {
	t.Helper()
	at := 0
	places := make(map[*Unit]bool)
	for _, c := range tr.chunks.All() {
		if places[c.Unit] {
			t.Fatalf("%q: one unit stands at two places", src)
		}
		places[c.Unit] = true
		if c.Base != at || c.Unit.Source != src[at:at+len(c.Unit.Source)] {
			t.Fatalf("%q: the chunk at %d does not follow the text", src, c.Base)
		}
		at += len(c.Unit.Source)
	}
	if at != len(src) && !tr.tooLarge {
		t.Fatalf("%q: the chunks end at %d", src, at)
	}
	var walk func(n Node, within text.Span, depth int)
	walk = func(n Node, within text.Span, depth int) {
		s := n.FullSpan()
		if s.Start < within.Start || s.End > within.End || s.Start > s.End {
			t.Fatalf("%q: %v %q lies outside its parent %v", src, s, n.Value(), within)
		}
		if n.Kind() == Scalar {
			checkScalar(t, n, src)
		}
		for _, e := range n.Entries() {
			walk(e.Key, s, depth+1)
			walk(e.Value, s, depth+1)
		}
		for _, k := range n.Items() {
			walk(k, s, depth+1)
		}
	}
	for _, d := range tr.Documents() {
		if !d.Root.IsZero() {
			walk(d.Root, d.Span, 0)
		}
	}
	last := 0
	for _, f := range tr.Findings() {
		if f.Span.Start < last || f.Span.End > len(src) || f.Span.End < f.Span.Start {
			t.Fatalf("%q: the finding %v %s is out of order or out of the text", src, f.Span, f.Message)
		}
		last = f.Span.Start
		if f.Message == "" || strings.Contains(f.Message, "yaml:") || !strings.HasSuffix(f.Message, ".") {
			t.Fatalf("a finding says %q", f.Message)
		}
	}
}

// checkScalar checks the ways between a value and its source.
func checkScalar(t testing.TB, n Node, src string) {
	t.Helper()
	v, s := n.Value(), n.Span()
	last := s.Start
	for i := 0; i <= len(v); i += 1 + len(v)/200 {
		off := n.ValueOffset(i)
		if off < last || off > s.End+len("\r\n")+len(src) {
			t.Fatalf("%q: ValueOffset(%d) of %q is %d, before %d", src, i, v, off, last)
		}
		last = off
		back, ok := n.ValueIndex(off)
		if !ok || back > i {
			t.Fatalf("%q: value index %d of %q is at %d, which is index %d, %v", src, i, v, off, back, ok)
		}
	}
}

// randomEdit draws an edit that is likely to change the structure.
func randomEdit(r *rand.Rand, n int) text.Edit {
	start := r.Intn(n + 1)
	end := start
	if r.Intn(2) == 0 {
		end = min(start+r.Intn(6), n)
	}
	if r.Intn(12) == 0 {
		end = min(start+r.Intn(400), n)
	}
	return text.Edit{Span: text.Span{Start: start, End: end}, New: fragments[r.Intn(len(fragments))]}
}

var fragments = []string{
	"", "", "x", "- ", ":", ": ", "\n", "  ", " ", "\"", "'", "[", "]", "{", "}", ",", "#", " #", "&a ", "*a", "|", ">", "!!str ",
	"\n---\n", "\n...\n", "? ", "\t", "é", "😀", "\r\n", "\r", "~", "%", "@", "\\", "\ntests:\n", "\n  - name: q\n", "\n\n", "<<: *a", "0777",
	"\n- c\n", "\nkey: v\n", "{{ a }}", "\ufeff", "\u2028", "\n  # note\n", "\n# note\n", "\n    - stray\n", "\n  - name: w\n    expect:\n      status: 200\n",
	"\n%YAML 1.2\n", "\n\tx", "\\'", "name: x", "  - [a, {b: c}]\n", "body: |\n      text\n", "\n   under: 1\n", "\"open\n", "[\n{ a: b },\n", "2024-01-02",
}

func TestUpdateGivesTheTreeOfAFreshRead(t *testing.T) {
	files := corpus(t, "parse")
	sessions, steps := 3*longer(t), 30
	for name, src := range files {
		t.Run(name, func(t *testing.T) {
			for seed := 0; seed < sessions; seed++ {
				r := rand.New(rand.NewSource(int64(seed)))
				txt := text.New(src)
				tr := Parse(txt, Options{})
				for step := 0; step < steps; step++ {
					var edits []text.Edit
					next := txt
					for k := 1 + r.Intn(10)/7*r.Intn(5); k > 0; k-- {
						e := randomEdit(r, next.Len())
						edits = append(edits, e)
						next = next.Apply(e)
					}
					updated := tr.Update(next, edits)
					fresh := Parse(text.New(next.String()), Options{})
					if a, b := full(updated), full(fresh); a != b {
						t.Fatalf("seed %d step %d: the trees differ\nbefore %q\nedits %q\n%s", seed, step, txt.String(), edits, firstDifference(a, b))
					}
					if step%10 == 0 {
						sound(t, updated, next.String())
					}
					txt, tr = next, updated
				}
			}
		})
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			other := "(nothing)"
			if i < len(y) {
				other = y[i]
			}
			return fmt.Sprintf("updated: %s\nfresh:   %s", x[i], other)
		}
	}
	return "the fresh tree has more"
}
