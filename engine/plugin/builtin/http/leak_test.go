package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	wasmapi "github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// The guest keeps no buffer longer than the contract asks for, so its memory stays level however long it lives.
func TestTheGuestsMemoryStaysLevel(t *testing.T) {
	ctx := t.Context()
	cache, err := wazero.NewCompilationCacheWithDir(plugintest.CacheDir(t))
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)

	write := func(m wasmapi.Module, data []byte) uint64 {
		packed, err := m.ExportedFunction("allocate").Call(ctx, uint64(len(data)))
		if err != nil || !m.Memory().Write(uint32(packed[0]>>32), data) {
			t.Fatalf("allocate: %v", err)
		}
		return packed[0]
	}
	answer, _ := json.Marshal(map[string]any{"status": 200, "headers": map[string]string{"A": strings.Repeat("b", 10_000)}, "duration_ms": 1})
	events := 0
	_, err = r.NewHostModuleBuilder("apiqube").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m wasmapi.Module, _, _ uint32) uint64 { return write(m, answer) }).Export("host_http_request").
		NewFunctionBuilder().WithFunc(func(context.Context, wasmapi.Module, uint32, uint32) { events++ }).Export("host_emit_event").
		Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.InstantiateWithConfig(ctx, plugintest.Build(t, "http"), wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	call := func(i int) {
		input, _ := json.Marshal(map[string]any{"target": "http://h", "resource": fmt.Sprint("/", i), "fields": map[string]any{"body": strings.Repeat("x", 10_000)}})
		for _, export := range []string{"validate", "execute"} {
			packed, err := m.ExportedFunction(export).Call(ctx, write(m, input))
			if err != nil {
				t.Fatal(err)
			}
			if packed[0] == 0 {
				continue
			}
			if out, ok := m.Memory().Read(uint32(packed[0]>>32), uint32(packed[0])); !ok || !json.Valid(out) {
				t.Fatalf("%s returned %q", export, out)
			}
			if _, err := m.ExportedFunction("deallocate").Call(ctx, packed[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 50 {
		call(i)
	}
	before := m.Memory().Size()
	for i := range 200 {
		call(i)
	}
	if after := m.Memory().Size(); after > before+1<<20 || events != 250 {
		t.Errorf("%d bytes after 50 calls, %d after 250; %d events", before, after, events)
	} else {
		t.Logf("%d bytes after 50 calls, %d after 250", before, after)
	}
	if _, err := m.ExportedFunction("plugin_destroy").Call(ctx); err != nil {
		t.Error(err)
	}
}
