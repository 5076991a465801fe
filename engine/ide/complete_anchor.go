package ide

import (
	"regexp"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// anchorMark is where an anchor may stand; the tree says whether it is one.
var anchorMark = regexp.MustCompile(`&([^\s,\[\]{}]+)`)

// anchors offers the anchors above the cursor where an alias is typed; it reports whether one is.
func (c *completer) anchors() bool {
	if c.at.Kind != syntax.ContextValue && c.at.Kind != syntax.ContextItem || c.at.Quote != 0 || !strings.HasPrefix(c.at.Prefix, "*") {
		return false
	}
	c.free = true
	seen := map[string]bool{}
	eachAnchor(c.doc, c.at.Doc, c.at.Replace.Start, func(n syntax.Node) bool {
		name := "*" + n.Anchor()
		if !seen[name] {
			seen[name] = true
			c.add(CompletionItem{
				Label: name, Kind: ItemVariable, Detail: "anchor", Doc: fence("yaml", cutBody(c.doc.Text.Slice(n.Span()))),
				Filter: name, Edit: text.Edit{Span: c.at.Replace, New: c.spaced(name)}, Plain: c.spaced(name),
			})
		}
		return len(c.items) < mostOffered
	})
	return true
}

// eachAnchor calls use with the nodes that have an anchor before an offset in a document, the nearest first, until it returns
// false.
func eachAnchor(doc *engine.Document, index, before int, use func(syntax.Node) bool) {
	docs := doc.Tree().Documents()
	if index >= len(docs) {
		return
	}
	start := docs[index].Span.Start
	above := doc.Text.Slice(text.Span{Start: start, End: max(start, before)})
	marks := anchorMark.FindAllStringSubmatchIndex(above, -1)
	for i := len(marks) - 1; i >= 0; i-- {
		n, ok := anchored(doc, start+marks[i][0], above[marks[i][2]:marks[i][3]])
		if ok && !use(n) {
			return
		}
	}
}

// anchored is the node whose anchor of that name begins at an offset. Its value may begin in the next line.
func anchored(doc *engine.Document, offset int, name string) (syntax.Node, bool) {
	at := offset + len("&") + len(name)
	rest := doc.Text.Slice(text.Span{Start: at, End: min(at+maxGap, doc.Text.Len())})
	at += len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
	for _, n := range doc.Tree().NodeAt(at) {
		if n.Anchor() == name && n.AnchorSpan().Start == offset {
			return n, true
		}
	}
	return syntax.Node{}, false
}

// maxGap is how far behind its anchor a value may begin to be found.
const maxGap = 500

// aliasAt is the YAML alias at an offset, with the node whose anchor it names; at a merge key it is that of its value.
func aliasAt(doc *engine.Document, offset int) (alias, target syntax.Node, ok bool) {
	found := locate(doc.Tree(), offset)
	alias = found.node
	n := alias
	if n.IsZero() {
		return alias, target, false
	}
	if found.isKey && n.Value() == "<<" {
		e, _ := doc.Tree().Lookup(found.doc, found.path[:len(found.path)-1]).Get("<<")
		n = e.Value
	}
	if n.IsZero() || n.Kind() != syntax.Alias {
		return alias, target, false
	}
	name := strings.TrimPrefix(doc.Text.Slice(n.Span()), "*")
	eachAnchor(doc, found.doc, n.Span().Start, func(n syntax.Node) bool {
		if n.Anchor() == name {
			target, ok = n, true
		}
		return !ok
	})
	return alias, target, ok
}

// anchorHover shows what a YAML alias stands for.
func anchorHover(doc *engine.Document, offset int) *HoverInfo {
	alias, target, ok := aliasAt(doc, offset)
	if !ok {
		return nil
	}
	md := "The anchor " + code("&"+target.Anchor()) + " stands for\n\n" + fence("yaml", cutBody(doc.Text.Slice(target.Span())))
	return &HoverInfo{Markdown: md, Span: alias.Span()}
}
