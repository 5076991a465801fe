//go:build !unix

package capabilities

// FileLimit is how many files and connections this process may hold at one time.
func FileLimit() int { return unknownFileLimit }
