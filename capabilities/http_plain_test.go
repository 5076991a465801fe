package capabilities

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// answers reads one request after the other from a connection and writes what say makes of its number, from 1. An empty
// text ends the connection.
func answers(conn net.Conn, say func(n int, r *http.Request) string) {
	in := bufio.NewReader(conn)
	for n := 1; ; n++ {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		text := say(n, r)
		if _, err := io.WriteString(conn, text); err != nil || text == "" {
			return
		}
	}
}

func TestAnAnswerBelongsToItsRequestWhateverTheServerDoesToTheConnection(t *testing.T) {
	for _, c := range []struct {
		name string
		// first is sent for the first request of a connection, second for the next.
		first, second string
		method        string
		// conns is the number of connections that two requests take.
		conns int
		fails HTTPErrorKind
	}{
		{"a quiet connection serves again", okAnswer, okAnswer, "GET", 1, ""},
		{"a server that speaks without being asked gets another connection", okAnswer + okAnswer, okAnswer, "GET", 2, ""},
		{"Connection: close is heeded", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", okAnswer, "GET", 2, ""},
		{"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", okAnswer, "GET", 2, ""},
		{"chunks are read to their end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", okAnswer, "GET", 1, ""},
		{"no content leaves the connection free", "HTTP/1.1 204 No Content\r\n\r\n", okAnswer, "GET", 1, ""},
		{"interim answers are passed over",
			"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + okAnswer, okAnswer, "GET", 1, ""},
		{"too many interim answers are not HTTP", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 9), okAnswer, "GET", 1, HTTPProtocol},
		{"a connection that ends under a GET is replaced", okAnswer, "", "GET", 2, ""},
		{"a POST is not sent twice", okAnswer, "", "POST", 1, HTTPConnection},
	} {
		t.Run(c.name, func(t *testing.T) {
			var conns atomic.Int32
			addr, _ := listen(t, func(conn net.Conn) {
				first := conns.Add(1) == 1
				answers(conn, func(n int, _ *http.Request) string {
					switch {
					case !first:
						return okAnswer
					case n == 1:
						return c.first
					}
					return c.second
				})
			})
			client := client(t, HTTPLimits{})
			var err error
			for range 2 {
				var out *HTTPResponse
				out, err = client.Do(t.Context(), HTTPRequest{URL: "http://" + addr, Method: c.method, Timeout: 5 * time.Second}, HTTPHooks{})
				if err != nil {
					break
				}
				if want := "ok"; out.Status == 200 && string(out.Body) != want {
					t.Errorf("body %q, want %q", out.Body, want)
				}
			}
			switch {
			case c.fails != "":
				wantKind(t, err, c.fails)
			case err != nil:
				t.Fatal(err)
			}
			if n := int(conns.Load()); n != c.conns {
				t.Errorf("%d connections, want %d", n, c.conns)
			}
		})
	}
}

func TestAClosedIdleConnectionIsNoticedBeforeAnythingIsSent(t *testing.T) {
	closed := make(chan struct{})
	var conns, posts atomic.Int32
	addr, _ := listen(t, func(conn net.Conn) {
		first := conns.Add(1) == 1
		answers(conn, func(_ int, _ *http.Request) string {
			posts.Add(1)
			if first {
				_, _ = io.WriteString(conn, okAnswer)
				return ""
			}
			return okAnswer
		})
		if first {
			_ = conn.Close()
			close(closed)
		}
	})
	c := client(t, HTTPLimits{})
	for i := range 2 {
		if _, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + addr, Method: "POST"}, HTTPHooks{}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-closed // both ends are on this machine, so that the end has arrived with it
		}
	}
	if conns.Load() != 2 || posts.Load() != 2 {
		t.Errorf("%d connections and %d requests, want 2 and 2", conns.Load(), posts.Load())
	}
}

func TestBodiesOfEveryLengthArriveWhicheverWayTheyGo(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // the whole of it: a server that answers while it still reads drops the rest
		_, _ = w.Write(body)
	})
	c := client(t, HTTPLimits{})
	for _, n := range []int{0, 1, plainBody - 1, plainBody, plainBody + 1, 1 << 20} {
		body := bytes.Repeat([]byte("b"), n)
		out, err := c.Do(t.Context(), HTTPRequest{URL: s.URL, Method: "POST", Body: body}, HTTPHooks{})
		if err != nil || !bytes.Equal(out.Body, body) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestAnAnswerThatComesBeforeTheBodyIsReadCounts(t *testing.T) {
	addr, _ := listen(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for line, err := in.ReadString('\n'); err == nil && line != "\r\n"; line, err = in.ReadString('\n') {
			_ = line
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		_, _ = io.Copy(io.Discard, in)
	})
	c := client(t, HTTPLimits{})
	out, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + addr, Method: "POST", Body: make([]byte, plainBody)}, HTTPHooks{})
	if err != nil || out.Status != 413 {
		t.Fatalf("out %+v, err %v", out, err)
	}
}

