package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

func inlayHint(ctx context.Context, r *request, p *protocol.InlayHintParams) (any, error) {
	hints := ide.Hints(ctx, r.Snap, r.doc.URI, r.Client.Span(r.doc.Text, p.Range))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Hints(r.doc, hints), nil
}
