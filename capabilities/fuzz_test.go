package capabilities

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/speclens/speclens/schema"
)

type okHTTP struct{}

func (okHTTP) Do(context.Context, HTTPRequest, HTTPHooks) (*HTTPResponse, error) {
	return &HTTPResponse{Status: 200, Body: []byte("body")}, nil
}

// FuzzHostFunctions calls the host functions as a guest may: with any address, length and content of memory. They never
// panic, never end the guest, and always answer.
func FuzzHostFunctions(f *testing.F) {
	f.Add(int32(1), uint32(0), uint32(5), []byte("hello"))
	f.Add(int32(-9), uint32(0xfffffff0), uint32(0x20), []byte{})
	f.Add(int32(2), uint32(0), uint32(29), []byte(`{"kind":"Sent","data":{"n":1}}`))
	f.Add(int32(3), uint32(0), uint32(36), []byte(`{"url":"http://x","body_handle":true}`))
	f.Add(int32(3), uint32(0), uint32(64), []byte(`{"url":"http://x","body":{"body_ref":0},"timeout_ms":1e300}     `))
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	f.Cleanup(func() { runtime.Close(ctx) })
	// (module (memory (export "memory") 1) (func (export "allocate") (param i32) (result i64)
	//   i64.const 0x800000000000 (32768 << 32) local.get 0 i64.extend_i32_u i64.or))
	guest, err := runtime.Instantiate(ctx, []byte("\x00asm\x01\x00\x00\x00"+
		"\x01\x06\x01\x60\x01\x7f\x01\x7e"+"\x03\x02\x01\x00"+"\x05\x03\x01\x00\x01"+
		"\x07\x15\x02\x06memory\x02\x00\x08allocate\x00\x00"+
		"\x0a\x10\x01\x0e\x00\x42\x80\x80\x80\x80\x80\x80\x20\x20\x00\xad\x84\x0b"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, level int32, ptr, length uint32, content []byte) {
		limits := DefaultLimits()
		guest.Memory().Write(0, make([]byte, guest.Memory().Size()))
		guest.Memory().Write(0, content[:min(len(content), 1<<15)])
		c := &Call{
			Plugin: "p", Export: "execute", IO: true, Declared: []string{HTTP}, Grant: Grant{HTTP: []string{"*"}}, Limits: &limits,
			Host: ctx, Emit: func(schema.PluginEvent) {}, Log: func(LogEntry) {}, HTTP: okHTTP{}, Allocate: guest.ExportedFunction("allocate"),
		}
		call := WithCall(ctx, c)
		for _, f := range Functions() {
			stack := []uint64{uint64(ptr), uint64(length), 0}
			if f.Name == "host_log" {
				stack = []uint64{api.EncodeI32(level), uint64(ptr), uint64(length)}
			}
			f.call(call, guest, stack)
			if f.Name != "host_http_request" {
				continue
			}
			at, n := Unpack(stack[0])
			b, ok := guest.Memory().Read(at, n)
			var response wireResponse
			if !ok || json.Unmarshal(b, &response) != nil {
				t.Errorf("the response %q cannot be read", b)
			}
		}
		if c.Poisoned() != nil {
			t.Errorf("the instance is given up: %v", c.Poisoned())
		}
	})
}
