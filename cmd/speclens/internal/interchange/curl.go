package interchange

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Request is a request as another tool describes it.
type Request struct {
	Name string
	// Alias is the name under which other requests use the response; empty where there is none.
	Alias       string
	Method, URL string // Method is empty for GET
	Headers     []Header
	Body        *string // nil where there is none
	// Timeout is a duration such as "5s", MaxRedirects a number; empty where the tool says nothing.
	Timeout, MaxRedirects string
	// NoRedirects says that redirects are answers and not to be followed.
	NoRedirects bool
	// Status is what the server answered when the request was recorded; 0 where nobody knows.
	Status int
}

// Header is one header, in the order of the request.
type Header struct{ Name, Value string }

func (r *Request) header(name string) (string, bool) {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}

// setHeader adds a header unless the request has it.
func (r *Request) setHeader(name, value string) {
	if _, has := r.header(name); !has {
		r.Headers = append(r.Headers, Header{name, value})
	}
}

// ParseCurl reads the curl commands of a shell script; other commands are an error. The notes say what curl would do and
// a spec does not. The error names the line.
func ParseCurl(script string) (requests []Request, notes []string, err error) {
	commands, err := Commands(script)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range commands {
		for len(c.Words) > 0 && (c.Words[0] == "$" || c.Words[0] == "%") { // a prompt that was pasted too
			c.Words = c.Words[1:]
		}
		if len(c.Words) == 0 {
			continue
		}
		if name := path.Base(c.Words[0]); name != "curl" && name != "curl.exe" {
			return nil, nil, fmt.Errorf("line %d: %q is no curl command", c.Line, c.Words[0])
		}
		p := curlParser{args: c.Words[1:]}
		found, err := p.parse()
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", c.Line, err)
		}
		for _, n := range p.notes {
			notes = append(notes, fmt.Sprintf("line %d: %s", c.Line, n))
		}
		requests = append(requests, found...)
	}
	if len(requests) == 0 {
		return nil, nil, errors.New("there is no curl command")
	}
	return requests, notes, nil
}

type curlParser struct {
	args     []string
	urls     []string
	req      Request
	data     []string
	forms    []string
	isJSON   bool
	get      bool
	head     bool
	user     string
	notes    []string
	literal  bool // after --
	location bool
}

// curlOption is an option of curl that takes an argument, or none where noArg is set.
type curlOption struct {
	long  string
	short byte
	arg   func(p *curlParser, value string) error
	noArg func(p *curlParser)
}

func ignored(*curlParser)                  {}
func ignoredArg(*curlParser, string) error { return nil }
func header(name string) func(*curlParser, string) error {
	return func(p *curlParser, v string) error { p.req.setHeader(name, v); return nil }
}

// curlOptions are the options that say what is sent, and those that say nothing about it.
var curlOptions = []curlOption{
	{long: "request", short: 'X', arg: func(p *curlParser, v string) error { p.req.Method = v; return nil }},
	{long: "url", arg: func(p *curlParser, v string) error { p.urls = append(p.urls, v); return nil }},
	{long: "header", short: 'H', arg: (*curlParser).header},
	{long: "data", short: 'd', arg: (*curlParser).dataOrFile},
	{long: "data-ascii", arg: (*curlParser).dataOrFile},
	{long: "data-binary", arg: (*curlParser).dataOrFile},
	{long: "data-raw", arg: func(p *curlParser, v string) error { p.data = append(p.data, v); return nil }},
	{long: "data-urlencode", arg: (*curlParser).dataURLEncode},
	{long: "json", arg: func(p *curlParser, v string) error { p.isJSON = true; return p.dataOrFile(v) }},
	{long: "form", short: 'F', arg: (*curlParser).form},
	{long: "form-string", arg: func(p *curlParser, v string) error { p.forms = append(p.forms, v); return nil }},
	{long: "user", short: 'u', arg: func(p *curlParser, v string) error { p.user = v; return nil }},
	{long: "oauth2-bearer", arg: func(p *curlParser, v string) error { p.req.setHeader("Authorization", "Bearer "+v); return nil }},
	{long: "user-agent", short: 'A', arg: header("User-Agent")},
	{long: "referer", short: 'e', arg: header("Referer")},
	{long: "cookie", short: 'b', arg: (*curlParser).cookie},
	{long: "max-time", short: 'm', arg: (*curlParser).maxTime},
	{long: "max-redirs", arg: func(p *curlParser, v string) error { p.req.MaxRedirects = v; return nil }},
	{long: "get", short: 'G', noArg: func(p *curlParser) { p.get = true }},
	{long: "head", short: 'I', noArg: func(p *curlParser) { p.head = true }},
	{long: "location", short: 'L', noArg: func(p *curlParser) { p.location = true }},
	{long: "location-trusted", noArg: func(p *curlParser) { p.location = true }},
	{long: "insecure", short: 'k', noArg: func(p *curlParser) {
		p.notes = append(p.notes, "--insecure is left out: certificates are always verified")
	}},
	{long: "basic", noArg: ignored}, {long: "compressed", noArg: ignored}, {long: "silent", short: 's', noArg: ignored},
	{long: "show-error", short: 'S', noArg: ignored}, {long: "verbose", short: 'v', noArg: ignored},
	{long: "include", short: 'i', noArg: ignored}, {long: "fail", short: 'f', noArg: ignored},
	{long: "fail-with-body", noArg: ignored}, {long: "globoff", short: 'g', noArg: ignored},
	{long: "progress-bar", short: '#', noArg: ignored}, {long: "no-progress-meter", noArg: ignored},
	{long: "no-buffer", short: 'N', noArg: ignored}, {long: "http1.1", noArg: ignored}, {long: "http2", noArg: ignored},
	{long: "path-as-is", noArg: ignored}, {long: "remote-name", short: 'O', noArg: ignored},
	{long: "ipv4", short: '4', noArg: ignored}, {long: "ipv6", short: '6', noArg: ignored},
	{long: "output", short: 'o', arg: ignoredArg}, {long: "write-out", short: 'w', arg: ignoredArg},
	{long: "cookie-jar", short: 'c', arg: ignoredArg}, {long: "connect-timeout", arg: ignoredArg}, {long: "retry", arg: ignoredArg},
	{long: "retry-delay", arg: ignoredArg}, {long: "dump-header", short: 'D', arg: ignoredArg},
}

