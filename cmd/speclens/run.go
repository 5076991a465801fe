package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/spec"
)

// runFlags are the flags of `speclens run`.
type runFlags struct {
	plugins, envFile, format string
	environment              string
	parallel, failFast       bool
	strict, verbose          bool
	processEnv               bool
	allowProtected           bool
	maxConcurrent            int
	seed                     uint64
	shard                    string
	reports                  []string
	sel                      run.Selection
}

func (a *app) run() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run PATH[:LINE]...",
		Short: "Run specs and report what came back",
		Long: "Check the specs, then run their tests. Folders are walked for YAML files; FILE:LINE is the test at that line. What the\n" +
			"selected tests need runs too, from the files that theirs depend on as well.\n" +
			"Exit code 0: everything passed or was skipped; 1: a test failed or errored; 2: the specs or the set-up are broken;\n" +
			"3: refused by policy; 130: interrupted.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runSpecs(cmd, args, f) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.format, "output", "o", "pretty", "format, in place of the configuration's: "+output.Names(runners))
	flags.StringArrayVar(&f.reports, "report", nil, "write a report beside the output, as FORMAT=FILE; may be given several times")
	flags.BoolVar(&f.parallel, "parallel", true, "run tests of a wave at the same time")
	flags.IntVar(&f.maxConcurrent, "max-concurrent", 0,
		"how many tests may run at the same time (default: the configuration's, else the number of cores)")
	flags.BoolVar(&f.failFast, "fail-fast", false, "begin no further test after a failure, and run nothing if a file is broken")
	flags.BoolVar(&f.strict, "strict", false, "treat unresolved templates and unknown fields as errors")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show events and responses of tests that passed too")
	flags.Uint64Var(&f.seed, "seed", 0, "fix generated data; 0 draws a seed")
	flags.StringVarP(&f.environment, "env", "e", "", "environment of the configuration to use")
	flags.BoolVar(&f.allowProtected, "allow-protected", false, "run in an environment that its project protects")
	flags.BoolVar(&f.processEnv, "process-env", false, "let {{ env.NAME }} read the process environment too")
	flags.StringSliceVar(&f.sel.Tags, "tags", nil, "run only tests with one of these tags")
	flags.StringSliceVar(&f.sel.ExcludeTags, "exclude-tags", nil, "leave out tests with one of these tags")
	flags.StringVar(&f.shard, "shard", "", "run one part of the tests, as K/N; each test stays together with what it needs")
	flags.StringVar(&f.sel.NamePattern, "name", "", "run only tests whose name matches this regular expression")
	a.addOtherReaders(cmd)
	a.addAllowPlugins(cmd)
	a.addWorkspaceFlags(cmd, &f.plugins, &f.envFile)
	return cmd
}

// runSink is a sink that may fail to write.
type runSink interface {
	run.Sink
	Err() error
}

// newRunSink makes the sink of a format of `speclens run`.
type newRunSink func(a *app, w io.Writer, source output.Source, f runFlags) runSink

// runners are the formats of `speclens run`.
var runners = runFormats()

func runFormats() map[string]newRunSink {
	table := map[string]newRunSink{
		"json": func(_ *app, w io.Writer, source output.Source, _ runFlags) runSink { return output.NewJSON(w, source) },
		"pretty": func(a *app, w io.Writer, source output.Source, f runFlags) runSink {
			return output.NewPretty(w, source, output.PrettyOptions{
				Color: a.useColor(w), Live: terminal(w), Width: func() int { return terminalWidth(w) }, Verbose: f.verbose,
			})
		},
	}
	for name, document := range output.Documents(checkout()) {
		table[name] = func(_ *app, w io.Writer, source output.Source, _ runFlags) runSink {
			return output.NewCollector(w, source, document)
		}
	}
	return table
}

// checkout is where GitHub Actions says that it checked the repository out.
func checkout() output.Checkout {
	workDir, err := os.Getwd()
	if err != nil {
		return output.Checkout{} // names stay relative to wherever this is
	}
	return output.Checkout{Root: os.Getenv("GITHUB_WORKSPACE"), WorkDir: workDir}
}

