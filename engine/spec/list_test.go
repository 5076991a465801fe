package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestNoMessageNamesThousandsOfFields(t *testing.T) {
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("f%d", i))
	}
	for n, want := range map[int]string{0: "", 1: "`f0`", 2: "`f0` and `f1`", 11: "`f9` and `f10`", 12: "`f9` and 2 more", 10_000: "`f9` and 9990 more"} {
		if got := List(names[:n], "and"); !strings.HasSuffix(got, want) || len(got) > 100 {
			t.Errorf("%d names are listed as %s", n, got)
		}
	}
	if got := List([]string{strings.Repeat("x", 3000)}, "and"); len(got) > 100 {
		t.Errorf("a name of 3000 letters is written whole: %s", got)
	}
}
