package path

import (
	"fmt"
	"strconv"
	"strings"
)

// Span is a half-open range of byte offsets in the text that was parsed.
type Span struct{ Start, End int }

// Contains says whether offset i is inside s or at one of its ends.
func (s Span) Contains(i int) bool { return s.Start <= i && i <= s.End }

// Shift returns the span moved by n bytes.
func (s Span) Shift(n int) Span { return Span{s.Start + n, s.End + n} }

// Kind says how a segment was written.
type Kind uint8

const (
	// Name is plain text: a key, on a list an index, or `length`.
	Name Kind = iota
	// Index is a number in brackets.
	Index
	// Key is a quoted key in brackets, or a name with an escape: never an index, `length` or part of a dotted key.
	Key
	// Each is `#`, which goes on with every element of a list.
	Each
)

// Segment is one step of a path.
type Segment struct {
	Kind Kind
	// Text is the key, decoded.
	Text string
	// Index is the position meant, negative from the end; Numeric says that there is one.
	Index   int
	Numeric bool
	// Span covers the segment with its brackets and quotes, without the dot before it. TextSpan covers the key alone.
	Span, TextSpan Span
}

// Problem is something wrong with the writing of a path.
type Problem struct {
	Span    Span
	Code    string
	Message string
	// Fix, where not empty, is the text that should stand in place of the span.
	Fix string
}

// Codes of problems.
const (
	CodeEmpty        = "path.empty"
	CodeEmptySegment = "path.empty-segment"
	CodeBracket      = "path.bracket"
	CodeTooLong      = "path.too-long"
	CodeTrailingEach = "path.trailing-each"
)

// MaxSegments bounds a path, since the walk recurses.
const MaxSegments = 200

// Path is a parsed path. Its zero value means the whole value.
type Path struct {
	// Source is the text that the spans point into.
	Source   string
	Segments []Segment
	Problems []Problem
}

// IsWhole says whether the path means the whole value, as `.` does.
func (p Path) IsWhole() bool { return len(p.Segments) == 0 }

// Parse reads a path. It never fails: what is wrong is listed in Problems, and the rest can still be walked.
func Parse(s string) Path {
	p := Path{Source: s}
	if s == "." {
		return p
	}
	if s == "" {
		p.Problems = append(p.Problems, Problem{
			Code: CodeEmpty, Message: "empty path; write `.` for the whole value", Fix: ".",
		})
		return p
	}
	i := 0
	if s[0] == '.' {
		i = 1 // .a.b is a.b
	}
	for {
		seg, next, problem := Next(s, i, len(s), "")
		if problem != nil {
			p.Problems = append(p.Problems, *problem)
		}
		p.Segments = append(p.Segments, seg)
		i = next
		if i >= len(s) {
			break
		}
		if len(p.Segments) == MaxSegments {
			p.Problems = append(p.Problems, Problem{
				Span: Span{i, len(s)}, Code: CodeTooLong,
				Message: fmt.Sprintf("the path has more than %d segments; the rest is ignored", MaxSegments),
			})
			break
		}
		if s[i] == '.' {
			i++
		}
	}
	if n := len(p.Segments); p.Segments[n-1].Kind == Each {
		p.Problems = append(p.Problems, Problem{
			Span: p.Segments[n-1].Span, Code: CodeTrailingEach, Fix: "length",
			Message: "`#` stands for each element and wants a path after it; `length` is the number of elements",
		})
	}
	return p
}

// Next reads the segment of s[:end] that begins at i: behind a dot, or at a bracket. A plain name ends at a dot, a
// bracket or one of the bytes in stops, and blanks around it do not belong to it. next is where reading goes on.
func Next(s string, i, end int, stops string) (seg Segment, next int, problem *Problem) {
	if i < end && s[i] == '[' {
		return bracket(s, i, end)
	}
	start := i
	escaped := false
scan:
	for i < end {
		c := s[i]
		switch {
		case c == '\\' && i+1 < end:
			escaped = true
			i++
		case c == '.' || c == '[' || strings.IndexByte(stops, c) >= 0:
			break scan
		}
		i++
	}
	span := trim(s, Span{start, i})
	seg = Segment{Kind: Name, Text: s[span.Start:span.End], Span: span, TextSpan: span}
	switch {
	case escaped:
		seg.Kind, seg.Text = Key, unescape(seg.Text)
	default:
		if seg.Text == "#" {
			seg.Kind = Each
		}
		seg.Index, seg.Numeric = index(seg.Text)
	}
	if seg.Text == "" {
		problem = &Problem{Span: Span{start, i}, Code: CodeEmptySegment, Message: "a key is missing here"}
	}
	return seg, i, problem
}

