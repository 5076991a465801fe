package run

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/schema"
)

// ErrUntrusted is returned by Execute where the user does not trust the workspace: nothing of it may run.
var ErrUntrusted = errors.New("the workspace is not trusted, so nothing of it runs; trust it first")

// defaultTimeout is the time of one attempt where nobody sets any.
const defaultTimeout = 30 * time.Second

// runner is one execution. Its fields are set before the first unit begins and only read from then on, but for outcomes
// and results: a unit writes its own element, and the dispatcher's order makes it visible to the units that need it.
type runner struct {
	snap *engine.Snapshot
	// registry is held for the whole run: a registry that a reload replaced is not released while somebody holds it.
	registry     *plugin.Registry
	plan         *Schedule
	opts         Options
	seed         uint64
	failFast     bool
	limit        int
	serial       bool // not even a test that waits for its next attempt lets another one begin
	out          emitter
	masker       *Masker
	env          map[string]func(string) (string, error) // by URI
	infos        *sync.Map                               // schema.Protocol → *plugin.PluginInfo, which a plugin makes anew each time
	destinations *destinations
	places       places
	outcomes     []*outcome             // one per unit
	results      [][]*engine.TestResult // one per unit; of a load those of its tests and thresholds
	single       []*engine.TestResult   // one per unit, nil where it is a load
	loads        []*LoadReport          // one per unit, nil where it is no load
	// outer are the outcomes of the run around this one, where this is an iteration of a load.
	outer []*outcome
}

func execute(ctx context.Context, snap *engine.Snapshot, sel Selection, sink Sink, opts Options) (*Report, error) {
	started := time.Now()
	if !snap.Trusted() {
		return nil, ErrUntrusted
	}
	if _, err := sel.filter(); err != nil {
		return nil, err
	}
	if opts.RunID == "" {
		opts.RunID = newRunID()
	}
	plan, problems := Plan(snap, sel)
	r := newRunner(snap, plan, sink, opts)
	report := &Report{RunID: opts.RunID, Problems: problems, Added: plan.Added, Seed: r.seed}
	if fatal := slices.ContainsFunc(problems, func(p Problem) bool { return p.Fatal }); fatal && (r.failFast || len(plan.Files) == 0) {
		// Nothing could be planned, or nothing may be: there is no run to tell about.
		report.Duration = time.Since(started)
		return report, nil
	}
	r.run(ctx, problems)
	report.Results = slices.Concat(r.results...)
	report.Loads = slices.DeleteFunc(r.loads, func(l *LoadReport) bool { return l == nil })
	report.Duration = time.Since(started)
	report.Cancelled = ctx.Err() != nil
	done := RunCompleted{RunID: opts.RunID, Total: len(report.Results), Duration: report.Duration, Cancelled: report.Cancelled}
	for _, res := range report.Results {
		switch res.Status {
		case engine.StatusPassed:
			done.Passed++
		case engine.StatusFailed:
			done.Failed++
		case engine.StatusSkipped:
			done.Skipped++
		default:
			done.Errored++
		}
	}
	r.out.last(done, r.masker)
	return report, nil
}

func newRunner(snap *engine.Snapshot, plan *Schedule, sink Sink, opts Options) *runner {
	r := &runner{
		snap: snap, registry: snap.Registry(), plan: plan, opts: opts, seed: opts.Seed, failFast: opts.FailFast,
		out: emitter{sink: sink, mute: sink == nil}, env: map[string]func(string) (string, error){},
		infos: &sync.Map{}, destinations: &destinations{}, places: allPlaces,
		outcomes: make([]*outcome, len(plan.units)), results: make([][]*engine.TestResult, len(plan.units)),
		single: make([]*engine.TestResult, len(plan.units)),
		loads:  make([]*LoadReport, len(plan.units)),
	}
	if r.seed == 0 {
		r.seed = newSeed()
	}
	serial, most := opts.Serial, opts.MaxConcurrent
	for _, f := range plan.files {
		f.place = placeOf(snap, f.doc.URI)
		r.env[f.doc.URI] = lookupEnv(snap.Env(f.doc.URI), opts.LookupEnv)
		if f.config == nil {
			continue
		}
		rc := f.config.Runner
		r.failFast = r.failFast || rc.FailFast.Value
		serial = serial || rc.Parallel.Present() && !rc.Parallel.Value
		if n, err := strconv.Atoi(rc.MaxConcurrent.Value); err == nil && n > 0 && opts.MaxConcurrent == 0 && (most == 0 || n < most) {
			most = n
		}
	}
	if most <= 0 {
		most = runtime.GOMAXPROCS(0)
	}
	if serial {
		most = 1
	}
	r.limit, r.serial = most, serial
	r.masker = r.secrets()
	if opts.places != nil {
		r.places = opts.places
	}
	return r
}

