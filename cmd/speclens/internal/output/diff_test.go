package output

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/expect"
)

func value(t *testing.T, s string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnExpectedEventHasNoDiffWithTheDataOfOne(t *testing.T) {
	url := "http://127.0.0.1/" + strings.Repeat("x", 70)
	a := expect.Assertion{
		At: []string{"events", "1"}, Expected: map[string]any{"kind": "http.Sent"}, Actual: map[string]any{"method": "GET", "url": url},
	}
	if lines := Diff(a); lines != nil {
		t.Errorf("%q", lines)
	}
	a.At = []string{"body", "event"}
	if lines := Diff(a); lines == nil {
		t.Error("a body that looks like an event has no diff")
	}
}

func TestADiffShowsWhatWasNotMet(t *testing.T) {
	long := strings.Repeat("x", 70)
	tests := []struct {
		name, expected, actual string
		differs                [][]string // where, below the expectation
		want                   []string   // the lines that begin with - or +
	}{
		{
			"a nested value", `{"pad": "` + long + `", "a": {"b": 1}}`, `{"pad": "` + long + `", "a": {"b": 2}}`, [][]string{{"a", "b"}},
			[]string{`-    "b": 1`, `+    "b": 2`},
		},
		{
			"an operator that was met shows as it came", `{"pad": "is string", "b": "> 1", "c": {"gt": 5}}`,
			`{"pad": "` + long + `", "b": 2, "c": 3}`,
			[][]string{{"c"}}, []string{`-  "c": {`, `-    "gt": 5`, `-  },`, `+  "c": 3,`},
		},
		{
			"an element too many", `["` + long + `"]`, `["` + long + `", "two"]`, [][]string{{}},
			[]string{`-  "` + long + `"`, `+  "` + long + `",`, `+  "two"`},
		},
		{
			"a key that should not be there", `{"pad": "` + long + `"}`, `{"pad": "` + long + `", "x": 1}`, [][]string{{"x"}},
			[]string{`-  "pad": "` + long + `"`, `+  "pad": "` + long + `",`, `+  "x": 1`},
		},
		{"short values need none", `{"a": 1}`, `{"a": 2}`, [][]string{{"a"}}, nil},
		{"values of two kinds have no diff", `["` + long + `"]`, `{"a": "` + long + `"}`, [][]string{{}}, nil},
		{"an operator has no diff", `{"contains": {"a": "` + long + `"}}`, `{"a": "` + long + `y"}`, [][]string{{}}, nil},
		{"texts of several lines", `"one\ntwo\n` + long + `"`, `"one\n2\n` + long + `"`, [][]string{{}}, []string{"-two", "+2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := expect.Assertion{At: []string{"body", "."}, Expected: value(t, tt.expected), Actual: value(t, tt.actual)}
			for _, d := range tt.differs {
				a.Mismatches = append(a.Mismatches, expect.Mismatch{At: slices.Concat(a.At, d)})
			}
			var got []string
			for _, line := range Diff(a) {
				if line[0] == '-' || line[0] == '+' {
					got = append(got, line)
				}
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
}

func TestADiffIsBounded(t *testing.T) {
	many := func(by string) any { return strings.Repeat("a line of text "+by+"\n", 500) }
	lines := Diff(expect.Assertion{Expected: many("1"), Actual: many("2")})
	if len(lines) != maxDiffLines+1 || !strings.Contains(lines[maxDiffLines], "left out") {
		t.Errorf("%d lines, the last one %q", len(lines), lines[len(lines)-1])
	}
	if lines := Diff(expect.Assertion{Expected: strings.Repeat("x\n", maxDiff), Actual: "y\n"}); lines != nil {
		t.Errorf("a value beyond all bounds was compared: %d lines", len(lines))
	}
}
