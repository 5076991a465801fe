package interchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/template"
)

// maker makes up the values of one operation.
type maker struct {
	im *openAPIImport
	op *operation
	// made counts the values.
	made int
	// fixed asks for values without templates, for what has to be the same in several places.
	fixed bool
	// refer is a value that another test saves for a name, or nil.
	refer func(name string, s *shape) any
}

// Bounds on made-up values: how deep they are nested, how many values they hold before what is optional is left out, and
// how many they may hold at all.
const (
	maxNesting  = 12
	maxMade     = 200
	maxRequired = 10_000
)

// make is a value that meets all of the schemas, and whether there is one. name is that of the parameter or property;
// within are the schemas that the value lies in.
func (m *maker) make(name string, within []*openapi3.Schema, refs ...*openapi3.SchemaRef) (any, bool) {
	shapes := m.im.shapes(refs...)
	if len(shapes) == 0 || len(within) > maxNesting {
		return nil, false
	}
	for _, s := range shapes {
		if v, ok := m.shape(name, within, s); ok {
			return v, true
		}
	}
	return nil, false
}

func (m *maker) shape(name string, within []*openapi3.Schema, s *shape) (any, bool) {
	if m.made++; m.made > maxRequired {
		return nil, false
	}
	for _, schema := range s.schemas {
		if slices.Contains(within, schema) {
			return nil, s.null
		}
	}
	if v, ok := m.secret(name, s); ok {
		return v, true
	}
	if m.refer != nil && !m.fixed {
		if v := m.refer(name, s); v != nil {
			return v, true
		}
	}
	if s.hasConst {
		return s.konst, true
	}
	for _, v := range s.literals {
		if v != nil && (s.enum == nil || slices.ContainsFunc(s.enum, func(e any) bool { return sameLiteral(e, v) })) {
			return m.hideSecrets(v), true
		}
	}
	if s.enum != nil {
		if len(s.enum) > 0 {
			return s.enum[0], true
		}
		return nil, s.null
	}
	within = append(slices.Clip(within), s.schemas...)
	switch s.kind() {
	case openapi3.TypeObject:
		return m.object(within, s)
	case openapi3.TypeArray:
		return m.array(name, within, s)
	case openapi3.TypeInteger:
		return number(s, true)
	case openapi3.TypeNumber:
		return number(s, false)
	case openapi3.TypeBoolean:
		return true, true
	case openapi3.TypeNull:
		return nil, true
	}
	return m.text(s)
}

// object is an object with what is required; with everything where nothing is said to be required, since that is how
// documents look whose author did not care.
func (m *maker) object(within []*openapi3.Schema, s *shape) (any, bool) {
	o := object{}
	all := m.im.options.Optional || len(s.required) == 0 && len(within) < maxNesting/2
	skipped := []property{}
	for _, p := range s.props {
		required := s.required[p.name]
		shapes := m.im.shapes(p.refs...)
		if len(shapes) > 0 && shapes[0].readOnly {
			continue // a request must not hold it
		}
		if !required && (!all || m.made > maxMade || len(shapes) > 0 && shapes[0].deprecated) {
			skipped = append(skipped, p)
			continue
		}
		v, ok := m.make(p.name, within, p.refs...)
		if !ok && required {
			return nil, false
		}
		if ok {
			o = append(o, member{p.name, v})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.required)) {
		if slices.ContainsFunc(s.props, func(p property) bool { return p.name == name }) {
			continue
		}
		v, ok := m.make(name, within, s.additional)
		if !ok {
			return nil, false
		}
		o = append(o, member{name, v})
	}
	for _, p := range skipped {
		if uint64(len(o)) >= s.minProps {
			break
		}
		if v, ok := m.make(p.name, within, p.refs...); ok {
			o = append(o, member{p.name, v})
		}
	}
	if s.additional != nil {
		for i := 1; i <= 100 && (uint64(len(o)) < s.minProps || len(s.props) == 0 && len(o) == 0); i++ {
			v, ok := m.make("", within, s.additional)
			if !ok {
				break
			}
			o = append(o, member{"key" + strconv.Itoa(i), v})
		}
	}
	return o, true
}

// maxMadeItems is how many items a made-up list has at most.
const maxMadeItems = 100

