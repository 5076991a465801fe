package ide

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/speclens/speclens/schema"
)

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// escapeSnippet makes a text literal in an LSP snippet.
func escapeSnippet(s string) string { return schema.EscapeSnippet(s) }

// scalarText is a value as the text that stands for it in YAML, without quotes; empty for maps and lists.
func scalarText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case map[string]any, []any:
		return ""
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}
