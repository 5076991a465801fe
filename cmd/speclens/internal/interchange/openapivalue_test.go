package interchange

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/template"
)

// importing is an import of a document whose one operation takes a body of the schema.
func importing(t *testing.T, schema string) (*openAPIImport, *maker, *openapi3.MediaType) {
	t.Helper()
	doc := `{"openapi":"3.1.0","info":{"title":"T","version":"1"},"components":{"schemas":{
		"Cat":{"type":"object","required":["kind","lives"],"properties":{"kind":{"type":"string"},"lives":{"type":"integer","maximum":9}}},
		"Dog":{"type":"object","required":["kind","good"],"properties":{"kind":{"type":"string"},"good":{"const":true}}},
		"Tree":{"type":"object","required":["left"],"properties":{"left":{"oneOf":[{"type":"null"},{"$ref":"#/components/schemas/Tree"}]}}}}},
		"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":` + schema + `}}},
		"responses":{"200":{"description":"ok"}}}}}}`
	s, err := readSources(doc, OpenAPIOptions{Name: "a.json"})
	if err != nil {
		t.Fatal(err)
	}
	model, err := loadOpenAPI(s)
	if err != nil {
		t.Fatal(err)
	}
	im := &openAPIImport{sources: s, doc: model}
	im.findings()
	if len(im.notes) > 0 {
		t.Fatal(im.notes)
	}
	if err := im.collect(); err != nil {
		t.Fatal(err)
	}
	return im, &maker{im: im, op: im.ops[0]}, im.ops[0].op.RequestBody.Value.Content["application/json"]
}

// evaluated is a written value as a run with a seed would send it.
func evaluated(t *testing.T, v any, seed uint64) any {
	t.Helper()
	switch v := v.(type) {
	case object:
		out := map[string]any{}
		for _, e := range v {
			out[e.key] = evaluated(t, e.value, seed)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = evaluated(t, e, seed)
		}
		return out
	case written:
		got, warnings, err := template.Parse(string(v)).Eval(&template.Evaluator{Seed: seed})
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%s: %v %v", v, warnings, err)
		}
		return got
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	return v
}

func TestMadeUpValuesMeetTheirSchemas(t *testing.T) {
	for _, schema := range []string{
		`{"type":"string"}`, `{"type":"string","minLength":30}`, `{"type":"string","maxLength":3}`, `{"type":"string","maxLength":0}`,
		`{"type":"string","minLength":1500,"maxLength":1500}`, `{"minLength":2}`, `{"maxLength":5}`,
		`{"type":"string","format":"email"}`, `{"type":"string","format":"email","maxLength":12}`,
		`{"type":"string","format":"email","pattern":"^[a-z]+@corp\\.example$"}`,
		`{"type":"string","format":"uuid"}`, `{"type":"string","format":"date"}`, `{"type":"string","format":"date-time"}`,
		`{"type":"string","format":"uri"}`, `{"type":"string","format":"uri","maxLength":20}`, `{"type":"string","format":"ipv4"}`,
		`{"type":"string","format":"ipv6"}`, `{"type":"string","format":"hostname"}`, `{"type":"string","format":"byte"}`,
		`{"type":"string","format":"made-up","minLength":4}`, `{"type":"string","format":"password","minLength":16}`,
		`{"type":"string","pattern":"^[A-Z]{3}-\\d{4}$"}`, `{"type":"string","pattern":"^.*$","minLength":5,"maxLength":6}`,
		`{"type":"string","pattern":"^it's \"x\\\\\"$"}`, `{"type":"string","pattern":"a|b","maxLength":1}`, `{"pattern":"^x+$","minLength":3}`,
		`{"type":"integer"}`, `{"type":"integer","minimum":5}`, `{"type":"integer","maximum":-5}`, `{"type":"integer","minimum":0,"maximum":0}`,
		`{"type":"integer","exclusiveMinimum":5,"multipleOf":4}`, `{"type":"integer","minimum":-9,"maximum":-2,"multipleOf":5}`,
		`{"type":"integer","exclusiveMaximum":0}`, `{"type":"integer","minimum":1.5}`, `{"type":"integer","format":"int64"}`,
		`{"type":"number","minimum":0.25,"maximum":0.5}`, `{"type":"number","exclusiveMinimum":1,"exclusiveMaximum":2}`,
		`{"type":"number","exclusiveMaximum":1}`, `{"type":"number","exclusiveMinimum":1}`, `{"type":"number","multipleOf":0.5,"minimum":0.2}`,
		`{"type":"number","minimum":1e300}`, `{"minimum":3}`, `{"type":"boolean"}`, `{"type":"null"}`, `{"type":["null","integer"],"minimum":3}`,
		`{"enum":["b","a"]}`, `{"enum":[null,2]}`, `{"const":{"a":[1,"x"]}}`, `{"type":"string","enum":["a"],"default":"z"}`,
		`{"type":"string","default":"d"}`, `{"type":"string","examples":["e"]}`,
		`{"type":"array","items":{"type":"string"}}`,
		`{"type":"array","minItems":3,"maxItems":3,"items":{"type":"integer","multipleOf":2},"uniqueItems":true}`,
		`{"type":"array","minItems":2,"items":{"enum":["a","b","c"]},"uniqueItems":true}`,
		`{"type":"array","maxItems":0,"items":{"type":"string"}}`,
		`{"type":"array","minItems":2,"uniqueItems":true,"items":{"type":"string","example":"x"}}`,
		`{"items":{"type":"boolean"}}`, `{"type":"array"}`,
		`{"type":"array","minItems":2}`, `{"type":"object"}`, `{"type":"object","additionalProperties":{"type":"integer"}}`,
		`{"type":"object","minProperties":3,"additionalProperties":{"type":"string"}}`,
		`{"type":"object","minProperties":2,"required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"boolean"}}}`,
		`{"type":"object","required":["x"],"additionalProperties":{"type":"integer","minimum":7}}`, `{"type":"object","required":["x"]}`,
		`{"properties":{"id":{"type":"integer","readOnly":true},"old":{"type":"string","deprecated":true},"a":{"type":"string"}}}`,
		`{"required":["a"],"properties":{"a":{"properties":{"b":{"required":["c"],"properties":{"c":{"const":1}}}}}}}`,
		`{"allOf":[{"type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":1}}},{"properties":{"a":{"minimum":5}}}]}`,
		`{"allOf":[{"enum":["a","b"]},{"enum":["b","c"]}]}`, `{"type":"integer","allOf":[{"minimum":3},{"maximum":3}]}`,
		`{"allOf":[{"type":["string","integer"]},{"type":"integer"}]}`, `{"allOf":[{"maxLength":9},{"type":"string","maxLength":4}]}`,
		`{"oneOf":[{"type":"integer"},{"type":"string"}]}`, `{"anyOf":[{"type":"null"},{"type":"boolean"}]}`,
		`{"anyOf":[false,{"type":"string"}]}`,
		`{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"kind"}}`,
		`{"oneOf":[{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"kind","mapping":{"rex":"#/components/schemas/Dog"}}}`,
		`{"oneOf":[{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"species"}}`,
		`{"$ref":"#/components/schemas/Tree"}`, `{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}]}`, `true`, `{}`,
	} {
		t.Run(schema, func(t *testing.T) {
			im, m, media := importing(t, schema)
			for _, m.im.options.Optional = range []bool{false, true} {
				v, _, ok := m.media(media)
				if !ok {
					t.Fatal("nothing was made up")
				}
				for seed := range uint64(30) {
					sent := evaluated(t, v, seed+1)
					if err := media.Schema.Value.VisitJSON(sent, openapi3.VisitAsRequest(), openapi3.EnableFormatValidation()); err != nil {
						t.Fatalf("%v does not meet the schema: %v", v, err)
					}
				}
			}
			fixed := &maker{im: im, op: m.op, fixed: true}
			if v, _, ok := fixed.media(media); ok && strings.Contains(fmt.Sprint(v), "{{") {
				t.Errorf("%v holds a template", v)
			}
			im.verify(m, media, nil, false)
			if len(im.notes) > 0 {
				t.Errorf("notes %q", im.notes)
			}
		})
	}
}

