package spec

import (
	"slices"
	"strings"
)

// ResponseKeys are what a response has.
var ResponseKeys = []string{"status", "headers", "body", "metadata"}

// Meant is the path that was probably meant by one that begins with neither `response` nor `events`: of a part of the
// response, of a JSONPath into the body, or of a template. It begins with one of the two.
func (s Save) Meant() string {
	written := strings.TrimSpace(s.Path.Value)
	if inner, ok := strings.CutPrefix(written, "{{"); ok {
		written = strings.TrimSpace(strings.TrimSuffix(inner, "}}"))
	}
	written = strings.TrimLeft(written, "$.")
	first, rest := written, ""
	if i := strings.IndexAny(written, ".["); i >= 0 {
		first, rest = written[:i], written[i:]
	}
	switch {
	case written == "":
		return "response.body"
	case first == "response", first == "events":
		return written
	case slices.Contains(ResponseKeys, first):
		return "response." + written
	}
	if near := Nearest(first, []string{"response", "events"}); near != "" {
		return near + rest
	}
	if rest != "" && first == "" {
		return "response.body" + rest
	}
	return "response.body." + written
}
