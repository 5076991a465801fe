package ide

import (
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/schema"
)

// isSave reports whether the place is the map of `save`, whose keys are free names.
func (p place) isSave() bool {
	return p.known && p.field.Name == "save" && p.field.Level == schema.LevelTest && p.spec.Type == schema.TypeMap
}

// savePath is a path that a test can save, and the last name in it.
type savePath struct{ path, name, detail, from string }

// saveNames offers names to save: first those that templates of other tests use and nobody gives, then those of the fields that
// the test's response is known to have. A field of the name is what is saved.
func (c *completer) saveNames() {
	known := c.bodyPaths()
	fieldNamed := map[string]string{}
	for _, p := range known {
		if _, there := fieldNamed[p.name]; !there && p.name != "" {
			fieldNamed[p.name] = p.path
		}
	}
	text := schema.FieldSpec{Type: schema.TypeString}
	seen := map[string]bool{}
	for _, name := range c.namesWanted() {
		snippet := ""
		if field := fieldOf(name, fieldNamed); field != "" {
			snippet = " ${1:" + escapeSnippet(field) + "}"
		}
		seen[name] = true
		c.key(name, text, "A template uses this name, and no test saves it.", snippet, "used, not saved", "")
	}
	for _, p := range known {
		if !seen[p.name] && saveName(p.name) {
			seen[p.name] = true
			c.key(p.name, text, "Saves "+code(p.path)+".", " ${1:"+escapeSnippet(p.path)+"}", p.from, "")
		}
	}
}

// fieldOf is the path of the field that a name stands for: the one of that name or, as with `user_id` and `userId`, the one that
// the name ends with.
func fieldOf(name string, paths map[string]string) string {
	if p, ok := paths[name]; ok {
		return p
	}
	best := ""
	for _, field := range sortedKeys(paths) {
		capital := strings.ToUpper(field[:1]) + field[1:]
		if (strings.HasSuffix(name, "_"+field) || strings.HasSuffix(name, "-"+field) || strings.HasSuffix(name, capital)) && len(field) > len(best) {
			best = field
		}
	}
	return paths[best]
}

// saveName reports whether a field's name can stand in a template as it is.
func saveName(name string) bool {
	p := template.Parse("{{ " + name + " }}")
	refs := p.Refs()
	return len(refs) == 1 && refs[0].Kind == template.Name && refs[0].Name == name && len(refs[0].Path.Segments) == 0
}

// namesWanted are the names in templates of other tests that nothing gives, nearest first.
func (c *completer) namesWanted() []string {
	index := link.NamesOf(c.snap, c.doc.URI)
	var names []string
	seen := map[string]bool{}
	looked := 0
	visit := func(at *link.Place) bool {
		if looked++; at == nil || c.scope.test != nil && at.Doc.URI == c.doc.URI && at.ID == c.scope.test.ID {
			return looked < mostLooked
		}
		for _, use := range link.Uses(at.Test) {
			if name := use.Ref.Name; use.Ref.Kind == template.Name && !seen[name] {
				seen[name] = true
				if saveName(name) && index.Lookup(at, use.Ref).Kind == link.RefUnknown {
					names = append(names, name)
				}
			}
		}
		return looked < mostLooked && len(names) < mostOffered
	}
	n := near{scope: c.scope, doc: c.doc}
	own := n.own(c.doc.Spec())
	total := c.doc.Spec().Tests().Len()
	for i := own; i < total; i++ { // what is saved is used below, as a rule
		if !visit(index.At(c.doc.URI, i)) {
			return names
		}
	}
	for i := own - 1; i >= 0; i-- {
		if !visit(index.At(c.doc.URI, i)) {
			return names
		}
	}
	for doc := range index.Documents() {
		if doc.URI == c.doc.URI {
			continue
		}
		for i := range doc.Spec().Tests().Len() {
			if !visit(index.At(doc.URI, i)) {
				return names
			}
		}
	}
	return names
}

// bodyPaths are the paths into the response's body that the test can save: those of the last response, then those that its own
// text names.
func (c *completer) bodyPaths() []savePath {
	var list []savePath
	seen := map[string]bool{}
	add := func(segments []path.Segment, detail, from string) {
		p := path.Join(append([]path.Segment{{Text: "response"}, {Text: "body"}}, segments...))
		if len(segments) == 0 || strings.Contains(p, "{{") || strings.Contains(p, engine.Masked) || seen[p] {
			return
		}
		seen[p] = true
		last := segments[len(segments)-1]
		name := last.Text
		if last.Kind == path.Index {
			name = ""
		}
		list = append(list, savePath{p, name, detail, from})
	}
	if r := c.scope.lastResult(c.snap, c.doc); r != nil && r.Output != nil {
		for _, p := range flatten(r.Output.Body, nil, maxLearned) {
			add(p.at, clip(compact(p.value)), "last response")
		}
	}
	if c.scope.test != nil {
		for _, segments := range writtenFields(c.scope.test.Test) {
			add(segments, "of the body", "as the test says")
		}
	}
	return list
}

// savePaths offers what a test can save: the paths into its body that are known, then the parts of a response.
func (c *completer) savePaths() {
	for _, p := range c.bodyPaths() {
		if p.path != c.at.Prefix {
			c.value(CompletionItem{Label: p.path, Kind: ItemKey, Detail: p.detail, Description: p.from})
		}
	}
	for _, k := range responseKeys {
		c.value(CompletionItem{Label: "response." + k.name, Kind: ItemKey, Doc: k.doc})
	}
	c.value(CompletionItem{Label: "events", Kind: ItemKey, Doc: "The events of the run, in order."})
}
