package convert

import (
	"encoding/json"
	"fmt"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/command"
)

// Hover converts a hover.
func (v View) Hover(doc *engine.Document, info *ide.HoverInfo) *protocol.Hover {
	r := v.Client.Range(doc.Text, info.Span)
	return &protocol.Hover{Contents: markup(v.Client.MarkdownHover, info.Markdown), Range: &r}
}

// Locations converts places in documents of the snapshot.
func (v View) Locations(places []ide.Location) protocol.LocationSlice {
	out := make(protocol.LocationSlice, 0, len(places))
	for _, p := range places {
		if doc := v.Snap.Document(p.URI); doc != nil {
			out = append(out, protocol.Location{URI: v.uri(p.URI), Range: v.Client.Range(doc.Text, p.Span)})
		}
	}
	return out
}

var symbolKinds = map[ide.SymbolKind]protocol.SymbolKind{
	ide.SymbolSpec:        protocol.SymbolKindModule,
	ide.SymbolTest:        protocol.SymbolKindMethod,
	ide.SymbolKey:         protocol.SymbolKindProperty,
	ide.SymbolSave:        protocol.SymbolKindVariable,
	ide.SymbolTarget:      protocol.SymbolKindConstant,
	ide.SymbolEnvironment: protocol.SymbolKindNamespace,
}

// Symbols converts an outline; for an editor that knows no children, into a flat list.
func (v View) Symbols(doc *engine.Document, symbols []ide.Symbol) protocol.DocumentSymbolResult {
	if v.Client.HierarchicalSymbols {
		return v.tree(doc, symbols)
	}
	return v.flat(doc, symbols, "", protocol.SymbolInformationSlice{})
}

func (v View) tree(doc *engine.Document, symbols []ide.Symbol) protocol.DocumentSymbolSlice {
	out := make(protocol.DocumentSymbolSlice, 0, len(symbols))
	for _, s := range symbols {
		d := protocol.DocumentSymbol{
			Name: text.VisibleLine(s.Name), Detail: pointer(text.VisibleLine(s.Detail)), Kind: symbolKinds[s.Kind],
			Range: v.Client.Range(doc.Text, s.Span), SelectionRange: v.Client.Range(doc.Text, s.Selection),
		}
		if len(s.Children) > 0 {
			d.Children = v.tree(doc, s.Children)
		}
		out = append(out, d)
	}
	return out
}

func (v View) flat(
	doc *engine.Document, symbols []ide.Symbol, in string, out protocol.SymbolInformationSlice,
) protocol.SymbolInformationSlice {
	for _, s := range symbols {
		info := protocol.SymbolInformation{
			Location: protocol.Location{URI: v.uri(doc.URI), Range: v.Client.Range(doc.Text, s.Span)},
		}
		info.Name, info.Kind, info.ContainerName = text.VisibleLine(s.Name), symbolKinds[s.Kind], pointer(in)
		out = v.flat(doc, s.Children, s.Name, append(out, info))
	}
	return out
}

// Lenses converts code lenses.
func (v View) Lenses(doc *engine.Document, lenses []ide.Lens) []protocol.CodeLens {
	out := make([]protocol.CodeLens, 0, len(lenses))
	for _, l := range lenses {
		cmd := v.command(l.Title, l.Action)
		cmd.Tooltip = pointer(l.Tooltip)
		out = append(out, protocol.CodeLens{Range: v.Client.Range(doc.Text, l.Span), Command: cmd})
	}
	return out
}

// The kinds of code actions.
const (
	KindRun protocol.CodeActionKind = "source.speclens.run"
	// kindSource covers what acts on results and environments.
	kindSource protocol.CodeActionKind = "source.speclens"
)

// ActionKinds are the kinds of the code actions that Actions returns.
func ActionKinds() []protocol.CodeActionKind {
	return []protocol.CodeActionKind{protocol.CodeActionKindQuickFix, protocol.CodeActionKindRefactorRewrite, KindRun, kindSource}
}

