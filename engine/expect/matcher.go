package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
)

// subject is the value that an expectation is held against.
type subject struct {
	value any
	// found is false where there is no such value; why then says what is missing.
	found bool
	why   string
	// redact, where not nil, hides secrets in values before they are cut for a message.
	redact func(string) string
}

// exists says whether there is a value other than null.
func (s subject) exists() bool { return s.found && value.KindOf(s.value) != value.KindNull }

// got names the value in a message.
func (s subject) got() string {
	if !s.found {
		if s.why != "" {
			return "but " + s.why
		}
		return "but it is missing"
	}
	return "got " + s.brief(s.value)
}

const briefLimit = 160

func (s subject) brief(v any) string { return value.BriefRedacted(v, briefLimit, s.redact) }

// matcher is one expectation. match returns nothing where the subject meets it, else one or more differences, whose At
// and Path are relative to the subject. Messages begin with "expected " unless they speak of a key inside.
type matcher interface {
	match(s subject) []Mismatch
}

func mismatch(s subject, expected any, format string, args ...any) []Mismatch {
	return []Mismatch{{Message: fmt.Sprintf(format, args...), Expected: expected, Actual: value.Unwrap(s.value)}}
}

// equal asks for equality with a literal value.
type equal struct {
	want any
	// loose says that the value was the operand of a text form, which cannot say whether `true` means the bool or the
	// text: both are equal then.
	loose bool
}

func (m equal) match(s subject) []Mismatch {
	if equalValues(m.want, s.value) || m.loose && equalLoosely(m.want, s.value) {
		return nil
	}
	return mismatch(s, m.want, "expected %s, %s%s", s.brief(m.want), s.got(), equalityHint(m.want, s))
}

// equalLoosely compares the operand of a text form with what JSON would read from it.
func equalLoosely(want, got any) bool {
	switch want {
	case "true":
		return got == true
	case "false":
		return got == false
	case "null":
		return value.KindOf(got) == value.KindNull
	}
	return false
}

// equalValues implements equality: null with null, bool with bool, numbers and texts that spell numbers by value, other
// text exactly, lists and objects deeply.
func equalValues(want, got any) bool {
	return equalDeep(want, got, 0)
}

const maxDepth = 1000

func equalDeep(want, got any, depth int) bool {
	want, got = value.Unwrap(want), value.Unwrap(got)
	if depth > maxDepth {
		return false
	}
	kind := value.KindOf(want)
	switch kind {
	case value.KindNull, value.KindBool, value.KindList, value.KindObject:
		if value.KindOf(got) != kind {
			return false
		}
	}
	switch kind {
	case value.KindNull:
		return true
	case value.KindBool:
		return value.Text(want) == value.Text(got)
	case value.KindList:
		a, _ := value.Items(want)
		b, _ := value.Items(got)
		return slices.EqualFunc(a, b, func(x, y any) bool { return equalDeep(x, y, depth+1) })
	case value.KindObject:
		return equalObjects(want, got, depth)
	}
	if a, ok := value.Numeric(want); ok {
		b, ok := value.Numeric(got)
		return ok && a.Compare(b) == 0
	}
	a, aText := value.String(want)
	b, bText := value.String(got)
	return aText && bText && a == b
}

func equalObjects(want, got any, depth int) bool {
	a, _ := value.Entries(want)
	b, _ := value.Entries(got)
	for key, x := range a {
		y := b[key] // a missing key is null
		if !equalDeep(x, y, depth+1) {
			return false
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			return false
		}
	}
	return true
}

// equalityHint explains a difference that does not meet the eye.
func equalityHint(want any, s subject) string {
	if !s.found {
		return ""
	}
	wantText, wantIsText := value.String(want)
	gotText, gotIsText := value.String(s.value)
	wantKind, gotKind := value.KindOf(want), value.KindOf(s.value)
	switch {
	case wantIsText && gotIsText:
		return textHint(wantText, gotText)
	case value.Text(want) == value.Text(s.value) && wantIsText != gotIsText:
		return fmt.Sprintf(" (%s is expected, and it is %s)", wantKind, gotKind)
	case wantKind == value.KindNumber && gotIsText:
		return fmt.Sprintf(" (%s is text)", s.brief(gotText))
	case wantKind == value.KindList && gotKind == value.KindList:
		a, _ := value.Items(want)
		b, _ := value.Items(s.value)
		if len(a) != len(b) {
			return fmt.Sprintf(" (%d elements expected, there are %d)", len(a), len(b))
		}
	case wantKind != gotKind && gotKind != value.KindNull:
		return fmt.Sprintf(" (%s)", gotKind)
	}
	return ""
}

