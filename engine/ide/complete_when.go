package ide

import (
	"strings"

	"github.com/speclens/speclens/engine/expect"
)

// conditions offers what a `when` may be: first what to test, then behind it the operators.
func (c *completer) conditions() {
	typed := c.at.Prefix
	if i := strings.LastIndex(typed, "}}"); i >= 0 {
		if rest := typed[i+2:]; rest == "" || rest[0] == ' ' {
			c.conditionOperators(strings.TrimLeft(rest, " "), rest == "")
		}
		return
	}
	offer := func(what, detail, from string) {
		c.value(CompletionItem{Label: "{{ " + what + " }}", Kind: ItemVariable, Detail: detail, Description: from})
	}
	for _, key := range c.scope.matrixKeys() {
		offer(key, "matrix", "")
	}
	names, more := c.scope.names(c.snap, c.doc, "", false)
	c.incomplete = c.incomplete || more
	for _, n := range names {
		if n.alias {
			offer(n.name+".response.status", n.detail, n.file)
		} else {
			offer(n.name, n.detail, n.file)
		}
	}
	vars := c.variables()
	for _, name := range sortedKeys(vars) {
		offer("env."+name, vars[name], "")
	}
}

// conditionOperators offers the operators behind what a condition tests; blank says that none stands between yet.
func (c *completer) conditionOperators(typed string, blank bool) {
	c.narrow(typed, c.at.Replace.End)
	before := ""
	if blank {
		before = " "
	}
	for _, op := range expect.Operators {
		if op.TextForm == "" {
			continue
		}
		written := op.Symbol
		if op.Operand != expect.NoOperand && op.Operand != expect.BoolOperand {
			written += " "
		}
		c.written(CompletionItem{Label: op.TextForm, Kind: ItemOperator, Doc: op.Doc, Filter: op.Symbol}, before+written)
	}
}
