package ide

import (
	"context"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// OnTypeTriggers are the characters behind which OnType has something to say: Enter, and what closes a flow collection.
var OnTypeTriggers = []string{"\n", "}", "]"}

// defaultIndent is how much deeper a level stands in a file that does not show it.
const defaultIndent = 2

// maxIndentScan bounds how far up the file's own indent is looked for.
const maxIndentScan = 500

// OnType are the edits that put a line in its column after typed was typed, and the cursor stands at offset. They change white
// space at the start of the line only, and take the blanks out of an empty line that Enter left behind. There are none
// where the line stands right, or where something else was typed into it by now.
//
// Below a key without a value, a block scalar's header or an open bracket, a new line stands one level deeper; else where the text
// above goes on. What comes next only the user knows, so nothing is ever moved to the left of that.
func OnType(ctx context.Context, snap *engine.Snapshot, uri string, offset int, typed string) []text.Edit {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind == engine.KindOther || ctx.Err() != nil {
		return nil
	}
	l := layout{text: doc.Text, tree: doc.Tree()}
	switch typed {
	case "\n", "\r\n", "\r":
		return l.afterEnter(offset)
	case "}", "]":
		return l.afterClosing(offset)
	}
	return nil
}

// layout answers where lines of a document should begin.
type layout struct {
	text *text.Text
	tree *syntax.Tree
}

func (l layout) afterEnter(offset int) []text.Edit {
	line := l.text.LineAt(offset)
	start := l.text.LineStart(line)
	if line == 0 || strings.TrimLeft(l.text.Slice(text.Span{Start: start, End: offset}), " \t") != "" {
		return nil // typed on already
	}
	above := line - 1
	for above >= 0 && isBlankLine(l.text.Line(above)) {
		above--
	}
	if above < 0 {
		return nil
	}
	column, goesOn := l.below(above)
	if above < line-1 {
		// The line before is empty: the cursor's column is the user's choice, and the editor keeps it. What was indented
		// for nothing goes away; blanks beyond the column would be part of a block scalar's text.
		if left := l.text.LineSpan(line - 1); left.Len() > 0 && left.Len() <= column {
			return []text.Edit{{Span: left}}
		}
		return nil
	}
	rest := strings.TrimLeft(l.text.Line(line), " \t")
	if rest != "" && !goesOn {
		return nil // Enter within a value: what it becomes only the user knows
	}
	return l.indent(line, column)
}

// afterClosing puts a bracket that begins its line below the line that it was opened in.
func (l layout) afterClosing(offset int) []text.Edit {
	line := l.text.LineAt(offset)
	start := l.text.LineStart(line)
	if len(strings.TrimLeft(l.text.Slice(text.Span{Start: start, End: offset}), " \t")) != 1 {
		return nil
	}
	for _, n := range l.tree.NodeAt(offset) {
		if n.Style() == syntax.Flow && !n.Unclosed() && n.Span().End == offset {
			return l.indent(line, readLine(l.text.Line(l.text.LineAt(n.Span().Start))).content)
		}
	}
	return nil
}

// indent makes a line begin at a column.
func (l layout) indent(line, column int) []text.Edit {
	s := l.text.Line(line)
	blanks := len(s) - len(strings.TrimLeft(s, " \t"))
	want := strings.Repeat(" ", column)
	if s[:blanks] == want {
		return nil
	}
	start := l.text.LineStart(line)
	return []text.Edit{{Span: text.Span{Start: start, End: start + blanks}, New: want}}
}

// below is the column at which the text goes on below a line, and whether a value or a flow collection has to: then what stands
// there already belongs to it.
func (l layout) below(line int) (column int, goesOn bool) {
	s := l.text.Line(line)
	start := l.text.LineStart(line)
	end := start + len(strings.TrimRight(s, " \t"))
	read := readLine(s)
	flow := false
	for _, n := range l.tree.NodeAt(end) {
		open := n.Unclosed() || n.Span().End > end
		begins := l.text.LineAt(n.Span().Start)
		switch n.Style() {
		case syntax.Literal, syntax.Folded:
			if begins < line {
				return indentOf(s), false
			}
		case syntax.SingleQuoted, syntax.DoubleQuoted:
			if open && begins < line {
				return indentOf(s), false
			}
			if open {
				return read.content, false
			}
		case syntax.Plain:
			if begins < line && l.text.LineAt(end) <= l.text.LineAt(n.Span().End) && !n.Omitted() {
				return indentOf(s), false
			}
		case syntax.Flow:
			flow = flow || open
		}
	}
	switch {
	case flow && strings.HasSuffix(read.code, "{"), flow && strings.HasSuffix(read.code, "["):
		return l.child(line, read.content), true
	case flow:
		return read.content, true
	case read.opens:
		return l.child(line, read.content), true
	}
	return read.content, false
}

// child is the column of what stands below a line whose key or bracket is at a column: as deep as what is there already,
// else one level deeper.
func (l layout) child(line, column int) int {
	for next := line + 1; next < l.text.LineCount() && next < line+maxIndentScan; next++ {
		s := l.text.Line(next)
		if isBlankLine(s) {
			continue
		}
		if in := indentOf(s); next > line+1 && (in > column || in == column && strings.HasPrefix(s[in:], "- ")) {
			return in
		}
		break
	}
	return column + l.step(line)
}

// step is how much deeper the nearest level above a line stands than its key.
func (l layout) step(line int) int {
	next := -1 // the indent of the line below, where it is no comment
	for first := max(0, line-maxIndentScan); line >= first; line-- {
		s := l.text.Line(line)
		if isBlankLine(s) || strings.HasPrefix(strings.TrimLeft(s, " \t"), "#") {
			continue
		}
		if r := readLine(s); r.opens && !r.header && next > r.content {
			return next - r.content
		}
		next = indentOf(s)
	}
	return defaultIndent
}

// lineOf is what a line says about the lines below it.
type lineOf struct {
	content int    // the column behind the dashes of items
	code    string // the line without a comment and blanks at its end
	opens   bool   // a key without a value, or the header of a block scalar
	header  bool   // the header of a block scalar
}

// readLine reads a line of block style.
func readLine(s string) lineOf {
	i := indentOf(s)
	for i < len(s) && s[i] == '-' && (i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '\t') {
		i++
		if rest := strings.TrimLeft(s[i:], " \t"); rest == "" || rest[0] == '#' {
			i++ // the content of an item that is still empty
			break
		} else {
			i = len(s) - len(rest)
		}
	}
	r := lineOf{content: i}
	quote, colon := byte(0), -1
	for end := i; ; end++ {
		if end >= len(s) || quote == 0 && s[end] == '#' && (end == 0 || isSpace(s[end-1])) {
			r.code = strings.TrimRight(s[:min(end, len(s))], " \t")
			break
		}
		switch c := s[end]; {
		case quote == '"' && c == '\\':
			end++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && (end == i || strings.IndexByte(" \t{[,(", s[end-1]) >= 0):
			quote = c
		case c == ':' && colon < 0 && end > i && (end+1 == len(s) || isSpace(s[end+1])):
			colon = end
		}
	}
	value := r.code[min(i, len(r.code)):]
	if colon >= 0 {
		value = strings.TrimLeft(r.code[colon+1:], " \t")
	}
	for value != "" && (value[0] == '&' || value[0] == '!') {
		_, value, _ = strings.Cut(value, " ")
		value = strings.TrimLeft(value, " \t")
	}
	r.header = value != "" && strings.Trim(value[1:], "+-123456789") == "" && (value[0] == '|' || value[0] == '>')
	r.opens = colon >= 0 && (value == "" || r.header)
	return r
}

func indentOf(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

func isBlankLine(s string) bool { return strings.Trim(s, " \t\r") == "" }

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
