package template

// Condition is the text of `when`, cut into what is tested and how.
type Condition struct {
	// Left is the text tested, such as `{{ env.STAGE }}`.
	Left *Template
	// Rest is the operator with its operand, such as `!= prod`, without blanks around it; empty for a bare truth test. It
	// may hold templates itself.
	Rest     *Template
	RestSpan Span
}

// Condition cuts the text of a condition: what is tested goes up to the first blank or comparison sign outside a template.
func (t *Template) Condition() Condition {
	cut := len(t.Source)
scan:
	for _, part := range t.Parts {
		if part.Expr != nil {
			continue
		}
		for i := range len(part.Text) {
			c := part.Text[i]
			atStart := isBlank(t.Source[:part.Span.Start+i])
			if blank(c) && !atStart || c == '=' || c == '!' || c == '<' || c == '>' {
				cut = part.Span.Start + i
				break scan
			}
		}
	}
	rest := trim(t.Source, spanOf(cut, len(t.Source)))
	left := trim(t.Source, spanOf(0, cut))
	return Condition{
		Left: Parse(t.Source[left.Start:left.End]), Rest: Parse(t.Source[rest.Start:rest.End]), RestSpan: rest,
	}
}
