package spec_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// holder says how an example of a level becomes a whole file: the lines around it and how deep it stands.
var holders = map[schema.Level]struct {
	around string
	indent int
	config bool
}{
	schema.LevelFile:         {"%", 0, false},
	schema.LevelDefaults:     {"defaults:\n%", 2, false},
	schema.LevelLoad:         {"load:\n%", 2, false},
	schema.LevelStage:        {"load:\n  stages:\n%", 4, false},
	schema.LevelLoadScenario: {"load:\n  scenarios:\n%", 4, false},
	schema.LevelTest:         {"tests:\n  - method: GET\n%", 4, false},
	schema.LevelRetry:        {"tests:\n  - retry:\n      maxAttempts: 2\n%", 6, false},
	schema.LevelExpect:       {"tests:\n  - expect:\n%", 6, false},
	schema.LevelExpectEvent:  {"tests:\n  - expect:\n      events:\n%", 8, false},
	schema.LevelConfig:       {"%", 0, true},
	schema.LevelPluginRef:    {"plugins:\n  - name: grpc\n%", 4, true},
	schema.LevelRunner:       {"runner:\n%", 2, true},
	schema.LevelEnvironment:  {"environments:\n  e:\n%", 4, true},
	schema.LevelOutput:       {"output:\n%", 2, true},
}

// wholes are examples that show more than their own level, by what they begin with.
var wholes = map[schema.Level][2]string{
	schema.LevelTest:      {"- ", "tests:\n%"},
	schema.LevelRetry:     {"retry:", "tests:\n  - method: GET\n%"},
	schema.LevelPluginRef: {"- ", "plugins:\n%"},
}

// examples cuts the YAML out of a field's documentation. An example that shows a key in several ways is several examples.
func examples(f schema.Field) []string {
	var list []string
	for _, block := range strings.Split(f.Doc, "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		start := 0
		lines := strings.SplitAfter(block, "\n")
		for i, line := range lines {
			if i > start && strings.HasPrefix(line, f.Name+":") && strings.HasPrefix(lines[start], f.Name+":") {
				list = append(list, strings.Join(lines[start:i], ""))
				start = i
			}
		}
		list = append(list, strings.Join(lines[start:], ""))
	}
	return list
}

func TestEveryExampleOfTheReferenceIsRight(t *testing.T) {
	specs, configs := compile(t, schema.JSONSchema), compile(t, schema.ConfigJSONSchema)
	for _, f := range schema.Core() {
		for _, example := range examples(f) {
			h, ok := holders[f.Level]
			if !ok {
				t.Fatalf("no holder for the level %s", f.Level)
			}
			around, indent := h.around, strings.Repeat(" ", h.indent)
			if w, ok := wholes[f.Level]; ok && strings.HasPrefix(example, w[0]) {
				around, indent = w[1], strings.Repeat(" ", strings.LastIndex(w[1], "%")-strings.LastIndex(w[1], "\n")-1)
				indent += map[schema.Level]string{schema.LevelRetry: "    "}[f.Level]
			}
			src := strings.Replace(around, "%", indent+strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n"+indent)+"\n", 1)
			src = strings.Replace(src, "  - method: GET\n    method:", "  - method:", 1)
			src = strings.Replace(src, "maxAttempts: 2\n      maxAttempts", "maxAttempts", 1)
			src = strings.Replace(src, "- name: grpc\n    - name", "- name", 1)
			t.Run(string(f.Level)+"/"+f.Name, func(t *testing.T) {
				tree := syntax.Parse(text.New(src), syntax.Options{})
				for _, p := range tree.Findings() {
					t.Errorf("%s\n%s", p.Message, src)
				}
				s := specs
				if h.config {
					s = configs
					report(t, src, spec.LowerConfig(tree).Problems)
				} else {
					for _, sp := range spec.Lower(tree, nil).Specs {
						report(t, src, sp.Problems)
						for _, c := range sp.Tests.All() {
							report(t, src, c.Problems)
						}
					}
				}
				if err := s.Validate(tree.Documents()[0].Root.Any()); err != nil {
					t.Errorf("the JSON Schema does not agree: %v\n%s", err, src)
				}
			})
		}
	}
}

func report(t *testing.T, src string, problems []spec.Problem) {
	t.Helper()
	for _, p := range problems {
		if p.Code != spec.CodeMissingKey {
			t.Errorf("%s\n%s", p.Message, src)
		}
	}
}

func compile(t *testing.T, export func(...schema.PluginSchema) ([]byte, error)) *jsonschema.Schema {
	t.Helper()
	b, err := export()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A snippet is what an editor inserts behind a key, so it must be right as it comes.
func TestEverySnippetIsRight(t *testing.T) {
	tabstop := regexp.MustCompile(`\$\{\d+(?::([^}\\]*(?:\\.[^}\\]*)*)|\|([^,|]*)[^}]*\||)\}`)
	// One that ends with an empty tab stop leaves the rest to the user: nothing of it can be judged yet.
	open := regexp.MustCompile(`\$\{\d+\}$`)
	for _, f := range schema.Core() {
		if open.MatchString(f.Snippet) {
			continue
		}
		t.Run(string(f.Level)+"/"+f.Name, func(t *testing.T) {
			value := tabstop.ReplaceAllString(f.Snippet, "$1$2")
			value = strings.NewReplacer(`\}`, "}", `\$`, "$").Replace(value)
			h := holders[f.Level]
			switch f.Level { // whose examples show the item around them too
			case schema.LevelStage:
				h.around, h.indent = "load:\n  stages:\n    -\n%", 6
			case schema.LevelLoadScenario:
				h.around, h.indent = "load:\n  scenarios:\n    s:\n%", 6
			case schema.LevelExpectEvent:
				h.around, h.indent = "tests:\n  - expect:\n      events:\n        - kind: K\n%", 10
			}
			indent := strings.Repeat(" ", h.indent)
			src := strings.Replace(h.around, "%", indent+f.Name+":"+strings.ReplaceAll(value, "\n", "\n"+indent)+"\n", 1)
			src = strings.Replace(src, "  - method: GET\n    method:", "  - method:", 1)
			src = strings.Replace(src, "maxAttempts: 2\n      maxAttempts", "maxAttempts", 1)
			src = strings.Replace(src, "- name: grpc\n    name", "- name", 1)
			src = strings.Replace(src, "- kind: K\n          kind", "- kind", 1)
			tree := syntax.Parse(text.New(src), syntax.Options{})
			for _, p := range tree.Findings() {
				t.Errorf("%s\n%s", p.Message, src)
			}
			if h.config {
				report(t, src, spec.LowerConfig(tree).Problems)
				return
			}
			for _, sp := range spec.Lower(tree, nil).Specs {
				report(t, src, sp.Problems)
				for _, c := range sp.Tests.All() {
					report(t, src, c.Problems)
				}
			}
		})
	}
}
