package link_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/schema"
)

type fake struct{ info plugin.PluginInfo }

func (f fake) Info() plugin.PluginInfo                       { return f.info }
func (f fake) Init(context.Context, map[string]any) error    { return nil }
func (f fake) Validate(plugin.TestInput) []plugin.FieldError { return nil }
func (f fake) Close() error                                  { return nil }

func (f fake) Execute(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
	return nil, errors.New("a fake executes nothing")
}

// open opens a session over the files of an archive.
func open(t *testing.T, archive string, settings engine.Settings) (*engine.Snapshot, func(name string) *engine.Document) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.Data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	r := plugin.NewRegistry()
	if err := r.Register(fake{plugin.PluginInfo{Name: "http", Protocols: []schema.Protocol{"http", "HTTPS"}}}); err != nil {
		t.Fatal(err)
	}
	s := engine.NewSession(engine.Options{Registry: r, Roots: []string{dir}, Settings: settings})
	snap, problems := s.Load(t.Context(), dir)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return snap, func(name string) *engine.Document {
		return snap.Document(engine.URIFromPath(filepath.Join(dir, filepath.FromSlash(name))))
	}
}

const targets = `
-- .qube.yaml --
targets: {conf: "http://conf", both: "http://conf-both", bare: nowhere, open: "{{ env.BASE }}/v1", loop: "{{ env.LOOP }}"}
env: {BASE: "https://base", NAME: conf, LOOP: loop, EMPTY: ""}
environments:
  e: {targets: {conf: "http://env", only: "http://only"}, env: {BASE: "smtp://base"}}
-- a.qube.yaml --
target: file
targets: {file: "http://file", both: "http://file-both"}
tests:
  - {method: own}
`

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		name, target, environment string
		want                      link.Destination
		message                   string
	}{
		{"a URL is itself", "http://x/y", "", link.Destination{URL: "http://x/y", Protocol: "http"}, ""},
		{"a scheme counts in any case", "HttpS://x", "", link.Destination{URL: "HttpS://x", Protocol: "https"}, ""},
		{"an alias of the file is followed", "file", "", link.Destination{Alias: "file", URL: "http://file", AliasFrom: "this file",
			Protocol: "http"}, ""},
		{"an alias of the configuration is followed", "conf", "", link.Destination{Alias: "conf", URL: "http://conf",
			AliasFrom: ".qube.yaml", Protocol: "http"}, ""},
		{"the file's alias wins over the configuration's", "both", "", link.Destination{Alias: "both", URL: "http://file-both",
			AliasFrom: "this file", Protocol: "http"}, ""},
		{"the chosen environment wins over the configuration", "conf", "e", link.Destination{Alias: "conf", URL: "http://env",
			AliasFrom: "environment e", Protocol: "http"}, ""},
		{"an alias of the chosen environment is followed", "only", "e", link.Destination{Alias: "only", URL: "http://only",
			AliasFrom: "environment e", Protocol: "http"}, ""},
		{"an alias of an environment that is not chosen is told", "only", "", link.Destination{URL: "only", Fault: link.FaultOtherAlias},
			"environment `e`"},
		{"an alias without a scheme is a fault", "bare", "", link.Destination{Alias: "bare", URL: "nowhere", AliasFrom: ".qube.yaml",
			Fault: link.FaultNoScheme}, "no scheme"},
		{"a misspelt alias is a fault with a guess", "cnof", "", link.Destination{URL: "cnof", Fault: link.FaultNoAlias},
			"did you mean `conf`"},
		{"a host without scheme is a fault that shows the URL", "localhost:80", "", link.Destination{URL: "localhost:80",
			Fault: link.FaultNoAlias}, "http://localhost:80"},
		{"no target at all is a fault", " ", "", link.Destination{Fault: link.FaultNoTarget}, "no target"},
		{"a protocol without a plugin is a fault that names those there are", "smtp://x", "", link.Destination{URL: "smtp://x",
			Protocol: "smtp", Fault: link.FaultNoPlugin}, "http, https"},
		{"a scheme before a template is known", "http://{{ env.X }}", "", link.Destination{URL: "http://{{ env.X }}", Protocol: "http"}, ""},
		{"a variable that is known gives the protocol", "{{ env.BASE }}", "", link.Destination{URL: "{{ env.BASE }}", Open: true,
			Protocol: "https"}, ""},
		{"the chosen environment decides about a variable, and is no fault", "{{ env.BASE }}", "e", link.Destination{URL: "{{ env.BASE }}",
			Open: true}, ""},
		{"a variable may name an alias", "{{ env.NAME }}", "", link.Destination{URL: "{{ env.NAME }}", Open: true, Alias: "conf",
			AliasFrom: ".qube.yaml", Protocol: "http"}, ""},
		{"an alias may hold a template", "open", "", link.Destination{Alias: "open", URL: "{{ env.BASE }}/v1", AliasFrom: ".qube.yaml",
			Open: true, Protocol: "https"}, ""},
		{"an alias leads to no other alias, so not in circles", "loop", "", link.Destination{Alias: "loop", URL: "{{ env.LOOP }}",
			AliasFrom: ".qube.yaml", Open: true}, ""},
		{"a variable that is not known leaves the target open", "{{ env.NOWHERE }}", "", link.Destination{URL: "{{ env.NOWHERE }}",
			Open: true}, ""},
		{"an empty variable leaves the target open", "{{ env.EMPTY }}", "", link.Destination{URL: "{{ env.EMPTY }}", Open: true}, ""},
		{"a scheme holds no blank", "ht tp://x", "", link.Destination{URL: "ht tp://x", Fault: link.FaultNoAlias}, "neither a URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snap, doc := open(t, targets, engine.Settings{Environment: tt.environment})
			d := doc("a.qube.yaml")
			got := link.Resolve(snap, d.URI, d.Spec().Specs[0], tt.target)
			message := got.Message
			got.Message, got.AliasURI, got.AliasAt = "", "", tt.want.AliasAt
			if got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
			if (tt.message == "") != (message == "") || !strings.Contains(message, tt.message) {
				t.Errorf("the message is %q", message)
			}
		})
	}
}

