package wire

import "go.lsp.dev/jsonrpc2"

func raw(b []byte) jsonrpc2.RawMessage { return b }
