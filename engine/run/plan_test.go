package run

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
)

const fakeTarget = "target: fake://x\n"

// waves are the names of the planned tests, wave by wave.
func (b *bench) waves(sel Selection) [][]string {
	b.t.Helper()
	s, problems := Plan(b.session.Snapshot(), sel)
	for _, p := range problems {
		b.t.Errorf("problem %s: %s", p.Code, p.Message)
	}
	return s.Waves()
}

func wantWaves(t *testing.T, got [][]string, want string) {
	t.Helper()
	var parts []string
	for _, w := range got {
		parts = append(parts, strings.Join(w, " "))
	}
	if s := strings.Join(parts, " | "); s != want {
		t.Errorf("waves = %q, want %q", s, want)
	}
}

func TestPlanOrdersTestsInWaves(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  string
	}{
		{"independent tests share a wave, in their order", []string{"a.yaml", `
tests:
  - name: one
  - name: two
`}, "one two"},
		{"a template that uses an alias makes an edge", []string{"a.yaml", `
tests:
  - name: late
    resource: "/{{ first.response.body.id }}"
  - name: early
    alias: first
`}, "early | late"},
		{"so does one in a nested field", []string{"a.yaml", `
tests:
  - name: late
    body: { a: [ "{{ first.response.body.id }}" ] }
  - name: early
    alias: first
`}, "early | late"},
		{"so does one in an expectation", []string{"a.yaml", `
tests:
  - name: late
    expect: { body: { id: "{{ first.response.body.id }}" } }
  - name: early
    alias: first
`}, "early | late"},
		{"so does one in `when`, in a header, in the target and in the timeout", []string{"a.yaml", `
tests:
  - name: w
    when: "{{ first.response.status }} == 200"
  - name: h
    headers: { X: "{{ first.response.status }}" }
  - name: g
    target: "fake://{{ first.response.body.host }}"
  - name: t
    timeout: "{{ first.response.body.ms }}"
  - name: early
    alias: first
`}, "early | w h g t"},
		{"and so does one in the file's target, for all but the test that provides it", []string{"a.yaml", `
target: "fake://{{ first.response.body.host }}"
tests:
  - name: late
  - name: early
    alias: first
    target: fake://x
`}, "early | late"},
		{"a saved name makes an edge", []string{"a.yaml", `
tests:
  - name: late
    resource: "/{{ token }}"
  - name: early
    save: { token: response.body.token }
`}, "early | late"},
		{"a saved name reaches over files", []string{"a.yaml", `
tests:
  - name: late
    resource: "/{{ token }}"
`, "b.yaml", `
tests:
  - name: early
    save: { token: response.body.token }
`}, "early | late"},
		{"depends makes an edge", []string{"a.yaml", `
tests:
  - { name: late, depends: [first] }
  - { name: early, alias: first }
`}, "early | late"},
		{"a test that depends on itself does not", []string{"a.yaml", `
tests:
  - { name: only, alias: me, depends: [me] }
`}, "only"},
		{"a scenario is a chain", []string{"a.yaml", `
mode: scenario
tests:
  - name: one
  - name: two
  - name: three
`}, "one | two | three"},
		{"a file waits for the files that it depends on", []string{"a.yaml", `
depends: [sub/b.yaml]
tests:
  - name: late
`, "sub/b.yaml", `
tests:
  - name: early
  - { name: middle, depends: [x] }
  - { name: early too, alias: x }
`}, "early early too | middle | late"},
		{
			"files are ordered by path",
			[]string{"b.yaml", "tests: [{name: b}]", "a.yaml", "tests: [{name: a}]", "c/a.yaml", "tests: [{name: c}]"},
			"a b c",
		},
		{"several documents in a file are several specs", []string{"a.yaml",
			"tests: [{name: one}]\n---\nmode: scenario\ntests: [{name: two}, {name: three}]\n"},
			"one two | three"},
		{"each row of a matrix is a test of its own", []string{"a.yaml", `
tests:
  - name: "get {{ matrix.id }}"
    alias: rows
    matrix: [{id: 1}, {id: 2}]
  - name: after
    depends: [rows]
`}, "get 1 get 2 | after"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantWaves(t, newBench(t, tt.files...).waves(Selection{}), tt.want)
		})
	}
}

func TestMatrixNames(t *testing.T) {
	b := newBench(t, "a.yaml", `
tests:
  - name: plain
    matrix: [{id: 1, who: ada}, {id: 2, who: bob}]
  - name: "short {{ id }}"
    matrix: [{id: 3}]
  - method: GET
    resource: /x
    matrix: [{id: 4}]
`)
	wantWaves(t, b.waves(Selection{}), "plain [id=1, who=ada] plain [id=2, who=bob] short 3 [id=4]")
}

