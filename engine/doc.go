// Package engine owns the state of a session: the documents, the plugins, the configuration and the results at one
// moment, as a chain of immutable snapshots. Events go in, snapshots come out.
//
// It must not know the language server protocol, and nothing in it blocks on a plugin or the network.
package engine
