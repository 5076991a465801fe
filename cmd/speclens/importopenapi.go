package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
)

// importOpenAPI is the command that makes specs of OpenAPI documents.
func (a *app) importOpenAPI() *cobra.Command {
	var o interchange.OpenAPIOptions
	var output string
	var force bool
	cmd := &cobra.Command{
		Use:   "openapi FILE|-",
		Short: "Turn an OpenAPI 3 document into specs",
		Long: "Read an OpenAPI 3.0 or 3.1 document, JSON or YAML, and write a spec with a test for each operation. What a POST\n" +
			"creates is saved and used by the tests that read, change and delete it, in that order. Credentials become\n" +
			"{{ env.NAME }}. What cannot be said in a spec is told on stderr with its place in the document. Nothing is fetched:\n" +
			"references lead to files in the folder of the document, or below it.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if o.Split && !isFolder(output) {
				return usage("import openapi: --split needs a folder; give one with -o FOLDER/")
			}
			name, text, err := a.inputText(args)
			if err != nil {
				return fmt.Errorf("import: %w", err)
			}
			o.Name = name
			if args[0] != "-" {
				folder, err := os.OpenRoot(filepath.Dir(name))
				if err != nil {
					return fmt.Errorf("import: open the folder of %s: %w", name, err)
				}
				defer func() { _ = folder.Close() }()
				o.Dir = folder.FS()
			}
			files, notes, err := interchange.ParseOpenAPI(text, o)
			for _, n := range notes {
				fmt.Fprintln(a.stderr, render.PrintableLine(n))
			}
			var located *interchange.OpenAPIError
			if errors.As(err, &located) {
				for _, p := range located.Problems {
					fmt.Fprintln(a.stderr, render.PrintableLine(p))
				}
				return fmt.Errorf("import %s: the document cannot be read", name)
			}
			if err != nil {
				return fmt.Errorf("import %s: %w", name, err)
			}
			return a.writeSpecs(files, output, force)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&output, "output", "o", "", "write to this file, or into this folder, in place of standard output")
	flags.BoolVar(&force, "force", false, "replace files that exist")
	flags.BoolVar(&o.Split, "split", false, "write a file for each tag")
	flags.StringSliceVar(&o.Tags, "tags", nil, "take only operations with one of these tags")
	flags.StringSliceVar(&o.ExcludeTags, "exclude-tags", nil, "leave out operations with one of these tags")
	flags.StringArrayVar(&o.Paths, "path", nil, "take only paths that match; * is text without a slash, ** any text; repeatable")
	flags.StringVar(&o.Target, "target", "", "base URL in place of the document's server")
	flags.BoolVar(&o.Optional, "optional", false, "fill optional parameters and properties too")
	return cmd
}

// isFolder reports whether a path is meant as a folder: it is one, or ends like one.
func isFolder(path string) bool {
	if path == "" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator))
}

// writeSpecs writes to standard output, to a file or into a folder; all files or none where one exists.
func (a *app) writeSpecs(files []interchange.OpenAPIFile, output string, force bool) error {
	if output == "" {
		if _, err := io.WriteString(a.stdout, files[0].Text); err != nil {
			return fmt.Errorf("write the spec: %w", err)
		}
		return nil
	}
	paths := []string{output}
	if isFolder(output) {
		if err := os.MkdirAll(output, 0o755); err != nil {
			return fmt.Errorf("write the specs: %w", err)
		}
		paths = nil
		for _, f := range files {
			paths = append(paths, filepath.Join(output, f.Name))
		}
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil && !force {
			return fmt.Errorf("write %s: it exists; --force replaces it", path)
		}
	}
	for i, path := range paths {
		f, err := os.OpenFile(path, mode, 0o644)
		if err != nil {
			return fmt.Errorf("write the spec: %w", err)
		}
		_, err = io.WriteString(f, files[i].Text)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		fmt.Fprintln(a.stderr, "wrote "+render.PrintableLine(path))
	}
	return nil
}
