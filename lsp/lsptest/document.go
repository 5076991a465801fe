package lsptest

import (
	"path/filepath"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

// document is an open document as the editor has it.
type document struct {
	uri     string
	version int32
	text    *text.Text
}

// URI is the URI of a file of the editor's folder; what is a URI already stays.
func (e *Editor) URI(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	return engine.URIFromPath(filepath.Join(e.Dir, filepath.FromSlash(name)))
}

// Write changes a file on the disk, behind the back of the server.
func (e *Editor) Write(name, content string) {
	e.tb.Helper()
	write(e.tb, filepath.Join(e.Dir, filepath.FromSlash(name)), content)
}

// Open opens a document with a text, as version 1.
func (e *Editor) Open(name, content string) { e.OpenAs(name, "qube", content) }

// OpenAs is Open with another language id.
func (e *Editor) OpenAs(name, language, content string) {
	e.tb.Helper()
	doc := &document{uri: e.URI(name), version: 1, text: text.New(content)}
	e.docs[doc.uri] = doc
	e.Notify(protocol.MethodTextDocumentDidOpen, map[string]any{"textDocument": map[string]any{
		"uri": doc.uri, "languageId": language, "version": doc.version, "text": content,
	}})
}

func (e *Editor) doc(name string) *document {
	e.tb.Helper()
	doc := e.docs[e.URI(name)]
	if doc == nil {
		e.tb.Fatalf("%s is not open", name)
	}
	return doc
}

// Text is the text of an open document as the editor has it.
func (e *Editor) Text(name string) string { e.tb.Helper(); return e.doc(name).text.String() }

// Version is the version of an open document.
func (e *Editor) Version(name string) int32 { e.tb.Helper(); return e.doc(name).version }

// Edit replaces spans of an open document, one after the other, in one change.
func (e *Editor) Edit(name string, edits ...text.Edit) {
	e.tb.Helper()
	doc := e.doc(name)
	changes := make([]any, 0, len(edits))
	for _, edit := range edits {
		// A position cannot name every offset: none lies within a character or a line break.
		edit.Span = text.Span{Start: e.nameable(doc.text, edit.Span.Start), End: e.nameable(doc.text, edit.Span.End)}
		changes = append(changes, map[string]any{"range": e.rangeOf(doc.text, edit.Span), "text": edit.New})
		doc.text = doc.text.Apply(edit)
	}
	doc.version++
	e.changes(doc, changes)
}

func (e *Editor) changes(doc *document, changes []any) {
	e.tb.Helper()
	e.Notify(protocol.MethodTextDocumentDidChange, map[string]any{
		"textDocument": map[string]any{"uri": doc.uri, "version": doc.version}, "contentChanges": changes,
	})
}

// Replace replaces the first occurrence of a text.
func (e *Editor) Replace(name, old, replacement string) {
	e.tb.Helper()
	e.Edit(name, text.Edit{Span: e.Find(name, old), New: replacement})
}

// SetText replaces the whole text of an open document.
func (e *Editor) SetText(name, content string) {
	e.tb.Helper()
	doc := e.doc(name)
	doc.text = text.New(content)
	doc.version++
	e.changes(doc, []any{map[string]any{"text": content}})
}

// Save tells that a document was saved, without writing any file.
func (e *Editor) Save(name string) {
	e.tb.Helper()
	doc := e.doc(name)
	e.Notify(protocol.MethodTextDocumentDidSave, map[string]any{
		"textDocument": map[string]any{"uri": doc.uri}, "text": doc.text.String(),
	})
}

// CloseFile closes a document.
func (e *Editor) CloseFile(name string) {
	e.tb.Helper()
	doc := e.doc(name)
	delete(e.docs, doc.uri)
	e.Notify(protocol.MethodTextDocumentDidClose, map[string]any{"textDocument": map[string]any{"uri": doc.uri}})
}

// Find is the span of the first occurrence of a text in an open document.
func (e *Editor) Find(name, what string) text.Span {
	e.tb.Helper()
	i := strings.Index(e.doc(name).text.String(), what)
	if i < 0 {
		e.tb.Fatalf("%s does not hold %q", name, what)
	}
	return text.Span{Start: i, End: i + len(what)}
}

func (e *Editor) nameable(t *text.Text, offset int) int {
	return t.Offset(t.Position(offset, e.encoding()), e.encoding())
}

// position is an offset in the agreed encoding.
func (e *Editor) position(t *text.Text, offset int) map[string]any {
	p := t.Position(offset, e.encoding())
	return map[string]any{"line": p.Line, "character": p.Column}
}

func (e *Editor) rangeOf(t *text.Text, s text.Span) map[string]any {
	return map[string]any{"start": e.position(t, s.Start), "end": e.position(t, s.End)}
}

// Span turns a range of an open document into a span.
func (e *Editor) Span(name string, r protocol.Range) text.Span {
	e.tb.Helper()
	t := e.doc(name).text
	return text.Span{Start: e.Offset(t, r.Start), End: e.Offset(t, r.End)}
}

// Offset turns a position in a text into an offset.
func (e *Editor) Offset(t *text.Text, p protocol.Position) int {
	return t.Offset(text.Position{Line: int(p.Line), Column: int(p.Character)}, e.encoding())
}
