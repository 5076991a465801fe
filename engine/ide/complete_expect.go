package ide

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/text"
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
	at    []path.Segment
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
			out = append(out, learned{name: path.Join(here), at: here, value: entries[k]})
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
	if items, ok := value.Items(v); ok && len(items) > 0 && limit > 0 {
		first := append(append([]path.Segment(nil), at...), firstItem)
		if _, isObject := value.Entries(items[0]); !isObject {
			out = append(out, learned{name: path.Join(first), at: first, value: items[0]})
		}
		return append(out, flatten(items[0], first, limit-len(out))...)
	}
	return nil
}

// firstItem is the segment that leads to the first element of a list.
var firstItem = path.Segment{Kind: path.Index, Text: "0"}

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

// matcherKeys offers the operators in their map form, and the fields of the object that is expected: the first key that is
// there says which of the two the map is. A field by itself would fail where the object has others, but below `contains`; so
// elsewhere fields go with those that are there.
func (c *completer) matcherKeys() {
	isOperator := func(key string) bool { return expect.OperatorNamed(key) != nil }
	isField := func(key string) bool { return !isOperator(key) && key != c.at.Prefix }
	begun := slices.ContainsFunc(c.at.Siblings, isField)
	o, inOperand := c.operandAt()
	switch {
	case inOperand && (begun || o.op.Name == "contains"):
		c.fieldsAt(o.about(), o.op.Name == "contains")
	case inOperand:
	case begun:
		c.fieldsAt(c.place.path, true)
	default:
		for _, op := range expect.Operators {
			if op.MapForm != "" {
				c.key(op.Name, schema.FieldSpec{Type: schema.TypeAny}, op.Doc+"\n\n"+fence("yaml", op.MapForm), " ", "operator", "")
			}
		}
	}
}

// fieldsAt offers the fields that the last response had in an object of its body, or in the first element of a list of objects;
// with a type to expect, where a value is no literal.
func (c *completer) fieldsAt(at []string, typed bool) {
	v, about, ok := c.recorded(at)
	if !ok || about != write.Body {
		return
	}
	if items, isList := value.Items(v); isList && len(items) > 0 {
		v = items[0]
	}
	entries, _ := value.Entries(v)
	for i, name := range sortedKeys(entries) {
		if i == mostOffered {
			return
		}
		if strings.Contains(name, "{{") || strings.Contains(name, engine.Masked) {
			continue // as in learnedPaths
		}
		snippet := ""
		if typed {
			snippet = " ${1:" + escapeSnippet(suggestion(entries[name])) + "}"
		}
		c.key(name, schema.FieldSpec{Type: schema.TypeAny}, "In the last response: "+code(value.Brief(entries[name], 80)), snippet, "last response", "")
	}
}

// expectations offers what a value may be expected to be.
func (c *completer) expectations() {
	if o, ok := c.operandAt(); ok {
		c.operand(o)
		return
	}
	if op, list := typedOperator(c.at.Prefix); op != nil {
		c.textOperands(op, list)
		return
	}
	switch c.place.expect {
	case expectStatus:
		c.statuses()
		if c.place.item {
			return // a list of statuses has codes and classes alone
		}
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

// recorded is what the last response had at a path below the key of `expect` that the cursor is in.
func (c *completer) recorded(at []string) (actual any, about write.Subject, ok bool) {
	return c.recordedIn(c.scope.lastResult(c.snap, c.doc), at)
}

// recordedIn is what a response had at a path below the key of `expect` that the cursor is in.
func (c *completer) recordedIn(r *engine.TestResult, at []string) (actual any, about write.Subject, ok bool) {
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
		v, ok := walkBody(r.Output.Body, at)
		return v, write.Body, ok
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
			c.types(op.Symbol + " ")
		default:
			c.openOperator(op, doc)
		}
	}
}

// types offers the types, with what stands before them.
func (c *completer) types(before string) {
	for _, t := range expect.Types {
		c.value(CompletionItem{Label: before + t.Name, Kind: ItemOperator, Detail: "e.g. " + t.Example, Doc: t.Doc})
	}
}

// openOperator offers an operator in its text form, with the cursor where its operand comes: before the quote that closes it.
func (c *completer) openOperator(op expect.Operator, doc string) {
	as := write.Text(op.Symbol+" ", c.writing())
	if c.quoteOpen() {
		as += string(c.at.Quote)
	}
	item := CompletionItem{Label: op.TextForm, Filter: op.TextForm, Kind: ItemOperator, Doc: doc, Plain: c.spaced(as), Retrigger: true}
	item.Edit = text.Edit{Span: c.at.Replace, New: item.Plain}
	if quoted, ends := strings.CutSuffix(item.Plain, `"`); ends || c.quoteOpen() {
		if !ends {
			quoted = strings.TrimSuffix(item.Plain, string(c.at.Quote))
		}
		item.Snippet = true
		item.Edit.New = escapeSnippet(quoted) + "$0" + item.Plain[len(quoted):]
	}
	c.add(item)
}
