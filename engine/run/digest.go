package run

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/value"
)

// A recorded result is masked, and yet it is held against expectations again when they are edited. Two masked values look the
// same, so what tells them apart is recorded too: a digest of each under a key of this process, which is never written anywhere.
// For a comparison a masked text carries its digest as a mark, on both sides; equality of marked texts is equality of what was
// masked. Whatever else asks about a masked text cannot be told without another run.

var digestKey = func() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand.Read never fails
	return key
}()

func digestOf(s string) string {
	h := hmac.New(sha256.New, digestKey)
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

const markBegin = "{masked:"

var marks = regexp.MustCompile(`\{masked:[0-9a-f]{32}\}`)

// marked is a masked text with the digest of what it was.
func marked(masked, digest string) string { return masked + markBegin + digest + "}" }

// unmark is a text without the marks, as anybody may see it.
func unmark(s string) string {
	if !strings.Contains(s, markBegin) {
		return s
	}
	return marks.ReplaceAllString(s, "")
}

// digests maps the places of masked texts to their digests.
type digests map[string]string

func under(place, key string) string { return place + "\x00" + key }

// note records the digests of what is masked inside a value. Of texts that are read as expectations, those that are operators get
// none: they ask for something else than equality.
func (d digests) note(m *Masker, place string, v any, expectation bool) {
	switch v := v.(type) {
	case nil, bool:
	case value.Literal:
		d.note(m, place, v.Value, false)
	case map[string]any, map[string]string, map[string][]string:
		entries, _ := value.Entries(v)
		for key, e := range entries {
			d.note(m, under(place, key), e, expectation)
		}
	case []any, []string:
		items, _ := value.Items(v)
		for i, e := range items {
			d.note(m, under(place, strconv.Itoa(i)), e, expectation)
		}
	default:
		text := value.Text(v)
		if m.Text(text) == text {
			return
		}
		if expectation {
			if text = strings.TrimSpace(text); len(expect.Operands(text)) > 0 {
				return
			}
		}
		d[place] = digestOf(text)
	}
}

// mark is a masked value in which every text carries its digest.
func (d digests) mark(place string, v any) any {
	if len(d) == 0 {
		return v
	}
	switch v := v.(type) {
	case string:
		if digest, ok := d[place]; ok {
			return marked(v, digest)
		}
	case value.Literal:
		return value.Literal{Value: d.mark(place, v.Value)}
	case map[string]any, map[string]string, map[string][]string:
		entries, _ := value.Entries(v)
		out := make(map[string]any, len(entries))
		for key, e := range entries {
			out[key] = d.mark(under(place, key), e)
		}
		return out
	case []any, []string:
		items, _ := value.Items(v)
		out := make([]any, len(items))
		for i, e := range items {
			out[i] = d.mark(under(place, strconv.Itoa(i)), e)
		}
		return out
	}
	return v
}

// digestsOf are those of a result that is still in the clear.
func digestsOf(m *Masker, r *engine.TestResult) map[string]string {
	if m == nil || r.Output == nil {
		return nil
	}
	d := digests{}
	d.note(m, "status", r.Output.Status, false)
	d.note(m, "headers", r.Output.Headers, false)
	d.note(m, "headersAll", r.Output.HeadersAll, false)
	d.note(m, "body", r.Output.Body, false)
	for i, e := range r.Events {
		d.note(m, under("events", strconv.Itoa(i)), e.Data, false)
	}
	for key, v := range r.Resolved {
		d.note(m, under("resolved", m.Text(key)), v, true)
	}
	for _, a := range r.Assertions {
		d[expectedAt(a)] = digestOf(value.JSON(maskedWithDigests(m, a.Expected)))
	}
	return d
}

// expectedAt is where the digest of all that an assertion expected is kept.
func expectedAt(a expect.Assertion) string { return under("expected", strings.Join(a.At, "\x00")) }

// maskedWithDigests masks an expected value and marks it.
func maskedWithDigests(m *Masker, v any) any {
	d := digests{}
	d.note(m, "", v, true)
	return d.mark("", m.Value(v))
}

// markedResult is a recorded result whose masked texts carry their digests.
func markedResult(r *engine.TestResult) *engine.TestResult {
	d := digests(r.Digests)
	if len(d) == 0 || r.Output == nil {
		return r
	}
	out, output := *r, *r.Output
	output.Status = d.mark("status", output.Status)
	output.Body = d.mark("body", output.Body)
	output.Headers = maps.Clone(output.Headers)
	for name, v := range output.Headers {
		output.Headers[name], _ = d.mark(under("headers", name), v).(string)
	}
	output.HeadersAll = maps.Clone(output.HeadersAll)
	for name, values := range output.HeadersAll {
		list := make([]string, len(values))
		for i, v := range values {
			list[i], _ = d.mark(under(under("headersAll", name), strconv.Itoa(i)), v).(string)
		}
		output.HeadersAll[name] = list
	}
	out.Output = &output
	out.Events = make([]engine.Event, len(r.Events))
	for i, e := range r.Events {
		e.Data, _ = d.mark(under("events", strconv.Itoa(i)), e.Data).(map[string]any)
		out.Events[i] = e
	}
	return &out
}

// masks says what is masked inside a value: any text at all, and one that carries no digest, among which are keys.
func masks(v any) (any, unmarked bool) {
	switch v := value.Unwrap(v).(type) {
	case string:
		if !strings.Contains(v, engine.Masked) {
			return false, false
		}
		return true, !strings.HasSuffix(v, "}") || len(marks.FindAllString(v, -1)) != 1
	default:
		if entries, ok := value.Entries(v); ok {
			for key, e := range entries {
				a, u := masks(e)
				in := strings.Contains(key, engine.Masked)
				any, unmarked = any || a || in, unmarked || u || in
			}
		} else if items, ok := value.Items(v); ok {
			for _, e := range items {
				a, u := masks(e)
				any, unmarked = any || a, unmarked || u
			}
		}
	}
	return any, unmarked
}

// maskedKey reports whether a key inside a value is masked, so that nobody can tell which keys there are.
func maskedKey(v any) bool {
	if entries, ok := value.Entries(v); ok {
		for key, e := range entries {
			if strings.Contains(key, engine.Masked) || maskedKey(e) {
				return true
			}
		}
	} else if items, ok := value.Items(v); ok {
		for _, e := range items {
			if maskedKey(e) {
				return true
			}
		}
	}
	return false
}

// runAgain is the message of an assertion that a masked value keeps from being judged.
const runAgain = "run the test again to see: a masked value takes part, of which nothing but a digest is kept"

// decided is an assertion over marked values as anybody may see it: the outcome of the run where the run judged the same, that of
// the comparison where digests can tell, else one that did not pass and asks for another run.
func decided(a expect.Assertion, before *engine.TestResult, output *plugin.TestOutput) expect.Assertion {
	if known, ok := before.Digests[expectedAt(a)]; ok && known == digestOf(value.JSON(a.Expected)) {
		for _, old := range before.Assertions {
			if expectedAt(old) == expectedAt(a) {
				return old
			}
		}
	}
	expected, expectedOpen := masks(a.Expected)
	actual, actualOpen := masks(a.Actual)
	touched, open := expected || actual, expectedOpen || actualOpen || !a.Exact
	switch area, _, _ := strings.Cut(a.Path, "."); {
	case strings.HasPrefix(area, "body"):
		if maskedKey(output.Body) {
			touched, open = true, true
		}
		if held, _ := masks(output.Body); held && strings.HasSuffix(a.Path, "length") {
			touched, open = true, true // of a text that is masked
		}
	case area == "events":
		for _, e := range before.Events {
			if held, _ := masks(e.Data); held && asksForData(a) {
				touched, open = true, true
			}
		}
	}
	if touched && open {
		a.Passed, a.Note, a.Mismatches = false, "", nil
		a.Message = a.Path + ": " + runAgain
	}
	return unmarked(a)
}

// asksForData reports whether an assertion about events looks into them.
func asksForData(a expect.Assertion) bool {
	entries, ok := value.Entries(a.Expected)
	if !ok {
		return len(strings.Split(a.Path, ".")) > 2
	}
	for key := range entries {
		if strings.HasPrefix(key, "data") {
			return true
		}
	}
	return len(strings.Split(a.Path, ".")) > 2
}

// unmarked is an assertion without marks.
func unmarked(a expect.Assertion) expect.Assertion {
	return shown(a, unmark, func(v any) any { return mapStrings(v, unmark) })
}

// mapStrings replaces the texts inside a value.
func mapStrings(v any, replace func(string) string) any {
	switch v := v.(type) {
	case string:
		return replace(v)
	case []string:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = replace(s)
		}
		return out
	case value.Literal:
		return mapStrings(v.Value, replace)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = mapStrings(e, replace)
		}
		return out
	}
	if entries, ok := value.Entries(v); ok {
		out := make(map[string]any, len(entries))
		for key, e := range entries {
			out[key] = mapStrings(e, replace)
		}
		return out
	}
	return v
}

// bothMasked explains a difference of which nothing is to be seen.
const bothMasked = " (these are two different secrets, and both are masked)"

// shown is an assertion as it may be shown. Where two values differ that look the same then, it says so.
func shown(a expect.Assertion, text func(string) string, of func(any) any) expect.Assertion {
	a.Expression, a.Message, a.Note = text(a.Expression), text(a.Message), text(a.Note)
	list := make([]expect.Mismatch, len(a.Mismatches))
	for i, d := range a.Mismatches {
		before := value.JSON(d.Expected) != value.JSON(d.Actual)
		d.Path, d.Message = text(d.Path), text(d.Message)
		d.Expected, d.Actual = of(d.Expected), of(d.Actual)
		if after := value.JSON(d.Expected); before && after == value.JSON(d.Actual) && strings.Contains(after, engine.Masked) {
			explained := d.Message + bothMasked
			a.Message = strings.Replace(a.Message, d.Message, explained, 1)
			d.Message = explained
		}
		list[i] = d
	}
	if a.Mismatches != nil {
		a.Mismatches = list
	}
	a.Expected, a.Actual = of(a.Expected), of(a.Actual)
	return a
}
