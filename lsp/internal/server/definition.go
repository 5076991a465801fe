package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func definition(ctx context.Context, r *request, p *protocol.DefinitionParams) (any, error) {
	places := ide.Definition(ctx, r.Snap, r.doc.URI, r.Client.Offset(r.doc.Text, p.Position))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Locations(places), nil
}
