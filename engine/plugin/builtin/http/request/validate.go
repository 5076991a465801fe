package request

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/schema"
)

// Problem is one thing that is wrong with a test. Its fields and JSON are those of FieldError in the plugin contract.
type Problem struct {
	Field    string  `json:"field"`
	Message  string  `json:"message"`
	Severity string  `json:"severity,omitempty"`
	Code     string  `json:"code,omitempty"`
	Fix      *string `json:"fix,omitempty"`
	DocsURL  string  `json:"docsUrl,omitempty"`
}

func (p *Problem) Error() string { return p.Field + ": " + p.Message }

const warning = "warning"

// checks are all rules, in the order in which their problems are reported.
var checks = []func(Input) []Problem{
	checkMethod, checkAddress, checkOverridden, checkHeaders, checkQuery, checkBody, checkRedirects,
}

// Validate returns what is wrong with a test: errors, which keep it from being sent, and warnings. Values that still hold
// a template are not judged, and neither is the timeout, which is the spec language's own.
func Validate(in Input) []Problem {
	var out []Problem
	for _, check := range checks {
		for _, problem := range check(in) {
			if !touchesTemplate(problem.Field, in.Templated) {
				out = append(out, problem)
			}
		}
	}
	return out
}

// failure joins the errors among problems; nil where there are only warnings.
func failure(problems []Problem) error {
	var errs []string
	for _, problem := range problems {
		if problem.Severity == "" {
			errs = append(errs, problem.Error())
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errors.New(strings.Join(errs, "; "))
}

// touchesTemplate is true where field is one of the templated paths, above or below one.
func touchesTemplate(field string, templated []string) bool {
	return slices.ContainsFunc(templated, func(path string) bool {
		return field == path || strings.HasPrefix(field, path+".") || strings.HasPrefix(path, field+".")
	})
}

func fix(text string) *string { return &text }

// usualMethods is only read.
var usualMethods = methods()

func checkMethod(in Input) []Problem {
	method := Method(in.Method)
	if bad := firstNotToken(method); bad != "" {
		return []Problem{{Field: "method", Code: "http.method", Message: "the method holds " + bad +
			": want one word of letters, digits and !#$%&'*+-.^_`|~, such as GET"}}
	}
	if slices.ContainsFunc(usualMethods, func(m schema.Method) bool { return m.Name == method }) {
		return nil
	}
	problem := Problem{Field: "method", Code: "http.method.unusual", Severity: warning,
		Message: fmt.Sprintf("%s is not a usual method; it is sent as it is", method)}
	for _, m := range usualMethods {
		if nearly(method, m.Name) {
			problem.Message = fmt.Sprintf("%s is not a usual method; did you mean %s?", method, m.Name)
			problem.Fix = fix(m.Name)
			break
		}
	}
	return []Problem{problem}
}

// address is where the test's URL was written: the part that is to blame for its scheme and host.
func address(in Input) (field, text string) {
	if whole, ok := in.Fields["url"].(string); ok && whole != "" {
		return "url", whole
	}
	if in.Target != "" {
		return "target", in.Target
	}
	return "resource", in.Resource
}

func checkAddress(in Input) []Problem {
	if value, given := in.Fields["url"]; given && value != nil {
		if _, ok := value.(string); !ok {
			return []Problem{{Field: "url", Code: "http.url.type", Message: "want text such as http://localhost:8080/users, not " + kind(value)}}
		}
	}
	field, text := address(in)
	whole := URL(in)
	if whole == "" {
		return []Problem{{Field: "target", Code: "http.url.missing", Message: "no address: give target, resource or url"}}
	}
	if problem := lineBreak(in, field); problem != nil {
		return []Problem{*problem}
	}
	if plainAddress(whole) {
		return nil
	}
	parsed, err := url.Parse(whole)
	if field == "target" && in.Resource != "" && err != nil {
		if alone, bad := url.Parse(in.Target); bad == nil { // the target is fine, so the resource is to blame
			if !touchesTemplate("resource", in.Templated) {
				return []Problem{notAbsolute("resource", in.Resource, whole, err)}
			}
			parsed, err = alone, nil
		}
	}
	if err != nil || parsed.Scheme == "" || parsed.Host == "" && !strings.Contains(whole, "://") && !strings.HasPrefix(parsed.Scheme, "http") {
		return []Problem{notAbsolute(field, text, whole, err)}
	}
	problem := Problem{Field: field, Code: "http.url"}
	switch scheme := strings.ToLower(parsed.Scheme); {
	case scheme != "http" && scheme != "https":
		problem.Code = "http.url.scheme"
		problem.Message = fmt.Sprintf("the scheme %s is not http or https", scheme)
		for _, want := range []string{"https", "http"} {
			if nearly(scheme, want) {
				problem.Message += "; did you mean " + want + "?"
				problem.Fix = fix(want + text[len(scheme):])
				break
			}
		}
		return []Problem{problem}
	case parsed.Hostname() == "":
		problem.Message = fmt.Sprintf("no host after %s://", scheme)
		return []Problem{problem}
	}
	if port := parsed.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			problem.Message = fmt.Sprintf("the port %s is not between 1 and 65535", port)
			return []Problem{problem}
		}
	}
	if problem := refusedAddress(field, text, parsed.Hostname()); problem != nil {
		return []Problem{*problem}
	}
	return remarks(in, field, parsed)
}

