package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/demo"
	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/lsp"
)

func (a *app) demo() *cobra.Command {
	var opts demo.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on a sample API and a sample workspace",
		Long: "Start a sample API on a free loopback port, write a sample workspace, and drive a real session of the language\n" +
			"server over it: what you see is what an editor shows.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Style = output.Style{Color: a.useColor(a.stdout)}
			opts.Editor = func(ctx context.Context, conn io.ReadWriteCloser) error {
				return lsp.Serve(ctx, conn, lsp.Options{
					Version: versionText(), Logger: a.logger(), ReportDiagnosed: true,
					Plugins: []plugin.Option{plugin.WithBuiltins(builtins()...)},
				})
			}
			return demo.Run(cmd.Context(), a.stdout, opts)
		},
	}
	cmd.Flags().StringVar(&opts.Keep, "keep", "", "write the sample workspace to this new folder and leave it there")
	cmd.Flags().BoolVar(&opts.Serve, "serve", false, "keep the sample API up until interrupted")
	cmd.Flags().BoolVar(&opts.Quiet, "quiet", false, "skip the session: only write the workspace and serve the API")
	cmd.Flags().StringVar(&opts.Listen, "listen", "", "address of the sample API (default: a free loopback port)")
	return cmd
}
