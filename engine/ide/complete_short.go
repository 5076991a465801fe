package ide

import (
	"regexp"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// shortForm is what was typed of a test in one line, or of the key of a compact one, behind its method.
var shortForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*[ \t]+`)

// shortMethods offers the methods with which a test in one line, or a compact one, may begin.
func (c *completer) shortMethods() {
	p := c.plugin()
	if p == nil || c.place.level != schema.LevelTest || !c.place.test || c.at.Quote != 0 {
		return
	}
	span, tail := c.at.Replace, " /"
	rest := c.doc.Text.Slice(text.Span{Start: c.offset, End: c.at.Replace.End})
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		span.End, tail = c.offset+i, "" // the resource is there
	}
	for _, m := range p.Methods {
		c.add(CompletionItem{
			Label: m.Name, Kind: ItemEnum, Detail: "METHOD RESOURCE -> STATUS", Doc: foreignMarkdown(m.Description), Description: p.Name,
			Plain: c.spaced(m.Name + tail), Edit: text.Edit{Span: span, New: c.spaced(m.Name + tail)}, Filter: m.Name, Retrigger: tail != "",
		})
	}
}

// testsInBrackets offers a test in braces, and one in a line, where tests stand within brackets.
func (c *completer) testsInBrackets() {
	if !c.at.Flow || c.at.Quote != 0 || c.at.Prefix != "" {
		return
	}
	p, hasTarget := c.served()
	if !hasTarget {
		return // nobody knows what they need
	}
	first, _ := c.drafts(p)
	for _, d := range first {
		if !d.oneLine {
			inBraces, ok := testInBraces(p)
			if !ok {
				continue
			}
			d.tests = inBraces
		}
		c.draft(d, d.tests.fill(), func(line string, _ func(int) string) string { return strings.TrimPrefix(line, "- ") })
	}
}

// testInBraces is an example of a test on one line; ok is false where a plugin requires what has no short form.
func testInBraces(p *schema.PluginSchema) (k sketch, ok bool) {
	k.text("{ name: ")
	k.stop("name", "what it shows")
	if p != nil {
		if len(p.Methods) > 0 {
			k.text(", method: ")
			k.stop("method", methodsOf(p)...)
		}
		if takesResource(p) {
			k.text(", resource: ")
			k.stop("resource", "/")
		}
		for _, name := range required(p) {
			values := proposed(p.Fields[name], write.Place{Flow: true})
			if len(values) == 0 {
				return nil, false
			}
			k.text(", " + name + ": ")
			k.stop(name, values...)
		}
	}
	k.text(", expect: { ")
	inBraces := strings.NewReplacer("events:\n    - ", "events: [{ ", "\n  ", "")
	for _, part := range expectation(p, "") {
		part.Text = inBraces.Replace(part.Text)
		k = append(k, part)
	}
	if p != nil && len(p.Statuses) == 0 && len(p.Events) > 0 {
		k.text(" }]")
	}
	k.text(" } }")
	return k, true
}

// short offers the parts of a test in one line, or of the key of a compact one, behind the method; it reports whether the
// cursor is in such a one.
func (c *completer) short() bool {
	if c.place.level != schema.LevelTest || !c.place.test || c.at.Quote != 0 || len(c.at.Path) == 0 || c.at.Path[len(c.at.Path)-1].Index < 0 {
		return false
	}
	method := shortForm.FindString(c.at.Prefix)
	if method == "" || c.oneLine() {
		return method != ""
	}
	c.free = true
	typed, key := c.at.Prefix[len(method):], c.keyFollows()
	if i := strings.LastIndex(typed, "->"); i >= 0 {
		i += len("->")
		i += len(typed[i:]) - len(strings.TrimLeft(typed[i:], " \t"))
		c.narrow(typed[i:], c.at.Replace.End)
		c.statuses()
		return true
	}
	if i := strings.LastIndexAny(typed, " \t"); i >= 0 {
		if !key {
			c.narrow(typed[i+1:], c.at.Replace.End)
			c.arrows()
		}
		return true
	}
	end := c.at.Replace.End
	rest := c.doc.Text.Slice(text.Span{Start: c.offset, End: end})
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		end = c.offset + i
	}
	c.narrow(typed, end)
	c.seenPaths()
	return true
}

// narrow makes the last part of what is typed the word at the cursor.
func (c *completer) narrow(typed string, end int) {
	c.at.Prefix = typed
	c.at.Replace = text.Span{Start: c.offset - len(typed), End: end}
	c.at.NeedsSpace = false
	c.inShort = true
}

// arrows offers the statuses with the arrow in front.
func (c *completer) arrows() {
	c.statuses()
	for i := range c.items {
		item := &c.items[i]
		item.Label, item.Filter, item.Plain, item.Edit.New = "-> "+item.Label, "-> "+item.Filter, "-> "+item.Plain, "-> "+item.Edit.New
	}
}

// mostLooked is how many tests are looked through for what they have in common with the one at hand: the nearest ones.
const mostLooked = 3000

// nearTests calls use with the tests of the project, but for the one in scope, those above first, then those below, then
// those of other files, until it returns false.
func (c *completer) nearTests(use func(uri string, s *spec.Spec, t *spec.Test) bool) {
	index := link.NamesOf(c.snap, c.doc.URI)
	own := c.doc.Spec()
	n := near{scope: c.scope, doc: c.doc}
	at, looked := n.own(own), 0
	visit := func(i int) bool {
		looked++
		s, t := own.At(i)
		return looked < mostLooked && use(c.doc.URI, s, t.Test)
	}
	for i := at - 1; i >= 0; i-- {
		if !visit(i) {
			return
		}
	}
	if c.scope.test != nil {
		at++
	}
	for i := at; i < own.Tests().Len(); i++ {
		if !visit(i) {
			return
		}
	}
	for doc := range index.Documents() {
		if doc.URI == c.doc.URI {
			continue
		}
		file := doc.Spec()
		for i := range file.Tests().Len() {
			looked++
			if s, t := file.At(i); looked >= mostLooked || !use(doc.URI, s, t.Test) {
				return
			}
		}
	}
}

// seenPaths offers the resources that other tests of the same target have.
func (c *completer) seenPaths() {
	if c.doc.Kind != 0 && c.doc.Spec() == nil {
		return
	}
	type place struct {
		spec   *spec.Spec
		target string
	}
	urls := map[place]string{}
	urlOf := func(uri string, s *spec.Spec, t *spec.Test) string {
		target, _ := link.TargetText(s, t)
		at := place{s, target.Value}
		url, known := urls[at]
		if !known {
			url = link.Resolve(c.snap, uri, s, target.Value).URL
			urls[at] = url
		}
		return url
	}
	var own string
	if c.scope.spec != nil {
		var t *spec.Test
		if c.scope.test != nil {
			t = c.scope.test.Test
		}
		own = urlOf(c.doc.URI, c.scope.spec, t)
	}
	seen := map[string]bool{}
	c.nearTests(func(uri string, s *spec.Spec, t *spec.Test) bool {
		path := t.Resource.Value
		if path == "" || strings.ContainsAny(path, "\n\r") || seen[path] || own != "" && urlOf(uri, s, t) != own {
			return true
		}
		seen[path] = true
		item := CompletionItem{Label: path, Kind: ItemValue, Detail: t.Method.Value, Doc: "Test " + code(t.Label())}
		if c.inShort {
			c.written(item, path)
		} else {
			c.written(item, write.Text(path, c.writing()))
		}
		return len(c.items) < mostOffered
	})
}
