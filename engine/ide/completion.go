package ide

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// Completion offers what may stand at the cursor: keys, values, and what a template can refer to.
func Completion(ctx context.Context, snap *engine.Snapshot, uri string, offset int) CompletionList {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind == engine.KindOther || ctx.Err() != nil {
		return CompletionList{}
	}
	c := completer{snap: snap, doc: doc, at: doc.Tree().ContextAt(offset), offset: offset}
	c.enter()
	c.complete()
	c.keepTyped()
	return CompletionList{Items: c.items, Incomplete: c.incomplete}
}

// completer gathers the items for one cursor.
type completer struct {
	snap   *engine.Snapshot
	doc    *engine.Document
	at     syntax.Context
	offset int

	// scope is the test and document around the cursor, protocol the one that serves the test.
	scope    scope
	protocol schema.Protocol
	place    place
	items    []CompletionItem
	// incomplete says that there is more to offer than the items, once more is typed.
	incomplete bool
	// free says that other values than the items may stand at the cursor.
	free bool
	// first is the plugin of tests whose target nobody knows yet, once somebody asked.
	first **schema.PluginSchema
	// inShort says that the cursor is in the text of a test in one line, or in the key of a compact one.
	inShort bool
}

// enter finds out where the cursor is.
func (c *completer) enter() {
	root := schema.LevelFile
	if c.doc.Kind == engine.KindConfig {
		root = schema.LevelConfig
	}
	// A byte order mark is no part of the first word.
	if mark := len("\ufeff"); c.at.Replace.Start == 0 && c.at.Replace.End >= mark && c.doc.Text.Slice(text.Span{End: mark}) == "\ufeff" {
		c.at.Replace.Start = mark
		c.at.Prefix = strings.TrimPrefix(c.at.Prefix, "\ufeff")
	}
	c.scope = scopeAt(c.snap, c.doc, c.at.Doc, c.offset)
	c.protocol = c.scope.protocol
	c.place = placeAt(c.snap, root, c.protocol, c.at.Path)
}

func (c *completer) complete() {
	switch {
	case c.at.Kind == syntax.ContextComment || c.at.Kind == syntax.ContextNone:
		return
	case c.anchors():
		return
	case c.short():
		return
	}
	switch c.at.Kind {
	case syntax.ContextKey:
		switch {
		case !c.at.Flow && c.place.level == schema.LevelFile && c.place.spec.Type == schema.TypeArray:
			c.newTest()
		case !c.at.Flow && len(c.at.Path) == 0 && (!c.beside(c.root()) || c.within()):
		default:
			c.keys()
			c.wholeFiles()
		}
	case syntax.ContextItem:
		c.listItem()
	case syntax.ContextValue:
		if !c.templates() {
			c.values()
		}
	}
}

// add appends an item; the place in the list is its order.
func (c *completer) add(item CompletionItem) {
	item.Sort = fmt.Sprintf("%04d", len(c.items))
	if item.Plain == "" {
		item.Plain = item.Label
	}
	c.items = append(c.items, item)
}

// keys offers the keys that the enclosing map does not have yet.
func (c *completer) keys() {
	if c.templates() {
		return
	}
	switch {
	case c.place.expect == expectPaths:
		c.learnedPaths()
	case c.place.expect == expectMatcher:
		c.matcherKeys()
	case c.place.row && c.place.level == "" && c.place.spec.Type == schema.TypeObject:
		c.rowKeys()
	case c.place.isSave():
		c.saveNames()
	case c.place.level != "" && c.place.known:
		for _, f := range c.ranked(c.snap.Fields().At(c.place.level, c.protocol)) {
			c.key(f.Name, f.Spec, f.Doc, c.snippet(f), f.Plugin, f.Version)
		}
	case c.place.known:
		for _, name := range sortedKeys(c.place.spec.Fields) {
			spec := c.place.spec.Fields[name]
			c.key(name, spec, foreignMarkdown(spec.Description), "", c.place.field.Plugin, c.place.field.Version)
		}
		c.freeKeys()
	}
}

