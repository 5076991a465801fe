package lsptest

import (
	"encoding/json"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/command"
)

// Diagnostics waits until an open document's present version was looked at in full, and returns what was published.
func (e *Editor) Diagnostics(name string) []protocol.Diagnostic {
	e.tb.Helper()
	doc := e.doc(name)
	var out []protocol.Diagnostic
	e.Await("the diagnostics of "+name, func(s *State) bool {
		done, ok := s.Complete[doc.uri]
		out = s.Published[doc.uri].Diagnostics
		return ok && done.Version == doc.version
	})
	return out
}

// Rediagnosed waits for a full look at a document on a snapshot later than those before do was called.
func (e *Editor) Rediagnosed(name string, do func()) []protocol.Diagnostic {
	e.tb.Helper()
	doc := e.doc(name)
	var before uint64
	e.Look(func(s *State) { before = s.Diagnosed[doc.uri].Seq })
	do()
	var out []protocol.Diagnostic
	e.Await("newer diagnostics of "+name, func(s *State) bool {
		out = s.Published[doc.uri].Diagnostics
		return s.Complete[doc.uri].Seq > before && s.Complete[doc.uri].Version == doc.version
	})
	return out
}

// at are parameters that name a place in a document.
func (e *Editor) at(name string, offset int) map[string]any {
	e.tb.Helper()
	doc := e.doc(name)
	return map[string]any{"textDocument": map[string]any{"uri": doc.uri}, "position": e.position(doc.text, offset)}
}

func (e *Editor) of(name string) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": e.URI(name)}}
}

// Complete asks for completions at an offset.
func (e *Editor) Complete(name string, offset int) *protocol.CompletionList {
	e.tb.Helper()
	var list *protocol.CompletionList
	e.Call(protocol.MethodTextDocumentCompletion, e.at(name, offset), &list)
	if list == nil {
		return &protocol.CompletionList{}
	}
	return list
}

// Hover asks for the hover at an offset; nil where there is none.
func (e *Editor) Hover(name string, offset int) *protocol.Hover {
	e.tb.Helper()
	var h *protocol.Hover
	e.Call(protocol.MethodTextDocumentHover, e.at(name, offset), &h)
	return h
}

// Definition asks where the name at an offset comes from.
func (e *Editor) Definition(name string, offset int) []protocol.Location {
	e.tb.Helper()
	var places []protocol.Location
	e.Call(protocol.MethodTextDocumentDefinition, e.at(name, offset), &places)
	return places
}

// HoverText is the text of a hover, empty where there is none.
func HoverText(h *protocol.Hover) string {
	if h == nil {
		return ""
	}
	if m, ok := h.Contents.(*protocol.MarkupContent); ok {
		return m.Value
	}
	return ""
}

// Symbols asks for the outline.
func (e *Editor) Symbols(name string) []protocol.DocumentSymbol {
	e.tb.Helper()
	var symbols []protocol.DocumentSymbol
	e.Call(protocol.MethodTextDocumentDocumentSymbol, e.of(name), &symbols)
	return symbols
}

// Lenses asks for the code lenses.
func (e *Editor) Lenses(name string) []protocol.CodeLens {
	e.tb.Helper()
	var lenses []protocol.CodeLens
	e.Call(protocol.MethodTextDocumentCodeLens, e.of(name), &lenses)
	return lenses
}

// Action is a code action or a bare command.
type Action struct {
	Title       string                  `json:"title"`
	Kind        string                  `json:"kind"`
	IsPreferred bool                    `json:"isPreferred"`
	Edit        *protocol.WorkspaceEdit `json:"edit"`
	Command     json.RawMessage         `json:"command"`
	Arguments   []json.RawMessage       `json:"arguments"`
}

// Actions asks for the code actions at a span.
func (e *Editor) Actions(name string, span text.Span, only ...string) []Action {
	e.tb.Helper()
	doc := e.doc(name)
	params := e.of(name)
	params["range"] = e.rangeOf(doc.text, span)
	about := map[string]any{"diagnostics": []any{}}
	if len(only) > 0 {
		about["only"] = only
	}
	params["context"] = about
	var actions []Action
	e.Call(protocol.MethodTextDocumentCodeAction, params, &actions)
	return actions
}

// Hints asks for the inlay hints of a whole document.
func (e *Editor) Hints(name string) []protocol.InlayHint {
	e.tb.Helper()
	doc := e.doc(name)
	params := e.of(name)
	params["range"] = e.rangeOf(doc.text, text.Span{End: doc.text.Len()})
	var hints []protocol.InlayHint
	e.Call(protocol.MethodTextDocumentInlayHint, params, &hints)
	return hints
}

