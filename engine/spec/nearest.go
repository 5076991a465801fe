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
	best, bestDistance := "", tolerance(word)+1
	folded := fold(word)
	for _, c := range candidates {
		if c == word || c == "" {
			continue
		}
		f := fold(c)
		if folded == f && folded != "" {
			return c
		}
		if d := Distance(folded, f, bestDistance-1); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best != "" {
		return best
	}
	return startsWith(folded, candidates)
}

// startsWith is the one candidate that continues a word, or that the word continues; empty where there are several.
func startsWith(folded string, candidates []string) string {
	if len(folded) < 3 {
		return ""
	}
	found := ""
	for _, c := range candidates {
		f := fold(c)
		if len(f) >= 3 && f != folded && (strings.HasPrefix(f, folded) || strings.HasPrefix(folded, f)) {
			if found != "" {
				return ""
			}
			found = c
		}
	}
	return found
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

// Distance is the number of letters to insert, delete, replace or swap with their neighbour to get from a to b (the
// optimal string alignment distance); most+1 as soon as it is more than most.
func Distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if abs(len(x)-len(y)) > most {
		return most + 1
	}
	before, row, next := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			least = min(least, next[j])
		}
		if least > most {
			return most + 1
		}
		before, row, next = row, next, before
	}
	return min(row[len(y)], most+1)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
