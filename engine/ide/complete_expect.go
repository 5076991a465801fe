package ide

import (
	"regexp"
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
	if c.place.about == "data" {
		c.eventData()
		return
	}
	if c.place.about != "body" {
		return
	}
	if r == nil || r.Output == nil {
		c.savedPaths()
		return
	}
	for _, p := range flatten(r.Output.Body, nil, maxLearned) {
		if strings.Contains(p.name, "{{") || strings.Contains(p.name, engine.Masked) {
			continue // it would be resolved as a template, or is not what it was
		}
		c.key(p.name, schema.FieldSpec{Type: schema.TypeAny}, "In the last response: "+code(value.Brief(p.value, 80)),
			" ${1:"+escapeSnippet(suggestion(p.value))+"}", "last response", "")
	}
}

// savedPaths offers the paths into the body that the test saves: what is known of it before the first run.
func (c *completer) savedPaths() {
	if c.scope.test == nil {
		return
	}
	for _, s := range c.scope.test.Save {
		if rest, ok := strings.CutPrefix(s.Path.Value, "response.body."); ok && rest != "" {
			c.key(rest, schema.FieldSpec{Type: schema.TypeAny}, "Saved as "+code(s.Name.Value), " ${1:exists}", "save", "")
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
// Of what was masked not even that is known.
func suggestion(v any) string {
	if v == engine.Masked {
		return "exists"
	}
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
	if op := c.mapOperator(); op != nil {
		c.operand(op)
		return
	}
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

// mapOperator is the operator whose operand the cursor is in, where it is written as a map; nil elsewhere.
func (c *completer) mapOperator() *expect.Operator {
	last := len(c.place.path) - 1
	if last < 0 || last == 0 && c.place.about != "" { // the first key below body, headers or data is a path
		return nil
	}
	return expect.OperatorNamed(c.place.path[last])
}

// operand offers what an operator in its map form takes: the text forms of operators mean nothing there.
func (c *completer) operand(op *expect.Operator) {
	if c.place.expect == expectTime {
		for _, d := range []string{"500ms", "1s", "2s"} {
			c.value(CompletionItem{Label: d, Kind: ItemValue})
		}
		return
	}
	switch op.Operand {
	case expect.TypeOperand:
		for _, t := range expect.Types {
			// `null` too is taken as the name of the type.
			c.written(CompletionItem{Label: t.Name, Kind: ItemOperator, Detail: "e.g. " + t.Example, Doc: t.Doc}, t.Name)
		}
	case expect.BoolOperand:
		c.written(CompletionItem{Label: "true", Kind: ItemEnum}, "true")
		c.written(CompletionItem{Label: "false", Kind: ItemEnum}, "false")
	case expect.AnyOperand, expect.NumberOperand, expect.PatternOperand:
		c.learnedOperand(op)
		if c.place.expect == expectStatus && op.Operand != expect.PatternOperand {
			c.statusCodes(op.Operand == expect.AnyOperand)
		}
	}
}

// learnedOperand offers a recorded scalar as the operand of an operator that it meets, and of its opposite.
func (c *completer) learnedOperand(op *expect.Operator) {
	actual, about, ok := c.recorded(c.place.path[:len(c.place.path)-1])
	if !ok {
		return
	}
	operand := actual
	if s, isText := value.String(actual); isText && op.Operand == expect.PatternOperand {
		operand = regexp.QuoteMeta(s)
	}
	label := scalarText(operand)
	at := c.writing()
	at.Flow = true // what may stand there may stand in block style too
	as, ok := write.Scalar(operand, at)
	if !ok || label == "" || len(label) > maxLabel || strings.Contains(label, "{{") || strings.Contains(label, engine.Masked) {
		return
	}
	whole := as
	if at.Quote != 0 {
		whole = string(at.Quote) + as + string(at.Quote)
	}
	if op.Name == "ne" || write.Met("{"+op.Name+": "+whole+"}", actual, about, write.Place{Flow: true}) {
		c.written(CompletionItem{Label: label, Kind: ItemValue, Detail: "last response"}, as)
	}
}

// recorded is what the last response had at a path below the key of `expect` that the cursor is in.
func (c *completer) recorded(at []string) (actual any, about write.Subject, ok bool) {
	r := c.scope.lastResult(c.snap, c.doc)
	if r == nil || r.Output == nil {
		return nil, "", false
	}
	switch {
	case c.place.expect == expectStatus:
		return r.Output.Status, write.Status, true
	case len(at) == 0:
		return nil, "", false
	case c.place.about == "headers":
		for name, v := range r.Output.Headers {
			if strings.EqualFold(name, at[0]) {
				return v, write.Header, true
			}
		}
	case c.place.about == "body":
		v, err := path.Parse(strings.Join(at, ".")).Walk(r.Output.Body, path.Options{})
		return v, write.Body, err == nil
	}
	return nil, "", false
}

// actualValue offers what the last response had at the place.
func (c *completer) actualValue() {
	if actual, about, ok := c.recorded(c.place.path); ok {
		c.learnedValue(actual, about)
	}
}

// learnedValue offers a recorded scalar as what to expect, written so that it is met by what was recorded.
func (c *completer) learnedValue(actual any, about write.Subject) {
	label := scalarText(actual)
	if label == "" || len(label) > maxLabel || strings.Contains(label, engine.Masked) {
		return
	}
	if as, ok := write.Expectation(actual, about, c.writing()); ok {
		c.written(CompletionItem{Label: label, Kind: ItemValue, Detail: "last response"}, as)
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
