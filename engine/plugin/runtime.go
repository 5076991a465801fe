package plugin

import (
	"context"

	"github.com/speclens/speclens/capabilities"
)

// WASMRuntime compiles and runs WASM plugins.
type WASMRuntime struct{ options options }

// NewWASMRuntime returns a runtime with WASI preview 1 (no files, environment or arguments) and the host module of the
// plugin contract.
func NewWASMRuntime(ctx context.Context, opts ...Option) (*WASMRuntime, error) {
	return &WASMRuntime{options: collect(opts)}, ctx.Err()
}

// SetGrants replaces what the user allows each module.
func (r *WASMRuntime) SetGrants(g capabilities.Grants) { r.options.grants = g }
