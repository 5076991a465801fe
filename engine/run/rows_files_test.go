package run

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine"
)

// Files: what a file of YAML means, and which files are specs.
func TestRowsFiles(t *testing.T) {
	runRows(t, []row{
		{
			name: "YAML 1.2 core schema",
			files: `
target: @API@
tests:
  - name: n
    method: POST
    resource: /echo
    body: { int: 42, octal: 0o17, hex: 0xFF, float: 1.50, exp: 1e3, yes1: true, yes2: True, no1: FALSE, nil1: null, nil2: ~, nil3: ,
          old: 017 }
    expect:
      body:
        body: { int: 42, octal: 15, hex: 255, float: 1.5, exp: 1000, yes1: true, yes2: true, no1: false, nil1: null, nil2: null,
              nil3: null, old: 17 }
        body.int: is int
        body.octal: is int
        body.yes2: is bool
        body.nil3: is null
`,
			want: []string{"n passed"},
		},
		{
			name:   "duplicate keys are errors",
			files:  "target: @API@\ntests:\n  - name: n\n    resource: /echo\n    resource: /status/500\n    headers: { A: 1, A: 2 }\n",
			want:   []string{},
			sent:   []string{},
			faults: []string{"a.yaml:5:5 yaml.duplicate-key", "a.yaml:6:22 yaml.duplicate-key"},
		},
		{
			name: "anchors and merge keys work",
			files: `
target: @API@
defaults: &d { headers: &h { X-A: a, X-B: b } }
tests:
  - &base { name: one, resource: /echo, headers: *h, expect: { body: { headers.X-A.0: a } } }
  - <<: *base
    name: two
    headers: { <<: *h, X-B: c }
    expect: { body: { headers.X-A.0: a, headers.X-B.0: c } }
  - <<: [{ name: three }, *base]
`,
			want: []string{"one passed", "two passed", "three passed"},
		},
		{
			name: "yes/no/on/off and dates are text",
			files: `
target: @API@
tests:
  - { name: n, method: POST, resource: /echo, body: { a: yes, b: no, c: on, d: off, e: 2024-05-06, f: 2024-05-06T07:08:09Z, g: y,
        h: 12:30:45 },
      expect: { body: {
        text: '{"a":"yes","b":"no","c":"on","d":"off","e":"2024-05-06","f":"2024-05-06T07:08:09Z","g":"y","h":"12:30:45"}' } } }
`,
			want: []string{"n passed"},
		},
		{
			name: "several documents in one file are several specs with one path",
			files: "target: @API@\ntests: [{ name: one, alias: o, resource: /login }]\n---\ntarget: '@API@'\n" +
				"tests: [{ name: two, resource: '/echo?{{ o.response.body.token }}' }]\n---\n# nothing\n",
			want: []string{"one passed", "two passed"},
			sent: []string{"GET /login", "GET /echo?t-1"},
			check: func(t *testing.T, r *Report, _ *api) {
				if a, b := r.Results[0].Key.URI, r.Results[1].Key.URI; a != b {
					t.Errorf("the paths are %s and %s", a, b)
				}
			},
		},
		{
			name:  "empty or comment-only documents hold nothing",
			files: "-- a.yaml --\n# nothing\n-- b.yaml --\n-- c.yaml --\n---\n---\n# two of them\n...\n",
			want:  []string{},
		},
		{
			name: ".qube.yaml: targets, defaults, env and runner are applied",
			was:  "the file was read and not used",
			files: `
target: api
tests:
  - { name: first, resource: "/echo?{{ env.WHO }}", expect: { body: { headers.X-Conf.0: conf }, status: 500 } }
  - { name: second, resource: /echo }
-- .qube.yaml --
version: 1
targets: { api: @API@ }
defaults: { headers: { X-Conf: conf }, timeout: 7s }
env: { WHO: conf }
runner: { parallel: false, maxConcurrent: 1, failFast: true }
`,
			want: []string{"first failed", "second skipped"},
			sent: []string{"GET /echo?conf"},
			check: func(t *testing.T, r *Report, _ *api) {
				if got := r.Results[0].Input.Timeout; got != "7s" {
					t.Errorf("timeout = %s", got)
				}
			},
		},
		{
			name: ".qube.yaml: environments have targets and env of their own",
			files: `
target: api
tests: [{ name: n, resource: "/echo?{{ env.WHO }}" }]
-- .qube.yaml --
targets: { api: http://127.0.0.1:1 }
env: { WHO: conf }
environments: { here: { targets: { api: @API@ }, env: { WHO: here } }, there: { targets: { api: http://127.0.0.1:2 } } }
`,
			environment: "here",
			want:        []string{"n passed"}, sent: []string{"GET /echo?here"},
		},
		{
			name: ".env: KEY=v, export, # comments, single and double quotes with escapes",
			files: `
target: @API@
tests:
  - name: n
    method: POST
    resource: /text
    body: "{{ env.PLAIN }}|{{ env.EXPORTED }}|{{ env.HASH }}|{{ env.COMMENT }}|{{ env.SINGLE }}|\
      {{ env.DOUBLE }}|{{ env.EMPTY }}|{{ env.BLANKS }}|{{ env.EQUALS }}"
-- .env --
# a comment
PLAIN=plain
export EXPORTED=exported
HASH=a#b
COMMENT=c # not part of it
SINGLE='a\n"b" # c'
DOUBLE="a\n\"b\" # c"
EMPTY=
  BLANKS = around
EQUALS=a=b
`,
			want: []string{"n passed"},
			check: func(t *testing.T, _ *Report, a *api) {
				want := "plain|exported|a#b|c|a\\n\"b\" # c|a\n\"b\" # c||around|a=b"
				if got := a.request(t, 0).Body; got != want {
					t.Errorf("body = %q\nwant   %q", got, want)
				}
			},
		},
		{
			name: ".env: the first found walking up to the configuration's folder",
			files: `
-- .env --
WHO=outer-value
-- project/.qube.yaml --
version: 1
-- project/.env --
WHO=project-value
-- project/a/b/a.yaml --
target: @API@
tests: [{ name: near, resource: "/echo?{{ env.WHO }}" }]
-- project/a/.env --
WHO=near-value
-- project/c/c.yaml --
target: @API@
tests: [{ name: far, resource: "/echo?{{ env.WHO }}" }]
-- other/.qube.yaml --
version: 1
-- other/o.yaml --
target: @API@
tests: [{ name: none, resource: "/echo?{{ env.WHO }}" }]
`,
			opts: Options{Serial: true},
			want: []string{"none passed", "near passed", "far passed"},
			sent: []string{"GET /echo?{{%20env.WHO%20}}", "GET /echo?near-value", "GET /echo?project-value"},
		},
	})
}

