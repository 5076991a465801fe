package run

import (
	"cmp"
	"iter"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// The modes of a spec that are not the default.
const (
	modeScenario = "scenario"
	modeLoad     = "load"
)

// Schedule is what will run, and in which order. Immutable.
type Schedule struct {
	// Files are the URIs of the files that run, ordered.
	Files []string
	// Added are the tests that were not selected but that a selected one needs.
	Added []engine.TestKey
	// Reused are the tests whose recorded results serve in place of another run.
	Reused []engine.TestKey

	files []*specFile
	units []*unit   // by wave, then by file and place
	jobs  []job     // of the units
	steps [][]int32 // of the jobs, see dispatcher
	waves int
}

// Tests is the number of tests that run, each row of a matrix counted, and each threshold of a load.
func (s *Schedule) Tests() int {
	n := 0
	for _, u := range s.units {
		n++
		if u.load != nil {
			n += len(u.load.units) + len(u.load.limits()) - 1
		}
	}
	return n
}

// all are the units, those of the loads among them.
func (s *Schedule) all() iter.Seq[*unit] {
	return func(yield func(*unit) bool) {
		for _, u := range s.units {
			inner := []*unit{u}
			if u.load != nil {
				inner = u.load.units
			}
			for _, u := range inner {
				if !yield(u) {
					return
				}
			}
		}
	}
}

// Waves are the names of the tests, by wave.
func (s *Schedule) Waves() [][]string {
	waves := make([][]string, s.waves)
	for i, u := range s.units {
		waves[s.jobs[i].wave] = append(waves[s.jobs[i].wave], u.names()...)
	}
	return waves
}

// planned is a test as the plan knows it, whether it runs or not.
type planned struct {
	at     spec.TestAt
	place  *link.Place
	key    engine.TestKey
	file   *specFile
	node   int
	before *planned // the test before it in its document
	// first is the index of the test's first unit, -1 where it does not run.
	first int
	// recorded is the outcome to use where the test need not run again.
	recorded *outcome
	// feeds are the tests behind the names in the test's templates; wants those names that it cannot do without.
	feeds     map[string]feed
	wants     []string
	wantsPrev bool
	// provides says that some test may use what this one received.
	provides bool
}

// feed is the test behind a name.
type feed struct {
	test *planned
	// saved says that the name is one that the test saves, not its alias.
	saved bool
}

// names are what the templates of the test may use, for "did you mean".
func (p *planned) names() []string {
	names := link.MatrixKeys(p.at.Test)
	for name := range p.feeds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fedBy are the tests that feed the test, by the name that it uses.
func (p *planned) fedBy() map[string]engine.TestKey {
	if len(p.feeds) == 0 && !p.wantsPrev {
		return nil
	}
	m := make(map[string]engine.TestKey, len(p.feeds)+1)
	for name, f := range p.feeds {
		m[name] = f.test.key
	}
	if p.wantsPrev && p.before != nil {
		m["prev"] = p.before.key
	}
	return m
}

// specFile is a document of a spec file with what governs it.
type specFile struct {
	doc    *engine.Document
	spec   *spec.Spec
	config *spec.Config // nil where there is none
	// environment is the chosen one, empty where there is none.
	environment string
	needs       []link.FileNeed
	// names are those of the file's project.
	names *link.Names
	// usesPrev says that some template uses the test before.
	usesPrev bool
	// place names the file wherever it lies.
	place string
	// lane is set where the tests of the file run one at a time.
	lane int
	// load is set where the file's tests run as a load.
	load *loadPlan
}

func (f *specFile) scenario() bool { return f.spec.Mode.Value == modeScenario }

// oneAtATime reports whether the file's tests may not run beside each other.
func (f *specFile) oneAtATime() bool {
	return f.scenario() || f.spec.Parallel.Present() && !f.spec.Parallel.Value
}

// subgraph is the part of the graph that holds some nodes, with the number that each of its nodes has in the whole. It is
// only to be read.
func (p *planner) subgraph(keep func(node int) bool) (*graph, []int) {
	all := true
	for i := range p.graph.needs {
		all = all && keep(i)
	}
	nodes := make([]int, 0, len(p.graph.needs))
	if all {
		for i := range p.graph.needs {
			nodes = append(nodes, i)
		}
		return &p.graph, nodes
	}
	sub := &graph{}
	sub.grow(len(p.graph.needs))
	number := make([]int, len(p.graph.needs))
	for i := range p.graph.needs {
		number[i] = -1
		if keep(i) {
			number[i] = sub.add(p.graph.gate[i])
			nodes = append(nodes, i)
		}
	}
	for n, i := range nodes {
		for _, e := range p.graph.needs[i] {
			if to := number[e.to]; to >= 0 {
				sub.needs[n] = append(sub.needs[n], edge{int32(to), e.value})
			}
		}
	}
	return sub, nodes
}

// schedule orders what runs.
func (p *planner) schedule(in, wanted []bool, broken map[string]bool) *Schedule {
	s := &Schedule{}
	lanes := 0
	for _, t := range p.tests {
		if t.file.lane < 0 && t.file.oneAtATime() {
			t.file.lane = lanes
			lanes++
		}
	}
	for _, doc := range p.docs {
		if !broken[doc.URI] {
			s.Files = append(s.Files, doc.URI)
		}
	}
	sub, nodes := p.subgraph(func(node int) bool {
		return node < len(in) && in[node] && (node >= len(p.tests) || !broken[p.tests[node].key.URI])
	})
	type ranked struct {
		t    *planned
		load *loadPlan // in place of t
		wave int
		step int
	}
	stepOf := s.stepsOf(sub, func(i int) *loadPlan {
		if nodes[i] >= len(p.tests) {
			return nil
		}
		return p.tests[nodes[i]].file.load
	})
	loadSteps := map[*loadPlan]int{}
	order := make([]ranked, 0, len(p.tests))
	files := map[*specFile]bool{}
	for i, level := range sub.levels() {
		if nodes[i] >= len(p.tests) {
			continue
		}
		t := p.tests[nodes[i]]
		if l := t.file.load; l != nil {
			l.tests, l.wave, loadSteps[l] = append(l.tests, t), max(l.wave, level), int(stepOf[i])
		} else {
			order = append(order, ranked{t: t, wave: level, step: int(stepOf[i])})
		}
		if !files[t.file] {
			files[t.file] = true
			s.files = append(s.files, t.file)
		}
		if !wanted[t.node] {
			s.Added = append(s.Added, t.key)
		}
	}
	for _, f := range s.files {
		if f.load != nil {
			p.arrange(f.load)
			order = append(order, ranked{load: f.load, wave: f.load.wave, step: loadSteps[f.load]})
		}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(a.wave, b.wave) })
	s.units, s.jobs = make([]*unit, 0, len(order)), make([]job, 0, len(order))
	wave, last := -1, -1
	for _, o := range order {
		if o.load != nil {
			// A load is measured, so nothing runs beside it: it makes a wave of its own.
			wave, last = wave+1, -1
			s.units = append(s.units, &unit{load: o.load, row: -1})
			s.jobs = append(s.jobs, job{wave: wave, step: o.step, lane: -1, alone: true})
			continue
		}
		if o.wave != last {
			wave, last = wave+1, o.wave
		}
		o.t.first, o.t.recorded = len(s.units), nil
		for _, u := range o.t.rows() {
			s.units = append(s.units, u)
			s.jobs = append(s.jobs, job{wave: wave, step: o.step, lane: o.t.file.lane})
		}
	}
	s.waves = wave + 1
	for _, t := range p.tests {
		if t.recorded != nil {
			s.Reused = append(s.Reused, t.key)
		}
	}
	return s
}

// stepsOf makes the nodes of a graph the steps of the schedule, and says which step each became: one of its own, but the
// tests of a load are one together.
func (s *Schedule) stepsOf(g *graph, load func(node int) *loadPlan) []int32 {
	step := make([]int32, len(g.needs))
	shared := map[*loadPlan]int32{}
	count := int32(0)
	for i := range step {
		l := load(i)
		known, ok := shared[l]
		if l != nil && ok {
			step[i] = known
			continue
		}
		shared[l], step[i] = count, count
		count++
	}
	s.steps = make([][]int32, count)
	for i, needs := range g.needs {
		for _, e := range needs {
			if from, to := step[i], step[e.to]; from != to {
				s.steps[from] = append(s.steps[from], to)
			}
		}
	}
	return step
}