// key offers one key, unless the map has it already; it reports whether it did. The snippet is what follows it.
func (c *completer) key(name string, spec schema.FieldSpec, doc, snippet, plugin, version string) bool {
	if slices.Contains(c.at.Siblings, name) && name != c.at.Prefix || !write.Fits(name, c.writing()) {
		return false
	}
	item := CompletionItem{
		Label: name, Kind: ItemKey, Detail: detail(spec), Doc: doc, Filter: name,
		Deprecated: spec.Deprecated != "",
	}
	if plugin != "" {
		item.Description = strings.TrimSpace(plugin + " " + version)
	}
	as := write.Key(name, c.writing())
	if c.keyFollows() {
		// The key has its colon already: only the word is replaced.
		item.Plain = c.spaced(as)
		item.Edit = text.Edit{Span: c.at.Replace, New: item.Plain}
		c.add(item)
		return true
	}
	span := c.at.Replace
	if c.at.Quote != 0 {
		as += string(c.at.Quote)
		if c.closingQuote() {
			span.End++
		}
	}
	item.Plain = c.spaced(as + ": ")
	plain, isSnippet := c.keyText(as, snippet)
	item.Edit = text.Edit{Span: span, New: c.spaced(plain)}
	item.Snippet = isSnippet
	item.Retrigger = asksForValue(spec, plain)
	c.add(item)
	return true
}

// spaced is what to insert with the blank that has to stand between it and the dash or colon right before the cursor.
func (c *completer) spaced(s string) string {
	if c.at.NeedsSpace {
		return " " + s
	}
	return s
}

// keyFollows reports whether the word at the cursor is a key with its colon already.
func (c *completer) keyFollows() bool {
	line := c.doc.Text.LineSpan(c.doc.Text.LineAt(c.at.Replace.End))
	rest := c.doc.Text.Slice(text.Span{Start: c.at.Replace.End, End: line.End})
	if c.closingQuote() {
		rest = rest[1:]
	}
	return strings.HasPrefix(strings.TrimLeft(rest, " \t"), ":")
}

// closingQuote reports whether the quote that the word at the cursor began with is closed right behind the word.
func (c *completer) closingQuote() bool {
	end := c.at.Replace.End
	return c.at.Quote != 0 && end < c.doc.Text.Len() && c.doc.Text.Slice(text.Span{Start: end, End: end + 1}) == string(c.at.Quote)
}

// quoteOpen reports whether the quote that the value at the cursor began with is closed nowhere.
func (c *completer) quoteOpen() bool {
	if c.at.Quote == 0 || c.at.Kind != syntax.ContextValue && c.at.Kind != syntax.ContextItem || c.closingQuote() {
		return false
	}
	line := c.doc.Text.LineSpan(c.doc.Text.LineAt(c.offset))
	if c.at.ScalarStart < line.Start {
		return false // a text in several lines
	}
	// It may go on in further lines, where the file has no faults; where it has, it is being typed.
	path := c.doc.Tree().NodeAt(c.offset)
	goesOn := len(path) > 0 && path[len(path)-1].Span().End > line.End && len(c.doc.Tree().Findings()) == 0
	return !goesOn
}

// keyText is what to insert for a key: in a flow map its nested form does not fit, so there it is the name and colon.
func (c *completer) keyText(name, snippet string) (string, bool) {
	if snippet == "" {
		return name + ": ", false
	}
	if c.at.Flow && strings.Contains(snippet, "\n") {
		return name + ": {$1}", true
	}
	indent := strings.Repeat(" ", c.at.Indent)
	return escapeSnippet(name) + ":" + strings.ReplaceAll(snippet, "\n", "\n"+c.lineIndent(indent)), true
}

// lineIndent is what the lines of a snippet must begin with beyond what the editor adds by itself: editors repeat the
// indentation of the line where the snippet begins, which is less than the key's where the line begins with "- ".
func (c *completer) lineIndent(indent string) string {
	t := c.doc.Text
	line := t.LineSpan(t.LineAt(c.at.Replace.Start))
	src := t.Slice(line)
	own := len(src) - len(strings.TrimLeft(src, " "))
	return strings.Repeat(" ", max(0, len(indent)-own))
}

