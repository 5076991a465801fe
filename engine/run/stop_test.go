package run

import (
	"bytes"
	"context"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin"
	builtin "github.com/speclens/speclens/engine/plugin/builtin/http"
)

// TestACancelStopsAnAnswerThatNeverEnds cancels a run while a server sends one byte after the other, so that the plugin
// never waits: neither for the network nor for anything else.
func TestACancelStopsAnAnswerThatNeverEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		plugin func(t *testing.T) plugin.Plugin
	}{
		{"through the built-in plugin", func(*testing.T) plugin.Plugin { return builtin.New() }},
		{"through a sandboxed plugin", sandboxed},
	} {
		t.Run(c.name, func(t *testing.T) {
			sending, gone := make(chan struct{}, 3), make(chan struct{}, 3)
			api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/quick" {
					return
				}
				defer func() { gone <- struct{}{} }()
				for said := false; r.Context().Err() == nil; {
					if _, err := w.Write([]byte("drip ")); err != nil {
						return
					}
					_ = http.NewResponseController(w).Flush()
					if !said {
						said = true
						sending <- struct{}{}
					}
				}
			})
			b := newBenchWith(t, c.plugin(t), "a.yaml", "target: "+api.URL+`
tests:
  - { name: quick, alias: quick, resource: /quick }
  - { name: one, resource: /stream, depends: [quick] }
  - { name: two, resource: /stream, depends: [quick] }
  - { name: never, resource: "/stream/{{ last.response.body }}" }
  - { name: last, alias: last, resource: /quick, depends: [quick] }
`)
			b.opts = Options{MaxConcurrent: 2, Timeout: time.Minute}
			best := time.Hour
			var report *Report
			for try := 0; try < stopTries && best > 250*time.Millisecond; try++ {
				ctx, cancel := context.WithCancel(t.Context())
				var cancelled time.Time
				stopped := make(chan struct{})
				go func() {
					defer close(stopped)
					<-sending
					<-sending
					cancelled = time.Now()
					cancel()
				}()
				report = b.runContext(ctx, Selection{})
				<-stopped
				<-gone
				<-gone
				best = min(best, time.Since(cancelled))
			}
			if best > 250*time.Millisecond {
				t.Errorf("traffic went on for %v", best)
			}
			got := statuses(report)
			slices.Sort(got) // two are under way, and the third is not begun
			if want := []string{"last skipped", "never skipped", "one errored", "quick passed", "two errored"}; !slices.Equal(got, want) {
				t.Errorf("results = %q", got)
			}
			for _, name := range []string{"one", "two"} {
				if r := result(t, report, name); r.Error != "cancelled" {
					t.Errorf("%s: %q", name, r.Error)
				}
			}
			if !report.Cancelled {
				t.Error("the report does not say that the run was cancelled")
			}
			api.CloseClientConnections()
			wantNoGoroutineIn(t, "engine/run.(*dispatcher)", "speclens/capabilities.", "engine/plugin.(", "engine/run.call")
		})
	}
}

// stopTries is how many chances a machine that is busy elsewhere gets to end all traffic within 250 ms of a cancel. A stop that
// is slow by itself is so each time.
const stopTries = 10

// wantNoGoroutineIn waits until no goroutine has one of these in its stack.
func wantNoGoroutineIn(t *testing.T, frames ...string) {
	t.Helper()
	buf := make([]byte, 1<<20)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		stacks := buf[:runtime.Stack(buf, true)]
		left := slices.IndexFunc(frames, func(f string) bool { return bytes.Contains(stacks, []byte(f)) })
		if left < 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("a goroutine is left in %s:\n%s", frames[left], stacks)
		}
	}
}

func TestASecretStaysBehindWhenARedirectLeavesTheOriginWhateverItsHeaderIsCalled(t *testing.T) {
	for _, c := range []struct {
		name   string
		plugin func(t *testing.T) plugin.Plugin
	}{
		{"through the built-in plugin", func(*testing.T) plugin.Plugin { return builtin.New() }},
		{"through a sandboxed plugin", func(t *testing.T) plugin.Plugin { return sandboxedTo(t, "127.0.0.1:*") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := newAPI(t, nil)
			api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
				to := other.URL + "/echo"
				if r.URL.Path == "/home" {
					to = "/echo"
				}
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			})
			b := newBenchWith(t, c.plugin(t), ".env", "KEY=hunter22\n", "a.yaml", "target: "+api.URL+`
defaults: { headers: { X-Build: "b-{{ env.KEY }}", X-Coded: "{{ env.KEY.Base64() }}", X-Plain: all may know } }
tests:
  - { name: away, resource: /away }
  - { name: home, resource: /home }
  - { name: with a body, method: POST, resource: /away, body: harmless }
`)
			b.opts.Timeout = time.Minute
			r := b.all()
			wantStatuses(t, r, "away passed", "home passed", "with a body errored")
			wantIn(t, "error", result(t, r, "with a body").Error, "another origin", "body")
			if got := other.got(); !slices.Equal(got, []string{"GET /echo"}) {
				t.Fatalf("the other origin got %q", got)
			}
			away := other.requests[0].Header
			if away.Get("X-Build") != "" || away.Get("X-Coded") != "" || away.Get("X-Plain") != "all may know" {
				t.Errorf("the other origin got %v", away)
			}
			home := api.requests[slices.Index(api.got(), "GET /echo")].Header
			if home.Get("X-Build") != "b-hunter22" || home.Get("X-Coded") != "aHVudGVyMjI=" {
				t.Errorf("the same origin got %v", home)
			}
		})
	}
}
