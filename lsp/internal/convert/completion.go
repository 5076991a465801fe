package convert

import (
	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/text"
)

var itemKinds = map[ide.ItemKind]protocol.CompletionItemKind{
	ide.ItemKey:      protocol.CompletionItemKindProperty,
	ide.ItemValue:    protocol.CompletionItemKindValue,
	ide.ItemEnum:     protocol.CompletionItemKindEnumMember,
	ide.ItemVariable: protocol.CompletionItemKindVariable,
	ide.ItemFunction: protocol.CompletionItemKindFunction,
	ide.ItemSnippet:  protocol.CompletionItemKindSnippet,
	ide.ItemOperator: protocol.CompletionItemKindOperator,
	ide.ItemTarget:   protocol.CompletionItemKindReference,
}

// Completion converts a list of offers.
func (v View) Completion(doc *engine.Document, list ide.CompletionList) *protocol.CompletionList {
	out := &protocol.CompletionList{IsIncomplete: list.Incomplete, Items: make([]protocol.CompletionItem, 0, len(list.Items))}
	var shared *text.Span
	if v.Client.EditRange && len(list.Items) > 0 {
		shared = &list.Items[0].Edit.Span
		r := v.Client.Range(doc.Text, *shared)
		out.ItemDefaults = &protocol.CompletionItemDefaults{EditRange: &r}
	}
	ranges := map[text.Span]protocol.Range{}
	for i := range list.Items {
		item := &list.Items[i]
		if item.Typed && v.Client.SelectsNothing {
			continue // it would only stand before what Tab is to take
		}
		r, known := ranges[item.Edit.Span]
		if !known {
			r = v.Client.Range(doc.Text, item.Edit.Span)
			ranges[item.Edit.Span] = r
		}
		out.Items = append(out.Items, v.item(doc, item, r, shared != nil && item.Edit.Span == *shared))
	}
	return out
}

func (v View) item(doc *engine.Document, from *ide.CompletionItem, r protocol.Range, shared bool) protocol.CompletionItem {
	c := v.Client
	item := protocol.CompletionItem{
		Label: text.VisibleLine(from.Label), Kind: itemKinds[from.Kind], Detail: optional(text.VisibleLine(from.Detail)),
		SortText: optional(from.Sort), FilterText: optional(from.Filter),
	}
	if from.Description != "" && c.LabelDetails {
		item.LabelDetails = &protocol.CompletionItemLabelDetails{Description: pointer(text.VisibleLine(from.Description))}
	}
	if from.Doc != "" {
		item.Documentation = markup(c.MarkdownDocs, from.Doc)
	}
	if from.Deprecated && c.DeprecatedTag {
		item.Tags = []protocol.CompletionItemTag{protocol.CompletionItemTagDeprecated}
	}
	newText := from.Edit.New
	switch {
	case from.Snippet && c.Snippets:
		item.InsertTextFormat = protocol.InsertTextFormatSnippet
	case from.Snippet:
		newText = from.Plain
	}
	if shared {
		item.TextEditText = protocol.NewOptional(newText)
	} else {
		item.TextEdit = &protocol.TextEdit{Range: r, NewText: newText}
	}
	if len(from.Additional) > 0 {
		item.AdditionalTextEdits = c.Edits(doc.Text, from.Additional)
	}
	if from.Retrigger && c.RetriggerCommand != "" {
		item.Command = protocol.Command{Title: "Complete", Command: c.RetriggerCommand}
	}
	return item
}
