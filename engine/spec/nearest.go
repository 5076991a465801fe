package spec

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Nearest is the candidate that the user most likely meant by a misspelt word, empty where none is near enough. Case,
// and the blanks and punctuation between the parts of a name, count for nothing: max_attempts is maxAttempts. Of
// equally near candidates the first one wins.
func Nearest(word string, candidates []string) string {
	g := NewGuess(word)
	g.Among(candidates)
	return g.Best()
}

// tolerance is the number of slips that a word of that length may hold and still be recognised.
func tolerance(word string) int {
	switch n := utf8.RuneCountInString(word); {
	case n <= 1:
		return 0
	case n <= 4:
		return 1
	case n <= 6:
		return 2
	default:
		return 3
	}
}

// fold reduces a name to its lower-case letters and digits.
func fold(s string) string {
	folded := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
	if folded == "" {
		return s
	}
	return folded
}
