package spec

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/path"
)

// Guess looks through lists of names for the one that the user most likely meant by a misspelt word. Of equally near
// names the one of the list that was looked through first wins, and within a list the first; see Nearest.
type Guess struct {
	word, folded string
	best         string
	distance     int // of best; one more than is tolerated where there is none
	// continues is the first name that continues the word, or that the word continues, and continued their number.
	continues string
	continued int
}

// NewGuess begins to guess.
func NewGuess(word string) *Guess {
	return &Guess{word: word, folded: fold(word), distance: tolerance(word) + 1}
}

// Best is the name that was most likely meant, empty where none is near enough.
func (g *Guess) Best() string {
	switch {
	case g.best != "":
		return g.best
	case g.continued == 1:
		return g.continues
	}
	return ""
}

// Among looks through a list.
func (g *Guess) Among(candidates []string) {
	for _, c := range candidates {
		if c == g.word || c == "" {
			continue
		}
		f := fold(c)
		if d := path.Distance(g.folded, f, g.distance); d < g.distance {
			g.best, g.distance = c, d
		}
		g.mayContinue(c, f)
	}
}

// mayContinue counts a name, with its folded form, if it continues the word or the word continues it.
func (g *Guess) mayContinue(c, f string) {
	if len(g.folded) >= 3 && len(f) >= 3 && f != g.folded && (strings.HasPrefix(f, g.folded) || strings.HasPrefix(g.folded, f)) {
		g.continuation(c)
	}
}

func (g *Guess) continuation(c string) {
	if g.continued == 0 {
		g.continues = c
	}
	g.continued++
}

// Words are names that are looked through often: in a time that hardly grows with their number, as long as they have
// something in common with the word that is looked for. Safe for concurrent use.
type Words struct {
	entries []word // ordered by folded, then by name

	mu sync.Mutex
	// near are the answers for the words that were asked about lately; guarded by mu.
	near map[string]near
}

// word is a name; common says how many letters of its folded form it has in common with the one before.
type word struct {
	name, folded string
	common       int
}

type near struct {
	name     string
	distance int
}

// mostAnswers is how many answers are kept.
const mostAnswers = 1024

// NewWords prepares names to be looked through.
func NewWords(names []string) *Words {
	w := &Words{entries: make([]word, 0, len(names)), near: map[string]near{}}
	for _, name := range names {
		if name != "" {
			w.entries = append(w.entries, word{name: name, folded: fold(name)})
		}
	}
	slices.SortFunc(w.entries, func(a, b word) int { return cmp.Or(cmp.Compare(a.folded, b.folded), cmp.Compare(a.name, b.name)) })
	for i := 1; i < len(w.entries); i++ {
		w.entries[i].common = commonLetters(w.entries[i-1].folded, w.entries[i].folded)
	}
	return w
}

// commonLetters is how many letters two texts begin with alike.
func commonLetters(a, b string) int {
	n := 0
	for len(a) > 0 && len(b) > 0 {
		x, size := utf8.DecodeRuneInString(a)
		if y, _ := utf8.DecodeRuneInString(b); x != y {
			break
		}
		a, b, n = a[size:], b[size:], n+1
	}
	return n
}

// AmongWords looks through the words, as if they were a list in the order of the names, without those that are gone and
// with those that came since.
func (g *Guess) AmongWords(w *Words, gone func(name string) bool, came []string) {
	found := w.nearest(g, gone)
	for _, c := range came {
		if c == g.word || c == "" {
			continue
		}
		d := path.Distance(g.folded, fold(c), found.distance+1)
		if d < found.distance || d == found.distance && d < g.distance && c < found.name {
			found = near{c, d}
		}
	}
	if found.distance < g.distance {
		g.best, g.distance = found.name, found.distance
	}
	w.continuations(g, gone)
	for _, c := range came {
		g.mayContinue(c, fold(c))
	}
}

