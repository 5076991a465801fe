package interchange

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/syntax"
)

// mapKeys are the keys of a map, for slices.Sorted.
func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) { return maps.Keys(m) }

// The values that are written: nil, bool, json.Number, string (literal text), written (text that may hold templates),
// []any and object, which keeps the order of the document.
type (
	written string
	object  []member
	member  struct {
		key   string
		value any
	}
)

func (o object) get(key string) (any, bool) {
	for _, m := range o {
		if m.key == key {
			return m.value, true
		}
	}
	return nil, false
}

// maxLiteral bounds the nodes of one value, since aliases can make much of little.
const maxLiteral = 100_000

// literal is a value that the document holds: exact and in its order where its place is known, else as the library has it.
func (im *openAPIImport) literal(o *openapi3.Origin, field string, known any) any {
	if n, ok := im.sources.node(placeIn(o, field)); ok && o != nil {
		if _, has := o.Fields.Lookup(field); has {
			budget := maxLiteral
			return ordered(n, &budget, 0)
		}
	}
	return fromLibrary(known)
}

func ordered(n syntax.Node, budget *int, depth int) any {
	if *budget--; *budget < 0 || depth > 200 {
		return nil
	}
	n = n.Resolve()
	switch n.Kind() {
	case syntax.Mapping:
		o := object{}
		for _, e := range n.Merged() {
			o = append(o, member{e.Key.Value(), ordered(e.Value, budget, depth+1)})
		}
		return o
	case syntax.Sequence:
		list := []any{}
		for _, item := range n.Items() {
			list = append(list, ordered(item, budget, depth+1))
		}
		return list
	}
	return n.Any()
}

// fromLibrary converts a value that encoding/json decoded.
func fromLibrary(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := object{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			o = append(o, member{k, fromLibrary(v[k])})
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = fromLibrary(e)
		}
		return list
	case float64:
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return v
}

// shape is what a schema with everything that it includes says of a value, for one choice among its alternatives.
type shape struct {
	schemas []*openapi3.Schema // those it was made of, outermost first
	types   []string           // nil: any
	null    bool               // null is allowed too
	never   bool               // nothing is allowed

	enum     []any // nil: not restricted
	konst    any
	hasConst bool
	literals []any // example, examples and default, best first

	format, pattern     string
	min, max            *float64
	exMin, exMax        bool
	multipleOf          *float64
	minLen              uint64
	maxLen              *uint64
	minItems            uint64
	maxItems            *uint64
	unique              bool
	items               *openapi3.SchemaRef
	prefix              openapi3.SchemaRefs
	props               []property
	required            map[string]bool
	minProps            uint64
	additional          *openapi3.SchemaRef
	readOnly, writeOnly bool
	deprecated          bool
}

type property struct {
	name string
	refs []*openapi3.SchemaRef // more than one where several included schemas have it
}

// Bounds on one place of the document: combinations of alternatives, and schemas that it is made of.
const (
	maxShapes   = 16
	maxIncluded = 2000
)

// shapes are the alternatives of schemas that hold all together, each with what it includes. Schemas that include
// themselves are cut there.
func (im *openAPIImport) shapes(refs ...*openapi3.SchemaRef) []*shape {
	list := []*shape{{required: map[string]bool{}}}
	im.budget = maxIncluded
	for _, ref := range refs {
		list = im.with(list, ref, nil)
	}
	var possible []*shape
	for _, s := range list {
		if !s.never {
			possible = append(possible, s)
		}
	}
	return possible
}

// with adds a schema to each of the shapes.
func (im *openAPIImport) with(list []*shape, ref *openapi3.SchemaRef, within []*openapi3.Schema) []*shape {
	if im.budget--; im.budget < 0 || ref == nil || ref.Value == nil || slices.Contains(within, ref.Value) {
		return list
	}
	schema := ref.Value
	within = append(slices.Clip(within), schema)
	for _, s := range list {
		im.include(s, schema)
	}
	for _, part := range schema.AllOf {
		list = im.with(list, part, within)
	}
	for _, alternatives := range []openapi3.SchemaRefs{schema.OneOf, schema.AnyOf} {
		if len(alternatives) == 0 {
			continue
		}
		var next []*shape
		null := false
		for _, alternative := range alternatives {
			if alternative == nil || alternative.Value == nil {
				continue
			}
			if alternative.Value.Type.Is(openapi3.TypeNull) {
				null = true
				continue
			}
			for _, s := range list {
				if len(next) < maxShapes {
					next = append(next, im.with([]*shape{s.clone()}, alternative, within)...)
				}
			}
		}
		if len(next) == 0 {
			continue
		}
		for _, s := range next {
			s.null = s.null || null
		}
		list = next
	}
	for _, s := range list {
		im.discriminate(s, schema)
	}
	return list
}

