package value

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number of any size. It is compared digit by digit, so that neither a 64-bit identifier nor
// 1e999999999 in a hostile response costs precision, time or memory.
type Decimal struct {
	neg    bool
	digits string // significant digits without zeros at either end; empty means zero
	exp    int64  // the value is 0.digits × 10^exp
}

// maxExponent saturates exponents: past it numbers are told apart by sign only.
const maxExponent = 1 << 40

// ParseDecimal reads a number in JSON's grammar: an optional minus, digits without needless leading zeros, an optional
// fraction, an optional exponent.
func ParseDecimal(s string) (Decimal, bool) {
	var d Decimal
	rest := s
	if strings.HasPrefix(rest, "-") {
		d.neg = true
		rest = rest[1:]
	}
	whole := leadingDigits(rest)
	rest = rest[len(whole):]
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return Decimal{}, false
	}
	fraction := ""
	if strings.HasPrefix(rest, ".") {
		fraction = leadingDigits(rest[1:])
		if fraction == "" {
			return Decimal{}, false
		}
		rest = rest[1+len(fraction):]
	}
	var exp int64
	if rest != "" {
		var ok bool
		if exp, ok = parseExponent(rest); !ok {
			return Decimal{}, false
		}
	}
	digits := whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	d.exp = int64(len(whole)) - int64(len(digits)-len(trimmed)) + exp
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return Decimal{}, true
	}
	return d, true
}

func leadingDigits(s string) string {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i]
}

func parseExponent(s string) (int64, bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := int64(1)
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if s == "" || leadingDigits(s) != s {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxExponent {
		n = maxExponent
	}
	return sign * n, true
}

// NumberOf returns the number that v is; ok is false for anything but a number. Text is never a number here.
func NumberOf(v any) (Decimal, bool) {
	v = Unwrap(v)
	if n, isNumber := v.(json.Number); isNumber {
		return ParseDecimal(n.String())
	}
	if KindOf(v) != KindNumber {
		return Decimal{}, false
	}
	return ParseDecimal(rawNumber(v))
}

// Numeric returns the number that v is or, being text, spells in JSON's grammar, where a sign + and zeros may come first too.
// Bools, null, lists and objects are never numeric, and neither are hexadecimal or special ("NaN") texts.
func Numeric(v any) (Decimal, bool) {
	if s, ok := String(v); ok {
		return ParseDecimal(plainNumber(s))
	}
	return NumberOf(v)
}

// plainNumber is a text without the sign + and the zeros that may begin a number, which JSON's grammar does not know.
func plainNumber(s string) string {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		return s
	}
	for len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		digits = digits[1:]
	}
	if negative {
		return "-" + digits
	}
	return digits
}

// Compare returns -1, 0 or +1 as d is less than, equal to or greater than e.
func (d Decimal) Compare(e Decimal) int {
	if s, t := d.sign(), e.sign(); s != t {
		if s < t {
			return -1
		}
		return 1
	}
	c := 0
	switch {
	case d.digits == "":
		return 0
	case d.exp != e.exp:
		c = 1
		if d.exp < e.exp {
			c = -1
		}
	default:
		// Both begin right behind the decimal point, so the order of texts is the order of numbers.
		c = strings.Compare(d.digits, e.digits)
	}
	if d.neg {
		return -c
	}
	return c
}

func (d Decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// IsZero says whether d is zero.
func (d Decimal) IsZero() bool { return d.digits == "" }

// IsInt says whether d is a whole number; 2.0 is one.
func (d Decimal) IsInt() bool { return int64(len(d.digits)) <= d.exp || d.digits == "" }

// maxWritten bounds how many digits String and Truncate write out.
const maxWritten = 4096

// Truncate cuts the fraction off, towards zero. ok is false where the result would be unreasonably long.
func (d Decimal) Truncate() (t Decimal, ok bool) {
	switch {
	case d.digits == "" || d.exp <= 0:
		return Decimal{}, true
	case d.exp > maxWritten:
		return Decimal{}, false
	case d.IsInt():
		return d, true
	}
	d.digits = strings.TrimRight(d.digits[:d.exp], "0")
	return d, true
}

// String writes d without an exponent where that takes a reasonable length, else with one.
func (d Decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	sign := ""
	if d.neg {
		sign = "-"
	}
	n := int64(len(d.digits))
	switch {
	case d.exp > maxWritten || d.exp < -maxWritten:
		return sign + "0." + d.digits + "e" + strconv.FormatInt(d.exp, 10)
	case d.exp <= 0:
		return sign + "0." + strings.Repeat("0", int(-d.exp)) + d.digits
	case n <= d.exp:
		return sign + d.digits + strings.Repeat("0", int(d.exp-n))
	}
	return sign + d.digits[:d.exp] + "." + d.digits[d.exp:]
}
