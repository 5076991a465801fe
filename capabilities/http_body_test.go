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

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
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

func toBrotli(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }

func toZstd(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w) // it fails for options alone
	return z
}

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
		fault    string
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
		"brotli":           {encoding: "br", sent: encodeWith(t, toBrotli, text), want: text},
		"zstd":             {encoding: "zstd", sent: encodeWith(t, toZstd, text), want: text},
		"zstd upon brotli": {encoding: "br, zstd", sent: encodeWith(t, toZstd, encodeWith(t, toBrotli, text)), want: text},
		"brotli that ends early": {
			encoding: "br", sent: encodeWith(t, toBrotli, text)[:8], kind: HTTPConnection, parts: []string{"ended in the middle"},
		},
		"zstd that ends early": {
			encoding: "zstd", sent: encodeWith(t, toZstd, text)[:12], kind: HTTPConnection, parts: []string{"ended in the middle"},
		},
		"brotli that is none": {encoding: "br", sent: bytes.Repeat([]byte("\xff"), 99), kind: HTTPProtocol, parts: []string{"Content-Encoding (br)"}},
		"zstd that is none":   {encoding: "zstd", sent: text, kind: HTTPProtocol, parts: []string{"Content-Encoding (zstd)"}},
		"zstd with a window of a gigabyte": {
			encoding: "zstd", sent: append([]byte("\x28\xb5\x2f\xfd\x00\xa0"), text...), kind: HTTPProtocol, parts: []string{"zstd"},
		},
		"a coding nobody asked for": {
			encoding: "compress", sent: []byte("\x1f\x9d\x80"), want: []byte("\x1f\x9d\x80"), fault: "Content-Encoding compress is not understood",
		},
		"gzip upon what is not known": {
			encoding: "aes128gcm, gzip", sent: encodeWith(t, toGzip, []byte("??")), want: []byte("??"), fault: "aes128gcm is not understood",
		},
		"no bytes, said to be gzip":      {encoding: "gzip", sent: nil, want: nil},
		"gzip and HEAD":                  {encoding: "gzip", method: "HEAD", sent: zipped, want: nil},
		"gzip and 304":                   {encoding: "gzip", status: 304, want: nil},
		"a part of something compressed": {encoding: "gzip", status: 206, sent: zipped[:20], want: zipped[:20], fault: "a part of"},
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
				if failed := wantKind(t, err, tt.kind, tt.parts...); failed.Status != 200 {
					t.Errorf("status = %d, though the head had come", failed.Status)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(response.BodyFault, tt.fault) || (response.BodyFault == "") != (tt.fault == "") {
				t.Errorf("fault %q, want %q", response.BodyFault, tt.fault)
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
		"endless brotli":  {"br", encodeWith(t, toBrotli, make([]byte, 64<<20)), false},
		"endless zstd":    {"zstd", encodeWith(t, toZstd, make([]byte, 1<<20)), false},
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

func TestABodyThatWasNotReadSaysWhyAndWhere(t *testing.T) {
	const asJSON = "application/json"
	tests := map[string]struct {
		contentType, body, fault, want string
	}{
		"JSON":                             {contentType: asJSON, body: `{"n":1}`},
		"an empty body":                    {contentType: asJSON},
		"text that never said it was JSON": {contentType: "text/html", body: "<html>"},
		"a comma too many":                 {contentType: asJSON, body: `{"n":1,}`, want: "not JSON: unexpected } at byte 7"},
		"a number of JavaScript":           {contentType: asJSON, body: `{"n":NaN}`, want: "not JSON: unexpected N at byte 5"},
		"behind a byte order mark":         {contentType: asJSON, body: "\xef\xbb\xbf[1,]", want: "unexpected ] at byte 6"},
		"an early end":                     {contentType: asJSON, body: `{"n":`, want: "ends too early, at byte 5"},
		"an open text":                     {contentType: asJSON, body: `{"n":"a`, want: "ends too early, at byte 7"},
		"two values":                       {contentType: asJSON, body: `{} []`, want: "unexpected [ at byte 3"},
		"an unknown escape":                {contentType: asJSON, body: `["a\q"]`, want: `unexpected \ at byte 3`},
		"half an escape":                   {contentType: asJSON, body: `["\n\u12g4"]`, want: `unexpected \ at byte 4`},
		"a control character in text":      {contentType: asJSON, body: "[\"a\x01\"]", want: `unexpected '\x01' at byte 3`},
		"bytes that are no text":           {contentType: asJSON, body: "[\xff]", want: "0xff, which is not UTF-8, at byte 1"},
		"nesting without end": {
			contentType: asJSON, body: strings.Repeat("[", 200_000), want: "at byte 10001 it is nested more than 10000 deep",
		},
		"a charset nobody knows": {
			contentType: asJSON + "; charset=klingon", body: "\xe9", want: `the charset "klingon", which is not known`,
		},
		"what the client found": {contentType: asJSON, body: `{"n":1}`, fault: "the body was cut off", want: "the body was cut off"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			value, fault := Body{ContentType: tt.contentType, Bytes: []byte(tt.body), Fault: tt.fault}.Decode()
			if !strings.Contains(fault, tt.want) || (fault == "") != (tt.want == "") {
				t.Errorf("fault = %q, want %q", fault, tt.want)
			}
			if _, isText := value.(string); fault != "" && !isText {
				t.Errorf("value = %#v, want text", value)
			}
		})
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
		"JSON in Latin-1 is converted first":  {"application/json; charset=ISO-8859-1", "{\"b\":\"m\xfcll\"}", map[string]any{"b": "müll"}},
		"JSON in UTF-16 with its mark":        {"application/json; charset=utf-16", "\xfe\xff\x00[\x00\x37\x00]", []any{json.Number("7")}},
		"a charset that only browsers name":   {"text/html; charset=\"x-sjis\"", "\x83e\x83X\x83g", "テスト"},
		"the euro of Windows":                 {"text/plain;CHARSET=windows-1252", "\x80", "€"},
		"an unknown charset that is UTF-8":    {"application/json; charset=klingon", `{"a":"é"}`, map[string]any{"a": "é"}},
		"an unknown charset that is not":      {"application/json; charset=klingon", "[\"\xe9\"]", "[\"\ufffd\"]"},
		"what the header names wins":          {"text/plain; charset=latin1", "caf\xc3\xa9", "cafÃ©"},
		"bytes that are no text are replaced": {"image/png", "\x89PNG\xff\x00", "\ufffdPNG\ufffd\x00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, _ := (Body{ContentType: tt.contentType, Bytes: []byte(tt.body)}).Decode(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}
