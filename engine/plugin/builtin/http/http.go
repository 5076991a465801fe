// Package http is the built-in plugin for the protocols http and https: a Go value where other protocols are WASM
// modules, so that it costs nothing to start.
//
// It must not know how a request reaches its server, which is the business of package capabilities, nor what the fields
// of a test mean, which is that of package request.
package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/plugin/builtin/http/request"
	"github.com/speclens/speclens/schema"
)

// Plugin implements plugin.Plugin. Safe for concurrent use.
type Plugin struct {
	doer capabilities.HTTPDoer
	// own is the client that New made, nil where the caller gave one.
	own    *capabilities.HTTPClient
	closed atomic.Bool
}

var _ plugin.Plugin = (*Plugin)(nil)

// Option changes a Plugin.
type Option func(*Plugin)

// WithDoer sends requests through doer, which the caller closes. A doer in the context's Sinks comes before it.
func WithDoer(doer capabilities.HTTPDoer) Option {
	return func(p *Plugin) { p.doer = doer }
}

// New makes the plugin. Without WithDoer it has a client of its own with the default limits.
func New(options ...Option) *Plugin {
	p := &Plugin{}
	for _, option := range options {
		option(p)
	}
	if p.doer == nil {
		p.own = capabilities.NewHTTPClient(capabilities.HTTPLimits{})
		p.doer = p.own
	}
	return p
}

// Info describes the plugin; the result shares no memory with it.
func (p *Plugin) Info() plugin.PluginInfo { return plugin.PluginInfo(request.Describe()) }

// Init takes any configuration: the plugin has no settings.
func (p *Plugin) Init(context.Context, map[string]any) error { return nil }

// Validate checks a test's input; see package request for the rules. After Close it returns one warning that says so.
func (p *Plugin) Validate(input plugin.TestInput) []plugin.FieldError {
	if p.closed.Load() {
		err := failed(plugin.PhaseValidate, plugin.ErrClosed)
		return []plugin.FieldError{{Message: err.Error(), Severity: "warning", Code: plugin.CodeClosed}}
	}
	var out []plugin.FieldError
	for _, problem := range request.Validate(request.Input(input)) {
		out = append(out, plugin.FieldError(problem))
	}
	return out
}

// Execute sends the request. What goes wrong with it, from a bad field to a lost connection, is the Error of the output.
// The returned error is a *plugin.Error around plugin.ErrClosed, or around the context's error where it was cancelled.
func (p *Plugin) Execute(ctx context.Context, input plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
	if p.closed.Load() {
		return nil, failed(plugin.PhaseExecute, plugin.ErrClosed)
	}
	built, err := request.Build(request.Input(input))
	if err != nil {
		return &plugin.TestOutput{Status: request.Value(0), Error: err.Error()}, nil
	}
	sinks := capabilities.SinksFrom(ctx)
	if sinks.Events != nil {
		emit = sinks.Events
	}
	var events []schema.PluginEvent
	out, err := p.send(ctx, built, sinks, func(event schema.PluginEvent) {
		events = append(events, event)
		if emit != nil {
			emit(event)
		}
	})
	if out != nil {
		out.Events = events
	}
	return out, err
}

// ExecuteChecked is Execute for an input that Validate has just accepted as it is. Its output lists no events: emit, which
// is not nil, has had them all.
func (p *Plugin) ExecuteChecked(ctx context.Context, input plugin.TestInput, emit plugin.EventSink) (*plugin.TestOutput, error) {
	if p.closed.Load() {
		return nil, failed(plugin.PhaseExecute, plugin.ErrClosed)
	}
	built, err := request.BuildChecked(request.Input(input))
	if err != nil {
		return &plugin.TestOutput{Status: request.Value(0), Error: err.Error()}, nil
	}
	sinks := capabilities.SinksFrom(ctx)
	if sinks.Events == nil {
		return p.send(ctx, built, sinks, emit)
	}
	return p.send(ctx, built, sinks, func(event schema.PluginEvent) {
		sinks.Events(event)
		emit(event)
	})
}

