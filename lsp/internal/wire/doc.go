// Package wire is the connection between editor and server: JSON-RPC messages in the order of the wire, tolerant of what
// peers get wrong, and never blocked by a peer that does not read.
//
// It must not know any method of the language server protocol except $/cancelRequest. Nothing else imports a JSON-RPC
// library.
package wire
