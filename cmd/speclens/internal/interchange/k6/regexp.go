package k6

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// patternLiteral translates a pattern of RE2 into a literal of JavaScript that matches the same texts; null where it is none.
// It writes the parsed pattern out, so that classes, flags and line ends mean what they mean in RE2.
func patternLiteral(pattern string) string {
	if _, err := regexp.Compile(pattern); err != nil {
		return "null"
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "null"
	}
	source := writeRegexp(tree)
	if source == "" {
		source = "(?:)"
	}
	return "/" + strings.NewReplacer("</", `<\/`).Replace(source) + "/u"
}

// writeRegexp writes a parsed pattern. Only whether there is a match matters, so that groups do not capture and
// repetitions are greedy.
func writeRegexp(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpNoMatch:
		return `[]`
	case syntax.OpLiteral:
		var b strings.Builder
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				b.WriteString(foldedRune(r))
			} else {
				b.WriteString(escapeRune(r, false))
			}
		}
		return b.String()
	case syntax.OpCharClass:
		return writeClass(re.Rune)
	case syntax.OpAnyChar:
		return `[^]`
	case syntax.OpAnyCharNotNL:
		return `[^\n]`
	case syntax.OpBeginLine:
		return `(?:^|(?<=\n))`
	case syntax.OpEndLine:
		return `(?:$|(?=\n))`
	case syntax.OpBeginText:
		return `^`
	case syntax.OpEndText:
		return `$`
	case syntax.OpWordBoundary:
		return `\b`
	case syntax.OpNoWordBoundary:
		return `\B`
	case syntax.OpCapture:
		return "(?:" + writeRegexp(re.Sub[0]) + ")"
	case syntax.OpStar:
		return repeated(re.Sub[0]) + "*"
	case syntax.OpPlus:
		return repeated(re.Sub[0]) + "+"
	case syntax.OpQuest:
		return repeated(re.Sub[0]) + "?"
	case syntax.OpRepeat:
		switch {
		case re.Max < 0:
			return fmt.Sprintf("%s{%d,}", repeated(re.Sub[0]), re.Min)
		case re.Max == re.Min:
			return fmt.Sprintf("%s{%d}", repeated(re.Sub[0]), re.Min)
		}
		return fmt.Sprintf("%s{%d,%d}", repeated(re.Sub[0]), re.Min, re.Max)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			if sub.Op == syntax.OpAlternate {
				b.WriteString("(?:" + writeRegexp(sub) + ")")
			} else {
				b.WriteString(writeRegexp(sub))
			}
		}
		return b.String()
	case syntax.OpAlternate:
		parts := make([]string, len(re.Sub))
		for i, sub := range re.Sub {
			parts[i] = writeRegexp(sub)
		}
		return strings.Join(parts, "|")
	}
	return "" // OpEmptyMatch
}

// repeated writes what a repetition repeats, in a group where it is more than one character.
func repeated(re *syntax.Regexp) string {
	s := writeRegexp(re)
	if re.Op == syntax.OpCharClass || re.Op == syntax.OpAnyChar || re.Op == syntax.OpAnyCharNotNL || re.Op == syntax.OpCapture ||
		re.Op == syntax.OpLiteral && len(re.Rune) == 1 {
		return s
	}
	return "(?:" + s + ")"
}

func writeClass(ranges []rune) string {
	if len(ranges) == 0 {
		return `[]`
	}
	open, shown := "[", ranges
	if ranges[0] == 0 && ranges[len(ranges)-1] == unicode.MaxRune {
		// The class was written as what it does not hold.
		open, shown = "[^", nil
		for i := 1; i+1 < len(ranges); i += 2 {
			shown = append(shown, ranges[i]+1, ranges[i+1]-1)
		}
	}
	var b strings.Builder
	b.WriteString(open)
	for i := 0; i+1 < len(shown); i += 2 {
		b.WriteString(escapeRune(shown[i], true))
		if shown[i+1] > shown[i]+1 {
			b.WriteByte('-')
		}
		if shown[i+1] > shown[i] {
			b.WriteString(escapeRune(shown[i+1], true))
		}
	}
	return b.String() + "]"
}

// foldedRune matches a letter in any case.
func foldedRune(r rune) string {
	class := escapeRune(r, true)
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		class += escapeRune(f, true)
	}
	if class == escapeRune(r, true) {
		return escapeRune(r, false)
	}
	return "[" + class + "]"
}

// escapeRune writes a character; what is no plain ASCII character is written by its number.
func escapeRune(r rune, inClass bool) string {
	special := `\/^$.*+?()[]{}|`
	if inClass {
		special = `\/^-[]`
	}
	switch {
	case r < 0x80 && strings.ContainsRune(special, r):
		return `\` + string(r)
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r > 0x20 && r < 0x7f, r == ' ':
		return string(r)
	}
	return `\u{` + strconv.FormatInt(int64(r), 16) + `}`
}

// openRepeats is how far an open repetition goes beyond its minimum in a text that is made up.
const openRepeats = 8

// generator writes the tree from which the script makes up texts that match a pattern, and the pattern itself.
func generator(pattern string) (tree, literal string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return `""`, "null"
	}
	return writeTree(re), patternLiteral(pattern)
}

func writeTree(re *syntax.Regexp) string {
	sub := func(kind string) string {
		parts := []string{quote(kind)}
		for _, s := range re.Sub {
			parts = append(parts, writeTree(s))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	repeat := func(least, most int) string {
		if most < 0 || most > least+openRepeats {
			most = least + openRepeats
		}
		return fmt.Sprintf(`["repeat", %s, %d, %d]`, writeTree(re.Sub[0]), least, most)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return quote(string(re.Rune))
	case syntax.OpCharClass:
		return writeRanges(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return `["any"]`
	case syntax.OpCapture:
		return writeTree(re.Sub[0])
	case syntax.OpConcat:
		return sub("seq")
	case syntax.OpAlternate:
		return sub("or")
	case syntax.OpStar:
		return repeat(0, -1)
	case syntax.OpPlus:
		return repeat(1, -1)
	case syntax.OpQuest:
		return repeat(0, 1)
	case syntax.OpRepeat:
		return repeat(re.Min, re.Max)
	}
	return `""`
}

// writeRanges writes the characters of a class: the printable ones of ASCII where it has any, since [^a] should not give
// control characters. Surrogates are no characters.
func writeRanges(ranges []rune) string {
	within := func(low, high rune) (parts []string) {
		for i := 0; i+1 < len(ranges); i += 2 {
			if from, to := max(ranges[i], low), min(ranges[i+1], high); from <= to {
				parts = append(parts, fmt.Sprintf("[%d, %d]", from, to))
			}
		}
		return parts
	}
	parts := within('!', '~')
	if len(parts) == 0 {
		parts = append(within(0, 0xd7ff), within(0xe000, unicode.MaxRune)...)
	}
	return `["in", ` + strings.Join(parts, ", ") + "]"
}