// problems are "code message" of the fatal problems with their line.
func (b *bench) problems(sel Selection) (*Schedule, []string) {
	s, problems := Plan(b.session.Snapshot(), sel)
	var list []string
	for _, p := range problems {
		line := 0
		if doc := b.session.Snapshot().Document(p.URI); doc != nil {
			line = doc.Text.LineAt(p.Span.Start) + 1
		}
		if !p.Fatal {
			b.t.Errorf("problem %q is not fatal", p.Message)
		}
		list = append(list, fmt.Sprintf("%s:%d %s %s", filepath.Base(engine.PathFromURI(p.URI)), line, p.Code, p.Message))
	}
	return s, list
}

func TestFatalProblems(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  []string // parts of the problems, one each
		waves string   // what runs in spite of them
	}{
		{"broken YAML", []string{"a.yaml", "tests: [\n", "b.yaml", "tests: [{name: b}]"}, []string{"a.yaml:1 yaml.syntax"}, "b"},
		{"a wrong structure", []string{"a.yaml", "tests:\n  - name: [1, 2]\n"}, []string{"a.yaml:2 spec.wrong-type"}, ""},
		{"an unknown key of the file", []string{"a.yaml", "test: []\n"}, []string{"a.yaml:1 spec.unknown-key"}, ""},
		{
			"an unknown key of expect", []string{"a.yaml", "tests:\n  - name: a\n    expect: { statu: 200 }\n"},
			[]string{"a.yaml:3 expect.unknown-key"}, "",
		},
		{"an unknown mode", []string{"a.yaml", "mode: fast\ntests: []\n"}, []string{"a.yaml:1 spec.bad-mode"}, ""},
		{"a bad form of a test", []string{"a.yaml", "tests:\n  - hello\n"}, []string{"a.yaml:2 spec.bad-form"}, ""},
		{"a duplicate key", []string{"a.yaml", "tests:\n  - name: a\n    name: b\n"}, []string{"a.yaml:3 yaml.duplicate-key"}, ""},
		{"all of a file's problems are listed", []string{"a.yaml", "mode: fast\nx: 1\ntests:\n  - hello\n"},
			[]string{"a.yaml:1 spec.bad-mode", "a.yaml:2 spec.unknown-key", "a.yaml:4 spec.bad-form"}, ""},
		{"a duplicate alias", []string{"a.yaml", "tests:\n  - { name: a, alias: x }\n  - { name: b, alias: x }\n", "b.yaml",
			"tests: [{name: c}]"},
			[]string{"a.yaml:2 alias.duplicate the alias `x` is taken; an alias is unique over the whole run",
				"a.yaml:3 alias.duplicate the alias `x` is taken; an alias is unique over the whole run"}, "c"},
		{"a duplicate alias in another file", []string{"a.yaml", "tests: [{ name: a, alias: x }]", "b.yaml",
			"tests: [{ name: b, alias: x }]", "c.yaml", "tests: [{ name: c }]"},
			[]string{"a.yaml:1 alias.duplicate", "b.yaml:1 alias.duplicate"}, "c"},
		{"an unknown alias in depends", []string{"a.yaml", "tests:\n  - { name: a, alias: login }\n  - { name: b, depends: [logn] }\n"},
			[]string{"a.yaml:3 depends.unknown no test has the alias `logn`; did you mean `login`?"}, ""},
		{
			"an unknown file in depends", []string{"a.yaml", "depends: [nope.yaml]\ntests: [{name: a}]\n"},
			[]string{"a.yaml:1 depends.unknown-file `nope.yaml` is no spec of this run"}, "",
		},
		{
			"a load profile that means nothing",
			[]string{"a.yaml", "mode: load\nload:\n  users: many\n  rps: 5\n  thresholds: {duration: {p95: fast}}\n  scenarios:\n    s: {tests: [raed]}\n" +
				"tests: [{name: a, alias: read}]\n", "b.yaml", "tests: [{name: b}]"},
			[]string{"a.yaml:3 load.value `users` must be a whole number from 1 to 100000, not `many`",
				"a.yaml:5 load.threshold `fast` is no limit of time", "a.yaml:7 load.unknown-test no test of this file has the alias `raed`; did you mean `read`?"}, "b",
		},
		{
			"a need for one test of a load",
			[]string{"a.yaml", "mode: load\ntests: [{name: a, alias: a}, {name: c, resource: \"/{{ a.response.body }}\"}]\n", "b.yaml",
				"tests:\n  - {name: b, resource: \"/{{ a.response.body }}\"}\n"},
			[]string{"b.yaml:2 load.needed `a` runs many times, as part of a load"}, "a c",
		},
		{"a configuration that is no YAML", []string{".qube.yaml", "targets: \"\n", "a.yaml", "tests: [{name: a}]", "sub/.qube.yaml",
			"version: 1\n", "sub/b.yaml", "tests: [{name: b}]"},
			[]string{".qube.yaml:1 yaml.syntax", ".qube.yaml:1 spec.wrong-type"}, "b"},
		{
			"a configuration of the wrong structure",
			[]string{".qube.yaml", "version: 1\ntargets: [a]\n", "a.yaml", "tests: [{name: a}]"},
			[]string{".qube.yaml:2 spec.wrong-type"}, "",
		},
		{"a cycle, named in full", []string{"a.yaml", `tests:
  - { name: a, alias: a, depends: [c] }
  - { name: b, alias: b, resource: "/{{ a.response.body.x }}" }
  - { name: c, alias: c, headers: { X: "{{ b.response.body.x }}" } }
`, "b.yaml", "tests: [{name: free}]"}, []string{"a.yaml:2 depends.cycle these wait for each other, so none can begin: " +
			"`a` needs `c` needs `b` needs `a`"}, "free"},
		{"a cycle over files", []string{"a.yaml", "depends: [b.yaml]\ntests: [{name: a}]\n", "b.yaml", "depends: [a.yaml]\ntests: [{name: b}]\n"},
			[]string{"a.yaml:1 depends.cycle", "b.yaml:1 depends.cycle these wait for each other, so none can begin: " +
				"`b` needs `a.yaml` needs `a` needs `b.yaml` needs `b`"}, ""},
		{"every cycle, also in one file", []string{"a.yaml", `tests:
  - { name: a, alias: a, depends: [b] }
  - { name: b, alias: b, depends: [a] }
  - { name: c, alias: c, depends: [d] }
  - { name: d, alias: d, depends: [c] }
`}, []string{"a.yaml:2 depends.cycle", "a.yaml:4 depends.cycle"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, got := newBench(t, tt.files...).problems(Selection{})
			if len(got) != len(tt.want) {
				t.Fatalf("problems = %q\nwant %q", got, tt.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("problem = %q\nwant %q", got[i], tt.want[i])
				}
			}
			wantWaves(t, s.Waves(), tt.waves)
		})
	}
}

