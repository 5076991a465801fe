package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/lsp/internal/convert"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// method answers one method of the protocol. It is called in the order of the wire.
type method func(s *Server, ctx context.Context, req *wire.Request) (any, error) //nolint:revive // the form of a method expression

// methods is everything that the server understands.
func methods() map[string]method {
	return map[string]method{
		protocol.MethodInitialize:  (*Server).initialize,
		protocol.MethodInitialized: plain((*Server).initialized),
		protocol.MethodShutdown:    plain((*Server).shutdown),
		protocol.MethodExit:        plain((*Server).exit),
		protocol.MethodSetTrace:    plain(func(*Server) {}),

		protocol.MethodTextDocumentDidOpen:   (*Server).didOpen,
		protocol.MethodTextDocumentDidChange: (*Server).didChange,
		protocol.MethodTextDocumentDidSave:   (*Server).didSave,
		protocol.MethodTextDocumentDidClose:  (*Server).didClose,

		protocol.MethodWorkspaceDidChangeWorkspaceFolders: (*Server).didChangeFolders,
		protocol.MethodWorkspaceDidChangeWatchedFiles:     (*Server).didChangeFiles,
		protocol.MethodWorkspaceDidChangeConfiguration:    (*Server).didChangeConfiguration,
		protocol.MethodWorkspaceDidCreateFiles:            (*Server).filesOperated,
		protocol.MethodWorkspaceDidRenameFiles:            (*Server).filesOperated,
		protocol.MethodWorkspaceDidDeleteFiles:            (*Server).filesOperated,
		didChangeTrust:                                    (*Server).didChangeTrust,
		protocol.MethodWindowWorkDoneProgressCancel:       ordered((*Server).cancelProgress),

		protocol.MethodTextDocumentDiagnostic: (*Server).documentDiagnostic,
		protocol.MethodWorkspaceDiagnostic:    (*Server).workspaceDiagnostic,

		protocol.MethodTextDocumentCompletion:       query(completion),
		protocol.MethodTextDocumentHover:            query(hover),
		protocol.MethodTextDocumentDefinition:       query(definition),
		protocol.MethodTextDocumentDocumentSymbol:   query(documentSymbol),
		protocol.MethodTextDocumentCodeLens:         query(codeLens),
		protocol.MethodTextDocumentCodeAction:       query(codeAction),
		protocol.MethodTextDocumentInlayHint:        query(inlayHint),
		protocol.MethodTextDocumentOnTypeFormatting: query(onTypeFormatting),

		protocol.MethodWorkspaceExecuteCommand: (*Server).executeCommand,
	}
}

// plain is a method without parameters.
func plain(do func(s *Server)) method {
	return func(s *Server, _ context.Context, _ *wire.Request) (any, error) {
		do(s)
		return nil, nil
	}
}

// ordered is a method that is finished before the next message is looked at.
func ordered[P any](do func(s *Server, p *P) error) method {
	return func(s *Server, _ context.Context, req *wire.Request) (any, error) {
		var p P
		if err := decode(req, &p); err != nil {
			return nil, err
		}
		return nil, do(s, &p)
	}
}

// request is a question about an open spec or configuration, with the snapshot as it was when the question came.
type request struct {
	convert.View
	server *Server
	doc    *engine.Document
}

// query is a method that asks about one document. It takes its snapshot in the order of the wire and then lets later
// messages pass. The answer for a document that is none of ours is null.
func query[P any](answer func(ctx context.Context, r *request, p *P) (any, error)) method {
	return func(s *Server, ctx context.Context, req *wire.Request) (any, error) {
		var p P
		if err := decode(req, &p); err != nil {
			return nil, err
		}
		uri := documentURI(req.Params)
		if uri == "" {
			return nil, wire.Errorf(wire.InvalidParams, "%s: textDocument.uri is missing", req.Method)
		}
		r := &request{View: s.view(), server: s}
		r.doc = r.Snap.Document(uri)
		if err := req.Release(ctx); err != nil {
			return nil, err
		}
		if r.doc == nil || r.doc.Kind == engine.KindOther {
			return nil, nil
		}
		return answer(ctx, r, &p)
	}
}

// documentURI is textDocument.uri of parameters as the editor wrote it: the protocol types would spell it anew. It is
// empty where there is none.
func documentURI(params []byte) string {
	var p struct {
		TextDocument struct {
			URI string `json:"uri"`
		} `json:"textDocument"`
	}
	if json.Unmarshal(params, &p) != nil {
		return ""
	}
	return p.TextDocument.URI
}

// view is the present snapshot as the editor sees it.
func (s *Server) view() convert.View {
	return convert.View{Client: &s.client.Load().Client, Snap: s.session.Snapshot(), Spell: s.spell}
}

// decode reads the parameters of a request.
func decode(req *wire.Request, into any) error {
	if err := req.Decode(into); err != nil {
		message := fmt.Sprintf("%s: the parameters are malformed: %v", req.Method, err)
		if len(message) > 200 {
			message = strings.ToValidUTF8(message[:197], "") + "…"
		}
		return wire.Errorf(wire.InvalidParams, "%s", message)
	}
	return nil
}
