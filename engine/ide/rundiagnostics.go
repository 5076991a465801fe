package ide

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// RunDiagnostics are what the last runs found: each expectation that failed, on its own key, and each test that could
// not be run. A test that was edited since has none.
func RunDiagnostics(ctx context.Context, snap *engine.Snapshot, uri string) []analysis.Diagnostic {
	doc := specDocument(snap, uri)
	if doc == nil || len(snap.AllResults()) == 0 {
		return nil
	}
	file := doc.Spec()
	failures := file.Evolve(failuresKey{}, func(old any) any {
		next := &failures{of: snap.ResultsVersion()}
		var before *spec.Findings[[]*engine.TestResult]
		if f, ok := old.(*failures); ok && f.of == next.of {
			before = f.findings
		}
		next.findings = before.Update(file, nil, func(_ int, _ *spec.Spec, t spec.TestAt) ([]*engine.TestResult, bool) {
			results := snap.Results(keyOf(doc, t))
			bad := func(r *engine.TestResult) bool {
				return (r.Status == engine.StatusErrored || r.Error != "" || r.Passed() < len(r.Assertions)) && fresh(t, r)
			}
			return results, slices.ContainsFunc(results, bad)
		})
		return next
	}).(*failures)
	var ds []analysis.Diagnostic
	for i, results := range failures.findings.All() {
		_, t := file.At(i)
		for _, r := range results {
			if fresh(t, r) && ctx.Err() == nil {
				ds = append(ds, resultDiagnostics(snap, t, r)...)
			}
		}
	}
	return append(ds, missedLimits(ctx, snap, doc)...)
}

// missedLimits are the thresholds of the file's loads that did not hold, each on its key.
func missedLimits(ctx context.Context, snap *engine.Snapshot, doc *engine.Document) []analysis.Diagnostic {
	var ds []analysis.Diagnostic
	for _, s := range doc.Spec().Specs {
		if s.Load == nil || len(s.Load.Thresholds) == 0 || ctx.Err() != nil {
			continue
		}
		p, _ := s.Profile()
		for _, l := range p.Limits {
			for _, r := range snap.Results(engine.TestKey{URI: doc.URI, ID: s.LimitID(l)}) {
				if r.Status != engine.StatusFailed || r.Hash != s.LimitHash(l) {
					continue
				}
				for _, a := range r.Assertions {
					ds = append(ds, analysis.Diagnostic{
						Source: analysis.SourceRun, Severity: analysis.SeverityError, Span: l.Key, Code: "expect.threshold", Message: a.Message,
					})
				}
			}
		}
	}
	return ds
}

// failures are the results of the tests of one version of a file of which something failed.
type failures struct {
	of       uint64 // version of the results
	findings *spec.Findings[[]*engine.TestResult]
}

type failuresKey struct{}

func resultDiagnostics(snap *engine.Snapshot, t spec.TestAt, r *engine.TestResult) []analysis.Diagnostic {
	base := analysis.Diagnostic{Source: analysis.SourceRun, Severity: analysis.SeverityError, Test: t.ID}
	prefix := ""
	if r.Row >= 0 && r.Name != "" {
		prefix = r.Name + ": "
	}
	var ds []analysis.Diagnostic
	if r.Status == engine.StatusErrored {
		d := base
		d.Span, d.Code, d.Message = t.Abs(t.Head), "run.errored", prefix+r.Error
		ds = append(ds, d)
	}
	if r.Status == engine.StatusFailed && r.Error != "" {
		d := base
		d.Span, d.Code, d.Message = t.Abs(t.Head), "run.failed", prefix+r.Error
		ds = append(ds, d)
	}
	for _, a := range r.Assertions {
		if a.Passed {
			continue
		}
		d := base
		d.Span, d.Code, d.Message = expectKey(t, a.Place()), "expect", prefix+a.Message
		switch {
		case len(a.At) > 0 && a.At[0] == "retry":
			d.Code = "expect.until"
		case len(a.At) > 0:
			d.Code = "expect." + a.At[0]
		}
		d.Related = feeders(snap, r)
		ds = append(ds, d)
	}
	return ds
}

// feeders point at the tests whose values went into a test: a wrong value often began there.
func feeders(snap *engine.Snapshot, r *engine.TestResult) []analysis.Related {
	var related []analysis.Related
	for _, name := range slices.Sorted(maps.Keys(r.FedBy)) {
		key := r.FedBy[name]
		if p := link.NamesOf(snap, key.URI).Test(key); p != nil {
			related = append(related, analysis.Related{
				URI: p.Doc.URI, Span: p.Abs(p.Head), Message: fmt.Sprintf("fed by `%s` from this test", name),
			})
		}
	}
	return related
}
