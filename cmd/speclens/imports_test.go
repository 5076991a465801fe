package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/speclens/speclens"

// A rule says what the packages below a folder may import directly: rooms of this module and modules of others. The
// standard library is always allowed. The longest matching folder counts.
type rule struct {
	dir     string
	rooms   []string
	modules []string
	// why is printed when the rule is broken.
	why string
}

// The house plan. See docs/architecture.md.
var rules = []rule{
	{"schema", nil, nil, "the vocabulary must be usable from everywhere, so it needs nothing"},
	{"capabilities", []string{"schema", "capabilities"}, []string{"github.com/tetratelabs/wazero", "github.com/andybalholm/brotli", "github.com/klauspost/compress", "golang.org/x/text"}, "host functions know no specs"},
	{"engine/text", nil, nil, "text knows no YAML"},
	{"engine/dotenv", []string{"engine/text"}, nil, "a .env file knows nothing of those who use its variables"},
	{"engine/vector", nil, nil, "sequences know nothing of what they hold"},
	{"engine/value", nil, nil, "decoded values know neither YAML nor specs"},
	{"engine/path", []string{"engine/value"}, nil, "paths walk values and nothing else"},
	{"engine/syntax", []string{"engine/text", "engine/vector"}, []string{"gopkg.in/yaml.v3"}, "syntax is the only room that knows the YAML library"},
	{"engine/template", []string{"engine/path", "engine/value"}, nil, "templates know no YAML and no specs"},
	{"engine/expect", []string{"engine/path", "engine/value"}, nil, "expectations know no YAML and no specs"},
	{"engine/write", []string{"engine/text", "engine/syntax", "engine/expect", "engine/value"}, nil, "the writer knows values and how they are written, but no documents"},
	{"engine/spec", []string{"engine/vector", "engine/text", "engine/syntax", "engine/template", "engine/expect", "engine/path", "engine/value", "engine/write", "schema"}, nil, "the model knows no plugins and no session"},
	{"engine/plugin", []string{"schema", "capabilities", "engine/plugin", "engine/path", "engine/text", "engine/value"}, []string{"github.com/tetratelabs/wazero", "golang.org/x/sys"}, "the plugin host knows no specs"},
	{"engine", []string{"schema", "engine/dotenv", "engine/text", "engine/syntax", "engine/spec", "engine/template", "engine/expect", "engine/path", "engine/value", "engine/plugin"}, []string{"github.com/bmatcuk/doublestar", "golang.org/x/sync"}, "the session knows no features"},
	{"engine/link", []string{"schema", "engine/vector", "engine", "engine/text", "engine/syntax", "engine/spec", "engine/template", "engine/path", "engine/value", "engine/plugin"}, nil, "links are facts about a snapshot"},
	{"engine/analysis", []string{"schema", "engine/vector", "engine", "engine/link", "engine/text", "engine/syntax", "engine/spec", "engine/template", "engine/expect", "engine/path", "engine/value", "engine/write", "engine/plugin"}, nil, "checks are pure functions of a snapshot"},
	{"engine/ide", []string{"schema", "engine", "engine/link", "engine/analysis", "engine/text", "engine/syntax", "engine/spec", "engine/template", "engine/expect", "engine/path", "engine/value", "engine/write", "engine/plugin"}, nil, "features are pure functions of a snapshot"},
	{"engine/run", []string{"schema", "engine", "engine/link", "engine/text", "engine/syntax", "engine/spec", "engine/template", "engine/expect", "engine/path", "engine/value", "engine/plugin", "capabilities"}, []string{"golang.org/x/sync", "github.com/HdrHistogram/hdrhistogram-go"}, "the runner knows no output format and no editor"},
	{"lsp", []string{"lsp", "engine", "engine/plugin", "engine/text"}, nil, "Serve is all that the folder exports"},
	{"lsp/command", nil, nil, "commands are data"},
	{"lsp/internal/wire", nil, []string{"go.lsp.dev"}, "the wire knows no feature, and is the only room that knows jsonrpc2"},
	{"lsp/internal/convert", []string{"engine", "lsp/command"}, []string{"go.lsp.dev/protocol", "go.lsp.dev/uri"}, "conversions hold no logic"},
	{"lsp/internal/server", []string{"schema", "capabilities", "engine", "lsp/command", "lsp/internal"}, []string{"go.lsp.dev/protocol", "go.lsp.dev/uri"}, "the server adapts; it goes through wire to the connection"},
	{"lsp/lsptest", []string{"lsp", "engine"}, []string{"go.lsp.dev"}, "the fake editor speaks the protocol"},
	{"cmd", []string{"cmd", "lsp", "engine", "schema", "capabilities"}, []string{"github.com/spf13/cobra", "github.com/aymanbagabas/go-udiff", "github.com/rivo/uniseg", "golang.org/x/term", "go.lsp.dev/jsonrpc2"}, "the program wires the rooms; it does not reach around them"},
	{"cmd/speclens/internal/interchange", []string{"engine/syntax", "engine/text", "engine/template", "engine/path"}, []string{"github.com/getkin/kin-openapi", "mvdan.cc/sh/v3"}, "the formats of other tools are text: this room knows the languages of a spec, but no session; it alone knows the libraries of OpenAPI and of the shell"},
	{"cmd/speclens/internal/interchange/k6", []string{"engine"}, nil, "the writer of k6 scripts knows specs, but no OpenAPI"},
}

