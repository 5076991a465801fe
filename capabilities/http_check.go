package capabilities

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ownHeaders are computed from the request itself; a value given for one of them would contradict it.
var ownHeaders = []string{"Content-Length", "Transfer-Encoding", "Trailer"}

// newExchange checks every part of req, so that nothing which could split a line or lose a part is ever dialled.
// The exchange is to be forgotten whatever happens.
func (c *HTTPClient) newExchange(req HTTPRequest, hooks HTTPHooks) (*exchange, error) {
	x := exchanges.Get().(*exchange)
	x.client, x.hooks, x.started = c, hooks, time.Now()
	x.follow, x.max, x.timeout = req.FollowRedirects == nil || *req.FollowRedirects, c.limits.MaxRedirects, req.Timeout
	if x.timeout <= 0 {
		x.timeout = c.limits.Timeout
	}
	if req.MaxRedirects != nil {
		if *req.MaxRedirects < 0 {
			return x, badRequest("maxRedirects: %d is less than 0: use 0 to refuse every redirect", *req.MaxRedirects)
		}
		x.max = *req.MaxRedirects
	}
	x.hop.method = req.Method
	if x.hop.method == "" {
		x.hop.method = http.MethodGet
	}
	if at := notToken(x.hop.method); at >= 0 {
		return x, badRequest("method %q: it holds %s: a method is one word of letters, digits and !#$%%&'*+-.^_`|~",
			req.Method, nameByte(req.Method[at]))
	}
	var err error
	if x.hop.url, err = checkURL(req.URL); err != nil {
		return x, err
	}
	if x.hop.header, x.hop.host, err = checkHeaders(req.Headers); err != nil {
		return x, err
	}
	if user := x.hop.url.User; user != nil {
		if x.hop.header.Get("Authorization") == "" {
			password, _ := user.Password()
			if x.hop.header.Header == nil {
				x.hop.header.Header = http.Header{}
			}
			x.hop.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
		}
		x.hop.url.User = nil
	}
	x.hop.body = req.Body
	if len(x.hop.header.Header) == 0 && x.hop.method != http.MethodHead {
		x.hop.header.Header = c.header
		return x, nil
	}
	if x.hop.header.Header == nil {
		x.hop.header.Header = http.Header{}
	}
	if !x.hop.header.has("User-Agent") {
		x.hop.header.Header["User-Agent"] = c.header["User-Agent"]
	}
	// A range of a compressed body could not be decoded, and the answer to HEAD should describe what GET would get.
	if !x.hop.header.has("Accept-Encoding") && !x.hop.header.has("Range") && x.hop.method != http.MethodHead {
		x.hop.header.Header["Accept-Encoding"] = c.header["Accept-Encoding"]
	}
	return x, nil
}

// header is http.Header with the one question that http.Header does not answer.
type header struct{ http.Header }

func (h header) has(name string) bool { return len(h.Header[name]) > 0 }

// checkURL parses an absolute http or https URL and repairs what would otherwise reach the request line as it is.
func checkURL(raw string) (*url.URL, error) {
	for i := range len(raw) {
		if raw[i] < 0x20 || raw[i] == 0x7f {
			return nil, badRequest("url: it holds %s after %d bytes: remove it, or write it as %%%02X", nameByte(raw[i]), i, raw[i])
		}
	}
	u, err := url.Parse(escapePath(raw))
	if err != nil {
		return nil, badRequest("url: %v: write it as http://host[:port]/path", cause(err))
	}
	return u, checkParsedURL(u)
}

func checkParsedURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		if u.Scheme == "" {
			return badRequest("url %q: it has no scheme: write it as http://host[:port]/path", u.Redacted())
		}
		return badRequest("url: the scheme %q is not http or https", u.Scheme)
	}
	if u.Hostname() == "" {
		return badRequest("url: no host in %q: write it as %s://host[:port]/path", u.Redacted(), u.Scheme)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return badRequest("url: the port %s is not between 1 and 65535", port)
		}
	}
	// net/http escapes the path but sends the query as it is, where a blank would end the request line.
	u.RawQuery = escapeQuery(u.RawQuery)
	u.Fragment, u.RawFragment = "", ""
	return nil
}

// escapeQuery escapes the bytes that would break a request line, and nothing else: a query is sent as it was written.
func escapeQuery(query string) string {
	return escapeBytes(query, &illegalInQuery)
}

