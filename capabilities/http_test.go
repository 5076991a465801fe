package capabilities

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestARequestReachesTheServerAsItIs(t *testing.T) {
	type seen struct {
		method, uri, host, body string
		header                  http.Header
		length                  int64
	}
	got := make(chan seen, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- seen{r.Method, r.RequestURI, r.Host, string(body), r.Header, r.ContentLength}
		w.Header().Add("X-Twice", "a")
		w.Header().Add("X-Twice", "b")
		w.Header().Set("X-Latin", "caf\xe9")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "made")
	})
	c := client(t, HTTPLimits{})

	tests := map[string]struct {
		req  HTTPRequest
		path string
		want func(t *testing.T, s seen)
	}{
		"an empty method is GET": {HTTPRequest{}, "/", func(t *testing.T, s seen) {
			if s.method != "GET" || s.body != "" || s.header.Get("User-Agent") != "speclens" || s.header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("got %+v", s)
			}
		}},
		"a method is sent in its own case": {HTTPRequest{Method: "pURGE"}, "/", func(t *testing.T, s seen) {
			if s.method != "pURGE" {
				t.Errorf("method = %q", s.method)
			}
		}},
		"body, headers and length arrive": {
			HTTPRequest{
				Method: "POST", Body: []byte("hello"),
				Headers: map[string]string{"x-a": " 1 ", "User-Agent": "me", "Content-Length": "99"},
			}, "/p?q=1",
			func(t *testing.T, s seen) {
				if s.body != "hello" || s.length != 5 || s.header.Get("X-A") != "1" || s.header.Get("User-Agent") != "me" || s.uri != "/p?q=1" {
					t.Errorf("got %+v", s)
				}
			},
		},
		"a POST without a body says so": {HTTPRequest{Method: "POST"}, "/", func(t *testing.T, s seen) {
			if s.length != 0 || s.header.Get("Transfer-Encoding") != "" {
				t.Errorf("got %+v", s)
			}
		}},
		"the Host header is honoured": {HTTPRequest{
			Headers: map[string]string{"hOST": "shop.example:81"},
		}, "/", func(t *testing.T, s seen) {
			if s.host != "shop.example:81" {
				t.Errorf("host = %q", s.host)
			}
		}},
		"blanks and characters beyond ASCII cannot break the request line": {HTTPRequest{}, "/a b/\u010a?q=a b&r=\u560a\"", func(
			t *testing.T, s seen,
		) {
			if s.uri != "/a%20b/%C4%8A?q=a%20b&r=%E5%98%8A%22" {
				t.Errorf("uri = %q", s.uri)
			}
		}},
		"what is escaped stays escaped, and the fragment stays here": {HTTPRequest{}, "/a%2Fb?c=%2B+d#top", func(t *testing.T, s seen) {
			if s.uri != "/a%2Fb?c=%2B+d" {
				t.Errorf("uri = %q", s.uri)
			}
		}},
		"an Accept-Encoding of the user's is kept": {HTTPRequest{
			Headers: map[string]string{"accept-encoding": "br"},
		}, "/", func(t *testing.T, s seen) {
			if !slices.Equal(s.header.Values("Accept-Encoding"), []string{"br"}) {
				t.Errorf("got %v", s.header)
			}
		}},
		"a range is asked for without compression": {HTTPRequest{
			Headers: map[string]string{"Range": "bytes=0-3"},
		}, "/", func(t *testing.T, s seen) {
			if s.header.Get("Accept-Encoding") != "" {
				t.Errorf("got %v", s.header)
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.req.URL = s.URL + tt.path
			response, err := c.Do(t.Context(), tt.req, HTTPHooks{})
			if err != nil {
				t.Fatal(err)
			}
			tt.want(t, <-got)
			if response.Status != 201 || string(response.Body) != "made" || response.Proto != "HTTP/1.1" || response.TLS != "" {
				t.Errorf("response = %+v", response)
			}
			if response.Headers["X-Twice"] != "a, b" || !slices.Equal(response.HeadersAll["X-Twice"], []string{"a", "b"}) {
				t.Errorf("repeated header = %q, %q", response.Headers["X-Twice"], response.HeadersAll["X-Twice"])
			}
			if response.Headers["X-Latin"] != "café" {
				t.Errorf("X-Latin = %q", response.Headers["X-Latin"])
			}
			if response.Remote != strings.TrimPrefix(s.URL, "http://") {
				t.Errorf("remote = %q", response.Remote)
			}
		})
	}
}

func TestUserInformationBecomesCredentialsAndIsNeverShown(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = fmt.Fprintf(w, "%s/%s", user, password)
	})
	c := client(t, HTTPLimits{})
	var sent string
	response, err := c.Do(t.Context(), HTTPRequest{URL: strings.Replace(s.URL, "://", "://ada:pa%20ss@", 1) + "/x"}, HTTPHooks{
		Sent: func(_, url string, _ int) { sent = url },
	})
	if err != nil {
		t.Fatal(err)
	}
	if string(response.Body) != "ada/pa ss" || response.URL != s.URL+"/x" || sent != s.URL+"/x" {
		t.Errorf("body %q, url %q, sent %q", response.Body, response.URL, sent)
	}
	_, err = c.Do(t.Context(), HTTPRequest{URL: "http://ada:hunter2@127.0.0.1:1/"}, HTTPHooks{})
	if known := wantKind(t, err, HTTPRefused); strings.Contains(known.Message, "hunter2") || strings.Contains(known.Message, "ada") {
		t.Errorf("message %q holds the user information", known.Message)
	}
}

