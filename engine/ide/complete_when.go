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
	c.references("", true, func(what, detail, from string) {
		c.value(CompletionItem{Label: "{{ " + what + " }}", Kind: ItemVariable, Detail: detail, Description: from})
	})
}

// conditionOperators offers the operators behind what a condition tests; blank says that none stands between yet.
func (c *completer) conditionOperators(typed string, blank bool) {
	if op, list := typedOperator(typed); op != nil {
		c.conditionOperands(op, typed, list)
		return
	}
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

// conditionOperands offers what may follow an operator of a condition.
func (c *completer) conditionOperands(op *expect.Operator, typed, list string) {
	c.narrow(strings.TrimPrefix(strings.TrimPrefix(typed, op.Symbol+" "), list), c.at.Replace.End)
	if op.Operand == expect.TypeOperand {
		c.types("")
		return
	}
	c.references("", true, func(what, detail, from string) {
		c.value(CompletionItem{Label: "{{ " + what + " }}", Kind: ItemVariable, Detail: detail, Description: from})
	})
}
