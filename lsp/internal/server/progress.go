package server

import (
	"context"

	"go.lsp.dev/protocol"
)

// progress is a run's progress bar; nil where the editor has none.
type progress struct {
	server *Server
	token  protocol.ProgressToken
	key    string
}

// startProgress shows a progress bar, if the editor offers any. Its token is the run's id.
func (s *Server) startProgress(j *job, title string) *progress {
	if !s.client.Load().progress {
		return nil
	}
	p := &progress{server: s, token: protocol.String(j.id), key: "progress " + j.id}
	params := &protocol.WorkDoneProgressCreateParams{Token: p.token}
	// A run that is cancelled while the editor makes up its mind still shows that it was.
	if err := s.ask(context.WithoutCancel(j.ctx), protocol.MethodWindowWorkDoneProgressCreate, params, nil); err != nil {
		s.log.Warn("the editor shows no progress", "error", err)
		return nil
	}
	cancellable, percentage := true, uint32(0)
	p.send(&protocol.WorkDoneProgressBegin{Kind: "begin", Title: title, Cancellable: &cancellable, Percentage: &percentage})
	return p
}

func (p *progress) send(value any) {
	p.server.send(protocol.MethodProgress, &protocol.ProgressParams{Token: p.token, Value: encode(value)})
}

// report replaces what was reported before and has not reached the editor.
func (p *progress) report(message string, done, total int) {
	if p == nil {
		return
	}
	value := &protocol.WorkDoneProgressReport{Kind: "report", Message: &message}
	if total > 0 {
		percentage := uint32(100 * done / total) //nolint:gosec // between 0 and 100
		value.Percentage = &percentage
	}
	params := &protocol.ProgressParams{Token: p.token, Value: encode(value)}
	if err := p.server.conn.NotifyLatest(p.key, protocol.MethodProgress, params); err != nil {
		p.server.log.Debug("not sent", "method", protocol.MethodProgress, "error", err)
	}
}

func (p *progress) end(message string) {
	if p != nil {
		p.send(&protocol.WorkDoneProgressEnd{Kind: "end", Message: &message})
	}
}
