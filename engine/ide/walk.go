package ide

import (
	"strings"

	"github.com/speclens/speclens/engine/path"
)

// walkSegments reads a path in a recorded value.
func walkSegments(v any, segments []path.Segment) (any, bool) {
	found, err := path.Parse(path.Join(segments)).Walk(v, path.Options{})
	return found, err == nil
}

// walkBody reads what an expectation's keys lead to: each may be a path of its own.
func walkBody(v any, keys []string) (any, bool) {
	found, err := path.Parse(strings.Join(keys, ".")).Walk(v, path.Options{})
	return found, err == nil
}
