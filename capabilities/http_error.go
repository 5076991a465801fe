package capabilities

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// HTTPErrorKind says which part of an exchange went wrong.
type HTTPErrorKind string

// The kinds of an HTTPError.
const (
	// HTTPBadRequest: the request may not be sent as it is; nothing was dialled.
	HTTPBadRequest HTTPErrorKind = "bad request"
	// HTTPDenied: a grant, or the rule about addresses, forbids the destination.
	HTTPDenied HTTPErrorKind = "denied"
	// HTTPNoSuchHost: the name does not resolve.
	HTTPNoSuchHost HTTPErrorKind = "no such host"
	// HTTPRefused: nothing listens at the address.
	HTTPRefused HTTPErrorKind = "refused"
	// HTTPConnection: the network or the peer ended the connection, or none could be made.
	HTTPConnection HTTPErrorKind = "connection"
	// HTTPTLS: the handshake failed or the certificate is not acceptable.
	HTTPTLS HTTPErrorKind = "tls"
	// HTTPTimeout: the exchange took longer than its timeout, or than its context's deadline.
	HTTPTimeout HTTPErrorKind = "timeout"
	// HTTPCanceled: the context was cancelled.
	HTTPCanceled HTTPErrorKind = "cancelled"
	// HTTPRedirect: a redirect that may not be followed.
	HTTPRedirect HTTPErrorKind = "redirect"
	// HTTPProtocol: the answer is not acceptable HTTP.
	HTTPProtocol HTTPErrorKind = "protocol"
	// HTTPClosed: the client was closed before.
	HTTPClosed HTTPErrorKind = "closed"
)

// HTTPError is what went wrong with an exchange, in words for the person who wrote the request.
type HTTPError struct {
	Kind HTTPErrorKind
	// Message says where, what, why, and what to do next. It holds no user information and no header value.
	Message string
	// Status is that of the response, where its head had come before something went wrong; else 0.
	Status int
	// Took is how long it had taken until then, 0 where nothing was dialled.
	Took time.Duration
	// Err is the cause, nil where the rule was ours.
	Err error
}

func (e *HTTPError) Error() string { return e.Message }

func (e *HTTPError) Unwrap() error { return e.Err }

// errExchangeTimeout is the cause of a context that ended by HTTPRequest.Timeout and not by its parent.
var errExchangeTimeout = errors.New("the request's timeout")

func badRequest(format string, args ...any) *HTTPError {
	return &HTTPError{Kind: HTTPBadRequest, Message: fmt.Sprintf(format, args...)}
}

// explain turns what net/http returned into an HTTPError. stage is what was being waited for.
func (x *exchange) explain(ctx context.Context, err error, stage string) *HTTPError {
	var known *HTTPError
	if errors.As(err, &known) {
		return known
	}
	where := x.hop.origin()
	if ended := x.explainEnd(ctx, where, stage); ended != nil {
		return ended
	}
	kind, text := explainDial(where, x.hop, err)
	if kind == "" {
		kind, text = explainTLS(where, err)
	}
	if kind == "" {
		kind, text = explainAnswer(where, stage, x.client.limits.HeaderBytes, err)
	}
	return &HTTPError{Kind: kind, Message: text, Err: err}
}

// explainEnd is for a context that has ended; nil where it has not.
func (x *exchange) explainEnd(ctx context.Context, where, stage string) *HTTPError {
	if ctx.Err() == nil {
		return nil
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errExchangeTimeout), errors.Is(cause, context.DeadlineExceeded):
		return &HTTPError{Kind: HTTPTimeout, Err: context.DeadlineExceeded, Message: fmt.Sprintf(
			"no complete answer from %s within %v: timed out while %s; check that the server answers, or raise timeout",
			where, x.allowed(), stage)}
	default:
		return &HTTPError{Kind: HTTPCanceled, Err: cause, Message: fmt.Sprintf("cancelled while %s (%s)", stage, where)}
	}
}

