package interchange

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A part is one field of a multipart form.
type part struct{ name, content, contentType, fileName string }

// form reads the argument of --form: NAME=CONTENT, then ;type= and ;filename=, where quotes keep semicolons.
func (p *curlParser) form(v string) error {
	name, content, ok := strings.Cut(v, "=")
	if !ok {
		return fmt.Errorf("-F %q is no field; write NAME=CONTENT", v)
	}
	if strings.HasPrefix(content, "@") || strings.HasPrefix(content, "<") {
		return fmt.Errorf("-F %s sends a file, which a spec cannot; write its text with --form-string", v)
	}
	f := part{name: name}
	if quoted, rest, ok := unquoted(content); ok {
		f.content, content = quoted, rest
	} else {
		end := strings.IndexByte(content, ';')
		if end < 0 {
			end = len(content)
		}
		f.content, content = content[:end], content[end:]
	}
	for _, attribute := range strings.Split(content, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		if quoted, _, ok := unquoted(value); ok {
			value = quoted
		}
		switch key {
		case "":
		case "type":
			f.contentType = value
		case "filename":
			f.fileName = value
		default:
			return fmt.Errorf("-F %q: %q is not understood behind a field", v, key)
		}
	}
	if f.fileName != "" && f.contentType == "" {
		f.contentType = typeOfFile(f.fileName)
	}
	p.forms = append(p.forms, f)
	return nil
}

// typeOfFile is the content type that curl gives a part by its file's name.
func typeOfFile(name string) string {
	types := map[string]string{
		".gif": "image/gif", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".svg": "image/svg+xml",
		".txt": "text/plain", ".htm": "text/html", ".html": "text/html", ".pdf": "application/pdf", ".xml": "application/xml",
	}
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// unquoted reads a text in double quotes at the start of s, in which a backslash escapes quotes and backslashes.
func unquoted(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func (p *curlParser) formString(v string) error {
	name, content, ok := strings.Cut(v, "=")
	if !ok {
		return fmt.Errorf("--form-string %q is no field; write NAME=CONTENT", v)
	}
	p.forms = append(p.forms, part{name: name, content: content})
	return nil
}

// formBoundary separates the parts of a multipart body.
const formBoundary = "speclens-7MA4YWxkTrZu0gW"

// multipart writes the parts as a body (RFC 7578).
func multipart(parts []part, boundary string) string {
	// Browsers' rule for names, which curl follows (WHATWG HTML, multipart form data).
	escape := strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A")
	var b strings.Builder
	for _, f := range parts {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, escape.Replace(f.name))
		if f.fileName != "" {
			fmt.Fprintf(&b, "; filename=\"%s\"", escape.Replace(f.fileName))
		}
		b.WriteString("\r\n")
		if f.contentType != "" {
			fmt.Fprintf(&b, "Content-Type: %s\r\n", f.contentType)
		}
		fmt.Fprintf(&b, "\r\n%s\r\n", f.content)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.String()
}

func (p *curlParser) multipart() {
	body := multipart(p.forms, formBoundary)
	p.req.Body = &body
	p.req.setHeader("Content-Type", "multipart/form-data; boundary="+formBoundary)
}

// maxGlobbed is how many URLs a pattern may stand for.
const maxGlobbed = 100

// globbed are the URLs that curl makes of {a,b} and [1-9] in one.
func globbed(u string) ([]string, error) {
	urls := []string{""}
	for rest := u; rest != ""; {
		i := strings.IndexAny(rest, "{[\\")
		if i < 0 {
			i = len(rest)
		}
		alternatives := []string{""}
		before := rest[:i]
		rest = rest[i:]
		switch {
		case rest == "":
		case rest[0] == '\\' && len(rest) > 1 && strings.IndexByte("{}[]", rest[1]) >= 0:
			alternatives, rest = []string{rest[1:2]}, rest[2:]
		case rest[0] == '\\':
			alternatives, rest = []string{rest[:1]}, rest[1:]
		case rest[0] == '{':
			end := strings.IndexByte(rest, '}')
			if end < 0 || strings.Contains(rest[1:end], "{") {
				return nil, errors.New("curl refuses the braces of the URL; use --globoff, or write %7B and %7D")
			}
			alternatives, rest = strings.Split(rest[1:end], ","), rest[end+1:]
		default:
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, errors.New("curl refuses the brackets of the URL; use --globoff, or write %5B and %5D")
			}
			inner := rest[1:end]
			var ok bool
			if alternatives, ok = ranged(inner); !ok {
				if !strings.Contains(inner, ":") { // not the address of a host
					return nil, errors.New("curl refuses the brackets of the URL; use --globoff, or write %5B and %5D")
				}
				alternatives = []string{rest[:end+1]}
			}
			rest = rest[end+1:]
		}
		var longer []string
		for _, one := range urls {
			for _, a := range alternatives {
				longer = append(longer, one+before+a)
			}
		}
		if urls = longer; len(urls) > maxGlobbed {
			return nil, fmt.Errorf("the URL stands for more than %d requests; use a matrix", maxGlobbed)
		}
	}
	return urls, nil
}

// ranged are the texts of a range: 1-10, 01-10:2 or a-z.
func ranged(s string) ([]string, bool) {
	s, stepText, _ := strings.Cut(s, ":")
	from, to, ok := strings.Cut(s, "-")
	if !ok || from == "" || to == "" {
		return nil, false
	}
	step := 1
	if stepText != "" {
		var err error
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
			return nil, false
		}
	}
	var texts []string
	if len(from) == 1 && len(to) == 1 && from[0] >= 'A' {
		for c := int(from[0]); c <= int(to[0]); c += step {
			texts = append(texts, string(rune(c)))
		}
		return texts, len(texts) > 0
	}
	low, err := strconv.Atoi(from)
	if err != nil {
		return nil, false
	}
	high, err := strconv.Atoi(to)
	if err != nil || high < low {
		return nil, false
	}
	width := 0
	if from[0] == '0' {
		width = len(from)
	}
	for n := low; n <= high && len(texts) <= maxGlobbed; n += step {
		texts = append(texts, fmt.Sprintf("%0*d", width, n))
	}
	return texts, true
}
