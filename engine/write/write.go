package write

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
)

// Place is what the writer has to know of where something is written.
type Place struct {
	Flow bool // within [ ] or { }
	// Quote is the quote that the text stands in already; 0 where it brings its own.
	Quote byte
}

var (
	// plain is what may stand without quotes: nothing in it means anything to YAML at any place.
	plain = regexp.MustCompile(`^[\p{L}_/.$^+\d<(;=~-][\p{L}\p{M}\p{N}_/.$^+<>()=;~'"@*&!|%\\-]*( [\p{L}\p{M}\p{N}_/.$^+<>()=;~'"@*&!|%\\-]+)*$`)
	// plainColon is plain where a colon inside a word, as in a URL, may stand too: in block style.
	plainColon = regexp.MustCompile(`^[\p{L}_/.$^(;=~][\p{L}\p{M}\p{N}_/.$^+<>()=;~'"@*&!?|%\\:,{}\[\]#-]*[\p{L}\p{M}\p{N}/\]]( [\p{L}\p{N}_/][\p{L}\p{N}_/.-]*)*$`)
	// elsewhere is text here and something else to readers of YAML 1.1: words for bools, numbers with underscores or in
	// other bases, dates (https://yaml.org/type/).
	elsewhere = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null|~|=|<<|[-+]?\.(inf|nan)|[-+.]?\d[\d_.,:]*(e[-+]?\d*)?|[-+]?0[box][\da-f_]*|\d{4}-.*)$`)
	// plainKey is a key that needs no quotes; the brackets of an index are none in block style.
	plainKey      = regexp.MustCompile(`^[\p{L}_$][\p{L}\p{M}\p{N}_$.-]*$`)
	plainKeyBlock = regexp.MustCompile(`^[\p{L}_$][\p{L}\p{M}\p{N}_$.-]*(\[\d+\]|\.[\p{L}\p{M}\p{N}_$-]+)*( [\p{L}\p{N}]+)*$`)
)

// Fits reports whether a text can be written at a place: single quotes that are there already have no escapes.
func Fits(s string, at Place) bool {
	return at.Quote != '\'' || utf8.ValidString(s) && !strings.ContainsFunc(s, escaped)
}

// Text writes a text as a value, so that every YAML reader takes it for that text.
func Text(s string, at Place) string {
	if at.Quote != 0 {
		return inside(s, at.Quote)
	}
	if (plain.MatchString(s) || !at.Flow && plainColon.MatchString(s)) && !elsewhere.MatchString(s) && readsAs(s, s, at.Flow) {
		return s
	}
	return Quoted(s)
}

// Key writes a text as the key of an entry, without its colon.
func Key(s string, at Place) string {
	switch {
	case at.Quote != 0:
		return inside(s, at.Quote)
	case (plainKey.MatchString(s) || !at.Flow && plainKeyBlock.MatchString(s)) && !elsewhere.MatchString(s):
		return s
	case strings.Contains(s, `"`) && Fits(s, Place{Quote: '\''}):
		return "'" + inside(s, '\'') + "'"
	}
	return Quoted(s)
}

// Scalar writes a null, bool, number or text; ok is false for lists and objects, and inside quotes for what is no text or does
// not fit.
func Scalar(v any, at Place) (written string, ok bool) {
	v = value.Unwrap(v)
	switch value.KindOf(v) {
	case value.KindList, value.KindObject:
		return "", false
	case value.KindText:
		s, _ := value.String(v)
		return Text(s, at), Fits(s, at)
	}
	return value.JSON(v), at.Quote == 0
}

// Subject is what an expectation is about.
type Subject string

// The subjects of expectations, as the keys of `expect` name them.
const (
	Status Subject = "status"
	Header Subject = "headers"
	Body   Subject = "body"
)

// Expectation writes what a scalar is expected to be so that the value meets it; ok is false where nothing short does, as
// for text with a template in it, which would be resolved.
func Expectation(v any, about Subject, at Place) (written string, ok bool) {
	v = value.Unwrap(v)
	if s, isText := value.String(v); isText && strings.Contains(s, "{{") {
		return "", false
	}
	var candidates []string
	if w, ok := Scalar(v, at); ok {
		candidates = append(candidates, w)
	}
	switch value.KindOf(v) {
	case value.KindList, value.KindObject:
		return "", false
	case value.KindText:
		if s, _ := value.String(v); at.Quote == 0 {
			candidates = append(candidates, Quoted(s), "{eq: "+Quoted(s)+"}")
		}
	default:
		if at.Quote == 0 {
			candidates = append(candidates, Quoted(value.Text(v)))
		} else {
			candidates = append(candidates, inside(value.Text(v), at.Quote))
		}
	}
	for _, c := range candidates {
		if Met(c, v, about, at) {
			return c, true
		}
	}
	return "", false
}

// Met reports whether an expectation, as it is written, is sound and met by a value.
func Met(written string, v any, about Subject, at Place) bool {
	raw, ok := read(written, at)
	if !ok {
		return false
	}
	var want any = raw
	response := expect.Response{Status: v, Body: v}
	switch about {
	case Header:
		s, isText := value.String(v)
		if !isText {
			return false
		}
		want, response.Headers = map[string]any{"x": raw}, map[string][]string{"x": {s}}
	case Body:
		want = map[string]any{".": raw}
	}
	e, problems := expect.Parse(map[string]any{string(about): want})
	return len(problems) == 0 && expect.Passed(e.Evaluate(response))
}

// read is what is read where something is written as a value.
func read(written string, at Place) (any, bool) {
	if at.Quote != 0 {
		written = string(at.Quote) + written + string(at.Quote)
	}
	src := "a: " + written + "\n"
	if at.Flow {
		src = "{a: " + written + ", b: c}\n"
	}
	tree := syntax.Parse(text.New(src), syntax.Options{})
	if len(tree.Findings()) > 0 || len(tree.Documents()) != 1 {
		return nil, false
	}
	entries, _ := value.Entries(tree.Documents()[0].Root.Any())
	v, ok := entries["a"]
	return v, ok
}

func readsAs(written, want string, flow bool) bool {
	v, ok := read(written, Place{Flow: flow})
	s, isText := v.(string)
	return ok && isText && s == want
}

// escaped reports a character that only double quotes can hold: YAML forbids it elsewhere, folds it, or nobody would see it.
func escaped(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// inside writes a text between quotes that are there already.
func inside(s string, quote byte) string {
	if quote == '\'' {
		return strings.ReplaceAll(s, "'", "''")
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case escaped(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Quoted writes a text in double quotes, whatever it is.
func Quoted(s string) string { return `"` + inside(s, '"') + `"` }