// exact are the rooms whose name in a rule means the package itself and not those below it.
var exact = []string{"engine", "lsp"}

func TestImportsFollowTheHousePlan(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Standard", "../../...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	checked := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
			Standard   bool
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room, ok := strings.CutPrefix(p.ImportPath, module+"/")
		if !ok {
			continue
		}
		if strings.HasPrefix(room, "testdata/") {
			continue
		}
		checked++
		r, ok := ruleFor(room)
		if !ok {
			t.Errorf("%s: no rule says what it may import; give it one", room)
			continue
		}
		for _, imported := range p.Imports {
			if !allowed(r, room, imported) {
				t.Errorf("%s must not import %s: %s", room, imported, r.why)
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d packages were checked", checked)
	}
}

func TestTheHousePlanForbidsWhatItShould(t *testing.T) {
	for _, forbidden := range [][2]string{
		{"schema", module + "/engine"},
		{"engine/spec", module + "/engine/plugin"},
		{"engine/spec", "gopkg.in/yaml.v3"},
		{"engine/ide", module + "/lsp"},
		{"engine/ide", "go.lsp.dev/protocol"},
		{"engine/analysis", module + "/engine/run"},
		{"engine/run", "github.com/tetratelabs/wazero"},
		{"lsp/internal/server", "go.lsp.dev/jsonrpc2"},
		{"lsp/internal/convert", module + "/lsp/internal/server"},
		{"lsp", module + "/cmd/speclens"},
	} {
		r, ok := ruleFor(forbidden[0])
		if !ok || allowed(r, forbidden[0], forbidden[1]) {
			t.Errorf("%s may import %s", forbidden[0], forbidden[1])
		}
	}
}

func ruleFor(room string) (best rule, ok bool) {
	for _, r := range rules {
		if (room == r.dir || strings.HasPrefix(room, r.dir+"/")) && len(r.dir) >= len(best.dir) {
			best, ok = r, true
		}
	}
	return best, ok
}

func allowed(r rule, room, imported string) bool {
	if inner, ok := strings.CutPrefix(imported, module+"/"); ok {
		// A room's own folders may import each other; the room engine is not above its neighbours.
		if inner == room || strings.HasPrefix(inner, room+"/") && !slices.Contains(exact, room) || r.dir != "engine" && strings.HasPrefix(inner, r.dir+"/") && !slices.Contains(exact, r.dir) {
			return true
		}
		return slices.ContainsFunc(r.rooms, func(room string) bool {
			if slices.Contains(exact, room) && room == "engine" && strings.HasPrefix(r.dir, "engine") {
				return inner == room
			}
			return inner == room || strings.HasPrefix(inner, room+"/")
		})
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true
	}
	return slices.ContainsFunc(r.modules, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
}
