package capabilities

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func encodeWith(t *testing.T, make func(io.Writer) io.WriteCloser, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := make(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func toGzip(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func toZlib(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }

func toFlate(w io.Writer) io.WriteCloser {
	f, _ := flate.NewWriter(w, flate.BestSpeed)
	return f
}

func TestBodiesAreDecoded(t *testing.T) {
	text := []byte(strings.Repeat("hello ", 1000))
	zipped := encodeWith(t, toGzip, text)
	broken := bytes.Clone(zipped)
	broken[len(broken)-5] ^= 0xff
	tests := map[string]struct {
		encoding string
		sent     []byte
		status   int
		method   string
		want     []byte
		kind     HTTPErrorKind
		parts    []string
	}{
		"as it is":                      {sent: text, want: text},
		"identity":                      {encoding: "identity", sent: text, want: text},
		"gzip":                          {encoding: "gzip", sent: zipped, want: text},
		"gzip in capitals":              {encoding: "GZip", sent: zipped, want: text},
		"x-gzip":                        {encoding: "x-gzip", sent: zipped, want: text},
		"deflate with its zlib wrapper": {encoding: "deflate", sent: encodeWith(t, toZlib, text), want: text},
		"deflate without":               {encoding: "deflate", sent: encodeWith(t, toFlate, text), want: text},
		"gzip upon deflate": {
			encoding: "deflate, gzip", sent: encodeWith(t, toGzip, encodeWith(t, toZlib, text)), want: text,
		},
		"a coding nobody asked for":      {encoding: "br", sent: []byte("\x8b\x02\x80"), want: []byte("\x8b\x02\x80")},
		"gzip upon what is not known":    {encoding: "br, gzip", sent: encodeWith(t, toGzip, []byte("br")), want: []byte("br")},
		"no bytes, said to be gzip":      {encoding: "gzip", sent: nil, want: nil},
		"gzip and HEAD":                  {encoding: "gzip", method: "HEAD", sent: zipped, want: nil},
		"gzip and 304":                   {encoding: "gzip", status: 304, want: nil},
		"a part of something compressed": {encoding: "gzip", status: 206, sent: zipped[:20], want: zipped[:20]},
		"not gzip at all": {
			encoding: "gzip", sent: []byte("hello hello"), kind: HTTPProtocol, parts: []string{"Content-Encoding (gzip)"},
		},
		"gzip with a wrong checksum": {encoding: "gzip", sent: broken, kind: HTTPProtocol, parts: []string{"checksum"}},
		"gzip that ends early": {
			encoding: "gzip", sent: zipped[:len(zipped)/2], kind: HTTPConnection, parts: []string{"ended in the middle"},
		},
		"deflate that is none": {
			encoding: "deflate", sent: []byte("\xff\xff\xff\xff"), kind: HTTPProtocol, parts: []string{"deflate"},
		},
		"four codings, one upon the other": {
			encoding: "gzip, gzip, gzip, gzip", sent: zipped, kind: HTTPProtocol, parts: []string{"4 times"},
		},
		"an unknown coding upon four of it": {encoding: "x, x, x, x", sent: zipped, kind: HTTPProtocol, parts: []string{"4 times"}},
	}
	c := client(t, HTTPLimits{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.encoding != "" {
					w.Header().Set("Content-Encoding", tt.encoding)
				}
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
				_, _ = w.Write(tt.sent)
			})
			response, err := c.Do(t.Context(), HTTPRequest{Method: tt.method, URL: s.URL}, HTTPHooks{})
			if tt.kind != "" {
				wantKind(t, err, tt.kind, tt.parts...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(response.Body, tt.want) || response.Truncated {
				t.Errorf("body of %d bytes, truncated %t, want %d bytes", len(response.Body), response.Truncated, len(tt.want))
			}
			if response.Headers["Content-Encoding"] != tt.encoding {
				t.Errorf("the header is gone: %v", response.Headers)
			}
		})
	}
}

func TestABodyIsCutAtTheLimit(t *testing.T) {
	const limit = 1000
	c := client(t, HTTPLimits{BodyBytes: limit})
	for _, zipped := range []bool{false, true} {
		for size, truncated := range map[int]bool{0: false, limit - 1: false, limit: false, limit + 1: true, 100 * limit: true} {
			t.Run(fmt.Sprintf("%d bytes, gzip %t", size, zipped), func(t *testing.T) {
				s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					body := bytes.Repeat([]byte("x"), size)
					if zipped {
						w.Header().Set("Content-Encoding", "gzip")
						body = encodeWith(t, toGzip, body)
					}
					_, _ = w.Write(body)
				})
				response, err := c.Do(t.Context(), HTTPRequest{URL: s.URL}, HTTPHooks{})
				if err != nil {
					t.Fatal(err)
				}
				if response.Truncated != truncated || len(response.Body) != min(size, limit) {
					t.Errorf("%d bytes, truncated %t", len(response.Body), response.Truncated)
				}
			})
		}
	}
}

// endless writes data again and again until the client has had enough.
func endless(ctx context.Context, w io.Writer, data []byte) {
	for ctx.Err() == nil {
		if _, err := w.Write(data); err != nil {
			return
		}
	}
}

