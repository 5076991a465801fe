package analysis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

func session(t testing.TB, files string) (*engine.Session, func(name string) string) {
	t.Helper()
	s, dir := open(t, txtar.Parse([]byte(files)).Files, engine.Settings{})
	return s, func(name string) string { return engine.URIFromPath(dir + "/" + name) }
}

func codesOf(found []analysis.Diagnostic) []string {
	var list []string
	for _, d := range found {
		list = append(list, d.Code)
	}
	return list
}

func TestRunKnowsWhatItLooksAt(t *testing.T) {
	s, uri := session(t, "-- a.qube.yaml --\ntraget: x\n-- other.txt --\nx\n")
	if got := analysis.Run(t.Context(), s.Snapshot(), uri("nowhere.qube.yaml")); got != nil {
		t.Errorf("an unknown document has the findings %v", got)
	}
	s.Open("untitled:1", "yaml", 1, "traget: x\n")
	if got := analysis.Run(t.Context(), s.Snapshot(), "untitled:1"); got != nil {
		t.Errorf("YAML that is none of ours has the findings %v", got)
	}
	s.Open("untitled:2", "qube", 1, "traget: x\n")
	if got := codesOf(analysis.Run(t.Context(), s.Snapshot(), "untitled:2")); !slices.Contains(got, "spec.unknown-key") {
		t.Errorf("a spec that was never saved has the findings %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := analysis.Run(ctx, s.Snapshot(), uri("a.qube.yaml")); len(got) > 0 {
		t.Errorf("a cancelled run goes on: %v", codesOf(got))
	}
}

func TestEveryCheckHasANameAndWork(t *testing.T) {
	for i, c := range analysis.All {
		if c.Name == "" || c.Test == nil && c.Linked == nil && c.Document == nil {
			t.Errorf("check %d (%s) does nothing", i, c.Name)
		}
		if c.Config && c.Test != nil {
			t.Errorf("check %s looks at the tests of a configuration", c.Name)
		}
	}
}

func TestFindingsMoveWithTheirTest(t *testing.T) {
	s, uri := session(t,
		"-- a.qube.yaml --\ntarget: http://h\ntests:\n  - GET /a -> 200\n  - method: GET\n    retires: 3\n    expect: {status: 200}\n")
	u := uri("a.qube.yaml")
	doc := s.Snapshot().Document(u)
	s.Open(u, "qube", 1, doc.Text.String())
	before := analysis.Run(t.Context(), s.Snapshot(), u)
	at := doc.Text.Position(strings.Index(doc.Text.String(), "http://h")+len("http://h"), text.UTF16)
	snap := s.Change(u, 2, text.UTF16, []engine.Change{{Start: at, End: at, Text: "ost.example"}})
	after := analysis.Run(t.Context(), snap, u)
	if len(before) != 1 || len(after) != 1 {
		t.Fatalf("findings %v, then %v", codesOf(before), codesOf(after))
	}
	const moved = len("ost.example")
	if after[0].Span != before[0].Span.Shift(moved) || after[0].Fixes[0].Edits[0].Span != before[0].Fixes[0].Edits[0].Span.Shift(moved) {
		t.Errorf("the finding moved from %v to %v", before[0].Span, after[0].Span)
	}
	if got := snap.Document(u).Text.Slice(after[0].Span); got != "retires" {
		t.Errorf("the finding stands at %q", got)
	}
}

func TestOtherPluginsGiveOtherFindings(t *testing.T) {
	s, uri := session(t, "-- a.qube.yaml --\ntarget: http://h\ntests:\n  - {method: GET, payload: 1, expect: {status: 200}}\n")
	u := uri("a.qube.yaml")
	if got := codesOf(analysis.Run(t.Context(), s.Snapshot(), u)); !slices.Equal(got, []string{"field.unknown"}) {
		t.Fatalf("findings %v", got)
	}
	r := plugin.NewRegistry()
	if err := r.Register(fake{info: plugin.PluginInfo{
		Name: "http", Protocols: []schema.Protocol{"http"}, Fields: map[string]schema.FieldSpec{"payload": {Type: schema.TypeString}},
	}}); err != nil {
		t.Fatal(err)
	}
	if got := codesOf(analysis.Run(t.Context(), s.SetRegistry(r), u)); !slices.Equal(got, []string{"field.type"}) {
		t.Errorf("with another plugin the findings are %v", got)
	}
	if got := codesOf(analysis.Run(t.Context(), s.SetRegistry(plugin.NewRegistry()), u)); !slices.Equal(got, []string{"target.no-plugin"}) {
		t.Errorf("without a plugin the findings are %v", got)
	}
}

func TestFindingsFollowOtherFiles(t *testing.T) {
	s, uri := session(t, "-- a.qube.yaml --\ntarget: http://h\ntests:\n  - {method: \"{{ tok }}\", expect: {status: 200}}\n")
	u := uri("a.qube.yaml")
	if got := codesOf(analysis.Run(t.Context(), s.Snapshot(), u)); !slices.Equal(got, []string{"template.unknown-name"}) {
		t.Fatalf("findings %v", got)
	}
	snap := s.Open(uri("b.qube.yaml"), "qube", 1, "target: http://h\ntests:\n  - {expect: {status: 200}, save: {tok: response.body}}\n")
	if got := codesOf(analysis.Run(t.Context(), snap, u)); len(got) > 0 {
		t.Errorf("a name that another file saves is unknown: %v", got)
	}
}

const pluginSpec = `-- .qube.yaml --
targets: {api: "http://h/{{ env.X }}"}
env: {X: base}
defaults: {headers: {X-Conf: c}}
-- a.qube.yaml --
target: http://h
defaults: {headers: {X-Default: d}}
tests:
  - alias: full
    method: GET
    resource: "/{{ fake.uuid }}"
    headers: {Accept: text}
    query: {limit: 5, page: "{{ env.P }}"}
    body:
    expect: {status: 200}
  - GET /line -> 200
  - {alias: other, target: smtp://h, expect: {status: 200}}
  - {alias: aliased, target: api, expect: {status: 200}}
  - []
`

func TestPluginInputs(t *testing.T) {
	s, uri := session(t, pluginSpec)
	inputs := analysis.PluginInputs(s.Snapshot(), uri("a.qube.yaml"))
	var ids []string
	for _, in := range inputs {
		ids = append(ids, in.Test)
		if in.Plugin.Info().Name != "http" {
			t.Errorf("%s is served by %s", in.Test, in.Plugin.Info().Name)
		}
	}
	if diff := cmp.Diff([]string{"full", "call:GET /line", "aliased"}, ids); diff != "" {
		t.Fatalf("tests (-want +got):\n%s", diff)
	}
	full := inputs[0].Input
	want := plugin.TestInput{
		Method: "GET", Resource: "/{{ fake.uuid }}", Target: "http://h",
		Headers:   map[string]string{"Accept": "text", "X-Default": "d", "X-Conf": "c"},
		Templated: []string{"query.page", "resource"},
	}
	full.Fields = nil
	if diff := cmp.Diff(want, full); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if got := fmt.Sprint(inputs[0].Input.Fields); got != "map[body:<nil> query:map[limit:5 page:{{ env.P }}]]" {
		t.Errorf("fields %s", got)
	}
	if got := inputs[2].Input; got.Target != "http://h/{{ env.X }}" || !slices.Equal(got.Templated, []string{"target"}) {
		t.Errorf("an alias gives %+v", got)
	}
	if got := analysis.PluginInputs(s.Snapshot(), uri(".qube.yaml")); got != nil {
		t.Errorf("a configuration has tests: %v", got)
	}

	t.Run("the key changes with the question, and with nothing else", func(t *testing.T) {
		u := uri("a.qube.yaml")
		src := s.Snapshot().Document(u).Text.String()
		keys := func(src string) []string {
			s.Open(u, "qube", 1, src)
			var list []string
			for _, in := range analysis.PluginInputs(s.Snapshot(), u) {
				list = append(list, in.Key)
			}
			return list
		}
		before := keys(src)
		if after := keys(strings.Replace(src, "status: 200", "status: 404", 1)); !slices.Equal(before, after) {
			t.Error("another expectation asks again")
		}
		if after := keys(strings.Replace(src, "limit: 5", "limit: 6", 1)); before[0] == after[0] || before[1] != after[1] {
			t.Error("another field does not ask again, or asks for other tests too")
		}
		s.SetRegistry(registry(t))
		if after := keys(src); before[0] == after[0] {
			t.Log("fakes without identity are equal") // a fake is a value; real plugins are pointers
		}
	})
}

func TestPluginDiagnostics(t *testing.T) {
	s, uri := session(t, pluginSpec)
	u := uri("a.qube.yaml")
	fix := "10"
	colon := "a: b"
	for _, tt := range []struct {
		name  string
		test  string
		err   plugin.FieldError
		where string
		want  analysis.Diagnostic
	}{
		{"a field is found", "full", plugin.FieldError{Field: "query.limit", Message: "too small", Code: "http.limit", Fix: &fix,
			DocsURL: "https://d"}, "5",
			analysis.Diagnostic{Severity: analysis.SeverityError, Code: "http.limit", CodeURL: "https://d", Message: "too small"}},
		{"a fix is written as YAML", "full", plugin.FieldError{Field: "query.limit", Message: "m", Fix: &colon}, "5",
			analysis.Diagnostic{Code: "http.validate", Message: "m"}},
		{"a missing member is shown at the nearest place above", "full", plugin.FieldError{Field: "query.sort", Message: "missing",
			Severity: "warning"},
			`{limit: 5, page: "{{ env.P }}"}`, analysis.Diagnostic{Severity: analysis.SeverityWarning, Code: "http.validate",
				Message: "query.sort: missing"}},
		{"a missing field is shown at the test", "full", plugin.FieldError{Field: "url", Message: "missing", Severity: "info"}, "alias: full",
			analysis.Diagnostic{Severity: analysis.SeverityInformation, Code: "http.validate", Message: "url: missing"}},
		{"no field is shown at the test", "full", plugin.FieldError{Message: "odd", Severity: "hint"}, "alias: full",
			analysis.Diagnostic{Severity: analysis.SeverityHint, Code: "http.validate", Message: "odd"}},
		{"an empty field is shown at its key", "full", plugin.FieldError{Field: "body", Message: "body is empty"}, "body",
			analysis.Diagnostic{Code: "http.validate", Message: "body is empty"}},
		{"a header is found in any case", "full", plugin.FieldError{Field: "headers.accept", Message: "m"}, "text",
			analysis.Diagnostic{Code: "http.validate", Message: "m"}},
		{"a default header is found in the file", "full", plugin.FieldError{Field: "headers.X-Default", Message: "m"}, "d",
			analysis.Diagnostic{Code: "http.validate", Message: "headers.X-Default: m"}},
		{"the file's target is found", "full", plugin.FieldError{Field: "target", Message: "bad target"}, "http://h",
			analysis.Diagnostic{Code: "http.validate", Message: "bad target"}},
		{"the method of a line is found", "call:GET /line", plugin.FieldError{Field: "method", Message: "m"}, "GET",
			analysis.Diagnostic{Code: "http.validate", Message: "m"}},
		{"the resource of a line is found", "call:GET /line", plugin.FieldError{Field: "resource", Message: "m"}, "/line",
			analysis.Diagnostic{Code: "http.validate", Message: "m"}},
		{"a value that holds a template is left alone", "full", plugin.FieldError{Field: "query.page", Message: "not a number"}, "",
			analysis.Diagnostic{}},
		{"so is what stands below it", "full", plugin.FieldError{Field: "resource.path", Message: "m"}, "", analysis.Diagnostic{}},
		{"so is what stands above it", "full", plugin.FieldError{Field: "query", Message: "m"}, "", analysis.Diagnostic{}},
		{"a target that holds a template too", "aliased", plugin.FieldError{Field: "target", Message: "m"}, "", analysis.Diagnostic{}},
		{"a test that is gone is left out", "gone", plugin.FieldError{Field: "method", Message: "m"}, "", analysis.Diagnostic{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := analysis.PluginDiagnostics(s.Snapshot(), u, map[string][]plugin.FieldError{tt.test: {tt.err}})
			if tt.want.Message == "" {
				if len(found) > 0 {
					t.Fatalf("found %+v", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("found %+v", found)
			}
			d := found[0]
			where, _, _ := strings.Cut(s.Snapshot().Document(u).Text.Slice(d.Span), "\n")
			if where != tt.where || d.Test != tt.test || d.Source != analysis.SourcePlugin {
				t.Errorf("at %q, test %q, source %q", where, d.Test, d.Source)
			}
			if tt.err.Fix != nil && (len(d.Fixes) != 1 || d.Fixes[0].Edits[0].New != map[string]string{"10": "10",
				"a: b": `"a: b"`}[*tt.err.Fix]) {
				t.Errorf("fixes %+v", d.Fixes)
			}
			d.Span, d.Test, d.Source, d.Fixes = text.Span{}, "", "", nil
			if diff := cmp.Diff(tt.want, d); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPluginThatUnderstandsTemplatesIsHeard(t *testing.T) {
	s, uri := session(t, pluginSpec)
	r := plugin.NewRegistry()
	if err := r.Register(fake{info: plugin.PluginInfo{Name: "http", Protocols: []schema.Protocol{"http"}, Templates: true}}); err != nil {
		t.Fatal(err)
	}
	snap := s.SetRegistry(r)
	found := analysis.PluginDiagnostics(snap, uri("a.qube.yaml"), map[string][]plugin.FieldError{"full": {{Field: "query.page",
		Message: "m"}}})
	if len(found) != 1 || snap.Document(uri("a.qube.yaml")).Text.Slice(found[0].Span) != `"{{ env.P }}"` {
		t.Errorf("found %+v", found)
	}
}

func TestAPluginNeedNotRepeatWhatItsDescriptionSays(t *testing.T) {
	s, uri := session(t, "-- a.qube.yaml --\ntarget: http://h\ntests:\n  - {query: [a], maxRedirects: 5, expect: {status: 200}}\n")
	u := uri("a.qube.yaml")
	found := analysis.PluginDiagnostics(s.Snapshot(), u, map[string][]plugin.FieldError{"test": {
		{Field: "query", Message: "must be a map"}, {Field: "maxRedirects", Message: "too many"},
	}})
	if len(found) != 1 || found[0].Message != "too many" {
		t.Errorf("found %+v", found)
	}
	snap := s.Open(u, "qube", 1, "target: rpc://h\ntests:\n  - {method: GET, expect: {status: 200}}\n")
	found = analysis.PluginDiagnostics(snap, u, map[string][]plugin.FieldError{"call:GET ": {
		{Field: "service", Message: "missing"}, {Field: "message", Message: "missing"}, {Message: "odd"},
	}})
	if len(found) != 2 || found[0].Message != "message: missing" || found[1].Message != "odd" {
		t.Errorf("found %+v", found)
	}
}

func TestFindingsRepeatNoSecret(t *testing.T) {
	secret := func(f schema.FieldSpec) schema.FieldSpec {
		f.Secret = true
		return f
	}
	r := plugin.NewRegistry()
	fields := map[string]schema.FieldSpec{
		"text":    secret(schema.FieldSpec{Type: schema.TypeString}),
		"flag":    secret(schema.FieldSpec{Type: schema.TypeBool}),
		"one":     secret(schema.FieldSpec{Type: schema.TypeString, Enum: []any{"hunter1"}}),
		"number":  secret(schema.FieldSpec{Type: schema.TypeNumber, Minimum: number("99999")}),
		"most":    secret(schema.FieldSpec{Type: schema.TypeNumber, Maximum: number("1")}),
		"inside":  secret(schema.FieldSpec{Type: schema.TypeMap, Items: &schema.FieldSpec{Type: schema.TypeBool}}),
		"list":    secret(schema.FieldSpec{Type: schema.TypeArray, Items: &schema.FieldSpec{Type: schema.TypeBool}}),
		"link":    secret(schema.FieldSpec{Type: schema.TypeString, Format: "url"}),
		"pattern": secret(schema.FieldSpec{Type: schema.TypeString, Pattern: "^x$"}),
	}
	info := plugin.PluginInfo{Name: "http", Protocols: []schema.Protocol{"http"}, Fields: fields}
	if err := r.Register(fake{info: info}); err != nil {
		t.Fatal(err)
	}
	s, uri := session(t, "-- a.qube.yaml --\ntarget: http://h\ntests:\n  - {text: 1234, flag: hunter2, inside: {a: hunter2}, "+
		"list: [hunter2], one: hunter2, number: 1234, most: 1234, "+
		"link: hunter2, pattern: hunter2, expect: {status: 200}}\n")
	found := analysis.Run(t.Context(), s.SetRegistry(r), uri("a.qube.yaml"))
	if len(found) != 9 {
		t.Errorf("findings %v", codesOf(found))
	}
	for _, d := range found {
		if all := fmt.Sprint(d.Message, d.Fixes); strings.Contains(all, "hunter2") || strings.Contains(all, "1234") {
			t.Errorf("a finding repeats a secret: %s", all)
		}
	}
}

func TestManyLookAtTheSameSnapshot(t *testing.T) {
	s, uri := session(t, "-- a.qube.yaml --\ntests: []\n")
	u := uri("a.qube.yaml")
	snap := s.Open(u, "qube", 1, large(50)+"  - {nope: 1}\n")
	want := codesOf(analysis.Run(t.Context(), snap, u))
	snap = s.Change(u, 2, text.UTF16, []engine.Change{{Text: "# x\n"}}) // every look but the first shares its work
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := codesOf(analysis.Run(t.Context(), snap, u)); !slices.Equal(got, want) {
				t.Errorf("findings %v, want %v", got, want)
			}
			analysis.PluginInputs(snap, u)
		})
	}
	all.Wait()
}

func TestSortPutsTheWorseFirst(t *testing.T) {
	found := []analysis.Diagnostic{
		{Span: text.Span{Start: 5, End: 9}, Severity: analysis.SeverityHint, Code: "c"},
		{Span: text.Span{Start: 5, End: 6}, Severity: analysis.SeverityError, Code: "b"},
		{Span: text.Span{Start: 1, End: 2}, Severity: analysis.SeverityHint, Code: "a"},
	}
	analysis.Sort(found)
	if got := codesOf(found); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
}

// large is a spec of n tests of the usual shape: some names used, some fields, some expectations.
func large(n int) string {
	var b strings.Builder
	b.WriteString("target: http://h\ndefaults: {headers: {Accept: application/json}}\ntests:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: test %d\n    alias: t%d\n    method: POST\n    resource: \"/items/{{ fake.uuid }}\"\n", i, i)
		if i > 0 {
			fmt.Fprintf(&b, "    headers: {Authorization: \"Bearer {{ t%d.response.body.token }}\"}\n", i-1)
		}
		fmt.Fprintf(&b, "    body: {user: ada, list: [1, 2, 3]}\n    query: {limit: 5}\n    save: {v%d: response.body.id}\n", i)
		b.WriteString("    expect:\n      status: 2xx\n      body:\n        id: is number\n        name: Ada\n        tags.length: \"> 0\"\n")
	}
	return b.String()
}

// BenchmarkKeystroke is what an edit of one test costs in a file of a thousand: the update of the document and all
// checks of the fast layer.
func BenchmarkKeystroke(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("tests=%d", n), func(b *testing.B) {
			s, uri := session(b, "-- a.qube.yaml --\ntests: []\n")
			u := uri("a.qube.yaml")
			s.Open(u, "qube", 1, large(n))
			src := s.Snapshot().Document(u).Text
			at := src.Position(strings.Index(src.String(), "name: Ada")+len("name: A"), text.UTF16)
			end := at
			end.Column++
			analysis.Run(b.Context(), s.Snapshot(), u)
			for i := range b.N {
				snap := s.Change(u, int32(i+2), text.UTF16, []engine.Change{{Start: at, End: end, Text: string(rune('a' + i%26))}})
				if found := analysis.Run(b.Context(), snap, u); len(found) > 0 {
					b.Fatal(found[0])
				}
			}
		})
	}
}

// BenchmarkFirst is what the first look at a file of a thousand tests costs.
func BenchmarkFirst(b *testing.B) {
	s, uri := session(b, "-- a.qube.yaml --\ntests: []\n")
	u, src := uri("a.qube.yaml"), large(1000)
	for i := range b.N {
		analysis.Run(b.Context(), s.Open(u, "qube", int32(i), src), u)
	}
}

// BenchmarkPluginInputs is what the questions to the plugins cost in a file of a thousand tests.
func BenchmarkPluginInputs(b *testing.B) {
	s, uri := session(b, "-- a.qube.yaml --\ntests: []\n")
	u := uri("a.qube.yaml")
	snap := s.Open(u, "qube", 1, large(1000))
	for b.Loop() {
		analysis.PluginInputs(snap, u)
	}
}

// BenchmarkProject is what an edit costs in one file of a project of 500 files with 20 tests each.
func BenchmarkProject(b *testing.B) {
	var files strings.Builder
	files.WriteString("-- .qube.yaml --\nversion: 1\n")
	for i := range 500 {
		src := strings.NewReplacer("alias: t", fmt.Sprintf("alias: f%d_", i), "{{ t", fmt.Sprintf("{{ f%d_", i), "{v", fmt.Sprintf("{v%d_",
			i)).Replace(large(20))
		fmt.Fprintf(&files, "-- f%d.qube.yaml --\n%s", i, src)
	}
	s, uri := session(b, files.String())
	u := uri("f7.qube.yaml")
	src := s.Snapshot().Document(u).Text
	s.Open(u, "qube", 1, src.String())
	at := src.Position(strings.Index(src.String(), "name: Ada")+len("name: A"), text.UTF16)
	end := at
	end.Column++
	analysis.Run(b.Context(), s.Snapshot(), u)
	b.ResetTimer()
	for i := range b.N {
		snap := s.Change(u, int32(i+2), text.UTF16, []engine.Change{{Start: at, End: end, Text: string(rune('a' + i%26))}})
		if found := analysis.Run(b.Context(), snap, u); len(found) > 0 {
			b.Fatal(found[0])
		}
	}
}
