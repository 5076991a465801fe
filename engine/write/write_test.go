package write_test

import (
	"encoding/json"
	"math/rand"
	"testing"
	"testing/quick"

	"gopkg.in/yaml.v3"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
)

// odd are texts that mean something else to YAML, to expectations or to paths.
var odd = []string{
	"", " ", " x ", "a.b", `["x"]`, "#", "# c", "length", "- d", "-", "?", "a: b", "a:b", "a:", "a #b", "a#b", "line\nbreak", "tab\there",
	"true", "True", "null", "~", "yes", "no", "on", "y", "=", "<<", "2xx", "200", "> 3", "==", "!= x", "exists", "notExists", "not null",
	"is string", "contains a", "oneOf a, b", "0x1F", "0o17", "1_000", "0b1", "1e3", "1.10", "012", "+1", "-1", ".5", ".inf", ".nan",
	"2001-12-14", "2001-12-14T21:59:43Z", "12:30:45", "12345678901234567890", "5s", "500ms", "&a", "*a", "!t", "|", ">", "%a", "@a", "`a`",
	"[a]", "{a: b}", "a, b", "a]", "a}", `"q"`, `'q'`, "it's", `say "x"`, `back\slash`, "http://h:1/p?q=1#f", "é", "\u00a0x", "\u2028", "\ufeff",
	"\x1b[31m", "\u202e", "\x7f", "日本", "😀", "---", "...", "a  b", "eq", "startsWith a",
}

func TestATextReadsBackAsTheSameTextByEveryReader(t *testing.T) {
	check := func(s string) bool {
		for _, at := range []write.Place{{}, {Flow: true}} {
			for what, written := range map[string]string{"value": write.Text(s, at), "key": write.Key(s, at)} {
				src := "a: " + written + "\n"
				if what == "key" {
					src = written + ": x\n"
				}
				if at.Flow {
					src = "{" + src[:len(src)-1] + ", z: z}\n"
				}
				ours, _ := value.Entries(syntax.Parse(text.New(src), syntax.Options{}).Documents()[0].Root.Any())
				var theirs map[any]any
				if err := yaml.Unmarshal([]byte(src), &theirs); err != nil {
					t.Errorf("%s %q is written %s, which is no YAML: %v", what, s, written, err)
					return false
				}
				ok := false
				if what == "key" {
					ok = ours[s] == "x" && theirs[s] == "x"
				} else {
					ok = ours["a"] == s && theirs["a"] == s
				}
				if !ok {
					t.Errorf("%s %q is written %s and read as %#v, by yaml.v3 as %#v", what, s, written, ours, theirs)
					return false
				}
			}
		}
		return true
	}
	for _, s := range odd {
		check(s)
	}
	if err := quick.Check(func(pieces []uint8) bool { return check(mixed(pieces)) }, config()); err != nil {
		t.Error(err)
	}
}

// config draws the same texts in every run, so that a failure can be repeated.
func config() *quick.Config {
	return &quick.Config{MaxCount: 3000, Rand: rand.New(rand.NewSource(1))}
}

// mixed puts odd texts together.
func mixed(pieces []uint8) string {
	s := ""
	for _, p := range pieces[:min(4, len(pieces))] {
		s += odd[int(p)%len(odd)]
	}
	return s
}

func TestAnExpectationIsMetByTheValueThatItCameFrom(t *testing.T) {
	values := []any{nil, true, false, json.Number("1"), json.Number("1e3"), json.Number("12345678901234567890"), json.Number("-0.10")}
	for _, s := range odd {
		values = append(values, s)
	}
	for _, v := range values {
		for _, at := range []write.Place{{}, {Flow: true}, {Quote: '"'}, {Quote: '\''}} {
			written, ok := write.Expectation(v, write.Body, at)
			if at.Quote == 0 && !ok {
				t.Errorf("%#v cannot be written", v)
			}
			if ok && !write.Met(written, v, write.Body, at) {
				t.Errorf("%#v is written %s, which it does not meet", v, written)
			}
		}
	}
	for v, want := range map[string]string{"true": `"true"`, "null": `"null"`, "> 3": `{eq: "> 3"}`, " x ": `{eq: " x "}`, "Ada": "Ada"} {
		if got, _ := write.Expectation(v, write.Body, write.Place{}); got != want {
			t.Errorf("%q is written %s, not %s", v, got, want)
		}
	}
	if got, ok := write.Expectation("{{ x }}", write.Body, write.Place{}); ok {
		t.Errorf("a text that would be resolved is written %s", got)
	}
	if got, ok := write.Scalar([]any{}, write.Place{}); ok {
		t.Errorf("a list is written as the scalar %s", got)
	}
}