func TestBombsCostNoMoreThanTheLimit(t *testing.T) {
	const limit = 4 << 20
	// Members of gzip may follow one another, so a small one that is sent again and again is as good as a large one.
	zeros := make([]byte, 1<<16)
	member := encodeWith(t, toGzip, make([]byte, 1<<20))
	nested := encodeWith(t, toGzip, bytes.Repeat(member, 64))
	emptyBlock := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 10_000) // stored blocks of deflate that hold nothing
	bombs := map[string]struct {
		encoding string
		data     []byte
		timeout  bool
	}{
		"an endless body": {"", zeros, false},
		"endless gzip":    {"gzip", member, false},
		"gzip in gzip":    {"gzip, gzip", nested, false},
		"one bomb in deflate, and rubbish after it":  {"deflate", encodeWith(t, toZlib, make([]byte, 8<<20)), false},
		"endless deflate that holds nothing":         {"deflate", emptyBlock, true},
		"gzip of endless deflate that holds nothing": {"deflate, gzip", encodeWith(t, toGzip, emptyBlock), true},
	}
	c := client(t, HTTPLimits{BodyBytes: limit})
	for name, bomb := range bombs {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if bomb.encoding != "" {
					w.Header().Set("Content-Encoding", bomb.encoding)
				}
				endless(r.Context(), w, bomb.data)
			})
			timeout := 20 * time.Second
			if bomb.timeout {
				timeout = time.Second
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			response, err := c.Do(t.Context(), HTTPRequest{URL: s.URL, Timeout: timeout}, HTTPHooks{})
			runtime.ReadMemStats(&after)
			if bomb.timeout {
				wantKind(t, err, HTTPTimeout, "body")
			} else if err != nil || !response.Truncated || len(response.Body) != limit {
				t.Fatalf("err %v", err)
			}
			// The server of the test runs in the same process; its writers are part of this sum.
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 64<<20 {
				t.Errorf("%d MiB were allocated", spent>>20)
			}
		})
	}
}

func TestAHeadThatNeverEndsIsAnError(t *testing.T) {
	addr, _ := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		endless(t.Context(), conn, []byte("X-A: "+strings.Repeat("b", 100)+"\r\n"))
	})
	c := client(t, HTTPLimits{HeaderBytes: 64 << 10})
	_, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + addr}, HTTPHooks{})
	wantKind(t, err, HTTPProtocol, "head of the response", "65536")
}

func TestADripEndsWithTheTimeout(t *testing.T) {
	stop := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-stop:
				return
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { close(stop) })
	c := client(t, HTTPLimits{Timeout: time.Second})
	started := time.Now()
	_, err := c.Do(t.Context(), HTTPRequest{URL: s.URL}, HTTPHooks{})
	wantKind(t, err, HTTPTimeout, "1s", "reading the response's body")
	if took := time.Since(started); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestSwitchingProtocolsHasNoBody(t *testing.T) {
	addr, _ := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(
			conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw bytes that never end",
		)
		_, _ = io.Copy(io.Discard, conn)
	})
	c := client(t, HTTPLimits{})
	response, err := c.Do(
		t.Context(), HTTPRequest{URL: "http://" + addr, Headers: map[string]string{"Connection": "Upgrade", "Upgrade": "x"}}, HTTPHooks{},
	)
	if err != nil || response.Status != 101 || len(response.Body) != 0 {
		t.Errorf("response %+v, err %v", response, err)
	}
}

func TestTheFormOfABodyFollowsItsContentType(t *testing.T) {
	tests := map[string]struct {
		contentType, body string
		want              any
	}{
		"nothing is nil": {"application/json", "", nil},
		"JSON is parsed": {
			"application/json; charset=utf-8", ` {"a": [1, true, null, "x"]} `,
			map[string]any{"a": []any{json.Number("1"), true, nil, "x"}},
		},
		"a vendor's JSON too":                 {"application/vnd.api+JSON", `{"id":"7"}`, map[string]any{"id": "7"}},
		"integers keep every digit":           {"text/json", `9007199254740993`, json.Number("9007199254740993")},
		"a byte order mark is passed over":    {"application/json", "\xef\xbb\xbf{}", map[string]any{}},
		"broken JSON is text":                 {"application/json", `{"a":`, `{"a":`},
		"two values are text":                 {"application/json", "{}{}", "{}{}"},
		"lines of JSON are text":              {"application/x-ndjson", "{}\n{}\n", "{}\n{}\n"},
		"null is nil":                         {"application/json", "null", nil},
		"JSON without its content type":       {"text/plain", `{"a":1}`, `{"a":1}`},
		"no content type at all":              {"", "plain", "plain"},
		"Latin-1 is converted":                {"text/plain; charset=ISO-8859-1", "caf\xe9", "café"},
		"UTF-8 stays, whatever was said":      {"text/plain; charset=latin1", "café", "café"},
		"bytes that are no text are replaced": {"image/png", "\x89PNG\xff\x00", "\ufffdPNG\ufffd\x00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := DecodeHTTPBody(tt.contentType, []byte(tt.body)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}