func (m *maker) array(name string, within []*openapi3.Schema, s *shape) (any, bool) {
	list := []any{}
	want := max(int(min(s.minItems, maxMadeItems)), 1, len(s.prefix))
	if s.maxItems != nil {
		want = min(want, int(min(*s.maxItems, maxMadeItems)))
	}
	for i := range want {
		item := s.items
		if i < len(s.prefix) {
			item = s.prefix[i]
		} else if item == nil && uint64(i) >= s.minItems {
			break
		}
		v, ok := m.make(singular(name), within, item)
		if !ok {
			return list, uint64(i) >= s.minItems // a list that may be empty ends a cycle
		}
		if s.unique && i > 0 {
			v = m.vary(v, item, i)
		}
		list = append(list, v)
	}
	return list, true
}

// vary makes the i-th value of a list differ from the ones before.
func (m *maker) vary(v any, ref *openapi3.SchemaRef, i int) any {
	shapes := m.im.shapes(ref)
	if len(shapes) > 0 && i < len(shapes[0].enum) {
		return shapes[0].enum[i]
	}
	switch v := v.(type) {
	case json.Number:
		step := 1.0
		if len(shapes) > 0 && shapes[0].multipleOf != nil {
			step = *shapes[0].multipleOf
		}
		if f, err := v.Float64(); err == nil {
			return decimal(f + float64(i)*step)
		}
	case string:
		return v + strconv.Itoa(i+1)
	}
	return v
}

// number is 1, or the number nearest to it that the schema allows.
func number(s *shape, whole bool) (any, bool) {
	low, high := math.Inf(-1), math.Inf(1)
	if s.min != nil {
		low = *s.min
	}
	if s.max != nil {
		high = *s.max
	}
	step := 0.0
	if s.multipleOf != nil && *s.multipleOf > 0 {
		step = *s.multipleOf
	}
	if whole {
		step = max(step, 1)
		if step != math.Trunc(step) {
			step = 1
		}
	}
	if step > 0 {
		first, last := math.Ceil(low/step), math.Floor(high/step)
		if s.exMin && first*step == low {
			first++
		}
		if s.exMax && last*step == high {
			last--
		}
		return decimal(min(max(1, first), last) * step), first <= last
	}
	v := min(max(1, low), high)
	if s.exMin && v == low || s.exMax && v == high {
		switch {
		case math.IsInf(high, 1):
			v = low + 1
		case math.IsInf(low, -1):
			v = high - 1
		default:
			v = low + (high-low)/2
		}
	}
	return decimal(v), low <= high
}

// decimal writes a number without an exponent, to the digits that tell it from its neighbours.
func decimal(f float64) json.Number {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "1"
	}
	if f == math.Trunc(f) {
		i, _ := big.NewFloat(f).Int(nil)
		return json.Number(i.String())
	}
	return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
}

// formats are texts of the formats that documents name: templates where a fresh value is better, else a value.
var formats = map[string][]any{
	"email": {written("{{ fake.email }}"), "a@b.example"}, "idn-email": {written("{{ fake.email }}"), "a@b.example"},
	"uuid": {written("{{ fake.uuid }}")}, "date": {written("{{ fake.date.2006-01-02 }}")}, "date-time": {written("{{ fake.date }}")},
	"time": {"12:00:00Z"}, "duration": {"P1D"},
	"uri": {written("{{ fake.url }}"), "http://a.example"}, "url": {written("{{ fake.url }}"), "http://a.example"},
	"iri": {written("{{ fake.url }}"), "http://a.example"}, "uri-reference": {"/a"}, "iri-reference": {"/a"},
	"hostname": {"www.example.com", "a.example"}, "idn-hostname": {"www.example.com", "a.example"},
	"ipv4": {"192.0.2.1"}, "ipv6": {"2001:db8::1"}, "ip": {"192.0.2.1"},
	"byte": {"c3BlY2xlbnM=", "YQ=="}, "phone": {written("{{ fake.phone }}")}, "json-pointer": {"/a"}, "regex": {"a+"},
	"int64": {"1"}, "int32": {"1"},
}

// text is a text of the format, pattern and length of the schema.
func (m *maker) text(s *shape) (any, bool) {
	for _, candidate := range formats[strings.ToLower(s.format)] {
		if v, ok := m.fitting(candidate, s); ok {
			return v, true
		}
	}
	if s.pattern != "" {
		return m.patterned(s)
	}
	if v, ok := m.fitting(written("{{ fake.word }}"), s); ok && s.minLen <= 1 && (s.maxLen == nil || *s.maxLen >= 24) {
		return v, true
	}
	least, most := s.minLen, max(s.minLen, 8)
	if s.maxLen != nil {
		if *s.maxLen < least {
			return nil, false
		}
		most = min(most, *s.maxLen)
	}
	if most == 0 {
		return "", true
	}
	if least > 1000 {
		return strings.Repeat("a", int(min(least, maxLiteral))), least <= maxLiteral
	}
	return m.fitting(written(fmt.Sprintf("{{ regex('[a-z]{%d}') }}", min(max(least, most), 1000))), s)
}

