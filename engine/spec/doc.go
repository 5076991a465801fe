// Package spec is the typed model of a test spec and of the project's configuration, lowered from the syntax tree:
// every value keeps its span, and partial or wrong values are allowed and reported instead of dropped.
//
// It must not know plugins, results, sessions or editors, and it never reads a disk.
package spec
