// Package convert turns spans and items of the engine into the types of the language server protocol, and back.
//
// It must not decide anything: what is shown, and where, the engine has said; how it is spelt depends on the Client.
package convert

import (
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

// Client is what an editor said that it understands. The zero value is an editor that said nothing.
type Client struct {
	Encoding text.Encoding
	// Snippets, MarkdownDocs and so on are of completion items; EditRange is the default edit range of a list.
	Snippets, MarkdownDocs, LabelDetails, DeprecatedTag, EditRange bool
	// RetriggerCommand is the editor's own command that completes again; empty where it has none.
	RetriggerCommand string
	// SelectsNothing says that the editor selects nothing in a list that opens by itself, so that Enter takes nothing of it.
	SelectsNothing bool
	MarkdownHover  bool
	// RelatedInformation, CodeDescription and Tags are of diagnostics.
	RelatedInformation, CodeDescription, Tags bool
	// HierarchicalSymbols says that symbols may have children.
	HierarchicalSymbols bool
	// CodeActions says that code actions may be more than commands, VersionedEdits that edits may name a version.
	CodeActions, VersionedEdits, PreferredActions bool
}

// View is a snapshot as one editor sees it.
type View struct {
	Client *Client
	Snap   *engine.Snapshot
	// Spell gives a document's URI in the editor's own spelling.
	Spell func(uri string) string
}

// Range converts a span.
func (c *Client) Range(t *text.Text, s text.Span) protocol.Range {
	if word := t.Slice(s); s.Start < s.End && len(word) < 256 && !strings.ContainsAny(word, "\r\n\uFFFD") && utf8.ValidString(word) {
		// To look for the line once is half the work.
		start := c.Position(t, s.Start)
		return protocol.Range{Start: start, End: protocol.Position{Line: start.Line, Character: start.Character + c.units(word)}}
	}
	return protocol.Range{Start: c.Position(t, s.Start), End: c.Position(t, s.End)}
}

// units counts a text in the units of columns.
func (c *Client) units(s string) uint32 {
	n := 0
	switch c.Encoding {
	case text.UTF8:
		n = len(s)
	case text.UTF32:
		n = utf8.RuneCountInString(s)
	default:
		for _, r := range s {
			n += utf16.RuneLen(r)
		}
	}
	return uint32(n) //nolint:gosec // less than a line has
}

// Position converts an offset.
func (c *Client) Position(t *text.Text, offset int) protocol.Position {
	p := t.Position(offset, c.Encoding)
	return protocol.Position{Line: uint32(p.Line), Character: uint32(p.Column)} //nolint:gosec // a text has less than 64 MiB
}

// Offset converts a position. One out of range is clamped to the end of its line or of the text.
func (c *Client) Offset(t *text.Text, p protocol.Position) int { return t.Offset(place(p), c.Encoding) }

// Span converts a range; one that ends before it starts is turned round.
func (c *Client) Span(t *text.Text, r protocol.Range) text.Span {
	start, end := c.Offset(t, r.Start), c.Offset(t, r.End)
	return text.Span{Start: min(start, end), End: max(start, end)}
}

func place(p protocol.Position) text.Position {
	return text.Position{Line: int(min(p.Line, math.MaxInt32)), Column: int(min(p.Character, math.MaxInt32))}
}

// Change converts one change of a document.
func Change(e protocol.TextDocumentContentChangeEvent) engine.Change {
	switch e := e.(type) {
	case *protocol.TextDocumentContentChangePartial:
		return engine.Change{Start: place(e.Range.Start), End: place(e.Range.End), Text: e.Text}
	case *protocol.TextDocumentContentChangeWholeDocument:
		return engine.Change{Whole: true, Text: e.Text}
	}
	// An empty insertion at the start: the union has no other members.
	return engine.Change{}
}

// Edits are edits of a document as the protocol has them.
func (c *Client) Edits(t *text.Text, edits []text.Edit) []protocol.TextEdit {
	out := make([]protocol.TextEdit, 0, len(edits))
	for _, e := range edits {
		out = append(out, protocol.TextEdit{Range: c.Range(t, e.Span), NewText: e.New})
	}
	return out
}

func (v View) uri(u string) uri.URI { return uri.URI(v.Spell(u)) }

// markup is Markdown for an editor that renders it, else the same text as it is.
func markup(markdown bool, value string) *protocol.MarkupContent {
	kind := protocol.MarkupKindPlainText
	if markdown {
		kind = protocol.MarkupKindMarkdown
	}
	return &protocol.MarkupContent{Kind: kind, Value: value}
}

func optional(s string) protocol.Optional[string] {
	if s == "" {
		return protocol.Optional[string]{}
	}
	return protocol.NewOptional(s)
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
