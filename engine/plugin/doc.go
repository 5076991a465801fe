// Package plugin is the contract between speclens and its protocol plugins, and the host that runs them: the Plugin
// interface, the registry and loader, and the WASM runtime behind them.
//
// It must not know specs, documents, editors or how results are shown.
package plugin
