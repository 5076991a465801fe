// Package request is what an HTTP test means: how the fields of a test become a method, a URL, headers and a body, what
// may be wrong with them, and how the http plugin describes itself. The built-in plugin and the WASM plugin share it.
//
// It must not know who sends the request, so it imports the standard library and the vocabulary in schema only: a WASM
// guest stays small with it.
package request
