// Package dotenv reads `.env` files. It knows neither folders nor who uses the variables.
//
// There is no standard for these files; this is the grammar of the spec language: `NAME=value` with any name up to the first
// `=`, an `export` before it, comments at the start of a line or behind a blank, single quotes that take everything literally,
// and double quotes over several lines with escapes. A `$` stands for itself: nothing is expanded, so that a password with one is
// sent as it is written, and a file costs no more than its length.
package dotenv

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/text"
)

// The limits of a file. One that needs more is no list of settings.
const (
	MaxFile  = 1 << 20
	MaxValue = 64 << 10
	MaxLines = 10_000
	// maxProblems is how many problems are told one by one.
	maxProblems = 100
)

// The stable codes of problems.
const (
	CodeSyntax   = "env.syntax"   // a line that is none of a `.env` file
	CodeLimit    = "env.limit"    // more than the limits
	CodeEncoding = "env.encoding" // bytes that are no UTF-8
)

// Problem is a line that does not count. Its message never quotes the line, which may hold a secret.
type Problem struct {
	// Span lies in the text without its byte order mark.
	Span          text.Span
	Code, Message string
}

// File is what a `.env` file says.
type File struct {
	// Text is the content without its byte order mark.
	Text string
	// Vars are the variables of the good lines; of one that stands twice the last one counts, as in a shell.
	Vars     map[string]string
	Problems []Problem
}

const bom = "\uFEFF"

// Parse reads a file. It never fails: what is wrong is listed, and the good lines count.
func Parse(content string) File {
	content = strings.TrimPrefix(content, bom)
	r := &reader{s: content, file: File{Text: content, Vars: map[string]string{}}}
	switch {
	case len(content) > MaxFile:
		r.file.Text = ""
		r.problem(text.Span{}, CodeLimit, "this file has %d bytes, and a `.env` file has at most %d; none of its variables counts", len(content), MaxFile)
	case strings.HasPrefix(content, "\xff\xfe"), strings.HasPrefix(content, "\xfe\xff"):
		r.problem(text.Span{}, CodeEncoding, "this file is UTF-16; save it as UTF-8")
	default:
		r.lines()
	}
	return r.file
}

type reader struct {
	s    string
	at   int
	file File
	more int // problems beyond maxProblems
}

func (r *reader) problem(span text.Span, code, format string, args ...any) {
	if len(r.file.Problems) == maxProblems {
		r.more++
		return
	}
	r.file.Problems = append(r.file.Problems, Problem{Span: span, Code: code, Message: fmt.Sprintf(format, args...)})
}

// lines reads one assignment after the other.
func (r *reader) lines() {
	for n := 0; r.at < len(r.s); n++ {
		if n == MaxLines {
			r.problem(text.Span{Start: r.at, End: r.lineEnd(r.at)}, CodeLimit, "a `.env` file has at most %d lines; those from here on do not count", MaxLines)
			break
		}
		r.line()
	}
	if r.more > 0 {
		last := r.file.Problems[maxProblems-1]
		last.Message += fmt.Sprintf("; %d more lines of this file are wrong", r.more)
		r.file.Problems[maxProblems-1] = last
	}
}

// lineEnd is where the line of an offset ends, without its line break.
func (r *reader) lineEnd(at int) int {
	if i := strings.IndexAny(r.s[at:], "\r\n"); i >= 0 {
		return at + i
	}
	return len(r.s)
}

// next is where the line behind a line's end begins.
func (r *reader) next(end int) int {
	switch {
	case strings.HasPrefix(r.s[end:], "\r\n"):
		return end + 2
	case end < len(r.s):
		return end + 1
	}
	return end
}

const blanks = " \t"

// line reads the assignment that begins at the reader's place, and moves behind it.
func (r *reader) line() {
	start := r.at
	end := r.lineEnd(start)
	r.at = r.next(end)
	raw := r.s[start:end]
	trimmed := strings.Trim(raw, blanks)
	if trimmed == "" || trimmed[0] == '#' {
		return
	}
	start += strings.Index(raw, trimmed)
	span := text.Span{Start: start, End: start + len(trimmed)}
	eq := strings.IndexByte(trimmed, '=')
	if eq < 0 {
		r.problem(span, CodeSyntax, "this line has no `=`; a variable is written NAME=value, and a comment begins with `#`")
		return
	}
	name := strings.TrimRight(trimmed[:eq], blanks)
	if after, ok := strings.CutPrefix(name, "export"); ok && strings.TrimLeft(after, blanks) != after {
		name = strings.TrimLeft(after, blanks)
	}
	if name == "" {
		r.problem(span, CodeSyntax, "there is no name before the `=`")
		return
	}
	value, wrong := r.value(start+eq+1, end)
	if wrong == nil {
		wrong = fits(name, value, span)
	}
	if wrong != nil {
		r.problem(wrong.Span, wrong.Code, "%s", wrong.Message)
		return
	}
	r.file.Vars[name] = value
}

