package run

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// graphOf builds a graph of n nodes from pairs {node, what it needs}.
func graphOf(n int, needs ...[2]int) *graph {
	g := &graph{}
	for range n {
		g.add(false)
	}
	for _, e := range needs {
		g.connect(e[0], e[1], true)
	}
	return g
}

func TestLevels(t *testing.T) {
	tests := []struct {
		name string
		g    *graph
		want []int
	}{
		{"no nodes have no levels", graphOf(0), []int{}},
		{"independent nodes share level zero", graphOf(3), []int{0, 0, 0}},
		{"a chain has one node a level", graphOf(3, [2]int{1, 0}, [2]int{2, 1}), []int{0, 1, 2}},
		{"a node stands below the deepest that it needs", graphOf(4, [2]int{1, 0}, [2]int{2, 1}, [2]int{3, 0}, [2]int{3, 2}), []int{0, 1, 2, 3}},
		{"an edge may lead to a later node", graphOf(2, [2]int{0, 1}), []int{1, 0}},
		{"a node that needs itself does not", graphOf(1, [2]int{0, 0}), []int{0}},
		{"a cycle and what needs it have no level", graphOf(4, [2]int{0, 1}, [2]int{1, 0}, [2]int{2, 1}), []int{-1, -1, -1, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.g.levels(); !slices.Equal(got, tt.want) {
				t.Errorf("levels = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAGateAddsNoLevel(t *testing.T) {
	g := graphOf(2)
	gate := g.add(true)
	late := g.add(false)
	g.connect(1, 0, true)
	g.connect(gate, 0, false)
	g.connect(gate, 1, false)
	g.connect(late, gate, false)
	if got, want := g.levels(), []int{0, 1, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("levels = %v, want %v", got, want)
	}
}

func TestTwoEdgesBetweenTheSameNodesCarryAValueIfOneDoes(t *testing.T) {
	g := graphOf(2)
	g.connect(1, 0, false)
	g.connect(1, 0, true)
	g.connect(1, 0, false)
	if len(g.needs[1]) != 1 || !g.needs[1][0].value {
		t.Errorf("edges = %v, want one with a value", g.needs[1])
	}
}

func TestComponents(t *testing.T) {
	gated := &graph{}
	gate, test := gated.add(true), gated.add(false)
	gated.connect(gate, test, false)
	gated.connect(test, gate, false)
	for _, tt := range []struct {
		name string
		g    *graph
		want [][]int
	}{
		{"a graph without cycles has none", graphOf(3, [2]int{1, 0}, [2]int{2, 0}, [2]int{2, 1}), nil},
		{"two nodes that need each other", graphOf(2, [2]int{0, 1}, [2]int{1, 0}), [][]int{{0, 1}}},
		{"a longer cycle", graphOf(4, [2]int{0, 3}, [2]int{3, 1}, [2]int{1, 0}), [][]int{{0, 1, 3}}},
		{"what merely needs a cycle is no part of it", graphOf(3, [2]int{1, 2}, [2]int{2, 1}, [2]int{0, 1}), [][]int{{1, 2}}},
		{"separate cycles are separate", graphOf(5, [2]int{0, 1}, [2]int{1, 0}, [2]int{3, 4}, [2]int{4, 3}), [][]int{{0, 1}, {3, 4}}},
		{"a gate is part of a cycle like any node", gated, [][]int{{gate, test}}},
		{
			"two cycles through one node are one knot",
			graphOf(4, [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 0}, [2]int{1, 0}), [][]int{{0, 1, 2, 3}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.g.components(tt.g.levels())
			slices.SortFunc(got, slices.Compare)
			if !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("components = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestLevelsOfRandomGraphs compares with the definition, worked out by recursion.
func TestLevelsOfRandomGraphs(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(40)
		place := r.Perm(n) // edges go to lower places only: no cycle
		g := graphOf(n)
		for range r.IntN(4 * n) {
			a, b := r.IntN(n), r.IntN(n)
			if place[a] > place[b] {
				g.connect(a, b, r.IntN(2) == 0)
			}
		}
		memo := map[int]int{}
		var depth func(int) int
		depth = func(i int) int {
			if d, ok := memo[i]; ok {
				return d
			}
			d := 0
			for _, e := range g.needs[i] {
				d = max(d, depth(int(e.to))+1)
			}
			memo[i] = d
			return d
		}
		for i, got := range g.levels() {
			if got != depth(i) {
				t.Fatalf("seed %d: level of %d = %d, want %d", seed, i, got, depth(i))
			}
		}
		if c := g.components(g.levels()); c != nil {
			t.Fatalf("seed %d: found cycles %v in a graph without", seed, c)
		}
	}
}

func TestClosure(t *testing.T) {
	// 3 needs 2, 2 needs 1 and 0, 4 needs 0.
	g := graphOf(5, [2]int{3, 2}, [2]int{2, 1}, [2]int{2, 0}, [2]int{4, 0})
	only := func(nodes ...int) []bool {
		in := make([]bool, 5)
		for _, i := range nodes {
			in[i] = true
		}
		return in
	}
	tests := []struct {
		name   string
		wanted []bool
		stop   func(int) bool
		want   []bool
	}{
		{"nothing wanted is nothing", only(), nil, only()},
		{"what needs nothing comes alone", only(1), nil, only(1)},
		{"what is needed comes with it, however far", only(3), nil, only(0, 1, 2, 3)},
		{"a node at which it stops is left out with what only it needs", only(3), func(i int) bool { return i == 2 }, only(3)},
		{"what another node needs stays", only(3, 4), func(i int) bool { return i == 2 }, only(0, 3, 4)},
		{"a wanted node is never left out", only(2, 3), func(i int) bool { return true }, only(2, 3)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := g.closure(tt.wanted, tt.stop); !slices.Equal(got, tt.want) {
				t.Errorf("closure = %v, want %v", got, tt.want)
			}
		})
	}
}
