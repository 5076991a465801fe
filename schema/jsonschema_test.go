package schema

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func httpPlugin() PluginSchema {
	return PluginSchema{
		Name: "http", Version: "1.0", Protocols: []Protocol{"http", "https"},
		Fields: map[string]FieldSpec{
			"body":            {Type: TypeAny, Description: "What to send."},
			"query":           {Type: TypeMap, Description: "Parameters.", Items: &FieldSpec{Type: TypeAny}},
			"followRedirects": {Type: TypeBool, Default: true},
			"maxRedirects":    {Type: TypeNumber, Minimum: number("0"), Maximum: number("50")},
		},
	}
}

func grpcPlugin() PluginSchema {
	return PluginSchema{
		Name: "grpc", Version: "0.2", Protocols: []Protocol{"grpc"},
		Fields: map[string]FieldSpec{
			"service":  {Type: TypeString, Required: true, Pattern: `^[a-z.]+$`},
			"encoding": {Type: TypeString, Enum: []any{"proto", "json"}, EnumDescriptions: []string{"Binary.", "Text."}},
			"body":     {Type: TypeObject, Fields: map[string]FieldSpec{"id": {Type: TypeNumber, Required: true}}},
			"old":      {Type: TypeString, Deprecated: "use service"},
		},
	}
}

func compile(t *testing.T, export func(...PluginSchema) ([]byte, error), plugins ...PluginSchema) *jsonschema.Schema {
	t.Helper()
	b, err := export(plugins...)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	// Compiling validates against the metaschema that "$schema" names.
	s, err := c.Compile("spec.json")
	if err != nil {
		t.Fatalf("the export is no valid JSON Schema of draft 7: %v", err)
	}
	return s
}

func check(t *testing.T, s *jsonschema.Schema, doc string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		t.Fatalf("the test's own document is no JSON: %v", err)
	}
	return s.Validate(v)
}

