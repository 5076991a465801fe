package server

import (
	"context"
	"runtime/debug"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/convert"
	"github.com/speclens/speclens/lsp/internal/wire"
)

func allowedEarly(method string) bool {
	return method == protocol.MethodInitialize || method == protocol.MethodExit
}

func allowedLate(method string) bool { return method == protocol.MethodExit }

func stack() string { return string(debug.Stack()) }

// initialize learns what the editor can do. Its parameters are read field by field: a wrong one costs that one only.
func (s *Server) initialize(_ context.Context, req *wire.Request) (any, error) {
	if phase(s.phase.Load()) != created {
		return nil, wire.Errorf(wire.InvalidRequest, "initialize was sent before")
	}
	params := parseLenient(req.Params)
	if !params.isObject() {
		return nil, wire.Errorf(wire.InvalidParams, "initialize: the parameters are not an object")
	}
	c := newClient(params)
	s.client.Store(c)
	s.session.SetTrusted(!c.untrusted)
	s.session.SetRoots(paths(c.roots))
	s.config.start(s.opts.Settings, c.options)
	s.session.SetSettings(s.config.settings())
	if c.processID > 0 && c.processID != s.opts.ClientProcessID {
		s.watchProcess(c.processID)
	}
	s.phase.Store(int32(serving))
	result := &protocol.InitializeResult{
		Capabilities: offer(c),
		ServerInfo:   protocol.ServerInfo{Name: "speclens"},
	}
	if s.opts.Version != "" {
		result.ServerInfo.Version = protocol.NewOptional(s.opts.Version)
	}
	return result, nil
}

var encodingNames = map[text.Encoding]protocol.PositionEncodingKind{
	text.UTF8:  protocol.PositionEncodingKindUTF8,
	text.UTF16: protocol.PositionEncodingKindUTF16,
	text.UTF32: protocol.PositionEncodingKindUTF32,
}

// offer is what the server can do for this editor.
func offer(c *client) protocol.ServerCapabilities {
	yes, incremental := true, protocol.TextDocumentSyncKindIncremental
	caps := protocol.ServerCapabilities{
		PositionEncoding: encodingNames[c.Encoding],
		TextDocumentSync: &protocol.TextDocumentSyncOptions{
			OpenClose: &yes, Change: &incremental,
			// The saved text tells whether the text here is still the editor's.
			Save: &protocol.SaveOptions{IncludeText: &yes},
		},
		CompletionProvider:     &protocol.CompletionOptions{TriggerCharacters: ide.TriggerCharacters()},
		HoverProvider:          protocol.Boolean(true),
		DefinitionProvider:     protocol.Boolean(true),
		DocumentSymbolProvider: protocol.Boolean(true),
		CodeLensProvider:       &protocol.CodeLensOptions{},
		CodeActionProvider:     protocol.Boolean(true),
		InlayHintProvider:      protocol.Boolean(true),
		DocumentOnTypeFormattingProvider: protocol.DocumentOnTypeFormattingOptions{
			FirstTriggerCharacter: ide.OnTypeTriggers[0], MoreTriggerCharacter: ide.OnTypeTriggers[1:],
		},
		ExecuteCommandProvider: protocol.ExecuteCommandOptions{Commands: command.All()},
	}
	if c.pull {
		name := diagnosticsName
		caps.DiagnosticProvider = &protocol.DiagnosticOptions{
			Identifier: &name, InterFileDependencies: true, WorkspaceDiagnostics: c.pullWorkspace,
		}
	}
	if c.CodeActions {
		caps.CodeActionProvider = &protocol.CodeActionOptions{CodeActionKinds: convert.ActionKinds()}
	}
	if c.folders || c.fileOperations {
		caps.Workspace = &protocol.WorkspaceOptions{}
	}
	if c.folders {
		caps.Workspace.WorkspaceFolders = &protocol.WorkspaceFoldersServerCapabilities{
			Supported: &yes, ChangeNotifications: protocol.Boolean(true),
		}
	}
	if c.fileOperations {
		file := "file"
		anything := protocol.FileOperationRegistrationOptions{Filters: []protocol.FileOperationFilter{{
			Scheme: &file, Pattern: protocol.FileOperationPattern{Glob: "**/*"},
		}}}
		caps.Workspace.FileOperations = &protocol.FileOperationOptions{DidCreate: anything, DidRename: anything, DidDelete: anything}
	}
	return caps
}

// initialized starts what talks to the editor by itself: before, the protocol forbids it. An editor says it once; what it
// says again starts nothing again.
func (s *Server) initialized() {
	if s.started.Swap(true) {
		s.log.Warn("ignored a second initialized")
		return
	}
	s.background("lens refresh", func(ctx context.Context) {
		s.lenses.run(ctx, s.client.Load().refreshLenses, func() error { return s.ask(ctx, protocol.MethodWorkspaceCodeLensRefresh, nil, nil) })
	})
	s.background("hint refresh", func(ctx context.Context) {
		s.hints.run(ctx, s.client.Load().refreshHints, func() error { return s.ask(ctx, protocol.MethodWorkspaceInlayHintRefresh, nil, nil) })
	})
	s.background("diagnostics refresh", func(ctx context.Context) {
		s.pulls.refresh.run(ctx, s.pulling(), func() error { return s.ask(ctx, protocol.MethodWorkspaceDiagnosticRefresh, nil, nil) })
	})
	s.background("plugins", s.watchPlugins)
	s.background("registration", func(ctx context.Context) {
		s.register(ctx)
		s.pullConfiguration(ctx)
	})
	s.plugins.reload()
	s.scanWorkspace()
}

// shutdown ends the runs; only exit is understood after it.
func (s *Server) shutdown() {
	s.phase.Store(int32(ending))
	s.runs.cancel("")
}

// exit ends the session.
func (s *Server) exit() {
	if phase(s.phase.Load()) == ending {
		s.stop(nil)
	} else {
		s.stop(errNoShutdown)
	}
}

// paths are the folders of URIs; those of other schemes than file are left out.
func paths(uris []string) []string {
	var out []string
	for _, uri := range uris {
		if p := engine.PathFromURI(uri); p != "" {
			out = append(out, p)
		}
	}
	return out
}
