package run

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAttemptsUnderWayAreBoundedByTheFilesOfTheProcess(t *testing.T) {
	t.Parallel()
	for files, want := range map[int]int{0: 8, 64: 8, 256: 96, 1024: 480, 65536: 10_000, 1 << 20: 10_000} {
		if got := placesWithin(files); got != want {
			t.Errorf("%d files give %d places, want %d", files, got, want)
		}
	}
	const places, tests = 3, 40
	var mu sync.Mutex
	underWay, most := 0, 0
	a := newAPI(t, func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		underWay++
		most = max(most, underWay)
		mu.Unlock()
		time.Sleep(10 * time.Millisecond) // what a request takes
		mu.Lock()
		underWay--
		mu.Unlock()
	})
	spec := "target: " + a.URL + "\ntests:\n"
	var want []string
	for i := range tests {
		spec += fmt.Sprintf("  - { name: t%d, resource: /%d, expect: { status: 200 } }\n", i, i)
		want = append(want, fmt.Sprintf("t%d passed", i))
	}
	load := "target: " + a.URL + "\nmode: load\nload: { users: 30, duration: 100ms }\ntests: [{ name: l, resource: /l }]\n"
	b := newBench(t, ".qube.yaml", "version: \"1\"\nrunner: { maxConcurrent: 100000 }\n", "a.qube.yaml", spec, "b.qube.yaml", load)
	b.opts = Options{places: newPlaces(places)}
	r := b.run(Selection{URIs: []string{b.uri("a.qube.yaml")}})
	wantStatuses(t, r, want...)
	if most > places {
		t.Errorf("%d tests were under way at one time, want at most %d", most, places)
	}
	most = 0
	if r := b.run(Selection{URIs: []string{b.uri("b.qube.yaml")}}); len(r.Loads) != 1 || most == 0 {
		t.Fatalf("the load sent nothing: %v", r.Problems)
	}
	if most > places {
		t.Errorf("%d users sent at one time, want at most %d", most, places)
	}
}

func TestATestThatWaitsForAPlaceEndsWithTheRun(t *testing.T) {
	t.Parallel()
	p := newPlaces(1)
	if !p.take(t.Context()) {
		t.Fatal("the first place is not free")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p.take(ctx) {
		t.Error("a place was found where none is free")
	}
	p.leave()
	if !p.take(t.Context()) {
		t.Error("a place that was given back is not free")
	}
}

func TestAttemptsWithoutAWaitDoNotGoOnAtFullSpeed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		attempt        int
		interval, want time.Duration
	}{
		{1, 0, 0},
		{99, 0, 0},
		{100, 0, pacedRetry},
		{1_000_000, time.Millisecond, pacedRetry},
		{1_000_000, 20 * time.Millisecond, 20 * time.Millisecond},
		{5, time.Second, time.Second},
	} {
		if got := pacedInterval(tt.attempt, tt.interval); got != tt.want {
			t.Errorf("attempt %d with %v waits %v, want %v", tt.attempt, tt.interval, got, tt.want)
		}
	}
	a := newAPI(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	b := newBench(t, "a.yaml", "target: "+a.URL+"\ntests: [{ name: n, resource: /x, retry: { maxAttempts: 102 }, expect: { status: 200 } }]\n")
	started := time.Now()
	r := b.run(Selection{})
	wantStatuses(t, r, "n failed")
	if took := time.Since(started); took < 2*pacedRetry { // a wait is never shorter, however slow the machine is
		t.Errorf("102 attempts took %v, want the last two to wait %v each", took, pacedRetry)
	}
}

func TestNumbersThatJSONDoesNotHaveAreNotSentAsText(t *testing.T) {
	t.Parallel()
	a := newAPI(t, (&rowServer{}).serve)
	b := newBench(t, "a.yaml", "target: "+a.URL+`
tests:
  - { name: inf, method: POST, resource: /json, body: { a: [1, -.INF] } }
  - { name: nan, method: POST, resource: /json, body: .nan }
  - { name: query, resource: /echo, query: { q: .Inf } }
  - { name: alias, method: POST, resource: /json, headers: { X: &x .inf }, body: { a: *x } }
  - { name: quoted, method: POST, resource: /json, body: { a: ".inf", b: '.nan' }, expect: { body: { a: .inf } } }
`)
	r := b.run(Selection{})
	wantStatuses(t, r, "inf errored", "nan errored", "query errored", "alias errored", "quoted passed")
	for name, part := range map[string]string{"inf": "body.a[1]: JSON has no number `-.INF`", "nan": "body: JSON has no number `.nan`", "query": "query.q"} {
		wantIn(t, name, told(result(t, r, name)), part)
	}
	if len(a.got()) != 1 {
		t.Errorf("requests = %q", a.got())
	}
}

func TestAHalfWrittenConditionHidesNoFailure(t *testing.T) {
	t.Parallel()
	a := newAPI(t, (&rowServer{}).serve)
	b := newBench(t, "a.yaml", "target: "+a.URL+`
tests:
  - { name: "null", resource: /x, when: , expect: { status: 500 } }
  - { name: tilde, resource: /x, when: ~, expect: { status: 500 } }
  - { name: empty, resource: /x, when: "", expect: { status: 500 } }
  - { name: blank, resource: /x, when: "  ", expect: { status: 500 } }
  - { name: template, resource: /x, when: "{{ env.NOPE }}", expect: { status: 500 } }
`)
	r := b.run(Selection{})
	wantStatuses(t, r, "null failed", "tilde failed", "empty errored", "blank errored", "template skipped")
	if !strings.Contains(told(result(t, r, "empty")), "the condition is empty") {
		t.Errorf("told %q", told(result(t, r, "empty")))
	}
}
