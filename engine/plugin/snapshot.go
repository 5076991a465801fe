package plugin

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/speclens/speclens/schema"
)

// Snapshot returns the public introspection shape of the plugin. It shares no mutable memory with info.
func (info PluginInfo) Snapshot() schema.PluginSchema {
	return schema.PluginSchema{
		Name:         info.Name,
		Version:      info.Version,
		Description:  info.Description,
		Protocols:    slices.Clone(info.Protocols),
		Capabilities: slices.Clone(info.Capabilities),
		Fields:       cloneFields(info.Fields),
		Events:       cloneEvents(info.Events),
		ABI:          info.ABI,
		DocsURL:      info.DocsURL,
		Methods:      cloneMethods(info.Methods),
		Headers:      cloneHeaders(info.Headers),
		Statuses:     slices.Clone(info.Statuses),
		ResourceHint: info.ResourceHint,
		Snippets:     slices.Clone(info.Snippets),
		Templates:    info.Templates,
	}
}

func (info PluginInfo) clone() PluginInfo {
	return PluginInfo(info.Snapshot())
}

func cloneSchema(s schema.PluginSchema) schema.PluginSchema {
	return PluginInfo(s).Snapshot()
}

func cloneMethods(methods []schema.Method) []schema.Method {
	out := slices.Clone(methods)
	for i := range out {
		out[i].Fields = slices.Clone(out[i].Fields)
	}
	return out
}

func cloneHeaders(headers []schema.Header) []schema.Header {
	out := slices.Clone(headers)
	for i := range out {
		out[i].Values = slices.Clone(out[i].Values)
	}
	return out
}

func cloneFields(fields map[string]schema.FieldSpec) map[string]schema.FieldSpec {
	if fields == nil {
		return nil
	}
	out := make(map[string]schema.FieldSpec, len(fields))
	for name, f := range fields {
		out[name] = cloneField(f)
	}
	return out
}

func cloneField(f schema.FieldSpec) schema.FieldSpec {
	f.Enum = cloneValues(f.Enum)
	f.EnumDescriptions = slices.Clone(f.EnumDescriptions)
	f.Default = cloneValue(f.Default)
	f.Examples = cloneValues(f.Examples)
	f.Minimum = cloneNumber(f.Minimum)
	f.Maximum = cloneNumber(f.Maximum)
	f.Fields = cloneFields(f.Fields)
	if f.Items != nil {
		items := cloneField(*f.Items)
		f.Items = &items
	}
	return f
}

func cloneEvents(events map[string]schema.EventSpec) map[string]schema.EventSpec {
	if events == nil {
		return nil
	}
	out := make(map[string]schema.EventSpec, len(events))
	for kind, e := range events {
		out[kind] = cloneEvent(e)
	}
	return out
}

func cloneEvent(e schema.EventSpec) schema.EventSpec {
	e.Fields = cloneFields(e.Fields)
	return e
}

func cloneNumber(n *json.Number) *json.Number {
	if n == nil {
		return nil
	}
	c := *n
	return &c
}

func cloneValues(values []any) []any {
	if values == nil {
		return nil
	}
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = cloneValue(v)
	}
	return out
}

// cloneValue copies the containers that JSON decodes to; anything else is immutable or the plugin author's own.
func cloneValue(v any) any {
	switch v := v.(type) {
	case []any:
		return cloneValues(v)
	case map[string]any:
		out := maps.Clone(v)
		for key, member := range out {
			out[key] = cloneValue(member)
		}
		return out
	}
	return v
}
