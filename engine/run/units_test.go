package run

import (
	"fmt"
	"strings"
	"testing"
)

func TestAScheduleTellsWhatItRunsAndWhoFeedsWhom(t *testing.T) {
	b := newBench(t,
		"a.yaml", fakeTarget+`
tests:
  - { name: use, resource: "/{{ auth.response.body.id }}/{{ token }}/{{ later.response.status.Default(1) }}" }
  - { name: "row {{ n }}", matrix: [{ n: 1 }, { n: 2 }] }
  - { name: log in, alias: auth, save: { token: response.body.token } }
  - { name: later, alias: later }
`,
		"b.yaml", fakeTarget+`
mode: scenario
tests:
  - { name: first }
  - { name: second, resource: "/{{ prev.response.status }}" }
`,
		"c.yaml", fakeTarget+`
mode: load
load: { users: 2, scenarios: { x: { weight: 3, tests: [two] }, y: { tests: [one] } }, thresholds: { errors: { count: 0 } } }
tests:
  - { alias: one }
  - { alias: two, resource: "/{{ one.response.status }}" }
`)
	s, problems := Plan(b.session.Snapshot(), Selection{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	describe := func(u UnitTest) string {
		text := fmt.Sprintf("%s row=%d wants=%v", u.Name, u.Row, u.Wants)
		if u.Doc == nil || u.Spec == nil || u.Doc.URI != u.Key.URI || u.Test.ID != u.Key.ID {
			t.Errorf("%s is incomplete", u.Name)
		}
		for _, name := range []string{"auth", "token", "later", "one"} {
			if f, ok := u.Feeds[name]; ok {
				text += fmt.Sprintf(" %s=%s/%t", name, f.Key.ID, f.Saved)
			}
		}
		if u.UsesPrev {
			text += fmt.Sprintf(" prev/%t", u.WantsPrev)
		}
		return text
	}
	wave := 0
	for _, u := range s.Units() {
		if u.Wave < wave || (u.Test == nil) == (u.Load == nil) {
			t.Errorf("unit %+v", u)
		}
		wave = u.Wave
		if u.Load == nil {
			got = append(got, describe(*u.Test))
			continue
		}
		for _, inner := range u.Load.Tests {
			got = append(got, "load "+describe(inner))
		}
		got = append(got, fmt.Sprint(u.Load.Flows, len(u.Load.Profile.Limits), u.Load.Profile.Users))
	}
	want := `row 1 row=0 wants=[]
row 2 row=1 wants=[]
log in row=-1 wants=[] 
later row=-1 wants=[]
first row=-1 wants=[] prev/false
use row=-1 wants=[auth token] auth=auth/false token=auth/true later=later/false
second row=-1 wants=[] prev/true
load  row=-1 wants=[]
load  row=-1 wants=[one] one=one/false
[{x 3 [0 1]} {y 1 [0]}] 1 2`
	if text := strings.Join(got, "\n"); text != strings.ReplaceAll(want, " \n", "\n") {
		t.Errorf("got\n%s", text)
	}
}

func TestRowsHaveNamesBeforeARun(t *testing.T) {
	b := newBench(t, "a.yaml", fakeTarget+"tests:\n  - { name: plain }\n  - { name: x, matrix: [{ n: 1 }, { n: '{{ env.A }}' }] }\n")
	s, _ := Plan(b.session.Snapshot(), Selection{})
	for _, u := range s.Units() {
		names := fmt.Sprint(RowNames(u.Test.Test.Test))
		if want := map[bool]string{true: "[]", false: "[x [n=1] x [n={{ env.A }}]]"}[u.Test.Row < 0]; names != want {
			t.Errorf("%s: %s", u.Test.Name, names)
		}
	}
}
