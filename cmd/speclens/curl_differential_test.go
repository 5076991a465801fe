package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// curlVariables are the variables that the lines use, and that the imported specs read from a file of the environment.
var curlVariables = map[string]string{"TOKEN": "t0k3n", "N": "5", "CRED": "ada:pw", "NAME_PLAIN": "ada"}

// TestAnImportedSpecSendsWhatCurlSends runs each line of testdata/curl/lines.sh in bash with the machine's curl, and as the
// spec that is made of it, and compares the requests: method, target, headers and body, byte for byte but for what no
// request says (the client's own headers, a form's boundary, the blanks and the order of keys of JSON).
func TestAnImportedSpecSendsWhatCurlSends(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no curl here, and CI must compare with it")
		}
		t.Skip("there is no curl here to compare with")
	}
	content, err := os.ReadFile("testdata/curl/lines.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var env strings.Builder
	for name, value := range curlVariables {
		fmt.Fprintf(&env, "%s=%s\n", name, value)
	}
	envFile := filepath.Join(dir, "variables.env")
	if err := os.WriteFile(envFile, []byte(env.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	scripts := curlScripts(string(content))
	for i, script := range scripts {
		t.Run(script, func(t *testing.T) {
			server := recordRequests(t)
			script := strings.NewReplacer("HOST", "http://"+server.address, "BARE", server.address).Replace(script)
			cmd := exec.Command("bash", "-c", script)
			cmd.Env = append(os.Environ(), "HOME="+dir, "PATH="+filepath.Dir(curl)+":"+os.Getenv("PATH"), "no_proxy=*")
			for name, value := range curlVariables {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			sent := server.take(t)
			if len(sent) == 0 {
				t.Fatalf("curl sends nothing: %v\n%s", err, out)
			}

			var spec, notes, report bytes.Buffer
			if code := Main(context.Background(), []string{"import", "curl"}, strings.NewReader(script), &spec, &notes); code != 0 {
				t.Fatalf("the import ends with %d: %s", code, notes.String())
			}
			file := filepath.Join(dir, fmt.Sprintf("line%d.qube.yaml", i))
			if err := os.WriteFile(file, spec.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if code := Main(context.Background(), []string{"run", "--env-file", envFile, file}, strings.NewReader(""), &report, &report); code > 1 {
				t.Fatalf("the run ends with %d: %s\n%s", code, report.String(), spec.String())
			}
			if diff := cmp.Diff(sent, server.take(t)); diff != "" {
				t.Errorf("curl (-) and the spec (+) differ:\n%s\n%s", diff, spec.String())
			}
		})
	}
	t.Logf("%d lines compared", len(scripts))
}

// curlScripts are the lines of a file, and its blocks: those begin with "# block" and end at an empty line or at the end.
func curlScripts(content string) (scripts []string) {
	blocks := strings.Split(content, "\n# block\n")
	for line := range strings.Lines(blocks[0]) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			scripts = append(scripts, line)
		}
	}
	for _, b := range blocks[1:] {
		scripts = append(scripts, strings.TrimRight(b, "\n")+"\n")
	}
	return scripts
}

// requestRecorder is a server that answers everything with 200, but redirects, and keeps what it was sent.
type requestRecorder struct {
	address string
	mu      sync.Mutex // guards requests
	list    []string
	failed  error
}

func recordRequests(t *testing.T) *requestRecorder {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &requestRecorder{address: listener.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
	})
	return r
}

func (r *requestRecorder) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if req.Header.Get("Expect") != "" {
			fmt.Fprint(conn, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body, err := io.ReadAll(req.Body)
		r.mu.Lock()
		if err != nil {
			r.failed = err
		}
		r.list = append(r.list, strings.ReplaceAll(describe(req, body), r.address, "HOST"))
		r.mu.Unlock()
		status, extra := "200 OK", ""
		if rest, ok := strings.CutPrefix(req.URL.Path, "/redirect"); ok {
			status, extra = "302 Found", "Location: /arrived\r\n"
			if rest != "" {
				status = rest + " Redirect"
			}
		}
		fmt.Fprintf(conn, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n", status, extra)
	}
}

// take is what was sent since the last call, in the order of its text: tests of a spec run at the same time.
func (r *requestRecorder) take(t *testing.T) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		t.Fatal(r.failed)
	}
	list := r.list
	r.list = nil
	slices.Sort(list)
	return list
}

// describe is a request without what its client says of itself.
func describe(req *http.Request, body []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", req.Method, req.RequestURI)
	names := make([]string, 0, len(req.Header))
	for name := range req.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	kind, parameters, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	for _, name := range names {
		value := strings.Join(req.Header[name], ", ")
		switch {
		case slices.Contains([]string{"Accept-Encoding", "Connection", "Content-Length", "Expect"}, name),
			name == "User-Agent" && (strings.HasPrefix(value, "curl/") || strings.HasPrefix(value, "speclens")), name == "Accept" && value == "*/*":
			continue
		case name == "Content-Type" && kind == "multipart/form-data":
			value = kind
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	switch {
	case kind == "multipart/form-data":
		parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				fmt.Fprintf(&b, "%v", err)
				break
			}
			content, err := io.ReadAll(part)
			fmt.Fprintf(&b, "%q %q %q %v\n", part.Header["Content-Disposition"], part.Header["Content-Type"], content, err)
		}
	case strings.Contains(kind, "json") && json.Valid(body):
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			fmt.Fprintf(&b, "%v", err)
		}
		text, err := json.Marshal(v)
		fmt.Fprintf(&b, "\n%s%v", text, err)
	default:
		fmt.Fprintf(&b, "\n%q", body)
	}
	return b.String()
}
