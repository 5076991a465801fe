package ide

import (
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// maxLearned bounds how many paths of a recorded response are offered.
const maxLearned = 200

// learnedPaths offers the keys of `expect.body` and `expect.headers` that the last response had, with a type or value to
// expect.
func (c *completer) learnedPaths() {
	r := c.scope.lastResult(c.snap, c.doc)
	if c.place.about == "headers" {
		c.learnedHeaders(r)
		return
	}
	if r == nil || r.Output == nil || c.place.about != "body" {
		return
	}
	for _, p := range flatten(r.Output.Body, nil, maxLearned) {
		if strings.Contains(p.name, "{{") {
			continue // it would be resolved as a template
		}
		c.key(p.name, schema.FieldSpec{Type: schema.TypeAny}, "In the last response: "+code(value.Brief(p.value, 80)),
			" ${1:"+escapeSnippet(suggestion(p.value))+"}", "last response", "")
	}
}

func (c *completer) learnedHeaders(r *engine.TestResult) {
	seen := map[string]bool{}
	if r != nil && r.Output != nil {
		for _, name := range sortedKeys(r.Output.Headers) {
			seen[strings.ToLower(name)] = true
			c.key(name, schema.FieldSpec{Type: schema.TypeString}, "In the last response: "+code(r.Output.Headers[name]), " ${1:exists}", "last response", "")
		}
	}
	for _, h := range commonHeaders {
		if h.response && !seen[strings.ToLower(h.name)] {
			c.key(h.name, schema.FieldSpec{Type: schema.TypeString}, h.doc, " ${1:exists}", "", "")
		}
	}
}

// learned is one path into a recorded value.
type learned struct {
	name  string
	value any
}

// flatten lists the paths into a value, outermost first; of a list the first element stands for all.
func flatten(v any, at []path.Segment, limit int) []learned {
	var out []learned
	if entries, ok := value.Entries(v); ok {
		for _, k := range sortedKeys(entries) {
			if len(out) >= limit {
				return out
			}
			here := append(append([]path.Segment(nil), at...), segmentOf(k))
			out = append(out, learned{name: path.Join(here), value: entries[k]})
		}
		for _, k := range sortedKeys(entries) {
			here := append(append([]path.Segment(nil), at...), segmentOf(k))
			out = append(out, flatten(entries[k], here, limit-len(out))...)
			if len(out) >= limit {
				return out[:limit]
			}
		}
		return out
	}
	if items, ok := value.Items(v); ok && len(items) > 0 && len(at) > 0 {
		first := append(append([]path.Segment(nil), at...), path.Segment{Text: "0"})
		return flatten(items[0], first, limit)
	}
	return nil
}

// segmentOf is the segment that means a key of an object and nothing else.
func segmentOf(key string) path.Segment {
	if path.Quote(key) == key {
		return path.Segment{Kind: path.Name, Text: key}
	}
	return path.Segment{Kind: path.Key, Text: key}
}

// suggestion is what to expect of a value: its type, since the value itself often differs from run to run.
func suggestion(v any) string {
	switch value.KindOf(v) {
	case value.KindNull:
		return "is null"
	case value.KindBool:
		return "is bool"
	case value.KindNumber:
		return "is number"
	case value.KindText:
		return "is string"
	case value.KindList:
		return "is array"
	}
	return "is object"
}

// matcherKeys offers the operators in their map form.
func (c *completer) matcherKeys() {
	for _, op := range expect.Operators {
		if op.MapForm != "" {
			c.key(op.Name, schema.FieldSpec{Type: schema.TypeAny}, op.Doc+"\n\n"+fence("yaml", op.MapForm), " ", "operator", "")
		}
	}
}

// expectations offers what a value may be expected to be.
func (c *completer) expectations() {
	switch c.place.expect {
	case expectStatus:
		c.statuses()
	case expectTime:
		for _, d := range []string{"< 500ms", "< 1s", "<= 2s"} {
			c.value(CompletionItem{Label: d, Kind: ItemValue, Detail: "at most so long"})
		}
		return
	case expectMatcher:
		c.actualValue()
	case expectPaths:
		return
	}
	c.operators()
}

// actualValue offers what the last response had at the place.
func (c *completer) actualValue() {
	r := c.scope.lastResult(c.snap, c.doc)
	if r == nil || r.Output == nil || len(c.place.path) == 0 {
		return
	}
	var actual any
	switch c.place.about {
	case "headers":
		for name, v := range r.Output.Headers {
			if strings.EqualFold(name, c.place.path[0]) {
				actual = v
			}
		}
	case "body":
		v, err := path.Parse(strings.Join(c.place.path, ".")).Walk(r.Output.Body, path.Options{})
		if err != nil {
			return
		}
		actual = v
	}
	c.learnedValue(actual, write.Subject(c.place.about))
}

// learnedValue offers a recorded scalar as what to expect, written so that it is met by what was recorded.
func (c *completer) learnedValue(actual any, about write.Subject) {
	label := scalarText(actual)
	if label == "" || len(label) > maxLabel {
		return
	}
	if as, ok := write.Expectation(actual, about, c.writing()); ok {
		c.written(CompletionItem{Label: label, Kind: ItemValue, Detail: "last response"}, as)
	}
}

func (c *completer) statuses() {
	if r := c.scope.lastResult(c.snap, c.doc); r != nil && r.Output != nil {
		if text := scalarText(r.Output.Status); text != "" && text != "0" {
			c.learnedValue(r.Output.Status, write.Status)
		}
	}
	for _, s := range commonStatuses {
		c.written(CompletionItem{Label: s.code, Kind: ItemEnum, Detail: s.doc}, s.code)
	}
}

func (c *completer) operators() {
	for _, op := range expect.Operators {
		if op.TextForm == "" {
			continue
		}
		doc := op.Doc
		if op.Example != "" {
			doc += "\n\n" + fence("yaml", op.Example)
		}
		switch op.Operand {
		case expect.NoOperand, expect.BoolOperand:
			// Its operand is of the map form alone.
			c.value(CompletionItem{Label: op.Symbol, Kind: ItemOperator, Detail: op.TextForm, Doc: doc})
		case expect.TypeOperand:
			for _, t := range expect.Types {
				c.value(CompletionItem{Label: op.Symbol + " " + t.Name, Kind: ItemOperator, Detail: "e.g. " + t.Example, Doc: t.Doc})
			}
		default:
			c.value(CompletionItem{Label: op.TextForm, Plain: op.Symbol + " ", Filter: op.Symbol, Kind: ItemOperator, Doc: doc})
		}
	}
}
