package interchange

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ParseCurl reads the curl commands of a shell script. Other commands, and those of curl's that no spec can say, are left
// out. The notes say what is left out and why, and what curl would do and a spec does not. It is an error if no request
// is left; the error names the line.
func ParseCurl(script string) (requests []Request, notes []string, err error) {
	commands, notes, err := Commands(script)
	if err != nil {
		return nil, nil, err
	}
	var first error
	leave := func(line int, err error) {
		err = fmt.Errorf("line %d: %w", line, err)
		if first == nil {
			first = err
		}
		notes = append(notes, err.Error()+" (left out)")
	}
	for _, c := range commands {
		switch {
		case len(c.Words) == 0 && c.Err == nil:
			continue
		case len(c.Words) == 0 || !isCurl(c.Words[0]):
			if c.Err == nil || len(c.Words) > 0 {
				c.Err = fmt.Errorf("%q is no curl command", readable(c.Words[0]))
			}
			leave(c.Line, c.Err)
			continue
		case c.Err != nil:
			leave(c.Line, c.Err)
			continue
		}
		found, said, err := parseCurl(c)
		if err != nil {
			leave(c.Line, err)
			continue
		}
		for _, n := range said {
			notes = append(notes, fmt.Sprintf("line %d: %s", c.Line, n))
		}
		requests = append(requests, found...)
	}
	switch {
	case len(requests) > 0:
		return requests, notes, nil
	case first != nil:
		return nil, nil, first
	default:
		return nil, nil, errors.New("there is no curl command")
	}
}

// readable writes the variables of a word as a shell does.
func readable(s string) string {
	return eachPart(s, func(text string) string { return text }, func(name string) string { return "$" + name })
}

func parseCurl(c Command) (requests []Request, notes []string, err error) {
	p := &curlParser{args: c.Words[1:], stdin: c.Stdin}
	for len(p.args) > 0 {
		if err := p.argument(); err != nil {
			return nil, nil, errors.New(readable(err.Error()))
		}
	}
	p.next()
	if p.refused != nil {
		return nil, nil, errors.New(readable(p.refused.Error()))
	}
	if len(p.done) == 0 {
		return nil, nil, errors.New("the command names no URL")
	}
	for i := range p.done {
		r := &p.done[i]
		r.URL = templated(r.URL)
		for h := range r.Headers {
			r.Headers[h] = Header{templated(r.Headers[h].Name), templated(r.Headers[h].Value)}
		}
		if r.Body != nil {
			body := templated(*r.Body)
			r.Body = &body
		}
		if name := r.holdsSecret(); name != "" {
			p.note(secretNote, name)
		}
	}
	return p.done, p.notes, nil
}

// curlParser reads the words of one command. Text in it holds marks for variables.
type curlParser struct {
	args    []string
	stdin   *string // what @- reads
	literal bool    // after --
	notes   []string
	refused error
	done    []Request

	curlRequest
}

// curlRequest is what the options up to a --next say.
type curlRequest struct {
	urls                                           []string
	req                                            Request
	data                                           *string
	forms                                          []part
	query, cookies, without                        []string
	user, bearer, agent, ref, byteRange, scheme    string
	isJSON, get, head, location, globoff, pathAsIs bool
}

func (p *curlParser) argument() error {
	arg := p.args[0]
	p.args = p.args[1:]
	switch {
	case p.literal || arg == "-" || !strings.HasPrefix(arg, "-"):
		p.urls = append(p.urls, arg)
	case arg == "--":
		p.literal = true
	case strings.HasPrefix(arg, "--"):
		return p.long(arg[2:])
	default:
		return p.short(arg[1:])
	}
	return nil
}

func (p *curlParser) long(name string) error {
	o, negated, err := option(name)
	switch {
	case err != nil:
		return err
	case negated:
		if o.off != nil {
			o.off(p)
		}
		return nil
	default:
		return p.apply(o, "--"+name, "", false)
	}
}

