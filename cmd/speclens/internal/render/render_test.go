package render

import (
	"encoding/json"
	"strings"
	"testing"

	foreign "github.com/speclens/speclens/engine/text"
)

func TestAnExcerptOfAVeryLongLineShowsTheSameWindow(t *testing.T) {
	part := strings.Repeat("é, ", 60)
	for _, times := range []int{10, 1000} {
		src := strings.Repeat(part, times) + "here" + strings.Repeat(part, times)
		at := strings.Index(src, "here")
		got := Excerpt(foreign.New(src), foreign.Span{Start: at, End: at + 4}, '~', "")
		if line, _, _ := strings.Cut(got, "\n"); !strings.HasPrefix(line, "1 │ ") || strings.Contains(line, `\x`) ||
			!strings.Contains(line, ", here") || len([]rune(line)) != maxExcerpt+5 || !strings.Contains(got, "~~~~\n") {
			t.Errorf("%d times:\n%s", times, got)
		}
	}
}

func TestPrintableShowsWhatWouldSteer(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":               "plain\ttext\n",
		"é 漢字 🎉":                      "é 漢字 🎉",
		"\x1b[31mred\a\x00\x7f\r":     `\x1b[31mred\x07\x00\x7f\x0d`,
		"\u009b1m\u0085":              `\x9b1m\x85`,
		"a\x9bb\xff":                  `a\x9bb\xff`,
		"a\ufffdb":                    "a\ufffdb",
		"\u202eevil\u2066\u200f":      `\u202eevil\u2066\u200f`,
		"\u2028\ufffe":                `\u2028\ufffe`,
		"\U000e0041":                  `\U000e0041`,
		"x ##[group]y ##VSO[task.z]w": `x ##\x5bgroup]y ##VSO\x5btask.z]w`,
		"## [a heading]":              "## [a heading]",
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
	if got := PrintableLine("a\n\tb"); got != `a\n\tb` {
		t.Errorf("one line: %q", got)
	}
}

func TestABlockHasNoLineOfForeignText(t *testing.T) {
	if got, want := Block("a\n::error::b\r\n\n", "  │ "), "  │ a\n  │ ::error::b\\x0d\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Block("", "| "); got != "" {
		t.Errorf("an empty text is %q", got)
	}
}

func TestJSONKeepsItsValues(t *testing.T) {
	const text = "\u009b \u202e \x7f \U000e0041 ##[x] ##vso[y] é"
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	safe := JSON(encoded)
	if strings.ContainsFunc(string(safe), foreign.Steers) || strings.Contains(string(safe), "##[") {
		t.Errorf("it still steers: %q", safe)
	}
	var back string
	if err := json.Unmarshal(safe, &back); err != nil || back != text {
		t.Errorf("it is read back as %q (%v)", back, err)
	}
}

func TestClipCountsColumns(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"漢字漢", 5, "漢字…"}, {"漢字漢", 4, "漢…"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"", 0, ""}} {
		if got := Clip(tt.in, tt.width); got != tt.want {
			t.Errorf("%q in %d columns is %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func TestANameAtTheBeginningOfALineIsNoCommand(t *testing.T) {
	for uri, want := range map[string]string{
		"file:///srv/a.yaml":           "a.yaml",
		"file:///srv/%3A%3Aerror.yaml": "./::error.yaml",
		"file:///other/a.yaml":         "/other/a.yaml",
		"untitled:x":                   "untitled:x",
	} {
		if got := Path(uri, "/srv"); got != want {
			t.Errorf("%s is named %q, want %q", uri, got, want)
		}
	}
}
