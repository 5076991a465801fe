package request

import (
	"encoding/json"

	"github.com/speclens/speclens/schema"
)

// Name and Version identify the plugin.
const (
	Name    = "http"
	Version = "1.0.0"
)

// The kinds of the plugin's events.
const (
	EventSent       = "Sent"
	EventRedirected = "Redirected"
	EventReceived   = "Received"
)

// Info is what plugin_info returns. Its fields and JSON are those of the plugin contract.
type Info struct {
	Name         string                      `json:"name"`
	Version      string                      `json:"version"`
	Description  string                      `json:"description,omitempty"`
	Protocols    []schema.Protocol           `json:"protocols"`
	Capabilities []string                    `json:"capabilities,omitempty"`
	Fields       map[string]schema.FieldSpec `json:"fields,omitempty"`
	Events       map[string]schema.EventSpec `json:"events,omitempty"`
	ABI          int                         `json:"abi,omitempty"`
	DocsURL      string                      `json:"docsUrl,omitempty"`
	Methods      []schema.Method             `json:"methods,omitempty"`
	Headers      []schema.Header             `json:"headers,omitempty"`
	Statuses     []schema.Status             `json:"statuses,omitempty"`
	ResourceHint string                      `json:"resourceHint,omitempty"`
	Snippets     []schema.Snippet            `json:"snippets,omitempty"`
	Templates    bool                        `json:"templates,omitempty"`
}

// Describe returns the plugin's metadata. Every call builds it anew, so that the caller may keep and change it.
func Describe() Info {
	return Info{
		Name:         Name,
		Version:      Version,
		Description:  "Sends HTTP/1.1 and HTTP/2 requests and reports the response, its redirects and its timing.",
		Protocols:    []schema.Protocol{"http", "https"},
		Capabilities: []string{"http"},
		Fields:       fields(),
		Events:       events(),
		ABI:          1,
		Methods:      methods(),
		Headers:      headers(),
		Statuses:     statuses(),
		ResourceHint: "path and query below the target, such as /users/42?full=true; it is sent as written",
		Snippets:     snippets(),
		Templates:    true,
	}
}

func fields() map[string]schema.FieldSpec {
	zero := json.Number("0")
	return map[string]schema.FieldSpec{
		"body": {
			Type: schema.TypeAny,
			Description: "The body of the request.\n\n" +
				"- Text is sent as it is, with `Content-Type: text/plain; charset=utf-8`.\n" +
				"- A map, list, number or bool is sent as compact JSON with sorted keys, with `Content-Type: application/json`. " +
				"Integers keep every digit.\n" +
				"- Absent or `null`: no body. Write `body: \"null\"` to send the JSON value null.\n\n" +
				"A `Content-Type` among `headers` takes the place of the automatic one; it does not change how the body is written.",
			Examples: []any{map[string]any{"name": "Ada", "roles": []any{"admin"}}, "name=Ada&role=admin", "{{ fake.sentence.5 }}"},
		},
		"query": {
			Type: schema.TypeMap,
			Description: "Parameters that are added to the URL, in the order of their names, after those that the resource holds already.\n\n" +
				"Names and values are percent-encoded. A list repeats the name, `null` leaves the parameter out.",
			Items:    &schema.FieldSpec{Type: schema.TypeAny, Description: "Text, a number, a bool, null, or a list of these."},
			Examples: []any{map[string]any{"limit": json.Number("20"), "tag": []any{"new", "sale"}}},
		},
		"url": {
			Type:   schema.TypeString,
			Format: "url",
			Description: "The whole address of the request. If it is given, `target` chooses no more than the protocol, " +
				"and `resource` is ignored.\n\n" +
				"Use it for addresses that a response hands out, such as a `Location` or a link to the next page.",
			Examples: []any{"https://api.example.com/v1/users", "{{ page.response.body.next }}"},
		},
		"followRedirects": {
			Type:    schema.TypeBool,
			Default: true,
			Description: "Whether the redirects 301, 302, 303, 307 and 308 are followed.\n\n" +
				"`false`: the redirect itself is the response, so that its status and its `Location` can be checked.\n\n" +
				"301, 302 and 303 go on as GET without the body; 307 and 308 repeat method and body. " +
				"When a redirect leaves the origin (scheme, host and port), credentials stay behind. " +
				"It is an error where a redirect would take a body to another origin, or leads from https to http.",
			Examples: []any{false},
		},
		"maxRedirects": {
			Type:        schema.TypeNumber,
			Default:     json.Number("10"),
			Minimum:     &zero,
			Description: "How many redirects may follow one another. One more is an error; with `0` every redirect is.",
			Examples:    []any{json.Number("3")},
		},
	}
}

func events() map[string]schema.EventSpec {
	return map[string]schema.EventSpec{
		EventSent: {
			Description: "A connection stands and the request goes out on it. Nothing is sent where no connection could be made.",
			Summary:     "{{method}} {{url}}",
			Anchor:      "method",
			Fields: map[string]schema.FieldSpec{
				"method": {Type: schema.TypeString, Required: true, Description: "The method as it was sent."},
				"url":    {Type: schema.TypeString, Required: true, Description: "The URL with its query, without user and password."},
				"bytes":  {Type: schema.TypeNumber, Required: true, Description: "Size of the request's body in bytes."},
			},
		},
		EventRedirected: {
			Description: "The server sent the client elsewhere, and the request goes on there.",
			Summary:     "{{status}} to {{location}}",
			Anchor:      "resource",
			Fields: map[string]schema.FieldSpec{
				"status":   {Type: schema.TypeNumber, Required: true, Description: "The status of the redirect, such as 302."},
				"location": {Type: schema.TypeString, Required: true, Description: "The absolute URL that is requested next."},
			},
		},
		EventReceived: {
			Description: "The whole response is there.",
			Summary:     "{{status}} in {{duration_ms}} ms",
			Anchor:      "expect",
			Fields: map[string]schema.FieldSpec{
				"status": {Type: schema.TypeNumber, Required: true, Description: "The status of the response."},
				"duration_ms": {
					Type: schema.TypeNumber, Required: true,
					Description: "Milliseconds from the start to the last byte, redirects included.",
				},
				"bytes":     {Type: schema.TypeNumber, Required: true, Description: "Size of the response's body in bytes, after decompression."},
				"truncated": {Type: schema.TypeBool, Description: "True where the body was longer than the limit and the rest was cut off."},
			},
		},
	}
}

func methods() []schema.Method {
	return []schema.Method{
		{Name: "GET", Description: "Fetch the resource. Safe and repeatable; it has no body, as a rule."},
		{Name: "POST", Description: "Hand the body to the resource: create something below it, or run an action. Not repeatable.", Fields: []string{"body"}},
		{Name: "PUT", Description: "Put the body in the place of the resource, or create it there. Repeatable.", Fields: []string{"body"}},
		{Name: "PATCH", Description: "Change parts of the resource as the body says (RFC 5789).", Fields: []string{"body"}},
		{Name: "DELETE", Description: "Remove the resource. Repeatable."},
		{Name: "HEAD", Description: "As GET, but the response has a head and no body."},
		{Name: "OPTIONS", Description: "Ask what may be done with the resource; browsers send it before a cross-origin request."},
		{Name: "TRACE", Description: "Have the request echoed, to see what reaches the server. Most servers refuse it."},
		{Name: "CONNECT", Description: "Ask a proxy for a tunnel. Of no use with an ordinary server."},
	}
}
