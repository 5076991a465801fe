package ide

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/schema"
)

// freeKeys offers names where a map's keys are free but something is known about them.
func (c *completer) freeKeys() {
	switch f := c.place.field; {
	case f.Name == "headers":
		c.headerKeys()
	case c.place.isThresholds():
		c.thresholdKeys()
	case f.Name == "scenarios" && f.Level == schema.LevelLoad:
		c.loadScenario()
	case f.Level == schema.LevelEnvironment && (f.Name == "targets" || f.Name == "env"):
		c.environmentKeys(f.Name)
	}
}

// environmentKeys offers, below an environment, the names that stand for all environments or in another one.
func (c *completer) environmentKeys(name string) {
	conf := c.doc.Config()
	if c.doc.Kind != engine.KindConfig || conf == nil {
		return
	}
	seen := map[string]bool{}
	offer := func(pairs []spec.Pair, from string) {
		for _, p := range pairs {
			if key := p.Key.Value; key != "" && !seen[key] {
				seen[key] = true
				c.key(key, schema.FieldSpec{Type: schema.TypeString}, "", "", from, "")
			}
		}
	}
	if name == "targets" {
		offer(conf.Targets, "all environments")
	} else {
		offer(conf.Env, "all environments")
	}
	for _, e := range conf.Environments {
		if name == "targets" {
			offer(e.Targets, e.Name.Value)
		} else {
			offer(e.Env, e.Name.Value)
		}
	}
}

// rowKeys offers the keys that the other rows of the matrix have, first all that are missing at once.
func (c *completer) rowKeys() {
	var missing []string
	for _, key := range c.scope.matrixKeys() {
		if !slices.Contains(c.at.Siblings, key) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 1 && len(c.at.Siblings) == 0 {
		c.row(missing)
	}
	for _, key := range missing {
		if c.key(key, schema.FieldSpec{Type: schema.TypeAny}, "A key of the other rows.", "", "matrix", "") {
			c.items[len(c.items)-1].Retrigger = false
		}
	}
}

// rowValues offers what the other rows have for the key at the cursor.
func (c *completer) rowValues() {
	if c.scope.test == nil || len(c.at.Path) == 0 {
		return
	}
	key := c.at.Path[len(c.at.Path)-1].Key
	seen := map[string]bool{}
	for _, row := range c.scope.test.Matrix {
		for _, v := range row.Values {
			text := v.Value.Value()
			if v.Key.Value != key || text == "" || seen[text] || c.scope.test.Abs(v.Value.Span()).Contains(c.offset) ||
				c.scope.test.Abs(v.Value.Span()).End == c.offset {
				continue
			}
			seen[text] = true
			src := c.doc.Text.Slice(c.scope.test.Abs(v.Value.Span()))
			if c.at.Quote != 0 {
				c.value(CompletionItem{Label: text, Kind: ItemValue, Detail: "matrix"})
			} else {
				c.written(CompletionItem{Label: text, Kind: ItemValue, Detail: "matrix"}, src)
			}
		}
	}
}

// eventKinds offers the kinds of events that the plugin at hand declares.
func (c *completer) eventKinds() {
	p := c.plugin()
	if p == nil {
		return
	}
	for _, kind := range sortedKeys(p.Events) {
		c.value(CompletionItem{Label: kind, Kind: ItemEnum, Doc: foreignMarkdown(p.Events[kind].Description), Description: p.Name})
	}
}

// eventData offers the data of the kind of event that is expected.
func (c *completer) eventData() {
	if len(c.at.Path) == 0 {
		return
	}
	p := c.plugin()
	event, ok := c.eventAt(c.at.Path[:len(c.at.Path)-1])
	if !ok {
		return
	}
	for _, f := range sortedKeys(event.Fields) {
		c.key(f, event.Fields[f], foreignMarkdown(event.Fields[f].Description), " ${1:exists}", p.Name, p.Version)
	}
}

// eventAt is the event whose kind is expected at a path.
func (c *completer) eventAt(at []syntax.Step) (event schema.EventSpec, ok bool) {
	p := c.plugin()
	if p == nil {
		return event, false
	}
	e, ok := c.doc.Tree().Lookup(c.at.Doc, at).Get("kind")
	if !ok {
		return event, false
	}
	event, ok = p.Events[strings.TrimPrefix(e.Value.Value(), p.Name+".")]
	return event, ok
}

// tags offers the tags that other tests of the project have.
func (c *completer) tags() {
	seen := map[string]bool{}
	if c.scope.test != nil {
		for _, tag := range c.scope.test.Tags {
			if at := c.scope.test.Abs(tag.Span()); c.offset < at.Start || c.offset > at.End {
				seen[tag.Value] = true
			}
		}
	}
	c.nearTests(func(_ string, _ *spec.Spec, t *spec.Test) bool {
		for _, tag := range t.Tags {
			if tag.Value != "" && !seen[tag.Value] {
				seen[tag.Value] = true
				c.value(CompletionItem{Label: tag.Value, Kind: ItemValue, Detail: "tag"})
			}
		}
		return len(c.items) < mostOffered
	})
}