func TestTheTestsTargetWinsOverTheFiles(t *testing.T) {
	snap, doc := open(t, targets, engine.Settings{})
	d := doc("a.qube.yaml")
	s := d.Spec().Specs[0]
	if to := link.Target(snap, d, s, s.Tests.At(0).Test); to.FromTest || to.URL != "http://file" || to.AliasURI != d.URI {
		t.Errorf("got %+v", to)
	}
	if to := link.Target(snap, d, s, nil); to.URL != "http://file" || d.Text.Slice(to.AliasAt) != "file" {
		t.Errorf("the file's own target is %+v", to)
	}
	names := link.AliasNames(snap, d.URI, s)
	if diff := cmp.Diff([]string{"file", "both", "conf", "bare", "open", "loop"}, names); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}

const names = `
-- a.qube.yaml --
tests:
  - {alias: first, save: {id: response.body.id, token: response.body.token, first: response.body}}
  - {alias: second, save: {id: response.body.id}}
  - {alias: asks, matrix: [{role: a, auth: b}], resource: "/x"}
  - {alias: dotted.name, save: {late: response.body}}
-- b.qube.yaml --
tests:
  - {alias: other, save: {elsewhere: response.body, late: response.body}}
-- sub/.qube.yaml --
version: 1
-- sub/c.qube.yaml --
tests:
  - {alias: apart}
`

