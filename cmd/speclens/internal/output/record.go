package output

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/run"
)

// The types below are a run as programs read it: the payloads of the JSON lines, and what the other formats are made of.
// They hold all that a report needs, so that a report can be made from JSON lines where the specs are not at hand.
type (
	// Test says which test a line is about. ID and Row tell tests of one file apart.
	Test struct {
		Name     string `json:"name"`
		File     string `json:"file"`
		Line     int    `json:"line"`
		Protocol string `json:"protocol"`
		Target   string `json:"target"`
		ID       string `json:"id"`
		Row      *int   `json:"row,omitempty"`
		// Label names a test without a name for people.
		Label string `json:"label,omitempty"`
	}
	// Completed is a test with its result.
	Completed struct {
		Test
		Status     string             `json:"status"`
		DurationMs float64            `json:"duration_ms"`
		Request    *plugin.TestInput  `json:"request"`
		Response   *plugin.TestOutput `json:"response"`
		Assertions []Assertion        `json:"assertions"`
		Warnings   []string           `json:"warnings"`
		Error      string             `json:"error"`
		Started    string             `json:"started,omitempty"` // RFC 3339
		Attempts   int                `json:"attempts,omitempty"`
	}
	// Assertion is one expectation with its outcome. Lines and columns begin at 1, columns count UTF-16 units; 0 where it
	// stands nowhere.
	Assertion struct {
		Expression string     `json:"expression"`
		Path       string     `json:"path"`
		Passed     bool       `json:"passed"`
		Expected   any        `json:"expected"`
		Actual     any        `json:"actual"`
		Message    string     `json:"message"`
		Line       int        `json:"line"`
		Column     int        `json:"column"`
		EndLine    int        `json:"end_line"`
		EndColumn  int        `json:"end_column"`
		Note       string     `json:"note,omitempty"`
		Mismatches []Mismatch `json:"mismatches,omitempty"`
	}
	// Mismatch is one difference inside an object or a list.
	Mismatch struct {
		Path     string `json:"path"`
		Message  string `json:"message"`
		Expected any    `json:"expected"`
		Actual   any    `json:"actual"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
	}
	// Problem is what keeps a file from being run, or, where it is not fatal, what is wrong with its configuration. Lines and
	// columns are those of an Assertion.
	Problem struct {
		File      string `json:"file"`
		Line      int    `json:"line"`
		Column    int    `json:"column"`
		EndLine   int    `json:"end_line"`
		EndColumn int    `json:"end_column"`
		Code      string `json:"code"`
		Message   string `json:"message"`
		Fatal     bool   `json:"fatal"`
	}
	// PluginEvent is one event of a plugin while a test ran.
	PluginEvent struct {
		Test    string         `json:"test"`
		Plugin  string         `json:"plugin"`
		Kind    string         `json:"kind"`
		Data    map[string]any `json:"data"`
		AtMs    float64        `json:"at_ms"`
		File    string         `json:"file"`
		ID      string         `json:"id"`
		Row     *int           `json:"row,omitempty"`
		Summary string         `json:"summary,omitempty"`
	}
	// Totals closes a run.
	Totals struct {
		Total      int     `json:"total"`
		Passed     int     `json:"passed"`
		Failed     int     `json:"failed"`
		Skipped    int     `json:"skipped"`
		Errored    int     `json:"errored"`
		DurationMs float64 `json:"duration_ms"`
		Cancelled  bool    `json:"cancelled,omitempty"`
	}
)

// Record is a whole run.
type Record struct {
	Files  []string
	Tests  []Recorded // by file and place
	Loads  []LoadReport
	Totals Totals
	// Problems are what kept files from being run, by file and place.
	Problems []Problem

	logs  []jsonLog
	kept  []jsonLine
	waves int
}

// Recorded is a test with its result and what its plugin told.
type Recorded struct {
	Completed
	Events []PluginEvent
}

// brokenFile is a file that was not run.
type brokenFile struct {
	File     string
	Problems []Problem
}

// broken are the files that were not run.
func (r *Record) broken() []brokenFile {
	var list []brokenFile
	for _, p := range r.Problems {
		if !p.Fatal {
			continue
		}
		if n := len(list); n == 0 || list[n-1].File != p.File {
			list = append(list, brokenFile{File: p.File})
		}
		last := &list[len(list)-1]
		last.Problems = append(last.Problems, p)
	}
	return list
}

// brokenTitle is what reports of tests call a file that was not run.
const brokenTitle = "this file was not run"

// text lists what is wrong with the file, a line each. None of it begins with foreign text alone.
func (b brokenFile) text() string {
	var s strings.Builder
	for _, p := range b.Problems {
		fmt.Fprintf(&s, "%s:%d:%d: %s [%s]\n", render.PrintableLine(p.File), p.Line, p.Column, render.PrintableLine(p.Message), render.PrintableLine(p.Code))
	}
	return s.String()
}

// identity tells the tests of a run apart.
type identity struct {
	file, id string
	row      int
}

func identify(file, id string, row *int) identity {
	if row == nil {
		return identity{file, id, -1}
	}
	return identity{file, id, *row}
}

// Title is what to call a test.
func (t Test) Title() string { return cmp.Or(t.Name, t.Label, t.ID) }

// Reason says in one line why a test did not pass; empty where it did.
func (c Completed) Reason() string {
	if c.Error != "" || c.Status != string(engine.StatusFailed) {
		return c.Error
	}
	for _, a := range c.Assertions {
		if !a.Passed {
			return a.Message
		}
	}
	return "failed"
}

// sort orders the tests by file and place, whatever the order was in which they ended.
func (r *Record) sort() {
	slices.SortStableFunc(r.Tests, func(a, b Recorded) int {
		rowA, rowB := identify("", "", a.Row).row, identify("", "", b.Row).row
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID, b.ID), cmp.Compare(rowA, rowB))
	})
}

// A Document writes a whole run in a format that cannot be written before the run has ended.
type Document func(w io.Writer, r *Record) error

// Documents are the formats of whole runs.
func Documents(c Checkout) map[string]Document {
	return map[string]Document{"github": c.GitHub, "html": HTML, "junit": JUnit, "tap": TAP}
}

// Collector is a sink that records a run and writes it as a document when it has ended.
type Collector struct {
	w      io.Writer
	source Source
	write  Document
	record Record
	events map[identity][]PluginEvent
	err    error
}

// NewCollector writes to w once the run has completed; a run that never begins writes nothing.
func NewCollector(w io.Writer, source Source, write Document) *Collector {
	return &Collector{w: w, source: source, write: write, events: map[identity][]PluginEvent{}}
}

// Err is the first error of the writer.
func (c *Collector) Err() error { return c.err }

// Emit records one event.
func (c *Collector) Emit(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		c.record.Files, c.record.Problems = c.source.files(e.Files), c.source.problems(e.Problems)
	case run.PluginEvent:
		p := c.source.event(e)
		id := identify(p.File, p.ID, p.Row)
		c.events[id] = append(c.events[id], p)
	case run.TestCompleted:
		done := c.source.completed(e.Test, e.Result)
		id := identify(done.File, done.ID, done.Row)
		c.record.Tests = append(c.record.Tests, Recorded{done, c.events[id]})
		delete(c.events, id)
	case run.LoadCompleted:
		c.record.Loads = append(c.record.Loads, c.source.loadReport(e.Report))
	case run.RunCompleted:
		c.record.Totals = totals(e)
		c.record.sort()
		c.err = c.write(c.w, &c.record)
	}
}

func totals(e run.RunCompleted) Totals {
	return Totals{e.Total, e.Passed, e.Failed, e.Skipped, e.Errored, millis(e.Duration), e.Cancelled}
}

func (s Source) files(uris []string) []string {
	files := make([]string, len(uris))
	for i, f := range uris {
		files[i] = s.Path(f)
	}
	return files
}

func (s Source) problems(list []run.Problem) []Problem {
	var out []Problem
	for _, p := range list {
		op := Problem{File: s.Path(p.URI), Code: p.Code, Message: p.Message, Fatal: p.Fatal}
		if doc := s.Snap.Document(p.URI); doc != nil {
			op.Line, op.Column = render.Position(doc.Text, p.Span.Start)
			op.EndLine, op.EndColumn = render.Position(doc.Text, p.Span.End)
		}
		out = append(out, op)
	}
	slices.SortStableFunc(out, comparePlaces)
	return out
}

func comparePlaces(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code))
}

func (s Source) test(info run.TestInfo, protocol, target string) Test {
	t := Test{Name: info.Name, File: s.Path(info.Key.URI), Line: info.Line, Protocol: protocol, Target: target, ID: info.Key.ID}
	if info.Row >= 0 {
		t.Row = &info.Row
	}
	if info.Name == "" {
		if at, _, ok := s.Test(info.Key); ok {
			t.Label = at.Label()
		}
	}
	return t
}

func (s Source) event(e run.PluginEvent) PluginEvent {
	t := s.test(e.Test, "", "")
	return PluginEvent{
		Test: t.Name, Plugin: e.Event.Plugin, Kind: e.Event.Kind, Data: e.Event.Data, AtMs: millis(e.Event.At),
		File: t.File, ID: t.ID, Row: t.Row, Summary: EventLine(s.Snap, e.Event),
	}
}

func (s Source) completed(info run.TestInfo, r *engine.TestResult) Completed {
	c := Completed{
		Test: s.test(info, string(r.Protocol), r.Target), Status: string(r.Status), DurationMs: millis(r.Duration),
		Request: r.Input, Response: r.Output, Assertions: []Assertion{}, Warnings: orEmpty(r.Warnings), Error: r.Error, Attempts: r.Attempts,
	}
	if !r.Started.IsZero() {
		c.Started = r.Started.UTC().Format(time.RFC3339Nano)
	}
	for _, a := range r.Assertions {
		c.Assertions = append(c.Assertions, s.assertion(r.Key, a))
	}
	return c
}

func (s Source) assertion(key engine.TestKey, a expect.Assertion) Assertion {
	out := Assertion{
		Expression: a.Expression, Path: a.Path, Passed: a.Passed, Expected: a.Expected, Actual: a.Actual,
		Message: a.Message, Note: a.Note,
	}
	if span, t, ok := s.Assertion(key, a.Place()); ok {
		out.Line, out.Column = render.Position(t, span.Start)
		out.EndLine, out.EndColumn = render.Position(t, span.End)
	}
	for _, m := range a.Mismatches {
		jm := Mismatch{Path: m.Path, Message: m.Message, Expected: m.Expected, Actual: m.Actual}
		if span, t, ok := s.Assertion(key, m.At); ok {
			jm.Line, jm.Column = render.Position(t, span.Start)
		}
		out.Mismatches = append(out.Mismatches, jm)
	}
	return out
}