// Action converts one code action; ok is false where the editor cannot have it.
func (v View) Action(doc *engine.Document, a ide.CodeAction) (out protocol.CommandOrCodeAction, kind protocol.CodeActionKind, ok bool) {
	cmd := v.command(a.Title, a.Action)
	kind = actionKind(a)
	if !v.Client.CodeActions {
		return &cmd, kind, cmd.Command != "" && len(a.Edits) == 0
	}
	action := &protocol.CodeAction{Title: text.VisibleLine(a.Title), Kind: &kind}
	if a.Preferred && v.Client.PreferredActions {
		action.IsPreferred = &a.Preferred
	}
	if a.Diagnostic != nil {
		action.Diagnostics = []protocol.Diagnostic{v.diagnostic(doc, a.Diagnostic)}
	}
	if len(a.Edits) > 0 {
		action.Edit = v.edit(doc, v.Client.Edits(doc.Text, a.Edits))
	}
	if cmd.Command != "" {
		action.Command = cmd
	}
	return action, kind, true
}

func actionKind(a ide.CodeAction) protocol.CodeActionKind {
	switch a.Action.Kind {
	case ide.ActionRun, ide.ActionRunNeeds, ide.ActionRunFile, ide.ActionCancel:
		return KindRun
	case ide.ActionShowResult, ide.ActionChooseEnvironment:
		return kindSource
	}
	if a.Diagnostic != nil {
		return protocol.CodeActionKindQuickFix
	}
	return protocol.CodeActionKindRefactorRewrite
}

func (v View) edit(doc *engine.Document, edits []protocol.TextEdit) *protocol.WorkspaceEdit {
	if !v.Client.VersionedEdits {
		return &protocol.WorkspaceEdit{Changes: map[uri.URI][]protocol.TextEdit{v.uri(doc.URI): edits}}
	}
	change := &protocol.TextDocumentEdit{}
	change.TextDocument.URI = v.uri(doc.URI)
	if doc.Open {
		change.TextDocument.Version = &doc.Version
	}
	for i := range edits {
		change.Edits = append(change.Edits, &edits[i])
	}
	return &protocol.WorkspaceEdit{DocumentChanges: []protocol.DocumentChange{change}}
}

// command converts what a click does. The command is empty where it does nothing.
func (v View) command(title string, a ide.Action) protocol.Command {
	cmd := protocol.Command{Title: text.VisibleLine(title)}
	var args any
	switch a.Kind {
	case ide.ActionRun:
		cmd.Command, args = command.Run, v.runArgs(a, command.ScopeTest)
	case ide.ActionRunNeeds:
		cmd.Command, args = command.Run, v.runArgs(a, command.ScopeNeeds)
	case ide.ActionRunFile:
		cmd.Command, args = command.Run, v.runArgs(a, command.ScopeFile)
	case ide.ActionCancel:
		cmd.Command, args = command.Cancel, command.CancelArgs{RunID: a.RunID}
	case ide.ActionShowResult:
		cmd.Command, args = command.ShowResult, command.ShowResultArgs{URI: v.Spell(a.URI), TestID: a.Test}
	case ide.ActionChooseEnvironment:
		cmd.Command, args = command.SetEnvironment, command.SetEnvironmentArgs{URI: v.Spell(a.URI)}
	default:
		return cmd
	}
	raw, err := json.Marshal(args)
	if err != nil {
		// The argument types hold texts and numbers only.
		panic(fmt.Sprintf("encode the arguments of %s: %v", cmd.Command, err))
	}
	cmd.Arguments = []protocol.LSPAny{raw}
	return cmd
}

func (v View) runArgs(a ide.Action, scope command.Scope) command.RunArgs {
	args := command.RunArgs{URI: v.Spell(a.URI), TestID: a.Test, Scope: scope}
	if doc := v.Snap.Document(a.URI); doc != nil && doc.Open {
		args.Version = &doc.Version
	}
	return args
}

// Hints converts inlay hints.
func (v View) Hints(doc *engine.Document, hints []ide.Hint) []protocol.InlayHint {
	padding := true
	out := make([]protocol.InlayHint, 0, len(hints))
	for _, h := range hints {
		hint := protocol.InlayHint{
			Position: v.Client.Position(doc.Text, h.Offset), Label: protocol.String(text.VisibleLine(h.Label)), PaddingLeft: &padding,
		}
		if h.Tooltip != "" {
			hint.Tooltip = markup(true, h.Tooltip)
		}
		out = append(out, hint)
	}
	return out
}