func TestAnUnknownKeyOfAConfigurationStopsNothing(t *testing.T) {
	b := newBench(t, ".qube.yaml", "paralel: true\n", "a.yaml", "tests: [{name: a}]")
	s, problems := Plan(b.session.Snapshot(), Selection{})
	if len(problems) != 1 || problems[0].Fatal || problems[0].Code != "spec.unknown-key" {
		t.Errorf("problems = %+v", problems)
	}
	wantWaves(t, s.Waves(), "a")
}

const selectable = `
tests:
  - { name: log in, alias: auth, tags: [smoke] }
  - { name: profile, alias: profile, tags: [smoke, slow], resource: "/{{ auth.response.body.id }}" }
  - { name: logs, tags: [slow] }
  - { name: end, depends: [profile] }
`

func TestSelection(t *testing.T) {
	other := "tests: [{name: other, alias: other}]"
	tests := []struct {
		name  string
		sel   func(b *bench) Selection
		want  string
		added string
	}{
		{"nothing selected is everything", func(*bench) Selection { return Selection{} }, "log in logs other | profile | end", ""},
		{"one test brings what it needs", func(b *bench) Selection {
			return Selection{Tests: []engine.TestKey{{URI: b.uri("a.yaml"), ID: "profile"}}}
		},
			"log in | profile", "auth"},
		{"what it needs is followed all the way", func(b *bench) Selection {
			return Selection{Tests: []engine.TestKey{{URI: b.uri("a.yaml"), ID: "name:end"}}}
		},
			"log in | profile | end", "auth profile"},
		{"by tag", func(*bench) Selection { return Selection{Tags: []string{"slow"}} }, "log in logs | profile", "auth"},
		{"by one of several tags", func(*bench) Selection { return Selection{Tags: []string{"smoke", "none"}} }, "log in | profile", ""},
		{
			"by excluded tag", func(*bench) Selection { return Selection{ExcludeTags: []string{"slow"}} },
			"log in other | profile | end", "profile",
		},
		{
			"by tag and excluded tag",
			func(*bench) Selection { return Selection{Tags: []string{"smoke"}, ExcludeTags: []string{"slow"}} }, "log in",
			"",
		},
		{"by name", func(*bench) Selection { return Selection{NamePattern: "^log"} }, "log in logs", ""},
		{"by file", func(b *bench) Selection { return Selection{URIs: []string{b.uri("b.yaml")}} }, "other", ""},
		{"by file and tag", func(b *bench) Selection { return Selection{URIs: []string{b.uri("b.yaml")}, Tags: []string{"smoke"}} }, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "a.yaml", selectable, "b.yaml", other)
			s, problems := Plan(b.session.Snapshot(), tt.sel(b))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			wantWaves(t, s.Waves(), tt.want)
			var added []string
			for _, key := range s.Added {
				added = append(added, key.ID)
			}
			if got := strings.Join(added, " "); got != tt.added {
				t.Errorf("added = %q, want %q", got, tt.added)
			}
		})
	}
}

