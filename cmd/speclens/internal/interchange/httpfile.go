package interchange

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseHTTP reads a file of requests as editors send them (.http, .rest): requests between lines of `###`, with names,
// variables and references to the responses of named requests. Variables of the file are put in; others become templates
// of the environment. Scripts are left out and noted. The error names the line.
func ParseHTTP(text string) (requests []Request, notes []string, err error) {
	p := &httpParser{vars: map[string]string{}, names: map[string]bool{}}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	p.collect(lines)
	from, title := 0, ""
	for i := 0; i <= len(lines); i++ {
		if i < len(lines) && !strings.HasPrefix(lines[i], "###") {
			continue
		}
		if err := p.request(lines[from:i], from+1, title); err != nil {
			return nil, nil, err
		}
		if i < len(lines) {
			from, title = i+1, strings.TrimSpace(strings.TrimLeft(lines[i], "#"))
		}
	}
	if len(p.requests) == 0 {
		return nil, nil, errors.New("there is no request")
	}
	return p.requests, p.notes, nil
}

type httpParser struct {
	vars     map[string]string
	names    map[string]bool // of requests that others may refer to
	requests []Request
	notes    []string
}

var (
	httpVariable = regexp.MustCompile(`^@([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$`)
	httpMeta     = regexp.MustCompile(`^(?:#|//)\s*@([A-Za-z-]+)(?:\s*=\s*|\s+|$)(.*?)\s*$`)
	httpMethod   = regexp.MustCompile(`^([A-Z]+|(?i:get|head|post|put|patch|delete|options|trace))\s+(.+?)(?:\s+HTTP/[\d.]+)?\s*$`)
	httpResponse = regexp.MustCompile(`^HTTP/[\d.]+\s+\d{3}\b`)
	httpAssert   = regexp.MustCompile(`^\?\?\s+(.*?)\s*$`)
	httpTemplate = regexp.MustCompile(`\{\{\s*(.*?)\s*\}\}`)
	identifier   = regexp.MustCompile(`^[A-Za-z_]\w*$`)
)

// collect finds the variables of the file and the names of requests: both may be used above the place that defines them.
func (p *httpParser) collect(lines []string) {
	for _, line := range lines {
		if m := httpVariable.FindStringSubmatch(line); m != nil {
			p.vars[m[1]] = m[2]
		}
		if m := httpMeta.FindStringSubmatch(line); m != nil && m[1] == "name" && identifier.MatchString(m[2]) {
			p.names[m[2]] = true
		}
	}
}

func (p *httpParser) note(line int, format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

// request reads what stands between two separators.
func (p *httpParser) request(lines []string, first int, title string) error {
	r := Request{Name: title}
	until := "" // what ends a script or a comment of several lines
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		switch m := httpMeta.FindStringSubmatch(line); {
		case until != "":
			if strings.HasSuffix(line, until) {
				until = ""
			}
		case m != nil:
			p.meta(&r, first+i, m[1], m[2])
		case strings.HasPrefix(line, "/*"):
			if !strings.Contains(line[2:], "*/") {
				until = "*/"
			}
		case p.script(first+i, line, &until):
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || httpVariable.MatchString(line):
		default:
			return p.message(&r, lines[i:], first+i)
		}
	}
	return nil // nothing but comments
}

// script notes a script that begins on a line, between {% and %} or alone between braces, and what ends it.
func (p *httpParser) script(line int, text string, until *string) bool {
	switch {
	case strings.HasPrefix(text, "< {%"), strings.HasPrefix(text, "> {%"):
		if !strings.Contains(text, "%}") {
			*until = "%}"
		}
	case strings.HasPrefix(text, "{{") && (!strings.Contains(text, "}}") || text == "{{}}"):
		if text != "{{}}" {
			*until = "}}"
		}
	default:
		return false
	}
	p.note(line, "the script is left out")
	return true
}

func (p *httpParser) meta(r *Request, line int, key, value string) {
	switch key {
	case "name":
		r.Name = value
		if identifier.MatchString(value) {
			r.Alias = value
		}
	case "no-redirect":
		r.NoRedirects = true
	case "timeout":
		if fields := strings.Fields(value); len(fields) > 0 {
			r.Timeout = strings.Join(fields, "")
			if _, err := strconv.Atoi(r.Timeout); err == nil {
				r.Timeout += "s"
			}
		}
	case "prompt":
		p.note(line, "the answer to the prompt %q has to be in the environment", value)
	}
}

