package run

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/engine"
)

// TestAHungTestDelaysNobodyWhoDoesNotNeedIt lets a server hold one answer back until a chain of three waves, in the same
// file and in another one, has run to its end.
func TestAHungTestDelaysNobodyWhoDoesNotNeedIt(t *testing.T) {
	hold := make(chan struct{})
	api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}
		_, _ = fmt.Fprint(w, r.URL.Path)
	})
	b := newBench(t, "a.yaml", "target: "+api.URL+`
tests:
  - { name: hung, alias: hung, resource: /hang, expect: { status: 200 } }
  - { name: one, alias: one, resource: /1 }
  - { name: two, alias: two, resource: "{{ one.response.body }}/2" }
  - { name: three, alias: three, resource: "{{ two.response.body }}/3" }
  - { name: after hung, resource: "{{ hung.response.body }}" }
`, "b.yaml", "target: "+api.URL+`
mode: scenario
tests:
  - { name: s1, resource: /s1 }
  - { name: s2, resource: "{{ prev.response.body }}/s2" }
  - { name: s3, resource: "{{ prev.response.body }}/s3", depends: [three] }
`)
	b.opts.MaxConcurrent = 2
	var mu sync.Mutex
	var completed []string
	sink := SinkFunc(func(e Event) {
		if e, ok := e.(TestCompleted); ok {
			mu.Lock()
			completed = append(completed, e.Test.Name)
			if e.Test.Name == "s3" {
				close(hold)
			}
			mu.Unlock()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // instead of a deadlock
	defer cancel()
	report, err := Execute(ctx, b.session.Snapshot(), Selection{}, sink, b.opts)
	if err != nil {
		t.Fatal(err)
	}
	wantStatuses(t, report,
		"hung passed", "one passed", "s1 passed", "two passed", "after hung passed", "s2 passed", "three passed", "s3 passed")
	if i := slices.Index(completed, "hung"); i < slices.Index(completed, "s3") {
		t.Errorf("completed as %v: the hung test was not the one that the others overtook", completed)
	}
}

// shuffledSuite has every way in which tests depend on one another, and every outcome.
const shuffledSuite = `
tests:
  - { name: a, alias: a, resource: "/a", headers: { X-T: "{{ env.TOKEN }}" }, save: { v: response.body.path } }
  - { name: "m{{ n }}", alias: m, resource: "/m{{ n }}{{ v }}", matrix: [{ n: 1 }, { n: 2 }, { n: 3 }] }
  - { name: last row, resource: "{{ m.response.body.path }}", expect: { body: { path: "/m3/a" } } }
  - { name: wrong, alias: wrong, resource: /w, expect: { status: 201 } }
  - { name: uses wrong, resource: "{{ wrong.response.body.path }}" }
  - { name: bad, alias: bad, resource: /drop }
  - { name: lost, alias: lost, resource: "{{ bad.response.body.path }}" }
  - { name: lost too, resource: "{{ lost.response.body.path }}" }
  - { name: only after, resource: /x, depends: [bad] }
  - { name: not now, resource: /x, when: "{{ a.response.status }} == 404" }
  - { name: made up, resource: "/{{ fake.uuid }}", query: { n: "{{ fake.int.1.1000000 }}" } }
  - { name: tried, resource: "/{{ fake.int.1.9 }}", retry: { maxAttempts: 2, interval: 1ms }, expect: { status: 404 } }
  - { name: events, resource: /e, expect: { events: [{ kind: http.Sent }, { kind: http.Received, data: { status: 200 } }] } }
`

// TestAShuffledRunHasTheSameReport runs one suite a hundred times. Each time chance decides which of the tests that could
// begin does, how many run at a time, how long the server takes, and which of two answers it gives first.
func TestAShuffledRunHasTheSameReport(t *testing.T) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(7, 7)) // guarded by mu
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	var order []string // guarded by mu
	api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		order = append(order, r.URL.Path)
		mu.Unlock()
		for range draw(100) {
			runtime.Gosched()
		}
		if draw(8) == 0 {
			time.Sleep(time.Duration(draw(1500)) * time.Microsecond) // a server's latency, which nothing waits for
		}
		if r.URL.Path == "/drop" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"path": r.URL.Path})
	})
	target := "target: " + api.URL
	b := newBench(t, ".env", "TOKEN=hunter22\n", "a.yaml", target+shuffledSuite, "b.yaml", target+`
mode: scenario
tests:
  - { name: s1, resource: /one }
  - { name: s2, resource: "{{ prev.response.body.path }}/two", save: { sv: response.body.path } }
  - { name: "r{{ i }}", resource: "{{ prev.response.body.path }}/{{ i }}", matrix: [{ i: 1 }, { i: 2 }] }
  - { name: s3, skip: true, resource: /never }
  - { name: s4, resource: "{{ prev.response.body.path }}{{ sv }}" }
`, "c.yaml", target+`
parallel: false
depends: [b.yaml]
tests:
  - { name: p1, resource: "{{ lost.response.body.path.Default(/p) }}" }
  - { name: p2, resource: "{{ a.response.body.path }}/{{ fake.word }}" }
  - { name: p3, resource: /p3 }
`)
	var first []string
	orders := map[string]bool{}
	for n := range 100 {
		mu.Lock()
		order = nil
		mu.Unlock()
		b.opts = Options{Seed: 1, MaxConcurrent: 1 + n%6, RunID: "run", pick: draw}
		got := normalized(t, b.all())
		if first == nil {
			first = got
			if len(got) != 24 {
				t.Fatalf("%d results:\n%s", len(got), strings.Join(got, "\n"))
			}
		}
		for i := range got {
			if got[i] != first[i] {
				t.Fatalf("run %d differs in result %d:\n%s\n%s", n, i, got[i], first[i])
			}
		}
		mu.Lock()
		orders[strings.Join(order, " ")] = true
		mu.Unlock()
	}
	if len(orders) < 90 {
		t.Errorf("the hundred runs reached the server in %d orders only: they were not shuffled", len(orders))
	}
}

// normalized are the results as JSON, without what the clock says.
func normalized(t *testing.T, r *Report) []string {
	t.Helper()
	var list []string
	for _, res := range r.Results {
		out := *res
		out.Started, out.Duration = time.Time{}, 0
		out.Events = slices.Clone(out.Events)
		for i, e := range out.Events {
			out.Events[i] = engine.Event{PluginEvent: e.PluginEvent}
			out.Events[i].Data = without(e.Data, "duration_ms")
		}
		if out.Output != nil {
			o := *out.Output
			o.DurationMs, o.Metadata = 0, without(o.Metadata, "timings_ms")
			o.Headers = map[string]string{"Content-Type": o.Headers["Content-Type"]}
			o.HeadersAll = nil
			out.Output = &o
		}
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}

func without(m map[string]any, key string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}
