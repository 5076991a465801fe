// Package lsp is the language server of speclens.
//
// It must not know where the bytes come from: standard input and output, a pipe of a test or a browser's worker alike.
package lsp

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/lsp/internal/server"
)

// Options of a server. The zero value works: no plugins, and messages for the developer are dropped.
type Options struct {
	// Version is the program's, for the editor's about box.
	Version string
	// Logger receives what is of interest to whoever debugs the server; nil drops it. It must not write to the connection.
	Logger *slog.Logger
	// Plugins are the options of the plugin loader: the built-in plugins, its cache, limits and grants.
	Plugins []plugin.Option
	// PluginDirs are the folders with *.wasm plugins that the user named; first wins. Where there is none, the folder
	// .speclens/plugins of every workspace folder that the user trusts is used, and then UserPluginDir.
	PluginDirs    []string
	UserPluginDir string
	// Settings are the user's, before the editor's configuration says more.
	Settings engine.Settings
	// ClientProcessID is the process whose end ends the server, as the command line gave it; 0 for none. The editor may
	// name another one in its initialize request.
	ClientProcessID int
	// CacheDir holds the results that an editor was asked to show; empty means a folder in the user's cache folder.
	CacheDir string
	// Quiet is how long nobody must have typed before plugins and other files are checked; 0 means 150 ms.
	Quiet time.Duration
	// Rest is how long nobody must have typed before what is wrong at the cursor is shown; 0 means 500 ms.
	Rest time.Duration
	// ReportDiagnosed sends the notification speclens/doneDiagnosing after each pass over a document: tests wait for it.
	ReportDiagnosed bool
}

// Serve speaks the language server protocol over conn until the editor ends the session, the connection breaks or ctx
// is cancelled, and then closes conn. It returns nil after an orderly end: shutdown and exit, or ctx cancelled; every
// other end is an error, and a process should then exit with code 1. Reads of conn that Close does not end are abandoned.
func Serve(ctx context.Context, conn io.ReadWriteCloser, opts Options) error {
	return server.Serve(ctx, conn, server.Options{
		Version: opts.Version, Logger: opts.Logger, Plugins: opts.Plugins, PluginDirs: opts.PluginDirs,
		UserPluginDir: opts.UserPluginDir, Settings: opts.Settings, ClientProcessID: opts.ClientProcessID,
		CacheDir: opts.CacheDir, Quiet: opts.Quiet, Rest: opts.Rest, ReportDiagnosed: opts.ReportDiagnosed,
	})
}
