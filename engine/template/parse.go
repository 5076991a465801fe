package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/path"
)

// Parse reads a text with templates in it. It never fails: what is wrong is listed in Problems, and such templates stay
// as written when evaluated.
func Parse(s string) *Template {
	t := &Template{Source: s}
	text := 0 // where the plain text before the next template begins
	for i := 0; ; {
		open := strings.Index(s[i:], "{{")
		if open < 0 {
			break
		}
		open += i
		for strings.HasPrefix(s[open+1:], "{{") {
			open++ // of a run of braces the last two open the template: {"a":{{{ x }}}
		}
		if text < open {
			t.Parts = append(t.Parts, Part{Span: spanOf(text, open), Text: s[text:open]})
		}
		e := t.parseExpr(open)
		t.Parts = append(t.Parts, Part{Span: e.Span, Expr: e})
		i = e.Span.End
		text = i
	}
	if text < len(s) {
		t.Parts = append(t.Parts, Part{Span: spanOf(text, len(s)), Text: s[text:]})
	}
	return t
}

// parseExpr reads the template that opens at open.
func (t *Template) parseExpr(open int) *Expr {
	s := t.Source
	end, closed := findEnd(s, open+2)
	e := &Expr{Span: spanOf(open, end), Closed: closed}
	if closed {
		e.Span.End = end + 2
	}
	e.text = s[e.Span.Start:e.Span.End]
	p := &parser{s: s, end: end, expr: e}
	p.parse(open + 2)
	if !closed {
		p.fault(Problem{
			Span: e.Span, Code: CodeUnterminated, Fix: strings.TrimRight(e.text, " \t\r\n") + " }}",
			Message: "`{{` has no closing `}}`",
		})
	}
	t.Problems = append(t.Problems, p.problems...)
	return e
}

// findEnd returns the offset of the braces that close the template whose inside begins at i, or, with closed false, where
// an unterminated one ends. Braces inside quoted arguments and patterns do not close it.
func findEnd(s string, i int) (end int, closed bool) {
	start := i
	failed := 0 // bounds the looking ahead, so that hostile text takes linear time
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "}}"):
			return i, true
		case strings.HasPrefix(s[i:], "{{"):
			return naiveEnd(s, start)
		case failed > maxFailed:
		case s[i] == '(':
			isPattern := strings.TrimSpace(s[start:i]) == "regex"
			if _, next, ok := scanArgs(s, i+1, len(s), isPattern); ok {
				i = next
				continue
			}
			failed++
		case s[i] == '[' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\''):
			if _, next, problem := path.Next(s, i, len(s), ""); problem == nil {
				i = next
				continue
			}
			failed++
		}
		i++
	}
	return naiveEnd(s, start)
}

// maxFailed is how many calls and quoted keys that nothing closes are looked into before braces are taken as they come.
const maxFailed = 8

// naiveEnd takes the first closing braces there are, for a template whose quotes or parentheses do not add up.
func naiveEnd(s string, i int) (end int, closed bool) {
	end = len(s)
	if next := strings.Index(s[i:], "{{"); next >= 0 {
		end = i + next
	}
	if stop := strings.Index(s[i:end], "}}"); stop >= 0 {
		return i + stop, true
	}
	if line := strings.IndexByte(s[i:end], '\n'); line >= 0 {
		end = i + line
	}
	return end, false
}

// parser reads the inside of one template.
type parser struct {
	s        string
	end      int
	expr     *Expr
	problems []Problem
	tail     tail
	// path keeps the leading path of every kind of root, which Expr.Path does not.
	path path.Path
}

// tail is what the parser was reading when it came to the end: what is being typed there.
type tail struct {
	kind   CursorKind
	start  int // of the text being typed
	call   string
	arg    int
	quoted bool
}

func (p *parser) add(problem Problem) { p.problems = append(p.problems, problem) }

