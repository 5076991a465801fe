package ide

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
)

// responseKeys are what a test that ran offers to others.
var responseKeys = []struct{ name, doc string }{
	{"status", "The status of the response."},
	{"headers", "The headers of the response; names without regard to case."},
	{"body", "The body of the response: parsed where it is JSON, else text."},
	{"metadata", "What the plugin tells beside: protocol, address, timings."},
}

// templateItems offers what can stand at a cursor inside `{{ … }}`.
func (c *completer) templateItems(cursor template.Cursor) {
	t := templateCompleter{completer: c, cursor: cursor, replace: c.scalarSpan(cursor.Replace)}
	switch cursor.Kind {
	case template.CursorRoot:
		t.roots()
	case template.CursorPath:
		t.paths()
	case template.CursorMethod:
		t.methods()
	case template.CursorArgument:
		t.arguments()
	}
}

type templateCompleter struct {
	*completer
	cursor  template.Cursor
	replace text.Span
}

// scalarSpan turns a span of the scalar at the cursor into one of the document. The scalar's text up to the cursor is as
// written, so that offsets near the cursor count from it.
func (c *completer) scalarSpan(s template.Span) text.Span {
	return text.Span{Start: c.at.ScalarStart + s.Start, End: c.at.ScalarStart + s.End}
}

func (t *templateCompleter) offer(item CompletionItem) {
	if item.Plain == "" {
		item.Plain = item.Label
	}
	item.Filter = item.Label
	// The separator may be there already: in the middle of a path only the word is replaced.
	rest := t.doc.Text.Slice(text.Span{Start: t.replace.End, End: lineEnd(t.doc.Text, t.replace.End)})
	switch {
	case strings.HasPrefix(rest, "."), strings.HasPrefix(rest, "["):
		item.Plain, item.Retrigger = strings.TrimSuffix(item.Plain, "."), false
	case strings.HasPrefix(rest, "("):
		item.Plain, _, _ = strings.Cut(item.Plain, "(")
	}
	if c := t.closing(); c != "" && !item.Retrigger {
		item.Plain += c
	}
	item.Edit = text.Edit{Span: t.replace, New: item.Plain}
	t.add(item)
}

// closing is what closes the template behind a finished item, where nothing does yet.
func (t *templateCompleter) closing() string {
	if t.cursor.Expr.Closed {
		return ""
	}
	rest := t.at.Scalar[min(t.at.ScalarCursor, len(t.at.Scalar)):]
	if strings.HasPrefix(strings.TrimLeft(rest, " "), "}") {
		return ""
	}
	return " }}"
}

func (t *templateCompleter) roots() {
	for _, key := range t.scope.matrixKeys() {
		t.offer(CompletionItem{Label: key, Kind: ItemVariable, Detail: "matrix"})
	}
	names, more := t.scope.names(t.snap, t.doc, t.doc.Text.Slice(text.Span{Start: t.replace.Start, End: t.offset}), false)
	t.incomplete = t.incomplete || more
	for _, n := range names {
		item := CompletionItem{Label: n.name, Kind: ItemVariable, Detail: n.detail, Doc: n.doc, Description: n.file}
		if n.alias {
			item.Plain, item.Retrigger = n.name+".", true
		}
		t.offer(item)
	}
	for _, r := range template.Roots {
		if r.Kind == template.Name || r.Kind == template.Matrix && len(t.scope.matrixKeys()) == 0 || r.Kind == template.Prev && !t.scope.scenario() {
			continue
		}
		plain := r.Name + "."
		if r.Kind == template.Regex {
			plain = "regex('"
		}
		t.offer(CompletionItem{Label: r.Name, Plain: plain, Kind: ItemFunction, Detail: r.Signature, Doc: r.Doc + "\n\n" + fence("", r.Example), Retrigger: true})
	}
}

func (t *templateCompleter) paths() {
	segments := t.cursor.Path.Segments
	switch t.cursor.Root.Kind {
	case template.Fake:
		if len(segments) == 0 {
			t.generators()
			return
		}
	case template.Env:
		if len(segments) == 0 {
			t.envNames()
			return
		}
	case template.Matrix:
		if len(segments) == 0 {
			for _, key := range t.scope.matrixKeys() {
				t.offer(CompletionItem{Label: key, Kind: ItemVariable, Detail: "matrix"})
			}
		}
	case template.Name, template.Prev:
		t.learned(segments)
	}
	if len(segments) > 0 || t.cursor.Root.Kind == template.Name {
		t.methods()
	}
}

