package output

import (
	"fmt"
	"io"
	"time"

	"github.com/speclens/speclens/engine/run"
)

// The distance between two lines about one load: not less than the first, and so that a long load has no more than
// progressLines of them.
const (
	progressLeast = 5 * time.Second
	progressLines = 20
)

// Progress tells from time to time how a load goes, one line at a time: for logs, where nobody sees a line that changes.
type Progress struct {
	w      io.Writer
	source Source
	next   map[run.LoadInfo]time.Duration // when the next line is due
	err    error
}

// NewProgress writes to w.
func NewProgress(w io.Writer, source Source) *Progress {
	return &Progress{w: w, source: source, next: map[run.LoadInfo]time.Duration{}}
}

// Err is the first error of the writer.
func (p *Progress) Err() error { return p.err }

// Emit writes a line where one is due. All events but the progress of loads are passed over.
func (p *Progress) Emit(e run.Event) {
	load, ok := e.(run.LoadProgress)
	if !ok || p.err != nil {
		return
	}
	distance := max(progressLeast, load.Planned/progressLines)
	due, known := p.next[load.Load]
	if !known {
		due = distance
	}
	// A tick comes a little late or early.
	if load.Elapsed < due-time.Second/2 {
		p.next[load.Load] = due
		return
	}
	p.next[load.Load] = load.Elapsed + distance
	_, p.err = fmt.Fprintf(p.w, "%s: load: %s\n", p.source.Path(load.Load.URI), loadLine(load))
}
