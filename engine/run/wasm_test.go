package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	builtin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// sandboxed is the http plugin as a WASM module.
func sandboxed(t *testing.T) plugin.Plugin {
	t.Helper()
	return sandboxedTo(t)
}

// sandboxedTo is sandboxed with a grant for these destinations, besides the target of each test.
func sandboxedTo(t *testing.T, destinations ...string) plugin.Plugin {
	t.Helper()
	wasm := plugintest.Build(t, "http")
	sum := sha256.Sum256(wasm)
	grants := capabilities.Grants{"sha256:" + hex.EncodeToString(sum[:]): {HTTP: append(destinations, capabilities.Target)}}
	limits := capabilities.Limits{ValidateTimeout: 20 * time.Second, InitTimeout: 60 * time.Second, InfoTimeout: 60 * time.Second}
	r, err := plugin.NewWASMRuntime(t.Context(), plugin.WithCacheDir(plugintest.CacheDir(t)), plugin.WithLimits(limits),
		plugin.WithGrants(grants))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	p, err := r.LoadPlugin(t.Context(), "http", wasm)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestASandboxedPluginGivesTheSameRunAsTheBuiltInOne(t *testing.T) {
	a := newAPI(t, nil)
	spec := "target: " + a.URL + `
tests:
  - { name: log in, alias: auth, method: POST, resource: /login, save: { id: response.body.id }, expect: { status: 200,
      body: { big: 9007199254740993 } } }
  - { name: use, method: POST, resource: "/echo?id={{ id }}", headers: { Authorization: "Bearer {{ auth.response.body.token }}" },
      body: { n: "{{ auth.response.body.big }}" }, expect: { body: { body.n: 9007199254740993, headers.Authorization.0: Bearer t-1 } } }
  - { name: wrong, resource: /status/404, expect: { status: 2xx } }
  - { name: refused, target: "http://127.0.0.1:1", resource: / }
  - { name: bad query, resource: /echo, query: [1] }
  - { name: events, resource: /echo, expect: { events: [{ kind: Sent, data: { method: GET } }, { kind: Received,
      data: { status: 200 } }] } }
`
	outcome := func(p plugin.Plugin) []string {
		b := newBenchWith(t, p, "a.yaml", spec)
		b.opts.Timeout = time.Minute
		var list []string
		for _, r := range b.all().Results {
			line := r.Name + " " + string(r.Status)
			if r.Status != "errored" {
				line += " " + r.Error
			}
			for _, a := range r.Assertions {
				line += fmt.Sprintf("; %s %v %s", a.Expression, a.Passed, a.Message)
			}
			for _, e := range r.Events {
				line += "; " + e.Plugin + "." + e.Kind
			}
			list = append(list, line)
		}
		return list
	}
	want := outcome(builtin.New())
	if diff := cmp.Diff(want, outcome(sandboxed(t))); diff != "" {
		t.Errorf("built-in (-) and sandboxed (+) differ:\n%s", diff)
	}
	wantIn(t, "outcome", strings.Join(want, "\n"), "use passed", "wrong failed", "refused errored", "bad query errored", "http.Received")
}

func TestManyTestsShareTheInstancesOfASandboxedPlugin(t *testing.T) {
	a := newAPI(t, nil)
	var s strings.Builder
	fmt.Fprintf(&s, "target: %s\ntests:\n", a.URL)
	for i := range 24 {
		fmt.Fprintf(&s, "  - { name: t%d, resource: '/echo?n=%d', expect: { body: { url: '/echo?n=%d' } } }\n", i, i, i)
	}
	b := newBenchWith(t, sandboxed(t), "a.yaml", s.String())
	b.opts = Options{MaxConcurrent: 6, Timeout: time.Minute}
	for _, r := range b.all().Results {
		if r.Status != "passed" {
			t.Errorf("%s %s: %s", r.Name, r.Status, r.Error)
		}
	}
}

func TestACancelEndsASandboxedPlugin(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	a := newAPI(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})
	b := newBenchWith(t, sandboxed(t), "a.yaml", "target: "+a.URL+"\ntests: [{ name: a, resource: /slow }, { name: b, resource: /slow }]")
	b.opts = Options{Serial: true, Timeout: time.Minute}
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	go func() {
		<-arrived
		cancelled = time.Now()
		cancel()
	}()
	r := b.runContext(ctx, Selection{})
	<-gone
	if took := time.Since(cancelled); took > 15*time.Second { // a fraction of a second where nothing else runs; the timeout is a minute
		t.Errorf("traffic went on for %v", took)
	}
	if got := statuses(r); !slices.Equal(got, []string{"a errored", "b skipped"}) || r.Results[0].Error != "cancelled" {
		t.Errorf("results = %q, %q", got, r.Results[0].Error)
	}
}
