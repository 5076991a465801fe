package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// FuzzModule loads and runs mutated modules: whatever the bytes are, the host answers in time and with an *Error.
func FuzzModule(f *testing.F) {
	for _, seed := range []tiny{
		{Info: tinyInfo},
		{
			Info: tinyInfo, Validate: returning(`[{"field":"f","message":"m"}]`), Init: func(a *asm) { a.LocalGet(0) },
			Destroy: func(a *asm) { a.Log(1, "x") },
		},
		{Info: tinyInfo, Execute: func(a *asm) {
			a.Repeat(3, func() { a.Emit(`{"kind":"Sent"}`) })
			a.Sleep(1)
			a.Write(1, "out")
			a.HTTP(`{"url":"http://x"}`)
		}},
	} {
		f.Add(seed.Bytes())
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		limits := capabilities.Limits{
			MemoryBytes: 1 << 20, ModuleBytes: 64 << 10, OutputBytes: 1 << 20, InfoTimeout: 100 * time.Millisecond,
			InitTimeout: 100 * time.Millisecond, ValidateTimeout: 100 * time.Millisecond, ExecuteTimeout: 100 * time.Millisecond,
			HostCallGrace: 10 * time.Millisecond, CloseGrace: 10 * time.Millisecond,
		}
		r, err := NewWASMRuntime(t.Context(), WithCacheDir(""), WithLimits(limits), WithHTTP(&fakeHTTP{}))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close(context.Background())
		p, err := r.LoadPlugin(t.Context(), "fuzz", wasm)
		var typed *Error
		if err != nil {
			if !errors.As(err, &typed) {
				t.Fatalf("load: %v is no *Error", err)
			}
			return
		}
		p.Validate(TestInput{Target: "http://x"})
		if _, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil && !errors.As(err, &typed) {
			t.Errorf("execute: %v is no *Error", err)
		}
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// FuzzAnswer feeds the host what a guest may return: it decodes to something that can be shown, or is an error.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"status":200,"headers":{"A":"b"},"body":{"$ref":1},"duration_ms":1,"events":[{"kind":"Sent","data":{"n":1}}]}`,
		`{"status":null,"body":{"$ref":-1},"metadata":{}}`, `null`, ``, `[]`, `{"status":1e999}`, "{\"status\":\"\xff\"}", `{"duration_ms":1.5}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		bodies := &capabilities.Bodies{}
		bodies.Keep(capabilities.Body{ContentType: "application/json", Bytes: []byte(`{"kept":true}`)})
		out, err := decodeOutput(answer, bodies)
		if err != nil {
			return
		}
		if _, err := json.Marshal(out); err != nil {
			t.Errorf("the output cannot be written as JSON: %v", err)
		}
		limits := capabilities.DefaultLimits()
		flow := &eventFlow{call: &capabilities.Call{Limits: &limits}, plugin: "p", most: 5}
		for _, e := range out.Events {
			flow.stream(e)
		}
		flow.batch(out.Events)
		if len(flow.all) > 5 || len(flow.all) > len(out.Events) {
			t.Errorf("%d events of %d", len(flow.all), len(out.Events))
		}
	})
}
