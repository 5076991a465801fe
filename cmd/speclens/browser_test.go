//go:build browser

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The tests in this file open reports in a real Chromium. They run with editors/test/run-report.sh.

// look is a script that looks at a page; its result is a seen.
//
//go:embed testdata/look.js
var look string

type seen struct {
	Background float64
	Pale       []string
	Charts     []struct {
		Title                             string
		Width, Height                     float64
		Marks, Outside, Dim, Over, Legend int
		Flat                              bool
	}
	Wide        float64
	Squeezed    []string // cells that are too narrow for their text
	Title, Text string
}

// readable fails where a page cannot be read: text too pale, parts beyond its edge, or the wrong scheme.
func (s seen) readable(t *testing.T, scheme string) {
	t.Helper()
	if dark := s.Background < .2; dark != (scheme == "dark") {
		t.Errorf("the background of the %s page is %.2f bright", scheme, s.Background)
	}
	if len(s.Pale) > 0 {
		t.Errorf("too pale in the %s: %q", scheme, s.Pale)
	}
	if len(s.Squeezed) > 0 {
		t.Errorf("squeezed: %q", s.Squeezed)
	}
	if s.Wide > 0 {
		t.Errorf("the page is %g too wide", s.Wide)
	}
}

// report runs specs and returns the HTML report of the run, and what was told meanwhile.
func report(t *testing.T, specs map[string]string, want int) (file, told string) {
	t.Helper()
	t.Chdir(t.TempDir())
	args := []string{"run", "--report", "html=report.html", "--report", "json=report.json"}
	for name, spec := range specs {
		if err := os.WriteFile(name, []byte(spec), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), args, nil, &stdout, &stderr); code != want {
		t.Fatalf("exit %d: %s%s", code, stdout.String(), stderr.String())
	}
	return "report.html", stderr.String()
}

func TestTheReportOfARunInChromium(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/hostile" {
			_, _ = io.WriteString(w, `{"name":"</pre><script>document.title='taken'</script><img src=x onerror=alert(1)>","long":"`+
				strings.Repeat("x", 3000)+`"}`)
			return
		}
		_, _ = io.WriteString(w, `{"id":7,"name":"Ada","tags":["admin","staff"],"address":{"city":"London"}}`)
	}))
	defer api.Close()
	file, _ := report(t, map[string]string{"users.qube.yaml": `target: ` + api.URL + `
tests:
  - { name: log in, alias: auth, method: POST, resource: /login, body: { user: ada }, expect: { status: 2xx, body: { id: is int } } }
  - { name: read my profile, resource: "/users/{{ auth.response.body.id }}",
      expect: { status: 200, body: { name: Grace, tags: [admin], address.city: London } } }
  - GET /users -> 200
  - { name: nobody listens, target: "http://127.0.0.1:1", resource: / }
  - { name: "later <b>maybe</b>", resource: /, skip: true }
`, "hostile.qube.yaml": `target: ` + api.URL + `
tests:
  - { name: "<script>document.title='taken'</script>", resource: /hostile, expect: { body: { name: "<img src=x onerror=alert(1)>" } } }
`}, exitFailed)
	p := newPage(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{1280, 420} {
			p.show(file, scheme, width)
			var s seen
			p.eval(look, &s)
			s.readable(t, scheme)
			if !strings.HasPrefix(s.Title, "speclens: 2 passed, 2 failed, 1 errored, 1 skipped") {
				t.Errorf("the title is %q", s.Title)
			}
			for _, part := range []string{"users.qube.yaml", "read my profile", `body.name: expected "Grace", got "Ada"`, "→ Sent GET"} {
				if !strings.Contains(s.Text, part) {
					t.Errorf("%q is not to be seen", part)
				}
			}
			p.picture(fmt.Sprintf("run-%s-%d.png", scheme, width))
		}
	}
	shown := func() (n int) {
		p.eval(`[...document.querySelectorAll('details.test')].filter(d => d.getClientRects().length).length`, &n)
		return n
	}
	if n := shown(); n != 6 {
		t.Errorf("%d tests are shown", n)
	}
	p.eval(`document.querySelector('input[value=passed]').click()`, nil)
	if n := shown(); n != 4 {
		t.Errorf("without those that passed %d tests are shown", n)
	}
	p.eval(`(() => { const s = document.querySelector('input[type=search]'); s.value = 'GRACE'; s.dispatchEvent(new Event('input')) })()`, nil)
	if n := shown(); n != 1 {
		t.Errorf("%d tests have Grace in them", n)
	}
	p.quiet(file)
}

func TestTheReportOfALoadInChromium(t *testing.T) {
	var calls atomic.Int64
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		time.Sleep(time.Duration(4+3*math.Sin(float64(n)/60)) * time.Millisecond)
		switch {
		case n%29 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n%47 == 0:
			time.Sleep(40 * time.Millisecond)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	defer api.Close()
	file, told := report(t, map[string]string{"load.qube.yaml": `mode: load
target: ` + api.URL + `
load:
  duration: 6s
  rps: 120
  rampUp: 2s
  scenarios:
    browse: { weight: 3, tests: [list, read] }
    order: { weight: 1, tests: [create] }
  thresholds:
    duration: { p95: "< 1s", p99: "< 2ms" }
    errors: { rate: "< 20%" }
tests:
  - { name: list products, alias: list, resource: /products, expect: { status: 200 } }
  - { name: read a product, alias: read, resource: /products/1, expect: { status: 200 } }
  - { name: create an order, alias: create, method: POST, resource: /orders, body: { product: 1 }, expect: { status: 200 } }
`}, exitFailed)
	if !strings.HasPrefix(told, "load.qube.yaml: load: 5.0 s of 6.0 s · ") {
		t.Errorf("without a terminal the load tells %q", told)
	}
	p := newPage(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{1280, 420} {
			p.show(file, scheme, width)
			var s seen
			p.eval(look, &s)
			s.readable(t, scheme)
			var titles []string
			for _, c := range s.Charts {
				titles = append(titles, c.Title)
				if c.Width < 200 || c.Height < 60 || c.Marks == 0 || c.Outside+c.Dim+c.Over > 0 || c.Legend == 0 {
					t.Errorf("%s at %d: %+v", scheme, width, c)
				}
				if c.Flat && c.Title != "Distribution" {
					t.Errorf("the chart %s is a flat line", c.Title)
				}
			}
			if got := strings.Join(titles, ", "); got != "Latency, Throughput, Errors, Distribution" {
				t.Errorf("charts: %s", got)
			}
			for _, part := range []string{"duration.p99 < 2ms", "browse", "create an order", "requests/s"} {
				if !strings.Contains(s.Text, part) {
					t.Errorf("%q is not to be seen", part)
				}
			}
			p.picture(fmt.Sprintf("load-%s-%d.png", scheme, width))
		}
	}
	p.quiet(file)
	if dir := os.Getenv("SPECLENS_SHOTS"); dir != "" {
		content, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(dir+"/load.html", content, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
}
