package server

import (
	"context"
	"errors"
	"io"
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
	ReportDiagnosed bool
}

// Serve serves one connection.
func Serve(_ context.Context, conn io.ReadWriteCloser, _ Options) error {
	return errors.Join(errors.New("serve: the server is being built"), conn.Close())
}
