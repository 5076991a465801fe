package run

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// The stable codes of Problems that planning finds itself; those of the syntax and of the model keep their own.
const (
	CodeUnknownFile    = "run.unknown-file"    // a selected or needed file that the session does not know
	CodeUnknownTest    = "run.unknown-test"    // a selected test that does not exist
	CodeDuplicateAlias = "run.duplicate-alias" // an alias that another test of the run has too
	CodeUnknownDepends = "run.unknown-depends" // `depends` names nothing
	CodeCycle          = "run.cycle"           // tests that need each other
	CodeUnsupported    = "run.unsupported"     // a part of the language that the runner lacks
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
	units []*unit // by wave, then by file and place
	jobs  []job   // of the units
	waves int
}

// Tests is the number of tests that run, each row of a matrix counted.
func (s *Schedule) Tests() int { return len(s.units) }

// Waves are the names of the tests, by wave.
func (s *Schedule) Waves() [][]string {
	waves := make([][]string, s.waves)
	for i, u := range s.units {
		waves[s.jobs[i].wave] = append(waves[s.jobs[i].wave], u.info.Name)
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

// Plan decides what runs: it checks the files of the selection, follows what the selected tests need, and orders all of
// it in waves. A file with a fatal problem has no test in the Schedule; every problem of every file is listed.
func Plan(snap *engine.Snapshot, sel Selection) (*Schedule, []Problem) {
	p := &planner{snap: snap, sel: sel, byKey: map[engine.TestKey]*planned{}, byPlace: map[*link.Place]*planned{}, files: map[*spec.Spec]*specFile{}}
	wanted := p.collect()
	p.connect()
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
	p.selected = map[string]bool{}
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
		for _, place := range names.Tests() {
			covered[place.Doc.URI] = true
			for _, need := range p.add(place).file.needs {
				if need.Doc != nil {
					uris = append(uris, need.Doc.URI)
				}
			}
		}
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
		p.files[place.Spec] = f
	}
	t := &planned{at: place.TestAt, place: place, key: place.Key(), file: f, first: -1}
	p.tests = append(p.tests, t)
	p.byKey[t.key], p.byPlace[place] = t, t
	return t
}

func newSpecFile(snap *engine.Snapshot, doc *engine.Document, s *spec.Spec) *specFile {
	return &specFile{
		doc: doc, spec: s, config: snap.Config(doc.URI), lane: -1, needs: link.FileNeeds(snap, doc, s),
	}
}

// connect builds the graph's edges.
func (p *planner) connect() {
	p.gates = map[string]int{}
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
	for _, need := range names.Needs(t.place) {
		p.graph.connect(t.node, p.byPlace[need.To].node, need.Kind == link.NeedValue)
	}
	use := func(tmpl *template.Template, inForce bool) {
		for _, ref := range tmpl.Refs() {
			r := names.Lookup(t.place, ref)
			if r.To == nil || r.To == t.place {
				continue
			}
			if r.Kind == link.RefPrev {
				t.wantsPrev = t.wantsPrev || inForce && !ref.Optional && t.file.scenario()
				continue
			}
			if t.feeds == nil {
				t.feeds = map[string]feed{}
			}
			if _, known := t.feeds[r.Name]; !known {
				t.feeds[r.Name] = feed{test: p.byPlace[r.To], saved: r.Kind == link.RefSaved}
			}
			if inForce && !ref.Optional && !slices.Contains(t.wants, r.Name) {
				t.wants = append(t.wants, r.Name)
			}
		}
	}
	for _, at := range t.at.Templates {
		use(at.Template, true)
	}
	for _, at := range t.file.spec.Templates {
		use(at.Template, t.inForce(at.Path))
	}
}

// inForce reports whether the test uses a templated place of its file, or has something of its own there.
func (p *planned) inForce(place string) bool {
	header, isHeader := strings.CutPrefix(place, "defaults.headers.")
	switch {
	case place == "target":
		return p.at.Target.Value == ""
	case place == "defaults.timeout":
		return p.at.Timeout.Value == ""
	case isHeader:
		return !slices.ContainsFunc(p.at.Headers, func(h spec.Pair) bool { return strings.EqualFold(h.Key.Value, header) })
	}
	return true
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

// check finds what keeps files from being run. It returns the URIs of the broken ones.
func (p *planner) check(in []bool) map[string]bool {
	broken := map[string]bool{}
	files := map[string]*engine.Document{}
	for uri := range p.selected {
		if len(p.sel.Tests) == 0 {
			files[uri] = p.snap.Document(uri)
		}
	}
	for i, t := range p.tests {
		if in[i] {
			files[t.key.URI] = t.file.doc
		}
	}
	uris := make([]string, 0, len(files))
	for uri := range files {
		uris = append(uris, uri)
	}
	slices.Sort(uris)
	before := len(p.problems)
	aliases := map[string]*planned{}
	for _, uri := range uris {
		p.docs = append(p.docs, files[uri])
		p.checkDocument(files[uri])
	}
	for _, t := range p.tests {
		if files[t.key.URI] != nil {
			p.checkTest(t, aliases)
		}
	}
	for _, pr := range p.problems[before:] {
		broken[pr.URI] = true
	}
	p.checkConfigs(files, broken)
	for p.checkCycles(in, broken) {
		// Without the files of one cycle there may be another left.
	}
	return broken
}

// checkDocument lists what the layers below call fatal.
func (p *planner) checkDocument(doc *engine.Document) {
	for _, f := range doc.Findings() {
		if f.Severity == syntax.SeverityError {
			p.problem(doc.URI, f.Span, f.Code, "%s", f.Message)
		}
	}
	for _, s := range doc.Spec().Specs {
		for _, pr := range s.Problems {
			if pr.Fatal {
				p.problem(doc.URI, pr.Span, pr.Code, "%s", pr.Message)
			}
		}
		for _, t := range s.Tests {
			for _, pr := range t.Problems {
				if pr.Fatal {
					p.problem(doc.URI, t.Abs(pr.Span), pr.Code, "%s", pr.Message)
				}
			}
		}
		if s.Mode.Value == modeLoad {
			p.problem(doc.URI, s.Mode.Span(), CodeUnsupported,
				"load mode is not supported yet; leave `mode` out to run the tests of this file once each")
		}
		for _, need := range link.FileNeeds(p.snap, doc, s) {
			if need.Doc == nil {
				p.problem(doc.URI, need.Path.Span(), CodeUnknownDepends, "`depends` names %q, which is no spec of this run (looked for %s)",
					need.Path.Value, engine.PathFromURI(need.URI))
			}
		}
	}
}

// checkConfigs lists what is wrong with the configurations. A file whose configuration cannot be read is not run: its
// targets, defaults and environment would be others than the user wrote. An unknown key stops nothing.
func (p *planner) checkConfigs(files map[string]*engine.Document, broken map[string]bool) {
	checked := map[string]bool{} // configuration → whether it is broken
	for uri := range files {
		conf := p.snap.ConfigDocument(uri)
		if conf == nil {
			continue
		}
		bad, known := checked[conf.URI]
		if !known {
			bad = p.checkConfig(conf)
			checked[conf.URI] = bad
		}
		if bad {
			broken[uri] = true
		}
	}
}

func (p *planner) checkConfig(conf *engine.Document) (broken bool) {
	for _, f := range conf.Findings() {
		if f.Severity == syntax.SeverityError {
			p.problem(conf.URI, f.Span, f.Code, "%s", f.Message)
			broken = true
		}
	}
	for _, pr := range conf.Config().Problems {
		if !pr.Fatal {
			continue
		}
		p.problem(conf.URI, pr.Span, pr.Code, "%s", pr.Message)
		if pr.Code == spec.CodeUnknownKey {
			p.problems[len(p.problems)-1].Fatal = false
			continue
		}
		broken = true
	}
	return broken
}

// checkTest lists aliases that are not unique and `depends` that lead nowhere.
func (p *planner) checkTest(t *planned, aliases map[string]*planned) {
	if a := t.at.Alias.Value; a != "" {
		if other := aliases[a]; other != nil {
			p.problem(t.key.URI, t.at.Abs(t.at.Alias.Span()), CodeDuplicateAlias, "the alias `%s` is taken by the test at %s; aliases are unique over a run",
				a, where(other))
		} else {
			aliases[a] = t
		}
	}
	for _, d := range t.at.Depends {
		if d.Value == t.at.Alias.Value {
			continue
		}
		if !slices.ContainsFunc(p.names, func(n *link.Names) bool { return len(n.Aliased(d.Value)) > 0 && n.Test(t.key) != nil }) {
			var known []string
			for _, n := range p.names {
				known = append(known, n.AliasNames()...)
			}
			hint := ""
			if near := spec.Nearest(d.Value, known); near != "" {
				hint = fmt.Sprintf("; did you mean `%s`?", near)
			}
			p.problem(t.key.URI, t.at.Abs(d.Span()), CodeUnknownDepends, "`depends` names `%s`, but no test has that alias%s", d.Value, hint)
		}
	}
}

// checkCycles names the cycles among the tests that are to run, and reports whether there were any.
func (p *planner) checkCycles(in []bool, broken map[string]bool) bool {
	sub, nodes := p.subgraph(func(node int) bool {
		return node < len(in) && in[node] && (node >= len(p.tests) || !broken[p.tests[node].key.URI])
	})
	cycles := sub.cycles()
	for _, cycle := range cycles {
		var tests []*planned
		var parts []string
		for _, i := range cycle {
			if node := nodes[i]; node < len(p.tests) {
				tests = append(tests, p.tests[node])
				parts = append(parts, p.label(p.tests[node]))
			} else {
				parts = append(parts, "all of "+p.gateName(node))
			}
		}
		parts = append(parts, parts[0])
		first := tests[0]
		span := p.needAt(first, tests[1%len(tests)])
		message := "these tests need each other, so none of them can be the first: " + strings.Join(parts, " → ")
		seen := map[string]bool{}
		for _, t := range tests {
			if broken[t.key.URI] = true; !seen[t.key.URI] {
				seen[t.key.URI] = true
				if t != first {
					span = t.at.Abs(t.at.Head)
				}
				p.problem(t.key.URI, span, CodeCycle, "%s", message)
			}
		}
	}
	return len(cycles) > 0
}

// needAt is where a test says that it needs another one, or the test's head where it says so nowhere.
func (p *planner) needAt(t, to *planned) text.Span {
	for _, names := range p.names {
		if names.Test(t.key) == nil {
			continue
		}
		for _, need := range names.Needs(t.place) {
			if need.To == to.place && need.At != (text.Span{}) {
				return need.At
			}
		}
	}
	return t.at.Abs(t.at.Head)
}

// label names a test in a cycle.
func (p *planner) label(t *planned) string {
	name := t.at.Alias.Value
	if name == "" {
		name = t.at.Label()
	}
	return fmt.Sprintf("`%s` (%s)", name, where(t))
}

func (p *planner) gateName(node int) string {
	for uri, g := range p.gates {
		if g == node {
			return fileName(uri)
		}
	}
	return "a file"
}

// where is the file and line of a test, for messages.
func where(t *planned) string {
	return fmt.Sprintf("%s:%d", fileName(t.key.URI), t.file.doc.Text.LineAt(t.at.Abs(t.at.Head).Start)+1)
}

func fileName(uri string) string {
	if path := engine.PathFromURI(uri); path != "" {
		return filepath.Base(path)
	}
	return uri
}

// subgraph is the part of the graph that holds some nodes, with the number that each of its nodes has in the whole.
func (p *planner) subgraph(keep func(node int) bool) (*graph, []int) {
	sub := &graph{}
	var nodes []int
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
		wave int
	}
	var order []ranked
	files := map[*specFile]bool{}
	for i, level := range sub.levels() {
		if nodes[i] >= len(p.tests) {
			continue
		}
		t := p.tests[nodes[i]]
		order = append(order, ranked{t, level})
		if !files[t.file] {
			files[t.file] = true
			s.files = append(s.files, t.file)
		}
		if !wanted[t.node] {
			s.Added = append(s.Added, t.key)
		}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(a.wave, b.wave) })
	wave, last := -1, -1
	for _, o := range order {
		if o.wave != last {
			wave, last = wave+1, o.wave
		}
		o.t.first, o.t.recorded = len(s.units), nil
		for _, u := range o.t.rows() {
			s.units = append(s.units, u)
			s.jobs = append(s.jobs, job{wave: wave, lane: o.t.file.lane})
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

// sorted are the problems by file and place.
func (p *planner) sorted() []Problem {
	slices.SortStableFunc(p.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return p.problems
}

func (f *specFile) scenario() bool { return f.spec.Mode.Value == modeScenario }

// oneAtATime reports whether the file's tests may not run beside each other.
func (f *specFile) oneAtATime() bool {
	return f.scenario() || f.spec.Parallel.Present() && !f.spec.Parallel.Value
}
