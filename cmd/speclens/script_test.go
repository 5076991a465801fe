package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/cmd/speclens/internal/demo"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"speclens": func() { main() },
	})
}

// TestScripts runs testdata/script/*.txtar: the command line as a user has it, against a real API on loopback.
//
// Beside testscript's own commands there are:
//
//	api                 start the sample API and put its base URL into $API and into @API@ of every file
//	redirect URL        start a server that redirects to a URL, as @REDIRECT@ of every file
//	petstore FILE       start an API that keeps to an OpenAPI document, as $API
//	hang                start a server that never answers, as $API
//	wasm NAME FILE      build the plugin testdata/plugins/NAME into FILE
//	grant FILE PATTERN  grant a plugin the http capability for a destination
//	pin FILE [MARK]     put the hash of a file in place of @SHA256@, or another mark, in every file
//	truncate FILE N     cut a file to its first N bytes
//	bytes FILE [HEX]    write a file of these bytes
//	tiny FILE INFO ANSWER [OUTPUT]  assemble a plugin that declares the content of INFO; ANSWER is what its validate returns,
//	                    OUTPUT what its execute returns
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			// One cache for all scripts: a plugin is compiled once.
			env.Setenv("XDG_CACHE_HOME", plugintest.CacheDir(t))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, ".data"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, ".config"))
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"api":      scriptAPI,
			"hang":     scriptHang,
			"wasm":     func(ts *testscript.TestScript, _ bool, args []string) { scriptWASM(t, ts, args) },
			"redirect": scriptRedirect,
			"grant":    scriptGrant,
			"truncate": scriptTruncate,
			"bytes":    scriptBytes,
			"tiny":     scriptTiny,
			"pin":      scriptPin,
			"petstore": scriptPetstore,
		},
	})
}

func scriptAPI(ts *testscript.TestScript, _ bool, _ []string) {
	server := httptest.NewServer(demo.NewAPI())
	ts.Defer(server.Close)
	ts.Setenv("API", server.URL)
	replaceMark(ts, "@API@", server.URL)
}

// replaceMark puts a base URL into the files of a script, in place of a mark.
func replaceMark(ts *testscript.TestScript, mark, baseURL string) {
	ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), mark) {
			return err
		}
		return os.WriteFile(path, []byte(strings.ReplaceAll(string(content), mark, baseURL)), 0o644)
	}))
}

func scriptHang(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, release := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-ctx.Done():
		case <-r.Context().Done():
		}
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	server.Listener = listener
	server.Start()
	ts.Defer(func() { release(); server.Close() })
	ts.Setenv("API", server.URL)
	replaceMark(ts, "@API@", server.URL)
}

func scriptWASM(t *testing.T, ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: wasm NAME FILE")
	}
	target := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(target), 0o755))
	ts.Check(os.WriteFile(target, plugintest.Build(t, args[0]), 0o644))
}

func scriptRedirect(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(http.RedirectHandler(args[0], http.StatusFound))
	ts.Defer(server.Close)
	replaceMark(ts, "@REDIRECT@", server.URL)
}

func scriptGrant(ts *testscript.TestScript, _ bool, args []string) {
	wasm, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	grants, err := json.Marshal(capabilities.Grants{fmt.Sprintf("sha256:%x", sha256.Sum256(wasm)): {HTTP: args[1:]}})
	ts.Check(err)
	file := ts.MkAbs(".config/speclens/grants.json")
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	ts.Check(os.WriteFile(file, grants, 0o600))
}

func scriptTruncate(ts *testscript.TestScript, _ bool, args []string) {
	var n int64
	if _, err := fmt.Sscan(args[1], &n); err != nil {
		ts.Fatalf("usage: truncate FILE N")
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func scriptBytes(ts *testscript.TestScript, _ bool, args []string) {
	content, err := hex.DecodeString(strings.Join(args[1:], ""))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), content, 0o644))
}

func scriptTiny(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: tiny FILE INFO ANSWER [OUTPUT]")
	}
	returning := func(file string) plugintest.Code {
		return func(a *plugintest.Asm) { a.Return(ts.ReadFile(file)) }
	}
	module := plugintest.Tiny{Info: ts.ReadFile(args[1]), Validate: returning(args[2])}
	if len(args) > 3 {
		module.Execute = returning(args[3])
	}
	target := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(target), 0o755))
	ts.Check(os.WriteFile(target, module.Bytes(), 0o644))
}

func scriptPin(ts *testscript.TestScript, _ bool, args []string) {
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	mark := "@SHA256@"
	if len(args) > 1 {
		mark = args[1]
	}
	replaceMark(ts, mark, fmt.Sprintf("%x", sha256.Sum256(content)))
}
