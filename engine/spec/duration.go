package spec

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/value"
)

// errDuration starts every message about a duration that cannot be read.
var errDuration = errors.New("not a duration")

// parseDuration reads a Go duration, or a bare number of milliseconds. Negative durations are refused: nothing in the
// language runs backwards.
func parseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, fmt.Errorf("%w: the text is empty; write one such as 500ms, 2s or 1m30s", errDuration)
	}
	if n, ok := value.ParseDecimal(s); ok {
		s = n.String() + "ms"
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %q; write one such as 500ms, 2s or 1m30s, or a number of milliseconds", errDuration, s)
	case d < 0:
		return 0, fmt.Errorf("%w: %q is negative", errDuration, s)
	}
	return d, nil
}
