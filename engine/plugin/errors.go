package plugin

import (
	"errors"
	"fmt"
	"strings"
)

// Phase is the part of a plugin's life in which an error happened.
type Phase string

// The phases that an Error names.
const (
	PhaseLoad     Phase = "load"     // reading, compiling and instantiating the module, and plugin_info
	PhaseInit     Phase = "init"     // plugin_init
	PhaseValidate Phase = "validate" // validate
	PhaseExecute  Phase = "execute"  // execute
	PhaseDecode   Phase = "decode"   // making sense of what the plugin returned
	PhaseClose    Phase = "close"    // plugin_destroy and the release of resources
)

// Error is what went wrong with a plugin, and where. Find it with errors.As on a *Error; Unwrap gives the cause, so that
// errors.Is(err, context.DeadlineExceeded) tells a timeout.
type Error struct {
	// Plugin is the name that the plugin gives itself or, before it could be asked, the name that it was loaded under.
	Plugin string
	// Version is empty as long as the plugin could not be asked.
	Version string
	// Export is the function of the module that was called or missed; empty where none was.
	Export string
	Phase  Phase
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("plugin ")
	b.WriteString(e.Plugin)
	if e.Version != "" {
		b.WriteString("@" + e.Version)
	}
	b.WriteString(": " + string(e.Phase))
	if e.Export != "" && e.Export != string(e.Phase) {
		b.WriteString(": " + e.Export)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// ErrClosed says that the registry, loader, runtime or plugin was closed; found with errors.Is.
var ErrClosed = errors.New("closed")

// ErrExited says that the plugin ended its own process; found with errors.As on a *ErrExited.
type ErrExited struct{ Code uint32 }

func (e *ErrExited) Error() string {
	return fmt.Sprintf("the plugin ended itself with exit code %d", e.Code)
}

// ErrTooLarge says that a plugin produced, or is, more than a limit allows; found with errors.As on a *ErrTooLarge.
type ErrTooLarge struct {
	What       string
	Size, Most int64
}

func (e *ErrTooLarge) Error() string {
	return fmt.Sprintf("%s of %d bytes is over the limit of %d", e.What, e.Size, e.Most)
}

// LoadProblem is a plugin file that a Loader left out, and why.
type LoadProblem struct {
	// Path is the file; empty for a built-in plugin.
	Path string
	// Plugin is the name that the plugin gives itself, where it came so far.
	Plugin string
	Err    error
}

func (p LoadProblem) Error() string {
	if p.Path == "" {
		return p.Err.Error()
	}
	return p.Path + ": " + p.Err.Error()
}

func (p LoadProblem) Unwrap() error { return p.Err }
