package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func codeLens(ctx context.Context, r *request, _ *protocol.CodeLensParams) (any, error) {
	var lenses []ide.Lens
	// An editor that cannot be told to ask again gets them at once.
	if b := r.server.typing.at(); b != nil && b.uri == r.doc.URI && r.server.client.Load().refreshLenses {
		lenses = ide.SteadyLenses(ctx, b.rested, r.Snap, r.doc.URI)
	} else {
		lenses = ide.Lenses(ctx, r.Snap, r.doc.URI)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.server.runs.offer(r.doc)
	return r.Lenses(r.doc, lenses), nil
}
