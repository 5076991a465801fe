//go:build unix

package capabilities

import "syscall"

// FileLimit is how many files and connections this process may hold at one time.
func FileLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return unknownFileLimit
	}
	return int(min(uint64(limit.Cur), 1<<20)) // the field is signed on some systems, and "unlimited" is the largest number
}
