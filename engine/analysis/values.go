package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// values checks values against their descriptions and collects the findings.
type values struct {
	found []Diagnostic
	// core says that the fields belong to the language, where text is whatever scalar there is.
	core bool
	seen int
}

// mostValues bounds the walk: aliases inside aliases can make a small file huge, and the syntax layer reports such a file.
const mostValues = 20_000

func (v *values) add(span text.Span, code, message string, fixes ...Fix) {
	v.found = append(v.found, Diagnostic{
		Span: span, Severity: SeverityError, Source: SourceCheck, Code: code, Message: message, Fixes: fixes,
	})
}

// field checks one entry: the key for deprecation, then the value.
func (v *values) field(key, n syntax.Node, s schema.FieldSpec, place string) {
	if s.Deprecated != "" {
		why := ": " + string(s.Deprecated)
		if s.Deprecated == "deprecated" {
			why = ""
		}
		v.found = append(v.found, Diagnostic{
			Span: key.Span(), Severity: SeverityInformation, Source: SourceCheck, Code: "field.deprecated", Deprecated: true,
			Message: place + " is deprecated" + why,
		})
	}
	v.value(n, s, place, 0)
}

// value checks a value of any shape. Where a template stands nothing is known before a run.
func (v *values) value(n syntax.Node, s schema.FieldSpec, place string, depth int) {
	const deepest = 200
	r := n.Resolve()
	if v.seen++; v.seen > mostValues || depth > deepest || isNull(n) || isTemplated(r) {
		return
	}
	if len(s.Enum) > 0 {
		v.enum(n, s, place)
		return
	}
	switch s.Type {
	case schema.TypeString:
		v.text(n, s, place)
	case schema.TypeNumber:
		v.number(n, s, place)
	case schema.TypeBool:
		if !v.core && (r.Tag() != syntax.TagBool || r.Kind() != syntax.Scalar) {
			v.wrongType(n, s, place, "`true` or `false`", unquoted(n, syntax.TagBool)...)
		}
	case schema.TypeArray:
		v.array(n, s, place, depth)
	case schema.TypeObject, schema.TypeMap:
		v.object(n, s, place, depth)
	default:
		v.anything(n, s, place, depth)
	}
}

