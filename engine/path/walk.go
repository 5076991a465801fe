package path

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/value"
)

// Options say how to walk.
type Options struct {
	// Label names the value walked in explanations, such as "body"; empty is "the value".
	Label string
	// FoldUnder is the path of the object whose keys are compared without regard to case and may hold dots, such as
	// ["response", "headers"]; nil means none.
	FoldUnder []string
}

// Headers is the FoldUnder of a recorded test, whose headers lie at response.headers.
var Headers = []string{"response", "headers"}

// NotFound says where a walk ended and why.
type NotFound struct {
	// At is the path of the value that lacks the next segment, with the label; Segment is the number of that segment.
	At      string
	Segment int
	// Missing is the key or index that is not there.
	Missing string
	// Has lists the keys that are there, sorted; nil where the value is no object.
	Has []string
	// Nearest is the key that was probably meant; empty where none is near.
	Nearest string
	reason  string
}

func (e *NotFound) Error() string { return e.reason }

// ErrBudget says that a walk was given up: ambiguous dotted keys made it too long.
var ErrBudget = errors.New("the path has too many readings in this value; write keys with dots as [\"a.b\"]")

// walkBudget bounds the steps of one walk. Dotted keys make the walk branch.
const walkBudget = 100_000

type walker struct {
	segments []Segment
	source   string
	opts     Options
	budget   int
	// deepest is the failure that came furthest, which is the one worth telling.
	deepest *NotFound
}

// Walk follows the path into v. The error is a *NotFound or ErrBudget. A number that the walk makes up (a length) is a
// json.Number.
func (p Path) Walk(v any, opts Options) (any, error) {
	w := &walker{segments: p.Segments, source: p.Source, opts: opts, budget: walkBudget}
	result, ok := w.walk(v, 0)
	if ok {
		return value.Unwrap(result), nil
	}
	if w.budget <= 0 {
		return nil, ErrBudget
	}
	return nil, w.deepest
}

func (w *walker) walk(v any, i int) (any, bool) {
	if i == len(w.segments) {
		return v, true
	}
	if w.budget--; w.budget <= 0 {
		return nil, false
	}
	switch value.KindOf(v) {
	case value.KindObject:
		return w.object(v, i)
	case value.KindList:
		return w.list(v, i)
	case value.KindText:
		if w.isLength(i) {
			s, _ := value.String(v)
			return w.walk(number(utf8.RuneCountInString(s)), i+1)
		}
	}
	return nil, w.fail(i, v)
}

func number(n int) any { return json.Number(strconv.Itoa(n)) }

func (w *walker) isLength(i int) bool {
	return w.segments[i].Kind == Name && w.segments[i].Text == "length"
}

// object tries the key itself, then, where that finds nothing, the keys with dots that the next names add up to.
func (w *walker) object(v any, i int) (any, bool) {
	entries, _ := value.Entries(v)
	fold := w.folds(i)
	if child, ok := lookup(entries, w.segments[i].Text, fold); ok {
		if result, ok := w.walk(child, i+1); ok {
			return result, true
		}
	}
	if w.segments[i].Kind == Name {
		for j := i + 1; j < len(w.segments) && w.segments[j].Kind == Name; j++ {
			joined := w.source[w.segments[i].Span.Start:w.segments[j].Span.End]
			child, ok := lookup(entries, joined, fold)
			if !ok {
				continue
			}
			if result, ok := w.walk(child, j+1); ok {
				return result, true
			}
		}
	}
	if w.isLength(i) {
		return w.walk(number(len(entries)), i+1)
	}
	return nil, w.fail(i, v)
}

// folds says whether the object before segment i is the one whose keys are compared without regard to case.
func (w *walker) folds(i int) bool {
	if w.opts.FoldUnder == nil || i != len(w.opts.FoldUnder) {
		return false
	}
	for j, key := range w.opts.FoldUnder {
		if w.segments[j].Text != key {
			return false
		}
	}
	return true
}

func lookup(entries map[string]any, key string, fold bool) (any, bool) {
	if v, ok := entries[key]; ok {
		return v, true
	}
	if fold {
		// Sorted, so that two spellings of one name do not make the result depend on map order.
		for _, k := range value.Keys(entries) {
			if strings.EqualFold(k, key) {
				return entries[k], true
			}
		}
	}
	return nil, false
}