func TestRowsWhichFileIsASpec(t *testing.T) {
	const spec = "tests: [{ name: %s, resource: /echo }]\n"
	kinds := func(b *bench) []string {
		var list []string
		for doc := range b.session.Snapshot().Documents() {
			if doc.Kind == engine.KindSpec {
				list = append(list, strings.TrimPrefix(doc.Path(), b.dir+"/"))
			}
		}
		slices.Sort(list)
		return list
	}
	files := []string{
		"other.yaml", fmt.Sprintf(spec, "other"), "named.qube.yaml", fmt.Sprintf(spec, "named"), "short.qube.yml", fmt.Sprintf(spec, "short"),
		"tests/deep/globbed.yaml", fmt.Sprintf(spec, "globbed"), "tests/deep/globbed.YML", fmt.Sprintf(spec, "upper"),
		"p/.qube.yaml", "specs: ['api/*.yaml']\n", "p/api/configured.yaml", fmt.Sprintf(spec, "configured"),
		"p/tests/default.yaml", fmt.Sprintf(spec, "default"), "text.txt", "tests: []\n",
	}
	open := func(t *testing.T) *bench {
		t.Helper()
		b := &bench{t: t, dir: t.TempDir()}
		for i := 0; i+1 < len(files); i += 2 {
			b.write(files[i], files[i+1])
		}
		b.session = engine.NewSession(engine.Options{Roots: []string{b.dir}})
		return b
	}
	t.Run("(a) the editor says language id qube", func(t *testing.T) {
		b := open(t)
		b.session.Open(b.uri("other.yaml"), "qube", 1, files[1])
		b.session.Open(b.uri("text.txt"), "yaml", 1, "tests: []\n")
		if diff := cmp.Diff([]string{"other.yaml"}, kinds(b)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("(b) the name ends in .qube.yaml or .qube.yml", func(t *testing.T) {
		b := open(t)
		for _, name := range []string{"named.qube.yaml", "short.qube.yml", "other.yaml"} {
			b.session.Open(b.uri(name), "yaml", 1, "tests: []\n")
		}
		if diff := cmp.Diff([]string{"named.qube.yaml", "short.qube.yml"}, kinds(b)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("(c) it matches the specs: globs of the nearest .qube.yaml above it", func(t *testing.T) {
		b := open(t)
		b.write(".qube.yaml", "version: 1\n")
		for _, name := range []string{"p/api/configured.yaml", "p/tests/default.yaml", "tests/deep/globbed.yaml", "other.yaml"} {
			b.session.Open(b.uri(name), "yaml", 1, "tests: []\n")
		}
		// The default is tests/**/*.{yaml,yml}; a configuration with globs of its own has no default.
		if diff := cmp.Diff([]string{"p/api/configured.yaml", "tests/deep/globbed.yaml"}, kinds(b)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("(d) it was named on the command line; directories are walked for .yaml and .yml, any case, lexical order", func(t *testing.T) {
		b := open(t)
		if _, problems := b.session.Load(t.Context(), b.dir); len(problems) > 0 {
			t.Fatal(problems)
		}
		want := []string{
			"named.qube.yaml", "other.yaml", "p/api/configured.yaml", "p/tests/default.yaml", "short.qube.yml",
			"tests/deep/globbed.YML", "tests/deep/globbed.yaml",
		}
		if diff := cmp.Diff(want, kinds(b)); diff != "" {
			t.Error(diff)
		}
		if _, problems := b.session.Load(t.Context(), b.dir+"/text.txt"); len(problems) > 0 {
			t.Fatal(problems)
		}
		if !slices.Contains(kinds(b), "text.txt") {
			t.Error("a file that was named is no spec")
		}
	})
	t.Run("other YAML is left alone: no diagnostics", func(t *testing.T) {
		b := open(t)
		snap := b.session.Open(b.uri("other.yaml"), "yaml", 1, "tests: 7\nfoo: [\n")
		if r, err := Execute(t.Context(), snap, Selection{}, nil, Options{}); err != nil || len(r.Problems) > 0 {
			t.Errorf("%v, %v", r.Problems, err)
		}
	})
}