func TestNothingIsMadeUpForWhatNothingMeets(t *testing.T) {
	for _, schema := range []string{
		`false`, `{"enum":[]}`, `{"type":"integer","minimum":3,"maximum":2}`, `{"type":"integer","minimum":1.2,"maximum":1.8}`,
		`{"type":"number","minimum":3,"maximum":2}`, `{"type":"string","minLength":3,"maxLength":2}`,
		`{"allOf":[{"type":"string"},{"type":"integer"}]}`,
		`{"type":"object","required":["a"],"properties":{"a":false}}`, `{"type":"string","pattern":"^a$","minLength":4}`,
		`{"type":"object","required":["a"],"additionalProperties":{"type":"string","minLength":2,"maxLength":1}}`,
		`{"type":"array","minItems":1,"items":{"enum":[]}}`, `{"type":"string","minLength":1000000}`, `{"allOf":[{"enum":[1]},{"enum":[2]}]}`,
	} {
		t.Run(schema, func(t *testing.T) {
			_, m, media := importing(t, schema)
			if v, _, ok := m.media(media); ok {
				t.Errorf("made up %v", v)
			}
		})
	}
}

// Each schema holds the next one several times, so that a reader who follows all of them never ends.
func TestWorkOnSchemasIsBounded(t *testing.T) {
	const levels = 60
	for name, schema := range map[string]func(next string) string{
		"included twice": func(next string) string {
			return fmt.Sprintf(`{"allOf":[%[1]s,%[1]s],"oneOf":[%[1]s,{"type":"object"}]}`, next)
		},
		"two optional properties": func(next string) string {
			return fmt.Sprintf(`{"type":"object","properties":{"a":%[1]s,"b":%[1]s}}`, next)
		},
		"three required properties": func(next string) string {
			return fmt.Sprintf(`{"type":"object","required":["a","b","c"],"properties":{"a":%[1]s,"b":%[1]s,"c":%[1]s}}`, next)
		},
		"lists of alternatives": func(next string) string {
			return fmt.Sprintf(`{"anyOf":[{"type":"array","minItems":3,"items":%[1]s},{"type":"array","minItems":2,"items":%[1]s}]}`, next)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var schemas strings.Builder
			for i := range levels {
				fmt.Fprintf(&schemas, `"S%d":%s,`, i, schema(fmt.Sprintf(`{"$ref":"#/components/schemas/S%d"}`, i+1)))
			}
			content := `{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S0"}}}`
			doc := fmt.Sprintf(`{"openapi":"3.0.0","info":{"title":"T","version":"1"},"components":{"schemas":{%s"S%d":{"type":"string"}}},
				"paths":{"/a":{"post":{"requestBody":%s},"responses":{"200":%s,"description":"ok"}}}}}}`, schemas.String(), levels, content, content)
			done := make(chan error, 1)
			go func() {
				files, _, err := ParseOpenAPI(doc, OpenAPIOptions{Name: "a.json", Optional: true})
				if err == nil && len(files[0].Text) > 1<<20 {
					err = fmt.Errorf("the spec has %d bytes", len(files[0].Text))
				}
				done <- err
			}()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(time.Minute):
				t.Error("it does not end")
			}
		})
	}
}
