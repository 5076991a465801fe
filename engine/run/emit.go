package run

import (
	"slices"
	"sync"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
)

// emitter hands events to the sink, one at a time and masked. It is the border of a run: behind it values are real, and
// nothing that leaves passes around it.
type emitter struct {
	// mute is set where nobody will ever listen, so that nothing need be masked.
	mute bool
	mu   sync.Mutex // held while the sink is called, so that it hears one event at a time
	sink Sink       // guarded by mu; nil where nobody listens, and after the last event
}

// heard reports whether anybody may listen, so that an event is worth making.
func (e *emitter) heard() bool { return !e.mute }

func (e *emitter) emit(ev Event, m *Masker) {
	if e.mute {
		return
	}
	ev = m.event(ev)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sink != nil {
		e.sink.Emit(ev)
	}
}

// last emits the event after which nothing is said any more, whatever a plugin that was left to itself may do.
func (e *emitter) last(ev Event, m *Masker) {
	e.emit(ev, m)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sink = nil
}

// event is ev without secrets.
func (m *Masker) event(ev Event) Event {
	if m == nil {
		return ev
	}
	switch ev := ev.(type) {
	case WaveStarted:
		ev.TestNames = m.texts(ev.TestNames)
		return ev
	case TestStarted:
		ev.Test.Name, ev.Target = m.Text(ev.Test.Name), m.Text(ev.Target)
		return ev
	case PluginEvent:
		ev.Test.Name, ev.Event = m.Text(ev.Test.Name), m.pluginEvent(ev.Event)
		return ev
	case TestCompleted:
		ev.Test.Name = m.Text(ev.Test.Name)
		return ev // the result was masked when it was made
	case Log:
		ev.Test.Name, ev.Message = m.Text(ev.Test.Name), m.Text(ev.Message)
		return ev
	}
	return ev
}

// Result is a copy of r without secrets.
func (m *Masker) Result(r *engine.TestResult) *engine.TestResult {
	if m == nil {
		return r
	}
	out := *r
	out.Name, out.Target, out.Error = m.Text(r.Name), m.Text(r.Target), m.Text(r.Error)
	out.Warnings = m.texts(r.Warnings)
	out.Input, out.Output = m.input(r.Input), m.output(r.Output)
	out.Resolved, _ = m.Value(r.Resolved).(map[string]any)
	out.Events = slices.Clone(r.Events)
	for i, e := range out.Events {
		out.Events[i] = m.pluginEvent(e)
	}
	out.Assertions = slices.Clone(r.Assertions)
	for i, a := range out.Assertions {
		out.Assertions[i] = m.assertion(a)
	}
	return &out
}

func (m *Masker) texts(list []string) []string {
	out, _ := maskSlice(list, func(s string) (string, bool) { r := m.Text(s); return r, r != s })
	return out
}

func (m *Masker) pluginEvent(e engine.Event) engine.Event {
	e.Data, _ = m.Value(e.Data).(map[string]any)
	return e
}

func (m *Masker) input(in *plugin.TestInput) *plugin.TestInput {
	if in == nil {
		return nil
	}
	out := *in
	out.Method, out.Resource, out.Target = m.Text(in.Method), m.Text(in.Resource), m.Text(in.Target)
	out.Headers, _ = m.Value(in.Headers).(map[string]string)
	out.Fields, _ = m.Value(in.Fields).(map[string]any)
	return &out
}

func (m *Masker) output(in *plugin.TestOutput) *plugin.TestOutput {
	if in == nil {
		return nil
	}
	out := *in
	out.Status = m.Value(in.Status)
	out.Headers, _ = m.Value(in.Headers).(map[string]string)
	out.HeadersAll, _ = m.Value(in.HeadersAll).(map[string][]string)
	out.Body = m.Value(in.Body)
	out.Error = m.Text(in.Error)
	out.Metadata, _ = m.Value(in.Metadata).(map[string]any)
	out.Events = slices.Clone(in.Events)
	for i := range out.Events {
		out.Events[i].Data, _ = m.Value(out.Events[i].Data).(map[string]any)
	}
	return &out
}

func (m *Masker) assertion(a expect.Assertion) expect.Assertion { return shown(a, m.Text, m.Value) }
