package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/schema"
)

// fake is an in-process plugin.
type fake struct {
	info     PluginInfo
	initErr  error
	closeErr error

	mu      sync.Mutex
	configs []map[string]any // guarded by mu
	closed  int              // guarded by mu
}

func newFake(name string, protocols ...schema.Protocol) *fake {
	return &fake{info: PluginInfo{Name: name, Version: "1", Protocols: protocols}}
}

func (f *fake) Info() PluginInfo { return f.info }
func (f *fake) Init(_ context.Context, config map[string]any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.configs = append(f.configs, config)
	return f.initErr
}
func (f *fake) Validate(TestInput) []FieldError { return nil }
func (f *fake) Execute(context.Context, TestInput, EventSink) (*TestOutput, error) {
	return &TestOutput{Status: f.info.Name}, nil
}
func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return f.closeErr
}

func (f *fake) closeCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

func TestRegisterRefusesAndAddsNothing(t *testing.T) {
	closed := NewRegistry()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	withHTTP := func() *Registry {
		r := NewRegistry()
		if err := r.Register(newFake("http", "http", "https")); err != nil {
			t.Fatal(err)
		}
		return r
	}
	var typedNil *fake
	for _, c := range []struct {
		name     string
		registry *Registry
		plugin   Plugin
		want     string
	}{
		{"nil", withHTTP(), nil, "is nil"},
		{"a nil pointer", withHTTP(), typedNil, "is nil"},
		{"a nil WASM plugin", withHTTP(), (*WASMPlugin)(nil), "is nil"},
		{"a plugin without a name", withHTTP(), newFake("", "x"), "has no name"},
		{"a name that is taken", withHTTP(), newFake("http", "other"), "plugin http: a plugin of that name"},
		{"a protocol that is taken", withHTTP(), newFake("other", "new", "https"), `protocol "https" is served by plugin http`},
		{"a protocol that is taken in another case", withHTTP(), newFake("other", "HTTP"), `protocol "HTTP" is served`},
		{"an empty protocol", withHTTP(), newFake("other", "new", ""), "empty protocol"},
		{"any plugin once it is closed", closed, newFake("other", "new"), "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(c.registry.Snapshot())
			err := c.registry.Register(c.plugin)
			if !says(err, c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if after := len(c.registry.Snapshot()); after != before {
				t.Errorf("%d plugins, %d before", after, before)
			}
			if p := c.registry.Lookup("new"); p != nil {
				t.Errorf("the refused plugin serves a protocol: %v", p)
			}
		})
	}
	if err := closed.Register(newFake("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("registering with a closed registry: %v, want ErrClosed", err)
	}
}

func TestLookupIgnoresCaseAndKnowsWhatItDoesNotHave(t *testing.T) {
	r := NewRegistry()
	p := newFake("http", "http", "HTTPS", "https") // one plugin may repeat itself
	if err := r.Register(p); err != nil {
		t.Fatal(err)
	}
	for _, protocol := range []schema.Protocol{"http", "HTTP", "https", "HttpS"} {
		if r.Lookup(protocol) != p {
			t.Errorf("Lookup(%q) finds nothing", protocol)
		}
	}
	if got := r.Lookup("redis"); got != nil {
		t.Errorf("Lookup of an unknown protocol = %v, want nil", got)
	}
	if r.ByName("http") != p || r.ByName("HTTP") != nil {
		t.Error("names are compared as they are")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if r.Lookup("http") != nil || r.ByName("http") != nil || len(r.Snapshot()) != 0 || r.EventSchema("http.x") != nil {
		t.Error("a closed registry still answers")
	}
}

func TestSnapshotIsSortedAndOwnedByTheCaller(t *testing.T) {
	r := NewRegistry()
	for _, name := range []string{"mqtt", "amqp", "http"} {
		f := newFake(name, schema.Protocol(name))
		f.info.Fields = map[string]schema.FieldSpec{"body": {Type: schema.TypeAny, Enum: []any{"x"}}}
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	first := r.Snapshot()
	var names []string
	for i := range first {
		names = append(names, first[i].Name)
		first[i].Fields["body"].Enum[0] = "changed"
		first[i].Fields["new"] = schema.FieldSpec{}
		first[i].Protocols[0] = "changed"
	}
	if got := strings.Join(names, " "); got != "amqp http mqtt" {
		t.Errorf("order %q", got)
	}
	for _, s := range r.Snapshot() {
		if len(s.Fields) != 1 || s.Fields["body"].Enum[0] != "x" || s.Protocols[0] != schema.Protocol(s.Name) {
			t.Errorf("what a caller did to its snapshot shows in the next: %+v", s)
		}
	}
}

func TestPluginInfoSnapshotSharesNoMutableMemory(t *testing.T) {
	number := json.Number("1")
	leaf := schema.FieldSpec{Type: schema.TypeString, Default: map[string]any{"a": []any{"b"}}}
	info := PluginInfo{
		Name: "n", Version: "v", Description: "d", Protocols: []schema.Protocol{"p"}, Capabilities: []string{"http"},
		Fields: map[string]schema.FieldSpec{"f": {
			Type: schema.TypeObject, Enum: []any{[]any{"e"}}, EnumDescriptions: []string{"ed"}, Examples: []any{map[string]any{"x": "y"}},
			Minimum: &number, Maximum: &number, Fields: map[string]schema.FieldSpec{"leaf": leaf}, Items: &leaf,
		}},
		Events: map[string]schema.EventSpec{"E": {Summary: "s", Fields: map[string]schema.FieldSpec{"leaf": leaf}}},
		ABI:    1, DocsURL: "u", Methods: []schema.Method{{Name: "GET"}},
		Headers:  []schema.Header{{Name: "H", In: "request", Values: []string{"v"}}},
		Statuses: []schema.Status{{Name: "200"}}, ResourceHint: "r", Templates: true,
	}
	before, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	s := info.Snapshot()
	if same, _ := json.Marshal(s); string(same) != string(before) {
		t.Fatalf("the snapshot differs:\n%s\n%s", same, before)
	}
	s.Protocols[0], s.Capabilities[0], s.Methods[0].Name = "z", "z", "z"
	s.Headers[0].Values[0], s.Statuses[0].Name = "z", "z"
	f := s.Fields["f"]
	f.Enum[0].([]any)[0], f.EnumDescriptions[0] = "z", "z"
	f.Examples[0].(map[string]any)["x"] = "z"
	*f.Minimum, *f.Maximum = "9", "9"
	f.Fields["leaf"].Default.(map[string]any)["a"].([]any)[0] = "z"
	f.Items.Default.(map[string]any)["a"] = "z"
	f.Fields["new"] = leaf
	s.Events["E"].Fields["leaf"] = schema.FieldSpec{}
	s.Events["F"] = schema.EventSpec{}
	if after, _ := json.Marshal(info); string(after) != string(before) {
		t.Errorf("changing the snapshot changed the info:\n%s\n%s", after, before)
	}
}

func TestEventSchemaTriesEveryCut(t *testing.T) {
	r := NewRegistry()
	add := func(name string, kinds ...string) {
		f := newFake(name, schema.Protocol(name))
		f.info.Events = map[string]schema.EventSpec{}
		for _, kind := range kinds {
			f.info.Events[kind] = schema.EventSpec{Description: name + "|" + kind, Fields: map[string]schema.FieldSpec{"a": {}}}
		}
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	add("http", "Sent", "conn.Opened")
	add("acme.queue", "Got", "a.b.c")
	for fqn, want := range map[string]string{
		"http.Sent":        "http|Sent",
		"http.conn.Opened": "http|conn.Opened",
		"acme.queue.Got":   "acme.queue|Got",
		"acme.queue.a.b.c": "acme.queue|a.b.c",
		"http.Other":       "",
		"http":             "",
		"http.":            "",
		".Sent":            "",
		"":                 "",
		"HTTP.Sent":        "",
	} {
		got := r.EventSchema(fqn)
		switch {
		case got == nil && want != "":
			t.Errorf("EventSchema(%q) = nil, want %q", fqn, want)
		case got != nil && got.Description != want:
			t.Errorf("EventSchema(%q) = %q, want %q", fqn, got.Description, want)
		}
	}
	r.EventSchema("http.Sent").Fields["b"] = schema.FieldSpec{}
	if len(r.EventSchema("http.Sent").Fields) != 1 {
		t.Error("what a caller did to an event's schema shows in the next")
	}
}

func TestInitAllGivesEachPluginItsOwnConfig(t *testing.T) {
	r := NewRegistry()
	a, b, c := newFake("a"), newFake("b"), newFake("c")
	a.initErr = errors.New("no token")
	for _, p := range []*fake{a, b, c} {
		if err := r.Register(p); err != nil {
			t.Fatal(err)
		}
	}
	err := r.InitAll(t.Context(), map[string]map[string]any{"b": {"k": "for b"}, "c": {}, "unknown": {"k": "for nobody"}})
	var typed *Error
	if !errors.As(err, &typed) || typed.Plugin != "a" || typed.Phase != PhaseInit || !errors.Is(err, a.initErr) {
		t.Errorf("error %v, want one of phase init that names plugin a", err)
	}
	if len(a.configs) != 1 || a.configs[0] != nil {
		t.Errorf("a got %v, want nil", a.configs)
	}
	if fmt.Sprint(b.configs) != "[map[k:for b]]" {
		t.Errorf("b got %v", b.configs)
	}
	if len(c.configs) != 1 || c.configs[0] == nil || len(c.configs[0]) != 0 {
		t.Errorf("c got %v, want an empty map", c.configs)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.InitAll(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("InitAll after Close: %v, want ErrClosed", err)
	}
}

func TestCloseClosesAllReturnsTheFirstErrorAndMayBeRepeated(t *testing.T) {
	r := NewRegistry()
	a, b, c := newFake("a"), newFake("b"), newFake("c")
	b.closeErr, c.closeErr = errors.New("b is stuck"), errors.New("c is stuck")
	for _, p := range []*fake{a, b, c} {
		if err := r.Register(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); !errors.Is(err, b.closeErr) || errors.Is(err, c.closeErr) {
		t.Errorf("Close = %v, want the error of b", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
	for _, p := range []*fake{a, b, c} {
		if p.closeCount() != 1 {
			t.Errorf("%s was closed %d times", p.info.Name, p.closeCount())
		}
	}
}

func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	r := NewRegistry()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			name := fmt.Sprintf("p%d", i)
			if err := r.Register(newFake(name, schema.Protocol(name))); err != nil {
				t.Error(err)
			}
			if r.Lookup(schema.Protocol(strings.ToUpper(name))) == nil {
				t.Errorf("%s is not found", name)
			}
			r.Snapshot()
			r.EventSchema(name + ".x")
		})
	}
	wg.Wait()
	if n := len(r.Snapshot()); n != 50 {
		t.Errorf("%d plugins", n)
	}
}
