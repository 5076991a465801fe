package capabilities

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// hostNow is host_now() → unix milliseconds.
func hostNow(ctx context.Context, _ api.Module, stack []uint64) {
	now := time.Now
	if c := callFrom(ctx); c.Clock != nil {
		now = c.Clock
	}
	stack[0] = uint64(now().UnixMilli())
}