func (w *walker) list(v any, i int) (any, bool) {
	items, _ := value.Items(v)
	seg := w.segments[i]
	switch {
	case seg.Kind == Each:
		return w.each(v, items, i)
	case seg.Numeric && seg.Kind != Key:
		n := seg.Index
		if n < 0 {
			n += len(items)
		}
		if n < 0 || n >= len(items) {
			return nil, w.fail(i, v)
		}
		return w.walk(items[n], i+1)
	case w.isLength(i):
		return w.walk(number(len(items)), i+1)
	}
	return nil, w.fail(i, v)
}

// each maps the rest of the path over a list. An element that lacks the rest gives null, so that positions stay
// comparable; where no element has it, the walk failed.
func (w *walker) each(v any, items []any, i int) (any, bool) {
	if i+1 == len(w.segments) {
		return v, true
	}
	results := make([]any, len(items))
	found := len(items) == 0
	for n, item := range items {
		if result, ok := w.walk(item, i+1); ok {
			results[n] = value.Unwrap(result)
			found = true
		}
	}
	if !found {
		return nil, false
	}
	return results, true
}

// fail records why segment i leads nowhere in v. It returns false for the convenience of its callers.
func (w *walker) fail(i int, v any) bool {
	if w.deepest != nil && w.deepest.Segment >= i {
		return false
	}
	e := &NotFound{At: w.at(i), Segment: i, Missing: w.segments[i].Text}
	subject := "`" + e.At + "`"
	if e.At == "" {
		subject = "the value"
	}
	switch value.KindOf(v) {
	case value.KindObject:
		e.Has = value.Keys(v)
		e.Nearest = Nearest(e.Missing, e.Has)
		e.reason = fmt.Sprintf("%s has no key `%s`; %s", subject, e.Missing, hasKeys(e))
	case value.KindList:
		items, _ := value.Items(v)
		e.reason = listReason(subject, w.segments[i], len(items))
	default:
		e.reason = fmt.Sprintf("%s is %s and has no `%s`", subject, value.KindOf(v), e.Missing)
	}
	if i == 0 && strings.HasPrefix(e.Missing, "$") {
		e.reason += "; paths begin without `$`"
	}
	w.deepest = e
	return false
}

func (w *walker) at(i int) string {
	rest := Join(w.segments[:i])
	switch {
	case w.opts.Label == "" || rest == "":
		return w.opts.Label + rest
	case strings.HasPrefix(rest, "["):
		return w.opts.Label + rest
	}
	return w.opts.Label + "." + rest
}

// maxListed bounds the keys that an explanation lists.
const maxListed = 12

func hasKeys(e *NotFound) string {
	if len(e.Has) == 0 {
		return "it is empty"
	}
	listed := e.Has
	more := ""
	if len(listed) > maxListed {
		more = fmt.Sprintf(" and %d more", len(listed)-maxListed)
		listed = listed[:maxListed]
	}
	text := "it has: " + strings.Join(listed, ", ") + more
	if e.Nearest != "" {
		text += fmt.Sprintf(" (did you mean `%s`?)", e.Nearest)
	}
	return text
}

func listReason(subject string, seg Segment, n int) string {
	if seg.Numeric && seg.Kind != Key {
		switch n {
		case 0:
			return fmt.Sprintf("%s is an empty list, so there is no index %d", subject, seg.Index)
		case 1:
			return fmt.Sprintf("%s has one element, so there is no index %d; use 0", subject, seg.Index)
		}
		return fmt.Sprintf("%s has %d elements, so there is no index %d; use 0 to %d", subject, n, seg.Index, n-1)
	}
	return fmt.Sprintf("%s is a list of %d and has no key `%s`; use an index such as `[0].%s`, or `#.%s` for every element",
		subject, n, seg.Text, seg.Text, seg.Text)
}

// Nearest returns the candidate that was probably meant by name, or "" where none is near: equal but for case, or at most
// a third of its letters away, and always fewer than all of them.
func Nearest(name string, candidates []string) string {
	letters := len([]rune(name))
	best, bestDistance := "", min(letters, max(1, letters/3)+1)
	sorted := slices.Clone(candidates)
	slices.Sort(sorted)
	for _, c := range sorted {
		if c == name || c == "" {
			continue
		}
		if strings.EqualFold(c, name) {
			return c
		}
		if d := Distance(strings.ToLower(name), strings.ToLower(c), bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// Distance is the number of letters to insert, delete, replace or swap with their neighbour to get from a to b, or limit
// where it is at least that.
func Distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d >= limit || -d >= limit {
		return limit
	}
	before, previous, current := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(x); i++ {
		current[0] = i
		lowest := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
			lowest = min(lowest, current[j])
		}
		if lowest >= limit {
			return limit
		}
		before, previous, current = previous, current, before
	}
	return min(previous[len(y)], limit)
}
