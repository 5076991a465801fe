package ide_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/ide"
	"github.com/speclens/speclens/engine/plugin"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/schema"
)

// silent is a plugin that only describes itself.
type silent struct{ info plugin.PluginInfo }

func (p silent) Info() plugin.PluginInfo                       { return p.info }
func (p silent) Init(context.Context, map[string]any) error    { return nil }
func (p silent) Validate(plugin.TestInput) []plugin.FieldError { return nil }
func (p silent) Close() error                                  { return nil }
func (p silent) Execute(context.Context, plugin.TestInput, plugin.EventSink) (*plugin.TestOutput, error) {
	return nil, errors.New("it executes nothing")
}

// told is a protocol with required fields of every type, and with events in place of statuses.
func told() plugin.Plugin {
	least := json.Number("3")
	return silent{plugin.PluginInfo{
		Name: "told", Version: "1", Protocols: []schema.Protocol{"told"},
		Fields: map[string]schema.FieldSpec{
			"say":   {Type: schema.TypeString, Required: true, Examples: []any{"hello: you"}},
			"how":   {Type: schema.TypeString, Required: true, Enum: []any{"yes", "a, b|c", "${1}", "x}y"}},
			"level": {Type: schema.TypeNumber, Required: true, Minimum: &least},
			"loud":  {Type: schema.TypeBool, Required: true},
			"until": {Type: schema.TypeString, Required: true, Format: "date-time"},
			"to": {Type: schema.TypeObject, Required: true, Fields: map[string]schema.FieldSpec{
				"name": {Type: schema.TypeString, Required: true},
				"at":   {Type: schema.TypeObject, Required: true, Fields: map[string]schema.FieldSpec{"id": {Type: schema.TypeNumber, Required: true}}},
				"note": {Type: schema.TypeString},
			}},
			"list": {Type: schema.TypeArray, Required: true, Items: &schema.FieldSpec{
				Type: schema.TypeObject, Fields: map[string]schema.FieldSpec{"a": {Type: schema.TypeString, Required: true}, "b": {Type: schema.TypeBool, Required: true}},
			}},
			"map":    {Type: schema.TypeMap, Required: true, Items: &schema.FieldSpec{Type: schema.TypeNumber}},
			"volume": {Type: schema.TypeNumber},
			"old":    {Type: schema.TypeString, Deprecated: "say it"},
		},
		Events: map[string]schema.EventSpec{"Heard": {Fields: map[string]schema.FieldSpec{"text": {Type: schema.TypeString}}}, "Begun": {}},
	}}
}