// message reads a request from its first line on.
func (p *httpParser) message(r *Request, lines []string, first int) error {
	address := strings.TrimSpace(lines[0])
	if m := httpMethod.FindStringSubmatch(address); m != nil {
		r.Method, address = strings.ToUpper(m[1]), m[2]
		if slices.Contains(otherProtocols, r.Method) {
			p.note(first, "%s is left out: it is no http request", r.Method)
			return nil
		}
	} else if strings.ContainsAny(httpTemplate.ReplaceAllString(address, ""), " \t") {
		return fmt.Errorf("line %d: %q is no request; write METHOD URL", first, address)
	}
	i := 1
	for ; i < len(lines); i++ {
		next := strings.TrimSpace(lines[i])
		if lines[i] == next && !strings.HasPrefix(next, "?") && !strings.HasPrefix(next, "&") || strings.HasPrefix(next, "??") ||
			!strings.HasPrefix(next, "?") && !strings.HasPrefix(next, "&") && !strings.HasPrefix(next, "/") {
			break
		}
		address += next
	}
	for ; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
		line := strings.TrimSpace(lines[i])
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
			continue
		}
		if strings.HasPrefix(line, "??") || strings.HasPrefix(line, "{{") || strings.HasPrefix(line, "> {%") || httpResponse.MatchString(line) {
			break // no header; what it is, the body's reader says
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("line %d: %q is no header; write Name: value, and an empty line before the body", first+i, line)
		}
		r.Headers = append(r.Headers, Header{strings.TrimSpace(name), p.resolve(first+i, strings.TrimSpace(value))})
	}
	if err := p.body(r, lines[min(i, len(lines)):], first+i); err != nil {
		return err
	}
	p.authorize(r, first)
	address = p.resolve(first, address)
	if !strings.Contains(address, "://") && !strings.HasPrefix(address, "{{") {
		if host, ok := r.header("Host"); ok && strings.HasPrefix(address, "/") {
			address = host + address
		}
		address = "http://" + address
	}
	r.URL = address
	for _, other := range p.requests {
		if other.Alias == r.Alias {
			r.Alias = "" // aliases are unique
		}
	}
	if name := r.holdsSecret(); name != "" {
		p.note(first, secretNote, name)
	}
	p.requests = append(p.requests, *r)
	return nil
}

func (p *httpParser) body(r *Request, lines []string, first int) error {
	var body []string
	until := ""
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if httpResponse.MatchString(trimmed) {
			p.note(first+i, "the recorded response is left out")
			break
		}
		m := httpAssert.FindStringSubmatch(trimmed)
		switch {
		case until != "":
			if strings.HasSuffix(trimmed, until) {
				until = ""
			}
		case p.script(first+i, trimmed, &until):
		case m != nil:
			p.assertion(r, first+i, m[1])
		case strings.HasPrefix(trimmed, "> "), strings.HasPrefix(trimmed, ">> "), strings.HasPrefix(trimmed, "<> "), strings.HasPrefix(trimmed, ">>! "):
			p.note(first+i, "what is done with the response is left out: %s", trimmed)
		case strings.HasPrefix(trimmed, "< "), strings.HasPrefix(trimmed, "<@ "):
			return fmt.Errorf("line %d: the body would be read from a file (%s); put its text there", first+i, trimmed)
		default:
			body = append(body, p.resolve(first+i, line))
		}
	}
	text := strings.Trim(strings.Join(body, "\n"), "\n")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	contentType, _ := r.header("Content-Type")
	switch contentType = strings.ToLower(contentType); {
	case strings.Contains(contentType, "x-www-form-urlencoded"):
		text = strings.ReplaceAll(text, "\n", "") // a form may stand on several lines
	case strings.HasPrefix(contentType, "multipart/"):
		text = strings.ReplaceAll(text, "\n", "\r\n") + "\r\n" // RFC 2046, 5.1: lines end with CRLF
	}
	r.Body = &text
	return nil
}

// httpStatus is an assertion about the status, in the words of editors.
var httpStatus = regexp.MustCompile(`^status\s*(==|>=|<=|!=|>|<)\s*(\d{3})$`)

