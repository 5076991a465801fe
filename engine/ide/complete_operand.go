package ide

import (
	"regexp"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
)

// operand is the place of an operator's operand, where the operator is written as a map.
type operand struct {
	op *expect.Operator
	// at is the path of the value that the operator looks at, inner the way from the operand to the place: most often none.
	at, inner []string
}

// about is the path of what the place itself is compared with.
func (o operand) about() []string { return append(slices.Clone(o.at), o.inner...) }

// operandAt is the operand that the cursor is in, where its operator is written as a map.
func (c *completer) operandAt() (operand, bool) {
	i := c.place.operatorAt()
	if i < 0 {
		return operand{}, false
	}
	return operand{expect.OperatorNamed(c.place.path[i]), c.place.path[:i], c.place.path[i+1:]}, true
}

// operand offers what an operator in its map form takes: the text forms of operators mean nothing there.
func (c *completer) operand(o operand) {
	if c.place.expect == expectTime {
		for _, d := range []string{"500ms", "1s", "2s"} {
			c.value(CompletionItem{Label: d, Kind: ItemValue})
		}
		return
	}
	switch o.op.Operand {
	case expect.TypeOperand:
		for _, t := range expect.Types {
			// `null` too is taken as the name of the type.
			c.written(CompletionItem{Label: t.Name, Kind: ItemOperator, Detail: "e.g. " + t.Example, Doc: t.Doc}, t.Name)
		}
	case expect.BoolOperand:
		c.written(CompletionItem{Label: "true", Kind: ItemEnum}, "true")
		c.written(CompletionItem{Label: "false", Kind: ItemEnum}, "false")
	default:
		c.learnedOperands(o)
		if o.op.Name == "gt" && c.meets(o, "0") {
			c.written(CompletionItem{Label: "0", Kind: ItemValue}, "0")
		}
		if c.place.expect == expectStatus && o.op.Operand != expect.PatternOperand {
			c.statusCodes(o.op.Operand == expect.AnyOperand)
		}
		c.references(c.nameAt(o.at), c.place.expect == expectStatus, func(what, detail, from string) {
			c.value(CompletionItem{Label: "{{ " + what + " }}", Kind: ItemVariable, Detail: detail, Description: from})
		})
	}
}

// learnedOperands offers what was recorded as the operand of an operator that it meets, and of the opposite of equality.
func (c *completer) learnedOperands(o operand) {
	seen := map[string]bool{}
	for _, s := range c.inList() {
		seen[s] = true
	}
	for _, v := range c.recordedOperands(o) {
		label := scalarText(v)
		if label == "" || seen[label] || len(label) > maxLabel || strings.Contains(label, "{{") {
			continue
		}
		at := c.writing()
		at.Flow = true // what may stand there may stand in block style too
		as, ok := write.Scalar(v, at)
		if !ok { // a number between quotes is equal to the number
			as = write.Text(label, at)
		}
		if c.meets(o, as) {
			seen[label] = true
			c.written(CompletionItem{Label: label, Kind: ItemValue, Detail: "last response"}, as)
		}
	}
}

// meets reports whether what was recorded meets an operator with an operand, as it is written at the cursor.
func (c *completer) meets(o operand, as string) bool {
	if q := string(c.at.Quote); c.at.Quote != 0 {
		as = q + as + q
	}
	if o.op.Name == "ne" || len(o.inner) > 0 {
		return true
	}
	if c.place.item || o.op.Operand == expect.ListOperand {
		as = "[" + as + "]"
	}
	return slices.ContainsFunc(c.allRecorded(o.at), func(r recordedValue) bool {
		return write.Met("{"+o.op.Name+": "+as+"}", r.value, r.about, write.Place{Flow: true})
	})
}

// recordedOperands are the scalars that may be the operand: the recorded value or, of a list that is looked into, its elements.
func (c *completer) recordedOperands(o operand) []any {
	var list []any
	for _, r := range c.allRecorded(o.about()) {
		items, isList := value.Items(r.value)
		s, isText := value.String(r.value)
		switch {
		case isText && strings.Contains(s, engine.Masked): // it is not what it was
		case isList && o.op.Name == "contains":
			for _, item := range items[:min(len(items), mostOffered)] {
				if s, _ := value.String(item); !strings.Contains(s, engine.Masked) {
					list = append(list, item)
				}
			}
		case isText && o.op.Operand == expect.PatternOperand:
			list = append(list, regexp.QuoteMeta(s))
		default:
			list = append(list, r.value)
		}
	}
	return list
}

// inList are the other items of the list that the cursor is in.
func (c *completer) inList() []string {
	if !c.place.item {
		return nil
	}
	var list []string
	for _, item := range c.doc.Tree().Lookup(c.at.Doc, c.at.Path[:len(c.at.Path)-1]).Items() {
		if !touches(item.FullSpan(), c.offset) {
			list = append(list, item.Resolve().Value())
		}
	}
	return list
}

// recordedValue is a value that came back, and what it is a part of.
type recordedValue struct {
	value any
	about write.Subject
}

// mostRows is how many runs of a matrix's rows are looked at for what came back.
const mostRows = 20

