package schema

import (
	"encoding/json"
	"testing"
)

func TestAdditiveFormsOfPluginMetadata(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     Deprecation
		bad      bool
	}{
		{"a reason is kept", `{"deprecated": "use id"}`, "use id", false},
		{"true means without a reason", `{"deprecated": true}`, "deprecated", false},
		{"false means not deprecated", `{"deprecated": false}`, "", false},
		{"absent means not deprecated", `{}`, "", false},
		{"a number is refused", `{"deprecated": 1}`, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f FieldSpec
			err := json.Unmarshal([]byte(tt.in), &f)
			if (err != nil) != tt.bad || f.Deprecated != tt.want {
				t.Errorf("got %q, %v", f.Deprecated, err)
			}
		})
	}
	t.Run("a method is a name, or an object", func(t *testing.T) {
		var p PluginSchema
		if err := json.Unmarshal([]byte(`{"methods": ["GET", {"name": "PUT", "description": "Replace."}]}`), &p); err != nil {
			t.Fatal(err)
		}
		if len(p.Methods) != 2 || p.Methods[0] != (Method{Name: "GET"}) || p.Methods[1] != (Method{"PUT", "Replace."}) {
			t.Errorf("got %+v", p.Methods)
		}
		if err := json.Unmarshal([]byte(`{"methods": [5]}`), &p); err == nil {
			t.Error("a number is taken as a method")
		}
	})
}

func TestDisplay(t *testing.T) {
	for want, in := range map[string]any{
		"a b": "a b", "null": nil, "true": true, "12345678901234567890": json.Number("12345678901234567890"), "7": 7, "0.5": 0.5,
		`["a",1]`: []any{"a", 1}, `{"a":1}`: map[string]any{"a": 1},
	} {
		if got := display(in); got != want {
			t.Errorf("%v is shown as %q, want %q", in, got, want)
		}
	}
}

func TestOnlyPortablePatternsAreExported(t *testing.T) {
	for pattern, want := range map[string]bool{`^[a-z]+$`: true, `(?i)x`: false, `\pL`: false, `[[:alpha:]]`: false, `a|b`: true} {
		if got := portable(pattern); got != want {
			t.Errorf("portable(%q) = %v", pattern, got)
		}
	}
}
