package ide

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// TriggerCharacters are the characters after which an editor asks for completions by itself.
//
// Where a list is open, Enter accepts of it in most editors. So no character is one behind which a line may end: not the
// colon, below whose key a map may stand, not the dash, below which an item may stand, not the sign of a block scalar.
func TriggerCharacters() []string { return slices.Clone(triggers) }

var triggers = []string{" ", ".", "{", "\"", "'", "/"}

// OpensList reports whether a character that was typed right before offset asks for a list. An editor may have trigger
// characters of its own, and two of ours open a list at some places only: a brace does it as the second of a template, since
// a map in braces may go on in the next line, and a blank behind a word, since the lines of a file are indented with blanks.
func OpensList(t *text.Text, offset int, character string) bool {
	line := t.LineSpan(t.LineAt(offset))
	before := t.Slice(text.Span{Start: line.Start, End: offset})
	switch character {
	case "{":
		return strings.HasSuffix(before, "{{")
	case " ":
		return strings.TrimSpace(before) != ""
	}
	return slices.Contains(triggers, character)
}

// keepTyped makes sure that Enter leaves alone what was typed to its end. Editors accept the best match of an open list with
// Enter, and do nothing where that changes nothing; so where any text may stand, what is typed is an offer too, unless it is
// one already. Such a list is never complete: with the next character another text is typed.
func (c *completer) keepTyped() {
	if !c.free || len(c.items) == 0 {
		return
	}
	c.incomplete = true
	typed := c.at.Prefix
	if strings.TrimSpace(typed) == "" || strings.Contains(typed, "{{") {
		return
	}
	matching := false
	for i := range c.items {
		filter := c.items[i].Filter
		if filter == typed {
			return
		}
		_, match := matches(filter, typed)
		matching = matching || match
	}
	if !matching {
		return
	}
	written := c.doc.Text.Slice(c.at.Replace)
	c.items = append(c.items, CompletionItem{
		Label: strings.TrimSpace(written), Kind: ItemValue, Detail: "as typed", Plain: written, Filter: typed,
		Edit: text.Edit{Span: c.at.Replace, New: written}, Sort: "    ", Typed: true,
	})
}
