package run

import "slices"

// graph is the dependency graph of a plan, without any knowledge of specs. Nodes are numbered in the order in which they
// should run where nothing else decides; an edge leads from a node to one that must have ended before it begins.
type graph struct {
	needs [][]edge
	// gate marks the nodes that take no time: a gate stands for "all of this file", so that a file which depends on
	// another costs one edge a test and not the product of both.
	gate []bool
}

// edge says that a node needs another one, and whether it needs a value of it or merely its turn.
type edge struct {
	to    int32
	value bool
}

// grow makes room for more nodes.
func (g *graph) grow(nodes int) {
	g.needs, g.gate = slices.Grow(g.needs, nodes), slices.Grow(g.gate, nodes)
}

func (g *graph) add(gate bool) int {
	g.needs = append(g.needs, nil)
	g.gate = append(g.gate, gate)
	return len(g.gate) - 1
}

// connect adds the edge from → to; a node never needs itself, and two equal edges are one, which carries a value if
// either did.
func (g *graph) connect(from, to int, value bool) {
	if from == to {
		return
	}
	known := g.needs[from]
	if g.gate[from] {
		known = nil // a gate is connected once to each test of its file, of which there may be thousands
	}
	for i, e := range known {
		if int(e.to) == to {
			g.needs[from][i].value = e.value || value
			return
		}
	}
	g.needs[from] = append(g.needs[from], edge{int32(to), value})
}

// levels are the Kahn levels of the nodes: 0 for those that need nothing, else one more than the deepest node needed. A
// gate adds no level of its own. Nodes that are on a cycle, or need one that is, have level -1.
func (g *graph) levels() []int {
	n := len(g.needs)
	level := make([]int, n)
	open := make([]int, n)
	neededBy := make([][]int32, n)
	for i, edges := range g.needs {
		open[i] = len(edges)
		for _, e := range edges {
			neededBy[e.to] = append(neededBy[e.to], int32(i))
		}
	}
	queue := make([]int32, 0, n)
	for i := range n {
		if open[i] == 0 {
			queue = append(queue, int32(i))
		}
	}
	for head := 0; head < len(queue); head++ {
		i := queue[head]
		next := level[i]
		if !g.gate[i] {
			next++
		}
		for _, d := range neededBy[i] {
			level[d] = max(level[d], next)
			if open[d]--; open[d] == 0 {
				queue = append(queue, d)
			}
		}
	}
	for i := range n {
		if open[i] > 0 {
			level[i] = -1
		}
	}
	return level
}

// components are the strongly connected parts of more than one node among the nodes of level -1: Tarjan's algorithm,
// with its stack on the heap because a chain of ten thousand tests is an honest input.
func (g *graph) components(level []int) [][]int {
	type frame struct{ node, next int }
	n := len(g.needs)
	index, low := make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	var stack []int
	var parts [][]int
	count := 0
	for root := range n {
		if level[root] >= 0 || index[root] != 0 {
			continue
		}
		frames := []frame{{node: root}}
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			v := f.node
			if f.next == 0 && index[v] == 0 {
				count++
				index[v], low[v] = count, count
				stack = append(stack, v)
				onStack[v] = true
			}
			if f.next < len(g.needs[v]) {
				w := int(g.needs[v][f.next].to)
				f.next++
				switch {
				case index[w] == 0 && level[w] < 0:
					frames = append(frames, frame{node: w})
				case onStack[w]:
					low[v] = min(low[v], index[w])
				}
				continue
			}
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				p := frames[len(frames)-1].node
				low[p] = min(low[p], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			var part []int
			for {
				w := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				onStack[w] = false
				part = append(part, w)
				if w == v {
					break
				}
			}
			if len(part) > 1 {
				slices.Sort(part)
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// closure marks the nodes that are wanted and everything that they need. stop may say of a node that was not itself
// wanted that nothing of it has to run again: it is then left out, and so is what only it needs.
func (g *graph) closure(wanted []bool, stop func(node int) bool) []bool {
	in := make([]bool, len(g.needs))
	copy(in, wanted)
	var queue []int
	for i, w := range wanted {
		if w {
			queue = append(queue, i)
		}
	}
	asked := map[int]bool{}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, e := range g.needs[v] {
			w := int(e.to)
			if in[w] || asked[w] {
				continue
			}
			if stop != nil && !g.gate[w] && stop(w) {
				asked[w] = true
				continue
			}
			in[w] = true
			queue = append(queue, w)
		}
	}
	return in
}
