package run

import (
	"context"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/text"
)

// Selection says which tests to run. The zero Selection is every test of the snapshot.
type Selection struct {
	// URIs restricts the run to these files; empty means all of the snapshot's specs.
	URIs []string
	// Tests restricts it to these tests; what they need comes with them.
	Tests []engine.TestKey
	// Needs also runs again those prerequisites whose result the snapshot already has; without it a single test reuses
	// the passed, unedited results of its prerequisites.
	Needs       bool
	Tags        []string
	ExcludeTags []string
	// NamePattern is an RE2 expression on the test's name.
	NamePattern string
	// Shard is the part of all this that is meant.
	Shard Shard
}

// Options of an execution.
type Options struct {
	RunID string
	// Serial runs one test at a time.
	Serial bool
	// MaxConcurrent bounds the tests under way; 0 means the configuration's, else the number of cores.
	MaxConcurrent int
	// places, where not nil, are in place of those of the process. Tests set it.
	places   places
	FailFast bool
	Strict   bool
	// Seed fixes generated data; 0 draws one.
	Seed uint64
	// Timeout of one attempt where neither test nor defaults set any; 0 means 30 s.
	Timeout time.Duration
	// LookupEnv reads the process environment, where the user allowed it; nil means never.
	LookupEnv func(string) (string, bool)

	// pick chooses one of n tests that could begin; nil means the first. Tests shuffle with it.
	pick func(n int) int
}

// Report is the outcome of an execution.
type Report struct {
	RunID     string
	Results   []*engine.TestResult // in plan order; of a load one for each of its tests, and one for each threshold
	Duration  time.Duration
	Cancelled bool
	// Problems kept files or tests from being run.
	Problems []Problem
	// Added are the tests that nobody selected but that a selected one needs.
	Added []engine.TestKey
	// Loads are the loads that ran, in plan order.
	Loads []*LoadReport
	// Seed gives the same generated data again.
	Seed uint64
}

// Problem is a reason for which something could not be run, located.
type Problem struct {
	URI     string
	Span    text.Span
	Code    string
	Message string
	// Fatal problems keep their file from being run.
	Fatal bool
	// Related are other places that it is about.
	Related []link.Related
}

// Execute runs the selection and returns when everything has ended or ctx is cancelled. The error is for the caller's
// mistakes only; what went wrong in specs is in the Report.
func Execute(ctx context.Context, snap *engine.Snapshot, sel Selection, sink Sink, opts Options) (*Report, error) {
	return execute(ctx, snap, sel, sink, opts)
}
