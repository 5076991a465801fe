package capabilities

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

type requestsKey struct{}

// once serves one request on each connection and breaks it at the second one.
func once(t *testing.T, secure bool) (s *httptest.Server, served *atomic.Int32) {
	t.Helper()
	served = &atomic.Int32{}
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(requestsKey{}).(*atomic.Int32).Add(1) > 1 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		if r.Header["X-Idempotency-Key"] != nil {
			t.Errorf("%s was sent with the header that only net/http knows", r.Method)
		}
		served.Add(1)
	}))
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, requestsKey{}, &atomic.Int32{})
	}
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, served
}

func TestAKeptConnectionThatBreaksCostsNoIdempotentRequestAndIsNamedForOthers(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for method, again := range map[string]bool{
			"GET": true, "HEAD": true, "OPTIONS": true, "PUT": true, "DELETE": true, "POST": false, "PATCH": false, "PURGE": false,
		} {
			t.Run(fmt.Sprintf("%s, TLS %t", method, secure), func(t *testing.T) {
				s, served := once(t, secure)
				var options []HTTPOption
				if secure {
					roots := x509.NewCertPool()
					roots.AddCert(s.Certificate())
					options = append(options, WithRootCAs(roots))
				}
				c := client(t, HTTPLimits{}, options...)
				if _, err := c.Do(t.Context(), HTTPRequest{URL: s.URL}, HTTPHooks{}); err != nil {
					t.Fatal(err)
				}
				request := HTTPRequest{Method: method, URL: s.URL}
				if method != "GET" && method != "HEAD" {
					request.Body = []byte("text")
				}
				_, err := c.Do(t.Context(), request, HTTPHooks{})
				if again {
					if err != nil || served.Load() != 2 {
						t.Errorf("%d requests were served, err %v", served.Load(), err)
					}
					return
				}
				wantKind(t, err, HTTPConnection, "closed the connection", "kept from an earlier request", "not sent again")
				if served.Load() != 1 {
					t.Errorf("%d requests were served", served.Load())
				}
			})
		}
	}
}

func TestANewConnectionThatBreaksIsNotCalledAKeptOne(t *testing.T) {
	addr, _ := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
	})
	_, err := client(t, HTTPLimits{}).Do(t.Context(), HTTPRequest{Method: "POST", URL: "http://" + addr}, HTTPHooks{})
	if failed := wantKind(t, err, HTTPConnection, "closed the connection"); strings.Contains(failed.Message, "kept") {
		t.Errorf("message = %q", failed.Message)
	}
}

// RFC 6761 section 6.3: names below localhost are loopback, whatever a name server says.
func TestNamesBelowLocalhostAreLoopback(t *testing.T) {
	hosts := make(chan string, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { hosts <- r.Host })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	metadata := [][]netip.Addr{{netip.MustParseAddr("169.254.169.254")}}
	c := client(t, HTTPLimits{}, WithResolver(resolver(t, map[string][][]netip.Addr{
		"api.localhost": metadata, "a.b.localhost": metadata, "localhost.example": metadata, "notlocalhost": metadata,
	})))
	for _, host := range []string{"api.localhost", "A.b.LocalHost", "api.localhost."} {
		response, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + host + ":" + port}, HTTPHooks{})
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		if got := <-hosts; !strings.EqualFold(got, host+":"+port) || response.Remote != "127.0.0.1:"+port {
			t.Errorf("%s: the server was told %q at %s", host, got, response.Remote)
		}
	}
	for _, host := range []string{"localhost.example", "notlocalhost"} {
		_, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + host + ":" + port}, HTTPHooks{})
		wantKind(t, err, HTTPDenied, "169.254.169.254")
	}
}
