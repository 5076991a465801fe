package vector

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type at struct{ elem, off int }

// list is what a vector holds, read in every way that there is.
func list(t *testing.T, v Vector[int]) []at {
	t.Helper()
	var all, each []at
	for off, e := range v.All() {
		all = append(all, at{e, off})
	}
	for i := range v.Len() {
		e, off := v.At(i)
		each = append(each, at{e, off})
		if got := v.Find(off); got != i {
			t.Fatalf("Find(%d) = %d, want %d", off, got, i)
		}
	}
	if !slices.Equal(all, each) {
		t.Fatalf("All gives %v, At gives %v", all, each)
	}
	var parts []int
	for _, p := range v.Parts() {
		if p.Index != len(parts) || len(p.Elems()) == 0 {
			t.Fatalf("a part of %d elements at %d behind %d", len(p.Elems()), p.Index, len(parts))
		}
		parts = append(parts, p.Elems()...)
	}
	if len(parts) != v.Len() {
		t.Fatalf("%d elements in parts, %d in all", len(parts), v.Len())
	}
	return all
}

func build(elems []at) Vector[int] {
	var b Builder[int]
	b.Grow(len(elems))
	for _, e := range elems {
		b.Add(e.elem, e.off)
	}
	return b.Vector()
}

func TestAVectorIsWhatAListWouldBeAfterRandomEdits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		var want []at
		for i := range r.IntN(2000) {
			want = append(want, at{i, 10 * i})
		}
		v, next := build(want), 1_000_000
		for range 40 {
			from := r.IntN(len(want) + 1)
			to := from + r.IntN(min(len(want)-from, []int{3, 40, 700}[r.IntN(3)])+1)
			var came []at
			start := 0
			if from > 0 {
				start = want[from-1].off + 1
			}
			for range r.IntN([]int{3, 50, 600}[r.IntN(3)]) {
				came = append(came, at{next, start})
				next, start = next+1, start+1+r.IntN(20)
			}
			delta := 0
			if to < len(want) {
				delta = start - want[to].off + r.IntN(5)
			}
			var b Builder[int]
			b.Keep(v, 0, from, 0)
			for _, e := range came {
				b.Add(e.elem, e.off)
			}
			b.Keep(v, to, v.Len(), delta)
			changed := b.Vector()

			rest := slices.Clone(want[to:])
			for i := range rest {
				rest[i].off += delta
			}
			was := want
			want = slices.Concat(want[:from], came, rest)
			if !slices.Equal(list(t, changed), want) {
				t.Fatal("the vector holds something else")
			}
			if !slices.Equal(list(t, v), was) {
				t.Fatal("the version before changed")
			}
			compare(t, v, changed)
			for _, p := range changed.Parts()[:max(len(changed.Parts())-1, 0)] {
				if n := len(p.Elems()); n < minBlock || n > maxBlock {
					t.Fatalf("a block of %d elements", n)
				}
			}
			v = changed
		}
	}
}

// compare holds Common, Slice and Derive against what they would be for lists.
func compare(t *testing.T, a, b Vector[int]) {
	t.Helper()
	var x, y []int
	for _, e := range a.All() {
		x = append(x, e)
	}
	for _, e := range b.All() {
		y = append(y, e)
	}
	head, tail := 0, 0
	for head < min(len(x), len(y)) && x[head] == y[head] {
		head++
	}
	for tail < min(len(x), len(y))-head && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	h, l := Common(a, b, func(a, b int) bool { return a == b })
	if h != head || l != tail {
		t.Fatalf("%d and %d in common, want %d and %d", h, l, head, tail)
	}
	from, to := len(y)/3, len(y)-len(y)/4
	if from < to {
		if got, want := list(t, b.Slice(from, to)), list(t, b)[from:to]; !slices.Equal(got, want) {
			t.Fatal("a slice holds something else")
		}
	}
	double := func(_, e int) int { return 2 * e }
	old := Derive(Vector[int]{}, Vector[int]{}, a.Slice(0, a.Len()*3/4), double)
	made := 0
	got := Derive(a.Slice(0, a.Len()*3/4), old, b, func(i, e int) int {
		if y[i] != e {
			t.Fatalf("element %d is %d, want %d", i, e, y[i])
		}
		made++
		return 2 * e
	})
	want := list(t, b)
	for i := range want {
		want[i].elem *= 2
	}
	if !slices.Equal(list(t, got), want) {
		t.Fatal("what was derived is something else")
	}
	if most := len(y); made > most {
		t.Fatalf("%d elements were made of %d", made, most)
	}
}

func TestAnEditSharesAllBlocksButAFew(t *testing.T) {
	var elems []at
	for i := range 100_000 {
		elems = append(elems, at{i, i})
	}
	v := build(elems)
	for i := range 600 {
		var b Builder[int]
		b.Keep(v, 0, 50_000, 0)
		b.Add(-i, 50_000)
		b.Keep(v, 50_000+i%2, v.Len(), 1-i%2)
		next := b.Vector()
		head, tail := CommonParts(v, next)
		if changed := len(next.Parts()) - head - tail; changed > 3 {
			t.Fatalf("edit %d changed %d blocks", i, changed)
		}
		v = next
	}
}

func TestChangesLeaveTheVersionBeforeAsItWas(t *testing.T) {
	var elems []at
	for i := range 1_000 {
		elems = append(elems, at{i, 2 * i})
	}
	v := build(elems)
	next := v.With([]Change[int]{{3, -1}, {4, -2}, {999, -3}})
	want := slices.Clone(elems)
	want[3].elem, want[4].elem, want[999].elem = -1, -2, -3
	if !slices.Equal(list(t, next), want) || !slices.Equal(list(t, v), elems) {
		t.Error("the changes are not what was asked for")
	}
	if head, tail := CommonParts(v, next); head != 0 || tail != 0 {
		t.Errorf("%d blocks at the start and %d at the end are shared, but both changed", head, tail)
	}
	if got := v.With(nil); got.Parts()[0].Block != v.Parts()[0].Block {
		t.Error("no change made another block")
	}
}

func TestVectorsBehindEachOtherAreOne(t *testing.T) {
	a, b := build([]at{{1, 10}, {2, 20}}), build([]at{{3, 30}})
	if got := list(t, Concat(a, Vector[int]{}, b)); !slices.Equal(got, []at{{1, 10}, {2, 20}, {3, 30}}) {
		t.Errorf("%v", got)
	}
	if got := (Vector[int]{}).Find(5); got != -1 {
		t.Errorf("an empty vector has element %d", got)
	}
	for off, e := range a.All() {
		if off != 10 || e != 1 {
			t.Errorf("%d at %d", e, off)
		}
		break
	}
}
