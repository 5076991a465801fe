package server

import "context"

// refresher asks the editor to ask again, at most every refreshTime, and never while a question before is unanswered.
type refresher struct{ wake chan struct{} }

func newRefresher() refresher { return refresher{make(chan struct{}, 1)} }

// request asks for a refresh; many requests in a short time become one.
func (r refresher) request() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run asks until ctx ends. Editors that do not support it are never asked.
func (r refresher) run(ctx context.Context, supported bool, ask func() error) {
	for supported {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return
		}
		// An editor that does not answer has been asked all the same.
		_ = ask()
		if !after(ctx, refreshTime) {
			return
		}
	}
}
