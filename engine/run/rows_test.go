package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

// The rows_*_test.go files are the definition of the language as tests: every row of its tables and every sentence of its
// lists has one that bears its name. Each runs specs against a real server, through the whole runner.

// row is one row or sentence with specs that show it.
type row struct {
	// name begins with the key or the word that the row is about.
	name string
	// was is what the original runner did where the language has changed since. The row then holds a case that comes out
	// differently.
	was string
	// files are one spec, or several files as txtar; @API@ is the server's URL, @HOST@
	// its host and port. What stands before the first header, or
	// all without a header, is `a.yaml`.
	files string
	// process is the process environment, which the user allowed to be read.
	process     map[string]string
	environment string
	sel         Selection
	opts        Options
	// want are the outcomes of all tests in plan order, as "name status".
	want []string
	// says are parts of what is told about tests, by name: their errors, their warnings, their failed expectations.
	says map[string][]string
	// silent are tests about which nothing is told.
	silent []string
	// sent are the requests that reached the server, as "METHOD URL", in order; nil where the row is not about them, empty
	// where there are none.
	sent []string
	// faults are what keeps files from being run, as "file:line:column code part of the message". Every row without faults
	// has none.
	faults []string
	// hints are other findings of the checker, in the same form.
	hints []string
	check func(t *testing.T, r *Report, a *api)
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	seen := map[string]bool{}
	for _, tt := range rows {
		if seen[tt.name] {
			t.Errorf("two rows are named %q", tt.name)
		}
		seen[tt.name] = true
		t.Run(tt.name, func(t *testing.T) { t.Parallel(); tt.run(t) })
	}
}

