package schema

import (
	"bytes"
	"encoding/json"
)

// Protocol is a URL scheme that a plugin serves, such as "http". Protocols compare without regard to case.
type Protocol string

// The protocols that the built-in plugin serves.
const (
	ProtocolHTTP  Protocol = "http"
	ProtocolHTTPS Protocol = "https"
)

// String is the scheme as text.
func (p Protocol) String() string { return string(p) }

// FieldType is the declared type of a field's value.
type FieldType string

// The field types of the plugin contract. TypeAny accepts every value; TypeObject and TypeMap both stand for a YAML
// mapping: an object has declared members, a map has free keys.
const (
	TypeString FieldType = "string"
	TypeNumber FieldType = "number"
	TypeBool   FieldType = "bool"
	TypeObject FieldType = "object"
	TypeArray  FieldType = "array"
	TypeMap    FieldType = "map"
	TypeAny    FieldType = "any"
)

// The names of the field types in the original contract's Go API.
const (
	FieldString = TypeString
	FieldNumber = TypeNumber
	FieldBool   = TypeBool
	FieldObject = TypeObject
	FieldArray  = TypeArray
	FieldMap    = TypeMap
	FieldAny    = TypeAny
)

// FieldSpec describes one field: of a plugin's tests, of an event's data, or of the spec language itself. Only Type,
// Required and Description are in the original contract; every other member is additive and optional.
type FieldSpec struct {
	Type        FieldType `json:"type"`
	Required    bool      `json:"required,omitempty"`
	Description string    `json:"description,omitempty"`

	// Enum lists the allowed values; EnumDescriptions documents them by index.
	Enum             []any    `json:"enum,omitempty"`
	EnumDescriptions []string `json:"enumDescriptions,omitempty"`
	Default          any      `json:"default,omitempty"`
	Examples         []any    `json:"examples,omitempty"`
	// Pattern is an RE2 expression that text must match somewhere.
	Pattern string       `json:"pattern,omitempty"`
	Minimum *json.Number `json:"minimum,omitempty"`
	Maximum *json.Number `json:"maximum,omitempty"`
	// Format names the meaning of a text: "duration", "url", "regexp", "template", "path", "date-time", ….
	Format string `json:"format,omitempty"`
	// Fields are the members of an object; Items describes the elements of an array or the values of a map.
	Fields map[string]FieldSpec `json:"fields,omitempty"`
	Items  *FieldSpec           `json:"items,omitempty"`
	// Deprecated says why, and what to use instead; empty means not deprecated.
	Deprecated Deprecation `json:"deprecated,omitempty"`
	// Secret values are masked wherever they would be shown.
	Secret  bool   `json:"secret,omitempty"`
	DocsURL string `json:"docsUrl,omitempty"`
}

// Deprecation is the reason for which a field is deprecated. In JSON it is a text, or true for "no reason given".
type Deprecation string

// UnmarshalJSON takes a text or a bool.
func (d *Deprecation) UnmarshalJSON(b []byte) error {
	var flag bool
	if err := json.Unmarshal(b, &flag); err == nil {
		*d = ""
		if flag {
			*d = "deprecated"
		}
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*d = Deprecation(s)
	return nil
}

// EventSpec describes one kind of event that a plugin emits while a test runs.
type EventSpec struct {
	Description string               `json:"description,omitempty"`
	Fields      map[string]FieldSpec `json:"fields,omitempty"`
	// Summary is a one-line template over the event's data, such as `{{status}} in {{duration_ms}} ms`.
	Summary string `json:"summary,omitempty"`
	// Anchor is the spec field beside which an editor shows the event, such as "method"; empty means the test's name.
	Anchor  string `json:"anchor,omitempty"`
	DocsURL string `json:"docsUrl,omitempty"`
}

// PluginSchema is the public introspection shape of a plugin. It shares no mutable memory with the plugin.
type PluginSchema struct {
	Name         string               `json:"name"`
	Version      string               `json:"version"`
	Description  string               `json:"description,omitempty"`
	Protocols    []Protocol           `json:"protocols"`
	Capabilities []string             `json:"capabilities,omitempty"`
	Fields       map[string]FieldSpec `json:"fields,omitempty"`
	Events       map[string]EventSpec `json:"events,omitempty"`
	ABI          int                  `json:"abi,omitempty"`
	DocsURL      string               `json:"docsUrl,omitempty"`
	// Methods completes the `method` key of the plugin's tests.
	Methods []Method `json:"methods,omitempty"`
	// Headers and Statuses complete `headers` and the expected `status` in the same way.
	Headers      []Header `json:"headers,omitempty"`
	Statuses     []Status `json:"statuses,omitempty"`
	ResourceHint string   `json:"resourceHint,omitempty"`
	// Snippets are tests to begin with.
	Snippets []Snippet `json:"snippets,omitempty"`
	// Templates says that the plugin's Validate understands values that still hold a template.
	Templates bool `json:"templates,omitempty"`
}

// Method is one value for a test's `method`, with its documentation. In JSON it is a text or {name, description}.
type Method struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Fields are those that a test with this method has, as a rule; completion offers them early.
	Fields []string `json:"fields,omitempty"`
}

// UnmarshalJSON takes a bare name or an object.
func (m *Method) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err == nil {
		*m = Method{Name: name}
		return nil
	}
	type plain Method
	return json.Unmarshal(b, (*plain)(m))
}

// PluginEvent is something that happened while a plugin executed a test. Its full name is "<plugin>.<kind>".
type PluginEvent struct {
	Plugin string         `json:"plugin"`
	Kind   string         `json:"kind"`
	Data   map[string]any `json:"data,omitempty"`
}

// Header is one name for `headers`, with its documentation. In JSON it is a text or an object.
type Header struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// In says where it stands: in a "request", a "response", or in both where empty.
	In string `json:"in,omitempty"`
	// Values are common ones. `{{ }}` in one stands for a credential, which an editor offers as a template.
	Values []string `json:"values,omitempty"`
}

// UnmarshalJSON takes a bare name or an object.
func (h *Header) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err == nil {
		*h = Header{Name: name}
		return nil
	}
	type plain Header
	return json.Unmarshal(b, (*plain)(h))
}

// Status is one value for an expected `status`, with its documentation. In JSON it is a text, a number or an object.
type Status struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// UnmarshalJSON takes a bare text, a number or an object.
func (s *Status) UnmarshalJSON(b []byte) error {
	var bare any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&bare); err != nil {
		return err
	}
	switch v := bare.(type) {
	case string:
		*s = Status{Name: v}
		return nil
	case json.Number:
		*s = Status{Name: v.String()}
		return nil
	}
	type plain Status
	return json.Unmarshal(b, (*plain)(s))
}

// FullName is "<plugin>.<kind>".
func (e PluginEvent) FullName() string { return e.Plugin + "." + e.Kind }
