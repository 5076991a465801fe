package ide

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// maxEventHints is how many events of a test stand beside its lines; the hover has all of them.
const maxEventHints = 20

// maxLabel is how many runes a hint's label has: editors cut longer ones without telling.
const maxLabel = 100

// Hints are the outcomes of the last runs, beside the lines that they concern: status and time at the test's head, each
// event at the key that its plugin anchors it to, and what came instead at each expectation that failed.
func Hints(ctx context.Context, snap *engine.Snapshot, uri string, within text.Span) []Hint {
	doc := specDocument(snap, uri)
	if doc == nil || snap.Settings().InlayHints.Off {
		return nil
	}
	var hints []Hint
	eachTest(doc, func(_ *spec.Spec, t spec.TestAt) bool {
		if t.Span.End < within.Start {
			return true
		}
		if results := snap.Results(keyOf(doc, t)); len(results) > 0 && t.Span.Start <= within.End {
			hints = append(hints, testHints(snap, doc, t, results)...)
		}
		return t.Span.Start <= within.End && ctx.Err() == nil
	})
	hints = slices.DeleteFunc(hints, func(h Hint) bool { return h.Offset < within.Start || h.Offset > within.End })
	slices.SortStableFunc(hints, func(a, b Hint) int { return cmp.Compare(a.Offset, b.Offset) })
	return hints
}

func testHints(snap *engine.Snapshot, doc *engine.Document, t spec.TestAt, results []*engine.TestResult) []Hint {
	head := lineEnd(doc.Text, t.Abs(t.Head).Start)
	hints := []Hint{{Offset: head, Label: statusLabel(t, results), Tooltip: resultMarkdown(snap, results), Kind: HintStatus}}
	last := results[len(results)-1]
	if !snap.Settings().InlayHints.OffEvents {
		hints = append(hints, eventHints(snap, doc, t, last, head)...)
	}
	if !fresh(t, last) {
		return hints
	}
	for _, a := range last.Assertions {
		if a.Passed {
			continue
		}
		at := lineEnd(doc.Text, expectKey(t, a.At).Start)
		hints = append(hints, Hint{Offset: at, Label: clip("✗ got " + compact(a.Actual)), Tooltip: escapeMarkdown(a.Message), Kind: HintFailure})
	}
	return hints
}

// eventHints places the events of a result beside the keys that they are anchored to.
func eventHints(snap *engine.Snapshot, doc *engine.Document, t spec.TestAt, r *engine.TestResult, head int) []Hint {
	var hints []Hint
	for i, e := range r.Events {
		if i == maxEventHints {
			more := fmt.Sprintf("… %d more events", len(r.Events)-maxEventHints)
			return append(hints, Hint{Offset: head, Label: more, Tooltip: resultMarkdown(snap, []*engine.TestResult{r}), Kind: HintEvent})
		}
		declared := eventSpec(snap, e)
		at := head
		if key, ok := t.KeyAt(strings.Split(declared.Anchor, ".")); ok {
			at = lineEnd(doc.Text, t.Abs(key.Span()).Start)
		}
		hints = append(hints, Hint{
			Offset: at, Label: clip(declared.Arrow() + " " + declared.Summarize(e.PluginEvent)), Tooltip: eventMarkdown(declared, e), Kind: HintEvent,
		})
	}
	return hints
}

func eventSpec(snap *engine.Snapshot, e engine.Event) schema.EventSpec {
	if s := snap.Registry().EventSchema(e.Plugin + "." + e.Kind); s != nil {
		return *s
	}
	return schema.EventSpec{}
}

// fresh reports whether a result is about the test as it stands now.
func fresh(t spec.TestAt, r *engine.TestResult) bool { return r.Hash == t.Hash() }

// statusLabel is the outcome of a test in a few words: "✓ 200 · 34 ms · 2/2".
func statusLabel(t spec.TestAt, results []*engine.TestResult) string {
	if len(results) == 1 {
		return stale(t, results[0], mark(results[0].Status)+" "+outcome(results[0]))
	}
	counts := map[engine.Status]int{}
	var took time.Duration
	worst := engine.StatusPassed
	for _, r := range results {
		counts[r.Status]++
		took += r.Duration
		if rank(r.Status) > rank(worst) {
			worst = r.Status
		}
	}
	label := fmt.Sprintf("%s %d/%d rows · %s", mark(worst), counts[engine.StatusPassed], len(results), duration(took))
	return stale(t, results[0], label)
}

func stale(t spec.TestAt, r *engine.TestResult, label string) string {
	if !fresh(t, r) {
		return label + " (stale)"
	}
	return label
}

func mark(s engine.Status) string {
	switch s {
	case engine.StatusPassed:
		return "✓"
	case engine.StatusFailed:
		return "✗"
	case engine.StatusErrored:
		return "!"
	case engine.StatusSkipped:
		return "○"
	}
	return "…"
}

// rank orders the statuses from best to worst.
func rank(s engine.Status) int {
	return slices.Index([]engine.Status{
		engine.StatusPassed, engine.StatusSkipped, engine.StatusQueued, engine.StatusRunning, engine.StatusFailed, engine.StatusErrored,
	}, s)
}

func outcome(r *engine.TestResult) string {
	var parts []string
	if r.Output != nil && r.Output.Status != nil && r.Output.Error == "" {
		parts = append(parts, compact(r.Output.Status))
	}
	switch r.Status {
	case engine.StatusQueued, engine.StatusRunning, engine.StatusSkipped:
		parts = append(parts, string(r.Status))
	default:
		parts = append(parts, duration(r.Duration))
	}
	if n := len(r.Assertions); n > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d", r.Passed(), n))
	}
	if r.Attempts > 1 {
		parts = append(parts, fmt.Sprintf("%d attempts", r.Attempts))
	}
	if r.Error != "" {
		parts = append(parts, r.Error)
	}
	return clip(strings.Join(parts, " · "))
}

// duration is a duration for people.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// compact is a value as JSON on one line; text that is a word or a sentence stands in quotes as well.
func compact(v any) string {
	b, err := marshal(v, "")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func marshal(v any, indent string) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return []byte(strings.TrimRight(b.String(), "\n")), err
}

// clip cuts a label to what editors show, on one line.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxLabel {
		return string(r[:maxLabel-1]) + "…"
	}
	return s
}
