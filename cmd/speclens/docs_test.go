package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/speclens/speclens/cmd/speclens/internal/demo"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
)

// documents are the pages whose code blocks are tested.
var documents = []string{"../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md", "../../docs/*.md", "../../editors/*/README.md"}

// ranElsewhere are commands in the documentation that another test or the build runs.
var ranElsewhere = map[string]string{
	"go run ./cmd/speclens demo": "TestScripts/misc runs the demo",
	"go install ./cmd/speclens":  "the editor tests build the same package",
	"make test":                  "it runs this test",
	"make help":                  "the build runs it",
	"make lint":                  "the build runs it",
	"make vsix":                  "the VS Code test runs it",
	"code --install-extension editors/vscode/out/speclens.vsix": "the VS Code test installs the package with the command of VS Code's server",
	"k6 run -e ADA_PASSWORD=correct-horse-battery script.js":    "TestK6 runs scripts in k6",
}

// A block is one fenced block of code.
type block struct {
	file           string
	line           int
	language, text string
}

func blocks(t *testing.T) []block {
	t.Helper()
	var out []block
	for _, pattern := range documents {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var open *block
			for i, line := range strings.Split(string(content), "\n") {
				language, isFence := strings.CutPrefix(line, "```")
				switch {
				case isFence && open == nil:
					open = &block{file: filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file), line: i + 1, language: language}
				case isFence:
					out, open = append(out, *open), nil
				case open != nil:
					open.text += line + "\n"
				}
			}
		}
	}
	return out
}

// Every block of code in the documentation is run, checked or parsed; one in a language that no test knows fails.
func TestTheCodeInTheDocumentationWorks(t *testing.T) {
	all := blocks(t)
	if len(all) < 4 {
		t.Fatalf("only %d blocks were found", len(all))
	}
	for _, b := range all {
		t.Run(b.file+":"+b.language, func(t *testing.T) {
			switch b.language {
			case "yaml":
				checkDocSpec(t, b)
			case "console":
				checkConsole(t, b)
			case "json":
				if !json.Valid([]byte(b.text)) {
					t.Errorf("%s:%d: this is no JSON", b.file, b.line)
				}
			case "sh":
				runShell(t, b)
			case "go", "lua", "toml", "elisp":
				// Sources of plugins and editor configurations are parts of files that their own tests build and run: the
				// block must stand in one of them word for word.
				checkQuoted(t, b)
			default:
				t.Errorf("%s:%d: no test knows what to do with a block of %q", b.file, b.line, b.language)
			}
		})
	}
}

// runShell runs the commands of a block in the root of the project, as somebody whose home is a new folder.
func runShell(t *testing.T, b block) {
	var commands []string
	for _, command := range strings.Split(strings.TrimSpace(b.text), "\n") {
		if ranElsewhere[command] == "" {
			commands = append(commands, command)
		}
	}
	if len(commands) == 0 {
		return
	}
	home := t.TempDir()
	cmd := exec.Command("sh", "-ec", strings.Join(commands, "\n"))
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(home, "data"), "GOBIN="+filepath.Join(home, "bin"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s:%d: %v\n%s", b.file, b.line, err, out)
	}
}

// checkDocSpec checks a spec of the documentation: it must have no error.
func checkDocSpec(t *testing.T, b block) {
	registry := plugin.NewRegistry()
	for _, p := range builtins() {
		if err := registry.Register(p); err != nil {
			t.Fatal(err)
		}
	}
	session := engine.NewSession(engine.Options{Registry: registry})
	uri := "file:///docs/example.qube.yaml"
	if strings.HasPrefix(b.text, "# .qube.yaml") {
		uri = "file:///docs/.qube.yaml"
	}
	session.Open("file:///docs/.qube.yaml", "yaml", 1, "env: { ADA_PASSWORD: x }\n")
	session.Open(uri, "yaml", 1, b.text)
	for _, d := range diagnose(context.Background(), session.Snapshot(), uri) {
		if d.Severity <= analysis.SeverityWarning {
			t.Errorf("%s:%d: %s", b.file, b.line, d.Message)
		}
	}
}

// checkConsole runs the commands of a console block in the sample workspace. In the output `…` stands for anything.
func checkConsole(t *testing.T, b block) {
	api := httptest.NewServer(demo.NewAPI())
	defer api.Close()
	dir := filepath.Join(t.TempDir(), "sample")
	if err := demo.WriteWorkspace(dir, api.URL); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("NO_COLOR", "1")
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for _, part := range strings.Split("\n"+b.text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		args, ok := strings.CutPrefix(command, "speclens ")
		if !ok {
			t.Errorf("%s:%d: only speclens can be run, not %q", b.file, b.line, command)
			continue
		}
		var stdout, stderr bytes.Buffer
		Main(context.Background(), strings.Fields(args), strings.NewReader(""), &stdout, &stderr)
		pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "(?s:.*?)")
		if !regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(stdout.String())) {
			t.Errorf("%s:%d: %s prints\n%s%s\nthe page says\n%s", b.file, b.line, command, stdout.String(), stderr.String(), want)
		}
	}
}

// checkQuoted finds the file that holds a block.
func checkQuoted(t *testing.T, b block) {
	found := false
	for _, root := range []string{"../../testdata/plugins", "../../editors"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || found {
				return err
			}
			if d.IsDir() && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if d.IsDir() || strings.HasSuffix(path, ".md") {
				return nil
			}
			content, err := os.ReadFile(path)
			found = found || err == nil && strings.Contains(string(content), strings.TrimSpace(b.text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Errorf("%s:%d: no tested file holds this block", b.file, b.line)
	}
}

// A promise is worth its tests, so one that was renamed or removed fails here.
func TestEveryTestThatSecurityPromisesByExists(t *testing.T) {
	page, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, folder := range []string{"capabilities", "cmd", "engine", "lsp", "schema"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(content), -1) {
				declared[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, promises, _ := strings.Cut(string(page), "## What speclens promises")
	promises, _, _ = strings.Cut(promises, "## What it does not promise")
	rows := 0
	for _, line := range strings.Split(promises, "\n") {
		if !strings.HasPrefix(line, "| **") {
			continue
		}
		rows++
		named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test for: %s", line)
		}
		for _, m := range named {
			if !declared[m[1]] {
				t.Errorf("there is no test %s, by which SECURITY.md promises something", m[1])
			}
		}
	}
	if rows < 10 {
		t.Errorf("only %d promises were found", rows)
	}
}
