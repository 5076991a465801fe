package link

import (
	"strconv"
	"strings"
)

// mostCounted is how far a name is counted on until a longer one is tried.
const mostCounted = 100

// Free is a name that no test has as its alias or saves, and that also is free in the eyes of whoever asks: the given one,
// else the same with a number behind it.
func (n *Names) Free(name string, free func(string) bool) string {
	ok := func(s string) bool {
		_, saved := n.FirstSaved(s)
		return !saved && n.FirstAliased(s) == nil && free(s)
	}
	if ok(name) {
		return name
	}
	base := strings.TrimRight(name, "0123456789")
	next, err := strconv.Atoi(name[len(base):])
	if base == "" || err != nil || next > 1<<30 {
		base, next = name, 1
	}
	for ; ; base, next = base+"_", 1 {
		for range mostCounted {
			next++
			if s := base + strconv.Itoa(next); ok(s) {
				return s
			}
		}
	}
}
