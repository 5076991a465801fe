// Package text holds the text of a document: immutable versions that share structure, a line index, and the columns of
// the three position encodings of the Language Server Protocol.
//
// It must not know YAML, specs or protocol types: offsets are bytes, and lines end at \n, \r\n and \r only.
package text
