package template

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// pattern checks the argument of regex(…).
func (p *parser) pattern() {
	root := &p.expr.Root
	switch {
	case !root.Called:
		p.fault(Problem{
			Span: root.Span, Code: CodePattern, Fix: "regex('[a-z]+')",
			Message: "`regex` wants a pattern in parentheses, such as `regex('[A-Z]{3}-\\d{4}')`",
		})
	case len(root.Args) == 0 || root.Args[0].Text == "":
		p.fault(Problem{
			Span: root.Span, Code: CodePattern,
			Message: "the pattern of `regex` is empty, so the template stays as written",
		})
	default:
		if _, err := syntax.Parse(root.Args[0].Text, syntax.Perl); err != nil {
			problem := Problem{Span: root.Args[0].Span, Code: CodePattern, Message: "bad pattern: " + patternError(err)}
			p.fault(problem)
			p.expr.invalid = &problem
		}
	}
}

// patternError says what is wrong with a pattern, without the prefix of the library.
func patternError(err error) string {
	var syntaxErr *syntax.Error
	if errors.As(err, &syntaxErr) {
		return fmt.Sprintf("%s: `%s`", syntaxErr.Code, syntaxErr.Expr)
	}
	return err.Error()
}

// Bounds on the text made up for a pattern.
const (
	regexAttempts = 200
	regexBudget   = 20_000 // visits of nodes, after which repetitions are as short as allowed
	regexRepeats  = 8      // how far an open repetition goes beyond its minimum
)

// matching makes up a text that matches the pattern.
func matching(pattern string, r *rand.Rand) (string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", errors.New("bad pattern: " + patternError(err))
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", errors.New("bad pattern: " + patternError(err))
	}
	// Anchors and word boundaries are not built but checked: most patterns meet them at once.
	for range regexAttempts {
		g := regexGenerator{rand: r, budget: regexBudget}
		g.write(tree)
		if text := g.text.String(); !g.impossible && re.MatchString(text) {
			return text, nil
		}
	}
	return "", fmt.Errorf("no text was found that matches `%s`", pattern)
}

type regexGenerator struct {
	rand       *rand.Rand
	text       strings.Builder
	budget     int
	impossible bool
}

func (g *regexGenerator) write(re *syntax.Regexp) {
	g.budget--
	switch re.Op {
	case syntax.OpNoMatch:
		g.impossible = true
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			g.text.WriteRune(r)
		}
	case syntax.OpCharClass:
		g.class(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		g.text.WriteByte(anyChars[g.rand.IntN(len(anyChars))])
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			g.write(sub)
		}
	case syntax.OpAlternate:
		g.write(re.Sub[g.rand.IntN(len(re.Sub))])
	case syntax.OpStar:
		g.repeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		g.repeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		g.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		g.repeat(re.Sub[0], re.Min, re.Max)
	}
}

const anyChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func (g *regexGenerator) repeat(re *syntax.Regexp, least, most int) {
	if most < 0 || most > least+regexRepeats {
		most = least + regexRepeats
	}
	n := least
	if g.budget > 0 {
		n += g.rand.IntN(most - least + 1)
	}
	for range n {
		g.write(re)
	}
}

// class picks a character of the ranges: a printable ASCII one where there is any, since [^a] should not give control
// characters.
func (g *regexGenerator) class(ranges []rune) {
	if r, ok := g.between(ranges, '!', '~'); ok {
		g.text.WriteRune(r)
		return
	}
	for range regexAttempts {
		if r, ok := g.between(ranges, 0, utf8.MaxRune); ok && utf8.ValidRune(r) {
			g.text.WriteRune(r)
			return
		}
	}
	g.impossible = true
}

// between picks evenly among the characters of the ranges that lie between low and high.
func (g *regexGenerator) between(ranges []rune, low, high rune) (rune, bool) {
	total := 0
	for i := 0; i+1 < len(ranges); i += 2 {
		if from, to := max(ranges[i], low), min(ranges[i+1], high); from <= to {
			total += int(to-from) + 1
		}
	}
	if total == 0 {
		return 0, false
	}
	n := g.rand.IntN(total)
	for i := 0; i+1 < len(ranges); i += 2 {
		from, to := max(ranges[i], low), min(ranges[i+1], high)
		if from > to {
			continue
		}
		if size := int(to-from) + 1; n >= size {
			n -= size
			continue
		}
		return from + rune(n), true
	}
	return 0, false
}
