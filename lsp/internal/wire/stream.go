package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"go.lsp.dev/jsonrpc2"
)

// MaxMessage is the largest message that is read, in bytes; a larger one is refused before anything is allocated for it.
const MaxMessage = 256 << 20

// maxHeader is the largest header of a message, in bytes.
const maxHeader = 64 << 10

// stream frames messages. What comes in and is no request or response is answered here and never reaches jsonrpc2, which
// would close the connection; what goes out is queued.
type stream struct {
	in  *bufio.Reader
	out *queue
	log *slog.Logger
	// ended is told once why no more messages come.
	ended func(error)
}

var _ jsonrpc2.Stream = (*stream)(nil)

// ReadFrame returns the next message that is well-formed, in memory that it does not use again.
func (s *stream) ReadFrame(ctx context.Context) ([]byte, int64, error) {
	for {
		if err := ctx.Err(); err != nil {
			s.ended(err)
			return nil, 0, err
		}
		body, err := s.frame()
		if err != nil {
			s.ended(err)
			return nil, 0, err
		}
		if s.wellFormed(body) {
			return body, int64(len(body)), nil
		}
	}
}

// frame reads one header and its body.
func (s *stream) frame() ([]byte, error) {
	length, err := s.header()
	if err != nil {
		return nil, err
	}
	if length > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes announced, at most %d are read", ErrTooLarge, length, MaxMessage)
	}
	// A large buffer grows with what really comes: the length may be a lie.
	var body bytes.Buffer
	body.Grow(int(min(length, 1<<20)))
	if n, err := io.CopyN(&body, s.in, length); err != nil {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: %d of %d bytes of a message came", io.ErrUnexpectedEOF, n, length)
		}
		return nil, err
	}
	return body.Bytes(), nil
}

// header reads the header lines of a message and returns its length.
func (s *stream) header() (int64, error) {
	length, seen := int64(-1), 0
	for {
		line, err := s.line(maxHeader - seen)
		if err != nil {
			if errors.Is(err, io.EOF) && (seen > 0 || line != "") {
				err = fmt.Errorf("%w within the header of a message", io.ErrUnexpectedEOF)
			}
			return 0, err
		}
		seen += len(line)
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			if length < 0 {
				return 0, fmt.Errorf("%w: no Content-Length", ErrHeader)
			}
			return length, nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return 0, fmt.Errorf("%w: %q has no colon", ErrHeader, clip(line, 60))
		}
		if !strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%w: Content-Length %q is not a length", ErrHeader, clip(value, 60))
		}
		length = n
	}
}

// line reads up to and including the next line feed, at most limit bytes.
func (s *stream) line(limit int) (string, error) {
	var b strings.Builder
	for {
		part, err := s.in.ReadSlice('\n')
		if b.Len()+len(part) > limit {
			return "", fmt.Errorf("%w: more than %d bytes", ErrHeader, maxHeader)
		}
		b.Write(part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return b.String(), err
		}
	}
}

// wellFormed reports whether jsonrpc2 will take a message. One that it would not is answered here.
func (s *stream) wellFormed(body []byte) bool {
	if !json.Valid(body) {
		s.refuse(jsonrpc2.ID{}, jsonrpc2.ParseError, "the message is not valid JSON")
		return false
	}
	switch first := bytes.TrimLeft(body, " \t\r\n")[0]; first {
	case '[':
		// The members of a batch are judged one by one.
		return true
	case '{':
	default:
		s.refuse(jsonrpc2.ID{}, jsonrpc2.InvalidRequest, "the message is not an object")
		return false
	}
	if _, err := jsonrpc2.DecodeMessage(body); err == nil {
		return true
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		s.refuse(jsonrpc2.ID{}, jsonrpc2.InvalidRequest, "the message is not a request")
		return false
	}
	if _, isRequest := m["method"]; !isRequest {
		// Answering an answer would make two confused peers talk for ever.
		s.log.Warn("ignored a malformed response", "message", clip(string(body), 200))
		return false
	}
	s.refuse(idOf(m["id"]), jsonrpc2.InvalidRequest, "the message is not a valid JSON-RPC 2.0 request")
	return false
}

// refuse answers a message that is no request.
func (s *stream) refuse(id jsonrpc2.ID, code jsonrpc2.Code, message string) {
	s.log.Warn("refused a message", "code", int32(code), "reason", message)
	_ = s.out.put(jsonrpc2.AppendResponse(nil, id, nil, jsonrpc2.NewError(code, message)), "")
}

// idOf reads an id as far as it is one.
func idOf(raw json.RawMessage) jsonrpc2.ID {
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return jsonrpc2.NewStringID(text)
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return jsonrpc2.NewNumberID(n)
	}
	return jsonrpc2.ID{}
}

// Read is ReadFrame for a connection that does not know it.
func (s *stream) Read(ctx context.Context) (jsonrpc2.Message, int64, error) {
	body, n, err := s.ReadFrame(ctx)
	if err != nil {
		return nil, 0, err
	}
	msg, err := jsonrpc2.DecodeMessage(body)
	return msg, n, err
}

// Write queues a message.
func (s *stream) Write(_ context.Context, msg jsonrpc2.Message) (int64, error) {
	body := jsonrpc2.AppendMessage(nil, msg)
	return int64(len(body)), s.out.put(body, "")
}

// WriteFrame queues an encoded message.
func (s *stream) WriteFrame(_ context.Context, data []byte) (int64, error) {
	return int64(len(data)), s.out.put(bytes.Clone(data), "")
}

// Close does nothing: jsonrpc2 closes as soon as nothing more can be read, and what is queued is still to be written.
func (s *stream) Close() error { return nil }

// clip shortens foreign text for a log or an error.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
