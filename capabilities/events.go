package capabilities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/tetratelabs/wazero/api"

	"github.com/speclens/speclens/schema"
)

// hostEmitEvent is host_emit_event(ptr, len) with a PluginEvent as JSON. The rules about names, declarations and counts
// are those of Call.Emit.
func hostEmitEvent(ctx context.Context, m api.Module, stack []uint64) {
	c := callFrom(ctx)
	if c.Emit == nil {
		c.Warn("host_emit_event phase", "host_emit_event: events are taken during execute only; ignored")
		return
	}
	b, ok := c.read(m, "host_emit_event", uint32(stack[0]), uint32(stack[1]))
	if !ok {
		return
	}
	var event schema.PluginEvent
	if err := DecodeJSON(b, &event); err != nil {
		c.Warn("host_emit_event json", "host_emit_event: not an event: %v; ignored", err)
		return
	}
	c.Emit(event)
}

// DecodeJSON decodes exactly one value that a guest wrote. Numbers in untyped places become json.Number, so that integers
// keep their 64 bits; unknown keys are ignored.
func DecodeJSON(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("no JSON, but nothing")
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows after the JSON value")
	}
	return nil
}
