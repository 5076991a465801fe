package interchange

import (
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/path"
)

// Bounds on the expectations of one test.
const (
	maxExpected      = 60
	maxExpectedDepth = 12 // schemas around a value
	maxOneOf         = 40
	maxSteps         = 1000 // values of the response that are looked at
)

// pathKey is a key as a step of a path.
func pathKey(key string) string { return path.Quote(key) }

// joinPath is a step behind others.
func joinPath(step string) string {
	if strings.HasPrefix(step, "[") {
		return step
	}
	return "." + step
}

// expect fills what the response has to look like.
func (im *openAPIImport) expect(op *operation) {
	if op.response == nil || slices.Contains([]string{"204", "205", "304"}, op.status) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(op.response.Headers)) {
		ref := op.response.Headers[name]
		if ref != nil && ref.Value != nil && ref.Value.Required && !strings.EqualFold(name, "Content-Type") {
			op.expectedHeaders = append(op.expectedHeaders, member{name, written("exists")})
		}
	}
	types := slices.Sorted(maps.Keys(op.response.Content))
	name, media := jsonMedia(op.response.Content)
	if media != nil && op.method != "HEAD" {
		if len(types) > 1 && !strings.Contains(name, "*") {
			op.headers = append([]member{{"Accept", written(name)}}, op.headers...)
		}
		e := &expecter{im: im, op: op, steps: maxSteps}
		e.value("", nil, im.shapes(media.Schema))
	} else if len(types) == 1 && !strings.Contains(types[0], "*") {
		if base, _, err := mime.ParseMediaType(types[0]); err == nil {
			op.expectedHeaders = append(op.expectedHeaders, member{"Content-Type", written("contains " + base)})
		}
	}
	for _, s := range op.savedBody {
		if !slices.ContainsFunc(op.expected, func(m member) bool { return m.key == s.key }) {
			op.expected = append(op.expected, s)
		}
	}
	if len(op.expected) > 1 {
		op.expected = slices.DeleteFunc(op.expected, func(m member) bool { return m.key == "." && m.value == written("is object") })
	}
	for _, s := range op.saves {
		if header, ok := strings.CutPrefix(s.value.(string), "response.headers."); ok &&
			!slices.ContainsFunc(op.expectedHeaders, func(m member) bool { return strings.EqualFold(m.key, header) }) {
			op.expectedHeaders = append(op.expectedHeaders, member{header, written("exists")})
		}
	}
}

type expecter struct {
	im *openAPIImport
	op *operation
	// steps are the values that may still be looked at.
	steps int
}

func (e *expecter) add(at string, v any) {
	if at == "" {
		at = "."
	}
	e.op.expected = append(e.op.expected, member{at, v})
	if len(e.op.expected) == maxExpected {
		e.steps = 0
	}
}

// value expects what all alternatives of a value have in common.
func (e *expecter) value(at string, within []*openapi3.Schema, shapes []*shape) {
	if e.steps--; e.steps < 0 {
		e.op.comments = append(e.op.comments, "more of the response could be expected than stands here")
		return
	}
	if len(shapes) == 0 {
		return
	}
	if slices.ContainsFunc(shapes, func(s *shape) bool { return s.null }) {
		if at != "" {
			e.op.comments = append(e.op.comments, "in the response, "+at+" may be null")
		}
		return
	}
	if v, ok := fixedValues(shapes); ok {
		e.add(at, v)
		return
	}
	kind := commonType(shapes)
	nested := len(within) > maxExpectedDepth
	for _, s := range shapes {
		nested = nested || slices.ContainsFunc(s.schemas, func(o *openapi3.Schema) bool { return slices.Contains(within, o) })
	}
	for _, s := range shapes {
		within = append(slices.Clip(within), s.schemas...)
	}
	switch kind {
	case "":
		if at != "" && !slices.ContainsFunc(shapes, func(s *shape) bool { return s.types == nil }) {
			e.add(at, written("exists"))
		}
	case openapi3.TypeObject:
		before := len(e.op.expected)
		if !nested {
			e.properties(at, within, shapes)
		}
		if len(e.op.expected) == before {
			e.add(at, written("is object"))
		}
	case openapi3.TypeArray:
		e.add(at, written("is array"))
		if nested || slices.ContainsFunc(shapes, func(s *shape) bool { return s.minItems == 0 || s.items == nil && len(s.prefix) == 0 }) {
			return
		}
		var first []*shape
		for _, s := range shapes {
			item := s.items
			if len(s.prefix) > 0 {
				item = s.prefix[0]
			}
			first = append(first, e.im.shapes(item)...)
		}
		e.value(at+"[0]", within, first)
	default:
		e.add(at, written("is "+kind))
	}
}

func (e *expecter) properties(at string, within []*openapi3.Schema, shapes []*shape) {
	for _, p := range shapes[0].props {
		if e.steps < 0 {
			return
		}
		var all []*shape
		required := true
		for _, s := range shapes {
			i := slices.IndexFunc(s.props, func(q property) bool { return q.name == p.name })
			if i < 0 || !s.required[p.name] {
				required = false
				break
			}
			all = append(all, e.im.shapes(s.props[i].refs...)...)
		}
		if !required || len(all) == 0 || all[0].writeOnly || len(all) > maxShapes {
			continue
		}
		step := pathKey(p.name)
		if at != "" {
			step = at + joinPath(step)
		}
		e.value(step, within, all)
	}
}

// fixedValues is the expectation for values that the document lists.
func fixedValues(shapes []*shape) (any, bool) {
	var values []any
	for _, s := range shapes {
		switch {
		case s.hasConst:
			values = append(values, s.konst)
		case len(s.enum) > 0:
			values = append(values, s.enum...)
		default:
			return nil, false
		}
	}
	var distinct []any
	for _, v := range values {
		switch v.(type) {
		case string, bool, json.Number:
		default:
			return nil, false
		}
		if !slices.Contains(distinct, v) {
			distinct = append(distinct, v)
		}
	}
	if len(distinct) > maxOneOf {
		return nil, false
	}
	if len(distinct) == 1 {
		if _, isText := distinct[0].(string); !isText {
			return distinct[0], true
		}
		return object{{"eq", distinct[0]}}, true
	}
	return object{{"oneOf", distinct}}, true
}

// expectable are the formats of text that an expectation can check.
var expectable = map[string]string{
	"email": "email", "uuid": "uuid", "uri": "url", "url": "url", "date": "date", "date-time": "datetime",
	"ipv4": "ip", "ipv6": "ip", "ip": "ip",
}

// commonType is the type, or the format of text, that all alternatives have; empty where they have none in common.
func commonType(shapes []*shape) string {
	var names []string
	for _, s := range shapes {
		types := s.types
		if types == nil {
			types = []string{""}
			if k := s.kind(); k == openapi3.TypeObject && len(s.props) > 0 {
				types = []string{k}
			}
		}
		for _, t := range types {
			switch t {
			case openapi3.TypeInteger:
				t = "int"
			case openapi3.TypeBoolean:
				t = "bool"
			case openapi3.TypeString:
				if f := expectable[strings.ToLower(s.format)]; f != "" {
					t = f
				}
			}
			if !slices.Contains(names, t) {
				names = append(names, t)
			}
		}
	}
	slices.Sort(names)
	switch {
	case len(names) == 1:
		return names[0]
	case slices.Equal(names, []string{"int", "number"}):
		return "number"
	case !slices.ContainsFunc(names, func(n string) bool {
		return n != openapi3.TypeString && !slices.Contains(slices.Collect(maps.Values(expectable)), n)
	}):
		return openapi3.TypeString
	}
	return ""
}
