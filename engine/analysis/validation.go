package analysis

import (
	"context"
	"math"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/schema"
)

// Validation is what plugins said of the tests of one document. A plugin is asked again about a test only when what it is
// given changed; until it has answered, what it said before counts, so that findings do not flicker. Immutable; nil is one
// of which nobody asked anything.
type Validation struct {
	registry *plugin.Registry
	given    given
	defaults []string
	findings *spec.Findings[[]plugin.FieldError]
	// byTest and byHash find what was said of a test by its id and by its content, where anything was.
	byTest, byHash map[string][]plugin.FieldError
}

// Registry holds the plugins that were asked; nil where none was.
func (v *Validation) Registry() *plugin.Registry {
	if v == nil {
		return nil
	}
	return v.registry
}

// answer is what a plugin said of a test, with all that this depends on. It is kept with the test.
type answer struct {
	terms  *terms
	key    questionKey
	errors []plugin.FieldError
}

// terms are what a question depends on beside the test.
type terms struct {
	fields           *schema.Composition // another one means other plugins
	conf             *spec.Config
	protocol         schema.Protocol
	target, defaults string
}

type answerKey struct{}

func answerOf(t *spec.Test) *answer {
	a, _ := t.Recall(answerKey{}).(*answer)
	return a
}

// Refresh asks about the tests that changed. Where ask returns false, it could not ask, and what is still unknown is left
// to the next time: complete is then false.
func (v *Validation) Refresh(
	ctx context.Context, snap *engine.Snapshot, uri string, ask func(PluginInput) (errors []plugin.FieldError, answered bool),
) (next *Validation, complete bool) {
	next = &Validation{registry: snap.Registry()}
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec {
		return next, true
	}
	p := &pass{ctx: ctx, snap: snap, doc: doc}
	next.given = *p.context()
	for _, s := range doc.Spec().Specs {
		next.defaults = append(next.defaults, signature(s.Defaults))
	}
	q := questions{pass: p, ask: ask, defaults: next.defaults, terms: map[terms]*terms{}, complete: true}
	var before *spec.Findings[[]plugin.FieldError]
	if v != nil && v.registry == next.registry {
		q.old = v.findings
		if v.given.same(&next.given) && slices.Equal(v.defaults, next.defaults) {
			before = v.findings
		}
	}
	next.findings = before.Update(doc.Spec(), nil, q.look)
	if !q.complete {
		if v == nil {
			return &Validation{registry: next.registry}, false
		}
		kept := *v // another one, since some tests may have been answered for
		return &kept, false
	}
	next.byTest, next.byHash = map[string][]plugin.FieldError{}, map[string][]plugin.FieldError{}
	for i, errors := range next.findings.All() {
		_, t := doc.Spec().At(i)
		next.byTest[t.ID], next.byHash[t.Hash()] = errors, errors
	}
	return next, true
}

// questions are one round of them.
type questions struct {
	*pass
	ask      func(PluginInput) ([]plugin.FieldError, bool)
	defaults []string // of each spec
	terms    map[terms]*terms
	complete bool

	old *spec.Findings[[]plugin.FieldError]
	// gone are the answers for the tests that are no more, once somebody wants them.
	gone map[questionKey]*answer
}

// look is the answer for a test: an earlier one if the question is the same.
func (q *questions) look(_ int, s *spec.Spec, t spec.TestAt) ([]plugin.FieldError, bool) {
	if !q.complete || t.Form == spec.FormBroken {
		return nil, false
	}
	to := q.target(s, t.Test)
	served := q.snap.Registry().Lookup(to.Protocol)
	if to.Protocol == "" || served == nil {
		return nil, false
	}
	now := q.shared(terms{
		fields: q.now.fields, conf: q.now.conf, protocol: to.Protocol, target: to.URL,
		defaults: q.defaults[slices.Index(q.doc.Spec().Specs, s)],
	})
	a := answerOf(t.Test)
	if a == nil || *a.terms != *now {
		in := input(s.Input(t.Test, now.conf), now.target)
		key := keyOf(in)
		if a == nil || a.key != key || !a.terms.sameWay(now) {
			a = q.before(key, now)
		}
		if a == nil {
			errors, ok := q.ask(PluginInput{Test: t.ID, Plugin: served, Input: in, Key: key.of(served)})
			if !ok {
				q.complete = false
				return nil, false
			}
			a = &answer{errors: errors}
		}
		a = &answer{now, key, a.errors}
		t.Remember(answerKey{}, func(any) bool { return false }, func() any { return a })
	}
	return a.errors, len(a.errors) > 0
}

