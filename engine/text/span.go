package text

import "fmt"

// Span is a half-open range of byte offsets, [Start, End).
type Span struct{ Start, End int }

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// IsEmpty reports whether the span holds no byte.
func (s Span) IsEmpty() bool { return s.End <= s.Start }

// Contains reports whether off lies in the span or right behind it. A cursor behind the last letter of a word still
// touches the word, so both ends count.
func (s Span) Contains(off int) bool { return s.Start <= off && off <= s.End }

// Covers reports whether every byte of o lies in the span.
func (s Span) Covers(o Span) bool { return s.Start <= o.Start && o.End <= s.End }

// Shift is the span moved by delta bytes.
func (s Span) Shift(delta int) Span { return Span{s.Start + delta, s.End + delta} }

// Intersects reports whether the two spans share a byte, or touch where one of them is empty.
func (s Span) Intersects(o Span) bool {
	if s.IsEmpty() || o.IsEmpty() {
		return s.Start <= o.End && o.Start <= s.End
	}
	return s.Start < o.End && o.Start < s.End
}

// Union is the smallest span that covers both.
func (s Span) Union(o Span) Span { return Span{min(s.Start, o.Start), max(s.End, o.End)} }

// String writes the span as "start-end", for messages of tests.
func (s Span) String() string { return fmt.Sprintf("%d-%d", s.Start, s.End) }

// Encoding says in which units a column counts.
type Encoding uint8

// The position encodings of LSP 3.17.
const (
	UTF8  Encoding = iota // columns count bytes
	UTF16                 // columns count UTF-16 code units, the protocol's default
	UTF32                 // columns count Unicode code points
)

// Position is a place as editors name it: a 0-based line, and a 0-based column in the units of an Encoding.
type Position struct{ Line, Column int }

// Edit replaces the bytes of Span by New.
type Edit struct {
	Span Span
	New  string
}
