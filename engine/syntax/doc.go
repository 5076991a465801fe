// Package syntax reads YAML into a tree with byte spans, for every text at all: broken lines carry a finding and the rest
// stays a tree. Trees are incremental: an edit re-reads the chunks that it touches (the sections of a document, and the
// items of its list of tests), and all others stay the same values by identity.
//
// The reader is its own, since no YAML library gives a tree of a broken text, nor the ends of values. What valid text
// means is held to gopkg.in/yaml.v3: the tests compare the trees of both over mutated documents. The differences are on
// purpose: the core schema of YAML 1.2 decides the types, U+0085, U+2028 and U+2029 break no line, and an unquoted {{ … }}
// is text with a finding.
//
// It must not know what a spec means: it knows keys, values, items and comments, and the name of the sections whose list
// items are units of their own.
package syntax
