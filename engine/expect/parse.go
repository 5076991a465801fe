package expect

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
)

// Parse reads the value of an `expect` key. It never fails: what is wrong is listed, and the rest can be evaluated. Texts
// that still hold a template are taken as they are, without judging their operands.
func Parse(raw any) (*Expect, []Problem) { return ParseRedacted(raw, nil) }

// ParseRedacted is Parse of a value that holds secrets: problems quote a text as redact shows all of it, never a part of it, which
// redact could not recognise. A nil redact hides nothing.
func ParseRedacted(raw any, redact func(string) string) (*Expect, []Problem) {
	p := &reader{redact: redact}
	e := &Expect{}
	raw = value.Unwrap(raw)
	if raw == nil {
		return e, nil
	}
	entries, ok := value.Entries(raw)
	if !ok {
		if !isOpaque(raw) {
			p.add(Problem{
				Severity: Fatal, Code: CodeStructure, Fix: "{status: " + value.JSON(raw) + "}",
				Message: fmt.Sprintf("`expect` must be an object with the keys %s, not %s", strings.Join(names(Keys), ", "), value.KindOf(raw)),
			})
		}
		return e, p.problems
	}
	for _, key := range inOrder(entries) {
		p.key(e, key, entries[key])
	}
	for i := range e.checks {
		c := &e.checks[i]
		c.label = c.place()
		c.expression = c.label + " = " + value.Text(value.Unwrap(c.raw))
	}
	return e, p.problems
}

// inOrder sorts the keys of an `expect` object by the table of keys, dotted ones behind their plain one.
func inOrder(entries map[string]any) []string {
	keys := value.Keys(entries)
	rank := func(key string) int {
		head, _, _ := cutKey(key)
		if i := slices.Index(names(Keys), head); i >= 0 {
			return i
		}
		return len(Keys)
	}
	slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
	return keys
}

// cutKey splits a dotted key such as body.items[0] or body[0] behind its first word.
func cutKey(key string) (head, rest string, dotted bool) {
	i := strings.IndexAny(key, ".[")
	if i <= 0 {
		return key, "", false
	}
	if key[i] == '.' {
		return key[:i], key[i+1:], true
	}
	return key[:i], key[i:], true
}

// reader collects problems while it reads.
type reader struct {
	problems []Problem
	depth    int // of nesting, bounded by maxNesting
	redact   func(string) string
	whole    string // the text form that is read
}

// shown is a part of the text that is read as a message may quote it.
func (p *reader) shown(part string) string {
	if p.redact == nil {
		return part
	}
	if s := p.redact(p.whole); s != p.whole {
		return s
	}
	return p.redact(part)
}

// hides reports whether the text that is read holds a secret.
func (p *reader) hides(text string) bool {
	return p.redact != nil && (p.redact(p.whole) != p.whole || p.redact(text) != text)
}

func (p *reader) add(problem Problem) {
	problem.At = slices.Clone(problem.At)
	p.problems = append(p.problems, problem)
}

// brief prints a value for a message.
func (p *reader) brief(v any) string { return value.BriefRedacted(v, briefLimit, p.redact) }

func isOpaque(v any) bool {
	s, ok := value.String(v)
	return ok && strings.Contains(s, "{{")
}

// key reads one key of the `expect` object.
func (p *reader) key(e *Expect, key string, raw any) {
	at := []string{key}
	head, rest, dotted := cutKey(key)
	switch {
	case key == "status":
		e.checks = append(e.checks, check{at: at, area: areaStatus, raw: raw, want: p.status(raw, at)})
	case key == "duration":
		e.checks = append(e.checks, check{at: at, area: areaDuration, raw: raw, want: p.duration(raw, at)})
	case key == "headers":
		p.entries(raw, at, "header names", "{NAME: VALUE}", func(name string, v any, at []string) {
			e.checks = append(e.checks, p.header(name, v, at))
		})
	case key == "body":
		p.entries(raw, at, "paths", `{".": `+flow(raw)+`}`, func(name string, v any, at []string) {
			e.checks = append(e.checks, p.body(name, v, at))
		})
	case key == "events":
		e.events = p.events(raw, at)
	case dotted && head == "headers" && strings.HasPrefix(key, "headers."):
		e.checks = append(e.checks, p.header(rest, raw, at))
	case dotted && head == "body":
		e.checks = append(e.checks, p.body(rest, raw, at))
	case dotted && head == "events":
		c := p.body(rest, raw, at)
		c.area = areaEvents
		e.checks = append(e.checks, c)
	default:
		p.unknownKey(key, head, at, Keys, "expect")
	}
}

