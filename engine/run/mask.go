package run

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/value"
)

// minSecret is the length in bytes from which a value counts as a secret: masking every "1" or "dev" would destroy what
// it is meant to protect.
var minSecret = 4 // a variable for the tests, which prove by it that there would be something to find

// Masker replaces secrets in everything that leaves a run: as they are, and in the encodings in which they travel. It is
// immutable and safe for concurrent use; the nil Masker masks nothing.
type Masker struct {
	secrets  []string
	replacer *strings.Replacer
}

// NewMasker returns a Masker of these values; those shorter than four bytes are left out.
func NewMasker(values ...string) *Masker { return (*Masker)(nil).With(values...) }

// With returns a Masker that masks more values; m itself where that adds nothing.
func (m *Masker) With(values ...string) *Masker {
	var secrets []string
	if m != nil {
		secrets = slices.Clone(m.secrets)
	}
	before := len(secrets)
	for _, v := range values {
		if slices.Contains(secrets, v) {
			continue // with its parts
		}
		for _, s := range append(partsOf(v), v, strings.TrimSpace(v)) {
			if len(s) >= minSecret && !slices.Contains(secrets, s) {
				secrets = append(secrets, s)
			}
		}
	}
	if len(secrets) == before {
		return m
	}
	var forms []string
	for _, s := range secrets {
		forms = append(forms, secretForms(s)...)
	}
	// Of two forms that begin at the same place the longer one is meant.
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, engine.Masked)
	}
	return &Masker{secrets: secrets, replacer: strings.NewReplacer(pairs...)}
}

// partsOf are the parts of a secret that the product shows by themselves: the operand, where an expectation reads the secret as an
// operator and what it compares with, and of a URL what stands behind the host or before it.
func partsOf(secret string) []string {
	parts := expect.Operands(secret)
	u, err := url.Parse(strings.TrimSpace(secret))
	if err != nil || u.Host == "" {
		return parts
	}
	if u.User != nil {
		password, _ := u.User.Password()
		parts = append(parts, u.User.String(), password)
	}
	if isSecret(u.Hostname()) {
		parts = append(parts, u.Host, u.Hostname())
	}
	for _, segment := range strings.Split(u.Path, "/") {
		if !plainSegment(segment) {
			parts = append(parts, segment)
		}
	}
	if strings.Trim(u.Path, "/") != "" && isSecret(u.Path) && slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return !plainSegment(s) }) {
		parts = append(parts, u.Path)
	}
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	return append(parts, u.RawQuery, u.Fragment)
}

// userinfoOf is what a URL says of its user, as it is written there and decoded.
func userinfoOf(target string) []string {
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return nil
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return nil
	}
	written := rest[:at]
	if len(written) < minSecret {
		written = "://" + rest[:at+1]
	}
	_, password, _ := strings.Cut(rest[:at], ":")
	list := []string{written, password}
	if decoded, err := url.PathUnescape(password); err == nil {
		list = append(list, decoded)
	}
	return list
}

// secretForms are the texts as which a secret may appear: itself, and in every encoding that the product applies to a value or meets
// in an echo of it. Where there is an encoder, it is asked.
func secretForms(s string) []string {
	hexadecimal := hex.EncodeToString([]byte(s))
	forms := []string{
		s, strings.ToLower(s) /* a host */, hexadecimal, strings.ToUpper(hexadecimal),
		html.EscapeString(s), strings.ReplaceAll(s, "'", "''"), strings.ReplaceAll(s, "'", `'\''`), strings.ReplaceAll(s, "\n", "\r\n"),
	}
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(s)) // a strings.Builder always takes it
	forms = append(forms, escaped.String())
	inURL := append(capabilities.FormsInURL(s), url.QueryEscape(s), url.PathEscape(s), strings.ReplaceAll(url.QueryEscape(s), "+", "%20"),
		percentAll(s), percentAllBut(s, "!'()*"))
	for _, form := range inURL {
		forms = append(append(forms, form, lowerPercent(form)), jsonForms(form)...) // a query may keep a backslash
	}
	for _, form := range []string{s, latin1(s)} {
		once := jsonForms(form)
		forms = append(append(forms, form), once...)
		for _, f := range once {
			forms = append(forms, jsonForms(f)...)
		}
	}
	forms = append(forms, fmt.Sprintf("%q", s)[1:len(fmt.Sprintf("%q", s))-1])
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		forms = append(forms, enc.EncodeToString([]byte(s)), enc.WithPadding(base64.NoPadding).EncodeToString([]byte(s)))
		for shift := range 3 {
			full := enc.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, shift), s...))
			// Only the characters whose six bits are all the secret's are the same whatever stands around it.
			from, to := (shift*8+5)/6, (shift+len(s))*8/6
			if core := full[from:to]; len(core) >= minSecret {
				forms = append(forms, core)
			}
		}
	}
	return slices.DeleteFunc(forms, func(f string) bool { return len(f) < minSecret })
}

