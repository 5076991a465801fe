package expect

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestChecksAreTheAssertionsAsWritten(t *testing.T) {
	e := parse(t, `{"status": "2xx", "headers": {"A": "{{ x }}"}, "body": {"n[0]": "> 1", ".": "exists"}, "body.m": {"eq": 1}, "duration": "< 1s",
		"events": ["Sent", {"kind": "Received", "count": 2}], "events.0.kind": "Sent"}`)
	var got []string
	for _, c := range e.Checks() {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s", c.Area, c.Name, strings.Join(c.At, "/"), c.Expression))
	}
	want := []string{
		"status||status|status = 2xx", "headers|A|headers/A|headers.A = {{ x }}", "body|.|body/.|body = exists", "body|n[0]|body/n[0]|body.n[0] = > 1",
		`body|m|body.m|body.m = {"eq":1}`, "duration||duration|duration = < 1s", "events|0.kind|events.0.kind|events.0.kind = Sent",
		"events||events/0|events.0 = Sent", `events||events/1|events.1 = {"count":2,"kind":"Received"}`,
	}
	if text := strings.Join(got, "\n"); text != strings.Join(want, "\n") {
		t.Errorf("got\n%s", text)
	}
	for i, a := range e.Evaluate(Response{Duration: time.Second}) {
		if a.Expression != e.Checks()[i].Expression {
			t.Errorf("%d: the assertion says %s", i, a.Expression)
		}
	}
	if none := (*Expect)(nil).Checks(); none != nil {
		t.Errorf("got %v", none)
	}
}