// fault adds a problem that keeps the template from being evaluated.
func (p *parser) fault(problem Problem) {
	p.add(problem)
	if p.expr.broken == nil {
		p.expr.broken = &problem
	}
}

func (p *parser) parse(i int) {
	for i < p.end && blank(p.s[i]) {
		i++
	}
	inner := i
	e := p.expr
	e.Inner = spanOf(i, p.end)
	for e.Inner.End > i && blank(p.s[e.Inner.End-1]) {
		e.Inner.End--
	}
	p.tail = tail{kind: CursorRoot, start: i}
	if i == p.end {
		e.Inner = spanOf(i, i)
		e.Root.Span = e.Inner
		p.fault(Problem{Span: e.Span, Code: CodeEmpty, Message: "the template is empty; write a name between the braces"})
		return
	}
	for i < p.end && strings.IndexByte(".[(", p.s[i]) < 0 {
		i++
	}
	e.Root.Span = trim(p.s, spanOf(inner, i))
	e.Root.Name = p.s[e.Root.Span.Start:e.Root.Span.End]
	e.Root.Kind = rootKind(e.Root.Name)
	if e.Root.Name == "" {
		p.fault(Problem{Span: spanOf(inner, i), Code: CodeIncomplete, Message: "a name is missing at the beginning"})
	}
	if i < p.end && p.s[i] == '(' {
		i = p.rootCall(i)
	}
	i = p.leading(i)
	p.path = e.Path
	p.finishRoot()
	p.chain(i)
}

func trim(s string, span Span) Span {
	for span.Start < span.End && blank(s[span.Start]) {
		span.Start++
	}
	for span.End > span.Start && blank(s[span.End-1]) {
		span.End--
	}
	return span
}

func rootKind(name string) RootKind {
	for _, r := range Roots {
		if r.Name == name {
			return r.Kind
		}
	}
	return Name
}

// rootCall reads the arguments of a root such as regex(…).
func (p *parser) rootCall(i int) int {
	root := &p.expr.Root
	root.Called = true
	args, next := p.args(i, root.Name, root.Kind == Regex)
	root.Args = args
	if root.Kind != Regex {
		problem := Problem{
			Span: root.Span, Code: CodeUnknownFunction,
			Message: fmt.Sprintf("unknown function `%s`; the only one is `regex('PATTERN')`", root.Name),
		}
		if path.Nearest(root.Name, []string{"regex"}) != "" {
			problem.Message += "; did you mean `regex`?"
			problem.Fix = "regex"
		}
		p.fault(problem)
	}
	return next
}

// args reads the arguments behind the parenthesis at i and reports one that is not closed.
func (p *parser) args(i int, call string, isPattern bool) (args []Arg, next int) {
	args, next, ok := scanArgs(p.s, i+1, p.end, isPattern)
	if ok {
		p.tail = tail{kind: CursorOutside}
		return args, next
	}
	p.fault(Problem{
		Span: spanOf(i, p.end), Code: CodeUnterminated,
		Message: fmt.Sprintf("`%s(` has no closing `)`", call),
	})
	p.tail = tail{kind: CursorArgument, start: p.end, call: call}
	if n := len(args); n > 0 {
		last := args[n-1]
		p.tail.arg, p.tail.start, p.tail.quoted = n-1, last.Span.Start, last.Quoted
		if last.Quoted {
			p.tail.start++
		}
	}
	return args, p.end
}

// leading reads the path behind the root, up to the first method. A generator may have arguments in parentheses.
func (p *parser) leading(i int) int {
	root, e := &p.expr.Root, p.expr
	e.Path.Source = p.s
	for i < p.end {
		seg, next, isCall, ok := p.link(i)
		if !ok {
			return p.garbage(i)
		}
		if isCall && !(root.Kind == Fake && len(e.Path.Segments) == 0 && seg.Kind == path.Name) {
			return i
		}
		e.Path.Segments = append(e.Path.Segments, seg)
		i = next
		if isCall {
			root.Called = true
			root.Args, i = p.args(next, seg.Text, false)
			return i
		}
		if len(e.Path.Segments) > path.MaxSegments {
			p.fault(Problem{
				Span: spanOf(i, p.end), Code: CodePath,
				Message: fmt.Sprintf("the path has more than %d segments", path.MaxSegments),
			})
			return p.end
		}
	}
	return i
}