func TestASelectionOfWhatIsNotThereSaysSo(t *testing.T) {
	b := newBench(t, "a.yaml", selectable)
	for name, sel := range map[string]Selection{
		"run.unknown-test": {Tests: []engine.TestKey{{URI: b.uri("a.yaml"), ID: "gone"}}},
		"run.unknown-file": {URIs: []string{b.uri("gone.yaml")}},
	} {
		s, problems := b.problems(sel)
		if len(problems) != 1 || !strings.Contains(problems[0], name) {
			t.Errorf("problems = %q, want one of %s", problems, name)
		}
		if s.Tests() != 0 {
			t.Errorf("%s: %d tests run", name, s.Tests())
		}
	}
}

func TestAnAliasOfAFileThatDoesNotRunIsNoDuplicate(t *testing.T) {
	b := newBench(t, "a.yaml", "tests: [{ name: a, alias: x }, { name: c, depends: [x] }]", "b.yaml", "tests: [{ name: b, alias: x }]")
	for _, file := range []string{"a.yaml", "b.yaml"} {
		if _, problems := b.problems(Selection{URIs: []string{b.uri(file)}}); len(problems) != 0 {
			t.Errorf("%s: %q", file, problems)
		}
	}
}

func TestASelectedTestIsNotHeldUpByABrokenFileThatItDoesNotNeed(t *testing.T) {
	b := newBench(t, "a.yaml", selectable, "b.yaml", "tests: [")
	s, problems := b.problems(Selection{Tests: []engine.TestKey{{URI: b.uri("a.yaml"), ID: "auth"}}})
	if len(problems) != 0 || s.Tests() != 1 {
		t.Errorf("problems = %q, %d tests", problems, s.Tests())
	}
}

func TestPlanningIsDeterministic(t *testing.T) {
	files := []string{}
	for i := range 20 {
		files = append(files, fmt.Sprintf("f%02d.yaml", i), fmt.Sprintf(
			"tests:\n  - { name: a%d, alias: a%d }\n  - { name: b%d, depends: [a%d] }\n", i, i, i, (i+7)%20))
	}
	b := newBench(t, files...)
	first := b.waves(Selection{})
	for range 20 {
		if again := b.waves(Selection{}); !slices.EqualFunc(first, again, slices.Equal) {
			t.Fatalf("waves = %v, then %v", first, again)
		}
	}
}

// bigSuite is n tests with three edges each, as far as there are tests before.
func bigSuite(n int) string {
	var s strings.Builder
	s.WriteString(fakeTarget + "tests:\n")
	for i := range n {
		fmt.Fprintf(&s, "  - name: t%d\n    alias: a%d\n", i, i)
		if i > 10 {
			fmt.Fprintf(&s, "    resource: \"/{{ a%d.response.body.id }}/{{ a%d.response.body.id }}\"\n    depends: [a%d]\n", i/2, i/3, i*7%i)
		}
	}
	return s.String()
}

// TestPlanningCostsEachTestTheSame compares two sizes, since no bound in seconds holds on a busy machine; the benchmark
// has the figure. A plan that is quadratic anywhere takes a hundred times as long for ten times the tests.
// Allocations stand for the work: they do not depend on what else the machine does.
func TestPlanningCostsEachTestTheSame(t *testing.T) {
	allocations := func(n int) float64 {
		snap := newBench(t, "big.yaml", bigSuite(n)).session.Snapshot()
		for doc := range snap.Documents() {
			doc.Spec() // reading the file is not planning
		}
		return testing.AllocsPerRun(2, func() {
			if s, problems := Plan(snap, Selection{}); len(problems) > 0 || s.Tests() != n {
				t.Fatalf("%d tests, problems %v", s.Tests(), problems[:min(3, len(problems))])
			}
		})
	}
	small, large := allocations(300), allocations(3000)
	if large > 15*small {
		t.Errorf("300 tests take %.0f allocations, 3000 take %.0f", small, large)
	}
}

func BenchmarkPlanTenThousandTests(b *testing.B) {
	bench := benchOf(b, bigSuite(10_000))
	for b.Loop() {
		Plan(bench, Selection{})
	}
}
