package capabilities

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

// rawServer answers every request with 200 and keeps the lines of its head as they came.
func rawServer(t *testing.T) (addr string, count func() int, heads chan []string) {
	t.Helper()
	heads = make(chan []string, 8)
	addr, count = listen(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for {
			var head []string
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == "\r\n" {
					break
				}
				head = append(head, line)
			}
			heads <- head
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	return addr, count, heads
}

func TestNothingCanSplitALine(t *testing.T) {
	addr, count, heads := rawServer(t)
	c := client(t, HTTPLimits{})
	fields := map[string]struct {
		req  func(x string) HTTPRequest
		part string // the field that the error names
	}{
		"method": {func(x string) HTTPRequest { return HTTPRequest{Method: "GE" + x + "T"} }, "method"},
		"host":   {func(x string) HTTPRequest { return HTTPRequest{URL: "http://" + addr + x} }, "url"},
		"user":   {func(x string) HTTPRequest { return HTTPRequest{URL: "http://ada" + x + "@" + addr} }, "url"},
		"path":   {func(x string) HTTPRequest { return HTTPRequest{URL: "http://" + addr + "/a" + x + "X-Injected: 1"} }, "url"},
		"query":  {func(x string) HTTPRequest { return HTTPRequest{URL: "http://" + addr + "/?a=" + x + "X-Injected: 1"} }, "url"},
		"header name": {func(x string) HTTPRequest {
			return HTTPRequest{Headers: map[string]string{"X-A" + x + "X-Injected": "1"}}
		}, "header"},
		"header value": {func(x string) HTTPRequest {
			return HTTPRequest{Headers: map[string]string{"X-A": "1" + x + "X-Injected: 1"}}
		}, "header X-A"},
		"Host": {func(x string) HTTPRequest {
			return HTTPRequest{Headers: map[string]string{"Host": "a" + x + "X-Injected: 1"}}
		}, "header Host"},
		"Cookie": {func(x string) HTTPRequest {
			return HTTPRequest{Headers: map[string]string{"Cookie": x + "X-Injected: 1"}}
		}, "header Cookie"},
	}
	for name, field := range fields {
		for _, x := range []string{"\r", "\n", "\r\n", "\x00", "\u010a", "\u560a"} {
			t.Run(fmt.Sprintf("%+q in %s", x, name), func(t *testing.T) {
				before := count()
				req := field.req(x)
				if req.URL == "" {
					req.URL = "http://" + addr + "/"
				}
				_, err := c.Do(t.Context(), req, HTTPHooks{})
				if x[0] < 0x20 {
					wantKind(t, err, HTTPBadRequest, field.part)
					if count() != before {
						t.Error("a connection was made")
					}
					return
				}
				select {
				case head := <-heads: // beyond ASCII: sent as one character or not at all
					if slices.ContainsFunc(head, func(line string) bool { return strings.HasPrefix(line, "X-Injected") }) {
						t.Errorf("head = %q", head)
					}
					r := textproto.NewReader(bufio.NewReader(strings.NewReader(strings.Join(head[1:], "") + "\r\n")))
					if _, err := r.ReadMIMEHeader(); err != nil {
						t.Errorf("head = %q: %v", head, err)
					}
				default:
					if err == nil {
						t.Error("neither an error nor a request")
					}
				}
			})
		}
	}
}

func TestARequestThatCannotBeSentIsRefusedInWords(t *testing.T) {
	tests := map[string]struct {
		req   HTTPRequest
		parts []string
	}{
		"no URL":                     {HTTPRequest{}, []string{"url", "no scheme", "http://host"}},
		"no scheme":                  {HTTPRequest{URL: "localhost/x"}, []string{"no scheme"}},
		"a host taken for a scheme":  {HTTPRequest{URL: "localhost:8080/x"}, []string{`"localhost"`, "not http or https"}},
		"another scheme":             {HTTPRequest{URL: "ftp://h/"}, []string{`"ftp"`}},
		"no host":                    {HTTPRequest{URL: "http:///x"}, []string{"no host"}},
		"a port alone":               {HTTPRequest{URL: "http://:80/x"}, []string{"no host"}},
		"a port that is none":        {HTTPRequest{URL: "http://h:99999/"}, []string{"99999", "65535"}},
		"port 0":                     {HTTPRequest{URL: "http://h:0/"}, []string{"port 0"}},
		"a port of letters":          {HTTPRequest{URL: "http://h:eighty/"}, []string{"url"}},
		"a bad escape":               {HTTPRequest{URL: "http://h/%zz"}, []string{"%zz"}},
		"a blank in the host":        {HTTPRequest{URL: "http://a b/"}, []string{"url"}},
		"a blank in the method":      {HTTPRequest{URL: "http://h/", Method: "GET x"}, []string{"method", "a blank"}},
		"a method beyond ASCII":      {HTTPRequest{URL: "http://h/", Method: "GÉT"}, []string{"method", "not ASCII"}},
		"a header without a name":    {HTTPRequest{URL: "http://h/", Headers: map[string]string{"": "x"}}, []string{"no name"}},
		"a header name with a colon": {HTTPRequest{URL: "http://h/", Headers: map[string]string{"X:Y": "x"}}, []string{`":"`}},
		"a tab in a header name":     {HTTPRequest{URL: "http://h/", Headers: map[string]string{"X\tY": "x"}}, []string{"a tab"}},
		"a control character":        {HTTPRequest{URL: "http://h/", Headers: map[string]string{"X": "a\x07"}}, []string{"0x07"}},
		"a Host with a path":         {HTTPRequest{URL: "http://h/", Headers: map[string]string{"Host": "a/b"}}, []string{"Host", `"/"`}},
		"a Host with a user":         {HTTPRequest{URL: "http://h/", Headers: map[string]string{"Host": "a@b"}}, []string{"Host", `"@"`}},
	}
	c := client(t, HTTPLimits{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.Do(t.Context(), tt.req, HTTPHooks{Allow: func(string, string, string) error {
				t.Error("the request came as far as the grants")
				return nil
			}})
			wantKind(t, err, HTTPBadRequest, tt.parts...)
		})
	}
}

