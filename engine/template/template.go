package template

import (
	"slices"

	"github.com/speclens/speclens/engine/path"
)

// Span is a half-open range of byte offsets in the text that was parsed.
type Span = path.Span

// Template is a parsed text with templates in it. It is immutable and may be evaluated by many goroutines at once.
type Template struct {
	Source string
	// Parts follow each other without gaps and add up to Source.
	Parts []Part
	// Problems lists what is wrong, in order of appearance.
	Problems []Problem
}

// Part is a stretch of plain text, or one template.
type Part struct {
	Span Span
	Text string // plain text; empty where Expr is set
	Expr *Expr
}

// RootKind says what a template begins with.
type RootKind uint8

const (
	// Name is an alias, a saved value or a key of the matrix.
	Name RootKind = iota
	Fake
	Env
	Regex
	Prev
	Matrix
)

// Expr is one `{{ … }}`.
type Expr struct {
	// Span covers the braces too. An expression without closing braces ends at the next `{{` or at the end of its line.
	Span Span
	// Inner covers what stands between the braces, without the blanks around it.
	Inner  Span
	Closed bool
	Root   Root
	// Path is what follows the root up to the first call, for the roots Name, Prev and Matrix.
	Path path.Path
	// Steps follow: methods, and paths behind methods.
	Steps []Step

	text string
	// broken is set where a problem makes evaluation pointless; invalid where it is an error even at run time.
	broken, invalid *Problem
}

// Root is what a template begins with.
type Root struct {
	Kind RootKind
	// Name is the first word as written, such as fake or auth.
	Name string
	Span Span
	// Key is the name of the generator or of the environment variable; empty for other kinds.
	Key     string
	KeySpan Span
	// Args are the arguments of a generator, dotted or in parentheses, or the pattern of regex.
	Args []Arg
	// Called says that the arguments stand in parentheses.
	Called bool

	generator *Generator
}

// Step is one link of the chain behind the root and its path: a method call, or a path into what the method returned.
type Step struct {
	Call *Call
	Path path.Path
}

// Call is a method call.
type Call struct {
	Name     string
	NameSpan Span
	// Span runs from the name to the closing parenthesis.
	Span Span
	Args []Arg

	method *Method
}

// Arg is one argument of a call or of a generator.
type Arg struct {
	// Span covers the quotes too.
	Span   Span
	Text   string // decoded
	Quoted bool
}

// Problem is something wrong in a template.
type Problem struct {
	Span    Span
	Code    string
	Message string
	// Warning says that the template still works.
	Warning bool
	// Fix, where not empty, is the text that should stand in place of the span.
	Fix string
}

// Codes of problems and warnings.
const (
	CodeUnterminated     = "template.unterminated"
	CodeEmpty            = "template.empty"
	CodeIncomplete       = "template.incomplete"
	CodeUnexpected       = "template.unexpected"
	CodeUnknownMethod    = "template.unknown-method"
	CodeUnknownGenerator = "template.unknown-generator"
	CodeUnknownFunction  = "template.unknown-function"
	CodeLimit            = "template.limit"
	CodeArguments        = "template.arguments"
	CodePattern          = "template.pattern"
	CodeLayout           = "template.layout"
	CodeParentheses      = "template.parentheses"
	CodePath             = "template.path"
	CodeUnresolved       = "template.unresolved"
	CodeMethodFailed     = "template.method-failed"
)

// HasExprs says whether there is any `{{` in the text.
func (t *Template) HasExprs() bool {
	return slices.ContainsFunc(t.Parts, func(p Part) bool { return p.Expr != nil })
}

// Exprs returns the templates of the text in order.
func (t *Template) Exprs() []*Expr {
	var exprs []*Expr
	for _, p := range t.Parts {
		if p.Expr != nil {
			exprs = append(exprs, p.Expr)
		}
	}
	return exprs
}

// Whole returns the only template of a text that consists of nothing else but blanks around it. Its value keeps its type.
func (t *Template) Whole() (*Expr, bool) {
	var whole *Expr
	for _, p := range t.Parts {
		switch {
		case p.Expr == nil && !isBlank(p.Text):
			return nil, false
		case p.Expr != nil && (whole != nil || !p.Expr.Closed):
			return nil, false
		case p.Expr != nil:
			whole = p.Expr
		}
	}
	return whole, whole != nil
}

// Ref is one name that a template refers to.
type Ref struct {
	Kind RootKind
	// Name is the generator (Fake), the variable (Env), the key (Matrix), the pattern (Regex), or the alias, saved name
	// or matrix key (Name). It is empty for Prev, and where it is not typed yet.
	Name     string
	NameSpan Span
	// RootSpan covers the first word.
	RootSpan Span
	// Path is what follows the name, for the kinds Name, Prev and Matrix. An alias may hold dots, so a reader who does
	// not know Name may try it with the first segments joined on.
	Path path.Path
	// Optional says that a Default method follows, so that a missing value is no fault.
	Optional bool
	Expr     *Expr
}

// Refs lists what the text refers to, in order.
func (t *Template) Refs() []Ref {
	var refs []Ref
	for _, e := range t.Exprs() {
		if e.Inner.Start < e.Inner.End {
			refs = append(refs, e.Ref())
		}
	}
	return refs
}

// Ref says what the template refers to.
func (e *Expr) Ref() Ref {
	ref := Ref{Kind: e.Root.Kind, Name: e.Root.Name, NameSpan: e.Root.Span, RootSpan: e.Root.Span, Path: e.Path, Expr: e}
	switch e.Root.Kind {
	case Fake, Env:
		ref.Name, ref.NameSpan = e.Root.Key, e.Root.KeySpan
	case Regex:
		ref.Name, ref.NameSpan = "", spanOf(e.Root.Span.End, e.Root.Span.End)
		if len(e.Root.Args) > 0 {
			ref.Name, ref.NameSpan = e.Root.Args[0].Text, e.Root.Args[0].Span
		}
	case Prev:
		ref.Name = ""
	case Matrix:
		ref.Name, ref.NameSpan = "", spanOf(e.Root.Span.End, e.Root.Span.End)
		if len(e.Path.Segments) > 0 {
			ref.Name, ref.NameSpan = e.Path.Segments[0].Text, e.Path.Segments[0].Span
			ref.Path.Segments = e.Path.Segments[1:]
		}
	}
	ref.Optional = e.HasDefault()
	return ref
}

// HasDefault says whether a Default method makes up for a missing value.
func (e *Expr) HasDefault() bool {
	return slices.ContainsFunc(e.Steps, func(s Step) bool { return s.Call != nil && s.Call.Name == "Default" })
}

// Methods lists the method calls in order.
func (e *Expr) Methods() []*Call {
	var calls []*Call
	for _, s := range e.Steps {
		if s.Call != nil {
			calls = append(calls, s.Call)
		}
	}
	return calls
}

// String is the template as written.
func (e *Expr) String() string { return e.text }

func isBlank(s string) bool {
	for i := range len(s) {
		if !blank(s[i]) {
			return false
		}
	}
	return true
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func spanOf(start, end int) Span { return Span{Start: start, End: end} }
