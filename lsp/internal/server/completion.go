package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func completion(ctx context.Context, r *request, p *protocol.CompletionParams) (any, error) {
	offset := r.Client.Offset(r.doc.Text, p.Position)
	if p.Context.TriggerKind == protocol.CompletionTriggerKindTriggerCharacter {
		if typed := p.Context.TriggerCharacter; typed != nil && !ide.OpensList(r.doc.Text, offset, *typed) {
			return r.Completion(r.doc, ide.CompletionList{}), nil
		}
	}
	list := ide.Completion(ctx, r.Snap, r.doc.URI, offset)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Completion(r.doc, list), nil
}
