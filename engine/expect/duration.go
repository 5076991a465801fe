package expect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/value"
)

// within asks for an order between durations. The subject is a time.Duration.
type within struct {
	op   *Operator
	want time.Duration
	raw  any
}

func (m within) match(s subject) []Mismatch {
	got, _ := s.value.(time.Duration)
	order := 0
	switch {
	case got < m.want:
		order = -1
	case got > m.want:
		order = 1
	}
	if holds(m.op.Name, order) {
		return nil
	}
	return []Mismatch{{
		Message:  fmt.Sprintf("expected %s %s, got %s", m.op.Symbol, m.want, durationText(got)),
		Expected: m.raw, Actual: durationText(got),
	}}
}

func durationText(d time.Duration) string {
	if d > time.Millisecond {
		d = d.Round(time.Microsecond)
	}
	return d.String()
}

// ParseDuration reads a Go duration ("500ms", "1m30s"); a bare number is milliseconds. Blanks inside are ignored. It
// returns an error that says what is expected where the text is neither, or negative.
func ParseDuration(text string) (time.Duration, error) {
	written := text
	text = strings.Join(strings.Fields(text), "")
	if _, ok := value.ParseDecimal(text); ok {
		text += "ms"
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration; write it like 500ms, 2s or 1m30s, or as a number of milliseconds", written)
	case d < 0:
		return 0, fmt.Errorf("the duration %s is negative", d)
	}
	return d, nil
}

// duration reads the expectation on the duration.
func (p *reader) duration(raw any, at []string) matcher {
	raw = value.Unwrap(raw)
	switch value.KindOf(raw) {
	case value.KindNumber:
		return p.limit(OperatorNamed("lte"), value.Text(raw), raw, at)
	case value.KindText:
		text, _ := value.String(raw)
		f := takeApart(text)
		if f.op == nil {
			return p.limit(OperatorNamed("lte"), f.operand, raw, at)
		}
		return p.limit(f.op, f.operand, raw, at)
	case value.KindObject:
		return p.durationMap(raw, at)
	}
	return p.fatal(at, CodeDuration, "`duration` wants a duration such as 500ms, with or without an operator, not %s", value.KindOf(raw))
}

func (p *reader) durationMap(raw any, at []string) matcher {
	entries, _ := value.Entries(raw)
	if len(entries) == 0 {
		return p.fatal(at, CodeDuration, "`duration` is an empty object")
	}
	var of []matcher
	for _, name := range value.Keys(entries) {
		below := append(slices.Clone(at), name)
		op := OperatorNamed(name)
		operand := value.Unwrap(entries[name])
		text, ok := scalar(operand)
		if op == nil {
			p.add(Problem{
				At: below, OnKey: true, Severity: Fatal, Code: CodeDuration, Fix: nearest(name, durationOperators),
				Message: fmt.Sprintf("`duration` takes the operators %s, and `%s` is none", strings.Join(durationOperators, ", "), name),
			})
			return invalid{"unknown operator"}
		}
		if !ok {
			return p.fatal(below, CodeDuration, "`%s` wants a duration such as 500ms, not %s", name, value.KindOf(operand))
		}
		of = append(of, p.limit(op, text, operand, below))
	}
	return all{of}
}

var durationOperators = []string{"eq", "ne", "gt", "gte", "lt", "lte"}

func (p *reader) limit(op *Operator, text string, raw any, at []string) matcher {
	if isOpaque(text) {
		return invalid{"the template `" + text + "` could not be resolved"}
	}
	if !slices.Contains(durationOperators, op.Name) {
		return p.invalid(at, CodeDuration, "a duration cannot be compared with `%s`; use one of == != > >= < <=", op.Symbol)
	}
	d, err := ParseDuration(text)
	if err != nil {
		return p.invalid(at, CodeDuration, "%s", err)
	}
	return within{op: op, want: d, raw: raw}
}
