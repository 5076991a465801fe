package server

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// typing is where somebody writes at the moment. What is found because of the line at the cursor, or in the keys that are open
// there, is held back until nobody has typed for a while: of half a word nearly everything is wrong. The protocol tells no cursor,
// so it is where the last edit ended. Findings of runs, and those that were there before, are never held back.
type typing struct {
	rest  time.Duration
	after func(d time.Duration, do func()) (stop func()) // replaced by tests that have a clock of their own

	mu  sync.Mutex
	now *burst // nil at rest; guarded by mu
	// count numbers the bursts' edits, from 1; stop ends the wait for rest; both guarded by mu.
	count uint64
	stop  func()
}

// burst is one moment of typing. It is replaced with each edit.
type burst struct {
	number uint64
	uri    string
	line   int
	// begun is the state before the first edit of the burst, moved the one before the first edit of this line.
	begun, moved *baseline
	// rested is the state before the first edit since nobody typed in this document, wherever in it that was.
	rested *engine.Snapshot
}

// baseline is a state whose findings are compared with later ones.
type baseline struct {
	snap *engine.Snapshot
	mu   sync.Mutex
	seen map[string][]analysis.Diagnostic // by URI; guarded by mu
}

func (b *baseline) findings(ctx context.Context, uri string, said *validationCache) []analysis.Diagnostic {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, known := b.seen[uri]; known {
		return found
	}
	f := &findings{}
	f.add(analysis.RunFirst(ctx, b.snap, uri, maxFindings+1))
	f.add(said.findings(b.snap, uri, maxFindings+1))
	if ctx.Err() == nil {
		b.seen[uri] = f.first
	}
	return f.first
}

func newTyping(rest time.Duration) *typing {
	return &typing{rest: rest, after: func(d time.Duration, do func()) func() {
		t := time.AfterFunc(d, do)
		return func() { t.Stop() }
	}}
}

// at is the present burst; nil at rest.
func (t *typing) at() *burst {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// number is that of the present moment of typing; 0 at rest.
func (t *typing) number() uint64 {
	if b := t.at(); b != nil {
		return b.number
	}
	return 0
}

// typed takes in that edits led from one snapshot to another. Whoever replaces the whole text does not type.
func (s *Server) typed(before *engine.Snapshot, uri string, changes []engine.Change) {
	if len(changes) == 0 || changes[len(changes)-1].Whole {
		s.rested()
		return
	}
	last := changes[len(changes)-1]
	content := s.session.Snapshot().Document(uri).Text
	line := content.LineAt(min(content.Len(), content.Offset(last.Start, s.client.Load().Encoding)+len(last.Text)))
	t := s.typing
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	next := &burst{number: t.count, uri: uri, line: line, rested: before}
	if t.now != nil && t.now.uri == uri {
		next.rested = t.now.rested
	}
	if old := t.now; old != nil && old.uri == uri && old.line-1 <= line && line <= old.line+1 {
		next.begun, next.moved = old.begun, old.moved
		if line != old.line {
			next.moved = &baseline{snap: before, seen: map[string][]analysis.Diagnostic{}}
		}
	} else {
		next.begun = &baseline{snap: before, seen: map[string][]analysis.Diagnostic{}}
		next.moved = next.begun
	}
	t.now = next
	if t.stop != nil {
		t.stop()
	}
	t.stop = t.after(t.rest, func() {
		if s.ctx.Err() == nil && t.end(next) {
			s.diagnoser.all()
			s.lenses.request()
		}
	})
}

// rested ends a burst at once: the next look tells everything.
func (s *Server) rested() {
	if b := s.typing.at(); b != nil && s.typing.end(b) {
		s.diagnoser.others("")
		s.lenses.request()
	}
}

// end ends a burst, if it is still the present one.
func (t *typing) end(b *burst) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now != b {
		return false
	}
	t.now = nil
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	return true
}

