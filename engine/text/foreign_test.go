package text_test

import (
	"testing"

	"github.com/speclens/speclens/engine/text"
)

func TestForeignTextCannotSteerWhatShowsIt(t *testing.T) {
	for in, want := range map[string]string{
		"plain, ümlaut and 日本":     "plain, ümlaut and 日本",
		"two\nlines\tand a tab":    "two\nlines\tand a tab",
		"\x1b[31mred":              "\uFFFD[31mred",
		"a\u202eb\u2066c":          "a\uFFFDb\uFFFDc",
		"windows\r\nline":          "windows\nline",
		"bad \xff byte":            "bad \uFFFD byte",
		"bad \xff byte and \x07":   "bad \uFFFD byte and \uFFFD",
		"para\u2029graph\u0085nel": "para\uFFFDgraph\uFFFDnel",
		"tag\U000e0041s":           "tag\uFFFDs",
	} {
		if got := text.Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := text.VisibleLine("a\nb\tc\x1bd"), "a b c\uFFFDd"; got != want {
		t.Errorf("VisibleLine gives %q, want %q", got, want)
	}
}
