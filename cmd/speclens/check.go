package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

func (a *app) check() *cobra.Command {
	var plugins, format, environment string
	var settings engine.Settings
	checkers := output.Checkers(checkout())
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Check specs without sending anything",
		Long: "Check specs and report what is wrong with file, line and column. Folders are walked for YAML files.\n" +
			"Exit code 0: no errors (warnings are allowed); 2: at least one error; 3: refused by policy.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			checker, ok := checkers[format]
			if !ok {
				return usage("unknown format %q; choose one of %s", format, output.Names(checkers))
			}
			ws, err := a.open(cmd.Context(), args, plugins, settings)
			if err != nil {
				return err
			}
			defer ws.close()
			if environment != "" {
				const allowed = true // nothing is sent
				if err := ws.chooseEnvironment(environment, allowed); err != nil {
					return err
				}
			}
			report := output.CheckReport{Source: output.Source{Snap: ws.snap, WorkDir: ws.workDir}, Unreadable: ws.problems}
			for doc := range ws.snap.Documents() {
				if doc.Kind == engine.KindOther || !ws.named[doc.URI] {
					continue
				}
				found := diagnose(cmd.Context(), ws.snap, doc.URI)
				if a.otherReaders {
					found = append(found, analysis.OtherReaders(doc)...)
					analysis.Sort(found)
				}
				report.Files = append(report.Files, output.Checked(doc, found))
			}
			for _, f := range ws.snap.EnvFiles() {
				if len(f.Problems) == 0 {
					continue
				}
				report.Files = append(report.Files, output.CheckedFile{Doc: f.Doc, Diagnostics: analysis.EnvFile(f)})
			}
			if cmd.Context().Err() != nil {
				return &exitError{exitInterrupted, errInterrupted.Error()}
			}
			if err := checker(a.stdout, report, output.Style{Color: a.useColor(a.stdout)}); err != nil {
				return fmt.Errorf("write the report: %w", err)
			}
			if ws.leadsOut() {
				return &exitError{code: exitRefused}
			}
			if len(ws.refused) > 0 {
				return &exitError{code: exitRefused}
			}
			if report.Errors() > 0 || ws.unusable != nil {
				return &exitError{code: exitBroken}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&format, "output", "o", "text", "format: "+output.Names(checkers))
	flags.StringVarP(&environment, "env", "e", "", "environment of the configuration to check for")
	flags.BoolVar(&settings.ProcessEnv, "process-env", false, "let {{ env.NAME }} read the process environment too")
	flags.BoolVar(&settings.Strict, "strict", false, "treat unknown fields and unknown variables as errors, as run --strict does")
	a.addOtherReaders(cmd)
	a.addAllowPlugins(cmd)
	a.addWorkspaceFlags(cmd, &plugins, &settings.EnvFile)
	return cmd
}

// addOtherReaders is the flag of the commands that tell what other readers of YAML make of a spec.
func (a *app) addOtherReaders(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.otherReaders, "other-readers", true,
		"warn where the YAML library of the original engine would refuse a spec or read it otherwise")
}

// addAllowPlugins is the flag of the commands that use plugins of the project.
func (a *app) addAllowPlugins(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.allowPlugins, "allow-plugins", false, "load the plugins whose files the project's configuration names")
}

// addWorkspaceFlags are the flags of every command that reads specs.
func (a *app) addWorkspaceFlags(cmd *cobra.Command, plugins, envFile *string) {
	cmd.Flags().StringVar(plugins, "plugins", "", "folder of *.wasm plugins (default $"+pluginDirEnv+", else the user's data folder)")
	cmd.Flags().IntVar(&a.pluginMemory, "plugin-memory", defaultPluginMemory, "how many MiB of memory all plugins together may hold")
	cmd.Flags().StringVar(envFile, "env-file", "", "read variables from this file in place of the nearest .env")
	cmd.Flags().StringVar(&a.projectRoot, "project-root", "",
		"folder up to which configurations and .env files are looked for, and that holds what `depends` names (default: the configuration's, else the repository's)")
}

// fatal reports whether any finding keeps its file from being run.
func fatal(ds []analysis.Diagnostic) bool {
	for _, d := range ds {
		if d.Fatal {
			return true
		}
	}
	return false
}

// place is "file:line:column" of a span.
func place(source output.Source, doc *engine.Document, offset int) string {
	line, column := render.Position(doc.Text, offset)
	return fmt.Sprintf("%s:%d:%d", source.Path(doc.URI), line, column)
}
