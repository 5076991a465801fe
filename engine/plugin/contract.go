package plugin

import (
	"context"
	"fmt"

	"github.com/speclens/speclens/schema"
)

// Plugin is the host's view of a loaded plugin. The WASM adapter implements it, and so do the built-in plugins and the
// fakes of tests. Every method is safe for concurrent use.
type Plugin interface {
	// Info says what the plugin is and understands. It never does I/O and is quick; callers do not change the result.
	Info() PluginInfo
	// Init gives the plugin its configuration; nil where there is none.
	Init(ctx context.Context, config map[string]any) error
	// Validate checks one test's input without any I/O. It returns nil where nothing is wrong.
	Validate(input TestInput) []FieldError
	// Execute runs one attempt of a test. Events are given to emit as they happen; emit may be nil.
	Execute(ctx context.Context, input TestInput, emit EventSink) (*TestOutput, error)
	// Close releases what the plugin holds. Calls after Close return an error and never panic.
	Close() error
}

// EventSink receives events during Execute. It may be called from any goroutine of the call, never after Execute returned.
type EventSink func(schema.PluginEvent)

// PluginInfo is what a plugin's plugin_info export returns.
type PluginInfo struct { //nolint:revive // the name is fixed by the plugin contract
	Name         string                      `json:"name"`
	Version      string                      `json:"version"`
	Description  string                      `json:"description,omitempty"`
	Protocols    []schema.Protocol           `json:"protocols"`
	Capabilities []string                    `json:"capabilities,omitempty"`
	Fields       map[string]schema.FieldSpec `json:"fields,omitempty"`
	Events       map[string]schema.EventSpec `json:"events,omitempty"`

	// ABI is the version of the contract, 1 where absent.
	ABI          int             `json:"abi,omitempty"`
	DocsURL      string          `json:"docsUrl,omitempty"`
	Methods      []schema.Method `json:"methods,omitempty"`
	Headers      []schema.Header `json:"headers,omitempty"`
	Statuses     []schema.Status `json:"statuses,omitempty"`
	ResourceHint string          `json:"resourceHint,omitempty"`
	// Snippets are tests to begin with; their bodies are sound.
	Snippets []schema.Snippet `json:"snippets,omitempty"`
	// Templates says that Validate understands values that still hold a template.
	Templates bool `json:"templates,omitempty"`
}

// FieldError is one validation problem on a manifest field.
type FieldError struct {
	// Field is a dotted path such as "query.limit", or a core field such as "target".
	Field   string `json:"field"`
	Message string `json:"message"`

	// Severity is "error" (also where empty), "warning", "info" or "hint".
	Severity string `json:"severity,omitempty"`
	// Code is stable and names the rule, such as "http.method".
	Code string `json:"code,omitempty"`
	// Fix, where present, is the text that should stand in place of the field's value.
	Fix     *string `json:"fix,omitempty"`
	DocsURL string  `json:"docsUrl,omitempty"`
}

// TestInput is one attempt of a test as the plugin sees it: templates are resolved, except at the Templated paths.
type TestInput struct {
	Method   string            `json:"method,omitempty"`
	Resource string            `json:"resource,omitempty"`
	Target   string            `json:"target"`
	Headers  map[string]string `json:"headers,omitempty"`
	// Timeout is a Go duration such as "2s".
	Timeout string         `json:"timeout,omitempty"`
	Fields  map[string]any `json:"fields,omitempty"`
	// Templated lists the paths whose value still holds a template; only Validate sees such values.
	Templated []string `json:"templated,omitempty"`
}

// TestOutput is the outcome of one attempt. Error holds a transport failure; assertions are not the plugin's business.
// Numbers in Status, Body, Metadata and the events' data that came from a WASM plugin are json.Number, so that integers keep
// all their digits; in-process plugins may return any Go number.
type TestOutput struct {
	Status     any               `json:"status"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       any               `json:"body,omitempty"`
	DurationMs int64             `json:"duration_ms"`
	Error      string            `json:"error,omitempty"`
	Metadata   map[string]any    `json:"metadata,omitempty"`
	// Events are all events of the call, in order. Execute has given each of them to its sink already; a plugin may return
	// events that it did not stream, and the host delivers those.
	Events []schema.PluginEvent `json:"events,omitempty"`

	// HeadersAll holds every value of repeated headers. Where the plugin does not report it the host fills in the headers
	// that it can tell: those whose text is exactly the values of a response, joined.
	HeadersAll map[string][]string `json:"headers_all,omitempty"`
}

// MetadataBodyFault is the key of TestOutput.Metadata that says why the body could not be read as its headers say: it was cut
// off, is in a coding or charset that is not known, or calls itself JSON and is none. It is absent where the body was read.
const MetadataBodyFault = "body_fault"

// ErrMissingCapability says that a plugin declares a capability which this engine does not provide. Find it with
// errors.As on a *ErrMissingCapability.
type ErrMissingCapability struct {
	Plugin     string
	Capability string
}

func (e *ErrMissingCapability) Error() string {
	return fmt.Sprintf("plugin %s: needs capability %q, which this engine does not provide", e.Plugin, e.Capability)
}