func TestOfTwoSpellingsOfAHeaderTheSameOneIsSentEveryTime(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Join(r.Header["X-A"], "|"))
	})
	c := client(t, HTTPLimits{})
	for range 20 {
		response, err := c.Do(
			t.Context(), HTTPRequest{URL: s.URL, Headers: map[string]string{"X-A": "upper", "x-a": "lower"}}, HTTPHooks{},
		)
		if err != nil || string(response.Body) != "lower" {
			t.Fatalf("body %q, err %v", response.Body, err)
		}
	}
}

func TestOnlyWhatIsIllegalInAURLIsEscaped(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RequestURI) })
	c := client(t, HTTPLimits{})
	tests := map[string]string{ // path and query as written, and as sent
		"":                                "/",
		"/a%2Fb c":                        "/a%2Fb%20c",
		"/a%2fb":                          "/a%2fb",
		"/a/../b/./c":                     "/a/../b/./c",
		"//a//":                           "//a//",
		"/é|{}^\\`\"<>":                   "/%C3%A9%7C%7B%7D%5E%5C%60%22%3C%3E",
		"/!$&'()*+,;=:@[]":                "/!$&'()*+,;=:@[]",
		"?a={b}|c^d&e=f g":                "/?a={b}|c^d&e=f%20g",
		"/?x=%zz&y=http://a/b?c#not-sent": "/?x=%zz&y=http://a/b?c",
		"/x?":                             "/x?",
		"/users/a@b.test/http://x y":      "/users/a@b.test/http://x%20y",
	}
	for written, want := range tests {
		response, err := c.Do(t.Context(), HTTPRequest{URL: s.URL + written}, HTTPHooks{})
		if err != nil {
			t.Errorf("%s: %v", written, err)
		} else if string(response.Body) != want {
			t.Errorf("%s: sent %s, want %s", written, response.Body, want)
		}
	}
	for reference, want := range map[string]string{
		"a b":           "a%20b",
		"//h x/a b?c d": "//h x/a%20b?c d",
		"a b//c d":      "a%20b//c%20d",
		"?a b":          "?a b",
		"http://h":      "http://h",
		"http:a b":      "http:a%20b",
	} {
		if got := escapePath(reference); got != want {
			t.Errorf("%s: %s, want %s", reference, got, want)
		}
	}
}

// Whatever passes the checks is written as exactly the lines that were asked for.
func FuzzWhatPassesTheChecksSplitsNoLine(f *testing.F) {
	f.Add("GET", "http://h/p?q", "X-A", "1", "h:80")
	f.Add("G\rT", "http://h\n/", "X\x00", "\r\nX-B: 2", "h\r\n")
	f.Add("", "https://u:p@[::1]:8/\u010a ?\u560a\"#x", "cookie", "\u010a", "")
	c := NewHTTPClient(HTTPLimits{})
	f.Fuzz(func(t *testing.T, method, url, name, value, host string) {
		x, err := c.newExchange(HTTPRequest{Method: method, URL: url, Headers: map[string]string{name: value, "Host": host}}, HTTPHooks{})
		if err != nil {
			wantKind(t, err, HTTPBadRequest)
			return
		}
		request, err := http.NewRequest(x.hop.method, x.hop.url.String(), nil)
		if err != nil {
			return // an error in words, before anything is dialled
		}
		request.Header, request.Host = x.hop.header.Header, x.hop.host
		var wire strings.Builder
		if err := request.Write(&wire); err != nil {
			return
		}
		head := wire.String()
		lines := strings.Split(head, "\r\n")
		want := 1 + 1 + len(x.hop.header.Header) + 2 // the request line, Host, the headers, the empty line, and what follows it
		for _, own := range []string{"\r\nContent-Length: 0\r\n"} {
			if strings.Contains(head, own) && !x.hop.header.has("Content-Length") {
				want++
			}
		}
		if len(lines) != want || strings.Count(head, "\n") != len(lines)-1 || strings.Contains(head, "\x00") ||
			strings.Count(lines[0], " ") != 2 {
			t.Errorf("%d lines, want %d: %q", len(lines), want, head)
		}
	})
}

// A secret may be any text, also one that reads like the start of a URL.
func TestEveryTextHasItsFormsInAURL(t *testing.T) {
	for _, s := range []string{"", "/", "/abc", "//host/x", "http://h/x", "?a=b", "#x", "a b", "%", "%zz", ":", "[", "\\", "é\n", "../x"} {
		forms := FormsInURL(s)
		if !slices.Contains(forms, escapeQuery(s)) {
			t.Errorf("%q: forms %q", s, forms)
		}
	}
	if forms := FormsInURL("/a b"); !slices.Contains(forms, "/a%20b") {
		t.Errorf("forms %q", forms)
	}
}
