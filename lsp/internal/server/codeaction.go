package server

import (
	"context"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/ide"
)

func codeAction(ctx context.Context, r *request, p *protocol.CodeActionParams) (any, error) {
	span := r.Client.Span(r.doc.Text, p.Range)
	var findings []analysis.Diagnostic
	for _, d := range r.server.diagnoser.findings(ctx, r.Snap, r.doc.URI).first {
		if d.Span.Intersects(span) {
			findings = append(findings, d)
		}
	}
	actions := ide.CodeActions(ctx, r.Snap, r.doc.URI, span, findings)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.server.runs.offer(r.doc)
	out := make([]protocol.CommandOrCodeAction, 0, len(actions))
	for _, a := range actions {
		if converted, kind, ok := r.Action(r.doc, a); ok && wanted(p.Context.Only, kind) {
			out = append(out, converted)
		}
	}
	return out, nil
}

// wanted reports whether the editor asked for actions of a kind: kinds are hierarchical, separated by dots.
func wanted(only []protocol.CodeActionKind, kind protocol.CodeActionKind) bool {
	for _, o := range only {
		if o == "" || kind == o || strings.HasPrefix(string(kind), string(o)+".") {
			return true
		}
	}
	return len(only) == 0
}
