package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/schema"
)

// kept are the findings of the tests of one version of a file, with what they depend on beside the tests.
type kept struct {
	given    given
	findings *spec.Findings[[]Diagnostic]
	names    link.Version
}

// given is what the findings of all tests of a file depend on.
type given struct {
	fields  *schema.Composition
	strict  bool
	process bool // the process environment counts
	trusted bool
	conf    *spec.Config
	// environment is the chosen one, vars its variables with all others.
	environment string
	vars        map[string]engine.EnvVar
	// heads is what the tests take from the heads of their specs.
	heads []string
}

func (g *given) same(o *given) bool {
	return g.fields == o.fields && g.strict == o.strict && g.process == o.process && g.trusted == o.trusted && g.conf == o.conf &&
		g.environment == o.environment && slices.Equal(g.heads, o.heads) && maps.Equal(g.vars, o.vars)
}

// context is what is given now.
func (p *pass) context() *given {
	if p.now == nil {
		p.now = p.given()
	}
	return p.now
}

func (p *pass) given() *given {
	settings := p.snap.Settings()
	g := &given{
		fields: p.snap.Fields(), strict: settings.Strict, process: settings.ProcessEnv, trusted: p.snap.Trusted(),
		conf: p.snap.Config(p.doc.URI), environment: p.snap.EnvironmentName(p.doc.URI), vars: p.snap.Env(p.doc.URI),
	}
	for _, s := range p.doc.Spec().Specs {
		var b strings.Builder
		for _, text := range []string{s.Target.Value, s.Mode.Value} {
			b.WriteString(text)
			b.WriteByte(0)
		}
		for _, t := range s.Targets {
			b.WriteString(t.Key.Value)
			b.WriteByte(0)
			b.WriteString(t.Value.Value)
			b.WriteByte(0)
		}
		g.heads = append(g.heads, b.String())
	}
	if p.index().HasLoads() { // which document a test stands in decides who may need it
		g.heads = append(g.heads, fmt.Sprint(p.doc.Spec().Starts()))
	}
	return g
}

type (
	aloneKey  struct{}
	linkedKey struct{}
)

// alone are the findings of the checks that look at a test by itself.
func (p *pass) alone() *spec.Findings[[]Diagnostic] {
	file, now := p.doc.Spec(), p.context()
	v := file.Evolve(aloneKey{}, func(v any) any {
		old, _ := v.(*kept)
		next := &kept{given: *now}
		var before *spec.Findings[[]Diagnostic]
		if old != nil && old.given.same(now) {
			before = old.findings
		}
		next.findings = before.Update(file, nil, func(_ int, s *spec.Spec, t spec.TestAt) ([]Diagnostic, bool) {
			if p.ctx.Err() != nil {
				return nil, false
			}
			scope := &testScope{Test: t.Test, fields: now.fields, protocol: p.target(s, t.Test).Protocol, strict: now.strict}
			found := scope.check()
			return found, len(found) > 0
		})
		if p.ctx.Err() != nil {
			return v // what was interrupted is not worth keeping
		}
		return next
	})
	return findingsOf(v)
}

func findingsOf(v any) *spec.Findings[[]Diagnostic] {
	if k, ok := v.(*kept); ok && k != nil {
		return k.findings
	}
	return nil
}

// linked are the findings of the checks that look at what a test names. A test is looked at again if a name that it uses
// came or went.
func (p *pass) linked() *spec.Findings[[]Diagnostic] {
	file, now, index := p.doc.Spec(), p.context(), p.index()
	v := file.Evolve(linkedKey{}, func(v any) any {
		old, _ := v.(*kept)
		next := &kept{given: *now, names: index.Version(p.doc.URI)}
		var before *spec.Findings[[]Diagnostic]
		var again []int
		if old != nil && old.given.same(now) {
			if others, own := index.SameNames(old.names, p.doc.URI); others {
				before = old.findings
				again = p.again(before, own)
			}
		}
		check := &nameCheck{pass: p, vars: now.vars}
		next.findings = before.Update(file, again, func(i int, _ *spec.Spec, _ spec.TestAt) ([]Diagnostic, bool) {
			if p.ctx.Err() != nil {
				return nil, false
			}
			return check.all(index.At(p.doc.URI, i))
		})
		if p.ctx.Err() != nil {
			return v
		}
		return next
	})
	return findingsOf(v)
}

// again are the numbers of the tests to look at once more: those first in their spec, before which there is none; those
// whose findings point elsewhere or mind the order; and, where names came or went, those that use one or have findings.
func (p *pass) again(before *spec.Findings[[]Diagnostic], sameNames bool) []int {
	file := p.doc.Spec()
	was := before.Before()
	is := file.Tests()
	head, tail := spec.Common(was, is)
	by := is.Len() - was.Len()
	var list []int
	for _, i := range file.Starts() {
		if i < is.Len() {
			list = append(list, i)
		}
	}
	for i, found := range before.All() {
		volatile := slices.ContainsFunc(found, func(d Diagnostic) bool { return d.volatile() })
		switch {
		case sameNames && !volatile:
		case i < head:
			list = append(list, i)
		case i >= was.Len()-tail:
			list = append(list, i+by)
		}
	}
	if !sameNames {
		list = append(list, p.index().Users(p.doc.URI, link.Differing(was, is))...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// all runs the checks that look at what a test names.
func (n *nameCheck) all(at *link.Place) ([]Diagnostic, bool) {
	var found []Diagnostic
	for i := range All {
		if check := All[i].Linked; check != nil {
			found = append(found, check(n, at)...)
		}
	}
	return found, len(found) > 0
}

// volatile reports whether a finding may change although neither its test nor the names in it do.
func (d *Diagnostic) volatile() bool {
	return len(d.Related) > 0 || d.Code == "template.prev" || d.Code == "depends.unknown"
}
