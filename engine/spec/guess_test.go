package spec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWordsAreFoundAsInALooseList holds the search in prepared words against the comparison with each of them.
func TestWordsAreFoundAsInALooseList(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	letter := func() string { return []string{"a", "b", "c", "ä", "_", "A", "1", "字"}[r.IntN(8)] }
	name := func() string {
		if r.IntN(3) == 0 {
			return fmt.Sprintf("test_%d", r.IntN(400))
		}
		s := ""
		for range r.IntN(9) {
			s += letter()
		}
		return s
	}
	misspelt := func(s string) string {
		for range r.IntN(4) {
			letters := []rune(s)
			at := r.IntN(len(letters) + 1)
			switch {
			case r.IntN(3) == 0:
				s = string(letters[:at]) + letter() + string(letters[at:])
			case at+1 < len(letters) && r.IntN(2) == 0:
				letters[at], letters[at+1] = letters[at+1], letters[at]
				s = string(letters)
			case at < len(letters):
				s = string(letters[:at]) + string(letters[at+1:])
			}
		}
		return s
	}
	found := 0
	for range 60 {
		var first, before []string
		for range r.IntN(5) {
			first = append(first, name())
		}
		for range r.IntN(300) {
			before = append(before, name())
		}
		slices.Sort(before)
		before = slices.Compact(before)
		w := NewWords(before)
		for step := range 40 {
			gone, now := map[string]bool{}, slices.Clone(before)
			var came []string
			for range step % 5 {
				if len(now) > 0 {
					i := r.IntN(len(now))
					gone[now[i]] = true
					now = slices.Delete(now, i, i+1)
				}
				if c := name(); !slices.Contains(before, c) && !slices.Contains(came, c) {
					came = append(came, c)
				}
			}
			now = append(now, came...)
			slices.Sort(now)
			word := name()
			if len(before) > 0 {
				word = misspelt(before[r.IntN(len(before))])
			}
			want := NewGuess(word)
			want.Among(first)
			want.Among(now)
			want.Among([]string{"env", "prev"})
			got := NewGuess(word)
			got.Among(first)
			got.AmongWords(w, func(s string) bool { return gone[s] }, came)
			got.Among([]string{"env", "prev"})
			if got.Best() != want.Best() {
				t.Fatalf("%q among %q, %q: %q, want %q", word, first, now, got.Best(), want.Best())
			}
			if got.Best() != "" {
				found++
			}
		}
	}
	if found < 500 {
		t.Errorf("only %d words were found", found)
	}
}

func TestAnAnswerIsKeptUntilItsNameIsGone(t *testing.T) {
	w := NewWords([]string{"login", "logon"})
	ask := func(gone, came string) string {
		g := NewGuess("logn")
		g.AmongWords(w, func(s string) bool { return s == gone }, []string{came})
		return g.Best()
	}
	for _, tt := range []struct{ gone, came, want string }{
		{"", "", "login"}, {"login", "", "logon"}, {"", "log", "log"}, {"", "", "login"}, {"", "a login", "login"},
	} {
		if got := ask(tt.gone, tt.came); got != tt.want {
			t.Errorf("without %q and with %q it is %q, want %q", tt.gone, tt.came, got, tt.want)
		}
	}
	for i := range 2 * mostAnswers {
		NewGuess(fmt.Sprint("word", i)).AmongWords(w, func(string) bool { return false }, nil)
	}
	if len(w.near) > mostAnswers {
		t.Errorf("%d answers are kept", len(w.near))
	}
}

func BenchmarkGuess(b *testing.B) {
	var names []string
	for i := range 20_000 {
		names = append(names, fmt.Sprintf("test_%d", i))
	}
	w := NewWords(names)
	for _, word := range []string{"testx_123", "txexst_123", "wholly_different"} {
		b.Run(word, func(b *testing.B) {
			for range b.N {
				w.search(NewGuess(word), tolerance(word), func(string) bool { return false })
			}
		})
	}
}
