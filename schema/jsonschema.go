package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// JSONSchema describes spec files as a JSON Schema of draft 7, for editors whose YAML server knows no plugins: keys with
// their documentation, enums, the three forms of a test, and each plugin's fields in the tests whose target names one of
// its protocols. Where a target is an alias, a test may hold the fields of any plugin.
//
// A JSON Schema cannot follow aliases or read templates, so it accepts more than speclens does; it never rejects what
// speclens accepts, except plugin fields that no given plugin declares (those are a warning of speclens).
func JSONSchema(plugins ...PluginSchema) ([]byte, error) {
	x := exporter{core: Core(), plugins: plugins, definitions: map[string]any{}}
	root := x.level(LevelFile)
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "API test spec"
	root["type"] = []any{"object", "null"}
	x.tests()
	if rules := x.fileRules(); len(rules) > 0 {
		root["allOf"] = rules
	}
	root["definitions"] = x.definitions
	return marshal(root)
}

// ConfigJSONSchema describes the project's configuration, `.qube.yaml`, as a JSON Schema of draft 7. The settings of the
// given plugins complete by name.
func ConfigJSONSchema(plugins ...PluginSchema) ([]byte, error) {
	x := exporter{core: Core(), plugins: plugins, definitions: map[string]any{}}
	root := x.level(LevelConfig)
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "speclens configuration"
	root["type"] = []any{"object", "null"}
	x.pluginNames(root)
	root["definitions"] = x.definitions
	return marshal(root)
}

func marshal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// exporter writes JSON Schemas as plain values.
type exporter struct {
	core        []Field
	plugins     []PluginSchema
	definitions map[string]any
}

type object = map[string]any

func ref(name string) object { return object{"$ref": "#/definitions/" + name} }

// template is text with a template in it: it may stand where a number or a bool is wanted.
func (x *exporter) template() object {
	x.definitions["template"] = object{"type": "string", "pattern": `\{\{`}
	return ref("template")
}

