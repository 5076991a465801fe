package lsp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/lsptest"
)

// tapped is a connection that remembers all that the server says.
type tapped struct {
	io.ReadWriteCloser
	mu   sync.Mutex
	said strings.Builder // guarded by mu
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.ReadWriteCloser.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said.Write(p[:n])
	return n, err
}

func TestNothingThatTheServerSaysHoldsASecretOrAQuarterOfOne(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"url": r.URL.String(), "in": r.Header.Get("X-In"), "body": string(body)})
	}))
	defer server.Close()
	secrets := map[string]string{
		"JWT": "eyJ" + strings.Repeat("Zq7Wd9Xk2Lm5Rt8Yb", 18), "LESS": "<hunter2pass77x", "PATH": "wQ3rTy/uI8oPa three", "QUOTE": `kJ4hG6f"d\sA9lM`, "SHORT": "xQ9z",
	}
	var env, spec strings.Builder
	fmt.Fprintf(&spec, "target: %s\ntests:\n", server.URL)
	i := 0
	for name, secret := range secrets {
		fmt.Fprintf(&env, "%s=%s\n", name, strconv.Quote(secret))
		for _, test := range []string{
			"method: POST, resource: \"/e?p={{ env.N }}\", headers: { X-In: \"{{ env.N }}\" }, body: \"{{ env.N }}\", expect: { status: 201, body: { in: \"x{{ env.N }}\", body: nothing, url: 5 } }",
			"resource: /x, expect: { status: \"{{ env.N }}\", duration: \"{{ env.N }}\", body: { in: \"{{ env.N }}\" } }",
			"target: \"http://user:{{ env.N.URLEncode() }}@127.0.0.1:1\", resource: /",
		} {
			fmt.Fprintf(&spec, "  - { alias: a%d, %s }\n", i, strings.ReplaceAll(test, "env.N", "env."+name))
			i++
		}
	}
	var tap *tapped
	e := lsptest.Start(t, lsptest.Options{
		Files: map[string]string{".env": env.String(), ".qube.yaml": "version: 1\n"},
		Wrap:  func(c io.ReadWriteCloser) io.ReadWriteCloser { tap = &tapped{ReadWriteCloser: c}; return tap },
	})
	const file = "a.qube.yaml"
	e.Open(file, spec.String())
	e.Diagnostics(file)
	e.Run(file, "", command.ScopeFile)
	e.Replace(file, "status: 201", "status: 202") // judged again
	e.Diagnostics(file)
	hints, text := e.Hints(file), e.Text(file)
	for at := 0; at < len(text); at += 7 {
		e.Hover(file, at)
		if at%35 == 0 {
			e.Complete(file, at)
		}
	}
	tap.mu.Lock()
	said := tap.said.String()
	tap.mu.Unlock()
	if len(hints) == 0 || !strings.Contains(said, "***") {
		t.Fatalf("the run left no trace: %d hints", len(hints))
	}
	for name, secret := range secrets {
		once, _ := json.Marshal(secret)
		twice, _ := json.Marshal(string(once))
		for _, form := range []string{
			secret, strings.ToLower(secret), url.QueryEscape(secret), url.PathEscape(secret), (&url.URL{Path: secret}).EscapedPath(),
			strings.Trim(string(once), `"`), strings.Trim(string(twice), `\"`), base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			piece := max(8, (len(form)+3)/4)
			for from := 0; from < len(form); from++ {
				part := form[from:min(len(form), from+piece)]
				if len(part) < min(piece, len(form)) {
					break
				}
				if at := strings.Index(said, part); at >= 0 {
					t.Errorf("%s %q: …%q…", name, part, said[max(0, at-80):min(len(said), at+80)])
					break
				}
			}
		}
	}
}