// hold leaves out of the findings of a document those that are held back.
func (t *typing) hold(ctx context.Context, snap *engine.Snapshot, uri string, said *validationCache, f *findings) {
	b := t.at()
	doc := snap.Document(uri)
	if b == nil || doc == nil || len(f.first) == 0 || b.moved.snap.Registry() != snap.Registry() {
		return
	}
	own := uri == b.uri
	was := b.moved.snap.Document(uri)
	if !own && was != doc {
		return // it says something else by itself
	}
	moved := known(was, doc, b.moved.findings(ctx, uri, said))
	var begun func(analysis.Diagnostic) bool
	var open map[int]bool
	var earlier map[string]bool
	if own {
		earlier = said.said.Load().Earlier(snap, uri)
		begun = known(b.begun.snap.Document(uri), doc, b.begun.findings(ctx, uri, said))
		open = openLines(doc.Text, b.line)
	}
	kept := make([]analysis.Diagnostic, 0, len(f.first))
	for _, d := range f.first {
		switch {
		case d.Source == analysis.SourceRun:
		case !moved(d):
			continue
		case own && !begun(d) && (unfinished(d, doc.Text, b.line, open) || d.Source == analysis.SourcePlugin && earlier[d.Test]):
			continue
		}
		kept = append(kept, d)
	}
	f.first = kept
}

// unfinished reports whether a finding is about what is open at the cursor: its line, a key or item around it that is not
// written to its end, a bracket or quote, or a name that may be defined below. A key that is wrong in an open line stays wrong,
// whatever follows.
func unfinished(d analysis.Diagnostic, content *text.Text, line int, open map[int]bool) bool {
	at, end := content.LineAt(d.Span.Start), content.LineAt(d.Span.End)
	switch {
	case at <= line && line <= end:
		return true
	case strings.HasPrefix(d.Code, "yaml."):
		return end >= line-1 || open[at]
	case d.Code == "spec.missing-key" && d.Test == "":
		return true // the file itself is being written
	case d.Code == "field.unknown" || d.Code == "spec.unknown-key":
		return false
	case slices.Contains(laterNames, d.Code) && at < line:
		return true
	}
	return open[at]
}

// laterNames are the codes of what names something that may stand further below. Whoever goes on below it may be about to write it:
// load scenarios stand above their tests, and a matrix often below the templates that use it.
var laterNames = []string{spec.CodeLoadTest, link.CodeUnknownDepends, analysis.CodeUnknownName}

// openLines are the lines of the keys and items that hold the cursor's line, by their indentation. A line without a word goes on
// with what the line above it began.
func openLines(content *text.Text, line int) map[int]bool {
	open := map[int]bool{}
	depth := -1
	for i := line; i >= 0; i-- {
		raw := strings.TrimRight(content.Slice(content.LineSpan(i)), " \t\r\n")
		words := strings.TrimLeft(raw, " ")
		indent := len(raw) - len(words)
		switch {
		case words == "" || words[0] == '#':
		case depth < 0:
			depth = indent
			open[i] = true
		case indent < depth:
			open[i], depth = true, indent
		}
		if depth == 0 {
			break
		}
	}
	return open
}

// known tells which findings of a document were there in an earlier version of it, wherever they stand now.
func known(was, is *engine.Document, before []analysis.Diagnostic) func(analysis.Diagnostic) bool {
	type place struct {
		code string
		at   int
	}
	if was == nil {
		return func(analysis.Diagnostic) bool { return false }
	}
	old, now := was.Text.String(), is.Text.String()
	same := 0
	for same < min(len(old), len(now)) && old[same] == now[same] {
		same++
	}
	tail := 0
	for tail < min(len(old), len(now))-same && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	seen := map[place]bool{}
	for _, d := range before {
		at := d.Span.Start
		if at >= len(old)-tail {
			at += len(now) - len(old)
		}
		seen[place{d.Code, at}] = true
	}
	return func(d analysis.Diagnostic) bool { return seen[place{d.Code, d.Span.Start}] }
}
