package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/value"
)

// Evaluate holds the response against every expectation. The assertions come in the order status, headers, body,
// duration, events; inside an area they are sorted by key.
func (e *Expect) Evaluate(r Response) []Assertion {
	if e == nil {
		return nil
	}
	out := make([]Assertion, 0, e.Len())
	for _, c := range e.checks {
		out = append(out, c.evaluate(r))
	}
	return append(out, evaluateEvents(e.events, r)...)
}

// Passed says whether all assertions passed.
func Passed(assertions []Assertion) bool {
	return !slices.ContainsFunc(assertions, func(a Assertion) bool { return !a.Passed })
}

func (c check) evaluate(r Response) Assertion {
	a := Assertion{At: c.at, Path: c.label, Expression: c.expression, Expected: value.Unwrap(c.raw), Exact: exact(c.want)}
	var found []Mismatch
	s := c.subject(r)
	s.redact = r.Redact
	unread := c.area == areaBody && !s.found && r.Unread != ""
	if unread {
		s.why = r.Unread
	}
	if c.area == areaHeader && s.found {
		found, a.Actual = c.headerMismatches(s)
	} else {
		found = c.want.match(s)
		a.Actual = value.Unwrap(s.value)
		if unread && len(found) == 0 {
			found = mismatch(s, nil, "there is no telling whether it holds: %s", r.Unread)
		}
	}
	if c.area == areaDuration {
		a.Actual = durationText(r.Duration)
	}
	if len(found) == 0 {
		a.Passed = true
		a.Note = c.note(s)
		return a
	}
	for i := range found {
		found[i].At = append(slices.Clone(c.at), found[i].At...)
		found[i].Path = a.Path + found[i].Path
		found[i].Message = c.message(found[i])
	}
	a.Message = joinMessages(found)
	a.Mismatches = found
	return a
}

// exact reports whether a matcher asks for equality and nothing else.
func exact(m matcher) bool {
	switch m := m.(type) {
	case equal:
		return true
	case object:
		for _, one := range m.want {
			if !exact(one) {
				return false
			}
		}
		return !m.partial
	case list:
		return !slices.ContainsFunc(m.want, func(one matcher) bool { return !exact(one) })
	case all:
		return !slices.ContainsFunc(m.of, func(one matcher) bool { return !exact(one) })
	}
	return false
}

// codeText is a status code that was written as text.
var codeText = regexp.MustCompile(`^[0-9]+$`)

// message puts the place before a message; for status and duration it reads as one sentence.
func (c check) message(m Mismatch) string {
	switch c.area {
	case areaStatus:
		message := m.Message
		if e, ok := c.want.(equal); ok {
			// A code in text is as good as a number: neither its quotes nor its kind is what differs.
			if code, ok := value.String(e.want); ok && codeText.MatchString(code) {
				message = strings.TrimSuffix(strings.Replace(message, value.JSON(code), code, 1), " (a number)")
			}
		}
		return strings.Replace(message, "expected ", "expected status ", 1)
	case areaDuration:
		return strings.Replace(m.Message, "expected ", "expected duration ", 1)
	}
	return m.Path + ": " + m.Message
}

// maxMessages bounds how many differences one message spells out.
const maxMessages = 3

func joinMessages(found []Mismatch) string {
	texts := make([]string, 0, maxMessages+1)
	for i, m := range found {
		if i == maxMessages {
			texts = append(texts, fmt.Sprintf("and %d more", len(found)-maxMessages))
			break
		}
		texts = append(texts, m.Message)
	}
	return strings.Join(texts, "; ")
}

// note speaks up where a missing value meets an expectation that hardly had it in mind.
func (c check) note(s subject) string {
	if s.found || s.why == "" || c.area == areaHeader {
		return ""
	}
	if _, ok := c.want.(notEqual); ok {
		return s.why + ", and a missing value is not equal to anything but null"
	}
	return ""
}

// place is the path of the assertion.
func (c check) place() string {
	switch c.area {
	case areaStatus:
		return "status"
	case areaDuration:
		return "duration"
	case areaHeader:
		return "headers." + c.name
	case areaEvents:
		return joinPath("events", c.name)
	}
	return joinPath("body", c.name)
}

func joinPath(label, name string) string {
	switch {
	case name == ".":
		return label
	case strings.HasPrefix(name, "["), strings.HasPrefix(name, "."):
		return label + name
	}
	return label + "." + name
}

// subject finds the value that the check is about.
func (c check) subject(r Response) subject {
	switch c.area {
	case areaStatus:
		return subject{value: r.Status, found: r.Status != nil, why: "there is no status"}
	case areaDuration:
		return subject{value: r.Duration, found: true}
	case areaHeader:
		return headerSubject(c.name, r.Headers)
	case areaEvents:
		return walked(c.path, record(r.Events), "events")
	}
	return walked(c.path, r.Body, "body")
}

// headerSubject collects the values of a header as a list.
func headerSubject(name string, headers map[string][]string) subject {
	all := make([]string, 0, len(headers))
	for n := range headers {
		all = append(all, n)
	}
	slices.Sort(all)
	var values []any
	for _, n := range all {
		if strings.EqualFold(n, name) {
			for _, v := range headers[n] {
				values = append(values, v)
			}
		}
	}
	if len(values) > 0 {
		return subject{value: values, found: true}
	}
	why := fmt.Sprintf("there is no header `%s`", name)
	if near := nearest(name, all); near != "" {
		why += fmt.Sprintf("; did you mean `%s`?", near)
	} else if len(all) > 0 {
		why += "; there are: " + strings.Join(all[:min(len(all), 12)], ", ")
	}
	return subject{why: why}
}

// headerMismatches holds a header against the expectation: it is enough that one of its values, or all of them joined,
// meets it. Only "not equal" must hold for each of them, and a list is compared with the list of values.
func (c check) headerMismatches(s subject) (found []Mismatch, actual any) {
	values, _ := value.Items(s.value)
	if len(values) == 1 {
		actual = values[0]
	} else {
		actual = s.value
	}
	if _, isList := c.want.(list); isList {
		return c.want.match(s), actual
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = value.Text(v)
	}
	candidates := append(slices.Clone(values), any(strings.Join(texts, ", ")))
	if len(values) == 1 {
		candidates = values
	}
	if found := refused(c.want, candidates, s.redact); len(found) > 0 {
		return found, actual
	}
	for i := range candidates {
		// The joined value comes first in the message, since it shows them all.
		m := c.want.match(subject{value: candidates[len(candidates)-1-i], found: true, redact: s.redact})
		if len(m) == 0 {
			return nil, actual
		}
		if i == 0 {
			found = m
		}
	}
	return found, actual
}

// refused applies the parts of an expectation that forbid a value to every candidate.
func refused(m matcher, candidates []any, redact func(string) string) []Mismatch {
	switch m := m.(type) {
	case notEqual:
		for _, v := range candidates {
			if found := m.match(subject{value: v, found: true, redact: redact}); len(found) > 0 {
				return found
			}
		}
	case all:
		for _, one := range m.of {
			if found := refused(one, candidates, redact); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}
