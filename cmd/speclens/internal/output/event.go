package output

import (
	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/schema"
)

// EventLine is a plugin's event in one line, as the plugin's summary words it.
func EventLine(snap *engine.Snapshot, e engine.Event) string {
	var spec schema.EventSpec
	if s := snap.Registry().EventSchema(e.Plugin + "." + e.Kind); s != nil {
		spec = *s
	}
	return spec.Arrow() + " " + render.PrintableLine(spec.Summarize(e.PluginEvent))
}
