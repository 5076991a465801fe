package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
)

func (a *app) report() *cobra.Command {
	cmd := &cobra.Command{Use: "report", Short: "Work with the reports of runs"}
	cmd.AddCommand(a.reportMerge())
	return cmd
}

func (a *app) reportMerge() *cobra.Command {
	var format string
	var reports []string
	formats := output.Documents(checkout())
	formats["json"] = output.JSONLines
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Join the results of several runs, such as the parts of a divided one",
		Long: "Join files that `speclens run -o json` (or --report json=FILE) wrote, and write them as one run in any format.\n" +
			"A test that is in several of them counts once, with its worst outcome.\n" +
			"Exit code 0: joined, whatever the outcomes are; 2: a file could not be read or the end of its run is missing.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if formats[format] == nil {
				return usage("unknown format %q; choose one of %s", format, output.Names(formats))
			}
			list, err := parseReports(reports, func(name string) bool { return formats[name] != nil }, output.Names(formats))
			if err != nil {
				return err
			}
			record, whole, err := a.joined(args)
			if err != nil {
				return err
			}
			files, err := openReports(list)
			if err != nil {
				return err
			}
			defer files.discard()
			errs := []error{formats[format](a.stdout, record)}
			for i, to := range list {
				errs = append(errs, formats[to.format](files[i], record))
			}
			if err := errors.Join(append(errs, files.commit())...); err != nil {
				return fmt.Errorf("write the report: %w", err)
			}
			if !whole {
				return &exitError{code: exitBroken}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "json", "format: "+output.Names(formats))
	cmd.Flags().StringArrayVar(&reports, "report", nil, "write a report beside the output, as FORMAT=FILE; may be given several times")
	return cmd
}

// joined reads all files. Runs without an end, or without a beginning, are told of and the rest is joined; whole is false then.
func (a *app) joined(paths []string) (record *output.Record, whole bool, err error) {
	m := output.NewMerger()
	whole = true
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, false, fmt.Errorf("merge reports: %w", err)
		}
		err = errors.Join(m.Add(f), f.Close())
		switch {
		case errors.Is(err, output.ErrUnfinished), errors.Is(err, output.ErrNoRun):
			whole = false
			fmt.Fprintf(a.stderr, "%s: error: %s\n", render.PrintableLine(path), err)
		case err != nil:
			return nil, false, fmt.Errorf("merge reports: %s: %w", path, err)
		}
	}
	return m.Record(), whole, nil
}