func (p *curlParser) parse() ([]Request, error) {
	for len(p.args) > 0 {
		arg := p.args[0]
		p.args = p.args[1:]
		var err error
		switch {
		case p.literal || arg == "-" || !strings.HasPrefix(arg, "-"):
			p.urls = append(p.urls, arg)
		case arg == "--":
			p.literal = true
		case strings.HasPrefix(arg, "--"):
			err = p.long(arg[2:])
		default:
			err = p.short(arg[1:])
		}
		if err != nil {
			return nil, err
		}
	}
	return p.finish()
}

func (p *curlParser) long(name string) error {
	i := slices.IndexFunc(curlOptions, func(o curlOption) bool { return o.long == name })
	if i < 0 {
		return fmt.Errorf("curl's option --%s has no counterpart in a spec; take it out", name)
	}
	return p.apply(curlOptions[i], "--"+name, "", false)
}

// short reads a cluster such as -sSL or -XPOST.
func (p *curlParser) short(cluster string) error {
	for i := 0; i < len(cluster); i++ {
		at := slices.IndexFunc(curlOptions, func(o curlOption) bool { return o.short == cluster[i] })
		if at < 0 {
			return fmt.Errorf("curl's option -%c has no counterpart in a spec; take it out", cluster[i])
		}
		o := curlOptions[at]
		if o.noArg == nil {
			return p.apply(o, "-"+cluster[i:i+1], cluster[i+1:], i+1 < len(cluster))
		}
		o.noArg(p)
	}
	return nil
}

func (p *curlParser) apply(o curlOption, name, value string, attached bool) error {
	if o.noArg != nil {
		o.noArg(p)
		return nil
	}
	if !attached {
		if len(p.args) == 0 {
			return fmt.Errorf("curl's option %s lacks its value", name)
		}
		value, p.args = p.args[0], p.args[1:]
	}
	return o.arg(p, value)
}

func (p *curlParser) header(v string) error {
	if strings.HasPrefix(v, "@") {
		return fmt.Errorf("-H %s reads a file; write the headers themselves", v)
	}
	name, value, ok := strings.Cut(v, ":")
	if !ok {
		name, ok = strings.CutSuffix(v, ";")
		if !ok {
			return fmt.Errorf("-H %q is no header; write Name: value", v)
		}
	} else if strings.TrimSpace(value) == "" {
		return nil // curl leaves out a header that it would send itself
	}
	p.req.Headers = append(p.req.Headers, Header{strings.TrimSpace(name), strings.TrimSpace(value)})
	return nil
}

func (p *curlParser) dataOrFile(v string) error {
	if strings.HasPrefix(v, "@") {
		return fmt.Errorf("the data %s would be read from a file; write its text with --data-raw", v)
	}
	p.data = append(p.data, v)
	return nil
}

func (p *curlParser) dataURLEncode(v string) error {
	name, content, has := strings.Cut(v, "=")
	if !has {
		name, content = "", v
	}
	if !has && strings.Contains(v, "@") {
		return fmt.Errorf("the data %s would be read from a file; write its text", v)
	}
	content = strings.ReplaceAll(url.QueryEscape(content), "+", "%20")
	if name != "" {
		content = name + "=" + content
	}
	p.data = append(p.data, content)
	return nil
}

func (p *curlParser) form(v string) error {
	if _, content, _ := strings.Cut(v, "="); strings.HasPrefix(content, "@") || strings.HasPrefix(content, "<") {
		return fmt.Errorf("-F %s sends a file, which a spec cannot; write its text with --form-string", v)
	}
	p.forms = append(p.forms, v)
	return nil
}