// unescape takes each backslash away that stands before another character.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
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

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// index reads a plain decimal index; 007 and +1 are keys.
func index(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(n) != s {
		return 0, false
	}
	return n, true
}

// bracket reads [0], [-1], ["key"] or ['key'] at i. Other text in brackets is taken as a key, with a problem.
func bracket(s string, i, end int) (seg Segment, next int, problem *Problem) {
	start := i
	i++
	for i < end && blank(s[i]) {
		i++
	}
	if i < end && (s[i] == '"' || s[i] == '\'') {
		return quotedKey(s, start, i, end)
	}
	stop := strings.IndexByte(s[i:end], ']')
	closed := stop >= 0
	textEnd, next := end, end
	if closed {
		textEnd = i + stop
		next = textEnd + 1
	}
	textSpan := trim(s, Span{i, textEnd})
	text := s[textSpan.Start:textSpan.End]
	seg = Segment{Kind: Key, Text: text, Span: Span{start, next}, TextSpan: textSpan}
	if n, ok := index(text); ok {
		seg.Kind, seg.Index, seg.Numeric = Index, n, true
	}
	switch {
	case !closed:
		problem = &Problem{Span: seg.Span, Code: CodeBracket, Message: "`[` has no closing `]`"}
	case text == "":
		problem = &Problem{Span: seg.Span, Code: CodeEmptySegment, Message: "an index or a quoted key is missing in `[]`"}
	case text == "*":
		problem = &Problem{Span: seg.Span, Code: CodeBracket, Message: "`[*]` is not known here; did you mean `.#`?", Fix: ".#"}
	case seg.Kind == Key:
		problem = &Problem{
			Span: seg.Span, Code: CodeBracket, Fix: `["` + text + `"]`,
			Message: fmt.Sprintf("`[%s]` wants an index or a quoted key", text),
		}
	}
	return seg, next, problem
}

// quotedKey reads the rest of a bracket that holds a quote at open.
func quotedKey(s string, start, open, end int) (seg Segment, next int, problem *Problem) {
	quote := s[open]
	var text strings.Builder
	i := open + 1
	for i < end && s[i] != quote {
		if s[i] == '\\' && i+1 < end {
			i++
		}
		text.WriteByte(s[i])
		i++
	}
	textSpan := Span{open + 1, i}
	if i < end {
		i++ // the quote
		for i < end && blank(s[i]) {
			i++
		}
		if i < end && s[i] == ']' {
			i++
			return Segment{Kind: Key, Text: text.String(), Span: Span{start, i}, TextSpan: textSpan}, i, nil
		}
		// Whatever stands between the quote and the bracket is skipped, so that the path goes on behind it.
		if stop := strings.IndexByte(s[i:end], ']'); stop >= 0 {
			i += stop + 1
		}
	}
	span := Span{start, i}
	return Segment{Kind: Key, Text: text.String(), Span: span, TextSpan: textSpan}, i,
		&Problem{Span: span, Code: CodeBracket, Message: "the quoted key has no closing quote and `]`"}
}

// Quote writes key so that it can stand as one segment of a path, plain where possible.
func Quote(key string) string {
	_, numeric := index(key)
	if key != "" && key != "#" && key != "length" && !numeric && !strings.ContainsAny(key, ".[]()\\\"'{} \t\r\n") {
		return key
	}
	return `["` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"]`
}

// String writes the path so that it parses to the same segments.
func (p Path) String() string {
	if p.IsWhole() {
		return "."
	}
	return Join(p.Segments)
}

// Join writes segments as a path.
func Join(segments []Segment) string {
	var b strings.Builder
	for i, seg := range segments {
		text := seg.Text
		switch seg.Kind {
		case Index:
			text = "[" + strconv.Itoa(seg.Index) + "]"
		case Key:
			text = Quote(seg.Text)
			if text == seg.Text { // plain again, but it was written as a key only
				text = `["` + text + `"]`
			}
		}
		if i > 0 && !strings.HasPrefix(text, "[") {
			b.WriteByte('.')
		}
		b.WriteString(text)
	}
	return b.String()
}