func TestWhatThePoolDoesNotSpeakGoesAnotherWay(t *testing.T) {
	c := client(t, HTTPLimits{})
	for _, req := range []HTTPRequest{
		{URL: "https://a.test"}, {URL: "http://a.test", Method: "CONNECT"}, {URL: "http://a.test", Body: make([]byte, plainBody+1)},
		{URL: "http://a.test", Headers: map[string]string{"Upgrade": "websocket"}},
		{URL: "http://a.test", Headers: map[string]string{"connection": "close"}},
		{URL: "http://a.test", Headers: map[string]string{"Expect": "100-continue"}}, {URL: "http://bücher.test"},
	} {
		x, err := c.newExchange(req, HTTPHooks{})
		if err != nil {
			t.Fatal(err)
		}
		if c.plain.speaks(&x.hop) {
			t.Errorf("%s %s %v goes through the pool", req.Method, req.URL, req.Headers)
		}
	}
}

func TestACutBodyEndsItsConnection(t *testing.T) {
	var conns atomic.Int32
	ended := make(chan struct{}, 2)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		endless(r.Context(), w, bytes.Repeat([]byte("x"), 1000))
		ended <- struct{}{}
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := client(t, HTTPLimits{BodyBytes: 100})
	for range 2 {
		out, err := c.Do(t.Context(), HTTPRequest{URL: s.URL}, HTTPHooks{})
		if err != nil || !out.Truncated {
			t.Fatalf("out %+v, err %v", out, err)
		}
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("the server goes on sending")
		}
	}
	if conns.Load() != 2 {
		t.Errorf("%d connections, want 2", conns.Load())
	}
}

func TestACancelEndsABodyUnderWayAndLeavesNoGoroutine(t *testing.T) {
	sending, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte("drip")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			once.Do(func() { close(sending) })
		}
	})
	c := client(t, HTTPLimits{BodyBytes: 1 << 40})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-sending; cancel() }()
	_, err := c.Do(ctx, HTTPRequest{URL: s.URL}, HTTPHooks{})
	wantKind(t, err, HTTPCanceled)
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the server goes on sending")
	}
	deadline := time.Now().Add(time.Minute)
	for {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if !bytes.Contains(stacks, []byte("capabilities.(*plain")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("a goroutine of the pool is left:\n%s", stacks)
		}
		runtime.Gosched()
	}
}

func TestIdleConnectionsAreFewAndDoNotStayForEver(t *testing.T) {
	addr, _ := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	var p plainPool
	conns := make([]*plainConn, idleConnsPerHost+3)
	for i := range conns {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		conns[i] = &plainConn{Conn: conn, host: addr}
		p.put(conns[i])
	}
	gone := func() int {
		n := 0
		for _, c := range conns {
			if err := c.SetDeadline(time.Time{}); errors.Is(err, net.ErrClosed) {
				n++
			}
		}
		return n
	}
	if n := gone(); n != 3 || p.count != idleConnsPerHost {
		t.Errorf("%d of %d connections were closed and %d kept, want 3 closed", n, len(conns), p.count)
	}
	p.reap()
	if n := gone(); n != 3 {
		t.Errorf("%d of %d connections were closed at the reaper's first visit", n, len(conns))
	}
	p.put(p.take(addr)) // it was used
	p.reap()
	if n := gone(); n != len(conns)-1 || p.count != 1 || p.reaper == nil {
		t.Errorf("after their time %d of %d connections were closed and %d kept", n, len(conns), p.count)
	}
	p.close()
	if n := gone(); n != len(conns) || p.count != 0 || p.reaper != nil || len(p.idle) != 0 {
		t.Errorf("after close %d of %d connections were closed", n, len(conns))
	}
}

func TestBothWaysSendTheSameRequest(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	addr, _ := listen(t, func(conn net.Conn) {
		var b bytes.Buffer
		in := bufio.NewReader(io.TeeReader(conn, &b))
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		seen = append(seen, b.String())
		mu.Unlock()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
	})
	c := client(t, HTTPLimits{})
	for _, req := range []HTTPRequest{
		{URL: "/"}, {URL: "/a%20b?x=1&y=%2F#f"}, {URL: "/", Method: "POST", Body: []byte("text")}, {URL: "/", Method: "POST"},
		{URL: "/", Method: "DELETE", Headers: map[string]string{"Host": "other.test:1", "X-B": "1", "X-A": " 2 "}},
		{URL: "/", Method: "HEAD", Headers: map[string]string{"User-Agent": ""}}, {URL: "/", Method: "PURGE"},
	} {
		req.URL = "http://" + addr + req.URL
		x, err := c.newExchange(req, HTTPHooks{})
		if err != nil {
			t.Fatal(err)
		}
		one, err := c.plain.roundTrip(t.Context(), &x.hop, &httpPhases{}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		_ = one.Body.Close()
		request := blankRequest.WithContext(t.Context())
		request.Method, request.URL, request.Header, request.Host = x.hop.method, x.hop.url, x.hop.header.Header, x.hop.host
		if len(req.Body) > 0 {
			request.ContentLength, request.Body = int64(len(req.Body)), io.NopCloser(bytes.NewReader(req.Body))
		}
		two, err := c.transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = two.Body.Close()
		mu.Lock()
		if len(seen) != 2 || seen[0] != seen[1] {
			t.Errorf("%s: the pool sent %q, and http.Transport %q", req.Method, slices.Concat(seen[:1]), seen[1:])
		}
		seen = nil
		mu.Unlock()
	}
}