// link reads the next segment or the name of the next call, at the dot or bracket at i. ok is false where there is neither.
func (p *parser) link(i int) (seg path.Segment, next int, isCall, ok bool) {
	start := i
	switch p.s[i] {
	case '.':
		start++
	case '[':
	default:
		return seg, i, false, false
	}
	seg, next, problem := path.Next(p.s, start, p.end, "(")
	p.tail = tail{kind: CursorPath, start: start}
	for p.tail.start < next && blank(p.s[p.tail.start]) {
		p.tail.start++
	}
	isCall = next < p.end && p.s[next] == '('
	if seg.Kind == path.Index || next > start && p.s[start] == '[' {
		if problem == nil {
			p.tail = tail{kind: CursorOutside}
		}
		isCall = false
	}
	if problem != nil && !isCall {
		p.pathProblem(*problem, next)
	}
	return seg, next, isCall, true
}

func (p *parser) pathProblem(problem path.Problem, next int) {
	code := CodePath
	if problem.Code == path.CodeEmptySegment && next == p.end {
		code = CodeIncomplete
		problem.Message = "a name is missing behind the dot"
	}
	p.fault(Problem{Span: problem.Span, Code: code, Message: problem.Message, Fix: problem.Fix})
}

// garbage reports text that is neither a dot nor a bracket, and returns where the chain goes on.
func (p *parser) garbage(i int) int {
	next := i
	for next < p.end && p.s[next] != '.' {
		next++
	}
	p.tail = tail{kind: CursorOutside}
	if span := trim(p.s, spanOf(i, next)); span.Start < span.End {
		p.fault(Problem{
			Span: span, Code: CodeUnexpected,
			Message: fmt.Sprintf("unexpected `%s`; a template is a name, a path and methods joined by dots", p.s[span.Start:span.End]),
		})
	}
	return next
}

// maxSteps bounds the methods of one template.
const maxSteps = 50

// chain reads the methods, and the paths behind them.
func (p *parser) chain(i int) {
	e := p.expr
	for i < p.end {
		if len(e.Steps) > maxSteps {
			p.fault(Problem{Span: spanOf(i, p.end), Code: CodePath, Message: fmt.Sprintf("the chain has more than %d links", maxSteps)})
			return
		}
		seg, next, isCall, ok := p.link(i)
		if !ok {
			i = p.garbage(i)
			continue
		}
		if isCall {
			i = p.method(seg, next)
			continue
		}
		i = next
		p.afterCall(seg)
		last := len(e.Steps) - 1
		if last < 0 || e.Steps[last].Call != nil {
			e.Steps = append(e.Steps, Step{Path: path.Path{Source: p.s}})
			last++
		}
		e.Steps[last].Path.Segments = append(e.Steps[last].Path.Segments, seg)
		if len(e.Steps[last].Path.Segments) > path.MaxSegments {
			p.fault(Problem{Span: spanOf(i, p.end), Code: CodePath, Message: "the path is too long"})
			return
		}
	}
}

// afterCall marks that what is typed behind a call is most likely a method.
func (p *parser) afterCall(seg path.Segment) {
	if p.tail.kind == CursorPath {
		p.tail.kind = CursorMethod
	}
	p.parentheses(seg)
}

