package plugintest

import (
	"fmt"
	"slices"
)

// Tiny describes a plugin whose functions are a few instructions each. Nil members have the default that they name.
type Tiny struct {
	// Info is what plugin_info returns, as JSON.
	Info string
	// Execute is `{"status":200,"duration_ms":1}` where nil.
	Execute Code
	// Validate, Init, Destroy, Deallocate, Initialize and Start (the export _start) are not exported where nil.
	Validate, Init, Destroy, Deallocate, Initialize, Start Code
	// Allocate takes the next bytes, growing the memory, where nil.
	Allocate Code
	// PluginInfo returns Info where nil.
	PluginInfo Code
	// StartSection runs before anything is exported.
	StartSection Code

	// Imports are functions to import, after those that every Tiny imports: "module.name" with its signature.
	Imports []Import
	// Omit names exports to leave out.
	Omit []string
	// Signature gives an export another signature.
	Signature map[string]Signature
	// Table, where not nil, is a table section's content.
	Table []byte
	// Functions is a number of functions to add that nobody calls.
	Functions int
	// Pages is the initial size of the memory in 64 KiB, 2 where 0.
	Pages uint32
}

// Import is a function that a module imports.
type Import struct {
	Module, Name string
	Signature
}

// Signature lists value types: I32 or I64.
type Signature struct{ Params, Results []byte }

// The value types of WebAssembly that plugins use.
const (
	I32 byte = 0x7f
	I64 byte = 0x7e
)

// Code writes the body of a function.
type Code func(a *Asm)

// The host functions that every Tiny imports, in the order of their indexes.
var hostFunctions = []Import{
	{"apiqube", "host_log", Signature{Params: []byte{I32, I32, I32}}},
	{"apiqube", "host_now", Signature{Results: []byte{I64}}},
	{"apiqube", "host_emit_event", Signature{Params: []byte{I32, I32}}},
	{"apiqube", "host_http_request", Signature{Params: []byte{I32, I32}, Results: []byte{I64}}},
	{"wasi_snapshot_preview1", "proc_exit", Signature{Params: []byte{I32}}},
	{"wasi_snapshot_preview1", "fd_write", Signature{Params: []byte{I32, I32, I32, I32}, Results: []byte{I32}}},
	{"wasi_snapshot_preview1", "poll_oneoff", Signature{Params: []byte{I32, I32, I32, I32}, Results: []byte{I32}}},
}

// dataStart is where the constants lie in memory; what is below is scratch space for the code, zeroed.
const dataStart = 4096

// Asm writes instructions. Its methods name the WebAssembly instructions that they write, and a few idioms.
type Asm struct {
	code []byte
	data *[]byte
	// Extra is the index of the first function of Tiny.Imports.
	Extra uint32
}

// Text places bytes among the constants and returns where.
func (a *Asm) Text(s string) (ptr, length uint32) {
	ptr = dataStart + uint32(len(*a.data))
	*a.data = append(*a.data, s...)
	return ptr, uint32(len(s))
}

// Return leaves the packed location of s on the stack.
func (a *Asm) Return(s string) { ptr, n := a.Text(s); a.I64(int64(ptr)<<32 | int64(n)) }

// Emit streams an event.
func (a *Asm) Emit(event string) { a.PtrLen(event); a.Call("host_emit_event") }

// Log writes a log line.
func (a *Asm) Log(level int32, line string) { a.I32(level); a.PtrLen(line); a.Call("host_log") }

// HTTP sends a request and leaves the packed response on the stack.
func (a *Asm) HTTP(request string) { a.PtrLen(request); a.Call("host_http_request") }

// PtrLen leaves the location of s on the stack, as two values.
func (a *Asm) PtrLen(s string) { ptr, n := a.Text(s); a.I32(int32(ptr)); a.I32(int32(n)) }

// Forever never ends.
func (a *Asm) Forever() { a.Raw(0x03, 0x40, 0x0c, 0x00, 0x0b, 0x00) } // loop br 0 end unreachable

