package ide

import (
	"strings"

	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// pluginSnippet is what follows the colon of a plugin's field, made from its description: its values stand in it as they
// must be written to be read as such.
func pluginSnippet(s schema.FieldSpec, at write.Place) string {
	switch {
	case len(s.Enum) > 0:
		var choices []string
		for _, v := range s.Enum {
			if written, ok := write.Scalar(v, at); ok {
				choices = append(choices, strings.NewReplacer(",", `\,`, "|", `\|`).Replace(escapeSnippet(written)))
			}
		}
		if len(choices) > 0 {
			return " ${1|" + strings.Join(choices, ",") + "|}"
		}
	case s.Type == schema.TypeBool:
		if s.Default == true {
			return " ${1|false,true|}"
		}
		return " ${1|true,false|}"
	case s.Type == schema.TypeObject || s.Type == schema.TypeMap:
		for _, name := range sortedKeys(s.Fields) {
			if s.Fields[name].Required {
				return "\n  " + escapeSnippet(write.Key(name, at)) + ": ${1}"
			}
		}
		return "\n  ${1:key}: ${2:value}"
	case s.Type == schema.TypeArray:
		return "\n  - ${1}"
	}
	proposed := s.Default
	if len(s.Examples) > 0 && value.KindOf(s.Examples[0]) != value.KindList && value.KindOf(s.Examples[0]) != value.KindObject {
		proposed = s.Examples[0]
	}
	if written, ok := write.Scalar(proposed, at); ok && proposed != nil {
		return " ${1:" + escapeSnippet(written) + "}"
	}
	return " ${1}"
}
