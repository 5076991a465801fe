package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange/k6/k6test"
	"github.com/speclens/speclens/cmd/speclens/internal/output"
)

// k6API is the API that specs are run against, by speclens and by k6. It writes down what arrives.
type k6API struct {
	*httptest.Server
	// other is a second origin.
	other *httptest.Server

	mu    sync.Mutex
	seen  []string       // guarded by mu
	tries map[string]int // guarded by mu
}

func newK6API(t *testing.T) *k6API {
	a := &k6API{tries: map[string]int{}}
	a.Server = httptest.NewServer(http.HandlerFunc(a.serve))
	a.other = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(a.Close)
	t.Cleanup(a.other.Close)
	return a
}

// take is what arrived since it was asked last, sorted; tries begin anew.
func (a *k6API) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := a.seen
	a.seen, a.tries = nil, map[string]int{}
	slices.Sort(seen)
	return seen
}

func (a *k6API) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	line := r.Method + " " + r.RequestURI
	for _, name := range []string{"Content-Type", "Authorization", "Cookie", "X-A", "X-Api-Key"} {
		if v := r.Header.Get(name); v != "" {
			line += " " + name + "=" + v
		}
	}
	if r.URL.Path != "/made-up" {
		line += " " + string(body)
	}
	a.seen = append(a.seen, line)
	a.tries[r.URL.Path]++
	tries := a.tries[r.URL.Path]
	a.mu.Unlock()
	answer := func(status int, contentType, text string) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	switch path := r.URL.Path; {
	case path == "/login":
		w.Header()["Set-Cookie"] = []string{"a=1; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT", "b=2"}
		answer(200, "application/json",
			`{"token": "t0k/é", "id": 9007199254740993, "price": 1.50, "title": "is string",
			"list": [{"id": 1}, {"id": 2}], "a.b": {"c": null}, "ip": "::1"}`)
	case strings.HasPrefix(path, "/flaky"):
		answer(200, "application/json", fmt.Sprintf(`{"ready": %t, "n": %d}`, tries >= 3, tries))
	case path == "/slow":
		select {
		case <-time.After(5 * time.Second):
		case <-r.Context().Done():
		}
	case path == "/steady":
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(ms) * time.Millisecond)
		answer(200, "text/plain", "ok")
	case path == "/latin1":
		answer(200, "text/plain; charset=iso-8859-1", "caf\xe9")
	case path == "/empty":
		w.WriteHeader(204)
	case path == "/bad":
		answer(500, "text/plain", "42")
	case path == "/not-json":
		answer(200, "application/json", `{"id": `)
	case strings.HasPrefix(path, "/redirect/"):
		http.Redirect(w, r, "../"+strings.TrimPrefix(path, "/redirect/")+"?from=here", http.StatusFound)
	case path == "/keep":
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	case path == "/away":
		http.Redirect(w, r, a.other.URL+"/echo", http.StatusMovedPermanently)
	case path == "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	default:
		w.Header()["X-Many"] = []string{"1", "2"}
		answer(200, "application/json; charset=utf-8", `{"method": "`+r.Method+`", "path": "`+r.URL.Path+`"}`)
	}
}

