package run

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// shards are the names of the tests in each of n parts of a selection, sorted.
func (b *bench) shards(sel Selection, n int) [][]string {
	b.t.Helper()
	var parts [][]string
	for i := 1; i <= n; i++ {
		sel.Shard = Shard{i, n}
		var names []string
		for _, wave := range b.waves(sel) {
			names = append(names, wave...)
		}
		slices.Sort(names)
		parts = append(parts, names)
	}
	return parts
}

func TestShardsDivideARun(t *testing.T) {
	const login = `
tests:
  - { name: login, alias: auth }
  - { name: a, resource: "/{{ auth.response.status }}" }
  - { name: b, resource: "/{{ auth.response.status }}" }
  - { name: c }
`
	tests := []struct {
		name  string
		files []string
		sel   Selection
		n     int
		want  string
	}{
		{
			"independent tests are dealt out evenly", []string{"a.yaml", "tests: [{name: a}, {name: b}, {name: c}, {name: d}]"},
			Selection{}, 2, "a c | b d",
		},
		{"what several parts need runs in each", []string{"a.yaml", login}, Selection{}, 2, "a c login | b login"},
		{"one part is everything", []string{"a.yaml", login}, Selection{}, 1, "a b c login"},
		{"more parts than tests leave some empty", []string{"a.yaml", "tests: [{name: a}]"}, Selection{}, 3, "a |  | "},
		{
			"a chain stays together",
			[]string{"a.yaml", "mode: scenario\ntests: [{name: a}, {name: b}, {name: c}]", "b.yaml", "tests: [{name: d}, {name: e}]"},
			Selection{}, 2, "a b c | d e",
		},
		{
			"a file that others depend on runs in each part",
			[]string{"a.yaml", "tests: [{name: setup}]", "b.yaml", "depends: [a.yaml]\ntests: [{name: x}, {name: y}]"},
			Selection{}, 2, "setup x | setup y",
		},
		{
			"the rows of a matrix count",
			[]string{"a.yaml", "tests: [{name: m, matrix: [{k: 1}, {k: 2}, {k: 3}]}, {name: a}, {name: b}, {name: c}]"}, Selection{}, 2,
			"m [k=1] m [k=2] m [k=3] | a b c",
		},
		{
			"only what is selected is divided", []string{"a.yaml", "tests: [{name: a, tags: [x]}, {name: b}, {name: c, tags: [x]}]"},
			Selection{Tags: []string{"x"}}, 2, "a | c",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i := 1; i < len(tt.files); i += 2 {
				tt.files[i] = fakeTarget + tt.files[i]
			}
			b := newBench(t, tt.files...)
			var got []string
			for _, part := range b.shards(tt.sel, tt.n) {
				got = append(got, strings.Join(part, " "))
			}
			if s := strings.Join(got, " | "); s != tt.want {
				t.Errorf("shards = %q, want %q", s, tt.want)
			}
		})
	}
}

// Every test is in a part with everything that it needs; only what is needed by others is in more than one; and the parts
// are about as large as each other.
func TestShardsOfManyTestsAreCompleteAndBalanced(t *testing.T) {
	var spec strings.Builder
	spec.WriteString(fakeTarget + "tests:\n")
	for i := range 400 {
		fmt.Fprintf(&spec, "  - { name: t%d, alias: a%d", i, i)
		if i%4 > 0 {
			fmt.Fprintf(&spec, ", depends: [a%d]", i/4*4)
		}
		spec.WriteString(" }\n")
	}
	b := newBench(t, "a.yaml", spec.String())
	const n = 5
	parts := b.shards(Selection{}, n)
	if again := b.shards(Selection{}, n); !slices.EqualFunc(parts, again, slices.Equal) {
		t.Error("two plans differ")
	}
	seen := map[string]int{}
	for i, part := range parts {
		if len(part) < 400/n || len(part) > 160 {
			t.Errorf("part %d has %d tests", i+1, len(part))
		}
		for _, name := range part {
			seen[name]++
			var number int
			if _, err := fmt.Sscanf(name, "t%d", &number); err != nil {
				t.Fatal(err)
			}
			if root := fmt.Sprintf("t%d", number/4*4); !slices.Contains(part, root) {
				t.Errorf("part %d has %s without %s", i+1, name, root)
			}
		}
	}
	for i := range 400 {
		count := seen[fmt.Sprintf("t%d", i)]
		if count == 0 || i%4 > 0 && count > 1 {
			t.Errorf("t%d is in %d parts", i, count)
		}
	}
}

func TestShardsListEveryProblem(t *testing.T) {
	b := newBench(t,
		"a.yaml", fakeTarget+"tests: [{name: a, alias: a, depends: [b]}, {name: b, alias: b, depends: [a]}]",
		"b.yaml", fakeTarget+"tests: [{name: c}]")
	cycles := 0
	for i := 1; i <= 2; i++ {
		_, problems := Plan(b.session.Snapshot(), Selection{Shard: Shard{i, 2}})
		cycles += len(problems)
	}
	if cycles != 1 {
		t.Errorf("the cycle was reported %d times", cycles)
	}
}

func TestAShardThatDoesNotExistIsRefused(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests: [{name: a}]")
	for _, s := range []Shard{{0, 2}, {3, 2}, {-1, 2}, {1, 0}} {
		if _, err := Execute(t.Context(), b.session.Snapshot(), Selection{Shard: s}, nil, Options{}); err == nil {
			t.Errorf("%v: no error", s)
		}
		Plan(b.session.Snapshot(), Selection{Shard: s}) // must not panic
	}
}

// Dealing out a large run takes no time that anybody would notice.
func TestShardsOfALargeRunAreQuick(t *testing.T) {
	var spec strings.Builder
	spec.WriteString(fakeTarget + "tests:\n")
	for i := range 3000 {
		fmt.Fprintf(&spec, "  - { name: t%d, alias: a%d, depends: [a%d] }\n", i, i, max(0, i-i%50))
	}
	b := newBench(t, "a.yaml", spec.String())
	start := time.Now()
	b.shards(Selection{}, 2)
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("two plans took %v", d)
	}
}
