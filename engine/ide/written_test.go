package ide_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/value"
)

func TestAcceptedCompletionsKnowWhatStandsThereAlready(t *testing.T) {
	base := "tests:\n  - alias: auth\n  - "
	for _, c := range []struct{ name, src, label, want string }{
		{"a quoted key with its colon", base + "\"meth‸\": GET\n", "method", base + "\"method\": GET\n"},
		{"a root before its dot", base + "resource: \"/{{ au‸th.response.body }}\"\n", "auth", base + "resource: \"/{{ auth.response.body }}\"\n"},
		{"a segment before its dot", base + "resource: \"/{{ auth.resp‸onse.body }}\"\n", "response", base + "resource: \"/{{ auth.response.body }}\"\n"},
	} {
		f := newFixture(t, c.src)
		if got := f.accept(t, f.item(t, c.label)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestWhatIsLearnedFromAResponsePassesOnIt(t *testing.T) {
	body := map[string]any{
		"a.b": json.Number("1"), `["x"]`: "q", "#": true, "length": "l", "- d": "d", "": "empty", "true": "true", "n": "null", "op": "> 3",
		"sp": " x ", "hex": "0x1F", "line\nbreak": "a\nb", "deep": map[string]any{"x y": []any{map[string]any{"id": json.Number("1e3")}}},
	}
	evaluate := func(t *testing.T, src string) {
		t.Helper()
		sp := newFixture(t, src)
		doc := sp.session.Snapshot().Document(sp.uri)
		root, _ := value.Entries(doc.Tree().Documents()[0].Root.Any())
		tests, _ := value.Items(root["tests"])
		test, _ := value.Entries(tests[0])
		e, problems := expect.Parse(test["expect"])
		if got := e.Evaluate(expect.Response{Body: body}); len(problems) > 0 || len(got) == 0 || !expect.Passed(got) {
			t.Errorf("it does not pass on the response that it came from: %v %v\n%s", problems, got, src)
		}
	}
	record := func(r *engine.TestResult) { r.Output = &plugin.TestOutput{Body: body} }
	base := "target: http://a\ntests:\n  - alias: x\n    expect:\n      body:\n        "
	learned := 0
	f := newFixture(t, base+"‸\n")
	f.record(t, "x", record)
	for _, item := range f.complete() {
		if item.Description != "last response" {
			continue
		}
		learned++
		evaluate(t, f.accept(t, item))

		actual, err := path.Parse(item.Label).Walk(body, path.Options{})
		if err != nil {
			t.Errorf("%q leads nowhere: %v", item.Label, err)
		}
		if k := value.KindOf(actual); k == value.KindList || k == value.KindObject {
			continue
		}
		key, _, _ := strings.Cut(item.Edit.New, ": ${1:")
		v := newFixture(t, base+key+": ‸\n")
		v.record(t, "x", record)
		for _, offered := range v.complete() {
			if offered.Detail == "last response" {
				evaluate(t, v.accept(t, offered))
			}
		}
	}
	if learned < len(body) {
		t.Errorf("only %d keys are learned", learned)
	}
}

func TestAMapFormOffersOperandsAndNoTextForms(t *testing.T) {
	record := func(r *engine.TestResult) {
		r.Output = &plugin.TestOutput{
			Status: json.Number("201"), Headers: map[string]string{"X": "a: b"}, Body: map[string]any{"id": "> 3", "n": json.Number("7"), "dot": "a.b"},
		}
	}
	for _, c := range []struct{ place, label, written string }{
		{"body:\n        id:\n          is: ", "email", "email"},
		{"body:\n        id: { is: ", "null", "null"},
		{"body:\n        id:\n          eq: ", "> 3", `"> 3"`},
		{"body:\n        id:\n          ne: ", "> 3", `"> 3"`},
		{"body:\n        n:\n          gte: ", "7", "7"},
		{"body:\n        n:\n          gt: ", "", ""},
		{"body:\n        dot:\n          contains: ", "a.b", "a.b"},
		{"body:\n        dot:\n          matches: ", `a\.b`, `a\.b`},
		{"body:\n        id:\n          exists: ", "false", "false"},
		{"headers:\n        x:\n          eq: ", "a: b", `"a: b"`},
		{"status:\n        lt: ", "500", "500"},
		{"duration:\n        lt: ", "500ms", "500ms"},
	} {
		f := newFixture(t, "target: http://a\ntests:\n  - alias: x\n    expect:\n      "+c.place+"‸\n")
		f.record(t, "x", record)
		for _, i := range f.complete() {
			if strings.Contains(i.Label, " VALUE") || strings.HasPrefix(i.Label, "is ") || c.label == "" && i.Detail == "last response" {
				t.Errorf("%q offers %q", c.place, i.Label)
			}
		}
		if c.label == "" {
			continue
		}
		item := f.item(t, c.label)
		if item.Edit.New != c.written {
			t.Errorf("%q writes %q as %s, want %s", c.place, c.label, item.Edit.New, c.written)
		}
	}
}

func TestOperandsAreWrittenAsTheirPlaceWantsThem(t *testing.T) {
	row := func(r *engine.TestResult) {
		r.Output = &plugin.TestOutput{Status: json.Number("201"), Headers: map[string]string{"X": "a: b"}, Body: map[string]any{
			"id": json.Number("7"), "name": "Ada", "op": "> 3", "bool": "true", "tags": []any{"x", "y"}, "users": []any{map[string]any{"name": "Bo"}},
		}}
	}
	for _, c := range []struct{ name, place, label, want string }{
		{"in the list of oneOf", "name: { oneOf: [‸] }", "Ada", "name: { oneOf: [Ada] }"},
		{"behind another", "name: { oneOf: [a, ‸] }", "Ada", "name: { oneOf: [a, Ada] }"},
		{"not one that is there", "name: { oneOf: [Ada, ‸] }", "", ""},
		{"in quotes in the list", "name: { oneOf: [\"‸\"] }", "Ada", "name: { oneOf: [\"Ada\"] }"},
		{"as an item below", "op:\n          oneOf:\n            - ‸", "> 3", "op:\n          oneOf:\n            - \"> 3\""},
		{"as a further item below", "bool:\n          oneOf:\n            - a\n            - ‸", "true", "bool:\n          oneOf:\n            - a\n            - \"true\""},
		{"as one text", "name:\n          oneOf: ‸", "Ada", "name:\n          oneOf: Ada"},
		{"a number in quotes", "id: { eq: \"‸\" }", "7", "id: { eq: \"7\" }"},
		{"an element of a list", "tags: { contains: ‸ }", "y", "tags: { contains: \"y\" }"},
		{"a field within eq", "users[0]:\n          eq:\n            name: ‸", "Bo", "users[0]:\n          eq:\n            name: Bo"},
		{"an element of an expected list", "tags: [x, ‸]", "y", "tags: [x, \"y\"]"},
		{"behind a comparison in quotes", "id: \"> ‸\"", "0", "id: \"> 0\""},
		{"behind a comparison in single quotes", "id: '>= ‸'", "7", "id: '>= 7'"},
		{"behind a comparison in an open quote", "id: \">= ‸", "7", "id: \">= 7\""},
		{"behind a plain comparison", "id: > ‸", "0", "id: \"> 0\""},
		{"behind a comparison, none that fails", "id: \"< ‸\"", "", ""},
		{"behind contains in quotes", "name: \"contains ‸\"", "Ada", "name: \"contains Ada\""},
		{"behind a plain contains", "name: contains A‸", "Ada", "name: contains Ada"},
		{"behind a plain pattern", "op: matches ‸", "> 3", "op: matches > 3"},
		{"behind oneOf in quotes", "name: \"oneOf a, ‸\"", "Ada", "name: \"oneOf a, Ada\""},
		{"behind oneOf, not one that is there", "name: \"oneOf Ada, ‸\"", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := "target: http://a\ntests:\n  - alias: x\n    expect:\n      body:\n        "
			f := newFixture(t, base+c.place+"\n")
			f.record(t, "x", row)
			if c.label == "" {
				for _, i := range f.complete() {
					if i.Detail == "last response" {
						t.Errorf("%q is offered", i.Label)
					}
				}
				return
			}
			if got := strings.TrimPrefix(f.accept(t, f.item(t, c.label)), base); got != c.want+"\n" {
				t.Errorf("accepting %q gives\n%s\nwant\n%s", c.label, got, c.want)
			}
		})
	}
}

func TestOneOfIsOfferedWhatTheOtherRowsOfTheMatrixGot(t *testing.T) {
	f := newFixture(t, "target: http://a\ntests:\n  - alias: x\n    matrix: [{ a: 1 }, { a: 2 }]\n    expect: { body: { role: { oneOf: [‸] } } }\n")
	for i, role := range []string{"admin", "user"} {
		f.record(t, "x", func(r *engine.TestResult) {
			r.Row, r.Output = i, &plugin.TestOutput{Status: json.Number("200"), Body: map[string]any{"role": role}}
		})
	}
	for _, role := range []string{"admin", "user"} {
		f.item(t, role)
	}
}

func TestAMapHasEitherOperatorsOrFields(t *testing.T) {
	for _, c := range []struct {
		place     string
		want, not []string
	}{
		{"user:\n          eq:\n            ‸", nil, []string{"is", "gt"}},
		{"user:\n          eq:\n            age: 3\n            ‸", []string{"name"}, []string{"is", "gt"}},
		{"users:\n          contains:\n            ‸", []string{"id"}, []string{"is", "gt"}},
		{"user:\n          ‸", []string{"is"}, []string{"name"}},
		{"user:\n          age: 3\n          ‸", []string{"name"}, []string{"is"}},
		{"user:\n          gt: 1\n          ‸", []string{"lt"}, []string{"name"}},
	} {
		f := newFixture(t, "target: http://a\ntests:\n  - alias: x\n    expect:\n      body:\n        "+c.place+"\n")
		f.record(t, "x", func(r *engine.TestResult) {
			r.Output = &plugin.TestOutput{Status: json.Number("200"), Body: map[string]any{
				"user": map[string]any{"name": "Ada"}, "users": []any{map[string]any{"id": json.Number("1")}},
			}}
		})
		got := labels(f.complete())
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q does not offer %q but %q", c.place, w, got)
			}
		}
		for _, n := range c.not {
			if slices.Contains(got, n) {
				t.Errorf("%q offers %q", c.place, n)
			}
		}
	}
}
