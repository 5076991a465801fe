package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func hover(ctx context.Context, r *request, p *protocol.HoverParams) (any, error) {
	info := ide.Hover(ctx, r.Snap, r.doc.URI, r.Client.Offset(r.doc.Text, p.Position))
	if info == nil {
		return nil, ctx.Err()
	}
	return r.Hover(r.doc, info), nil
}
