package ide

import (
	"cmp"
	"slices"

	"github.com/speclens/speclens/schema"
)

// wanted are the keys of a level in the order in which people write them; the others follow as the language has them.
var wanted = map[schema.Level][]string{
	schema.LevelFile: {"target", "tests"},
	schema.LevelTest: {"name", "method", "resource", "expect", "headers", "alias", "save"},
}

// ranked orders the keys of a level by what is most likely wanted next: first what the plugin requires, then what people
// write first, in it what the method at hand goes with, at the end what the plugin does not use and what a merge key brings.
func (c *completer) ranked(fields []schema.Field) []schema.Field {
	order := wanted[c.place.level]
	if c.place.level == schema.LevelFile && slices.Contains(c.at.Siblings, "targets") && !slices.Contains(c.at.Siblings, "target") {
		order = []string{"target", "tests"}
	}
	p := c.snap.Fields().Plugin(c.protocol)
	merged := c.mergedKeys()
	var withMethod []string
	if p != nil && c.scope.test != nil {
		for _, m := range p.Methods {
			if m.Name == c.scope.test.Method.Value {
				withMethod = m.Fields
			}
		}
	}
	rank := func(f schema.Field) int {
		switch i := slices.Index(order, f.Name); {
		case slices.Contains(merged, f.Name):
			return 400
		case c.place.level == schema.LevelTest && f.Plugin == "" && unused(p, f.Name):
			return 300
		case f.Plugin != "" && f.Spec.Required:
			return 0
		case slices.Contains(withMethod, f.Name):
			return 1 + slices.Index(order, "expect")*2 - 1
		case i >= 0:
			return 1 + i*2
		}
		return 200
	}
	ordered := slices.Clone(fields)
	slices.SortStableFunc(ordered, func(a, b schema.Field) int { return cmp.Compare(rank(a), rank(b)) })
	return ordered
}

// unused reports whether a plugin declares nothing for a key that the language has for plugins.
func unused(p *schema.PluginSchema, key string) bool {
	if p == nil {
		return false
	}
	switch key {
	case "method":
		return len(p.Methods) == 0
	case "resource":
		return len(p.Methods) == 0 && p.ResourceHint == ""
	case "headers":
		return len(p.Methods) == 0 && len(p.Headers) == 0
	}
	return false
}

// mergedKeys are the keys that the map at the cursor has from a merge key.
func (c *completer) mergedKeys() []string {
	if !slices.Contains(c.at.Siblings, "<<") {
		return nil
	}
	var keys []string
	for _, e := range c.doc.Tree().Lookup(c.at.Doc, c.at.Path).Resolve().Merged() {
		if e.Key.Foreign() {
			keys = append(keys, e.Key.Value())
		}
	}
	return keys
}
