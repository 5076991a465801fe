package k6

import (
	"time"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// Script is what a script for k6 holds. Texts are as they are written in the specs, with their templates.
type Script struct {
	// Sources name the specs, Notes say what k6 does otherwise, one line each.
	Sources, Notes []string
	Tests          []Test
	// Setup runs once before a load, Teardown once behind it; without a load Setup is all there is.
	Setup, Teardown []Run
	Load            *Load
	Targets         []Target
	// FailFast begins no further test after a failure.
	FailFast bool
}

// Run runs a test, or one row of its matrix; -1 without one.
type Run struct {
	Test, Row int // Test is an index into the script's tests
}

// Target is a name for a URL.
type Target struct{ Name, URL string }

// Test is one test.
type Test struct {
	// Alias is empty where the test has none; Name is what to call it, Where says where it stands.
	Alias, Name, Where string
	// Matrix are the values of its rows, and Names are theirs.
	Matrix []map[string]any
	Names  []string
	// Skip says why it is never run, Broken why it cannot be; both are empty as a rule.
	Skip, Broken     string
	When             string
	Method, Resource string
	// Target is a URL, or the name of one of Targets; the script's targets where ByName.
	Target  string
	ByName  bool
	Targets []Target
	Headers []Header
	// Timeouts are candidates; the first one that is not empty or zero counts.
	Timeouts []string
	Fields   map[string]any
	Expect   []Check
	Until    []Check
	// Attempts is at least 1, Interval lies between two of them.
	Attempts int
	Interval time.Duration
	Save     []Save
	// Feeds are the tests behind the names in its templates, Needs those names that it cannot do without.
	Feeds     map[string]Feed
	Needs     []string
	NeedsPrev bool
	// Slot names the place where tests leave what `prev` means; empty where nobody asks.
	Slot string
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// Check is one assertion: its area is status, headers, body or duration.
type Check struct {
	Area, Name string
	Raw        any
}

// Save is one saved value.
type Save struct{ Name, Path string }

// Feed is a test behind a name, as an index into the script's tests; Saved says that the name is not its alias.
type Feed struct {
	Test  int
	Saved bool
}

// Load is a load.
type Load struct {
	Profile spec.LoadProfile
	Flows   []Flow
}

// Flow is what an iteration may consist of. Name is empty where there is but one.
type Flow struct {
	Name   string
	Weight float64
	Runs   []Run
}

// Loss is something that k6 does otherwise, or not at all.
type Loss struct {
	Span    text.Span
	Message string
}