// FormsInURL are the spellings in which a text travels in a path and in a query.
func FormsInURL(s string) []string {
	path := escapeBytes(s, &illegalInPath)
	forms := []string{escapeQuery(s), path, (&url.URL{Path: s}).EscapedPath()}
	if u, err := url.Parse("http://h/" + path); err == nil { // with a host: a text that begins with a slash would be taken for one
		forms = append(forms, u.EscapedPath()[1:])
	}
	return forms
}

// escapePath escapes the bytes that may not stand in the path of a URL or a relative reference (RFC 3986 section 3.3). It
// has to come before url.Parse, which writes a path with one such byte all over again, so that %2F becomes a slash.
func escapePath(reference string) string {
	start := 0
	if at := strings.Index(reference, "//"); at == 0 || at > 0 && reference[at-1] == ':' && !strings.ContainsAny(reference[:at], "/?#") {
		start = len(reference)
		if end := strings.IndexAny(reference[at+2:], "/?#"); end >= 0 {
			start = at + 2 + end
		}
	}
	end := len(reference)
	if mark := strings.IndexAny(reference[start:], "?#"); mark >= 0 {
		end = start + mark
	}
	path := escapeBytes(reference[start:end], &illegalInPath)
	if len(path) == end-start { // an escape makes it longer
		return reference
	}
	return reference[:start] + path + reference[end:]
}

// The bytes that may not stand in a query and in a path as they are.
var illegalInQuery, illegalInPath = illegalBytes(`"<>`), illegalBytes("\"<>\\^`{|}")

// illegalBytes are blanks, control characters, what is not ASCII, and these.
func illegalBytes(these string) (set [256]bool) {
	for b := range set {
		set[b] = b <= ' ' || b >= 0x7f || strings.IndexByte(these, byte(b)) >= 0
	}
	return set
}

func escapeBytes(s string, illegal *[256]bool) string {
	clean := true
	for i := 0; clean && i < len(s); i++ {
		clean = !illegal[s[i]]
	}
	if clean {
		return s
	}
	var out strings.Builder
	for i := range len(s) {
		if illegal[s[i]] {
			fmt.Fprintf(&out, "%%%02X", s[i])
		} else {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// checkHeaders returns the headers under their canonical names, and the Host that was among them. None at all are nil.
func checkHeaders(given map[string]string) (header, string, error) {
	if len(given) == 0 {
		return header{}, "", nil
	}
	out, host := header{make(http.Header, len(given)+2)}, ""
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names) // of two spellings of one name the same one wins in every run
	for _, name := range names {
		value := given[name]
		if name == "" {
			return out, "", badRequest("headers: a header has no name")
		}
		if at := notToken(name); at >= 0 {
			return out, "", badRequest("header %q: the name holds %s: use letters, digits and hyphens", name, nameByte(name[at]))
		}
		if at := notFieldValue(value); at >= 0 {
			return out, "", badRequest("header %s: the value holds %s after %d bytes: remove it, or encode the value", name, nameByte(value[at]), at)
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		value = strings.Trim(value, " \t")
		switch {
		case canonical == "Host":
			if at := notHost(value); at >= 0 {
				return out, "", badRequest("header Host: the value holds %s: write it as host or host:port", nameByte(value[at]))
			}
			host = value
		case slices.Contains(ownHeaders, canonical):
		default:
			out.Set(canonical, value)
		}
	}
	return out, host, nil
}

// notToken returns the place of the first byte that may not stand in a token (RFC 9110 section 5.6.2), or -1.
func notToken(s string) int {
	for i := range len(s) {
		b := s[i]
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0:
		default:
			return i
		}
	}
	return -1
}

// notFieldValue returns the place of the first byte that may not stand in a header's value (RFC 9110 section 5.5), or -1.
func notFieldValue(s string) int {
	for i := range len(s) {
		if (s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f {
			return i
		}
	}
	return -1
}

// notHost returns the place of the first byte that may not stand in an authority without user information, or -1.
// net/http sends an empty Host where it dislikes the value, so the check has to be ours.
func notHost(s string) int {
	for i := range len(s) {
		b := s[i]
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		case strings.IndexByte("-._~%!$&'()*+,;=:[]", b) >= 0:
		default:
			return i
		}
	}
	return -1
}

func nameByte(b byte) string {
	switch b {
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
	if b < 0x20 || b == 0x7f {
		return fmt.Sprintf("the control character 0x%02X", b)
	}
	if b >= 0x80 {
		return "a character that is not ASCII"
	}
	return fmt.Sprintf("%q", string(b))
}