// k6Specs writes the files of an archive, with the API's addresses in place of their marks.
func k6Specs(t *testing.T, a *k6API, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		content := strings.NewReplacer("@API@", a.URL, "@OTHER@", a.other.URL).Replace(string(f.Data))
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// counted are checks by test and path, with how many passed and failed.
type counted map[string][2]int

// add counts a check by its path, and by all of its expression: that one is the same in k6 unless a template is in it,
// which speclens resolves and k6, whose checks must not have thousands of names, does not.
func (c counted) add(test, expression string, passed bool) {
	path, _, _ := strings.Cut(expression, " = ")
	for _, key := range []string{test + ": " + path, test + ": " + expression} {
		key = strings.ReplaceAll(key, "::", ": :")
		n := c[key]
		if passed {
			n[0]++
		} else {
			n[1]++
		}
		c[key] = n
	}
}

// differences are those between the checks of speclens and of k6.
func (c counted) differences(k6 counted) string {
	local, remote := counted{}, counted{}
	for key, n := range k6 {
		if !strings.Contains(key, " = ") || !strings.Contains(key, "{{") {
			remote[key] = n
			local[key] = c[key]
		}
	}
	for key, n := range c {
		if !strings.Contains(key, " = ") {
			local[key] = n
		}
	}
	return cmp.Diff(local, remote)
}

// localRun is what speclens makes of specs.
type localRun struct {
	code     int
	checks   counted
	statuses map[string]int
	loads    []output.LoadReport
	sent     []string
}

func runLocally(t *testing.T, a *k6API, dir string) localRun {
	t.Helper()
	var stdout, stderr bytes.Buffer
	l := localRun{checks: counted{}, statuses: map[string]int{}}
	a.take()
	l.code = Main(context.Background(), []string{"run", dir, "-o", "json", "--plugins", t.TempDir()}, strings.NewReader(""), &stdout, &stderr)
	l.sent = a.take()
	if l.code > exitFailed {
		t.Fatalf("run: code %d\n%s", l.code, stderr.String())
	}
	for line := range bytes.Lines(stdout.Bytes()) {
		var of struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(line, &of); err != nil {
			t.Fatal(err)
		}
		switch of.Type {
		case "LoadCompleted":
			var r output.LoadReport
			if err := json.Unmarshal(of.Payload, &r); err != nil {
				t.Fatal(err)
			}
			l.loads = append(l.loads, r)
		case "TestCompleted":
			var r struct {
				Name, Status string
				Assertions   []struct {
					Expression string
					Passed     bool
				}
				Request struct{ Method, Resource string }
			}
			if err := json.Unmarshal(of.Payload, &r); err != nil {
				t.Fatal(err)
			}
			l.statuses[r.Status]++
			if r.Name == "" {
				r.Name = r.Request.Method + " " + r.Request.Resource
			}
			for _, c := range r.Assertions {
				l.checks.add(r.Name, c.Expression, c.Passed)
			}
		}
	}
	return l
}

// export writes the script of specs.
func exportForK6(t *testing.T, dir string, flags ...string) (script, log string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.js")
	var stdout, stderr bytes.Buffer
	args := append([]string{"export", "k6", dir, "-o", file, "--plugins", t.TempDir()}, flags...)
	if code := Main(context.Background(), args, strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Fatalf("export: code %d\n%s", code, stderr.String())
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content), stderr.String()
}

func k6Checks(o k6test.Outcome) counted {
	c := counted{}
	for _, p := range o.Points {
		if p.Metric == "checks" {
			c.add(p.Tags["name"], p.Tags["check"], p.Value == 1)
		}
	}
	return c
}

// sameRun compares a run of speclens with one of k6 in which every test runs once.
func sameRun(t *testing.T, a *k6API, archive string, variables ...string) k6test.Outcome {
	t.Helper()
	dir := k6Specs(t, a, archive)
	local := runLocally(t, a, dir)
	script, _ := exportForK6(t, dir)
	o := k6test.Run(t, script, variables...)
	sent := a.take()
	if diff := cmp.Diff(local.sent, sent); diff != "" {
		t.Errorf("requests of speclens (-) and k6 (+):\n%s", diff)
	}
	if diff := local.checks.differences(k6Checks(o)); diff != "" {
		t.Errorf("checks of speclens (-) and k6 (+):\n%s\n%s", diff, o.Log)
	}
	if got, want := o.Sum("error_count"), local.statuses["failed"]+local.statuses["errored"]; got != float64(want) {
		t.Errorf("%g errors in k6, %d in speclens %v\n%s", got, want, local.statuses, o.Log)
	}
	if got, want := o.Sum("iterations"), 1.0; got != want {
		t.Errorf("%g iterations", got)
	}
	if want := map[int]int{exitOK: 0, exitFailed: 99}[local.code]; o.Code != want {
		t.Errorf("k6 ended with code %d, speclens with %d\n%s", o.Code, local.code, o.Log)
	}
	if strings.Contains(o.Log, "Error") || strings.Contains(o.Log, "Request Failed") {
		t.Errorf("k6 says\n%s", o.Log)
	}
	return o
}

const k6LanguageSpecs = `
-- .qube.yaml --
targets: { api: "@API@" }
defaults: { headers: { X-A: from the configuration }, timeout: 10s }
env: { WHO: ada, STAGE: test, WANT: "> 1", WHICH: api, API_URL: "@API@" }
-- a/login.qube.yaml --
target: api
tests:
  - name: log in
    alias: auth
    method: POST
    resource: /login
    body: { user: "{{ env.WHO.ToUpper() }}", n: 12345678901234567890, price: 1.50, nested: [1, true, null, "<&>"] }
    expect:
      status: [200, 3xx]
      headers:
        content-type: application/json
        Set-Cookie: "matches ^b=2$"
        X-Missing: notExists
      body:
        id: 9007199254740993
        price: "1.50"
        "a.b": { c: null }
        list.#.id: [1, 2]
        "list[-1].id": "{{ env.WANT }}"
        ip: "::1"
        title: { eq: is string }
        token.length: 5
        zzz: exists
      duration: < 5s
    save: { token: response.body.token, first: "response.body.list[0]", cookie: response.headers.set-cookie }
  - name: a saved value is text in text, and keeps its type alone
    method: PUT
    resource: /echo/{{ token.URLEncode() }}?id={{ auth.response.body.id }}
    headers: { Authorization: "Bearer {{ token.Base64() }}", x-a: "" }
    body:
      first: "{{ first }}"
      id: "{{ auth.response.body.id }}"
      price: "{{ auth.response.body.price }}"
      text: "{{ first.id }} {{ auth.response.status }}"
    query: { list: [b, 1.50, true, null], a: "ä b&", none: null }
    expect: { status: 2xx, body: { method: "{{ env.METHOD.Default('PUT') }}", path: contains echo } }
  - name: a literal is no operator
    resource: /login
    expect: { body: { title: "{{ auth.response.body.title }}", id: "{{ auth.response.body.id }}" } }
  - name: what cannot be resolved stays
    method: POST
    resource: /echo
    body: "{{ nothing.at.all }} and {{ env.NO_SUCH }}"
    expect: { status: 200 }
-- flow.qube.yaml --
target: "@API@"
defaults: { headers: { X-A: from the file } }
tests:
  - name: retried until
    resource: /flaky/1
    retry: { maxAttempts: 5, interval: 10ms, until: { body: { ready: true } } }
    expect: { status: 200, body: { n: 3 } }
  - name: retried until it passes
    resource: /flaky/2
    retry: { maxAttempts: 5, interval: 10 }
    expect: { body: { ready: true } }
  - name: never ready
    resource: /flaky/3
    retry: { maxAttempts: 2, until: { body: { ready: true, n: "> 5" } } }
    expect: { status: 200 }
  - { name: not run, resource: /echo, skip: true, alias: skipped }
  - { name: needs what was not run, resource: "/echo/{{ skipped.response.status }}" }
  - { name: does without, resource: "/echo/{{ skipped.response.status.Default('none') }}", expect: { status: 200 } }
  - { name: when it holds, resource: /echo/when, when: "{{ env.STAGE }} oneOf test, dev", expect: { status: 200 } }
  - { name: when it does not hold, resource: /echo/never, when: "{{ env.STAGE }} == prod" }
  - { name: when nothing is there, resource: /echo/nothing, when: "{{ env.NO_SUCH }}" }
  - { name: when it is no condition, resource: /echo/nothing, when: "{{ env.STAGE }} equals test" }
  - name: a row for {{ matrix.who }}
    resource: /echo/{{ who }}/{{ matrix.n }}
    alias: rows
    matrix: [{ who: ada, n: 1 }, { who: "{{ env.WHO.Capitalize() }}", n: 2.0 }]
    expect: { status: 200, body: { path: "/echo/{{ who }}/{{ n }}" } }
  - { name: after the rows, depends: [rows], resource: "/echo/{{ rows.response.body.path.Split('/').Join('-') }}", expect: { status: 200 } }
  - { name: fails, alias: failing, resource: /bad, expect: { status: "< 500", body: { ".": "> 41" } } }
  - { name: runs after a failure, depends: [failing], resource: "/echo/{{ failing.response.body }}", expect: { status: 200 } }
  - { name: errs, alias: erring, resource: /slow, timeout: 100ms, expect: { status: 200 } }
  - { name: needs what erred, resource: "/echo/{{ erring.response.status }}" }
  - { name: a timeout that is none, resource: /echo, timeout: soon }
  - { name: nobody listens, target: "http://127.0.0.1:9", resource: /x, expect: { status: 200 } }
  - { name: no such target, target: nowhere, resource: /x }
  - GET /empty -> 204
  - { name: no body, resource: /empty, expect: { body: { ".": null } } }
  - { name: not json, resource: /not-json, expect: { body: { ".": "contains id" } } }
  - { name: "a :: b </script>\u2028\\u0060${1}", resource: "/echo/é ü", expect: { body: { path: "is string" } } }
  - { name: a wrong query, resource: /echo, query: [1] }
  - name: a form
    method: POST
    resource: /echo
    headers: { content-type: application/x-www-form-urlencoded }
    body: "a=1&b=2"
    expect: { status: 200 }
  - { name: a whole address, resource: /ignored, url: "@OTHER@/echo/whole", expect: { body: { path: /echo/whole } } }
  - { name: a target from a variable, target: "{{ env.API_URL }}/below/", resource: //echo, expect: { body: { path: /below/echo } } }
  - { name: the name of a target from a variable, target: "{{ env.WHICH }}", resource: echo/named, expect: { status: 200 } }
  - { name: a target that is no address, target: "{{ env.STAGE }}", resource: /x, expect: { status: 200 } }
  - { name: the last status, method: purge, resource: /echo, expect: { status: { gte: 200, lt: 300 }, headers: { x-many: "1, 2" } } }
  - { name: a pattern, resource: /login, expect: { body: { token: "matches ^t\\d[^a-j/]/\\pL$", title: { matches: "(?i)IS .*ING" } } } }
-- redirects.qube.yaml --
target: "@API@"
tests:
  - { name: followed, method: POST, resource: /redirect/echo, body: x, expect: { status: 200, body: { method: GET, path: /echo } } }
  - { name: kept, method: POST, resource: /keep, body: { a: 1 }, expect: { status: 200, body: { method: POST } } }
  - { name: not followed, resource: /redirect/x, followRedirects: false, expect: { status: 302, headers: { location: contains /x } } }
  - { name: too many, resource: /loop, maxRedirects: 2, expect: { status: 302 } }
  - name: credentials stay
    resource: /away
    headers: { Authorization: Bearer x, X-Api-Key: k, X-A: stays }
    expect: { status: 200 }
  - { name: a body does not go away, method: PUT, resource: /keep, body: x, expect: { status: 200 } }
-- scenario.qube.yaml --
target: "@API@"
mode: scenario
tests:
  - { name: first, resource: /echo/first, expect: { status: 200 } }
  - { name: second, resource: "/echo{{ prev.response.body.path }}", expect: { status: 200 } }
  - { name: in between, resource: /echo/no, skip: true }
  - { name: third, resource: "/echo/{{ prev.name.SnakeCase() }}", expect: { status: 200 } }
  - { name: fourth, resource: /slow, timeout: 50ms }
  - { name: fifth, resource: "/echo/{{ prev.response.status }}" }
`

func TestK6RunsTheSpecsOfTheWholeLanguageAsSpeclensDoes(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	o := sameRun(t, a, k6LanguageSpecs, "WHO=ada", "STAGE=test", "WANT=> 1", "WHICH=api", "API_URL="+a.URL)
	if got := len(k6Checks(o)); got < 100 {
		t.Errorf("only %d checks were compared", got)
	}
}

func TestK6MakesUpDataOfTheSameForms(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	var tests strings.Builder
	for field, pattern := range map[string]string{
		"fake.name": `^[A-Z][a-z]+ [A-Z][a-z]+$`, "fake.email": `^[a-z]+\.[a-z]+\d+@example\.(com|net|org)$`,
		"fake.uuid":  `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"fake.phone": `^\+1[2-9]\d{2}55501\d{2}$`, "fake.url": `^https://www\.[a-z]+\.example/[a-z]+/[a-z]+$`,
		"fake.company": `^[A-Z][a-z]+ [A-Z][a-z]+ `, "fake.city": `^[A-Z][a-z]+$`,
		"fake.country": `^[A-Z]`, "fake.color": `^[a-z]+$`, "fake.word": `^[a-z]+$`,
		"fake.address": `^\d+ [A-Z][a-z]+ [A-Z][a-z]+, [A-Z][a-z]+ \d{5}$`, "fake.bool": `^(true|false)$`,
		"fake.sentence.3": `^[A-Z][a-z]+ [a-z]+ [a-z]+\.$`, "fake.password.20": `^[!-~]{20}$`, "fake.int.5.7": `^[567]$`,
		"fake.int.-9223372036854775808.9223372036854775807":  `^-?\d+$`,
		"fake.uint.9223372036854775808.18446744073709551615": `^\d{19,20}$`, "fake.float(0.5, 0.75)": `^0\.[5-7]\d*$`,
		"fake.date": `^\d{4}-\d\d-\d\d$`, "fake.date.RFC3339": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
		"fake.date.RFC1123":                  `^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d UTC$`,
		"fake.date(2006-Jan-_2 3:04PM .000)": `^\d{4}-[A-Z][a-z]{2}-[ \d]\d \d{1,2}:\d\d[AP]M \.000$`, "fake.date.Unix": `^\d+$`,
		`regex('[A-F]{3}-\d{4}(x|yz)?[^a-z]\pL?')`: `^[A-F]{3}-\d{4}(x|yz)?[^a-z]\pL?$`,
	} {
		if strings.HasPrefix(field, "regex") {
			fmt.Fprintf(&tests, "  - name: %q\n    resource: /made-up\n    when: %q\n    method: POST\n    body: x\n    expect: { status: 200 }\n",
				field, "{{ "+field+" }} matches "+pattern)
			continue
		}
		fmt.Fprintf(&tests, "  - name: %q\n    resource: /made-up\n    when: %q\n    method: POST\n    body: x\n    expect: { status: 200 }\n",
			field, "{{ "+field+" }} matches "+pattern)
	}
	sameRun(t, a, "-- fake.qube.yaml --\ntarget: \"@API@\"\ntests:\n"+tests.String())
}

// What other tests prepare for a load runs once, in setup, and hands its values over exactly.
func TestK6RunsWhatALoadNeedsOnce(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	dir := k6Specs(t, a, `
-- .qube.yaml --
targets: { api: "@API@" }
-- a.qube.yaml --
target: api
tests:
  - { alias: auth, method: POST, resource: /login, expect: { status: 200 }, save: { id: response.body.id } }
-- load.qube.yaml --
target: api
mode: load
load: { users: 4, thresholds: { requests: { count: 4 }, duration: { p99: 5s } } }
tests:
  - { name: use it, resource: "/echo/{{ id }}/{{ auth.response.body.price }}", expect: { status: 200 } }
-- z.qube.yaml --
target: api
depends: [load.qube.yaml]
tests:
  - { name: clean up, method: DELETE, resource: "/echo/{{ id }}", expect: { status: 200 } }
`)
	local := runLocally(t, a, dir)
	script, _ := exportForK6(t, dir)
	o := k6test.Run(t, script)
	sent := a.take()
	if diff := cmp.Diff(local.sent, sent); diff != "" || len(sent) != 6 {
		t.Errorf("requests of speclens (-) and k6 (+):\n%s", diff)
	}
	if local.code != exitOK || o.Code != 0 {
		t.Errorf("codes %d and %d\n%s%s", local.code, o.Code, o.Out, o.Log)
	}
	if got := o.Sum("http_reqs", "scenario", "load"); got != 4 {
		t.Errorf("%g requests of the load", got)
	}
}

func TestAFailureEndsARunInK6WhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	o := sameRun(t, a, `
-- .qube.yaml --
runner: { failFast: true, parallel: false }
-- a.qube.yaml --
target: "@API@"
tests:
  - { name: one, resource: /echo/1, expect: { status: 200 } }
  - { name: two, resource: /echo/2, expect: { status: 404 } }
  - { name: three, resource: /echo/3, expect: { status: 200 } }
`)
	if got := o.Sum("http_reqs"); got != 2 {
		t.Errorf("%g requests", got)
	}
}

