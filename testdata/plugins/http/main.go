//go:build wasip1

// Command http is the http plugin as a WASM guest: the same plugin as the built-in one, over the host functions that
// every plugin has. Build it with
//
//	GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags='-s -w' -buildmode=c-shared -o http.wasm ./testdata/plugins/http
//
// It must not know the host's Go packages: what it shares with the built-in plugin is the meaning of a test, in package
// request, and the JSON of the contract.
package main

import (
	"bytes"
	"encoding/json"

	"github.com/speclens/speclens/engine/plugin/builtin/http/request"
)

func main() {}

func info() []byte { return encode(request.Describe()) }

func validate(input []byte) []byte {
	in, err := decodeInput(input)
	if err != nil {
		return encode([]request.Problem{{Field: "target", Code: "http.input", Message: "the host's input is not valid: " + err.Error()}})
	}
	problems := request.Validate(in)
	if len(problems) == 0 {
		return nil
	}
	return encode(problems)
}

func execute(input []byte) []byte {
	in, err := decodeInput(input)
	if err != nil {
		return encodeFailure("the host's input is not valid: "+err.Error(), nil, nil)
	}
	built, err := request.Build(in)
	if err != nil {
		return encodeFailure(err.Error(), nil, nil)
	}
	response, err := cut(ask(encodeRequest(built)))
	if err != nil {
		return encodeFailure("the host's answer to host_http_request is not valid: "+err.Error(), nil, nil)
	}
	failed, err := text(response.errorText)
	switch {
	case err != nil:
		return encodeFailure("the host's answer to host_http_request is not valid: "+err.Error(), nil, nil)
	case failed != "":
		return encodeFailure(failed, response.status, response.durationMs)
	}
	notify(encodeReceived(response))
	return encodeOutput(response)
}

func decodeInput(input []byte) (request.Input, error) {
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.UseNumber()
	var in request.Input
	err := decoder.Decode(&in)
	return in, err
}

// encode is for values that always are JSON.
func encode(value any) []byte {
	out, err := json.Marshal(value)
	if err != nil {
		panic("encode: " + err.Error())
	}
	return out
}
