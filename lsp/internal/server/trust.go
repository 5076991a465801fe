package server

import (
	"context"

	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

const didChangeTrust = command.DidChangeTrust

// didChangeTrust takes in whether the user trusts the workspace. Without trust nothing of it runs.
func (s *Server) didChangeTrust(_ context.Context, req *wire.Request) (any, error) {
	trusted := parseLenient(req.Params).at("trusted")
	if !trusted.true() && !trusted.false() {
		return nil, wire.Errorf(wire.InvalidParams, "%s: trusted is neither true nor false", req.Method)
	}
	if s.session.Snapshot().Trusted() == trusted.true() {
		return nil, nil
	}
	s.session.SetTrusted(trusted.true())
	if !trusted.true() {
		s.runs.cancel("")
	}
	s.plugins.reload()
	s.everythingChanged()
	return nil, nil
}

// everythingChanged looks at all open documents again, and has the editor ask again for what it shows of them.
func (s *Server) everythingChanged() {
	s.diagnoser.all()
	s.lenses.request()
	s.hints.request()
}
