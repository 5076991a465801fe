package wire

import (
	"context"
	"errors"
	"fmt"

	"go.lsp.dev/jsonrpc2"
)

// Code classifies an Error.
type Code int32

// The codes of JSON-RPC 2.0 and of the language server protocol.
const (
	ParseError           Code = -32700
	InvalidRequest       Code = -32600
	MethodNotFound       Code = -32601
	InvalidParams        Code = -32602
	InternalError        Code = -32603
	ServerNotInitialized Code = -32002
	RequestFailed        Code = -32803
	ServerCancelled      Code = -32802
	ContentModified      Code = -32801
	RequestCancelled     Code = -32800
)

// Error is what the other side is told about a request that failed.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf returns an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrTooLarge says that the peer announced a message beyond MaxMessage.
var ErrTooLarge = errors.New("message is too large")

// ErrHeader says that the stream does not hold a message where one should start; nothing after it can be trusted.
var ErrHeader = errors.New("malformed message header")

// ErrStalled says that the peer reads so slowly that too much waits for it.
var ErrStalled = errors.New("the peer does not read what it is sent")

// ErrClosed says that the connection has ended.
var ErrClosed = errors.New("the connection is closed")

// toWire turns a handler's error into what the peer is told.
func toWire(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return jsonrpc2.NewError(jsonrpc2.Code(e.Code), e.Message)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return jsonrpc2.NewError(jsonrpc2.Code(RequestCancelled), "cancelled")
	}
	return jsonrpc2.NewError(jsonrpc2.InternalError, err.Error())
}

// fromWire turns what the peer answered into an Error.
func fromWire(err error) error {
	var e *jsonrpc2.Error
	if errors.As(err, &e) {
		return &Error{Code: Code(e.Code), Message: e.Message}
	}
	return err
}