// parentheses warns of a segment that is spelled like a method.
func (p *parser) parentheses(seg path.Segment) {
	if seg.Kind != path.Name || methodNamed(seg.Text) == nil {
		return
	}
	p.add(Problem{
		Span: seg.Span, Code: CodeParentheses, Warning: true, Fix: seg.Text + "()",
		Message: fmt.Sprintf("`%s` is read as a key; the method is written `%s`", seg.Text, methodNamed(seg.Text).Signature),
	})
}

// method reads the arguments of the call named by seg and checks it against the table.
func (p *parser) method(seg path.Segment, open int) int {
	call := &Call{Name: seg.Text, NameSpan: seg.Span, method: methodNamed(seg.Text)}
	args, next := p.args(open, seg.Text, false)
	call.Args = args
	call.Span = spanOf(seg.Span.Start, next)
	p.expr.Steps = append(p.expr.Steps, Step{Call: call})
	if call.method == nil {
		p.unknownMethod(call)
		return next
	}
	if quoted := func(a Arg) bool { return a.Quoted }; len(call.method.Params) == 1 && len(args) > 1 && p.s[next-1] == ')' &&
		!slices.ContainsFunc(args, quoted) {
		// A method of one argument takes commas as text, so that Split(,) means what it looks like. Quotes end arguments.
		span := trim(p.s, spanOf(open+1, next-1))
		call.Args = []Arg{{Span: span, Text: p.s[span.Start:span.End]}}
	}
	if problem := call.method.check(call); problem != nil {
		p.fault(*problem)
	}
	return next
}

func (p *parser) unknownMethod(call *Call) {
	problem := Problem{Span: call.NameSpan, Code: CodeUnknownMethod, Message: fmt.Sprintf("unknown method `%s`", call.Name)}
	if near := path.Nearest(call.Name, methodNames()); near != "" {
		problem.Message += fmt.Sprintf("; did you mean `%s`?", near)
		problem.Fix = near
	}
	if call.Name == "" {
		problem.Message = "a method name is missing before `(`"
	}
	p.fault(problem)
}

// finishRoot sorts out what the leading path means for roots that do not walk one.
func (p *parser) finishRoot() {
	e := p.expr
	root := &e.Root
	segments := e.Path.Segments
	switch root.Kind {
	case Fake, Env:
		e.Path = path.Path{}
		if len(segments) == 0 {
			p.noKey()
			return
		}
		root.Key, root.KeySpan = segments[0].Text, segments[0].Span
		if root.Kind == Env {
			if last := len(segments) - 1; last > 0 {
				root.KeySpan.End = segments[last].Span.End
				root.Key = p.s[root.KeySpan.Start:root.KeySpan.End]
				p.parentheses(segments[last])
			}
			return
		}
		p.generator(segments[1:])
	case Regex:
		for _, seg := range segments {
			p.parentheses(seg)
		}
		if len(segments) > 0 && root.Called {
			e.Steps = append(e.Steps, Step{Path: e.Path})
			p.tailAfterRegex()
		}
		e.Path = path.Path{}
		p.pattern()
	case Matrix:
		if len(segments) == 0 {
			p.noKey()
			return
		}
		fallthrough
	default:
		for _, seg := range segments {
			p.parentheses(seg)
		}
	}
}

func (p *parser) tailAfterRegex() {
	if p.tail.kind == CursorPath {
		p.tail.kind = CursorMethod
	}
}

// noKey reports a root that wants a key and has none, unless something else was already reported.
func (p *parser) noKey() {
	if p.expr.broken != nil {
		return
	}
	what := map[RootKind]string{Fake: "the name of a generator", Env: "the name of a variable", Matrix: "a key of the matrix"}
	root := p.expr.Root
	p.fault(Problem{
		Span: root.Span, Code: CodeIncomplete,
		Message: fmt.Sprintf("`%s` wants %s behind a dot, such as `%s`", root.Name, what[root.Kind], exampleOf(root.Kind)),
	})
}

func exampleOf(kind RootKind) string {
	for _, r := range Roots {
		if r.Kind == kind {
			return r.Example
		}
	}
	return ""
}
