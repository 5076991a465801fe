package ide

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
)

// writtenFields are the paths into the body of a test's response that its own text names, in `expect`, `retry.until` and
// `save`: what is known of the body before the first run.
func writtenFields(t *spec.Test) [][]path.Segment {
	var list [][]path.Segment
	if t.Expect != nil {
		list = expectedFields(list, t.Expect.Node)
	}
	if t.Retry != nil && t.Retry.Until != nil {
		list = expectedFields(list, t.Retry.Until.Node)
	}
	for _, s := range t.Save {
		if rest, ok := strings.CutPrefix(s.Path.Value, "response.body."); ok {
			list = append(list, path.Parse(rest).Segments)
		}
	}
	return list
}

func expectedFields(list [][]path.Segment, n syntax.Node) [][]path.Segment {
	for _, e := range n.Resolve().Merged() {
		key := e.Key.Value()
		if rest, ok := strings.CutPrefix(key, "body."); ok {
			list = append(list, path.Parse(rest).Segments)
		} else if key == "body" {
			list = fieldsBelow(list, e.Value, nil)
		}
	}
	return list
}

func fieldsBelow(list [][]path.Segment, n syntax.Node, at []path.Segment) [][]path.Segment {
	for _, e := range n.Resolve().Merged() {
		key := e.Key.Value()
		if key == "." || len(at) > 0 && expect.OperatorNamed(key) != nil {
			continue
		}
		here := append(at[:len(at):len(at)], path.Parse(key).Segments...)
		list = fieldAt(list, e.Value, here)
	}
	return list
}

// fieldAt adds what is said of a field: of a list, it has a first element.
func fieldAt(list [][]path.Segment, n syntax.Node, here []path.Segment) [][]path.Segment {
	list = append(list, here)
	r := n.Resolve()
	first := append(here[:len(here):len(here)], firstItem)
	switch {
	case r.Kind() == syntax.Sequence && r.Len() > 0:
		return fieldAt(list, r.Items()[0], first)
	case r.Kind() == syntax.Scalar && r.Value() == "is array":
		return append(list, first)
	}
	return fieldsBelow(list, n, here)
}

// below are the segments that stand in paths right below another path, each once.
func below(paths [][]path.Segment, at []path.Segment) []path.Segment {
	var found []path.Segment
	seen := map[string]bool{}
paths:
	for _, p := range paths {
		if len(p) <= len(at) {
			continue
		}
		for i := range at {
			if p[i].Text != at[i].Text {
				continue paths
			}
		}
		if s := p[len(at)]; s.Text != "#" && !seen[s.Text] {
			seen[s.Text] = true
			found = append(found, s)
		}
	}
	return found
}

// bodyFields are the outermost fields of a test's body that its text names or that its last response had.
func (c *completer) bodyFields(key engine.TestKey) []string {
	p := link.NamesOf(c.snap, c.doc.URI).Test(key)
	if p == nil {
		return nil
	}
	var names []string
	for _, s := range below(writtenFields(p.Test), nil) {
		if s.Kind != path.Index {
			names = append(names, s.Text)
		}
	}
	if r := lastOf(c.snap, key); r != nil && r.Output != nil {
		for _, f := range flatten(r.Output.Body, nil, mostOffered) {
			if !strings.ContainsAny(f.name, `.[\" `) && !slices.Contains(names, f.name) {
				names = append(names, f.name)
			}
		}
	}
	return names
}

// giver is the test that a template's root reads; nil where there is none.
func (s scope) giver(snap *engine.Snapshot, doc *engine.Document, root template.Root) *spec.Test {
	if root.Kind == template.Prev {
		if s.spec == nil || s.test == nil || s.test.Index == 0 {
			return nil
		}
		return s.spec.Tests.At(s.test.Index - 1).Test
	}
	found := s.named(snap, doc, root.Name)
	if len(found) == 0 {
		return nil
	}
	if p := link.NamesOf(snap, doc.URI).Test(found[0].key); p != nil {
		return p.Test
	}
	return nil
}