// plainAddress is true for an address like most: http or https, a name or 127.0.0.1, perhaps a port, and a path of
// characters that stand for themselves. Nothing can be wrong with it, so it need not be taken apart; every other one is.
func plainAddress(whole string) bool {
	rest, ok := strings.CutPrefix(whole, "http://")
	if !ok {
		if rest, ok = strings.CutPrefix(whole, "https://"); !ok {
			return false
		}
	}
	authority, path, _ := strings.Cut(rest, "/")
	host, port, hasPort := strings.Cut(authority, ":")
	for i := range len(path) {
		if b := path[i]; !isLetterOrDigit(b) && strings.IndexByte("-._~/", b) < 0 {
			return false
		}
	}
	if hasPort {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || port[0] < '0' || port[0] > '9' {
			return false
		}
	}
	if host == "127.0.0.1" {
		return true
	}
	for i := range len(host) {
		if b := host[i]; !isLetterOrDigit(b) && b != '-' && b != '.' {
			return false
		}
	}
	return host != "" && (host[len(host)-1] < '0' || host[len(host)-1] > '9') // what ends in a digit may be an address
}

// refusedAddress is for hosts that are written as an address which is never dialled; names are looked up and judged when
// a test runs.
func refusedAddress(field, text, host string) *Problem {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	plain := addr.WithZone("").Unmap()
	if !plain.IsUnspecified() && !plain.IsLinkLocalUnicast() && !plain.IsMulticast() {
		return nil
	}
	problem := &Problem{Field: field, Code: "http.url.address"}
	switch {
	case plain.IsUnspecified():
		loopback := "127.0.0.1"
		if addr.Is6() {
			loopback = "::1"
		}
		problem.Message = fmt.Sprintf("%s is where a server listens, not where it is called; use %s", addr, loopback)
		if repaired := strings.Replace(text, host, loopback, 1); repaired != text {
			problem.Fix = fix(repaired)
		}
	case plain.IsLinkLocalUnicast():
		problem.Message = fmt.Sprintf(
			"%s is link-local and never called: clouds keep a machine's credentials there; use the server's own address", addr)
	default:
		problem.Message = fmt.Sprintf("%s is a multicast address, not one server", addr)
	}
	return problem
}

