package plugin

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/schema"
)

// tinyInfo is the metadata of most assembled plugins.
const tinyInfo = `{"name":"tiny","version":"1.2.3","protocols":["tiny"],"capabilities":["http"],"events":{"Sent":{"description":"x"}}}`

// recorder collects what a runtime tells its user.
type recorder struct {
	mu      sync.Mutex
	logs    []capabilities.LogEntry
	notices []Notice
}

func (r *recorder) log(e capabilities.LogEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, e)
}

func (r *recorder) notice(n Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, n)
}

func (r *recorder) noticed() []Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Notice(nil), r.notices...)
}

// lines returns "source level: message" of each log entry.
func (r *recorder) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.logs {
		out = append(out, e.Source+" "+e.Level.String()+": "+e.Message)
	}
	return out
}

func (r *recorder) has(part string) bool {
	return strings.Contains(strings.Join(r.lines(), "\n"), part)
}

func (r *recorder) count(part string) int { return strings.Count(strings.Join(r.lines(), "\n"), part) }

// generous are limits under which a slow machine fails no test that is about something else.
func generous() capabilities.Limits {
	return capabilities.Limits{ValidateTimeout: time.Minute, InitTimeout: time.Minute, InfoTimeout: time.Minute}
}

func newTestRuntime(t *testing.T, opts ...Option) (*WASMRuntime, *recorder) {
	t.Helper()
	rec := &recorder{}
	base := []Option{WithCacheDir(""), WithLimits(generous()), WithLog(rec.log), WithNotices(rec.notice)}
	r, err := NewWASMRuntime(t.Context(), append(base, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Errorf("close the runtime: %v", err)
		}
	})
	return r, rec
}

func loadTiny(t *testing.T, tiny plugintest.Tiny, opts ...Option) (*WASMPlugin, *recorder) {
	t.Helper()
	if tiny.Info == "" {
		tiny.Info = tinyInfo
	}
	r, rec := newTestRuntime(t, opts...)
	p, err := r.LoadPlugin(t.Context(), "tiny-file", tiny.Bytes())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return p, rec
}

// collector is an EventSink.
type collector struct {
	mu     sync.Mutex
	events []schema.PluginEvent
}

func (c *collector) emit(e schema.PluginEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
}

func (c *collector) kinds() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, e := range c.events {
		out = append(out, e.Kind)
	}
	return strings.Join(out, " ")
}

// eventually polls a condition that nothing announces.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// opener closes its channel at the first event.
type opener struct {
	once sync.Once
	ch   chan struct{}
}

func (o *opener) emit(schema.PluginEvent) { o.once.Do(func() { close(o.ch) }) }

// says reports whether an error has part in its text.
func says(err error, part string) bool { return err != nil && strings.Contains(err.Error(), part) }
