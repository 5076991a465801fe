package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/dotenv/dotenvtest"
)

// cli runs a command in this process and returns its exit code and all that it wrote.
func cli(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// project writes files into a new folder and makes it the working folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("NO_COLOR", "1")
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	return dir
}

func TestCheckAndRunTellEveryBrokenLineOfAnEnvFileAndUseTheGoodOnes(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-M") }))
	defer server.Close()
	spec := "tests:\n  - target: " + server.URL + "\n    resource: /\n    headers: { X-M: \"{{ env.M }}\" }\n"
	for _, c := range dotenvtest.Cases {
		t.Run(c.Name, func(t *testing.T) {
			dir := project(t, map[string]string{"sub/a.qube.yaml": spec, "sub/.env": c.Content, ".env": "M=outer\n", ".qube.yaml": "version: 1\n"})
			t.Chdir(dir)
			want := 0
			if len(c.Wrong) > 0 {
				want = exitBroken
			}
			code, stdout, stderr := cli(t, "check", "sub/a.qube.yaml")
			if code != want {
				t.Errorf("check ends with %d\n%s%s", code, stdout, stderr)
			}
			holds(t, stdout, c)
			got = ""
			code, stdout, stderr = cli(t, "run", "sub/a.qube.yaml")
			if code != want {
				t.Errorf("run ends with %d\n%s%s", code, stdout, stderr)
			}
			holds(t, stderr, c)
			if m, known := c.Vars["M"]; known && got != m || got == "outer" {
				t.Errorf("M was sent as %q", got)
			}
			got = ""
			code, _, stderr = cli(t, "run", "--env-file", "sub/.env", "sub/a.qube.yaml")
			if code != want || want != 0 && got != "" {
				t.Errorf("run --env-file ends with %d, sent %q\n%s", code, got, stderr)
			}
		})
	}
}

// holds looks for the findings of a case, which must not quote the file.
func holds(t *testing.T, text string, c dotenvtest.Case) {
	t.Helper()
	for _, wrong := range c.Wrong {
		place, code, _ := strings.Cut(wrong, " ")
		if !strings.Contains(text, "sub/.env:"+place+": error: ") || !strings.Contains(text, "["+code+"]") {
			t.Errorf("no finding %s in\n%s", wrong, text)
		}
	}
	if strings.Contains(text, "trailing") {
		t.Errorf("a line of the file, which may be a secret, is in\n%s", text)
	}
}

func TestAnEnvFileThatLeadsOutOfTheProjectOrIsNoFileIsAFinding(t *testing.T) {
	dir := project(t, map[string]string{
		"p/a.qube.yaml": "tests: [{ target: \"http://127.0.0.1:1\", resource: \"/{{ env.M }}\" }]\n", "p/.qube.yaml": "version: 1\n", "outer.env": "M=stolen\n",
	})
	t.Chdir(filepath.Join(dir, "p"))
	for target, want := range map[string]string{
		"../outer.env": "[env.outside]", "/proc/self/environ": "[env.outside]", "nowhere": "[env.unreadable]", "/dev/zero": "[env.outside]",
	} {
		_ = os.Remove(".env")
		if err := os.Symlink(target, ".env"); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
		code, stdout, _ := cli(t, "check", "a.qube.yaml")
		refused := strings.Contains(want, "outside")
		if !strings.Contains(stdout, ".env:1:1: error: ") || !strings.Contains(stdout, want) || refused != (code == exitRefused) {
			t.Errorf("%s: check ends with %d\n%s", target, code, stdout)
		}
		code, _, stderr := cli(t, "run", "a.qube.yaml")
		if !strings.Contains(stderr, want) || refused != (code == exitRefused) {
			t.Errorf("%s: run ends with %d\n%s", target, code, stderr)
		}
	}
	_ = os.Remove(".env")
	if err := os.Symlink("../outer.env", ".env"); err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := cli(t, "check", "--project-root", "..", "a.qube.yaml"); code != 0 {
		t.Errorf("with a wider project, check ends with %d\n%s", code, stdout)
	}
}

func TestDependsLeadsNowhereOutsideOfTheProject(t *testing.T) {
	dir := project(t, map[string]string{
		"p/.qube.yaml": "version: 1\n", "p/sub/in.qube.yaml": "tests: []\n", "out/x.yaml": "tests: [{ target: \"http://127.0.0.1:1\", resource: / }]\n",
	})
	t.Chdir(filepath.Join(dir, "p"))
	if err := os.Symlink("../out/x.yaml", "link.yaml"); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if err := os.Symlink("../out", "folder"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../out/x.yaml", "sub/../../out/x.yaml", filepath.Join(dir, "out", "x.yaml"), "/proc/self/environ", "link.yaml", "folder/x.yaml"} {
		if err := os.WriteFile("a.qube.yaml", []byte("depends: ['"+path+"']\ntests: []\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := cli(t, "check", "a.qube.yaml")
		if code != exitRefused || !strings.Contains(stdout, "a.qube.yaml:1:11: error: ") || !strings.Contains(stdout, "[depends.outside]") {
			t.Errorf("%s: check ends with %d\n%s%s", path, code, stdout, stderr)
		}
		code, stdout, stderr = cli(t, "run", "a.qube.yaml")
		if code != exitRefused || !strings.Contains(stderr, "[depends.outside]") || strings.Contains(stdout, "x.yaml\n") {
			t.Errorf("%s: run ends with %d\n%s%s", path, code, stdout, stderr)
		}
		if filepath.IsAbs(path) {
			continue
		}
		if code, stdout, _ := cli(t, "check", "--project-root", "..", "a.qube.yaml"); code != 0 {
			t.Errorf("%s: with a wider project, check ends with %d\n%s", path, code, stdout)
		}
	}
	if err := os.WriteFile("a.qube.yaml", []byte("depends: [sub/in.qube.yaml]\ntests: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := cli(t, "check", "a.qube.yaml"); code != 0 {
		t.Errorf("a path inside: check ends with %d\n%s", code, stdout)
	}
}