func (s *shape) clone() *shape {
	c := *s
	c.schemas, c.literals, c.required = slices.Clone(s.schemas), slices.Clone(s.literals), maps.Clone(s.required)
	c.props = slices.Clone(s.props)
	return &c
}

// include adds what a schema itself says, its parts apart.
func (im *openAPIImport) include(s *shape, schema *openapi3.Schema) {
	s.schemas = append(s.schemas, schema)
	if schema.Always != nil && !*schema.Always {
		s.never = true
	}
	s.include3(schema)
	if schema.Enum != nil {
		values, _ := im.literal(schema.Origin, "enum", schema.Enum).([]any)
		s.enum = common(s.enum, values)
		s.null = s.null || slices.Contains(values, nil)
		s.enum = slices.DeleteFunc(s.enum, func(v any) bool { return v == nil })
	}
	if schema.Const != nil {
		s.konst, s.hasConst = im.literal(schema.Origin, "const", schema.Const), true
	}
	if schema.Example != nil {
		s.literals = append(s.literals, im.literal(schema.Origin, "example", schema.Example))
	}
	if len(schema.Examples) > 0 {
		if list, ok := im.literal(schema.Origin, "examples", schema.Examples).([]any); ok && len(list) > 0 {
			s.literals = append(s.literals, list[0])
		}
	}
	if schema.Default != nil {
		s.literals = append(s.literals, im.literal(schema.Origin, "default", schema.Default))
	}
	names := slices.Collect(maps.Keys(schema.Properties))
	slices.SortFunc(names, func(a, b string) int {
		if c := placeOf(refOrigin(schema.Properties[a])).compare(placeOf(refOrigin(schema.Properties[b]))); c != 0 {
			return c
		}
		if a < b {
			return -1
		}
		return 1
	})
	for _, name := range names {
		i := slices.IndexFunc(s.props, func(p property) bool { return p.name == name })
		if i < 0 {
			s.props = append(s.props, property{name, []*openapi3.SchemaRef{schema.Properties[name]}})
			continue
		}
		s.props[i].refs = append(slices.Clip(s.props[i].refs), schema.Properties[name])
	}
	for _, name := range schema.Required {
		s.required[name] = true
	}
}

// include3 adds the simple constraints.
func (s *shape) include3(schema *openapi3.Schema) {
	if types := schema.Type.Slice(); len(types) > 0 {
		kept := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == openapi3.TypeNull })
		null := schema.Nullable || len(kept) < len(types)
		if s.types == nil {
			s.types, s.null = kept, null || s.null // nullable beside allOf is meant for the whole
		} else {
			s.types = slices.DeleteFunc(slices.Clone(s.types), func(t string) bool { return !slices.Contains(kept, t) })
			s.null = s.null && null
			s.never = s.never || len(s.types) == 0 && !s.null
		}
	} else if schema.Nullable {
		s.null = true
	}
	if schema.Format != "" {
		s.format = schema.Format
	}
	if schema.Pattern != "" {
		s.pattern = schema.Pattern
	}
	lower := func(v *float64, exclusive bool) {
		if v != nil && (s.min == nil || *v > *s.min || *v == *s.min && exclusive) {
			s.min, s.exMin = v, exclusive
		}
	}
	upper := func(v *float64, exclusive bool) {
		if v != nil && (s.max == nil || *v < *s.max || *v == *s.max && exclusive) {
			s.max, s.exMax = v, exclusive
		}
	}
	lower(schema.Min, schema.ExclusiveMin.IsTrue())
	lower(schema.ExclusiveMin.Value, true)
	upper(schema.Max, schema.ExclusiveMax.IsTrue())
	upper(schema.ExclusiveMax.Value, true)
	if schema.MultipleOf != nil {
		s.multipleOf = schema.MultipleOf
	}
	s.minLen, s.minItems, s.minProps = max(s.minLen, schema.MinLength), max(s.minItems, schema.MinItems), max(s.minProps, schema.MinProps)
	s.maxLen, s.maxItems = least(s.maxLen, schema.MaxLength), least(s.maxItems, schema.MaxItems)
	s.unique = s.unique || schema.UniqueItems
	s.readOnly, s.writeOnly = s.readOnly || schema.ReadOnly, s.writeOnly || schema.WriteOnly
	s.deprecated = s.deprecated || schema.Deprecated
	if schema.Items != nil {
		s.items = schema.Items
	}
	if len(schema.PrefixItems) > 0 {
		s.prefix = schema.PrefixItems
	}
	if schema.AdditionalProperties.Schema != nil {
		s.additional = schema.AdditionalProperties.Schema
	}
}