func (p *reader) unknownKey(key, head string, at []string, known []KeyDoc, where string) {
	problem := Problem{
		At: at, OnKey: true, Severity: Fatal, Code: CodeUnknownKey,
		Message: fmt.Sprintf("unknown key `%s` in `%s`; it takes %s", key, where, strings.Join(names(known), ", ")),
	}
	if near := nearest(head, names(known)); near != "" {
		problem.Fix = near + key[len(head):]
		problem.Message = fmt.Sprintf("unknown key `%s` in `%s`; did you mean `%s`?", key, where, problem.Fix)
	} else if where == "expect" {
		problem.Message += fmt.Sprintf("; a check of the body is written `body: {%s: …}`", path.Quote(key))
	}
	p.add(problem)
}

// flow writes a value so that it can stand inside a YAML flow map. JSON is YAML.
func flow(raw any) string { return value.JSON(raw) }

// entries reads a map of names to expectations.
func (p *reader) entries(raw any, at []string, what, fix string, each func(name string, v any, at []string)) {
	raw = value.Unwrap(raw)
	entries, ok := value.Entries(raw)
	switch {
	case ok:
		for _, name := range value.Keys(entries) {
			each(name, entries[name], append(slices.Clone(at), name))
		}
	case isOpaque(raw):
		// A template may turn out to be a map.
	default:
		problem := Problem{
			At: at, Severity: Fatal, Code: CodeStructure,
			Message: fmt.Sprintf("`%s` must map %s to expectations, not be %s", at[len(at)-1], what, value.KindOf(raw)),
		}
		if at[len(at)-1] == "body" {
			problem.Fix = fix
			problem.Message += "; `.` is the whole body"
		}
		p.add(problem)
	}
}

func (p *reader) header(name string, raw any, at []string) check {
	if name == "" {
		p.add(Problem{At: at, OnKey: true, Severity: Fatal, Code: CodeStructure, Message: "the name of the header is missing"})
	}
	want := value.Unwrap(raw)
	switch value.KindOf(want) {
	case value.KindBool, value.KindNumber:
		// Headers are text, so `X-Cached: true` asks for the text "true".
		return check{at: at, area: areaHeader, name: name, raw: raw, want: equal{want: value.Text(want)}}
	}
	m := p.expectation(raw, at)
	if _, isObject := m.(object); isObject {
		m = p.fatal(at, CodeStructure, "a header is text, so `%s` wants text or operators, not an object", name)
	}
	return check{at: at, area: areaHeader, name: name, raw: raw, want: m}
}

func (p *reader) body(name string, raw any, at []string) check {
	parsed := path.Parse(name)
	if !strings.Contains(name, "{{") {
		for _, problem := range parsed.Problems {
			severity := Error
			if problem.Code == path.CodeTrailingEach {
				severity = Warning
			}
			fix := ""
			if problem.Fix != "" {
				prefix := at[len(at)-1][:len(at[len(at)-1])-len(name)]
				fix = prefix + name[:problem.Span.Start] + problem.Fix + name[problem.Span.End:]
			}
			p.add(Problem{
				At: at, OnKey: true, Within: problem.Span.Shift(len(at[len(at)-1]) - len(name)), Severity: severity,
				Code: CodePath, Message: problem.Message, Fix: fix,
			})
		}
	}
	return check{at: at, area: areaBody, name: name, path: parsed, raw: raw, want: p.expectation(raw, at)}
}

// maxNesting bounds how deep expectations may be nested.
const maxNesting = 200

// expectation reads any expectation: a text form, a map form, a value.
func (p *reader) expectation(raw any, at []string) matcher {
	if l, ok := raw.(value.Literal); ok {
		return equal{want: l.Value}
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return p.invalid(at, CodeStructure, "the expectation is nested too deeply")
	}
	switch value.KindOf(raw) {
	case value.KindText:
		text, _ := value.String(raw)
		return p.text(text, at)
	case value.KindList:
		items, _ := value.Items(raw)
		m := list{raw: raw, want: make([]matcher, len(items))}
		for i, item := range items {
			m.want[i] = p.expectation(item, append(slices.Clone(at), strconv.Itoa(i)))
		}
		return m
	case value.KindObject:
		return p.object(raw, at)
	}
	return equal{want: raw}
}

