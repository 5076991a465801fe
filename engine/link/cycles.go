package link

import (
	"path"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
)

// Edge is one link of a cycle: something that waits for something else. Each end is a test, or a whole file.
type Edge struct {
	from, to node
	at       text.Span
}

// node is a test, or all tests of a file.
type node struct {
	test *Place
	doc  *engine.Document
}

func (n node) name() string {
	if n.test != nil {
		if n.test.Alias.Value != "" {
			return n.test.Alias.Value
		}
		return n.test.Label()
	}
	return path.Base(n.doc.URI)
}

// FromName is what waits: an alias, the label of a test, or a file's name. ToName is what it waits for.
func (e Edge) FromName() string { return e.from.name() }

// ToName is what is waited for.
func (e Edge) ToName() string { return e.to.name() }

// URI is the file that says so.
func (e Edge) URI() string {
	if e.from.test != nil {
		return e.from.test.Doc.URI
	}
	return e.from.doc.URI
}

// Span is where it says so, absolute: the name used, or the test that waits.
func (e Edge) Span() text.Span { return e.at }

// TestID is the test that waits; empty for a file.
func (e Edge) TestID() string {
	if e.from.test != nil {
		return e.from.test.ID
	}
	return ""
}

// waits is the graph of what waits for what.
type waits struct {
	snap  *engine.Snapshot
	names *Names
	nodes []node
	known map[node]int
	edges [][]wait
}

type wait struct {
	to int
	at text.Span
}

// Cycles are the cycles that the tests of a file are in or wait for: tests and files that wait for each other, each cycle
// as the edges to go around it once. There is one for every knot, which is enough to name what the user has to cut.
func Cycles(snap *engine.Snapshot, names *Names, uri string) [][]Edge {
	cycles, _ := CyclesFrom(snap, names, names.In(engine.CanonicalURI(uri)))
	return cycles
}

// CyclesFrom are the cycles that some tests are in or wait for, as Cycles gives them where these tests are all of a file
// that are in a cycle, in order. knotted are the tests in them.
func CyclesFrom(snap *engine.Snapshot, names *Names, from []*Place) (cycles [][]Edge, knotted []*Place) {
	g := &waits{
		snap: snap, names: names, known: make(map[node]int, len(from)), nodes: make([]node, 0, len(from)), edges: make([][]wait, 0, len(from)),
	}
	for _, p := range from {
		g.node(node{test: p})
	}
	for i := 0; i < len(g.nodes); i++ { // what is found on the way is appended
		g.expand(i)
	}
	for _, knot := range g.knots() {
		if c := g.around(knot); c != nil {
			cycles = append(cycles, c)
		}
		for _, i := range knot {
			if p := g.nodes[i].test; p != nil {
				knotted = append(knotted, p)
			}
		}
	}
	return cycles, knotted
}

// node is the number of a node, which is added where it is not known yet.
func (g *waits) node(n node) int {
	i, known := g.known[n]
	if !known {
		i = len(g.nodes)
		g.known[n] = i
		g.nodes, g.edges = append(g.nodes, n), append(g.edges, nil)
	}
	return i
}

// expand finds what a node waits for. A file that another one depends on waits for all of its tests.
func (g *waits) expand(i int) {
	add := func(to node, at text.Span) {
		j := g.node(to)
		g.edges[i] = append(g.edges[i], wait{j, at})
	}
	if doc := g.nodes[i].doc; doc != nil {
		for _, p := range g.names.In(doc.URI) {
			add(node{test: p}, p.Abs(p.Head))
		}
		return
	}
	p := g.nodes[i].test
	for _, need := range slices.Concat(g.names.Needs(p), g.names.ConfigNeeds(g.snap, p)) {
		at := need.At
		if at.IsEmpty() {
			at = p.Abs(p.Head)
		}
		add(node{test: need.To}, at)
	}
	for _, need := range FileNeeds(g.snap, p.Doc, p.Spec) {
		if need.Doc != nil && need.Doc != p.Doc {
			add(node{doc: need.Doc}, need.Path.Span())
		}
	}
}

// knots are the strongly connected parts of more than one node, by Tarjan's algorithm; its stack lies on the heap, since
// a chain of ten thousand tests is an honest input.
func (g *waits) knots() [][]int {
	t := tarjan{g: g, index: make([]int, len(g.nodes)), low: make([]int, len(g.nodes)), stacked: make([]bool, len(g.nodes))}
	for i := range g.nodes {
		if t.index[i] == 0 {
			t.visit(i)
		}
	}
	slices.SortFunc(t.found, func(a, b []int) int { return a[0] - b[0] })
	return t.found
}

type tarjan struct {
	g          *waits
	index, low []int
	stacked    []bool
	stack      []int
	count      int
	found      [][]int
}

func (t *tarjan) visit(root int) {
	type frame struct{ node, next int }
	t.enter(root)
	frames := []frame{{node: root}}
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		if f.next < len(t.g.edges[f.node]) {
			to := t.g.edges[f.node][f.next].to
			f.next++
			switch {
			case t.index[to] == 0:
				t.enter(to)
				frames = append(frames, frame{node: to})
			case t.stacked[to]:
				t.low[f.node] = min(t.low[f.node], t.index[to])
			}
			continue
		}
		done := f.node
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			up := frames[len(frames)-1].node
			t.low[up] = min(t.low[up], t.low[done])
		}
		if t.low[done] == t.index[done] {
			t.leave(done)
		}
	}
}

func (t *tarjan) enter(i int) {
	t.count++
	t.index[i], t.low[i] = t.count, t.count
	t.stack, t.stacked[i] = append(t.stack, i), true
}

// leave takes a finished part off the stack.
func (t *tarjan) leave(root int) {
	at := slices.Index(t.stack, root)
	part := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, i := range part {
		t.stacked[i] = false
	}
	if len(part) > 1 {
		slices.Sort(part)
		t.found = append(t.found, part)
	}
}

// around is the shortest way from the first node of a knot back to itself.
func (g *waits) around(knot []int) []Edge {
	start := knot[0]
	in := make(map[int]bool, len(knot))
	for _, i := range knot {
		in[i] = true
	}
	type step struct {
		from int
		at   text.Span
	}
	came := map[int]step{}
	queue := []int{start}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, e := range g.edges[i] {
			if _, seen := came[e.to]; seen || !in[e.to] {
				continue
			}
			came[e.to] = step{i, e.at}
			if e.to != start {
				queue = append(queue, e.to)
				continue
			}
			var edges []Edge
			for to := start; ; {
				s := came[to]
				edges = append(edges, Edge{from: g.nodes[s.from], to: g.nodes[to], at: s.at})
				if to = s.from; to == start {
					break
				}
			}
			slices.Reverse(edges)
			return edges
		}
	}
	return nil
}