// level describes a map with the keys of a level.
func (x *exporter) level(level Level) object {
	properties, required := object{}, []any{}
	for _, f := range x.core {
		if f.Level != level {
			continue
		}
		properties[f.Name] = x.field(f)
		if f.Spec.Required {
			required = append(required, f.Name)
		}
	}
	// A merge key is part of YAML; a server that does not resolve it sees a property of that name.
	properties["<<"] = object{}
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if level == LevelFile {
		o["patternProperties"] = object{"^x-": object{}} // free keys: a place for anchors
	}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// field describes a core field's value.
func (x *exporter) field(f Field) object {
	o := x.shape(f)
	describe(o, f.Spec, f.Doc)
	if f.Snippet != "" && !strings.HasPrefix(f.Snippet, "\n") && len(f.Spec.Examples) > 0 {
		o["examples"] = f.Spec.Examples
	}
	return o
}

// shape is the type of a core field's value.
func (x *exporter) shape(f Field) object {
	if f.Level == LevelFile && f.Name == "tests" {
		return object{"type": []any{"array", "null"}, "items": ref("test")}
	}
	if f.Nested != "" {
		return x.nested(f)
	}
	switch {
	case f.Level == LevelExpect && f.Name == "status":
		return object{"type": []any{"number", "string", "array", "object", "null"}}
	case f.Level == LevelTest && f.Name == "matrix":
		return object{"type": []any{"array", "null"}, "items": object{"type": "object"}}
	}
	return x.coreType(f.Spec, f.Templated)
}

// nested describes a value that holds maps of another level.
func (x *exporter) nested(f Field) object {
	name := string(f.Nested)
	if _, known := x.definitions[name]; !known && f.Nested != LevelTest {
		x.definitions[name] = object{} // a level may hold itself, by way of others
		o := x.level(f.Nested)
		if f.Nested == LevelExpect {
			// Dotted keys reach below body and headers: `body.length`.
			o["patternProperties"] = object{`^(body|headers)[.\[]`: object{}}
		}
		if f.Nested == LevelPluginRef {
			o = object{"anyOf": []any{object{"type": "string"}, o}}
		}
		x.definitions[name] = o
	}
	switch f.Spec.Type {
	case TypeArray:
		return object{"type": []any{"array", "null"}, "items": ref(name)}
	case TypeMap:
		return object{"type": []any{"object", "null"}, "additionalProperties": ref(name)}
	}
	return object{"anyOf": []any{ref(name), object{"type": "null"}}}
}

// coreType describes a core value: where text is wanted, a scalar of any kind will do.
func (x *exporter) coreType(s FieldSpec, templated bool) object {
	switch s.Type {
	case TypeString:
		if len(s.Enum) > 0 {
			return object{"enum": s.Enum}
		}
		o := object{"type": []any{"string", "number", "boolean", "null"}}
		if s.Pattern != "" {
			o["pattern"] = s.Pattern
		}
		return o
	case TypeNumber:
		o := object{"type": []any{"number", "string", "null"}}
		limits(o, s)
		return o
	case TypeBool:
		o := object{"type": []any{"boolean", "null"}}
		if templated {
			return object{"anyOf": []any{o, x.template()}}
		}
		return o
	case TypeArray:
		o := object{"type": []any{"array", "null"}}
		if s.Items != nil {
			o["items"] = x.coreType(*s.Items, templated)
		}
		return o
	case TypeMap, TypeObject:
		o := object{"type": []any{"object", "null"}}
		if s.Items != nil {
			o["additionalProperties"] = x.coreType(*s.Items, templated)
		}
		return o
	}
	return object{}
}

// describe adds what a YAML server shows to people.
func describe(o object, s FieldSpec, doc string) {
	if s.Description != "" {
		o["description"] = plain(s.Description)
	}
	if doc != "" {
		o["markdownDescription"] = doc
	}
	if s.Default != nil {
		o["default"] = s.Default
	}
	if len(s.EnumDescriptions) > 0 {
		o["markdownEnumDescriptions"] = s.EnumDescriptions
	}
	if s.Deprecated != "" {
		o["deprecationMessage"] = string(s.Deprecated)
	}
}

// plain takes the code marks out of a line of Markdown.
func plain(s string) string { return strings.ReplaceAll(s, "`", "") }

func limits(o object, s FieldSpec) {
	if s.Minimum != nil {
		o["minimum"] = *s.Minimum
	}
	if s.Maximum != nil {
		o["maximum"] = *s.Maximum
	}
}

const (
	linePattern    = `^\s*[A-Z][A-Z0-9_]*\s+\S.*->\s*\S.*$`
	compactPattern = `^[A-Z][A-Z0-9_]*\s+\S`
)

// tests describes a test: its three forms, and each plugin's fields.
func (x *exporter) tests() {
	full := x.level(LevelTest)
	properties := full["properties"].(object)
	for name, o := range x.pluginFields() {
		properties[name] = o
	}
	full["additionalProperties"] = x.anyField()
	if rules := x.rules(LevelTest); len(rules) > 0 {
		full["allOf"] = rules
	}
	x.definitions["test-map"] = full
	x.definitions["test"] = object{
		"description": "A test: one line, a map under `METHOD RESOURCE`, or a full map.",
		"anyOf": []any{
			object{
				"type": "string", "pattern": linePattern,
				"markdownDescription": "One line: `METHOD RESOURCE -> EXPECTED`, such as `GET /health -> 200`.",
			},
			object{
				"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
				"patternProperties":   object{compactPattern: object{"anyOf": []any{ref("test-map"), object{"type": "null"}}}},
				"markdownDescription": "Compact: `METHOD RESOURCE:`, and under it the rest of the test.",
			},
			object{
				"allOf": []any{ref("test-map"), object{"propertyNames": object{"not": object{"pattern": compactPattern}}}},
			},
		},
	}
}

// anyField reports whether a test may hold fields that nobody describes: as long as no plugin is known, and where one of
// them describes none at all.
func (x *exporter) anyField() bool {
	return len(x.plugins) == 0 || slices.ContainsFunc(x.plugins, func(p PluginSchema) bool { return len(p.Fields) == 0 })
}

// pluginFields are the fields of all plugins by name. A field of several plugins takes what any of them takes.
func (x *exporter) pluginFields() map[string]object {
	fields := map[string]object{}
	for _, p := range x.plugins {
		for _, f := range Compose(x.core, []PluginSchema{p}).plugin(p) {
			o := x.pluginField(f.Spec, p.Name)
			if before, taken := fields[f.Name]; taken {
				options, several := before["anyOf"].([]any)
				if !several || before["description"] != nil {
					options = []any{before}
				}
				o = object{"anyOf": append(options, o)}
			}
			fields[f.Name] = o
		}
	}
	return fields
}

// plugin lists the fields that a plugin adds.
func (c *Composition) plugin(p PluginSchema) []Field {
	if len(p.Protocols) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.At(LevelTest, p.Protocols[0])), func(f Field) bool { return f.Plugin == "" })
}

// pluginField describes a plugin's value; a template may stand for any of it.
func (x *exporter) pluginField(s FieldSpec, plugin string) object {
	doc := s.Description
	if plugin != "" {
		doc = strings.TrimSpace(doc + "\n\n*Field of the plugin `" + plugin + "`.*")
	}
	o := x.pluginType(s)
	describe(o, s, doc)
	if len(s.Examples) > 0 {
		o["examples"] = s.Examples
	}
	return o
}

