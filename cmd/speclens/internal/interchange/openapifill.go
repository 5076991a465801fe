package interchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/template"
)

// fill makes up what a test sends and expects.
func (im *openAPIImport) fill(op *operation) {
	m := &maker{im: im, op: op}
	m.refer = func(name string, s *shape) any { return im.refer(op, name, s) }
	for _, servers := range []*openapi3.Servers{op.op.Servers, &op.item.Servers} {
		if servers != nil && len(*servers) > 0 && im.options.Target == "" && op.target == "" {
			if address, absolute := im.serverURL((*servers)[0]); absolute {
				op.target = address
			} else {
				im.note(op.at, "the server %q of %s names no host; the test goes to the target of the file", address, op.alias)
			}
		}
	}
	im.secure(op)
	op.resource = im.resourceOf(m)
	im.parameters(m)
	im.requestBody(m)
	if len(op.cookies) > 0 {
		op.headers = append(op.headers, member{"Cookie", written(strings.Join(op.cookies, "; "))})
	}
	im.expect(op)
}

// uses notes that a test needs a value of another one, whose maker must not be undone before.
func (im *openAPIImport) uses(op *operation, p *provided) {
	if p.by == nil {
		return
	}
	if !slices.Contains(op.uses, p.by) {
		op.uses = append(op.uses, p.by)
	}
	if p.last == nil || p.last == op {
		return
	}
	tail := op
	for _, other := range im.ops { // the last of the chain that op is in
		if other.previous == tail {
			tail = other
		}
	}
	if tail != p.last && !im.needs(tail, p.last, map[*operation]bool{}) && !im.needs(p.last, tail, map[*operation]bool{}) {
		p.last.last = append(p.last.last, tail)
	}
}

// refer is the value that another test saves under the name of a property or parameter, such as petId; nil where there
// is none.
func (im *openAPIImport) refer(op *operation, name string, s *shape) any {
	wanted := folded(name)
	if wanted == "id" || !strings.HasSuffix(wanted, "id") {
		return nil
	}
	var found any
	var visit func(n *pathNode)
	visit = func(n *pathNode) {
		p := n.value
		if found == nil && p != nil && p.by != nil && p.by != op && folded(p.name) == wanted && p.by.file == op.file &&
			(p.method == "") == (s.is(openapi3.TypeInteger) || s.format == "uuid") && !im.needs(p.by, op, map[*operation]bool{}) {
			im.uses(op, p)
			found = (&provided{name: p.name}).template()
			if strings.HasPrefix(p.method, ".Split") {
				found = p.template()
			}
		}
		for _, c := range n.children {
			visit(c)
		}
	}
	visit(im.root)
	return found
}

// resourceOf is the path with its parameters filled in.
func (im *openAPIImport) resourceOf(m *maker) written {
	op := m.op
	var b strings.Builder
	path, _, _ := strings.Cut(op.path, "#") // some documents tell operations of one path apart by a fragment, which is never sent
	for i, segment := range strings.Split(strings.Trim(path, "/"), "/") {
		b.WriteString("/")
		last := 0
		for _, at := range pathParam.FindAllStringSubmatchIndex(segment, -1) {
			b.WriteString(staticPath(segment[last:at[0]]))
			last = at[1]
			b.WriteString(im.pathValue(m, segment[at[2]:at[3]], op.nodes[i]))
		}
		b.WriteString(staticPath(segment[last:]))
	}
	if strings.HasSuffix(path, "/") && len(path) > 1 {
		b.WriteString("/")
	}
	return written(b.String())
}

