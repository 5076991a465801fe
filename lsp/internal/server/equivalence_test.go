package server

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/syntax"
)

// syncSessions is how many sessions of random edits TestSyncEquivalence plays; `make test-sync` asks for a thousand.
var syncSessions = flag.Int("sync.sessions", 8, "how many sessions of random edits are compared with fresh servers")

// syncSeed is the number of the first one.
var syncSeed = flag.Uint64("sync.seed", 1, "the first session of random edits")

const editsPerSession = 200

// onDisk are the files of the folder in which the sessions play. They never change; editors open, edit and close them.
var onDisk = map[string]string{
	".qube.yaml":  "targets: {api: http://127.0.0.1:1}\nspecs: [\"tests/**/*.yaml\"]\nenv: {NAME: x}\n",
	"a.qube.yaml": "target: api\ntests:\n  - name: one\n    alias: a1\n    resource: /x\n    save: {s1: response.body.id}\n",
	"b.qube.yaml": "target: api\ntests:\n  - name: two\n    alias: b1\n    depends: [a1]\n" +
		"    resource: \"/{{ a1.response.body.id }}/{{ s1 }}\"\n",
	"tests/c.yaml":   "target: api\r\ntests:\r\n  - GET /{{ b1.response.status }} -> 200\r\n  - name: 😀\r\n    alias: c1\r\n",
	"other/d.yaml":   "tests:\n  - name: of another folder\n    alias: d1\n",
	"sub/.qube.yaml": "targets: {api: ftp://127.0.0.1:1}\nspecs: [\"*.yaml\"]\n",
	"sub/e.yaml":     "target: api\ntests:\n  - {name: e, alias: e1, resource: \"/{{ a1.response.body }}\"}\n",
	"tests/quiet.yaml": "target: api\ntests:\n  - name: never opened\n    alias: quiet\n" +
		"    resource: \"/{{ s1 }}{{ b1.response.body }}\"\n",
	"tests/quiet2.yaml": "target: api\ntests:\n  - name: never opened\n    alias: a1\n    depends: [c1, quiet]\n" +
		"    method: FETCH IT\n    resource: /\n",
}

// fragments are what is typed and pasted.
var fragments = []string{
	"  - name: typed\n", "    alias: a1\n", "    alias: b1\n", "    alias: n1\n", "- ", "  ", "    ", "\t", "\n", "\r\n", "\r",
	"\n\n", ":", ": ", "{", "}", "[", "]", "\"", "'", "#", " # comment", "|\n", ">-\n", "&x ", "*x", "<<: *x", "---\n",
	"...\n", "%YAML 1.2\n", "{{ ", " }}", "{{ a1.response.body.id }}", "{{ s1 }}", "{{ nobody }}", "{{ env.NAME }}",
	"{{ prev.response.status }}", "tests:\n", "target: api\n", "targets:\n  api: http://127.0.0.1:2\n", "mode: scenario\n",
	"    depends: [a1, b1]\n", "    save: {s1: response.body.x}\n", "    expect: {status: 200}\n",
	"    expect:\n      body:\n        x: is string\n", "    retires: 3\n", "    method: FETCH IT\n",
	"    matrix: [{n: 1}, {n: 2}]\n", "  - GET /x -> 200\n", "  - POST /y:\n      timeout: soon\n", "😀", "𝄞x", "é", "e\u0301",
	"\u2028", "\u0085", "\ufeff", "\x00", "0777", "2024-01-02", "true", "~", "x", "1", " ", "specs: [\"other/*.yaml\"]\n",
	"specs: [\"tests/**/*.yaml\", \"sub/*.yaml\"]\n", "env: {NAME: y}\n", "defaults: {headers: {A: b}}\n",
	"depends: [a.qube.yaml]\n",
}

// buffer is a document as the editor has it. The text is kept by the words of the protocol, without anything of the engine.
type buffer struct {
	name    string
	text    string
	version int32
	open    bool
	past    []string
}

// breaks are the offsets at which the lines begin and end, without what ends them.
func breaks(s string) (lines [][2]int) {
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\r':
			lines = append(lines, [2]int{start, i})
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			start = i + 1
		case '\n':
			lines = append(lines, [2]int{start, i})
			start = i + 1
		}
	}
	return append(lines, [2]int{start, len(s)})
}