// allowed is the time that an exchange which ran out of it had. A caller's deadline that ends a moment before the request's
// timeout is the same limit, set twice.
func (x *exchange) allowed() time.Duration {
	took := time.Since(x.started)
	if took > x.timeout-x.timeout/10 {
		return x.timeout
	}
	return took.Round(time.Millisecond)
}

func explainDial(where string, to hop, err error) (HTTPErrorKind, string) {
	var (
		denied *DeniedAddressError
		dns    *net.DNSError
	)
	switch {
	case errors.As(err, &denied):
		return HTTPDenied, fmt.Sprintf("connect to %s: %v", where, denied)
	case errors.As(err, &dns) && dns.IsNotFound:
		return HTTPNoSuchHost, fmt.Sprintf(
			"connect to %s: no such host %q: check the spelling of the target, or that its network (VPN, container) is up",
			where, to.url.Hostname())
	case errors.As(err, &dns):
		return HTTPNoSuchHost, fmt.Sprintf("connect to %s: the name %q could not be looked up (%s): check the network and its name server",
			where, to.url.Hostname(), dns.Err)
	case errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "actively refused"):
		return HTTPRefused, fmt.Sprintf(
			"connect to %s: connection refused: nothing listens on port %s; start the server, or check the target's host and port",
			where, to.port())
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return HTTPConnection, fmt.Sprintf(
			"connect to %s: no route to the host: check the address, and that its network (VPN, container) is up", where)
	case errors.Is(err, syscall.ETIMEDOUT):
		return HTTPTimeout, fmt.Sprintf("connect to %s: no answer to the connection attempt: check the address and the firewall", where)
	}
	return "", ""
}

func explainTLS(where string, err error) (HTTPErrorKind, string) {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		reason   string
	)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		reason = "the server does not speak TLS: use http:// if that is what it serves"
	case errors.As(err, &hostname):
		reason = "the certificate is for another name (" + hostname.Error() + "): use a host that it names"
	case errors.As(err, &unknown):
		reason = "the certificate is signed by an authority that is not trusted here: add the authority to the system's trust store"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		reason = "the certificate has expired or is not yet valid: renew it, or check this machine's clock"
	case errors.As(err, &verify):
		reason = "the certificate is not acceptable (" + verify.Err.Error() + ")"
	case errors.As(err, &alert):
		reason = "the server broke off the handshake (" + alert.Error() + "): it may want a client certificate or another TLS version"
	case strings.Contains(err.Error(), "tls: "):
		reason = "the handshake failed (" + cause(err).Error() + ")"
	default:
		return "", ""
	}
	return HTTPTLS, "TLS with " + where + ": " + reason
}

func explainAnswer(where, stage string, headerBytes int64, err error) (HTTPErrorKind, string) {
	text := err.Error()
	switch {
	case strings.Contains(text, "server response headers exceeded"), strings.Contains(text, "response header list larger than"):
		return HTTPProtocol, fmt.Sprintf("answer of %s: the head of the response is larger than %d bytes", where, headerBytes)
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME header"):
		return HTTPProtocol, fmt.Sprintf("answer of %s: it is not HTTP (%s): check that the port is the one of an HTTP server", where, cause(err))
	case strings.Contains(text, "readLoopPeekFailLocked"): // net/http has no better word for it
		return HTTPProtocol, fmt.Sprintf("answer of %s: it is not HTTP (the server speaks before it is asked): "+
			"check that the port is the one of an HTTP server", where)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		strings.Contains(text, "server closed idle connection"), strings.Contains(text, "forcibly closed"):
		return HTTPConnection, fmt.Sprintf("%s closed the connection while %s: see the server's log", where, stage)
	}
	return HTTPConnection, fmt.Sprintf("%s: failed while %s: %v", where, stage, cause(err))
}

// cause peels the layers that repeat the URL or name local ports, which differ from run to run.
func cause(err error) error {
	for {
		switch e := err.(type) { //nolint:errorlint // exactly these layers are peeled, one by one
		case *url.Error:
			err = e.Err
		case *net.OpError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		default:
			return err
		}
	}
}
