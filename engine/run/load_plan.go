package run

import (
	"slices"

	"github.com/speclens/speclens/engine/spec"
)

// loadPlan is a spec in load mode as it runs: what an iteration of a virtual user consists of.
type loadPlan struct {
	file    *specFile
	profile spec.LoadProfile
	// tests are those that take part, by place; wave is the level of the last of them.
	tests []*planned
	wave  int
	// units are those of the tests; a planned test's first is an index into them.
	units []*unit
	flows []loadFlow
}

// loadFlow is what an iteration may consist of.
type loadFlow struct {
	name   string // of the scenario; empty where the spec has none
	weight float64
	// units are indices, in the order in which they run.
	units []int
}

// limits are the thresholds that are judged: those of a load that runs at all.
func (l *loadPlan) limits() []spec.Limit {
	if len(l.units) == 0 {
		return nil
	}
	return l.profile.Limits
}

// profiled is a load profile with what is wrong with it.
type profiled struct {
	spec.LoadProfile
	problems []spec.Problem
}

// loads reports whether a spec runs as a load. Tests that were chosen one by one run once, whatever the mode: that is how
// one looks at them.
func (p *planner) loads(s *spec.Spec) bool {
	return s.Mode.Value == modeLoad && len(p.sel.Tests) == 0
}

func (p *planner) profile(s *spec.Spec) profiled {
	known, ok := p.profiles[s]
	if !ok {
		known.LoadProfile, known.problems = s.Profile()
		p.profiles[s] = known
	}
	return known
}

// checkLoad lists what a test needs of a load that is not its own.
func (p *planner) checkLoad(t *planned) {
	if len(p.sel.Tests) > 0 {
		return // chosen tests run once
	}
	for _, b := range t.file.names.NeededOfLoads(t.place) {
		p.breach(t.key.URI, b.Span, b)
	}
}

// keepLoadsWhole makes the tests of a load need each other in closures, so that no load is divided: half of it is another
// load.
func (p *planner) keepLoadsWhole(closures []bitset, wanted []bool) {
	whole := map[*loadPlan]bitset{}
	for i, t := range p.tests {
		if t.file.load == nil || !wanted[i] {
			continue
		}
		if whole[t.file.load] == nil {
			whole[t.file.load] = make(bitset, len(closures[i]))
		}
		whole[t.file.load].union(closures[i])
	}
	for i, t := range p.tests {
		if set := whole[t.file.load]; set != nil && wanted[i] {
			closures[i] = set
		}
	}
}

// arrange gives a load its units, and each of its flows their order: as written, but after what they need.
func (p *planner) arrange(l *loadPlan) {
	byAlias := map[string]*planned{}
	for _, t := range l.tests {
		t.first, t.recorded = len(l.units), nil
		l.units = append(l.units, t.rows()...)
		byAlias[t.at.Alias.Value] = t
	}
	if len(l.profile.Flows) == 0 {
		l.flows = append(l.flows, loadFlow{weight: 1, units: p.flow(l, l.tests)})
	}
	for _, f := range l.profile.Flows {
		var tests []*planned
		for _, alias := range f.Tests {
			if t := byAlias[alias]; t != nil && alias != "" { // else the selection leaves it out
				tests = append(tests, t)
			}
		}
		if flow := (loadFlow{f.Name, f.Weight, p.flow(l, tests)}); len(flow.units) > 0 && f.Weight > 0 {
			l.flows = append(l.flows, flow)
		}
	}
}

// flow is the order of some tests of a load and of all that they need of it. There are no cycles any more.
func (p *planner) flow(l *loadPlan, tests []*planned) []int {
	var order []int
	seen := map[*planned]bool{}
	var visit func(t *planned)
	visit = func(t *planned) {
		if seen[t] {
			return
		}
		seen[t] = true
		needs := slices.Clone(p.graph.needs[t.node])
		slices.SortFunc(needs, func(a, b edge) int { return int(a.to - b.to) })
		for _, e := range needs {
			if !p.graph.gate[e.to] && p.tests[e.to].file == l.file && p.tests[e.to].first >= 0 {
				visit(p.tests[e.to])
			}
		}
		for row := range max(1, len(t.at.Matrix)) {
			order = append(order, t.first+row)
		}
	}
	for _, t := range tests {
		visit(t)
	}
	return order
}
