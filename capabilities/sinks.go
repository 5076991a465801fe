package capabilities

import (
	"context"
	"time"

	"github.com/speclens/speclens/schema"
)

// LogLevel is the severity of a plugin's log line, with the numbers of the plugin contract.
type LogLevel int

// The levels of host_log.
const (
	LevelDebug LogLevel = 0
	LevelInfo  LogLevel = 1
	LevelWarn  LogLevel = 2
	LevelError LogLevel = 3
)

func (l LogLevel) String() string {
	switch {
	case l <= LevelDebug:
		return "debug"
	case l == LevelInfo:
		return "info"
	case l == LevelWarn:
		return "warn"
	default:
		return "error"
	}
}

// LogEntry is one line that a plugin, or the host on its behalf, wrote.
type LogEntry struct {
	Time    time.Time
	Level   LogLevel
	Plugin  string
	Version string
	// Source is "log" for host_log, "stdout" or "stderr" for the guest's streams, "host" for the host's own words.
	Source  string
	Message string
}

// Sinks replaces where a plugin's effects go, each member on its own; nil members leave the host's choice.
type Sinks struct {
	// Log receives log lines. It may be called from any goroutine.
	Log func(LogEntry)
	// Clock is the time that host_now tells.
	Clock func() time.Time
	// Events receives events, in place of the sink that was given to Execute.
	Events func(schema.PluginEvent)
	// HTTP sends the plugin's requests. Grants are checked before it is asked.
	HTTP HTTPDoer
	// Secret says that a text holds a secret of the user; see HTTPHooks.
	Secret func(text string) bool
}

type sinksKey struct{}

// WithSinks returns a context in which s replaces the host's sinks for the plugin calls made with it. Members that are
// nil in s keep the value of an outer WithSinks.
func WithSinks(ctx context.Context, s Sinks) context.Context {
	outer := SinksFrom(ctx)
	if s.Log == nil {
		s.Log = outer.Log
	}
	if s.Clock == nil {
		s.Clock = outer.Clock
	}
	if s.Events == nil {
		s.Events = outer.Events
	}
	if s.HTTP == nil {
		s.HTTP = outer.HTTP
	}
	if s.Secret == nil {
		s.Secret = outer.Secret
	}
	return context.WithValue(ctx, sinksKey{}, s)
}

// SinksFrom returns the sinks that the context carries; the zero value where there are none.
func SinksFrom(ctx context.Context) Sinks {
	s, _ := ctx.Value(sinksKey{}).(Sinks)
	return s
}
