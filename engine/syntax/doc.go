// Package syntax reads YAML into a tree with byte spans, for every text at all: broken lines carry a finding and the rest
// stays a tree. Trees are incremental: an edit re-reads the chunks that it touches (the sections of a document, and the
// items of its list of tests), and all others stay the same values by identity.
//
// It must not know what a spec means: it knows keys, values, items and comments, and the name of the sections whose list
// items are units of their own.
package syntax