// nearest is the nearest of the words that are not gone, with a distance beyond what is tolerated where there is none.
func (w *Words) nearest(g *Guess, gone func(string) bool) near {
	most := tolerance(g.word)
	w.mu.Lock()
	found, known := w.near[g.word]
	w.mu.Unlock()
	if !known {
		found = w.search(g, most, func(string) bool { return false })
		w.mu.Lock()
		if len(w.near) >= mostAnswers {
			clear(w.near)
		}
		w.near[g.word] = found
		w.mu.Unlock()
	}
	if found.name != "" && gone(found.name) {
		found = w.search(g, most, gone)
	}
	return found
}

// search looks for words at a growing distance, since the far ones cost much more to find than the near ones.
func (w *Words) search(g *Guess, most int, gone func(string) bool) near {
	letters := []rune(g.folded)
	for distance := 0; distance <= most; distance++ {
		best := ""
		w.within(letters, distance, func(name string) {
			if name != g.word && (best == "" || name < best) && !gone(name) {
				best = name
			}
		})
		if best != "" {
			return near{best, distance}
		}
	}
	return near{"", most + 1}
}

// within calls found for each word at a distance of at most limit, in the measure of path.Distance. The words are walked
// as a tree of letters: what begins alike is compared once, and a beginning that is too far off ends the branch.
func (w *Words) within(letters []rune, limit int, found func(name string)) {
	width := len(letters) + 1
	rows := make([]int, width, width*(len(letters)+limit+3)) // the distances of each prefix of the word to each of letters
	for j := range rows {
		rows[j] = j
	}
	type step struct {
		letter rune
		end    int // its end in the folded word
		lowest int // of the row behind it
	}
	at := []step{{}}
	for i := 0; i < len(w.entries); i++ {
		e := &w.entries[i]
		depth := min(e.common, len(at)-1)
		at, rows = at[:depth+1], rows[:(depth+1)*width]
		dead := false
		for at[depth].end < len(e.folded) && !dead {
			r, size := utf8.DecodeRuneInString(e.folded[at[depth].end:])
			previous := rows[depth*width:]
			lowest := depth + 1
			rows = append(rows, lowest)
			for j := 1; j < width; j++ {
				cost := 1
				if letters[j-1] == r {
					cost = 0
				}
				d := min(previous[j]+1, rows[(depth+1)*width+j-1]+1, previous[j-1]+cost)
				if depth > 0 && j > 1 && r == letters[j-2] && at[depth].letter == letters[j-1] {
					d = min(d, rows[(depth-1)*width+j-2]+1)
				}
				rows = append(rows, d)
				lowest = min(lowest, d)
			}
			// Two letters that are swapped count from the row before the last.
			dead = lowest > limit && at[depth].lowest >= limit
			at = append(at, step{r, at[depth].end + size, lowest})
			depth++
		}
		if !dead && rows[depth*width+width-1] <= limit {
			found(e.name)
		}
		for dead && i+1 < len(w.entries) && w.entries[i+1].common >= depth {
			i++
		}
	}
}

// continuations counts the words that continue the word, and those that it continues.
func (w *Words) continuations(g *Guess, gone func(string) bool) {
	if len(g.folded) < 3 {
		return
	}
	from := func(f string) int {
		return sort.Search(len(w.entries), func(i int) bool { return w.entries[i].folded >= f })
	}
	for end := 3; end < len(g.folded); end++ {
		for i := from(g.folded[:end]); i < len(w.entries) && w.entries[i].folded == g.folded[:end] && g.continued < 2; i++ {
			if !gone(w.entries[i].name) {
				g.continuation(w.entries[i].name)
			}
		}
	}
	for i := from(g.folded); i < len(w.entries) && strings.HasPrefix(w.entries[i].folded, g.folded) && g.continued < 2; i++ {
		if w.entries[i].folded != g.folded && !gone(w.entries[i].name) {
			g.continuation(w.entries[i].name)
		}
	}
}
