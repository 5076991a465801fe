//go:build unix

package analysis_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/analysis"
)

// TestFourTimesTheFileIsAboutFourTimesTheWork compares the processor's time for a file and for one of four times its size:
// work that looks at all siblings for each finding would take sixteen times as long.
func TestFourTimesTheFileIsAboutFourTimesTheWork(t *testing.T) {
	const head = "target: http://h\ntests:\n  - name: a\n    method: GET\n    resource: /x\n"
	each := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	for name, file := range map[string]func(n int) string{
		"unknown keys of a file":       func(n int) string { return each(n, "k%d: 0\n") },
		"unknown fields of a test":     func(n int) string { return head + each(n, "    k%d: 0\n") },
		"unknown keys of the defaults": func(n int) string { return "tests: []\ndefaults:\n" + each(n, "  k%d: 0\n") },
		"documents":                    func(n int) string { return each(4*n, "---\ntests: [] # %d\n") },
	} {
		t.Run(name, func(t *testing.T) {
			const n, most = 4000, 10
			short, long := processorTime(t, file(n)), processorTime(t, file(4*n))
			if ratio := float64(long) / float64(max(short, time.Millisecond)); ratio > most {
				t.Errorf("four times the file took %.1f times as long (%v and %v); wanted at most %d", ratio, short, long, most)
			}
		})
	}
}

// processorTime is the least that reading and checking a spec took of the processor, of some tries.
func processorTime(t *testing.T, file string) time.Duration {
	t.Helper()
	least := time.Hour
	for range 3 {
		before := usedByProcess(t)
		s, dir := open(t, []txtar.File{{Name: "a.qube.yaml", Data: []byte(file)}}, engine.Settings{})
		analysis.Run(t.Context(), s.Snapshot(), engine.URIFromPath(filepath.Join(dir, "a.qube.yaml")))
		least = min(least, usedByProcess(t)-before)
	}
	return least
}

func usedByProcess(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano())
}