func (x *exporter) pluginType(s FieldSpec) object {
	if len(s.Enum) > 0 {
		return object{"anyOf": []any{object{"enum": s.Enum}, x.template()}}
	}
	switch s.Type {
	case TypeString:
		o := object{"type": []any{"string", "null"}}
		if s.Pattern != "" && portable(s.Pattern) {
			return object{"anyOf": []any{object{"type": "string", "pattern": s.Pattern}, x.template(), object{"type": "null"}}}
		}
		return o
	case TypeNumber:
		o := object{"type": "number"}
		limits(o, s)
		return object{"anyOf": []any{o, x.template(), object{"type": "null"}}}
	case TypeBool:
		return object{"anyOf": []any{object{"type": []any{"boolean", "null"}}, x.template()}}
	case TypeArray:
		o := object{"type": []any{"array", "null"}}
		if s.Items != nil {
			o["items"] = x.pluginField(*s.Items, "")
		}
		return object{"anyOf": []any{o, x.template()}}
	case TypeObject, TypeMap:
		return object{"anyOf": []any{x.pluginObject(s), x.template()}}
	}
	return object{}
}

func (x *exporter) pluginObject(s FieldSpec) object {
	o := object{"type": []any{"object", "null"}}
	properties, required := object{}, []any{}
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		properties[name] = x.pluginField(s.Fields[name], "")
		if s.Fields[name].Required {
			required = append(required, name)
		}
	}
	if len(properties) > 0 {
		o["properties"] = properties
	}
	if len(required) > 0 {
		o["required"] = required
	}
	if s.Items != nil {
		o["additionalProperties"] = x.pluginField(*s.Items, "")
	}
	return o
}

// portable reports whether a pattern means the same in RE2 and in JavaScript, as far as a glance can tell: groups with
// flags and names, and classes that only RE2 knows, are left out of the export.
func portable(pattern string) bool {
	for _, s := range []string{"(?", `\A`, `\z`, `\Q`, `\p`, `\P`, "[[:", `\C`} {
		if strings.Contains(pattern, s) {
			return false
		}
	}
	return true
}

// rules are what holds in tests, or in files, whose target names a plugin's protocol outright: the types of its fields,
// and the fields that must be there.
func (x *exporter) rules(level Level) []any {
	var rules []any
	for _, p := range x.plugins {
		if len(p.Fields) == 0 || len(p.Protocols) == 0 {
			continue
		}
		then := ref(x.rule(p))
		if level == LevelFile {
			own := object{"properties": object{"target": false}} // a test that has a target of its own is another matter
			then = object{"properties": object{"tests": object{"items": object{
				"if": object{"allOf": []any{object{"type": "object"}, own}}, "then": ref(x.rule(p) + "-test"),
			}}}}
		}
		rules = append(rules, object{
			"if": object{"required": []any{"target"}, "properties": object{
				"target": object{"type": "string", "pattern": schemePattern(p.Protocols)},
			}},
			"then": then,
		})
	}
	return rules
}

func (x *exporter) fileRules() []any { return x.rules(LevelFile) }

// rule describes the fields of one plugin, and returns the definition's name.
func (x *exporter) rule(p PluginSchema) string {
	name := "plugin-" + p.Name
	if _, known := x.definitions[name]; known {
		return name
	}
	properties, required := object{}, []any{}
	for _, f := range Compose(x.core, []PluginSchema{p}).plugin(p) {
		properties[f.Name] = x.pluginType(f.Spec)
		if f.Spec.Required {
			required = append(required, f.Name)
		}
	}
	o := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	x.definitions[name] = o
	// A compact test holds the fields one level down.
	x.definitions[name+"-test"] = object{
		"if":   object{"maxProperties": 1, "patternProperties": object{compactPattern: true}, "additionalProperties": false},
		"then": object{"patternProperties": object{compactPattern: object{"anyOf": []any{object{"type": "null"}, x.unlessTarget(name)}}}},
		"else": ref(name),
	}
	return name
}

// unlessTarget holds a map to a rule unless it has a target of its own.
func (x *exporter) unlessTarget(rule string) object {
	return object{"if": object{"required": []any{"target"}}, "then": true, "else": ref(rule)}
}

// schemePattern matches URLs of the protocols in any case, in the words that RE2 and JavaScript share.
func schemePattern(protocols []Protocol) string {
	var options []string
	for _, p := range protocols {
		var b strings.Builder
		for _, r := range string(p) {
			if unicode.IsLetter(r) {
				b.WriteString("[" + string(unicode.ToUpper(r)) + string(unicode.ToLower(r)) + "]")
			} else {
				b.WriteString(`[` + string(r) + `]`)
			}
		}
		options = append(options, b.String())
	}
	return `^\s*(` + strings.Join(options, "|") + `)://`
}

// pluginNames lets the names of the given plugins complete in `plugins` and `pluginConfigs`.
func (x *exporter) pluginNames(root object) {
	if len(x.plugins) == 0 {
		return
	}
	names, properties := []any{}, object{}
	for _, p := range x.plugins {
		names = append(names, p.Name)
		doc := "Settings of the plugin `" + p.Name + "`: " + p.Description
		properties[p.Name] = object{"type": []any{"object", "null"}, "markdownDescription": doc}
	}
	refs := x.definitions[string(LevelPluginRef)].(object)
	refs["anyOf"] = append([]any{object{"enum": names}}, refs["anyOf"].([]any)...)
	configs := root["properties"].(object)["pluginConfigs"].(object)
	configs["properties"] = properties
}