// echo is the plugin of docs/plugins.md as the WASM module that it is.
func echo(t *testing.T) plugin.Plugin {
	t.Helper()
	runtime, err := plugin.NewWASMRuntime(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runtime.Close(context.Background()) })
	p, err := runtime.LoadPlugin(t.Context(), "echo", plugintest.Build(t, "echo"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// findings are what the checker and the plugins say about a file of a session that is like another one.
func (f *fixture) findings(t *testing.T) []analysis.Diagnostic {
	t.Helper()
	snap := f.session.Snapshot()
	found := analysis.Run(t.Context(), snap, f.uri)
	var none *analysis.Validation
	said, complete := none.Refresh(t.Context(), snap, f.uri, func(in analysis.PluginInput) ([]plugin.FieldError, bool) {
		return in.Plugin.Validate(in.Input), true
	})
	if !complete {
		t.Fatal("the plugins were not asked")
	}
	return append(found, said.Findings(snap, f.uri)...)
}

// wholeTests are those of some items that are tests or files to begin with.
func wholeTests(items []ide.CompletionItem) []ide.CompletionItem {
	return slices.DeleteFunc(items, func(i ide.CompletionItem) bool { return i.Kind != ide.ItemSnippet || i.Detail == "" })
}

// Whatever is offered as a whole test or file is sound as it is inserted, in the editor's form and in plain text, wherever it is
// offered, and beside the names that the project has already.
func TestWholeTestsAreSoundWhereverTheyAreOffered(t *testing.T) {
	taken := "  - name: x\n    alias: auth\n    REQUIRED\n    save: {token: response.body.a, id: response.body.b}\n" +
		"  - name: y\n    alias: auth2\n    REQUIRED\n  - name: z\n    alias: read\n    REQUIRED\n"
	items := []string{"test", "matrix"}
	files := []string{"test", "matrix", "load-profile", "load-scenarios", "scenario"}
	http := []string{"login", "authorised", "crud", "poll"}
	places := []struct {
		name, src string
		want      []string
	}{
		{"an empty file", "‸", files},
		{"a word in an empty file", "lo‸", files},
		{"a blank line", "\n‸\n", files},
		{"a comment above", "# what it is\n‸\n", files},
		{"a byte order mark", "\ufeff‸\n", files},
		{"a target above", "target: SCHEME://a\n‸\n", files},
		{"a target and CRLF", "target: SCHEME://a\r\n‸\r\n", files},
		{"names of targets above", "targets: { web: SCHEME://a, other: SCHEME://b }\n‸\n", files},
		{"names of targets and none for the protocol", "targets: { web: SCHEME://a }\n‸\n", files},
		{"a mode below", "‸\nmode: test\n", items},
		{"keys further in", "  target: SCHEME://a\n  ‸\n", files},
		{"a second document", "target: SCHEME://a\ntests:\n" + taken + "---\n‸\n", files},
		{"a second document with a target", "target: SCHEME://a\ntests:\n" + taken + "---\ntarget: SCHEME://a\n‸\n", files},
		{"behind a dash", "target: SCHEME://a\ntests:\n  - ‸\n", items},
		{"right behind a dash", "target: SCHEME://a\ntests:\n  -‸\n", items},
		{"a word behind a dash", "target: SCHEME://a\ntests:\n  - lo‸\n", items},
		{"far behind a dash", "target: SCHEME://a\ntests:\n  -   ‸\n", items},
		{"behind a dash at column 0", "target: SCHEME://a\ntests:\n- ‸\n", items},
		{"a list far in", "target: SCHEME://a\ntests:\n      - ‸\n", items},
		{"an empty list", "target: SCHEME://a\ntests:\n  ‸\n", items},
		{"an empty list without a target", "tests:\n  ‸\n", items},
		{"an empty list at column 0 without a target", "tests:\n- ‸\n", items},
		{"between tests", "target: SCHEME://a\ntests:\n" + taken + "  - ‸\n" + strings.ReplaceAll(taken, "alias: ", "alias: other-"), items},
		{"below tests at column 0", "target: SCHEME://a\ntests:\n- name: x\n  alias: auth\n  OUTER\n- ‸\n", items},
		{"behind tests, where one may begin", "target: SCHEME://a\ntests:\n" + taken + "  ‸\n", items},
		{"no place between the keys of a test", "target: SCHEME://a\ntests:\n  - name: x\n    ‸\n    expect: {duration: < 5s}\n", nil},
		{"in brackets without a target", "tests: [ ‸ ]\n", nil},
		{"no place behind a word", "target: SCHEME://a\ntests:\n  - ‸ # x\n  - { ‸ }\n", nil},
		{"no place on the line of a document", "--- ‸\n", nil},
		{"no place where tests are below", "‸\ntarget: SCHEME://a\ntests:\n" + taken, nil},
		{"no place where a list has ended", "target: SCHEME://a\ntests:\n" + taken + "‸\n", nil},
	}
	for _, protocol := range []struct {
		scheme  string
		plugins []plugin.Plugin
		// required are the fields that the other tests must have.
		required string
		more     []string
	}{
		{"http", []plugin.Plugin{httpplugin.New(), told()}, "", http},
		{
			"told", []plugin.Plugin{told()},
			"how: \"yes\"\n    level: 3\n    loud: true\n    until: \"2030-01-31T12:00:00Z\"\n    to: {name: a, at: {id: 1}}\n    list: []\n    map: {}\n    say: x\n    ", nil,
		},
		{"echo", []plugin.Plugin{echo(t)}, "say: x\n    ", []string{"greet"}},
	} {
		plugins, required := protocol.plugins, protocol.required+"expect: {duration: < 5s}"
		open := func(src string) *fixture { return newFixture(t, src, plugins...) }
		for _, place := range places {
			src := strings.NewReplacer("SCHEME", protocol.scheme, "REQUIRED", required, "OUTER", strings.ReplaceAll(required, "\n    ", "\n  ")).Replace(place.src)
			f := open(src)
			offered := wholeTests(f.complete())
			want := place.want
			if len(want) > 0 {
				want = append(slices.Clone(want), protocol.more...)
			}
			for _, label := range want {
				if !slices.Contains(labels(offered), label) {
					t.Errorf("%s, %s: %q is not offered; offered are %q", protocol.scheme, place.name, label, labels(offered))
				}
			}
			if len(want) == 0 && slices.ContainsFunc(offered, func(i ide.CompletionItem) bool { return i.Label != "one line" }) {
				t.Errorf("%s, %s: offered are %q", protocol.scheme, place.name, labels(offered))
			}
			for _, item := range offered {
				plain := item
				plain.Edit.New, plain.Snippet = item.Plain, false
				texts := []string{f.accept(t, item), f.accept(t, plain)}
				if a, b := strings.TrimRight(texts[0], " \n"), strings.TrimRight(texts[1], " \n"); a != b {
					t.Errorf("%s, %s: %s is\n%s\nand in plain text\n%s", protocol.scheme, place.name, item.Label, a, b)
				}
				for _, d := range open(texts[0]).findings(t) {
					t.Errorf("%s, %s: %s has %s: %s\n%s", protocol.scheme, place.name, item.Label, d.Code, d.Message, texts[0])
				}
			}
		}
	}
}

func TestWholeTestsUseTheNamesOfTheProject(t *testing.T) {
	const login = "target: http://a\ntests:\n  - name: x\n    alias: auth\n    save: {token: response.body.a, session: response.body.b, a key: response.body.c}\n    expect: {status: 200}\n"
	for _, c := range []struct{ name, src, label, want string }{
		{"credentials that tests save", login + "  - ‸\n", "authorised", `Authorization: "Bearer ${4|{{ token }},{{ session }}|}"`},
		{"no credential", "target: http://a\ntests:\n  - ‸\n", "authorised", `Authorization: "Bearer ${4:TOKEN}"`},
		{"an alias that is taken", login + "  - ‸\n", "login", "alias: ${2:auth2}"},
		{"a saved name that is taken", login + "  - ‸\n", "login", "${10:token2}: response.body.${9}"},
		{"an alias that nobody has", "target: http://a\ntests:\n  - ‸\n", "login", "alias: ${2:auth}"},
		{"names of targets that lead to the protocol", "targets: {a: http://a, b: told://b, c: https://c}\n‸\n", "login", "target: ${1|a,c|}\n"},
		{"one name of a target", "targets: {a: http://a}\n‸\n", "matrix", "target: ${1:a}\n"},
		{"a name of the project's target", "‸\n", "login", "target: ${1:api}\n"},
		{"a target for each test", "tests:\n  - ‸\n", "login", "name: ${1:log in}\ntarget: ${2:api}\n"},
		{"a file without a target in a project whose targets are of another protocol", "targets: {b: told://b}\n‸\n", "test", "target: ${1:b}\n"},
		{"a file for the other protocol all the same", "targets: {b: told://b}\n‸\n", "login", "target: ${1:api}\n"},
	} {
		f := newFixture(t, c.src, httpplugin.New(), told())
		if strings.Contains(c.want, "api}") {
			f.session.Open("file:///w/.qube.yaml", "yaml", 1, "targets: { api: http://127.0.0.1:1, heard: told://127.0.0.1 }\n")
		}
		written := strings.ReplaceAll(f.item(t, c.label).Edit.New, "  target", "target")
		if !strings.Contains(written, c.want) {
			t.Errorf("%s: %s inserts\n%s\nwithout\n%s", c.name, c.label, written, c.want)
		}
	}
}

func TestATestInBracketsIsSound(t *testing.T) {
	for scheme, c := range map[string]struct {
		p    plugin.Plugin
		want []string
	}{
		"http": {httpplugin.New(), []string{"test", "one line"}}, "echo": {echo(t), []string{"test"}}, "told": {told(), nil}, // which requires lists and maps
	} {
		src := "target: " + scheme + "://a\ntests: [‸]\n"
		items := wholeTests(newFixture(t, src, c.p).complete())
		if got := labels(items); !slices.Equal(got, c.want) {
			t.Errorf("%s: offered are %q, want %q", scheme, got, c.want)
		}
		for _, item := range items {
			plain := item
			plain.Edit.New, plain.Snippet = item.Plain, false
			for _, form := range []ide.CompletionItem{item, plain} {
				text := newFixture(t, src, c.p).accept(t, form)
				for _, d := range newFixture(t, text, c.p).findings(t) {
					t.Errorf("%s: %s has %s: %s\n%s", scheme, item.Label, d.Code, d.Message, text)
				}
			}
		}
	}
}

func TestACredentialOfAnEnvironmentThatIsNotChosenIsNoDefault(t *testing.T) {
	f := newFixture(t, "target: http://a\ntests:\n  - ‸\n")
	f.session.Open("file:///w/.qube.yaml", "yaml", 1, "env: { API_KEY: aaaaaaaaaaaa }\nenvironments: { live: { env: { LIVE_TOKEN: bbbbbbbbbbbb } } }\n")
	if got := f.item(t, "authorised").Edit.New; !strings.Contains(got, `"Bearer ${4:{{ env.API_KEY \}\}}"`) {
		t.Errorf("got %s", got)
	}
}

func TestAProjectBeginsWithItsConfiguration(t *testing.T) {
	for _, c := range []struct {
		name, src string
		offered   bool
	}{
		{"an empty file", "‸", true},
		{"a word", "pro‸", true},
		{"a version alone", "version: 1\n‸\n", true},
		{"behind the line of a document", "---\n‸\n", true},
		{"not where some of it is there", "‸\ntargets: { a: http://a }\n", false},
		{"not inside of something", "output:\n  ‸\n", false},
		{"not in a spec", "", false},
	} {
		for _, plugins := range [][]plugin.Plugin{{httpplugin.New()}, {told()}} {
			f := newFixture(t, "x: ‸\n", plugins...)
			if c.src != "" {
				f.uri, f.cursor, f.src = "file:///w/.qube.yaml", strings.Index(c.src, cursorMark), strings.ReplaceAll(c.src, cursorMark, "")
				f.session.Open(f.uri, "yaml", 1, f.src)
			}
			items := wholeTests(f.complete())
			i := slices.IndexFunc(items, func(i ide.CompletionItem) bool { return i.Label == "project" })
			if i >= 0 != c.offered {
				t.Errorf("%s: offered are %q", c.name, labels(items))
			}
			if i < 0 {
				continue
			}
			plain := items[i]
			plain.Edit.New, plain.Snippet = plain.Plain, false
			src := f.accept(t, items[i])
			if f.accept(t, plain) != src {
				t.Errorf("%s: the plain text differs from\n%s", c.name, src)
			}
			f.session.Open(f.uri, "yaml", 2, src)
			for _, d := range f.findings(t) {
				t.Errorf("%s: %s: %s\n%s", c.name, d.Code, d.Message, src)
			}
			for _, key := range []string{"targets", "defaults", "env", "environments", "runner"} {
				if !strings.Contains(src, "\n"+key+":") && !strings.HasPrefix(src, key+":") {
					t.Errorf("%s: there is no %s in\n%s", c.name, key, src)
				}
			}
		}
	}
}

// What is inserted for a protocol has the words of its plugin, and none of another one.
func TestWhatIsInsertedHasTheWordsOfItsProtocolAlone(t *testing.T) {
	info := httpplugin.New().Info()
	var foreign []string
	for _, m := range info.Methods {
		foreign = append(foreign, m.Name)
	}
	for _, h := range info.Headers {
		foreign = append(foreign, h.Name)
	}
	for _, s := range info.Statuses {
		foreign = append(foreign, s.Name)
	}
	for kind := range info.Events {
		foreign = append(foreign, kind)
	}
	whole := regexp.MustCompile(`\b(` + strings.Join(foreign, "|") + `|json)\b`)
	other := newFixture(t, "target: http://a\ntests:\n  - name: x\n    ‸\n")
	if !whole.MatchString(other.item(t, "expect").Edit.New) || !whole.MatchString(other.item(t, "method").Edit.New) {
		t.Error("this test would not notice the words of HTTP")
	}
	module := echo(t)
	test := "target: SCHEME://a\ntests:\n  - name: x\n    "
	for _, src := range []string{
		"‸", "target: SCHEME://a\n‸\n", "target: SCHEME://a\ntests:\n  - ‸\n", test + "‸\n", test + "expect:\n      ‸\n", test + "retry:\n      ‸\n",
		test + "retry:\n      until:\n        ‸\n", test + "expect:\n      status: ‸\n", test + "expect:\n      headers:\n        ‸\n",
		test + "expect:\n      events:\n        - ‸\n", test + "expect:\n      events:\n        - kind: ‸\n", test + "headers:\n      ‸\n", test + "method: ‸\n",
		"target: SCHEME://a\ndefaults:\n  ‸\n", "target: SCHEME://a\ndefaults:\n  headers:\n    ‸\n",
	} {
		for scheme, p := range map[string]plugin.Plugin{"told": told(), "echo": module} {
			for _, item := range newFixture(t, strings.ReplaceAll(src, "SCHEME", scheme), p).complete() {
				for _, inserted := range []string{item.Edit.New, item.Plain} {
					if word := whole.FindString(inserted); word != "" {
						t.Errorf("%s, %q: %s inserts %q of HTTP: %q", scheme, src, item.Label, word, inserted)
					}
				}
			}
		}
	}
	for _, c := range []struct{ src, label, want string }{
		{test + "‸\n", "expect", "expect:\n  events:\n    - kind: ${1|Begun,Heard|}"},
		{test + "expect:\n      ‸\n", "events", "events:\n  - kind: ${1|Begun,Heard|}"},
		{test + "expect:\n      ‸\n", "status", "status: ${1}"},
		{test + "expect:\n      events:\n        - ‸\n", "kind", "kind: ${1|Begun,Heard|}"},
		{test + "retry:\n      ‸\n", "until", "until:\n  events:\n    - kind: ${1|Begun,Heard|}"},
		{test + "‸\n", "method", "method: ${1}"},
		{test + "‸\n", "resource", "resource: ${1}"},
	} {
		if got := newFixture(t, strings.ReplaceAll(c.src, "SCHEME", "told"), told()).item(t, c.label).Edit.New; got != c.want {
			t.Errorf("%s in %q inserts %q, want %q", c.label, c.src, got, c.want)
		}
	}
}
