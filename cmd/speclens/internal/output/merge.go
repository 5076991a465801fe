package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/speclens/speclens/engine"
)

// Merger joins runs that were written as JSON lines. A test that several of them ran, such as one that every part of a
// divided run needs, counts once, with its worst outcome. The waves of several runs have no common order and are left out.
type Merger struct {
	files   map[string]bool
	tests   map[identity]Recorded
	logs    []jsonLog
	kept    []jsonLine // of types that say nothing about a test
	longest float64
	waves   int
	cancel  bool
	// problems are what kept files from being run.
	problems []Problem
}

// NewMerger has joined nothing yet.
func NewMerger() *Merger { return &Merger{files: map[string]bool{}, tests: map[identity]Recorded{}} }

// ErrUnfinished says that the end of a run is missing, so that not all of its tests may be there.
var ErrUnfinished = errors.New("the run has no end: the last line is missing, so tests may be missing too")

// ErrNoRun says that nothing was written. A run without tests has a beginning and an end, so this one never began, and its
// tests are missing.
var ErrNoRun = errors.New("there is no run in it: the one that should have written it did not begin, so its tests are missing")

// Add joins what r holds; there may be several runs in it. The error names the line that is wrong; what stood before it
// has been joined.
func (m *Merger) Add(r io.Reader) error {
	lines := bufio.NewReader(r)
	open, any := false, false
	events := map[identity][]PluginEvent{}
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 {
			kind, err := m.line(text, events)
			if err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			any = true
			open = kind != lineRunCompleted
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	switch {
	case !any:
		return ErrNoRun
	case open:
		return ErrUnfinished
	}
	return nil
}

func (m *Merger) line(text []byte, events map[identity][]PluginEvent) (string, error) {
	var l struct {
		Type    string
		Payload json.RawMessage
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return "", fmt.Errorf("this is no line of `speclens run -o json`: %w", err)
	}
	if l.Type == "" || l.Payload == nil {
		return "", errors.New("this is no line of `speclens run -o json`: it has no type or no payload")
	}
	return l.Type, m.event(l.Type, l.Payload, events)
}

// event joins one line. Types that say nothing about a test, such as those of loads, are kept as they are.
func (m *Merger) event(kind string, payload []byte, events map[identity][]PluginEvent) error {
	switch kind {
	case lineRunStarted:
		var p jsonRunStarted
		if err := decode(payload, &p); err != nil {
			return err
		}
		clear(events)
		for _, f := range p.Files {
			m.files[f] = true
		}
		m.waves = max(m.waves, p.TotalWaves)
		for _, problem := range p.Problems {
			if !slices.Contains(m.problems, problem) { // each part of a divided run has them
				m.problems = append(m.problems, problem)
			}
		}
	case linePluginEvent:
		var p PluginEvent
		if err := decode(payload, &p); err != nil {
			return err
		}
		id := identify(p.File, p.ID, p.Row)
		events[id] = append(events[id], p)
	case lineTestCompleted:
		var p Completed
		if err := decode(payload, &p); err != nil {
			return err
		}
		if p.File == "" || p.ID == "" {
			return errors.New("the test has no file or no id")
		}
		id := identify(p.File, p.ID, p.Row)
		if old, ok := m.tests[id]; !ok || badness(p.Status) > badness(old.Status) {
			m.tests[id] = Recorded{p, events[id]}
		}
		delete(events, id)
	case lineLog:
		var p jsonLog
		if err := decode(payload, &p); err != nil {
			return err
		}
		m.logs = append(m.logs, p)
	case lineRunCompleted:
		var p Totals
		if err := decode(payload, &p); err != nil {
			return err
		}
		m.longest, m.cancel = max(m.longest, p.DurationMs), m.cancel || p.Cancelled
	case lineTestStarted, lineWaveStarted, lineWaveCompleted:
		// What is written says the first again; the others have no place in a joined run.
	default:
		m.kept = append(m.kept, jsonLine{kind, json.RawMessage(payload)})
	}
	return nil
}

// decode keeps numbers as they are written.
func decode(payload []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	return dec.Decode(into)
}

// badness orders statuses. Skipped is the least: another run may have run the test.
func badness(status string) int {
	order := []engine.Status{engine.StatusSkipped, engine.StatusPassed, engine.StatusFailed, engine.StatusErrored}
	return slices.Index(order, engine.Status(status))
}

// Record is all that was joined. Its duration is that of the longest run, since parts run beside each other.
func (m *Merger) Record() *Record {
	r := &Record{Files: slices.Sorted(maps.Keys(m.files)), Loads: loadsIn(m.kept), logs: m.logs, kept: m.kept, waves: m.waves}
	r.Totals = Totals{Total: len(m.tests), DurationMs: m.longest, Cancelled: m.cancel}
	for _, t := range m.tests {
		r.Tests = append(r.Tests, t)
		switch engine.Status(t.Status) {
		case engine.StatusPassed:
			r.Totals.Passed++
		case engine.StatusFailed:
			r.Totals.Failed++
		case engine.StatusSkipped:
			r.Totals.Skipped++
		default:
			r.Totals.Errored++
		}
	}
	r.Problems = slices.SortedStableFunc(slices.Values(m.problems), comparePlaces)
	r.sort()
	return r
}

// JSONLines writes a whole run as the JSON lines of one.
func JSONLines(w io.Writer, r *Record) error {
	j := &JSON{w: w}
	j.write(lineRunStarted, jsonRunStarted{orEmpty(r.Files), len(r.Tests), r.waves, r.Problems, nil})
	for _, l := range r.logs {
		j.write(lineLog, l)
	}
	for _, t := range r.Tests {
		if t.Status != string(engine.StatusSkipped) {
			j.write(lineTestStarted, t.Test)
		}
		for _, e := range t.Events {
			j.write(linePluginEvent, e)
		}
		j.write(lineTestCompleted, t.Completed)
	}
	for _, l := range r.kept {
		j.write(l.Type, l.Payload)
	}
	j.write(lineRunCompleted, r.Totals)
	return j.Err()
}
