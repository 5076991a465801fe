package spec

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// Misfit is one way in which a value does not fit the description of its field.
type Misfit struct {
	Code, Message string
	// Near is the allowed value that is most like the one there is, where the code is CodeFieldEnum; else empty.
	Near string
}

// The codes of misfits.
const (
	CodeFieldType    = "field.type"
	CodeFieldEnum    = "field.enum"
	CodeFieldPattern = "field.pattern"
	CodeFieldFormat  = "field.format"
	CodeFieldRange   = "field.range"
	CodeFieldMissing = "field.missing"
)

// Conform checks a value as a plugin gets it, with its templates filled in, against the description of its field. Null
// stands for no value and fits everything. place names the field in messages; dotted is its path, and what is at or below
// one of the paths for which skip says so is taken as it is.
//
// It says what the analysis says of a value that is written in a spec; both ask the same questions of texts, numbers and
// enumerations below.
func Conform(s schema.FieldSpec, v any, dotted string, skip func(dotted string) bool) []Misfit {
	c := conformer{skip: skip}
	c.value(s, v, dotted)
	return c.found
}

type conformer struct {
	skip  func(string) bool
	found []Misfit
}

func (c *conformer) value(s schema.FieldSpec, v any, at string) {
	v = value.Unwrap(v)
	if v == nil || c.skip(at) {
		return
	}
	place := "`" + at + "`"
	if len(s.Enum) > 0 {
		if m, ok := EnumMisfit(s, v, place); !ok {
			c.found = append(c.found, m)
		}
		return
	}
	kind := value.KindOf(v)
	switch s.Type {
	case schema.TypeString:
		if kind != value.KindText {
			c.wrongType(s, v, place, "text")
			return
		}
		text, _ := value.String(v)
		c.found = append(c.found, TextMisfits(s, text, place)...)
	case schema.TypeNumber:
		d, ok := value.NumberOf(v)
		if !ok {
			c.wrongType(s, v, place, "a number")
			return
		}
		c.found = append(c.found, NumberMisfits(s, d, place)...)
	case schema.TypeBool:
		if kind != value.KindBool {
			c.wrongType(s, v, place, "`true` or `false`")
		}
	case schema.TypeArray:
		c.list(s, v, at, place)
	case schema.TypeObject, schema.TypeMap:
		c.object(s, v, at, place)
	}
}

func (c *conformer) wrongType(s schema.FieldSpec, v any, place, want string) {
	have := value.KindOf(v).String()
	if !s.Secret {
		switch value.KindOf(v) {
		case value.KindText, value.KindNumber, value.KindBool:
			have = "the " + strings.TrimPrefix(have, "a ") + " " + value.Brief(v, 60)
		}
	}
	c.found = append(c.found, Misfit{Code: CodeFieldType, Message: fmt.Sprintf("%s must be %s, but this is %s", place, want, have)})
}

func (c *conformer) list(s schema.FieldSpec, v any, at, place string) {
	items, ok := value.Items(v)
	if !ok {
		c.wrongType(s, v, place, "a list")
		return
	}
	if s.Items == nil {
		return
	}
	inner := *s.Items
	inner.Secret = inner.Secret || s.Secret
	for i, item := range items {
		c.value(inner, item, at+"."+strconv.Itoa(i))
	}
}

