package interchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// jsonMedia finds the JSON among media types.
func jsonMedia(content openapi3.Content) (string, *openapi3.MediaType) {
	var name string
	for _, k := range slices.Sorted(maps.Keys(content)) {
		base, _, err := mime.ParseMediaType(k)
		if err != nil || content[k] == nil {
			continue
		}
		if base == "application/json" {
			return k, content[k]
		}
		if name == "" && (strings.HasSuffix(base, "+json") || base == "*/*" || base == "application/*") {
			name = k
		}
	}
	return name, content[name]
}

// requestBody fills the body, as JSON where the document offers it.
func (im *openAPIImport) requestBody(m *maker) {
	ref := m.op.op.RequestBody
	if ref == nil || ref.Value == nil || len(ref.Value.Content) == 0 {
		return
	}
	if name, media := jsonMedia(ref.Value.Content); media != nil {
		im.jsonBody(m, name, media, placeOf(ref.Value.Origin))
		return
	}
	types := slices.Sorted(maps.Keys(ref.Value.Content))
	for _, name := range types {
		if media := ref.Value.Content[name]; media != nil && im.otherBody(m, name, media) {
			return
		}
	}
	all := strings.Join(types, ", ")
	im.note(placeOf(ref.Value.Origin), "the body of %s is left out: %s cannot be made up; give it an example", m.op.alias, all)
	m.op.comments = append(m.op.comments, "the body is missing: "+all+" cannot be made up")
}

func (im *openAPIImport) jsonBody(m *maker, name string, media *openapi3.MediaType, at place) {
	op := m.op
	v, known, ok := m.media(media)
	if !ok {
		im.note(at, "no body can be made up for %s: nothing meets its schema", op.alias)
		op.comments = append(op.comments, "the body is missing: nothing meets its schema")
		return
	}
	im.verify(m, media, v, known)
	op.body, op.hasBody = v, true
	contentType := "application/json"
	if base, _, _ := mime.ParseMediaType(name); !strings.Contains(base, "*") {
		contentType = name
	}
	switch v := v.(type) {
	case nil, string, written: // a spec's text is sent as it is, so the quotes of JSON have to be in it
		if b, err := json.Marshal(jsonText{v}); err == nil {
			op.body = written(b)
		}
	default:
		if contentType == "application/json" {
			return // what a body of values is sent as
		}
	}
	op.headers = append(op.headers, member{"Content-Type", written(contentType)})
}

// otherBody fills a body that is no JSON, or reports that it cannot.
func (im *openAPIImport) otherBody(m *maker, name string, media *openapi3.MediaType) bool {
	v, known, ok := m.media(media)
	base, _, err := mime.ParseMediaType(name)
	if !ok || err != nil {
		return false
	}
	fields, isObject := v.(object)
	text, isText := v.(string)
	made, isTemplate := v.(written)
	textual := strings.HasPrefix(base, "text/") || base == "application/octet-stream"
	switch {
	case base == "application/x-www-form-urlencoded" && isObject:
		m.op.body = written(formBody(fields))
	case base == "multipart/form-data" && isObject:
		m.op.body, name = written(multipartBody(fields, media)), "multipart/form-data; boundary="+formBoundary
	case isText && (known || textual):
		m.op.body = text
	case isTemplate && textual:
		m.op.body = made
	default:
		return false
	}
	m.op.hasBody = true
	m.op.headers = append(m.op.headers, member{"Content-Type", written(name)})
	return true
}

// formBody is a form as its media type has it.
func formBody(fields object) string {
	var parts []string
	for _, e := range fields {
		values, isList := e.value.([]any)
		if !isList {
			values = []any{e.value}
		}
		for _, v := range values {
			var text string
			switch v := v.(type) {
			case written:
				text = strings.ReplaceAll(string(v), " }}", ".URLEncode() }}")
			case string:
				text = url.QueryEscape(v) // its braces are escaped with the rest
			default:
				text = url.QueryEscape(string(asText(v)))
			}
			parts = append(parts, url.QueryEscape(e.key)+"="+text)
		}
	}
	return strings.Join(parts, "&")
}

