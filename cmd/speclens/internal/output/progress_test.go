package output

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/run"
)

func TestTheProgressOfALoadIsALineFromTimeToTime(t *testing.T) {
	tests := []struct {
		name    string
		planned time.Duration
		lasts   int // seconds
		want    []string
	}{
		{"every five seconds", 12 * time.Second, 12, []string{"5.0 s of 12.0 s", "10.0 s of 12.0 s"}},
		{"no line of a short one", 3 * time.Second, 3, nil},
		{"without a planned end", 0, 11, []string{"5.0 s", "10.0 s"}},
		{"twenty of a long one", 400 * time.Second, 90, []string{"20.0 s of 400.0 s", "40.0 s of", "60.0 s of", "80.0 s of"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source, _ := fixture(t)
			var buf bytes.Buffer
			p := NewProgress(&buf, source)
			p.Emit(run.RunStarted{})
			for s := 1; s <= tt.lasts; s++ {
				p.Emit(run.LoadProgress{
					Load: run.LoadInfo{URI: specURI}, Elapsed: time.Duration(s)*time.Second + 3*time.Millisecond, Planned: tt.planned,
					Requests: 7, Errors: 2,
				})
			}
			if err := p.Err(); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(buf.String(), "\n"), "\n")
			if buf.Len() == 0 {
				lines = nil
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("lines %q, want %q", lines, tt.want)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, "a::,b.qube.yaml: load: "+tt.want[i]) || !strings.Contains(line, "2 of 7 did not pass") {
					t.Errorf("line %q, want %q", line, tt.want[i])
				}
			}
		})
	}
	broken := NewProgress(brokenWriter{}, Source{})
	broken.Emit(run.LoadProgress{Elapsed: time.Minute})
	if broken.Err() == nil {
		t.Error("no error of the writer")
	}
}