// No value of the environment is in the script or in what k6 says of failures, and no text of a spec is code.
func TestK6ScriptsHoldNoSecretsAndNoForeignCode(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	hostile := `"</script><!-- ${process.exit()} \u0060 \\ '); throw new Error('injected'); //\u2028\u2029\r\n*/ :: {{"`
	dir := k6Specs(t, a, `
-- .env --
TOKEN=s3cret-value-of-the-token
-- .qube.yaml --
env: { OTHER: another-s3cret }
environments: { staging: { env: { THIRD: third-s3cret } } }
-- a.qube.yaml --
target: "@API@"
tests:
  - name: `+hostile+`
    method: POST
    resource: /echo
    headers: { Authorization: "Bearer {{ env.TOKEN }}", X-A: "{{ env.OTHER }} {{ env.THIRD }}" }
    body: { `+hostile+`: `+hostile+`, __proto__: { polluted: true } }
    expect:
      status: 200
      body: { method: "{{ env.TOKEN }}", `+hostile+`: `+hostile+`, path: "{{ env.TOKEN.Base64() }}" }
  - name: nobody listens
    target: "http://127.0.0.1:9"
    resource: "/x?token={{ env.TOKEN }}"
`)
	script, _ := exportForK6(t, dir, "--env", "staging")
	for _, bad := range []string{"s3cret", "</script", "<!--", "\u2028", "\u2029"} {
		if strings.Contains(script, bad) {
			t.Errorf("the script holds %q", bad)
		}
	}
	o := k6test.Run(t, script, "TOKEN=s3cret-value-of-the-token", "OTHER=another-s3cret", "THIRD=third-s3cret")
	sent := a.take()
	if len(sent) != 1 || !strings.Contains(sent[0], "Authorization=Bearer s3cret-value-of-the-token") || !strings.Contains(sent[0],
		`"__proto__":{"polluted":true}`) ||
		!strings.Contains(sent[0], "throw new Error('injected')") {
		t.Errorf("sent %q", sent)
	}
	for _, p := range o.Points {
		for tag, v := range p.Tags {
			if strings.Contains(v, "s3cret") {
				t.Errorf("%s has the tag %s=%s", p.Metric, tag, v)
			}
		}
	}
	if o.Code != 99 || strings.Contains(o.Log, "Request Failed") || strings.Contains(o.Log+o.Out, "s3cret") || strings.Contains(o.Log+o.Out,
		"czNjcmV0") || !strings.Contains(o.Log, "failed: ") {
		t.Errorf("code %d\n%s\n%s", o.Code, o.Log, o.Out)
	}
}

