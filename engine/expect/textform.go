package expect

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/speclens/speclens/engine/path"
)

// form is a text form taken apart.
type form struct {
	op *Operator // nil where the text is a plain value
	// operand is what follows the operator; span is where it lies in the text.
	operand string
	span    path.Span
}

// Operands are the parts of a text that stand in messages by themselves where the text is read as an expectation; none where all of
// it is one operand.
func Operands(text string) []string {
	f := takeApart(text)
	if f.op == nil || f.operand == "" || f.op.Operand == TypeOperand && TypeNamed(f.operand) != nil {
		return nil
	}
	parts := []string{f.operand}
	if f.op.Name == "oneOf" {
		for part := range strings.SplitSeq(f.operand, ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	return parts
}

// symbols are the operators whose text form needs no blank behind it, longest symbol first.
var symbols = []string{"gte", "lte", "eq", "ne", "gt", "lt"}

// takeApart finds the operator of a text form.
func takeApart(text string) form {
	trimmed := strings.TrimSpace(text)
	start := strings.Index(text, trimmed)
	end := start + len(trimmed)
	for _, name := range symbols {
		op := OperatorNamed(name)
		if strings.HasPrefix(trimmed, op.Symbol) {
			return newForm(op, text, start+len(op.Symbol), end)
		}
	}
	word := trimmed
	if i := strings.IndexAny(trimmed, " \t\r\n"); i >= 0 {
		word = trimmed[:i]
	}
	op := OperatorNamed(word)
	if op == nil || op.Symbol != word {
		return form{operand: trimmed, span: path.Span{Start: start, End: end}}
	}
	needsNone := op.Operand == BoolOperand
	if needsNone != (word == trimmed) {
		// "exists more" and "contains" are no text forms.
		return form{operand: trimmed, span: path.Span{Start: start, End: end}}
	}
	return newForm(op, text, start+len(word), end)
}

func newForm(op *Operator, text string, start, end int) form {
	for start < end && strings.IndexByte(" \t\r\n", text[start]) >= 0 {
		start++
	}
	return form{op: op, operand: text[start:end], span: path.Span{Start: start, End: end}}
}

// text reads a text form.
func (p *reader) text(text string, at []string) matcher {
	p.whole = text
	defer func() { p.whole = "" }()
	f := takeApart(text)
	if f.op == nil {
		p.suspectText(f.operand, at)
		return equal{want: f.operand}
	}
	p.suspectQuotes(f, at)
	switch f.op.Name {
	case "eq":
		return equal{want: f.operand, loose: true}
	case "ne":
		return notEqual{equal{want: f.operand, loose: true}}
	case "contains":
		return contains{raw: f.operand, loose: true}
	case "exists", "notExists":
		return exists{f.op.Name == "exists"}
	case "oneOf":
		return p.oneOfText(f.operand, at, false)
	}
	return p.operand(f.op, f.operand, f.operand, at, f.span)
}

// suspectQuotes warns of quotes around an operand: they are part of it, as nobody coming from another language would think,
// and then `!=` holds and a condition does not, whatever the value is.
func (p *reader) suspectQuotes(f form, at []string) {
	n := len(f.operand)
	if f.op.Operand != AnyOperand || n < 2 || f.operand[0] != f.operand[n-1] || f.operand[0] != '"' && f.operand[0] != '\'' {
		return
	}
	bare := f.op.Symbol + " " + f.operand[1:n-1]
	p.add(Problem{
		At: at, Within: f.span, Severity: Warning, Code: CodeSuspicious, Fix: bare,
		Message: fmt.Sprintf("the quotes are part of the text that is compared; without them write `%s`", bare),
	})
}

// elsewhere are text forms of other tools, with what they are here; %s stands for the rest of the text.
var elsewhere = map[string]string{
	"startsWith": "matches ^%s", "endsWith": "matches %s$", "=~": "matches %s", "~=": "matches %s", "equals": "== %s", "regex": "matches %s",
	"notEquals": "!= %s", "notContains": "",
}

// suspectText warns of text that is nearly an operator.
func (p *reader) suspectText(text string, at []string) {
	word, rest, _ := strings.Cut(text, " ")
	warn := func(fix, format string, args ...any) {
		p.add(Problem{At: at, Severity: Warning, Code: CodeSuspicious, Message: fmt.Sprintf(format, args...), Fix: fix})
	}
	switch {
	case isOpaque(text):
	case strings.HasPrefix(text, "=>"), strings.HasPrefix(text, "=<"):
		op := map[string]string{"=>": ">=", "=<": "<="}[text[:2]]
		warn(op+text[2:], "`%s` is no operator, so this compares text; did you mean `%s`?", text[:2], op)
	case word != text && hasKey(elsewhere, word):
		if fix := elsewhere[word]; fix != "" {
			rest = strings.TrimSpace(rest)
			if strings.HasSuffix(word, "sWith") {
				rest = regexp.QuoteMeta(rest)
			}
			fix = strings.ReplaceAll(fix, "%s", rest)
			warn(fix, "`%s` is no operator, so this compares text; write `%s`", word, fix)
			return
		}
		warn("", "`%s` is no operator, so this compares text", word)
	case text == "not null", text == "notNull":
		warn("exists", "this compares text; write `exists`")
	case strings.HasPrefix(text, "= "):
		warn("="+text, "`=` is no operator, so this compares text; did you mean `==`?")
	case OperatorNamed(word) != nil && OperatorNamed(word).Symbol == word:
		op := OperatorNamed(word)
		warn("", "`%s` is written `%s`; this compares text", op.Name, op.TextForm)
	case OperatorNamed(word) != nil && rest != "":
		op := OperatorNamed(word)
		warn(op.Symbol+" "+rest, "`%s` is written `%s` in text; this compares text", op.Name, op.TextForm)
	case rest == "":
		for _, name := range []string{"exists", "notExists"} {
			if strings.EqualFold(text, name) {
				warn(name, "operators are case-sensitive, so this compares text; did you mean `%s`?", name)
			}
		}
	}
}

func hasKey(m map[string]string, key string) bool {
	_, ok := m[key]
	return ok
}
