package server

import (
	"context"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// noEnvironment is what the user chooses to run without an environment.
const noEnvironment = "(none)"

// setEnvironment chooses the environment of a project, by name or by asking the user.
func (s *Server) setEnvironment(ctx context.Context, snap *engine.Snapshot, a *command.SetEnvironmentArgs) (any, error) {
	if a.URI == "" {
		return nil, wire.Errorf(wire.InvalidParams, "uri is missing")
	}
	var names []string
	if conf := snap.Config(a.URI); conf != nil {
		for _, e := range conf.Environments {
			names = append(names, e.Name.Value)
		}
	}
	if len(names) == 0 {
		return nil, wire.Errorf(wire.RequestFailed, "no .qube.yaml above %.200s names an environment; add `environments` to one", a.URI)
	}
	present := snap.EnvironmentName(a.URI)
	var name string
	switch {
	case a.Name == nil:
		answer := s.choose(ctx, protocol.MessageTypeInfo, "Which environment?", append(slices.Clone(names), noEnvironment)...)
		switch answer {
		case "":
			return command.SetEnvironmentResult{Name: present}, nil
		case noEnvironment:
		default:
			name = answer
		}
	default:
		name = *a.Name
	}
	if name != "" && !slices.Contains(names, name) {
		return nil, wire.Errorf(wire.InvalidParams, "there is no environment %.80q; there are %v", name, names)
	}
	s.session.SetEnvironment(a.URI, name)
	s.everythingChanged()
	return command.SetEnvironmentResult{Name: name}, nil
}
