package text

import (
	"strings"
	"unicode"
)

// Steers reports whether a rune acts on what is around it in place of being shown: it moves a terminal's cursor, reorders
// the line (the bidirectional controls and marks of UAX #9), ends a line where none should end, or cannot be seen at all
// (the tag characters). Line feeds and tabs do not steer.
func Steers(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r), r == 0x2028, r == 0x2029, r == 0xfffe, r == 0xffff:
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r) || 0xe0000 <= r && r <= 0xe007f
}

// Visible is foreign text that steers nothing: each rune that would, and each byte that is no UTF-8, is U+FFFD. It may still
// have several lines.
func Visible(s string) string {
	if !strings.ContainsFunc(s, Steers) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		if Steers(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// VisibleLine is Visible on one line.
func VisibleLine(s string) string {
	if strings.ContainsAny(s, "\n\t") {
		s = strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(s)
	}
	return Visible(s)
}
