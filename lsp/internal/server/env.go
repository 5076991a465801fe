package server

import (
	"slices"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

// showEnv publishes what is wrong with the `.env` files, each at its own places: no editor asks for the diagnostics of a file that
// is neither a spec nor open. It looks at all of them only where the file of the document that was looked at is another one.
func (d *diagnoser) showEnv(doc *diagnosed, snap *engine.Snapshot) {
	now := snap.EnvFile(doc.uri)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.docs[doc.uri] != doc || doc.env == now && doc.envSeen {
		return
	}
	doc.env, doc.envSeen = now, true
	there := map[string]bool{}
	for _, f := range snap.EnvFiles() {
		uri := f.Doc.URI
		there[uri] = true
		old := d.env[uri]
		if old == nil && len(f.Problems) == 0 || old != nil && slices.Equal(old.Problems, f.Problems) && old.Doc.Text.String() == f.Doc.Text.String() {
			continue
		}
		d.env[uri] = f
		view := d.server.view()
		view.Snap = snap
		d.send(uri, protocol.Optional[int32]{}, view.Diagnostics(f.Doc, analysis.EnvFile(f)))
	}
	for uri, f := range d.env {
		if !there[uri] {
			delete(d.env, uri)
			if len(f.Problems) > 0 {
				d.send(uri, protocol.Optional[int32]{}, []protocol.Diagnostic{})
			}
		}
	}
}
