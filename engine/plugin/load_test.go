package plugin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin/plugintest"
)

func TestLoadPluginRefusesWhatBreaksTheContract(t *testing.T) {
	type tiny = plugintest.Tiny
	type asm = plugintest.Asm
	exit := func(a *asm) { a.I32(0); a.Call("proc_exit") }
	for _, c := range []struct {
		name   string
		wasm   []byte
		export string
		want   []string
	}{
		{"no module at all", []byte("hello"), "", []string{"plugin tiny-file: load", "invalid magic"}},
		{"an empty file", nil, "", []string{"invalid magic"}},
		{"a module cut off", (tiny{Info: tinyInfo}).Bytes()[:200], "", []string{"plugin tiny-file: load: compile:"}},
		{"a module over the size limit", make([]byte, 9<<10), "", []string{"module of 9216 bytes is over the limit of 8192"}},
		{"more memory than the limit", tiny{Info: tinyInfo, Pages: 17}.Bytes(), "", []string{"min 17 pages", "over limit of 16 pages"}},
		{"no memory export", tiny{Info: tinyInfo, Omit: []string{"memory"}}.Bytes(), "memory", []string{"lacks memory"}},
		{"no plugin_info", tiny{Info: tinyInfo, Omit: []string{"plugin_info"}}.Bytes(), "plugin_info", []string{"lacks plugin_info () -> (i64)"}},
		{"no allocate", tiny{Info: tinyInfo, Omit: []string{"allocate"}}.Bytes(), "allocate", []string{"lacks allocate (i32) -> (i64)"}},
		{
			"neither execute nor memory", tiny{Info: tinyInfo, Omit: []string{"execute", "memory"}}.Bytes(), "memory",
			[]string{"lacks memory (the module's memory), execute (i64) -> (i64)"},
		},
		{
			"an execute with another signature",
			tiny{
				Info: tinyInfo, Execute: func(a *asm) { a.I32(1) },
				Signature: map[string]plugintest.Signature{"execute": {Params: []byte{plugintest.I32}, Results: []byte{plugintest.I32}}},
			}.Bytes(), "execute",
			[]string{"execute is (i32) -> (i32), not (i64) -> (i64)"},
		},
		{
			"an optional export with another signature",
			tiny{
				Info: tinyInfo, Destroy: func(a *asm) { a.I64(1) },
				Signature: map[string]plugintest.Signature{"plugin_destroy": {Results: []byte{plugintest.I64}}},
			}.Bytes(), "plugin_destroy",
			[]string{"plugin_destroy is () -> (i64), not () -> ()"},
		},
		{
			"imports from elsewhere",
			tiny{Info: tinyInfo, Imports: []plugintest.Import{{Module: "env", Name: "abort"}, {Module: "apiqube", Name: "host_exec"}}}.Bytes(), "",
			[]string{`"apiqube"."host_exec", "env"."abort"`, "host_http_request"},
		},
		{
			"a memory that comes from elsewhere", []byte("\x00asm\x01\x00\x00\x00\x02\x0f\x01\x03env\x06memory\x02\x00\x01"), "",
			[]string{`imports what no plugin gets: memory "env"."memory"`},
		},
		{
			"an unknown WASI function",
			tiny{Info: tinyInfo, Imports: []plugintest.Import{{Module: "wasi_snapshot_preview1", Name: "sock_connect"}}}.Bytes(), "",
			[]string{`"wasi_snapshot_preview1"."sock_connect"`},
		},
		{
			"a host function with another signature",
			tiny{Info: tinyInfo, Imports: []plugintest.Import{{
				Module: "apiqube", Name: "host_now", Signature: plugintest.Signature{Results: []byte{plugintest.I32}},
			}}}.Bytes(), "",
			[]string{`"apiqube"."host_now" is () -> (i64), not () -> (i32)`},
		},
		{
			"a command", tiny{Info: tinyInfo, Start: exit}.Bytes(), "_start",
			[]string{"command module", "exit code 0", "-buildmode=c-shared", "-mexec-model=reactor"},
		},
		{
			"a command without exports",
			tiny{Info: tinyInfo, Start: exit, Omit: []string{"plugin_info", "allocate", "execute"}}.Bytes(), "plugin_info",
			[]string{"looks like a command", "go build -buildmode=c-shared"},
		},
		{"a trap at its start", tiny{Info: tinyInfo, Initialize: (*asm).Unreachable}.Bytes(), "_initialize", []string{"wasm error: unreachable"}},
		{"a loop at its start", tiny{Info: tinyInfo, Initialize: (*asm).Forever}.Bytes(), "_initialize", []string{"no answer within 50ms"}},
		{
			"a loop in its start section", tiny{Info: tinyInfo, StartSection: (*asm).Forever}.Bytes(), "_initialize",
			[]string{"no answer within 50ms"},
		},
		{
			"a trap in plugin_info", tiny{PluginInfo: (*asm).Unreachable}.Bytes(), "plugin_info",
			[]string{"load: plugin_info: wasm error: unreachable"},
		},
		{"a loop in plugin_info", tiny{PluginInfo: (*asm).Forever}.Bytes(), "plugin_info", []string{"no answer within 50ms"}},
		{"metadata that is nothing", tiny{PluginInfo: func(a *asm) { a.I64(0) }}.Bytes(), "plugin_info", []string{"plugin_info does not decode"}},
		{"metadata that is no JSON", tiny{Info: "{nope"}.Bytes(), "plugin_info", []string{"plugin_info does not decode: invalid character"}},
		{"metadata of other types", tiny{Info: `{"name":7}`}.Bytes(), "plugin_info", []string{"cannot unmarshal number"}},
		{"metadata without a name", tiny{Info: `{"version":"1"}`}.Bytes(), "plugin_info", []string{"gives no name"}},
		{"metadata with an empty protocol", tiny{Info: `{"name":"x","protocols":[""]}`}.Bytes(), "plugin_info", []string{`protocols[0]: the protocol "" is not allowed`}},
		{
			"metadata outside its memory", tiny{PluginInfo: func(a *asm) { a.I64(0x7fffffff<<32 | 9) }}.Bytes(), "plugin_info",
			[]string{"9 bytes at 0x7fffffff, outside its memory"},
		},
		{
			"a later contract", tiny{Info: `{"name":"x","version":"9","abi":2}`}.Bytes(), "plugin_info",
			[]string{"plugin x@9: load: plugin_info", "version 2 of the plugin contract", "update speclens"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := generous()
			limits.ModuleBytes, limits.MemoryBytes = 8<<10, 1<<20
			if slices.Contains(c.want, "no answer within 50ms") {
				limits.InfoTimeout, limits.InitTimeout = 50*time.Millisecond, 50*time.Millisecond
			}
			r, _ := newTestRuntime(t, WithLimits(limits))
			p, err := r.LoadPlugin(t.Context(), "tiny-file", c.wasm)
			if err == nil {
				t.Fatalf("it loads: %v", p.Info())
			}
			var typed *Error
			if !errors.As(err, &typed) || typed.Phase != PhaseLoad || typed.Plugin == "" {
				t.Fatalf("error %#v, want *Error of phase load with the plugin's name", err)
			}
			if typed.Export != c.export {
				t.Errorf("export %q, want %q", typed.Export, c.export)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			if n := len(r.cores); n != 0 {
				t.Errorf("%d plugins remain in the runtime", n)
			}
		})
	}
}

func TestAnUnknownCapabilityIsAMissingCapability(t *testing.T) {
	r, _ := newTestRuntime(t)
	_, err := r.LoadPlugin(t.Context(), "file", plugintest.Tiny{Info: `{"name":"db","version":"3","capabilities":["http","sql"]}`}.Bytes())
	var missing *ErrMissingCapability
	if !errors.As(err, &missing) || missing.Plugin != "db" || missing.Capability != "sql" {
		t.Fatalf("error %v, want *ErrMissingCapability for sql of db", err)
	}
	var typed *Error
	if !errors.As(err, &typed) || typed.Plugin != "db" || typed.Version != "3" || typed.Phase != PhaseLoad {
		t.Errorf("error %+v, want *Error with plugin and version", typed)
	}
}

func TestReactorsAreStartedAndOthersRun(t *testing.T) {
	type asm = plugintest.Asm
	logs := func(line string) plugintest.Code { return func(a *asm) { a.Log(1, line) } }
	for _, c := range []struct {
		name string
		tiny plugintest.Tiny
		want string
	}{
		{"neither start function", plugintest.Tiny{}, ""},
		{"_initialize", plugintest.Tiny{Initialize: logs("init")}, "init"},
		{"_initialize in place of _start", plugintest.Tiny{Initialize: logs("init"), Start: logs("start")}, "init"},
		{"a _start that returns", plugintest.Tiny{Start: logs("start")}, "start"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, rec := loadTiny(t, c.tiny)
			if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
				t.Error(err)
			}
			if got := strings.ReplaceAll(strings.Join(rec.lines(), " "), "log info: ", ""); got != c.want {
				t.Errorf("log %q, want %q", got, c.want)
			}
		})
	}
}

