// Package server answers an editor: one file per method of the language server protocol, each a thin adapter between the
// protocol and a pure function of the engine, and around them the session's life, the scheduling of diagnostics and the
// runs under way.
//
// It must not know how a feature works, nor anything of specs, YAML or plugins beyond what the engine exports.
package server
