package ide_test

import (
	"encoding/json"
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
		if got := f.accept(f.item(t, c.label)); got != c.want {
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
		evaluate(t, f.accept(item))

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
				evaluate(t, v.accept(offered))
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
