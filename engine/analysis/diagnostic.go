package analysis

import (
	"github.com/speclens/speclens/engine/text"
)

// Severity of a Diagnostic.
type Severity uint8

// The severities, worst first.
const (
	SeverityError Severity = iota
	SeverityWarning
	SeverityInformation
	SeverityHint
)

// String is the severity in lower case.
func (s Severity) String() string {
	return [...]string{"error", "warning", "information", "hint"}[s]
}

// The sources of diagnostics: what the checker says, what a plugin's Validate says, and what a run found.
const (
	SourceCheck  = "speclens"
	SourcePlugin = "speclens-plugin"
	SourceRun    = "speclens-run"
)

// Diagnostic is one finding in one document.
type Diagnostic struct {
	Span     text.Span
	Severity Severity
	// Source is one of the Source constants.
	Source string
	// Code is stable, such as "field.unknown"; CodeURL documents it, if anything does.
	Code    string
	CodeURL string
	Message string
	Related []Related
	// Deprecated and Unnecessary make an editor strike through or fade the place.
	Deprecated, Unnecessary bool
	Fixes                   []Fix
	// Fatal findings keep the file from being run.
	Fatal bool
	// Test is the id of the test that the finding is in; empty outside tests.
	Test string
}

// Related is another place that explains a diagnostic.
type Related struct {
	URI     string
	Span    text.Span
	Message string
}

// Fix is an edit of the same document that mends a diagnostic.
type Fix struct {
	Title string
	Edits []text.Edit
	// Preferred marks the fix to apply without asking which.
	Preferred bool
}
