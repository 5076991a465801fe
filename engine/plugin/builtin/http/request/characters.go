package request

import (
	"fmt"
	"strings"
)

func isLetterOrDigit(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// firstNotToken names what may not stand in a token (RFC 9110 section 5.6.2); "" where nothing is wrong.
func firstNotToken(s string) string {
	if s == "" {
		return "nothing"
	}
	for _, r := range s {
		if r >= 0x80 || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) {
			return nameRune(r)
		}
	}
	return ""
}

// firstNotHost names what may not stand in a Host header.
func firstNotHost(s string) string {
	for _, r := range s {
		if r >= 0x80 || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("-._~%!$&'()*+,;=:[]", r) {
			return nameRune(r)
		}
	}
	return ""
}

// firstControl names the first control character; a tab may stand in a header's value.
func firstControl(s string, tab bool) string {
	for _, r := range s {
		if (r < 0x20 || r == 0x7f) && !(tab && r == '\t') {
			return nameRune(r)
		}
	}
	return ""
}

func nameRune(r rune) string {
	switch r {
	case '\r':
		return "a line break (CR)"
	case '\n':
		return "a line break (LF)"
	case 0:
		return "a NUL byte"
	case '\t':
		return "a tab"
	case ' ':
		return "a blank"
	}
	if r < 0x20 || r == 0x7f {
		return fmt.Sprintf("the control character 0x%02X", r)
	}
	return fmt.Sprintf("%q", string(r))
}

// nearly is true for words that are one slip apart: a letter too many, too few, another, or two in the wrong order.
func nearly(have, want string) bool {
	if have == want || len(have) < 2 {
		return false
	}
	for len(have) > 0 && len(want) > 0 && have[0] == want[0] {
		have, want = have[1:], want[1:]
	}
	for len(have) > 0 && len(want) > 0 && have[len(have)-1] == want[len(want)-1] {
		have, want = have[:len(have)-1], want[:len(want)-1]
	}
	swapped := len(have) == 2 && len(want) == 2 && have[0] == want[1] && have[1] == want[0]
	return len(have) <= 1 && len(want) <= 1 || swapped
}