func (a *app) runSpecs(cmd *cobra.Command, args []string, f runFlags) error {
	ctx := cmd.Context()
	if runners[f.format] == nil {
		return usage("unknown format %q; choose one of %s", f.format, output.Names(runners))
	}
	reports, err := parseReports(f.reports, func(name string) bool { return runners[name] != nil }, output.Names(runners))
	if err != nil {
		return err
	}
	if f.shard != "" {
		if f.sel.Shard, err = parseShard(f.shard); err != nil {
			return err
		}
	}
	files, err := openReports(reports)
	if err != nil {
		return err
	}
	defer files.discard()
	named, err := parseNamed(args)
	if err != nil {
		return err
	}
	ws, err := a.open(ctx, named.paths, f.plugins, engine.Settings{EnvFile: f.envFile})
	if err != nil {
		return err
	}
	defer ws.close()
	if f.environment != "" {
		if err := ws.chooseEnvironment(f.environment, f.allowProtected); err != nil {
			return err
		}
	}
	if err := ws.choose(named, &f.sel); err != nil {
		return err
	}
	if saved, ok := ws.savedResults(); ok {
		if err := ws.staysInside(saved); err != nil {
			return err
		}
		file, err := openSaved(saved)
		if err != nil {
			return err
		}
		defer file.discard()
		reports, files = append(reports, reportTo{"json", saved}), append(files, file)
	}
	source := output.Source{Snap: ws.snap, WorkDir: ws.workDir}
	if !cmd.Flags().Changed("output") {
		f.format = ws.outputFormat(f.format)
	}
	f.verbose = f.verbose || ws.output(func(o spec.OutputConfig) bool { return o.Verbose.Value })
	broken := len(ws.problems) > 0 || ws.unusable != nil
	for _, p := range ws.problems {
		fmt.Fprintf(a.stderr, "%s: error: %s\n", render.PrintableLine(p.Path), render.PrintableLine(p.Err.Error()))
	}
	for _, env := range ws.snap.EnvFiles() {
		a.reportEnv(env, ws.workDir)
		broken = broken || len(env.Problems) > 0
	}
	if broken && f.failFast {
		return &exitError{code: exitBroken}
	}
	opts := run.Options{
		Serial: !f.parallel, MaxConcurrent: f.maxConcurrent, FailFast: f.failFast, Strict: f.strict, Seed: f.seed,
	}
	if f.processEnv {
		opts.LookupEnv = os.LookupEnv
	}
	sink := fanOut{runners[f.format](a, a.stdout, source, f), logSink{a.logger()}}
	for i, to := range reports {
		sink = append(sink, runners[to.format](a, files[i], source, f))
	}
	if f.format != "pretty" || !terminal(a.stdout) {
		sink = append(sink, output.NewProgress(a.stderr, source))
	}
	report, err := run.Execute(ctx, ws.snap, f.sel, sink, opts)
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		where := source.Path(p.URI)
		if doc := ws.snap.Document(p.URI); doc != nil {
			where = place(source, doc, p.Span.Start)
		}
		fmt.Fprintf(a.stderr, "%s: error: %s [%s]\n", where, render.Printable(p.Message), render.PrintableLine(p.Code))
		for _, rel := range p.Related {
			if doc := ws.snap.Document(rel.URI); doc != nil {
				fmt.Fprintf(a.stderr, "  %s: %s\n", place(source, doc, rel.Span.Start), render.Printable(rel.Message))
			}
		}
		broken = broken || p.Fatal
	}
	a.warnOfOtherReaders(ws, source)
	if len(report.Results) == 0 && !broken {
		a.warnOfNothingSelected(ws.snap, f.sel)
	}
	if err := errors.Join(sink.Err(), files.commit()); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	if ws.leadsOut() && !report.Cancelled {
		return &exitError{code: exitRefused}
	}
	if len(ws.refused) > 0 && !report.Cancelled {
		return &exitError{code: exitRefused}
	}
	return verdict(report, broken)
}

// warnOfOtherReaders tells where the original engine would read the specs otherwise.
func (a *app) warnOfOtherReaders(ws *workspace, source output.Source) {
	if !a.otherReaders {
		return
	}
	for doc := range ws.snap.Documents() {
		if doc.Kind != engine.KindSpec || !ws.named[doc.URI] {
			continue
		}
		for _, d := range analysis.OtherReaders(doc) {
			fmt.Fprintf(a.stderr, "%s: warning: %s [%s]\n", place(source, doc, d.Span.Start), render.Printable(d.Message), d.Code)
		}
	}
}

// warnOfNothingSelected tells whoever selects tests by tag or name that there are none: a typing error there must not look
// like a success. It names the tags that there are. One part of a divided run may well be empty.
func (a *app) warnOfNothingSelected(snap *engine.Snapshot, sel run.Selection) {
	if len(sel.Tags) == 0 && len(sel.ExcludeTags) == 0 && sel.NamePattern == "" || sel.Shard != (run.Shard{}) {
		return
	}
	tags := map[string]bool{}
	for doc := range snap.Documents() {
		if doc.Kind != engine.KindSpec {
			continue
		}
		for _, s := range doc.Spec().Specs {
			for _, t := range s.Tests.All() {
				for _, tag := range t.Tags {
					tags[tag.Value] = true
				}
			}
		}
	}
	hint := ""
	if len(sel.Tags) > 0 && len(tags) > 0 {
		hint = "; the specs have the tags " + strings.Join(slices.Sorted(maps.Keys(tags)), ", ")
	}
	fmt.Fprintf(a.stderr, "speclens: warning: no test was selected by --tags, --exclude-tags or --name%s\n", render.PrintableLine(hint))
}

