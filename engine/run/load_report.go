package run

import (
	"time"
)

// LoadInfo says which load an event is about: a spec of a file may be one of several.
type LoadInfo struct {
	URI string
	// Doc is the index of the spec in its file.
	Doc int
}

// LoadReport is the outcome of a load. Nothing in it holds a secret. Immutable.
type LoadReport struct {
	Load    LoadInfo
	Started time.Time
	// Elapsed is how long the load took, the last answers included; Planned is how long users were to begin iterations, 0
	// where each of them ran the tests once.
	Elapsed, Planned time.Duration
	// Open says that requests arrived at a rate (RPS), whatever became of those before, and that latency counts from the
	// moment at which a request was to be sent.
	Open bool
	RPS  float64
	// Users is the greatest number of users that worked at the same time.
	Users int
	// Iterations were complete; Interrupted ones were cut off by the end or a cancel; Dropped are the arrivals that found
	// no user free until the end, so that nobody knows how long they would have taken.
	Iterations, Interrupted, Dropped int64
	Total                            LoadStats
	Tests                            []LoadTest
	Flows                            []LoadShare
	Series                           []LoadPoint
	Distribution                     []LoadBar
	Thresholds                       []LoadThreshold
	Cancelled                        bool
	// Stopped says that fail-fast ended the load early.
	Stopped bool
}

// Failed reports whether a threshold was not met.
func (r *LoadReport) Failed() bool {
	for _, t := range r.Thresholds {
		if t.Judged && !t.Passed {
			return true
		}
	}
	return false
}

// LoadStats are the figures of some requests. A request is one run of one test, however often its `retry` tried; the
// times are those of the last attempt.
type LoadStats struct {
	// Requests = Passed + Failed + Errored. Skipped tests sent nothing.
	Requests, Passed, Failed, Errored, Skipped int64
	// Checks are expectations, of which ChecksPassed held.
	Checks, ChecksPassed int64
	// Rate is in requests a second, ErrorRate the share of requests that failed or errored.
	Rate, ErrorRate                        float64
	Min, Mean, P50, P90, P95, P99, MaxTime time.Duration
}

// Errors are the requests that failed or errored.
func (s LoadStats) Errors() int64 { return s.Failed + s.Errored }

// LoadTest is a test of a load, or a row of one.
type LoadTest struct {
	Test TestInfo
	LoadStats
	// Reasons are why requests did not pass, most frequent first.
	Reasons []LoadReason
}

// LoadReason is one reason for which requests did not pass.
type LoadReason struct {
	Message string
	Count   int64
}

// LoadShare is how many iterations a scenario had.
type LoadShare struct {
	Name       string
	Iterations int64
}

// LoadPoint is one second of a load; the last one may be shorter.
type LoadPoint struct {
	// At is when it ended, from the start of the load; Length how long it was.
	At, Length time.Duration
	// Users were busy when it ended.
	Users            int
	Requests, Errors int64
	// The latency of what ended in it.
	Mean, P50, P95, P99, MaxTime time.Duration
}

// Rate is in requests a second.
func (p LoadPoint) Rate() float64 { return perSecond(p.Requests, p.Length) }

// LoadBar counts the requests that took at most UpTo, and longer than the bar before.
type LoadBar struct {
	UpTo  time.Duration
	Count int64
}

// LoadThreshold is a threshold with its outcome.
type LoadThreshold struct {
	// Name is such as `duration.p95`; Expression what was expected of it.
	Name, Expression string
	// Time says that Actual is in milliseconds.
	Time   bool
	Actual float64
	// Judged is false where there was nothing to judge, as Message says then.
	Judged, Passed bool
	Message        string
	Line           int
}
