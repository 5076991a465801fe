package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func documentSymbol(ctx context.Context, r *request, _ *protocol.DocumentSymbolParams) (any, error) {
	symbols := ide.Symbols(ctx, r.Snap, r.doc.URI)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Symbols(r.doc, symbols), nil
}