// allRecorded is what the last response had at a path, first, and what the responses to the other rows of the matrix had.
func (c *completer) allRecorded(at []string) []recordedValue {
	var list []recordedValue
	add := func(r *engine.TestResult) {
		if v, about, ok := c.recordedIn(r, at); ok {
			list = append(list, recordedValue{v, about})
		}
	}
	add(c.scope.lastResult(c.snap, c.doc))
	if c.scope.test != nil {
		results := c.snap.Results(keyOf(c.doc, *c.scope.test))
		for i := len(results) - 2; i >= max(0, len(results)-mostRows); i-- {
			if results[i].Status.Done() {
				add(results[i])
			}
		}
	}
	return list
}

// typedOperator is the operator that a text begins with in its text form, with a blank behind it, and of a list of operands what
// stands before the last one; nil where an operator is not typed to its end, or takes no operand.
func typedOperator(typed string) (op *expect.Operator, list string) {
	typed = strings.TrimLeft(typed, " ")
	for i := range expect.Operators {
		o := &expect.Operators[i]
		rest, ok := strings.CutPrefix(typed, o.Symbol+" ")
		if !ok || o.TextForm == "" || o.Operand == expect.BoolOperand || o.Operand == expect.NoOperand {
			continue
		}
		if comma := strings.LastIndexByte(rest, ','); comma >= 0 && o.Operand == expect.ListOperand {
			list = strings.TrimRight(rest[:comma], " ") + ", "
		}
		return o, list
	}
	return nil, ""
}

// textOperands offers what may follow an operator in its text form. Each offer is the whole value, so that it is written anew as
// the place wants it: what was plain may need quotes now.
func (c *completer) textOperands(op *expect.Operator, list string) {
	if op.Operand == expect.TypeOperand {
		c.types(op.Symbol + " ")
		return
	}
	at := c.place.path
	offer := func(item CompletionItem, operand string) {
		whole := op.Symbol + " " + list + operand
		item.Label, item.Filter = operand, whole
		c.written(item, write.Text(whole, c.writing()))
	}
	seen := map[string]bool{}
	for s := range strings.SplitSeq(list, ",") {
		seen[strings.TrimSpace(s)] = true
	}
	met := func(operand string) bool {
		return op.Name == "ne" || slices.ContainsFunc(c.allRecorded(at), func(r recordedValue) bool {
			return write.Met(write.Quoted(op.Symbol+" "+operand), r.value, r.about, write.Place{})
		})
	}
	for _, v := range c.recordedOperands(operand{op: op, at: at}) {
		label := scalarText(v)
		if label != "" && !seen[label] && len(label) <= maxLabel && !strings.Contains(label, "{{") && met(label) {
			seen[label] = true
			offer(CompletionItem{Kind: ItemValue, Detail: "last response"}, label)
		}
	}
	if op.Name == "gt" && !seen["0"] && met("0") {
		offer(CompletionItem{Kind: ItemValue}, "0")
	}
	if p := c.plugin(); p != nil && c.place.expect == expectStatus && op.Operand != expect.PatternOperand {
		for _, s := range p.Statuses {
			if op.Operand != expect.NumberOperand || !strings.HasSuffix(s.Name, "xx") {
				offer(CompletionItem{Kind: ItemEnum, Detail: s.Description, Description: p.Name}, s.Name)
			}
		}
	}
	c.references(c.nameAt(at), c.place.expect == expectStatus, func(what, detail, from string) {
		offer(CompletionItem{Kind: ItemVariable, Detail: detail, Description: from}, "{{ "+what+" }}")
	})
	if len(c.items) == 0 { // nothing is known: what the operator takes says its form
		c.operators()
	}
}

// nameAt is the name of what a path leads to.
func (c *completer) nameAt(at []string) string {
	if len(at) == 0 {
		return ""
	}
	last := at[len(at)-1]
	return strings.Trim(last[strings.LastIndexByte(last, '.')+1:], `[]"`)
}

// mostFields is how many fields of one test's body are offered where many tests have some.
const mostFields = 4

// references calls use with what a template at the cursor may hold to stand for a value by itself: the keys of the row, what
// tests save, the status of tests or what their responses hold, variables. Of a response, the field of a name goes first.
func (c *completer) references(name string, status bool, use func(what, detail, from string)) {
	for _, key := range c.scope.matrixKeys() {
		use(key, "matrix", "")
	}
	names, more := c.scope.names(c.snap, c.doc, "", false)
	c.incomplete = c.incomplete || more
	offered := 0
	for _, n := range names {
		if offered++; offered > mostOffered {
			break
		}
		if !n.alias {
			use(n.name, n.detail, n.file)
			continue
		}
		if status {
			use(n.name+".response.status", n.detail, n.file)
			continue
		}
		fields := c.bodyFields(n.key)
		if i := slices.Index(fields, name); i > 0 {
			fields = append([]string{name}, slices.Delete(slices.Clone(fields), i, i+1)...)
		}
		for _, f := range fields[:min(len(fields), mostFields)] {
			use(n.name+".response.body."+segmentText(f), "of the test "+n.name, n.file)
			offered++
		}
	}
	vars := c.variables()
	for _, v := range sortedKeys(vars) {
		use("env."+v, vars[v], "")
	}
}
