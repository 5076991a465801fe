// Package plugintest gives tests real WASM plugins: Build compiles the Go guests under testdata/plugins, Tiny assembles
// modules of a few hundred bytes, which compile in a millisecond where a Go guest takes seconds.
//
// It must not know the plugin host.
package plugintest
