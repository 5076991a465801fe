package run

import (
	"context"

	"github.com/speclens/speclens/capabilities"
)

// places bound the attempts under way in this process, whatever `maxConcurrent` or the users of a load ask for: each may
// hold a connection, and a process may hold only so many files. Whoever finds no place waits; the wait belongs to no test's time.
type places chan struct{}

// allPlaces are those of the process. Half of its files are for attempts: the other half is for idle connections, name
// look-ups, plugins, reports, and a server that runs in the same process.
var allPlaces = newPlaces(placesWithin(capabilities.FileLimit()))

// The bounds of allPlaces.
const (
	leastPlaces   = 8
	mostPlaces    = 10_000
	reservedFiles = 64
)

// placesWithin is the number of places where a process may hold so many files.
func placesWithin(files int) int {
	return max(leastPlaces, min(mostPlaces, (files-reservedFiles)/2))
}

func newPlaces(n int) places { return make(places, n) }

// take waits for a place; it is false where ctx ended before.
func (p places) take(ctx context.Context) bool {
	select {
	case p <- struct{}{}:
		return true
	default:
	}
	select {
	case p <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// leave gives a place back.
func (p places) leave() { <-p }