func TestConnectionsAreKeptAliveAndShared(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := client(t, HTTPLimits{})
	for _, path := range []string{"/", "/redirect", "/"} {
		response, err := c.Do(t.Context(), HTTPRequest{URL: s.URL + path}, HTTPHooks{})
		if err != nil || len(response.Body) != 100_000 {
			t.Fatalf("response %v, err %v", response, err)
		}
		if response.Remote == "" || response.Timings.Total != response.Duration || response.Timings.Body != response.BodyDuration {
			t.Errorf("response = %+v", response)
		}
		if hops := response.Timings.Redirects > 0; hops != (path == "/redirect") {
			t.Errorf("%s: timings = %v", path, response.Timings)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestHTTP2AndTLSAreReported(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that lose a race for the first request
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := client(t, HTTPLimits{}, WithRootCAs(roots))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			order := make(chan string, 2)
			response, err := c.Do(t.Context(), HTTPRequest{Method: "POST", URL: s.URL, Body: []byte("abc")}, HTTPHooks{
				Sent: func(method, _ string, bytes int) { order <- fmt.Sprint(method, bytes) },
			})
			if err != nil {
				t.Error(err)
				return
			}
			if response.Proto != "HTTP/2.0" || response.TLS != "TLS 1.3" || string(response.Body) != "HTTP/2.0" ||
				response.Remote != strings.TrimPrefix(s.URL, "https://") {
				t.Errorf("response = %+v", response)
			}
			select {
			case sent := <-order:
				if sent != "POST3" {
					t.Errorf("sent = %q", sent)
				}
			default:
				t.Error("Sent was not called before Do returned")
			}
		})
	}
	wait.Wait()
}

func TestNoProxyIsUsedWhateverTheEnvironmentSays(t *testing.T) {
	dead := "http://127.0.0.1:1"
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, dead)
	}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") })
	u, _ := url.Parse(s.URL)
	// net/http makes an exception for loopback, so the name must not look like it.
	c := client(t, HTTPLimits{}, WithResolver(resolver(t, map[string][][]netip.Addr{"api.test": at("127.0.0.1")})))
	response, err := c.Do(t.Context(), HTTPRequest{URL: "http://api.test:" + u.Port()}, HTTPHooks{})
	if err != nil || string(response.Body) != "direct" {
		t.Fatalf("response %v, err %v", response, err)
	}
}

func TestAllowIsAskedForEveryHopBeforeAnythingIsDialled(t *testing.T) {
	forbidden := errors.New("forbidden by the test")
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the forbidden server was reached") })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	c := client(t, HTTPLimits{})
	var asked []string
	allow := func(scheme, host, port string) error {
		asked = append(asked, scheme+" "+host+" "+port)
		if strings.HasSuffix(other.URL, ":"+port) {
			return forbidden
		}
		return nil
	}
	_, err := c.Do(t.Context(), HTTPRequest{URL: s.URL}, HTTPHooks{Allow: allow})
	if wantKind(t, err, HTTPDenied, "redirect to "+other.URL, "forbidden by the test"); !errors.Is(err, forbidden) {
		t.Errorf("err = %v does not wrap the hook's error", err)
	}
	want := []string{"http 127.0.0.1 " + s.URL[len("http://127.0.0.1:"):], "http 127.0.0.1 " + other.URL[len("http://127.0.0.1:"):]}
	if !slices.Equal(asked, want) {
		t.Errorf("asked = %q, want %q", asked, want)
	}
	_, err = c.Do(t.Context(), HTTPRequest{URL: other.URL}, HTTPHooks{Allow: allow})
	wantKind(t, err, HTTPDenied, "request to "+other.URL)
	asked = nil
	_, err = c.Do(t.Context(), HTTPRequest{URL: "https://example.invalid"}, HTTPHooks{Allow: func(scheme, host, port string) error {
		asked = append(asked, scheme+" "+host+" "+port)
		return forbidden
	}})
	wantKind(t, err, HTTPDenied)
	if !slices.Equal(asked, []string{"https example.invalid 443"}) {
		t.Errorf("asked = %q", asked)
	}
}

func TestAfterCloseNothingIsSent(t *testing.T) {
	c := NewHTTPClient(HTTPLimits{})
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), HTTPRequest{URL: "http://127.0.0.1:1"}, HTTPHooks{})
	wantKind(t, err, HTTPClosed, "closed")
}

func TestCancellingReachesTheServer(t *testing.T) {
	begun, gone := make(chan struct{}), make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(gone)
	})
	c := client(t, HTTPLimits{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, err := c.Do(ctx, HTTPRequest{URL: s.URL}, HTTPHooks{})
	wantKind(t, err, HTTPCanceled, "cancelled while waiting for the response")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v does not wrap context.Canceled", err)
	}
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Error("the server never noticed")
	}
}
