package ide

import (
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// asksForValue reports whether a key that was just accepted should open the list of its values: where a value on the same
// line must follow and nothing stands for it yet. Where a map may follow, the next key may be Enter, which would accept of
// the list.
func asksForValue(spec schema.FieldSpec, written string) bool {
	switch spec.Type {
	case schema.TypeObject, schema.TypeMap, schema.TypeArray:
		// The next line is begun already.
		return strings.Contains(written, "\n") && (strings.HasSuffix(written, "${1}") || strings.HasSuffix(written, "$1"))
	case schema.TypeString, schema.TypeNumber, schema.TypeBool:
		return strings.HasSuffix(strings.TrimSuffix(strings.TrimSuffix(written, "${1}"), "$1"), ": ")
	}
	return false
}

// snippet is what to insert behind a key: what the language says, with names that exist here in place of its examples, and
// with words of the protocol at hand where it has some.
func (c *completer) snippet(f schema.Field) string {
	switch {
	case f.Plugin != "" && f.Spec.Type == schema.TypeAny && f.Snippet == "":
		return "$0" // a map below or a text behind: who accepts it says which with the next key
	case f.Plugin != "":
		return f.Snippet
	case f.Spec.Format == schema.FormatTarget:
		return " " + choice(1, c.targetNames(), c.exampleURL())
	case f.Spec.Items != nil && f.Spec.Items.Format == schema.FormatAlias:
		return "\n  - " + choice(1, c.aliasNames(), "")
	}
	if own, ok := c.protocolSnippet(f); ok {
		return own
	}
	return f.Snippet
}

// protocolSnippet is the snippet of a key whose values are words of a protocol; ok is false for all other keys.
func (c *completer) protocolSnippet(f schema.Field) (snippet string, ok bool) {
	p := c.plugin()
	switch string(f.Level) + "." + f.Name {
	case "test.method":
		return " " + choice(1, c.methodNames(), ""), true
	case "test.resource":
		if p == nil || takesResource(p) {
			return f.Snippet, true
		}
		return " ${1}", true
	case "test.expect", "retry.until":
		return expectation(p, "").fill().snippet, true
	case "expect.status":
		if p != nil && len(p.Statuses) > 0 {
			return " " + schema.SnippetStop(1, statusText(p.Statuses[0].Name, c.writing())), true
		}
		return " ${1}", true
	case "expect.events":
		return "\n  - kind: " + choice(1, c.eventNames(), ""), true
	case "expect-event.kind":
		return " " + choice(1, c.eventNames(), ""), true
	}
	return "", false
}

// choice is a tab stop with one of some texts, or with a text of its own where there are none.
func choice(stop int, texts []string, without string) string {
	if len(texts) == 0 && without != "" {
		texts = []string{without}
	}
	return schema.SnippetStop(stop, texts...)
}

// targetNames are the names of `targets` that this file can use.
func (c *completer) targetNames() []string {
	names := link.AliasNames(c.snap, c.doc.URI, c.scope.spec)
	return names[:min(len(names), mostOffered)]
}

// aliasNames are the names of the tests that the test in scope can depend on.
func (c *completer) aliasNames() []string {
	var list []string
	names, _ := c.scope.names(c.snap, c.doc, "", true)
	for _, n := range names {
		list = append(list, n.name)
	}
	return list
}

// methodNames are the methods of the plugin at hand.
func (c *completer) methodNames() []string {
	if p := c.plugin(); p != nil {
		return methodsOf(p)
	}
	return nil
}

func methodsOf(p *schema.PluginSchema) []string {
	var list []string
	for _, m := range p.Methods {
		list = append(list, m.Name)
	}
	return list
}

// eventNames are the kinds of events of the plugin at hand.
func (c *completer) eventNames() []string {
	if p := c.plugin(); p != nil {
		return sortedKeys(p.Events)
	}
	return nil
}

// plugin describes the plugin that serves the protocol at hand; nil where there is none.
func (c *completer) plugin() *schema.PluginSchema {
	if c.protocol != "" {
		return c.snap.Fields().Plugin(c.protocol)
	}
	return c.firstPlugin()
}

// firstPlugin describes the plugin of tests whose target nobody knows yet: that of the first of the project's targets, else the
// one that was installed first; nil where there is none.
func (c *completer) firstPlugin() *schema.PluginSchema {
	if c.first != nil {
		return *c.first
	}
	var p *schema.PluginSchema
	for _, name := range c.targetNames() {
		if p = c.snap.Fields().Plugin(link.Resolve(c.snap, c.doc.URI, c.scope.spec, name).Protocol); p != nil {
			break
		}
	}
	if all := c.snap.Plugins(); p == nil && len(all) > 0 {
		p = &all[0]
	}
	c.first = &p
	return p
}

// exampleURL is a URL of this machine with a protocol that is installed.
func (c *completer) exampleURL() string {
	scheme := string(c.protocol)
	if p := c.plugin(); scheme == "" && p != nil && len(p.Protocols) > 0 {
		scheme = string(p.Protocols[0])
	}
	if scheme == "" {
		return ""
	}
	return scheme + "://" + exampleHost
}

// exampleHost is where a service of one's own listens, as a rule.
const exampleHost = "127.0.0.1:8080"

// mapBelow offers a map in the lines below the key, where a value may be a map or text: accepting it is what Enter does
// where no list is open.
func (c *completer) mapBelow() {
	if c.at.Flow || c.at.Kind != syntax.ContextValue || c.at.Prefix != "" || c.at.Quote != 0 {
		return
	}
	indent := strings.Repeat(" ", c.at.Indent) + "  "
	item := CompletionItem{
		Label: "a map below", Kind: ItemSnippet, Filter: "a map below", Snippet: true, Plain: "\n" + indent,
		Edit: text.Edit{Span: c.at.Replace, New: "\n" + c.lineIndent(indent) + "$0"},
	}
	if before := (text.Span{Start: c.at.Replace.Start - 1, End: c.at.Replace.Start}); before.Start >= 0 && c.doc.Text.Slice(before) == " " {
		item.Additional = []text.Edit{{Span: before}} // the blank behind the colon
	}
	c.add(item)
}

// row offers a row of a matrix with the keys of the rows above.
func (c *completer) row(keys []string) {
	indent := strings.Repeat(" ", c.at.Indent)
	var plain, snippet []string
	for i, key := range keys {
		as := write.Key(key, c.writing())
		plain = append(plain, as+": ")
		snippet = append(snippet, escapeSnippet(as)+": ${"+strconv.Itoa(i+1)+"}")
	}
	between, inSnippet := "\n"+indent, "\n"+c.lineIndent(indent)
	if c.at.Flow {
		between, inSnippet = ", ", ", "
	}
	c.add(CompletionItem{
		Label: strings.Join(keys, ", "), Kind: ItemSnippet, Detail: "a row like those above", Filter: keys[0], Snippet: true,
		Plain: c.spaced(strings.Join(plain, between)),
		Edit:  text.Edit{Span: c.at.Replace, New: c.spaced(strings.Join(snippet, inSnippet))},
	})
}