func (c *conformer) object(s schema.FieldSpec, v any, at, place string) {
	entries, ok := value.Entries(v)
	if !ok {
		c.wrongType(s, v, place, "a map")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if member, known := s.Member(name); known {
			member.Secret = member.Secret || s.Secret
			c.value(member, entries[name], at+"."+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		if s.Fields[name].Required && value.Unwrap(entries[name]) == nil {
			c.found = append(c.found, MissingMember(s.Fields[name], place, name))
		}
	}
}

// MissingMember says that an object lacks a member that it needs.
func MissingMember(member schema.FieldSpec, place, name string) Misfit {
	return Misfit{Code: CodeFieldMissing, Message: fmt.Sprintf("%s needs `%s`%s", place, name, Purpose(member))}
}

// Purpose is what a field is for, as the end of a sentence.
func Purpose(s schema.FieldSpec) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s.Description), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

// TextMisfits checks a text against pattern and format.
func TextMisfits(s schema.FieldSpec, text, place string) []Misfit {
	var found []Misfit
	if s.Pattern != "" {
		if re, err := regexp.Compile(s.Pattern); err == nil && !re.MatchString(text) {
			found = append(found, Misfit{Code: CodeFieldPattern, Message: fmt.Sprintf("%s does not match the pattern `%s`", place, s.Pattern)})
		}
	}
	if why := wrongFormat(s.Format, text); why != "" {
		msg := place + ": " + why
		if s.Secret {
			msg = fmt.Sprintf("%s is not of the format `%s`", place, s.Format)
		}
		found = append(found, Misfit{Code: CodeFieldFormat, Message: msg})
	}
	return found
}

// wrongFormat checks the meaning of a text; it returns what is wrong, or nothing.
func wrongFormat(name, s string) string {
	switch name {
	case schema.FormatDuration:
		if _, err := ParseDuration(s); err != nil {
			return err.Error()
		}
	case schema.FormatURL:
		if u, err := url.Parse(strings.TrimSpace(s)); err != nil {
			return fmt.Sprintf("%q is no URL: %v", s, innermost(err))
		} else if u.Scheme == "" || !strings.Contains(s, "://") {
			return fmt.Sprintf("%q has no scheme; write a URL such as http://127.0.0.1:8080", s)
		}
	case "regexp":
		if _, err := regexp.Compile(s); err != nil {
			return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		}
	case "date-time":
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return fmt.Sprintf("%q is no date and time; write one such as 2026-01-31T12:00:00Z", s)
		}
	}
	return ""
}

// innermost is the last cause of an error that repeats what the message says.
func innermost(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return err
		}
		err = u.Unwrap()
	}
}

// NumberMisfits checks a number against minimum and maximum.
func NumberMisfits(s schema.FieldSpec, d value.Decimal, place string) []Misfit {
	written := d.String()
	if s.Secret {
		written = "another number"
	}
	var found []Misfit
	if s.Minimum != nil {
		if least, ok := value.ParseDecimal(s.Minimum.String()); ok && d.Compare(least) < 0 {
			found = append(found, Misfit{Code: CodeFieldRange, Message: fmt.Sprintf("%s must be at least %s, but this is %s", place, least, written)})
		}
	}
	if s.Maximum != nil {
		if most, ok := value.ParseDecimal(s.Maximum.String()); ok && d.Compare(most) > 0 {
			found = append(found, Misfit{Code: CodeFieldRange, Message: fmt.Sprintf("%s must be at most %s, but this is %s", place, most, written)})
		}
	}
	return found
}

// EnumMisfit checks that a value is one of those allowed; ok says that it is.
func EnumMisfit(s schema.FieldSpec, v any, place string) (m Misfit, ok bool) {
	written := value.Brief(v, 60)
	if s.Secret {
		written = "this value"
	}
	var allowed []string
	for _, e := range s.Enum {
		if sameValue(v, e) {
			return Misfit{}, true
		}
		allowed = append(allowed, value.Text(e))
	}
	m = Misfit{Code: CodeFieldEnum, Message: fmt.Sprintf("%s cannot be %s; it is one of %s", place, written, List(allowed, "and"))}
	if near := Nearest(value.Text(v), allowed); near != "" && !s.Secret {
		m.Message = fmt.Sprintf("%s cannot be %s; did you mean `%s`? It is one of %s", place, written, near, List(allowed, "and"))
		m.Near = near
	}
	return m, false
}

// sameValue compares a value of a spec with one of a plugin's description: numbers by value, everything else as JSON.
func sameValue(a, b any) bool {
	if x, ok := value.NumberOf(a); ok {
		y, ok := value.NumberOf(b)
		return ok && x.Compare(y) == 0
	}
	return value.JSON(a) == value.JSON(b)
}