// secrets masks every variable of the environment that the run's templates name. They are known before the first test
// begins, so that no report depends on which test read a variable first.
func (r *runner) secrets() *Masker {
	var values []string
	read := func(uri string, t *template.Template) {
		for _, ref := range t.Refs() {
			if ref.Kind != template.Env {
				continue
			}
			if v, err := r.env[uri](ref.Name); err == nil && isSecret(v) {
				values = append(values, v)
			}
		}
	}
	for _, f := range r.plan.files {
		for _, at := range f.spec.Templates {
			read(f.doc.URI, at.Template)
		}
		if f.config != nil {
			for _, at := range f.config.Templates {
				read(f.doc.URI, at.Template)
			}
		}
		for _, a := range link.Aliases(r.snap, f.doc.URI, f.spec) {
			read(f.doc.URI, template.Parse(a.URL))
		}
	}
	for u := range r.plan.all() {
		if u.row > 0 {
			continue
		}
		for _, at := range u.test.at.Templates {
			read(u.test.key.URI, at.Template)
		}
	}
	slices.Sort(values)
	return NewMasker(slices.Compact(values)...)
}

func (r *runner) run(ctx context.Context, problems []Problem) {
	r.out.emit(RunStarted{
		RunID: r.opts.RunID, Files: r.plan.Files, TotalTests: r.plan.Tests(), TotalWaves: r.plan.waves,
		Added: r.plan.Added, Reused: r.plan.Reused, Seed: r.seed, Problems: problems,
	}, r.masker)
	d := dispatcher{
		jobs: r.plan.jobs, steps: r.plan.steps, limit: r.limit, pick: r.opts.pick,
		run:  func(i int, pause func(func())) bool { return r.runUnit(ctx, i, pause) },
		skip: func(i int) { r.skipUnit(ctx, i) },
		begin: func(wave, from, to int) {
			var names []string
			for _, u := range r.plan.units[from:to] {
				names = append(names, u.names()...)
			}
			r.out.emit(WaveStarted{Index: wave, TestNames: names, Parallel: r.limit > 1 && to-from > 1}, r.masker)
		},
		end: func(wave, _, _ int) { r.out.emit(WaveCompleted{Index: wave}, r.masker) },
	}
	d.dispatch(ctx)
}

// timeout is the limit of an attempt where neither the test nor any default sets one.
func (r *runner) timeout() time.Duration {
	switch {
	case r.opts.Timeout > 0:
		return r.opts.Timeout
	case r.snap.Settings().RunTimeout > 0:
		return r.snap.Settings().RunTimeout
	}
	return defaultTimeout
}

// info describes the plugin that serves a protocol.
func (r *runner) info(protocol schema.Protocol, p plugin.Plugin) *plugin.PluginInfo {
	if known, ok := r.infos.Load(protocol); ok {
		return known.(*plugin.PluginInfo)
	}
	info := p.Info()
	r.infos.Store(protocol, &info)
	return &info
}

// log makes the plugin's log lines events of the test.
func (x *exec) log(e capabilities.LogEntry) {
	if x.ended.Load() {
		return // a plugin that was left to itself
	}
	x.r.out.emit(Log{Level: e.Level.String(), Plugin: e.Plugin, Message: e.Message, Test: x.u.info}, x.masker)
}

func newSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return binary.BigEndian.Uint64(b[:]) | 1
}

func newRunID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return "run-" + hex.EncodeToString(b[:])
}
