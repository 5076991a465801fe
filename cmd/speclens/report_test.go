package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/run"
)

func TestReportsAreWrittenWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.txt")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	r, err := openReport(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "old" {
		t.Errorf("before it is whole the report is %q", got)
	}
	if err := r.commit(); err != nil {
		t.Fatal(err)
	}
	r.discard() // must not take back what is done
	if got := read(t, path); got != "new" {
		t.Errorf("the report is %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
	onlyFile(t, dir, "report.txt")
}

func TestAReportThatIsGivenUpLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	files, err := openReports([]reportTo{{"tap", filepath.Join(dir, "a")}, {"tap", filepath.Join(dir, "b")}})
	if err != nil {
		t.Fatal(err)
	}
	files.discard()
	if _, err := openReports([]reportTo{{"tap", filepath.Join(dir, "a")}, {"tap", filepath.Join(dir, "nowhere", "b")}}); err == nil {
		t.Error("a folder that does not exist is no error")
	}
	onlyFile(t, dir, "")
}

func TestAReportThatCannotBePutInPlaceIsAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := openReport(filepath.Join(dir, "report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := r.commit(); err == nil || !strings.Contains(err.Error(), "write the report") {
		t.Errorf("the error is %v", err)
	}
}

func TestADeviceIsWrittenAsItIs(t *testing.T) {
	r, err := openReport(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	if err := r.commit(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device is gone: %v (%v)", info, err)
	}
}

type countingSink struct {
	events int
	err    error
}

func (s *countingSink) Emit(run.Event) { s.events++ }
func (s *countingSink) Err() error     { return s.err }

func TestEverySinkHearsEveryEventAndItsErrorCounts(t *testing.T) {
	bad := errors.New("disk full")
	a, b := &countingSink{}, &countingSink{err: bad}
	sink := fanOut{a, b}
	sink.Emit(run.RunStarted{})
	sink.Emit(run.RunCompleted{})
	if a.events != 2 || b.events != 2 || !errors.Is(sink.Err(), bad) {
		t.Errorf("%d and %d events, error %v", a.events, b.events, sink.Err())
	}
}

// A run that the user stops still writes complete reports, and exits with 130.
func TestAnInterruptedRunWritesItsReports(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		interrupt() // once the first request is under way
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	t.Chdir(dir)
	spec := "target: " + server.URL + "\nparallel: false\ntests:\n  - GET /one -> 200\n  - GET /two -> 200\n"
	if err := os.WriteFile("a.qube.yaml", []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	code := Main(ctx, []string{"run", "a.qube.yaml", "-o", "tap", "--report", "junit=junit.xml"}, strings.NewReader(""), &stdout, &stderr)
	if code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	for _, want := range []string{"not ok 1 - a.qube.yaml: GET /one", "ok 2 - a.qube.yaml: GET /two # SKIP", "# cancelled"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, stdout.String())
		}
	}
	if got := read(t, "junit.xml"); !strings.Contains(got, `tests="2" failures="0" errors="1"`) || !strings.HasSuffix(got, "</testsuites>\n") {
		t.Errorf("the report is\n%s", got)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyFile fails where a folder holds anything else.
func onlyFile(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != name {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}
