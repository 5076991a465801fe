package server

import (
	"context"
	"sync/atomic"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

// otherReading is what the YAML library of the original engine makes of one document, as of the last time it was saved.
type otherReading struct{ last atomic.Pointer[otherFindings] }

// otherFindings hold for one text only: the next edit takes them away until the document is saved again.
type otherFindings struct {
	text  *text.Text
	found []analysis.Diagnostic
}

// findings are those for the document as it is in the snapshot.
func (r *otherReading) findings(snap *engine.Snapshot, uri string) []analysis.Diagnostic {
	last, doc := r.last.Load(), snap.Document(uri)
	if last == nil || doc == nil || last.text != doc.Text || doc.Kind == engine.KindOther || snap.Settings().OtherReadersOff {
		return nil
	}
	return last.found
}

// saved reads a document that was saved as the original engine would, in the background: it is a reading of the whole
// text, which nobody who types should wait for.
func (d *diagnoser) saved(uri string) {
	d.mu.Lock()
	doc := d.docs[uri]
	d.mu.Unlock()
	snap := d.server.session.Snapshot()
	now := snap.Document(uri)
	if doc == nil || now == nil || now.Kind == engine.KindOther || snap.Settings().OtherReadersOff {
		return
	}
	d.server.background("other readers", func(context.Context) {
		found := analysis.OtherReaders(now)
		doc.others.last.Store(&otherFindings{now.Text, found})
		if len(found) > 0 {
			d.touch(uri)
		}
	})
}