// latin1 is how the bytes of a text are read where a header comes back: each byte as one letter.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// jsonForms are the texts between the quotes when a secret is written as JSON, with and without the escapes that make
// JSON safe within HTML.
func jsonForms(s string) []string {
	safe, _ := json.Marshal(s) // a string always marshals
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	plain := strings.TrimSuffix(b.String(), "\n")
	return []string{string(safe[1 : len(safe)-1]), plain[1 : len(plain)-1], strings.ReplaceAll(plain[1:len(plain)-1], "/", `\/`)}
}

// percentAll escapes every byte outside RFC 3986's unreserved set, which the standard library does nowhere.
func percentAll(s string) string { return percentAllBut(s, "") }

// percentAllBut leaves some more bytes as they are, as JavaScript's encodeURIComponent does.
func percentAllBut(s, plain string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// lowerPercent writes the escapes of a percent-encoded text with lower-case digits.
func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i:], strings.ToLower(string(b[i:i+3])))
		}
	}
	return string(b)
}

// Holds reports whether a text holds a secret.
func (m *Masker) Holds(s string) bool { return m.Text(s) != s }

// Text masks a text.
func (m *Masker) Text(s string) string {
	if m == nil || s == "" {
		return s
	}
	return m.replacer.Replace(s)
}

// Value masks everything inside a value as JSON and YAML decode it: texts, keys, and numbers that are written like a
// secret. What holds no secret is shared with the original, which is never changed.
func (m *Masker) Value(v any) any {
	if m == nil {
		return v
	}
	out, _ := m.value(v)
	return out
}

func (m *Masker) value(v any) (any, bool) {
	switch v := v.(type) {
	case nil, bool:
		return v, false
	case string:
		s := m.replacer.Replace(v)
		return s, s != v
	case value.Literal:
		inner, changed := m.value(v.Value)
		return value.Literal{Value: inner}, changed
	case []byte:
		s := m.replacer.Replace(string(v))
		return []byte(s), s != string(v)
	case json.Number:
		if s := m.replacer.Replace(v.String()); s != v.String() {
			return s, true
		}
		return v, false
	case []any:
		return maskSlice(v, m.value)
	case []string:
		return maskSlice(v, func(s string) (string, bool) { r := m.replacer.Replace(s); return r, r != s })
	case map[string]any:
		return maskMap(m, v, m.value)
	case map[string]string:
		return maskMap(m, v, func(s string) (string, bool) { r := m.replacer.Replace(s); return r, r != s })
	case map[string][]string:
		return maskMap(m, v, func(l []string) ([]string, bool) {
			out, changed := m.value(l)
			return out.([]string), changed
		})
	default:
		// Numbers, and what a plugin in Go may have put there: masked by the text that a report would show.
		text := fmt.Sprint(v)
		if s := m.replacer.Replace(text); s != text {
			return s, true
		}
		return v, false
	}
}

func maskSlice[T any](v []T, mask func(T) (T, bool)) ([]T, bool) {
	var out []T
	for i, e := range v {
		r, changed := mask(e)
		if changed && out == nil {
			out = slices.Clone(v)
		}
		if changed {
			out[i] = r
		}
	}
	if out == nil {
		return v, false
	}
	return out, true
}

func maskMap[T any](m *Masker, v map[string]T, mask func(T) (T, bool)) (map[string]T, bool) {
	var out map[string]T
	for k, e := range v {
		key := m.replacer.Replace(k)
		r, changed := mask(e)
		if !changed && key == k {
			continue
		}
		if out == nil {
			out = make(map[string]T, len(v))
			for k, e := range v {
				out[k] = e
			}
		}
		delete(out, k)
		out[key] = r
	}
	if out == nil {
		return v, false
	}
	return out, true
}