// send sends a request, through the doer of sinks where there is one.
func (p *Plugin) send(
	ctx context.Context, built request.Request, sinks capabilities.Sinks, emit plugin.EventSink,
) (*plugin.TestOutput, error) {
	doer := p.doer
	if sinks.HTTP != nil {
		doer = sinks.HTTP
	}
	out := &plugin.TestOutput{Status: request.Value(0)}
	events := func(kind string, data map[string]any) {
		emit(schema.PluginEvent{Plugin: request.Name, Kind: kind, Data: data})
	}
	response, err := doer.Do(ctx, capabilities.HTTPRequest{
		Method: built.Method, URL: built.URL, Headers: built.Headers, Body: built.Body, Timeout: built.Timeout,
		FollowRedirects: truth(built.FollowRedirects), MaxRedirects: built.MaxRedirects,
	}, capabilities.HTTPHooks{
		Sent: func(method, url string, size int) {
			events(request.EventSent, map[string]any{"method": method, "url": url, "bytes": request.Value(int64(size))})
		},
		Redirected: func(status int, location string) {
			events(request.EventRedirected, request.Redirect(status, location))
		},
		Secret: sinks.Secret,
	})
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, failed(plugin.PhaseExecute, fmt.Errorf("ended by the caller: %w", ctx.Err()))
	}
	if err != nil {
		out.Error = err.Error()
		var failure *capabilities.HTTPError
		if errors.As(err, &failure) {
			out.DurationMs = failure.Took.Milliseconds()
			out.Status = request.Value(int64(failure.Status))
		}
		return out, nil
	}
	fill(out, response)
	events(request.EventReceived, request.Received(response.Status, out.DurationMs, len(response.Body), response.Truncated))
	return out, nil
}

// truth points to a bool that nobody changes.
func truth(b bool) *bool {
	if b {
		return &yes
	}
	return &no
}

var yes, no = true, false

// Obedient says that Execute returns as soon as its context ends, since a request is given up there and then and no step in
// between waits for anything else; that it changes neither its input nor an event that it has sent; and that it writes no log.
func (p *Plugin) Obedient() {}

// Close closes the plugin's own client. It returns nil, always, and may be called twice.
func (p *Plugin) Close() error {
	p.closed.Store(true)
	if p.own != nil {
		return p.own.Close()
	}
	return nil
}

func failed(phase plugin.Phase, err error) error {
	return &plugin.Error{Plugin: request.Name, Version: request.Version, Phase: phase, Err: err}
}

func fill(out *plugin.TestOutput, response *capabilities.HTTPResponse) {
	out.Status = request.Value(int64(response.Status))
	if len(response.Headers) > 0 {
		out.Headers, out.HeadersAll = response.Headers, response.HeadersAll
	}
	body, fault := capabilities.Body{
		ContentType: response.Headers["Content-Type"], Bytes: response.Body, Fault: response.BodyFault,
	}.Decode()
	out.Body = body
	out.DurationMs = response.Duration.Milliseconds()
	exchange := request.Exchange{
		Proto: response.Proto, Remote: response.Remote, URL: response.URL, TLS: response.TLS,
		Bytes: len(response.Body), Truncated: response.Truncated,
	}
	for _, redirect := range response.Redirects {
		exchange.Redirects = append(exchange.Redirects, request.Redirect(redirect.Status, redirect.Location))
	}
	out.Metadata = request.Metadata(exchange)
	if fault != "" {
		out.Metadata[plugin.MetadataBodyFault] = fault
	}
	if response.Timings != (capabilities.HTTPTimings{}) {
		out.Metadata["timings_ms"] = timings(response.Timings)
	}
}

// timings gives phases in milliseconds, as they appear in results: exact to the microsecond, without trailing zeros. All
// are parts of one text, so that seven numbers cost one.
func timings(t capabilities.HTTPTimings) map[string]any {
	names, lengths := t.Phases()
	var buffer [len(names) * 24]byte
	var ends [len(names)]int
	text := buffer[:0]
	for i, took := range lengths {
		if took > 0 {
			text = appendMilliseconds(text, took.Microseconds())
		}
		ends[i] = len(text)
	}
	out, all, from := make(map[string]any, len(names)), string(text), 0
	for i, took := range lengths {
		if took > 0 {
			out[names[i]] = json.Number(all[from:ends[i]])
		}
		from = ends[i]
	}
	return out
}

// appendMilliseconds writes a number of microseconds, which is not negative, in milliseconds.
func appendMilliseconds(text []byte, micros int64) []byte {
	text = strconv.AppendInt(text, micros/1000, 10)
	if rest := micros % 1000; rest > 0 {
		text = append(text, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
		text = bytes.TrimRight(text, "0")
	}
	return text
}
