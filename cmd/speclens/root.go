package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app carries the streams and the flags of every command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	logLevel string
	color    string
	// allowPlugins lets a project bring plugins.
	allowPlugins bool
	// pluginMemory is how many MiB all plugins together may hold.
	pluginMemory int
	// otherReaders warns where other readers of YAML differ.
	otherReaders bool
	// projectRoot is the folder of --project-root.
	projectRoot string
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "speclens",
		Short:         "Language server, checker and runner for declarative API test specs",
		SilenceErrors: true,
		SilenceUsage:  true,
		// Suggestions are cobra's own; the default command list ends with help and completion.
		SuggestionsMinimumDistance: 2,
	}
	root.PersistentFlags().StringVar(&a.logLevel, "log-level", "warn", "what to log to stderr: debug, info, warn, error")
	root.PersistentFlags().StringVar(&a.color, "color", "auto", "colours: auto, always, never")
	a.pluginMemory = defaultPluginMemory
	root.AddCommand(a.lsp(), a.check(), a.run(), a.report(), a.importFrom(), a.export(), a.plugin(), a.schema(), a.demo(), a.version())
	endAtInterrupt(root, map[string]bool{"run": true, "lsp": true, "demo": true})
	return root
}

// logger writes to stderr; stdout belongs to results and protocol frames.
func (a *app) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

// terminal reports whether w is a terminal that a person looks at.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// terminalWidth is how many columns a terminal has; 80 where it does not say.
func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// useColor follows --color, and NO_COLOR (https://no-color.org) where that says auto.
func (a *app) useColor(w io.Writer) bool {
	switch a.color {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && terminal(w)
}
