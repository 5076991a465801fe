// Package run plans and executes a selection of tests: the dependency graph, its waves, and the attempts of every
// test through its plugin. A Sink receives everything that happens; the editor command and the command line use it alike.
//
// It must not know how results are shown, and it reads no document but those of the snapshot that it was given.
package run