// anything checks a value that may have any shape: it must only have a form in JSON, which knows no infinities and no NaN.
// They would be sent as text.
func (v *values) anything(n syntax.Node, s schema.FieldSpec, place string, depth int) {
	r := n.Resolve()
	switch {
	case v.core:
	case r.Kind() == syntax.Sequence:
		for _, item := range r.Items() {
			v.value(item, schema.FieldSpec{Secret: s.Secret}, place, depth+1)
		}
	case r.Kind() == syntax.Mapping:
		for _, e := range r.Merged() {
			v.value(e.Value, schema.FieldSpec{Secret: s.Secret}, place, depth+1)
		}
	case r.Kind() == syntax.Scalar && r.Tag() == syntax.TagFloat && !hasDigit(r.Value()):
		v.add(n.Span(), "value.no-json",
			fmt.Sprintf("JSON has no number `%s`, so it would be sent as text; put it in quotes if text is meant", r.Value()), quoted(n)...)
	}
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func isTemplated(r syntax.Node) bool {
	return r.Kind() == syntax.Scalar && strings.Contains(r.Value(), "{{")
}

func (v *values) wrongType(n syntax.Node, s schema.FieldSpec, place, want string, fixes ...Fix) {
	if s.Secret {
		v.add(n.Span(), "field.type", fmt.Sprintf("%s must be %s, but this is %s", place, want, kindOf(n)))
		return // neither the message nor the title of a fix may repeat a secret
	}
	v.add(n.Span(), "field.type", fmt.Sprintf("%s must be %s, but this is %s", place, want, spec.Describe(n)), fixes...)
}

// kindOf is spec.Describe without the value.
func kindOf(n syntax.Node) string { return value.KindOf(n.Any()).String() }

// text checks a text. The language takes any scalar as text; a plugin gets what the user wrote, so for it 5 is no text.
func (v *values) text(n syntax.Node, s schema.FieldSpec, place string) {
	r := n.Resolve()
	switch {
	case r.Kind() != syntax.Scalar:
		if !v.core { // the lowering has said so of the language's own
			v.wrongType(n, s, place, "text")
		}
		return
	case r.Tag() != syntax.TagStr && !v.core:
		v.wrongType(n, s, place, "text", quoted(n)...)
		return
	}
	for _, m := range spec.TextMisfits(s, r.Value(), place) {
		var fixes []Fix
		if m.Code == spec.CodeFieldFormat && !s.Secret {
			fixes = withScheme(n, s.Format)
		}
		v.add(n.Span(), m.Code, m.Message, fixes...)
	}
}

// withScheme is the fix that makes a URL of a host.
func withScheme(n syntax.Node, format string) []Fix {
	host := strings.TrimSpace(n.Value())
	if format != schema.FormatURL || n.Kind() != syntax.Scalar || n.Foreign() || !link.LooksLikeHost(host) {
		return nil
	}
	return replace(n.Span(), "http://"+host)
}

func (v *values) number(n syntax.Node, s schema.FieldSpec, place string) {
	r := n.Resolve()
	numeric := r.Kind() == syntax.Scalar && (r.Tag() == syntax.TagInt || r.Tag() == syntax.TagFloat)
	var d value.Decimal
	if numeric || v.core && r.Kind() == syntax.Scalar {
		d, numeric = value.Numeric(n.Any())
	}
	if !numeric {
		if !v.core || r.Kind() == syntax.Scalar {
			v.wrongType(n, s, place, "a number", unquoted(n, syntax.TagInt, syntax.TagFloat)...)
		}
		return
	}
	for _, m := range spec.NumberMisfits(s, d, place) {
		v.add(n.Span(), m.Code, m.Message)
	}
}

// enum checks that a value is one of those allowed.
func (v *values) enum(n syntax.Node, s schema.FieldSpec, place string) {
	have := n.Any()
	m, ok := spec.EnumMisfit(s, have, place)
	if ok {
		return
	}
	for _, e := range s.Enum {
		if text, isText := e.(string); isText && text == value.Text(have) {
			v.wrongType(n, s, place, "the text "+quote(text), quoted(n)...)
			return
		}
	}
	var fixes []Fix
	if m.Near != "" {
		fixes = replaceBy(n.Span(), m.Near, choice(s, m.Near))
	}
	v.add(n.Span(), m.Code, m.Message, fixes...)
}

func (v *values) array(n syntax.Node, s schema.FieldSpec, place string, depth int) {
	r := n.Resolve()
	if r.Kind() != syntax.Sequence {
		if !v.core {
			v.wrongType(n, s, place, "a list", bracketed(n)...)
		}
		return
	}
	if s.Items == nil {
		return
	}
	items := *s.Items
	items.Secret = items.Secret || s.Secret
	for i, item := range r.Items() {
		v.value(item, items, inside(place, "["+strconv.Itoa(i)+"]"), depth+1)
	}
}

func (v *values) object(n syntax.Node, s schema.FieldSpec, place string, depth int) {
	r := n.Resolve()
	if r.Kind() != syntax.Mapping {
		if !v.core {
			v.wrongType(n, s, place, "a map")
		}
		return
	}
	there := map[string]bool{}
	for _, e := range r.Merged() {
		name := e.Key.Resolve().Value()
		there[name] = !isNull(e.Value)
		member, known := s.Member(name)
		member.Secret = member.Secret || s.Secret
		inner := inside(place, "."+name)
		switch {
		case known && member.Deprecated != "":
			v.field(e.Key, e.Value, member, inner)
		case known:
			v.value(e.Value, member, inner, depth+1)
		case s.Type == schema.TypeObject && len(s.Fields) > 0:
			v.unknownMember(e.Key, r.Merged(), s, place)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		if s.Fields[name].Required && !there[name] {
			m := spec.MissingMember(s.Fields[name], place, name)
			v.add(n.Span(), m.Code, m.Message)
		}
	}
}

// inside names a place below another one, within the quotes that mark it.
func inside(place, step string) string { return strings.TrimSuffix(place, "`") + step + "`" }

func (v *values) unknownMember(key syntax.Node, beside []syntax.Entry, s schema.FieldSpec, place string) {
	names := slices.Sorted(maps.Keys(s.Fields))
	open := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(beside, func(e syntax.Entry) bool { return e.Key.Resolve().Value() == name })
	})
	d := Diagnostic{
		Span: key.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "field.unknown",
		Message: fmt.Sprintf("unknown key `%s` in %s; it may hold %s", key.Value(), place, spec.List(names, "and")),
	}
	if near := spec.Nearest(key.Value(), open); near != "" {
		d.Message = fmt.Sprintf("unknown key `%s` in %s; did you mean `%s`?", key.Value(), place, near)
		d.Fixes = replaceBy(d.Span, near, write.Key(near, write.Place{Flow: true}))
	}
	v.found = append(v.found, d)
}

// choice is one of the values that a field allows, as it is written.
func choice(s schema.FieldSpec, text string) string {
	for _, e := range s.Enum {
		if written, ok := write.Scalar(e, write.Place{Flow: true}); ok && value.Text(e) == text {
			return written
		}
	}
	return text
}

// quoted is the fix that makes text of a scalar.
func quoted(n syntax.Node) []Fix {
	if n.Kind() != syntax.Scalar || n.Style() != syntax.Plain || n.Foreign() {
		return nil
	}
	return []Fix{{Title: "Quote it", Preferred: true, Edits: []text.Edit{{Span: n.Span(), New: write.Quoted(n.Value())}}}}
}

// unquoted is the fix that takes the quotes off a text which then has the right type.
func unquoted(n syntax.Node, tags ...syntax.Tag) []Fix {
	quoted := n.Style() == syntax.SingleQuoted || n.Style() == syntax.DoubleQuoted
	if n.Kind() != syntax.Scalar || !quoted || n.Foreign() {
		return nil
	}
	_, numeric := value.ParseDecimal(n.Value())
	isBool := n.Value() == "true" || n.Value() == "false"
	if isBool && slices.Contains(tags, syntax.TagBool) || numeric && slices.Contains(tags, syntax.TagInt) {
		return []Fix{{Title: "Remove the quotes", Preferred: true, Edits: []text.Edit{{Span: n.Span(), New: n.Value()}}}}
	}
	return nil
}

// bracketed is the fix that makes a list of a scalar.
func bracketed(n syntax.Node) []Fix {
	if n.Kind() != syntax.Scalar || n.Style() > syntax.DoubleQuoted || n.Foreign() {
		return nil
	}
	s := n.Span()
	return []Fix{{Title: "Make it a list", Edits: []text.Edit{
		{Span: text.Span{Start: s.Start, End: s.Start}, New: "["}, {Span: text.Span{Start: s.End, End: s.End}, New: "]"},
	}}}
}
