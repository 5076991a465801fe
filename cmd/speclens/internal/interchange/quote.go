package interchange

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainWord needs no quotes in any shell.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Quote writes a word so that a shell reads it as it is, on one line. Words with control characters, with characters that
// reorder text or with bytes that are no text are written as $'…', which bash, zsh and POSIX.1-2024 understand.
func Quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	if utf8.ValidString(word) && !strings.ContainsFunc(word, steers) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i, r := range word {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == utf8.RuneError && !strings.HasPrefix(word[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\%03o`, word[i])
		case steers(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "'"
}

// steers reports whether a character belongs on no line of a script.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 || 0xe0000 <= r && r <= 0xe007f
}