func (p *httpParser) assertion(r *Request, line int, text string) {
	m := httpStatus.FindStringSubmatch(text)
	switch {
	case m == nil || r.Expect != "":
		p.note(line, "the assertion is left out; write it below expect: %s", text)
	case m[1] == "==":
		r.Expect = m[2]
	default:
		r.Expect = m[1] + " " + m[2]
	}
}

// otherProtocols are the words that editors take in place of a method for what is not HTTP.
var otherProtocols = []string{"WEBSOCKET", "WSS", "WS", "GRPC", "MQTT", "AMQP", "SSE", "EVENTSOURCE", "RSOCKET", "PROTO"}

// authorize writes basic credentials as they are sent.
func (p *httpParser) authorize(r *Request, line int) {
	for i, h := range r.Headers {
		user, ok := strings.CutPrefix(h.Value, "Basic ")
		if !ok || !strings.EqualFold(h.Name, "Authorization") || !strings.ContainsAny(user, ": ") && !strings.Contains(user, "{{") {
			continue
		}
		if !strings.Contains(user, ":") && !strings.Contains(user, "{{") {
			user = strings.Replace(user, " ", ":", 1)
		}
		value, err := basicOf(user)
		if err != nil {
			p.note(line, "the credentials stay as they are written: put NAME:PASSWORD into one variable and use its Base64()")
			continue
		}
		r.Headers[i].Value = value
	}
}

// basicOf is basic for text in the language of specs.
func basicOf(user string) (string, error) {
	if oneTemplate(user) {
		return "Basic {{ " + strings.TrimSpace(user[2:len(user)-2]) + ".Base64() }}", nil
	}
	if strings.Contains(user, "{{") {
		return "", errors.New("several templates cannot be encoded as one")
	}
	return basic(user)
}

// maxResolved is how long a line may become by its variables, in bytes.
const maxResolved = 256 << 10

// resolve puts the variables of the file in, and writes what is left in the language of specs.
func (p *httpParser) resolve(line int, s string) string {
	for range 10 { // variables may use each other
		done, size := true, len(s)
		for _, m := range httpTemplate.FindAllStringSubmatch(s, -1) {
			size += len(p.vars[m[1]])
		}
		if size > maxResolved {
			break // variables that use each other many times over
		}
		s = httpTemplate.ReplaceAllStringFunc(s, func(t string) string {
			if v, ok := p.vars[httpTemplate.FindStringSubmatch(t)[1]]; ok {
				done = false
				return v
			}
			return t
		})
		if done {
			break
		}
	}
	return httpTemplate.ReplaceAllStringFunc(s, func(t string) string {
		return "{{ " + p.expression(line, httpTemplate.FindStringSubmatch(t)[1]) + " }}"
	})
}

// expression is what stands between braces, in the language of specs.
func (p *httpParser) expression(line int, e string) string {
	words := strings.Fields(e)
	if len(words) == 0 {
		return e
	}
	switch words[0] {
	case "$guid", "$uuid", "$random.uuid":
		return "fake.uuid"
	case "$random.email":
		return "fake.email"
	case "$isoTimestamp":
		return "fake.date"
	case "$randomInt":
		if len(words) == 3 {
			return "fake.int." + words[1] + "." + words[2]
		}
		return "fake.int.0.1000"
	case "$processEnv", "$dotenv":
		if len(words) > 1 {
			return "env." + strings.TrimPrefix(words[len(words)-1], "%")
		}
	}
	name, rest, _ := strings.Cut(e, ".")
	if p.names[name] && strings.HasPrefix(rest, "response.") {
		if !strings.Contains(rest, "..") && !strings.ContainsAny(rest, "?@(") {
			return name + "." + strings.Replace(strings.Replace(rest, "response.body.$.", "response.body.", 1), "response.body.*", "response.body", 1)
		}
		p.note(line, "{{ %s }} has no counterpart: write the path to the value in full", e)
		return "env." + strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(e, "_"), "_")
	}
	if strings.HasPrefix(e, "$") || !identifier.MatchString(e) {
		p.note(line, "{{ %s }} has no counterpart; it is taken from the environment", e)
		e = strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(e, "_"), "_")
	}
	return "env." + e
}
