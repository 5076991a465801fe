// Command echo is the plugin of docs/plugins.md: it says back what a test says. Build it as a reactor:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o echo.wasm .
package main

import "encoding/json"

func main() {}

const info = `{
  "name": "echo",
  "version": "1.0.0",
  "description": "Says back what a test says",
  "protocols": ["echo"],
  "fields": {
    "say": {"type": "string", "required": true, "description": "What to say", "examples": ["hello"]},
    "times": {"type": "number", "description": "How often", "default": 1, "minimum": 1, "maximum": 10}
  },
  "events": {
    "Said": {"description": "It was said once", "fields": {"text": {"type": "string"}}, "summary": "{{text}}", "anchor": "say"}
  },
  "snippets": [
    {"prefix": "greet", "title": "greet and repeat it", "body": "- name: ${1:hello}\n  alias: ${name:greeting}\n  say: ${2|hello,goodbye|}\n  expect:\n    status: said\n- name: $1 again\n  say: \"{{ ${name:greeting}.response.body.0 }}\"\n  expect:\n    status: said\n"}
  ]
}`

//go:wasmexport plugin_info
func pluginInfo() uint64 { return give([]byte(info)) }

//go:wasmexport validate
func validate(packed uint64) uint64 {
	in := read(packed)
	if in.Fields.Say == "" {
		return give(encode([]fieldError{{Field: "say", Message: "say something"}}))
	}
	return 0
}

//go:wasmexport execute
func execute(packed uint64) uint64 {
	in := read(packed)
	var said []string
	for range max(in.Fields.Times, 1) {
		emit(event{Kind: "Said", Data: map[string]any{"text": in.Fields.Say}})
		said = append(said, in.Fields.Say)
	}
	return give(encode(output{Status: "said", Body: said}))
}

type input struct {
	Fields struct {
		Say   string `json:"say"`
		Times int    `json:"times"`
	} `json:"fields"`
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

type event struct {
	Kind string         `json:"kind"`
	Data map[string]any `json:"data"`
}

type output struct {
	Status     any    `json:"status"`
	Body       any    `json:"body"`
	DurationMs int64  `json:"duration_ms"`
	Error      string `json:"error,omitempty"`
}

func read(packed uint64) (in input) {
	// What the host sends is JSON of this shape; anything else leaves the fields empty, and validate says so.
	_ = json.Unmarshal(take(packed), &in)
	return in
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
