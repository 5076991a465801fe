package plugin

import (
	"fmt"
	"strings"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// The caps on the snippets that a plugin may declare.
const (
	maxSnippets    = 50
	maxSnippetBody = 4 << 10
)

const (
	// firstLine is how each test in the body of a snippet begins.
	firstLine = "- name: "
	bodyForm  = "want tests as items of a list at column 0: each begins with `- name: `, and its other lines with two blanks"
)

// snippets refuses what could not stand in a list of tests: the body of a snippet goes into the text of a spec as it is.
func (r *refusals) snippets(snippets []schema.Snippet) {
	if len(snippets) > maxSnippets {
		r.add("snippets", "%d snippets are more than %d", len(snippets), maxSnippets)
		return
	}
	seen := map[string]bool{}
	for i, s := range snippets {
		path := fmt.Sprintf("snippets[%d]", i)
		r.name(path+".prefix", "the prefix", s.Prefix)
		if seen[s.Prefix] {
			r.add(path+".prefix", "another snippet has the prefix %s too", quoted(s.Prefix))
		}
		seen[s.Prefix] = true
		r.snippetBody(path+".body", s)
	}
}

func (r *refusals) snippetBody(path string, s schema.Snippet) {
	if len(s.Body) > maxSnippetBody {
		r.add(path, "is longer than %d bytes", maxSnippetBody)
		return
	}
	if strings.ContainsFunc(s.Body, func(c rune) bool { return c == '\t' || c != '\n' && text.Steers(c) }) {
		r.add(path, "holds a tab, or a character that nobody would see; indent with blanks")
		return
	}
	lines := strings.Split(strings.TrimRight(s.Body, "\n"), "\n")
	for i, line := range lines {
		first := strings.HasPrefix(line, firstLine)
		if !first && (i == 0 || !strings.HasPrefix(line, "  ") || strings.TrimSpace(line) == "") {
			r.add(path, "line %d is %s: %s", i+1, quoted(line), bodyForm)
			return
		}
	}
	parts, err := s.Parts()
	if err != nil {
		r.add(path, "%s", err)
		return
	}
	for _, part := range parts {
		if part.Kind == schema.PartName {
			r.name(path, "the name", part.Text)
		}
	}
}

// cleanSnippets makes the texts of snippets fit to be shown.
func cleanSnippets(snippets []schema.Snippet) {
	for i := range snippets {
		s := &snippets[i]
		s.Title, s.Description, s.Body = line(s.Title), prose(s.Description), strings.TrimRight(s.Body, "\n")+"\n"
	}
}
