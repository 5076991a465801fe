package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func completion(ctx context.Context, r *request, p *protocol.CompletionParams) (any, error) {
	list := ide.Completion(ctx, r.Snap, r.doc.URI, r.Client.Offset(r.doc.Text, p.Position))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Completion(r.doc, list), nil
}