func least(a, b *uint64) *uint64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// common are the values of both lists; all of one where the other restricts nothing.
func common(a, b []any) []any {
	if a == nil {
		return slices.Clone(b)
	}
	return slices.DeleteFunc(slices.Clone(a), func(v any) bool {
		return !slices.ContainsFunc(b, func(w any) bool { return sameLiteral(v, w) })
	})
}

func sameLiteral(a, b any) bool {
	x, errX := json.Marshal(plain(a))
	y, errY := json.Marshal(plain(b))
	return errX == nil && errY == nil && string(x) == string(y)
}

// discriminate gives the property that tells alternatives apart the name of the alternative that was chosen.
func (im *openAPIImport) discriminate(s *shape, schema *openapi3.Schema) {
	d := schema.Discriminator
	if d == nil || d.PropertyName == "" {
		return
	}
	alternatives := slices.Concat(schema.OneOf, schema.AnyOf)
	name := ""
	for _, a := range alternatives {
		if a != nil && a.Value != nil && slices.Contains(s.schemas, a.Value) && a.Ref != "" {
			name = a.Ref[lastSlash(a.Ref)+1:]
			for _, key := range slices.Sorted(maps.Keys(d.Mapping)) {
				if ref := d.Mapping[key].Ref; ref == a.Ref || ref == name {
					name = key
					break
				}
			}
		}
	}
	if name == "" {
		return
	}
	fixed := openapi3.NewSchemaRef("", &openapi3.Schema{Enum: []any{name}})
	for i, p := range s.props {
		if p.name == d.PropertyName {
			s.props[i].refs = append(slices.Clip(p.refs), fixed)
			s.required[p.name] = true
			return
		}
	}
	s.props = append(s.props, property{d.PropertyName, []*openapi3.SchemaRef{fixed}})
	s.required[d.PropertyName] = true
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}

// refOrigin is the place of a schema where it is used, not where a reference leads.
func refOrigin(ref *openapi3.SchemaRef) *openapi3.Origin {
	switch {
	case ref == nil:
		return nil
	case ref.Ref != "" && ref.Origin != nil:
		return ref.Origin
	case ref.Value != nil:
		return ref.Value.Origin
	}
	return ref.Origin
}

// is reports whether only this type is allowed.
func (s *shape) is(t string) bool { return len(s.types) == 1 && s.types[0] == t }

// kind is the type of the value to make up.
func (s *shape) kind() string {
	switch {
	case len(s.types) > 0:
		return s.types[0]
	case len(s.props) > 0 || s.additional != nil || len(s.required) > 0:
		return openapi3.TypeObject
	case s.items != nil || len(s.prefix) > 0:
		return openapi3.TypeArray
	case s.format != "" || s.pattern != "" || s.minLen > 0 || s.maxLen != nil:
		return openapi3.TypeString
	case s.min != nil || s.max != nil || s.multipleOf != nil:
		return openapi3.TypeNumber
	case s.null:
		return openapi3.TypeNull
	}
	return openapi3.TypeString
}

// plain is a written value as encoding/json knows values; templates stand as their text.
func plain(v any) any {
	switch v := v.(type) {
	case object:
		m := make(map[string]any, len(v))
		for _, e := range v {
			m[e.key] = plain(e.value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	case written:
		return string(v)
	}
	return v
}
