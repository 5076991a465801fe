package ide

import (
	"testing"

	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

func TestSnippetsOfPluginFields(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec schema.FieldSpec
		want string
	}{
		{"an enum offers its values", schema.FieldSpec{Type: schema.TypeString, Enum: []any{"a", "b,c", 3}}, ` ${1|a,b\,c,3|}`},
		{
			"an enum of texts stays one of texts", schema.FieldSpec{Type: schema.TypeString, Enum: []any{"0", "1.1", "true", "null", "a: b", "all"}},
			` ${1|"0","1.1","true","null","a: b",all|}`,
		},
		{"a bool offers the other value than its default first", schema.FieldSpec{Type: schema.TypeBool, Default: true}, " ${1|false,true|}"},
		{"an example is inserted", schema.FieldSpec{Type: schema.TypeString, Examples: []any{"a$}b"}}, ` ${1:a\$\}b}`},
		{"a default is inserted where there is no example", schema.FieldSpec{Type: schema.TypeNumber, Default: 10.0}, " ${1:10}"},
		{
			"an object begins with its required member",
			schema.FieldSpec{Type: schema.TypeObject, Fields: map[string]schema.FieldSpec{"id": {Required: true}}}, "\n  id: ${1}",
		},
		{
			"a required member is written as a key", schema.FieldSpec{Type: schema.TypeObject, Fields: map[string]schema.FieldSpec{"a: b": {Required: true}}},
			"\n  \"a: b\": ${1}",
		},
		{"a list begins an item", schema.FieldSpec{Type: schema.TypeArray}, "\n  - ${1}"},
		{"a map begins an entry", schema.FieldSpec{Type: schema.TypeMap}, "\n  ${1:key}: ${2:value}"},
		{"anything else leaves the cursor there", schema.FieldSpec{Type: schema.TypeAny}, " ${1}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := pluginSnippet(tt.spec, write.Place{}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
