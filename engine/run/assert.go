package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// expectation is what a test expects, with its templates resolved: once, so that every attempt is held against the same.
func (x *exec) expectation(place string, e *spec.Expect) *expect.Expect {
	if e == nil {
		return nil
	}
	if len(x.u.test.at.Templates) == 0 || !holdsTemplate(e.Raw()) {
		return e.Parsed()
	}
	x.res.ready(place)
	x.res.ev.MarkLiteral = true
	defer func() { x.res.ev.MarkLiteral = false }()
	raw := mapTexts(e.Raw(), nil, func(at []string, s string) any {
		where := dotted(place, at)
		v := x.res.eval(where, template.Parse(s))
		if x.result.Resolved == nil {
			x.result.Resolved = map[string]any{}
		}
		for _, key := range []string{resolvedKey(where, s), s} {
			if _, known := x.result.Resolved[key]; !known {
				x.result.Resolved[key] = v
			}
		}
		return v
	})
	x.mask(nil)
	parsed, _ := expect.ParseRedacted(raw, x.masker.Text) // what is wrong makes its assertion fail, with the reason
	return parsed
}

// resolvedKey names one template of a test by where it stands.
func resolvedKey(place, source string) string { return place + ": " + source }

// holdsTemplate reports whether any text inside a value holds a template.
func holdsTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{")
	case map[string]any:
		for _, e := range v {
			if holdsTemplate(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holdsTemplate)
	}
	return false
}

// mapTexts replaces every text inside a value that holds a template, keys in order; v itself stays as it is.
func mapTexts(v any, at []string, replace func(at []string, s string) any) any {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "{{") {
			return replace(at, v)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range value.Keys(v) {
			out[key] = mapTexts(v[key], append(slices.Clip(at), key), replace)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = mapTexts(e, append(slices.Clip(at), strconv.Itoa(i)), replace)
		}
		return out
	}
	return v
}

// responseOf is a result as the assertions see it.
func responseOf(r *engine.TestResult) expect.Response {
	out := r.Output
	events := make([]expect.Event, len(r.Events))
	for i, e := range r.Events {
		events[i] = expect.Event{Plugin: e.Plugin, Kind: e.Kind, Data: orEmptyMap(e.Data)}
	}
	return expect.Response{
		Status: out.Status, Headers: allHeaders(out.Headers, out.HeadersAll), Body: out.Body, Duration: r.Duration, Events: events, Metadata: out.Metadata,
		Unread: unreadBody(out),
	}
}

// unreadBody says why a body that is text was not read, so that nothing is known about paths into it; it is empty where the
// body was read. Plugins of the old contract decode bodies themselves, so that only the content type tells.
func unreadBody(out *plugin.TestOutput) string {
	if fault, ok := out.Metadata[plugin.MetadataBodyFault].(string); ok && fault != "" {
		return fault
	}
	text, isText := out.Body.(string)
	if !isText || text == "" {
		return ""
	}
	for name, contentType := range out.Headers {
		if strings.EqualFold(name, "Content-Type") && contentType != "" {
			if strings.Contains(strings.ToLower(contentType), "json") {
				return "" // a JSON text, such as "done"
			}
			return "the body is text and not JSON: its Content-Type is " + contentType
		}
	}
	return "the body is text and not JSON: no Content-Type says what it is"
}

// allHeaders are the values of every header: those of all where it knows the header, however its name is written, else the
// one of single. The result is only to be read.
func allHeaders(single map[string]string, all map[string][]string) map[string][]string {
	headers, copied := all, false
	for name, v := range single {
		if _, known := all[name]; known || knowsHeader(all, name) {
			continue
		}
		if !copied {
			headers, copied = make(map[string][]string, len(single)+len(all)), true
			maps.Copy(headers, all)
		}
		headers[name] = []string{v}
	}
	return headers
}

func knowsHeader(all map[string][]string, name string) bool {
	for other := range all {
		if strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// condition evaluates `when`. A value that cannot be resolved counts as missing.
func (x *exec) condition(when spec.Text) (holds bool, why string) {
	t := when.Template
	if t == nil {
		t = template.Parse(when.Value)
	}
	parts := t.Condition()
	unresolved := len(x.res.unresolved)
	v := x.res.eval("when", parts.Left)
	found := len(x.res.unresolved) == unresolved
	rest := value.Text(value.Unwrap(x.res.eval("when", parts.Rest)))
	x.mask(nil)
	c, problems := expect.ParseConditionRedacted(rest, x.masker.Text)
	for _, p := range problems {
		if p.Severity != expect.Warning {
			x.fail(fmt.Errorf("when: %s", p.Message))
			return false, ""
		}
		x.result.Warnings = append(x.result.Warnings, "when: "+p.Message)
	}
	if !found {
		if unread := x.unreadValue(parts.Left); unread != "" {
			x.fail(fmt.Errorf("when: %s cannot be told: %s", parts.Left.Source, unread))
			return false, ""
		}
	}
	if holds, why = c.Holds(v, found); holds {
		return true, ""
	}
	return false, fmt.Sprintf("`when: %s` does not hold: %s", when.Value, why)
}

// unreadValue says why a value that a template names is not known, where it would lie in a body that could not be read: then it
// is not missing. It is empty for every other reason.
func (x *exec) unreadValue(t *template.Template) string {
	for _, ref := range t.Refs() {
		if ref.Optional {
			continue // Default gives the value
		}
		o, rest := x.source(ref)
		if o != nil && o.unread != "" && len(rest) > 2 && rest[0].Text == "response" && rest[1].Text == "body" {
			return o.unread
		}
	}
	return ""
}

// source is the outcome that a template reads from, and the path that it takes into the record; nil where there is none.
func (x *exec) source(ref template.Ref) (o *outcome, rest []path.Segment) {
	switch ref.Kind {
	case template.Prev:
		o, _ = x.r.prevOutcome(x.u)
		return o, ref.Path.Segments
	case template.Name:
		name := ref.Name
		for i := 0; ; i++ { // an alias may hold dots
			if f, ok := x.u.test.feeds[name]; ok {
				o = x.r.outcomeOf(f.test, len(f.test.at.Matrix)-1)
				if f.saved {
					return o, path.Parse(savedPath(f.test.at.Test, name)).Segments
				}
				return o, ref.Path.Segments[i:]
			}
			if i == len(ref.Path.Segments) {
				return nil, nil
			}
			name += "." + ref.Path.Segments[i].Text
		}
	}
	return nil, nil
}

// savedPath is the path that a test's `save` gives a name.
func savedPath(t *spec.Test, name string) string {
	for _, s := range t.Save {
		if s.Name.Value == name {
			return s.Path.Value
		}
	}
	return ""
}

// sameEvent compares what a plugin streamed with what it returned.
func sameEvent(a, b schema.PluginEvent) bool {
	return a.Kind == b.Kind && (equalData(a.Data, b.Data) || value.JSON(a.Data) == value.JSON(b.Data))
}

// equalData is reflect.DeepEqual for decoded values, without its cost: every event of every test comes by here.
func equalData(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		if reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer() {
			return true // the same map
		}
		for key, v := range a {
			if w, ok := b[key]; !ok || !equalData(v, w) {
				return false
			}
		}
		return true
	case string, json.Number, bool, nil:
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