func textHint(want, got string) string {
	switch {
	case strings.TrimSpace(got) == strings.TrimSpace(want):
		return " (they differ in blanks at the ends)"
	case strings.EqualFold(got, want):
		return " (they differ in case)"
	case strings.ReplaceAll(got, "\r\n", "\n") == strings.ReplaceAll(want, "\r\n", "\n"):
		return " (they differ in line ends)"
	case len(want) > 1 && (want[0] == '"' || want[0] == '\'') && want[len(want)-1] == want[0] && want[1:len(want)-1] == got:
		return " (the quotes are part of the expected text)"
	case strings.Contains(want, "{{"):
		return " (the expected text still holds a template that could not be resolved)"
	}
	return ""
}

// notEqual asks for anything but a value.
type notEqual struct{ equal matcher }

func (m notEqual) match(s subject) []Mismatch {
	if len(m.equal.match(s)) > 0 {
		return nil
	}
	return mismatch(s, nil, "expected anything but %s, %s", s.describe(m.equal), s.got())
}

// describe names what a matcher asks for, inside the message of another.
func (s subject) describe(m matcher) string {
	switch m := m.(type) {
	case equal:
		return s.brief(m.want)
	case class:
		return m.String()
	}
	return "that"
}

// compare asks for an order between numbers.
type compare struct {
	op   *Operator
	want value.Decimal
	raw  any
}

func (m compare) match(s subject) []Mismatch {
	wanted := m.op.Symbol + " " + value.Text(m.raw)
	got, ok := value.Numeric(s.value)
	switch {
	case !s.found:
		return mismatch(s, m.raw, "expected %s, %s", wanted, s.got())
	case !ok:
		return mismatch(s, m.raw, "expected %s, %s, which is not a number", wanted, s.got())
	case holds(m.op.Name, got.Compare(m.want)):
		return nil
	}
	return mismatch(s, m.raw, "expected %s, %s", wanted, s.got())
}

func holds(op string, order int) bool {
	switch op {
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	case "ne":
		return order != 0
	}
	return order == 0
}

// contains asks for membership, a part of text, or a part of an object.
type contains struct {
	raw any
	// part is the partial object where raw is one; else nil.
	part matcher
	// loose says that raw was written in the text form.
	loose bool
}

func (m contains) match(s subject) []Mismatch {
	switch value.KindOf(s.value) {
	case value.KindList:
		items, _ := value.Items(s.value)
		if m.inList(items, m.raw, m.part) {
			return nil
		}
		if missing, ok := value.Items(m.raw); ok {
			missing = slices.DeleteFunc(slices.Clone(missing), func(want any) bool { return m.inList(items, want, nil) })
			if len(missing) == 0 {
				return nil
			}
			return mismatch(s, m.raw, "expected a list that contains %s, %s; missing: %s", s.brief(m.raw), s.got(), s.brief(missing))
		}
		return mismatch(s, m.raw, "expected a list that contains %s, %s", s.brief(m.raw), s.got())
	case value.KindObject:
		if m.part != nil {
			return m.part.match(s)
		}
		return mismatch(s, m.raw, "expected something that contains %s, got an object; ask an object for its keys: {contains: {KEY: VALUE}}",
			s.brief(m.raw))
	case value.KindText, value.KindNumber, value.KindBool:
		if part, ok := scalar(m.raw); ok && strings.Contains(value.Text(s.value), part) {
			return nil
		}
		return mismatch(s, m.raw, "expected text that contains %s, %s", s.brief(m.raw), s.got())
	}
	return mismatch(s, m.raw, "expected something that contains %s, %s", s.brief(m.raw), s.got())
}

func (m contains) inList(items []any, want any, part matcher) bool {
	return slices.ContainsFunc(items, func(item any) bool {
		if part != nil && value.KindOf(item) == value.KindObject {
			return len(part.match(subject{value: item, found: true})) == 0
		}
		return equalValues(want, item) || m.loose && equalLoosely(want, item)
	})
}

// scalar is the text of a text, number or bool.
func scalar(v any) (string, bool) {
	switch value.KindOf(v) {
	case value.KindText, value.KindNumber, value.KindBool:
		return value.Text(v), true
	}
	return "", false
}

// pattern asks for a match anywhere in the text.
type pattern struct {
	re  *regexp.Regexp
	raw string
}

