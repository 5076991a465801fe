package syntax

import (
	"encoding/json"
	"math/big"
	"strings"
)

// plainTag is the tag of a plain scalar after the core schema of YAML 1.2.
func plainTag(s string) Tag {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return TagNull
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return TagBool
	case ".nan", ".NaN", ".NAN":
		return TagFloat
	}
	if c := s[0]; (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' {
		return TagStr
	}
	return numberTag(s)
}

func numberTag(s string) Tag {
	if rest, ok := strings.CutPrefix(s, "0o"); ok {
		return intIf(rest, "01234567")
	}
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		return intIf(rest, "0123456789abcdefABCDEF")
	}
	body := s
	if body[0] == '-' || body[0] == '+' {
		body = body[1:]
	}
	switch body {
	case ".inf", ".Inf", ".INF":
		return TagFloat
	}
	whole := digits(body)
	rest := body[whole:]
	if whole > 0 && rest == "" {
		return TagInt
	}
	if strings.HasPrefix(rest, ".") {
		frac := digits(rest[1:])
		if whole+frac == 0 {
			return TagStr
		}
		rest = rest[1+frac:]
	} else if whole == 0 {
		return TagStr
	}
	if rest == "" {
		return TagFloat
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return TagStr
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	if rest != "" && digits(rest) == len(rest) {
		return TagFloat
	}
	return TagStr
}

func intIf(s, set string) Tag {
	if s != "" && strings.Trim(s, set) == "" {
		return TagInt
	}
	return TagStr
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// number writes a scalar that is tagged as a number as a JSON number of the same value, digit by digit. Infinities and
// NaN, which JSON does not have, are not ok.
func number(s string) (json.Number, bool) {
	for prefix, base := range map[string]int{"0o": 8, "0x": 16} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			v, ok := new(big.Int).SetString(rest, base)
			if !ok {
				return "", false
			}
			return json.Number(v.String()), true
		}
	}
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	whole := digits(s)
	lead, rest := strings.TrimLeft(s[:whole], "0"), s[whole:]
	if lead == "" {
		lead = "0"
	}
	frac, exp := "", ""
	if strings.HasPrefix(rest, ".") {
		n := digits(rest[1:])
		if frac = rest[:1+n]; n == 0 {
			frac = ".0"
		}
		if whole+n == 0 {
			return "", false
		}
		rest = rest[1+n:]
	}
	if rest != "" {
		if rest[0] != 'e' && rest[0] != 'E' {
			return "", false
		}
		exp = rest
	}
	return json.Number(sign + lead + frac + exp), true
}

func isTrue(s string) bool { return s == "true" || s == "True" || s == "TRUE" }

// isOctalLike reports whether a plain scalar is a number that begins with a needless zero.
func isOctalLike(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 1 && s[0] == '0' && digits(s) == len(s)
}

// isDateLike reports whether a plain scalar has the form of a date, which YAML 1.1 reads as a timestamp.
func isDateLike(s string) bool {
	if len(s) < 8 || digits(s) != 4 || s[4] != '-' {
		return false
	}
	m := digits(s[5:])
	if m < 1 || m > 2 || len(s) <= 5+m || s[5+m] != '-' {
		return false
	}
	d := digits(s[6+m:])
	if d < 1 || d > 2 {
		return false
	}
	rest := s[6+m+d:]
	return rest == "" || rest[0] == 'T' || rest[0] == 't' || rest[0] == ' ' && digits(rest[1:]) > 0
}

// aliasBudget is how many nodes one walk that follows aliases may visit.
const aliasBudget = 100_000

// Any is the decoded value: nil, bool, json.Number (exact, for integers and floats), string, []any or map[string]any.
// Aliases and merge keys are resolved. What lies beyond 100,000 nodes, and an alias within itself, is nil; both have a
// finding of their own. Infinities and NaN are their text. Of a key given twice the first counts.
func (n Node) Any() any {
	w := walker{budget: aliasBudget}
	return w.any(n)
}

// walker follows aliases under a budget and without going round in circles.
type walker struct {
	budget int
	open   []*node // the targets of the aliases that are being followed
}

func (w *walker) enter(t *node) bool {
	for _, o := range w.open {
		if o == t {
			return false
		}
	}
	w.open = append(w.open, t)
	return true
}

func (w *walker) leave() { w.open = w.open[:len(w.open)-1] }

func (w *walker) any(n Node) any {
	if w.budget--; w.budget < 0 {
		return nil
	}
	switch n.Kind() {
	case Alias:
		t := n.Resolve()
		if t.IsZero() || !w.enter(t.n) {
			return nil
		}
		defer w.leave()
		return w.any(t)
	case Mapping:
		entries := w.merged(n)
		out := make(map[string]any, len(entries))
		for _, e := range entries {
			key := e.Key.Resolve().Value()
			if _, dup := out[key]; !dup {
				out[key] = w.any(e.Value)
			}
		}
		return out
	case Sequence:
		items := n.Items()
		out := make([]any, 0, min(len(items), max(w.budget, 0)))
		for _, it := range items {
			if w.budget < 0 {
				break
			}
			out = append(out, w.any(it))
		}
		return out
	case Scalar:
		return scalarAny(n)
	}
	return nil
}

func scalarAny(n Node) any {
	switch n.Tag() {
	case TagNull:
		return nil
	case TagBool:
		return isTrue(n.Value())
	case TagInt, TagFloat:
		if num, ok := number(n.Value()); ok {
			return num
		}
	}
	return n.Value()
}

// Merged are the entries of a mapping with its merge keys applied: a "<<" gives way to the entries of what it merges,
// and a key that the mapping has itself wins over a merged one. An alias is followed.
func (n Node) Merged() []Entry {
	w := walker{budget: aliasBudget}
	if n.Kind() == Alias {
		t := n.Resolve()
		w.enter(t.n)
		n = t
	}
	return w.merged(n)
}

func isMerge(k Node) bool { return k.Kind() == Scalar && k.Style() == Plain && k.Value() == "<<" }

func (w *walker) merged(n Node) []Entry {
	entries := n.Entries()
	has := false
	for _, e := range entries {
		has = has || isMerge(e.Key)
	}
	if !has {
		return entries
	}
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		if !isMerge(e.Key) {
			seen[e.Key.Resolve().Value()] = true
		}
	}
	out := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if !isMerge(e.Key) {
			out = append(out, e)
			continue
		}
		for _, m := range w.sources(e.Value) {
			if key := m.Key.Resolve().Value(); !seen[key] {
				seen[key] = true
				out = append(out, m)
			}
		}
	}
	return out
}

// sources are the entries that the value of a merge key gives, the first of several mappings first.
func (w *walker) sources(v Node) []Entry {
	if w.budget--; w.budget < 0 {
		return nil
	}
	switch v.Kind() {
	case Alias:
		t := v.Resolve()
		if t.IsZero() || !w.enter(t.n) {
			return nil
		}
		defer w.leave()
		return w.sources(t)
	case Mapping:
		out := w.merged(v)
		w.budget -= len(out)
		return out
	case Sequence:
		var out []Entry
		for _, it := range v.Items() {
			out = append(out, w.sources(it)...)
		}
		return out
	}
	return nil
}
