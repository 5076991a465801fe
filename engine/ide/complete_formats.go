package ide

import (
	"path/filepath"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
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

// savePaths offers what a test can save: the parts of a response, and the paths of the last one.
func (c *completer) savePaths() {
	if r := c.scope.lastResult(c.snap, c.doc); r != nil && r.Output != nil {
		for _, p := range flatten(r.Output.Body, nil, maxLearned) {
			c.value(CompletionItem{Label: "response.body." + p.name, Kind: ItemKey, Detail: clip(compact(p.value)), Description: "last response"})
		}
	}
	if c.scope.test != nil {
		for _, field := range writtenFields(c.scope.test.Test) {
			label := "response.body." + path.Join(field)
			if len(field) > 0 && !slices.ContainsFunc(c.items, func(i CompletionItem) bool { return i.Label == label }) && label != c.at.Prefix {
				c.value(CompletionItem{Label: label, Kind: ItemKey, Detail: "of the body", Description: "as the test says"})
			}
		}
	}
	for _, k := range responseKeys {
		c.value(CompletionItem{Label: "response." + k.name, Kind: ItemKey, Doc: k.doc})
	}
	c.value(CompletionItem{Label: "events", Kind: ItemKey, Doc: "The events of the run, in order."})
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
