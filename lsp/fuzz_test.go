package lsp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/lsp"
)

const wireCorpus = "../testdata/corpus/wire"

// canned is a connection whose other end has said all that it will ever say.
type canned struct {
	in  io.Reader
	mu  sync.Mutex
	out bytes.Buffer // guarded by mu
}

func (c *canned) Read(b []byte) (int, error) { return c.in.Read(b) }

func (c *canned) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(b)
}

func (c *canned) Close() error { return nil }

// FuzzWire feeds a server with bytes. Whatever they are, it answers in whole messages and ends with the bytes.
func FuzzWire(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join(wireCorpus, "[a-z]*"))
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no corpus in %s: %v", wireCorpus, err)
	}
	for _, seed := range seeds {
		raw, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	hello := frame(`{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"capabilities":{}}}`) +
		frame(`{"jsonrpc":"2.0","method":"initialized"}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, before := range []string{"", hello} {
			conn := &canned{in: io.MultiReader(bytes.NewReader([]byte(before)), bytes.NewReader(data))}
			served := make(chan error, 1)
			go func() {
				served <- lsp.Serve(context.Background(), conn, lsp.Options{
					Quiet: time.Millisecond, Plugins: []plugin.Option{plugin.WithBuiltins(httpplugin.New()), plugin.WithCacheDir("")},
				})
			}()
			select {
			case <-served:
			case <-time.After(patience):
				t.Fatalf("the server does not end after %q", data)
			}
			conn.mu.Lock()
			in := bufio.NewReader(bytes.NewReader(conn.out.Bytes()))
			conn.mu.Unlock()
			for {
				body, err := readBody(in)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || !json.Valid(body) {
					t.Fatalf("after %q the server wrote %q, %v", data, body, err)
				}
				var m rawMessage
				if body[0] == '{' && (json.Unmarshal(body, &m) != nil || m.Method == "" && len(m.ID) == 0) {
					t.Fatalf("after %q the server wrote the message %s", data, body)
				}
			}
		}
	})
}
