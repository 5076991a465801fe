package analysis

import (
	"strings"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// explains tells how well a finding explains others that end where it does; 0 is not at all. What is cut off, such as a key
// without its colon or a quote that is still open, is wrong in many ways: the last key is unknown, its value is missing, its map is
// incomplete. All of that ends where the text does, and goes away when the text is written to its end or mended.
func explains(d *Diagnostic) int {
	switch d.Code {
	case template.CodeUnterminated:
		return 5
	case template.CodeIncomplete, template.CodeEmpty, template.CodePath, template.CodeUnexpected:
		return 4
	case template.CodeParentheses:
		return 3
	case spec.CodeWrongType:
		return 2
	case spec.CodeBadForm:
		return 1
	}
	switch {
	case !strings.HasPrefix(d.Code, "yaml.") || d.Severity != SeverityError:
		return 0
	case d.Code == syntax.CodeSyntax:
		return yamlCause + 1
	}
	return yamlCause
}

// yamlCause is the least that the YAML layer's errors explain: whatever ends with them, maps and lists around them too.
const yamlCause = 6

// explained reports whether a finding has the cause that another one tells, which ends where it does. A map that ends there is
// incomplete for a reason of its own, unless it cannot even be read to its end.
func explained(d, by *Diagnostic) bool {
	switch {
	case d.Severity > SeverityWarning: // advice
		return false
	case explains(by) >= yamlCause:
		return true
	case by.Code == spec.CodeWrongType: // what is no map has no keys
		return d.Code == spec.CodeMissingKey || d.Code == "matrix.missing-key"
	}
	return d.Span.Start >= by.Span.Start || explains(d) > 0 || strings.HasPrefix(d.Code, "template.") || strings.HasPrefix(d.Code, "env.")
}

// oneEach leaves one finding of those that have one cause. It stands for the others: it is as severe as the worst of them, and fatal
// if one of them is. The findings are in the order of Sort, and the result is.
func oneEach(content *text.Text, found []Diagnostic) []Diagnostic {
	causes := map[int]int{} // the best explanation of what ends at an offset
	for i := range found {
		best, known := causes[found[i].Span.End]
		if n := explains(&found[i]); n > 0 && (!known || n > explains(&found[best])) {
			causes[found[i].Span.End] = i
		}
	}
	if len(causes) == 0 {
		return found
	}
	// causeOf is the finding that stands for another, which may be itself.
	causeOf := func(i int) int {
		best, known := causes[found[i].Span.End]
		if !known { // it may be a key that has no value yet
			colon, blanks := afterColon(content, found[i].Span.End)
			if best, known = causes[colon]; !known {
				best, known = causes[blanks]
			}
		}
		if known && best != i && explained(&found[i], &found[best]) {
			return best
		}
		return i
	}
	open := -1 // the last template without an end: in it nothing can be told apart
	kept := make([]Diagnostic, 0, len(found))
	dropped := make([]bool, len(found))
	for i := range found {
		by := causeOf(i)
		if by == i && open >= 0 && found[i].Span.End <= found[open].Span.End && explains(&found[i]) < yamlCause && found[i].Severity <= SeverityWarning {
			by = causeOf(open)
		}
		if found[i].Code == template.CodeUnterminated && (open < 0 || found[i].Span.End > found[open].Span.End) {
			open = i
		}
		if by != i {
			dropped[i] = true
			found[by].Severity, found[by].Fatal = min(found[by].Severity, found[i].Severity), found[by].Fatal || found[i].Fatal
		}
	}
	for i := range found {
		if !dropped[i] {
			kept = append(kept, found[i])
		}
	}
	Sort(kept)
	return kept
}

// afterColon is the offset behind a colon at an offset, and that behind the blanks that follow.
func afterColon(content *text.Text, at int) (colon, blanks int) {
	const enough = 32 // all findings may stand in one line
	rest := content.Slice(text.Span{Start: at, End: min(content.LineSpan(content.LineAt(at)).End, at+enough)})
	value := strings.TrimPrefix(rest, ":")
	return at + len(rest) - len(value), at + len(rest) - len(strings.TrimLeft(value, " "))
}
