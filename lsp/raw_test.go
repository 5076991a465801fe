package lsp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/lsp"
)

const patience = time.Minute

// rawPeer is an editor that sends bytes, right or wrong.
type rawPeer struct {
	t      *testing.T
	conn   net.Conn
	in     *bufio.Reader
	served chan error
	stop   context.CancelFunc
	// seen are the messages that were no answers.
	seen []rawMessage
}

type rawMessage struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *rawError       `json:"error"`
}

type rawError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func dial(t *testing.T, opts lsp.Options) *rawPeer {
	t.Helper()
	ours, theirs := net.Pipe()
	if opts.Plugins == nil {
		opts.Plugins = []plugin.Option{plugin.WithBuiltins(httpplugin.New())}
	}
	ctx, stop := context.WithCancel(t.Context())
	p := &rawPeer{t: t, conn: ours, in: bufio.NewReader(ours), served: make(chan error, 1), stop: stop}
	go func() { p.served <- lsp.Serve(ctx, theirs, opts) }()
	_ = ours.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() {
		_ = ours.Close()
		stop()
	})
	return p
}

func (p *rawPeer) bytes(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, s); err != nil {
		// Not Fatalf: some tests write from a goroutine of their own.
		p.t.Errorf("write %.100q: %v", s, err)
	}
}

func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func (p *rawPeer) send(body string) { p.t.Helper(); p.bytes(frame(body)) }

// request sends a request with that id, a JSON value.
func (p *rawPeer) request(id, method, params string) {
	p.t.Helper()
	if params != "" {
		params = `,"params":` + params
	}
	p.send(`{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `"` + params + `}`)
}

func (p *rawPeer) notify(method, params string) {
	p.t.Helper()
	if params != "" {
		params = `,"params":` + params
	}
	p.send(`{"jsonrpc":"2.0","method":"` + method + `"` + params + `}`)
}

func (p *rawPeer) receive() rawMessage {
	p.t.Helper()
	m, err := readMessage(p.in)
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return m
}

func readMessage(in *bufio.Reader) (rawMessage, error) {
	var m rawMessage
	body, err := readBody(in)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(body, &m)
}

// readBody reads one frame as the server writes them.
func readBody(in *bufio.Reader) ([]byte, error) {
	length := -1
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\r\n" {
			break
		}
		if _, err := fmt.Sscanf(line, "Content-Length: %d", &length); err != nil {
			return nil, fmt.Errorf("stray bytes instead of a header: %q", line)
		}
	}
	body := make([]byte, length)
	_, err := io.ReadFull(in, body)
	return body, err
}

// answer reads up to the answer with an id; requests of the server get a null.
func (p *rawPeer) answer(id string) rawMessage {
	p.t.Helper()
	for {
		m := p.receive()
		switch {
		case m.Method == "" && string(m.ID) == id:
			return m
		case m.Method == "":
			p.t.Fatalf("an answer to %s while waiting for that to %s: %s %+v", m.ID, id, m.Result, m.Error)
		case len(m.ID) > 0:
			p.send(`{"jsonrpc":"2.0","id":` + string(m.ID) + `,"result":null}`)
			fallthrough
		default:
			p.seen = append(p.seen, m)
		}
	}
}

// code expects the answer with an id to have an error code, 0 for none.
func (p *rawPeer) code(id string, want int) rawMessage {
	p.t.Helper()
	m := p.answer(id)
	got := 0
	if m.Error != nil {
		got = m.Error.Code
		if m.Error.Message == "" || len(m.Error.Message) > 300 {
			p.t.Errorf("the message of the error is %q", m.Error.Message)
		}
	}
	if got != want {
		p.t.Fatalf("answer to %s: code %d (%+v), want %d", id, got, m.Error, want)
	}
	return m
}

// initialize says hello with these capabilities.
func (p *rawPeer) initialize(capabilities string) rawMessage {
	p.t.Helper()
	p.request(`"hello"`, "initialize", `{"processId":null,"rootUri":null,"capabilities":`+capabilities+`}`)
	m := p.code(`"hello"`, 0)
	p.notify("initialized", "{}")
	return m
}

func (p *rawPeer) open(uri, text string) {
	p.t.Helper()
	raw, err := json.Marshal(map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "qube", "version": 1, "text": text}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.notify("textDocument/didOpen", string(raw))
}

// alive expects the server to answer still.
func (p *rawPeer) alive() {
	p.t.Helper()
	p.request(`"alive"`, "textDocument/hover", `{"textDocument":{"uri":"untitled:nothing"},"position":{"line":0,"character":0}}`)
	if m := p.code(`"alive"`, 0); string(m.Result) != "null" {
		p.t.Errorf("hover in a document that is not open: %s", m.Result)
	}
}

// end waits for Serve to return.
func (p *rawPeer) end(within time.Duration) error {
	p.t.Helper()
	go func() { _, _ = io.Copy(io.Discard, p.in) }()
	select {
	case err := <-p.served:
		return err
	case <-time.After(within):
		p.t.Fatalf("Serve did not return within %v", within)
		return nil
	}
}

func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }
