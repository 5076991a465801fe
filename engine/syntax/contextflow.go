package syntax

import (
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// frame is one open bracket above the cursor.
type frame struct {
	open  byte
	key   string // the key whose value is being read
	value bool   // a colon was read
	index int
	word  int // where the current word begins, -1
	keys  []string
}

// quoted reports whether the current word begins with a quote.
func (f *frame) quoted(src string) bool {
	return f.word >= 0 && (src[f.word] == '"' || src[f.word] == '\'')
}

// inFlow fills the context for a cursor within a flow collection and reports whether it is in one.
func (q *query) inFlow(path []Node) bool {
	start, ok := q.flowStart(path)
	if !ok {
		return false
	}
	src := q.tree.text.Slice(text.Span{Start: start, End: q.off})
	frames, quote := scanFrames(src)
	if len(frames) == 0 {
		return false
	}
	c := q.ctx
	sub := *q
	sub.ctx = &Context{Item: -1, Doc: c.Doc}
	ls := q.tree.text.LineSpan(q.tree.text.LineAt(start))
	sub.lineSpan, sub.line, sub.off = ls, q.tree.text.Slice(ls), start
	sub.blockLine()
	c.Path, c.Item, c.Flow, c.Indent = sub.ctx.Path, sub.ctx.Item, true, q.col()
	if sub.ctx.Kind == ContextKey || sub.ctx.Kind == ContextItem || sub.ctx.Kind == ContextNone {
		c.Path = sub.ctx.Path
	}
	for i, f := range frames {
		switch {
		case f.open == '[':
			c.Path = append(c.Path, Step{Index: f.index})
		case f.value || i < len(frames)-1:
			c.Path = append(c.Path, Step{f.key, -1})
		}
	}
	if len(c.Path) >= 2 && c.Path[1].Index >= 0 && isUnitName(c.Path[0].Key, q.tree.opts) {
		c.Item = c.Path[1].Index
	}
	last := frames[len(frames)-1]
	c.Kind = ContextValue
	if last.open == '{' && !last.value {
		c.Kind = ContextKey
		q.siblings()
		if len(c.Siblings) == 0 {
			c.Siblings = last.keys
		}
	}
	c.NeedsSpace = strings.HasSuffix(src, ":") && c.Kind == ContextValue
	q.flowWord(src, start, last, quote)
	return true
}

// flowWord fills the word at the cursor within a flow collection.
func (q *query) flowWord(src string, start int, f frame, quote byte) {
	c := q.ctx
	from := len(src)
	if f.word >= 0 {
		from = f.word
	}
	rest := q.line[q.off-q.lineSpan.Start:]
	end := 0
	switch {
	case quote != 0:
		c.Quote = quote
		from++
		for end < len(rest) && rest[end] != quote {
			if rest[end] == '\\' && quote == '"' {
				end++
			}
			end++
		}
		if end >= len(rest) { // nothing closes the quote: what follows is the collection's
			end = flowEnd(rest)
			typed := src[from:]
			if i := strings.Index(rest, "}}"); i >= 0 && strings.LastIndex(typed, "{{") > strings.LastIndex(typed, "}}") {
				end = i + len("}}")
			}
		}
	default:
		end = flowEnd(rest)
		if from == len(src) {
			end = 0
		}
	}
	c.Prefix = src[from:]
	c.Replace = text.Span{Start: start + from, End: q.off + end}
	if c.Kind == ContextValue {
		c.Scalar, c.ScalarStart, c.ScalarCursor = c.Prefix+rest[:end], start+from, len(c.Prefix)
	}
}

// flowEnd is where a plain value within a flow collection ends.
func flowEnd(s string) int {
	end := 0
	for end < len(s) && strings.IndexByte(",[]{}", s[end]) < 0 && !colonAt(s, end) {
		end++
	}
	return trimBlanks(s, 0, end)
}

// flowStart is the offset of the outermost bracket around the cursor.
func (q *query) flowStart(path []Node) (int, bool) {
	for _, n := range path {
		if n.Style() == Flow && n.Span().Start < q.off && (q.off < n.Span().End || n.Unclosed()) {
			return n.Span().Start, true
		}
	}
	// Behind the text of a bracket that is not closed yet.
	cur := q.off - q.lineSpan.Start
	probe := q.lineSpan.Start + trimBlanks(q.line, 0, cur)
	if strings.TrimSpace(q.line[:cur]) == "" {
		src := q.tree.text.Slice(text.Span{Start: q.base, End: q.off})
		probe = q.base + len(strings.TrimRight(src, " \t\r\n"))
	}
	for p := probe; p >= max(probe-1, 0); p-- {
		for _, n := range q.tree.NodeAt(p) {
			if n.Style() == Flow && n.Unclosed() && n.Span().Start < q.off {
				return n.Span().Start, q.deeper(n)
			}
		}
	}
	return 0, false
}

// deeper reports whether the cursor's line can belong to the collection n, by its column.
func (q *query) deeper(n Node) bool {
	line := q.tree.text.LineAt(n.Span().Start)
	if line == q.tree.text.LineAt(q.off) {
		return true
	}
	els := elements(q.tree.text.Line(line))
	return len(els) > 0 && q.col() > els[len(els)-1].col
}

// scanFrames reads the text of a flow collection up to the cursor: the brackets that are open, and the quote.
func scanFrames(src string) ([]frame, byte) {
	var frames []frame
	for i := 0; i < len(src); i++ {
		top := &frame{word: -1}
		if len(frames) > 0 {
			top = &frames[len(frames)-1]
		}
		switch ch := src[i]; {
		case strings.HasPrefix(src[i:], "{{"):
			j := strings.Index(src[i:], "}}")
			if top.word < 0 {
				top.word = i
			}
			if j < 0 {
				return frames, 0
			}
			i += j + 1
		case ch == '[' || ch == '{':
			frames = append(frames, frame{open: ch, word: -1})
		case ch == ']' || ch == '}':
			if len(frames) > 0 {
				frames = frames[:len(frames)-1]
			}
		case ch == ',':
			if top.open == '{' && !top.value && top.word >= 0 {
				top.keys = append(top.keys, keyText(strings.TrimSpace(src[top.word:i])))
			}
			top.index++
			top.value, top.word = false, -1
		case ch == ':' && top.open == '{' && !top.value && (colonAt(src, i) || top.quoted(src)):
			if top.word >= 0 {
				top.key = keyText(strings.TrimSpace(src[top.word:i]))
				top.keys = append(top.keys, top.key)
			}
			top.value, top.word = true, -1
		case (ch == '"' || ch == '\'') && top.word < 0:
			top.word = i
			e, ok := closingQuote(src, i)
			if !ok {
				return frames, ch
			}
			i = e - 1
		case ch == '#' && i > 0 && (isBlank(src[i-1]) || isBreak(src[i-1])):
			i = lineEnd(src, i) - 1
		case !isBlank(ch) && !isBreak(ch) && top.word < 0:
			top.word = i
		}
	}
	return frames, 0
}
