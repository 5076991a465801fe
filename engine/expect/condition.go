package expect

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/speclens/speclens/engine/value"
)

// Condition is the second half of a `when`: an operator with its operand, or nothing, which asks for a truthy value.
type Condition struct {
	want   matcher // nil asks for a truthy value
	text   string
	redact func(string) string
}

// ParseCondition reads the operator and operand behind the value tested, such as "!= prod" or "oneOf a, b"; "" asks for a
// truthy value.
func ParseCondition(text string) (Condition, []Problem) { return ParseConditionRedacted(text, nil) }

// ParseConditionRedacted is ParseCondition for one that holds secrets; see ParseRedacted.
func ParseConditionRedacted(text string, redact func(string) string) (Condition, []Problem) {
	text = strings.TrimSpace(text)
	c := Condition{text: text, redact: redact}
	if text == "" {
		return c, nil
	}
	p := &reader{redact: redact, whole: text}
	if f := takeApart(text); f.op == nil && !isOpaque(text) {
		word, _, _ := strings.Cut(text, " ")
		problem := Problem{
			Severity: Error, Code: CodeCondition,
			Message: fmt.Sprintf("`%s` is no operator; a condition is written `{{ x }}`, `{{ x }} == value` or the like", p.shown(word)),
		}
		if near := cmp.Or(otherSpellings[word], nearest(word, symbolsAndWords())); near != "" {
			problem.Message += fmt.Sprintf("; did you mean `%s`?", near)
			problem.Fix = near + text[len(word):]
		}
		p.add(problem)
		c.want = invalid{problem.Message}
		return c, p.problems
	}
	c.want = p.text(text, nil)
	return c, p.problems
}

// otherSpellings are operators of other languages.
var otherSpellings = map[string]string{"=": "==", "equals": "==", "=>": ">=", "=<": "<=", "in": "oneOf"}

func symbolsAndWords() []string {
	list := make([]string, len(Operators))
	for i := range Operators {
		list[i] = Operators[i].Symbol
	}
	return list
}

// Holds evaluates the condition on a value. found says whether the value could be resolved; why explains a condition that
// does not hold.
func (c Condition) Holds(v any, found bool) (holds bool, why string) {
	s := subject{value: v, found: found, redact: c.redact}
	if !found {
		s.value = nil
	}
	if c.want == nil {
		if Truthy(s.value) {
			return true, ""
		}
		if !found {
			return false, "the value could not be resolved"
		}
		return false, fmt.Sprintf("%s is not truthy", s.brief(v))
	}
	if m := c.want.match(s); len(m) > 0 {
		return false, joinMessages(m)
	}
	return true, ""
}

// Truthy says whether a value counts as true: anything but null, false, zero, an empty text, list or object, and the
// texts false, no, off, 0 and null in any case, which is how environment variables say no.
func Truthy(v any) bool {
	v = value.Unwrap(v)
	switch value.KindOf(v) {
	case value.KindNull:
		return false
	case value.KindBool:
		return value.Text(v) == "true"
	case value.KindNumber:
		d, ok := value.NumberOf(v)
		return ok && !d.IsZero()
	case value.KindText:
		switch strings.ToLower(strings.TrimSpace(value.Text(v))) {
		case "", "false", "no", "off", "0", "null":
			return false
		}
		return true
	case value.KindList:
		items, _ := value.Items(v)
		return len(items) > 0
	}
	return len(value.Keys(v)) > 0
}
