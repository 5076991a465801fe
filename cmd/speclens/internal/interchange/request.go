package interchange

import (
	"encoding/json"
	"fmt"
	"slices"
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
	// Expect is what the tool expects of the status, as an expectation; empty where it says nothing.
	Expect string
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

// heldSecret are the headers whose literal values belong in no spec.
var heldSecret = []string{"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token", "x-access-token", "x-csrf-token"}

// secretNote is what a user is told whose spec now holds a credential.
const secretNote = "the spec now holds credentials (%s); put them into the environment and write {{ env.NAME }}"

// holdsSecret names the first header that holds a credential in clear; empty where none does.
func (r *Request) holdsSecret() string {
	for _, h := range r.Headers {
		if slices.Contains(heldSecret, strings.ToLower(h.Name)) && !strings.Contains(h.Value, "{{") && h.Value != "" {
			return h.Name
		}
	}
	return ""
}

// isJSONBody reports whether a body is JSON that the spec can hold as values and that is sent as JSON then: text is sent as
// text, and null is no body.
func (r *Request) isJSONBody() bool {
	contentType, _ := r.header("Content-Type")
	if r.Body == nil || strings.HasPrefix(strings.TrimSpace(*r.Body), `"`) || strings.TrimSpace(*r.Body) == "null" {
		return false
	}
	return strings.Contains(strings.ToLower(contentType), "json") && json.Valid([]byte(*r.Body)) &&
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
