package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/value"
)

// class asks for a status of a hundred, such as 2xx.
type class struct{ hundred int }

var (
	classPattern = regexp.MustCompile(`^[1-9][xX]{2}$`)
	nearClass    = regexp.MustCompile(`^[0-9xX]*[xX][0-9xX]*$`)
	// nearCode is a word that begins like a status and is none: no server sends it, and no plugin's text looks like it.
	nearCode = regexp.MustCompile(`^[0-9][0-9A-Za-z]{0,2}[A-Za-z][0-9A-Za-z]?$`)
	// withReason is a status with the words that go with it.
	withReason = regexp.MustCompile(`^([1-9][0-9]{2})\s+[A-Za-z]`)
)

func parseClass(text string) (class, bool) {
	if !classPattern.MatchString(text) {
		return class{}, false
	}
	return class{int(text[0] - '0')}, true
}

func (m class) String() string { return fmt.Sprintf("%dxx", m.hundred) }

func (m class) match(s subject) []Mismatch {
	low, _ := value.ParseDecimal(strconv.Itoa(m.hundred * 100))
	high, _ := value.ParseDecimal(strconv.Itoa(m.hundred*100 + 100))
	if got, ok := value.Numeric(s.value); ok && got.Compare(low) >= 0 && got.Compare(high) < 0 {
		return nil
	}
	return mismatch(s, m.String(), "expected %s, %s", m, s.got())
}

// status reads the expectation on the status: a number, a text form, a class, a list of codes, or a map form.
func (p *reader) status(raw any, at []string) matcher {
	if l, ok := raw.(value.Literal); ok {
		return equal{want: l.Value}
	}
	switch value.KindOf(raw) {
	case value.KindNumber:
		return equal{want: raw}
	case value.KindText:
		text, _ := value.String(raw)
		return p.statusText(text, at)
	case value.KindList:
		return p.statusList(raw, at)
	case value.KindObject:
		return p.statusMap(raw, at)
	}
	return p.fatal(at, CodeStatus, "`status` wants a number, a class such as 2xx, a list of them or an operator, not %s", value.KindOf(raw))
}

func (p *reader) fatal(at []string, code, format string, args ...any) matcher {
	why := fmt.Sprintf(format, args...)
	p.add(Problem{At: at, Severity: Fatal, Code: code, Message: why})
	return invalid{why}
}

func (p *reader) statusText(text string, at []string) matcher {
	p.whole = text
	defer func() { p.whole = "" }()
	f := takeApart(text)
	if f.op == nil {
		if c, ok := parseClass(f.operand); ok {
			return c
		}
		if f.operand == "" {
			return p.fatal(at, CodeStatus, "`status` is empty")
		}
		if m := p.misspelt(f.operand, at); m != nil {
			return m
		}
		if code := withReason.FindStringSubmatch(f.operand); code != nil {
			p.add(Problem{
				At: at, Severity: Warning, Code: CodeStatus, Fix: code[1],
				Message: fmt.Sprintf("`%s` is compared as text, which no status that is a number equals; did you mean `%s`?", f.operand, code[1]),
			})
			return equal{want: f.operand}
		}
		p.suspectText(f.operand, at)
		return equal{want: f.operand}
	}
	switch f.op.Name {
	case "eq":
		return equalOrClass(f.operand, true)
	case "ne":
		return notEqual{equalOrClass(f.operand, true)}
	case "oneOf":
		for part := range strings.SplitSeq(f.operand, ",") {
			if m, wrong := p.misspelt(strings.TrimSpace(part), at).(invalid); wrong {
				return m
			}
		}
		return p.oneOfText(f.operand, at, true)
	}
	return p.text(text, at)
}

// misspelt reports a word that was meant to be a number or a class and is neither, so that no status can meet it; nil where
// it is something else.
func (p *reader) misspelt(word string, at []string) matcher {
	if parsed, ok := parseClass(word); ok {
		return parsed
	}
	if !nearClass.MatchString(word) && !nearCode.MatchString(word) {
		return nil
	}
	problem := Problem{
		At: at, Severity: Error, Code: CodeStatus,
		Message: fmt.Sprintf("`%s` is no status: it is neither a number nor one of the classes 1xx to 9xx", p.shown(word)),
	}
	if problem.Fix = meantStatus(word); problem.Fix != "" {
		problem.Message += fmt.Sprintf("; did you mean `%s`?", problem.Fix)
	}
	p.add(problem)
	return invalid{problem.Message}
}

// meantStatus is the number or class that a misspelt one most likely is: letters may stand for the digits that they look
// like, else whatever follows the first digit for a class. It is empty where nobody can tell.
func meantStatus(word string) string {
	digits := strings.NewReplacer("o", "0", "O", "0", "l", "1", "I", "1", "i", "1").Replace(word)
	if _, err := strconv.Atoi(digits); err == nil && len(digits) == 3 && digits[0] != '0' {
		return digits
	}
	if word[0] >= '1' && word[0] <= '9' && !strings.ContainsAny(word[1:], "123456789") {
		return word[:1] + "xx"
	}
	return ""
}

func (p *reader) statusList(raw any, at []string) matcher {
	items, _ := value.Items(raw)
	if len(items) == 0 {
		return p.fatal(at, CodeStatus, "the list of statuses is empty, so that nothing can meet it")
	}
	m := oneOf{raw: raw}
	for i, item := range items {
		below := append(slices.Clone(at), strconv.Itoa(i))
		text, ok := scalar(item)
		if !ok || value.KindOf(item) == value.KindBool {
			return p.fatal(below, CodeStatus, "a list of statuses holds numbers and classes such as 2xx, not %s", value.KindOf(item))
		}
		if value.KindOf(item) == value.KindNumber {
			m.any = append(m.any, equal{want: item})
			continue
		}
		one := p.statusText(text, below)
		if wrong, ok := one.(invalid); ok {
			return wrong
		}
		m.any = append(m.any, one)
	}
	return m
}

func (p *reader) statusMap(raw any, at []string) matcher {
	entries, _ := value.Entries(raw)
	if len(entries) == 0 {
		return p.fatal(at, CodeStatus, "`status` is an empty object")
	}
	var of []matcher
	for _, name := range value.Keys(entries) {
		op := OperatorNamed(name)
		below := append(slices.Clone(at), name)
		if op == nil {
			problem := Problem{
				At: below, OnKey: true, Severity: Fatal, Code: CodeStatus, Fix: nearest(name, operatorNames()),
				Message: fmt.Sprintf("`status` takes operators, and `%s` is none", name),
			}
			if problem.Fix != "" {
				problem.Message += fmt.Sprintf("; did you mean `%s`?", problem.Fix)
			}
			p.add(problem)
			return invalid{problem.Message}
		}
		of = append(of, p.statusOperator(op, entries[name], below))
	}
	return all{of}
}

// statusOperator reads a map form whose values may be classes.
func (p *reader) statusOperator(op *Operator, raw any, at []string) matcher {
	text, isText := value.String(raw)
	switch op.Name {
	case "eq", "ne":
		if !isText {
			break
		}
		m := equalOrClass(strings.TrimSpace(text), true)
		if op.Name == "ne" {
			return notEqual{m}
		}
		return m
	case "oneOf":
		if isText {
			return p.oneOfText(text, at, true)
		}
		if value.KindOf(raw) == value.KindList {
			return p.statusList(raw, at)
		}
	}
	return p.operator(op, raw, at)
}