func TestMetadataIsReadWithUnknownKeysAndAllMembers(t *testing.T) {
	r, _ := newTestRuntime(t, WithCacheDir(plugintest.CacheDir(t)))
	p, err := r.LoadPlugin(t.Context(), "x", plugintest.Build(t, "allfields"))
	if err != nil {
		t.Fatal(err)
	}
	info := p.Info()
	if info.Name != "allfields" || info.Version != "2.1.0" || len(info.Protocols) != 2 || len(info.Methods) != 2 || info.ABI != 1 {
		t.Errorf("info %+v", info)
	}
	if got := info.Fields["count"].Maximum.String(); got != "9007199254740993" {
		t.Errorf("maximum %s: integers must keep their 64 bits", got)
	}
	if info.Fields["options"].Fields["inner"].Fields["leaf"].Format != "duration" || info.Fields["labels"].Items.Type != "string" {
		t.Error("nested fields are lost")
	}
	if info.Fields["old"].Deprecated != "use text" || !info.Fields["token"].Secret || len(info.Fields["color"].Enum) != 2 {
		t.Error("members of fields are lost")
	}
	if info.Events["Started"].Anchor != "method" || info.Events["Step.Done"].Summary != "step {{n}}" {
		t.Error("members of events are lost")
	}
	later := `{"name":"y","version":"1","later":{"a":[1]},"fields":{"f":{"type":"string","later":1}}}`
	unknown, err := r.LoadPlugin(t.Context(), "y", plugintest.Tiny{Info: later}.Bytes())
	if err != nil || unknown.Info().Fields["f"].Type != "string" {
		t.Errorf("unknown keys: %v", err)
	}
}

func TestTheRuntimeRefusesWorkOnceClosed(t *testing.T) {
	r, err := NewWASMRuntime(t.Context(), WithCacheDir(""))
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.LoadPlugin(t.Context(), "tiny", plugintest.Tiny{Info: tinyInfo, Validate: func(a *plugintest.Asm) { a.I64(0) }}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.LoadPlugin(t.Context(), "tiny", plugintest.Tiny{Info: tinyInfo}.Bytes()); !errors.Is(err, ErrClosed) {
		t.Errorf("LoadPlugin: %v, want ErrClosed", err)
	}
	if _, err := p.Execute(t.Context(), TestInput{}, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Execute: %v, want ErrClosed", err)
	}
	if found := p.Validate(TestInput{}); len(found) != 1 || found[0].Code != CodeClosed {
		t.Errorf("Validate: %v, want one problem with the code %s", found, CodeClosed)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewWASMRuntime(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("NewWASMRuntime with an ended context: %v", err)
	}
}
