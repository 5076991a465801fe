package ide

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// Lenses are the commands above the tests and above the file. A test that runs offers to cancel instead.
func Lenses(ctx context.Context, snap *engine.Snapshot, uri string) []Lens {
	doc := specDocument(snap, uri)
	if doc == nil || !engine.Runnable(doc.URI) {
		return nil
	}
	var lenses []Lens
	eachTest(doc, func(sp *spec.Spec, t spec.TestAt) bool {
		if len(lenses) == 0 {
			lenses = append(lenses, fileLenses(snap, doc, sp)...)
		}
		if runnable(t) {
			lenses = append(lenses, testLenses(snap, doc, t)...)
		}
		return ctx.Err() == nil
	})
	return lenses
}

// SteadyLenses are the lenses of a document that somebody types in, on the lines that had one before, wherever these are now: a line
// that gets or loses a lens makes all text below it jump. A test that cannot be read for the moment keeps the lens that it had.
func SteadyLenses(ctx context.Context, before, snap *engine.Snapshot, uri string) []Lens {
	now := Lenses(ctx, snap, uri)
	was, is := before.Document(uri), snap.Document(uri)
	if was == nil || is == nil || was == is {
		return now
	}
	move := moved(was.Text.String(), is.Text.String())
	line := func(l Lens) int { return is.Text.LineAt(l.Span.Start) }
	had, has := map[int]bool{}, map[int]bool{}
	for _, l := range now {
		has[line(l)] = true
	}
	var kept []Lens
	for _, l := range Lenses(ctx, before, uri) {
		start, ok := move(l.Span.Start)
		if !ok {
			continue
		}
		l.Span = text.Span{Start: start, End: start}
		if had[line(l)] = true; !has[line(l)] {
			kept = append(kept, l)
		}
	}
	for _, l := range now {
		if had[line(l)] {
			kept = append(kept, l)
		}
	}
	slices.SortStableFunc(kept, func(a, b Lens) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return kept
}

// moved tells where an offset of a text is after an edit; what was replaced is nowhere. Text that is the same at the end counts as
// such first: what is typed above something moves it down, even if it begins alike.
func moved(old, now string) func(at int) (int, bool) {
	tail := 0
	for tail < min(len(old), len(now)) && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	head := 0
	for head < min(len(old), len(now))-tail && old[head] == now[head] {
		head++
	}
	return func(at int) (int, bool) {
		if at >= len(old)-tail {
			return at + len(now) - len(old), true
		}
		return at, at < head
	}
}

func fileLenses(snap *engine.Snapshot, doc *engine.Document, sp *spec.Spec) []Lens {
	at := sp.TestsKey.Span()
	for _, r := range snap.Runs() {
		if !r.Ended && len(r.Tests) > 1 && r.Tests[0].URI == doc.URI {
			return []Lens{{Span: at, Title: "■ Cancel", Action: Action{Kind: ActionCancel, URI: doc.URI, RunID: r.ID}}}
		}
	}
	lenses := []Lens{{Span: at, Title: "▶ Run file", Tooltip: "Run every test of this file", Action: Action{Kind: ActionRunFile, URI: doc.URI}}}
	conf := snap.Config(doc.URI)
	if conf == nil || len(conf.Environments) == 0 {
		return lenses
	}
	title := "no environment"
	if name := snap.EnvironmentName(doc.URI); name != "" {
		title = "env: " + name
	}
	return append(lenses, Lens{
		Span: at, Title: title, Tooltip: "Choose the environment",
		Action: Action{Kind: ActionChooseEnvironment, URI: doc.URI},
	})
}

// runnable reports whether a test says what to do: one that has only just been begun has no lens yet, which would push down the
// line that is being typed.
func runnable(t spec.TestAt) bool {
	return t.Method.Present() || t.Resource.Present() || len(t.Fields) > 0
}

// itemStart is where the item of a test begins: at its dash, since some editors draw a lens in the column of its range.
func itemStart(doc *engine.Document, t spec.TestAt) text.Span {
	before := strings.TrimRight(doc.Text.Slice(text.Span{Start: doc.Text.LineSpan(doc.Text.LineAt(t.Span.Start)).Start, End: t.Span.Start}), " ")
	start := t.Span.Start
	if strings.HasSuffix(before, "-") {
		start = doc.Text.LineSpan(doc.Text.LineAt(start)).Start + len(before) - 1
	}
	return text.Span{Start: start, End: max(start, t.Abs(t.Head).End)}
}

func testLenses(snap *engine.Snapshot, doc *engine.Document, t spec.TestAt) []Lens {
	at := itemStart(doc, t)
	key := keyOf(doc, t)
	if r, ok := snap.RunOf(key); ok {
		return []Lens{{Span: at, Title: "■ Cancel", Tooltip: "End the run", Action: Action{Kind: ActionCancel, URI: doc.URI, Test: t.ID, RunID: r.ID}}}
	}
	title := "▶ Run"
	if n := len(t.Matrix); n > 0 {
		title = fmt.Sprintf("▶ Run %d rows", n)
	}
	lenses := []Lens{{Span: at, Title: title, Tooltip: "Run this test, and those it depends on that have no result yet", Action: Action{Kind: ActionRun, URI: doc.URI, Test: t.ID}}}
	if needsOthers(t) {
		lenses = append(lenses, Lens{
			Span: at, Title: "▶ Run with dependencies", Tooltip: "Run this test and all that it depends on again",
			Action: Action{Kind: ActionRunNeeds, URI: doc.URI, Test: t.ID},
		})
	}
	if results := snap.Results(key); len(results) > 0 {
		lenses = append(lenses, Lens{
			Span: at, Title: resultTitle(results), Tooltip: "Open the whole result",
			Action: Action{Kind: ActionShowResult, URI: doc.URI, Test: t.ID},
		})
	}
	return lenses
}

// needsOthers reports whether a test depends on another by its own words.
func needsOthers(t spec.TestAt) bool {
	if len(t.Depends) > 0 {
		return true
	}
	for _, tpl := range t.Templates {
		for _, ref := range tpl.Template.Refs() {
			if ref.Kind == template.Name || ref.Kind == template.Prev {
				return true
			}
		}
	}
	return false
}

func resultTitle(results []*engine.TestResult) string {
	return "result of " + results[len(results)-1].Started.Format(time.TimeOnly)
}
