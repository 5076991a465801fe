package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/lsp"
)

// stdio joins the standard streams into the connection to an editor.
type stdio struct {
	io.Reader
	io.Writer
}

// Close closes the input, so that a read under way ends.
func (s stdio) Close() error {
	if c, ok := s.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// claimStdout keeps standard output for the protocol: whatever else prints there goes to standard error from now on.
func (a *app) claimStdout() {
	if a.stdout == os.Stdout {
		os.Stdout = os.Stderr
	}
}

func (a *app) lsp() *cobra.Command {
	var opts lsp.Options
	var plugins string
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor over standard input and output",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.claimStdout()
			opts.Logger = a.logger()
			opts.Version = versionText()
			grants, err := userGrants()
			if err != nil {
				// The editor goes on without them: what is not granted is refused.
				opts.Logger.Error(err.Error())
			}
			opts.Plugins = []plugin.Option{plugin.WithBuiltins(builtins()...), plugin.WithGrants(grants), plugin.WithGrantsFile(grantsFile())}
			opts.PluginDirs = namedPluginDirs(plugins)
			opts.UserPluginDir = userPluginDir()
			if err := lsp.Serve(cmd.Context(), stdio{a.stdin, a.stdout}, opts); err != nil {
				return &exitError{exitFailed, err.Error()}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&plugins, "plugins", "", "folder of *.wasm plugins (default $"+pluginDirEnv+", else the user's data folder)")
	cmd.Flags().IntVar(&opts.ClientProcessID, "clientProcessId", 0, "end when this process ends")
	// Editors pass --stdio out of habit; it is what happens anyway.
	cmd.Flags().Bool("stdio", true, "speak over standard input and output")
	_ = cmd.Flags().MarkHidden("stdio")
	return cmd
}
