package capabilities

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

func ptr[T any](v T) *T { return &v }

// client returns a client that is closed with the test.
func client(t *testing.T, limits HTTPLimits, options ...HTTPOption) *HTTPClient {
	t.Helper()
	c := NewHTTPClient(limits, options...)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// wantKind checks an error's kind and that its text holds every part.
func wantKind(t *testing.T, err error, kind HTTPErrorKind, parts ...string) *HTTPError {
	t.Helper()
	var known *HTTPError
	if !errors.As(err, &known) {
		t.Fatalf("err = %v (%T), want an *HTTPError of kind %q", err, err, kind)
	}
	if known.Kind != kind {
		t.Fatalf("kind = %q, want %q; %v", known.Kind, kind, err)
	}
	for _, part := range parts {
		if !strings.Contains(known.Message, part) {
			t.Errorf("message %q does not hold %q", known.Message, part)
		}
	}
	return known
}

// names is a name server on loopback: it answers A questions from a table, in which several entries are the answers to
// one question after another, the last one staying. Names that are not in it do not exist.
type names struct {
	mu      sync.Mutex // guards answers
	answers map[string][][]netip.Addr
}

func resolver(t *testing.T, answers map[string][][]netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{answers: answers}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reply := n.reply(buffer[:size]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply answers one DNS message with one question (RFC 1035 section 4).
func (n *names) reply(query []byte) []byte {
	if len(query) < 12 {
		return nil
	}
	at, labels := 12, []string{}
	for at < len(query) && query[at] != 0 {
		end := at + 1 + int(query[at])
		if end > len(query) {
			return nil
		}
		labels = append(labels, string(query[at+1:end]))
		at = end
	}
	if at+5 > len(query) {
		return nil
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	reply := append([]byte{}, query[:at+5]...)
	reply[2], reply[3] = 0x81, 0x80 // a recursive answer
	copy(reply[4:12], []byte{0, 1, 0, 0, 0, 0, 0, 0})

	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToLower(strings.Join(labels, "."))
	rounds, known := n.answers[name]
	if !known {
		reply[3] = 0x83 // no such name
		return reply
	}
	if kind != 1 {
		return reply
	}
	for _, addr := range rounds[0] {
		v4 := addr.As4()
		reply[7]++
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, v4[:]...)
	}
	if len(rounds) > 1 {
		n.answers[name] = rounds[1:]
	}
	return reply
}

// at is a table entry: always this address.
func at(addrs ...string) [][]netip.Addr {
	var out []netip.Addr
	for _, addr := range addrs {
		out = append(out, netip.MustParseAddr(addr))
	}
	return [][]netip.Addr{out}
}

// listen accepts connections and hands each to handle; it counts them.
func listen(t *testing.T, handle func(net.Conn)) (addr string, count func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu       sync.Mutex // guards accepted
		accepted int
		wait     sync.WaitGroup
	)
	wait.Add(1)
	go func() {
		defer wait.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			accepted++
			mu.Unlock()
			wait.Add(1)
			go func() {
				defer wait.Done()
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
				handle(conn)
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); wait.Wait() })
	return l.Addr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return accepted
	}
}