// staticPath keeps what is written in a path, apart from what cannot stand in one.
func staticPath(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>\^{}|`+"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (im *openAPIImport) pathValue(m *maker, name string, n *pathNode) string {
	op := m.op
	p := op.links["path."+name]
	if p == nil && n.text == "" && n.value != nil && n.value.by.file == op.file && n.value.by != op {
		p = n.value
	}
	switch {
	case p != nil && p.by != nil:
		im.uses(op, p)
		return string(p.template())
	case p != nil:
		return pathText(p.known)
	}
	param := op.param(openapi3.ParameterInPath, name)
	if param == nil {
		im.note(op.at, "the path of %s has a parameter %q that is not described", op.alias, name)
		param = &openapi3.Parameter{Name: name, In: openapi3.ParameterInPath}
	}
	fixed := &maker{im: im, op: op, fixed: true}
	v, known, ok := fixed.parameter(param)
	if !ok {
		im.note(placeOf(param.Origin), "no value can be made up for the parameter %q of %s", name, op.alias)
		v = "1"
	}
	if !known && !n.made {
		op.comments = append(op.comments, name+" is made up: put in one that exists")
	}
	prefix := map[string]string{"label": ".", "matrix": ";" + name + "="}[param.Style]
	return prefix + pathText(v)
}

// pathText is a value as part of a path.
func pathText(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = pathText(e)
		}
		return strings.Join(parts, ",")
	case object:
		var parts []string
		for _, e := range v {
			parts = append(parts, url.PathEscape(e.key)+","+pathText(e.value))
		}
		return strings.Join(parts, ",")
	case written:
		return strings.ReplaceAll(string(v), " }}", ".URLEncode() }}")
	case string:
		return url.PathEscape(v) // its braces are escaped with the rest
	}
	return url.PathEscape(string(asText(v)))
}

// asText is a value as text, its braces made harmless.
func asText(v any) written {
	switch v := v.(type) {
	case written:
		return v
	case string:
		return written(escaped(v))
	case nil:
		return ""
	case object, []any:
		b, err := json.Marshal(jsonText{v})
		if err != nil {
			return ""
		}
		return written(b)
	}
	return written(fmt.Sprint(v))
}

// escaped is a text in which {{ begins no template.
func escaped(s string) string {
	if !template.Parse(s).HasExprs() && !strings.Contains(s, "{{") {
		return s
	}
	return strings.ReplaceAll(s, "{{", "{{ regex('[{][{]') }}")
}

// jsonText writes a value as JSON, objects in their order and templates as they are.
type jsonText struct{ value any }

func (j jsonText) MarshalJSON() ([]byte, error) {
	switch v := j.value.(type) {
	case object:
		var b strings.Builder
		b.WriteString("{")
		for i, e := range v {
			if i > 0 {
				b.WriteString(",")
			}
			key, err := json.Marshal(e.key)
			if err != nil {
				return nil, err
			}
			inner, err := jsonText{e.value}.MarshalJSON()
			if err != nil {
				return nil, err
			}
			b.Write(key)
			b.WriteString(":")
			b.Write(inner)
		}
		return []byte(b.String() + "}"), nil
	case []any:
		list := make([]jsonText, len(v))
		for i, e := range v {
			list[i] = jsonText{e}
		}
		return json.Marshal(list)
	case string:
		return json.Marshal(escaped(v))
	case written:
		return json.Marshal(string(v))
	}
	return json.Marshal(j.value)
}

// parameter is the value of a parameter, and whether the document gives it.
func (m *maker) parameter(p *openapi3.Parameter) (v any, known, ok bool) {
	if secretNames.MatchString(p.Name) && p.In != openapi3.ParameterInPath {
		return m.im.variable(m.op, p.Name, "the parameter of that name"), true, true
	}
	if p.Example != nil {
		return m.im.literal(p.Origin, "example", p.Example), true, true
	}
	if v, ok := m.example(p.Examples); ok {
		return v, true, true
	}
	schema := p.Schema
	if _, media := jsonMedia(p.Content); media != nil {
		v, known, ok := m.media(media)
		return asText(v), known, ok
	}
	if schema == nil {
		return "1", false, true
	}
	for _, s := range m.im.shapes(schema) {
		known = known || len(s.literals) > 0 || s.enum != nil || s.hasConst
	}
	v, ok = m.make(p.Name, nil, schema)
	return v, known, ok
}

// example is the value of the first of named examples.
func (m *maker) example(examples openapi3.Examples) (any, bool) {
	names := slices.Collect(maps.Keys(examples))
	at := func(name string) place {
		if ref := examples[name]; ref != nil && ref.Value != nil {
			return placeOf(ref.Value.Origin)
		}
		return place{}
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := at(a).compare(at(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		ref := examples[name]
		if ref == nil || ref.Value == nil {
			continue
		}
		if ref.Value.ExternalValue != "" {
			m.im.note(placeOf(ref.Value.Origin), "the example %q of %s lies elsewhere and is not fetched", name, m.op.alias)
			continue
		}
		if v := m.im.literal(ref.Value.Origin, "value", ref.Value.Value); v != nil {
			return m.hideSecrets(v), true
		}
	}
	return nil, false
}

// media is a body of a media type.
func (m *maker) media(media *openapi3.MediaType) (v any, known, ok bool) {
	if media.Example != nil {
		return m.hideSecrets(m.im.literal(media.Origin, "example", media.Example)), true, true
	}
	if v, ok := m.example(media.Examples); ok {
		return v, true, true
	}
	v, ok = m.make("", nil, media.Schema)
	return v, false, ok
}

// ignoredHeaders are header parameters that OpenAPI says to ignore: other parts of the document describe them.
var ignoredHeaders = []string{"accept", "content-type", "authorization"}

// parameters fills query, headers and cookies with what is required.
func (im *openAPIImport) parameters(m *maker) {
	op := m.op
	var left []string
	for _, p := range op.params {
		if p.In == openapi3.ParameterInPath || p.In == openapi3.ParameterInHeader && slices.Contains(ignoredHeaders, strings.ToLower(p.Name)) {
			continue
		}
		link := op.links[p.In+"."+p.Name]
		if !p.Required && link == nil && (!im.options.Optional || p.Deprecated) {
			left = append(left, p.In+" "+p.Name)
			continue
		}
		v, _, ok := any(nil), true, true
		switch {
		case link != nil && link.by != nil:
			im.uses(op, link)
			v = link.template()
		case link != nil:
			v = link.known
		default:
			v, _, ok = m.parameter(p)
		}
		if !ok {
			im.note(placeOf(p.Origin), "no value can be made up for the parameter %q of %s", p.Name, op.alias)
			continue
		}
		switch p.In {
		case openapi3.ParameterInQuery:
			op.query = append(op.query, queryParameter(p, v)...)
		case openapi3.ParameterInHeader:
			op.headers = append(op.headers, member{p.Name, headerText(v)})
		case openapi3.ParameterInCookie:
			op.cookies = append(op.cookies, p.Name+"="+string(headerText(v)))
		default:
			im.note(placeOf(p.Origin), "the parameter %q of %s lies in %q, where nothing is sent", p.Name, op.alias, p.In)
		}
	}
	if len(left) > 0 {
		op.comments = append(op.comments, "optional: "+strings.Join(left, ", "))
	}
}

// queryParameter is a parameter in the style that the document asks for.
func queryParameter(p *openapi3.Parameter, v any) object {
	explode := p.Explode == nil && (p.Style == "" || p.Style == "form") || p.Explode != nil && *p.Explode
	separator := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[p.Style]
	if separator == "" {
		separator = ","
	}
	switch v := v.(type) {
	case []any:
		if explode {
			return object{{p.Name, v}}
		}
		var parts []string
		for _, e := range v {
			parts = append(parts, string(asText(e)))
		}
		return object{{p.Name, written(strings.Join(parts, separator))}}
	case object:
		var fields object
		var parts []string
		for _, e := range v {
			switch {
			case p.Style == "deepObject":
				fields = append(fields, member{p.Name + "[" + e.key + "]", e.value})
			case explode:
				fields = append(fields, e)
			default:
				parts = append(parts, escaped(e.key), string(asText(e.value)))
			}
		}
		if len(parts) > 0 {
			fields = object{{p.Name, written(strings.Join(parts, separator))}}
		}
		return fields
	}
	return object{{p.Name, v}}
}

// headerText is a value as a header holds it.
func headerText(v any) written {
	list, isList := v.([]any)
	if !isList {
		return asText(v)
	}
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = string(asText(e))
	}
	return written(strings.Join(parts, ","))
}
