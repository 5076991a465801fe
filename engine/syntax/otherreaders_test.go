package syntax

import (
	"maps"
	"strings"
	"testing"

	"github.com/speclens/speclens/engine/text"
)

func TestWhatOtherReadersTakeOtherwiseIsAWarning(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		line int    // 0 for no finding
		says string // what the message holds
	}{
		"a tab behind a dash":                     {"tests:\n  -\ta\n", 2, "refuse this file"},
		"a tab before a value":                    {"a: 1\nb:\n \tc\n", 3, "refuse this file"},
		"a handle that is not declared":           {"a: 1\n---\nb: !e!x 2\n", 2, "in this line or the next"},
		"a version of YAML that it does not know": {"%YAML 1.2\n---\na: 1\n", 1, "refuse this file"},
		"a line separator in quotes":              {"a: \"b\u2028  c\"\n", 1, "as the text"},
		"a number with underscores":               {"a: 1\nb: 1_000\n", 2, "as a number"},
		"a binary number":                         {"b: 0b11\n", 1, "as a number"},
		"such a number in quotes":                 {"b: '1_000'\n", 0, ""},
		"such a number under a tag":               {"b: !!str 1_000\n", 0, ""},
		"a date and a leading zero":               {"a: 2024-01-02\nb: 0777\n", 0, ""},
		"an error of this reader":                 {"a: [\n -\tb\n", 0, ""},
		"anchors, merges, blocks and markers":     {"%YAML 1.1\n---\na: &x {b: 1}\nc: {<<: *x}\n--- |\n d\n...\n", 0, ""},
		"documents without content":               {"---\n---\na: 1\n", 0, ""},
		"nothing":                                 {"", 0, ""},
		"a comment":                               {"# a\n", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tr := parse(c.src)
			found := tr.OtherReaders()
			if c.line == 0 {
				if len(found) > 0 {
					t.Fatalf("a finding: %+v", found[0])
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%d findings, want one", len(found))
			}
			f := found[0]
			if got := tr.Text().LineAt(f.Span.Start) + 1; got != c.line || f.Code != CodeOtherReaders || f.Severity != SeverityWarning || f.Span.IsEmpty() {
				t.Errorf("the finding is %+v in line %d, want line %d", f, got, c.line)
			}
			if !strings.Contains(f.Message, c.says) || strings.Contains(f.Message, "yaml:") {
				t.Errorf("the finding says %q, want %q", f.Message, c.says)
			}
		})
	}
}

func TestSpecsInUseAreReadAlikeByOtherReaders(t *testing.T) {
	texts := specs(t)
	maps.Copy(texts, corpus(t, "parse"))
	for name, src := range texts {
		src = strings.Replace(src, "%YAML 1.2", "%YAML 1.1", 1) // which yaml.v3 knows alone
		if found := parse(src).OtherReaders(); len(found) > 0 {
			t.Errorf("%s: %+v", name, found[0])
		}
	}
}

func TestATextTooLargeIsNotReadTwice(t *testing.T) {
	src := "a: 1_000\n#" + strings.Repeat("x", mostForOthers)
	if found := Parse(text.New(src), Options{}).OtherReaders(); len(found) > 0 {
		t.Errorf("it was: %+v", found[0])
	}
}