var notQuoted = regexp.MustCompile(`["\r\n\\]`)

// multipartBody is a form of parts; parts of binary data are files of made-up text.
func multipartBody(fields object, media *openapi3.MediaType) string {
	var b strings.Builder
	for _, e := range fields {
		name := notQuoted.ReplaceAllString(e.key, "_")
		head := `Content-Disposition: form-data; name="` + name + `"`
		if media.Schema != nil && media.Schema.Value != nil {
			p := media.Schema.Value.Properties[e.key]
			if p != nil && p.Value != nil && (p.Value.Format == "binary" || p.Value.ContentMediaType != "") {
				head += `; filename="` + name + `.bin"`
			}
		}
		switch enc := media.Encoding[e.key]; {
		case enc != nil && enc.ContentType != "":
			first, _, _ := strings.Cut(enc.ContentType, ",")
			head += "\r\nContent-Type: " + notQuoted.ReplaceAllString(strings.TrimSpace(first), "_")
		default:
			switch e.value.(type) {
			case object, []any:
				head += "\r\nContent-Type: application/json"
			}
		}
		fmt.Fprintf(&b, "--%s\r\n%s\r\n\r\n%s\r\n", formBoundary, head, asText(e.value))
	}
	fmt.Fprintf(&b, "--%s--\r\n", formBoundary)
	return b.String()
}

// verify notes where a body does not meet its schema, be it the document's own example.
func (im *openAPIImport) verify(m *maker, media *openapi3.MediaType, v any, known bool) {
	if media.Schema == nil || media.Schema.Value == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			im.note(placeOf(media.Origin), "the body of %s could not be validated: %v", m.op.alias, p)
		}
	}()
	if !known { // without what only a run knows
		v, _, _ = (&maker{im: im, op: m.op}).media(media)
	}
	decoded := decodable(v)
	if visits(media.Schema, decoded, maxVisits) < 0 {
		im.note(placeIn(media.Origin, "schema"), "the body of %s is not validated: its schema includes too much, or itself", m.op.alias)
		return
	}
	if err := media.Schema.Value.VisitJSON(decoded, openapi3.VisitAsRequest(), openapi3.DisablePatternValidation()); err != nil {
		what := "the body that is made up for"
		if known {
			what = "the document's example for"
		}
		msg, _, _ := strings.Cut(err.Error(), "\n")
		im.note(placeIn(media.Origin, "schema"), "%s %s does not meet the schema: %s", what, m.op.alias, msg)
	}
}

// decodable is a value as encoding/json would decode it, with made-up data for the templates.
func decodable(v any) any {
	switch v := v.(type) {
	case object:
		out := make(map[string]any, len(v))
		for _, e := range v {
			out[e.key] = decodable(e.value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = decodable(e)
		}
		return out
	case written:
		if text, err := evaluate(string(v), 1); err == nil {
			return text
		}
		return string(v)
	case json.Number:
		f, err := v.Float64()
		if err == nil {
			return f
		}
	}
	return v
}

// maxVisits bounds the work of validating one value.
const maxVisits = 50_000

// visits counts what a validator would do with a value, down from a budget. A schema that includes itself without a
// property or item between uses up all of it: no validator would survive that.
func visits(ref *openapi3.SchemaRef, v any, budget int) int {
	if budget--; budget < 0 || ref == nil || ref.Value == nil {
		return budget
	}
	s := ref.Value
	for _, part := range slices.Concat(s.AllOf, s.OneOf, s.AnyOf, openapi3.SchemaRefs{s.Not, s.If, s.Then, s.Else}) {
		if budget = visits(part, v, budget); budget < 0 {
			return budget
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			property := s.Properties[key]
			if property == nil {
				property = s.AdditionalProperties.Schema
			}
			if budget = visits(property, inner, budget); budget < 0 {
				return budget
			}
		}
	case []any:
		for _, item := range v {
			if budget = visits(s.Items, item, budget); budget < 0 {
				return budget
			}
		}
	}
	return budget
}