func (p *curlParser) cookie(v string) error {
	if !strings.Contains(v, "=") {
		return fmt.Errorf("-b %s reads a file; write the cookies as NAME=VALUE", v)
	}
	p.req.setHeader("Cookie", v)
	return nil
}

func (p *curlParser) maxTime(v string) error {
	if _, err := strconv.ParseFloat(v, 64); err != nil {
		return fmt.Errorf("--max-time %q is no number of seconds", v)
	}
	p.req.Timeout = v + "s"
	return nil
}

// formBoundary separates the parts of a multipart body.
const formBoundary = "speclens-7MA4YWxkTrZu0gW"

func (p *curlParser) finish() ([]Request, error) {
	if len(p.urls) == 0 {
		return nil, errors.New("the command names no URL")
	}
	if p.user != "" {
		value, err := basic(p.user)
		if err != nil {
			return nil, err
		}
		p.req.setHeader("Authorization", value)
		if !strings.Contains(p.user, "{{") {
			p.notes = append(p.notes, "the spec now holds a password; put it into the environment and write {{ env.NAME }}")
		}
	}
	joined := strings.Join(p.data, "&")
	if p.isJSON {
		joined = strings.Join(p.data, "")
	}
	switch {
	case len(p.forms) > 0:
		p.multipart()
	case p.get || p.data == nil:
	case p.isJSON:
		p.req.Body = &joined
		p.req.setHeader("Content-Type", "application/json")
		p.req.setHeader("Accept", "application/json")
	default:
		p.req.Body = &joined
		p.req.setHeader("Content-Type", "application/x-www-form-urlencoded")
	}
	switch {
	case p.req.Method != "":
	case p.head:
		p.req.Method = "HEAD"
	case p.req.Body != nil:
		p.req.Method = "POST"
	}
	p.req.NoRedirects = p.req.MaxRedirects == "0"
	if p.req.NoRedirects || !p.location {
		p.req.MaxRedirects = "" // without --location the number decides nothing
	}
	var requests []Request
	for _, u := range p.urls {
		r := p.req
		if !strings.Contains(u, "://") && !strings.HasPrefix(u, "{{") {
			u = "http://" + u // as curl does
		}
		if p.get && joined != "" {
			sep := "?"
			if strings.Contains(u, "?") {
				sep = "&"
			}
			u += sep + joined
		}
		r.Headers = slices.Clone(p.req.Headers)
		var err error
		if r.URL, err = r.takeUser(u); err != nil {
			return nil, err
		}
		requests = append(requests, r)
	}
	return requests, nil
}

func (p *curlParser) multipart() {
	var b strings.Builder
	for _, f := range p.forms {
		name, content, _ := strings.Cut(f, "=")
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n", formBoundary, strconv.Quote(name), content)
	}
	fmt.Fprintf(&b, "--%s--\r\n", formBoundary)
	body := b.String()
	p.req.Body = &body
	p.req.setHeader("Content-Type", "multipart/form-data; boundary="+formBoundary)
}

// basic is the value of an Authorization header for USER:PASSWORD.
func basic(user string) (string, error) {
	if name, ok := wholeTemplate(user); ok {
		return "Basic {{ " + name + ".Base64() }}", nil
	}
	if strings.Contains(user, "{{") {
		return "", errors.New("-u with several variables cannot be written as a spec; put NAME:PASSWORD into one variable")
	}
	if !strings.Contains(user, ":") {
		user += ":" // curl would ask for the password
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user)), nil
}

func wholeTemplate(s string) (string, bool) {
	inner, ok := strings.CutPrefix(s, "{{")
	if !ok {
		return "", false
	}
	inner, ok = strings.CutSuffix(inner, "}}")
	return strings.TrimSpace(inner), ok && !strings.Contains(inner, "{{")
}

// takeUser moves the credentials of a URL into a header, as clients do.
func (r *Request) takeUser(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address, nil
	}
	password, _ := u.User.Password()
	value, err := basic(u.User.Username() + ":" + password)
	if err != nil {
		return "", err
	}
	r.setHeader("Authorization", value)
	u.User = nil
	return u.String(), nil
}

// isJSONBody reports whether a body is JSON that the spec can hold as values.
func (r *Request) isJSONBody() bool {
	contentType, _ := r.header("Content-Type")
	return r.Body != nil && strings.Contains(strings.ToLower(contentType), "json") && json.Valid([]byte(*r.Body)) &&
		!repeatsKeys(json.NewDecoder(strings.NewReader(*r.Body)))
}

// repeatsKeys reports whether an object of the next value has a key twice, which a spec cannot hold.
func repeatsKeys(dec *json.Decoder) bool {
	tok, err := dec.Token()
	delim, ok := tok.(json.Delim)
	if err != nil || !ok {
		return false
	}
	seen := map[string]bool{}
	for dec.More() {
		if delim == '{' {
			key, _ := dec.Token()
			if k := fmt.Sprint(key); seen[k] {
				return true
			} else {
				seen[k] = true
			}
		}
		if repeatsKeys(dec) {
			return true
		}
	}
	_, _ = dec.Token()
	return false
}
