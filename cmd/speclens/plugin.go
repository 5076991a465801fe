package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/schema"
)

func (a *app) plugin() *cobra.Command {
	cmd := &cobra.Command{Use: "plugin", Short: "Look at plugins"}
	cmd.AddCommand(a.pluginList(), a.pluginInspect())
	return cmd
}

func (a *app) pluginList() *cobra.Command {
	var plugins, format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the plugins in force, and those that could not be loaded",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "json" && format != "text" {
				return usage("unknown format %q; choose one of json, text", format)
			}
			return a.withPlugins(cmd.Context(), plugins, func(registry *plugin.Registry) error {
				write := a.listPlugins
				if format == "json" {
					write = func(r *plugin.Registry) error { return a.writeJSON(r.Snapshot()) }
				}
				if err := write(registry); err != nil {
					return err
				}
				for _, p := range registry.Problems() {
					fmt.Fprintln(a.stderr, "speclens: "+render.Printable(p.Error()))
				}
				if len(registry.Problems()) > 0 {
					return &exitError{code: exitBroken}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&plugins, "plugins", "", "folder of *.wasm plugins (default $"+pluginDirEnv+", else the user's data folder)")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "format: json, text")
	return cmd
}

func (a *app) listPlugins(registry *plugin.Registry) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tVERSION\tPROTOCOLS\tFIELDS\tEVENTS\tDESCRIPTION")
	for _, p := range registry.Snapshot() {
		protocols := make([]string, len(p.Protocols))
		for i, proto := range p.Protocols {
			protocols[i] = string(proto)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", render.PrintableLine(p.Name), render.PrintableLine(p.Version),
			render.PrintableLine(strings.Join(protocols, ", ")), len(p.Fields), len(p.Events), render.PrintableLine(p.Description))
	}
	return w.Flush()
}

func (a *app) pluginInspect() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "Load one plugin file and print what it declares",
		Long: "Load one plugin file and print what it declares. The hash that a grant belongs to goes to standard error, and so does\n" +
			"what is wrong with the declaration. Exit code 0: nothing but warnings; 2: it is wrong, or cannot be loaded.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			wasm, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read plugin: %w", err)
			}
			runtime, err := plugin.NewWASMRuntime(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = runtime.Close(context.Background()) }()
			p, err := runtime.LoadPlugin(cmd.Context(), filepath.Base(args[0]), wasm)
			if err != nil {
				return err
			}
			defer func() { _ = p.Close() }()
			fmt.Fprintf(a.stderr, "sha256:%s\n", p.SHA256())
			if err := a.writeJSON(p.Info()); err != nil {
				return err
			}
			wrong := false
			for _, finding := range p.Lint() {
				fmt.Fprintln(a.stderr, render.PrintableLine(finding.String()))
				wrong = wrong || finding.Severity != plugin.FindingWarning
			}
			if wrong {
				return &exitError{code: exitBroken}
			}
			return nil
		},
	}
}

func (a *app) schema() *cobra.Command {
	var plugins string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema of specs, for editors that have no language server",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withPlugins(cmd.Context(), plugins, func(registry *plugin.Registry) error {
				b, err := schema.JSONSchema(registry.Snapshot()...)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.stdout, "%s\n", bytes.TrimSpace(b))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&plugins, "plugins", "", "folder of *.wasm plugins (default $"+pluginDirEnv+", else the user's data folder)")
	return cmd
}

func (a *app) writeJSON(v any) error {
	var encoded bytes.Buffer
	enc := json.NewEncoder(&encoded)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.stdout.Write(render.JSON(encoded.Bytes()))
	return err
}
