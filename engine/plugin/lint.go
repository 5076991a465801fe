package plugin

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// fieldTypes are the types of the contract.
var fieldTypes = []string{
	string(schema.TypeString), string(schema.TypeNumber), string(schema.TypeBool), string(schema.TypeObject), string(schema.TypeArray),
	string(schema.TypeMap), string(schema.TypeAny),
}

// Lint lists what is wrong with a declaration that can be loaded: raw is what plugin_info returned. Where that is no JSON
// there is nothing to say; loading has failed then.
func Lint(raw []byte) []Finding {
	var info PluginInfo
	var tree map[string]any
	if json.Unmarshal(raw, &info) != nil || json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	found := refuse(info)
	if len(found) > 0 {
		return found // the rest may be without bounds
	}
	l := &linter{}
	l.keys("", tree, reflect.TypeFor[PluginInfo]())
	if info.Version == "" {
		l.add(FindingWarning, "version", "there is no version, so nobody can tell which one is in use")
	}
	if len(info.Protocols) == 0 {
		l.add(FindingError, "protocols", "there are none, so no test can reach the plugin: add the schemes of its targets")
	}
	l.page("docsUrl", info.DocsURL)
	l.fields("fields", info.Fields, members(tree, "fields"))
	for _, kind := range slices.Sorted(maps.Keys(info.Events)) {
		l.event("events."+kind, info, info.Events[kind], members(members(tree, "events"), kind))
	}
	l.snippets(info.Snippets, tree)
	return l.found
}

// snippets finds misspelt keys and what nobody would find.
func (l *linter) snippets(snippets []schema.Snippet, tree map[string]any) {
	objects, _ := tree["snippets"].([]any)
	for i, s := range snippets {
		at := fmt.Sprintf("snippets[%d]", i)
		if i < len(objects) { // there are none where the key is written in other case
			object, _ := objects[i].(map[string]any)
			l.keys(at, object, reflect.TypeFor[schema.Snippet]())
		}
		if s.Title == "" {
			l.add(FindingWarning, at+".title", "there is none, so nobody knows what %s is for", quoted(s.Prefix))
		}
	}
}

type linter struct{ found []Finding }

func (l *linter) add(severity FindingSeverity, path, format string, args ...any) {
	l.found = append(l.found, Finding{Severity: severity, Path: path, Message: fmt.Sprintf(format, args...)})
}

// members is the object below a key of a decoded object; nil where there is none.
func members(tree map[string]any, key string) map[string]any {
	m, _ := tree[key].(map[string]any)
	return m
}

// keys finds keys that the type does not have: they are ignored, which whoever misspells one does not notice.
func (l *linter) keys(at string, tree map[string]any, t reflect.Type) {
	var known []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		known = append(known, name)
	}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, key) }) { // as encoding/json matches them
			continue
		}
		l.add(FindingWarning, below(at, clip(line(key), 40)), "the key is unknown and ignored%s", didYouMean(key, known))
	}
}

