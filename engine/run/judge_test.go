package run

import (
	"context"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
)

// judged runs a spec, replaces a part of it, and judges the recorded result of one test against what stands there now.
func judged(t *testing.T, content, id string, body any, old, replacement string) (before, after *engine.TestResult) {
	t.Helper()
	b := newBench(t, ".env", "PW=hunter22\n", "a.yaml", content)
	calls := b.answers(plugin.TestOutput{Status: 200, Body: body, Headers: map[string]string{"Content-Type": "application/json"}})
	b.opts.Seed = 1
	report := b.run(Selection{})
	before = result(t, report, id)
	b.session.Record(report.Results...)
	sent := calls.Load()
	edited := strings.Replace(content, old, replacement, 1)
	if edited == content {
		t.Fatalf("%q is not in the spec", old)
	}
	b.write("a.yaml", edited)
	b.load()
	snap := b.session.Snapshot()
	after = Judge(before, testNamed(t, snap, b.uri("a.yaml"), id), snap)
	if calls.Load() != sent {
		t.Error("judging sent a request")
	}
	return before, after
}

func testNamed(t *testing.T, snap *engine.Snapshot, uri, id string) spec.TestAt {
	t.Helper()
	for _, s := range snap.Document(uri).Spec().Specs {
		for _, at := range s.Tests.All() {
			if at.ID == id {
				return at
			}
		}
	}
	t.Fatalf("no test %s", id)
	return spec.TestAt{}
}

func TestJudge(t *testing.T) {
	body := map[string]any{"name": "Ada", "pw": "hunter22", "n": 7}
	tests := []struct {
		name, spec, old, replacement string
		from, to                     engine.Status
	}{
		{
			"a mended expectation passes", "{ alias: x, expect: { body: { name: Grace } } }", "Grace", "Ada",
			engine.StatusFailed, engine.StatusPassed,
		},
		{"a broken one fails", "{ alias: x, expect: { status: 200 } }", "200", "201", engine.StatusPassed, engine.StatusFailed},
		{
			"an expectation that was removed passes", "{ alias: x, expect: { status: 201 } }", "status: 201", "",
			engine.StatusFailed, engine.StatusPassed,
		},
		{
			"a header is found", "{ alias: x, expect: { status: 200 } }", "status: 200",
			"headers: { content-type: contains json }", engine.StatusPassed, engine.StatusPassed,
		},
		{
			"a secret of the environment still compares", "{ alias: x, expect: { body: { pw: '{{ env.PW }}', n: 8 } } }",
			"n: 8", "n: 7", engine.StatusFailed, engine.StatusPassed,
		},
		{
			"also where the template is new", "{ alias: x, resource: '{{ env.PW }}', expect: { status: 200 } }",
			"status: 200", "body: { pw: '{{ env.PW }}' }", engine.StatusPassed, engine.StatusPassed,
		},
		{
			"also where the secret is written out", "{ alias: x, resource: '{{ env.PW }}', expect: { status: 200 } }",
			"status: 200", "body: { pw: hunter22 }", engine.StatusPassed, engine.StatusPassed,
		},
		{
			"another secret differs", "{ alias: x, resource: '{{ env.PW }}', expect: { status: 200 } }", "status: 200",
			"body: { pw: hunter23 }", engine.StatusPassed, engine.StatusFailed,
		},
		{
			"made-up data keeps its value",
			"{ alias: x, expect: { status: 201, body: { name: { ne: '{{ fake.uuid }}' } } } }", "201", "200",
			engine.StatusFailed, engine.StatusPassed,
		},
		{
			"a value of another test is taken from its result", "{ alias: x, expect: { status: 200 } }", "status: 200",
			"body: { n: '{{ other.response.body.n }}' }", engine.StatusPassed, engine.StatusPassed,
		},
		{
			"and a saved one", "{ alias: x, expect: { status: 200 } }", "status: 200", "body: { name: '{{ who }}' }",
			engine.StatusPassed, engine.StatusPassed,
		},
		{
			"what was missed by until stays missed",
			"{ alias: x, retry: { maxAttempts: 2, until: { status: 500 } }, expect: { status: 201 } }", "201", "200",
			engine.StatusFailed, engine.StatusFailed,
		},
		{"a name is only a name", "{ alias: x, name: old, expect: { status: 200 } }", "old", "new", engine.StatusPassed, engine.StatusPassed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			content := fakeTarget + "tests:\n  - " + tt.spec + "\n  - { alias: other, save: { who: response.body.name } }\n"
			before, after := judged(t, content, "x", body, tt.old, tt.replacement)
			if before.Status != tt.from || after.Status != tt.to {
				t.Errorf("status %s → %s, want %s → %s; %+v", before.Status, after.Status, tt.from, tt.to, after.Assertions)
			}
			if after == before || after.Hash == before.Hash || after.RequestHash != before.RequestHash {
				t.Error("the result was not judged again")
			}
			if strings.Contains(describeResult(after), "hunter22") {
				t.Errorf("the secret is in %s", describeResult(after))
			}
		})
	}
}

func describeResult(r *engine.TestResult) string {
	var parts []string
	for _, a := range r.Assertions {
		parts = append(parts, a.Expression, a.Message)
	}
	return strings.Join(parts, "\n")
}

func TestJudgeLeavesAloneWhatItCannotJudge(t *testing.T) {
	const content = fakeTarget + "tests:\n  - { alias: x, resource: r, expect: { status: 200 } }\n"
	before, after := judged(t, content, "x", nil, "resource: r", "resource: s")
	if after != before {
		t.Error("a result whose request was edited was judged")
	}
	before, after = judged(t, content, "x", nil, "tests:", "# a comment\ntests:")
	if after != before {
		t.Error("a result whose test is as it was got judged")
	}
	if Judge(nil, spec.TestAt{}, nil) != nil {
		t.Error("nothing was judged")
	}
	b := newBench(t, "a.yaml", content)
	b.fake.execute = func(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
		return &plugin.TestOutput{Error: "refused"}, nil
	}
	errored := b.all().Results[0]
	if Judge(errored, testNamed(t, b.session.Snapshot(), b.uri("a.yaml"), "x"), b.session.Snapshot()) != errored {
		t.Error("an errored result was judged")
	}
}

func TestJudgeOfARowOfAMatrix(t *testing.T) {
	const content = fakeTarget + "tests:\n  - { alias: x, name: 'n {{ n }}', matrix: [{ n: 8 }, { n: 7 }], expect: { body: { n: 9 } } }\n"
	b := newBench(t, "a.yaml", content)
	b.answers(plugin.TestOutput{Status: 200, Body: map[string]any{"n": 7}})
	report := b.all()
	b.write("a.yaml", strings.Replace(content, "n: 9", "n: '{{ matrix.n }}'", 1))
	b.load()
	snap := b.session.Snapshot()
	var got []string
	for _, r := range report.Results {
		after := Judge(r, testNamed(t, snap, b.uri("a.yaml"), "x"), snap)
		got = append(got, after.Name+" "+string(after.Status))
	}
	if strings.Join(got, ", ") != "n 8 failed, n 7 passed" {
		t.Errorf("judged = %q", got)
	}
}
