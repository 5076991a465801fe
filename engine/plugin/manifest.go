package plugin

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/speclens/speclens/capabilities"
)

// contractVersion is the version of the plugin contract that this host speaks, PluginInfo.ABI.
const contractVersion = 1

// manifest is what the host learns about a module by compiling it and asking it once. The index keeps it.
type manifest struct {
	Info PluginInfo `json:"info"`
	// Validate and Init say which optional exports there are.
	Validate bool `json:"validate,omitempty"`
	Init     bool `json:"init,omitempty"`
}

// The exports of a plugin.
const (
	exportMemory     = "memory"
	exportInitialize = "_initialize"
	exportStart      = "_start"
	exportInfo       = "plugin_info"
	exportAllocate   = "allocate"
	exportDeallocate = "deallocate"
	exportInit       = "plugin_init"
	exportValidate   = "validate"
	exportExecute    = "execute"
	exportDestroy    = "plugin_destroy"
)

type export struct {
	name            string
	params, results []api.ValueType
	required        bool
}

var (
	noValue = []api.ValueType{}
	oneI32  = []api.ValueType{api.ValueTypeI32}
	oneI64  = []api.ValueType{api.ValueTypeI64}
)

var exports = []export{
	{exportInfo, noValue, oneI64, true},
	{exportAllocate, oneI32, oneI64, true},
	{exportExecute, oneI64, oneI64, true},
	{exportValidate, oneI64, oneI64, false},
	{exportInit, oneI64, oneI64, false},
	{exportDestroy, noValue, noValue, false},
	{exportDeallocate, oneI64, noValue, false},
	{exportInitialize, noValue, noValue, false},
}

// reactorAdvice is what the author of a command module should do.
const reactorAdvice = "build a reactor, which stays alive between calls: go build -buildmode=c-shared with //go:wasmexport " +
	"(GOOS=wasip1 GOARCH=wasm), tinygo build -target=wasip1 -buildmode=c-shared, or clang -mexec-model=reactor"

// checkImports refuses whatever the sandbox does not provide, and names it.
func checkImports(compiled wazero.CompiledModule, wasi api.Module) error {
	var unknown, mismatched []string
	known := map[string]signature{}
	for name, def := range wasi.ExportedFunctionDefinitions() {
		known[wasi_snapshot_preview1.ModuleName+"."+name] = signature{def.ParamTypes(), def.ResultTypes()}
	}
	for _, f := range capabilities.Functions() {
		known[capabilities.ModuleName+"."+f.Name] = signature{f.Params, f.Results}
	}
	for _, def := range compiled.ImportedFunctions() {
		module, name, _ := def.Import()
		want, ok := known[module+"."+name]
		have := signature{def.ParamTypes(), def.ResultTypes()}
		switch {
		case !ok:
			unknown = append(unknown, fmt.Sprintf("%q.%q", module, name))
		case !want.equal(have):
			mismatched = append(mismatched, fmt.Sprintf("%q.%q is %v, not %v", module, name, want, have))
		}
	}
	for _, def := range compiled.ImportedMemories() {
		module, name, _ := def.Import()
		unknown = append(unknown, fmt.Sprintf("memory %q.%q", module, name))
	}
	slices.Sort(unknown)
	var errs []error
	if len(unknown) > 0 {
		errs = append(errs, fmt.Errorf("imports what no plugin gets: %s; a plugin may import %s and WASI preview 1",
			strings.Join(slices.Compact(unknown), ", "), functionNames()))
	}
	if len(mismatched) > 0 {
		errs = append(errs, fmt.Errorf("imports with another signature: %s", strings.Join(mismatched, ", ")))
	}
	return errors.Join(errs...)
}

func functionNames() string {
	var names []string
	for _, f := range capabilities.Functions() {
		names = append(names, f.Name)
	}
	return fmt.Sprintf("%s from %q", strings.Join(names, ", "), capabilities.ModuleName)
}

// checkExports returns an error that names every export that is missing or has the wrong signature, and the name of one
// of them.
func checkExports(compiled wazero.CompiledModule) (name string, err error) {
	have := compiled.ExportedFunctions()
	var missing, wrong []string
	if len(compiled.ExportedMemories()) == 0 || compiled.ExportedMemories()[exportMemory] == nil {
		missing = append(missing, "memory (the module's memory)")
		name = exportMemory
	}
	for _, e := range exports {
		want := signature{e.params, e.results}
		def, ok := have[e.name]
		switch {
		case !ok && e.required:
			missing = append(missing, fmt.Sprintf("%s %v", e.name, want))
			name = cmp.Or(name, e.name)
		case ok && !want.equal(signature{def.ParamTypes(), def.ResultTypes()}):
			wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", e.name, signature{def.ParamTypes(), def.ResultTypes()}, want))
			name = cmp.Or(name, e.name)
		}
	}
	var errs []error
	if len(missing) > 0 {
		text := "lacks " + strings.Join(missing, ", ")
		if _, command := have[exportStart]; command && have[exportInitialize] == nil {
			text += "; it looks like a command: " + reactorAdvice
		} else {
			text += "; export each under that very name: in Go with //go:wasmexport, in Rust with #[no_mangle] extern \"C\", in C with " +
				"__attribute__((export_name(…)))"
		}
		errs = append(errs, errors.New(text))
	}
	if len(wrong) > 0 {
		errs = append(errs, fmt.Errorf("has exports with another signature: %s", strings.Join(wrong, ", ")))
	}
	return name, errors.Join(errs...)
}

type signature struct{ params, results []api.ValueType }

func (s signature) equal(o signature) bool {
	return slices.Equal(s.params, o.params) && slices.Equal(s.results, o.results)
}

func (s signature) String() string {
	return "(" + valueTypes(s.params) + ") -> (" + valueTypes(s.results) + ")"
}

func valueTypes(types []api.ValueType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = api.ValueTypeName(t)
	}
	return strings.Join(names, ", ")
}
