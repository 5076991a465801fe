package server

import (
	"context"
	"encoding/json"
	"fmt"

	"go.lsp.dev/protocol"
)

// show tells the user something that they should know now.
func (s *Server) show(kind protocol.MessageType, format string, args ...any) {
	s.send(protocol.MethodWindowShowMessage, &protocol.ShowMessageParams{Type: kind, Message: fmt.Sprintf(format, args...)})
}

// tell writes a line to the editor's log.
func (s *Server) tell(kind protocol.MessageType, format string, args ...any) {
	params := &protocol.LogMessageParams{Type: kind, Message: fmt.Sprintf(format, args...)}
	if err := s.conn.Offer(protocol.MethodWindowLogMessage, params); err != nil {
		s.log.Debug("not sent", "method", protocol.MethodWindowLogMessage, "error", err)
	}
}

func (s *Server) send(method string, params any) {
	if err := s.conn.Notify(method, params); err != nil {
		s.log.Debug("not sent", "method", method, "error", err)
	}
}

// choose asks the user; the answer is empty where there is none within humanTime.
func (s *Server) choose(ctx context.Context, kind protocol.MessageType, question string, choices ...string) string {
	ctx, cancel := context.WithTimeout(ctx, humanTime)
	defer cancel()
	params := &protocol.ShowMessageRequestParams{Type: kind, Message: question}
	for _, c := range choices {
		params.Actions = append(params.Actions, protocol.MessageActionItem{Title: c})
	}
	var answer json.RawMessage
	if err := s.conn.Call(ctx, protocol.MethodWindowShowMessageRequest, params, &answer); err != nil {
		s.log.Warn("a question went unanswered", "question", question, "error", err)
		return ""
	}
	return parseLenient(answer).at("title").text()
}

// encode is for values that the server made itself and that JSON can hold.
func encode(v any) protocol.LSPAny {
	raw, err := protocol.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return raw
}