// outputFormat is the format that a configuration of the run names, else the given one. A format that does not exist is
// an error of the configuration, which the run reports.
func (w *workspace) outputFormat(otherwise string) string {
	w.output(func(o spec.OutputConfig) bool {
		if runners[o.Format.Value] == nil {
			return false
		}
		otherwise = o.Format.Value
		return true
	})
	return otherwise
}

// output asks the configurations of the run, in the order of their paths, until one answers.
func (w *workspace) output(answers func(spec.OutputConfig) bool) bool {
	for doc := range w.snap.Documents() {
		if doc.Kind == engine.KindConfig && answers(doc.Config().Output) {
			return true
		}
	}
	return false
}

// savedResults is where the results of the run are kept for a configuration that says so: at the path that it names, else in
// the user's cache, one file for each project. A link must not lead such a path out of the configuration's folder.
func (w *workspace) savedResults() (path string, ok bool) {
	for doc := range w.snap.Documents() {
		if doc.Kind != engine.KindConfig || !doc.Config().Output.SaveResults.Value {
			continue
		}
		folder := filepath.Dir(doc.Path())
		if named := doc.Config().Output.ResultsPath.Value; named != "" {
			return filepath.Join(folder, filepath.FromSlash(named)), true
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", false
		}
		name := fmt.Sprintf("%s-%.4x.json", filepath.Base(folder), sha256.Sum256([]byte(folder)))
		return filepath.Join(cache, "speclens", "results", name), true
	}
	return "", false
}

// staysInside returns an error where the results would land outside of the project through a link. The user's cache is no
// part of any project.
func (w *workspace) staysInside(path string) error {
	for doc := range w.snap.Documents() {
		if doc.Kind != engine.KindConfig || doc.Config().Output.ResultsPath.Value == "" {
			continue
		}
		root, err := os.OpenRoot(filepath.Dir(doc.Path()))
		if err != nil {
			return fmt.Errorf("save the results: %w", err)
		}
		defer func() { _ = root.Close() }()
		rel, err := filepath.Rel(root.Name(), path)
		if err != nil {
			return fmt.Errorf("save the results: %w", err)
		}
		if err := root.MkdirAll(filepath.Dir(rel), 0o700); err != nil {
			return fmt.Errorf("save the results: output.saveResults of the configuration: %w", err)
		}
		return nil
	}
	return nil
}

// openSaved opens a file in a folder that nobody else may read: responses may hold what is nobody else's business.
func openSaved(path string) (*reportFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("save the results: %w", err)
	}
	return openReport(path)
}

// parseShard reads K/N.
func parseShard(s string) (run.Shard, error) {
	k, n, _ := strings.Cut(s, "/")
	index, err := strconv.Atoi(k)
	of, errOf := strconv.Atoi(n)
	if err != nil || errOf != nil || index < 1 || index > of {
		return run.Shard{}, usage("--shard %q: write K/N with K from 1 to N, such as 2/5", s)
	}
	return run.Shard{Index: index, Of: of}, nil
}

// verdict is the exit code of a run.
func verdict(report *run.Report, broken bool) error {
	if report.Cancelled {
		return &exitError{exitInterrupted, errInterrupted.Error()}
	}
	if broken {
		return &exitError{code: exitBroken}
	}
	for _, r := range report.Results {
		if r.Status == engine.StatusFailed || r.Status == engine.StatusErrored {
			return &exitError{code: exitFailed}
		}
	}
	return nil
}

// chooseEnvironment puts an environment in force for every file; it is an error that no configuration has it. One that its
// project protects takes a word of its own, where an editor asks.
func (w *workspace) chooseEnvironment(name string, allowProtected bool) error {
	found := false
	for doc := range w.snap.Documents() {
		if doc.Kind != engine.KindConfig {
			continue
		}
		for _, e := range doc.Config().Environments {
			if e.Name.Value != name {
				continue
			}
			if e.Protected.Value && !allowProtected {
				return &exitError{exitRefused, fmt.Sprintf("the environment %q is protected; add --allow-protected to run in it", name)}
			}
			found = true
			w.snap = w.session.SetEnvironment(doc.URI, name)
		}
	}
	if !found {
		return usage("no configuration has an environment %q; look under `environments` of .qube.yaml", name)
	}
	return nil
}
