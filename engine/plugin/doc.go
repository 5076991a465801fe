// Package plugin is the contract between speclens and its protocol plugins, and the host that runs them: the Plugin
// interface, the registry and loader, and the WASM runtime behind them.
//
// It must not know specs, documents, editors or how results are shown.
//
// # From a file to an answer
//
// A Loader looks at a folder and returns a Registry of WASMPlugins. What is known about a file's content comes from the
// index in the user's cache folder, so that a start costs a stat per file; a content that is not known is compiled, started
// and asked for its plugin_info once. A WASMPlugin is a handle on a core, which several registries may share; a core
// compiles its module at the first use and lends instances from two pools, one for Execute and one for Validate.
//
// # What a guest cannot do
//
// It sees no files, environment, arguments or sockets, and imports nothing but WASI preview 1 and the host functions of
// package capabilities. Every call has a deadline, and memory, tables, output, events and log lines have limits. wazero
// ends a guest at the head of a loop only, so modules are rewritten before they are compiled: see harden. An instance that
// trapped, exited, was ended or gave a senseless answer is not used again. What remains is the stack: wazero lets a
// guest's calls nest until they take some hundreds of megabytes.
//
// # Who closes what
//
// Close of a WASMPlugin, a Registry, a Loader or a WASMRuntime refuses new calls, waits for those under way and then ends
// them. Nobody needs to count references: a registry that was replaced works for as long as somebody holds it, and is
// released by the garbage collector.
package plugin
