package interchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Spec writes requests as a spec. The host that most of them go to is the target of the file. Each test expects success.
func Spec(requests []Request) string {
	w := &specWriter{}
	count := map[string]int{}
	target := ""
	for _, r := range requests {
		t, _ := split(r.URL)
		if count[t]++; t != "" && count[t] > count[target] {
			target = t
		}
	}
	if target != "" {
		w.line(0, "target: %s", scalar(target))
		w.line(0, "")
	}
	w.line(0, "tests:")
	for _, r := range requests {
		w.test(r, target)
	}
	return w.b.String()
}

type specWriter struct{ b strings.Builder }

func (w *specWriter) line(indent int, format string, args ...any) {
	fmt.Fprintf(&w.b, strings.Repeat("  ", indent)+format+"\n", args...)
}

func (w *specWriter) test(r Request, fileTarget string) {
	target, resource := split(r.URL)
	name := r.Name
	if name == "" {
		method := r.Method
		if method == "" {
			method = "GET"
		}
		path, _, _ := strings.Cut(resource, "?")
		if path == "" {
			path = target
		}
		name = method + " " + path
	}
	w.line(1, "- name: %s", scalar(name))
	if r.Alias != "" {
		w.line(2, "alias: %s", scalar(r.Alias))
	}
	if target != fileTarget && target != "" {
		w.line(2, "target: %s", scalar(target))
	}
	if r.Method != "" && r.Method != "GET" {
		w.line(2, "method: %s", scalar(r.Method))
	}
	if resource != "" {
		w.line(2, "resource: %s", scalar(resource))
	}
	isJSON := r.isJSONBody()
	var headers []Header
	seen := map[string]int{}
	for _, h := range r.Headers {
		folded := strings.ToLower(h.Name)
		if isJSON && folded == "content-type" && strings.EqualFold(h.Value, "application/json") {
			continue // a body of values is sent as this
		}
		if i, ok := seen[folded]; ok {
			sep := ", "
			if folded == "cookie" {
				sep = "; "
			}
			headers[i].Value += sep + h.Value
			continue
		}
		seen[folded] = len(headers)
		headers = append(headers, h)
	}
	if len(headers) > 0 {
		w.line(2, "headers:")
		for _, h := range headers {
			w.line(3, "%s: %s", scalar(h.Name), scalar(h.Value))
		}
	}
	if r.Body != nil {
		if isJSON {
			w.json(*r.Body)
		} else {
			w.line(2, "body: %s", scalar(*r.Body))
		}
	}
	if r.Timeout != "" {
		w.line(2, "timeout: %s", r.Timeout)
	}
	if r.NoRedirects {
		w.line(2, "followRedirects: false")
	}
	if r.MaxRedirects != "" {
		w.line(2, "maxRedirects: %s", r.MaxRedirects)
	}
	expected := "2xx"
	switch {
	case r.Expect != "":
		expected = r.Expect
	case r.NoRedirects:
		expected = "< 400"
	}
	if r.Status > 0 {
		expected = strconv.Itoa(r.Status)
	}
	if _, err := strconv.Atoi(expected); err != nil {
		expected = scalar(expected)
	}
	w.line(2, "expect: { status: %s }", expected)
}

// split divides a URL into target and resource. What follows a template up to the first slash belongs to the target.
func split(address string) (target, resource string) {
	base, _, _ := strings.Cut(address, "#")
	start := 0
	if i := strings.Index(outside(base), "://"); i >= 0 {
		start = i + len("://")
	} else if !strings.HasPrefix(base, "{{") {
		return "", resourceOf(base)
	}
	end := strings.IndexAny(outside(base)[start:], "/?")
	if end < 0 {
		end = len(base) - start
	}
	target, rest := base[:start+end], base[start+end:]
	if start == 0 && !oneTemplate(target) {
		target = "http://" + target // a template with more behind it is a host, and a host needs a scheme
	}
	if rest == "" && strings.HasSuffix(target, "}}") && !oneTemplate(target) {
		return target, "" // the last template may bring the path
	}
	return target, resourceOf(rest)
}

// outside is a text with its templates blanked out, byte by byte: what stands in them is no part of a URL.
func outside(s string) string {
	return httpTemplate.ReplaceAllStringFunc(s, func(t string) string { return strings.Repeat(" ", len(t)) })
}

// oneTemplate reports whether a text is a single template.
func oneTemplate(s string) bool {
	return strings.HasPrefix(s, "{{") && strings.Index(s, "}}") == len(s)-2
}

func resourceOf(s string) string {
	if !strings.HasPrefix(s, "/") {
		return "/" + s
	}
	return s
}

// json writes a body, its keys in their order.
func (w *specWriter) json(body string) {
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	w.b.WriteString("    body:")
	w.value(dec, 3)
}

// value writes the next value of a decoder behind a key or a dash.
func (w *specWriter) value(dec *json.Decoder, indent int) {
	tok, err := dec.Token()
	if err != nil {
		return // the body is valid: there is a value
	}
	switch tok := tok.(type) {
	case json.Delim:
		if !dec.More() {
			_, _ = dec.Token()
			w.b.WriteString(map[json.Delim]string{'{': " {}\n", '[': " []\n"}[tok])
			return
		}
		w.b.WriteString("\n")
		for dec.More() {
			w.b.WriteString(strings.Repeat("  ", indent))
			if tok == '{' {
				key, _ := dec.Token()
				fmt.Fprintf(&w.b, "%s:", scalar(fmt.Sprint(key)))
			} else {
				w.b.WriteString("-")
			}
			w.value(dec, indent+1)
		}
		_, _ = dec.Token()
	case string:
		fmt.Fprintf(&w.b, " %s\n", scalar(tok))
	case nil:
		w.b.WriteString(" null\n")
	default:
		fmt.Fprintf(&w.b, " %v\n", tok)
	}
}

// plainScalar is text that YAML reads as text without quotes.
var plainScalar = regexp.MustCompile(
	`^(/[A-Za-z0-9_./-]*|[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_./-]+)*|https?://[A-Za-z0-9._:-]+[A-Za-z0-9]|2xx)$`)

// scalar writes a text for YAML.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(s)
	}
	if plainScalar.MatchString(s) {
		return s
	}
	// A double-quoted scalar of YAML understands every escape of JSON.
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(strings.ToValidUTF8(s, "\uFFFD")); err != nil {
		return strconv.Quote(s)
	}
	var b strings.Builder
	for _, r := range strings.TrimSuffix(buf.String(), "\n") {
		switch {
		case r < 0x80 && r != 0x7f || !steers(r) && r != 0xfeff && r != 0xfffe && r != 0xffff:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}
