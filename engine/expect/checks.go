package expect

import "github.com/speclens/speclens/engine/value"

// Check is one assertion as it is written, for those who translate expectations instead of evaluating them.
type Check struct {
	// Area is status, headers, body, duration or events.
	Area string
	// Name is the header's name, or the path as written; empty for status and duration.
	Name string
	// Raw is the expectation as written.
	Raw any
	// At is the key path inside the `expect` object as written.
	At []string
	// Expression is that of the assertion: "PATH = EXPECTED".
	Expression string
}

var areaNames = [...]string{areaStatus: "status", areaHeader: "headers", areaBody: "body", areaDuration: "duration", areaEvents: "events"}

// Checks lists the assertions in the order in which Evaluate gives them.
func (e *Expect) Checks() []Check {
	if e == nil {
		return nil
	}
	list := make([]Check, 0, e.Len())
	for _, c := range e.checks {
		list = append(list, Check{areaNames[c.area], c.name, c.raw, c.at, c.expression})
	}
	for i, item := range e.events {
		a := item.assertion(i, 0, Response{})
		list = append(list, Check{Area: "events", Raw: value.Unwrap(item.raw), At: item.at, Expression: a.Expression})
	}
	return list
}