// sameWay reports whether the same question goes to the same plugin.
func (t *terms) sameWay(o *terms) bool { return t.fields == o.fields && t.protocol == o.protocol }

func (q *questions) shared(t terms) *terms {
	s := q.terms[t]
	if s == nil {
		s = &t
		q.terms[t] = s
	}
	return s
}

// before is the answer for a test that is no more, and of which the same was asked: mostly it was the same test.
func (q *questions) before(key questionKey, now *terms) *answer {
	if q.gone == nil {
		q.gone = map[questionKey]*answer{}
		was := q.old.Before()
		head, tail := spec.Common(was, q.doc.Spec().Tests())
		for _, t := range was.Between(head, was.Len()-tail) {
			if a := answerOf(t); a != nil {
				q.gone[a.key] = a
			}
		}
	}
	if a := q.gone[key]; a != nil && a.terms.sameWay(now) {
		return a
	}
	return nil
}

type complaintsKey struct{}

// complaints are what plugins said about the tests of one version of a file.
type complaints struct {
	of       *Validation
	findings *spec.Findings[[]plugin.FieldError]
}

// Findings are what plugins said about the document as it is now. A test is found by its content, wherever it moved; one
// that changed since keeps what was said of it, until the plugin has looked again.
func (v *Validation) Findings(snap *engine.Snapshot, uri string) []Diagnostic {
	found, _ := v.FindingsFirst(snap, uri, math.MaxInt)
	return found
}

// FindingsFirst are those of Findings for the first tests, about as many as are asked for, and how many there are more.
func (v *Validation) FindingsFirst(snap *engine.Snapshot, uri string, most int) (found []Diagnostic, more int) {
	doc := snap.Document(uri)
	if v == nil || doc == nil || doc.Kind != engine.KindSpec {
		return nil, 0
	}
	said := doc.Spec().Evolve(complaintsKey{}, func(old any) any {
		before := v.findings
		if c, ok := old.(*complaints); ok && c.of == v {
			before = c.findings
		}
		return &complaints{v, before.Update(doc.Spec(), nil, func(_ int, _ *spec.Spec, t spec.TestAt) ([]plugin.FieldError, bool) {
			if a := answerOf(t.Test); a != nil {
				return a.errors, len(a.errors) > 0
			}
			if len(v.byHash) == 0 {
				return nil, false
			}
			errors, known := v.byHash[t.Hash()]
			if !known {
				errors = v.byTest[t.ID]
			}
			return errors, len(errors) > 0
		})}
	}).(*complaints)
	return pluginFindings(snap, uri, said.findings.All(), most)
}

// Earlier are the ids of the tests that changed since plugins were asked about them: what they said is about another text.
func (v *Validation) Earlier(snap *engine.Snapshot, uri string) map[string]bool {
	doc := snap.Document(uri)
	if v == nil || doc == nil || doc.Kind != engine.KindSpec {
		return nil
	}
	changed := map[string]bool{}
	for _, s := range doc.Spec().Specs {
		for _, t := range s.Tests.All() {
			if len(v.byTest[t.ID]) == 0 || answerOf(t.Test) != nil {
				continue
			}
			if _, same := v.byHash[t.Hash()]; !same {
				changed[t.ID] = true
			}
		}
	}
	return changed
}
