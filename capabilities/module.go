package capabilities

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// ModuleName is the import module under which plugins find the host functions.
const ModuleName = "apiqube"

// Function is one host function.
type Function struct {
	Name            string
	Params, Results []api.ValueType
	// Capability guards the function: without it the function answers with an error. Empty for functions that every
	// plugin may use.
	Capability string
	// Doc says in one line what the function does.
	Doc string

	call api.GoModuleFunc
}

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

// Functions lists the host functions. The caller must not change it.
func Functions() []Function { return functions }

var functions = []Function{
	{
		Name: "host_log", Params: []api.ValueType{i32, i32, i32}, call: hostLog,
		Doc: "host_log(level, ptr, len) writes UTF-8 text to the run's log; level 0 debug, 1 info, 2 warn, 3 error",
	},
	{
		Name: "host_now", Results: []api.ValueType{i64}, call: hostNow,
		Doc: "host_now() returns the time in Unix milliseconds",
	},
	{
		Name: "host_emit_event", Params: []api.ValueType{i32, i32}, call: hostEmitEvent,
		Doc: "host_emit_event(ptr, len) delivers a PluginEvent, as JSON, at once",
	},
	{
		Name: "host_http_request", Params: []api.ValueType{i32, i32}, Results: []api.ValueType{i64}, Capability: HTTP, call: hostHTTPRequest,
		Doc: "host_http_request(ptr, len) sends an HTTP request, as JSON, and returns the response, as JSON, packed as ptr<<32 | len",
	},
}

// Instantiate adds the host functions to a runtime.
func Instantiate(ctx context.Context, runtime wazero.Runtime) error {
	builder := runtime.NewHostModuleBuilder(ModuleName)
	for _, f := range functions {
		builder.NewFunctionBuilder().WithGoModuleFunction(f.call, f.Params, f.Results).Export(f.Name)
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		return fmt.Errorf("add host functions %q: %w", ModuleName, err)
	}
	return nil
}