func (m pattern) match(s subject) []Mismatch {
	text, ok := scalar(s.value)
	if ok && m.re.MatchString(text) {
		return nil
	}
	if s.found && !ok {
		return mismatch(s, m.raw, "expected a match of `%s`, got %s, which is not text", m.raw, s.brief(s.value))
	}
	return mismatch(s, m.raw, "expected a match of `%s`, %s", m.raw, s.got())
}

// isType asks for a type or a format.
type isType struct {
	typ  *Type
	word string
}

func (m isType) match(s subject) []Mismatch {
	if m.typ.test(s.value) {
		return nil
	}
	if !s.found {
		return mismatch(s, m.word, "expected %s, %s", m.word, s.got())
	}
	hint := ""
	kind := value.KindOf(s.value)
	switch {
	case kind == value.KindText && !m.typ.Format:
		hint = " (text)"
	case kind == value.KindNumber && m.typ.Name == "string":
		hint = " (a number)"
	}
	return mismatch(s, m.word, "expected %s, %s%s", m.word, s.got(), hint)
}

// exists asks for a value other than null, or for none.
type exists struct{ want bool }

func (m exists) match(s subject) []Mismatch {
	switch {
	case s.exists() == m.want:
		return nil
	case m.want:
		return mismatch(s, "exists", "expected a value, %s", s.got())
	}
	return mismatch(s, "notExists", "expected no value, %s", s.got())
}

// oneOf asks for one of several values.
type oneOf struct {
	any []matcher
	raw any
}

func (m oneOf) match(s subject) []Mismatch {
	for _, one := range m.any {
		if len(one.match(s)) == 0 {
			return nil
		}
	}
	texts := make([]string, len(m.any))
	for i, one := range m.any {
		texts[i] = s.describe(one)
	}
	return mismatch(s, m.raw, "expected one of %s, %s", strings.Join(texts, ", "), s.got())
}

// all asks for several things at once.
type all struct{ of []matcher }

func (m all) match(s subject) []Mismatch {
	var out []Mismatch
	for _, one := range m.of {
		out = append(out, one.match(s)...)
	}
	return out
}

// object asks for the keys of an object: exactly these, or at least these where partial.
type object struct {
	keys    []string
	want    map[string]matcher
	raw     any
	partial bool
}

func (m object) match(s subject) []Mismatch {
	entries, ok := value.Entries(s.value)
	if !ok {
		return mismatch(s, m.raw, "expected an object, %s", s.got())
	}
	var out []Mismatch
	for _, key := range m.keys {
		child := subject{why: "it is missing", redact: s.redact}
		child.value, child.found = entries[key]
		if !child.found {
			if near := nearest(key, value.Keys(entries)); near != "" {
				child.why = fmt.Sprintf("it is missing; there is `%s`", near)
			}
		}
		out = append(out, below(key, "."+path.Quote(key), m.want[key].match(child))...)
	}
	if m.partial {
		return out
	}
	for _, key := range value.Keys(entries) {
		if _, ok := m.want[key]; !ok {
			out = append(out, Mismatch{
				Message: fmt.Sprintf("unexpected key `%s`", key), Path: "." + path.Quote(key), Actual: value.Unwrap(entries[key]),
			})
		}
	}
	return out
}

// below moves differences under a key.
func below(key, suffix string, found []Mismatch) []Mismatch {
	suffix = strings.Replace(suffix, ".[", "[", 1)
	for i := range found {
		found[i].At = append([]string{key}, found[i].At...)
		found[i].Path = suffix + found[i].Path
	}
	return found
}

// list asks for the elements of a list, one by one.
type list struct {
	want []matcher
	raw  any
}

func (m list) match(s subject) []Mismatch {
	items, ok := value.Items(s.value)
	if !ok {
		return mismatch(s, m.raw, "expected a list, %s", s.got())
	}
	if len(items) != len(m.want) {
		return mismatch(s, m.raw, "expected %s, %s (%d elements expected, there are %d)", s.brief(m.raw), s.got(), len(m.want), len(items))
	}
	var out []Mismatch
	for i, want := range m.want {
		n := strconv.Itoa(i)
		out = append(out, below(n, "["+n+"]", want.match(subject{value: items[i], found: true, redact: s.redact}))...)
	}
	return out
}

// invalid is an expectation that cannot be met because it is wrong itself.
type invalid struct{ why string }

func (m invalid) match(s subject) []Mismatch {
	return mismatch(s, nil, "the expectation is wrong: %s", m.why)
}