// short reads a cluster such as -sSL or -XPOST.
func (p *curlParser) short(cluster string) error {
	for i := 0; i < len(cluster); i++ {
		at := slices.IndexFunc(allCurlOptions, func(o curlOption) bool { return o.short != 0 && o.short == cluster[i] })
		if at < 0 {
			return fmt.Errorf("curl's option -%c has no counterpart in a spec; take it out", cluster[i])
		}
		o := allCurlOptions[at]
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

// next ends the options of the requests before --next, or before the end of the command.
func (p *curlParser) next() {
	if len(p.urls) > 0 {
		found, err := p.finish()
		if err != nil && p.refused == nil {
			p.refused = err
		}
		p.done = append(p.done, found...)
	}
	p.curlRequest = curlRequest{}
}

func (p *curlParser) finish() ([]Request, error) {
	if err := p.headers(); err != nil {
		return nil, err
	}
	switch {
	case len(p.forms) > 0 && p.data != nil || len(p.forms) > 0 && p.head || p.data != nil && p.head && !p.get:
		return nil, errors.New("curl takes only one of --data, --form and --head")
	case len(p.forms) > 0:
		p.multipart()
	case p.get:
		if p.data != nil && *p.data != "" {
			p.query = append([]string{*p.data}, p.query...)
		}
	case p.data != nil:
		p.req.Body = p.data
		if p.isJSON {
			p.req.setHeader("Accept", "application/json")
			p.typed("application/json")
		} else {
			p.typed("application/x-www-form-urlencoded")
		}
	}
	switch {
	case p.req.Method != "":
	case p.head:
		p.req.Method = "HEAD"
	case p.req.Body != nil:
		p.req.Method = "POST"
	}
	p.req.NoRedirects = !p.location || p.req.MaxRedirects == "0"
	if p.req.NoRedirects || p.req.MaxRedirects == "-1" {
		p.req.MaxRedirects = "" // without --location the number decides nothing
	}
	var requests []Request
	for _, pattern := range p.urls {
		urls := []string{pattern}
		if !p.globoff {
			var err error
			if urls, err = globbed(pattern); err != nil {
				return nil, err
			}
		}
		for _, u := range urls {
			r := p.req
			r.Headers = slices.Clone(p.req.Headers)
			if err := p.address(&r, u); err != nil {
				return nil, err
			}
			requests = append(requests, r)
		}
	}
	return requests, nil
}

// typed gives a body its content type, unless the command took that out.
func (p *curlParser) typed(contentType string) {
	if slices.ContainsFunc(p.without, func(n string) bool { return strings.EqualFold(n, "Content-Type") }) {
		p.note("the body is sent as text/plain: a spec cannot leave the Content-Type out")
		return
	}
	p.req.setHeader("Content-Type", contentType)
}

// headers adds what options other than --header say; what that gives wins over them, and takes them out if it is empty.
func (p *curlParser) headers() error {
	own := func(name, value string) {
		if value != "" && !slices.ContainsFunc(p.without, func(n string) bool { return strings.EqualFold(n, name) }) {
			p.req.setHeader(name, value)
		}
	}
	own("User-Agent", p.agent)
	own("Referer", p.ref)
	own("Cookie", strings.Join(p.cookies, ";"))
	if p.byteRange != "" {
		own("Range", "bytes="+p.byteRange)
	}
	if p.bearer != "" {
		own("Authorization", "Bearer "+p.bearer)
	}
	if p.user != "" {
		value, err := basic(p.user)
		if err != nil {
			return err
		}
		own("Authorization", value)
	}
	return nil
}

// address sets the URL of a request as curl completes what it is given.
func (p *curlParser) address(r *Request, u string) error {
	u, _, _ = strings.Cut(u, "#")
	if u == "" {
		return errors.New("the command names no URL")
	}
	if scheme, _, ok := strings.Cut(u, "://"); !ok {
		if !strings.HasPrefix(u, variableStart) {
			scheme := p.scheme
			if scheme == "" {
				scheme = "http"
			}
			u = scheme + "://" + u
		}
	} else if lower := strings.ToLower(scheme); lower != "http" && lower != "https" && !strings.Contains(scheme, variableStart) {
		return fmt.Errorf("%q is no http request", u)
	}
	if strings.ContainsAny(u, " \t\r\n") {
		return fmt.Errorf("curl refuses the blank in %q; write %%20", u)
	}
	u, err := r.takeUser(u)
	if err != nil {
		return err
	}
	head, query, hasQuery := strings.Cut(u, "?")
	if !p.pathAsIs {
		head = withoutDots(head)
	}
	if len(p.query) > 0 {
		if hasQuery && query != "" {
			query += "&"
		}
		query += strings.Join(p.query, "&")
		hasQuery = true
	}
	r.URL = head
	if hasQuery {
		r.URL += "?" + query
	}
	return nil
}

// withoutDots takes the segments . and .. out of a URL's path (RFC 3986, 5.2.4), as curl does before it sends it.
func withoutDots(u string) string {
	start := 0
	if i := strings.Index(u, "://"); i >= 0 {
		start = i + 3
	}
	slash := strings.IndexByte(u[start:], '/')
	if slash < 0 {
		return u
	}
	base, segments := u[:start+slash], strings.Split(u[start+slash+1:], "/")
	var kept []string
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".", "..":
			if s == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return base + "/" + strings.Join(kept, "/")
}

// basic is the value of an Authorization header for USER:PASSWORD.
func basic(user string) (string, error) {
	if name, ok := wholeVariable(user); ok {
		return "Basic " + marked(name+".Base64()"), nil
	}
	if strings.Contains(user, variableStart) {
		return "", errors.New("-u with several variables cannot be written as a spec; put NAME:PASSWORD into one variable")
	}
	if !strings.Contains(user, ":") {
		user += ":" // curl would ask for the password
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user)), nil
}

// takeUser moves the credentials of a URL into a header, as clients do.
func (r *Request) takeUser(address string) (string, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address, nil
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return address, nil
	}
	user := rest[:at]
	if decoded, err := url.PathUnescape(user); err == nil {
		user = decoded
	}
	value, err := basic(user)
	if err != nil {
		return "", err
	}
	r.setHeader("Authorization", value)
	return scheme + "://" + rest[at+1:], nil
}
