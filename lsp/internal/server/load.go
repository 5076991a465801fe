package server

import (
	"fmt"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/run"
)

// loadMessage is how a load goes, for its progress bar.
func loadMessage(e run.LoadProgress) string {
	parts := []string{count(e.Point.Users, "user"), fmt.Sprintf("%.0f requests/s", e.Point.Rate()), "p95 " + shortTime(e.Point.P95)}
	if e.Errors > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d did not pass", e.Errors, e.Requests))
	}
	if e.Dropped > 0 {
		parts = append(parts, fmt.Sprintf("%d overdue", e.Dropped))
	}
	return strings.Join(parts, " · ")
}

// loadSummary is the outcome of a load, for the log.
func loadSummary(r *run.LoadReport) string {
	var b strings.Builder
	t := r.Total
	fmt.Fprintf(&b, "load: %s by %s in %s (%.1f/s), %.3g %% did not pass; p50 %s, p90 %s, p95 %s, p99 %s, max %s",
		count(int(t.Requests), "request"), count(r.Users, "user"), shortTime(r.Elapsed), t.Rate, 100*t.ErrorRate,
		shortTime(t.P50), shortTime(t.P90), shortTime(t.P95), shortTime(t.P99), shortTime(t.MaxTime))
	if r.Dropped > 0 {
		fmt.Fprintf(&b, "; %s dropped", count(int(r.Dropped), "request"))
	}
	for _, th := range r.Thresholds {
		mark := "✓"
		switch {
		case !th.Judged:
			mark = "-"
		case !th.Passed:
			mark = "✗"
		}
		fmt.Fprintf(&b, "\n%s %s", mark, th.Message)
	}
	return b.String()
}

func shortTime(d time.Duration) string {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
