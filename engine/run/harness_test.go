package run

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	builtin "github.com/speclens/speclens/engine/plugin/builtin/http"
)

// bench is a session over files in a temporary folder, with the built-in http plugin and a plugin in Go that answers
// whatever it is told to.
type bench struct {
	t       *testing.T
	dir     string
	session *engine.Session
	fake    *fake
	events  recorder
	// opts are those of every run.
	opts Options
}

// recorder keeps the events of a run.
type recorder struct {
	mu   sync.Mutex
	list []Event     // guarded by mu
	told func(Event) // is called with each, if set
}

func (r *recorder) Emit(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, e)
	if r.told != nil {
		r.told(e)
	}
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

func (r *recorder) all() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// newBench writes the files and opens a session on them. Names and contents alternate.
func newBench(t *testing.T, files ...string) *bench {
	t.Helper()
	return newBenchWith(t, builtin.New(), files...)
}

// newBenchWith is newBench with another plugin for http.
func newBenchWith(t *testing.T, http plugin.Plugin, files ...string) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), fake: &fake{}}
	registry := plugin.NewRegistry()
	for _, p := range []plugin.Plugin{http, b.fake} {
		if err := registry.Register(p); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = registry.Close() })
	for i := 0; i+1 < len(files); i += 2 {
		b.write(files[i], files[i+1])
	}
	b.session = engine.NewSession(engine.Options{Registry: registry, Roots: []string{b.dir}})
	b.load()
	return b
}

func (b *bench) write(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) load() {
	b.t.Helper()
	if _, problems := b.session.Load(b.t.Context(), b.dir); len(problems) > 0 {
		b.t.Fatal(problems)
	}
}

func (b *bench) uri(name string) string { return engine.URIFromPath(filepath.Join(b.dir, name)) }

// run runs a selection.
func (b *bench) run(sel Selection) *Report {
	b.t.Helper()
	return b.runContext(b.t.Context(), sel)
}

func (b *bench) runContext(ctx context.Context, sel Selection) *Report {
	b.t.Helper()
	b.events.reset()
	report, err := Execute(ctx, b.session.Snapshot(), sel, &b.events, b.opts)
	if err != nil {
		b.t.Fatal(err)
	}
	checkReport(b.t, report, b.events.all())
	return report
}

// all runs everything and wants no problem.
func (b *bench) all() *Report {
	b.t.Helper()
	report := b.run(Selection{})
	for _, p := range report.Problems {
		b.t.Errorf("problem %s at %v: %s", p.Code, p.Span, p.Message)
	}
	return report
}

// statuses are "name status" of all results, in order.
func statuses(r *Report) []string {
	var list []string
	for _, res := range r.Results {
		name := res.Name
		if name == "" {
			name = res.Key.ID
		}
		list = append(list, name+" "+string(res.Status))
	}
	return list
}

// result is the result of the test with that name or id.
func result(t *testing.T, r *Report, name string) *engine.TestResult {
	t.Helper()
	for _, res := range r.Results {
		if res.Name == name || res.Key.ID == name {
			return res
		}
	}
	t.Fatalf("no result of %q among %v", name, statuses(r))
	return nil
}

func wantStatuses(t *testing.T, r *Report, want ...string) {
	t.Helper()
	if got := statuses(r); !slices.Equal(got, want) {
		t.Errorf("results = %q\nwant      %q", got, want)
		for _, res := range r.Results {
			if res.Error != "" {
				t.Logf("%s: %s", res.Name, res.Error)
			}
			for _, a := range res.Assertions {
				if !a.Passed {
					t.Logf("%s: %s", res.Name, a.Message)
				}
			}
		}
	}
}

func wantIn(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("%s = %q, want %q in it", what, got, p)
		}
	}
}

// api is a server on loopback that records what it got. Its paths:
//
//	/echo          the request as JSON
//	/login         a token
//	/status/NNN    that status
//	anything else  the handler's, if any, else 404
type api struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*recorded // guarded by mu
}

// recorded is a request that the api got.
type recorded struct {
	Method, URL string
	Header      http.Header
	Body        string
}

func newAPI(t *testing.T, handler http.HandlerFunc) *api {
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.requests = append(a.requests, &recorded{r.Method, r.URL.String(), r.Header.Clone(), string(body)})
		a.mu.Unlock()
		reply := func(v any) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		}
		switch path := r.URL.Path; {
		case path == "/echo":
			var decoded any
			dec := json.NewDecoder(bytes.NewReader(body))
			dec.UseNumber()
			_ = dec.Decode(&decoded)
			reply(map[string]any{"method": r.Method, "url": r.URL.String(), "headers": r.Header, "body": decoded, "text": string(body)})
		case path == "/login":
			reply(map[string]any{"token": "t-1", "id": 7, "big": json.Number("9007199254740993")})
		case strings.HasPrefix(path, "/status/"):
			var code int
			_ = json.Unmarshal([]byte(strings.TrimPrefix(path, "/status/")), &code)
			w.WriteHeader(code)
		case handler != nil:
			r.Body = io.NopCloser(bytes.NewReader(body))
			handler(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

// got are the requests so far, as "METHOD URL".
func (a *api) got() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []string
	for _, r := range a.requests {
		list = append(list, r.Method+" "+r.URL)
	}
	return list
}

// benchOf is a snapshot of one spec, for benchmarks.
func benchOf(b *testing.B, content string) *engine.Snapshot {
	session := engine.NewSession(engine.Options{})
	snap := session.Open("file:///bench.qube.yaml", "qube", 1, content)
	for doc := range snap.Documents() {
		doc.Spec()
	}
	return snap
}