// Repeat runs body n times; n is at least 1. It uses the 32-bit word at address 0 as its counter.
func (a *Asm) Repeat(n int32, body func()) {
	a.I32(0)
	a.I32(n)
	a.Raw(0x36, 0x02, 0x00) // i32.store
	a.Raw(0x03, 0x40)       // loop
	body()
	a.I32(0)
	a.I32(0)
	a.Raw(0x28, 0x02, 0x00) // i32.load
	a.I32(1)
	a.Raw(0x6b)             // i32.sub
	a.Raw(0x36, 0x02, 0x00) // i32.store
	a.I32(0)
	a.Raw(0x28, 0x02, 0x00) // i32.load
	a.Raw(0x0d, 0x00, 0x0b) // br_if 0 end
}

// Sleep waits through WASI, with a subscription at address 64 and its answer at 128.
func (a *Asm) Sleep(ns int64) {
	a.I32(64 + 16) // the subscription's clock id: 1, monotonic
	a.I32(1)
	a.Raw(0x36, 0x02, 0x00)
	a.I32(64 + 24) // its timeout
	a.I64(ns)
	a.Raw(0x37, 0x03, 0x00) // i64.store
	a.I32(64)
	a.I32(128)
	a.I32(1)
	a.I32(192)
	a.Call("poll_oneoff")
	a.Drop()
}

// Write writes s to a file descriptor, with the vector at address 8.
func (a *Asm) Write(fd int32, s string) {
	ptr, n := a.Text(s)
	a.I32(8)
	a.I32(int32(ptr))
	a.Raw(0x36, 0x02, 0x00)
	a.I32(12)
	a.I32(int32(n))
	a.Raw(0x36, 0x02, 0x00)
	a.I32(fd)
	a.I32(8)
	a.I32(1)
	a.I32(20)
	a.Call("fd_write")
	a.Drop()
}

// I32 is i32.const.
func (a *Asm) I32(v int32) { a.code = append(append(a.code, 0x41), sleb(int64(v))...) }

// I64 is i64.const.
func (a *Asm) I64(v int64) { a.code = append(append(a.code, 0x42), sleb(v)...) }

// Call calls a host function by name.
func (a *Asm) Call(name string) {
	i := slices.IndexFunc(hostFunctions, func(f Import) bool { return f.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("plugintest: no host function %q", name))
	}
	a.CallIndex(uint32(i))
}

// CallIndex calls a function by its index.
func (a *Asm) CallIndex(i uint32) { a.code = append(append(a.code, 0x10), uleb(uint64(i))...) }

// LocalGet is local.get.
func (a *Asm) LocalGet(i uint32) { a.code = append(append(a.code, 0x20), uleb(uint64(i))...) }

// Drop is drop, Unreachable is unreachable.
func (a *Asm) Drop() { a.Raw(0x1a) }

// Unreachable traps.
func (a *Asm) Unreachable() { a.Raw(0x00) }

// Raw writes instruction bytes.
func (a *Asm) Raw(b ...byte) { a.code = append(a.code, b...) }

// Bytes assembles the module.
func (tiny Tiny) Bytes() []byte {
	a := assembler{tiny: tiny, imports: slices.Concat(hostFunctions, tiny.Imports)}
	oneI64, none := []byte{I64}, []byte(nil)
	info := tiny.PluginInfo
	if info == nil {
		info = func(a *Asm) { a.Return(tiny.Info) }
	}
	execute := tiny.Execute
	if execute == nil {
		execute = func(a *Asm) { a.Return(`{"status":200,"duration_ms":1}`) }
	}
	allocate := tiny.Allocate
	if allocate == nil {
		allocate = bump
	}
	a.add("plugin_info", info, none, oneI64)
	a.add("allocate", allocate, []byte{I32}, oneI64)
	a.add("execute", execute, oneI64, oneI64)
	a.add("validate", tiny.Validate, oneI64, oneI64)
	a.add("plugin_init", tiny.Init, oneI64, oneI64)
	a.add("plugin_destroy", tiny.Destroy, none, none)
	a.add("deallocate", tiny.Deallocate, oneI64, none)
	a.add("_initialize", tiny.Initialize, none, none)
	a.add("_start", tiny.Start, none, none)
	a.add("", tiny.StartSection, none, none)
	for range tiny.Functions {
		a.functions = append(a.functions, function{Signature: Signature{Results: oneI64}, code: []byte{0x42, 0x07}})
	}
	return a.module()
}

