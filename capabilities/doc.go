// Package capabilities holds the host functions that a WASM plugin may import, one file per capability, and the grants
// and limits that guard them: deny by default, every bound in one struct.
//
// It must not know the plugin contract's Go types, specs, documents or editors.
package capabilities