// TryExecute has the server execute a command.
func (e *Editor) TryExecute(id string, args, result any) error {
	params := map[string]any{"command": id}
	if args != nil {
		params["arguments"] = []any{args}
	}
	return e.Try(protocol.MethodWorkspaceExecuteCommand, params, result)
}

// Execute is TryExecute for a command that must succeed.
func (e *Editor) Execute(id string, args, result any) {
	e.tb.Helper()
	if err := e.TryExecute(id, args, result); err != nil {
		e.tb.Fatalf("%s: %v", id, err)
	}
}

// StartRun starts a run and returns its id.
func (e *Editor) StartRun(args command.RunArgs) string {
	e.tb.Helper()
	var started command.RunResult
	e.Execute(command.Run, args, &started)
	return started.RunID
}

// AwaitRun waits until a run is over and its diagnostics are published, and returns its last message.
func (e *Editor) AwaitRun(runID string) string {
	e.tb.Helper()
	var last Progress
	e.Await("the end of "+runID, func(s *State) bool {
		events := s.Progress[runID]
		if len(events) == 0 {
			return false
		}
		last = events[len(events)-1]
		return last.Kind == "end"
	})
	return last.Message
}

// Run runs tests of an open document to their end and returns how it ended. An empty id runs the whole file.
func (e *Editor) Run(name, testID string, scope command.Scope) string {
	e.tb.Helper()
	version := e.Version(name)
	message := e.AwaitRun(e.StartRun(command.RunArgs{URI: e.URI(name), Version: &version, TestID: testID, Scope: scope}))
	e.Settle(name)
	return message
}

// Settle has a document looked at again, so that its diagnostics hold all that happened until now.
func (e *Editor) Settle(name string) []protocol.Diagnostic {
	e.tb.Helper()
	return e.Rediagnosed(name, func() {
		e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, map[string]any{
			"changes": []any{map[string]any{"uri": e.URI("nothing-of-interest.yaml"), "type": 2}},
		})
	})
}

// Lens finds the code lens above the line that holds a text, by the beginning of its title.
func (e *Editor) Lens(name, line, title string) protocol.CodeLens {
	e.tb.Helper()
	at := e.doc(name).text.LineAt(e.Find(name, line).Start)
	var titles []string
	for _, l := range e.Lenses(name) {
		if int(l.Range.Start.Line) != at {
			continue
		}
		if strings.HasPrefix(l.Command.Title, title) {
			return l
		}
		titles = append(titles, l.Command.Title)
	}
	e.tb.Fatalf("no lens %q above %q, only %q", title, line, titles)
	return protocol.CodeLens{}
}

// Click executes a lens's command; a run is waited for to its end.
func (e *Editor) Click(lens protocol.CodeLens) {
	e.tb.Helper()
	var result command.RunResult
	e.Call(protocol.MethodWorkspaceExecuteCommand, map[string]any{
		"command": lens.Command.Command, "arguments": lens.Command.Arguments,
	}, &result)
	if result.RunID != "" {
		e.AwaitRun(result.RunID)
	}
}

// Apply applies the part of a workspace edit that concerns an open document.
func (e *Editor) Apply(name string, edit *protocol.WorkspaceEdit) {
	e.tb.Helper()
	doc := e.doc(name)
	var edits []protocol.TextEdit
	for u, list := range edit.Changes {
		if string(u) == doc.uri {
			edits = append(edits, list...)
		}
	}
	for _, change := range edit.DocumentChanges {
		part, ok := change.(*protocol.TextDocumentEdit)
		if !ok || string(part.TextDocument.URI) != doc.uri {
			continue
		}
		if v := part.TextDocument.Version; v != nil && *v != doc.version {
			e.tb.Fatalf("an edit for version %d of %s, which has version %d", *v, name, doc.version)
		}
		for _, el := range part.Edits {
			if te, ok := el.(*protocol.TextEdit); ok {
				edits = append(edits, *te)
			}
		}
	}
	if len(edits) == 0 {
		e.tb.Fatalf("the edit does not concern %s", name)
	}
	// From the end to the start, so that no edit moves another.
	slices.SortFunc(edits, func(a, b protocol.TextEdit) int {
		return e.Offset(doc.text, b.Range.Start) - e.Offset(doc.text, a.Range.Start)
	})
	spans := make([]text.Edit, 0, len(edits))
	for _, te := range edits {
		spans = append(spans, text.Edit{Span: e.Span(name, te.Range), New: te.NewText})
	}
	e.Edit(name, spans...)
}

// Fatalf ends the test.
func (e *Editor) Fatalf(format string, args ...any) { e.tb.Helper(); e.tb.Fatalf(format, args...) }
