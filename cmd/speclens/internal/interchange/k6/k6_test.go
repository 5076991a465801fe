package k6

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/spec"
)

func TestTestsGetNamesThatAreFreeInTheScript(t *testing.T) {
	for name, want := range map[string]string{
		"log in": "logIn", "auth": "auth", "GET /users/{{ id }}": "getUsersId", "read the user-back": "readTheUserBack", "größe": "grE",
		"":   "test",
		"42": "test42", "日本語": "test", "userID": "userID", "</script>": "script",
	} {
		if got := identifier(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	script := Write(Script{
		Tests: []Test{{Alias: "check"}, {Alias: "class"}, {Alias: "options"}, {Name: "a b"}, {Name: "a-b"}, {Alias: "matcherOf"}, {Alias: "t"}},
		Setup: []Run{{0, -1}, {1, -1}, {6, -1}},
	})
	for _, want := range []string{"const check2 = ", "const class2 = ", "const options2 = ", "const aB = ", "const aB2 = ",
		"const matcherOf2 = ", "const t2 = ", "  check2(run);\n"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script has no %s", want)
		}
	}
}

func TestTagsHoldNothingThatAThresholdTakesApart(t *testing.T) {
	for name, want := range map[string]string{
		"auth": "auth", "v1.login": "v1.login", "a,b:c{d}\"e\"": "a-b-c-d-e", "": "test", "日本": "test", "--": "test", strings.Repeat("x",
			100): strings.Repeat("x", 60),
	} {
		if got := tag(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	w := &writer{taken: map[string]bool{}, script: Script{Tests: []Test{{Name: "a b"}, {Name: "a/b"}, {Alias: "a-b"}}}}
	w.names()
	if got := strings.Join(w.ids, " "); got != "a-b a-b-2 a-b-3" {
		t.Errorf("got %s", got)
	}
}

func TestTextsOfSpecsAreNeverCode(t *testing.T) {
	hostile := "</script><!-- */ ` ${x} \" ' \\ \n\r\u2028\u2029\x00\x1b[31m\u202e"
	literal := quote(hostile)
	for _, bad := range []string{"</", "<!--", "\n", "\r", "\u2028", "\u2029", "\x00", "\x1b"} {
		if strings.Contains(literal, bad) {
			t.Errorf("the literal holds %q: %s", bad, literal)
		}
	}
	if said := comment(hostile); strings.ContainsAny(said, "\n\r\u2028\u2029\x00\x1b\u202e") ||
		strings.Contains(said, "*/") || strings.Contains(said, "</") {
		t.Errorf("the comment is %q", said)
	}
	script := Write(Script{
		Sources: []string{hostile}, Notes: []string{hostile}, Targets: []Target{{hostile, hostile}}, FailFast: true,
		Tests: []Test{{
			Name: hostile, Alias: hostile, Where: hostile, Skip: hostile, Broken: hostile,
			When: "{{ env." + hostile + " }} == " + hostile, Names: []string{hostile},
			Matrix: []map[string]any{{hostile: hostile, "__proto__": 1}}, Method: hostile, Resource: hostile, Target: hostile, ByName: true,
			Headers: []Header{{hostile, hostile}}, Timeouts: []string{hostile}, Fields: map[string]any{"body": map[string]any{hostile: hostile}},
			Expect: []Check{{"headers", hostile, hostile}, {"body", hostile, "matches " + hostile}}, Save: []Save{{hostile, hostile}}, Slot: hostile,
			Feeds: map[string]Feed{hostile: {}}, Needs: []string{hostile},
		}},
		Setup: []Run{{0, 0}},
	})
	head, _, _ := strings.Cut(script, "// ------")
	for _, bad := range []string{"</", "<!--", "\r", "\u2028", "\u2029", "\x00", "\x1b"} {
		if strings.Contains(head, bad) {
			t.Errorf("the script holds %q", bad)
		}
	}
	if strings.Contains(head, "__proto__: ") || !strings.Contains(head, `["__proto__"]: 1`) {
		t.Error("a key sets the prototype")
	}
	// Every line is code of ours: what is left without literals and comments holds nothing of the text.
	literals := regexp.MustCompile(`"(?:[^"\\]|\\.)*"|/(?:[^/\\\n]|\\.)+/u|//.*`)
	if rest := literals.ReplaceAllString(head, ""); strings.ContainsAny(rest, "`$\\'") {
		t.Errorf("something is left: %s", rest)
	}
}

func TestPatternsMeanTheSameInJavaScript(t *testing.T) {
	// What they match is compared in k6 itself; this is how they are written.
	for pattern, want := range map[string]string{
		`^[A-Z]{3}-\d+$`: `/^[A-Z]{3}-[0-9]+$/u`, `a|b`: `/[ab]/u`, `ab|cd`: `/ab|cd/u`, `x(ab|cd)y`: `/x(?:ab|cd)y/u`, `.`: `/[^\n]/u`,
		`(?s).`: `/[^]/u`, `[^a]`: `/[^a]/u`,
		`(?i)k`: `/[Kk\u{212a}]/u`, `(?m)^a$`: `/(?:^|(?<=\n))a(?:$|(?=\n))/u`, `\ba\B`: `/\ba\B/u`,
		`a{2,}b{1,3}c{4}d?e*?f+`: `/a{2,}b{1,3}c{4}d?e*f+/u`, ``: `/(?:)/u`,
		`/</script>`: `/\/<\/script>/u`, `\x{1F600}é`: `/\u{1f600}\u{e9}/u`, `(`: `null`, `a**`: `null`, `[\s\S]`: `/[^]/u`,
		`(?:ab)*`: `/(?:ab)*/u`, `[\]\-^\\]`: `/[\-\\-\^]/u`,
		"\t\r \n": `/\t\r \n/u`, `[[:^ascii:]]`: `/[\u{80}-\u{10ffff}]/u`,
	} {
		if got := patternLiteral(pattern); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}

func TestNumbersAreLiteralsWhereJavaScriptPrintsThemSo(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "42": "42", "-1.5": "-1.5", "1.50": `num("1.50")`, "9007199254740993": `num("9007199254740993")`, "1e3": `num("1e3")`,
		"0.1":   "0.1",
		"1e400": `num("1e400")`, "-0": `num("-0")`, "0.0000001": `num("0.0000001")`, "123456789012345680000": "123456789012345680000",
	} {
		if got := numberText(text, nil); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestFlowsTakeTurnsByTheirWeights(t *testing.T) {
	flows := func(weights ...float64) (list []Flow) {
		for _, w := range weights {
			list = append(list, Flow{Weight: w})
		}
		return list
	}
	for _, tt := range []struct {
		weights []float64
		want    string
		exact   bool
	}{
		{[]float64{5}, "[0]", true},
		{[]float64{1, 1}, "[0 1]", true},
		{[]float64{3, 1}, "[0 0 1 0]", true},
		{[]float64{0.75, 0.25}, "[0 0 1 0]", true},
		{[]float64{20, 10, 10}, "[0 1 2 0]", true},
	} {
		turns, exact := turnsOf(flows(tt.weights...))
		if fmt.Sprint(turns) != tt.want || exact != tt.exact {
			t.Errorf("%v: %v, exact %t", tt.weights, turns, exact)
		}
	}
	turns, exact := turnsOf(flows(1, 3.14159265))
	first := 0
	for _, i := range turns {
		if i == 0 {
			first++
		}
	}
	if exact || len(turns) != maxTurns || first != 241 { // 1/4.14159265 of 1000
		t.Errorf("%d turns, %d of the first, exact %t", len(turns), first, exact)
	}
}

func TestLoadProfilesBecomeExecutors(t *testing.T) {
	const end = ` gracefulStop="5s"`
	two := []Flow{{Weight: 1, Runs: make([]Run, 2)}}
	s := time.Second
	for _, tt := range []struct {
		name    string
		profile spec.LoadProfile
		flows   []Flow
		want    string
	}{
		{"once", spec.LoadProfile{Users: 3}, nil, `executor="per-vu-iterations" vus=3 iterations=1 maxDuration="24h"`},
		{"for a time", spec.LoadProfile{Users: 3, Duration: 90 * s}, nil, `executor="constant-vus" vus=3 duration="1m30s"` + end},
		{
			"for less than k6 takes", spec.LoadProfile{Users: 3, Duration: s / 2}, nil,
			`executor="ramping-vus" startVUs=0 ` +
				`stages=[{ duration: "0s", target: 3 }, { duration: "500ms", target: 3 }] ` +
				`gracefulRampDown="5.5s"` + end,
		},
		{
			"a ramp", spec.LoadProfile{Users: 4, Duration: 10 * s, RampUp: 4 * s}, nil,
			`executor="ramping-vus" startVUs=0 ` +
				`stages=[{ duration: "0s", target: 1 }, { duration: "3s", target: 4 }, { duration: "7s", target: 4 }] ` +
				`gracefulRampDown="15s"` + end,
		},
		{
			"stages that the duration cuts off", spec.LoadProfile{Users: 1, Duration: 5 * s, Stages: []spec.LoadStage{{Users: 2, Duration: 3 * s},
				{Users: 0, Duration: 9 * s}}}, nil,
			`executor="ramping-vus" startVUs=0 ` +
				`stages=[{ duration: "0s", target: 2 }, { duration: "3s", target: 2 }, { duration: "0s", target: 0 }, { duration: "2s", target: 0 }] ` +
				`gracefulRampDown="10s"` + end,
		},
		{
			"stages that the duration draws out", spec.LoadProfile{Users: 1, Duration: 5 * s, Stages: []spec.LoadStage{{Users: 2,
				Duration: 3 * s}}}, nil,
			`executor="ramping-vus" startVUs=0 ` +
				`stages=[{ duration: "0s", target: 2 }, { duration: "5s", target: 2 }] ` +
				`gracefulRampDown="10s"` + end,
		},
		{
			"a rate", spec.LoadProfile{RPS: 20, Duration: 60 * s}, nil,
			`executor="constant-arrival-rate" rate=20 timeUnit="1s" duration="1m0s" preAllocatedVUs=200 maxVUs=200` + end,
		},
		{
			"a rate of requests", spec.LoadProfile{RPS: 2.5, Users: 7, Duration: 60 * s}, two,
			`executor="constant-arrival-rate" rate=25 timeUnit="20s" duration="1m0s" preAllocatedVUs=7 maxVUs=7` + end,
		},
		{
			"a rate that rises", spec.LoadProfile{RPS: 20, Users: 7, Duration: 60 * s, RampUp: 10 * s}, nil,
			`executor="ramping-arrival-rate" startRate=0 timeUnit="1s" ` +
				`stages=[{ duration: "10s", target: 20 }, { duration: "50s", target: 20 }] preAllocatedVUs=7 maxVUs=7` + end,
		},
		{
			"a rate that never gets there", spec.LoadProfile{RPS: 20, Users: 7, Duration: 10 * s, RampUp: 30 * s}, nil,
			`executor="ramping-arrival-rate" startRate=0 timeUnit="16m40s" ` +
				`stages=[{ duration: "10s", target: 6667 }] preAllocatedVUs=7 maxVUs=7` + end,
		},
		{
			"a rate beside stages", spec.LoadProfile{RPS: 20, Stages: []spec.LoadStage{{Users: 2, Duration: s}, {Users: 9, Duration: s}}}, nil,
			`executor="constant-arrival-rate" rate=20 timeUnit="1s" duration="2s" preAllocatedVUs=9 maxVUs=9` + end,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range executor(&Load{Profile: tt.profile, Flows: tt.flows}) {
				got = append(got, e.key+"="+e.value)
			}
			plain := regexp.MustCompile(`\s+`).ReplaceAllString(strings.Join(got, " "), " ")
			plain = strings.NewReplacer("[ ", "[", ", ]", "]").Replace(plain)
			if plain != tt.want {
				t.Errorf("got  %s\nwant %s", plain, tt.want)
			}
		})
	}
}
