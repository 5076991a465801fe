package ide

import (
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
)

// responseKeys are what a test that ran offers to others.
var responseKeys = []struct {
	name, doc string
	// holds says that what is wanted stands below, as a rule.
	holds bool
}{
	{"body", "The body of the response: parsed where it is JSON, else text.", true},
	{"status", "The status of the response.", false},
	{"headers", "The headers of the response; names without regard to case.", true},
	{"metadata", "What the plugin tells beside: protocol, address, timings.", true},
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
	span := t.replace
	// The separator may be there already: in the middle of a path only the word is replaced.
	rest := t.doc.Text.Slice(text.Span{Start: span.End, End: lineEnd(t.doc.Text, span.End)})
	if strings.HasPrefix(item.Plain, "[") {
		span, item.Filter = t.bracketSpan(rest), t.bracketFilter(item.Label)
		rest = strings.TrimPrefix(rest, "]")
	}
	switch {
	case strings.HasPrefix(rest, "."), strings.HasPrefix(rest, "["):
		if strings.Contains(item.Plain, "('") {
			return // the call has no place before a path
		}
		item.Plain, item.Retrigger = strings.TrimSuffix(item.Plain, "."), false
	case strings.HasPrefix(rest, "("):
		item.Plain, _, _ = strings.Cut(item.Plain, "(")
		item.Plain, item.Retrigger = strings.TrimSuffix(item.Plain, "."), false
	}
	if c := t.closing(); c != "" && !item.Retrigger {
		item.Plain += c
	}
	if t.at.Quote != 0 {
		item.Plain = write.Text(item.Plain, t.writing())
	}
	item.Edit = text.Edit{Span: span, New: item.Plain}
	t.add(item)
}

// bracketSpan is what a segment in brackets replaces: the dot before it too, and the bracket behind it.
func (t *templateCompleter) bracketSpan(rest string) text.Span {
	span := t.replace
	if t.behindDot() {
		span.Start--
	}
	if strings.HasPrefix(rest, "]") {
		span.End++
	}
	return span
}

// bracketFilter is what is typed of a segment in brackets: its dot too, where one is.
func (t *templateCompleter) bracketFilter(label string) string {
	if t.behindDot() {
		return "." + label
	}
	return label
}

func (t *templateCompleter) behindDot() bool {
	start := t.replace.Start
	return start > 0 && t.doc.Text.Slice(text.Span{Start: start - 1, End: start}) == "."
}

// inBracket reports whether a segment in brackets is being typed, where no name has a place.
func (t *templateCompleter) inBracket() bool { return strings.HasPrefix(t.cursor.Prefix, "[") }

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
	if (len(segments) > 0 || t.cursor.Root.Kind == template.Name) && !t.inBracket() {
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
					item := CompletionItem{Label: k.name, Kind: ItemKey, Doc: k.doc}
					if k.holds {
						item.Plain, item.Retrigger = k.name+".", true
					}
					t.offer(item)
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
	all := writtenFields(giver)
	offer := func(label, plain string) {
		if !slices.ContainsFunc(t.items, func(i CompletionItem) bool { return i.Label == label }) {
			t.offer(CompletionItem{Label: label, Plain: plain, Kind: ItemKey, Detail: "of the body", Description: "as its test says"})
		}
	}
	for _, s := range below(all, at) {
		label, plain := t.segment(s)
		if t.inBracket() && !strings.HasPrefix(label, "[") {
			continue
		}
		offer(label, plain)
		here := append(at[:len(at):len(at)], s)
		for _, first := range below(all, here) {
			if first.Kind != path.Index {
				continue
			}
			offer(label+"[0]", plain+"[0]")
			for _, inner := range below(all, append(here[:len(here):len(here)], first)) {
				l, p := t.segment(inner)
				offer(joined(label+"[0]", l), joined(plain+"[0]", p))
			}
		}
	}
}

// segment is a segment of a path as it is shown, and as it is written at the cursor.
func (t *templateCompleter) segment(s path.Segment) (label, plain string) {
	if s.Kind == path.Index {
		label = "[" + s.Text + "]"
		return label, label
	}
	label = segmentText(s.Text)
	if label != s.Text && t.at.Quote == '"' && !strings.ContainsAny(s.Text, `'"\`) {
		return label, "['" + s.Text + "']"
	}
	return label, label
}

// joined is a path with one more segment.
func joined(to, segment string) string {
	if strings.HasPrefix(segment, "[") {
		return to + segment
	}
	return to + "." + segment
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

// mostElements is how many elements of a list are offered by their index, and mostInner how many fields of the first one.
const (
	mostElements = 5
	mostInner    = 20
)

// keysOf offers the keys of a recorded value at a path; of those with a list, its first element and the fields in it too.
func (t *templateCompleter) keysOf(root any, at []path.Segment) {
	v, ok := walkSegments(root, at)
	if !ok {
		return
	}
	offer := func(label, plain string, v any) {
		t.offer(CompletionItem{Label: label, Plain: plain, Kind: ItemKey, Detail: value.Brief(v, 40), Description: "last response"})
	}
	if items, isList := value.Items(v); isList {
		for i := range min(len(items), mostElements) {
			label, plain := t.segment(path.Segment{Kind: path.Index, Text: strconv.Itoa(i)})
			offer(label, plain, items[i])
		}
		if !t.inBracket() {
			t.offer(CompletionItem{Label: "length", Kind: ItemKey, Detail: "how many there are"})
		}
		return
	}
	entries, _ := value.Entries(v)
	for _, k := range sortedKeys(entries) {
		label, plain := t.segment(path.Segment{Text: k})
		if t.inBracket() && !strings.HasPrefix(label, "[") {
			continue
		}
		offer(label, plain, entries[k])
		items, _ := value.Items(entries[k])
		if len(items) == 0 {
			continue
		}
		offer(label+"[0]", plain+"[0]", items[0])
		fields, _ := value.Entries(items[0])
		for i, f := range sortedKeys(fields) {
			if i == mostInner {
				break
			}
			l, p := t.segment(path.Segment{Text: f})
			offer(joined(label+"[0]", l), joined(plain+"[0]", p), fields[f])
		}
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
