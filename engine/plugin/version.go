package plugin

import (
	"cmp"
	"strconv"
	"strings"
)

// compareVersions compares versions as semver.org orders them: numbers by value, and a pre-release before its release.
// Versions of another form are compared part by part as well as that goes.
func compareVersions(a, b string) int {
	coreA, preA := cutVersion(a)
	coreB, preB := cutVersion(b)
	if c := compareParts(coreA, coreB); c != 0 {
		return c
	}
	switch {
	case preA == preB:
		return 0
	case preA == "":
		return 1
	case preB == "":
		return -1
	}
	return compareParts(preA, preB)
}

// cutVersion cuts "v1.2.3-rc.1+build" into "1.2.3" and "rc.1".
func cutVersion(v string) (core, pre string) {
	v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "+")
	core, pre, _ = strings.Cut(v, "-")
	return core, pre
}

func compareParts(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		c := strings.Compare(as[i], bs[i])
		switch {
		case errX == nil && errY == nil:
			c = cmp.Compare(x, y)
		case errX == nil:
			c = -1
		case errY == nil:
			c = 1
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}