// offset is where a position is: a line behind the last is the end, a column behind the end of its line is that end, and one
// inside a character is its beginning.
func offset(s, encoding string, line, column int) int {
	lines := breaks(s)
	if line >= len(lines) {
		return len(s)
	}
	at, end := lines[line][0], lines[line][1]
	for at < end {
		r, size := utf8.DecodeRuneInString(s[at:])
		units := map[string]int{"utf-8": size, "utf-16": utf16.RuneLen(r), "utf-32": 1}[encoding]
		if column < units {
			break
		}
		column -= units
		at += size
	}
	return at
}

// typist is an editor whose user does anything.
type typist struct {
	*peer
	r        *rand.Rand
	dir      string
	encoding string
	seeds    []string
	buffers  []*buffer
	counts   *tally
	log      []string
}

// tally counts what was done.
type tally struct{ edits, changes, opens, closes, checks, documents atomic.Int64 }

func (t *typist) uri(name string) string { return engine.URIFromPath(filepath.Join(t.dir, name)) }

// anywhere is a position: mostly one that the text has.
func (t *typist) anywhere(s string) (line, column int) {
	lines := breaks(s)
	line = t.r.IntN(len(lines))
	column = t.r.IntN(lines[line][1] - lines[line][0] + 2)
	switch t.r.IntN(25) {
	case 0:
		line += t.r.IntN(5)
	case 1:
		column += t.r.IntN(300)
	case 2:
		line, column = 4294967295, 4294967295
	case 3:
		column = 4294967295
	case 4:
		line, column = len(lines)-1, 4294967295
	}
	return line, column
}

// piece is something to type or paste.
func (t *typist) piece(s string) string {
	switch t.r.IntN(8) {
	case 0:
		if lines := breaks(s); len(s) > 0 { // some lines of the same text
			i := t.r.IntN(len(lines))
			j := min(len(lines)-1, i+t.r.IntN(4))
			return s[lines[i][0]:lines[j][1]] + "\n"
		}
	case 1: // some lines of another one
		other := t.seeds[t.r.IntN(len(t.seeds))]
		lines := breaks(other)
		i := t.r.IntN(len(lines))
		return other[lines[i][0]:lines[min(len(lines)-1, i+t.r.IntN(8))][1]] + "\n"
	case 2:
		return fragments[t.r.IntN(len(fragments))] + fragments[t.r.IntN(len(fragments))]
	}
	return fragments[t.r.IntN(len(fragments))]
}

// change makes one change of a text, as the protocol puts it.
func (t *typist) change(b *buffer) any {
	t.counts.changes.Add(1)
	s := b.text
	switch n := t.r.IntN(100); {
	case n < 3 || len(s) > 6000:
		b.text = t.seeds[t.r.IntN(len(t.seeds))]
		return map[string]any{"text": b.text}
	case n < 5 && len(b.past) > 0: // back to what it was
		b.text = b.past[t.r.IntN(len(b.past))]
		return map[string]any{"text": b.text}
	case n < 6:
		b.text = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
		return map[string]any{"text": b.text}
	}
	line, column := t.anywhere(s)
	toLine, toColumn := line, column
	insert := t.piece(s)
	switch n := t.r.IntN(10); {
	case n < 5: // typed
	case n < 8: // a few characters go
		toColumn += t.r.IntN(6)
		if t.r.IntN(2) == 0 {
			insert = ""
		}
	case n < 9: // lines go
		toLine, toColumn = line+t.r.IntN(4), t.r.IntN(20)
		insert = ""
	default:
		toLine, toColumn = t.anywhere(s)
		if toLine-line > 8 || line-toLine > 8 {
			toLine = line
		}
	}
	from, to := offset(s, t.encoding, line, column), offset(s, t.encoding, toLine, toColumn)
	b.text = s[:min(from, to)] + insert + s[max(from, to):]
	position := func(line, column int) map[string]any { return map[string]any{"line": line, "character": column} }
	return map[string]any{"range": map[string]any{"start": position(line, column), "end": position(toLine, toColumn)}, "text": insert}
}

