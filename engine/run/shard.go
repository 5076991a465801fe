package run

import (
	"cmp"
	"math/bits"
	"slices"
)

// Shard is a part of a run, so that several machines share the work. The zero Shard is the whole run.
type Shard struct {
	// Index is the number of the part, from 1 to Of.
	Index, Of int
}

// shard narrows the wanted tests to those of one part. A test stays together with all that it needs: the tests that no
// other wanted test needs are dealt out, each brings along what it needs, and what several parts need runs in each of
// them. So every wanted test is in a part, and only what is shared is in more than one. The parts depend on nothing but
// the specs; the largest tests are dealt first, each to the part that stays smallest.
func (p *planner) shard(wanted []bool) []bool {
	if p.sel.Shard.Of <= 1 {
		return wanted
	}
	if p.sel.Shard.Index < 1 || p.sel.Shard.Index > p.sel.Shard.Of {
		return make([]bool, len(wanted)) // Execute has refused such a selection
	}
	closures, size := p.closures()
	p.keepLoadsWhole(closures, wanted)
	needed := make(bitset, size)
	for i, w := range wanted {
		if w {
			own := needed.has(i)
			needed.union(closures[i])
			if !own {
				needed.clear(i) // a test does not need itself
			}
		}
	}
	var goals, rest []int
	for i, w := range wanted {
		switch {
		case w && !needed.has(i):
			goals = append(goals, i)
		case w:
			rest = append(rest, i)
		}
	}
	weight := func(set bitset, but bitset) int {
		n := 0
		set.each(but, func(i int) {
			if i < len(p.tests) {
				n += max(1, len(p.tests[i].at.Matrix))
			}
		})
		return n
	}
	none := make(bitset, size)
	slices.SortStableFunc(goals, func(a, b int) int { return cmp.Compare(weight(closures[b], none), weight(closures[a], none)) })
	parts, load := make([]bitset, p.sel.Shard.Of), make([]int, p.sel.Shard.Of)
	for i := range parts {
		parts[i] = make(bitset, size)
	}
	deal := func(test int) {
		best, least := 0, -1
		for i, part := range parts {
			if total := load[i] + weight(closures[test], part); least < 0 || total < least {
				best, least = i, total
			}
		}
		load[best] = least
		parts[best].union(closures[test])
	}
	for _, g := range goals {
		deal(g)
	}
	for _, r := range rest {
		// Tests that need each other are goals of none; the cycle is reported where its first test went.
		if !slices.ContainsFunc(parts, func(part bitset) bool { return part.has(r) }) {
			deal(r)
		}
	}
	mine := make([]bool, len(wanted))
	for i, w := range wanted {
		mine[i] = w && parts[p.sel.Shard.Index-1].has(i)
	}
	return mine
}

// closures are, for each node, those that it needs and itself. It also returns the length of the sets.
func (p *planner) closures() ([]bitset, int) {
	n := len(p.graph.needs)
	size := (n + 63) / 64
	sets := make([]bitset, n)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	level := p.graph.levels()
	slices.SortStableFunc(order, func(a, b int) int {
		// A gate adds no level of its own, so it comes before the tests of its level that need it.
		return cmp.Or(cmp.Compare(level[a], level[b]), cmp.Compare(btoi(p.graph.gate[b]), btoi(p.graph.gate[a])))
	})
	for _, i := range order {
		if level[i] < 0 {
			sets[i] = p.reach(i, size) // on a cycle, or in need of one
		} else {
			sets[i] = p.unite(i, sets, size)
		}
	}
	return sets, size
}

// unite is a node with the sets of those that it needs, which are known already.
func (p *planner) unite(node int, sets []bitset, size int) bitset {
	s := make(bitset, size)
	s.set(node)
	for _, e := range p.graph.needs[node] {
		s.union(sets[e.to])
	}
	return s
}

// reach walks to everything that a node needs.
func (p *planner) reach(node, size int) bitset {
	s := make(bitset, size)
	s.set(node)
	for queue := []int{node}; len(queue) > 0; {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, e := range p.graph.needs[v] {
			if !s.has(int(e.to)) {
				s.set(int(e.to))
				queue = append(queue, int(e.to))
			}
		}
	}
	return s
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bitset is a set of nodes.
type bitset []uint64

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) clear(i int)    { b[i/64] &^= 1 << (i % 64) }

func (b bitset) union(o bitset) {
	for i, w := range o {
		b[i] |= w
	}
}

// each calls f for the elements that are not in but.
func (b bitset) each(but bitset, f func(int)) {
	for i, w := range b {
		for w &^= but[i]; w != 0; w &= w - 1 {
			f(i*64 + bits.TrailingZeros64(w))
		}
	}
}