// fits holds a variable against what can be sent at all.
func fits(name, value string, span text.Span) *Problem {
	switch {
	case !utf8.ValidString(name) || !utf8.ValidString(value):
		return &Problem{span, CodeEncoding, "this line is not UTF-8; save the file as UTF-8"}
	case strings.ContainsRune(name, 0) || strings.ContainsRune(value, 0):
		return &Problem{span, CodeSyntax, "this line holds a NUL byte"}
	case len(value) > MaxValue:
		return &Problem{span, CodeLimit, fmt.Sprintf("this value has %d bytes, and one has at most %d", len(value), MaxValue)}
	}
	return nil
}

// value reads what stands from a place to the end of its line, or of a later one in double quotes.
func (r *reader) value(at, end int) (string, *Problem) {
	raw := r.s[at:end]
	trimmed := strings.TrimLeft(raw, blanks)
	if trimmed == "" {
		return "", nil
	}
	quote := at + len(raw) - len(trimmed)
	switch trimmed[0] {
	case '\'':
		return r.single(quote, end)
	case '"':
		return r.double(quote, end)
	}
	// A comment begins behind a blank; directly behind the `=` a `#` is the value's first character.
	for i := range raw {
		if raw[i] == '#' && i > 0 && strings.IndexByte(blanks, raw[i-1]) >= 0 {
			raw = raw[:i]
			break
		}
	}
	return strings.Trim(raw, blanks), nil
}

// single reads single quotes: everything inside stands for itself, and they end on their line.
func (r *reader) single(quote, end int) (string, *Problem) {
	length := strings.IndexByte(r.s[quote+1:end], '\'')
	if length < 0 {
		return "", &Problem{text.Span{Start: quote, End: end}, CodeSyntax, "this quote is not closed on its line; a value over several lines is put into double quotes"}
	}
	closed := quote + 1 + length
	if wrong := r.behind(closed+1, end); wrong != nil {
		return "", wrong
	}
	return r.s[quote+1 : closed], nil
}

// double reads double quotes, which may close on a later line. Where they do not, only their own line is lost: what stands below
// is read as lines of its own.
func (r *reader) double(quote, end int) (string, *Problem) {
	open := &Problem{text.Span{Start: quote, End: end}, CodeSyntax, "this quote is not closed"}
	var b strings.Builder
	for i := quote + 1; i < len(r.s); i++ {
		switch c := r.s[i]; c {
		case '\\':
			i += escape(&b, r.s[i+1:])
		case '\r':
			b.WriteByte('\n')
			if strings.HasPrefix(r.s[i:], "\r\n") {
				i++
			}
		case '"':
			last := r.lineEnd(i)
			wrong := r.behind(i+1, last)
			switch {
			case wrong != nil && last > end:
				open.Message += " on this line, and the next one below has text behind it"
				return "", open
			case wrong != nil:
				return "", wrong
			}
			r.at = r.next(last)
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
		if b.Len() > MaxValue+utf8.UTFMax {
			break // no need to look on: it is too long, or open
		}
	}
	if b.Len() > MaxValue {
		open.Code, open.Message = CodeLimit, fmt.Sprintf("this quote is not closed within %d bytes, which is the most that a value may have", MaxValue)
	}
	return "", open
}

// escape writes what a backslash and the text behind it stand for, and returns how many bytes behind it belong to it. One that
// means nothing stands for itself, as in a path of Windows.
func escape(b *strings.Builder, rest string) int {
	if rest != "" {
		if i := strings.IndexByte(`ntr"\`, rest[0]); i >= 0 {
			b.WriteByte("\n\t\r\"\\"[i])
			return 1
		}
	}
	b.WriteByte('\\')
	return 0
}

// behind refuses text behind a closing quote; a comment may stand there, with a blank before it.
func (r *reader) behind(at, end int) *Problem {
	rest := r.s[at:end]
	trimmed := strings.Trim(rest, blanks)
	if trimmed == "" || trimmed[0] == '#' && rest[0] != '#' {
		return nil
	}
	start := at + strings.Index(rest, trimmed)
	return &Problem{text.Span{Start: start, End: start + len(trimmed)}, CodeSyntax, "there is text behind the closing quote; put all of the value into quotes, or a blank and `#` before a comment"}
}
