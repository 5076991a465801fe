package server

import (
	"log/slog"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
)

// Options of a server; see the package lsp for what each field means.
type Options struct {
	Version         string
	Logger          *slog.Logger
	Plugins         []plugin.Option
	PluginDirs      []string
	UserPluginDir   string
	Settings        engine.Settings
	ClientProcessID int
	CacheDir        string
	Quiet           time.Duration
	Rest            time.Duration
	ReportDiagnosed bool
}

const (
	// defaultQuiet is how long nobody must have typed before what is slow is checked.
	defaultQuiet = 150 * time.Millisecond
	// defaultRest is how long nobody must have typed before what is wrong at the cursor is shown.
	defaultRest = 500 * time.Millisecond
	// answerTime is how long an editor has to answer a request of the server that needs no human.
	answerTime = 5 * time.Second
	// humanTime is how long a human has to answer a question; no answer means no.
	humanTime = 5 * time.Minute
	// refreshTime is the shortest time between two requests to ask for lenses or hints again.
	refreshTime = 100 * time.Millisecond
	// endTime is how long runs and other work may take to end with the server.
	endTime = 2 * time.Second
	// parentTime is the time between two looks at whether the editor's process still lives.
	parentTime = time.Second
)
