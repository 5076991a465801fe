package ide

import (
	"path/filepath"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/schema"
)

// formatValues offers what the format of a field allows.
func (c *completer) formatValues(format string) {
	switch format {
	case schema.FormatTarget:
		for _, a := range link.Aliases(c.snap, c.doc.URI, c.scope.spec) {
			c.value(CompletionItem{Label: a.Name, Kind: ItemTarget, Detail: a.URL, Description: a.From})
		}
		c.schemes()
	case schema.FormatAlias:
		names, more := c.scope.names(c.snap, c.doc, c.at.Prefix, true)
		c.incomplete = c.incomplete || more
		for _, n := range names {
			c.value(CompletionItem{Label: n.name, Kind: ItemVariable, Detail: "test", Doc: n.doc, Description: n.file})
		}
	case schema.FormatCondition:
		c.conditions()
	case schema.FormatSavePath:
		c.savePaths()
	case schema.FormatPath:
		c.specPaths()
	}
}

// schemes offers a URL of this machine for each protocol that is installed.
func (c *completer) schemes() {
	for _, protocol := range c.snap.Fields().Protocols() {
		p := c.snap.Fields().Plugin(protocol)
		c.value(CompletionItem{
			Label: string(protocol) + "://" + exampleHost, Kind: ItemValue, Detail: "example", Description: p.Name,
			Doc: foreignMarkdown(p.Description),
		})
	}
}

// specPaths offers the other specs of the session, relative to this one.
func (c *completer) specPaths() {
	if c.doc.Path() == "" {
		return
	}
	var all []string
	for doc := range c.snap.Documents() {
		if doc.Kind != engine.KindSpec || doc.URI == c.doc.URI || doc.Path() == "" {
			continue
		}
		if rel, err := filepath.Rel(filepath.Dir(c.doc.Path()), doc.Path()); err == nil {
			all = append(all, filepath.ToSlash(rel))
		}
	}
	paths, more := offered(all, c.at.Prefix)
	c.incomplete = c.incomplete || more
	for _, path := range paths {
		c.value(CompletionItem{Label: path, Kind: ItemValue, Detail: "spec"})
	}
}
