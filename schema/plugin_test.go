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
		if len(p.Methods) != 2 || p.Methods[0].Name != "GET" || p.Methods[1].Name != "PUT" || p.Methods[1].Description != "Replace." {
			t.Errorf("got %+v", p.Methods)
		}
		if err := json.Unmarshal([]byte(`{"methods": [5]}`), &p); err == nil {
			t.Error("a number is taken as a method")
		}
	})
}

func TestOnlyPortablePatternsAreExported(t *testing.T) {
	for pattern, want := range map[string]bool{`^[a-z]+$`: true, `(?i)x`: false, `\pL`: false, `[[:alpha:]]`: false, `a|b`: true} {
		if got := portable(pattern); got != want {
			t.Errorf("portable(%q) = %v", pattern, got)
		}
	}
}

func TestTheNamesOfTheOriginalContractArePublic(t *testing.T) {
	if got := (PluginEvent{Plugin: "http", Kind: "Sent"}).FullName(); got != "http.Sent" {
		t.Errorf("FullName is %q", got)
	}
	if ProtocolHTTPS.String() != "https" || ProtocolHTTP.String() != "http" {
		t.Errorf("protocols %s, %s", ProtocolHTTP, ProtocolHTTPS)
	}
	for want, name := range map[FieldType]FieldType{
		"string": FieldString, "number": FieldNumber, "bool": FieldBool, "object": FieldObject, "array": FieldArray, "map": FieldMap, "any": FieldAny,
	} {
		if name != want {
			t.Errorf("%q is %q", want, name)
		}
	}
}
