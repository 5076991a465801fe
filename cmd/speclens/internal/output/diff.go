package output

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine/expect"
)

// Limits of a diff: below minDiff bytes the message says it all; a value of more than maxDiff bytes is not compared, and
// no more than maxDiffLines lines are shown.
const (
	minDiff      = 60
	maxDiff      = 256 << 10
	maxDiffLines = 80
	diffContext  = 3
)

// Diff compares what an assertion expected with what came, line by line, where both are long or structured; else it is
// empty. Each line begins with '-' (expected), '+' (came), ' ' or '@', and is safe to show. What was met shows as it came,
// whatever operator asked for it.
func Diff(a expect.Assertion) []string {
	if a.Passed || !comparable(a.Expected, a.Actual) || ofEvent(a) {
		return nil
	}
	expected, actual := a.Expected, a.Actual
	if len(a.Mismatches) > 0 {
		expected = met(expected, actual, a.At, a.Mismatches)
	}
	want, got := Body(expected), Body(actual)
	if want == got || len(want) < minDiff && len(got) < minDiff || len(want) > maxDiff || len(got) > maxDiff {
		return nil
	}
	want, got = strings.TrimSuffix(want, "\n")+"\n", strings.TrimSuffix(got, "\n")+"\n"
	unified, err := udiff.ToUnified("", "", want, udiff.Lines(want, got), diffContext)
	if err != nil || unified == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(unified, "\n"), "\n")[2:] // without the names of the two sides
	more := len(lines) > maxDiffLines
	if more {
		lines = lines[:maxDiffLines]
	}
	for i, line := range lines {
		lines[i] = render.Clip(render.PrintableLine(line), 400)
	}
	if more {
		lines = append(lines, "@ the rest is left out")
	}
	return lines
}

// ofEvent reports whether an assertion is an item of the list `events`, {kind, data, count}: that is no picture of an event's data.
func ofEvent(a expect.Assertion) bool { return len(a.At) == 2 && a.At[0] == "events" }

// comparable reports whether two values are of one kind that has lines: lists, objects, or long texts.
func comparable(expected, actual any) bool {
	switch e := expected.(type) {
	case map[string]any:
		_, ok := actual.(map[string]any)
		return ok && !operators(e)
	case []any:
		_, ok := actual.([]any)
		return ok
	case string:
		a, ok := actual.(string)
		return ok && (strings.Contains(e, "\n") || len(e) >= minDiff && len(a) >= minDiff)
	}
	return false
}

// operators reports whether an object is the map form of operators, such as {gt: 5}.
func operators(m map[string]any) bool {
	for key := range m {
		if expect.OperatorNamed(key) == nil {
			return false
		}
	}
	return len(m) > 0
}

// met is the expected value with what came in place of everything that was met.
func met(expected, actual any, at []string, differences []expect.Mismatch) any {
	if !slices.ContainsFunc(differences, func(m expect.Mismatch) bool { return isPrefix(at, m.At) || isPrefix(m.At, at) }) {
		return actual
	}
	under := func(key string) []string { return append(at[:len(at):len(at)], key) }
	switch e := expected.(type) {
	case map[string]any:
		a, ok := actual.(map[string]any)
		if !ok || operators(e) {
			return expected
		}
		out := make(map[string]any, len(e))
		for key, v := range e {
			if got, here := a[key]; here {
				v = met(v, got, under(key), differences)
			}
			out[key] = v
		}
		return out
	case []any:
		a, ok := actual.([]any)
		if !ok {
			return expected
		}
		out := make([]any, len(e))
		for i, v := range e {
			if i < len(a) {
				v = met(v, a[i], under(strconv.Itoa(i)), differences)
			}
			out[i] = v
		}
		return out
	}
	return expected
}

func isPrefix(short, long []string) bool {
	return len(short) <= len(long) && slices.Equal(short, long[:len(short)])
}
