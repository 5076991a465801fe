package run

import (
	"maps"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
)

// Judge holds a recorded response against the test's present expectations, without sending anything. It returns the
// result as it is where nothing was received, and where the request itself was edited: then only another run can tell.
//
// Templates in the expectations keep the values that they had during the run. A template that was added since is resolved
// from the snapshot: the environment, the matrix, and the recorded results of other tests. Secrets are masked in what was
// recorded and in what is expected; where such a value takes part, its digest decides, and where that cannot, the assertion asks
// for another run.
func Judge(result *engine.TestResult, t spec.TestAt, snap *engine.Snapshot) *engine.TestResult {
	if result == nil || result.Output == nil || result.Status != engine.StatusPassed && result.Status != engine.StatusFailed {
		return result
	}
	if result.RequestHash != t.RequestHash() || result.Hash == t.Hash() || result.Row >= len(t.Matrix) {
		return result
	}
	out := *result
	out.Hash, out.Name = t.Hash(), t.Name.Value
	if result.Row >= 0 {
		out.Name = rowName(t.Test, t.Matrix[result.Row])
	}
	j := newJudge(result, t, snap)
	var parsed *expect.Expect
	var assertions []expect.Assertion
	if t.Expect != nil {
		parsed, _ = expect.Parse(j.marked(j.resolve(t.Expect.Raw())))
	}
	out.Resolved = j.resolved
	out.Digests = j.digests
	recorded := markedResult(result)
	response := responseOf(recorded)
	response.Redact = unmark
	for _, a := range parsed.Evaluate(response) {
		place := expectedAt(a)
		j.digests[place] = digestOf(value.JSON(a.Expected))
		judgedNow := decided(a, result, recorded.Output)
		if strings.HasSuffix(judgedNow.Message, runAgain) {
			delete(j.digests, place) // this is no outcome of a run, to be taken over next time
		}
		assertions = append(assertions, judgedNow)
	}
	out.Assertions = assertions
	// What `until` missed was judged over several attempts, of which the last one is all that was kept.
	for _, a := range result.Assertions {
		if len(a.At) > 0 && a.At[0] == "retry" {
			out.Assertions = append(out.Assertions, a)
		}
	}
	out.Status = engine.StatusPassed
	if !expect.Passed(out.Assertions) {
		out.Status = engine.StatusFailed
	}
	return j.masker.Result(&out)
}

type judge struct {
	ev       template.Evaluator
	masker   *Masker
	resolved map[string]any
	digests  digests // of the result, and of what was resolved since
}

func newJudge(result *engine.TestResult, t spec.TestAt, snap *engine.Snapshot) *judge {
	env := lookupEnv(snap.Env(result.Key.URI), nil)
	j := &judge{resolved: map[string]any{}, digests: digests{}, masker: NewMasker(secretsNamed(t, env)...)}
	maps.Copy(j.resolved, result.Resolved)
	maps.Copy(j.digests, result.Digests)
	j.ev = template.Evaluator{Scope: recordedScope(snap, result.Key), MarkLiteral: true, Place: result.Key.ID}
	j.ev.Scope.Env = env
	if result.Row >= 0 {
		row := t.Matrix[result.Row].Values
		j.ev.Scope.Matrix = func(key string) (any, error) {
			if i := slices.IndexFunc(row, func(f spec.Field) bool { return f.Key.Value == key }); i >= 0 {
				return row[i].Value.Any(), nil
			}
			return nil, template.ErrUnknown
		}
	}
	return j
}

// secretsNamed are the variables of the environment that a test's templates name.
func secretsNamed(t spec.TestAt, env func(string) (string, error)) []string {
	var secrets []string
	for _, at := range t.Templates {
		for _, ref := range at.Template.Refs() {
			if ref.Kind != template.Env {
				continue
			}
			if v, err := env(ref.Name); err == nil && isSecret(v) {
				secrets = append(secrets, v)
			}
		}
	}
	return secrets
}

// recordedScope resolves the names of other tests from their recorded results.
func recordedScope(snap *engine.Snapshot, key engine.TestKey) template.Scope {
	names := link.NamesOf(snap, key.URI)
	place := names.Test(key)
	if place == nil {
		return template.Scope{}
	}
	scope := template.Scope{Named: func(name string) (any, error) {
		r := names.Lookup(place, template.Ref{Kind: template.Name, Name: name})
		o := lastOutcome(snap, r.To)
		if o == nil {
			return nil, template.ErrUnknown
		}
		if r.Kind != link.RefSaved {
			return o.record, nil
		}
		if v, ok := o.saves[name]; ok {
			return v, nil
		}
		return nil, template.ErrUnknown
	}}
	if place.Spec.Mode.Value == modeScenario {
		scope.Prev = func() (any, error) {
			if o := lastOutcome(snap, names.Before(place)); o != nil {
				return o.record, nil
			}
			return nil, template.ErrUnknown
		}
	}
	return scope
}

// lastOutcome is what the last recorded result of a test gives to others; nil where it received nothing.
func lastOutcome(snap *engine.Snapshot, p *link.Place) *outcome {
	if p == nil {
		return nil
	}
	results := snap.Results(p.Key())
	if len(results) == 0 || results[len(results)-1].Output == nil {
		return nil
	}
	last := markedResult(results[len(results)-1])
	o := &outcome{status: last.Status, record: newRecord(last.Name, last.Output, last.Events)}
	o.unread = unreadBody(last.Output)
	o.saves, _ = saved(p.Test, o.record)
	if !o.usable() {
		return nil
	}
	return o
}

// resolve replaces the templates of an expectation by the values that they had, or have.
func (j *judge) resolve(raw any) any {
	return mapTexts(raw, nil, func(at []string, s string) any {
		where := resolvedKey(dotted("expect", at), s)
		for _, key := range []string{where, s} {
			if v, known := j.resolved[key]; known {
				return j.digests.mark(under("resolved", key), v)
			}
		}
		v, _, err := template.Parse(s).Eval(&j.ev)
		if err != nil {
			return s
		}
		if held, _ := masks(v); !held { // else it came out of a recorded result, with its marks
			v = j.again(where, v)
		}
		return v
	})
}

// again keeps what a template stands for, masked, for the next time.
func (j *judge) again(where string, v any) any {
	j.digests.note(j.masker, under("resolved", where), v, true)
	j.resolved[where] = j.masker.Value(v)
	return j.digests.mark(under("resolved", where), j.resolved[where])
}

// marked masks the texts of an expectation that hold a secret as they are written, and marks them.
func (j *judge) marked(v any) any {
	if held, _ := masks(v); !held {
		return maskedWithDigests(j.masker, v)
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = j.marked(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = j.marked(e)
		}
		return out
	}
	return v
}
