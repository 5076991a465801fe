package engine

import (
	"time"

	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

// Status is the outcome of a test.
type Status string

// The statuses. Queued and running exist only while a run is under way.
const (
	StatusQueued  Status = "queued"
	StatusRunning Status = "running"
	StatusPassed  Status = "passed"
	StatusFailed  Status = "failed"
	StatusSkipped Status = "skipped"
	StatusErrored Status = "errored"
)

// Done reports whether the status is final.
func (s Status) Done() bool { return s != StatusQueued && s != StatusRunning }

// TestKey names a test over all files of a session.
type TestKey struct {
	URI string
	ID  string
}

// Event is a plugin event with the time at which it arrived.
type Event struct {
	schema.PluginEvent
	// At counts from the start of the test's run.
	At time.Duration
}

// Masked stands in a result wherever a secret stood.
const Masked = "***"

// TestResult is what one run of one test gave; for a matrix test, one row of it. All of it is masked where a secret
// went in. Immutable once it is in a Snapshot.
type TestResult struct {
	Key   TestKey
	RunID string
	// Row is the matrix row, -1 where the test has no matrix.
	Row  int
	Name string
	// Hash is the content hash of the test at the time of the run: another hash now means that the result is stale.
	Hash string
	// RequestHash is the same without `expect` and `name`: while it is equal, the recorded response can be judged again.
	RequestHash string

	Status   Status
	Protocol schema.Protocol
	Target   string
	Started  time.Time
	Duration time.Duration
	Attempts int
	Input    *plugin.TestInput
	Output   *plugin.TestOutput
	Events   []Event
	// Assertions are in the order of the spec; each says which expect key it judges.
	Assertions []expect.Assertion
	Warnings   []string
	// Error says why an errored or skipped test has no better status.
	Error string
	// Resolved is what the templates inside expectations stood for, by their text, and by "PLACE: TEXT" where one text
	// had several values; so an edited `expect` can be judged against the recorded response.
	Resolved map[string]any
	// Digests tell masked values apart, so that expectations on them can be judged again: keyed digests by place, under a key of
	// this process. They are written nowhere.
	Digests map[string]string `json:"-"`
	// FedBy are the tests whose values went into this one, by the name used in the spec.
	FedBy map[string]TestKey
}

// Passed counts the assertions that hold.
func (r *TestResult) Passed() int {
	n := 0
	for _, a := range r.Assertions {
		if a.Passed {
			n++
		}
	}
	return n
}
