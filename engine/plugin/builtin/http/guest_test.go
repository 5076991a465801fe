package http_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// bodyLimit is small, so that a test can exceed it.
const bodyLimit = 64 << 10

// client sends the requests of both plugins.
var client = capabilities.NewHTTPClient(capabilities.HTTPLimits{BodyBytes: bodyLimit})

// shared is the sandboxed plugin of all tests: loading it takes a second, ten times that under the race detector.
var shared struct {
	sync.Once
	plugin plugin.Plugin
	close  func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.close != nil {
		shared.close()
	}
	_ = client.Close()
	os.Exit(code)
}

func sharedGuest(t *testing.T) plugin.Plugin {
	t.Helper()
	shared.Do(func() { shared.plugin, shared.close = newGuest(t, plugintest.Build(t, "http")) })
	if shared.plugin == nil {
		t.Fatal("the guest could not be loaded")
	}
	return shared.plugin
}

func loadGuest(t *testing.T, wasm []byte) plugin.Plugin {
	t.Helper()
	p, closeGuest := newGuest(t, wasm)
	t.Cleanup(closeGuest)
	return p
}

func newGuest(t *testing.T, wasm []byte) (plugin.Plugin, func()) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	sum := sha256.Sum256(wasm)
	runtime, err := plugin.NewWASMRuntime(ctx,
		plugin.WithCacheDir(plugintest.CacheDir(t)), plugin.WithHTTP(client),
		plugin.WithLimits(capabilities.Limits{ValidateTimeout: 10 * time.Second, HostCallGrace: 10 * time.Second}),
		// A redirect may lead anywhere, as it may for the built-in plugin.
		plugin.WithGrants(capabilities.Grants{"sha256:" + hex.EncodeToString(sum[:]): {HTTP: []string{"*"}}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	p, err := runtime.LoadPlugin(ctx, "http", wasm)
	if err != nil {
		t.Fatal(err)
	}
	return p, func() { _ = runtime.Close(ctx) }
}

func TestTheGuestIsSmall(t *testing.T) {
	if size := len(plugintest.Build(t, "http")); size > 5<<20 {
		t.Errorf("%d bytes: does the guest import more than it needs?", size)
	}
}

func TestWithoutAGrantTheGuestReachesItsTargetOnly(t *testing.T) {
	a := newAPI(t)
	wasm := plugintest.Build(t, "http")
	runtime, err := plugin.NewWASMRuntime(t.Context(), plugin.WithCacheDir(plugintest.CacheDir(t)), plugin.WithHTTP(client))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runtime.Close(context.Background()) })
	p, err := runtime.LoadPlugin(t.Context(), "http", wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		input plugin.TestInput
		err   string
	}{
		{plugin.TestInput{Target: a.URL, Resource: "/redirect/302/1"}, ""},
		{plugin.TestInput{Target: "http://elsewhere.test", Fields: fields("url", a.URL+"/echo")}, ""},
		{plugin.TestInput{Target: a.URL, Resource: "/to-other"}, "not granted"},
	} {
		out, err := p.Execute(t.Context(), tt.input, nil)
		if err != nil || !strings.Contains(out.Error, tt.err) || (tt.err == "") != (out.Error == "") {
			t.Errorf("%+v: output %+v, err %v", tt.input, out, err)
		}
	}
	if sent := fmt.Sprint(a.take()); strings.Count(sent, "GET") != 4 {
		t.Errorf("sent %s", sent)
	}
}

// The guest keeps no buffer longer than the contract asks for, so it lives on in little memory however often it is called.
func TestTheGuestsMemoryStaysLevel(t *testing.T) {
	runtime, err := plugin.NewWASMRuntime(t.Context(), plugin.WithCacheDir(plugintest.CacheDir(t)),
		plugin.WithHTTP(doer(func(capabilities.HTTPRequest, capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
			return &capabilities.HTTPResponse{Status: 200, Headers: map[string]string{"X-Long": strings.Repeat("h", 30_000)}}, nil
		})),
		// One instance for all calls, and a limit that is a little above what a Go guest needs in any case.
		plugin.WithLimits(capabilities.Limits{MemoryBytes: 10 << 20, SoftMemoryBytes: 1 << 40, CallsPerInstance: 1 << 30}),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runtime.Close(context.Background()) })
	p, err := runtime.LoadPlugin(t.Context(), "http", plugintest.Build(t, "http"))
	if err != nil {
		t.Fatal(err)
	}
	input := plugin.TestInput{Method: "POST", Target: "http://api.test", Fields: fields("body", strings.Repeat("b", 30_000))}
	for i := range 45 {
		out, err := p.Execute(t.Context(), input, nil)
		if err != nil || out.Error != "" {
			t.Fatalf("call %d: output %+v, err %v", i, out, err)
		}
	}
}
