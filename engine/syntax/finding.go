package syntax

import "github.com/speclens/speclens/engine/text"

// Severity says how much a finding matters. The values are those of the Language Server Protocol.
type Severity uint8

// The severities, from what stops a run to a remark.
const (
	SeverityError Severity = iota + 1
	SeverityWarning
	SeverityInfo
	SeverityHint
)

// Codes of the findings. They are stable: users switch them off, and tools match them.
const (
	CodeSyntax           = "yaml.syntax"            // the text is no YAML here
	CodeIndent           = "yaml.indent"            // a line stands at a column that belongs to nothing
	CodeContinuation     = "yaml.continuation"      // a line within a value stands no deeper than its key
	CodeTab              = "yaml.tab"               // a tab indents a line
	CodeDuplicateKey     = "yaml.duplicate-key"     // a mapping has a key twice
	CodeUnknownAnchor    = "yaml.unknown-anchor"    // an alias names no anchor above it
	CodeCyclicAlias      = "yaml.cyclic-alias"      // an anchored value contains itself
	CodeMerge            = "yaml.merge"             // a merge key has a value that cannot be merged
	CodeUnquotedTemplate = "yaml.unquoted-template" // a value begins with {{ outside quotes
	CodeOctalLike        = "yaml.octal-like"        // a number with a leading zero
	CodeDateLike         = "yaml.date-like"         // text that other YAML readers take as a date
	CodeLimit            = "yaml.limit"             // the file is larger or deeper than the limits allow
)

// Finding is something to say about the text. Its span is absolute when it comes from a Tree, and counted from the
// unit's base when it comes from a Unit.
type Finding struct {
	Span     text.Span
	Severity Severity
	Code     string
	Message  string
	Related  *Related // another place that explains the finding, or nil
	Fix      *Fix     // a change that settles the finding, or nil
}

// Related is a second place of a finding.
type Related struct {
	Span    text.Span
	Message string
}

// Fix is a change of the text, offered under its title. The edits do not overlap, are ordered, and all count on the
// text that the finding was made of.
type Fix struct {
	Title string
	Edits []text.Edit
}

// at is the finding with its spans moved by base.
func (f Finding) at(base int) Finding {
	if base == 0 {
		return f
	}
	f.Span = f.Span.Shift(base)
	if f.Related != nil {
		f.Related = &Related{f.Related.Span.Shift(base), f.Related.Message}
	}
	if f.Fix != nil {
		fix := &Fix{Title: f.Fix.Title, Edits: make([]text.Edit, len(f.Fix.Edits))}
		for i, e := range f.Fix.Edits {
			fix.Edits[i] = text.Edit{Span: e.Span.Shift(base), New: e.New}
		}
		f.Fix = fix
	}
	return f
}

// Comment is a comment, from its # to the end of its line.
type Comment struct {
	Span text.Span
	Own  bool // it stands on a line of its own
}
