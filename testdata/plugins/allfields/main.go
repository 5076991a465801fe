//go:build wasip1

// Command allfields is a plugin that declares every kind of field and event that the contract knows, validates them, and
// both streams and returns events. Build it as a reactor:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o allfields.wasm .
package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

func main() {}

const info = `{
  "name": "allfields", "version": "2.1.0", "description": "Declares every kind of field", "abi": 1,
  "protocols": ["all", "allfields"], "capabilities": ["http"], "docsUrl": "https://example.org/allfields",
  "methods": ["ECHO", {"name": "FAIL", "description": "Reports a transport failure"}],
  "resourceHint": "/anything",
  "fields": {
    "text": {"type": "string", "required": true, "description": "A text", "pattern": "^[a-z]*$", "examples": ["abc"]},
    "count": {"type": "number", "description": "A number", "minimum": 0, "maximum": 9007199254740993, "default": 1},
    "flag": {"type": "bool", "description": "A truth value", "default": false},
    "color": {"type": "string", "enum": ["red", "green"], "enumDescriptions": ["like a rose", "like grass"]},
    "options": {"type": "object", "description": "Has members", "fields": {
      "depth": {"type": "number", "required": true},
      "inner": {"type": "object", "fields": {"leaf": {"type": "string", "format": "duration"}}}
    }},
    "list": {"type": "array", "items": {"type": "number"}},
    "labels": {"type": "map", "items": {"type": "string"}},
    "free": {"type": "any", "description": "Anything"},
    "token": {"type": "string", "secret": true},
    "old": {"type": "string", "deprecated": "use text", "docsUrl": "https://example.org/old"}
  },
  "events": {
    "Started": {"description": "Work began", "fields": {"text": {"type": "string"}}, "summary": "{{text}}", "anchor": "method"},
    "Step.Done": {"description": "A step ended", "fields": {"n": {"type": "number"}}, "summary": "step {{n}}"},
    "Finished": {"description": "Work ended", "anchor": "expect"}
  }
}`

var configured string

//go:wasmexport plugin_info
func pluginInfo() uint64 { return give([]byte(info)) }

//go:wasmexport plugin_init
func pluginInit(packed uint64) uint64 {
	configured = string(take(packed))
	var config struct {
		Refuse string `json:"refuse"`
	}
	if err := json.Unmarshal([]byte(configured), &config); err != nil {
		return give(encode(map[string]string{"error": err.Error()}))
	}
	return give(encode(map[string]string{"error": config.Refuse}))
}

type input struct {
	Method   string            `json:"method"`
	Resource string            `json:"resource"`
	Target   string            `json:"target"`
	Headers  map[string]string `json:"headers"`
	Fields   map[string]any    `json:"fields"`
}

type fieldError struct {
	Field    string `json:"field"`
	Message  string `json:"message"`
	Severity string `json:"severity,omitempty"`
	Code     string `json:"code,omitempty"`
	Fix      string `json:"fix,omitempty"`
}

//go:wasmexport validate
func validate(packed uint64) uint64 {
	var in input
	if err := json.Unmarshal(take(packed), &in); err != nil {
		return give(encode([]fieldError{{Field: "", Message: err.Error()}}))
	}
	var found []fieldError
	if in.Target == "" {
		found = append(found, fieldError{Field: "target", Message: "where to?"})
	}
	if text, ok := in.Fields["text"].(string); !ok {
		found = append(found, fieldError{Field: "text", Message: "is required", Code: "allfields.text"})
	} else if text != strings.ToLower(text) {
		found = append(found, fieldError{Field: "text", Message: "is not lower-case", Severity: "warning", Fix: strings.ToLower(text)})
	}
	if color, ok := in.Fields["color"].(string); ok && !slices.Contains([]string{"red", "green"}, color) {
		found = append(found, fieldError{Field: "color", Message: "is neither red nor green"})
	}
	if options, ok := in.Fields["options"].(map[string]any); ok && options["depth"] == nil {
		found = append(found, fieldError{Field: "options.depth", Message: "is required"})
	}
	if list, ok := in.Fields["list"].([]any); ok {
		for i, item := range list {
			if _, ok := item.(float64); !ok {
				found = append(found, fieldError{Field: fmt.Sprintf("list[%d]", i), Message: "is no number"})
			}
		}
	}
	if len(found) == 0 {
		return 0
	}
	return give(encode(found))
}

type event struct {
	Plugin string         `json:"plugin"`
	Kind   string         `json:"kind"`
	Data   map[string]any `json:"data,omitempty"`
}

type output struct {
	Status     any               `json:"status"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       any               `json:"body,omitempty"`
	DurationMs int64             `json:"duration_ms"`
	Error      string            `json:"error,omitempty"`
	Metadata   map[string]any    `json:"metadata,omitempty"`
	Events     []event           `json:"events,omitempty"`
}

//go:wasmexport execute
func execute(packed uint64) uint64 {
	raw := take(packed)
	var in input
	if err := json.Unmarshal(raw, &in); err != nil {
		return give(encode(output{Status: 0, Error: err.Error()}))
	}
	start := time.Now()
	host.log(1, "executing "+in.Resource)
	started := event{"somebody else", "Started", map[string]any{"text": in.Fields["text"]}}
	host.emit(started)
	host.emit(event{"", "Step.Done", map[string]any{"n": 1}})
	host.emit(event{"", "Undeclared", nil})
	if pause, ok := in.Fields["pause_ms"].(float64); ok {
		time.Sleep(time.Duration(pause) * time.Millisecond)
	}
	out := output{
		Status:     "OK",
		Headers:    map[string]string{"X-Method": in.Method},
		Body:       map[string]any{"fields": in.Fields, "resource": in.Resource, "config": configured},
		DurationMs: time.Since(start).Milliseconds(),
		Metadata:   map[string]any{"now_ms": host.now()},
		Events:     []event{started, {"", "Finished", nil}},
	}
	if in.Method == "FAIL" {
		out.Error = "as you wished"
	}
	return give(encode(out))
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