// detail is a field's type and default in a few words.
func detail(s schema.FieldSpec) string {
	parts := []string{string(s.Type)}
	if s.Format != "" {
		parts[0] = s.Format
	}
	if s.Required {
		parts = append(parts, "required")
	}
	if s.Default != nil {
		parts = append(parts, "default "+compact(s.Default))
	}
	return strings.Join(parts, ", ")
}

// listItem offers what may begin an item of a list.
func (c *completer) listItem() {
	if c.oneLine() {
		return
	}
	var others func()
	if c.place.level == schema.LevelTest && c.place.test {
		p, hasTarget := c.served()
		first, more := c.drafts(p)
		c.wholeTests(p, hasTarget, first)
		others = func() { c.wholeTests(p, hasTarget, more) }
	}
	if c.place.level != "" {
		c.keys()
		c.shortMethods()
		if others != nil {
			others()
		}
		return
	}
	c.values()
}

// newTest offers a test, its dash included, where one may begin: at the column of the others.
func (c *completer) newTest() {
	if !c.beside(c.doc.Tree().Lookup(c.at.Doc, c.at.Path)) {
		return
	}
	c.place = c.place.element()
	c.at.Siblings = nil
	c.at.Indent += 2
	c.listItem()
	for i := range c.items {
		c.items[i].Plain = "- " + c.items[i].Plain
		c.items[i].Edit.New = "- " + c.items[i].Edit.New
	}
}

// root is the document's root.
func (c *completer) root() syntax.Node {
	if docs := c.doc.Tree().Documents(); c.at.Doc < len(docs) {
		return docs[c.at.Doc].Root
	}
	return syntax.Node{}
}

// beside reports whether the cursor's column is that of the entries or items of a block collection; it is where there are
// none yet.
func (c *completer) beside(n syntax.Node) bool {
	if n.IsZero() || n.Style() != syntax.Block || n.Kind() != syntax.Mapping && n.Kind() != syntax.Sequence {
		return true
	}
	start := n.FullSpan().Start
	line := c.doc.Text.LineSpan(c.doc.Text.LineAt(start))
	before := c.doc.Text.Slice(text.Span{Start: line.Start, End: start})
	return len(strings.TrimPrefix(before, "\ufeff")) == c.at.Indent
}

// within reports whether the cursor is on a line of its own among the items of a list: a key there would end the list.
func (c *completer) within() bool {
	if strings.TrimSpace(c.doc.Text.Line(c.doc.Text.LineAt(c.offset))) != "" && c.at.Prefix == "" {
		return false
	}
	for _, e := range c.root().Entries() {
		if v := e.Value.Span(); e.Value.Kind() == syntax.Sequence && v.Start < c.offset && c.offset < v.End {
			return true
		}
	}
	return false
}

// oneLine offers what a template in a test of one line can refer to; it reports whether the cursor is in one.
func (c *completer) oneLine() bool {
	if !strings.Contains(c.at.Prefix, "{{") {
		return false
	}
	rest := c.doc.Text.Slice(text.Span{Start: c.offset, End: lineEnd(c.doc.Text, c.offset)})
	c.at.Scalar, c.at.ScalarCursor = c.at.Prefix+rest, len(c.at.Prefix)
	c.at.ScalarStart = c.offset - len(c.at.Prefix)
	return c.templates()
}

// values offers what may be the value of the key at the cursor.
func (c *completer) values() {
	c.free = true
	switch {
	case c.place.expect != notExpecting:
		c.expectations()
	case c.place.row && len(c.at.Path) > 1 && c.at.Path[len(c.at.Path)-2].Index >= 0:
		c.rowValues()
	case !c.place.known:
	case c.place.level == schema.LevelTest && c.place.test:
		c.testsInBrackets()
		c.shortMethods()
	case c.place.field.Name == "method" && c.place.test:
		c.methods()
	case c.place.field.Name == "resource" && c.place.test:
		c.seenPaths()
	case c.place.field.Name == "kind" && c.place.field.Level == schema.LevelExpectEvent:
		c.eventKinds()
	case c.place.field.Name == "tags" && c.place.field.Level == schema.LevelTest:
		c.tags()
	case c.place.isThresholds():
		c.thresholdValues()
	case c.place.field.Level == schema.LevelLoadScenario && c.place.field.Name == "tests":
		for _, alias := range c.ownAliases() {
			c.value(CompletionItem{Label: alias, Kind: ItemVariable, Detail: "test"})
		}
	case c.place.field.Name == "headers" && c.place.spec.Type == schema.TypeString:
		c.headerValues()
	default:
		c.specValues(c.place.spec)
	}
}

