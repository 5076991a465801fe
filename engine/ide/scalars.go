package ide

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// escapeSnippet makes a text literal in an LSP snippet.
func escapeSnippet(s string) string {
	return strings.NewReplacer(`\`, `\\`, `$`, `\$`, `}`, `\}`).Replace(s)
}

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

// plainSafe is text that YAML reads back as itself without quotes.
var plainSafe = regexp.MustCompile(`^[A-Za-z0-9_./<~^$(;+=][^#:{}\[\],&*!|>'"%@\x60\x00-\x1f]*$`)

// needsQuotes reports whether a text must be quoted to be read back as the same text. What looks like a number or a
// bool may stand as it is: where text is wanted, its text is taken.
func needsQuotes(s string, flow bool) bool {
	if s == "" {
		return true
	}
	if strings.HasSuffix(s, " ") || strings.Contains(s, "{{") {
		return true
	}
	if plainSafe.MatchString(s) {
		return false
	}
	// A colon is harmless inside a word, as in a URL, except in flow style.
	if !flow && !strings.Contains(s, ": ") && !strings.HasSuffix(s, ":") && !strings.Contains(s, " #") {
		return !plainSafe.MatchString(strings.NewReplacer(":", "_", "#", "_", ",", "_", "[", "_", "]", "_", "{", "_", "}", "_", "*", "_", "&", "_",
			"!", "_", "|", "_", ">", "_", "%", "_", "@", "_").Replace(s[1:])) || !plainSafe.MatchString(s[:1])
	}
	return true
}

// quote writes a text as a YAML scalar in double quotes.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}
