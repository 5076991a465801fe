package schema

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryCoreFieldIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Core() {
		key := string(f.Level) + "." + f.Name
		if seen[key] {
			t.Errorf("%s stands in the table twice", key)
		}
		seen[key] = true
		if f.Spec.Description == "" || !strings.Contains(f.Doc, "```yaml") {
			t.Errorf("%s has no documentation with an example", key)
		}
		if f.Snippet == "" || f.Snippet[0] != ' ' && f.Snippet[0] != '\n' {
			t.Errorf("%s has no snippet that can follow its colon: %q", key, f.Snippet)
		}
		if len(f.Spec.Enum) != len(f.Spec.EnumDescriptions) {
			t.Errorf("%s documents %d of %d values", key, len(f.Spec.EnumDescriptions), len(f.Spec.Enum))
		}
	}
}

func TestEverySectionOfTheReferenceBelongsToAField(t *testing.T) {
	entries, err := reference.ReadDir("reference")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		level := Level(strings.TrimSuffix(e.Name(), ".md"))
		for name := range readReference(level) {
			if !slices.ContainsFunc(Core(), func(f Field) bool { return f.Level == level && f.Name == name }) {
				t.Errorf("reference/%s documents %q, which is no field of that level", e.Name(), name)
			}
		}
	}
}

func TestEveryNestedLevelHasFields(t *testing.T) {
	for _, f := range Core() {
		if f.Nested != "" && !slices.ContainsFunc(Core(), func(o Field) bool { return o.Level == f.Nested }) {
			t.Errorf("%s.%s leads to the level %q, which has no fields", f.Level, f.Name, f.Nested)
		}
	}
}

func TestCompose(t *testing.T) {
	shadow := PluginSchema{Name: "shadow", Protocols: []Protocol{"HTTP", "ws"}, Fields: map[string]FieldSpec{
		"name": {Type: TypeNumber}, "frames": {Type: TypeArray},
	}}
	c := Compose(Core(), []PluginSchema{httpPlugin(), grpcPlugin(), shadow})

	t.Run("a test has the core's fields, then those of its protocol's plugin", func(t *testing.T) {
		fields := c.At(LevelTest, "HTTPS")
		if fields[0].Name != "name" || fields[0].Plugin != "" {
			t.Errorf("the first field is %+v", fields[0])
		}
		var own []string
		for _, f := range fields {
			if f.Plugin != "" {
				own = append(own, f.Name)
			}
		}
		if !slices.Equal(own, []string{"body", "followRedirects", "maxRedirects", "query"}) {
			t.Errorf("the plugin's fields are %v", own)
		}
	})
	t.Run("required fields of a plugin come first and deprecated ones last", func(t *testing.T) {
		fields := c.At(LevelTest, "grpc")
		own := slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return f.Plugin == "" })
		if own[0].Name != "service" || own[len(own)-1].Name != "old" {
			t.Errorf("the plugin's fields are %v", own)
		}
	})
	t.Run("a plugin cannot take a key of the language", func(t *testing.T) {
		f, ok := c.Find(LevelTest, "ws", "name")
		if !ok || f.Plugin != "" || f.Spec.Type != TypeString {
			t.Errorf("name is %+v", f)
		}
	})
	t.Run("the first plugin keeps a protocol that two claim", func(t *testing.T) {
		if p := c.Plugin("http"); p == nil || p.Name != "http" {
			t.Errorf("http is served by %v", p)
		}
	})
	t.Run("an unknown protocol leaves the core's fields", func(t *testing.T) {
		if _, ok := c.Find(LevelTest, "smtp", "body"); ok {
			t.Error("body exists without a plugin")
		}
		if len(c.At(LevelTest, "smtp")) != len(c.At(LevelTest, "")) {
			t.Error("smtp has fields of its own")
		}
	})
	t.Run("levels outside of tests do not depend on the protocol", func(t *testing.T) {
		f, ok := c.Find(LevelExpect, "grpc", "status")
		if !ok || f.Level != LevelExpect {
			t.Errorf("status is %+v", f)
		}
		if _, ok := c.Find(LevelFile, "http", "body"); ok {
			t.Error("body is a file-level key")
		}
	})
	t.Run("the protocols are listed in order", func(t *testing.T) {
		if got := c.Protocols(); !slices.Equal(got, []Protocol{"grpc", "http", "https", "ws"}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestMember(t *testing.T) {
	text := FieldSpec{Type: TypeString}
	for _, tt := range []struct {
		name string
		spec FieldSpec
		key  string
		want bool
	}{
		{"a declared member of an object is found", FieldSpec{Type: TypeObject, Fields: map[string]FieldSpec{"a": text}}, "a", true},
		{"an undeclared member of an object is not", FieldSpec{Type: TypeObject, Fields: map[string]FieldSpec{"a": text}}, "b", false},
		{"every value of a map has the items' description", FieldSpec{Type: TypeMap, Items: &text}, "x", true},
		{"every element of a list has the items' description", FieldSpec{Type: TypeArray, Items: &text}, "0", true},
		{"a list without a description of its items has none", FieldSpec{Type: TypeArray}, "0", false},
		{"text has no members", text, "x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := tt.spec.Member(tt.key); ok != tt.want {
				t.Errorf("got %v", ok)
			}
		})
	}
}
