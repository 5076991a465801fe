package analysis_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/schema"
)

// The JSON Schema accepts what the language accepts: an editor that has nothing else must not cry wolf.
func TestTheJSONSchemaAcceptsEveryGoodSpec(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/good.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, archive.Files, engine.Settings{})
	snap := s.Snapshot()
	compile := func(export func(...schema.PluginSchema) ([]byte, error)) *jsonschema.Schema {
		b, err := export(snap.Plugins()...)
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
		compiled, err := c.Compile("schema.json")
		if err != nil {
			t.Fatal(err)
		}
		return compiled
	}
	specs, configs := compile(schema.JSONSchema), compile(schema.ConfigJSONSchema)
	checked := 0
	for doc := range snap.Documents() {
		for _, d := range doc.Tree().Documents() {
			rules := specs
			if doc.Kind == engine.KindConfig {
				rules = configs
			}
			checked++
			if err := rules.Validate(d.Root.Any()); err != nil {
				t.Errorf("%s: %v", doc.URI, err)
			}
		}
	}
	if checked < 5 {
		t.Errorf("only %d documents were looked at", checked)
	}
}