func (c *completer) methods() {
	c.free = false
	p := c.plugin()
	if p == nil {
		return
	}
	for _, m := range p.Methods {
		c.value(CompletionItem{Label: m.Name, Kind: ItemEnum, Doc: foreignMarkdown(m.Description), Description: p.Name})
	}
}

// specValues offers what a field's description says about its values.
func (c *completer) specValues(s schema.FieldSpec) {
	c.free = len(s.Enum) == 0 && s.Type != schema.TypeBool
	seen := map[string]bool{}
	offer := func(v any, kind ItemKind, detail, doc string) {
		label := scalarText(v)
		if label == "" || seen[label] {
			return
		}
		seen[label] = true
		if as, ok := write.Scalar(v, c.writing()); ok {
			c.written(CompletionItem{Label: label, Kind: kind, Detail: detail, Doc: doc}, as)
		}
	}
	if s.Type == schema.TypeAny {
		c.mapBelow()
		c.mapInBraces()
	}
	for i, v := range s.Enum {
		doc := ""
		if i < len(s.EnumDescriptions) {
			doc = foreignMarkdown(s.EnumDescriptions[i])
		}
		offer(v, ItemEnum, "", doc)
	}
	if s.Type == schema.TypeBool {
		offer(true, ItemEnum, "", "")
		offer(false, ItemEnum, "", "")
	}
	c.formatValues(s.Format)
	if s.Default != nil {
		offer(s.Default, ItemValue, "default", "")
	}
	if s.Format == schema.FormatTarget || s.Format == schema.FormatAlias {
		return // what an example of a name names is not there
	}
	for _, v := range s.Examples {
		offer(v, ItemValue, "example", "")
	}
}

// mapInBraces offers a map where a value within brackets may be one or text.
func (c *completer) mapInBraces() {
	if !c.at.Flow || c.at.Kind != syntax.ContextValue || c.at.Prefix != "" || c.at.Quote != 0 {
		return
	}
	c.add(CompletionItem{
		Label: "a map", Kind: ItemSnippet, Filter: "a map", Snippet: true, Plain: c.spaced("{}"),
		Edit: text.Edit{Span: c.at.Replace, New: c.spaced("{ $0 \\}")},
	})
}

// value offers a scalar: the text goes in as it must be written at this place.
func (c *completer) value(item CompletionItem) {
	written := item.Label
	if item.Plain != "" {
		written = item.Plain
	}
	if write.Fits(written, c.writing()) {
		c.written(item, write.Text(written, c.writing()))
	}
}

// writing is the cursor's place as the writer has to know it.
func (c *completer) writing() write.Place { return write.Place{Flow: c.at.Flow, Quote: c.at.Quote} }

// written offers a value that is written already as the place wants it. It closes the quote that the place began.
func (c *completer) written(item CompletionItem, as string) {
	if c.quoteOpen() && !strings.HasSuffix(as, " ") { // behind a blank more is to come
		as += string(c.at.Quote)
	}
	item.Plain = c.spaced(as)
	item.Edit = text.Edit{Span: c.at.Replace, New: item.Plain}
	item.Filter = cmp.Or(item.Filter, item.Label)
	c.add(item)
}

// templates offers what a template can refer to; it reports whether the cursor is in one.
func (c *completer) templates() bool {
	if !strings.Contains(c.at.Scalar, "{{") {
		return false
	}
	cursor := template.Parse(c.at.Scalar).At(c.at.ScalarCursor)
	if cursor.Expr == nil {
		return false
	}
	c.templateItems(cursor)
	return true
}
