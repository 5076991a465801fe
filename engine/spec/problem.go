package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// The stable codes of Problems.
const (
	CodeUnknownKey  = "spec.unknown-key"  // a key that the language does not have
	CodeWrongType   = "spec.wrong-type"   // a value of the wrong kind
	CodeBadForm     = "spec.bad-form"     // an item that is none of the three forms of a test
	CodeBadMode     = "spec.bad-mode"     // a mode that does not exist
	CodeBadValue    = "spec.bad-value"    // a value outside of what is allowed
	CodeMissingKey  = "spec.missing-key"  // a key that must be there
	CodeShadowedKey = "spec.shadowed-key" // a key without effect, since another place says it already
	CodeEmpty       = "spec.empty"        // a list without which nothing happens
)

// problems collects what is wrong with one part of a file.
type problems struct {
	list []Problem
	// freeKeys are the known keys that the map whose first entry is freeOf lacks.
	freeOf   *syntax.Entry
	freeKeys []string
}

func (p *problems) add(pr Problem) { p.list = append(p.list, pr) }

// fatal adds an error that keeps the file from being run.
func (p *problems) fatal(span text.Span, code, message string, fixes ...Fix) {
	p.add(Problem{Span: span, Severity: SeverityError, Code: code, Message: message, Fatal: true, Fixes: fixes})
}

func (p *problems) warn(span text.Span, code, message string, fixes ...Fix) {
	p.add(Problem{Span: span, Severity: SeverityWarning, Code: code, Message: message, Fixes: fixes})
}

// unknownKey reports a key that does not exist at a place, and what the user may have meant: a known key that is not
// among the entries yet.
func (p *problems) unknownKey(key syntax.Node, what string, known []string, entries []syntax.Entry) {
	name := key.Resolve().Value()
	msg := fmt.Sprintf("unknown key %s in %s", quote(shorten(name)), what)
	near := Nearest(name, p.free(known, entries))
	if near == "" {
		p.fatal(key.Span(), CodeUnknownKey, msg+"; it may hold "+List(known, "and"))
		return
	}
	p.fatal(key.Span(), CodeUnknownKey, msg+"; did you mean "+quote(near)+"?", replaceKey(key, near))
}

// free are the known keys that are not among the entries. A map may hold thousands of unknown keys, so it is looked
// through once for all of them.
func (p *problems) free(known []string, entries []syntax.Entry) []string {
	if len(entries) == 0 {
		return known
	}
	if p.freeOf != &entries[0] {
		p.freeOf = &entries[0]
		taken := map[string]bool{}
		for _, e := range entries {
			taken[e.Key.Resolve().Value()] = true
		}
		p.freeKeys = slices.DeleteFunc(slices.Clone(known), func(k string) bool { return taken[k] })
	}
	return p.freeKeys
}

// replaceKey is the fix that gives a key another name.
func replaceKey(key syntax.Node, name string) Fix {
	return Fix{Title: "Replace with " + quote(name), Edits: []text.Edit{{Span: key.Span(), New: name}}}
}

// quote marks a piece of YAML in a message.
func quote(s string) string { return "`" + s + "`" }

// maxListed is how many names a message lists: more are read by nobody, and a plugin may declare hundreds.
const maxListed = 10

// List joins names for a sentence: "`a`, `b` and `c`". Of many it counts the rest: "… and 7 more".
func List(names []string, conjunction string) string {
	more := len(names) - maxListed
	if more > 1 { // the one name more is no longer than saying so
		names = names[:maxListed]
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(shorten(n))
	}
	if more > 1 {
		quoted = append(quoted, fmt.Sprintf("%d more", more))
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " " + conjunction + " " + quoted[last]
}

// Describe names what a node is, for a message: "a list", "a map", "the number 5".
func Describe(n syntax.Node) string {
	switch n.Resolve().Kind() {
	case syntax.Absent:
		return "nothing"
	case syntax.Mapping:
		return "a map"
	case syntax.Sequence:
		return "a list"
	}
	r := n.Resolve()
	switch r.Tag() {
	case syntax.TagNull:
		return "empty"
	case syntax.TagBool:
		return "the bool " + r.Value()
	case syntax.TagInt, syntax.TagFloat:
		return "the number " + r.Value()
	}
	return "the text " + quote(shorten(r.Value()))
}

// shorten cuts a text for a message.
func shorten(s string) string {
	const most = 40
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i] + "…"
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
