package link

import (
	"path"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// Edge is one link of a cycle: something that waits for something else. Each end is a test, or a whole file.
type Edge struct {
	from, to node
	at       text.Span
}

// node is a test, or all tests of a document of a file.
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
	nodes []node
	edges [][]wait
}

type wait struct {
	to int
	at text.Span
}

// Cycles are the tests and files that wait for each other, each cycle as the edges to go around it once; one for every
// knot, which is enough to name what the user has to cut.
func Cycles(snap *engine.Snapshot, names *Names) [][]Edge {
	g := names.waits(snap)
	var found [][]Edge
	for _, knot := range g.knots() {
		if c := g.around(knot); c != nil {
			found = append(found, c)
		}
	}
	return found
}

// waits builds the graph. A file that another one depends on is a node that waits for all of its tests.
func (n *Names) waits(snap *engine.Snapshot) *waits {
	g := &waits{nodes: make([]node, len(n.places)), edges: make([][]wait, len(n.places))}
	for i, p := range n.places {
		g.nodes[i] = node{test: p}
	}
	files := map[*engine.Document]int{}
	file := func(doc *engine.Document) int {
		if i, ok := files[doc]; ok {
			return i
		}
		i := len(g.nodes)
		files[doc] = i
		g.nodes = append(g.nodes, node{doc: doc})
		var all []wait
		for _, p := range n.places {
			if p.Doc == doc {
				all = append(all, wait{to: p.order, at: p.Abs(p.Head)})
			}
		}
		g.edges = append(g.edges, all)
		return i
	}
	var last *spec.Spec
	var needs []FileNeed
	for i, p := range n.places {
		for _, need := range n.Needs(p) {
			at := need.At
			if at.IsEmpty() {
				at = p.Abs(p.Head)
			}
			g.edges[i] = append(g.edges[i], wait{to: need.To.order, at: at})
		}
		if p.Spec != last {
			last, needs = p.Spec, FileNeeds(snap, p.Doc, p.Spec)
		}
		for _, need := range needs {
			if need.Doc != nil && need.Doc != p.Doc {
				g.edges[i] = append(g.edges[i], wait{to: file(need.Doc), at: need.Path.Span()})
			}
		}
	}
	return g
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
