package ide_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/text"
)

// fixture is a spec with the cursor at ‸, open in a session with the http plugin.
type fixture struct {
	session *engine.Session
	uri     string
	src     string
	cursor  int
}

const cursorMark = "‸"

// newFixture opens a spec beside plugins; where none is given, beside the http plugin.
func newFixture(t *testing.T, marked string, plugins ...plugin.Plugin) *fixture {
	t.Helper()
	if len(plugins) == 0 {
		plugins = []plugin.Plugin{httpplugin.New()}
	}
	registry := plugin.NewRegistry()
	for _, p := range plugins {
		if err := registry.Register(p); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{session: engine.NewSession(engine.Options{Registry: registry}), uri: "file:///w/users.qube.yaml"}
	f.cursor = strings.Index(marked, cursorMark)
	f.src = strings.ReplaceAll(marked, cursorMark, "")
	f.session.Open(f.uri, "qube", 1, f.src)
	return f
}

func (f *fixture) complete() []ide.CompletionItem {
	return ide.Completion(context.Background(), f.session.Snapshot(), f.uri, f.cursor).Items
}

func (f *fixture) item(t *testing.T, label string) ide.CompletionItem {
	t.Helper()
	items := f.complete()
	i := slices.IndexFunc(items, func(i ide.CompletionItem) bool { return i.Label == label })
	if i < 0 {
		t.Fatalf("%q is not offered; offered are %q", label, labels(items))
	}
	return items[i]
}

func labels(items []ide.CompletionItem) []string {
	var out []string
	for _, i := range items {
		out = append(out, i.Label)
	}
	return out
}

// expand is an LSP snippet with its places filled in as they are at first, and the numbers of the places in the order in which
// they first come.
func expand(t *testing.T, snippet string) (filled string, stops []string) {
	t.Helper()
	var b strings.Builder
	texts := map[string]string{}
	for i := 0; i < len(snippet); {
		m := snippetPlace.FindStringSubmatch(snippet[i:])
		switch {
		case snippet[i] == '\\' && i+1 < len(snippet):
			b.WriteByte(snippet[i+1])
			i += 2
			continue
		case snippet[i] != '$':
			b.WriteByte(snippet[i])
			i++
			continue
		case m == nil:
			t.Fatalf("no editor reads %q of the snippet %q", snippet[i:], snippet)
		}
		i += len(m[0])
		number := m[1] + m[2]
		text := snippetEscape.ReplaceAllString(m[3], "$1")
		if m[4] != "" {
			text = snippetEscape.ReplaceAllString(firstChoice.FindString(m[4]), "$1")
		}
		if _, again := texts[number]; !again {
			texts[number] = text
			if number != "0" {
				stops = append(stops, number)
			}
		} else if text != "" {
			t.Errorf("the place %s of the snippet %q says twice what stands there", number, snippet)
		}
		b.WriteString(texts[number])
	}
	return b.String(), stops
}

var (
	snippetPlace  = regexp.MustCompile(`^\$(?:(\d+)|\{(\d+)(?::((?:[^\\}$]|\\.)*)|\|((?:[^\\|]|\\.)*)\|)?\})`)
	snippetEscape = regexp.MustCompile(`\\(.)`)
	firstChoice   = regexp.MustCompile(`^(?:[^\\,]|\\.)*`)
)

// accept is the text after accepting an item, with the snippet's places filled in.
func (f *fixture) accept(t *testing.T, item ide.CompletionItem) string {
	t.Helper()
	written := item.Edit.New
	if item.Snippet {
		written, _ = expand(t, written)
		// An editor indents the lines of a snippet like the line that it is inserted into.
		line := f.src[strings.LastIndex(f.src[:item.Edit.Span.Start], "\n")+1:]
		own := line[:len(line)-len(strings.TrimLeft(line, " "))]
		written = strings.ReplaceAll(written, "\n", "\n"+own)
	}
	return f.src[:item.Edit.Span.Start] + written + f.src[item.Edit.Span.End:]
}

// record stores a result of the test with an id, as a run would.
func (f *fixture) record(t *testing.T, id string, change func(*engine.TestResult)) {
	t.Helper()
	for _, sp := range f.session.Snapshot().Document(f.uri).Spec().Specs {
		for _, test := range sp.Tests.All() {
			if test.ID != id {
				continue
			}
			r := &engine.TestResult{
				Key: engine.TestKey{URI: f.uri, ID: id}, RunID: "1", Row: -1, Hash: test.Hash(), RequestHash: test.RequestHash(),
				Status: engine.StatusPassed, Protocol: "http",
			}
			change(r)
			f.session.Record(r)
			return
		}
	}
	t.Fatalf("no test %q", id)
}

func (f *fixture) edit(e text.Edit) {
	f.src = f.src[:e.Span.Start] + e.New + f.src[e.Span.End:]
	doc := f.session.Snapshot().Document(f.uri)
	start, end := doc.Text.Position(e.Span.Start, text.UTF8), doc.Text.Position(e.Span.End, text.UTF8)
	f.session.Change(f.uri, doc.Version+1, text.UTF8, []engine.Change{{Start: start, End: end, Text: e.New}})
}
