package capabilities

import (
	"encoding/json"
	"strconv"

	"github.com/speclens/speclens/schema"
)

// wireEmit names, in "emit" of a request, the events that the host is to deliver while the request is under way: a guest
// does not run in that time, so it could tell of them only when all is over. An empty name means no such event.
type wireEmit struct {
	// Sent has the data {method, url, bytes}: a connection stands and the request goes out.
	Sent string `json:"sent"`
	// Redirected has the data {status, location}, for each hop.
	Redirected string `json:"redirected"`
}

// hooks returns the hooks that deliver the named events as those of the calling plugin.
func (w wireEmit) hooks(plugin string, emit func(schema.PluginEvent)) HTTPHooks {
	var hooks HTTPHooks
	if emit == nil {
		return hooks
	}
	number := func(n int) json.Number { return json.Number(strconv.Itoa(n)) }
	if w.Sent != "" {
		hooks.Sent = func(method, url string, size int) {
			emit(schema.PluginEvent{Plugin: plugin, Kind: w.Sent, Data: map[string]any{"method": method, "url": url, "bytes": number(size)}})
		}
	}
	if w.Redirected != "" {
		hooks.Redirected = func(status int, location string) {
			emit(schema.PluginEvent{Plugin: plugin, Kind: w.Redirected, Data: map[string]any{"status": number(status), "location": location}})
		}
	}
	return hooks
}