func TestK6SaysThatAResponseIsNotUTF8(t *testing.T) {
	t.Parallel()
	k6test.Need(t)
	a := newK6API(t)
	script, _ := exportForK6(t, k6Specs(t, a, `
-- a.qube.yaml --
target: "@API@"
tests: [{ name: coffee, resource: /latin1, expect: { body: { ".": "contains caf" } } }]
`))
	o := k6test.Run(t, script)
	if o.Code != 0 || !strings.Contains(o.Log, "a response is text/plain; charset=iso-8859-1, which k6 reads as UTF-8") {
		t.Errorf("code %d\n%s", o.Code, o.Log)
	}
}

func TestWhatK6CannotDoIsSaid(t *testing.T) {
	t.Parallel()
	a := newK6API(t)
	dir := k6Specs(t, a, `
-- a.qube.yaml --
target: "@API@"
tests:
  - alias: one
    resource: /echo/one
    expect: { status: 200, events: [Sent] }
  - alias: two
    resource: "/echo/{{ one.events.0.kind }}"
  - alias: three
    resource: /echo/three
    save: { t: response.metadata.timings_ms, e: events.0.kind, n: body.id }
  - alias: four
    resource: /echo/four
    expect: { body: "{{ t }}", headers: { X-Many: ["1", "2"] } }
  - alias: five
    resource: /echo/five
    retires: 3
    expect: { body: { path: "matches {{ env.P }}" } }
  - alias: six
    resource: /echo/six
    expect: "{{ t }}"
-- b.qube.yaml --
target: "@API@"
mode: load
load:
  rps: 10
  stages: [{ duration: 100ms, users: 2 }, { duration: 100ms, users: 1 }]
  thresholds: { dropped: { rate: '< 1', count: '< 4' }, requests: { count: 'oneOf 1, 2' } }
tests:
  - { resource: /echo/1, retry: { maxAttempts: 2 } }
  - { resource: /echo/2 }
-- c.qube.yaml --
target: "@API@"
mode: load
tests: [GET /echo/other -> 200]
`)
	var stdout, stderr bytes.Buffer
	file := filepath.Join(t.TempDir(), "no.js")
	if code := Main(context.Background(), []string{"export", "k6", dir, "-o", file, "--plugins", t.TempDir()}, strings.NewReader(""),
		&stdout, &stderr); code != exitBroken {
		t.Errorf("code %d\n%s", code, stderr.String())
	}
	if _, err := os.Stat(file); err == nil || stdout.Len() > 0 {
		t.Error("something was written")
	}
	said := stderr.String()
	for _, want := range []string{
		"a.qube.yaml:5:37: error: k6 reports no events, so the expectation on them is left out",
		"a.qube.yaml:7:25: error: k6 reports no events, so that {{ one.events.0.kind }} has no value",
		"a.qube.yaml:10:16: error: the script knows `bytes`, `proto`, `remote`, `url` and `redirects` of the metadata, and not `timings_ms`",
		"a.qube.yaml:10:49: error: k6 reports no events, so that `events.0.kind` cannot be saved",
		"a.qube.yaml:10:67: warning: the path `body.id` begins with neither response. nor events., so nothing is saved",
		"a.qube.yaml:13:15: error: a template makes all of `body`, and k6 has to know what is checked",
		"a.qube.yaml:13:43: warning: k6 joins the values of a repeated header",
		"a.qube.yaml:16:5: warning: the http plugin has no field `retires`, so it is left out",
		"a.qube.yaml:17:23: warning: a template makes the pattern `{{ env.P }}`",
		"a.qube.yaml:20:13: error: a template makes the whole `expect`, and k6 has to know what is checked",
		"b.qube.yaml:4:3: warning: with `rps`, k6 keeps as many users as the largest of the `stages`",
		"b.qube.yaml:6:34: warning: threshold dropped.rate: k6 counts what it drops and has no share of it",
		"b.qube.yaml:6:48: warning: threshold dropped.count: k6 counts iterations, which have 2 requests each",
		"b.qube.yaml:6:76: warning: threshold requests.count: k6 compares with one number, so `oneOf 1, 2` is left out",
		"b.qube.yaml:8:5: warning: k6's http_reqs and http_req_duration count every attempt of a `retry`",
		"c.qube.yaml:2:7: error: a k6 script holds one load, and this is another one; export them one by one",
		"speclens: nothing was written; --partial leaves out what k6 cannot do",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %s", want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
	script, log := exportForK6(t, dir, "--partial")
	for line := range strings.Lines(log) {
		where, message, _ := strings.Cut(strings.TrimSpace(line), ": error: ")
		if message == "" {
			where, message, _ = strings.Cut(strings.TrimSpace(line), ": warning: ")
		}
		if !strings.Contains(script, "//   "+where+": "+message) {
			t.Errorf("the script does not say %s", line)
		}
	}
	a.take()
	o := k6test.Run(t, script)
	var sent []string
	for _, line := range a.take() {
		sent = append(sent, strings.TrimSpace(line))
	}
	slices.Sort(sent)
	if got, want := slices.Compact(sent), []string{"GET /echo/1", "GET /echo/2", "GET /echo/five", "GET /echo/one"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q\n%s", got, want, o.Log)
	}
}

func TestProtocolsThatK6DoesNotSpeakAreErrors(t *testing.T) {
	dir, plugins := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.qube.yaml"), []byte("target: ftp://127.0.0.1\ntests: [{ name: x, resource: /y }]\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	// No plugin serves it: speclens makes it an error of the test when it runs, and so does the script.
	if code := Main(context.Background(), []string{"export", "k6", dir, "--plugins", plugins}, strings.NewReader(""), &stdout,
		&stderr); code != exitOK ||
		!strings.Contains(stdout.String(), "no plugin serves the protocol `ftp`") {
		t.Errorf("code %d\n%s%s", code, stdout.String(), stderr.String())
	}
}

func TestExportingForK6NamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good, bad := write("good.qube.yaml", "tests: []\n"), write("bad.qube.yaml", "tests: [{ depends: [nobody] }]\n")
	for _, tt := range []struct {
		name string
		args []string
		want string
		code int
	}{
		{"a broken spec", []string{bad}, "bad.qube.yaml:1:21: error: ", exitBroken},
		{"a file that does not exist", []string{filepath.Join(dir, "none.yaml")}, "export ", exitBroken},
		{"an unknown environment", []string{good, "--env", "none"}, "no configuration has an environment", exitBroken},
		{"a folder as the file to write", []string{good, "-o", dir}, "write the script: ", exitBroken},
		{"no spec", nil, "requires at least 1 arg", exitBroken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Main(context.Background(), append([]string{"export", "k6", "--plugins", t.TempDir()}, tt.args...), strings.NewReader(""),
				&stdout, &stderr)
			if code != tt.code || !strings.Contains(stderr.String(), tt.want) || stdout.Len() > 0 {
				t.Errorf("code %d\n%s%s", code, stdout.String(), stderr.String())
			}
		})
	}
	if code := Main(context.Background(), []string{"export", "k6", good}, strings.NewReader(""), failingWriter{},
		io.Discard); code != exitBroken {
		t.Errorf("a script that cannot be written: code %d", code)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

var update = flag.Bool("update", false, "write what was made into the golden files")

// TestK6ScriptsReadLikeTheirSpecs compares what is written for the specs of testdata/k6, which is all but the runtime.
func TestK6ScriptsReadLikeTheirSpecs(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/k6/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), ""
			var specs []txtar.File
			for _, f := range archive.Files {
				if f.Name == "script.js" {
					want = string(f.Data)
					continue
				}
				specs = append(specs, f)
				if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			script, _ := exportForK6(t, dir)
			head, _, ok := strings.Cut(script, "\n// -----")
			if !ok {
				t.Fatal("the script has no runtime")
			}
			got := strings.ReplaceAll(head, filepath.ToSlash(dir)+"/", "") + "\n"
			if *update {
				archive.Files = append(specs, txtar.File{Name: "script.js", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the script differs, -update writes it: %s", diff)
			}
			for _, m := range regexp.MustCompile(`(?m)^import .* from (.*);$`).FindAllStringSubmatch(script, -1) {
				if !strings.HasPrefix(m[1], `"k6`) {
					t.Errorf("the script imports %s, which a machine of the operator does not have", m[1])
				}
			}
			if again, _ := exportForK6(t, dir); again != script {
				t.Error("the same specs gave another script")
			}
			for n, line := range strings.Split(got, "\n") {
				if len(line) > 180 {
					t.Errorf("line %d has %d bytes", n+1, len(line))
				}
			}
		})
	}
}
