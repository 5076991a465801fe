package server

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/lsp/command"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// run starts a run and returns its id. What may not run is refused here, by the server, whatever the editor thinks.
func (s *Server) run(snap *engine.Snapshot, a *command.RunArgs) (any, error) {
	doc, err := specOf(snap, a.URI)
	if err != nil {
		return nil, err
	}
	if !snap.Trusted() {
		return nil, wire.Errorf(wire.RequestFailed, "untrusted: nothing runs in a workspace that is not trusted; trust it and run again")
	}
	sel, tests, err := s.selection(doc, a)
	if err != nil {
		return nil, err
	}
	j := s.runs.start(s.ctx)
	s.background("run", func(context.Context) {
		defer s.runs.end(j)
		s.perform(j, snap, doc, sel, tests)
	})
	return command.RunResult{RunID: j.id}, nil
}

// selection turns the arguments of a run into what the runner understands. A test is looked for in the text as it is now;
// where the user saw an older version, only if that test was the same there.
func (s *Server) selection(doc *engine.Document, a *command.RunArgs) (run.Selection, []engine.TestKey, error) {
	scope := a.Scope
	if scope == "" {
		scope = command.ScopeTest
		if a.TestID == "" {
			scope = command.ScopeFile
		}
	}
	sel := run.Selection{URIs: []string{doc.URI}, Needs: scope == command.ScopeNeeds}
	switch scope {
	case command.ScopeFile:
		var tests []engine.TestKey
		for _, t := range testsOf(doc) {
			tests = append(tests, engine.TestKey{URI: doc.URI, ID: t.ID})
		}
		if len(tests) == 0 {
			return sel, nil, wire.Errorf(wire.RequestFailed, "there are no tests in %s", s.spell(doc.URI))
		}
		return sel, tests, nil
	case command.ScopeTest, command.ScopeNeeds:
	default:
		return sel, nil, wire.Errorf(wire.InvalidParams, "there is no scope %.40q; the scopes are test, needs and file", scope)
	}
	t, ok := testOf(doc, a.TestID)
	if !ok {
		return sel, nil, wire.Errorf(wire.InvalidParams, "there is no test %.80q in %s any more", a.TestID, s.spell(doc.URI))
	}
	if a.Version != nil && *a.Version != doc.Version && !s.runs.offered(doc.URI, *a.Version, t) {
		return sel, nil, wire.Errorf(wire.ContentModified,
			"test %.80q was changed since version %d of the file; look at it and run it again", a.TestID, *a.Version)
	}
	key := engine.TestKey{URI: doc.URI, ID: t.ID}
	sel.Tests = []engine.TestKey{key}
	return sel, sel.Tests, nil
}

func testsOf(doc *engine.Document) []spec.TestAt {
	var tests []spec.TestAt
	for _, sp := range doc.Spec().Specs {
		for _, t := range sp.Tests.All() {
			tests = append(tests, t)
		}
	}
	return tests
}

func testOf(doc *engine.Document, id string) (spec.TestAt, bool) {
	tests := testsOf(doc)
	i := slices.IndexFunc(tests, func(t spec.TestAt) bool { return t.ID == id })
	if i < 0 || id == "" {
		return spec.TestAt{}, false
	}
	return tests[i], true
}

// perform carries out a run from its question to its last result.
func (s *Server) perform(j *job, snap *engine.Snapshot, doc *engine.Document, sel run.Selection, tests []engine.TestKey) {
	if !s.confirmed(j.ctx, snap, doc, len(tests)) {
		return
	}
	plan, _ := run.Plan(snap, sel)
	tests = append(slices.Clone(tests), plan.Added...)
	s.session.StartRun(j.id, tests)
	s.everythingRan(tests)
	bar := s.startProgress(j, title(doc, tests))
	rec := newRecorder(s, snap, j.id, bar)
	stop := rec.keepUp(j.ctx)

	settings := snap.Settings()
	opts := run.Options{RunID: j.id, Strict: settings.Strict, Timeout: settings.RunTimeout}
	if settings.ProcessEnv {
		opts.LookupEnv = os.LookupEnv
	}
	report, err := run.Execute(j.ctx, snap, sel, rec, opts)

	stop()
	s.session.EndRun(j.id)
	s.everythingRan(tests)
	bar.end(summary(report, err))
	s.explain(report, err)
}

// confirmed asks before a run in an environment that its project protects.
func (s *Server) confirmed(ctx context.Context, snap *engine.Snapshot, doc *engine.Document, n int) bool {
	env := snap.Environment(doc.URI)
	if env == nil || !env.Protected.Value {
		return true
	}
	const yes = "Run"
	question := fmt.Sprintf("The environment %q is protected. Run %s in it?", env.Name.Value, count(n, "test"))
	return s.choose(ctx, protocol.MessageTypeWarning, question, yes, "Cancel") == yes
}

// everythingRan shows what became of some tests.
func (s *Server) everythingRan(tests []engine.TestKey) {
	for _, key := range tests {
		s.diagnoser.touch(key.URI)
	}
	s.lenses.request()
	s.hints.request()
}

// explain tells the user why something did not run.
func (s *Server) explain(report *run.Report, err error) {
	if err != nil {
		s.show(protocol.MessageTypeError, "Nothing was run: %v", err)
		return
	}
	var reasons []string
	for _, p := range report.Problems {
		if p.Fatal {
			reasons = append(reasons, fmt.Sprintf("%s: %s", s.where(p), p.Message))
		}
	}
	if len(reasons) == 0 {
		return
	}
	for _, r := range reasons {
		s.tell(protocol.MessageTypeError, "%s", r)
	}
	more := ""
	if len(reasons) > 1 {
		more = fmt.Sprintf(" (and %d more, in the log)", len(reasons)-1)
	}
	what := "Some tests were not run"
	if len(report.Results) == 0 {
		what = "Nothing was run"
	}
	s.show(protocol.MessageTypeError, "%s: %s%s", what, reasons[0], more)
}

// where is the place of a problem as people write it.
func (s *Server) where(p run.Problem) string {
	name := p.URI
	if path := engine.PathFromURI(p.URI); path != "" {
		name = path
	}
	doc := s.session.Snapshot().Document(p.URI)
	if doc == nil {
		return name
	}
	at := s.client.Load().Position(doc.Text, p.Span.Start)
	return fmt.Sprintf("%s:%d:%d", name, at.Line+1, at.Character+1)
}

func title(doc *engine.Document, tests []engine.TestKey) string {
	if t, ok := testOf(doc, tests[0].ID); ok && len(tests) == 1 {
		return "Running " + t.Label()
	}
	return "Running " + count(len(tests), "test")
}

// summary is the outcome of a run in a few words.
func summary(report *run.Report, err error) string {
	if err != nil || report == nil {
		return "not run"
	}
	counts := map[engine.Status]int{}
	for _, r := range report.Results {
		counts[r.Status]++
	}
	var parts []string
	for _, status := range []engine.Status{engine.StatusPassed, engine.StatusFailed, engine.StatusErrored, engine.StatusSkipped} {
		if n := counts[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	if report.Cancelled {
		parts = append(parts, "cancelled")
	}
	if len(parts) == 0 {
		return "not run"
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
