// Package render turns findings and foreign text into lines for a terminal: source excerpts with carets, and text in
// which nothing can steer the terminal or a CI log.
//
// It must not know where findings come from or which output format they are for.
package render

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

// tabWidth is how far apart tab stops are in an excerpt.
const tabWidth = 4

// maxExcerpt is how many columns of a source line an excerpt shows.
const maxExcerpt = 160

// Printable makes foreign text harmless: control characters other than line feed and tab, bytes that are no UTF-8, the
// characters that reorder text, and what a CI system takes for a command anywhere in a line become visible escapes. A
// terminal or a CI log then shows them instead of obeying them.
func Printable(s string) string {
	if strings.Contains(s, "##") {
		s = logCommand.ReplaceAllString(s, `${1}\x5b`)
	}
	if utf8.ValidString(s) && !strings.ContainsFunc(s, text.Steers) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !text.Steers(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// logCommand is the old form of a command to a CI system, which is obeyed wherever in a line it stands.
var logCommand = regexp.MustCompile(`(?i)(##(?:vso)?)\[`)

// Block is foreign text of several lines, each behind a prefix, so that none of it stands where a line begins: a CI system
// looks there for commands, behind blanks too. The prefix must begin with something else. An empty text is no line.
func Block(s, prefix string) string {
	if s == "" {
		return ""
	}
	return prefix + strings.ReplaceAll(strings.TrimRight(Printable(s), "\n"), "\n", "\n"+prefix) + "\n"
}

// JSON makes an encoded JSON text harmless in the same way: what would steer is written as an escape of JSON, so the
// values stay what they are.
func JSON(encoded []byte) []byte {
	s := string(encoded)
	if strings.Contains(s, "##") {
		s = logCommand.ReplaceAllString(s, `${1}\u005b`)
	}
	if !strings.ContainsFunc(s, text.Steers) {
		return []byte(s)
	}
	var b bytes.Buffer
	for _, r := range s {
		switch {
		case !text.Steers(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.Bytes()
}

// PrintableLine is Printable on one line: line feeds and tabs are escaped too.
func PrintableLine(s string) string {
	s = Printable(s)
	if !strings.ContainsAny(s, "\n\t") {
		return s
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s)
}

// Path is how a document is named on a terminal: relative to the working folder where that is shorter.
func Path(uri, workDir string) string {
	path := engine.PathFromURI(uri)
	if path == "" {
		return lineStart(PrintableLine(uri))
	}
	if rel, err := filepath.Rel(workDir, path); err == nil && len(rel) < len(path) {
		path = rel
	}
	return lineStart(PrintableLine(path))
}

// lineStart keeps a name that stands at the beginning of a line from being a command to a CI system.
func lineStart(path string) string {
	if strings.HasPrefix(strings.TrimLeftFunc(path, unicode.IsSpace), "::") {
		return "./" + path
	}
	return path
}

// Position is the 1-based line and column of an offset, as editors count: columns in UTF-16 units.
func Position(t *text.Text, offset int) (line, column int) {
	p := t.Position(offset, text.UTF16)
	return p.Line + 1, p.Column + 1
}

// Excerpt is the source line in which a span begins, with a line number before it and marks under the span. Every line
// of it begins with indent.
func Excerpt(t *text.Text, span text.Span, mark rune, indent string) string {
	line := t.LineAt(span.Start)
	whole := around(t.LineSpan(line), span)
	src := t.Slice(whole)
	start := min(max(span.Start-whole.Start, 0), len(src))
	end := min(max(span.End-whole.Start, start), len(src))
	before, under, after := Printable(src[:start]), Printable(src[start:end]), Printable(src[end:])
	lead, body := expand(before, 0), ""
	body = expand(under, columns(lead))
	full := lead + body + expand(after, columns(lead)+columns(body))
	cut := 0
	if columns(lead)+min(columns(body), 40) > maxExcerpt {
		cut = columns(lead) - 20
	}
	full = clip(full, cut)
	number := strconv.Itoa(line + 1)
	gutter := strings.Repeat(" ", len(number))
	marks := max(1, min(columns(body), maxExcerpt-columns(lead)+cut))
	return fmt.Sprintf("%s%s │ %s\n%s%s │ %s%s\n", indent, number, full,
		indent, gutter, strings.Repeat(" ", columns(lead)-cut), strings.Repeat(string(mark), marks))
}

// around is what of a line can be seen in an excerpt, and more: a line may be a whole file, and there may be hundreds of
// findings on it.
func around(line, span text.Span) text.Span {
	const reach = 40 * maxExcerpt // in bytes; what people see as one character may take many
	line.Start = max(line.Start, span.Start-reach)
	line.End = min(line.End, span.Start+reach)
	return line
}

// clip shows a window of a long line.
func clip(s string, cut int) string {
	if cut == 0 && columns(s) <= maxExcerpt {
		return s
	}
	var b strings.Builder
	col := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		w := g.Width()
		if col >= cut && col+w <= cut+maxExcerpt {
			b.WriteString(g.Str())
		}
		col += w
	}
	if col > cut+maxExcerpt {
		b.WriteString("…")
	}
	return b.String()
}

// expand replaces tabs by blanks up to the next tab stop, counted from column.
func expand(s string, column int) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if g.Str() != "\t" {
			b.WriteString(g.Str())
			column += g.Width()
			continue
		}
		n := tabWidth - column%tabWidth
		b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return b.String()
}

// Clip cuts a line to at most width columns of a terminal; what is cut off is marked.
func Clip(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	var b strings.Builder
	col := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if col+g.Width() > width-1 {
			break
		}
		b.WriteString(g.Str())
		col += g.Width()
	}
	if width > 0 {
		b.WriteString("…")
	}
	return b.String()
}

// Width is how many columns of a terminal a line takes.
func Width(s string) int { return columns(s) }

func columns(s string) int { return uniseg.StringWidth(s) }
