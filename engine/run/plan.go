package run

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// The stable codes of Problems that planning finds itself; those of the syntax and of the model keep their own, and what
// the checker finds too has the same code here.
const (
	CodeUnknownFile     = "run.unknown-file"      // a selected file that the session does not know
	CodeUnknownTest     = "run.unknown-test"      // a selected test that does not exist
	CodeLoadNeeded      = link.CodeLoadNeeded     // a test that needs one test of a load, which has no single result
	CodeDuplicateAlias  = link.CodeDuplicateAlias // an alias that another test of the run has too
	CodeUnknownDepends  = link.CodeUnknownDepends // `depends` of a test names no alias
	CodeUnknownFileNeed = link.CodeUnknownFile    // `depends` of a file names no spec
	CodeCycle           = link.CodeCycle          // tests that need each other
)

// Plan decides what runs: it checks the files of the selection, follows what the selected tests need, and orders all of
// it in waves. A file with a fatal problem has no test in the Schedule; every problem of every file is listed.
func Plan(snap *engine.Snapshot, sel Selection) (*Schedule, []Problem) {
	p := &planner{
		snap: snap, sel: sel, gates: map[string]int{}, selected: map[string]bool{},
		byKey: map[engine.TestKey]*planned{}, byPlace: map[*link.Place]*planned{}, files: map[*spec.Spec]*specFile{},
		profiles: map[*spec.Spec]profiled{},
	}
	wanted := p.collect()
	p.connect()
	wanted = p.shard(wanted)
	in := p.graph.closure(wanted, p.recordedIsEnough)
	broken := p.check(in)
	return p.schedule(in, wanted, broken), p.sorted()
}

type planner struct {
	snap     *engine.Snapshot
	sel      Selection
	names    []*link.Names // one per project
	tests    []*planned    // by file and place; a test's node has the same number
	byKey    map[engine.TestKey]*planned
	byPlace  map[*link.Place]*planned
	files    map[*spec.Spec]*specFile
	docs     []*engine.Document // all that the graph covers
	selected map[string]bool    // URIs of files that the selection names or implies
	gates    map[string]int     // URI → the node that stands for all of its tests
	graph    graph
	profiles map[*spec.Spec]profiled // of the specs in load mode
	problems []Problem
}

func (p *planner) problem(uri string, span text.Span, code, format string, args ...any) {
	p.problems = append(p.problems, Problem{URI: uri, Span: span, Code: code, Message: fmt.Sprintf(format, args...), Fatal: true})
}

// collect gathers the tests of every project that the selection touches, and says which of them are wanted.
func (p *planner) collect() []bool {
	f, err := p.sel.filter()
	if err != nil {
		f = func(*planned) bool { return false } // Execute has refused such a selection
	}
	uris := p.selectedURIs()
	for _, uri := range uris {
		p.selected[uri] = true
	}
	p.cover(uris)
	// Projects come one after the other; the run is ordered by file over all of them.
	slices.SortStableFunc(p.tests, func(a, b *planned) int { return cmp.Compare(a.key.URI, b.key.URI) })
	for i, t := range p.tests {
		t.node = i
		p.graph.add(false)
		if t.at.Index > 0 && i > 0 && p.tests[i-1].file == t.file {
			t.before = p.tests[i-1]
		}
	}
	wanted := make([]bool, len(p.tests))
	asked := map[engine.TestKey]bool{}
	for _, key := range p.sel.Tests {
		key.URI = engine.CanonicalURI(key.URI)
		asked[key] = true
		if p.byKey[key] == nil && p.snap.Document(key.URI) != nil {
			p.problem(key.URI, text.Span{}, CodeUnknownTest, "there is no test %q in this file any more", key.ID)
		}
	}
	for i, t := range p.tests {
		wanted[i] = p.selected[t.key.URI] && (len(asked) == 0 || asked[t.key]) && f(t)
	}
	return wanted
}

// cover takes in the projects of some files, and those of the files that they depend on.
func (p *planner) cover(uris []string) {
	covered := map[string]bool{}
	for i := 0; i < len(uris); i++ {
		if covered[uris[i]] {
			continue
		}
		covered[uris[i]] = true
		names := link.NamesOf(p.snap, uris[i])
		p.names = append(p.names, names)
		p.grow(len(names.Tests()))
		for _, place := range names.Tests() {
			covered[place.Doc.URI] = true
			f := p.add(place).file
			f.names = names
			for _, need := range f.needs {
				if need.Doc != nil {
					uris = append(uris, need.Doc.URI)
				}
			}
		}
	}
}

// grow makes room for more tests.
func (p *planner) grow(tests int) {
	p.tests = slices.Grow(p.tests, tests)
	p.graph.grow(tests)
	if len(p.byKey) == 0 {
		p.byKey, p.byPlace = make(map[engine.TestKey]*planned, tests), make(map[*link.Place]*planned, tests)
	}
}