// act does one thing.
func (t *typist) act() {
	b := t.buffers[t.r.IntN(len(t.buffers))]
	doc := map[string]any{"uri": t.uri(b.name)}
	switch {
	case !b.open:
		b.open = true
		b.version++
		b.text = onDisk[b.name]
		if t.r.IntN(2) == 0 {
			b.text = t.seeds[t.r.IntN(len(t.seeds))]
		}
		if b.name == ".qube.yaml" {
			b.text = onDisk[b.name]
		}
		language := "qube"
		if strings.HasSuffix(b.name, "c.yaml") || strings.HasSuffix(b.name, "d.yaml") {
			language = "yaml"
		}
		doc["languageId"], doc["version"], doc["text"] = language, b.version, b.text
		t.notify(protocol.MethodTextDocumentDidOpen, map[string]any{"textDocument": doc})
		t.counts.opens.Add(1)
	case t.r.IntN(40) == 0:
		b.open = false
		t.notify(protocol.MethodTextDocumentDidClose, map[string]any{"textDocument": doc})
		t.counts.closes.Add(1)
	default:
		b.past = append(b.past, b.text)
		if len(b.past) > 8 {
			b.past = b.past[1:]
		}
		n := 1
		if t.r.IntN(6) == 0 {
			n += t.r.IntN(5)
		}
		var changes []any
		for range n {
			changes = append(changes, t.change(b))
		}
		b.version++
		doc["version"] = b.version
		t.notify(protocol.MethodTextDocumentDidChange, map[string]any{"textDocument": doc, "contentChanges": changes})
		if testing.Verbose() {
			t.log = append(t.log, fmt.Sprintf("%s %q", b.name, changes))
		}
	}
	t.counts.edits.Add(1)
}

// state is all that a server makes of its documents, by document: text, tree and answers.
func (t *typist) state(p *peer) map[string]string {
	p.settle()
	state := map[string]string{}
	for doc := range p.server.session.Snapshot().Documents() {
		var b strings.Builder
		fmt.Fprintf(&b, "kind %d open %v version %d\n%q\n", doc.Kind, doc.Open, doc.Version, doc.Text.String())
		dump(&b, doc.Tree())
		of := map[string]any{"textDocument": map[string]any{"uri": doc.URI}}
		for _, method := range []string{protocol.MethodTextDocumentDocumentSymbol, protocol.MethodTextDocumentCodeLens} {
			fmt.Fprintf(&b, "%s %s\n", method, p.call(method, of))
		}
		_, items, _ := strings.Cut(string(p.call(protocol.MethodTextDocumentDiagnostic, of)), `"items":`)
		fmt.Fprintf(&b, "diagnostics %s\n", items)
		state[doc.URI] = b.String()
	}
	return state
}

// dump writes all that a tree says.
func dump(b *strings.Builder, tree *syntax.Tree) {
	var node func(n syntax.Node, depth int)
	node = func(n syntax.Node, depth int) {
		if depth > 250 {
			b.WriteString("too deep")
			return
		}
		fmt.Fprintf(b, "%*s%d/%d/%d %v %v %q %s %s\n", depth, "", n.Kind(), n.Style(), n.Tag(), n.FullSpan(), n.Span(), n.Value(),
			n.Anchor(), n.TagText())
		for _, e := range n.Entries() {
			fmt.Fprintf(b, "%*sentry %v\n", depth, "", e.Span)
			node(e.Key, depth+1)
			node(e.Value, depth+1)
		}
		for _, item := range n.Items() {
			node(item, depth+1)
		}
	}
	for _, d := range tree.Documents() {
		fmt.Fprintf(b, "document %v\n", d.Span)
		node(d.Root, 0)
		for _, s := range d.Sections {
			fmt.Fprintf(b, "section %v %q %v\n", s.Span, s.Key.Value(), s.Value.Span())
		}
	}
	for _, f := range tree.Findings() {
		fmt.Fprintf(b, "%v %d %s %s\n", f.Span, f.Severity, f.Code, f.Message)
	}
	for _, c := range tree.Comments() {
		fmt.Fprintf(b, "# %v %v\n", c.Span, c.Own)
	}
}