// notAbsolute is for text that is no URL with a scheme and a host.
func notAbsolute(field, text, whole string, err error) Problem {
	problem := Problem{Field: field, Code: "http.url", Message: "not an absolute URL: write it as http://host[:port]/path"}
	bare := !strings.Contains(whole, "://") && !strings.HasPrefix(whole, "/")
	if repaired, bad := url.Parse("http://" + whole); bare && bad == nil && repaired.Hostname() != "" {
		problem.Code = "http.url.scheme"
		problem.Message = "no scheme: write http:// or https:// before the host"
		problem.Fix = fix("http://" + text)
		return problem
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		problem.Message = "not a URL (" + wrapped.Err.Error() + "): write it as http://host[:port]/path"
	}
	return problem
}

// lineBreak finds what could split the request line.
func lineBreak(in Input, field string) *Problem {
	places := []struct{ field, text string }{{"url", ""}}
	if field == "url" {
		places[0].text, _ = in.Fields["url"].(string)
	} else {
		places = []struct{ field, text string }{{"target", in.Target}, {"resource", in.Resource}}
	}
	for _, place := range places {
		if bad := firstControl(place.text, false); bad != "" {
			problem := &Problem{Field: place.field, Code: "http.url.control",
				Message: "the address holds " + bad + ": remove it, or write it percent-encoded"}
			if trimmed := strings.Trim(place.text, "\r\n\t\x00"); firstControl(trimmed, false) == "" {
				problem.Fix = fix(trimmed)
			}
			return problem
		}
	}
	return nil
}

// remarks are warnings about an address that can be sent.
func remarks(in Input, field string, parsed *url.URL) []Problem {
	var out []Problem
	if parsed.Fragment != "" {
		blamed := field
		if field == "target" && strings.Contains(in.Resource, "#") {
			blamed = "resource"
		}
		out = append(out, Problem{Field: blamed, Code: "http.url.fragment", Severity: warning,
			Message: "what stands after # is not sent; write %23 if it belongs to the path or the query"})
	}
	if field == "target" && in.Resource != "" && strings.ContainsAny(in.Target, "?#") {
		out = append(out, Problem{Field: "target", Code: "http.target.query", Severity: warning,
			Message: "the resource is put after the ? or # of the target; put parameters into query"})
	}
	if scheme, _, found := strings.Cut(in.Resource, "://"); field == "target" && found &&
		(strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		out = append(out, Problem{Field: "resource", Code: "http.resource.url", Severity: warning,
			Message: "a whole address is put after the target, as a path of it; write it as url or as target"})
	}
	if parsed.User != nil {
		out = append(out, Problem{Field: field, Code: "http.url.user", Severity: warning,
			Message: "user and password stand in the URL; put them into an Authorization header, with the password from the environment"})
	}
	return out
}

func checkOverridden(in Input) []Problem {
	if field, _ := address(in); field == "url" && in.Resource != "" {
		return []Problem{{Field: "resource", Code: "http.resource.ignored", Severity: warning,
			Message: "ignored: url is the whole address; remove one of the two"}}
	}
	return nil
}

// ignoredHeaders follow from the request itself.
var ignoredHeaders = []string{"content-length", "transfer-encoding", "trailer"}

func checkHeaders(in Input) []Problem {
	if len(in.Headers) == 0 {
		return nil
	}
	names := make([]string, 0, len(in.Headers))
	for name := range in.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []Problem
	seen := map[string]string{}
	for _, name := range names {
		field, lower, value := "headers."+name, strings.ToLower(name), in.Headers[name]
		if bad := firstNotToken(name); bad != "" {
			out = append(out, Problem{Field: field, Code: "http.header.name",
				Message: "the name holds " + bad + ": use letters, digits and hyphens"})
			continue
		}
		if bad := firstControl(value, true); bad != "" {
			problem := Problem{Field: field, Code: "http.header.value", Message: "the value holds " + bad + ": remove it, or encode the value"}
			if trimmed := strings.Trim(value, "\r\n\x00"); firstControl(trimmed, true) == "" {
				problem.Fix = fix(trimmed)
			}
			out = append(out, problem)
			continue
		}
		if lower == "host" {
			if bad := firstNotHost(strings.Trim(value, " \t")); bad != "" {
				out = append(out, Problem{Field: field, Code: "http.header.host",
					Message: "the value holds " + bad + ": write it as host or host:port"})
			}
		}
		if slices.Contains(ignoredHeaders, lower) {
			out = append(out, Problem{Field: field, Code: "http.header.ignored", Severity: warning,
				Message: "not sent: it follows from the body; remove it"})
		}
		if other, twice := seen[lower]; twice {
			out = append(out, Problem{Field: field, Code: "http.header.duplicate", Severity: warning,
				Message: fmt.Sprintf("the same header as %s: one of the two is lost", other)})
		}
		seen[lower] = name
	}
	return out
}