// tries is how often a template is evaluated to see whether its values have the right length.
const tries = 20

// fitting is the candidate if it meets length and pattern.
func (m *maker) fitting(candidate any, s *shape) (any, bool) {
	t, isTemplate := candidate.(written)
	if !isTemplate {
		return candidate, s.accepts(candidate.(string))
	}
	for seed := range uint64(tries) {
		if v, err := evaluate(string(t), seed+1); err != nil || !s.accepts(v) {
			return nil, false
		}
	}
	if m.fixed {
		v, err := evaluate(string(t), 1)
		return v, err == nil
	}
	return candidate, true
}

// patterned is a template for the pattern, or a text that meets pattern and length where the template does not always.
func (m *maker) patterned(s *shape) (any, bool) {
	quote := "'"
	if strings.Contains(s.pattern, quote) {
		quote = `"`
	}
	t := "{{ regex(" + quote + s.pattern + quote + ") }}"
	parsed := template.Parse(t)
	if _, whole := parsed.Whole(); !whole || len(parsed.Problems) > 0 {
		return nil, false
	}
	if v, ok := m.fitting(written(t), s); ok {
		return v, true
	}
	for seed := range uint64(10 * tries) {
		v, err := evaluate(t, seed+1)
		if err != nil {
			return nil, false
		}
		if s.accepts(v) {
			return v, true
		}
	}
	return nil, false
}

// accepts reports whether a text has the length and the pattern of the schema.
func (s *shape) accepts(text string) bool {
	n := uint64(utf8.RuneCountInString(text))
	if n < s.minLen || s.maxLen != nil && n > *s.maxLen {
		return false
	}
	if s.pattern == "" {
		return true
	}
	re, err := regexp.Compile(s.pattern)
	return err == nil && re.MatchString(text)
}

// evaluate is what a template of made-up data stands for. Templates that need a run are an error.
func evaluate(t string, seed uint64) (string, error) {
	v, warnings, err := template.Parse(t).Eval(&template.Evaluator{Seed: seed})
	if err != nil {
		return "", err
	}
	if len(warnings) > 0 {
		return "", fmt.Errorf("%s is not known before a run", t)
	}
	return fmt.Sprint(v), nil
}

var (
	secretNames = regexp.MustCompile(`(?i)(pass(word|wd|phrase)|secret|token|api[-_]?key|credentials?|authorization|private[-_]?key|^cookie)$`)
	passwords   = regexp.MustCompile(`(?i)pass(word|wd|phrase)`)
	logins      = regexp.MustCompile(`(?i)(log[-_]?in|sign[-_]?in|token|session|auth)`)
)

// secret is the value of what looks like a secret: never one of the document. A password of something new is made up,
// every other secret comes from the environment.
func (m *maker) secret(name string, s *shape) (any, bool) {
	isPassword := s.format == "password" || passwords.MatchString(name)
	if !isPassword && !secretNames.MatchString(name) || s.kind() != openapi3.TypeString || s.enum != nil || s.hasConst {
		return nil, false
	}
	if isPassword && !logins.MatchString(m.op.path+" "+m.op.op.OperationID) {
		least := uint64(12)
		if s.maxLen != nil {
			least = min(least, *s.maxLen)
		}
		if v, ok := m.fitting(written(fmt.Sprintf("{{ fake.password.%d }}", max(least, s.minLen, 1))), s); ok {
			return v, true
		}
		if s.pattern != "" {
			return m.patterned(s)
		}
	}
	if len(s.literals) == 0 && !isPassword {
		return nil, false // nothing was given that could be a secret
	}
	return m.im.variable(m.op, name, "the document's value is not copied"), true
}

// hideSecrets replaces what looks like a secret in a value of the document.
func (m *maker) hideSecrets(v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for i, e := range v {
			out[i] = member{e.key, m.hideSecrets(e.value)}
			if text, isText := e.value.(string); isText && text != "" && secretNames.MatchString(e.key) {
				if h, ok := m.secret(e.key, &shape{types: []string{openapi3.TypeString}, literals: []any{text}}); ok {
					out[i].value = h
				}
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = m.hideSecrets(e)
		}
		return out
	}
	return v
}
