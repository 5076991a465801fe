package server

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/ide"
)

// onTypeFormatting takes no notice of the editor's tab size: a level of a spec is as deep as the file's other levels.
func onTypeFormatting(ctx context.Context, r *request, p *protocol.DocumentOnTypeFormattingParams) (any, error) {
	edits := ide.OnType(ctx, r.Snap, r.doc.URI, r.Client.Offset(r.doc.Text, p.Position), p.Ch)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Client.Edits(r.doc.Text, edits), nil
}