// bump returns the next n bytes after the constants; global 0 is where they begin.
func bump(a *Asm) {
	a.Raw(0x23, 0x00, 0xad)       // global.get 0, i64.extend_i32_u
	a.I64(32)                     //
	a.Raw(0x86)                   // i64.shl
	a.Raw(0x20, 0x00, 0xad, 0x84) // local.get 0, i64.extend_i32_u, i64.or
	a.Raw(0x23, 0x00, 0x20, 0x00, 0x6a, 0x24, 0x00)
	// if global 0 > memory.size * 64 KiB: grow by the size in pages + 1
	a.Raw(0x23, 0x00, 0x3f, 0x00)
	a.I32(16)
	a.Raw(0x74, 0x4b, 0x04, 0x40, 0x20, 0x00) // shl, gt_u, if, local.get 0
	a.I32(16)
	a.Raw(0x76) // shr_u
	a.I32(1)
	a.Raw(0x6a, 0x40, 0x00, 0x1a, 0x0b) // add, memory.grow, drop, end
}

type assembler struct {
	tiny      Tiny
	imports   []Import
	functions []function
	data      []byte
	start     int
}

type function struct {
	export string
	Signature
	code []byte
}

func (m *assembler) add(export string, code Code, params, results []byte) {
	if code == nil || slices.Contains(m.tiny.Omit, export) && export != "" {
		return
	}
	a := &Asm{data: &m.data, Extra: uint32(len(hostFunctions))}
	code(a)
	s := Signature{params, results}
	if other, ok := m.tiny.Signature[export]; ok {
		s = other
	}
	if export == "" {
		m.start = len(m.functions) + 1
	}
	m.functions = append(m.functions, function{export, s, a.code})
}

func (m *assembler) module() []byte {
	var types, imports, functions, exports, codes [][]byte
	typeOf := func(s Signature) []byte {
		t := slices.Concat([]byte{0x60}, vector(s.Params), vector(s.Results))
		for i, known := range types {
			if slices.Equal(known, t) {
				return uleb(uint64(i))
			}
		}
		types = append(types, t)
		return uleb(uint64(len(types) - 1))
	}
	for _, i := range m.imports {
		imports = append(imports, slices.Concat(name(i.Module), name(i.Name), []byte{0x00}, typeOf(i.Signature)))
	}
	for i, f := range m.functions {
		functions = append(functions, typeOf(f.Signature))
		if f.export != "" {
			exports = append(exports, slices.Concat(name(f.export), []byte{0x00}, uleb(uint64(len(m.imports)+i))))
		}
		body := slices.Concat([]byte{0x00}, f.code, []byte{0x0b})
		codes = append(codes, slices.Concat(uleb(uint64(len(body))), body))
	}
	if !slices.Contains(m.tiny.Omit, "memory") {
		exports = append(exports, slices.Concat(name("memory"), []byte{0x02, 0x00}))
	}
	pages := max(m.tiny.Pages, 2, uint32((dataStart+len(m.data)+1024)>>16)+1)
	heap := (dataStart + len(m.data) + 15) &^ 15

	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, types)...)
	out = append(out, section(2, imports)...)
	out = append(out, section(3, functions)...)
	if m.tiny.Table != nil {
		out = append(out, slices.Concat([]byte{4}, uleb(uint64(len(m.tiny.Table))), m.tiny.Table)...)
	}
	out = append(out, section(5, [][]byte{slices.Concat([]byte{0x00}, uleb(uint64(pages)))})...)
	out = append(out, section(6, [][]byte{slices.Concat([]byte{I32, 0x01, 0x41}, sleb(int64(heap)), []byte{0x0b})})...)
	out = append(out, section(7, exports)...)
	if m.start > 0 {
		index := uleb(uint64(len(m.imports) + m.start - 1))
		out = append(out, slices.Concat([]byte{8}, uleb(uint64(len(index))), index)...)
	}
	out = append(out, section(10, codes)...)
	segment := slices.Concat([]byte{0x00, 0x41}, sleb(dataStart), []byte{0x0b}, uleb(uint64(len(m.data))), m.data)
	return append(out, section(11, [][]byte{segment})...)
}

func section(id byte, items [][]byte) []byte {
	body := uleb(uint64(len(items)))
	for _, item := range items {
		body = append(body, item...)
	}
	return slices.Concat([]byte{id}, uleb(uint64(len(body))), body)
}

func vector(b []byte) []byte { return append(uleb(uint64(len(b))), b...) }
func name(s string) []byte   { return vector([]byte(s)) }

func uleb(v uint64) []byte {
	var out []byte
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func sleb(v int64) []byte {
	var out []byte
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
