package ide

// Every feature has the same shape: the context, the snapshot, the document's URI, then the place.
//
//	Completion(ctx, snap, uri, offset) CompletionList
//	Hover(ctx, snap, uri, offset) *HoverInfo
//	Symbols(ctx, snap, uri) []Symbol
//	Lenses(ctx, snap, uri) []Lens
//	CodeActions(ctx, snap, uri, span, diagnostics) []CodeAction
//	Hints(ctx, snap, uri, span) []Hint
//	RunDiagnostics(ctx, snap, uri) []analysis.Diagnostic

import (
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

// ItemKind is what a completion item stands for.
type ItemKind uint8

// The kinds of completion items.
const (
	ItemKey ItemKind = iota
	ItemValue
	ItemEnum
	ItemVariable
	ItemFunction
	ItemSnippet
	ItemOperator
	ItemTarget
)

// CompletionItem is one offer of a completion.
type CompletionItem struct {
	Label  string
	Kind   ItemKind
	Detail string
	// Description stands at the right of the label: the plugin or file that the item comes from.
	Description string
	// Doc is Markdown.
	Doc string
	// Edit replaces the word at the cursor. With Snippet, its text is an LSP snippet; Plain is the text for editors that
	// know no snippets.
	Edit    text.Edit
	Plain   string
	Snippet bool
	// Additional edits are applied with the item, such as quotes around an unquoted template.
	Additional []text.Edit
	// Sort orders the items; Filter is what the typed word is matched with, the label where empty.
	Sort, Filter string
	Deprecated   bool
	// Typed says that the item is what was typed already: see keepTyped.
	Typed bool
	// Retrigger asks the editor to complete again after accepting: a key whose value completes too.
	Retrigger bool
}

// CompletionList is the answer to a completion.
type CompletionList struct {
	Items      []CompletionItem
	Incomplete bool
}

// HoverInfo is the answer to a hover: Markdown, and the place that it explains.
type HoverInfo struct {
	Markdown string
	Span     text.Span
}

// SymbolKind is what a Symbol stands for.
type SymbolKind uint8

// The kinds of symbols.
const (
	SymbolSpec SymbolKind = iota
	SymbolTest
	SymbolKey
	SymbolSave
	SymbolTarget
	SymbolEnvironment
)

// Symbol is one entry of a document's outline.
type Symbol struct {
	Name, Detail string
	Kind         SymbolKind
	Span         text.Span
	// Selection is the part of Span to select; it lies inside Span.
	Selection text.Span
	Children  []Symbol
}

// Lens is a title above a line with a command behind it.
type Lens struct {
	Span    text.Span
	Title   string
	Tooltip string
	Action  Action
}

// ActionKind says what a lens or a code action does.
type ActionKind uint8

// The kinds of actions.
const (
	ActionNone ActionKind = iota
	ActionRun
	ActionRunNeeds
	ActionRunFile
	ActionCancel
	ActionShowResult
	ActionChooseEnvironment
)

// Action is what a click does; the server maps it to a command.
type Action struct {
	Kind  ActionKind
	URI   string
	Test  string // test id
	RunID string
}

// CodeAction is one offer at a place: an edit of the document, or an action.
type CodeAction struct {
	Title     string
	Edits     []text.Edit
	Action    Action
	Preferred bool
	// Diagnostic is what the action mends; nil for none.
	Diagnostic *analysis.Diagnostic
}

// HintKind is what an inlay hint tells.
type HintKind uint8

// The kinds of hints.
const (
	HintStatus HintKind = iota
	HintEvent
	HintFailure
)

// Hint is a text that an editor shows beside the code.
type Hint struct {
	Offset int
	Label  string
	// Tooltip is Markdown.
	Tooltip string
	Kind    HintKind
}
