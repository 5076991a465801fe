package capabilities

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// secureServer has a certificate of its own making, so that a test chooses what is wrong with it.
func secureServer(t *testing.T, change func(*x509.Certificate)) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return s, roots
}

func TestFailuresAreExplainedInWords(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	plain.Config.ErrorLog = log.New(io.Discard, "", 0)
	fine := func(*x509.Certificate) {}
	untrusted, _ := secureServer(t, fine)
	expired, expiredRoots := secureServer(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	named, namedRoots := secureServer(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"shop.test"} })
	demanding, demandingRoots := secureServer(t, fine)
	demanding.TLS.ClientAuth = tls.RequireAnyClientCert
	says := func(text string) string {
		addr, _ := listen(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, text)
		})
		return "http://" + addr
	}
	short := says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
	chunk := says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")

	tests := map[string]struct {
		url   string
		roots *x509.CertPool
		kind  HTTPErrorKind
		parts []string
	}{
		"nothing listens": {
			"http://" + closed + "/x?y=1", nil, HTTPRefused, []string{"http://" + closed, "connection refused", "start the server"},
		},
		"the name does not exist": {"http://nope.test/", nil, HTTPNoSuchHost, []string{`no such host "nope.test"`, "spelling"}},
		"http at an https address": {
			strings.Replace(plain.URL, "http:", "https:", 1), nil, HTTPTLS, []string{"does not speak TLS", "http://"},
		},
		"nobody vouches for the server": {untrusted.URL, nil, HTTPTLS, []string{"authority", "trust store"}},
		"the certificate has expired":   {expired.URL, expiredRoots, HTTPTLS, []string{"expired"}},
		"the certificate names another": {named.URL, namedRoots, HTTPTLS, []string{"another name"}},
		"the server wants to know us":   {demanding.URL, demandingRoots, HTTPTLS, []string{"handshake failed", "certificate required"}},
		"it is not HTTP":                {says("SSH-2.0-OpenSSH_9.2\r\n"), nil, HTTPProtocol, []string{"not HTTP", "port"}},
		"a header without a colon":      {says("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), nil, HTTPProtocol, []string{"not HTTP"}},
		"the server hangs up at once":   {says(""), nil, HTTPConnection, []string{"closed the connection", "server's log"}},
		"the body ends early":           {short, nil, HTTPConnection, []string{"3 of the 10 bytes"}},
		"a chunk ends early":            {chunk, nil, HTTPConnection, []string{"ended in the middle, after 2 bytes"}},
	}
	r := resolver(t, map[string][][]netip.Addr{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, HTTPLimits{}, WithRootCAs(tt.roots), WithResolver(r))
			_, err := c.Do(t.Context(), HTTPRequest{URL: tt.url}, HTTPHooks{})
			wantKind(t, err, tt.kind, tt.parts...)
			if known := err.(*HTTPError); known.Err == nil { //nolint:errorlint // wantKind has just looked
				t.Error("the cause is lost")
			}
		})
	}
}

func TestAServerThatSpeaksFirstIsNotHTTP(t *testing.T) {
	log.SetOutput(io.Discard) // net/http logs what it hears unasked
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	addr, _ := listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 mail.test ESMTP\r\n")
		_, _ = io.Copy(io.Discard, conn)
	})
	c := client(t, HTTPLimits{})
	for range 20 { // what net/http says depends on who is faster
		_, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + addr}, HTTPHooks{})
		wantKind(t, err, HTTPProtocol, "not HTTP", "port")
	}
}

func TestANameServerThatFailsIsToldFromANameThatDoesNotExist(t *testing.T) {
	broken := &net.Resolver{
		PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("network is down") },
	}
	c := client(t, HTTPLimits{}, WithResolver(broken))
	_, err := c.Do(t.Context(), HTTPRequest{URL: "http://api.test"}, HTTPHooks{})
	wantKind(t, err, HTTPNoSuchHost, "could not be looked up", "network is down")
}

func TestATimeoutSaysWhatWasBeingWaitedFor(t *testing.T) {
	silent, _ := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	deaf := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	half, _ := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-A: ")
		_, _ = io.Copy(io.Discard, conn)
	})
	stuck, _ := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 10)) // and then no more, so that a large body fills every buffer on its way
		<-t.Context().Done()
	})
	tests := map[string]struct {
		req  HTTPRequest
		part string
	}{
		"the name":        {HTTPRequest{URL: "http://api.test"}, "looking up the host's name"},
		"TLS":             {HTTPRequest{URL: "https://" + silent}, "negotiating TLS"},
		"the response":    {HTTPRequest{URL: "http://" + silent}, "waiting for the response"},
		"half a response": {HTTPRequest{URL: "http://" + half}, "reading the response's head"},
		"a large request": {HTTPRequest{URL: "http://" + stuck, Method: "POST", Body: make([]byte, 16<<20)}, "sending the request"},
	}
	c := client(t, HTTPLimits{}, WithResolver(deaf))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.req.Timeout = time.Second // long enough for a busy machine to get as far as the part
			_, err := c.Do(t.Context(), tt.req, HTTPHooks{})
			wantKind(t, err, HTTPTimeout, "within 1s", tt.part, "raise timeout")
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v does not wrap context.DeadlineExceeded", err)
			}
			tt.req.Timeout = time.Minute
			ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
			defer cancel()
			_, err = c.Do(ctx, tt.req, HTTPHooks{})
			if known := wantKind(t, err, HTTPTimeout, tt.part); strings.Contains(known.Message, "1m0s") {
				t.Errorf("the caller's deadline was shorter: %v", known)
			}
		})
	}
}
