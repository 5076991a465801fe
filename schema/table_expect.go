package schema

// expectFields are the keys of `expect`, of `retry.until`, and of an expected event.
var expectFields = []Field{
	{Name: "status", Level: LevelExpect, Templated: true, Snippet: " ${1}",
		Spec: FieldSpec{Type: TypeAny, Examples: []any{200, "2xx", ">= 500"}}},
	{Name: "body", Level: LevelExpect, Templated: true, Snippet: "\n  ${1}",
		Spec: FieldSpec{Type: TypeMap, Items: anyItem}},
	{Name: "headers", Level: LevelExpect, Templated: true, Snippet: "\n  ${1}",
		Spec: FieldSpec{Type: TypeMap, Items: anyItem}},
	{Name: "duration", Level: LevelExpect, Templated: true, Snippet: " \"${1:< 500ms}\"",
		Spec: FieldSpec{Type: TypeAny, Format: FormatDuration, Examples: []any{"< 500ms", "<= 2s", 250}}},
	{Name: "events", Level: LevelExpect, Nested: LevelExpectEvent, Templated: true, Snippet: "\n  - kind: ${1}",
		Spec: FieldSpec{Type: TypeArray}},

	{Name: "kind", Level: LevelExpectEvent, Snippet: " ${1}",
		Spec: FieldSpec{Type: TypeString, Required: true}},
	{Name: "data", Level: LevelExpectEvent, Templated: true, Snippet: "\n  ${1}",
		Spec: FieldSpec{Type: TypeMap, Items: anyItem}},
	{Name: "count", Level: LevelExpectEvent, Templated: true, Snippet: " ${1:1}",
		Spec: FieldSpec{Type: TypeAny, Examples: []any{1, ">= 2"}}},
}
