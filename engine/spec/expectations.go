package spec

import (
	"strings"

	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// SpanOf finds where an assertion's key path stands, such as ["body", "name"]: the key's value, or the nearest place
// above it that the user wrote. It counts from where the test does.
func (e *Expect) SpanOf(at []string) text.Span {
	value, _ := e.Locate(at)
	return value
}

// Locate is SpanOf, and the span of the key itself; the key's span is zero where the path ends in a list's item, or at
// the whole of `expect`.
func (e *Expect) Locate(at []string) (value, key text.Span) {
	if e == nil {
		return text.Span{}, text.Span{}
	}
	if e.Node.IsZero() {
		return e.part, text.Span{}
	}
	return Locate(e.Node, at)
}

// Locate walks down from a node along keys and indices as far as they exist, and returns the span of the value it
// reached and of the key that led there. Keys match exactly, else dotted keys are tried, else without regard to case.
func Locate(n syntax.Node, at []string) (value, key text.Span) {
	n, key = locate(n, at)
	if n.Omitted() && !key.IsEmpty() {
		return key, key
	}
	return n.Span(), key
}

// locate is Locate for who wants the node.
func locate(n syntax.Node, at []string) (value syntax.Node, key text.Span) {
	for len(at) > 0 {
		e, used := step(n.Resolve(), at)
		if used == 0 {
			break
		}
		key = text.Span{}
		if !e.Key.IsZero() {
			key = e.Key.Span()
		}
		n, at = e.Value, at[used:]
	}
	return n, key
}

// Replaceable is where another value can be written in place of the one that at leads to, and the span of its key. A tag is
// replaced with its value, an anchor stays, since others may name it. It is empty where nothing is written, and where what is
// there came through an alias from another test: the alias stands for more than this value.
func (e *Expect) Replaceable(at []string) (value, key text.Span) {
	if e == nil || e.Node.IsZero() {
		return text.Span{}, text.Span{}
	}
	n, key := locate(e.Node, at)
	if n.Omitted() || n.Foreign() {
		return text.Span{}, key
	}
	if n.TagText() == "" {
		return n.Span(), key
	}
	value = n.FullSpan()
	if anchor := n.AnchorSpan(); anchor.Start == value.Start && !anchor.IsEmpty() {
		value.Start = anchor.End + 1
	} else if !anchor.IsEmpty() {
		return text.Span{}, key // the anchor stands between the tag and the value
	}
	return value, key
}

// step is one step of Locate: the entry that the path leads to, and how many of its segments that took.
func step(n syntax.Node, at []string) (syntax.Entry, int) {
	switch n.Kind() {
	case syntax.Sequence:
		items := n.Items()
		if i, ok := index(at[0], len(items)); ok {
			return syntax.Entry{Value: items[i], Span: items[i].Span()}, 1
		}
	case syntax.Mapping:
		return find(n.Merged(), at)
	}
	return syntax.Entry{}, 0
}

// find is the entry that a path leads to, and how many of its segments that took: the exact key, else several segments
// joined by dots, else the key in another case.
func find(entries []syntax.Entry, at []string) (syntax.Entry, int) {
	if e, ok := entryOf(entries, at[0]); ok {
		return e, 1
	}
	for used := len(at); used > 1; used-- {
		if e, ok := entryOf(entries, strings.Join(at[:used], ".")); ok {
			return e, used
		}
	}
	if e, ok := entryNamed(entries, at[0]); ok {
		return e, 1
	}
	return syntax.Entry{}, 0
}

func index(s string, n int) (int, bool) {
	i := 0
	for _, r := range s {
		if r < '0' || r > '9' || i > n {
			return 0, false
		}
		i = i*10 + int(r-'0')
	}
	return i, s != "" && i < n
}

// expect reads `expect` or `retry.until`.
func (l *testReader) expect(e syntax.Entry, place string) *Expect {
	x := &Expect{Node: e.Value, Key: e.Key}
	l.nested(e.Value, place)
	l.judge(x)
	return x
}

// lineExpect is the expectation of a one-line test.
func (l *testReader) lineExpect(item syntax.Node, s text.Span) *Expect {
	status := partOf(item, s)
	l.template(&status, "expect.status")
	x := &Expect{status: status.Value, part: status.Span()}
	parsed, found := expect.Parse(x.value())
	x.Empty = parsed.Empty()
	for _, p := range found {
		// Whoever writes a line wants it judged by its status, so what no status can meet is a slip and no expectation.
		if p.Severity == expect.Error || p.Code == expect.CodeStatus {
			p.Severity = expect.Fatal
		}
		l.add(x.problem(p))
	}
	return x
}

// judge parses the expectations and takes over what is wrong with them.
func (l *testReader) judge(x *Expect) {
	parsed, found := expect.Parse(x.value())
	x.Empty = parsed.Empty()
	for _, p := range found {
		l.add(x.problem(p))
	}
}

// value is what the expectations are as a value.
func (e *Expect) value() any {
	if e.Node.IsZero() {
		return map[string]any{"status": e.status}
	}
	return e.Node.Any()
}

// Raw are the expectations as a value. The caller must not change it.
func (e *Expect) Raw() any {
	e.parse()
	return e.raw
}

// Parsed are the expectations, ready to be held against a response.
func (e *Expect) Parsed() *expect.Expect {
	e.parse()
	return e.parsed
}

func (e *Expect) parse() {
	e.once.Do(func() {
		e.raw = e.value()
		e.parsed, _ = expect.Parse(e.raw)
	})
}

// problem places a problem of the expectations.
func (e *Expect) problem(p expect.Problem) Problem {
	value, key := e.Locate(p.At)
	span := value
	if p.OnKey && !key.IsEmpty() {
		span = key
	}
	problem := Problem{Span: span, Code: p.Code, Message: p.Message}
	switch p.Severity {
	case expect.Fatal:
		problem.Fatal = true
	case expect.Warning:
		problem.Severity = SeverityWarning
	}
	if p.Fix != "" {
		problem.Fixes = []Fix{{Title: "Replace with " + quote(shorten(p.Fix)), Edits: []text.Edit{{Span: span, New: p.Fix}}}}
	}
	if n := e.nodeAt(p.At); p.Within != (expect.Problem{}).Within && n.Kind() == syntax.Scalar && !p.OnKey {
		problem.Span = within(n, 0, p.Within)
	}
	return problem
}

// nodeAt is the value that a key path leads to; the zero Node where it ends early.
func (e *Expect) nodeAt(at []string) syntax.Node {
	n := e.Node
	for len(at) > 0 {
		entry, used := step(n.Resolve(), at)
		if used == 0 {
			return syntax.Node{}
		}
		n, at = entry.Value, at[used:]
	}
	return n
}
