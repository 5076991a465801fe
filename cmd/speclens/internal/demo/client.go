package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"go.lsp.dev/jsonrpc2"
)

// client is an editor without a screen: it speaks the language server protocol to a server and remembers what the
// server tells it.
type client struct {
	conn jsonrpc2.Conn

	mu          sync.Mutex
	diagnostics map[string][]diagnostic // guarded by mu; by URI
	diagnosed   map[string]int32        // guarded by mu; the last version of a URI whose diagnostics are complete
	refreshes   int                     // guarded by mu; how often the server asked to draw hints again
	ended       int                     // guarded by mu; how many progresses have ended
	// changed is closed and replaced whenever one of the above changes.
	changed chan struct{} // guarded by mu
}

// The parts of the protocol's types that the demo looks at.
type (
	position struct {
		Line      int `json:"line"`
		Character int `json:"character"`
	}
	span struct {
		Start position `json:"start"`
		End   position `json:"end"`
	}
	diagnostic struct {
		Range    span   `json:"range"`
		Severity int    `json:"severity"`
		Source   string `json:"source"`
		Code     string `json:"code"`
		Message  string `json:"message"`
	}
	completionItem struct {
		Label        string          `json:"label"`
		Detail       string          `json:"detail"`
		SortText     string          `json:"sortText"`
		FilterText   string          `json:"filterText"`
		LabelDetails *labelDetails   `json:"labelDetails"`
		TextEdit     json.RawMessage `json:"textEdit"`
	}
	labelDetails struct {
		Description string `json:"description"`
	}
	codeLens struct {
		Range   span     `json:"range"`
		Command *command `json:"command"`
	}
	command struct {
		Title     string            `json:"title"`
		Command   string            `json:"command"`
		Arguments []json.RawMessage `json:"arguments"`
	}
	inlayHint struct {
		Position position `json:"position"`
		Label    string   `json:"label"`
	}
)

// dial starts a session with a server on the other end of conn, in the folder root.
func dial(ctx context.Context, conn io.ReadWriteCloser, rootURI string) (*client, error) {
	c := &client{
		conn:        jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(conn)),
		diagnostics: map[string][]diagnostic{},
		diagnosed:   map[string]int32{},
		changed:     make(chan struct{}),
	}
	c.conn.Go(ctx, c.handle)
	params := map[string]any{
		"processId":        nil,
		"rootUri":          rootURI,
		"workspaceFolders": []any{map[string]any{"uri": rootURI, "name": "sample"}},
		"clientInfo":       map[string]any{"name": "speclens demo"},
		"capabilities": map[string]any{
			"window": map[string]any{"workDoneProgress": true},
			"workspace": map[string]any{
				"inlayHint": map[string]any{"refreshSupport": true},
				"codeLens":  map[string]any{"refreshSupport": true},
			},
			"textDocument": map[string]any{
				"completion":         map[string]any{"completionItem": map[string]any{"labelDetailsSupport": true}},
				"hover":              map[string]any{"contentFormat": []string{"markdown", "plaintext"}},
				"inlayHint":          map[string]any{},
				"codeLens":           map[string]any{},
				"publishDiagnostics": map[string]any{"versionSupport": true},
			},
		},
	}
	if _, err := c.conn.Call(ctx, "initialize", params, nil); err != nil {
		return nil, fmt.Errorf("initialize: %w", err)
	}
	return c, c.notify(ctx, "initialized", map[string]any{})
}

func (c *client) notify(ctx context.Context, method string, params any) error {
	if err := c.conn.Notify(ctx, method, params); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

func (c *client) call(ctx context.Context, method string, params, result any) error {
	if _, err := c.conn.Call(ctx, method, params, result); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// close ends the session as an editor does.
func (c *client) close(ctx context.Context) error {
	if err := c.call(ctx, "shutdown", nil, nil); err != nil {
		return err
	}
	return c.notify(ctx, "exit", nil)
}

// handle takes what the server sends, in the order in which it was sent.
func (c *client) handle(_ context.Context, req *jsonrpc2.Request) (any, error) {
	switch req.Method() {
	case "textDocument/publishDiagnostics":
		var p struct {
			URI         string       `json:"uri"`
			Diagnostics []diagnostic `json:"diagnostics"`
		}
		if err := json.Unmarshal(req.Params(), &p); err != nil {
			return nil, err
		}
		c.note(func() { c.diagnostics[p.URI] = p.Diagnostics })
	case "speclens/doneDiagnosing":
		var p struct {
			URI     string `json:"uri"`
			Version int32  `json:"version"`
			Full    bool   `json:"full"`
		}
		if err := json.Unmarshal(req.Params(), &p); err != nil {
			return nil, err
		}
		if p.Full {
			c.note(func() { c.diagnosed[p.URI] = p.Version })
		}
	case "$/progress":
		var p struct {
			Value struct {
				Kind string `json:"kind"`
			} `json:"value"`
		}
		if err := json.Unmarshal(req.Params(), &p); err != nil {
			return nil, err
		}
		if p.Value.Kind == "end" {
			c.note(func() { c.ended++ })
		}
	case "workspace/inlayHint/refresh":
		c.note(func() { c.refreshes++ })
	}
	// Every request of the server to this client may be answered with null: it offers nothing that needs more.
	return nil, nil
}

func (c *client) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}

// await returns when the condition holds; it is looked at whenever the server said something.
func (c *client) await(ctx context.Context, what string, holds func() bool) error {
	for {
		c.mu.Lock()
		ok, changed := holds(), c.changed
		c.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-c.conn.Done():
			return fmt.Errorf("wait for %s: the server ended the session: %w", what, io.ErrUnexpectedEOF)
		}
	}
}
