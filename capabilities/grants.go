package capabilities

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// HTTP is the capability that lets a plugin send HTTP requests.
const HTTP = "http"

// Target is the destination pattern for whatever the test under way addresses.
const Target = "$target"

// Known lists the capabilities that this engine provides.
func Known() []string { return []string{HTTP} }

// Grant is what the user allows one plugin module. It lives in the user's settings, never in a workspace.
type Grant struct {
	// Name is for people only; the module's hash is what a grant belongs to.
	Name string `json:"name,omitempty"`
	// HTTP lists the destinations that the http capability may reach. Nil means the default, "$target"; an empty list
	// means none. A pattern is "$target", "*", "host" (the scheme's default port), "host:port", "host:*", and "*.domain"
	// in place of a host.
	HTTP []string `json:"http"`
	// Deny lists destinations in the same form that are refused even where HTTP allows them.
	Deny []string `json:"deny,omitempty"`
}

// Grants maps "sha256:<64 hex digits>" of a module to what the user allows it. Modules without an entry get the
// default grant.
type Grants map[string]Grant

// For returns the grant of the module with the given SHA-256 in hex digits.
func (g Grants) For(sha256Hex string) Grant {
	grant := g["sha256:"+strings.ToLower(sha256Hex)]
	if grant.HTTP == nil {
		grant.HTTP = []string{Target}
	}
	return grant
}

// Check returns an error that names every key and pattern which can never match.
func (g Grants) Check() error {
	var errs []error
	for key, grant := range g {
		digits, ok := strings.CutPrefix(key, "sha256:")
		if !ok || len(digits) != 64 || strings.Trim(digits, "0123456789abcdef") != "" {
			errs = append(errs, fmt.Errorf("grant %q: the key must be \"sha256:\" and 64 lower-case hex digits", key))
		}
		for _, list := range [][]string{grant.HTTP, grant.Deny} {
			for _, pattern := range list {
				if err := checkPattern(pattern); err != nil {
					errs = append(errs, fmt.Errorf("grant %q: %w", key, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// Endpoint is a place on the network that a request is about to reach.
type Endpoint struct{ Scheme, Host, Port string }

func (e Endpoint) String() string { return net.JoinHostPort(e.Host, e.Port) }

// EndpointOf returns the endpoint of an absolute URL, with the scheme's default port where it names none.
func EndpointOf(rawURL string) (Endpoint, bool) {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || u.Scheme == "" || u.Hostname() == "" {
		return Endpoint{}, false
	}
	e := Endpoint{Scheme: strings.ToLower(u.Scheme), Host: canonicalHost(u.Hostname()), Port: u.Port()}
	if e.Port == "" {
		e.Port = defaultPort(e.Scheme)
	}
	return e, true
}

// ErrDenied says that a destination is not granted; found with errors.As on a *ErrDenied.
type ErrDenied struct {
	Capability string
	Endpoint   Endpoint
	// Module is the hash of the plugin's module, and File where the user's grants are kept; empty where not known.
	Module, File string
	// ByRule says that a deny rule refused it, in which case granting it does not help.
	ByRule bool
}

func (e *ErrDenied) Error() string {
	if e.ByRule {
		return fmt.Sprintf("%s to %s is denied by a rule in the user's settings", e.Capability, e.Endpoint)
	}
	if e.Module == "" || e.File == "" {
		return fmt.Sprintf("%s to %s is not granted; grant %q to this plugin in the user's settings, or address it as the test's target",
			e.Capability, e.Endpoint, e.Endpoint.String())
	}
	return fmt.Sprintf(`%s to %s is not granted; add "sha256:%s": {"http": ["$target", %q]} to %s, or address it as the test's target`,
		e.Capability, e.Endpoint, e.Module, e.Endpoint.String(), e.File)
}

// AllowHTTP returns nil where the grant lets a plugin reach to; targets are what the test under way addresses.
// It returns a *ErrDenied otherwise.
func (g Grant) AllowHTTP(to Endpoint, targets []Endpoint) error {
	to.Host = canonicalHost(to.Host)
	if to.Port == "" {
		to.Port = defaultPort(strings.ToLower(to.Scheme))
	}
	if matchAny(g.Deny, to, targets) {
		return &ErrDenied{Capability: HTTP, Endpoint: to, ByRule: true}
	}
	if matchAny(g.HTTP, to, targets) {
		return nil
	}
	return &ErrDenied{Capability: HTTP, Endpoint: to}
}

func matchAny(patterns []string, to Endpoint, targets []Endpoint) bool {
	for _, pattern := range patterns {
		if matchPattern(pattern, to, targets) {
			return true
		}
	}
	return false
}

func matchPattern(pattern string, to Endpoint, targets []Endpoint) bool {
	switch pattern {
	case "*", "*:*":
		return true
	case Target:
		for _, t := range targets {
			if t.Host == to.Host && t.Port == to.Port {
				return true
			}
		}
		return false
	}
	host, port := splitPattern(pattern)
	switch port {
	case "":
		if to.Port != defaultPort(to.Scheme) {
			return false
		}
	case "*":
	default:
		if to.Port != port {
			return false
		}
	}
	if domain, wild := strings.CutPrefix(host, "*."); wild {
		return strings.HasSuffix(to.Host, "."+canonicalHost(domain))
	}
	return host == "*" || canonicalHost(host) == to.Host
}

func checkPattern(pattern string) error {
	if pattern == Target || pattern == "*" {
		return nil
	}
	host, port := splitPattern(pattern)
	bare := strings.TrimPrefix(host, "*.")
	if bare == "*" {
		bare = ""
		if port != "" {
			return nil
		}
	}
	if bare == "" || strings.ContainsAny(bare, "*/@ \t\r\n") {
		return fmt.Errorf("pattern %q: want $target, *, host, host:port, host:* or *.domain, with an optional port", pattern)
	}
	if port != "" && port != "*" && strings.Trim(port, "0123456789") != "" {
		return fmt.Errorf("pattern %q: the port must be a number or *", pattern)
	}
	return nil
}

// splitPattern cuts "host:port"; an IPv6 address with a port needs brackets, as in a URL.
func splitPattern(pattern string) (host, port string) {
	if h, p, err := net.SplitHostPort(pattern); err == nil {
		return h, p
	}
	return strings.Trim(pattern, "[]"), ""
}

func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip := net.ParseIP(host); ip != nil {
		return ip.String()
	}
	return host
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}
