package schema

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Composition is the fields in force: the core's, and in a test those of the plugin that serves its protocol.
// Immutable and safe for concurrent use.
type Composition struct {
	levels  map[Level][]Field
	plugins map[string]*composed // by protocol in lower case
	sorted  []Protocol
}

type composed struct {
	schema *PluginSchema
	fields []Field
	index  map[string]int
}

// Compose puts the core fields and the plugins together. Where two plugins claim a protocol the first one has it. A
// plugin's field with the name of a core field of a test is left out: the language keeps its own keys.
func Compose(core []Field, plugins []PluginSchema) *Composition {
	c := &Composition{levels: map[Level][]Field{}, plugins: map[string]*composed{}}
	for _, f := range core {
		c.levels[f.Level] = append(c.levels[f.Level], f)
	}
	for i := range plugins {
		p := c.compose(&plugins[i])
		for _, protocol := range plugins[i].Protocols {
			key := strings.ToLower(string(protocol))
			if c.plugins[key] == nil {
				c.plugins[key] = p
				c.sorted = append(c.sorted, Protocol(key))
			}
		}
	}
	slices.Sort(c.sorted)
	return c
}

func (c *Composition) compose(p *PluginSchema) *composed {
	fields := slices.Clone(c.levels[LevelTest])
	own := make([]Field, 0, len(p.Fields))
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		if slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			continue
		}
		spec := p.Fields[name]
		own = append(own, Field{
			Name: name, Level: LevelTest, Spec: spec, Doc: spec.Description, Templated: true,
			Plugin: p.Name, Version: p.Version,
		})
	}
	slices.SortStableFunc(own, func(a, b Field) int { return cmp.Compare(order(a.Spec), order(b.Spec)) })
	fields = append(fields, own...)
	index := make(map[string]int, len(fields))
	for i, f := range fields {
		index[f.Name] = i
	}
	return &composed{schema: p, fields: fields, index: index}
}

// order puts required fields first and deprecated ones last.
func order(s FieldSpec) int {
	switch {
	case s.Deprecated != "":
		return 2
	case s.Required:
		return 0
	}
	return 1
}

// At lists the fields in force at a level. In a test the protocol says which plugin's fields come after the core's; a
// protocol that no plugin serves gives the core's alone. The caller must not change the list.
func (c *Composition) At(level Level, protocol Protocol) []Field {
	if level == LevelTest {
		if p := c.plugins[strings.ToLower(string(protocol))]; p != nil {
			return p.fields
		}
	}
	return c.levels[level]
}

// Find is the field of that name in force at a level.
func (c *Composition) Find(level Level, protocol Protocol, name string) (Field, bool) {
	if level == LevelTest {
		if p := c.plugins[strings.ToLower(string(protocol))]; p != nil {
			if i, ok := p.index[name]; ok {
				return p.fields[i], true
			}
			return Field{}, false
		}
	}
	for _, f := range c.levels[level] {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Plugin describes the plugin that serves a protocol; nil where none does.
func (c *Composition) Plugin(protocol Protocol) *PluginSchema {
	if p := c.plugins[strings.ToLower(string(protocol))]; p != nil {
		return p.schema
	}
	return nil
}

// Protocols are those that the plugins serve, in lower case, sorted.
func (c *Composition) Protocols() []Protocol { return c.sorted }

// Member is the description of the value under a key of a value described by s: a declared member of an object, or the
// values of a map. For a list, whatever the key, it is the description of its elements.
func (s FieldSpec) Member(key string) (FieldSpec, bool) {
	switch {
	case s.Type == TypeArray && s.Items != nil:
		return *s.Items, true
	case s.Type == TypeArray:
		return FieldSpec{}, false
	}
	if m, ok := s.Fields[key]; ok {
		return m, true
	}
	if s.Items != nil && s.Type != TypeObject {
		return *s.Items, true
	}
	return FieldSpec{}, false
}
