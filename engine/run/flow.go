package run

import (
	"fmt"
	"maps"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
)

// outcome is what a test leaves behind for the tests that use its values: real values, which never leave the run.
type outcome struct {
	status engine.Status
	// record is {name, response, events}, as templates and `save` walk it; nil where nothing came back.
	record map[string]any
	saves  map[string]any
	// unread says why the body could not be read; empty where it was.
	unread string
}

// usable reports whether values of the test may be used.
func (o *outcome) usable() bool {
	return o != nil && (o.status == engine.StatusPassed || o.status == engine.StatusFailed)
}

// newRecord is the view of a response that templates and `save` have.
func newRecord(name string, out *plugin.TestOutput, events []engine.Event) map[string]any {
	list := make([]any, len(events))
	for i, e := range events {
		list[i] = map[string]any{"plugin": e.Plugin, "kind": e.Kind, "data": orEmptyMap(e.Data)}
	}
	return map[string]any{
		"name": name,
		"response": map[string]any{
			"status": out.Status, "headers": headerView(out), "body": out.Body, "metadata": orEmptyMap(out.Metadata),
		},
		"events": list,
	}
}

func orEmptyMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// headerView is one text a header: what the plugin reports, and a repeated header joined where it reports only the list.
func headerView(out *plugin.TestOutput) map[string]any {
	view := make(map[string]any, len(out.Headers))
	for name, values := range out.HeadersAll {
		view[name] = strings.Join(values, ", ")
	}
	for name, v := range out.Headers {
		view[name] = v
	}
	return view
}

// saved reads what a test's `save` asks for. A path that leads nowhere is a warning and saves nothing.
func saved(t *spec.Test, record map[string]any) (values map[string]any, warnings []string) {
	for _, s := range t.Save {
		name := s.Name.Value
		p := path.Parse(s.Path.Value)
		root := ""
		if len(p.Segments) > 0 {
			root = p.Segments[0].Text
		}
		if root != "response" && root != "events" {
			warnings = append(warnings, fmt.Sprintf(
				"save %s: the path %q begins with neither response. nor events., so nothing is saved; did you mean %s?",
				name, s.Path.Value, s.Meant()))
			continue
		}
		v, err := p.Walk(record, path.Options{FoldUnder: path.Headers})
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("save %s: %v, so nothing is saved", name, err))
			continue
		}
		if values == nil {
			values = map[string]any{}
		}
		values[name] = v
	}
	return values, warnings
}

// cloneValue copies the containers of a decoded value, so that a plugin which writes to its input changes nothing else.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = cloneValue(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	}
	return v
}

// cloneInput is an input that shares no memory with in.
func cloneInput(in plugin.TestInput) plugin.TestInput {
	in.Headers = maps.Clone(in.Headers)
	if in.Fields != nil {
		in.Fields, _ = cloneValue(in.Fields).(map[string]any)
	}
	return in
}
