package plugin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/schema"
)

func TestNamesThatNoSpecCanHoldKeepAPluginFromBeingLoaded(t *testing.T) {
	nested := func(levels int) string {
		return strings.Repeat(`{"type":"object","fields":{"x":`, levels) + `{"type":"any"}` + strings.Repeat("}}", levels)
	}
	var many []string
	for i := range 501 {
		many = append(many, fmt.Sprintf(`"f%d":{"type":"any"}`, i))
	}
	field := func(name string) string { return fmt.Sprintf(`{"name":"x","fields":{%q:{"type":"any"}}}`, name) }
	r, _ := newTestRuntime(t)
	for name, c := range map[string]struct{ info, want string }{
		"an empty field name":            {field(""), `the field "" is not allowed`},
		"a line feed in a field":         {field("a\nb"), `the field "a\nb" is not allowed`},
		"a comment as a field":           {field("# c"), `the field "# c" is not allowed`},
		"a list item as a field":         {field("- d"), `the field "- d" is not allowed`},
		"a pair as a field":              {field("a: b"), `the field "a: b" is not allowed`},
		"a merge key as a field":         {field("<<"), `the field "<<" is not allowed`},
		"a long field name":              {field(strings.Repeat("n", 3000)), `…" is not allowed`},
		"null as a field":                {field("null"), "YAML reads it as no text"},
		"a key of the language":          {field("expect"), `has a key "expect" of its own`},
		"a name that escapes":            {`{"name":"\u001b[31m"}`, `the name "\x1b[31m" is not allowed`},
		"a version that escapes":         {`{"name":"x","version":"1\u202e"}`, `the version "1\u202e" is not allowed`},
		"a scheme no URL has":            {`{"name":"x","protocols":["My Proto://"]}`, `the protocol "My Proto://" is not allowed`},
		"an event that escapes":          {`{"name":"x","events":{"a\u001b":{}}}`, `the event "a\x1b" is not allowed`},
		"a method that escapes":          {`{"name":"x","methods":["# c"]}`, `the method "# c" is not allowed`},
		"a nested name":                  {`{"name":"x","fields":{"a":{"type":"array","items":{"type":"object","fields":{"- b":{"type":"any"}}}}}}`, `"- b" is not allowed`},
		"more than 500 fields":           {`{"name":"x","fields":{` + strings.Join(many, ",") + `}}`, "more than 500 fields"},
		"4,000 nested levels":            {`{"name":"x","fields":{"x":` + nested(1000) + `}}`, "nested deeper than 20 levels"},
		"deeply nested items":            {`{"name":"x","fields":{"x":` + strings.Repeat(`{"type":"array","items":`, 30) + `{"type":"any"}` + strings.Repeat("}", 30) + `}}`, "nested deeper than 20 levels"},
		"a value without bounds":         {`{"name":"x","fields":{"x":{"type":"any","default":"` + strings.Repeat("x", 10<<10) + `"}}}`, "longer than 8192 bytes"},
		"a header that is none":          {`{"name":"x","headers":["X: y"]}`, `headers[0]: the header "X: y" is not allowed`},
		"a header of nowhere":            {`{"name":"x","headers":[{"name":"A","in":"reply"}]}`, `headers[0].in: "reply" is neither`},
		"a status that escapes":          {`{"name":"x","statuses":["\u001b[31m"]}`, `statuses[0]: the status "\x1b[31m" is not allowed`},
		"a status that begins a comment": {`{"name":"x","statuses":[200,"# c"]}`, `statuses[1]: the status "# c" is not allowed`},
		"more than 200 headers":          {`{"name":"x","headers":[` + strings.Repeat(`"A",`, 200) + `"A"]}`, "201 headers are more than 200"},
		"more than 200 statuses":         {`{"name":"x","statuses":[` + strings.Repeat(`1,`, 200) + `1]}`, "201 statuses are more than 200"},
		"event fields of no name":        {`{"name":"x","events":{"E":{"fields":{"a b":{"type":"any"}}}}}`, `the field "a b" is not allowed`},
	} {
		_, err := r.LoadPlugin(t.Context(), "file", plugintest.Tiny{Info: c.info}.Bytes())
		if !says(err, c.want) {
			t.Errorf("%s: error %v, want one that says %s", name, err, c.want)
			continue
		}
		if len(err.Error()) > 4<<10 || strings.ContainsAny(err.Error(), "\x1b\u202e\n") {
			t.Errorf("%s: the error is not fit to be shown: %.200q", name, err)
		}
	}
	ok := `{"name":"x","fields":{` + strings.Join(many[:480], ",") + `,"x":` + nested(19) + `}}`
	if _, err := r.LoadPlugin(t.Context(), "file", plugintest.Tiny{Info: ok}.Bytes()); err != nil {
		t.Errorf("499 fields in 20 levels: %v", err)
	}
}

