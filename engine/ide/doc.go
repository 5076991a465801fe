// Package ide holds the language features, one file each: pure functions of a snapshot, a document and a byte offset.
//
// It must not know the language server protocol; it never locks, never calls a plugin and never reads a disk.
package ide
