package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange/k6"
	"github.com/speclens/speclens/cmd/speclens/internal/output"
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// k6Flags are the flags of `speclens export k6`.
type k6Flags struct {
	plugins, envFile, environment, file string
	partial                             bool
}

func (a *app) exportK6() *cobra.Command {
	var f k6Flags
	cmd := &cobra.Command{
		Use:   "k6 SPEC...",
		Short: "Write a k6 script of specs, to make load from many machines",
		Long: "Write one script for k6 1.x: tests with their data flow, checks, thresholds, stages and scenarios. Without a spec in\n" +
			"load mode it runs every test once. Environment variables are read when k6 runs; no value is written into the script.\n" +
			"What k6 does otherwise is a warning here and a comment in the script; what it cannot do is an error, unless --partial.\n" +
			"Exit code 2: the specs are broken, or hold what k6 cannot do.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.writeK6(cmd.Context(), args, f) },
	}
	cmd.Flags().StringVarP(&f.file, "output", "o", "", "write the script to this file instead of standard output")
	cmd.Flags().StringVarP(&f.environment, "env", "e", "", "environment of the configuration whose targets to use")
	cmd.Flags().BoolVar(&f.partial, "partial", false, "leave out what k6 cannot do, with a comment in its place")
	a.addWorkspaceFlags(cmd, &f.plugins, &f.envFile)
	return cmd
}

func (a *app) writeK6(ctx context.Context, args []string, f k6Flags) error {
	ws, err := a.open(ctx, args, f.plugins, engine.Settings{EnvFile: f.envFile})
	if err != nil {
		return err
	}
	defer ws.close()
	for _, p := range ws.problems {
		return fmt.Errorf("export %s: %w", p.Path, p.Err)
	}
	if f.environment != "" {
		// The script only names the environment's targets; whoever runs it decides where.
		if err := ws.chooseEnvironment(f.environment, true); err != nil {
			return err
		}
	}
	x := &k6Export{snap: ws.snap, source: output.Source{Snap: ws.snap, WorkDir: ws.workDir}, index: map[engine.TestKey]int{},
		partial: f.partial}
	plan, problems := run.Plan(ws.snap, run.Selection{})
	broken := false
	for _, p := range problems {
		where := x.source.Path(p.URI)
		if doc := ws.snap.Document(p.URI); doc != nil {
			where = place(x.source, doc, p.Span.Start)
		}
		fmt.Fprintf(a.stderr, "%s: error: %s [%s]\n", where, render.Printable(p.Message), render.PrintableLine(p.Code))
		broken = broken || p.Fatal
	}
	if broken {
		return &exitError{code: exitBroken}
	}
	x.plan(plan)
	slices.SortStableFunc(x.losses, func(a, b k6Loss) int { return cmp.Or(cmp.Compare(a.uri, b.uri), cmp.Compare(a.at, b.at)) })
	for _, l := range x.losses {
		fmt.Fprintln(a.stderr, render.PrintableLine(l.String()))
		broken = broken || l.severe && !f.partial
		x.script.Notes = append(x.script.Notes, l.where+": "+l.message)
	}
	if broken {
		return usage("nothing was written; --partial leaves out what k6 cannot do")
	}
	script := k6.Write(x.script)
	if f.file != "" {
		if err := os.WriteFile(f.file, []byte(script), 0o644); err != nil { //nolint:gosec // a script holds no secret
			return fmt.Errorf("write the script: %w", err)
		}
		return nil
	}
	if _, err := io.WriteString(a.stdout, script); err != nil {
		return fmt.Errorf("write the script: %w", err)
	}
	return nil
}

// k6Loss is what k6 does otherwise, or, where severe, what it cannot do.
type k6Loss struct {
	where, message string
	severe         bool
	uri            string
	at             int // in the file, in bytes
}

func (l k6Loss) String() string {
	kind := "warning"
	if l.severe {
		kind = "error"
	}
	return l.where + ": " + kind + ": " + l.message
}

// k6Export turns a plan into a script.
type k6Export struct {
	snap    *engine.Snapshot
	source  output.Source
	script  k6.Script
	index   map[engine.TestKey]int // into the script's tests
	partial bool
	losses  []k6Loss
}

func (x *k6Export) lose(doc *engine.Document, span text.Span, severe bool, format string, args ...any) {
	l := k6Loss{place(x.source, doc, span.Start), fmt.Sprintf(format, args...), severe, doc.URI, span.Start}
	if !slices.Contains(x.losses, l) {
		x.losses = append(x.losses, l)
	}
}

func (x *k6Export) plan(plan *run.Schedule) {
	for _, uri := range plan.Files {
		x.script.Sources = append(x.script.Sources, x.source.Path(uri))
		if c := x.snap.Config(uri); c != nil {
			x.script.FailFast = x.script.FailFast || c.Runner.FailFast.Value
		}
	}
	units := plan.Units()
	// Tests first: their templates name each other by number.
	for _, u := range units {
		if u.Test != nil {
			x.number(u.Test)
			continue
		}
		for i := range u.Load.Tests {
			x.number(&u.Load.Tests[i])
		}
	}
	x.script.Tests = make([]k6.Test, len(x.index))
	for _, u := range units {
		switch {
		case u.Load == nil && x.script.Load == nil:
			x.script.Setup = append(x.script.Setup, x.test(u.Test))
		case u.Load == nil:
			x.script.Teardown = append(x.script.Teardown, x.test(u.Test))
		case x.script.Load != nil:
			x.lose(u.Load.Doc, x.modeSpan(u.Load.Spec), true, "a k6 script holds one load, and this is another one; export them one by one")
			for i := range u.Load.Tests {
				t := x.test(&u.Load.Tests[i])
				x.script.Tests[t.Test].Skip = "not exported: it belongs to another load"
			}
		default:
			x.load(u.Load)
		}
	}
}

func (x *k6Export) modeSpan(s *spec.Spec) text.Span {
	if s.Mode.Present() {
		return s.Mode.Span()
	}
	return s.Span
}

func (x *k6Export) number(t *run.UnitTest) {
	if _, known := x.index[t.Key]; !known {
		x.index[t.Key] = len(x.index)
	}
}

func (x *k6Export) load(l *run.UnitLoad) {
	out := &k6.Load{Profile: l.Profile}
	runs := make([]k6.Run, len(l.Tests))
	for i := range l.Tests {
		runs[i] = x.test(&l.Tests[i])
		if l.Tests[i].Test.Retry != nil && slices.ContainsFunc(l.Profile.Limits, countsAttempts) {
			x.lose(l.Doc, l.Tests[i].Test.Abs(l.Tests[i].Test.Head), false,
				"k6's http_reqs and http_req_duration count every attempt of a `retry`; thresholds on requests and duration see them all")
		}
	}
	for _, f := range l.Flows {
		flow := k6.Flow{Name: f.Name, Weight: f.Weight}
		for _, i := range f.Tests {
			flow.Runs = append(flow.Runs, runs[i])
		}
		out.Flows = append(out.Flows, flow)
	}
	x.script.Load = out
	for _, loss := range k6.Losses(out) {
		span := loss.Span
		if span == (text.Span{}) {
			span = x.modeSpan(l.Spec)
			if l.Spec.Load != nil {
				span = l.Spec.Load.Node.Span()
			}
		}
		x.lose(l.Doc, span, false, "%s", loss.Message)
	}
}

// countsAttempts reports whether a threshold is on a metric of k6 that counts every attempt of a test.
func countsAttempts(limit spec.Limit) bool {
	return limit.Metric == spec.MetricRequests || limit.Metric == spec.MetricDuration
}
