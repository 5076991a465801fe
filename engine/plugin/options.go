package plugin

import (
	"os"
	"path/filepath"

	"github.com/speclens/speclens/capabilities"
)

// Option configures a WASMRuntime or a Loader; what concerns only the other is ignored.
type Option func(*options)

type options struct {
	limits capabilities.Limits
	grants capabilities.Grants
	// grantsFile is where the user keeps them.
	grantsFile string
	log        func(capabilities.LogEntry)
	notice     func(Notice)
	http       capabilities.HTTPDoer
	cacheDir   string
	builtins   []Plugin
}

// Notice is something that the user should be told once, without having asked.
type Notice struct {
	Plugin, Version string
	Message         string
	// Err is the fault behind it.
	Err error
}

// WithCacheDir keeps compiled modules and the loader's index in dir in place of DefaultCacheDir; "" means no cache. The
// folder must be the user's own and never part of a workspace: whoever writes to it runs native code.
func WithCacheDir(dir string) Option {
	return func(o *options) { o.cacheDir = dir }
}

// WithLimits sets the limits; fields that are zero keep their defaults.
func WithLimits(l capabilities.Limits) Option {
	return func(o *options) { o.limits = l.WithDefaults() }
}

// WithGrants sets what the user allows each module, beyond the default. SetGrants changes it later.
func WithGrants(g capabilities.Grants) Option {
	return func(o *options) { o.grants = g }
}

// WithGrantsFile says where the user keeps grants, for the message to a user who lacks one.
func WithGrantsFile(path string) Option {
	return func(o *options) { o.grantsFile = path }
}

// WithLog receives the log lines of plugins, and of the host about them, for which the call's context names no sink. It
// may be called from any goroutine.
func WithLog(log func(capabilities.LogEntry)) Option {
	return func(o *options) { o.log = log }
}

// WithNotices receives what the user should be told once, such as that a plugin's validation is paused.
func WithNotices(notice func(Notice)) Option {
	return func(o *options) { o.notice = notice }
}

// WithHTTP sends the HTTP requests of plugins through doer, where the call's context names none. The default is one
// capabilities.HTTPClient per runtime.
func WithHTTP(doer capabilities.HTTPDoer) Option {
	return func(o *options) { o.http = doer }
}

// WithBuiltins merges plugins that are part of the program into every registry that the loader returns. A file whose
// plugin has the same name replaces a built-in one. The loader owns them: they close with it, not with a registry.
func WithBuiltins(plugins ...Plugin) Option {
	return func(o *options) { o.builtins = append(o.builtins, plugins...) }
}

// DefaultCacheDir returns the folder for compiled modules in the user's cache folder, "" where there is none.
func DefaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "speclens", "plugins")
}

func collect(opts []Option) options {
	o := options{limits: capabilities.DefaultLimits(), cacheDir: DefaultCacheDir()}
	for _, opt := range opts {
		opt(&o)
	}
	if o.log == nil {
		o.log = func(capabilities.LogEntry) {}
	}
	if o.notice == nil {
		o.notice = func(Notice) {}
	}
	return o
}