func TestJSONSchemaOfSpecs(t *testing.T) {
	both := []PluginSchema{httpPlugin(), grpcPlugin()}
	for _, tt := range []struct {
		name    string
		plugins []PluginSchema
		doc     string
		bad     bool
	}{
		{"an empty document is fine", both, `null`, false},
		{"a one-line test is fine", both, `{"tests": ["GET /health -> 200"]}`, false},
		{"a one-line test without blanks around the arrow is fine", both, `{"tests": ["GET /health->2xx"]}`, false},
		{"a one-line test in lower case is wrong", both, `{"tests": ["get /health -> 200"]}`, true},
		{"a one-line test without an arrow is wrong", both, `{"tests": ["GET /health"]}`, true},
		{"a compact test is fine", both, `{"tests": [{"POST /users": {"body": {"id": 1}, "expect": {"status": 201}}}]}`, false},
		{"a compact test with nothing under it is fine", both, `{"tests": [{"POST /users": null}]}`, false},
		{"a second key beside a compact one is wrong", both, `{"tests": [{"POST /users": null, "expect": {"status": 201}}]}`, true},
		{"a full test is fine", both, `{"tests": [{"name": 5, "method": "GET", "resource": "/x", "tags": ["a"], "skip": true}]}`, false},
		{"a list where text is wanted is wrong", both, `{"tests": [{"name": ["x"]}]}`, true},
		{"a misspelt test key is wrong once plugins are known", both, `{"tests": [{"nmae": "x"}]}`, true},
		{"an unknown test key is a plugin's when no plugin is known", nil, `{"tests": [{"payload": "x"}]}`, false},
		{"any field is fine where a plugin describes none", []PluginSchema{httpPlugin(), {Name: "free", Protocols: []Protocol{"free"}}},
			`{"tests": [{"payload": "x"}]}`, false},
		{"a misspelt file key is wrong", both, `{"test": []}`, true},
		{"an unknown mode is wrong", both, `{"mode": "scenaro", "tests": []}`, true},
		{"every known mode is fine", both, `{"mode": "scenario", "tests": []}`, false},
		{"a stage without users is wrong", both, `{"load": {"stages": [{"duration": "1s"}]}}`, true},
		{"a whole load profile is fine", both, `{"mode":"load","load":{"users":2,"duration":"1s","stages":[{"duration":"1s","users":2}],
			"thresholds":{"duration":{"p95":"< 1s"}},"scenarios":{"a":{"weight":1,"tests":["x"]}}},"tests":[]}`, false},
		{"an unknown expect key is wrong", both, `{"tests": [{"expect": {"stauts": 200}}]}`, true},
		{"dotted expect keys are fine", both, `{"tests": [{"expect": {"body.length": "> 0"}}]}`, false},
		{"a status is a class, a list or a map", both,
			`{"tests": [{"expect": {"status": "2xx"}}, {"expect": {"status": [200]}}, {"expect": {"status": {"lt": 300}}}]}`, false},
		{"a body that is no map is wrong", both, `{"tests": [{"expect": {"body": "hello"}}]}`, true},
		{"a retry without maxAttempts is wrong", both, `{"tests": [{"retry": {"interval": "1s"}}]}`, true},
		{"retry.until is an expect object", both, `{"tests": [{"retry": {"maxAttempts": 3, "until": {"stauts": 1}}}]}`, true},
		{"a matrix is a list of maps", both, `{"tests": [{"matrix": ["x"]}]}`, true},
		{"a template stands for a number and a bool of a plugin", both,
			`{"tests": [{"target": "http://h", "maxRedirects": "{{ env.N }}", "followRedirects": "{{ env.B }}"}]}`, false},
		{"other text does not stand for a bool of a plugin", both, `{"tests": [{"target": "http://h", "followRedirects": "yes"}]}`, true},
		{"a number above a plugin's maximum is wrong", both, `{"tests": [{"target": "http://h", "maxRedirects": 51}]}`, true},
		{"the scheme counts in any case", both, `{"tests": [{"target": "GRPC://h", "method": "x"}]}`, true},
		{"a missing required plugin field is wrong where the target names the protocol", both, `{"tests": [{"target": "grpc://h"}]}`, true},
		{"a required plugin field that is there is fine", both, `{"tests": [{"target": "grpc://h", "service": "a.b"}]}`, false},
		{"a plugin's pattern is kept", both, `{"tests": [{"target": "grpc://h", "service": "A B"}]}`, true},
		{"a plugin's enum is kept", both, `{"tests": [{"target": "grpc://h", "service": "a", "encoding": "xml"}]}`, true},
		{"the members of a plugin's object are kept", both, `{"tests": [{"target": "grpc://h", "service": "a", "body": {}}]}`, true},
		{"the file's target decides for tests without one", both, `{"target": "grpc://h", "tests": [{"method": "x"}]}`, true},
		{"the file's target decides for compact tests too", both, `{"target": "grpc://h", "tests": [{"GET /x": {"name": "x"}}]}`, true},
		{"the file's target does not decide for tests with one", both, `{"target": "grpc://h", "tests": [{"target": "http://h"}]}`, false},
		{"the file's target does not decide for compact tests with one", both,
			`{"target": "grpc://h", "tests": [{"GET /x": {"target": "http://h"}}]}`, false},
		{"an alias as target asks for no plugin's fields", both,
			`{"target": "api", "targets": {"api": "grpc://h"}, "tests": [{"method": "x"}]}`, false},
		{"a field of two plugins takes what either takes", both, `{"tests": [{"target": "api", "body": "text"}]}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(t, compile(t, JSONSchema, tt.plugins...), tt.doc)
			if (err != nil) != tt.bad {
				t.Fatalf("wanted an error: %v, got: %v", tt.bad, err)
			}
		})
	}
}

func TestJSONSchemaOfTheConfiguration(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		bad       bool
	}{
		{"a whole configuration is fine", `{"version": 1, "targets": {"a": "http://h"}, "defaults": {"headers": {"A": 1}, "timeout": 500},
			"plugins": ["http", {"name": "x", "path": "x.wasm", "grants": ["$target"]}], "pluginConfigs": {"http": {"a": 1}},
			"runner": {"parallel": false, "maxConcurrent": 2, "failFast": true},
			"environments": {"e": {"targets": {"a": "http://h"}, "env": {"N": 1}, "protected": true}},
			"env": {"N": 1}, "specs": ["a/**"], "output": {"format": "junit", "verbose": true, "saveResults": false}}`, false},
		{"an unknown key is wrong", `{"target": "x"}`, true},
		{"an unknown output format is wrong", `{"output": {"format": "xml"}}`, true},
		{"a plugin without a name is wrong", `{"plugins": [{"path": "x.wasm"}]}`, true},
		{"a hash that is none is wrong", `{"plugins": [{"name": "x", "sha256": "abc"}]}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(t, compile(t, ConfigJSONSchema, httpPlugin()), tt.doc)
			if (err != nil) != tt.bad {
				t.Fatalf("wanted an error: %v, got: %v", tt.bad, err)
			}
		})
	}
}

func TestJSONSchemaCarriesDocumentation(t *testing.T) {
	b, err := JSONSchema(grpcPlugin())
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Properties  map[string]map[string]any
		Definitions map[string]struct{ Properties map[string]map[string]any }
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	mode := doc.Properties["mode"]
	if mode["default"] != "test" || !strings.Contains(mode["markdownDescription"].(string), "```yaml") {
		t.Errorf("mode = %v", mode)
	}
	if descriptions, ok := mode["markdownEnumDescriptions"].([]any); !ok || len(descriptions) != 3 {
		t.Errorf("the values of mode are not documented: %v", mode)
	}
	if strings.Contains(mode["description"].(string), "`") {
		t.Errorf("the plain description holds Markdown: %v", mode["description"])
	}
	old := doc.Definitions["test-map"].Properties["old"]
	if old["deprecationMessage"] != "use service" || !strings.Contains(old["markdownDescription"].(string), "plugin `grpc`") {
		t.Errorf("old = %v", old)
	}
}
