package plugin

import (
	"strings"
	"unicode"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// eventFlow applies the rules for the events of one call: the host says whose they are, their number is limited, and one
// that is both streamed and returned is delivered once.
type eventFlow struct {
	call     *capabilities.Call
	plugin   string
	declared map[string]schema.EventSpec
	most     int
	emit     EventSink // may be nil

	all      []schema.PluginEvent
	streamed map[string]int // by identity; what the returned list may repeat
}

// stream delivers an event that the guest emits while it runs.
func (f *eventFlow) stream(e schema.PluginEvent) {
	if !f.deliver(e) {
		return
	}
	if f.streamed == nil {
		f.streamed = map[string]int{}
	}
	f.streamed[identity(e)]++
}

// batch delivers those of the returned events that were not streamed.
func (f *eventFlow) batch(events []schema.PluginEvent) {
	for _, e := range events {
		if id := identity(e); f.streamed[id] > 0 {
			f.streamed[id]--
			continue
		}
		f.deliver(e)
	}
}

func (f *eventFlow) deliver(e schema.PluginEvent) bool {
	if e.Kind == "" {
		f.call.Warn("event kind", "an event has no kind; ignored")
		return false
	}
	if _, declared := f.declared[e.Kind]; !declared && (len(e.Kind) > maxFieldPath || strings.ContainsFunc(e.Kind, unicode.IsSpace) ||
		strings.ContainsFunc(e.Kind, text.Steers)) {
		f.call.Warn("event kind form", "an event's kind %s is no name; ignored", quoted(e.Kind))
		return false
	}
	if len(f.all) >= f.most {
		f.call.Warn("events", "more than %d events in one call: the rest is dropped", f.most)
		return false
	}
	if _, ok := f.declared[e.Kind]; !ok {
		f.call.Warn("event "+e.Kind, "event %q is not declared by the plugin: add it to \"events\" in what plugin_info returns", e.Kind)
	}
	e.Plugin = f.plugin
	f.all = append(f.all, e)
	if f.emit != nil {
		f.emit(e)
	}
	return true
}

// identity is the same for events of the same kind and data.
func identity(e schema.PluginEvent) string {
	if len(e.Data) == 0 {
		return e.Kind
	}
	data, err := marshalPlain(e.Data)
	if err != nil {
		return e.Kind
	}
	return e.Kind + "\x00" + string(data)
}
