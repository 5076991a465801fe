// Package command names the commands that the server executes, and the types of their arguments and results. Every
// client in editors/ mirrors it.
//
// It must not know how a command is carried out.
package command

// The commands. All of them stand in the server's executeCommandProvider, so that an editor without an extension of its
// own can execute them.
const (
	// Run starts a run and returns at once. Arguments: RunArgs. Result: RunResult.
	Run = "speclens.run"
	// Cancel ends runs. Arguments: CancelArgs. Result: CancelResult.
	Cancel = "speclens.cancel"
	// SetEnvironment chooses the environment for a file's project. Arguments: SetEnvironmentArgs. Result:
	// SetEnvironmentResult.
	SetEnvironment = "speclens.setEnvironment"
	// ShowResult opens the whole result of a test. Arguments: ShowResultArgs. Result: ShowResultResult.
	ShowResult = "speclens.showResult"
)

// All are the ids of the commands, in alphabetical order.
func All() []string {
	return []string{Cancel, Run, SetEnvironment, ShowResult}
}

// Scope says how much a Run executes.
type Scope string

// The scopes of a run.
const (
	// ScopeTest runs one test; of its prerequisites, only those without a usable result.
	ScopeTest Scope = "test"
	// ScopeNeeds runs one test and all of its prerequisites again.
	ScopeNeeds Scope = "needs"
	// ScopeFile runs all tests of a file.
	ScopeFile Scope = "file"
)

// RunArgs are the arguments of Run.
type RunArgs struct {
	URI string `json:"uri"`
	// Version is the document's version that the user saw; a run of a test in an older one is refused where that test
	// has changed since. Nil runs whatever stands there now.
	Version *int32 `json:"version,omitempty"`
	// TestID is the test's alias or path; empty with ScopeFile only.
	TestID string `json:"testId,omitempty"`
	// Scope is ScopeFile where it and TestID are empty, ScopeTest where only it is.
	Scope Scope `json:"scope,omitempty"`
}

// RunResult is the result of Run.
type RunResult struct {
	RunID string `json:"runId"`
}

// CancelArgs are the arguments of Cancel.
type CancelArgs struct {
	// RunID is the run to end; every run where it is empty.
	RunID string `json:"runId,omitempty"`
}

// CancelResult is the result of Cancel.
type CancelResult struct {
	// Cancelled are the ids of the runs that were told to end.
	Cancelled []string `json:"cancelled"`
}

// SetEnvironmentArgs are the arguments of SetEnvironment.
type SetEnvironmentArgs struct {
	URI string `json:"uri"`
	// Name is the environment; empty for none. Nil asks the user.
	Name *string `json:"name,omitempty"`
}

// SetEnvironmentResult is the result of SetEnvironment.
type SetEnvironmentResult struct {
	// Name is the environment in force now, empty for none.
	Name string `json:"name"`
}

// ShowResultArgs are the arguments of ShowResult.
type ShowResultArgs struct {
	URI    string `json:"uri"`
	TestID string `json:"testId"`
}

// ShowResultResult is the result of ShowResult.
type ShowResultResult struct {
	// URI is the file that holds the result.
	URI string `json:"uri"`
	// Shown reports whether the editor opened it.
	Shown bool `json:"shown"`
}