func TestLookup(t *testing.T) {
	snap, doc := open(t, names, engine.Settings{})
	d := doc("a.qube.yaml")
	index := link.NamesOf(snap, d.URI)
	asks := index.Aliased("asks")[0]
	for _, tt := range []struct {
		name, template string
		kind           link.RefKind
		to, path       string
	}{
		{"an alias is a test", "{{ first.response.body.id }}", link.RefAlias, "first", "response.body.id"},
		{"an alias of another file is a test", "{{ other.response.status }}", link.RefAlias, "other", "response.status"},
		{"an alias may hold a dot", "{{ dotted.name.response.body }}", link.RefAlias, "dotted.name", "response.body"},
		{"a saved name is the value of the nearest test above", "{{ id }}", link.RefSaved, "second", ""},
		{"a saved name has a path", "{{ token.value }}", link.RefSaved, "first", "value"},
		{"a test below in the file wins over another file", "{{ late }}", link.RefSaved, "dotted.name", ""},
		{"a saved name of another file is found", "{{ elsewhere }}", link.RefSaved, "other", ""},
		{"a saved name wins over an alias, unless what a test has follows", "{{ first.id }}", link.RefSaved, "first", "id"},
		{"a key of the own matrix wins over all", "{{ auth }}", link.RefMatrix, "", ""},
		{"a key of the matrix may be spelt out", "{{ matrix.role }}", link.RefMatrix, "", ""},
		{"a key that no row has is unknown", "{{ matrix.rol }}", link.RefUnknown, "", ""},
		{"prev is the test before", "{{ prev.response.body }}", link.RefPrev, "second", "response.body"},
		{"an alias of another project is unknown", "{{ apart.response.body }}", link.RefUnknown, "", "response.body"},
		{"a name that nobody has is unknown", "{{ nobody }}", link.RefUnknown, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := index.Lookup(asks, template.Parse(tt.template).Refs()[0])
			to := ""
			if got.To != nil {
				to = got.To.Alias.Value
			}
			var path []string
			for _, s := range got.Path.Segments {
				path = append(path, s.Text)
			}
			if got.Kind != tt.kind || to != tt.to || strings.Join(path, ".") != tt.path {
				t.Errorf("kind %d, to %q, path %v", got.Kind, to, path)
			}
		})
	}
	t.Run("the index lists its names", func(t *testing.T) {
		if got := index.AliasNames(); !slices.Equal(got, []string{"asks", "dotted.name", "first", "other", "second"}) {
			t.Errorf("aliases %v", got)
		}
		if got := index.SavedNames(); !slices.Equal(got, []string{"elsewhere", "first", "id", "late", "token"}) {
			t.Errorf("saved %v", got)
		}
		if got := len(index.Saved("id")); got != 2 {
			t.Errorf("id is saved in %d places", got)
		}
	})
	t.Run("an index of given documents holds no others", func(t *testing.T) {
		if got := link.NamesIn([]*engine.Document{doc("b.qube.yaml"), doc("sub/.qube.yaml")}).AliasNames(); !slices.Equal(got,
			[]string{"other"}) {
			t.Errorf("aliases %v", got)
		}
	})
}

const needs = `
-- a.qube.yaml --
depends: [b.qube.yaml, missing.qube.yaml]
target: "{{ base.response.body.url }}"
defaults: {headers: {A: "{{ token }}"}}
tests:
  - {alias: base, target: "http://x", save: {token: response.body.token}}
  - alias: uses
    depends: [base, uses, nobody]
    resource: "/{{ token }}/{{ fake.uuid }}/{{ env.X }}"
    expect: {body: {a: "{{ base.response.body.a }}"}}
-- b.qube.yaml --
mode: scenario
tests:
  - {name: one}
  - {name: two}
`