// compare holds the server against one that has just been started and was told nothing but what is open now.
func (t *typist) compare(seed uint64, after int) {
	t.counts.checks.Add(1)
	got := t.state(t.peer)
	fresh := connect(t.tb, t.dir, t.encoding)
	defer fresh.close()
	for _, b := range t.buffers {
		if !b.open {
			continue
		}
		language := t.server.session.Snapshot().Document(t.uri(b.name)).LanguageID
		fresh.notify(protocol.MethodTextDocumentDidOpen, map[string]any{"textDocument": map[string]any{
			"uri": t.uri(b.name), "languageId": language, "version": b.version, "text": b.text,
		}})
	}
	want := t.state(fresh)
	names := map[string]bool{}
	for uri := range got {
		names[uri] = true
	}
	for uri := range want {
		names[uri] = true
	}
	for uri := range names {
		t.counts.documents.Add(1)
		if got[uri] != want[uri] {
			t.tb.Errorf("session %d (%s) after %d edits: %s differs from a fresh server's\n%s\nthe last edits:\n%s", seed, t.encoding, after,
				filepath.Base(uri), difference(want[uri], got[uri]), strings.Join(t.log[max(0, len(t.log)-12):], "\n"))
			return
		}
	}
}

// difference is where two texts part, line by line.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			head := w[max(0, i-3):i]
			return fmt.Sprintf("%.600s\nfresh: %.1500s\nthis:  %.1500s\ntext:  %.3000s", strings.Join(head, "\n"), w[i], g[i],
				strings.Join(g[:min(2, len(g))], "\n"))
		}
	}
	return fmt.Sprintf("fresh has %d lines, this %d: %.600s", len(w), len(g), got)
}

// play plays one session.
func play(tb testing.TB, dir string, seeds []string, seed uint64, counts *tally) {
	tb.Helper()
	t := &typist{
		r: rand.New(rand.NewPCG(seed, 4)), dir: dir, encoding: []string{"utf-16", "utf-8", "utf-32"}[seed%3], seeds: seeds, counts: counts,
	}
	t.peer = connect(tb, dir, t.encoding)
	defer t.close()
	for _, name := range []string{"a.qube.yaml", "b.qube.yaml", "tests/c.yaml", ".qube.yaml", "other/d.yaml", "sub/e.yaml"} {
		if len(t.buffers) < 2 || t.r.IntN(2) == 0 {
			t.buffers = append(t.buffers, &buffer{name: name})
		}
	}
	for i := range editsPerSession {
		t.act()
		if t.r.IntN(60) == 0 || i == editsPerSession-1 {
			t.compare(seed, i+1)
			if tb.Failed() {
				return
			}
		}
	}
}

// seedTexts are what edits begin with.
func seedTexts(tb testing.TB) (seeds []string) {
	tb.Helper()
	for _, pattern := range []string{"specs/*.yaml", "corpus/parse/*.yaml", "corpus/typing/*.yaml"} {
		paths, err := filepath.Glob(filepath.Join("../../../testdata", filepath.FromSlash(pattern)))
		if err != nil || len(paths) == 0 {
			tb.Fatalf("no texts in %s: %v", pattern, err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				tb.Fatal(err)
			}
			seeds = append(seeds, string(raw))
		}
	}
	return append(seeds, "", "tests:\n", "\n\n")
}

// playground is a folder with the files on which the sessions play.
func playground(tb testing.TB) string {
	tb.Helper()
	dir, err := filepath.EvalSymlinks(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	for name, content := range onDisk {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// Whatever is edited, opened and closed: text, tree, symbols, lenses and diagnostics are those of a server that was started
// just now, byte for byte.
func TestSyncEquivalence(t *testing.T) {
	dir, seeds := playground(t), seedTexts(t)
	var counts tally
	next := make(chan uint64)
	var players sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		players.Go(func() {
			for seed := range next {
				if !t.Failed() {
					play(t, dir, seeds, seed, &counts)
				}
			}
		})
	}
	for i := range *syncSessions {
		next <- *syncSeed + uint64(i)
	}
	close(next)
	players.Wait()
	t.Logf("%d sessions, %d actions (%d changes, %d opened, %d closed), %d comparisons of %d documents", *syncSessions, counts.edits.Load(),
		counts.changes.Load(), counts.opens.Load(), counts.closes.Load(), counts.checks.Load(), counts.documents.Load())
}

// FuzzSync plays sessions by their number.
func FuzzSync(f *testing.F) {
	dir, seeds := playground(f), seedTexts(f)
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, seed uint64) {
		var counts tally
		play(t, dir, slices.Clone(seeds), seed, &counts)
	})
}