func below(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func didYouMean(word string, known []string) string {
	if near := path.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

func (l *linter) page(at, address string) {
	if address != "" && webPage(address) == "" {
		l.add(FindingWarning, at, "is left out: only https:// pages are linked")
	}
}

func (l *linter) fields(at string, fields map[string]schema.FieldSpec, tree map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		l.field(at+"."+name, fields[name], members(tree, name))
	}
}

func (l *linter) field(at string, f schema.FieldSpec, tree map[string]any) {
	l.keys(at, tree, reflect.TypeFor[schema.FieldSpec]())
	switch {
	case f.Type == "":
		l.add(FindingWarning, at+".type", "there is no type, so any value is taken; write \"any\" where that is meant")
	case !slices.Contains(fieldTypes, string(f.Type)):
		hint := didYouMean(string(f.Type), fieldTypes)
		if alias, ok := map[schema.FieldType]string{"integer": "number", "int": "number", "float": "number", "boolean": "bool", "list": "array", "dict": "map"}[f.Type]; ok {
			hint = fmt.Sprintf("; did you mean %q?", alias)
		}
		l.add(FindingError, at+".type", "%s is no type, so any value is taken%s The types are %s", quoted(string(f.Type)), orStop(hint), strings.Join(fieldTypes, ", "))
	}
	if f.Pattern != "" {
		if re, err := regexp.Compile(f.Pattern); err != nil {
			l.add(FindingError, at+".pattern", "does not compile, so nothing is checked: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		} else {
			for i, example := range f.Examples {
				if text, ok := example.(string); ok && !re.MatchString(text) {
					l.add(FindingError, fmt.Sprintf("%s.examples[%d]", at, i), "does not match the field's own pattern")
				}
			}
		}
	}
	l.bounds(at, f)
	if len(f.EnumDescriptions) > len(f.Enum) {
		l.add(FindingWarning, at+".enumDescriptions", "there are %d descriptions for %d values", len(f.EnumDescriptions), len(f.Enum))
	}
	if f.Default != nil && len(f.Enum) > 0 && !slices.ContainsFunc(f.Enum, func(v any) bool { return value.JSON(v) == value.JSON(f.Default) }) {
		l.add(FindingError, at+".default", "is none of the values of enum")
	}
	l.page(at+".docsUrl", f.DocsURL)
	l.fields(at+".fields", f.Fields, members(tree, "fields"))
	if f.Items != nil {
		l.field(at+".items", *f.Items, members(tree, "items"))
	}
}

func orStop(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}

// bounds checks minimum, maximum and default against each other and the type.
func (l *linter) bounds(at string, f schema.FieldSpec) {
	number := func(n *json.Number) (value.Decimal, bool) {
		if n == nil {
			return value.Decimal{}, false
		}
		return value.ParseDecimal(n.String())
	}
	least, hasLeast := number(f.Minimum)
	most, hasMost := number(f.Maximum)
	if hasLeast && hasMost && least.Compare(most) > 0 {
		l.add(FindingError, at+".minimum", "%s is more than the maximum %s, so no value fits", least, most)
	}
	if (hasLeast || hasMost) && f.Type != schema.TypeNumber {
		l.add(FindingWarning, at, "minimum and maximum are for fields of the type number")
	}
	if f.Default == nil {
		return
	}
	d, isNumber := value.NumberOf(f.Default)
	kind := value.KindOf(f.Default)
	fits := map[schema.FieldType]bool{
		schema.TypeString: kind == value.KindText, schema.TypeNumber: isNumber, schema.TypeBool: kind == value.KindBool,
		schema.TypeArray: kind == value.KindList, schema.TypeObject: kind == value.KindObject, schema.TypeMap: kind == value.KindObject,
	}
	ok, checked := fits[f.Type]
	switch {
	case checked && !ok:
		l.add(FindingError, at+".default", "is %s, which does not fit the type %s", kind, f.Type)
	case isNumber && (hasLeast && d.Compare(least) < 0 || hasMost && d.Compare(most) > 0):
		l.add(FindingError, at+".default", "%s is outside of minimum and maximum", d)
	}
}

// summaryKey is a place of a summary for a value of the event's data.
var summaryKey = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

func (l *linter) event(at string, info PluginInfo, e schema.EventSpec, tree map[string]any) {
	l.keys(at, tree, reflect.TypeFor[schema.EventSpec]())
	l.page(at+".docsUrl", e.DocsURL)
	l.fields(at+".fields", e.Fields, members(tree, "fields"))
	for _, m := range summaryKey.FindAllStringSubmatch(e.Summary, -1) {
		head, _, _ := strings.Cut(m[1], ".")
		_, exact := e.Fields[m[1]]
		if _, ok := e.Fields[head]; !ok && !exact {
			l.add(FindingWarning, at+".summary", "{{%s}} names no field of the event%s", clip(m[1], 40), didYouMean(m[1], slices.Sorted(maps.Keys(e.Fields))))
		}
	}
	if e.Anchor == "" {
		return
	}
	head, _, _ := strings.Cut(e.Anchor, ".")
	known := append(coreFields(), slices.Sorted(maps.Keys(info.Fields))...)
	if !slices.Contains(known, head) && !slices.Contains(known, e.Anchor) {
		l.add(FindingWarning, at+".anchor", "%s is no field of a test, so the event stands at the test's head%s", quoted(e.Anchor), didYouMean(e.Anchor, known))
	}
}