func checkQuery(in Input) []Problem {
	query, ok := in.Fields["query"].(map[string]any)
	if !ok {
		if _, problem := encodeQuery(in.Fields["query"]); problem != nil {
			if text, isText := in.Fields["query"].(string); isText && text != "" {
				problem.Message = "want a map of names to values, not text: write each name=value as name: value"
			}
			return []Problem{*problem}
		}
		return nil
	}
	var out []Problem
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names { // one by one, so that each wrong parameter is reported
		if _, problem := encodeQuery(map[string]any{name: query[name]}); problem != nil {
			out = append(out, *problem)
		}
	}
	return out
}

func checkBody(in Input) []Problem {
	body := in.Fields["body"]
	if body == nil {
		return nil
	}
	var out []Problem
	switch method := Method(in.Method); method {
	case "GET", "HEAD", "TRACE":
		out = append(out, Problem{Field: "body", Code: "http.body.method", Severity: warning,
			Message: fmt.Sprintf("%s has no body, as a rule: many servers ignore or refuse it; did you mean POST?", method)})
	}
	if _, _, err := encodeBody(body); err != nil {
		return append(out, Problem{Field: "body", Code: "http.body", Message: strings.TrimPrefix(err.Error(), "body: ")})
	}
	if _, isText := body.(string); isText {
		return out
	}
	for name, value := range in.Headers {
		lower := strings.ToLower(value)
		form := strings.Contains(lower, "x-www-form-urlencoded") || strings.Contains(lower, "multipart/")
		if form && strings.EqualFold(name, "Content-Type") {
			out = append(out, Problem{Field: "body", Code: "http.body.form", Severity: warning,
				Message: kind(body) + " is sent as JSON, though Content-Type says " + value +
					"; write the form as text, such as a=1&b=2"})
		}
	}
	return out
}

func checkRedirects(in Input) []Problem {
	var out []Problem
	follow, given := in.Fields["followRedirects"]
	if _, isBool := follow.(bool); given && follow != nil && !isBool {
		problem := Problem{Field: "followRedirects", Code: "http.follow-redirects.type", Message: "want true or false, not " + kind(follow)}
		if text, ok := follow.(string); ok {
			switch strings.ToLower(strings.TrimSpace(text)) {
			case "true", "yes", "on":
				problem.Fix = fix("true")
			case "false", "no", "off":
				problem.Fix = fix("false")
			}
		}
		out = append(out, problem)
	}
	limit, given := in.Fields["maxRedirects"]
	if !given || limit == nil {
		return out
	}
	n, ok := integer(limit)
	switch {
	case !ok:
		problem := Problem{Field: "maxRedirects", Code: "http.max-redirects.type",
			Message: "want a whole number such as 10, not " + kind(limit)}
		if text, isNumber := scalar(limit); isNumber && kind(limit) == "a number" {
			problem.Message = "want a whole number such as 10, not " + text
		} else if text, isText := limit.(string); isText {
			if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n >= 0 {
				problem.Fix = fix(strconv.Itoa(n))
			}
		}
		out = append(out, problem)
	case n < 0:
		out = append(out, Problem{Field: "maxRedirects", Code: "http.max-redirects.range", Fix: fix("0"),
			Message: "want 0 or more: use 0 to make every redirect an error"})
	case follow == false:
		out = append(out, Problem{Field: "maxRedirects", Code: "http.max-redirects.unused", Severity: warning,
			Message: "no effect, since followRedirects is false"})
	}
	return out
}