func TestNeeds(t *testing.T) {
	snap, doc := open(t, needs, engine.Settings{})
	index := link.NamesOf(snap, doc("a.qube.yaml").URI)
	list := func(p *link.Place) []string {
		var out []string
		for _, n := range index.Needs(p) {
			at := ""
			if !n.At.IsEmpty() {
				at = " at " + p.Doc.Text.Slice(n.At)
			}
			out = append(out, []string{"value", "depends", "scenario"}[n.Kind]+" "+n.To.Label()+at)
		}
		return out
	}
	find := func(label string) *link.Place {
		i := slices.IndexFunc(index.Tests(), func(p *link.Place) bool { return p.Label() == label })
		return index.Tests()[i]
	}
	t.Run("templates, defaults, the file's target and depends give edges", func(t *testing.T) {
		want := []string{
			"value base at token", "value base at base", "value base at base", "value base at token", "depends base at base",
		}
		if diff := cmp.Diff(want, list(find("/{{ token }}/{{ fake.uuid }}/{{ env.X }}"))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a test needs neither itself nor a target that it overrides", func(t *testing.T) {
		if got := list(find("base")); len(got) > 0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a test of a scenario needs the one before", func(t *testing.T) {
		if got := list(find("two")); !slices.Equal(got, []string{"scenario one"}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a file needs files", func(t *testing.T) {
		d := doc("a.qube.yaml")
		got := link.FileNeeds(snap, d, d.Spec().Specs[0])
		if len(got) != 2 || got[0].Doc != doc("b.qube.yaml") || got[1].Doc != nil || !strings.HasSuffix(got[1].URI, "/missing.qube.yaml") {
			t.Errorf("got %+v", got)
		}
	})
}

func TestCycles(t *testing.T) {
	for _, tt := range []struct {
		name, archive string
		want          []string
	}{
		{"a chain is none", "-- a.qube.yaml --\ntests:\n  - {alias: a}\n  - {alias: b, depends: [a]}\n  - {alias: c, depends: [a, b]}\n", nil},
		{"a test that depends on itself is none", "-- a.qube.yaml --\ntests:\n  - {alias: a, depends: [a]}\n", nil},
		{"three tests around",
			"-- a.qube.yaml --\ntests:\n  - {alias: a, depends: [b]}\n  - {alias: b, depends: [c]}\n  - {alias: c, depends: [a]}\n",
			[]string{"a b c"}},
		{"the shortest way around is named",
			"-- a.qube.yaml --\ntests:\n  - {alias: a, depends: [b]}\n  - {alias: b, depends: [c, a]}\n  - {alias: c, depends: [a]}\n",
			[]string{"a b"}},
		{"two knots",
			"-- a.qube.yaml --\ntests:\n  - {alias: a, depends: [b]}\n  - {alias: b, depends: [a]}\n" +
				"  - {alias: c, depends: [d]}\n  - {alias: d, depends: [c, a]}\n",
			[]string{"a b", "c d"}},
		{"two files that depend on each other",
			"-- a.qube.yaml --\ndepends: [b.qube.yaml]\ntests:\n  - {alias: a}\n-- b.qube.yaml --\ndepends: [a.qube.yaml]\ntests:\n  - {alias: b}\n",
			[]string{"a b.qube.yaml b a.qube.yaml"}},
		{"a file that depends on a user of its values",
			"-- a.qube.yaml --\ndepends: [b.qube.yaml]\ntests:\n  - {alias: a}\n-- b.qube.yaml --\ntests:\n  - {alias: b, depends: [a]}\n",
			[]string{"a b.qube.yaml b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snap, doc := open(t, tt.archive, engine.Settings{})
			var got []string
			for _, c := range link.Cycles(snap, link.NamesOf(snap, doc("a.qube.yaml").URI), doc("a.qube.yaml").URI) {
				var names []string
				for i, e := range c {
					names = append(names, e.FromName())
					if next := c[(i+1)%len(c)]; e.ToName() != next.FromName() {
						t.Errorf("%s leads to %s and not to %s", e.FromName(), e.ToName(), next.FromName())
					}
					if s := snap.Document(e.URI()).Text.Slice(e.Span()); s == "" {
						t.Errorf("the edge from %s stands nowhere", e.FromName())
					}
				}
				got = append(got, strings.Join(names, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestALongChainIsNoTrouble(t *testing.T) {
	var b strings.Builder
	b.WriteString("-- a.qube.yaml --\nmode: scenario\ntests:\n")
	for range 3000 {
		b.WriteString("  - GET /x -> 200\n")
	}
	snap, doc := open(t, b.String(), engine.Settings{})
	if c := link.Cycles(snap, link.NamesOf(snap, doc("a.qube.yaml").URI), doc("a.qube.yaml").URI); len(c) > 0 {
		t.Errorf("%d cycles", len(c))
	}
}

// What an editor closes is let go of at once, by the index of names as well, which nobody may ask for a long time.
func TestAClosedFileIsNotKeptByTheIndexOfNames(t *testing.T) {
	session := engine.NewSession(engine.Options{})
	const uri, other = "file:///w/closed.qube.yaml", "file:///w/other.qube.yaml"
	session.Open(other, "qube", 1, "target: http://a\ntests: [{name: o, resource: /}]\n")
	session.Open(uri, "qube", 1, "target: http://a\ntests: [{name: a, alias: a, resource: /}]\n")
	link.NamesOf(session.Snapshot(), uri)
	closed := weak.Make(session.Snapshot().Document(uri))
	session.CloseDocument(uri)
	runtime.GC()
	if closed.Value() != nil {
		t.Error("the closed file is still there")
	}
	if n := len(link.NamesOf(session.Snapshot(), other).Tests()); n != 1 {
		t.Errorf("the index has %d tests, want that of the file that is open", n)
	}
}
