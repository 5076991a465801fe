// Package schema is the vocabulary that every room of speclens shares: the wire types with which plugins describe
// themselves, the table of core spec fields, and the composition of both into the fields in force at a place.
//
// It must not know how specs are parsed, how plugins are loaded or how editors are spoken to; it imports the standard
// library only.
package schema
