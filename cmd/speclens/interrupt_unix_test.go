//go:build unix

package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// started starts the program in a folder of its own, with a spec in it.
func started(t *testing.T, spec string, args ...string) (cmd *exec.Cmd, stdout io.ReadCloser, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.qube.yaml"), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("speclens", append([]string{"run", "a.qube.yaml"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, stdout, dir
}

// exitCode waits for the program's end, for so long.
func exitCode(t *testing.T, cmd *exec.Cmd, within time.Duration) int {
	t.Helper()
	late := time.AfterFunc(within, func() { t.Errorf("the program did not end within %s", within); _ = cmd.Process.Kill() })
	defer late.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// The user presses Ctrl-C while a test waits for its answer: every report is there, whole, with what ran.
func TestSIGINTLeavesEveryReportComplete(t *testing.T) {
	arrived := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			close(arrived)
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, "{}")
	}))
	defer api.Close()
	cmd, stdout, dir := started(t, "target: "+api.URL+`
parallel: false
tests:
  - { name: before, resource: /, expect: { status: 200 } }
  - { name: wrong, resource: /, expect: { status: 404 } }
  - { name: under way, resource: /hang, expect: { status: 200 } }
  - { name: after, resource: /, expect: { status: 200 } }
`, "-o", "pretty", "--report", "json=run.json", "--report", "junit=junit.xml", "--report", "tap=run.tap", "--report", "html=run.html",
		"--report", "github=run.txt")
	<-arrived
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd, 30*time.Second); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	report := func(name string) string { return read(t, filepath.Join(dir, name)) }
	for name, parts := range map[string][]string{
		"run.tap": {
			"1..4\n", "ok 1 - a.qube.yaml: before\n", "not ok 2 - a.qube.yaml: wrong", "not ok 3 - a.qube.yaml: under way",
			"ok 4 - a.qube.yaml: after # SKIP", "# cancelled\n",
		},
		"run.html": {"</html>", "under way", `data-status="skipped"`},
		"run.txt":  {"title=wrong::", "title=under way::cancelled", "::notice title=speclens::1 passed, 1 failed, 1 errored, 1 skipped in "},
		"run.json": {`"type":"RunCompleted"`, `"cancelled":true`},
	} {
		for _, part := range parts {
			if !strings.Contains(report(name), part) {
				t.Errorf("%q is not in %s:\n%s", part, name, report(name))
			}
		}
	}
	if !strings.Contains(string(out), "1 passed, 1 failed, 1 errored, 1 skipped in ") || !strings.Contains(string(out), ", cancelled") {
		t.Errorf("the output is\n%s", out)
	}
	var junit struct {
		Tests  int `xml:"tests,attr"`
		Errors int `xml:"errors,attr"`
	}
	if err := xml.Unmarshal([]byte(report("junit.xml")), &junit); err != nil || junit.Tests != 4 || junit.Errors != 1 {
		t.Errorf("junit %+v, %v", junit, err)
	}
	for line := range strings.Lines(report("run.json")) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	if found, err := filepath.Glob(filepath.Join(dir, ".*.tmp")); err != nil || len(found) > 0 {
		t.Errorf("left behind: %v, %v", found, err)
	}
}

// Where the end takes too long, such as when nobody reads the output, a second Ctrl-C ends the program at once. Nothing
// is left behind.
func TestASecondSignalEndsTheProgramAtOnce(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	defer api.Close()
	cmd, stdout, dir := started(t, "target: "+api.URL+"\ntests: [GET /a -> 200, GET /b -> 200]\n", "-o", "json", "--report", "junit=junit.xml")
	first := make([]byte, 1<<16)
	if _, err := io.ReadFull(stdout, first); err != nil { // it has begun, and from here on it writes to nobody
		t.Fatal(err)
	}
	// Two of a kind that come together are one to the system, so the second is of the other kind.
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if code := exitCode(t, cmd, 30*time.Second); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "a.qube.yaml" {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// The first Ctrl-C or SIGTERM ends a command that waits for input: for the rest of standard input, or of a file that is a pipe.
func TestTheFirstSignalEndsACommandThatWaitsForInput(t *testing.T) {
	for _, c := range []struct {
		args   []string
		signal syscall.Signal
	}{
		{[]string{"import", "curl"}, syscall.SIGINT},
		{[]string{"import", "http", "-"}, syscall.SIGTERM},
		{[]string{"import", "openapi", "-"}, syscall.SIGTERM},
		{[]string{"import", "har", "pipe"}, syscall.SIGINT},
		{[]string{"report", "merge", "pipe", "--report", "tap=run.tap"}, syscall.SIGINT},
		{[]string{"plugin", "inspect", "pipe"}, syscall.SIGTERM},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			dir := t.TempDir()
			pipe := filepath.Join(dir, "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("speclens", c.args...)
			cmd.Dir = dir
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			if slices.Contains(c.args, "pipe") {
				w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // succeeds when somebody reads
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = w.Close() }()
			} else if _, err := stdin.Write(make([]byte, 1<<20)); err != nil { // more than a pipe holds, so it is being read
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if code := exitCode(t, cmd, 30*time.Second); code != exitInterrupted || stderr.String() != "speclens: interrupted\n" {
				t.Errorf("exit code %d, %s", code, stderr.String())
			}
		})
	}
}

// stuck is an output that nobody reads: it tells when the first bytes come, and takes none of them until the test is over.
type stuck struct {
	begun func()
	over  <-chan struct{}
}

func (s stuck) Write(p []byte) (int, error) {
	s.begun()
	<-s.over
	return len(p), nil
}

func TestAnInterruptionEndsACommandWhoseOutputNobodyReads(t *testing.T) {
	report, spec := filepath.Join(t.TempDir(), "run.json"), filepath.Join(t.TempDir(), "a.qube.yaml")
	lines := `{"type":"RunStarted","payload":{"files":["a"],"total_tests":0,"total_waves":0}}` + "\n" +
		`{"type":"RunCompleted","payload":{"total":0,"passed":0,"failed":0,"skipped":0,"errored":0,"duration_ms":1}}` + "\n"
	if err := os.WriteFile(report, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spec, []byte("target: http://127.0.0.1:1\ntests: [GET /a -> 200]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	defer close(over)
	for _, args := range [][]string{
		{"check", spec}, {"export", "curl", spec}, {"export", "k6", spec}, {"plugin", "list"}, {"report", "merge", report}, {"schema"},
	} {
		t.Run(args[0], func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			var stderr strings.Builder
			code := Main(ctx, args, strings.NewReader(""), stuck{interrupt, over}, &stderr)
			if code != exitInterrupted || stderr.String() != "speclens: interrupted\n" {
				t.Errorf("exit code %d, %s", code, stderr.String())
			}
		})
	}
}
