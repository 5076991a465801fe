package server

import (
	"context"
	"encoding/json"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// executeCommand carries out a command. It lets later messages pass without taking a turn: a command may ask the user.
func (s *Server) executeCommand(ctx context.Context, req *wire.Request) (any, error) {
	var p protocol.ExecuteCommandParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	if p.Command == command.Run {
		s.prepareRun(ctx, req)
	}
	snap := s.session.Snapshot()
	req.Detach()
	var result any
	var err error
	switch p.Command {
	case command.Run:
		result, err = execute(p, func(a *command.RunArgs) (any, error) { return s.run(snap, a) })
	case command.Cancel:
		result, err = execute(p, func(a *command.CancelArgs) (any, error) {
			return command.CancelResult{Cancelled: s.runs.cancel(a.RunID)}, nil
		})
	case command.SetEnvironment:
		result, err = execute(p, func(a *command.SetEnvironmentArgs) (any, error) { return s.setEnvironment(ctx, snap, a) })
	case command.ShowResult:
		result, err = execute(p, func(a *command.ShowResultArgs) (any, error) { return s.showResult(ctx, snap, a) })
	default:
		return nil, wire.Errorf(wire.InvalidParams, "there is no command %.80q; the commands are %v", p.Command, command.All())
	}
	if err != nil {
		return nil, err
	}
	return encode(result), nil
}

// prepareRun sees to it that the session knows what a run needs. A click right after the start waits for the plugins; an
// editor that does not watch files has not told what changed on the disk.
func (s *Server) prepareRun(ctx context.Context, req *wire.Request) {
	if !s.plugins.isReady() {
		req.Detach()
		s.plugins.await(ctx)
	}
	if !s.client.Load().watchFiles {
		s.lookAtDisk()
	}
}

// execute decodes the one argument of a command, an object that may be absent, and does it.
func execute[A any](p protocol.ExecuteCommandParams, do func(*A) (any, error)) (any, error) {
	var args A
	switch {
	case len(p.Arguments) > 1:
		return nil, wire.Errorf(wire.InvalidParams, "%s takes one argument, not %d", p.Command, len(p.Arguments))
	case len(p.Arguments) == 1:
		if err := json.Unmarshal(p.Arguments[0], &args); err != nil {
			return nil, wire.Errorf(wire.InvalidParams, "%s: the argument is malformed: %.120s", p.Command, err.Error())
		}
	}
	return do(&args)
}

// specOf finds the spec that a command is about.
func specOf(snap *engine.Snapshot, uri string) (*engine.Document, error) {
	if uri == "" {
		return nil, wire.Errorf(wire.InvalidParams, "uri is missing")
	}
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec {
		return nil, wire.Errorf(wire.InvalidParams, "%.200q is not a spec that is open", uri)
	}
	if !engine.Runnable(uri) {
		return nil, wire.Errorf(wire.InvalidParams, "%.200q is a view of something else and no file, so its tests are not run; open the file", uri)
	}
	return doc, nil
}