func (p *reader) object(raw any, at []string) matcher {
	entries, _ := value.Entries(raw)
	keys := value.Keys(entries)
	var operators, others []string
	for _, key := range keys {
		if OperatorNamed(key) != nil {
			operators = append(operators, key)
		} else {
			others = append(others, key)
		}
	}
	if len(operators) > 0 && len(others) == 0 {
		return p.mapForm(entries, operators, at)
	}
	if len(operators) > 0 {
		p.add(Problem{
			At: at, Severity: Warning, Code: CodeSuspicious,
			Message: fmt.Sprintf("`%s` beside `%s` is read as a key of the object, not as an operator; put the object into `{eq: …}` to say so",
				operators[0], others[0]),
		})
	} else if len(others) == 1 {
		p.suspectOperator(others[0], at)
	}
	return p.plainObject(raw, entries, keys, at, false)
}

// operatorsElsewhere are keys that are operators in other tools, with the one that does the same here.
var operatorsElsewhere = map[string]string{
	"equals": "eq", "equal": "eq", "notEquals": "ne", "notEqual": "ne", "greaterThan": "gt", "lessThan": "lt", "regex": "matches",
	"regexp": "matches", "pattern": "matches", "includes": "contains", "startsWith": "matches", "endsWith": "matches", "isType": "is",
}

// suspectOperator warns of a single key that is nearly an operator.
func (p *reader) suspectOperator(key string, at []string) {
	near := nearest(key, operatorNames())
	if other, known := operatorsElsewhere[key]; known {
		near = other
	}
	if near == "" || len(key) < 3 {
		return
	}
	p.add(Problem{
		At: append(slices.Clone(at), key), OnKey: true, Severity: Warning, Code: CodeSuspicious, Fix: near,
		Message: fmt.Sprintf("`%s` is read as a key of the object; did you mean the operator `%s`?", key, near),
	})
}

func (p *reader) plainObject(raw any, entries map[string]any, keys, at []string, partial bool) object {
	m := object{keys: keys, want: make(map[string]matcher, len(keys)), raw: raw, partial: partial}
	for _, key := range keys {
		m.want[key] = p.expectation(entries[key], append(slices.Clone(at), key))
	}
	return m
}

func (p *reader) mapForm(entries map[string]any, operators, at []string) matcher {
	of := make([]matcher, len(operators))
	for i, name := range operators {
		of[i] = p.operator(OperatorNamed(name), entries[name], append(slices.Clone(at), name))
	}
	if len(of) == 1 {
		return of[0]
	}
	return all{of}
}

// operator reads the operand of a map form.
func (p *reader) operator(op *Operator, raw any, at []string) matcher {
	operand := value.Unwrap(raw)
	switch op.Name {
	case "eq":
		return equal{want: operand}
	case "ne":
		return notEqual{equal{want: operand}}
	case "contains":
		return p.contains(raw, at)
	case "exists", "notExists":
		return p.existence(op, operand, at)
	case "oneOf":
		return p.oneOfValues(operand, at)
	case "is":
		if operand == nil {
			return p.typeWord("null", at, path.Span{})
		}
	}
	text, ok := scalar(operand)
	if !ok {
		return p.invalid(at, CodeOperand, "`%s` takes %s, not %s", op.Name, operandNames[op.Operand], value.KindOf(operand))
	}
	return p.operand(op, strings.TrimSpace(text), operand, at, path.Span{})
}

var operandNames = map[OperandKind]string{
	NumberOperand: "a number", PatternOperand: "a pattern", TypeOperand: "a type", BoolOperand: "true or false",
	ListOperand: "a list of values", AnyOperand: "a value",
}

func (p *reader) contains(raw any, at []string) matcher {
	operand := value.Unwrap(raw)
	_, isLiteral := raw.(value.Literal)
	m := contains{raw: operand}
	if entries, ok := value.Entries(operand); ok && !isLiteral {
		m.part = p.plainObject(operand, entries, value.Keys(entries), at, true)
	}
	return m
}

func (p *reader) existence(op *Operator, operand any, at []string) matcher {
	want := true
	switch v := operand.(type) {
	case nil: // {exists:} with nothing behind it
	case bool:
		want = v
	default:
		if !isOpaque(operand) {
			return p.invalid(at, CodeOperand, "`%s` takes true or false, not %s", op.Name, p.brief(operand))
		}
		return invalid{"the template could not be resolved"}
	}
	return exists{want == (op.Name == "exists")}
}

