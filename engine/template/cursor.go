package template

import (
	"slices"

	"github.com/speclens/speclens/engine/path"
)

// CursorKind says what kind of thing is being typed.
type CursorKind uint8

const (
	// CursorOutside is plain text, or a place inside a template where nothing can be offered.
	CursorOutside CursorKind = iota
	// CursorRoot is the first word: fake, env, an alias, a saved name.
	CursorRoot
	// CursorPath is a segment behind the root: a generator, a variable, a key; a method may stand there too.
	CursorPath
	// CursorMethod is the place behind a call, where most likely a method follows.
	CursorMethod
	// CursorArgument is an argument of a call.
	CursorArgument
)

// Cursor says what is being typed at an offset.
type Cursor struct {
	Kind CursorKind
	// Expr is the template around the offset, parsed as a whole; nil in plain text.
	Expr *Expr
	// Prefix is what stands between the beginning of the word and the offset. Span covers it; Replace goes on to the end
	// of the word, so that a completion can replace the rest too.
	Prefix        string
	Span, Replace Span
	// Root and Path are what stands before the word, for CursorPath and CursorMethod. For fake and env the path is what
	// was typed so far: segments, of which the first is the generator or variable.
	Root Root
	Path path.Path
	// Steps are the calls before the word.
	Steps []Step
	// Call names the call that Argument is in, Arg counts its arguments from 0, Quoted says that a quote is open.
	Call   string
	Arg    int
	Quoted bool
}

// At says what is being typed at byte i of the source. It also works where the template has no closing braces yet.
func (t *Template) At(i int) Cursor {
	n := slices.IndexFunc(t.Parts, func(p Part) bool { return p.Expr != nil && p.Expr.holds(i) })
	if n < 0 {
		return Cursor{Span: spanOf(i, i), Replace: spanOf(i, i)}
	}
	e := t.Parts[n].Expr
	// What stands before the offset is read as if the text ended there.
	typed := &Expr{Span: spanOf(e.Span.Start, i)}
	p := &parser{s: t.Source[:i], end: i, expr: typed}
	p.parse(e.Span.Start + 2)
	c := Cursor{
		Kind: p.tail.kind, Expr: e, Root: typed.Root, Path: p.path, Steps: typed.Steps,
		Call: p.tail.call, Arg: p.tail.arg, Quoted: p.tail.quoted,
	}
	c.Span = spanOf(p.tail.start, i)
	if c.Kind == CursorOutside || c.Span.Start > i {
		c.Span.Start = i
	}
	c.Prefix = t.Source[c.Span.Start:i]
	if c.Kind != CursorArgument && c.Prefix != "" && blank(c.Prefix[len(c.Prefix)-1]) {
		c.Kind = CursorOutside // behind a finished word
	}
	c.dropTyped()
	c.Replace = spanOf(c.Span.Start, wordEnd(t.Source, i))
	return c
}

// holds says whether offset i is between the braces.
func (e *Expr) holds(i int) bool {
	end := e.Span.End
	if e.Closed {
		end -= 2
	}
	return e.Span.Start+2 <= i && i <= end
}

// dropTyped takes the word being typed out of Path and Steps, which hold what stands before it.
func (c *Cursor) dropTyped() {
	if c.Kind != CursorPath && c.Kind != CursorMethod {
		return
	}
	c.Path.Segments = before(c.Path.Segments, c.Span.Start)
	if n := len(c.Steps); n > 0 && c.Steps[n-1].Call == nil {
		step := c.Steps[n-1]
		step.Path.Segments = before(step.Path.Segments, c.Span.Start)
		c.Steps = slices.Clone(c.Steps[:n-1])
		if len(step.Path.Segments) > 0 {
			c.Steps = append(c.Steps, step)
		}
	}
}

func before(segments []path.Segment, offset int) []path.Segment {
	n := slices.IndexFunc(segments, func(s path.Segment) bool { return s.Span.Start >= offset })
	if n < 0 {
		return segments
	}
	return segments[:n:n]
}

func wordEnd(s string, i int) int {
	for i < len(s) {
		c := s[i]
		if c != '_' && c != '-' && c < 0x80 && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		i++
	}
	return i
}
