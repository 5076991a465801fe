package capabilities

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxEncodings bounds how often a body may be compressed over: honest servers do it once.
const maxEncodings = 3

// smallBody is the length up to which a body that says how long it is is read at one go.
const smallBody = 64 << 10

// received is the body of an answer.
type received struct {
	bytes     []byte
	truncated bool
	// fault is that of Body.
	fault string
}

// readBody reads and decodes a body of at most limit bytes, and closes it. Where its coding is not known, the body stays as it
// came and has a fault.
func readBody(ctx context.Context, response *http.Response, limit int64) (received, error) {
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return received{}, nil // what follows is another protocol
	}
	decoded, fault, err := decode(ctx, response)
	if err != nil {
		return received{}, err
	}
	if _, plain := decoded.(*untilDone); plain && response.ContentLength > 0 && response.ContentLength <= min(smallBody, limit) {
		body := make([]byte, response.ContentLength)
		n, err := io.ReadFull(decoded, body)
		if err != nil && !(n == 0 && errors.Is(err, io.EOF)) { // the answer to HEAD tells of a body that does not come
			return received{}, bodyError(response, int64(n), err)
		}
		return received{bytes: body[:n], fault: fault}, nil
	}
	var buffer bytes.Buffer
	if size := response.ContentLength; size > 0 {
		buffer.Grow(int(min(size, limit)) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(decoded, limit+1))
	if err != nil {
		return received{}, bodyError(response, n, err)
	}
	if n > limit {
		if fault == "" {
			fault = fmt.Sprintf("the body was cut off at the limit of %d bytes", limit)
		}
		return received{bytes: slices.Clip(buffer.Bytes()[:limit]), truncated: true, fault: fault}, nil
	}
	if _, plain := decoded.(*untilDone); !plain {
		// A decoder may stop before the end of the chunked body; reading the rest of it keeps the connection alive.
		_, _ = io.CopyN(io.Discard, response.Body, 4<<10)
	}
	return received{bytes: buffer.Bytes(), fault: fault}, nil
}

// decode undoes the codings that Content-Encoding names, last first, as far as they are known; fault names one that is not.
func decode(ctx context.Context, response *http.Response) (body io.Reader, fault string, err error) {
	var codings []string
	for _, value := range response.Header.Values("Content-Encoding") {
		for _, coding := range strings.Split(value, ",") {
			if coding = strings.ToLower(strings.TrimSpace(coding)); coding != "" && coding != "identity" {
				codings = append(codings, coding)
			}
		}
	}
	if len(codings) == 0 {
		return &untilDone{ctx, response.Body}, "", nil
	}
	if response.StatusCode == http.StatusPartialContent {
		return &untilDone{ctx, response.Body}, fmt.Sprintf(
			"the body is a part of one in Content-Encoding %s, which cannot be decoded by itself", codings[len(codings)-1]), nil
	}
	source := bufio.NewReader(&untilDone{ctx, response.Body})
	if _, err := source.Peek(1); err != nil { // HEAD, 204, 304, or nothing to say
		if errors.Is(err, io.EOF) {
			return source, "", nil
		}
		return nil, "", bodyError(response, 0, err)
	}
	if len(codings) > maxEncodings {
		return nil, "", &HTTPError{Kind: HTTPProtocol, Message: fmt.Sprintf(
			"answer of %s: the body is encoded %d times over, which only serves to exhaust its reader",
			originOf(response.Request.URL), len(codings))}
	}
	for _, coding := range slices.Backward(codings) {
		inner, err := decodeOne(coding, source)
		if err != nil {
			return nil, "", bodyError(response, 0, err)
		}
		if inner == nil {
			fault = fmt.Sprintf("the body's Content-Encoding %s is not understood; leave it out of Accept-Encoding", coding)
			break
		}
		source = bufio.NewReader(&untilDone{ctx, inner})
	}
	return source, fault, nil
}

// zstdWindow is the largest window that RFC 9659 lets a body of HTTP ask for.
const zstdWindow = 8 << 20

// decodeOne returns nil for a coding that is not known.
func decodeOne(coding string, source *bufio.Reader) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(source)
		if err != nil {
			return nil, err
		}
		return r, nil
	case "deflate":
		// RFC 9110 means zlib; some servers send bare deflate data.
		if head, err := source.Peek(2); err == nil && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
			r, err := zlib.NewReader(source)
			if err != nil {
				return nil, err
			}
			return r, nil
		}
		return flate.NewReader(source), nil
	case "br":
		kept := &keptError{r: source}
		return &foreignDecoder{r: brotli.NewReader(kept), source: kept}, nil
	case "zstd":
		kept := &keptError{r: source}
		r, err := zstd.NewReader(kept, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return &foreignDecoder{r: r, source: kept}, nil
	}
	return nil, nil
}

// keptError keeps the error that ended a source.
type keptError struct {
	r   io.Reader
	err error
}

func (k *keptError) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if err != nil {
		k.err = err
	}
	return n, err
}

// codingError is data that is not in its coding.
type codingError struct{ err error }

func (e *codingError) Error() string { return e.err.Error() }
func (e *codingError) Unwrap() error { return e.err }

// foreignDecoder tells a fault of the data from one of the connection, for decoders whose errors have no type.
type foreignDecoder struct {
	r      io.Reader
	source *keptError
}

func (d *foreignDecoder) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	switch {
	case err == nil, err == io.EOF: //nolint:errorlint // a reader returns io.EOF as it is
		return n, err
	case d.source.err != nil && !errors.Is(d.source.err, io.EOF):
		return n, d.source.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, &codingError{err}
}

// bodyError says what is wrong with a body; errors of the connection are left to explain.
func bodyError(response *http.Response, have int64, err error) error {
	where := originOf(response.Request.URL)
	var corrupt flate.CorruptInputError
	var coding *codingError
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum),
		errors.Is(err, zlib.ErrDictionary), errors.As(err, &corrupt), errors.As(err, &coding):
		return &HTTPError{Kind: HTTPProtocol, Err: err, Message: fmt.Sprintf(
			"answer of %s: the body is not what its Content-Encoding (%s) says: %v", where, response.Header.Get("Content-Encoding"), err)}
	case errors.Is(err, io.ErrUnexpectedEOF) && response.ContentLength >= 0 && response.Header.Get("Content-Encoding") == "":
		return &HTTPError{Kind: HTTPConnection, Err: err, Message: fmt.Sprintf(
			"answer of %s: the body ended after %d of the %d bytes that Content-Length announced", where, have, response.ContentLength)}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &HTTPError{Kind: HTTPConnection, Err: err, Message: fmt.Sprintf(
			"answer of %s: the body ended in the middle, after %d bytes", where, have)}
	}
	return err
}

// untilDone ends a read loop that has its input at hand and so would never ask the network, and with it the context.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
