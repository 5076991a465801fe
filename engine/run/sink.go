package run

import (
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

// Sink receives what happens during a run, in order, from one goroutine at a time.
type Sink interface {
	Emit(Event)
}

// SinkFunc makes a function a Sink.
type SinkFunc func(Event)

// Emit calls f.
func (f SinkFunc) Emit(e Event) { f(e) }

// Event is one of the types below.
type Event interface{ runEvent() }

type (
	// RunStarted opens a run.
	RunStarted struct {
		RunID      string
		Files      []string // URIs, ordered
		TotalTests int
		TotalWaves int
		// Added are the tests that nobody selected but that a selected one needs; Reused those whose recorded results
		// serve instead.
		Added, Reused []engine.TestKey
		// Seed gives the same generated data again.
		Seed uint64
		// Problems keep files from being run, so that reports can say which.
		Problems []Problem
	}
	// WaveStarted opens a wave: tests that need nothing of each other. The waves open in order, each before the first of
	// its tests starts. A test starts as soon as what it needs has ended, so several waves may be open at a time.
	WaveStarted struct {
		Index     int
		TestNames []string
		Parallel  bool
	}
	// TestStarted says that a test's first attempt begins.
	TestStarted struct {
		Test     TestInfo
		Protocol string
		Target   string
	}
	// PluginEvent is an event of the plugin while a test runs.
	PluginEvent struct {
		Test  TestInfo
		Event engine.Event
	}
	// TestCompleted carries a test's final result. Skipped tests complete without having started.
	TestCompleted struct {
		Test   TestInfo
		Result *engine.TestResult
	}
	// WaveCompleted closes a wave, when all tests of it and of all waves before have completed.
	WaveCompleted struct{ Index int }
	// RunCompleted closes a run; it is always the last event, after a cancel too.
	RunCompleted struct {
		RunID                                   string
		Total, Passed, Failed, Skipped, Errored int
		Duration                                time.Duration
		Cancelled                               bool
	}
	// LoadProgress tells every second how a load goes.
	LoadProgress struct {
		Load LoadInfo
		// Point is the second that has just passed.
		Point LoadPoint
		// Elapsed of Planned has passed; Planned is 0 where every user runs the tests once.
		Elapsed, Planned time.Duration
		// Requests and Errors count from the start.
		Requests, Errors, Dropped int64
	}
	// LoadCompleted closes a load with its report; the results of its tests and thresholds follow.
	LoadCompleted struct{ Report *LoadReport }
	// Log is a line that a plugin or the runner wants the user to be able to read.
	Log struct {
		Level   string // debug, info, warn, error
		Plugin  string // empty for the runner itself
		Message string
		Test    TestInfo // zero where it belongs to no test
	}
)

// TestInfo says which test an event is about and where it stands.
type TestInfo struct {
	Key  engine.TestKey
	Row  int // matrix row, -1 without a matrix
	Name string
	// Span is the test's head in its file's text, absolute; Line is its 1-based line.
	Span text.Span
	Line int
}

func (RunStarted) runEvent()    {}
func (WaveStarted) runEvent()   {}
func (TestStarted) runEvent()   {}
func (PluginEvent) runEvent()   {}
func (TestCompleted) runEvent() {}
func (WaveCompleted) runEvent() {}
func (RunCompleted) runEvent()  {}
func (LoadProgress) runEvent()  {}
func (LoadCompleted) runEvent() {}
func (Log) runEvent()           {}
