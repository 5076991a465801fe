package lsptest

import (
	"context"
	"encoding/json"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// handle takes what the server sends, in the order of the wire.
func (e *Editor) handle(ctx context.Context, req *wire.Request) (any, error) {
	if e.opts.Silent && req.IsCall() {
		e.change(func(s *State) { s.Refreshes[req.Method]++ })
		req.Detach()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	switch req.Method {
	case protocol.MethodTextDocumentPublishDiagnostics:
		return nil, e.published(req)
	case command.DoneDiagnosing:
		return nil, take(e, req, func(s *State, p *command.DoneDiagnosingParams) {
			s.Diagnosed[p.URI] = *p
			if p.Full {
				s.Complete[p.URI] = *p
			}
		})
	case protocol.MethodProgress:
		type params struct {
			Token any `json:"token"`
			Value struct {
				Progress
				Items []Report `json:"items"`
			} `json:"value"`
		}
		return nil, take(e, req, func(s *State, p *params) {
			token, _ := p.Token.(string)
			if p.Value.Kind == "" {
				s.Parts[token] = append(s.Parts[token], p.Value.Items)
				return
			}
			s.Progress[token] = append(s.Progress[token], p.Value.Progress)
		})
	case protocol.MethodWindowShowMessage:
		return nil, take(e, req, func(s *State, p *message) { s.Messages = append(s.Messages, p.Message) })
	case protocol.MethodWindowLogMessage:
		return nil, take(e, req, func(s *State, p *message) { s.Logs = append(s.Logs, p.Message) })
	case protocol.MethodWorkspaceCodeLensRefresh, protocol.MethodWorkspaceInlayHintRefresh, protocol.MethodWorkspaceDiagnosticRefresh,
		protocol.MethodWindowWorkDoneProgressCreate:
		e.change(func(s *State) { s.Refreshes[req.Method]++ })
		return nil, nil
	case protocol.MethodClientRegisterCapability:
		return nil, take(e, req, func(s *State, p *struct {
			Registrations []struct{ Method string }
		}) {
			for _, r := range p.Registrations {
				s.Registered = append(s.Registered, r.Method)
			}
		})
	case protocol.MethodWorkspaceConfiguration:
		e.change(func(s *State) { s.Refreshes[req.Method]++ })
		e.mu.Lock()
		defer e.mu.Unlock()
		raw, err := json.Marshal([]any{e.opts.Configuration})
		return protocol.LSPAny(raw), err
	case protocol.MethodWindowShowMessageRequest:
		return e.answer(ctx, req)
	case protocol.MethodWindowShowDocument:
		err := take(e, req, func(s *State, p *struct{ URI string }) { s.Shown = append(s.Shown, p.URI) })
		return map[string]bool{"success": true}, err
	}
	e.change(func(s *State) { s.Unexpected = append(s.Unexpected, req.Method) })
	return nil, wire.Errorf(wire.MethodNotFound, "the fake editor does not know %s", req.Method)
}

type message struct {
	Message string `json:"message"`
	Actions []struct {
		Title string `json:"title"`
	} `json:"actions"`
}

func take[P any](e *Editor, req *wire.Request, do func(s *State, p *P)) error {
	var p P
	if err := json.Unmarshal(req.Params, &p); err != nil {
		e.tb.Errorf("%s: %v", req.Method, err)
		return err
	}
	e.change(func(s *State) { do(s, &p) })
	return nil
}

func (e *Editor) published(req *wire.Request) error {
	var p protocol.PublishDiagnosticsParams
	if err := req.Decode(&p); err != nil {
		e.tb.Errorf("%s: %v", req.Method, err)
		return err
	}
	var spelt struct{ URI string }
	if err := json.Unmarshal(req.Params, &spelt); err != nil {
		return err
	}
	if p.Diagnostics == nil {
		e.tb.Errorf("%s: null in place of a list", req.Method)
	}
	version, versioned := p.Version.Get()
	e.change(func(s *State) {
		publication := Publication{version, versioned, p.Diagnostics}
		s.Published[spelt.URI] = publication
		s.Publications[spelt.URI] = append(s.Publications[spelt.URI], publication)
	})
	return nil
}

// answer is the user's, who may take a while.
func (e *Editor) answer(ctx context.Context, req *wire.Request) (any, error) {
	req.Detach()
	var p message
	if err := json.Unmarshal(req.Params, &p); err != nil {
		return nil, err
	}
	var choices []string
	for _, a := range p.Actions {
		choices = append(choices, a.Title)
	}
	e.change(func(s *State) { s.Questions = append(s.Questions, p.Message) })
	if e.opts.Answer == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if choice := e.opts.Answer(p.Message, choices); choice != "" {
		return map[string]string{"title": choice}, nil
	}
	return nil, nil
}
