package spec

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want time.Duration
		err  string
	}{
		{"500ms", 500 * time.Millisecond, ""},
		{"2s", 2 * time.Second, ""},
		{"1m30s", 90 * time.Second, ""},
		{"1.5s", 1500 * time.Millisecond, ""},
		{"250", 250 * time.Millisecond, ""},
		{"0.5", 500 * time.Microsecond, ""},
		{" 2s ", 2 * time.Second, ""},
		{"0", 0, ""},
		{"", 0, "empty"},
		{"soon", 0, "not a duration"},
		{"5 s", 0, "not a duration"},
		{"5sec", 0, "not a duration"},
		{"-1s", 0, "negative"},
		{"-5", 0, "negative"},
		{"1e400", 0, "not a duration"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseDuration(tt.in)
			if tt.err == "" && (err != nil || got != tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"name", "alias", "target", "targets", "method", "retry", "maxAttempts", "expect", "id", "is", "json", "xml"}
	for _, tt := range []struct{ name, word, want string }{
		{"a letter too much", "namee", "name"},
		{"two letters swapped", "nmae", "name"},
		{"another case", "NAME", "name"},
		{"another way to join words", "max_attempts", "maxAttempts"},
		{"a longer word of the same kind", "retires", "retry"},
		{"the beginning of one word", "maxAtt", "maxAttempts"},
		{"the beginning of two words is neither", "tar", ""},
		{"a word of its own", "zebra", ""},
		{"the very word is no slip", "xml", ""},
		{"one letter is near to nothing", "3", ""},
		{"a short word has one slip", "jsn", "json"},
		{"a short word has no two slips", "nzzy", ""},
		{"no word at all", "", ""},
		{"umlauts are letters", "mäthod", "method"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nearest(tt.word, keys); got != tt.want {
				t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}
