package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func codeLens(ctx context.Context, r *request, _ *protocol.CodeLensParams) (any, error) {
	lenses := ide.Lenses(ctx, r.Snap, r.doc.URI)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.server.runs.offer(r.doc)
	return r.Lenses(r.doc, lenses), nil
}