func (t *templateCompleter) generators() {
	for _, g := range template.Generators {
		item := CompletionItem{Label: g.Name, Kind: ItemFunction, Detail: g.Signature, Doc: g.Doc + "\n\n" + fence("", g.Example)}
		for _, p := range g.Params {
			if !p.Optional {
				item.Plain, item.Retrigger = g.Name+".", true
			}
		}
		t.offer(item)
	}
}

// envNames offers the names of the environment; their values are shown nowhere.
func (t *templateCompleter) envNames() {
	vars := t.variables()
	for _, name := range sortedKeys(vars) {
		t.offer(CompletionItem{Label: name, Kind: ItemVariable, Detail: vars[name]})
	}
}

// learned offers what follows an alias, a saved value or prev: first what every test has, then what the last response had.
func (t *templateCompleter) learned(segments []path.Segment) {
	result, at, isAlias := t.scope.source(t.snap, t.doc, t.cursor.Root, segments)
	if isAlias {
		switch len(at) {
		case 0:
			t.offer(CompletionItem{Label: "response", Plain: "response.", Kind: ItemKey, Detail: "what came back", Retrigger: true})
			t.offer(CompletionItem{Label: "events", Plain: "events.", Kind: ItemKey, Detail: "what happened on the way", Retrigger: true})
			return
		case 1:
			if at[0].Text == "response" {
				for _, k := range responseKeys {
					t.offer(CompletionItem{Label: k.name, Kind: ItemKey, Doc: k.doc})
				}
				return
			}
		}
	}
	if result != nil {
		t.keysOf(recorded(result, isAlias), at)
	}
	if isAlias && len(at) > 0 && at[0].Text == "response" {
		at = at[1:]
	}
	if len(at) > 0 && at[0].Text == "body" {
		t.writtenBelow(at[1:])
	}
}

// writtenBelow offers what the text of the test behind the template says about its body.
func (t *templateCompleter) writtenBelow(at []path.Segment) {
	giver := t.scope.giver(t.snap, t.doc, t.cursor.Root)
	if giver == nil {
		return
	}
	for _, name := range below(writtenFields(giver), at) {
		label := segmentText(name)
		if !slices.ContainsFunc(t.items, func(i CompletionItem) bool { return i.Label == label }) {
			t.offer(CompletionItem{Label: label, Kind: ItemKey, Detail: "of the body", Description: "as its test says"})
		}
	}
}

// segmentText is a key as a part of a path.
func segmentText(key string) string {
	if strings.ContainsAny(key, ".[]\"\\ ") {
		return path.Quote(key)
	}
	return key
}

// recorded is what a result offers to templates: all of it behind an alias, the response's body where nothing is known.
func recorded(r *engine.TestResult, isAlias bool) any {
	response := map[string]any{}
	if out := r.Output; out != nil {
		headers := map[string]any{}
		for k, v := range out.Headers {
			headers[k] = v
		}
		response = map[string]any{"status": out.Status, "headers": headers, "body": out.Body, "metadata": out.Metadata}
	}
	if !isAlias {
		return response
	}
	events := make([]any, len(r.Events))
	for i, e := range r.Events {
		events[i] = map[string]any{"plugin": e.Plugin, "kind": e.Kind, "data": e.Data}
	}
	return map[string]any{"response": response, "events": events}
}

// keysOf offers the keys of a recorded value at a path.
func (t *templateCompleter) keysOf(root any, at []path.Segment) {
	v, ok := walkSegments(root, at)
	if !ok {
		return
	}
	if items, isList := value.Items(v); isList {
		for i := range min(len(items), 5) {
			t.offer(CompletionItem{Label: scalarText(i), Kind: ItemKey, Detail: value.Brief(items[i], 40), Description: "last response"})
		}
		t.offer(CompletionItem{Label: "length", Kind: ItemKey, Detail: "how many there are"})
		return
	}
	entries, ok := value.Entries(v)
	if !ok {
		return
	}
	for _, k := range sortedKeys(entries) {
		t.offer(CompletionItem{Label: segmentText(k), Kind: ItemKey, Detail: value.Brief(entries[k], 40), Description: "last response"})
	}
}

func (t *templateCompleter) methods() {
	for _, m := range template.Methods {
		plain := m.Name + "()"
		t.offer(CompletionItem{Label: m.Name, Plain: plain, Kind: ItemFunction, Detail: m.Signature, Doc: m.Doc + "\n\n" + fence("", m.Example)})
	}
}

// arguments tells what an argument is for.
func (t *templateCompleter) arguments() {
	if t.cursor.Call != "date" {
		return
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04:05Z07:00", "02.01.2006", "15:04"} {
		item := CompletionItem{Label: layout, Kind: ItemValue, Detail: "layout"}
		item.Retrigger = true
		t.offer(item)
	}
}
