package expect

import (
	"slices"
	"time"

	"github.com/speclens/speclens/engine/path"
)

// Severity says how much a problem matters.
type Severity uint8

const (
	// Fatal keeps the file from being run: wrong structure or unknown keys.
	Fatal Severity = iota
	// Error makes the assertion fail in a run.
	Error
	// Warning is probably not what was meant.
	Warning
)

// Problem is something wrong in an `expect` object.
type Problem struct {
	// At is the key path inside the object as written, such as ["body", "name"] or ["body.length"]. Elements of lists are
	// their index.
	At []string
	// OnKey says that the last key of At is wrong rather than its value.
	OnKey bool
	// Within, where not empty, is the part of the value's text that is wrong, in bytes of the decoded text.
	Within   path.Span
	Severity Severity
	Code     string
	Message  string
	// Fix, where not empty, is the text that should stand in place of the key or value, in YAML.
	Fix string
}

// Codes of problems.
const (
	CodeUnknownKey = "expect.unknown-key"
	CodeStructure  = "expect.structure"
	CodeOperand    = "expect.operand"
	CodePattern    = "expect.pattern"
	CodeType       = "expect.type"
	CodeStatus     = "expect.status"
	CodeDuration   = "expect.duration"
	CodePath       = "expect.path"
	CodeEvents     = "expect.events"
	CodeSuspicious = "expect.suspicious"
	CodeCondition  = "expect.condition"
)

// Expect is a parsed `expect` object. It is immutable and may be evaluated by many goroutines at once.
type Expect struct {
	checks []check
	events []eventItem
}

// Empty says that nothing is asserted.
func (e *Expect) Empty() bool { return e == nil || len(e.checks) == 0 && len(e.events) == 0 }

// Len is the number of assertions.
func (e *Expect) Len() int {
	if e == nil {
		return 0
	}
	return len(e.checks) + len(e.events)
}

// area is the part of the response that a check looks at.
type area uint8

const (
	areaStatus area = iota
	areaHeader
	areaBody
	areaDuration
	areaEvents
)

// check is one assertion about anything but the order of events.
type check struct {
	at   []string
	area area
	// name is the header's name, or the path as written.
	name string
	path path.Path
	raw  any
	want matcher
	// label and expression are those of the assertion: the same for every response.
	label, expression string
}

// Response is what an attempt brought back.
type Response struct {
	// Status is a number or text, as the plugin reports it.
	Status any
	// Headers holds every value of every header; names are compared without regard to case.
	Headers map[string][]string
	// Body is the decoded body: nil, bool, json.Number, string, []any or map[string]any.
	Body     any
	Duration time.Duration
	Events   []Event
	Metadata map[string]any
	// Unread says why nothing can be said about what is inside Body: it is text that was not read as JSON. It is empty where
	// Body was read. A path into such a body meets no expectation, not even that there is no such value.
	Unread string
	// Redact, where not nil, hides secrets in values before messages cut them. It is not applied to anything else.
	Redact func(string) string
}

// Event is one event that the plugin reported.
type Event struct {
	Plugin, Kind string
	Data         any
}

// Headers converts headers that have one value each.
func Headers(single map[string]string) map[string][]string {
	headers := make(map[string][]string, len(single))
	for name, v := range single {
		headers[name] = []string{v}
	}
	return headers
}

// Assertion is the outcome of one check.
type Assertion struct {
	// At is the key path inside the `expect` object as written.
	At []string
	// Expression is "PATH = EXPECTED".
	Expression string
	// Path is status, body, body.PATH, headers.NAME, duration, events.N or events.PATH.
	Path     string
	Passed   bool
	Expected any
	// Actual is the value found; nil where it is missing.
	Actual any
	// Message says why the assertion failed; empty where it passed.
	Message string
	// Note says that an assertion passed in a way that may surprise, such as `!= 5` on a path that is not there.
	Note string
	// Exact says that nothing but equality was asked for, all through the expected value.
	Exact bool `json:"-"`
	// Mismatches names each difference inside an object or list.
	Mismatches []Mismatch
}

// Place is the key path at which a failed assertion is best shown: that of its only difference inside an object or a
// list, else its own.
func (a Assertion) Place() []string {
	if len(a.Mismatches) != 1 {
		return a.At
	}
	if at := a.Mismatches[0].At; len(at) > len(a.At) && slices.Equal(at[:len(a.At)], a.At) {
		return at
	}
	return a.At
}

// Mismatch is one difference.
type Mismatch struct {
	// At and Path are those of the value that differs.
	At               []string
	Path             string
	Message          string
	Expected, Actual any
}
