package syntax

import (
	"maps"
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

// mutate changes a text in one to three places: fragments come and go, lines are doubled, removed and indented.
func mutate(r *rand.Rand, s string) string {
	for n := 1 + r.Intn(3); n > 0; n-- {
		i := r.Intn(len(s) + 1)
		bol := lastLineStart(s, 0, i)
		eol := lineEnd(s, i)
		eol += breakLen(s, eol)
		switch r.Intn(6) {
		case 0:
			s = s[:i] + fragments[r.Intn(len(fragments))] + s[i:]
		case 1:
			s = s[:i] + s[min(i+1+r.Intn(3), len(s)):]
		case 2:
			j, k := min(i+1+r.Intn(40), len(s)), r.Intn(len(s)+1)
			s = s[:k] + s[i:j] + s[k:]
		case 3:
			s = s[:bol] + s[eol:]
		case 4:
			s = s[:eol] + s[bol:eol] + s[eol:]
		case 5:
			if r.Intn(2) == 0 {
				s = s[:bol] + "  " + s[bol:]
			} else if bol < len(s) && s[bol] == ' ' {
				s = s[:bol] + s[bol+1:]
			}
		}
	}
	return text.New(s).String()
}

// sanctioned reports whether a text holds what this reader takes otherwise than yaml.v3 on purpose: an unquoted template
// is text here, U+2028 and its like break no line, and forms that YAML 1.2 and libyaml tell apart only in the fringe.
func sanctioned(src string) bool {
	return strings.ContainsAny(src, "\u0085\u2028\u2029") || strings.Contains(src, ": {{") || strings.LastIndex(src, bom) > 0 ||
		tagComma.MatchString(src) || anchorColon.MatchString(src)
}

// anchorColon is a colon within the name of an anchor, which YAML 1.2 allows and libyaml does not know.
var anchorColon = regexp.MustCompile(`[&*]\w+:\w`)

var tagComma = regexp.MustCompile(`!\S*,`)

// agree compares the tree with that of yaml.v3, where the text is valid for both. It reports whether it was.
func agree(t testing.TB, src string) bool {
	t.Helper()
	docs, err := oracle(src)
	tr := parse(src)
	errs := errorsOf(tr)
	if err != nil || len(errs) > 0 {
		return false
	}
	if a, b := oracleDocs(docs), treeDocs(tr); a != b && !sanctioned(src) {
		t.Errorf("%q\nyaml.v3 reads %s\nthis reader  %s", src, a, b)
	}
	return true
}

func TestTheTreeIsThatOfAWholeReadOfYAML(t *testing.T) {
	rounds := 300 * longer(t)
	valid, onlyOracle := 0, 0
	texts := specs(t)
	maps.Copy(texts, corpus(t, "parse"))
	for name, src := range texts {
		if name == "broken.yaml" {
			continue
		}
		for seed := 0; seed < rounds; seed++ {
			r := rand.New(rand.NewSource(int64(seed)))
			m := mutate(r, src)
			if agree(t, m) {
				valid++
				continue
			}
			if _, err := oracle(m); err == nil && !sanctioned(m) && onlySyntax(parse(m)) {
				onlyOracle++
			}
		}
	}
	if valid < rounds {
		t.Errorf("only %d mutated texts were valid: the comparison says little", valid)
	}
	// libyaml takes a few forms that YAML 1.2 forbids, such as a block of text at the column of its key.
	if most := max(rounds/300, 1); onlyOracle > most {
		t.Errorf("%d of %d valid texts are called broken, want at most %d", onlyOracle, valid, most)
	}
	t.Logf("%d texts valid and equal; %d valid for yaml.v3 only", valid, onlyOracle)
}

func onlySyntax(tr *Tree) bool {
	for _, f := range errorsOf(tr) {
		if f.Code == CodeSyntax || f.Code == CodeIndent || f.Code == CodeTab {
			return true
		}
	}
	return false
}

// TestChunksReadAsTheWholeDocument reads each text in chunks and as one.
func TestChunksReadAsTheWholeDocument(t *testing.T) {
	opts := Options{}.withDefaults()
	texts := specs(t)
	maps.Copy(texts, corpus(t, "parse"))
	for name, src := range texts {
		for seed := 0; seed < 150*longer(t); seed++ {
			m := src
			if seed > 0 {
				m = mutate(rand.New(rand.NewSource(int64(seed))), src)
			}
			tr := parse(m)
			if len(errorsOf(tr)) > 0 {
				continue
			}
			for _, d := range tr.Documents() {
				u := readUnit(m[d.Span.Start:d.Span.End], chunkDoc, Options{Units: []string{}, MaxDepth: opts.MaxDepth, MaxAliasNodes: opts.MaxAliasNodes})
				var a, b strings.Builder
				treeText(&a, d.Root)
				treeText(&b, u.Node)
				if a.String() != b.String() && !(d.Span.Start > 0 && strings.Contains(m, bom)) {
					t.Fatalf("%s, seed %d: %q\nchunks %s\nwhole  %s", name, seed, m, a.String(), b.String())
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range corpus(f, "parse") {
		f.Add(src)
	}
	for _, c := range incomplete {
		f.Add(threeTests(c.line))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1<<14 {
			t.Skip("long texts find nothing that short ones do not")
		}
		txt := text.New(src)
		tr := Parse(txt, Options{})
		sound(t, tr, txt.String())
		for off := 0; off <= txt.Len(); off += 1 + txt.Len()/16 {
			tr.ContextAt(off)
			tr.NodeAt(off)
		}
		for _, d := range tr.Documents() {
			d.Root.Any()
		}
	})
}

func FuzzEdits(f *testing.F) {
	for _, src := range corpus(f, "parse") {
		f.Add(src, int64(1))
	}
	for _, src := range corpus(f, "edits") {
		f.Add(src, int64(7))
	}
	f.Fuzz(func(t *testing.T, src string, seed int64) {
		if len(src) > 1<<13 {
			t.Skip("long texts find nothing that short ones do not")
		}
		r := rand.New(rand.NewSource(seed))
		txt := text.New(src)
		tr := Parse(txt, Options{})
		for step := 0; step < 6; step++ {
			var edits []text.Edit
			next := txt
			for k := 1 + r.Intn(3); k > 0; k-- {
				e := randomEdit(r, next.Len())
				edits = append(edits, e)
				next = next.Apply(e)
			}
			updated := tr.Update(next, edits)
			if a, b := full(updated), full(Parse(text.New(next.String()), Options{})); a != b {
				t.Fatalf("before %q\nedits %q\n%s", txt.String(), edits, firstDifference(a, b))
			}
			txt, tr = next, updated
		}
	})
}