func TestTextsOfAPluginAreCleanAndShortBehindTheBorder(t *testing.T) {
	long := strings.Repeat("long ", 1<<18)
	info := fmt.Sprintf(`{"name":"x","version":"1","description":"a\u001b%s","docsUrl":"command:quit","resourceHint":"a\nb",
		"methods":[{"name":"GO","description":"\u202e"}],
		"fields":{"a":{"type":"array","description":"\u202e","docsUrl":"javascript:x","enumDescriptions":["\u0007"],"items":{"type":"any","description":"\u001b"}},
			"b":{"type":"any","docsUrl":"https://example.com/b"}},
		"events":{"E":{"summary":"{{x}}\u001b\n","description":"\u001b","docsUrl":"http://plain"}}}`, long)
	p, _ := loadTiny(t, plugintest.Tiny{Info: info})
	got := p.Info()
	if strings.ContainsAny(fmt.Sprintf("%+v %+v", got, got.Fields["a"].Items), "\x1b\u202e\a") {
		t.Errorf("runes that steer are left: %+v", got)
	}
	if n := len(got.Description); n > maxDescription || !strings.HasSuffix(got.Description, "…") {
		t.Errorf("the description has %d bytes", n)
	}
	if got.DocsURL != "" || got.Fields["a"].DocsURL != "" || got.Events["E"].DocsURL != "" || got.Fields["b"].DocsURL != "https://example.com/b" {
		t.Errorf("docsUrl: %+v", got)
	}
	if got.ResourceHint != "a b" {
		t.Errorf("resourceHint %q", got.ResourceHint)
	}
}

func TestComplaintsAreCleanAndShortBehindTheBorder(t *testing.T) {
	p, _ := loadTiny(t, plugintest.Tiny{Validate: func(a *plugintest.Asm) {
		a.Return(`[{"field":"a","message":"` + strings.Repeat("é", 1<<20) + `","code":"ok.code-1","docsUrl":"https://example.com"},
			{"field":"b\u001b","message":"m\u001b","code":"\u001b[31m\n::warning::y","docsUrl":"vscode:x","fix":"\u202e"},
			{"field":"c","message":"m","code":"Not A Code","docsUrl":"https://user@example.com"}]`)
	}})
	got := p.Validate(TestInput{})
	if len(got) != 3 {
		t.Fatalf("%d complaints", len(got))
	}
	if a := got[0]; len(a.Message) > maxMessage || !strings.HasSuffix(a.Message, "é…") || a.Code != "ok.code-1" || a.DocsURL == "" {
		t.Errorf("a long one: %d bytes, %q, %q", len(a.Message), a.Code, a.DocsURL)
	}
	if b := got[1]; b.Message != "m\uFFFD" || b.Code != "" || b.DocsURL != "" || b.Field != "" || b.Fix != nil {
		t.Errorf("a hostile one: %+v", b)
	}
	if c := got[2]; c.Code != "" || c.DocsURL != "" || c.Field != "c" {
		t.Errorf("a careless one: %+v", c)
	}
}

func TestSnippetsThatWouldBreakASpecKeepAPluginFromBeingLoaded(t *testing.T) {
	r, _ := newTestRuntime(t)
	body := func(body string) string {
		b, err := json.Marshal(map[string]any{"name": "x", "snippets": []any{map[string]any{"prefix": "p", "body": body}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	one := `{"prefix":"p%d","body":"- name: x\n"}`
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprintf(one, i))
	}
	for name, c := range map[string]struct{ info, want string }{
		"no prefix":              {`{"name":"x","snippets":[{"body":"- name: x"}]}`, `snippets[0].prefix: the prefix "" is not allowed`},
		"a prefix twice":         {`{"name":"x","snippets":[` + fmt.Sprintf(one+","+one, 1, 1) + `]}`, `another snippet has the prefix "p1" too`},
		"more than 50":           {`{"name":"x","snippets":[` + strings.Join(many, ",") + `]}`, "51 snippets are more than 50"},
		"no body":                {body(""), `line 1 is "": want tests as items`},
		"a body without bounds":  {body("- name: " + strings.Repeat("x", 5<<10)), "is longer than 4096 bytes"},
		"a body that is no list": {body("name: x"), `line 1 is "name: x"`},
		"a test without a name":  {body("- name: x\n- method: GET"), `line 2 is "- method: GET"`},
		"a new document":         {body("- name: x\n---\n"), `line 2 is "---"`},
		"an empty line":          {body("- name: x\n\n  a: b"), `line 2 is ""`},
		"a tab":                  {body("- name: x\n\ta: b"), "holds a tab"},
		"a carriage return":      {body("- name: x\r\n"), "that nobody would see"},
		"a line that is ended":   {body("- name: x\u2028"), "that nobody would see"},
		"text that is reordered": {body("- name: x\u202e"), "that nobody would see"},
		"a variable of editors":  {body("- name: $CLIPBOARD"), `"$CLIPBOARD" is no place to fill in`},
		"a transformation":       {body("- name: ${1/a/b/}"), `is no place to fill in`},
		"a name that is none":    {body("- name: ${name:a b}"), `the name "a b" is not allowed`},
	} {
		_, err := r.LoadPlugin(t.Context(), "file", plugintest.Tiny{Info: c.info}.Bytes())
		if !says(err, c.want) {
			t.Errorf("%s: error %v, want one that says %s", name, err, c.want)
		}
	}
	p, _ := loadTiny(t, plugintest.Tiny{Info: `{"name":"x","snippets":[{"prefix":"p","title":"a\nb\u001b","description":"\u202e","body":"- name: x"}]}`})
	got := p.Info().Snippets
	if want := []schema.Snippet{{Prefix: "p", Title: "a b\uFFFD", Description: "\uFFFD", Body: "- name: x\n"}}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