func (tt row) run(t *testing.T) {
	a := newAPI(t, (&rowServer{}).serve)
	archive := txtar.Parse([]byte(strings.NewReplacer("@API@", a.URL, "@HOST@", strings.TrimPrefix(a.URL, "http://")).Replace(tt.files)))
	var files []string
	if len(bytes.TrimSpace(archive.Comment)) > 0 {
		files = append(files, "a.yaml", string(archive.Comment))
	}
	for _, f := range archive.Files {
		files = append(files, f.Name, string(f.Data))
	}
	b := newBench(t, files...)
	if tt.environment != "" {
		b.session.SetEnvironment(b.uri("a.yaml"), tt.environment)
	}
	b.opts = tt.opts
	b.opts.LookupEnv = func(name string) (string, bool) {
		v, ok := tt.process[name]
		return strings.ReplaceAll(v, "@API@", a.URL), ok
	}
	sel := tt.sel
	sel.URIs = slices.Clone(sel.URIs)
	for i, name := range sel.URIs {
		sel.URIs[i] = b.uri(name)
	}
	sel.Tests = slices.Clone(sel.Tests)
	for i := range sel.Tests {
		sel.Tests[i].URI = b.uri(sel.Tests[i].URI)
	}
	r := b.run(sel)
	wantStatuses(t, r, tt.want...)
	for name, parts := range tt.says {
		wantIn(t, name, told(result(t, r, name)), parts...)
	}
	for _, name := range tt.silent {
		if got := told(result(t, r, name)); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if tt.sent != nil && !slices.Equal(a.got(), tt.sent) {
		t.Errorf("requests = %q\nwant       %q", a.got(), tt.sent)
	}
	tt.findings(t, b, r)
	if tt.check != nil {
		tt.check(t, r, a)
	}
}

// findings compares what the run says with what the checker says.
func (tt row) findings(t *testing.T, b *bench, r *Report) {
	t.Helper()
	snap := b.session.Snapshot()
	var fatal, hints []string
	for doc := range snap.Documents() {
		if doc.Kind == engine.KindOther {
			continue
		}
		for _, d := range analysis.Run(context.Background(), snap, doc.URI) {
			if line := locate(b, doc.URI, d.Span.Start, d.Code, d.Message); d.Fatal {
				fatal = append(fatal, line)
			} else {
				hints = append(hints, line)
			}
		}
	}
	var faults []string
	for _, p := range r.Problems {
		faults = append(faults, locate(b, p.URI, p.Span.Start, p.Code, p.Message))
	}
	if len(tt.sel.Tests)+len(tt.sel.URIs)+len(tt.sel.Tags) == 0 && !slices.Equal(slices.Sorted(slices.Values(fatal)),
		slices.Sorted(slices.Values(faults))) {
		t.Errorf("the checker says\n%s\nthe runner says\n%s", strings.Join(fatal, "\n"), strings.Join(faults, "\n"))
	}
	wantLines(t, "faults", faults, tt.faults, true)
	wantLines(t, "hints", hints, tt.hints, false)
}

// wantLines compares findings with their expected beginnings and parts; all says that there may be no others.
func wantLines(t *testing.T, what string, got, want []string, all bool) {
	t.Helper()
	left := slices.Clone(got)
	for _, w := range want {
		want := append(strings.SplitN(w, " ", 3), "", "")
		i := slices.IndexFunc(left, func(s string) bool {
			got := append(strings.SplitN(s, " ", 3), "", "")
			return got[0] == want[0] && strings.HasPrefix(got[1], want[1]) && strings.Contains(got[2], want[2])
		})
		if i < 0 {
			t.Errorf("%s: %q is not among\n%s", what, w, strings.Join(left, "\n"))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	if all && len(left) > 0 {
		t.Errorf("%s that nobody expects:\n%s", what, strings.Join(left, "\n"))
	}
}

func locate(b *bench, uri string, offset int, code, message string) string {
	name := strings.TrimPrefix(engine.PathFromURI(uri), b.dir+"/")
	line, column := 0, 0
	if doc := b.session.Snapshot().Document(uri); doc != nil {
		line = doc.Text.LineAt(offset)
		column = offset - doc.Text.LineSpan(line).Start
	}
	return fmt.Sprintf("%s:%d:%d %s %s", name, line+1, column+1, code, message)
}

// told is everything that a result has to say.
func told(r *engine.TestResult) string {
	var parts []string
	if r.Error != "" {
		parts = append(parts, r.Error)
	}
	parts = append(parts, r.Warnings...)
	for _, a := range r.Assertions {
		if !a.Passed {
			parts = append(parts, a.Message)
		}
		if a.Note != "" {
			parts = append(parts, a.Note)
		}
	}
	return strings.Join(parts, "\n")
}

// rowServer answers what the path asks for, beside what every api does:
//
//	/json              the request's body as JSON
//	/text              the request's body as text
//	/headers?NAME=V    these headers, in order
//	/flaky?ok=N        503, and 200 from the N-th request of this URL on
//	/hang              nothing, until the client goes away
//	/chunk?a=b         the URL as it arrived
type rowServer struct {
	mu    sync.Mutex
	calls map[string]int // by URL; guarded by mu
}

func (s *rowServer) serve(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch r.URL.Path {
	case "/json", "/text":
		w.Header().Set("Content-Type", map[string]string{"/json": "application/json", "/text": "text/plain"}[r.URL.Path])
		_, _ = io.Copy(w, r.Body)
	case "/headers":
		for _, pair := range strings.Split(r.URL.RawQuery, "&") {
			name, value, _ := strings.Cut(pair, "=")
			w.Header().Add(name, value)
		}
	case "/flaky":
		s.mu.Lock()
		if s.calls == nil {
			s.calls = map[string]int{}
		}
		s.calls[r.URL.String()]++
		n := s.calls[r.URL.String()]
		s.mu.Unlock()
		ok, _ := strconv.Atoi(query.Get("ok"))
		w.Header().Set("Content-Type", "application/json")
		if n < ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintf(w, `{"call":%d}`, n)
	case "/hang":
		<-r.Context().Done()
	default:
		fmt.Fprint(w, r.URL.String())
	}
}

// judgement is a sentence about expectations: bodies that a server answers with, and what holds of them.
type judgement struct {
	name string
	was  string
	// body is the response as JSON.
	body string
	// holds, fails and refused are values of `expect`. What is refused is no expectation at all: the checker says so.
	holds, fails, refused []string
}

// answering is newAPI with one answer whatever is asked for.
func (j judgement) run(t *testing.T) {
	var spec strings.Builder
	spec.WriteString("target: @API@\ntests:\n")
	want := []string{}
	add := func(list []string, status engine.Status) {
		for _, e := range list {
			n := len(want)
			fmt.Fprintf(&spec, "  - name: t%d\n    resource: /answer\n    expect: %s\n", n, e)
			want = append(want, fmt.Sprintf("t%d %s", n, status))
		}
	}
	add(j.holds, engine.StatusPassed)
	add(j.fails, engine.StatusFailed)
	a := newAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, j.body)
	})
	b := newBench(t, "a.yaml", strings.ReplaceAll(spec.String(), "@API@", a.URL))
	r := b.all()
	if got := statuses(r); !slices.Equal(got, want) {
		all := slices.Concat(j.holds, j.fails)
		for i, res := range r.Results {
			if s := fmt.Sprintf("t%d %s", i, res.Status); s != want[i] {
				t.Errorf("%s of %s: %s, want %s\n%s", all[i], j.body, res.Status, want[i], told(res))
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d results, want %d", len(got), len(want))
		}
	}
	for _, e := range j.refused {
		b := newBench(t, "a.yaml", "target: "+a.URL+"\ntests:\n  - name: t\n    resource: /answer\n    expect: "+e+"\n")
		found := slices.ContainsFunc(analysis.Run(t.Context(), b.session.Snapshot(), b.uri("a.yaml")), func(d analysis.Diagnostic) bool {
			return d.Severity == analysis.SeverityError
		})
		if !found {
			t.Errorf("%s: the checker has nothing to say", e)
		}
		if r := b.run(Selection{}); len(r.Problems) == 0 && r.Results[0].Status == engine.StatusPassed {
			t.Errorf("%s: passed", e)
		}
	}
}

func runJudgements(t *testing.T, list []judgement) {
	t.Helper()
	seen := map[string]bool{}
	for _, j := range list {
		if seen[j.name] {
			t.Errorf("two rows are named %q", j.name)
		}
		seen[j.name] = true
		t.Run(j.name, func(t *testing.T) { t.Parallel(); j.run(t) })
	}
}

// request is the n-th request that reached the server.
func (a *api) request(t *testing.T, n int) *recorded {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if n >= len(a.requests) {
		t.Fatalf("there were %d requests", len(a.requests))
	}
	return a.requests[n]
}