func (p *reader) oneOfValues(operand any, at []string) matcher {
	if items, ok := value.Items(operand); ok {
		if len(items) == 0 {
			return p.invalid(at, CodeOperand, "`oneOf` has no values, so that nothing can meet it")
		}
		m := oneOf{raw: operand}
		for _, item := range items {
			m.any = append(m.any, equal{want: item})
		}
		return m
	}
	if text, ok := value.String(operand); ok {
		return p.oneOfText(text, at, false)
	}
	return p.invalid(at, CodeOperand, "`oneOf` takes a list of values, not %s", value.KindOf(operand))
}

func (p *reader) oneOfText(text string, at []string, status bool) matcher {
	m := oneOf{raw: text}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		m.any = append(m.any, equalOrClass(part, status))
	}
	return m
}

func equalOrClass(text string, status bool) matcher {
	if c, ok := parseClass(text); ok && status {
		return c
	}
	return equal{want: text, loose: true}
}

func (p *reader) invalid(at []string, code, format string, args ...any) matcher {
	why := fmt.Sprintf(format, args...)
	p.add(Problem{At: at, Severity: Error, Code: code, Message: why})
	return invalid{why}
}

// operand reads the operand of gt, gte, lt, lte, matches and is. span is where it lies in the value's text, if anywhere.
func (p *reader) operand(op *Operator, text string, raw any, at []string, span path.Span) matcher {
	fail := func(code, why, fix string) matcher {
		if isOpaque(text) {
			return invalid{"the template `" + text + "` could not be resolved"}
		}
		p.add(Problem{At: at, Within: span, Severity: Error, Code: code, Message: why, Fix: fix})
		return invalid{why}
	}
	switch op.Operand {
	case NumberOperand:
		d, ok := value.Numeric(text)
		if value.KindOf(raw) == value.KindBool || !ok {
			why := fmt.Sprintf("`%s` compares numbers, and `%s` is none; text that begins so is written {eq: …}", op.Symbol, p.shown(text))
			return fail(CodeOperand, why, "")
		}
		return compare{op: op, want: d, raw: raw}
	case PatternOperand:
		re, err := regexp.Compile(text)
		if err != nil {
			if p.hides(text) {
				return fail(CodePattern, "bad pattern: `"+p.shown(text)+"` cannot be read", "")
			}
			return fail(CodePattern, "bad pattern: "+patternError(err), "")
		}
		return pattern{re: re, raw: text}
	}
	return p.typeWord(text, at, span)
}

func patternError(err error) string {
	var syntaxErr *syntax.Error
	if errors.As(err, &syntaxErr) {
		return fmt.Sprintf("%s: `%s`", syntaxErr.Code, syntaxErr.Expr)
	}
	return err.Error()
}

func (p *reader) typeWord(word string, at []string, span path.Span) matcher {
	if t := TypeNamed(word); t != nil {
		return isType{t, word}
	}
	if p.hides(word) {
		return p.invalid(at, CodeType, "`is` takes a type, and `%s` is none", p.shown(word))
	}
	if isOpaque(word) {
		return invalid{"the template `" + word + "` could not be resolved"}
	}
	problem := Problem{At: at, Within: span, Severity: Error, Code: CodeType}
	near := nearest(word, typeNames())
	prefix := ""
	if span.End > 0 {
		prefix = "is "
	}
	switch {
	case strings.HasPrefix(word, "not "):
		problem.Message = fmt.Sprintf("`is` takes a type, and `%s` is none", word)
		if word == "not null" || word == "not nil" {
			problem.Message += "; `exists` asks for a value that is not null"
			if prefix != "" {
				problem.Fix = "exists"
				problem.Within = path.Span{}
			}
		}
	case near != "":
		problem.Message = fmt.Sprintf("unknown type `%s`; did you mean `%s`?", word, near)
		problem.Within, problem.Fix = path.Span{}, prefix+near
	default:
		problem.Message = fmt.Sprintf("unknown type `%s`; the types are %s; text that begins with `is` is written {eq: …}",
			word, strings.Join(typeNames(), ", "))
	}
	p.add(problem)
	return invalid{problem.Message}
}