// selectedURIs are the files of the selection, ordered.
func (p *planner) selectedURIs() []string {
	var uris []string
	named := slices.Clone(p.sel.URIs)
	if len(named) == 0 {
		for _, key := range p.sel.Tests {
			named = append(named, key.URI)
		}
	}
	if len(named) == 0 {
		for doc := range p.snap.Documents() {
			if doc.Kind == engine.KindSpec {
				uris = append(uris, doc.URI)
			}
		}
		return uris
	}
	for _, uri := range named {
		uri = engine.CanonicalURI(uri)
		switch doc := p.snap.Document(uri); {
		case slices.Contains(uris, uri):
		case doc == nil:
			p.problem(uri, text.Span{}, CodeUnknownFile, "this file is not known; is it a spec?")
		case doc.Kind != engine.KindSpec:
			p.problem(uri, text.Span{}, CodeUnknownFile, "this file is no spec")
		default:
			uris = append(uris, uri)
		}
	}
	slices.Sort(uris)
	return uris
}

func (p *planner) add(place *link.Place) *planned {
	f := p.files[place.Spec]
	if f == nil {
		f = newSpecFile(p.snap, place.Doc, place.Spec)
		if p.loads(place.Spec) {
			f.load = &loadPlan{file: f, profile: p.profile(place.Spec).LoadProfile}
		}
		p.files[place.Spec] = f
	}
	t := &planned{at: place.TestAt, place: place, key: place.Key(), file: f, first: -1}
	p.tests = append(p.tests, t)
	p.byKey[t.key], p.byPlace[place] = t, t
	return t
}

func newSpecFile(snap *engine.Snapshot, doc *engine.Document, s *spec.Spec) *specFile {
	return &specFile{
		doc: doc, spec: s, config: snap.Config(doc.URI), environment: snap.EnvironmentName(doc.URI), lane: -1,
		needs: link.FileNeeds(snap, doc, s),
	}
}

// connect builds the graph's edges.
func (p *planner) connect() {
	for _, names := range p.names {
		for _, place := range names.Tests() {
			p.connectTest(names, p.byPlace[place])
		}
	}
	for _, t := range p.tests {
		for _, need := range t.file.needs {
			if need.Doc != nil && need.Doc.URI != t.key.URI {
				p.graph.connect(t.node, p.gate(need.Doc.URI), false)
			}
		}
	}
}

func (p *planner) connectTest(names *link.Names, t *planned) {
	for _, need := range names.Turns(t.place) {
		p.graph.connect(t.node, p.byPlace[need.To].node, false)
	}
	use := func(tmpl *template.Template) {
		for _, ref := range tmpl.Refs() {
			t.file.usesPrev = t.file.usesPrev || ref.Kind == template.Prev
			r := names.Lookup(t.place, ref)
			if r.To == nil || r.To == t.place {
				continue
			}
			p.graph.connect(t.node, p.byPlace[r.To].node, true)
			if r.Kind == link.RefPrev {
				t.wantsPrev = t.wantsPrev || !ref.Optional && t.file.scenario()
				continue
			}
			p.byPlace[r.To].provides = true
			if t.feeds == nil {
				t.feeds = map[string]feed{}
			}
			if _, known := t.feeds[r.Name]; !known {
				t.feeds[r.Name] = feed{test: p.byPlace[r.To], saved: r.Kind == link.RefSaved}
			}
			if !ref.Optional && !slices.Contains(t.wants, r.Name) {
				t.wants = append(t.wants, r.Name)
			}
		}
	}
	for _, at := range t.at.Templates {
		use(at.Template)
	}
	for _, at := range t.file.spec.Templates {
		if link.InForce(t.file.spec, t.at.Test, at.Path) {
			use(at.Template)
		}
	}
	for _, at := range link.ConfigInForce(t.file.config, t.file.environment, t.file.spec, t.at.Test) {
		use(at.Template)
	}
}

// gate is the node that stands for all tests of a file.
func (p *planner) gate(uri string) int {
	if g, ok := p.gates[uri]; ok {
		return g
	}
	g := p.graph.add(true)
	p.gates[uri] = g
	for _, t := range p.tests {
		if t.key.URI == uri {
			p.graph.connect(g, t.node, false)
		}
	}
	return g
}

// recordedIsEnough reports whether a test that the selection merely needs has a result that can stand in for it.
func (p *planner) recordedIsEnough(node int) bool {
	if p.sel.Needs || len(p.sel.Tests) == 0 {
		return false
	}
	t := p.tests[node]
	o := recordedOutcome(p.snap, t)
	if o != nil {
		t.recorded = o
	}
	return o != nil
}

// sorted are the problems by file and place.
func (p *planner) sorted() []Problem {
	slices.SortStableFunc(p.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return p.problems
}
