package text

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// The short way to the number of breaks before an offset must agree with the counts of everything, wherever leaves end.
func TestBreaksBeforeAnOffsetAreThoseOfThePrefix(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"\n", "\r\n", "\r", "a", "é", "𝄞", strings.Repeat("x", 300)}
	var b strings.Builder
	for b.Len() < 20*maxLeaf {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	text := New(b.String())
	for off := 0; off <= text.Len(); off += 1 + rng.IntN(3) {
		if got, want := text.root.prefixBreaks(off), text.root.prefix(off).breaks; got != want {
			t.Fatalf("before %d: %d breaks, want %d", off, got, want)
		}
	}
}
