package plugin

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// peakRSS returns what tells by how many bytes the resident memory of the process grew since, at its peak.
func peakRSS(t *testing.T) func() uint64 {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	reset := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew
	before := procStatus(t, "VmHWM:")
	return func() uint64 {
		if reset != nil {
			t.Logf("the peak cannot be measured: %v", reset)
			return 0
		}
		return procStatus(t, "VmHWM:") - before
	}
}

// procStatus is a size in /proc/self/status, in bytes.
func procStatus(t *testing.T, name string) uint64 {
	t.Helper()
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), name)
	n, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}
