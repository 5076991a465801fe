package capabilities

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// isRedirect names the statuses that send the client elsewhere by themselves (RFC 9110 section 15.4); 300 and 304 do not.
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// next is the request that a redirect asks for, or why it is not made.
func (x *exchange) next(status int, location string) (hop, *HTTPError) {
	refuse := func(format string, args ...any) (hop, *HTTPError) {
		text := fmt.Sprintf(format, args...)
		return hop{}, &HTTPError{Kind: HTTPRedirect, Message: fmt.Sprintf("redirect %d from %s: %s", status, x.hop.origin(), text)}
	}
	for i := range len(location) {
		if location[i] < 0x20 || location[i] == 0x7f {
			return refuse("its Location holds %s", nameByte(location[i]))
		}
	}
	reference, err := url.Parse(escapePath(location))
	if err != nil {
		return refuse("its Location is not a URL: %v", cause(err))
	}
	target := x.hop.url.ResolveReference(reference)
	target.User = nil // a server does not choose the credentials that are sent
	if bad := checkParsedURL(target); bad != nil {
		return refuse("%s", bad.Error())
	}
	if x.hop.url.Scheme == "https" && target.Scheme == "http" {
		return refuse("it leads from https to %s, which anyone on the way could read: it is not followed", originOf(target))
	}
	if len(x.redirects) >= x.max {
		return refuse("%s", x.tooMany(target))
	}

	out := hop{method: x.hop.method, url: target, header: header{x.hop.header.Header.Clone()}, host: x.hop.host, body: x.hop.body}
	if becomesGET(status, out.method) {
		out.dropBody()
	}
	if originOf(target) != x.hop.origin() {
		if len(out.body) > 0 { // in which anything may stand
			return refuse("it leads to another origin, %s, which would get the request's body: "+
				"address %s in the test, or set followRedirects to false", originOf(target), originOf(target))
		}
		out.host = ""
		for name, values := range out.header.Header {
			for _, value := range values {
				if looksLikeCredential(name, value) || (x.hooks.Secret != nil && x.hooks.Secret(value)) {
					out.header.Del(name)
					break
				}
			}
		}
	}
	return out, nil
}

func (x *exchange) tooMany(target *url.URL) string {
	limit := fmt.Sprintf("more than %d redirects", x.max)
	switch x.max {
	case 0:
		limit = "redirects are not allowed (maxRedirects is 0)"
	case 1:
		limit = "more than 1 redirect"
	}
	if x.visited[x.hop.method+" "+target.String()] {
		return fmt.Sprintf(
			"%s; they go round in a loop, and %s comes again: see the server's routes, or set followRedirects to false", limit, target)
	}
	return fmt.Sprintf("%s; the next would be %s: raise maxRedirects, or set followRedirects to false", limit, target)
}

// becomesGET says whether a redirect asks for a GET without the body: 303 whatever the method was, 301 and 302 for POST alone,
// as RFC 9110 section 15.4 lets clients do for the sake of history. Every other method is repeated with its body.
func becomesGET(status int, method string) bool {
	switch status {
	case http.StatusSeeOther:
		return true
	case http.StatusMovedPermanently, http.StatusFound:
		return method == http.MethodPost
	}
	return false
}

// dropBody makes a GET of a request; HEAD stays HEAD. Neither has a body, nor the headers that describe one.
func (h *hop) dropBody() {
	if h.method != http.MethodHead {
		h.method = http.MethodGet
	}
	h.body = nil
	for name := range h.header.Header {
		if strings.HasPrefix(name, "Content-") {
			h.header.Del(name)
		}
	}
}

// credentialWords are the parts of a header's name, between its hyphens, that say "credential".
var credentialWords = map[string]bool{
	"auth": true, "authn": true, "authz": true, "key": true, "pat": true, "otp": true, "sid": true, "sig": true, "hmac": true, "pin": true,
	"pass": true, "pwd": true, "bearer": true,
}

// credentialParts say "credential" anywhere in a name.
var credentialParts = []string{
	"authoriz", "authent", "token", "secret", "passw", "credential", "apikey", "accesskey", "privatekey", "session", "cookie",
	"signature", "jwt", "csrf", "xsrf",
}

// credentialSchemes begin the value of a header that proves who is asking (RFC 9110 section 11.1 and common use).
var credentialSchemes = []string{
	"bearer ", "basic ", "digest ", "token ", "negotiate ", "ntlm ", "apikey ", "dpop ", "hoba ", "mutual ", "aws4-hmac-sha256 ", "scram-",
}

// looksLikeCredential decides what stays behind when a redirect leaves the origin. It would rather drop too much: a
// server that was not addressed has no claim on any header.
func looksLikeCredential(name, value string) bool {
	name = strings.ToLower(name)
	if name == "idempotency-key" {
		return false
	}
	for _, part := range credentialParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		if credentialWords[word] {
			return true
		}
	}
	lower := strings.ToLower(value)
	for _, scheme := range credentialSchemes {
		if strings.HasPrefix(lower, scheme) {
			return true
		}
	}
	return strings.HasPrefix(value, "eyJ") && strings.Count(value, ".") == 2 // a bare JSON Web Token
}
