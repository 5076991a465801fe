package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Input is one attempt of a test. Its fields and JSON are those of TestInput in the plugin contract; values in Fields
// are json.Number, bool, string, nil, []any and map[string]any.
type Input struct {
	Method    string            `json:"method,omitempty"`
	Resource  string            `json:"resource,omitempty"`
	Target    string            `json:"target"`
	Headers   map[string]string `json:"headers,omitempty"`
	Timeout   string            `json:"timeout,omitempty"`
	Fields    map[string]any    `json:"fields,omitempty"`
	Templated []string          `json:"templated,omitempty"`
}

// Request is what is to be sent.
type Request struct {
	Method, URL string
	Headers     map[string]string
	Body        []byte
	// Timeout is 0 where the test names none.
	Timeout         time.Duration
	FollowRedirects bool
	// MaxRedirects is nil where the test names none.
	MaxRedirects *int
}

// Build makes the request of a test. Its error names each field that is wrong and is the same as what Validate finds.
func Build(in Input) (Request, error) {
	in.Templated = nil // when a test runs, its values are final
	if err := failure(Validate(in)); err != nil {
		return Request{}, err
	}
	out, err := BuildChecked(in)
	headers := make(map[string]string, len(out.Headers))
	maps.Copy(headers, out.Headers)
	out.Headers = headers
	return out, err
}

// BuildChecked is Build for an input in which Validate finds no error. The request may share its headers with the input.
func BuildChecked(in Input) (Request, error) {
	out := Request{Method: Method(in.Method), Headers: in.Headers, FollowRedirects: true}
	query, problem := encodeQuery(in.Fields["query"])
	if problem != nil {
		return Request{}, problem
	}
	out.URL = withQuery(URL(in), query)
	body, contentType, err := encodeBody(in.Fields["body"])
	if err != nil {
		return Request{}, err
	}
	out.Body = body
	if contentType != "" && !givesType(in.Headers) {
		out.Headers = make(map[string]string, len(in.Headers)+1)
		for name, value := range in.Headers {
			if !strings.EqualFold(name, "Content-Type") {
				out.Headers[name] = value
			}
		}
		out.Headers["Content-Type"] = contentType
	}
	if out.Timeout, err = Timeout(in.Timeout); err != nil {
		return Request{}, fmt.Errorf("timeout: %w", err)
	}
	if follow, ok := in.Fields["followRedirects"].(bool); ok {
		out.FollowRedirects = follow
	}
	if limit, ok := integer(in.Fields["maxRedirects"]); ok {
		out.MaxRedirects = &limit
	}
	return out, nil
}

// Method is upper-cased; empty means GET. Only ASCII letters change, so that nothing else becomes a letter.
func Method(method string) string {
	if method == "" {
		return "GET"
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, method)
}

// URL is the field url if it is text that is not empty; else target and resource with one slash between; else the one of
// the two that is given. The query field is not in it.
func URL(in Input) string {
	if whole, ok := in.Fields["url"].(string); ok && whole != "" {
		return whole
	}
	switch {
	case in.Target == "":
		return in.Resource
	case in.Resource == "":
		return in.Target
	}
	return strings.TrimRight(in.Target, "/") + "/" + strings.TrimLeft(in.Resource, "/")
}

// withQuery adds an encoded query before the fragment.
func withQuery(url, query string) string {
	if query == "" {
		return url
	}
	base, fragment, marked := strings.Cut(url, "#")
	switch {
	case !strings.Contains(base, "?"):
		base += "?"
	case !strings.HasSuffix(base, "?") && !strings.HasSuffix(base, "&"):
		base += "&"
	}
	base += query
	if marked {
		base += "#" + fragment
	}
	return base
}

// encodeQuery writes the parameters in the order of their names. The problem is the first one found.
func encodeQuery(query any) (string, *Problem) {
	if query == nil {
		return "", nil
	}
	parameters, ok := query.(map[string]any)
	if !ok {
		return "", &Problem{Field: "query", Code: "http.query.type", Message: "want a map of names to values, not " + kind(query)}
	}
	names := make([]string, 0, len(parameters))
	for name := range parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	var out strings.Builder
	for _, name := range names {
		values, isList := parameters[name].([]any)
		if !isList {
			values = []any{parameters[name]}
		}
		for i, value := range values {
			if value == nil {
				continue
			}
			text, ok := scalar(value)
			if !ok {
				field := "query." + name
				if isList {
					field += "." + strconv.Itoa(i)
				}
				return "", &Problem{Field: field, Code: "http.query.value", Message: "want text, a number, a bool, null or a list of these, not " +
					kind(value) + ": write it as text in the form that the server expects"}
			}
			if out.Len() > 0 {
				out.WriteByte('&')
			}
			out.WriteString(escape(name))
			out.WriteByte('=')
			out.WriteString(escape(text))
		}
	}
	return out.String(), nil
}

// escape keeps the unreserved characters of RFC 3986 section 2.3 and writes every other byte as %XX.
func escape(s string) string {
	const upperHex = "0123456789ABCDEF"
	var out strings.Builder
	out.Grow(len(s))
	for i := range len(s) {
		b := s[i]
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '.' || b == '_' || b == '~' {
			out.WriteByte(b)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(upperHex[b>>4])
		out.WriteByte(upperHex[b&15])
	}
	return out.String()
}

// encodeBody returns the bytes of a body and the content type that goes with their form.
func encodeBody(body any) ([]byte, string, error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case string:
		return []byte(body), "text/plain; charset=utf-8", nil
	}
	encoded, err := compactJSON(body)
	if err != nil {
		return nil, "", fmt.Errorf("body: cannot be written as JSON: %w", err)
	}
	return encoded, "application/json", nil
}

// compactJSON sorts keys and leaves <, > and & as they are: the server should see what the user wrote.
func compactJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// scalar is the text of a value in a query.
func scalar(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case map[string]any, []any, nil:
		return "", false
	}
	encoded, err := compactJSON(value) // json.Number, or a number of Go from an in-process caller
	if err != nil || len(encoded) == 0 || encoded[0] != '-' && (encoded[0] < '0' || encoded[0] > '9') {
		return "", false
	}
	return string(encoded), true
}

// integer is true for a whole number that fits an int32, however it is written.
func integer(value any) (int, bool) {
	text, ok := scalar(value)
	if _, isText := value.(string); !ok || isText {
		return 0, false
	}
	if _, isBool := value.(bool); isBool {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

// Timeout reads a duration such as "2s"; a bare number is milliseconds, and empty and zero are none.
func Timeout(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	const want = "want a duration such as 500ms, 2s or 1m30s"
	timeout, err := time.ParseDuration(text)
	if ms, wrong := strconv.ParseFloat(text, 64); wrong == nil && strings.Trim(text, "+-.0123456789") == "" {
		timeout, err = time.Duration(min(ms, 1e12)*float64(time.Millisecond)), nil
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: %s", text, want)
	}
	if timeout < 0 {
		return 0, fmt.Errorf("%q is less than 0: %s", text, want)
	}
	return timeout, nil
}

// givesType reports whether a Content-Type says what a body is. An empty one says nothing, and makes way for the body's own.
func givesType(headers map[string]string) bool {
	for given, value := range headers {
		if strings.EqualFold(given, "Content-Type") && strings.TrimSpace(value) != "" {
			return true
		}
	}
	return false
}

// kind names a value as YAML users do.
func kind(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "a bool"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	default:
		_ = value
		return "a number"
	}
}
