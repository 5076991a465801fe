package ide

import (
	"context"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
)

// CodeActions are what can be done at a place: the fixes of the diagnostics there, what a failed expectation can be
// turned into, and the commands of the test, for editors that show no lenses.
func CodeActions(ctx context.Context, snap *engine.Snapshot, uri string, span text.Span, diagnostics []analysis.Diagnostic) []CodeAction {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind == engine.KindOther || ctx.Err() != nil {
		return nil
	}
	var actions []CodeAction
	for i := range diagnostics {
		d := &diagnostics[i]
		if !d.Span.Intersects(span) && d.Span.Start != span.Start {
			continue
		}
		for _, f := range d.Fixes {
			actions = append(actions, CodeAction{Title: f.Title, Edits: f.Edits, Preferred: f.Preferred || len(d.Fixes) == 1, Diagnostic: d})
		}
	}
	if doc.Kind != engine.KindSpec {
		return actions
	}
	sp, t, ok := testAt(doc, span.Start)
	if ok {
		actions = append(actions, reality(snap, doc, t, span)...)
		actions = append(actions, testActions(snap, doc, t)...)
	}
	if !ok && len(doc.Spec().Specs) > 0 {
		sp = doc.Spec().Specs[0]
	}
	if sp != nil && sp.Tests.Len() > 0 {
		actions = append(actions, fileActions(snap, doc, sp)...)
	}
	return actions
}

func testActions(snap *engine.Snapshot, doc *engine.Document, t spec.TestAt) []CodeAction {
	var actions []CodeAction
	for _, l := range testLenses(snap, doc, t) {
		title := l.Title
		if l.Action.Kind == ActionShowResult {
			title = "Show the " + title
		}
		actions = append(actions, CodeAction{Title: title + ": " + clip(t.Label()), Action: l.Action})
	}
	return actions
}

func fileActions(snap *engine.Snapshot, doc *engine.Document, sp *spec.Spec) []CodeAction {
	var actions []CodeAction
	for _, l := range fileLenses(snap, doc, sp) {
		title := l.Title
		if l.Action.Kind == ActionChooseEnvironment {
			title = "Choose the environment (" + strings.TrimPrefix(title, "env: ") + ")"
		}
		actions = append(actions, CodeAction{Title: title, Action: l.Action})
	}
	return actions
}

// reality offers to turn an expectation that failed into what came back.
func reality(snap *engine.Snapshot, doc *engine.Document, t spec.TestAt, span text.Span) []CodeAction {
	r := lastOf(snap, keyOf(doc, t))
	if r == nil || t.Expect == nil || !fresh(t, r) {
		return nil
	}
	var actions []CodeAction
	failed := RunDiagnostics(context.Background(), snap, doc.URI)
	for _, a := range r.Assertions {
		value, key := t.Expect.Replaceable(a.At)
		if a.Passed || key.IsEmpty() || value.IsEmpty() {
			continue
		}
		value, key = t.Abs(value), t.Abs(key)
		if span.End < key.Start || span.Start > value.End {
			continue
		}
		about := aboutKey(failed, expectKey(t, a.Place()))
		replace := func(title, with string, preferred bool) {
			edit := text.Edit{Span: value, New: with}
			actions = append(actions, CodeAction{Title: title, Edits: []text.Edit{edit}, Preferred: preferred, Diagnostic: about})
		}
		if written, ok := accepted(a.Actual, a.At); ok {
			replace("Accept actual: "+clip(written), written, true)
		}
		if kind := suggestion(a.Actual); a.Actual != nil && len(a.At) > 0 && a.At[0] == "body" && write.Met(kind, a.Actual, write.Body, write.Place{Flow: true}) {
			replace("Use `"+kind+"`", kind, false)
		}
		line := doc.Text.LineAt(key.Start)
		if isAlone(doc.Text, doc.Text.LineSpan(line), key.Start) && line == doc.Text.LineAt(value.End) {
			gone := text.Span{Start: doc.Text.LineStart(line), End: doc.Text.Len()}
			if line+1 < doc.Text.LineCount() {
				gone.End = doc.Text.LineStart(line + 1)
			}
			actions = append(actions, CodeAction{Title: "Remove this expectation", Edits: []text.Edit{{Span: gone}}, Diagnostic: about})
		}
	}
	return actions
}

// isAlone reports whether nothing but blanks stands before an offset in its line.
func isAlone(t *text.Text, line text.Span, offset int) bool {
	return strings.TrimSpace(t.Slice(text.Span{Start: line.Start, End: offset})) == ""
}

// accepted is what to write at a place of `expect` so that a value is accepted there; what was masked is not known. Written for
// flow style, it may stand in block style too.
func accepted(actual any, at []string) (string, bool) {
	if s, _ := value.String(actual); len(s) > maxHoverBody || strings.Contains(s, engine.Masked) || len(at) == 0 {
		return "", false
	}
	about := write.Body
	switch head, _, _ := strings.Cut(at[0], "."); head {
	case "status":
		about = write.Status
	case "headers":
		about = write.Header
	}
	return write.Expectation(actual, about, write.Place{Flow: true})
}

// aboutKey is the failure on a key; nil where there is none.
func aboutKey(failed []analysis.Diagnostic, key text.Span) *analysis.Diagnostic {
	for i := range failed {
		if failed[i].Span == key {
			return &failed[i]
		}
	}
	return nil
}
